"""What a lockfile format declares; each is one module of this folder with a `FORMAT`.

A format is told by content first and by name second: people call their lockfiles whatever they
like. Nothing is registered by hand.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache

from msgspec import Struct, field

from auditor import plugins
from auditor.decoding import text_of
from auditor.errors import InputError, ParseError
from auditor.inventory import Inventory
from auditor.limits import Limits
from auditor.model import Unread

HEAD = 8192
"""Characters of a file by which formats recognise it."""
__all__ = ["Document", "Format", "formats", "identified", "named", "read"]


class Document(Struct, frozen=True, kw_only=True):
    """A file to be read, and what lies beside it in its folder."""

    path: str
    """As the report names it, `/` between parts."""
    data: bytes
    beside: Mapping[str, bytes] = field(default_factory=dict)
    """Other files by their path relative to this one's folder: manifests (package.json,
    pyproject.toml), client settings (.npmrc), files that are included."""
    folder: str = ""
    """The name of the folder that it lies in, by which some files are told."""
    unread: tuple[Unread, ...] = ()
    """Such files that could not be read, or were too large to be."""
    limits: Limits = field(default_factory=Limits)

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rpartition("/")[2]

    @property
    def text(self) -> str:
        """The content as text, without a byte order mark.

        Raises ParseError for other encodings, LimitError where there is too much of it.
        """
        return text_of(self.data, self.limits)


class Format(Struct, frozen=True, kw_only=True):
    """One format: how it is told, and how it is read."""

    name: str
    """As `--as` and reports spell it."""
    ecosystem: str
    files: tuple[str, ...]
    """Patterns of file names (fnmatch, case counts) by which folders are searched; one with a slash
    is for a file in a folder of that name."""
    beside: tuple[str, ...] = ()
    """Names of files in the same folder that `read` wants to see, where they are there."""
    recognises: Callable[[str], bool]
    """Tells by a text's first 8 Ki characters whether it is of this format; cheap and careful."""
    read: Callable[[Document], Inventory]
    """Reads a document; raises InputError with one clear line for what it cannot read."""


@cache
def formats() -> Mapping[str, Format]:
    """Return all formats by name; the modules are imported here."""
    found: dict[str, Format] = {}
    for module in _modules():
        declared = _declared(module)
        if declared is not None:
            if declared.name in found:
                raise TypeError(f"two lockfile formats are called {declared.name!r}")
            found[declared.name] = declared
    return found


@cache
def _modules() -> tuple[str, ...]:
    return tuple(plugins.modules(__path__))


def _declared(module: str) -> Format | None:
    found = getattr(importlib.import_module(f"{__name__}.{module}"), "FORMAT", None)
    return found if isinstance(found, Format) else None


def named(name: str, folder: str = "") -> tuple[Format, ...]:
    """Return the formats whose files are called like that; several may share a name.

    `folder` is the name of the folder that the file lies in.
    """
    if usual := _called_after(name):
        return usual
    whole = f"{folder}/{name}"
    return tuple(
        f
        for f in formats().values()
        if any(fnmatchcase(whole if "/" in pattern else name, pattern) for pattern in f.files)
    )


@lru_cache(1024)
def _called_after(name: str) -> tuple[Format, ...]:
    """Return the formats with files of just this name, where their modules are called after it.

    So the others need not be imported: no pattern of theirs is for such a name.
    """
    stem = name.strip(".").partition(".")[0].lower().replace("-", "_")
    alike = (m for m in _modules() if f"{m}_".startswith(f"{stem}_") or stem.startswith(f"{m}_"))
    found = map(_declared, alike) if stem else ()
    return tuple(one for one in found if one is not None and name in one.files)


def identified(document: Document) -> Format | None:
    """Tell a document's format: of those its name allows the one that recognises it, else any."""
    candidates = named(document.name, document.folder)
    try:
        head = document.text[:HEAD]
    except InputError:
        if not candidates:
            raise
        return candidates[0]  # its own reader says what is to be done with it
    for format_ in candidates:
        if format_.recognises(head):
            return format_
    if len(candidates) == 1:
        return candidates[0]  # a broken one: reading it says what is wrong
    return next((f for f in formats().values() if f.recognises(head)), None)


def read(document: Document, format_: Format | None = None) -> Inventory:
    """Read a document, in its own format or a given one; raise InputError where it cannot be."""
    chosen = format_ or identified(document)
    if chosen is None:
        raise ParseError("is of no lockfile format that is read here")
    return chosen.read(document)
