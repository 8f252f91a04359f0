"""Where npm and pnpm make something of their own of a tar header that others read.

A header that node-tar, with which npm unpacks, takes for invalid it passes over, and goes on in the
next block: what is a member's content for all others is then read as headers, of members that npm
alone unpacks. Pax records it reads line by line, whatever their lengths say. Rests on node-tar 6.2
(which npm has up to 10) and 7.5 (`header.ts`, `parse.ts`, `pax.ts`), and on pnpm's
`parseTarball.ts`; test_other_tars.py asks all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINKS = frozenset({b"1", b"2"})
_FILES = frozenset({b"0", b"\0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"D"})
"""Types to which extended headers apply."""
_OCTAL = frozenset(b"01234567")
_LARGEST = 2**53 - 1
"""Number.MAX_SAFE_INTEGER (ECMA-262, section 21.1.2.6)."""
_LARGEST_OCTAL = 8**11
_NUMBERS = ((100, 108), (108, 116), (116, 124), (124, 136), (136, 148))
"""Mode, owner, group, size and time."""
_OF_USTAR = ((329, 337), (337, 345))
"""Numbers of a device."""
_TIMES = ((476, 488), (488, 500))
"""Where ustar has the end of a long prefix."""
_LINE_END = regex(rb"[\n\r]|\xe2\x80[\xa8\xa9]")
"""What `.` does not match (ECMA-262, section 12.3)."""
_LENGTH = regex(r"\s*([+-]?[0-9]{1,9})(?![0-9])")
"""More digits are the length of no line, and int() refuses thousands of them."""


def differing(block: bytes, settings: dict[str, str]) -> Iterator[str]:
    """Tell what npm or pnpm makes of a member's header; `settings` is what extended ones say."""
    if block[124] & 0x80 and "size" not in settings and _number(block[124:136]) < _LARGEST_OCTAL:
        yield "its size is in base 256, though octal has room: pnpm takes its content for members"
    if not block[0]:
        yield "the field of its name is empty, which pnpm takes for the archive's end"
    yield from differing_in_extended(block, settings)


def differing_in_extended(block: bytes, settings: dict[str, str] | None = None) -> Iterator[str]:
    """Tell what npm makes of a header, be it an extended one."""
    for why in passed_over(block, settings or {}):
        yield f"{why}: npm passes over its header alone, and looks for members in its content"
    for field in goes_on(block):
        yield f"its {field} goes on for npm behind a NUL and the end of a line"
    if block[156:157] == b"S" and block[482]:
        yield "its sparse map goes on in further blocks, which npm takes for its content"
    if is_in_root(block) and "path" not in (settings or {}):
        yield "its name begins with a slash for npm, as a folder without a name stands in front"


def passed_over(block: bytes, settings: dict[str, str]) -> Iterator[str]:
    """Yield why node-tar passes over a header; `settings` is what extended ones say of it."""
    kind = block[156:157]
    if kind not in _FILES:
        settings = {}
    name = settings.get("path") or _until_nul(block[:100])
    if not name and not _has_prefix(block):
        yield "it has no name"
    has_target = bool(settings.get("linkpath") or _until_nul(block[157:257]))
    if kind in _LINKS and not has_target:
        yield "it is a link without a target"
    if has_target and kind not in _LINKS:  # node-tar 7 lets pax headers have one, 6 does not
        yield "it has the target of a link, and is none"
    if block[148] & 0x80 or (block[155] in _OCTAL and block[156] in _OCTAL):
        yield "its checksum runs into the next field"
    if not block.isascii() and any(_is_too_much(block[a:b]) for a, b in _numbers(block)):
        yield "it has a number that JavaScript has no room for"


def goes_on(block: bytes) -> Iterator[str]:
    r"""Yield which texts of a header node-tar takes more of: `\0.*` is cut off, no line end is."""
    if not _LINE_END.search(block):
        return
    fields = {"name": block[:100], "target": block[157:257]}
    if _is_ustar(block):
        fields["folder"] = block[345:500]
    for field, text in fields.items():
        if _LINE_END.search(text.partition(b"\0")[2]):
            yield field


def is_in_root(block: bytes) -> bool:
    """Tell whether node-tar puts a slash, and no folder, in front of the name."""
    return _is_ustar(block) and not block[345] and block[475] != 0


def records(data: bytes) -> dict[str, str]:
    """Return the path, target and size that node-tar finds in a pax header."""
    found: dict[str, str] = {}
    for line in data.decode("utf-8", "replace").removesuffix("\n").split("\n"):
        length = _LENGTH.match(line)
        if length is None or int(length[1]) != len(line.encode()) + 1:
            continue
        key, _, value = line[len(str(int(length[1]))) + 1 :].partition("=")
        if key in {"path", "linkpath", "size"}:
            found[key] = value.partition("\0")[0]
    return found


def _until_nul(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _is_ustar(block: bytes) -> bool:
    return block[257:265] == b"ustar\x0000"


def _has_prefix(block: bytes) -> bool:
    return _is_ustar(block) and (block[345] != 0 or block[475] != 0)


def _numbers(block: bytes) -> Iterator[tuple[int, int]]:
    yield from _NUMBERS
    if _is_ustar(block):
        yield from _OF_USTAR
        if not block[475]:
            yield from _TIMES


def _number(field: bytes) -> int:
    return int.from_bytes(field[1:], "big")


def _is_too_much(field: bytes) -> bool:
    """Tell whether a number in base 256 is one that JavaScript refuses."""
    if not field[0] & 0x80:
        return False
    if field[0] == 0x80:
        return _number(field) > _LARGEST
    return field[0] != 0xFF or int.from_bytes(field, "big", signed=True) < -_LARGEST
