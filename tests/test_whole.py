"""Members as one: the bytes that their pieces have, whatever the header says of their size."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.archives.entry import refused
from auditor.archives.whole import whole
from auditor.errors import MemberError
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1024 * 1024


@settings(max_examples=often(150), deadline=None)
@given(pieces=st.lists(st.binary(max_size=20_000), max_size=6), size=st.integers(0, 70_000))
def test_all_bytes_are_there_whatever_size_is_claimed(pieces: list[bytes], size: int) -> None:
    assert whole(iter(pieces), size) == b"".join(pieces)


@pytest.mark.parametrize("size", [0, 3, 4, 6, 7, 100 * MIB])
def test_sizes_around_the_pieces_and_empty_ones_between_them(size: int) -> None:
    assert whole(iter([b"abc", b"", b"def", b""]), size) == b"abcdef"


def test_one_piece_is_handed_on_as_it_is() -> None:
    piece = b"x" * 1000

    assert whole(iter([piece]), 1000) is piece


def test_what_cannot_be_read_raises_what_its_archive_raises() -> None:
    def breaking() -> Iterator[bytes]:
        yield b"abc"
        raise MemberError("damaged")

    for content in (refused("damaged"), breaking()):
        with pytest.raises(MemberError, match="damaged"):
            whole(content, 10)


@pytest.mark.parametrize("claimed", [10 * MIB, 100 * MIB])
def test_no_more_memory_is_taken_than_the_bytes_and_a_piece(claimed: int) -> None:
    tracemalloc.start()
    try:
        data = whole((b"x" * (256 * 1024) for _ in range(40)), claimed)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(data) == 10 * MIB
    assert peak < max(claimed, len(data)) + MIB
