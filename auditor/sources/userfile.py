"""Files of the user's own: one that cannot be read is an error of usage, and never passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def content(path: Path, largest: int) -> bytes:
    """Return a file's bytes; raise UsageError if unreadable, or larger than `largest` bytes."""
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror or problem}") from None
    if len(data) > largest:
        raise UsageError(f"{path}: has more than {largest:,} bytes")
    return data


def head(path: Path, count: int) -> bytes:
    """Return a file's first bytes; raise UsageError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror or problem}") from None


def text(path: Path, largest: int) -> str:
    """Return a file's text without a byte order mark; raise UsageError, also if not UTF-8."""
    try:
        return content(path, largest).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is no UTF-8 text") from None


def write(path: Path, text: str) -> None:
    """Write a file, and its folder, so that it is the old one or the new one; raise UsageError."""
    beside = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written: {problem.strerror or problem}") from None
