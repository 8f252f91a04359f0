"""A compressed file as a stream of plain chunks: every member of it, checked, under the budget.

gzip, bzip2, xz and Zstandard are told by their first bytes. Brotli has none: a file of it is told
by its name, and read where its library is installed.
"""

from __future__ import annotations

import sys
import zlib
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from auditor.errors import ArchiveError, LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from auditor.limits import Budget

PACKED_CHUNK = 128 * 1024
PLAIN_CHUNK = 256 * 1024
"""Small enough to stay in the cache; see facts on memory in ARCHITECTURE.md, "Speed"."""

GZIP = b"\x1f\x8b"
BZIP2 = b"BZh"
XZ = b"\xfd7zXZ\x00"
ZSTD = b"\x28\xb5\x2f\xfd"


class Decompressor(Protocol):
    """The interface that bz2, lzma and isal share."""

    @property
    def eof(self) -> bool:
        """True behind the end of the stream."""

    @property
    def needs_input(self) -> bool:
        """True where `decompress` gives nothing more without further data."""

    @property
    def unused_data(self) -> bytes:
        """What was given and lies behind the end."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes more."""


class Zlib:
    """The same interface over zlib: raw deflate, and gzip where isal has no wheel."""

    def __init__(self, wbits: int) -> None:
        self._object = zlib.decompressobj(wbits=wbits)

    @property
    def eof(self) -> bool:  # noqa: D102 - see Decompressor
        return self._object.eof

    @property
    def needs_input(self) -> bool:  # noqa: D102
        return not self._object.unconsumed_tail

    @property
    def unused_data(self) -> bytes:  # noqa: D102
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:  # noqa: D102
        return self._object.decompress(self._object.unconsumed_tail + data, max_length)


def _gzip() -> Decompressor:
    try:
        from isal import igzip_lib  # noqa: PLC0415 - only where gzip is read
    except ImportError:
        return Zlib(wbits=31)
    return cast("Decompressor", igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP))


def deflate() -> Decompressor:
    """Return a decoder of raw deflate."""
    try:
        from isal import igzip_lib  # noqa: PLC0415 - only where it is read
    except ImportError:
        return Zlib(wbits=-15)
    return cast("Decompressor", igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE))


def crc32() -> Callable[[bytes, int], int]:
    """Return what continues a CRC-32 with further bytes: isal's takes a fifth of the time."""
    try:
        from isal import isal_zlib  # noqa: PLC0415 - only where a zip is read
    except ImportError:
        return zlib.crc32
    return cast("Callable[[bytes, int], int]", isal_zlib.crc32)


def bzip2() -> Decompressor:
    """Return a decoder of bzip2."""
    import bz2  # noqa: PLC0415

    return bz2.BZ2Decompressor()


def xz() -> Decompressor:
    """Return a decoder of xz that takes no more than 256 MiB of memory."""
    import lzma  # noqa: PLC0415

    return lzma.LZMADecompressor(memlimit=256 * 1024 * 1024)


def zstd() -> Decompressor:
    """Return a decoder of Zstandard whose window is at most 128 MiB."""
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415

    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 27})


class _Brotli:
    """The same interface over Google's library, which keeps what it could not give out yet."""

    def __init__(self) -> None:
        try:
            import brotli  # noqa: PLC0415 - an extra
        except ImportError:
            raise ArchiveError(NO_BROTLI) from None
        self._object = brotli.Decompressor()
        self._more = False
        """The last piece was full: there may be more, which the library does not say."""

    @property
    def eof(self) -> bool:
        return bool(self._object.is_finished())

    @property
    def needs_input(self) -> bool:
        return not self._more and bool(self._object.can_accept_more_data())

    @property
    def unused_data(self) -> bytes:
        return b""  # the library refuses bytes behind the stream's end, but for those not read yet

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        piece = bytes(self._object.process(data, output_buffer_limit=max_length))
        self._more = 0 < max_length <= len(piece)
        return piece


