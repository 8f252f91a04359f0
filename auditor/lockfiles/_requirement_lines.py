"""The lines of a requirements file as pip reads them: joined, without comments, told apart.

Source: pip.pypa.io, "Requirements File Format"; pypa/pip, `src/pip/_internal/req/req_file.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.lazyre import regex
from auditor.lockfiles._pypi import requirement

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT = regex(r"(?:^|\s)#.*\Z")
_OPTION = regex(r"(?:^|\s)(--?[A-Za-z][\w-]*)(?:\s*=\s*|\s+|\Z)")
_HASH = regex(r"(?:^|\s)--hash(?:=|\s+)(\S+)")
_FIRST_OPTION = regex(r"\s--?[A-Za-z]")
_OPERATOR = regex(r"(===|==|~=|!=|<=|>=|<|>)")
_EXTRAS = regex(r"\[[^\[\]]*\]")
_VERSION = regex(r"[^\s,;#\[\](){}$*<>=~\"']+")
_ARCHIVE = regex(r"(?:\.whl|\.tar\.(?:gz|bz2|xz)|\.zip|\.tgz)\Z", re.IGNORECASE)
_SDIST = regex(r"(.+)-(\d[^-]*)\Z")
_ADDRESS = regex(r"(?:[A-Za-z][A-Za-z0-9+.-]*:(?=[/\\])|file:|git@)")
_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
    "--pypi-url": "--index-url",
}


class Option(Struct, frozen=True, kw_only=True):
    """A line that is an option: `--index-url` and its value (empty where it takes none)."""

    line: int
    name: str
    value: str


class Requirement(Struct, frozen=True, kw_only=True):
    """A line that asks for something; `name` is empty where only an address or path stands."""

    line: int
    name: str
    wants: str
    """Specifiers and marker, as spelled."""
    version: str = ""
    """What `==` or `===` pins it to."""
    address: str = ""
    """A URL, version control address or path."""
    hashes: tuple[str, ...] = ()
    """`algorithm:hex` as spelled."""


class Unclear(Struct, frozen=True, kw_only=True):
    """A line that is neither."""

    line: int
    text: str


def joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield logical lines with the number of their first: continuations joined, no comments."""
    parts: list[str] = []
    start = 0
    for number, whole_line in enumerate(text.splitlines(), 1):
        line = whole_line.removeprefix("\ufeff")  # of a file that was appended to another
        is_comment = line.lstrip().startswith("#")
        if not parts:
            start = number
        if line.endswith("\\") and not is_comment:
            parts.append(line[:-1])
            continue
        # A comment ends a continuation, as in pip; it is no part of what it ends.
        whole = "".join((*parts, "" if is_comment else line)) if parts else line
        parts = []
        stripped = _COMMENT.sub("", whole).strip() if "#" in whole else whole.strip()
        if stripped:
            yield start, stripped
    if parts and (rest := _COMMENT.sub("", "".join(parts)).strip()):
        yield start, rest


def items(text: str) -> Iterator[Option | Requirement | Unclear]:
    """Yield what the lines of a text mean."""
    for number, line in joined(text):
        if line.startswith("-"):
            yield _option(number, line)
        else:
            yield _requirement(number, line)


def _option(number: int, line: str) -> Option | Requirement | Unclear:
    found = _OPTION.match(line)
    name = found[1] if found else ""
    if line[:2] in {"-r", "-c", "-e", "-i", "-f"} and not line.startswith("--"):
        name, value = line[:2], line[2:].lstrip("= \t")
    elif found is None:
        return Unclear(line=number, text=line)
    else:
        value = line[found.end() :]
    name = _SHORT.get(name, name)
    value = value.strip().strip("\"'")
    if name == "--editable":
        return _addressed(number, value.split(" --", 1)[0].strip(), ())
    return Option(line=number, name=name, value=value)


def _requirement(number: int, line: str) -> Requirement | Unclear:
    hashes = tuple(_HASH.findall(line)) if "--hash" in line else ()
    first = _FIRST_OPTION.search(line)
    body = line[: first.start()].rstrip() if first else line
    name, rest = requirement(body)
    rest = _EXTRAS.sub("", rest, count=1).lstrip() if rest.startswith("[") else rest
    if name and rest.startswith("@"):
        address, _, marker = rest[1:].strip().partition(" ;")
        return Requirement(
            line=number, name=name, wants=marker.strip(), address=address.strip(), hashes=hashes
        )
    if _ADDRESS.match(body) or _is_path(body):
        return _addressed(number, body, hashes)
    if not name or (rest and not (_OPERATOR.match(rest) or rest[0] in "(;#")):
        return Unclear(line=number, text=line)
    specifiers = rest.partition(";")[0].strip().strip("()").strip()
    return Requirement(
        line=number, name=name, wants=rest, version=_pinned(specifiers), hashes=hashes
    )


def _is_path(body: str) -> bool:
    path = body.partition(";")[0].strip()
    return path.startswith((".", "/", "~/")) or bool(_ARCHIVE.search(path.partition("[")[0]))


def _pinned(specifiers: str) -> str:
    """Return the version of `==` or `===`; no pin is one with a `*` or a variable in it."""
    for each in specifiers.split(","):
        spelled = each.strip()
        if spelled.startswith("=="):
            value = spelled.lstrip("=").strip()
            found = _VERSION.match(value)
            if found is None:
                return ""
            behind = value[found.end() :]
            return "" if behind[:1] in {"*", "$", "{"} else found[0]
    return ""


def _addressed(number: int, spelled: str, hashes: tuple[str, ...]) -> Requirement:
    """Read an address or path; `#egg=`, or the name of a wheel or sdist, says what it is."""
    address, _, marker = spelled.partition(" ;")
    fragment = address.partition("#")[2]
    egg = next((p[4:] for p in fragment.split("&") if p.startswith("egg=")), "")
    name, version = requirement(egg)[0], ""
    if not name:
        name, version = _named_by(address.partition("#")[0].partition("?")[0])
    if not hashes:
        hashes = tuple(p.replace("=", ":", 1) for p in fragment.split("&") if _is_digest(p))
    return Requirement(
        line=number,
        name=name,
        wants=marker.strip(),
        version=version,
        address=address.strip(),
        hashes=hashes,
    )


def _named_by(address: str) -> tuple[str, str]:
    """Return what the last part of an address says: a wheel, an sdist, or a folder's name."""
    file = address.replace("\\", "/").rstrip("/").rpartition("/")[2]
    if file.lower().endswith(".whl"):
        parts = file.split("-")
        return parts[0], parts[1] if len(parts) > 2 else ""
    stem = _ARCHIVE.sub("", file)
    if stem != file and (found := _SDIST.match(stem)):
        return found[1], found[2]
    return requirement(stem.partition("@")[0].removesuffix(".git"))[0], ""


def _is_digest(part: str) -> bool:
    return part.startswith(("md5=", "sha1=", "sha224=", "sha256=", "sha384=", "sha512="))
