"""The pipeline of `audit diff`: a later artifact as `audit pack` has it, and what is new in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor.comparing import Wanted, is_report
from auditor.scan import Announce, Request, scan
from auditor.specs import is_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.model import Report


def diff(
    before: str,
    after: str,
    request: Request,
    announce: Announce = lambda _: None,
    output: Callable[[str], None] | None = None,
) -> Report:
    """Compare two targets; `request` has everything else. Raises UsageError as `scan` does.

    Of what has several files, those are compared that are alike: with a file named, the one like
    it; of a release the one that most people install; of a project all that it publishes.
    """
    wanted = Wanted(against=(before,), new=True, manifests=False)
    request = replace(request, targets=(after,), like=like(before, after), compare=wanted)
    return scan(request, announce, output)


def like(before: str, after: str) -> str | None:
    """Return the name that a file of the later target is to be like; None to take all of them."""
    if Path(before).is_file() and not is_report(before):
        return Path(before).name
    return "" if is_spec(after) else None


__all__ = ["diff", "like"]
