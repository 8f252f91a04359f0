"""What the archive's facts say of members that a rule's test cannot spell: real tar bytes."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.archives import walk
from auditor.examine import Examination
from auditor.facts import Contents
from auditor.facts.archive import collect
from auditor.limits import Budget, Limits
from auditor.model import ArtifactKind, Member, MemberType

Spec = tuple[str, bytes, str]


def tarball(*members: str | Spec) -> io.BytesIO:
    """Return a gzipped tar archive of empty files, or of (name, type, target)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for spec in members:
            name, kind, target = (spec, tarfile.REGTYPE, "") if isinstance(spec, str) else spec
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info, io.BytesIO())
    out.seek(0)
    return out


def found(
    *members: str | Spec, kind: ArtifactKind = ArtifactKind.NPM_TARBALL
) -> set[tuple[str, str]]:
    examination = Examination("test", (), Budget(Limits()))
    examination.run(walk(tarball(*members), Budget(Limits()), strip=1))
    assert not examination.gaps
    return {(fact.kind, fact.path) for fact in collect(examination.contents(kind, 1))}


SYM, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE
FINE = ("package/package.json", "package/lib/a.js")


def test_one_folder_is_taken_off_whatever_its_name() -> None:
    assert found("node/package.json", "./node/lib//a.js") == set()


def test_members_of_two_roots_collide_where_the_root_is_taken_off() -> None:
    assert found(*FINE, "other/lib/a.js") == {
        ("duplicate", "lib/a.js"),
        ("outside-root", "lib/a.js"),
    }


def test_a_member_without_a_folder_is_outside_of_the_root() -> None:
    assert found(*FINE, "index.js") == {("outside-root", "index.js")}
    assert found(*FINE, ("package", SYM, "elsewhere")) == {
        ("outside-root", "package"),
        ("link", "package"),
    }


def test_an_archive_that_is_no_package_may_hold_many_folders() -> None:
    assert found(*FINE, "other/lib/b.js", kind=ArtifactKind.ARCHIVE) == set()


def test_the_root_folder_is_no_member_that_collides() -> None:
    root = ("package", tarfile.DIRTYPE, "")
    assert found(root, *FINE, "package/package") == set()


@pytest.mark.parametrize(
    "target", ["../../x", "../../package/lib/a.js", "/package/lib/a.js", "a/../../../b"]
)
def test_a_symbolic_link_out_of_the_root_folder_escapes(target: str) -> None:
    assert found(*FINE, ("package/lib/b.js", SYM, target)) == {("link-escape", "lib/b.js")}


@pytest.mark.parametrize("target", ["a.js", "../lib/a.js", "./a.js", "nothing.js", ".."])
def test_a_symbolic_link_inside_is_a_link(target: str) -> None:
    assert found(*FINE, ("package/lib/b.js", SYM, target)) == {("link", "lib/b.js")}


def test_a_symbolic_link_to_nothing_is_one_that_npm_passes_over() -> None:
    assert found(*FINE, ("package/lib/b.js", SYM, "")) == {
        ("link", "lib/b.js"),
        ("ambiguous-header", "lib/b.js"),
    }


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("package/lib/a.js", "link"),
        ("./package//lib/a.js", "link"),
        ("lib/a.js", "link-escape"),
        ("other/lib/a.js", "link-escape"),
        ("../package/lib/a.js", "link-escape"),
        ("package/../x", "link-escape"),
        ("/etc/hostname", "link-escape"),
    ],
)
def test_a_hard_link_is_read_from_the_archives_root(target: str, kind: str) -> None:
    assert found(*FINE, ("package/b.js", HARD, target)) == {(kind, "b.js")}


def test_a_member_that_is_written_through_a_link_is_told() -> None:
    assert found(*FINE, ("package/d", SYM, "lib"), "package/d/x.js") == {
        ("link", "d"),
        ("beneath-link", "d"),
    }


def test_a_decoy_does_not_hide_what_lies_beneath_a_link() -> None:
    members = (("package/d", SYM, "lib"), "package/D/0.js", "package/d-e.js", "package/d/x.js")
    assert ("beneath-link", "d") in found(*FINE, *members)


def test_links_are_followed_through_links() -> None:
    up = ("package/a/b/up", SYM, "../..")
    assert found(*FINE, up, ("package/a/c", SYM, "b/up/../x")) == {
        ("link", "a/b/up"),
        ("link-escape", "a/c"),
    }


def test_a_climb_behind_the_root_folder_is_an_escape() -> None:
    assert found(*FINE, "package/../x.js") == {("path-escape", "../x.js")}
    assert found(*FINE, "../x.js") == {("path-escape", "x.js")}


def contents(*members: Member) -> Contents:
    return Contents(kind=ArtifactKind.NPM_TARBALL, members=members)


NAMES = st.lists(
    st.sampled_from(
        ["..", ".", "", "a", "A", "b!c", "\\", "C:", "\u00e9", "e\u0301", "\udc80", "x" * 300]
    ),
    max_size=6,
).map("/".join)


@example([("/", "", MemberType.FILE, 0)])
@given(st.lists(st.tuples(NAMES, NAMES, st.sampled_from(list(MemberType)), st.integers(0, 0o7777))))
def test_no_name_and_no_link_raises(rows: list[tuple[str, str, MemberType, int]]) -> None:
    members = (
        Member(
            path=name.partition("/")[2] or name, name=name, size=0, type=kind, mode=mode, link=link
        )
        for name, link, kind, mode in rows
    )
    for fact in collect(contents(*members)):
        assert fact.kind
        assert fact.detail


def test_links_that_lead_through_links_end() -> None:
    loop = Member(
        path="l", name="p/l", size=0, type=MemberType.SYMLINK, link="/".join(["l"] * 2048)
    )
    links = [
        Member(path=f"{i}", name=f"p/{i}", size=0, type=MemberType.SYMLINK, link="l/" * 120)
        for i in range(2_000)
    ]
    deep = [
        Member(path="a/" * 1000 + str(i), name="p/" + "a/" * 1000 + str(i), size=0)
        for i in range(1_000)
    ]
    facts = list(collect(contents(loop, *links, *deep)))
    assert sum(fact.kind == "link-escape" for fact in facts) == 2_001
