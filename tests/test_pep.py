"""Names and versions are what `packaging` says they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name, canonicalize_version
from packaging.version import Version

from auditor import pep


@given(st.text(alphabet="aZ9-_.é ", max_size=12))
def test_a_name_is_spelled_as_packaging_spells_it(name: str) -> None:
    assert pep.normalised(name) == canonicalize_name(name)


def test_a_version_is_that_of_packaging() -> None:
    assert pep.version("1.0.post1") == Version("1.0-1")
    with pytest.raises(ValueError, match="Invalid version"):
        pep.version("one")


_RELEASES = st.lists(st.sampled_from(["0", "1", "10", "100"]), min_size=1, max_size=5)
_ENDINGS = st.tuples(
    st.sampled_from(["", "a0", "rc10"]),
    st.sampled_from(["", ".post0", "-10"]),
    st.sampled_from(["", ".dev0"]),
    st.sampled_from(["", "+local.0", "+1.0.0"]),
)


@given(st.sampled_from(["", "0!", "2!"]), _RELEASES.map(".".join), _ENDINGS.map("".join))
def test_the_one_spelling_of_a_version_is_packagings(epoch: str, release: str, rest: str) -> None:
    text = epoch + release + rest
    assert pep.public(text) == canonicalize_version(Version(text).public)
