"""Lines of a yarn.lock in which yarn reads other fields than one would think."""

from __future__ import annotations

import pytest

from auditor.lockfiles import Document, formats

HEAD = "# yarn lockfile v1\n\nms@^2.0.0:\n"
SEVERAL = "has more than one field of an entry"


@pytest.mark.parametrize(
    ("lines", "version", "unread"),
    [
        (['version "2.0.0"'], "2.0.0", []),
        (['version: "2.0.0"'], "2.0.0", []),
        (["version 2.0.0"], "2.0.0", []),
        (['version "2.0.0" # of which this is the newest'], "2.0.0", []),
        (['"version" "2.0.0"\t'], "2.0.0", []),
        (['resolved "https://example.org/a" ', 'version "2.0.0"'], "2.0.0", []),
        # yarn reads each of the following as two fields, and takes the last one of a name
        (['version "2.0.0"', 'resolved "https://example.org/a" version "2.1.3"'], "2.0.0", [5]),
        (['version 2.0.0 resolved "https://example.org/a"'], "2.0.0", [4]),
        (['version "2.0.0" dependencies:', '  debug "2.6.9"'], "2.0.0", [4]),
        (['version "2.0.0"\r  integrity sha512-AA=='], "2.0.0", [4]),
    ],
)
def test_a_line_with_more_than_one_field_is_told(
    lines: list[str], version: str, unread: list[int]
) -> None:
    text = HEAD + "".join(f"  {line}\n" for line in lines)

    found = formats()["yarn"].read(Document(path="yarn.lock", data=text.encode()))

    assert [package.version.partition('"')[0].partition(" ")[0] for package in found.packages] == [
        version
    ]
    assert list(found.unread) == [(f"line {line}", SEVERAL) for line in unread]


def test_a_value_for_two_names_is_told() -> None:
    """Yarn gives it to both."""
    text = HEAD + '  version "2.0.0"\n  uid,version "2.1.3"\n'

    found = formats()["yarn"].read(Document(path="yarn.lock", data=text.encode()))

    assert list(found.unread) == [("line 5", "is no field of an entry")]
