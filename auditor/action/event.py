"""What started the workflow, from the event that GitHub describes in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from auditor.errors import InputError
from auditor.lazyre import regex
from auditor.shape import json_object

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMIT = regex(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
PRIVILEGED = "pull_request_target"
"""Runs with the repository's secrets; code of a pull request must never run in it."""


class Event(Struct, frozen=True, kw_only=True):
    """An event, as far as the audit depends on it."""

    name: str = ""
    base: str = ""
    """The commit that a change is to go on top of; empty where there is no change to judge."""
    head: str = ""
    """The change's own last commit."""
    fork: bool = False
    """The change comes from another repository, so that the job's token can only read."""


def read(name: str, data: bytes) -> Event:
    """Return the event of a name; what the description lacks stays empty."""
    try:
        document = json_object(data)
    except InputError:
        return Event(name=name)
    if name == "merge_group":
        group = _table(document, "merge_group")
        return Event(name=name, base=_commit(group, "base_sha"), head=_commit(group, "head_sha"))
    change = _table(document, "pull_request")
    if not change:
        return Event(name=name)
    base, head = _table(change, "base"), _table(change, "head")
    here, there = _table(base, "repo").get("full_name"), _table(head, "repo").get("full_name")
    return Event(
        name=name, base=_commit(base, "sha"), head=_commit(head, "sha"), fork=here != there
    )


def _table(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = document.get(key)
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _commit(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) and _COMMIT.fullmatch(value) else ""
