"""Compressed streams: two gzip libraries with one answer, and every damage told."""

from __future__ import annotations

import bz2
import lzma
import random
import sys
import zlib
from collections.abc import Callable
from io import BytesIO

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import limits as limits_module
from auditor.archives.inflate import PLAIN_CHUNK, Inflated
from auditor.errors import InputError
from auditor.limits import Budget, Limits
from tests.often import often
from tests.programs import needed_library
from tests.tar_bytes import archive, file, gz, listed
from tests.zip_bytes import Entry, zipped, zstd_packed

TEXT = b"let answer = 42; // the same words, the same words\n" * 40
NOISE = random.Random(7).randbytes(700_000)  # noqa: S311 - noise, the same each time
CUT = "error: cut short: the compressed stream has no end"
BEHIND = "behind the end-of-archive blocks: some tools list it, others never see it"
DAMAGED = "error: the compressed stream is damaged"
ONE = ["file 'a' 5 hello"]
SEVERAL = "several-streams '': is 2 compressed streams in a row: some read the first alone"
TGZ = gz(archive(file(b"a", b"hello")))

Outcome = tuple[bytes, int, int, str]


def inflated(data: bytes, limits: Limits | None = None) -> Outcome:
    """Return the plain bytes, the number of streams, the trailing bytes, and the error's class."""
    stream = Inflated(BytesIO(data), Budget(limits or Limits()))
    out = bytearray()
    error = ""
    try:
        for chunk in stream:
            out += chunk
    except InputError as problem:
        error = type(problem).__name__
    return bytes(out), stream.streams, sum(map(len, stream.rest())), error


@pytest.fixture(params=["isal", "zlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read with the library of this name; zlib stands in where isal cannot be imported."""
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "isal", None)
    else:
        needed_library("isal")
    return str(request.param)


@pytest.fixture
def with_zlib(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], Outcome]:
    """Return `inflated` as it is on a machine without isal."""

    def run(data: bytes) -> Outcome:
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "isal", None)
            return inflated(data)

    return run


@pytest.fixture
def with_isal() -> Callable[[bytes], Outcome]:
    """Return `inflated`, where isal is there."""
    needed_library("isal")
    return inflated


Runs = tuple[Callable[[bytes], Outcome], Callable[[bytes], Outcome]]


@pytest.fixture
def runs(with_isal: Callable[[bytes], Outcome], with_zlib: Callable[[bytes], Outcome]) -> Runs:
    """Return the two libraries' `inflated`."""
    return with_isal, with_zlib


def test_the_stand_in_is_really_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = zlib.decompressobj

    def counted(wbits: int) -> object:
        calls.append(wbits)
        return real(wbits)

    monkeypatch.setattr(zlib, "decompressobj", counted)
    monkeypatch.setitem(sys.modules, "isal", None)

    assert inflated(gz(TEXT)) == (TEXT, 1, 0, "")
    assert calls == [31]


# one answer

FULL_HEADER = gz(TEXT, flags=0x1C, extra=b"\x04\0abcdname\0a comment\0")
"""FEXTRA, FNAME and FCOMMENT (RFC 1952, 2.3.1)."""
CHECKED_START = b"\x1f\x8b\x08\x02" + bytes(4) + b"\0\xff"
CHECKED_HEADER = gz(
    TEXT, flags=0x02, extra=(zlib.crc32(CHECKED_START) & 0xFFFF).to_bytes(2, "little")
)
"""FHCRC: the header has a checksum of its own."""


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (gz(b""), b""),
        (gz(TEXT), TEXT),
        (gz(TEXT, level=0), TEXT),
        (gz(NOISE), NOISE),
        (gz(bytes(3 * PLAIN_CHUNK)), bytes(3 * PLAIN_CHUNK)),
        (FULL_HEADER, TEXT),
        (CHECKED_HEADER, TEXT),
        (gz(TEXT) + gz(NOISE) + gz(b"") + gz(b"end"), TEXT + NOISE + b"end"),
    ],
    ids=["empty", "text", "stored", "noise", "zeros", "full header", "header checksum", "members"],
)
def test_a_sound_stream_is_read_in_full(library: str, data: bytes, plain: bytes) -> None:
    out, _, trailing, error = inflated(data)

    assert (error, trailing) == ("", 0), library
    assert out == plain


