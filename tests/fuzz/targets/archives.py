"""Archives: tar, zip, asar, the framing of each compression, and whole packages.

Beside our own laws stands Python's reader: what it gives out of an archive that we find nothing
odd about, we must have listed with the same content.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from typing import TYPE_CHECKING

import brotli

from auditor import facts, kinds
from auditor.archives import asar, listing, tar, walk, zip  # noqa: A004 - the format's name
from auditor.archives.entry import Entry, Loose
from auditor.archives.inflate import Inflated, inflated
from auditor.archives.marks import is_asar
from auditor.errors import InputError, MemberError
from auditor.examine import Examination
from auditor.limits import Budget, Limits
from auditor.model import Member, MemberType, Oddity, Unread
from tests import archives as hostile
from tests import payloads
from tests import tar_bytes as archives
from tests.fuzz import structures
from tests.fuzz.target import BrokenError, Target

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LIMITS = Limits(
    unpacked_bytes=1024 * 1024,
    members=200,
    member_bytes=256 * 1024,
    nesting=2,
    path_depth=64,
    header_bytes=8192,
)
"""Small enough for inputs of a few kilobytes to meet each of them."""

LONGEST_TAR, LONGEST_ZIP, LONGEST_STREAM = 10 * 1024, 4096, 4096

Row = tuple[object, ...]


def rows_of(entries: Iterable[Entry]) -> Iterator[Row]:
    """Yield what a reader says, contents as their size and sum, and check it against the limits."""
    members = size = 0
    for entry in entries:
        if isinstance(entry, (Oddity, Unread)):
            yield (entry,)
            continue
        if isinstance(entry, Loose):
            yield (entry.name, entry.size, b"".join(entry.content))
            continue
        member, content = entry
        members += 1
        crc = length = 0
        damage = ""
        try:
            for piece in content:
                crc = zlib.crc32(piece, crc)
                length += len(piece)
        except MemberError as problem:
            damage = str(problem)
        size += length
        if members > LIMITS.members or size > LIMITS.unpacked_bytes:
            raise BrokenError("more comes out than the limits allow")
        if member.path.count("/") > LIMITS.path_depth:
            raise BrokenError("a path is deeper than the limits allow")
        if not damage and length not in {0, member.size}:
            raise BrokenError(f"{length} bytes came of a member of {member.size}")
        yield (member, length, crc, damage)


def told(entries: Iterable[Entry]) -> list[Row]:
    """Return what a reader says, the error that ends it as the last row."""
    rows: list[Row] = []
    try:
        for row in rows_of(entries):
            rows.append(row)  # noqa: PERF402 - what came before the error counts
    except InputError as problem:
        rows.append((str(problem),))
    return rows


def sound(rows: list[Row]) -> dict[str, list[tuple[int, int]]] | None:
    """Return the files by name, with size and sum; None where anything at all was said."""
    files: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        if not isinstance(row[0], Member) or row[3] or "\0" in row[0].name:
            return None  # of a name that ends early for some readers a fact tells
        if row[0].type is MemberType.FILE:
            files.setdefault(row[0].name, []).append((int(str(row[1])), int(str(row[2]))))
    return files


def compared(rows: list[Row], theirs: Iterable[tuple[str, bytes]], who: str) -> None:
    """Check that a member that another reader gives out is among ours, where we say all is well."""
    files = sound(rows)
    if files is None:
        return
    others = {row[0].name for row in rows if isinstance(row[0], Member)} - files.keys()
    for name, content in theirs:
        plain = name.isascii() and "\\" not in name and "\0" not in name
        if (
            plain
            and name not in others
            and (len(content), zlib.crc32(content)) not in files.get(name, ())
        ):
            raise BrokenError(f"{who} sees {name!r} with {content[:20]!r}, and we see nothing odd")


@cache
def hostile_files() -> tuple[bytes, ...]:
    """Return every hostile archive that the tests have, as the file that it is."""
    return tuple(case.make() for case in hostile.cases().values())


def hostile_tars() -> Iterator[bytes]:
    """Yield the tar archives inside the hostile files, those that are not too large."""
    for data in hostile_files():
        with suppress(Exception):  # many cannot be unpacked, which is their point
            plain = zlib.decompressobj(31).decompress(data, LONGEST_TAR + 1)
            if len(plain) <= LONGEST_TAR:
                yield plain


def hostile_zips() -> Iterator[bytes]:
    return (data for data in hostile_files() if data[:2] == b"PK" and len(data) <= LONGEST_ZIP)


def hostile_streams(magic: bytes) -> Iterator[bytes]:
    return (d for d in hostile_files() if d.startswith(magic) and len(d) <= LONGEST_STREAM)


# tar


def run_tar(data: bytes) -> object:
    whole = told(tar.members(iter([data]), Budget(LIMITS), strip=1))
    step = 1 if len(data) <= 2048 else 97  # byte by byte is slow
    pieces = (data[at : at + step] for at in range(0, len(data), step))
    if told(tar.members(pieces, Budget(LIMITS), strip=1)) != whole:
        raise BrokenError("chunks of another size give other members")
    compared(whole, tarfile_members(data), "tarfile")
    return whole, told(walk(BytesIO(data), Budget(LIMITS), strip=1))


def tarfile_members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the regular files that Python's reader gives out, until it raises."""
    try:
        with tarfile.open(fileobj=BytesIO(data), mode="r:") as opened:
            for member in opened:
                if member.isreg() and not member.issparse() and member.size <= len(data):
                    file = opened.extractfile(member)
                    content = b"" if file is None else file.read()
                    if len(content) == member.size:
                        yield member.name, content
    except Exception:  # noqa: BLE001, S110 - whatever it refuses is no claim of ours
        pass


