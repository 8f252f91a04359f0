"""Mutations that keep a structure whole where chance never would: sums, offsets, brackets.

Each takes the bytes, the most it may return, a source of chance, and the engine's own mutation,
which is mixed in; so a structure is also left broken now and then.
"""

from __future__ import annotations

import json as json_
import struct
import zlib
from typing import TYPE_CHECKING, Any

from auditor.archives.tar import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from tests.fuzz.target import Mutate

# tar

_FIELDS = {
    "name": (0, 100),
    "mode": (100, 108),
    "size": (124, 136),
    "sum": (148, 156),
    "type": (156, 157),
    "link": (157, 257),
    "magic": (257, 265),
    "prefix": (345, 500),
    "tail": (482, 500),
}
_VALUES: dict[str, tuple[bytes, ...]] = {
    "name": (b"", b"a", b"a/", b"../a", b"/a", b"./a", b"a\0b", b"\xff", b"a//b", b"package/a"),
    "mode": (b"0000644\0", b"0004755\0", b"", b"\x80\0\0\0\0\0\0\1", b"-1", b"9"),
    "size": (
        *(b"00000000000\0", b"00000000003\0", b"00000001000\0", b"77777777777\0", b"8", b""),
        *(b"\x80" + bytes(10) + b"\3", b"\xff" * 12, b" 3 "),
    ),
    "sum": (b"0000000\0", b""),
    "type": (*(bytes([one]) for one in b"01234567LKSxgXDNVM\0A "),),
    "link": (b"", b"a", b"../../a", b"/etc/x"),
    "magic": (b"ustar\x0000", b"ustar  \0", bytes(8)),
    "prefix": (b"", b"some/where", b"..", b"\0\0"),
    "tail": (bytes(18), b"\1" + bytes(17)),
}


def tar(data: bytes, most: int, chance: Random, mutate: Mutate) -> bytes:
    """Change headers, blocks or anything, then make the headers' sums right."""
    kind = chance.random()
    blocks = [data[at : at + BLOCK].ljust(BLOCK, b"\0") for at in range(0, len(data), BLOCK)]
    heads = list(_tar_heads(blocks))
    if kind < 0.4 and heads:
        at = chance.choice(heads)
        name = chance.choice(list(_FIELDS))
        start, end = _FIELDS[name]
        value = chance.choice(_VALUES[name]).ljust(end - start, b"\0")
        blocks[at] = blocks[at][:start] + value + blocks[at][end:]
    elif kind < 0.7 and blocks:
        _shuffled(blocks, chance)
    else:
        data = mutate(data, most)
        blocks = [data[at : at + BLOCK] for at in range(0, len(data), BLOCK)]
    if chance.random() < 0.9:
        for at in _tar_heads(blocks):
            blocks[at] = _summed(blocks[at])
    return b"".join(blocks)[:most]