NO_BROTLI = "Brotli is read with the extra `brotli` alone (pip install 'release-audit[brotli]')"
_FORMATS: dict[bytes, Callable[[], Decompressor]] = {
    GZIP: _gzip,
    BZIP2: bzip2,
    XZ: xz,
    ZSTD: zstd,
}
MAGICS = tuple(_FORMATS)
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
"""What stands at offset 4: a block, or the end of an empty stream. `BZh` alone begins words."""
_LONGEST_MAGIC = 10
_SKIPPABLE = b"\x2a\x4d\x18"
"""What follows the first byte (0x50 to 0x5f) of a frame that decoders skip (RFC 8878, 3.1.2)."""
_SKIPPABLE_HEAD = 8
_GZIP_HEAD = 10
_EXTRA, _NAME, _COMMENT = 0x04, 0x08, 0x10
"""Flags of a gzip header (RFC 1952, 2.3.1)."""
_GZIP_RESERVED = 0xE0
"""Flags of a gzip header that must be zero (RFC 1952, 2.3.1.2); zlib looks, isal does not."""


def is_compressed(head: bytes) -> bool:
    """Tell by its first bytes whether a file is of a format that `Inflated` reads."""
    return _format(head) is not None


def _format(head: bytes) -> bytes | None:
    """Return the magic number that a stream begins with."""
    if _is_skippable(head):
        return ZSTD
    magic = next((magic for magic in _FORMATS if head.startswith(magic)), None)
    return None if magic == BZIP2 and not head.startswith(_BZIP2_BLOCKS, 4) else magic


def _is_skippable(head: bytes) -> bool:
    return head[1:4] == _SKIPPABLE and head[0] & 0xF0 == 0x50


def why(problem: Exception) -> str:
    """Return what a library's error says of a stream, in words that are those of no library.

    They change with its version and platform, and a gap must not.
    """
    return "asks for too much memory" if "memory" in str(problem).lower() else "is damaged"


def _has_zero(start: int, data: bytes) -> bool:
    return data.find(b"\0", start) >= 0