def tar_seeds() -> Iterator[bytes]:
    """Yield one archive for each thing that a header can say."""
    make = archives
    yield make.archive(make.file(b"package/a.js", b"x"), make.file(b"package/b/", type=b"5"))
    yield make.archive(make.pax({"path": b"p/long", "size": b"3"}), make.file(b"s", b"abc"))
    yield make.archive(make.gnu_long(b"p/" + b"n" * 120), make.file(b"s", b"abc", magic=make.GNU))
    yield make.archive(make.pax({"path": b"g"}, type=b"g"), make.file(b"a"), make.file(b"b"))
    yield make.archive(make.file(b"l", type=b"2", link=b"../x"), make.file(b"h", type=b"1"))
    yield make.archive(make.gnu_sparse(b"s", b"data", claimed=9999))
    yield make.archive(make.file(b"name", b"abc", prefix=b"some/where"))
    yield make.archive(make.file(b"old", b"abc", magic=make.V7))
    yield make.archive(make.file(b"wide", b"", size=make.base256(5))) + b"late"
    yield make.archive(make.file(b"a", b"1")) + make.archive(make.file(b"late", b"2"))
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as opened:
            for name in ("package/index.js", "package/" + "d/" * 60 + "é.js"):
                info = tarfile.TarInfo(name)
                info.size = 5
                opened.addfile(info, io.BytesIO(b"hello"))
        yield out.getvalue()[:6144] + archives.END
    yield from hostile_tars()


# zip


def run_zip(data: bytes) -> object:
    whole = told(zip.members(memoryview(data), Budget(LIMITS), strip=0))
    compared(whole, zipfile_members(data), "zipfile")
    names = listing(BytesIO(data), Budget(LIMITS))
    if sound(whole) is not None and sorted(names) != sorted(
        row[0].name for row in whole if isinstance(row[0], Member)
    ):
        raise BrokenError("the listing has other names than the walk")
    return whole, names


