"""A pattern that is compiled at its first use is the pattern that it would have been."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

from auditor.lazyre import regex


@pytest.mark.parametrize("flags", [0, re.IGNORECASE, re.VERBOSE | re.DOTALL])
def test_it_answers_as_the_pattern_does(flags: int) -> None:
    lazy, plain = regex("a(?P<x>b+)?", flags), re.compile("a(?P<x>b+)?", flags)
    for text in ("", "a", "xab", "ABB a b abbb"):
        assert lazy.findall(text) == plain.findall(text)
        for way in ("match", "search", "fullmatch"):
            mine, its = getattr(lazy, way)(text), getattr(plain, way)(text)
            assert repr(mine) == repr(its)
    about = (lazy.pattern, lazy.flags, lazy.groupindex)
    assert about == (plain.pattern, plain.flags, plain.groupindex)
    assert regex(b"a+", flags).findall(b"aa b A") == re.compile(b"a+", flags).findall(b"aa b A")


def test_it_is_compiled_at_its_first_use_and_fails_there() -> None:
    wrong = regex("(")

    with pytest.raises(re.error, match="unterminated subpattern"):
        wrong.match("a")


def test_it_can_be_copied_and_sent_to_another_process() -> None:
    lazy = regex("b+", re.IGNORECASE)
    assert lazy.search("aBb")

    for other in (pickle.loads(pickle.dumps(lazy)), copy.deepcopy(lazy)):  # noqa: S301 - our own
        assert other.sub("", "aBbc") == "ac"
