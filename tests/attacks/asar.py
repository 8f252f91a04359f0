"""The archives of Electron: one JSON header, and what it does not say."""

from __future__ import annotations

import json
import struct

from tests.archives import attack
from tests.attacks._packages import KEY, MAP, npm
from tests.tar_bytes import file

AMBIGUOUS = "ambiguous-archive"
NESTED = ("nested-archive", "app.asar")
END = "app.asar: not read to the end:"
GAP = f"{END} the header of the asar"
SIZELESS = f"{END} the asar's 'a.js' has no size, and neither link nor files"
OUTSIDE = (
    "app.asar!a.js: not looked into: its content lies outside of the asar, by its offset and size"
)
DEEP = (
    f"{END} limit json-depth of 100 levels met (found at least 101 levels); "
    "raise it with --limit json-depth=N"
)


def asar(header: bytes | dict[str, object], body: bytes = b"") -> bytes:
    """Return a package that holds an asar."""
    text = json.dumps({"files": header}).encode() if isinstance(header, dict) else header
    padded = text + bytes(-len(text) % 4)
    sizes = struct.pack("<4I", 4, len(padded) + 8, len(padded) + 4, len(text))
    return npm(file(b"package/app.asar", sizes + padded + body))


def at(offset: int, size: int) -> dict[str, object]:
    """Return the row of a file."""
    return {"offset": str(offset), "size": size}


@attack(1, [NESTED, ("embedded-sources", "app.asar!dist/a.js.map")])
def source_map_in_an_asar() -> bytes:
    """The files of an asar are looked into."""
    return asar({"dist": {"files": {"a.js.map": at(0, len(MAP))}}}, MAP)


@attack(
    1,
    [
        NESTED,
        (AMBIGUOUS, "app.asar"),
        ("private-key", "app.asar"),
        ("private-key", "app.asar!(behind the archive)"),
    ],
)
def private_key_behind_an_asar() -> bytes:
    """Bytes behind the last file."""
    return asar({"a.js": at(0, 1)}, b"1" + KEY)


@attack(
    1,
    [
        NESTED,
        (AMBIGUOUS, "app.asar"),
        ("private-key", "app.asar"),
        ("private-key", "app.asar!(between the files)"),
    ],
)
def private_key_between_the_files_of_an_asar() -> bytes:
    """Bytes that no row has."""
    return asar({"a.js": at(0, 1), "b.js": at(1 + len(KEY), 1)}, b"1" + KEY + b"2")


@attack(
    3,
    [NESTED, (AMBIGUOUS, "app.asar")],
    [OUTSIDE],
)
def content_outside_of_an_asar() -> bytes:
    """A size beyond the end."""
    return asar({"a.js": at(0, 1000)}, b"1")


@attack(
    3,
    [NESTED, (AMBIGUOUS, "app.asar")],
    [OUTSIDE],
)
def offset_below_zero_in_an_asar() -> bytes:
    """An offset that would read the header."""
    return asar({"a.js": {"offset": "-10", "size": 1}}, b"1")


@attack(3, [NESTED], [SIZELESS])
def size_of_many_digits_in_an_asar() -> bytes:
    """A number that no float holds."""
    return asar(b'{"files":{"a.js":{"offset":"0","size":1' + b"0" * 400 + b"}}}")


@attack(3, [NESTED], [DEEP])
def header_without_an_end_in_an_asar() -> bytes:
    """Folders without an end."""
    return asar(b'{"files":{"a":' * 5000)


@attack(3, [NESTED], [f"{GAP} lists no files (no object under 'files')"])
def asar_of_nothing() -> bytes:
    """A header that is no list of files."""
    return asar(b'{"name":"demo"}')


@attack(3, [NESTED], ["app.asar: not read to the end: an asar without files"])
def asar_without_files() -> bytes:
    """A list of no files."""
    return asar({})


@attack(1, [NESTED, (AMBIGUOUS, "app.asar")])
def key_twice_in_an_asar() -> bytes:
    """Two rows of one name: some parsers take the first, some the last."""
    row = json.dumps(at(0, 1)).encode()
    return asar(b'{"files":{"a.js":' + row + b',"a.js":' + row + b"}}", b"1")


@attack(1, [NESTED, ("link-escape", "app.asar!l")])
def link_in_an_asar() -> bytes:
    """A link out of the archive."""
    return asar({"l": {"link": "../../etc/passwd"}, "a.js": at(0, 1)}, b"1")


@attack(
    1,
    [
        NESTED,
        ("archive-path-escape", "app.asar!.."),
        ("archive-path-escape", "app.asar!../a.js"),
    ],
)
def path_that_climbs_out_of_an_asar() -> bytes:
    """A row whose name is two dots."""
    return asar({"..": {"files": {"a.js": at(0, 1)}}}, b"1")
