"""requirements.txt and what it includes: pins, hashes, addresses, and the indexes that it names.

Only `==` and `===` pin; whatever else asks for a package is listed without a version. Included
files are read from beside the file, each once; one that is not there or lies outside is noted.

Source: pip.pypa.io, "Requirements File Format".
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from auditor.errors import InputError, ParseError
from auditor.inventory import Edge, Inventory, LockedPackage, LockProblem, Origin
from auditor.lazyre import regex
from auditor.lockfiles import HEAD, Document, Format
from auditor.lockfiles._pypi import address_origin, digest, host_of, trusted, unique
from auditor.lockfiles._requirement_lines import Option, Requirement, Unclear, items, joined

_DEPTH = 10
"""Includes inside one another."""
_UNCLEAR = 20
"""Lines that are named one by one; of a file that is no requirements file all would be."""
_LINE = regex(
    r"[A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\]\s*)?(?:(?:===?|~=|!=|[<>]=?)\s*\S|@\s*\S+:|;|\Z)"
)
_PIN = regex(r"[A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\]\s*)?(?:===?|~=|[<>]=?)\s*\S")
_OPTIONS = regex(
    r"(?:-[rceif]\b|--(?:requirement|constraint|editable|index-url|extra-index-url|find-links"
    r"|no-index|trusted-host|hash|require-hashes|pre|no-binary|only-binary|prefer-binary"
    r"|use-feature|pypi-url)\b)"
)
_ADDRESS = regex(r"(?:git|hg|svn|bzr)\+|https?://\S+\.(?:whl|tar\.gz|zip)|\.{1,2}/")


def _recognises(head: str) -> bool:
    if head.lstrip()[:1] in {"{", "<", "["}:
        return False
    text = head if len(head) < HEAD else head[: head.rfind("\n") + 1]
    told = alike = count = 0
    for _, line in joined(text):
        count += 1
        certain = bool(_PIN.match(line) or _OPTIONS.match(line) or _ADDRESS.match(line))
        told += certain
        alike += certain or bool(_LINE.match(line))
    return told > 0 and alike * 10 >= count * 7


def _read(document: Document) -> Inventory:
    reading = _Reading(document=document)
    reading.file(document.name, _text(document), 0)
    return Inventory(
        path=document.path,
        format="requirements",
        packages=tuple(reading.packages),
        roots=tuple(reading.roots),
        sections=reading.sections,
        indexes=tuple(reading.indexes),
        problems=tuple(reading.problems),
        unread=tuple(reading.unread),
    )


def _text(document: Document) -> str:
    """Return the text; raise InputError for what is none."""
    text = document.text
    if "\0" in text:
        raise ParseError("holds NUL bytes: it is no text, or UTF-16 without a byte order mark")
    return text


class _Reading(Struct, kw_only=True):
    document: Document
    packages: list[LockedPackage] = field(default_factory=list)
    roots: list[Edge] = field(default_factory=list)
    sections: dict[str, int] = field(default_factory=dict)
    indexes: dict[str, None] = field(default_factory=dict)
    problems: list[LockProblem] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    depth: int = 0

    def file(self, name: str, text: str, depth: int) -> None:
        """Read one file and what it includes; `name` is relative to the document's folder."""
        self.sections[name] = 0
        unclear = 0
        for item in items(text):
            if isinstance(item, Requirement):
                self._package(item, name)
            elif isinstance(item, Option):
                self._option(item, name, depth)
            elif isinstance(item, Unclear):
                unclear += 1
                if unclear <= _UNCLEAR:
                    where = f"{name} line {item.line:,}"
                    self.unread.append((where, f"is no requirement: {item.text[:80]}"))
        if unclear > _UNCLEAR:
            more = unclear - _UNCLEAR
            self.unread.append((name, f"{more:,} more lines are no requirements"))

    def _package(self, item: Requirement, section: str) -> None:
        origin = address_origin(item.address) if item.address else Origin.REGISTRY
        name = item.name or item.address
        spelled = f"{name}=={item.version}" if item.version else name
        package = LockedPackage(
            id=unique(self.ids, spelled),
            ecosystem="pypi",
            name=name,
            version=item.version,
            origin=origin,
            resolved=item.address,
            integrity=tuple(dict.fromkeys(digest(each) for each in item.hashes)),
            section=section,
            line=item.line,
            direct=True,
        )
        self.packages.append(package)
        self.sections[section] += 1
        self.roots.append(Edge(name=name, wants=item.wants, target=package.id))

    def _option(self, item: Option, name: str, depth: int) -> None:
        if item.name in {"--requirement", "--constraint"}:
            self._include(item, name, depth)
        elif item.name in {"--index-url", "--extra-index-url", "--find-links"} and item.value:
            self.indexes[item.value] = None
            if item.name == "--extra-index-url":
                host = host_of(item.value)
                self.problems.append(
                    LockProblem(
                        kind="extra-index",
                        subject=host,
                        detail=f"also asks {host}; of two indexes with one name pip takes "
                        "the higher version",
                        line=item.line,
                    )
                )
        elif item.name == "--trusted-host" and item.value:
            self.problems.append(trusted(host_of(item.value), item.line))

    def _include(self, item: Option, name: str, depth: int) -> None:
        where = f"{name} line {item.line:,}"
        path = _inside(name, item.value)
        if path is None:
            self.unread.append((where, f"includes {item.value[:80]}, which lies outside"))
            return
        if path in self.sections or path == self.document.name:
            return
        data = self.document.beside.get(path)
        if data is None:
            self.unread.append((where, f"includes {path[:80]}, which is not there"))
        elif depth >= _DEPTH:
            self.unread.append((where, f"includes {path[:80]}: more than {_DEPTH} levels"))
        else:
            try:
                text = _text(replace(self.document, path=path, data=data))
            except InputError as problem:
                self.unread.append((path, str(problem)))
                return
            self.file(path, text, depth + 1)


def _inside(name: str, value: str) -> str | None:
    """Return an include's path relative to the document's folder; None outside of it."""
    spelled = value.replace("\\", "/")
    if not spelled or spelled.startswith("/") or ":" in spelled or "\0" in spelled:
        return None
    parts: list[str] = []
    for part in (*name.split("/")[:-1], *spelled.split("/")):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts) or None


FORMAT = Format(
    name="requirements",
    ecosystem="pypi",
    files=(
        "requirements*.txt",
        "*requirements.txt",
        "*_requirements*.txt",
        "*-requirements*.txt",
        "constraints*.txt",
        "*constraints.txt",
        "requirements/*.txt",
    ),
    beside=("*.txt", "*.in", "*/*.txt", "*/*.in"),
    recognises=_recognises,
    read=_read,
)
