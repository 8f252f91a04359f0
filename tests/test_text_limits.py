"""Limits on documents: met, they are named with what was met, and the command line raises them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from auditor.errors import UsageError
from auditor.limits import Limits, with_changes
from tests.test_cli import as_json, audit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Pack

DEPTH = 120
DEEP = '"x": ' + "[" * (DEPTH - 1) + "]" * (DEPTH - 1)
MANIFEST = f'{{"name": "demo-kit", "version": "1.0.0", {DEEP}}}'
MET = "limit {} of {:,} {} met (found at least {:,} {}); raise it with --limit {}=N"


def test_a_manifest_that_nests_too_deep_is_a_gap_that_names_the_limit(
    capsys: pytest.CaptureFixture[str], pack: Pack
) -> None:
    path = pack({"package.json": MANIFEST})

    code, report = as_json(capsys, str(path))
    raised, whole = as_json(capsys, str(path), "--limit", f"json-depth={DEPTH}")

    met = MET.format("json-depth", 100, "levels", 101, "levels", "json-depth")
    assert [gap["reason"] for gap in report["gaps"]] == [f"the manifest cannot be read: {met}"]
    assert (code, report["artifacts"][0]["name"]) == (3, "")
    assert (raised, whole["artifacts"][0]["name"], whole["gaps"]) == (0, "demo-kit", [])


def test_a_manifest_that_is_too_large_is_a_gap_that_names_the_limit(
    capsys: pytest.CaptureFixture[str], pack: Pack
) -> None:
    path = pack({})

    code, report = as_json(capsys, str(path), "--limit", "text-bytes=20")

    (gap,) = report["gaps"]
    assert code == 3
    assert "limit text-bytes of 20 bytes met (found at least " in gap["reason"]


LOCKS = {
    "package-lock.json": f'{{"lockfileVersion": 3, "packages": {{}}, {DEEP}}}',
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\nx: {}\n".format(DEEP.removeprefix('"x": ')),
    "uv.lock": "version = 1\nrequires-python = '>=3'\nx = {}\n".format(DEEP.removeprefix('"x": ')),
}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lockfile_is_read_up_to_the_same_limits(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_text(LOCKS[name], encoding="utf-8")
    limits = {"json-depth": 100, "text-bytes": 60}

    def reasons(limit: str, value: int) -> list[str]:
        changed = ("--limit", f"{limit}={value}", "--format", "json")
        code, out, _ = audit(capsys, "lock", str(path), *changed)
        assert code == 3
        return [gap["reason"] for gap in json.loads(out)["gaps"]]

    for limit, value in limits.items():
        (reason,) = reasons(limit, value)
        assert reason.startswith(f"limit {limit} of {value} ")
    (reason,) = reasons("json-depth", DEPTH)
    assert reason.startswith("no package was read")


def test_a_depth_that_nobody_can_read_is_no_limit() -> None:
    assert with_changes(Limits(), ("json-depth=200",)).json_depth == 200
    with pytest.raises(UsageError, match="json-depth takes at most 200"):
        with_changes(Limits(), ("json-depth=201",))
