"""From the names of sources to the paths of one tree, which no file system takes for anything else.

A source's name is written by whoever made the map. What comes of it here is relative, has no part
that leads upwards, and none that Windows, macOS or git treats as special; each text has a path of
its own, also where names differ only by what a file system ignores.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING

from auditor.lazyre import regex
from auditor.safe import blanked

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str, ...]
"""The parts of a relative path."""

LONGEST_PART = 120
"""Bytes of one part in UTF-8; file systems allow 255, and a number may come on top."""
LONGEST_PATH = 700
"""Bytes of a whole path; macOS allows 1,024 with the folder that all of it lies in."""
SAME = 3
"""Parts at the end of two paths by which the same text is the same file: `icons/src/Add.svelte`."""
_LONGEST_NAME = 16_384
"""Characters of a source's name that are read."""
_ENDING = 16
"""Bytes of an extension that a shortened name keeps."""

_UNNAMED = "unnamed source"
_SCHEME = regex(r"([A-Za-z][\w+.-]+):/*")
_DRIVE = regex(r"/*([A-Za-z]):(?:/|\Z)")
_RAW = regex(r"\A//[?.]/+")
"""Before a path that Windows is to take as it is."""
_NETWORK = frozenset({"http", "https", "ftp", "ws", "wss"})
"""Schemes of which the host says where something is; for bundlers' own it is a label."""
_FORBIDDEN = regex(r'[<>:"|?*\\/]')
"""What Windows takes in no name; the others are a matter of `blanked`."""
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{name}{digit}" for name in ("COM", "LPT") for digit in "0123456789¹²³"]
)
"""Names of devices on Windows, with any extension."""
_OF_GIT = frozenset({".git", "git~1"})
"""A folder of this name would give whoever made the map a say in what git runs there."""


def path_of(name: str, root: str = "", map_path: str = "") -> Path:
    """Return where a source belongs, as a debugger would resolve its name (ECMA-426).

    A relative name is seen from the map's `sourceRoot`, and that from the map's folder. Of a URL
    the path counts, of a path of another machine all of it. What leads above the top begins there,
    and archives that the map lies in are folders, but not files that are only compressed.
    """
    name = _slashes(name)
    name = name.partition("?")[0] or name
    if root and not _is_absolute(name):
        name = f"{_slashes(root).rstrip('/')}/{name}"
    if _is_absolute(name):
        steps = _without_scheme(name)
    else:
        steps = f"{_folder_of(map_path)}/{name}".split("/")
    parts: list[str] = []
    for step in steps:
        if step == "..":
            del parts[-1:]
        elif step not in {"", "."}:
            parts.append(_harmless(step))
    return _not_too_long(tuple(parts) or (_UNNAMED,))


def _folder_of(map_path: str) -> str:
    """Return the folder that a map is seen from; one that is only compressed stays where it is."""
    outer, bang, inner = map_path.rpartition("!")
    if bang and inner == outer.rpartition("/")[2].rpartition(".")[0]:
        return _folder_of(outer)
    return map_path.replace("!", "!/").rpartition("/")[0]


def _slashes(name: str) -> str:
    return _RAW.sub("", name[:_LONGEST_NAME].replace("\\", "/"))


def _is_absolute(name: str) -> bool:
    drive = _DRIVE.match(name)
    return name.startswith("/") or drive is not None or _SCHEME.match(name) is not None


def _without_scheme(name: str) -> list[str]:
    """Return the steps of a URL's path or of an absolute one."""
    if drive := _DRIVE.match(name):
        return [drive[1], *name[drive.end() :].split("/")]
    scheme = _SCHEME.match(name)
    if scheme is None:
        return name.split("/")
    rest = name[scheme.end() :]
    if scheme[1].lower() in _NETWORK:
        return rest.split("/")
    if drive := _DRIVE.match(rest):
        return [drive[1], *rest[drive.end() :].split("/")]
    label, dot, below = rest.partition("/./")  # webpack://@scope/name/./src/a.ts
    return (below if dot and ".." not in label.split("/") else rest).split("/")


def _harmless(part: str) -> str:
    """Return one part of a path as every file system takes it, and takes it for a plain name."""
    part = _FORBIDDEN.sub("_", blanked(unicodedata.normalize("NFC", part)))
    part = part.rstrip(". ") or "_"
    stem = part.partition(".")[0].rstrip(" ").upper()
    if stem in _DEVICES or part.casefold() in _OF_GIT:
        part = f"_{part}"
    return _shortened(part) if len(part.encode()) > LONGEST_PART else part


def _shortened(part: str) -> str:
    """Return a long name's beginning, a digest of all of it, and its extension."""
    stem, dot, extension = part.rpartition(".")
    ending = f".{extension}" if stem and dot and len(extension.encode()) <= _ENDING else ""
    digest = hashlib.sha256(part.encode()).hexdigest()[:12]
    kept = LONGEST_PART - len(digest) - len(ending.encode()) - 1
    return f"{part.encode()[:kept].decode(errors='ignore')}-{digest}{ending}"


def _not_too_long(path: Path) -> Path:
    """Return a path, or where it is too long its last part in a folder named by a digest."""
    whole = "/".join(path)
    if len(whole.encode()) <= LONGEST_PATH:
        return path
    digest = hashlib.sha256(whole.encode()).hexdigest()[:12]
    return (f"long path {digest}", path[-1])


def folded(path: Path) -> Path:
    """Return what two paths have in common that a file system may take for the same.

    Case does not count, nor how letters with marks are composed (Unicode 3.13, D145).
    """
    return tuple(
        unicodedata.normalize("NFD", unicodedata.normalize("NFD", part).casefold()) for part in path
    )


class Places:
    """Who has which path: the same text under the same name once, any other text beside it.

    What comes first keeps its name; a number is added to that of what comes later. Several builds
    of one project see the same file from different folders, so it is the same where the last parts
    of its path are.
    """

    def __init__(self, reserved: Iterable[Path] = ()) -> None:
        self._folders: dict[Path, Path] = {(): ()}
        """By what was wished for, folded: the folder as it is."""
        self._files: dict[tuple[Path, bytes], Path] = {}
        """By the last parts of what was wished for, folded, and by text: the file as it is."""
        self._taken: dict[Path, bool] = {folded(path): False for path in reserved}
        """By path, folded: whether it is a folder."""
        self._next: dict[Path, int] = {}

    def place(self, wished: Path, text: bytes) -> tuple[Path, bool]:
        """Return the path of a text, known by a digest, and whether it is new here."""
        key = (folded(wished[-SAME:]), text)
        if key in self._files:
            return self._files[key], False
        path = self._free((*self._folder(wished[:-1]), wished[-1]))
        self._taken[folded(path)] = False
        self._files[key] = path
        return path, True

    def _folder(self, wished: Path) -> Path:
        key = folded(wished)
        if key not in self._folders:
            path = (*self._folder(wished[:-1]), wished[-1])
            if not self._taken.get(folded(path)):  # is no folder: free, or a file
                path = self._free(path)
            self._taken[folded(path)] = True
            self._folders[key] = path
        return self._folders[key]

    def _free(self, path: Path) -> Path:
        """Return a path that nothing has: this one, or with a number in front of the extension."""
        key = folded(path)
        if key not in self._taken:
            return path
        stem, dot, extension = path[-1].rpartition(".")
        stem, ending = (stem, f".{extension}") if stem and dot else (path[-1], "")
        number = self._next.get(key, 2)
        while folded(other := (*path[:-1], f"{stem} ({number}){ending}")) in self._taken:
            number += 1
        self._next[key] = number + 1
        return other
