"""What leaves through `safe` and `masked` can hurt no terminal and give no secret away."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.safe import LONGEST, escaped, masked, safe, shortened, uncommanded
from tests.often import often

NASTY = "\x00\x07\x1b\x7f\x80\x9b\r\n\t\u200b\u200d\u202a\u202e\u2066\u2069\u2028\ufeff\ud800\udfff"
TEXTS = st.text(
    alphabet=st.one_of(
        st.characters(max_codepoint=0x2FF),
        st.sampled_from(NASTY),
        st.integers(0, 0x10FFFF).map(chr),
    ),
    max_size=50,
)
VISIBLE_FORMAT = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Signs that Unicode calls format characters and that are drawn: Arabic and Kaithi numbers."""
THOROUGH = settings(max_examples=often(80), deadline=None)


UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of control, format and surrogate characters, and of line ends."""


def is_harmless(char: str) -> bool:
    return unicodedata.category(char) not in UNSEEN or char in VISIBLE_FORMAT


@THOROUGH
@given(text=TEXTS, longest=st.integers(1, 60))
def test_what_is_safe_is_one_printable_line_within_its_bound(text: str, longest: int) -> None:
    shown = safe(text, longest)

    assert all(map(is_harmless, shown))
    assert len(shown) <= longest
    assert len(shown.splitlines()) <= 1
    assert shown.encode("utf-8").decode("utf-8") == shown


def test_no_character_of_unicode_gets_through_that_cannot_be_seen() -> None:
    unseen = [char for char in map(chr, range(0x110000)) if unicodedata.category(char) in UNSEEN]

    assert len(unseen) > 2000
    assert [char for char in escaped("".join(unseen)) if not is_harmless(char)] == []


@pytest.mark.parametrize(
    "char", ["\u3164", "\uffa0", "\u115f", "\u034f", "\ufe0f", "\U000e0100", "\U000e01ef", "\u180b"]
)
def test_blank_letters_and_selectors_are_escaped_though_they_are_no_format_characters(
    char: str,
) -> None:
    assert escaped(char) == (
        f"\\u{ord(char):04x}" if char < "\U00010000" else f"\\U{ord(char):08x}"
    )


@THOROUGH
@given(text=TEXTS, longest=st.integers(1, 60))
def test_what_is_safe_stays_as_it_is(text: str, longest: int) -> None:
    shown = safe(text, longest)

    assert safe(shown, longest) == shown
    assert escaped(shown) == shown


@THOROUGH
@given(text=st.text(alphabet="abc xyz/.-_äß文🙂\\", max_size=40))
def test_ordinary_text_is_not_changed(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b31m", "\\x9b31m"),
        ("cod\u202egpj.exe", "cod\\u202egpj.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("\ud83d", "\\ud83d"),
        ("\U000e0041", "\\U000e0041"),
        ("\x1b]8;;http://x\x07y\x1b]8;;\x07", "\\x1b]8;;http://x\\x07y\\x1b]8;;\\x07"),
    ],
)
def test_escapes_are_spelled_as_programmers_know_them(text: str, shown: str) -> None:
    assert safe(text) == shown


@THOROUGH
@given(text=st.text(alphabet="abcdef", max_size=40), longest=st.integers(1, 60))
def test_a_long_text_loses_its_middle_and_nothing_else(text: str, longest: int) -> None:
    shown = shortened(text, longest)
    head, mark, tail = shown.partition("…")

    if len(text) <= longest:
        assert shown == text
    else:
        assert mark
        assert longest - 1 <= len(shown) <= longest
        assert text.startswith(head)
        assert text.endswith(tail)
        assert len(head) + len(tail) < len(text)


def test_a_name_of_many_escapes_is_cut_after_they_are_spelled() -> None:
    shown = safe("\U000e0041" * 1000)

    assert len(shown) <= LONGEST
    assert shown.count("…") == 1


@THOROUGH
@given(secret=st.text(alphabet="abcdefghijklmnop0123456789-_", max_size=80))
def test_a_masked_secret_shows_a_sixth_at_most_and_its_length(secret: str) -> None:
    shown, _, rest = masked(secret).partition("…")

    assert secret.startswith(shown)
    assert len(shown) * 6 <= len(secret)
    assert len(shown) <= 4
    assert rest == f"({len(secret)} characters)"


@pytest.mark.parametrize(
    ("secret", "shown"),
    [("", "…(0 characters)"), ("12345", "…(5 characters)"), ("123456", "1…(6 characters)")],
)
def test_of_a_short_secret_next_to_nothing_is_shown(secret: str, shown: str) -> None:
    assert masked(secret) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "\\x3a:error::x"),
        ("a\n  ::add-mask::x\n", "a\n  \\x3a:add-mask::x\n"),
        ("\t::x", "\t\\x3a:x"),
        (":::x", "\\x3a::x"),
        ("a ::error::x", "a ::error::x"),
        (": x", ": x"),
        ("a ##[error]x", "a ## [error]x"),
        ('{"path": "##[error]x"}', '{"path": "#\\u0023[error]x"}'),
        ('{\n "a": "::x"\n}', '{\n "a": "::x"\n}'),
    ],
)
def test_no_line_is_a_command_to_the_runner(text: str, shown: str) -> None:
    assert uncommanded(text) == shown
    assert not re.search(r"(?m)^\s*::|##\[", shown)


def test_a_text_of_json_stays_what_it_was() -> None:
    assert json.loads(uncommanded(json.dumps({"##[a]": ["::b", "##[c]"]}))) == {
        "##[a]": ["::b", "##[c]"]
    }
