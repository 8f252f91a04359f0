"""Names and versions are what `packaging` says they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from auditor import pep


@given(st.text(alphabet="aZ9-_.é ", max_size=12))
def test_a_name_is_spelled_as_packaging_spells_it(name: str) -> None:
    assert pep.normalised(name) == canonicalize_name(name)


def test_a_version_is_that_of_packaging() -> None:
    assert pep.version("1.0.post1") == Version("1.0-1")
    with pytest.raises(ValueError, match="Invalid version"):
        pep.version("one")