@pytest.mark.parametrize("name", ["TEXT", "FULL_HEADER", "CHECKED_HEADER"])
def test_both_libraries_refuse_the_same_changed_bytes(runs: Runs, name: str) -> None:
    data = {"TEXT": gz(TEXT), "FULL_HEADER": FULL_HEADER, "CHECKED_HEADER": CHECKED_HEADER}[name]
    for offset in range(len(data)):
        for mask in (0x01, 0x04, 0x08, 0x20, 0x80, 0xFF):
            changed = bytearray(data)
            changed[offset] ^= mask
            ours, other = (run(bytes(changed)) for run in runs)
            assert ours[1:] == other[1:], f"byte {offset} ^ {mask:#x}"
            assert ours[3] or ours[0] == other[0] == TEXT, f"byte {offset} ^ {mask:#x}"


def test_both_libraries_refuse_every_cut(runs: Runs) -> None:
    data = gz(TEXT)
    for cut in range(len(data)):
        for run in runs:
            plain, _, _, error = run(data[:cut])
            assert error == "ArchiveError", f"cut at {cut}"
            assert TEXT.startswith(plain)


@settings(max_examples=often(60), deadline=None)
@given(
    members=st.lists(
        st.tuples(st.sampled_from([TEXT, NOISE[:300_000], b"", bytes(300_000)]), st.integers(0, 9)),
        min_size=1,
        max_size=3,
    ),
    damage=st.one_of(
        st.none(),
        st.tuples(st.floats(0, 0.999), st.integers(1, 255)),
        st.floats(0, 0.999),
    ),
    behind=st.sampled_from([b"", bytes(700), b"more", b"\0\0more\0", b"\x1f", b"\x1f\x8b"]),
)
def test_both_libraries_give_the_same_text_or_the_same_error(
    members: list[tuple[bytes, int]], damage: tuple[float, int] | float | None, behind: bytes
) -> None:
    needed_library("isal")
    data = bytearray(b"".join(gz(text, level=level) for text, level in members) + behind)
    if isinstance(damage, float):
        del data[int(len(data) * damage) :]
    elif damage is not None:
        data[int(len(data) * damage[0])] ^= damage[1]
    ours = inflated(bytes(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "isal", None)
        other = inflated(bytes(data))

    assert ours[1:] == other[1:]
    assert ours[3] or ours[0] == other[0]
    if damage is None and len(behind) != 2:
        assert ours[0] == b"".join(text for text, _ in members)


# damage, as a reader of archives tells it

DAMAGE = {
    "a wrong CRC": gz(archive(file(b"a", b"hello")), crc=1),
    "a wrong length": gz(archive(file(b"a", b"hello")), length=7),
    "reserved flags": gz(archive(file(b"a", b"hello")), flags=0x20),
    "another method": b"\x1f\x8b\x07" + TGZ[3:],
}


@pytest.mark.parametrize("data", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_an_error_though_the_tar_is_whole(library: str, data: bytes) -> None:
    lines = listed(data)

    assert lines[-1].startswith(DAMAGED), library
    assert lines[:-1] in ([], ONE)


def test_a_stream_without_its_trailer_is_an_error_though_the_tar_is_whole(library: str) -> None:
    for missing in range(1, 9):
        assert listed(TGZ[:-missing]) == [*ONE, CUT], library


@pytest.mark.parametrize("pad", [b"", bytes(1), bytes(512), bytes(300_000)])
def test_zeros_behind_the_stream_are_padding(library: str, pad: bytes) -> None:
    assert listed(TGZ + pad) == ONE, library


@pytest.mark.parametrize(
    ("behind", "count"),
    [
        (b"x", "1"),
        (b"x" * 64, "64"),
        (b"\0\0x\0\0", "3"),
        (bytes(200_000) + b"x" + bytes(200_000), "200,001"),
        (b"\x1f", "1"),
        (bz2.compress(b"x"), str(len(bz2.compress(b"x")))),
    ],
    ids=["a byte", "bytes", "between zeros", "far behind", "half a magic", "another format"],
)
def test_bytes_behind_the_stream_are_told(library: str, behind: bytes, count: str) -> None:
    told = f"trailing-data '': {count} bytes behind the compressed stream"
    loose = f"loose '(behind the archive)' {count.replace(',', '')}"

    assert listed(TGZ + behind) == [*ONE, told, loose], library


def test_a_tar_over_two_members_is_one_archive(library: str) -> None:
    data = archive(file(b"a", b"hello"), file(b"late.js.map", b"{}"))
    for cut in (1, 511, 512, 700, 1024, 2000):
        split = gz(data[:cut]) + gz(data[cut:])
        assert listed(split) == [*ONE, "file 'late.js.map' 2 {}", SEVERAL], library


def test_a_second_archive_in_a_second_member_is_told(library: str) -> None:
    second = gz(archive(file(b"hidden.js", b"x")))

    assert listed(TGZ + second) == [
        *ONE,
        f"member-after-end 'hidden.js': {BEHIND}",
        "file 'hidden.js' 1 x",
        SEVERAL,
    ], library


def test_a_second_member_behind_zeros_is_read_and_told(library: str) -> None:
    data = archive(file(b"a", b"hello"), file(b"late.js", b"x"))
    zeros = "several-streams '': has zero bytes between its compressed streams, where some stop"

    assert listed(gz(data[:1024]) + bytes(300_000) + gz(data[1024:])) == [
        *ONE,
        "file 'late.js' 1 x",
        SEVERAL,
        f"{zeros} reading",
    ], library


def test_what_a_gzip_header_says_is_loose(library: str) -> None:
    head = {"flags": 0x1C, "extra": b"\x05\0ab\1\0cname\0a note\0"}
    stream = gz(archive(file(b"a", b"hello")), **head)  # type: ignore[arg-type]

    assert listed(stream) == [*ONE, "loose '(beside the compressed data)' 19"], library
    assert listed(stream + stream)[-1] == "loose '(beside the compressed data)' 38", library


@pytest.mark.parametrize("flag", [0x04, 0x08, 0x10])
def test_a_gzip_header_without_an_end_is_an_error(library: str, flag: int) -> None:
    head = b"\x1f\x8b\x08" + bytes([flag]) + bytes(6) + b"\xff\xffname"

    assert inflated(head)[3] == "ArchiveError", library
    assert inflated(head + b"n" * 2_000_000)[3] in {"LimitError", "ArchiveError"}


def skippable(content: bytes, number: int = 0) -> bytes:
    head = bytes([0x50 + number]) + b"\x2a\x4d\x18"
    return head + len(content).to_bytes(4, "little") + content


def test_frames_that_decoders_skip_are_loose() -> None:
    frame = zstd_packed(archive(file(b"a", b"hello")))
    aside = "loose '(beside the compressed data)'"

    assert listed(skippable(b"note") + frame) == [*ONE, f"{aside} 4"]
    assert listed(frame + skippable(b"more", 15) + skippable(b"")) == [*ONE, f"{aside} 4"]
    for cut in range(4, 12):
        assert listed(skippable(b"note")[:cut]) == [CUT], f"cut at {cut}"


def test_a_zip_behind_a_tar_makes_a_file_of_two_formats() -> None:
    other = zipped([Entry(name=b"evil.py", data=b"1")])
    told = "two-formats '': is a zip archive as well: what is in it depends on who opens it"
    behind = f"trailing-data '': {len(other)} bytes behind the compressed stream"

    assert listed(TGZ + other) == [
        told,
        "file '(as a zip archive)!evil.py' 1 1",
        *ONE,
        behind,
        f"loose '(behind the archive)' {len(other)}",
    ]


NO_ARCHIVE = {
    "an empty file": (b"", "an empty file, not an archive"),
    "a web page": (
        b"<!doctype html>\n<title>404</title>",
        "not an archive: neither gzip, bzip2, xz, Zstandard nor tar",
    ),
    "words that begin as bzip2 does": (
        b"BZh5 is a word",
        "not an archive: neither gzip, bzip2, xz, Zstandard nor tar",
    ),
    "the first byte of gzip": (
        b"\x1f",
        "not an archive: neither gzip, bzip2, xz, Zstandard nor tar",
    ),
    "the magic of gzip alone": (b"\x1f\x8b", "cut short: the compressed stream has no end"),
    "a gzip of nothing": (gz(b""), "no members: this is no tar archive, or an empty one"),
    "a gzip of text": (gz(b"hello"), "cut short: 5 bytes where a header must stand"),
    "a gzip of much text": (
        gz(TEXT),
        "a header's checksum is wrong; nothing behind it can be trusted",
    ),
}


@pytest.mark.parametrize(("data", "problem"), NO_ARCHIVE.values(), ids=NO_ARCHIVE.keys())
def test_what_is_no_archive_is_an_error(library: str, data: bytes, problem: str) -> None:
    assert listed(data) == [f"error: {problem}"], library


# the other formats

OTHERS = {"bzip2": bz2.compress, "xz": lzma.compress}
each_format = pytest.mark.parametrize("compress", OTHERS.values(), ids=OTHERS.keys())


@each_format
def test_other_formats_are_read_with_all_their_streams(compress: Callable[[bytes], bytes]) -> None:
    data = compress(TEXT) + compress(NOISE)

    assert inflated(data) == (TEXT + NOISE, 2, 0, "")
    assert inflated(data + bytes(4)) == (TEXT + NOISE, 2, 0, "")
    assert inflated(data + b"more") == (TEXT + NOISE, 2, 4, "")


@each_format
def test_other_formats_cut_or_damaged_are_errors(compress: Callable[[bytes], bytes]) -> None:
    data = compress(TEXT)
    for cut in range(7, len(data)):
        assert inflated(data[:cut])[3] == "ArchiveError", f"cut at {cut}"
    for offset in range(12, len(data)):
        changed = bytearray(data)
        changed[offset] ^= 0xFF
        plain, _, _, error = inflated(bytes(changed))
        assert error == "ArchiveError" or plain == TEXT, f"byte {offset}"


def test_an_xz_stream_that_asks_for_gigabytes_is_an_error() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1024**3}]
    data = lzma.compress(b"x", filters=filters)

    assert inflated(data)[3] == "ArchiveError"


