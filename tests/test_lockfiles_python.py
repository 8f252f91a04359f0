"""Lockfiles of Python tools: digests, files, sources, groups, includes, and who requires whom."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from auditor.errors import ParseError
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.lockfiles import Document, Format
from auditor.lockfiles._conflicts import sides
from auditor.lockfiles._pypi import digest, host_of
from auditor.lockfiles._requirement_lines import Requirement, items
from auditor.lockfiles._toml import quick_toml

FIXTURES = Path(__file__).parent.parent / "fixtures" / "lockfiles"


def format_of(name: str) -> Format:
    found = importlib.import_module(f"auditor.lockfiles.{name.replace('-', '_')}").FORMAT
    assert isinstance(found, Format)
    return found


def of(name: str, text: str, **beside: str) -> Inventory:
    files = {path.replace("__", "/"): content.encode() for path, content in beside.items()}
    return format_of(name).read(Document(path=f"x/{name}", data=text.encode(), beside=files))


def fixture(case: str, file: str) -> Inventory:
    folder = FIXTURES / case
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.t*")}
    data = (folder / file).read_bytes()
    files.pop(file, None)
    return format_of(case.partition("/")[0]).read(Document(path=file, data=data, beside=files))


def named(inventory: Inventory, name: str, version: str | None = None) -> LockedPackage:
    (found,) = [
        p for p in inventory.packages if p.name == name and version in {None, p.version}
    ]  # fmt: skip
    return found


# -- what they share


@pytest.mark.parametrize(
    ("spelled", "said"),
    [
        ("md5:" + "0" * 32, "md5-" + "A" * 22 + "=="),
        ("sha256:" + "f" * 64, "sha256-" + "/" * 42 + "8="),
        ("SHA256:" + "F" * 64, "sha256-" + "/" * 42 + "8="),
        ("sha256:123", "sha256:123"),
        ("sha256:" + "g" * 64, "sha256:" + "g" * 64),
        ("sha256:" + "é" * 64, "sha256:" + "é" * 64),
        ("nonsense", "nonsense"),
    ],
)
def test_digests_become_base64_where_they_are_digests(spelled: str, said: str) -> None:
    assert digest(spelled) == said


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://user:pw@Corp.example.org:8443/simple", "corp.example.org"),
        ("http://a@b@evil.example/x", "evil.example"),
        ("corp.example.org:8443", "corp.example.org"),
        ("https://[::1]:80/x", "[::1]"),
        ("https://good.example\\@evil.example/", "good.example"),
        ("", ""),
    ],
)
def test_the_host_of_an_address(address: str, host: str) -> None:
    assert host_of(address) == host


def test_a_conflict_has_two_sides() -> None:
    text = "a\n<<<<<<< HEAD\nb\n||||||| base\nx\n=======\nc\n>>>>>>> other\nd\n"
    assert sides(text) == ("a\nb\nd\n", "a\nc\nd\n")
    assert sides("a\n=======\n") is None
    assert sides("<<<<<<< HEAD\na\n") is None


def test_quick_toml_reads_what_toml_says() -> None:
    text = 'a = "x"\nb = [\n    {file = "it\'s", hash = "h"},\n    {file = "f", size = 1},\n]\n'
    assert quick_toml(text) == {
        "a": "x",
        "b": [{"file": "it's", "hash": "h"}, {"file": "f", "size": 1}],
    }


@pytest.mark.parametrize(
    "text", ["a." * 99 + "a = 1", "[" + "a." * 99 + "a]", "x = {" + "'a' . " * 99 + "a = 1}"]
)
def test_keys_of_very_many_parts_are_refused(text: str) -> None:
    with pytest.raises(ParseError, match="more than 64 parts"):
        quick_toml(text)


def test_many_dots_in_a_text_are_no_key() -> None:
    assert quick_toml('a = "' + "." * 99 + '"') == {"a": "." * 99}


@pytest.mark.parametrize("name", ["poetry", "uv", "pdm", "pylock"])
@pytest.mark.parametrize("table", ["package", "packages"])
def test_a_wrong_entry_is_noted_and_the_rest_is_read(name: str, table: str) -> None:
    if (table == "packages") != (name == "pylock"):
        return
    text = f"[[{table}]]\nname = 'a'\nversion = 7\n[[{table}]]\nname = 'b'\nversion = '1'\n"
    found = of(name, f"{text}[[{table}]]\nversion = '1'\n")
    assert [(p.name, p.version, p.line) for p in found.packages] == [("b", "1", 4)]
    about = [(place, reason) for place, reason in found.unread if place.startswith(table)]
    assert [place for place, _ in about] == [f"{table}[0]", f"{table}[2]"]
    assert "'version'" in about[0][1]


@pytest.mark.parametrize("name", ["poetry", "uv", "pdm"])
def test_one_name_ten_thousand_times_takes_no_square_time(name: str) -> None:
    entry = "[[package]]\nname='a'\nversion='1'\ndependencies=[{name='a'}]\n"
    found = of(name, entry * 5_000)
    assert len(found.by_id) == 5_000
    assert sum(len(p.requires) for p in found.packages) <= 5_000


# -- one by one


def test_poetry_1() -> None:
    found = fixture("poetry/1.1", "poetry.lock")
    assert [len(p.integrity) for p in found.packages] == [2, 0, 0]
    assert named(found, "PySocks").dev
    assert [e.target for e in named(found, "requests").requires] == [
        "urllib3@2.2.0",
        "PySocks@1.7.1",
    ]
    assert [(e.name, e.wants, e.dev) for e in found.roots] == [
        ("Requests", "^2.0", False),
        ("pysocks", "*", True),
    ]
    assert named(found, "requests").direct
    assert not named(found, "urllib3").direct


def test_poetry_2() -> None:
    found = fixture("poetry/2.1", "poetry.lock")
    assert found.indexes == ("https://pypi.example.org/simple",)
    assert named(found, "numpy", "2.1.0").resolved == "https://pypi.example.org/simple"
    assert not named(found, "numpy", "2.1.0").dev
    lib = named(found, "lib")
    assert (lib.origin, lib.dev) == (Origin.GIT, True)
    assert lib.resolved == "https://git.example.org/o/lib.git#" + "a" * 40
    assert {e.target for e in lib.requires} == {"numpy@1.26.4", "numpy@2.1.0"}
    assert named(found, "local").origin is Origin.FILE


def test_uv() -> None:
    found = fixture("uv/workspace", "uv.lock")
    assert found.format_version == "1.3"
    assert {p.name for p in found.packages if p.origin is Origin.WORKSPACE} == {"app", "member"}
    blinker = named(found, "blinker")
    assert blinker.files == tuple(
        f"https://files.example.org/packages/blinker-1.9.0{end}"
        for end in (".tar.gz", "-py3-none-any.whl", "-py2-none-any.whl")
    )
    assert blinker.unhashed == blinker.files[2:]
    assert len(blinker.integrity) == 2
    assert blinker.published == "2024-11-08T17:25:46.184Z"
    assert {p.name for p in found.packages if p.dev} == {"pytest", "pluggy"}
    assert found.indexes == ("https://pypi.example.org/simple", "../wheels")
    assert next((e.name, e.wants) for e in found.roots) == ("blinker", ">=1.9")
    assert [e.target for e in named(found, "member").requires] == ["from-git@0.3.0", "numpy@1.26.4"]
    assert named(found, "from-git").origin is Origin.GIT
    assert named(found, "pluggy").origin is Origin.URL


def test_both_sides_of_a_merge_conflict_count() -> None:
    found = fixture("uv/conflict", "uv.lock")
    assert [p.kind for p in found.problems] == ["merge-conflict"]
    assert [p.version for p in found.packages] == ["1.82.6", "1.82.8"]


def test_pdm() -> None:
    found = fixture("pdm/4.5", "pdm.lock")
    assert [p.id for p in found.packages][:2] == ["requests@2.32.3", "requests[socks]@2.32.3"]
    assert named(found, "certifi").dev
    assert named(found, "certifi").unhashed == ("certifi-2025.1.31.tar.gz",)
    assert named(found, "lib").resolved == "https://git.example.org/o/lib.git#" + "a" * 40
    assert named(found, "local").origin is Origin.FILE
    assert found.packages[0].files == ("https://files.example.org/requests-2.32.3.tar.gz",)
    assert len(fixture("pdm/3.1", "pdm.lock").packages[0].integrity) == 1


def test_pylock() -> None:
    found = fixture("pylock/1.0", "pylock.toml")
    assert found.unread == ()
    assert named(found, "attrs").published == "2025-01-25T11:30:10.164985+00:00"
    assert named(found, "cattrs").dev
    assert named(found, "cattrs").integrity[0].startswith("sha512-")
    assert [e.target for e in named(found, "cattrs").requires] == ["attrs@25.1.0"]
    assert named(found, "from-git").origin is Origin.GIT
    assert named(found, "local").origin is Origin.FILE
    assert named(found, "zipped").origin is Origin.URL


def test_pylock_notes_what_the_standard_refuses_and_reads_the_rest() -> None:
    found = of("pylock", "[[packages]]\nname = 'a'\nversion = '1'\n")
    assert [p.name for p in found.packages] == ["a"]
    assert "refused by the standard" in found.unread[0][1]
    with pytest.raises(ParseError, match="refused by the standard"):
        of("pylock", "a = 1\n")


def test_pipfile() -> None:
    found = fixture("pipfile/categories", "Pipfile.lock")
    assert found.sections == {"default": 5, "develop": 1, "docs": 1}
    assert named(found, "requests").resolved == "http://user:pw@corp.example.org:8080/simple"
    assert named(found, "requests").integrity[1] == "md5:short"
    assert named(found, "pytest").dev
    assert named(found, "lib").origin is Origin.GIT
    assert named(found, "local").origin is Origin.FILE
    assert named(found, "zipped").origin is Origin.URL
    assert len(found.indexes) == 2
    assert [(p.kind, p.subject) for p in found.problems] == [("trusted-host", "corp.example.org")]


def test_a_package_that_stands_twice_in_a_pipfile_lock_counts_twice() -> None:
    found = of(
        "pipfile",
        '{"_meta": {}, "default": {"a": {"version": "==1"}, "a": {"version": "==2"}}}',
    )
    assert [p.version for p in found.packages] == ["1", "2"]
    assert [p.kind for p in found.problems] == ["duplicate-key"]


def test_conda_lock() -> None:
    found = fixture("conda-lock/1", "conda-lock.yml")
    python = named(found, "python")
    assert (python.ecosystem, python.line, len(python.integrity)) == ("conda", 14, 2)
    assert [e.target for e in python.requires] == ["conda linux-64: openssl@3.2.0"]
    litellm = named(found, "litellm")
    assert (litellm.ecosystem, litellm.dev) == ("pypi", True)
    assert litellm.files == ("https://files.example.org/litellm-1.82.8-py3-none-any.whl",)
    assert found.indexes == ("conda-forge",)


# -- requirements


def test_requirements() -> None:
    found = fixture("requirements/all", "requirements.txt")
    assert found.sections == {
        "requirements.txt": 17,
        "requirements/more.txt": 1,
        "requirements/constraints.txt": 1,
    }
    blinker = named(found, "blinker")
    assert (blinker.line, len(blinker.integrity)) == (12, 2)
    assert found.indexes == (
        "https://pypi.example.org/simple",
        "https://user:pw@Corp.example.org:8443/simple",
        "./wheels",
    )
    assert [(p.kind, p.subject, p.line) for p in found.problems] == [
        ("extra-index", "corp.example.org", 7),
        ("trusted-host", "corp.example.org", 8),
    ]
    assert [place for place, _ in found.unread] == [
        "requirements.txt line 4",
        "requirements.txt line 5",
        "requirements.txt line 32",
    ]
    assert named(found, "flask").origin is Origin.GIT
    assert named(found, "y").resolved.endswith("@" + "a" * 40 + "#egg=y")
    assert named(found, "requests").origin is Origin.URL
    assert named(found, "requests").resolved.endswith("#sha256=" + "c" * 64)
    assert named(found, "wheel_pkg").origin is Origin.FILE


@pytest.mark.parametrize(
    ("line", "name", "version"),
    [
        ("a==1.0", "a", "1.0"),
        ("a == 1.0", "a", "1.0"),
        ("a===1.0", "a", "1.0"),
        ("a==v1.0", "a", "v1.0"),
        ("a (==1.0)", "a", "1.0"),
        ("a[x, y]==1.0;python_version<'3'", "a", "1.0"),
        ("a==1.0#no-blank", "a", "1.0"),
        ("a==1!2.0+l.1", "a", "1!2.0+l.1"),
        ("a>=1,==1.5", "a", "1.5"),
        ("a==1.0 --hash=sha256:12 --config-settings=x", "a", "1.0"),
        ("a--b==1.0", "a--b", "1.0"),
        ("a==1.*", "a", ""),
        ("a==${V}", "a", ""),
        ("a=={{ v }}", "a", ""),
        ("a==1.${V}", "a", ""),
        ("a!=1", "a", ""),
        ("a", "a", ""),
        ("a;x=='y'", "a", ""),
        ("a @ https://h.example/b-2.0.tar.gz", "a", ""),
        ("git+ssh://git@h.example/o/r.git@v1", "r", ""),
        ("https://h.example/a_b-2.0-py3-none-any.whl", "a_b", "2.0"),
        ("./dist/a-b-2.0.tar.gz", "a-b", "2.0"),
        ("C:\\x\\a-1.0-py3-none-any.whl", "a", "1.0"),
        ("-e ./folder/pkg", "pkg", ""),
        ("--editable=git+https://h.example/r#egg=q[x]", "q", ""),
    ],
)
def test_what_a_line_asks_for(line: str, name: str, version: str) -> None:
    (found,) = items(line)
    assert isinstance(found, Requirement)
    assert (found.name, found.version) == (name, version)


def test_includes_form_no_loop_and_end_at_ten_levels() -> None:
    files = {f"r{n}.txt": f"p{n}==1\n-r r{n + 1}.txt\n-r r{n}.txt\n" for n in range(1, 20)}
    found = of("requirements", "-r r1.txt\n", **files)
    assert [p.name for p in found.packages] == [f"p{n}" for n in range(1, 11)]
    assert len(found.unread) == 1
    assert "10 levels" in found.unread[0][1]


@pytest.mark.parametrize(
    "path", ["../a.txt", "/a.txt", "x/../../a.txt", "https://h.example/a", "C:\\a"]
)
def test_includes_stay_inside(path: str) -> None:
    found = of("requirements", f"-r {path}\n", **{"a.txt": "a==1\n"})
    assert found.packages == ()
    assert "outside" in found.unread[0][1]


def test_a_file_of_other_lines_is_one_gap_and_a_sum() -> None:
    found = of("requirements", "what is this?\n" * 1000)
    assert len(found.unread) == 21
    assert "980 more" in found.unread[20][1]


def test_utf_16_without_a_mark_is_refused() -> None:
    with pytest.raises(ParseError, match="UTF-16 text without a byte order mark"):
        of("requirements", "a\0=\0=\0")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a==1\nb\n", True),
        ("# c\n-r x.txt\n", True),
        ("a==1 \\\n  --hash=sha256:1\n", True),
        ("just some words of prose\nand more of them\n", False),
        ("licence\n", False),
        ("name = 'x'\nversion = '1'\n", False),
        ('{"a": 1}', False),
        ('a@^1.0.0:\n  version "1.0.0"\n', False),
        ("", False),
    ],
)
def test_requirements_are_told_by_content(text: str, told: bool) -> None:  # noqa: FBT001
    assert format_of("requirements").recognises(text) is told


def test_a_lockfile_of_cargo_is_none_of_pythons() -> None:
    cargo = (
        "# This file is automatically @generated by Cargo.\nversion = 3\n\n[[package]]\n"
        'name = "adler"\nversion = "1.0.2"\nsource = "registry+https://crates.example.org/index"\n'
    )
    assert [n for n in ("poetry", "uv", "pdm", "pylock") if format_of(n).recognises(cargo)] == []
