"""Sparse tar members: their holes are zeros, and a map that does not fit is told."""

from __future__ import annotations

import subprocess
import tracemalloc
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import limits as limits_module
from auditor.archives import tar
from auditor.limits import Budget, Limits
from tests.often import often
from tests.programs import lacking, needed
from tests.tar_bytes import (
    BLOCK,
    GNU,
    archive,
    file,
    gnu_sparse,
    header,
    limit_met,
    octal,
    pax,
    record,
    sparse_10,
    streamed,
)

if TYPE_CHECKING:
    from pathlib import Path

AFTER = file(b"z", b"end")
Z = "file 'z' 3 end"
HOLES = b"ab\0\0\0\0cd\0\0"
MAP = [(0, 2), (6, 2)]
Form = Callable[[list[tuple[int, int]], int, bytes], bytes]


def pax_00(pieces: list[tuple[int, int]], size: int, stored: bytes) -> bytes:
    records = record("GNU.sparse.size", b"%d" % size)
    records += record("GNU.sparse.numblocks", b"%d" % len(pieces))
    for offset, length in pieces:
        records += record("GNU.sparse.offset", b"%d" % offset)
        records += record("GNU.sparse.numbytes", b"%d" % length)
    return pax(records) + file(b"s", stored)


def pax_01(pieces: list[tuple[int, int]], size: int, stored: bytes) -> bytes:
    flat = ",".join(f"{offset},{length}" for offset, length in pieces).encode()
    said = {
        "GNU.sparse.size": b"%d" % size,
        "GNU.sparse.numblocks": b"%d" % len(pieces),
        "GNU.sparse.name": b"s",
        "GNU.sparse.map": flat,
    }
    return pax({key: value for key, value in said.items() if value}) + file(b"other", stored)


def pax_10(pieces: list[tuple[int, int]], size: int, stored: bytes) -> bytes:
    return sparse_10(b"s", pieces, size, stored)


def old(pieces: list[tuple[int, int]], size: int, stored: bytes) -> bytes:
    return gnu_sparse(b"s", stored, claimed=size, pieces=pieces)


FORMS: dict[str, Form] = {"old": old, "0.0": pax_00, "0.1": pax_01, "1.0": pax_10}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())


def content(data: bytes, limits: Limits | None = None) -> tuple[int, bytes]:
    """Return size and content of the first member."""
    member, pieces = next(
        entry
        for entry in tar.members([data], Budget(limits or Limits()), strip=0)
        if isinstance(entry, tuple)
    )
    return member.size, b"".join(pieces)


@each_form
def test_holes_are_zeros(form: Form) -> None:
    data = archive(form(MAP, 10, b"abcd"), AFTER)

    assert content(data) == (10, HOLES)
    assert streamed([data])[-2:] == [f"sparse 's' 10 {HOLES.decode()}", Z]


@each_form
def test_nothing_but_a_hole_is_read(form: Form) -> None:
    data = archive(form([(10, 0)], 10, b""), AFTER)

    assert content(data) == (10, bytes(10))
    assert streamed([data])[-1] == Z


BAD: dict[str, tuple[list[tuple[int, int]], int, str]] = {
    "out of order": ([(6, 2), (0, 2)], 10, "is out of order, or overlaps"),
    "overlapping": ([(0, 3), (2, 1)], 10, "is out of order, or overlaps"),
    "beyond the size": ([(0, 2), (9, 2)], 10, "goes beyond the size that it says"),
    "more than is stored": ([(0, 2), (6, 3)], 10, "is of 5 bytes, 4 are stored"),
    "less than is stored": ([(0, 2)], 10, "is of 2 bytes, 4 are stored"),
}


@each_form
@pytest.mark.parametrize(("pieces", "size", "said"), BAD.values(), ids=BAD.keys())
def test_a_map_that_does_not_fit_is_told_and_the_rest_is_read(
    form: Form, pieces: list[tuple[int, int]], size: int, said: str
) -> None:
    data = archive(form(pieces, size, b"abcd"), AFTER)

    assert streamed([data])[-2:] == [f"refused 's': its sparse map {said}", Z]


def records(**said: bytes) -> bytes:
    return archive(
        pax({f"GNU.sparse.{key}": value for key, value in said.items()}), file(b"s", b"abcd"), AFTER
    )


ODD = {
    "no size": (records(map=b"0,4"), "says no size, or two"),
    "two sizes": (records(map=b"0,4", size=b"4", realsize=b"5"), "says no size, or two"),
    "half an entry": (records(map=b"0,2,2", size=b"4"), "ends in the middle of an entry"),
    "words": (records(map=b"0,four", size=b"4"), "has something else than numbers"),
    "a signed number": (records(map=b"0,+4", size=b"4"), "has something else than numbers"),
    "a wrong count": (
        records(map=b"0,4", size=b"4", numblocks=b"2"),
        "has another number of entries than it says",
    ),
    "a format of tomorrow": (
        records(major=b"2", minor=b"0", realsize=b"4"),
        "is of a format that is not known",
    ),
    "sizes before offsets": (
        archive(
            pax(record("GNU.sparse.size", b"4") + record("GNU.sparse.numbytes", b"4")),
            file(b"s", b"abcd"),
            AFTER,
        ),
        "has something else than numbers",
    ),
    "1.0 without a map": (records(major=b"1", minor=b"0", realsize=b"4"), "has no end"),
    "1.0 of a count too large": (
        archive(sparse_10(b"s", [], 9, b"", text=b"99999999999\n0\n"), AFTER),
        "has no end",
    ),
    "1.0 of one long number": (
        archive(sparse_10(b"s", [], 9, b"", text=b"9" * 2000), AFTER),
        "has no end",
    ),
    "an old one of letters": (
        archive(
            header(b"s", type=b"S", magic=GNU, tail=bytes(41) + b"zzzzzzzzzzzz" + octal(1)),
            AFTER,
        ),
        "has something else than numbers",
    ),
}