def test_bytes_behind_a_brotli_stream_count_where_a_read_ends_with_the_stream() -> None:
    packed = brotli.compress(TEXT)
    stream = Inflated(BytesIO(b"\0late"), Budget(Limits()), packed, brotli=True)

    assert b"".join(stream) == TEXT
    assert b"".join(stream.rest()) == b"\0late"


# limits


def test_a_stream_of_zeros_stops_at_the_ratio(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "RATIO_FLOOR", 1_000_000)
    data = gz(archive(file(b"zeros", bytes(6_000_000))), level=9)
    stream = Inflated(BytesIO(data), Budget(Limits()))
    out: list[int] = []
    with pytest.raises(InputError, match=r"limit ratio of 200 to 1 met"):
        out.extend(map(len, stream))

    assert 700_000 <= sum(out) <= 1_300_000, library
    assert inflated(data, Limits(ratio=2000))[3] == ""


def test_small_streams_have_no_ratio(library: str) -> None:
    assert inflated(gz(bytes(6_000_000), level=9))[3] == "", library


def test_a_nested_stream_is_not_blamed_for_what_lies_around_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits_module, "RATIO_FLOOR", 1_000_000)
    budget = Budget(Limits())
    budget.take(500_000_000)

    assert b"".join(Inflated(BytesIO(gz(NOISE)), budget)) == NOISE


