"""The base of a change: found in a whole clone, fetched into a shallow one, or missing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from auditor.sources.git_program import NoAnswerError
from auditor.sources.worktree import Repository
from tests.repositories import Change
from tests.repositories import Repository as Scripted

if TYPE_CHECKING:
    from pathlib import Path

AT = "2026-01-01T00:00:00Z"


@pytest.fixture
def change(tmp_path: Path) -> Change:
    return Change(tmp_path / "origin", {"a": "1", "sub/a": "1"}, {"b": "2"}, {"a": "3"})


@pytest.mark.parametrize("depth", [("--depth=1",), ()])
def test_the_base_of_a_trial_merge_is_its_first_parent(
    change: Change, tmp_path: Path, depth: tuple[str, ...]
) -> None:
    here = change.clone(tmp_path / "here", change.merge, *depth)

    assert Repository(here).base(change.first, change.head) == change.base


@pytest.mark.parametrize("depth", [("--depth=1",), ()])
def test_the_base_of_a_head_is_the_common_ancestor(
    change: Change, tmp_path: Path, depth: tuple[str, ...]
) -> None:
    here = change.clone(tmp_path / "here", change.head, *depth)

    assert Repository(here).base(change.base, change.head) == change.first


def test_a_head_that_is_a_merge_itself_is_no_trial_merge(change: Change, tmp_path: Path) -> None:
    change.origin.switch("change")
    change.origin.git("merge", "-q", "--no-ff", "-m", "catch up", "main", at=AT)
    here = change.clone(tmp_path / "here", change.origin.head())

    assert Repository(here).base(change.base, change.origin.head()) == change.base


def test_a_base_that_cannot_be_fetched_is_said(change: Change, tmp_path: Path) -> None:
    here = change.clone(tmp_path / "here", change.merge, "--depth=1")
    (tmp_path / "origin").rename(tmp_path / "gone")

    with pytest.raises(NoAnswerError, match=r"^git says: '.*origin' does not appear to be a git"):
        Repository(here).base(change.first, change.head)


def test_no_transport_that_starts_a_program_is_used(change: Change, tmp_path: Path) -> None:
    here = change.clone(tmp_path / "here", change.merge, "--depth=1")
    mark = tmp_path / "ran"
    for words in (
        ("remote", "set-url", "origin", f"ext::touch {mark}"),
        ("config", "protocol.ext.allow", "always"),
    ):
        Scripted.git(change.origin, "-C", str(here), *words)

    with pytest.raises(NoAnswerError, match="transport 'ext' not allowed"):
        Repository(here).base(change.first, change.head)
    assert not mark.exists()


def test_histories_without_a_common_commit_have_no_base(change: Change, tmp_path: Path) -> None:
    change.origin.git("switch", "-q", "--orphan", "other")
    other = change.origin.commit(AT, {"c": "1"})
    here = change.clone(tmp_path / "here", change.head)

    with pytest.raises(NoAnswerError, match="no commit in common"):
        Repository(here).base(other, change.head)


def test_a_commit_is_checked_out_and_gone_afterwards(change: Change, tmp_path: Path) -> None:
    here = change.clone(tmp_path / "here", change.merge)
    hook = here / ".git/hooks/post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    place = tmp_path / "base"

    with Repository(here / "sub").checked_out(change.base, place) as folder:
        assert folder == place / "sub"
        assert (place / "a").read_text() == "3"
        assert sorted(os.listdir(folder)) == ["a"]  # noqa: PTH208 - names alone
    assert not place.exists()
    assert not (tmp_path / "ran").exists()
    assert "base" not in Scripted.git(change.origin, "-C", str(here), "worktree", "list")


def test_a_revision_is_a_commit_or_there_is_none(change: Change) -> None:
    here = Repository(change.origin.folder)

    assert here.commit("main") == change.base
    for name in ("nothing", "--all"):
        with pytest.raises(NoAnswerError):
            here.commit(name)