def _tar_heads(blocks: list[bytes]) -> Iterator[int]:
    """Yield where headers stand, by the sizes that they say."""
    at = 0
    while at < len(blocks):
        block = blocks[at]
        if len(block) == BLOCK and block.strip(b"\0"):
            yield at
            try:
                size = int(block[124:136].strip(b" \0") or b"0", 8)
            except ValueError:
                size = 0
            at += -(-max(size, 0) // BLOCK)
        at += 1


def _summed(block: bytes) -> bytes:
    total = sum(block) - sum(block[148:156]) + 8 * 32
    return block[:148] + b"%06o\0 " % total + block[156:]


def _shuffled(pieces: list[bytes], chance: Random) -> None:
    """Double, drop or swap pieces, in place."""
    one, other = chance.randrange(len(pieces)), chance.randrange(len(pieces))
    how = chance.randrange(4)
    if how == 0:
        pieces.insert(other, pieces[one])
    elif how == 1:
        pieces[one], pieces[other] = pieces[other], pieces[one]
    elif how == 2 and len(pieces) > 1:
        del pieces[one]
    else:
        low, high = sorted((one, other))
        pieces[low:low] = pieces[low : high + 1]


# zip

_LOCAL, _CENTRAL, _END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_NUMBERS = (0, 1, 2, 8, 9, 0x7FFF, 0xFFFF, 0xFFFFFFFF, 0x7FFFFFFF, 93)


def zip(data: bytes, most: int, chance: Random, mutate: Mutate) -> bytes:  # noqa: A001 - the format
    """Change records or anything, then make offsets, counts and sums right, or most of them."""
    changed = mutate(data, most) if chance.random() < 0.5 else _zip_field(data, chance)
    return _zip_repaired(changed, chance)[:most]


def _places(data: bytes, magic: bytes) -> list[int]:
    found = []
    at = data.find(magic)
    while at >= 0:
        found.append(at)
        at = data.find(magic, at + 4)
    return found


def _zip_field(data: bytes, chance: Random) -> bytes:
    """Write a number into a field of a record, or double or drop a record."""
    at = chance.choice([0, *_places(data, b"PK")])
    if chance.random() < 0.3:
        end = min((one for one in _places(data, b"PK") if one > at), default=len(data))
        return data[:at] + (data[at:end] * 2 if chance.random() < 0.5 else b"") + data[end:]
    size = chance.choice((2, 4))
    number = chance.choice(_NUMBERS) & (0xFFFF if size == 2 else 0xFFFFFFFF)
    at += 4 + 2 * chance.randrange(22)
    return data[:at] + number.to_bytes(size, "little") + data[at + size :]


def _zip_repaired(data: bytes, chance: Random) -> bytes:
    out = bytearray(data)
    locals_, centrals, ends = (_places(data, magic) for magic in (_LOCAL, _CENTRAL, _END))
    for number, at in enumerate(centrals):
        if at + 46 > len(out) or chance.random() < 0.1:
            continue
        if number < len(locals_):
            struct.pack_into("<L", out, at + 42, locals_[number])
            _zip_summed(out, at, locals_[number], chance)
    if ends and centrals and ends[-1] + 22 <= len(out) and chance.random() < 0.9:
        end = next((one for one in (data.find(b"PK\6\6"), ends[-1]) if one >= 0), ends[-1])
        sizes = (len(centrals), len(centrals), end - centrals[0], centrals[0])
        if sizes[2] > 0:
            struct.pack_into("<HHLL", out, ends[-1] + 8, *(size & 0xFFFF for size in sizes))
    return bytes(out)


def _zip_summed(out: bytearray, central: int, local: int, chance: Random) -> None:
    """Write an entry's true sum and size into both of its headers."""
    if local + 30 > len(out) or chance.random() < 0.2:
        return
    method, packed = struct.unpack_from("<H8xL", out, central + 10)
    name, extra = struct.unpack_from("<HH", out, local + 26)
    content = bytes(out[local + 30 + name + extra :][:packed])
    if method == 8:
        try:
            content = zlib.decompressobj(-15).decompress(content, 1 << 20)
        except zlib.error:
            return
    sums = struct.pack("<LLL", zlib.crc32(content), packed, len(content))
    out[central + 16 : central + 28] = sums
    if not struct.unpack_from("<H", out, local + 6)[0] & 8:
        out[local + 14 : local + 26] = sums


def tar_or_zip(data: bytes, most: int, chance: Random, mutate: Mutate) -> bytes:
    """Change an archive of either kind."""
    return (zip if data.startswith(b"PK") else tar)(data, most, chance, mutate)


# asar: a JSON text with its lengths in front


def asar(data: bytes, most: int, chance: Random, mutate: Mutate) -> bytes:
    """Change the header as JSON, then write its lengths; or anything."""
    if len(data) < 16 or chance.random() < 0.3:
        return mutate(data, most)
    size = int.from_bytes(data[12:16], "little")
    header = json(data[16 : 16 + size], most, chance, mutate)
    padded = header + bytes(-len(header) % 4)
    sizes = struct.pack("<4I", 4, len(padded) + 8, len(padded) + 4, len(header))
    return (sizes + padded + data[16 + size + -size % 4 :])[:most]


# compressed streams


def frames(  # noqa: PLR0913, PLR0917 - what every mutation takes, and the format
    data: bytes,
    most: int,
    chance: Random,
    mutate: Mutate,
    pack: Callable[[bytes], bytes],
    unpack: Callable[[bytes], bytes],
) -> bytes:
    """Change what is packed and pack it again, put streams in a row, or change anything."""
    kind = chance.random()
    if kind < 0.6:
        return mutate(data, most)
    try:
        plain = unpack(data)[:most]
    except Exception:  # noqa: BLE001 - each library has its own
        return mutate(data, most)
    if kind < 0.8:
        return pack(mutate(plain, most))[:most]
    cut = chance.randrange(len(plain) + 1)
    row = [pack(plain[:cut]), pack(plain[cut:])]
    row.insert(chance.randrange(3), chance.choice([b"", bytes(8), b"\0", data[:4], b"words"]))
    return b"".join(row)[:most]


# documents

_JSON_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**30, "", " ", "x", "*", "..", "/", "\0", "\ud800", "a\u202eb",
    [], {}, [[]], [None], {"": ""}, "https://[", "file:../x", "npm:a@1", "1.0.0", "sha512-AAAA",
)  # fmt: skip


