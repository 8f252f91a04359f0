"""The facts about a wheel's own documents: exact tables, and laws that hold for any bytes."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from auditor import facts, fastpaths, kinds
from auditor.examine import Examination
from auditor.facts import distribution
from auditor.facts.python import python_entry_point, record, startup
from auditor.facts.python.record import Problem, RecordFact
from auditor.limits import Budget, Limits
from auditor.model import ArtifactKind, Fact, Member, MemberType, Unread
from tests import distributions as make
from tests.distributions import DIST_INFO, WHEEL_NAME
from tests.often import often

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.facts import Contents

COLLECTORS, READERS = facts.load()
OURS = (
    "record",
    "startup",
    "wheel-layout",
    "top-level",
    "data-file",
    "python-entry-point",
    "sdist-layout",
    "module-difference",
)
names = st.text(st.characters(codec="utf-8", exclude_characters="/!\r\n\0\\"), min_size=1).filter(
    lambda name: name.strip(". ") == name and name not in {"", ".", ".."}
)


def contents_of(
    members: Mapping[str, bytes], file: str = WHEEL_NAME, kind: ArtifactKind = ArtifactKind.WHEEL
) -> Contents:
    """Return what the readers see in a wheel of these members."""
    examination = Examination("test", READERS, Budget(Limits()), wheel=True)
    examination.run(
        (Member(path=path, name=path, size=len(data)), iter((data,)))
        for path, data in members.items()
    )
    return examination.contents(kind, None, file)


def problems(members: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Return problem and path of what is wrong with RECORD."""
    seen = record.collect(contents_of(members))
    return [(fact.problem.value, fact.path) for fact in seen if isinstance(fact, RecordFact)]


# RECORD


@settings(max_examples=often(60), deadline=None)
@given(st.dictionaries(names, st.binary(max_size=40), min_size=1, max_size=5), st.data())
def test_record_and_wheel_agree_until_one_of_them_changes(
    files: dict[str, bytes], data: st.DataObject
) -> None:
    members = {f"demo_kit/{name}": content for name, content in files.items()}
    text = io.StringIO(newline="")
    for path, content in members.items():
        fields = make.record_line("", content).rstrip("\n")
        text.write('"' + path.replace('"', '""') + '"' + fields + "\r\n")
    text.write(f"{DIST_INFO}/RECORD,,\r\n")
    whole = {**members, f"{DIST_INFO}/RECORD": text.getvalue().encode()}
    path = data.draw(st.sampled_from(sorted(members)))
    changed = {**whole, path: whole[path] + b"x"}
    without = {name: content for name, content in whole.items() if name != path}

    assert problems(whole) == []
    assert problems(changed) == [("wrong-digest", path), ("wrong-size", path)]
    assert problems(without) == [("absent", path)]
    assert problems({**whole, "new.py": b""}) == [("unlisted", "new.py")]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("", [Problem.SELF_UNLISTED]),
        ("a,b\n", [Problem.MALFORMED, Problem.SELF_UNLISTED]),
        ('"a\nb",,\n', [Problem.ABSENT, Problem.SELF_UNLISTED]),
        (f"{DIST_INFO}/RECORD,,\n\n\n", []),
        (f"{DIST_INFO}\\RECORD,,\n", []),
        (f"{DIST_INFO}/RECORD,,\n" * 2, [Problem.REPEATED]),
    ],
)
def test_lines_of_a_record(lines: str, wanted: list[Problem]) -> None:
    found = problems({f"{DIST_INFO}/RECORD": lines.encode()})

    assert [problem for problem, _ in found] == wanted


def test_a_digest_that_is_strong_and_not_checked_is_a_gap() -> None:
    text = f"a.py,sha512=AAAA,0\n{DIST_INFO}/RECORD,,\n"
    seen = list(record.collect(contents_of({"a.py": b"", f"{DIST_INFO}/RECORD": text.encode()})))

    assert [type(one) for one in seen] == [Unread]
    assert seen[0].path == "a.py"


def test_of_two_members_with_one_path_each_must_fit() -> None:
    whole = make.wheel_files({})
    text = make.record_of(whole).encode()
    members = [*whole.items(), (f"{DIST_INFO}/RECORD", text), ("demo_kit/__init__.py", b"evil")]
    examination = Examination("test", READERS, Budget(Limits()), wheel=True)
    examination.run((Member(path=p, name=p, size=len(d)), iter((d,))) for p, d in members)
    seen = record.collect(examination.contents(ArtifactKind.WHEEL, None, WHEEL_NAME))

    assert getattr(next(iter(seen)), "problem", None) is Problem.WRONG_DIGEST


PATHS = (
    "a.py",
    "a,b.py",
    'q".py',
    "a\\b.py",
    "a\nb.py",
    "ä.py",
    "a.py ",
    f"{DIST_INFO}/RECORD.jws",
)


