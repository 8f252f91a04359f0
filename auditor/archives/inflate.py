"""A compressed file as a stream of plain chunks: every member of it, checked, under the budget.

gzip, bzip2, xz and Zstandard are told by their first bytes. Brotli has none: a file of it is told
by its name, and read where its library is installed.
"""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from auditor.errors import ArchiveError

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


class _Decompressor(Protocol):
    """The interface that bz2, lzma and isal share."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Zlib:
    """The same interface over zlib, for the platforms that isal has no wheel for."""

    def __init__(self) -> None:
        self._object = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def needs_input(self) -> bool:
        return not self._object.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._object.decompress(self._object.unconsumed_tail + data, max_length)


def _gzip() -> _Decompressor:
    try:
        from isal import igzip_lib  # noqa: PLC0415 - only where gzip is read
    except ImportError:
        return _Zlib()
    return cast("_Decompressor", igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP))


def _bzip2() -> _Decompressor:
    import bz2  # noqa: PLC0415

    return bz2.BZ2Decompressor()


def _xz() -> _Decompressor:
    import lzma  # noqa: PLC0415

    return lzma.LZMADecompressor(memlimit=256 * 1024 * 1024)


def _zstd() -> _Decompressor:
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
_FORMATS: dict[bytes, Callable[[], _Decompressor]] = {
    GZIP: _gzip,
    BZIP2: _bzip2,
    XZ: _xz,
    ZSTD: _zstd,
}
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
"""What stands at offset 4: a block, or the end of an empty stream. `BZh` alone begins words."""
_LONGEST_MAGIC = 10
_GZIP_RESERVED = 0xE0
"""Flags of a gzip header that must be zero (RFC 1952, 2.3.1.2); zlib looks, isal does not."""


def is_compressed(head: bytes) -> bool:
    """Tell by its first bytes whether a file is of a format that `Inflated` reads."""
    return _format(head) is not None


def _format(head: bytes) -> bytes | None:
    """Return the magic number that a stream begins with."""
    magic = next((magic for magic in _FORMATS if head.startswith(magic)), None)
    return None if magic == BZIP2 and not head.startswith(_BZIP2_BLOCKS, 4) else magic


class Inflated:
    """The plain bytes of `file`, once, in chunks; all members of a multi-member file in turn.

    `head` is what was already read of the file.
    After the last chunk `trailing` is the number of bytes behind the last member that are no
    member of the same format (zero padding, which tape tools leave, is not counted). Raises
    ArchiveError for a stream that is cut short or fails its checksum, LimitError when the budget
    is spent.
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
        self.trailing = 0
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
        pending = self._enough(self._head)
        if self._brotli:
            self.streams = 1
            rest = yield from self._member(_Brotli(), pending)
            self._count_trailing(self._enough(rest), padding=b"")
            return
        magic = _format(pending)
        if magic is None:
            raise ArchiveError("not a gzip, bzip2, xz or Zstandard file")
        while _format(pending) == magic:
            if magic == GZIP and pending[3:4] and pending[3] & _GZIP_RESERVED:
                raise ArchiveError("the compressed stream is damaged (reserved flags are set)")
            self.streams += 1
            pending = yield from self._member(_FORMATS[magic](), pending)
            pending = self._enough(pending)
        self._count_trailing(pending)

    def _member(self, decompressor: _Decompressor, pending: bytes) -> Generator[bytes, None, bytes]:
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
                raise ArchiveError(f"the compressed stream is damaged ({problem})") from None
            pending = b""
            if chunk:
                self._inflated += len(chunk)
                self._budget.inflate(len(chunk), self._packed, self._inflated)
                yield chunk
        return decompressor.unused_data

    def _count_trailing(self, pending: bytes, padding: bytes = b"\0") -> None:
        while pending:
            self.trailing += len(pending if self.trailing else pending.lstrip(padding))
            pending = self._read()


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
            raise ArchiveError(f"the compressed text is damaged ({problem})") from None
        pending = b""
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise ArchiveError(f"the compressed text is larger than {most:,} bytes")
    return b"".join(pieces)