def json(data: bytes, most: int, chance: Random, mutate: Mutate) -> bytes:
    """Change one place of a JSON document: another value, a key twice, a part moved or gone."""
    if chance.random() < 0.4:
        return mutate(data, most)
    try:
        document = json_.loads(data)
    except (ValueError, RecursionError):
        return mutate(data, most)
    holders = list(_holders(document))
    if not holders:
        return mutate(data, most)
    holder = chance.choice(holders)
    key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    how = chance.randrange(5)
    if how == 0:
        holder[key] = chance.choice(_JSON_VALUES)
    elif how == 1:
        other = chance.choice(holders)
        holder[key] = json_.loads(json_.dumps(other))
    elif how == 2:
        del holder[key]
    elif how == 3 and isinstance(holder, dict):
        holder[str(chance.choice(["", "..", key, "\ud800", "__proto__", "*"]))] = holder[key]
    else:
        holder[key] = [holder[key]]
    text = json_.dumps(document, ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.2 and isinstance(holder, dict) and holder:
        twice = json_.dumps(str(chance.choice(list(holder)))) + ":"
        text = text.replace(twice, f"{twice}{json_.dumps(chance.choice(_JSON_VALUES))},{twice}", 1)
    return text.encode("utf-8", "surrogatepass")[:most]


def _holders(document: object) -> Iterator[Any]:
    """Yield every object and list that holds something."""
    pending = [document]
    while pending:
        node = pending.pop()
        if isinstance(node, (dict, list)) and node:
            yield node
            pending += node.values() if isinstance(node, dict) else node


def lines(data: bytes, most: int, chance: Random, mutate: Mutate) -> bytes:
    """Double, drop, swap or indent lines, or change anything."""
    rows = data.splitlines(keepends=True)
    if not rows or chance.random() < 0.5:
        return mutate(data, most)
    if chance.random() < 0.3:
        at = chance.randrange(len(rows))
        indented = chance.choice([b" " + rows[at], b"  " + rows[at], rows[at].lstrip(b" ")])
        rows[at] = indented
    elif chance.random() < 0.3:
        at = chance.randrange(len(rows))
        rows[at] = mutate(rows[at], len(rows[at]) + 64)
    else:
        _shuffled(rows, chance)
    return b"".join(rows)[:most]


def document(data: bytes, most: int, chance: Random, mutate: Mutate) -> bytes:
    """Change a document as JSON where it is that, else line by line."""
    return (json if data.lstrip()[:1] in {b"{", b"["} else lines)(data, most, chance, mutate)