def test_what_was_read_before_counts_as_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_module, "RATIO_FLOOR", 100)
    data = gz(b"ab" * 100)
    stream = Inflated(BytesIO(), Budget(Limits(ratio=20)), data)

    assert b"".join(stream) == b"ab" * 100


def test_all_streams_together_stop_at_the_budget(library: str) -> None:
    data = gz(NOISE)
    allowed = Limits(unpacked_bytes=len(NOISE))

    assert inflated(data, allowed) == (NOISE, 1, 0, ""), library
    assert inflated(data + gz(b"x"), allowed)[3] == "LimitError"


def test_chunks_are_never_longer_than_the_window(library: str) -> None:
    chunks = list(Inflated(BytesIO(gz(bytes(2_000_000) + NOISE)), Budget(Limits())))

    assert max(map(len, chunks)) <= PLAIN_CHUNK, library
    assert all(chunks)


def test_a_stream_that_was_begun_goes_on_behind_its_head() -> None:
    data = gz(NOISE)
    for read in (1, 5, 6, 512):
        stream = BytesIO(data)
        head = stream.read(read)
        assert b"".join(Inflated(stream, Budget(Limits()), head)) == NOISE


def test_the_first_chunk_is_as_long_as_the_others() -> None:
    """However little was read to tell what the file is: a small package comes in one piece."""
    file = BytesIO(gz(bytes(2 * PLAIN_CHUNK)))
    stream = Inflated(file, Budget(Limits()), file.read(16))
    assert len(next(iter(stream))) == PLAIN_CHUNK
