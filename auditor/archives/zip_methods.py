"""The content of one zip entry, by its method: inflated in pieces, checked, under the budget.

Stored, deflated, bzip2, LZMA, xz and Zstandard entries are read (APPNOTE 4.4.5). That only the
first two are taken by indexes is for a rule to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.archives import inflate
from auditor.archives.inflate import PLAIN_CHUNK
from auditor.archives.zip_records import ENCRYPTED, MASKED, PATCHED, STRONG
from auditor.errors import MemberError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.archives.inflate import Decompressor
    from auditor.archives.zip_records import Record
    from auditor.limits import Budget

STORED, DEFLATED = 0, 8
_BZIP2, _LZMA, _ZSTD, _XZ = 12, 14, 93, 95
NAMES = {
    1: "shrink",
    2: "reduce",
    3: "reduce",
    4: "reduce",
    5: "reduce",
    6: "implode",
    9: "deflate64",
    10: "PKWARE's implode",
    12: "bzip2",
    14: "LZMA",
    18: "TERSE",
    19: "LZ77",
    20: "an early Zstandard",
    93: "Zstandard",
    94: "MP3",
    95: "xz",
    96: "JPEG",
    97: "WavPack",
    98: "PPMd",
    99: "AES",
}
READ = frozenset({STORED, DEFLATED, _BZIP2, _LZMA, _ZSTD, _XZ})
_LZMA_HEAD = 4
_NO_PROPERTIES = "the compressed content is damaged (its LZMA properties are none)"
_MOST_MEMORY = 128 * 1024 * 1024
"""Bytes that a decoder of LZMA may take for its dictionary."""


def unreadable(record: Record) -> str:
    """Return why an entry cannot be read; empty where it can be tried."""
    if record.flags & (ENCRYPTED | STRONG | MASKED):
        return "the entry is encrypted"
    if record.flags & PATCHED:
        return "the entry is a patch for another file"
    if record.method not in READ:
        name = NAMES.get(record.method, f"number {record.method}")
        return f"the compression method {name} is not read"
    return ""


def content(packed: memoryview, record: Record, budget: Budget) -> Iterator[bytes]:
    """Yield an entry's content.

    Raises MemberError where it cannot be read, or size or checksum do not hold; LimitError.
    """
    reason = unreadable(record)
    if reason:
        raise MemberError(reason)
    sum_of = inflate.crc32()
    crc = 0
    done = 0
    for chunk in pieces(packed, record.method):
        done += len(chunk)
        budget.inflate(len(chunk), record.packed, done)
        if done > record.size:
            raise MemberError(f"inflates to more than the {record.size:,} bytes declared")
        crc = sum_of(chunk, crc)
        yield chunk
    if done != record.size:
        raise MemberError(f"inflates to {done:,} bytes where {record.size:,} are declared")
    if crc != record.crc:
        raise MemberError("the checksum is wrong")


def small(packed: memoryview, record: Record) -> bytes | None:
    """Return the content of a small entry, stored or deflated, at once.

    None where anything about it is not as it should be: what that is, is for `content` to say.
    """
    if record.method == STORED:
        found = bytes(packed)
    else:
        inflater = inflate.deflate()
        try:
            found = inflater.decompress(bytes(packed), record.size + 1)
        except Exception as problem:  # each library has its own, none shared
            if isinstance(problem, MemoryError):
                raise
            return None
        if not inflater.eof or inflater.unused_data:
            return None
    sound = len(found) == record.size and inflate.crc32()(found, 0) == record.crc
    return found if sound else None


def pieces(packed: memoryview, method: int) -> Iterator[bytes]:
    """Yield what compressed bytes hold, by a method that is read.

    Raises MemberError where they are damaged, or have more behind them than belongs to them.
    """
    if method == STORED:
        for start in range(0, len(packed), PLAIN_CHUNK):
            yield bytes(packed[start : start + PLAIN_CHUNK])
        return
    start = 0
    if method == _LZMA:
        decompressor, start = _lzma(bytes(packed[:64]))
    else:
        decompressor = _DECOMPRESSORS[method]()
    position = start
    while not decompressor.eof:
        piece = b""
        if decompressor.needs_input:
            piece = bytes(packed[position : position + PLAIN_CHUNK])
            position += len(piece)
        chunk = _decompressed(decompressor, piece)
        if chunk:
            yield chunk
        elif not piece and decompressor.needs_input:
            if method == _LZMA:  # which need not mark its end: the size tells
                break
            raise MemberError("the compressed content is cut short")
    if decompressor.unused_data or position < len(packed):
        raise MemberError("bytes behind the compressed content")


def as_far_as_it_goes(packed: memoryview, method: int, most: int) -> Iterator[bytes]:
    """Yield what can be read of bytes that nothing vouches for, at most `most`; never an error."""
    done = 0
    try:
        for piece in pieces(packed, method):
            done += len(piece)
            if done > most:
                return
            yield piece
    except MemberError:
        return


def _decompressed(decompressor: Decompressor, piece: bytes) -> bytes:
    try:
        return decompressor.decompress(piece, PLAIN_CHUNK)
    except Exception as problem:  # each library has its own, none shared
        if isinstance(problem, MemoryError):
            raise
        raise MemberError(f"the compressed content {inflate.why(problem)}") from None


def _lzma(head: bytes) -> tuple[Decompressor, int]:
    """Return the decoder of method 14, and where its data begins (APPNOTE 5.8.8)."""
    import lzma  # noqa: PLC0415 - only where an entry asks for it

    length = int.from_bytes(head[2:_LZMA_HEAD], "little")
    properties = head[_LZMA_HEAD : _LZMA_HEAD + length]
    if length != 5 or len(properties) < length or properties[0] >= 9 * 5 * 5:
        raise MemberError(_NO_PROPERTIES)
    bits = properties[0]
    dictionary = max(int.from_bytes(properties[1:], "little"), 4096)
    if dictionary > _MOST_MEMORY:
        raise MemberError(f"its LZMA dictionary takes {dictionary:,} bytes of memory")
    chosen = {
        "id": lzma.FILTER_LZMA1,
        "lc": bits % 9,
        "lp": bits // 9 % 5,
        "pb": bits // 45,
        "dict_size": dictionary,
    }
    try:
        decoder = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=[chosen])
    except lzma.LZMAError:  # numbers of bits that are each allowed, and not together
        raise MemberError(_NO_PROPERTIES) from None
    return decoder, _LZMA_HEAD + length


_DECOMPRESSORS: dict[int, Callable[[], Decompressor]] = {
    DEFLATED: inflate.deflate,
    _BZIP2: inflate.bzip2,
    _ZSTD: inflate.zstd,
    _XZ: inflate.xz,
}
