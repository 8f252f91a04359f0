"""Whether files are the ones that a report is about: `audit pack --verify REPORT FILE`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import earlier, exits, policy
from auditor.errors import UsageError
from auditor.model import Verdict
from auditor.sources import userfile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.earlier import Earlier

_LARGEST = 256 * 1024 * 1024
"""Bytes of a report."""
_SAID = {
    Verdict.PASS: "it passed",
    Verdict.FAIL: "it failed",
    Verdict.INCOMPLETE: "not all of it could be examined",
}


class Verified(Struct, frozen=True, kw_only=True):
    """What is known of one file."""

    file: str
    said: str
    """One sentence that goes on behind the file's name."""
    code: int
    """The exit code that it alone would mean."""


def verified(report: Path, files: tuple[str, ...]) -> Iterator[Verified]:
    """Tell of each file whether it is, byte for byte, what a passing report is about.

    Raises UsageError for a report that is none, and for what is no file.
    """
    found = earlier.read(userfile.content(report, _LARGEST), str(report))
    for file in files:
        yield _verified(report, found, file)


def _verified(report: Path, found: Earlier, file: str) -> Verified:
    try:
        with Path(file).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise UsageError(f"{file}: cannot be read: {reason}") from None
    audited = next((one for one in found.artifacts if one.sha256 == digest), None)
    if audited is None:
        said = f"is not what {report} is about (its SHA-256 is {digest})"
        return Verified(file=file, said=said, code=exits.EXIT_FAIL)
    name = f"{audited.name} {audited.version}".strip() or audited.source
    return Verified(
        file=file,
        said=f"is what was audited as {name}, and {_SAID[found.verdict]} (SHA-256 {digest})",
        code=policy.EXIT_CODES[found.verdict],
    )
