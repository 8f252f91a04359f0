"""The project that a lockfile, a tree or an environment belongs to."""

from __future__ import annotations

import pytest

from auditor.places import project_of


@pytest.mark.parametrize(
    ("label", "project"),
    [
        ("package-lock.json", "."),
        ("./package-lock.json", "."),
        ("web/package-lock.json", "web"),
        ("/src/web/yarn.lock", "/src/web"),
        ("web/node_modules", "web"),
        ("node_modules", "."),
        ("web/node_modules/.package-lock.json", "web"),
        ("web/node_modules/a/node_modules", "web"),
        ("web/.venv/lib/python3.12/site-packages", "web"),
        (".venv/lib/python3.12/site-packages", "."),
        ("web/.tox/py312/lib/python3.12/site-packages", "web"),
        ("web/venv/Lib/site-packages", "web"),
        ("envs/tool/lib/python3.12/site-packages", "envs/tool"),
        ("/usr/lib/python3/dist-packages", "/usr"),
        ("web/requirements/main.txt", "web"),
        ("requirements/main.txt", "."),
        ("web/requirements/poetry.lock", "web/requirements"),
        ("web/venv/package-lock.json", "web/venv"),
        ("my-env/package-lock.json", "my-env"),
    ],
)
def test_the_project_of_a_source(label: str, project: str) -> None:
    assert project_of(label) == project
