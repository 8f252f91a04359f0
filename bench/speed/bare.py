"""The least that a program like ours costs in Python: it reads all that we read, and says nothing.

    python bench/speed/bare.py nothing|tar|map|zip|lines [FILE]...

It loads the libraries that every command of ours has to load, and hands out each member or line
once, with the quickest means that we know: no check, no search, no fact, no rule, no report. What a
goal leaves above it is what there is for all of these. A script, so that it loads nothing else.
"""

from __future__ import annotations

import hashlib
import io
import sys
from struct import Struct
from typing import TYPE_CHECKING, cast

import click
import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 512
_TAR = Struct("100s8s16s12s376x")
"""Name, mode, owners and size of a tar header."""
_END = Struct("<16xI2x")
"""Where a zip's directory begins, of the record at its end."""
_ENTRY = Struct("<10xH4x3I3H8xI")
"""Method, CRC-32, sizes, three lengths of texts and place of the file, of a directory's entry."""
_LOCAL = Struct("<26x2H")
"""Lengths of the name and the extra field behind a zip's local header."""


class Member(msgspec.Struct, frozen=True):
    """What is known of a file."""

    path: str
    size: int
    mode: int


class Package(msgspec.Struct, frozen=True):
    """What is known of an entry."""

    text: str
    line: int


class Map(msgspec.Struct):
    """The part of a source map that has texts."""

    sourcesContent: list[msgspec.Raw] = []  # noqa: N815 - the standard's name


def tarred(path: str) -> Iterator[tuple[Member, bytes]]:
    """Yield the members of a gzipped tar archive with their contents."""
    from isal import igzip  # noqa: PLC0415 - as we do, only where it is read

    with igzip.open(path) as file:  # type: ignore[no-untyped-call]  # isal has no types for it
        stream = io.BufferedReader(cast("io.RawIOBase", file), 256 * 1024)
        while (head := stream.read(_BLOCK)) and head[0]:
            name, mode, _, octal = _TAR.unpack(head)
            size = int(octal[:11], 8)
            content = stream.read(size)
            stream.read(-size % _BLOCK)
            name = name.partition(b"\0")[0].decode()
            yield Member(path=name, size=size, mode=int(mode[:7], 8)), content


def zipped(path: str) -> Iterator[tuple[Member, bytes]]:
    """Yield the members of a zip archive with their contents, whose checksums are right."""
    from isal import igzip_lib, isal_zlib  # noqa: PLC0415

    with open(path, "rb") as file:  # noqa: PTH123 - the least
        file.seek(-_END.size, io.SEEK_END)
        file.seek(*_END.unpack(file.read()))
        directory = file.read()
        at = 0
        while directory.startswith(b"PK\1\2", at):
            method, total, packed, size, *lengths, start = _ENTRY.unpack_from(directory, at)
            name = directory[at + _ENTRY.size : at + _ENTRY.size + lengths[0]].decode()
            at += _ENTRY.size + sum(lengths)
            file.seek(start)
            file.seek(sum(_LOCAL.unpack(file.read(_LOCAL.size))), io.SEEK_CUR)
            content = file.read(packed)
            if method:
                content = igzip_lib.decompress(content, igzip_lib.DECOMP_DEFLATE)
            if isal_zlib.crc32(content) != total:
                raise ValueError(name)
            yield Member(path=name, size=size, mode=0), content


def nothing(_: str) -> int:
    """Read nothing."""
    return 0


def tar(path: str) -> int:
    """Count the bytes of all members."""
    return sum(len(content) for _, content in tarred(path))


def map_(path: str) -> int:
    """Count the bytes of all texts of source maps, each of them digested."""
    document, text = msgspec.json.Decoder(Map), msgspec.json.Decoder(str | None)
    count = 0
    for member, content in tarred(path):
        if member.path.endswith(".map"):
            for raw in document.decode(content).sourcesContent:
                source = (text.decode(raw) or "").encode()
                count += len(source) if hashlib.sha256(source).digest() else 0
    return count


def zip_(path: str) -> int:
    """Count the bytes of all members, each of them digested as a wheel's RECORD wants it."""
    return sum(len(content) for _, content in zipped(path) if hashlib.sha256(content).digest())


def lines(path: str) -> int:
    """Count the entries of a lockfile, each a value with the line that tells it."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - the least
        text = file.read()
    return len(
        [
            Package(text=line, line=number)
            for number, line in enumerate(text.split("\n"))
            if "integrity" in line or "resolution" in line or line == "[[package]]"
        ]
    )


_KINDS = {"nothing": nothing, "tar": tar, "map": map_, "zip": zip_, "lines": lines}


def main() -> None:
    """Do what is asked for, and print what was counted."""
    kind, *paths = sys.argv[1:]
    click.echo(sum(map(_KINDS[kind], paths or [""])))


if __name__ == "__main__":
    main()
