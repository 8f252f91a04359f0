"""The sections of WebAssembly modules: debug information, names, and where their map lies.

WebAssembly Core Specification, "Binary Format" (modules, custom sections) and its appendix on the
name section; ECMA-426 for `sourceMappingURL`; WebAssembly's tool conventions for DWARF
(`.debug_*`) and `external_debug_info`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.binaries import WASM
from auditor.binaries.layout import Kind, Part, section
from auditor.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = 8
_VERSION = b"\1\0\0\0"
_CUSTOM = 0
_CODE = 10
_LINKS = {"sourceMappingURL": Kind.MAP, "external_debug_info": Kind.DEBUG_ELSEWHERE}
_DEBUG = (".debug_", "reloc..debug_")
_MOST = 100_000


def claims(data: bytes) -> bool:
    """Tell a module by magic and version; a component, which has another one, is none."""
    return data.startswith(WASM + _VERSION)


def parts(data: bytes) -> Iterator[Part]:
    """Yield debug sections, the name section, and the addresses of a map and of symbols elsewhere.

    Raises ParseError where a section, or a text in it, lies outside of the file.
    """
    offset = _HEAD
    holds_debug = holds_code = False
    for _ in range(_MOST):
        if offset >= len(data):
            if holds_debug and not holds_code:
                yield Part(kind=Kind.SEPARATE)
            return
        kind = data[offset]
        size, start = _number(data, offset + 1)
        end = start + size
        if end > len(data):
            raise ParseError("a section lies outside of the file")
        holds_code = holds_code or kind == _CODE
        if kind == _CUSTOM:
            name, body = _text(data, start, end)
            if name.startswith(_DEBUG):
                holds_debug = True
                yield section(data, name, body, end - body)
            elif name == "name":
                yield Part(kind=Kind.SYMBOLS, start=body, end=end)
            elif name in _LINKS:
                url, _ = _text(data, body, end)
                yield Part(kind=_LINKS[name], start=body, end=end, text=url)
        offset = end
    raise ParseError(f"has more than {_MOST:,} sections")


def _text(data: bytes, offset: int, end: int) -> tuple[str, int]:
    """Return a text that its length stands before, and where it ends."""
    size, start = _number(data, offset)
    if start + size > end:
        raise ParseError("a text lies outside of its section")
    return data[start : start + size].decode("utf-8", "replace"), start + size


def _number(data: bytes, offset: int) -> tuple[int, int]:
    """Return an unsigned LEB128 number of up to 32 bits, and where it ends."""
    value = 0
    for index in range(5):
        if offset + index >= len(data):
            raise ParseError("a number lies outside of the file")
        byte = data[offset + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, offset + index + 1
    raise ParseError("a number has more than 32 bits")
