"""Fact modules that are asked: those about the kind, and those of which something was observed."""

from __future__ import annotations

import pytest

from auditor import facts
from auditor.facts import Contents
from auditor.facts.around.change import Earlier
from auditor.facts.comparing.comparison import ComparedWith
from auditor.facts.demands import Demands
from auditor.facts.distribution import SdistSeen
from auditor.facts.project.git_state import GitSeen
from auditor.inventory import Inventory
from auditor.model import ArtifactKind
from auditor.shipped import Comparison

COMPARED = ComparedWith(
    comparison=Comparison(
        against="1.0.0", files_before=1, files_after=1, size_before=1, size_after=1
    ),
    expected=False,
)
EARLIER = Earlier(label="HEAD", inventory=Inventory(path="yarn.lock", format="yarn"))
FOLDERS = ("", "python", "project", "comparing", "lock", "around", "policy")


@pytest.mark.parametrize(
    ("kind", "observed", "asked"),
    [
        (ArtifactKind.NPM_TARBALL, (), {""}),
        (ArtifactKind.NPM_TARBALL, (Demands(), SdistSeen(label="", paths=frozenset())), {""}),
        (ArtifactKind.NPM_TARBALL, (COMPARED,), {"", "comparing"}),
        (ArtifactKind.NPM_TARBALL, (GitSeen(states=()),), {"", "project"}),
        (ArtifactKind.FOLDER, (), {""}),
        (ArtifactKind.WHEEL, (), {"", "python"}),
        (ArtifactKind.SDIST, (COMPARED,), {"", "python", "comparing"}),
        (ArtifactKind.PROJECT, (), {"project"}),
        (ArtifactKind.LOCKFILE, (), {"lock"}),
        (ArtifactKind.LOCKFILE, (EARLIER,), {"lock", "around"}),
        (ArtifactKind.MACHINE, (), {"lock"}),
        (ArtifactKind.POLICY, (), {"policy"}),
    ],
)
def test_these_folders_are_asked(
    kind: ArtifactKind, observed: tuple[object, ...], asked: set[str]
) -> None:
    contents = Contents(kind=kind, members=(), observations={type(one): (one,) for one in observed})

    serving = dict(facts.serving(contents))

    assert serving == {
        name: collector
        for folder in FOLDERS
        if folder in asked
        for name, collector in facts.of(folder)[0].items()
        if collector.serves(kind)
    }
    assert serving


def test_an_observation_of_which_there_is_none_asks_nobody() -> None:
    contents = Contents(
        kind=ArtifactKind.NPM_TARBALL, members=(), observations={ComparedWith: (), GitSeen: ()}
    )

    assert dict(facts.serving(contents)).keys().isdisjoint(facts.of("comparing", "project")[0])


def test_all_folders_together_are_all_fact_modules() -> None:
    assert facts.load() == facts.of(*FOLDERS)
