"""Texts that ship: the last ones of an artifact are digested when somebody asks, and no others."""

from __future__ import annotations

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from auditor import facts
from auditor.archives import walk
from auditor.examine import Examination
from auditor.facts.shipped_text import TextSeen, late, quiet
from auditor.limits import Budget, Limits
from auditor.maps import reader
from auditor.model import ArtifactKind, Member
from tests.tar_bytes import archive, file, gz

NAMES = st.sampled_from(("a.js", "lib/b.d.ts", "c.css", "d.JS", "e.md", "f", "g.map", "h.json"))
TEXTS = st.text("a \n\r\t/#@*=\ufeff", max_size=12).map(str.encode)


@given(st.lists(st.tuples(NAMES, TEXTS), max_size=5))
def test_what_is_digested_later_is_what_is_digested_at_once(rows: list[tuple[str, bytes]]) -> None:
    members = [Member(path=name, name=name, size=len(data)) for name, data in rows]
    contents = [data for _, data in rows]
    later = late(members, contents)
    assert later == [*quiet(members, contents)]
    assert [one.text for one in later] == [b""] * len(later)  # nothing is held any more


def test_a_text_is_its_path_and_its_digest() -> None:
    one, same = TextSeen(path="a.js", text=b" a\r\n"), TextSeen(path="a.js", text=b"a")
    assert (one, hash(one)) == (same, hash(same))
    assert one != TextSeen(path="b.js", text=b"a")
    assert one != TextSeen(path="a.js", text=b"b")
    assert one != "a.js"


def seen(*sizes: int) -> tuple[TextSeen, ...]:
    """Return the texts of an archive that holds files of some sizes."""
    files = (file(b"package/%d.js" % number, b"a" * size) for number, size in enumerate(sizes))
    budget = Budget(Limits())
    examination = Examination("a", facts.of("")[1], budget)
    data = gz(archive(file(b"package/package.json", b"{}"), *files))
    examination.run(walk(BytesIO(data), budget, strip=1, together=True))
    return examination.contents(ArtifactKind.NPM_TARBALL, None).of(TextSeen)


def test_contents_are_held_of_the_last_members_alone() -> None:
    """So that a small artifact costs no digest, and a large one no memory."""
    few, many = seen(10, 40_000), seen(*range(20_000, 20_150))
    assert sum(len(one.text) for one in few) == 40_010
    assert 0 < sum(len(one.text) for one in many) < 1024 * 1024
    assert [one.digest for one in many] == [
        reader.text_digest(b"a" * size) for size in range(20_000, 20_150)
    ]
