"""A quick reader of pnpm-lock.yaml 9.x as pnpm writes it: `packages` and `snapshots` by entries.

They are the last two sections and nearly all of a file; a blank line ends each entry, whose fields
have a fixed order (pnpm, `lockfile/fs`, `sortLockfileKeys`). An entry of another form is read alone
by the reader of lines, and so is the rest of the file. Fields that say nothing of what is locked
(`engines`, `os`, `hasBin`, …) are checked and left out of the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor import fastpaths
from auditor.lazyre import regex
from auditor.lockfiles._yaml import YamlDocument, quick_documents

if TYPE_CHECKING:
    from auditor.limits import Limits

_QUOTED = "'[ -&(-~]++'"
_KEY = rf"({_QUOTED}|[A-Za-z0-9_./][A-Za-z0-9_./@()+-]*+)"
_NAME = r"(?:'[ -&(-9;-~]++'|[A-Za-z0-9_][A-Za-z0-9_.-]*+)"
_SIGNS = "[A-Za-z0-9.()@_+^~=<>|/-]"
_VALUE = rf"(?:{_QUOTED}|(?![()@_+>|-]){_SIGNS}++(?: {_SIGNS}++)*+)"
_PAIRS = rf"((?:      {_NAME}: {_VALUE}\n)++)"
_LIST = r"\[[a-z0-9]++(?:, [a-z0-9]++)*+\]"
_ENGINE = rf"(?:{_QUOTED}|[A-Za-z0-9.^~=<][A-Za-z0-9.^~=<>-]*+)"
_PACKAGE = regex(
    rf"  {_KEY}:\n    resolution: \{{integrity: ([A-Za-z0-9+/=-]++)\}}\n"
    rf"(?:    engines: \{{node: {_ENGINE}(?:, npm: {_ENGINE})?\}}\n)?"
    rf"(?:    cpu: {_LIST}\n)?(?:    os: {_LIST}\n)?(?:    libc: {_LIST}\n)?"
    rf"(?:    hasBin: true\n)?(?:    peerDependencies:\n{_PAIRS})?(?:\n|\Z)"
)
_SNAPSHOT = regex(
    rf"  {_KEY}:(?: \{{\}}\n|\n(?=    [a-z])(?:    dependencies:\n{_PAIRS})?"
    rf"(?:    optionalDependencies:\n{_PAIRS})?"
    rf"(?:    transitivePeerDependencies:\n(?:      - {_NAME}\n)++)?"
    r"(?:    optional: (true)\n)?)(?:\n|\Z)"
)
_PAIR = regex(r"      '?([^':\n]++)'?: '?([^'\n]++)'?\n")
"""A line of a map, where the whole is known to consist of such."""
_SECTIONS = (
    ("packages", _PACKAGE, ("integrity", "peerDependencies")),
    ("snapshots", _SNAPSHOT, ("dependencies", "optionalDependencies", "optional")),
)
"""Each with the form of its entries, and the fields that the groups behind the key are."""
_BEGIN = "\npackages:\n\n"
_MIDDLE = "snapshots:\n\n"


def written(text: str, limits: Limits) -> tuple[YamlDocument, ...] | None:
    """Return the one document of a text that is as pnpm writes it since 9.0; None for others."""
    begin = text.find(_BEGIN)
    if begin < 0 or not fastpaths.enabled("lock_readers"):
        return None
    document = _single(text[: begin + 1], limits)
    if document is None or not str(document.root.get("lockfileVersion")).startswith("9."):
        return None
    position = begin + len(_BEGIN)
    line = text.count("\n", 0, position) + 1
    for section, pattern, fields in _SECTIONS:
        if section in document.root:
            return None
        if text.startswith(_MIDDLE, position):
            position += len(_MIDDLE)
            line += 2
        entries = document.root[section] = {}
        while position < len(text) and not text.startswith(_MIDDLE, position):
            found = pattern.match(text, position)
            if found:
                key, *values = found.groups()
                end, key = found.end(), key.strip("'")
                entry = _entry(fields, values)
                if entry is None or key in entries:
                    return None
                entries[key] = entry
                document.lines[section, key] = line
            else:
                end = _end(text, position)
                other = _alone(section, text[position:end], limits)
                if other is None or not entries.keys().isdisjoint(other.root[section]):
                    return None
                entries |= other.root[section]
                below = line - 2  # the section's head stands on its first line
                document.lines |= {where: below + own for where, own in other.lines.items()}
            line += text.count("\n", position, end)
            position = end
    return (document,) if position == len(text) else None


def _single(text: str, limits: Limits) -> YamlDocument | None:
    """Return the document of a text; None where it is none, or more, or something is odd."""
    documents = quick_documents(text, limits)
    if documents is None or len(documents) != 1 or documents[0].repeats:
        return None
    return documents[0]


def _entry(fields: tuple[str, ...], values: list[str | None]) -> dict[str, Any] | None:
    """Return an entry; None where a name stands twice in one of its maps."""
    entry: dict[str, Any] = {}
    for field, value in zip(fields, values, strict=True):
        if value is None:
            continue
        if field == "integrity":
            entry["resolution"] = {field: value}
        elif field == "optional":
            entry[field] = value
        else:
            pairs = _PAIR.findall(value)
            entry[field] = dict(pairs)
            if len(entry[field]) != len(pairs):
                return None
    return entry


def _end(text: str, position: int) -> int:
    """Return where the blank line ends that is behind an entry, or the text."""
    blank = text.find("\n\n", position)
    return len(text) if blank < 0 else blank + 2


def _alone(section: str, text: str, limits: Limits) -> YamlDocument | None:
    """Return what the reader of lines finds in the text of an entry; None where that is unsure."""
    if text[:2] != "  " or text[2:3] in {"", " "}:
        return None  # it may go on with what is before it
    document = _single(f"{section}:\n{text}", limits)
    if document is None or document.root.keys() != {section}:
        return None
    return document if isinstance(document.root[section], dict) else None
