"""Bytes to text: encodings that a mark tells are read, all others are named."""

from __future__ import annotations

import pytest

from auditor import decoding
from auditor.errors import LimitError, ParseError
from auditor.limits import Limits

TEXT = '{"a": "é"}'
MARKED = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]
MARKS = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff", "utf-32-le": b"\xff\xfe\0\0"}


@pytest.mark.parametrize("encoding", MARKED)
def test_a_text_with_a_byte_order_mark_is_read_in_any_encoding(encoding: str) -> None:
    assert decoding.text_of(TEXT.encode(encoding)) == TEXT


@pytest.mark.parametrize(("encoding", "mark"), MARKS.items())
def test_either_order_of_bytes_is_read(encoding: str, mark: bytes) -> None:
    assert decoding.text_of(mark + TEXT.encode(encoding)) == TEXT


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32-le", "UTF-32"),
        ("utf-32-be", "UTF-32"),
    ],
)
def test_a_text_without_a_mark_is_named(encoding: str, name: str) -> None:
    data = TEXT.encode(encoding)

    with pytest.raises(ParseError, match=rf"^is {name} text without a byte order mark$"):
        decoding.text_of(data)
    with pytest.raises(ParseError, match=rf"^is {name} text, where UTF-8 must stand$"):
        decoding.utf8(data)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_where_utf_8_must_stand_a_mark_does_not_help(encoding: str) -> None:
    with pytest.raises(ParseError, match="where UTF-8 must stand"):
        decoding.utf8(TEXT.encode(encoding))


@pytest.mark.parametrize("data", [b"", b"a", b"\0", b"ab\0", b"\xef\xbb\xbf", b"[\n\0\0]"])
def test_short_and_odd_texts_are_utf_8(data: bytes) -> None:
    assert decoding.utf8(data) == data.decode("utf-8-sig")


def test_bytes_of_no_encoding_are_told_with_their_place() -> None:
    with pytest.raises(ParseError, match=r"^is not UTF-8 text \(byte 7\)$"):
        decoding.utf8(b'{"a": "\xe9"}')
    with pytest.raises(ParseError, match=r"^is not UTF-16 text"):
        decoding.text_of(b"\xff\xfea")


def test_a_text_is_read_up_to_the_limit() -> None:
    limits = Limits(text_bytes=4)

    assert decoding.utf8(b"abcd", limits) == "abcd"
    for read in (decoding.utf8, decoding.text_of):
        with pytest.raises(LimitError) as raised:
            read(b"abcde", limits)
        assert (raised.value.limit, raised.value.met) == ("text-bytes", 5)
