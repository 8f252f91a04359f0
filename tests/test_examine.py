"""One pass over an artifact: every member reaches its readers once, and no gap is left unsaid."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from auditor import anchors as anchors_module
from auditor.archives import is_archive, unread_format, walk
from auditor.errors import ArchiveError, MemberError
from auditor.examine import Examination
from auditor.facts import Embedded, Hits, Reader
from auditor.limits import Budget, Limits
from auditor.model import ArtifactKind, Member, MemberType, Oddity, Unread
from tests.often import often
from tests.tar_bytes import archive, file, gnu_sparse, gz, limit_met, pax

if TYPE_CHECKING:
    from collections.abc import Iterator

BROKEN = file(b"b", b"2", checksum=b"001234\0 ")


@dataclass
class Spy:
    """Readers that write down what they are given."""

    anchors: frozenset[bytes] = frozenset()
    names: str = ""
    """Ending of the paths that are asked for; empty for all."""
    seen: list[tuple[str, bytes, Hits]] = field(default_factory=list)

    def reader(self) -> Reader:
        return Reader(anchors=self.anchors, wants=self.wants, read=self.read)

    def wants(self, member: Member) -> bool:
        return member.path.endswith(self.names)

    def read(self, member: Member, data: bytes, hits: Hits) -> Iterator[object]:
        self.seen.append((member.path, data, tuple(sorted(hits))))
        yield len(data)

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.seen]


def examined(data: bytes, *spies: Spy, limits: Limits | None = None, strip: int = 0) -> Examination:
    """Examine an archive with these readers."""
    budget = Budget(limits or Limits())
    examination = Examination("here", [spy.reader() for spy in spies], budget)
    examination.run(walk(BytesIO(data), budget, strip=strip))
    return examination


def test_an_embedded_text_is_shown_to_those_that_ask_for_such_as_a_member_of_its_holder() -> None:
    seen: list[tuple[str, str, bytes, Hits]] = []

    def opens(member: Member, data: bytes, _: Hits) -> Iterator[object]:
        yield Embedded(holder=member.path, name="src/a.ts", text=data[::-1])

    def told(member: Member, data: bytes, hits: Hits) -> Iterator[object]:
        seen.append((member.path, member.holder, data, tuple(sorted(hits))))
        yield len(data)

    spy = Spy()
    readers = (
        Reader(wants=lambda _: True, read=opens),
        Reader(anchors=frozenset({b"key"}), read=told, embedded=frozenset({b"key"})),
        spy.reader(),
    )
    budget = Budget(Limits())
    examination = Examination("here", readers, budget)
    examination.run(
        walk(BytesIO(archive(file(b"a", b"a yek"), file(b"b", b"key"))), budget, strip=0)
    )
    contents = examination.contents(ArtifactKind.NPM_TARBALL, None)

    assert seen == [
        ("a!src/a.ts", "a", b"key a", ((b"key", 0),)),
        ("b", "", b"key", ((b"key", 0),)),
    ]
    assert spy.paths() == ["a", "b"]
    assert [member.path for member in contents.members] == ["a", "b"]
    assert contents.of(Embedded) == ()


def test_places_in_an_embedded_text_are_limited_as_those_in_a_member() -> None:
    def opens(member: Member, data: bytes, _: Hits) -> Iterator[object]:
        yield Embedded(holder=member.path, name="x", text=data * 9)

    readers = (
        Reader(wants=lambda _: True, read=opens),
        Reader(anchors=frozenset({b"k"}), read=lambda *_: (), embedded=frozenset({b"k"})),
    )
    budget = Budget(replace(Limits(), matches=5))
    examination = Examination("here", readers, budget)
    examination.run(walk(BytesIO(archive(file(b"a", b"k"))), budget, strip=0))

    ((path, reason),) = gaps(examination)
    assert path == "a!x"
    assert reason.startswith("content patterns not all tried: ")


def gaps(examination: Examination) -> list[tuple[str, str]]:
    assert all(gap.location.source == "here" for gap in examination.gaps)
    return [(gap.location.path, gap.reason) for gap in examination.gaps]


def paths(examination: Examination) -> list[str]:
    return [member.path for member in examination.contents(ArtifactKind.ARCHIVE, None).members]


def tgz(*parts: bytes) -> bytes:
    return gz(archive(*parts))


def nested(depth: int) -> bytes:
    """Return an archive in an archive in …, with one file in each."""
    data = tgz(file(b"core.js", b"core"))
    for level in range(depth):
        data = tgz(file(f"{level}.js".encode(), b"x"), file(f"{level}.tgz".encode(), data))
    return data


# what readers are given


@settings(max_examples=often(60), deadline=None)
@given(
    members=st.lists(
        st.tuples(
            st.sampled_from(["a.js", "b.js", "a.tgz", "d/c.js", "e"]),
            st.binary(max_size=30),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_every_member_reaches_a_reader_that_wants_all_once_and_in_order(
    members: list[tuple[str, bytes, bool]],
) -> None:
    parts: list[bytes] = []
    expected: list[tuple[str, bytes]] = []
    for name, content, wrapped in members:
        inner = tgz(file(b"in.js", content)) if wrapped else content
        parts.append(file(name.encode(), inner))
        expected.append((name, inner))
        if wrapped:
            expected.append((f"{name}!in.js", content))
    spy = Spy()
    examination = examined(tgz(*parts), spy)
    starts_like_an_archive = any(
        is_archive(content) or unread_format(content) for _, content, _ in members
    )

    if not starts_like_an_archive:
        assert [(path, data) for path, data, _ in spy.seen] == expected
        assert gaps(examination) == []
    assert paths(examination) == spy.paths()


def test_a_reader_without_wishes_sees_only_members_with_its_anchors() -> None:
    spy = Spy(anchors=frozenset({b"secret"}), names=".never")
    examined(tgz(file(b"a", b"a secret"), file(b"b", b"none")), spy)

    assert spy.paths() == ["a"]


@pytest.mark.parametrize("size", [0, 5000, 3 * 1024 * 1024], ids=["small", "large", "windows"])
def test_readers_get_their_own_hits_and_no_others(size: int) -> None:
    one = Spy(anchors=frozenset({b"KEY", b"EY-"}))
    two = Spy(anchors=frozenset({b"TOKEN"}))
    text = b"KEY-" + b"." * size + b"TOKEN KEY"
    examined(tgz(file(b"a", text)), one, two)

    assert one.seen == [("a", text, ((b"EY-", 1), (b"KEY", 0), (b"KEY", size + 10)))]
    assert two.seen == [("a", text, ((b"TOKEN", size + 4),))]


def test_what_readers_leave_is_kept_by_type_and_in_order() -> None:
    examination = examined(tgz(file(b"a", b"12"), file(b"b", b"1")), Spy(), Spy(names="b"))

    assert examination.contents(ArtifactKind.ARCHIVE, 7).of(int) == (2, 1, 1)
    assert examination.contents(ArtifactKind.ARCHIVE, 7).of(str) == ()
    assert examination.contents(ArtifactKind.ARCHIVE, 7).packed == 7


def test_what_a_reader_could_not_read_is_a_gap_and_no_observation() -> None:
    def read(member: Member, _: bytes, __: Hits) -> Iterator[Unread]:
        yield Unread(path=member.path, reason="no such luck")

    examination = Examination("here", [Reader(wants=lambda _: True, read=read)], Budget(Limits()))
    examination.run([(Member(path="a", name="a", size=1), iter([b"x"]))])

    assert gaps(examination) == [("a", "no such luck")]
    assert examination.contents(ArtifactKind.ARCHIVE, None).of(Unread) == ()


def test_links_and_folders_are_listed_and_sparse_files_are_read_as_they_unpack() -> None:
    spy = Spy()
    examination = examined(
        tgz(
            file(b"d/", type=b"5"),
            file(b"l", type=b"2", link=b"a"),
            gnu_sparse(b"s", b"data", claimed=6),
            gnu_sparse(b"huge", b"data", claimed=2**40),
            file(b"odd", b"?", type=b"Q"),
        ),
        spy,
    )
    met = limit_met("member-bytes", 2**27, 2**40, "bytes")

    assert paths(examination) == ["d", "l", "s", "huge", "odd"]
    assert [(path, data) for path, data, _ in spy.seen] == [("s", b"data\0\0"), ("odd", b"?")]
    assert gaps(examination) == [("huge", f"not looked into: {met}")]


# archives in archives


def test_an_archive_in_an_archive_is_read_and_its_paths_say_so() -> None:
    spy = Spy()
    inner = tgz(file(b"package/lib/a.js", b"x"))
    examination = examined(tgz(file(b"package/dist/inner.tgz", inner)), spy, strip=1)

    assert paths(examination) == ["dist/inner.tgz", "dist/inner.tgz!package/lib/a.js"]
    assert spy.seen[0] == ("dist/inner.tgz", inner, ())
    assert spy.seen[1] == ("dist/inner.tgz!package/lib/a.js", b"x", ())
    assert examination.has_member("dist/inner.tgz!package/lib/a.js")
    assert not examination.has_member("lib/a.js")


@pytest.mark.parametrize("name", ["a.tgz", "a.txt", "a"])
def test_a_nested_archive_is_known_by_its_bytes_whatever_its_name(name: str) -> None:
    plain = archive(file(b"x", b"1"))

    for inner in (gz(plain), plain, archive(file(b"x", b"1", magic=bytes(8)))):
        assert paths(examined(tgz(file(name.encode(), inner)))) == [name, f"{name}!x"]


def test_a_nested_tar_whose_first_header_is_broken_is_a_gap_and_no_lone_file() -> None:
    inner = gz(archive(BROKEN, file(b"hidden.js", b"x")))
    examination = examined(tgz(file(b"in.tgz", inner)))

    assert paths(examination) == ["in.tgz"]
    assert gaps(examination) == [
        (
            "in.tgz",
            "not read to the end: a header's checksum is wrong; nothing behind it can be trusted",
        )
    ]


def test_a_text_with_the_magic_word_in_its_place_is_no_tar() -> None:
    text = b"// how tar files begin\n".ljust(256, b" ") + b"'ustar'\n" + b"// more\n" * 99
    assert gaps(examined(tgz(file(b"headers.js", text)), Spy())) == []


def test_a_nested_tar_whose_header_is_split_over_two_streams_is_still_a_tar() -> None:
    plain = archive(file(b"x", b"1"))
    inner = gz(plain[:1]) + gz(plain[1:100]) + gz(plain[100:])

    assert paths(examined(tgz(file(b"in.tgz", inner)))) == ["in.tgz", "in.tgz!x"]


@pytest.mark.parametrize(
    ("name", "lone"),
    [("d/app.js.gz", "app.js"), ("app.tgz", "app"), ("app", "content"), (".gz", "content")],
)
def test_a_compressed_file_that_is_no_tar_is_one_member(name: str, lone: str) -> None:
    spy = Spy()
    examination = examined(tgz(file(name.encode(), gz(b"let a = 1"))), spy)

    assert paths(examination) == [name, f"{name}!{lone}"]
    assert spy.seen[1] == (f"{name}!{lone}", b"let a = 1", ())
    assert gaps(examination) == []


def test_an_empty_compressed_file_is_one_empty_member() -> None:
    examination = examined(tgz(file(b"a.gz", gz(b""))))

    assert paths(examination) == ["a.gz", "a.gz!a"]
    assert gaps(examination) == []


def test_a_damaged_archive_inside_is_a_gap_and_the_rest_is_read() -> None:
    examination = examined(
        tgz(file(b"in.tgz", tgz(file(b"x", b"1"))[:-4]), file(b"after.js", b"2")), Spy()
    )

    assert paths(examination) == ["in.tgz", "in.tgz!x", "after.js"]
    assert gaps(examination) == [
        ("in.tgz", "not read to the end: cut short: the compressed stream has no end")
    ]


def test_oddities_inside_are_told_with_the_whole_path() -> None:
    inner = gz(archive(file(b"l", type=b"2", link=b"x", size=9))) + b"more"
    examination = examined(tgz(file(b"in.tgz", inner)))
    oddities = examination.contents(ArtifactKind.ARCHIVE, None).oddities

    assert [(oddity.kind, oddity.path) for oddity in oddities] == [
        ("link-with-data", "in.tgz!l"),
        ("trailing-data", "in.tgz"),
    ]


def test_an_entry_that_could_not_be_read_inside_is_a_gap_with_the_whole_path() -> None:
    inner = tgz(gnu_sparse(b"s", b"data", claimed=3))

    assert gaps(examined(tgz(file(b"in.tgz", inner)))) == [
        ("in.tgz!s", "not looked into: its sparse map goes beyond the size that it says")
    ]


# where reading breaks off


def test_where_an_archive_breaks_off_is_said_and_what_was_seen_is_kept() -> None:
    spy = Spy()
    examination = examined(gz(file(b"a", b"1") + BROKEN), spy)

    assert spy.paths() == ["a"]
    assert gaps(examination) == [
        ("a", "not read to the end: a header's checksum is wrong; nothing behind it can be trusted")
    ]


def test_what_is_no_archive_at_all_is_a_gap_without_a_path() -> None:
    assert gaps(examined(b"hello")) == [
        ("", "not read to the end: not an archive: neither gzip, bzip2, xz, Zstandard nor tar")
    ]


def test_a_member_that_cannot_be_read_is_a_gap_and_the_next_ones_are_read() -> None:
    def spoiled() -> Iterator[bytes]:
        yield b"x"
        raise MemberError("the checksum is wrong")

    spy = Spy()
    examination = Examination("here", [spy.reader()], Budget(Limits()))
    examination.run(
        [
            (Member(path="a", name="a", size=1), spoiled()),
            (Member(path="b", name="b", size=1), iter([b"y"])),
        ]
    )

    assert spy.paths() == ["b"]
    assert gaps(examination) == [("a", "not looked into: the checksum is wrong")]


def test_an_archive_that_breaks_inside_a_member_ends_the_reading() -> None:
    def spoiled() -> Iterator[bytes]:
        yield b"x"
        raise ArchiveError("cut short")

    spy = Spy()
    examination = Examination("here", [spy.reader()], Budget(Limits()))
    examination.run(
        [
            (Member(path="a", name="a", size=1), spoiled()),
            (Member(path="b", name="b", size=1), iter([b"y"])),
        ]
    )

    assert spy.paths() == []
    assert gaps(examination) == [("a", "not read to the end: cut short")]


def test_oddities_and_unread_entries_are_kept_as_they_are() -> None:
    examination = Examination("here", [], Budget(Limits()))
    examination.run([Oddity(kind="k", path="p", detail="d"), Unread(path="u", reason="r")])

    assert examination.contents(ArtifactKind.ARCHIVE, None).oddities == (
        Oddity(kind="k", path="p", detail="d"),
    )
    assert gaps(examination) == [("u", "r")]


# limits


def test_archives_up_to_the_nesting_limit_are_read_and_one_deeper_is_a_gap() -> None:
    fits = examined(nested(2), limits=Limits(nesting=2))
    deeper = examined(nested(3), limits=Limits(nesting=2))

    assert gaps(fits) == []
    assert paths(fits)[-1] == "1.tgz!0.tgz!core.js"
    assert paths(deeper)[-1] == "2.tgz!1.tgz!0.tgz"
    assert gaps(deeper) == [
        (
            "2.tgz!1.tgz!0.tgz",
            "not looked into: " + limit_met("nesting", 2, 3),
        )
    ]


def test_members_up_to_the_size_limit_are_read_and_larger_ones_are_listed_with_a_gap() -> None:
    spy = Spy()
    examination = examined(
        tgz(file(b"fits", b"x" * 100), file(b"large", b"x" * 101), file(b"after", b"y")),
        spy,
        limits=Limits(member_bytes=100),
    )

    assert spy.paths() == ["fits", "after"]
    assert paths(examination) == ["fits", "large", "after"]
    assert gaps(examination) == [
        (
            "large",
            "not looked into: " + limit_met("member-bytes", 100, 101, "bytes"),
        )
    ]


def test_a_lone_compressed_file_over_the_size_limit_is_listed_with_its_size_and_a_gap() -> None:
    spy = Spy()
    examination = examined(
        tgz(file(b"big.js.gz", gz(b"x" * 300_000))), spy, limits=Limits(member_bytes=1000)
    )

    assert spy.paths() == ["big.js.gz"]
    assert examination.contents(ArtifactKind.ARCHIVE, None).members[1].size == 300_000
    assert gaps(examination) == [
        (
            "big.js.gz!big.js",
            "not looked into: " + limit_met("member-bytes", 1_000, 300_000, "bytes"),
        )
    ]


def test_of_a_lone_compressed_file_over_the_size_limit_nothing_is_kept() -> None:
    budget = Budget(Limits(member_bytes=1000))
    for size, kept in ((1000, 1000), (1001, 0), (600_000, 0)):
        ((member, content),) = walk(BytesIO(gz(b"x" * size)), budget, strip=0, lone="x")  # type: ignore[misc]
        assert (member.size, len(b"".join(content))) == (size, kept)


def test_nested_archives_share_one_budget_of_bytes() -> None:
    inner = tgz(file(b"x", b"x" * 5000))
    data = tgz(*(file(f"{n}.tgz".encode(), inner) for n in range(4)))
    once = len(archive(file(b"x", b"x" * 5000)))
    outer = len(archive(*(file(b"n.tgz", inner) for _ in range(4))))

    assert gaps(examined(data, limits=Limits(unpacked_bytes=outer + 4 * once))) == []
    assert gaps(examined(data, limits=Limits(unpacked_bytes=outer + 4 * once - 1))) == [
        (
            "3.tgz",
            "not read to the end: "
            + limit_met("unpacked-bytes", outer + 4 * once - 1, outer + 4 * once, "bytes"),
        )
    ]


def test_nested_archives_share_one_budget_of_members() -> None:
    data = tgz(file(b"in.tgz", tgz(file(b"x"), file(b"y"))), file(b"z"))

    assert gaps(examined(data, limits=Limits(members=4))) == []
    assert gaps(examined(data, limits=Limits(members=3))) == [
        (
            "in.tgz",
            "not read to the end: " + limit_met("members", 3, 4),
        )
    ]


@pytest.mark.parametrize("quick", [True, False], ids=["literals", "automaton"])
def test_too_many_matches_are_a_gap_and_the_first_ones_are_still_tried(
    quick: bool,  # noqa: FBT001 - a parameter of the test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(anchors_module, "SMALL", 10**9 if quick else 0)
    spy = Spy(anchors=frozenset({b"KEY"}))
    fits, over = b"KEY " * 50, b"KEY " * 51
    examination = examined(
        tgz(file(b"fits", fits), file(b"over", over)), spy, limits=Limits(matches=50)
    )

    assert [len(hits) for _, _, hits in spy.seen] == [50, 50]
    assert gaps(examination) == [
        (
            "over",
            "content patterns not all tried: " + limit_met("matches", 50, 51),
        )
    ]


def test_a_name_with_an_exclamation_mark_is_told_by_its_own_name() -> None:
    examination = examined(tgz(pax({"path": b"a!b.js"}), file(b"x", b"1")))
    (member,) = examination.contents(ArtifactKind.ARCHIVE, None).members

    assert (member.path, member.name, member.type) == ("a!b.js", "a!b.js", MemberType.FILE)