class Inflated:
    """The plain bytes of `file`, once, in chunks; all members of a multi-member file in turn.

    `head` is what was already read of the file. After the last chunk `rest` gives what lies behind
    the last member and is no member of the same format (zero padding, which tape tools leave, is
    not counted); `streams` is the number of members, `padded` says that zeros stood between two of
    them, where some readers stop, and `aside` has what no reader hands out: the names and notes of
    gzip headers, the content of frames that are skipped.

    Raises ArchiveError for a stream that is cut short or fails its checksum, LimitError when the
    budget is spent.
    """

    def __init__(
        self, file: BinaryIO, budget: Budget, head: bytes = b"", *, brotli: bool = False
    ) -> None:
        self._file = file
        self._brotli = brotli
        self._head = head
        self._budget = budget
        self._packed = len(head)
        self._inflated = 0
        self._rest = b""
        self.aside = bytearray()
        self.padded = False
        self.streams = 0

    def _read(self) -> bytes:
        data = self._file.read(PACKED_CHUNK)
        self._packed += len(data)
        return data

    def _enough(self, pending: bytes) -> bytes:
        """Return `pending` with more behind it, until a magic number can be told."""
        while len(pending) < _LONGEST_MAGIC and (more := self._read()):
            pending += more
        return pending

    def __iter__(self) -> Iterator[bytes]:
        if self._brotli:
            pending = self._enough(self._head)
            self.streams = 1
            rest = yield from self._member(_Brotli(), pending)
            self._rest = self._enough(rest)
            return
        # as much at once as later on: where a chunk ends, some member is in two parts
        pending = self._enough(self._head + self._read())
        magic = _format(pending)
        if magic is None:
            raise ArchiveError("not a gzip, bzip2, xz or Zstandard file")
        while _format(pending) == magic:
            if _is_skippable(pending):
                pending = self._skipped(pending)
            else:
                if magic == GZIP:
                    pending = self._gzip_header(pending)
                self.streams += 1
                pending = yield from self._member(_FORMATS[magic](), pending)
            pending = self._enough(pending)
            if pending[:1] == b"\0":
                pending = self._behind_zeros(pending)
                self.padded |= _format(pending) == magic
        self._rest = pending

    def rest(self) -> Iterator[bytes]:
        """Yield what lies behind the last member, once."""
        pending, self._rest = self._rest, b""
        while pending:
            yield pending
            pending = self._read()

    def _behind_zeros(self, pending: bytes) -> bytes:
        """Return what comes behind zero bytes, enough to tell what it is."""
        while not (pending := pending.lstrip(b"\0")):
            pending = self._read()
            if not pending:
                return b""
        return self._enough(pending)

    def _gzip_header(self, pending: bytes) -> bytes:
        """Keep a header's texts; return `pending`, with as much behind it as they take."""
        flags = pending[3] if len(pending) >= _GZIP_HEAD else 0
        if flags & _GZIP_RESERVED:
            raise ArchiveError("the compressed stream is damaged (reserved flags are set)")
        end = _GZIP_HEAD
        if flags & _EXTRA:
            pending = self._until(pending, lambda data: len(data) >= end + 2)
            end += 2 + int.from_bytes(pending[end : end + 2], "little")
            pending = self._until(pending, lambda data: len(data) >= end)
        for flag in (_NAME, _COMMENT):
            if flags & flag:
                pending = self._until(pending, partial(_has_zero, end))
                end = pending.find(b"\0", end) + 1 or len(pending)
        self._keep(pending[_GZIP_HEAD:end])
        return pending

    def _until(self, pending: bytes, enough: Callable[[bytes], bool]) -> bytes:
        """Read on until there is enough, or no more, of a header."""
        while not enough(pending) and (more := self._read()):
            pending += more
            if len(pending) > (most := self._budget.limits.header_bytes) + PACKED_CHUNK:
                raise LimitError("header-bytes", most, len(pending), "bytes")
        return pending

    def _skipped(self, pending: bytes) -> bytes:
        """Keep the content of a skippable frame, and return what comes behind it."""
        pending = self._until(pending, lambda data: len(data) >= _SKIPPABLE_HEAD)
        if len(pending) < _SKIPPABLE_HEAD:
            raise ArchiveError("cut short: the compressed stream has no end")
        left = int.from_bytes(pending[4:_SKIPPABLE_HEAD], "little")
        pending = pending[_SKIPPABLE_HEAD:]
        while left:
            if not pending and not (pending := self._read()):
                raise ArchiveError("cut short: the compressed stream has no end")
            self._keep(pending[:left])
            left, pending = left - len(pending[:left]), pending[left:]
        return pending

    def _keep(self, data: bytes) -> None:
        self.aside += data
        if len(self.aside) > (most := self._budget.limits.header_bytes):
            raise LimitError("header-bytes", most, len(self.aside), "bytes")

    def _member(self, decompressor: Decompressor, pending: bytes) -> Generator[bytes, None, bytes]:
        while not decompressor.eof:
            if decompressor.needs_input and not pending:
                pending = self._read()
                if not pending:
                    raise ArchiveError("cut short: the compressed stream has no end")
            try:
                chunk = decompressor.decompress(pending, PLAIN_CHUNK)
            except Exception as problem:  # each library has its own, none shared
                if isinstance(problem, MemoryError):
                    raise
                raise ArchiveError(f"the compressed stream {why(problem)}") from None
            pending = b""
            if chunk:
                self._inflated += len(chunk)
                self._budget.inflate(len(chunk), self._packed, self._inflated)
                yield chunk
        return decompressor.unused_data


def inflated(frame: bytes, most: int, *, brotli: bool = False) -> bytes:
    """Return what one compressed text holds, of no more than `most` bytes.

    Raises ArchiveError for one that is damaged, cut short, of no format that we read, or larger.
    """
    magic = _format(frame)
    if magic is None and not brotli:
        raise ArchiveError("not a gzip, bzip2, xz or Zstandard text")
    decompressor = _Brotli() if brotli or magic is None else _FORMATS[magic]()
    pieces: list[bytes] = []
    size = 0
    pending = frame
    while not decompressor.eof:
        if decompressor.needs_input and not pending:
            raise ArchiveError("cut short: the compressed text has no end")
        try:
            piece = decompressor.decompress(pending, PLAIN_CHUNK)
        except Exception as problem:  # the library's own error is known where it is imported alone
            if isinstance(problem, MemoryError):
                raise
            raise ArchiveError(f"the compressed text {why(problem)}") from None
        pending = b""
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise ArchiveError(f"the compressed text is larger than {most:,} bytes")
    return b"".join(pieces)