@settings(max_examples=often(200), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from((b"", b"x"))), max_size=4),
    st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from((b"", b"x"))), max_size=4),
    st.sampled_from(("\n", "\r\n", "\n\n")),
    st.sampled_from((f"{DIST_INFO}/RECORD,,", f"{DIST_INFO}/RECORD,, ", "")),
    st.booleans(),
)
def test_a_record_is_the_same_both_ways(
    members: list[tuple[str, bytes]],
    listed: list[tuple[str, bytes]],
    end: str,
    own: str,
    same: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever it lists, and whatever the names of the members mean in CSV."""
    lines = [make.record_line(*one).rstrip("\n") for one in (members if same else listed)]
    text = end.join((*lines, own, "")).encode()
    examination = Examination("test", READERS, Budget(Limits()), wheel=True)
    examination.run(
        (Member(path=path, name=path, size=len(data)), iter((data,)))
        for path, data in (*members, (f"{DIST_INFO}/RECORD", text))
    )
    contents = examination.contents(ArtifactKind.WHEEL, None, WHEEL_NAME)
    quick = list(record.collect(contents))
    with fastpaths.taken(fastpaths.OFF):
        assert list(record.collect(contents)) == quick


def test_of_a_link_that_has_no_digest_record_says_nothing() -> None:
    """It is in the wheel, and not listed."""
    whole = make.wheel_files({})
    text = make.record_of(whole).encode()
    contents = contents_of({**whole, f"{DIST_INFO}/RECORD": text})
    assert list(record.collect(contents)) == []
    link = Member(path="a", name="a", size=0, type=MemberType.SYMLINK)
    contents = replace(contents, members=(*contents.members, link))
    told = [one.path for one in record.collect(contents)]
    assert told == ["a"]


# what acts when Python starts


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("a.pth", "pth"),
        ("a.start", "start"),
        ("a.PTH", None),
        ("demo/a.pth", None),
        ("x.data/purelib/a.pth", "pth"),
        ("x.data/platlib/demo/a.pth", None),
        ("x.data/data/a.pth", None),
        ("x.data/data/lib/python3.12/site-packages/a.pth", "pth"),
        ("x.data/data/Lib/dist-packages/a.start", "start"),
        ("x.data/scripts/a.pth", None),
        ("x.dist-info/a.pth", None),
        ("sitecustomize.py", "customize"),
        ("usercustomize/__init__.py", "customize"),
        ("usercustomize/other.py", None),
        ("x.data/platlib/sitecustomize.py", "customize"),
        ("inner!.pth", "pth"),
    ],
)
def test_which_files_act_when_python_starts(path: str, form: str | None) -> None:
    assert startup.form_of(path) == form


NAMESPACE = (
    "import sys, types, os;has_mfs = sys.version_info > (3, 5);"
    "p = os.path.join(sys._getframe(1).f_locals['sitedir'], *({parts},));"
    "importlib = has_mfs and __import__('importlib.util');"
    "m = m or sys.modules.setdefault('{name}', types.ModuleType('{name}'))"
)
identifiers = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)


@settings(max_examples=often(60), deadline=None)
@given(st.lists(identifiers, min_size=1, max_size=3), st.lists(identifiers, min_size=1, max_size=3))
def test_the_name_of_a_namespace_does_not_change_a_digest(one: list[str], two: list[str]) -> None:
    def line(parts: list[str]) -> str:
        quoted = ", ".join(f"'{part}'" for part in parts)
        return NAMESPACE.format(parts=quoted, name=".".join(parts))

    assert startup.digest_of((line(one),)) == startup.digest_of((line(two),))
    assert startup.digest_of((line(one), line(two))) == startup.digest_of((line(one),))
    other = line(one).replace("'importlib.util'", "'evil'")
    if other != line(one):
        assert startup.digest_of((other,)) != startup.digest_of((line(one),))


# names and places


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("demo/a.py", ("purelib", "demo/a.py")),
        ("a.py", ("purelib", "a.py")),
        ("demo-1.data/scripts/run", ("scripts", "run")),
        ("demo-1.data/scripts", ("scripts", "")),
        ("demo-1.data", ("purelib", "demo-1.data")),
        ("demo-1.dist-info/RECORD", ("dist-info", "RECORD")),
        ("demo/x.data/scripts/run", ("purelib", "demo/x.data/scripts/run")),
        ("a!b.py", ("purelib", "a!b.py")),
    ],
)
def test_where_an_installer_puts_a_member(path: str, place: tuple[str, str]) -> None:
    assert distribution.scheme_of(path) == place


@pytest.mark.parametrize(
    ("file", "parts"),
    [
        ("demo-1.0-py3-none-any.whl", ("demo", "1.0", "py3-none-any")),
        ("demo-1.0-1b-py3-none-any.whl", ("demo", "1.0", "py3-none-any")),
        ("demo-1.0-py3-none.whl", ("", "", "")),
        ("demo.whl", ("", "", "")),
        ("demo-1.0-py3-none-any.zip", ("", "", "")),
        ("", ("", "", "")),
    ],
)
def test_a_wheels_file_name(file: str, parts: tuple[str, str, str]) -> None:
    assert distribution.split_wheel_name(file) == parts


@pytest.mark.parametrize(
    ("file", "names", "wheel", "root"),
    [
        ("demo-1.0-py3-none-any.whl", [], True, False),
        ("Demo.WHL", [], True, False),
        ("demo.zip", ["demo-1.0.dist-info/WHEEL"], True, False),
        ("demo.zip", ["demo/demo-1.0.dist-info/WHEEL"], False, False),
        ("demo-1.0.zip", ["demo-1.0/PKG-INFO", "demo-1.0/a.py"], False, True),
        ("demo-1.0.zip", ["demo-1.0/PKG-INFO", "other/a.py"], False, False),
        ("demo-1.0.zip", ["demo-1.0/a.py"], False, False),
        ("demo.tgz", [], False, False),
    ],
)
def test_what_a_zip_is(file: str, names: list[str], wheel: bool, root: bool) -> None:  # noqa: FBT001
    assert kinds.of_zip(file, names) == kinds.Zip(wheel=wheel, root=root)


@pytest.mark.parametrize(
    ("file", "root", "members", "kind"),
    [
        ("demo-1.0.tgz", "package", ["package.json"], ArtifactKind.NPM_TARBALL),
        ("demo-1.0.tgz", "package", ["package.json", "PKG-INFO"], ArtifactKind.NPM_TARBALL),
        ("demo-1.0.tar.gz", "demo-1.0", ["PKG-INFO", "package.json"], ArtifactKind.SDIST),
        ("demo-1.0.tgz", "demo", ["package.json"], ArtifactKind.NPM_TARBALL),
        ("demo-1.0.tar.gz", "demo-1.0", ["pyproject.toml"], ArtifactKind.SDIST),
        ("demo-1.0.tar.gz", "demo-1.0", ["setup.py"], ArtifactKind.SDIST),
        ("demo.tar.gz", "demo", ["setup.py"], ArtifactKind.ARCHIVE),
        ("demo-1.0.tar.gz", "demo-1.0", ["README"], ArtifactKind.ARCHIVE),
    ],
)
def test_what_a_tar_is(file: str, root: str, members: list[str], kind: ArtifactKind) -> None:
    examination = Examination("test", READERS, Budget(Limits()))
    examination.run((Member(path=p, name=f"{root}/{p}", size=2), iter((b"{}",))) for p in members)

    assert kinds.of_archive(file, examination) is kind


# laws

DOCUMENTS = ("RECORD", "WHEEL", "METADATA", "entry_points.txt", "top_level.txt")
HINTS = (b"sha256=", b"Tag: ", b"Name: ", b"\n", b",", b"[console_scripts]\n", b"a = b:c\n", b"\0")
texts = st.lists(st.sampled_from(HINTS) | st.binary(max_size=12), max_size=12).map(b"".join)


@settings(max_examples=often(200), deadline=None)
@given(
    st.dictionaries(st.sampled_from(DOCUMENTS), texts),
    st.dictionaries(st.sampled_from(["a.pth", "a.start", "x.data/scripts/a", "demo/a.py"]), texts),
    st.sampled_from([WHEEL_NAME, "", "a.whl", "a-1-b-c-d.whl", "a-b.tar.gz"]),
    st.sampled_from([ArtifactKind.WHEEL, ArtifactKind.SDIST]),
)
def test_whatever_the_documents_say_there_are_facts_and_no_error(
    documents: dict[str, bytes], files: dict[str, bytes], file: str, kind: ArtifactKind
) -> None:
    described = {f"{DIST_INFO}/{name}": data for name, data in documents.items()}
    described["PKG-INFO"] = documents.get("METADATA", b"")
    contents = contents_of({**described, **files}, file, kind)
    for name in OURS:
        for seen in COLLECTORS[name].collect(contents):
            assert isinstance(seen, Fact | Unread)


@pytest.mark.parametrize("kind", [ArtifactKind.WHEEL, ArtifactKind.SDIST])
def test_a_version_of_thousands_of_digits_is_no_error(kind: ArtifactKind) -> None:
    digits = "9" * 5000
    said = f"Name: demo\nVersion: {digits}\n".encode()
    members = {
        f"demo-{digits}.dist-info/METADATA": said,
        f"demo-{digits}/PKG-INFO": said,
        "PKG-INFO": said,
    }
    contents = contents_of(members, f"demo-{digits}-py3-none-any.whl", kind)

    assert distribution.distribution_of(contents).release == ("demo", digits)
    for collector in COLLECTORS.values():
        assert all(isinstance(seen, Fact | Unread) for seen in collector.collect(contents))


MODULE = re.compile(r"(?P<path>.+?)(?:/__init__)?(?:\.py|\.pyc|(?:\.[\w-]+)?\.(?:so|pyd))\Z")


@given(
    st.lists(
        st.sampled_from(
            ("a", "é", "/", "/__init__", "__init__", ".", "\n", "-", "_", "cp-311", " ")
        ),
        max_size=6,
    ).map("".join),
    st.sampled_from(("", ".py", ".pyc", ".pyd", ".so", ".abi3.so", ".PY", ".x.py")),
)
def test_a_file_is_the_module_that_its_name_says(stem: str, ending: str) -> None:
    """As the expression says it, which is slow: it tries each beginning of a path."""
    found = MODULE.match(stem + ending)
    assert python_entry_point._module(stem + ending) == (found["path"] if found else "")  # noqa: SLF001