@pytest.mark.parametrize(("data", "said"), ODD.values(), ids=ODD.keys())
def test_what_is_no_map_is_told_and_the_rest_is_read(data: bytes, said: str) -> None:
    assert streamed([data])[-2:] == [f"refused 's': its sparse map {said}", Z]


def test_an_old_map_goes_on_in_further_blocks() -> None:
    pieces = [(index * 2, 1) for index in range(60)]
    data = archive(old(pieces, 120, b"x" * 60), AFTER)

    assert content(data) == (120, b"x\0" * 60)
    assert streamed([data])[-1] == Z


def test_a_map_that_goes_on_for_ever_meets_the_limit_of_headers() -> None:
    pieces = [(index, 0) for index in range(2000)]
    lines = streamed([archive(old(pieces, 2000, b""))], Limits(header_bytes=40 * BLOCK))

    assert lines == [
        (
            "ambiguous-header 's': its sparse map goes on in further blocks,"
            " which npm takes for its content"
        ),
        f"error: {limit_met('header-bytes', 40 * BLOCK, 41 * BLOCK, 'bytes')}",
    ]


def test_a_sparse_header_of_another_kind_ends_the_reading() -> None:
    data = archive(file(b"s", b"data", type=b"S"))

    assert streamed([data]) == [
        "error: a sparse member whose header is not GNU's: its content cannot be told"
    ]


def test_two_formats_at_once_are_told() -> None:
    both = pax({"GNU.sparse.size": b"4", "GNU.sparse.map": b"0,4"})
    data = archive(both + gnu_sparse(b"s", b"data", claimed=4), AFTER)

    assert streamed([data]) == [
        "ambiguous-header 's': it is sparse by two formats at once",
        "sparse 's' 4",
        "refused 's': it has two sparse maps, of two formats",
        Z,
    ]


@each_form
def test_a_hole_of_eight_tebibytes_costs_nothing(form: Form) -> None:
    size = 2**43
    data = archive(form([(0, 4), (size, 0)], size, b"abcd"), AFTER)
    tracemalloc.start()
    try:
        lines = streamed([data])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert lines[-1] == Z
    assert lines[-2].startswith("refused 's': limit ratio of 200 to 1 met")
    assert peak < 2_000_000


def test_a_hole_within_the_ratio_spends_the_budget() -> None:
    data = archive(old([(0, 4), (1000, 0)], 1000, b"abcd"), AFTER)

    assert streamed([data], Limits(unpacked_bytes=996))[-1] == Z
    assert streamed([data], Limits(unpacked_bytes=995)) == [
        "sparse 's' 1000",
        f"error: {limit_met('unpacked-bytes', 995, 996, 'bytes')}",
    ]


def test_the_ratio_is_that_of_the_member(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_module, "RATIO_FLOOR", 100)
    data = archive(old([(0, 4), (1000, 0)], 1000, b"abcd"), AFTER)

    assert streamed([data], Limits(ratio=250))[-1] == Z
    assert streamed([data], Limits(ratio=249)) == [
        "sparse 's' 1000",
        f"refused 's': {limit_met('ratio', 249, 250, 'to 1')}",
        Z,
    ]


MAPS = st.lists(st.tuples(st.integers(0, 700), st.integers(0, 700)), max_size=30)


@settings(max_examples=often(100), deadline=None)
@given(MAPS, st.integers(0, 900), st.sampled_from(list(FORMS)))
def test_what_is_laid_out_comes_back(steps: list[tuple[int, int]], tail: int, form: str) -> None:
    whole = bytearray()
    pieces: list[tuple[int, int]] = []
    stored = b""
    for hole, length in steps:
        whole += bytes(hole)
        pieces.append((len(whole), length))
        piece = bytes([65 + len(pieces) % 26]) * length
        whole += piece
        stored += piece
    whole += bytes(tail)
    data = archive(FORMS[form](pieces, len(whole), stored), AFTER)

    assert content(data) == (len(whole), bytes(whole))
    assert streamed([data])[-1] == Z


@pytest.mark.parametrize(
    "form", ["gnu", *(f"posix --sparse-version={version}" for version in ("0.0", "0.1", "1.0"))]
)
def test_what_gnu_tar_writes_comes_back(form: str, tmp_path: Path) -> None:
    tar = needed("tar")
    said = subprocess.run([tar, "--version"], capture_output=True, check=True).stdout  # noqa: S603
    if b"GNU tar" not in said:  # asked first: others refuse its options
        lacking("GNU's tar")
    wanted = bytearray(3_000_000)
    wanted[:3], wanted[1_500_000:1_500_003], wanted[-3:] = b"one", b"two", b"end"
    with (tmp_path / "holes.bin").open("wb") as target:
        for offset in (0, 1_500_000, len(wanted) - 3):
            target.seek(offset)
            target.write(wanted[offset : offset + 3])
    packed = subprocess.run(  # noqa: S603 - the system's tar, on a file of ours
        [tar, "-cSf", "-", *f"--format={form}".split(), "holes.bin"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    ).stdout

    assert len(packed) < 100_000, "the file system keeps no holes"
    assert content(packed) == (len(wanted), bytes(wanted))