def zipfile_members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files that Python's reader gives out; what it refuses it does not give out."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as opened:
            infos = opened.infolist()
            for info in infos[:300]:
                if not info.is_dir() and info.file_size <= LIMITS.unpacked_bytes:
                    try:
                        yield info.filename, opened.read(info)
                    except Exception:  # noqa: BLE001, S112 - the same
                        continue
    except Exception:  # noqa: BLE001, S110 - the same
        pass


def zip_seeds() -> Iterator[bytes]:
    """Yield zips of each method and form of header."""
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as opened:
            opened.writestr("kit-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
            opened.writestr("kit/__init__.py", "x = 1\n" * 9)
            opened.writestr("é/", "")
            opened.comment = b"words"
        yield out.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened, opened.open("a", "w", force_zip64=True) as member:
        member.write(b"wide")
    yield out.getvalue()

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as opened:  # sizes behind the content
        opened.writestr("described", "abc")
    yield pipe.getvalue()
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    link.create_system = 3
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        opened.writestr(link, "../../etc")
    yield b"#!/bin/sh\n" + out.getvalue()
    yield from hostile_zips()


# asar


def run_asar(data: bytes) -> object:
    if not is_asar(data[:512]):
        return None
    return told(asar.members(memoryview(data), Budget(LIMITS)))


def asar_seeds() -> Iterator[bytes]:
    """Yield an asar with each kind of row."""
    yield payloads.asar(
        {
            "a.js": {"size": 3, "offset": "0"},
            "d": {"files": {"b.js": {"size": 2, "offset": "3", "executable": True}}},
            "l": {"link": "d/b.js"},
            "u": {"size": 9, "unpacked": True},
        },
        b"abcde",
    )


# compressed streams


class _Drip(BytesIO):
    """A file that gives out one byte at a time, as a slow pipe may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(1 if size else size)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """How a stream ended, what came before that, what stood aside of it and behind it."""

    ending: str
    plain: bytes
    aside: bytes
    behind: bytes
    streams: int
    padded: bool

    def said(self) -> bool:
        """Tell whether anything at all is said against it."""
        return bool(self.ending or self.behind or self.padded)


def _stream(file: BytesIO, *, brotli: bool) -> _Read:
    stream = Inflated(file, Budget(LIMITS), brotli=brotli)
    pieces = []
    ending = ""
    behind = b""
    try:
        for piece in stream:
            pieces.append(piece)  # noqa: PERF402 - what came before the error counts
        behind = b"".join(stream.rest())
    except InputError as problem:
        ending = str(problem)
    plain = b"".join(pieces)
    if len(plain) > LIMITS.unpacked_bytes or len(stream.aside) > 2 * LIMITS.header_bytes:
        raise BrokenError("more comes out than the limits allow")
    return _Read(
        ending=ending,
        plain=plain,
        aside=bytes(stream.aside),
        behind=behind,
        streams=stream.streams,
        padded=stream.padded,
    )


def run_stream(data: bytes, reference: Callable[[bytes], bytes], *, brotli: bool = False) -> object:
    whole = _stream(BytesIO(data), brotli=brotli)
    drip = _stream(_Drip(data), brotli=brotli)
    # Brotli's library refuses what others leave behind it, so that only one of both has a rest
    if (not drip.said()) if whole.said() else drip != whole:
        raise BrokenError(f"byte by byte it is {drip!r}, as a whole {whole!r}")
    if not whole.said():
        try:
            other = reference(data)
        except Exception:  # noqa: BLE001 - it knows fewer forms, such as padding
            other = whole.plain
        if other != whole.plain:
            raise BrokenError(f"another library reads {other[:50]!r}, we {whole.plain[:50]!r}")
    try:
        alone: object = inflated(data, LIMITS.unpacked_bytes, brotli=brotli)
    except InputError as problem:
        alone = str(problem)
    return whole, alone


def zstd_packed(data: bytes) -> bytes:
    return bytes(zstd.compress(data, 3))


PACKERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gzip": (partial(gzip.compress, mtime=0), gzip.decompress),
    "bzip2": (bz2.compress, bz2.decompress),
    "xz": (lzma.compress, lzma.decompress),
    "zstd": (zstd_packed, zstd.decompress),
    "brotli": (brotli.compress, brotli.decompress),
}
TEXTS = (b"", b"a", b"hello " * 40, bytes(3000))


def stream_seeds(pack: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Yield single streams, several in a row, and streams with something behind."""
    packed = [pack(text) for text in TEXTS]
    yield from packed
    yield packed[1] + packed[2]
    yield packed[2] + bytes(600)
    yield packed[2] + b"words"
    yield from hostile_streams(packed[1][:3])


# whole packages


def run_package(data: bytes) -> object:
    """Audit an archive: all readers over all members, all collectors over what they saw."""
    collectors, readers = facts.load(lockfile=False)
    names = listing(BytesIO(data), Budget(LIMITS))
    what = kinds.of_zip("kit-1.0.tar.gz", names)
    examination = Examination("here", readers, Budget(LIMITS), wheel=what.wheel)
    entries = walk(BytesIO(data), Budget(LIMITS), strip=1, strip_zip=int(what.root))
    examination.run(entries)
    kind = kinds.of_archive("kit-1.0.tar.gz", examination)
    contents = examination.contents(kind, len(data), "kit-1.0-py3-none-any.whl")
    if len(contents.members) > LIMITS.members:
        raise BrokenError("more members than the limits allow")
    seen = [
        one if isinstance(one, Unread) else (one, one.evidence())
        for collector in collectors.values()
        if collector.serves(kind)
        for one in collector.collect(contents)
    ]
    assert all(isinstance(one, (Unread, tuple)) for one in seen)
    return examination.gaps, contents.members, contents.oddities, seen


def package_seeds() -> Iterator[bytes]:
    """Yield small packages of each kind, one of them with archives inside."""
    from tests.conftest import tarball

    inner = gzip.compress(archives.archive(archives.file(b"p/x.js", b"1")), mtime=0)
    yield gzip.decompress(
        tarball(
            {
                "package.json": '{"name":"kit","version":"1.0.0","files":["a.js"]}',
                "a.js": "let a\n//# sourceMappingURL=a.js.map\n",
                "a.js.map": '{"version":3,"sources":["a.ts"],"sourcesContent":["x"],"mappings":""}',
                "in.tgz": inner,
            }
        )
    )
    yield from list(zip_seeds())[:2]
    yield archives.archive(
        archives.file(b"kit-1.0/PKG-INFO", b"Metadata-Version: 2.1\nName: kit\nVersion: 1.0\n"),
        archives.file(b"kit-1.0/pyproject.toml", b"[project]\nname = 'kit'\n"),
    )
    yield from (*tuple(hostile_tars())[::4], *tuple(hostile_zips())[::4])


TARGETS = (
    Target(
        name="tar",
        run=run_tar,
        seeds=tar_seeds,
        mutate=structures.tar,
        words=(b"ustar\x0000", b"ustar  \x00", b"path=", b"size=", b"linkpath=", b"GNU.sparse."),
        longest=LONGEST_TAR,
        main=True,
    ),
    Target(
        name="zip",
        run=run_zip,
        seeds=zip_seeds,
        mutate=structures.zip,
        words=(b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\7\x08", b"up", b"\1\0"),
        longest=LONGEST_ZIP,
        main=True,
    ),
    Target(name="asar", run=run_asar, seeds=asar_seeds, mutate=structures.asar, longest=4096),
    Target(
        name="package",
        run=run_package,
        seeds=package_seeds,
        mutate=structures.tar_or_zip,
        longest=16 * 1024,
        main=True,
    ),
    *(
        Target(
            name=name,
            run=partial(run_stream, reference=unpack, brotli=name == "brotli"),
            seeds=partial(stream_seeds, pack),
            mutate=partial(structures.frames, pack=pack, unpack=unpack),
            longest=LONGEST_STREAM,
        )
        for name, (pack, unpack) in PACKERS.items()
    ),
)
