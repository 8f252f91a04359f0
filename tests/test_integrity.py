"""What digests are worth, by the client that checks them."""

from __future__ import annotations

import pytest

from auditor.integrity import state

S512 = "sha512-" + "A" * 86 + "=="
S256 = "sha256-" + "A" * 43 + "="
S1 = "sha1-" + "A" * 27 + "="
MD5 = "md5-" + "A" * 22 + "=="


@pytest.mark.parametrize(
    ("values", "strongest", "any_of_them"),
    [
        ((), "none", "none"),
        (("",), "none", "none"),
        ((S512,), "strong", "strong"),
        ((S512 + "?opt",), "strong", "strong"),
        ((S1,), "weak", "weak"),
        ((MD5,), "weak", "weak"),
        ((S1, S512), "strong", "weak"),
        ((f"{S1} {S512}",), "strong", "weak"),
        ((S256, "sha256:" + "0" * 64), "strong", "strong"),
        (("sha512-AAAA",), "malformed", "malformed"),
        (("sha512-AAAA", S1), "malformed", "weak"),
        (("sha1-AAAA",), "malformed", "weak"),
        (("md5:" + "0" * 64,), "malformed", "weak"),
        (("sha3-AAAA",), "malformed", "malformed"),
        (("sha512-" + "\u00e9" * 88,), "malformed", "malformed"),
        (("none",), "malformed", "malformed"),
        (("10c0/" + "0" * 128,), "strong", "strong"),
        (("0" * 128,), "strong", "strong"),
        (("10c0/" + "0" * 120,), "malformed", "malformed"),
    ],
)
def test_the_state_of_digests(values: tuple[str, ...], strongest: str, any_of_them: str) -> None:
    assert state(values, any_counts=False) == strongest
    assert state(values, any_counts=True) == any_of_them
