"""The quick ways of reading and judging lockfiles give what the thorough ones give."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import fastpaths, jsondoc, lockfiles, lockscan
from auditor.errors import InputError
from auditor.inventory import Inventory, LockedPackage
from auditor.limits import Limits
from auditor.lockfiles import (
    Document,
    _berry_entries,
    _package_lock_plain,
    _pnpm_written,
    _toml,
    _toml_lines,
    _toml_packages,
    poetry,
    uv,
    yarn_classic,
)
from auditor.match import Condition, Where, possible, predicate
from auditor.usual import usual

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.lockfiles._toml_packages import Plain
    from auditor.model import Report

FIXTURES = Path(__file__).parent.parent / "fixtures" / "lockfiles"
FILES = sorted(
    path for path in FIXTURES.rglob("*") if path.is_file() and path.name != "expected.json"
)
HOST = "https://registry.example.org"
DIGEST = "sha512-" + "A" * 86 + "=="
OTHER = "sha512-" + "B" * 86 + "=="


def read(document: Document) -> Inventory | str:
    try:
        return lockfiles.read(document)
    except InputError as problem:
        return f"{type(problem).__name__}: {problem}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_readers_agree_on_every_fixture(path: Path) -> None:
    beside = {one.name: one.read_bytes() for one in path.parent.iterdir() if one.is_file()}
    document = Document(path=path.name, data=path.read_bytes(), beside=beside)
    with fastpaths.taken(fastpaths.OFF):
        thorough = read(document)
    assert read(document) == thorough


# -- package-lock


def entry(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    base = name.rpartition("/")[2]
    found = {"version": "1.0.0", "resolved": f"{HOST}/{name}/-/{base}-1.0.0.tgz"}
    return {**found, "integrity": DIGEST, **more}


def locked(changed: dict[str, Any], place: str = "node_modules/kit") -> str:
    """Return a lockfile of three packages, of which one is as told."""
    entries: dict[str, Any] = {
        "": {"name": "own", "dependencies": {"kit": "^1.0.0", "lodash": "^1.0.0"}},
        "node_modules/@acme/tool": entry("@acme/tool", dev=True),
        place: changed,
        "node_modules/lodash": entry("lodash", dependencies={"@acme/tool": "^1.0.0"}),
    }
    lock = {"name": "own", "lockfileVersion": 3, "packages": entries}
    return json.dumps(lock, indent=2)


CHANGES: list[dict[str, Any]] = [
    {},
    {"resolved": f"{HOST}/kit/-/kit-2.0.0.tgz"},
    {"resolved": f"{HOST}/other/-/other-1.0.0.tgz"},
    {"resolved": f"{HOST}/kit/-/../kit/-/kit-1.0.0.tgz"},
    {"resolved": HOST},
    {"resolved": "https://elsewhere.example/kit/-/kit-1.0.0.tgz"},
    {"resolved": "http://registry.example.org/kit/-/kit-1.0.0.tgz"},
    {"resolved": "https://user:word@registry.example.org/kit/-/kit-1.0.0.tgz"},
    {"resolved": "git+https://registry.example.org/kit.git#main"},
    {"resolved": ""},
    {"resolved": None},
    {"resolved": 3},
    {"integrity": ""},
    {"integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
    {"integrity": "sha512-short"},
    {"integrity": f"{DIGEST} {OTHER}"},
    {"integrity": ["sha512"]},
    {"version": "1.0.0-security"},
    {"version": "0.0.1-security"},
    {"version": "1.0"},
    {"version": ""},
    {"version": 1},
    {"name": "real"},
    {"name": "lodash", "resolved": f"{HOST}/lodash/-/lodash-1.0.0.tgz", "integrity": OTHER},
    {"name": "lodash", "resolved": f"{HOST}/lodash/-/lodash-1.0.0.tgz"},
    {"deprecated": "do not use it"},
    {"deprecated": 'says: "no" \\ at all'},
    {"deprecated": True},
    {"hasInstallScript": True},
    {"inBundle": True},
    {"inBundle": True, "integrity": ""},
    {"link": True, "resolved": "../kit"},
    {"dev": True, "optional": True},
    {"devOptional": "yes"},
    {"dependencies": {"lodash": "^2.0.0"}},
    {"dependencies": {"lodash": "npm:other@^1.0.0"}},
    {"dependencies": {"lodash": "github:acme/lodash"}},
    {"dependencies": {"lodash": 1}},
    {"dependencies": ["lodash"]},
    {"peerDependencies": {"lodash": "^9.0.0"}},
    {"optionalDependencies": {"nobody": "^9.0.0"}},
]
PLACES = ["node_modules/kit", "node_modules/lodash/node_modules/kit", "packages/kit", "kit", ""]


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("place", PLACES)
def test_npms_lockfile_is_read_and_judged_alike(
    change: dict[str, Any], place: str, tmp_path: Path
) -> None:
    text = locked({k: v for k, v in {**entry("kit"), **change}.items() if v is not None}, place)
    document = Document(path="package-lock.json", data=text.encode())
    with fastpaths.taken(fastpaths.OFF):
        thorough = read(document)
    assert read(document) == thorough
    file = tmp_path / "package-lock.json"
    file.write_text(text)
    assert judged(file) == judged(file, fastpaths.OFF)


def judged(file: Path, those: fastpaths.FastPaths = fastpaths.ON) -> Report:
    with fastpaths.taken(those):
        return lockscan.scan(lockscan.LockRequest(targets=(str(file),), records=False, users=()))


def test_what_npm_writes_takes_the_quick_way() -> None:
    text = locked(entry("kit"))
    lock = _package_lock_plain.PlainLock(Document(path="", data=text.encode()), text)
    assert [package.line for package in lock.packages or ()] == [12, 18, 23]


YARN = """# yarn lockfile v1


"@acme/tool@^1.0.0", "@acme/tool@^1.1.0":
  version "1.1.0"
  resolved "https://registry.example.org/@acme/tool/-/tool-1.1.0.tgz#01234567"
  integrity sha512-AAAA==
  dependencies:
    "@acme/other" "^1.0.0"
    kit ">= 1 < 3 || ^4"
  optionalDependencies:
    more "*"

kit@^1.0.0:
  version "1.0.0"
  resolved "https://registry.example.org/kit/-/kit-1.0.0.tgz"

real@npm:kit@^2:
  version "2.0.0"
"""


@given(st.lists(st.sampled_from(YARN.splitlines(keepends=True)), max_size=14).map("".join))
def test_whatever_lines_a_yarn_lock_has_it_is_read_alike(text: str) -> None:
    document = Document(path="yarn.lock", data=text.encode())
    with fastpaths.taken(fastpaths.OFF):
        thorough = read(document)
    assert read(document) == thorough


def test_what_yarn_writes_takes_the_quick_way() -> None:
    assert [block.line for block in yarn_classic.written(YARN) or ()] == [4, 14, 18]


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("kit@^1.0.0:", "kit@^1.0.0: # why"),
        ("kit@^1.0.0:", '"kit@>1, <2":'),
        ('version "1.0.0"', "version 1.0.0"),
        ('  version "1.0.0"\n', '  version "1.0.0"\n  version "1.0.1"\n'),
        ('    more "*"\n', '    more "*"\n    more "1"\n'),
        ('more "*"', "more: *"),
        ("kit-1.0.0.tgz", "k\0t-1.0.0.tgz"),
        ("\n", "\r\n"),
        ("  version", "\tversion"),
        ("optionalDependencies", "peerDependencies"),
    ],
)
def test_what_yarn_does_not_write_is_left_to_the_reader_of_lines(before: str, behind: str) -> None:
    text = YARN.replace(before, behind)
    assert text != YARN
    assert yarn_classic.written(text) is None
    document = Document(path="yarn.lock", data=text.encode())
    with fastpaths.taken(fastpaths.OFF):
        thorough = read(document)
    assert read(document) == thorough


SHA1 = "01234567" * 5


@pytest.mark.parametrize(
    ("header", "resolved", "release"),
    [
        ("kit@^1.0.0", f"{HOST}/kit/-/kit-1.0.0.tgz#{SHA1}", "kit"),
        ("kit@^1.0.0, kit@latest", f"{HOST}/kit/-/kit-1.0.0.tgz", "kit"),
        ('"@acme/kit@^1"', f"{HOST}/@acme/kit/-/kit-1.0.0.tgz#{SHA1}", "@acme/kit"),
        ("kit@^1.0.0, kat@^1.0.0", f"{HOST}/kit/-/kit-1.0.0.tgz", ""),
        ("kit@^1.0.0, xkit@^1.0.0", f"{HOST}/kit/-/kit-1.0.0.tgz", ""),
        ("kit@^1.0.0, kit", f"{HOST}/kit/-/kit-1.0.0.tgz", ""),
        ("kit", f"{HOST}/kit/-/kit-1.0.0.tgz", ""),
        ('"kit@npm:real@^1.0.0"', f"{HOST}/real/-/real-1.0.0.tgz", ""),
        ("kit@acme/kit", f"{HOST}/kit/-/kit-1.0.0.tgz", ""),
        ('"kit@file:../kit"', f"{HOST}/kit/-/kit-1.0.0.tgz", ""),
        ("Kit@^1.0.0", f"{HOST}/Kit/-/Kit-1.0.0.tgz", ""),
        ("../kit@^1.0.0", f"{HOST}/kit/-/kit-1.0.0.tgz", ""),
        ("kit@^1.0.0", f"{HOST}/kit/-/kit-1.0.0.tgz#main", "kit"),
        ('"kit@>= 1 < 3 || ^4", kit@^1.0.0', f"{HOST}/kit/-/kit-1.0.0.tgz", "kit"),
        ("kit@^1.0.0", f"{HOST}/kit/-/kit-1.0.0.tgz?x#{SHA1}", ""),
        ("kit@^1.0.0", f"{HOST}/kit-1.0.0.tgz#{SHA1}", ""),
        ("kit@^1.0.0", f"{HOST}/kit/-/kit.git#{SHA1}", ""),
        ("kit@^1.0.0", f"http://registry.example.org/kit/-/kit-1.0.0.tgz#{SHA1}", ""),
        ("kit@^1.0.0", f"git+{HOST}/kit/-/kit-1.0.0.tgz#{SHA1}", ""),
        ("kit@^1.0.0", f"https://codeload.github.com/acme/kit/-/kit.tgz#{SHA1}", "kit"),
        ("kit@^1.0.0", f"https://github.com/acme/kit/-/kit-1.0.0.tgz#{SHA1}", "kit"),
        ("kit@^1.0.0", f"https://github.com/-/kit-1.0.0.tgz#{SHA1}", ""),
        ("kit@^1.0.0", "../kit-1.0.0.tgz", ""),
    ],
)
def test_yarns_entries_are_the_registrys_where_nothing_says_another_thing(
    header: str, resolved: str, release: str
) -> None:
    entry_ = f'{header}:\n  version "1.0.0"\n  resolved "{resolved}"\n  integrity {DIGEST}\n'
    blocks = yarn_classic.written(f"# yarn lockfile v1\n\n\n{entry_}") or ()
    assert [block.release for block in blocks] == [release]
    agree(f"# yarn lockfile v1\n\n\n{entry_}")
    agree(f"# yarn lockfile v1\n\n\n{entry_}\n{entry_}")
    agree(f"# yarn lockfile v1\n\n\n{entry_.replace(resolved, '1.0.0')}")
    agree(f"# yarn lockfile v1\n\n\n{entry_.replace('1.0.0', resolved, 1)}")


BERRY = """# This file is generated by running "yarn install" inside your project.

__metadata:
  version: 8
  cacheKey: 10c0

"@acme/tool@npm:^1.0.0, @acme/tool@npm:^1.1.0":
  version: 1.1.0
  resolution: "@acme/tool@npm:1.1.0"
  dependencies:
    "@acme/other": "npm:^1.0.0"
    kit: "npm:>= 1 < 3 || ^4"
  peerDependencies:
    more: "*"
  dependenciesMeta:
    kit:
      built: true
      optional: true
  bin:
    tool: ./bin/tool.js
  checksum: 10c0/0123abcd
  conditions: os=linux & cpu=x64
  languageName: node
  linkType: hard

? "kit@npm:^1.0.0, kit@npm:^1.1.0"
:
  version: 1.0.0
  resolution: "kit@npm:1.0.0::__archiveUrl=https%3A%2F%2Fregistry.example.org%2Fkit.tgz"
  languageName: node
  linkType: hard

real@^2:
  version: 2.0.0
  resolution: "real@npm:2.0.0"
  dependencies:
    kit: ^1.0.0
  checksum: 0123abcd
  languageName: node
  linkType: hard

"own@workspace:.":
  version: 0.0.0-use.local
  resolution: "own@workspace:."
  dependencies:
    other: "npm:real@^2"
    real: ^2
  languageName: unknown
  linkType: soft

"other@npm:real@^2":
  version: 2.0.0
  resolution: "real@npm:2.0.0"
  languageName: node
  linkType: hard
"""


@given(st.lists(st.sampled_from(BERRY.splitlines(keepends=True)), max_size=14).map("".join))
def test_whatever_lines_a_berry_lock_has_it_is_read_alike(text: str) -> None:
    agree(f"__metadata:\n  version: 8\n\n{text}")


def agree(text: str) -> None:
    """Both ways of reading a yarn.lock give the same."""
    document = Document(path="yarn.lock", data=text.encode())
    with fastpaths.taken(fastpaths.OFF):
        thorough = read(document)
    assert read(document) == thorough


def test_what_berry_writes_takes_the_quick_way() -> None:
    blocks = _berry_entries.written(BERRY) or ()
    assert [block.line for block in blocks] == [3, 7, 27, 33, 42, 51]
    assert [block.release for block in blocks] == ["", "@acme/tool", "", "real", "", ""]


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ('"own@workspace:.":', '"own@workspace:.": # why'),
        ("version: 8", "version: 8 # why"),
        ("  checksum: 0123abcd\n", "  checksum: 0123abcd\n  checksum: 0123abce\n"),
        ("  checksum: 0123abcd\n", "  checksum: *0123abcd\n"),
        ("  checksum: 0123abcd\n", "  checksum: 0123abcd \n"),
        ("  bin:\n", "  dependencies:\n    kit: 1\n  bin:\n"),
        ("    kit: ^1.0.0\n", "    kit: ^1.0.0\n    kit: ^2.0.0\n"),
        ("    kit: ^1.0.0\n", '    kit: ^1.0.0\n    "kit": ^2.0.0\n'),
        ("    kit: ^1.0.0\n", "    kit: &why ^1.0.0\n"),
        ("    kit: ^1.0.0\n", "    kit: ^1.0.0 # why\n"),
        ("    kit: ^1.0.0\n", "    kit: '^1.0.0'\n"),
        ('"@acme/tool@npm:1.1.0"', '"@acme/tool@npm:\\u0031.1.0"'),
        ('"@acme/tool@npm:1.1.0"', "@acme/tool@npm:1.1.0"),
        ("real@^2:\n", "real@^2:\n  extra: 1\n"),
        ("os=linux", "os=li\0ux"),
        ("\n", "\r\n"),
        ("  version", "\tversion"),
    ],
)
def test_what_berry_does_not_write_is_left_to_the_reader_of_lines(before: str, behind: str) -> None:
    text = BERRY.replace(before, behind)
    assert text != BERRY
    assert _berry_entries.written(text) is None
    agree(text)


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("version: 2.0.0", "version: 2.0.1"),
        ("version: 2.0.0", 'version: ""'),
        ("real@npm:2.0.0", "real@npm:2.0.0::x=1"),
        ("real@npm:2.0.0", "Real@npm:2.0.0"),
        ("real@^2:", '"real@^2, unreal@^2":'),
        ("real@^2:", '"real@^2, ":'),
        ("real@^2:", '", ":'),
        ("real@^2:", "__metadata:"),
        ("real@^2:", "kit@npm:^1.0.0:"),
        ('"own@workspace:."', '"real@^2"'),
        ("real@npm:2.0.0", "real@npm:real@npm:2.0.0"),
        ("optional: true", "optional: false"),
        ("0123abcd", "10c0/10c0/0123abcd"),
        ("own@workspace:.", "kit@npm:^1.0.0"),
    ],
)
def test_entries_that_are_no_plain_releases_are_read_alike(before: str, behind: str) -> None:
    text = BERRY.replace(before, behind)
    assert text != BERRY
    agree(text)


PNPM = """lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      kit:
        specifier: ^1.0.0
        version: 1.0.0(more@2.0.0)
    devDependencies:
      '@acme/tool':
        specifier: ^1.0.0
        version: 1.1.0

packages:

  '@acme/tool@1.1.0':
    resolution: {integrity: sha512-AAAA==}
    engines: {node: '>=18', npm: '>=9'}
    cpu: [x64, arm64]
    os: [linux]
    libc: [glibc]
    hasBin: true
    peerDependencies:
      '@acme/other': ^1.0.0 || ^2
      more: '>= 1 < 3'

  kit@1.0.0:
    resolution: {integrity: sha512-BBBB==}
    deprecated: do not use it

  more@2.0.0:
    resolution: {tarball: https://registry.example.org/more/-/more-2.0.0.tgz}
    peerDependenciesMeta:
      kit:
        optional: true

snapshots:

  '@acme/tool@1.1.0':
    dependencies:
      kit: 1.0.0(more@2.0.0)
    optionalDependencies:
      more: 2.0.0
    transitivePeerDependencies:
      - more

  kit@1.0.0(more@2.0.0):
    dependencies:
      more: 2.0.0

  more@2.0.0:
    optional: true
"""


def pnpm_agrees(text: str, *, quick: bool | None = None) -> None:
    """Both ways of reading a pnpm-lock.yaml give the same; `quick` says if it is that one's."""
    document = Document(path="pnpm-lock.yaml", data=text.encode())
    if quick is not None:
        assert (_pnpm_written.written(text, Limits()) is not None) is quick
    with fastpaths.taken(fastpaths.OFF):
        thorough = read(document)
    assert read(document) == thorough


@given(st.lists(st.sampled_from(PNPM.splitlines(keepends=True)), max_size=14).map("".join))
def test_whatever_lines_a_pnpm_lock_has_it_is_read_alike(text: str) -> None:
    pnpm_agrees(f"{PNPM[: PNPM.index('  kit@1.0.0:')]}{text}")
    pnpm_agrees(f"{PNPM}\n{text}")


def test_entries_that_pnpm_writes_take_the_quick_way() -> None:
    pnpm_agrees(PNPM, quick=True)
    inventory = read(Document(path="pnpm-lock.yaml", data=PNPM.encode()))
    assert isinstance(inventory, Inventory)
    assert [package.line for package in inventory.packages] == [17, 28, 32]
    assert [package.deprecated for package in inventory.packages] == ["", "do not use it", ""]


@pytest.mark.parametrize(
    ("before", "behind", "quick"),
    [
        ("'9.0'", "'6.0'", False),
        ("'9.0'", "'9.0'\n\nsnapshots: {}", False),
        ("importers", "---\nimporters", False),
        ("'9.0'", "'9.0'\nlockfileVersion: '9.0'", False),
        ("  kit@1.0.0:\n", "  more@2.0.0:\n", False),
        ("  kit@1.0.0:\n", "  'kit@1.0.0' :\n", False),
        ("  kit@1.0.0:\n", "  &kit kit@1.0.0:\n", False),
        ("    deprecated: do", "    deprecated: |\n      do\n\n      or do", False),
        ("    deprecated: do", "    deprecated: &do do", False),
        ("    deprecated: do not", "    hasBin: true\n    hasBin: false", False),
        ("node: '>=18'", "node: '>=18', node: '>=19'", False),
        ("      more: 2.0.0\n", "      more: 2.0.0\n      more: 2.0.1\n", False),
        ("      more: 2.0.0\n", "      more: 2.0.0\n      'more': 2.0.1\n", False),
        ("\nsnapshots:", "\nsnapshots:\n\nsnapshots:", False),
        ("\nsnapshots:", "\nx:\n\nsnapshots:", False),
        ("\n", "\r\n", False),
        ("    hasBin", "\thasBin", False),
        ("do not use it", "do\u2028not", False),
        ("do not use it", "'do not: use # it'", True),
        ("  kit@1.0.0:\n", "  # why\n  kit@1.0.0:\n", True),
        ("kit@1.0.0:\n", "kit@file:kit:\n", True),
        ("\n\n  more@2.0.0:\n    res", "\n  more@2.0.0:\n    res", True),
        ("sha512-BBBB==}", "sha512-BBBB==, gitHosted: true}", True),
        ("    optional: true\n", "    optional: false\n", True),
        ("  more@2.0.0:\n    optional: true\n", "  more@2.0.0: {}\n", True),
        ("  more@2.0.0:\n    optional: true\n", "  more@2.0.0:\n", True),
        ("  more@2.0.0:\n    optional: true\n", "  more@2.0.0: {}\n\n  ", False),
    ],
)
def test_what_pnpm_seldom_writes_is_read_alike(before: str, behind: str, quick: bool) -> None:  # noqa: FBT001
    text = PNPM.replace(before, behind)
    assert text != PNPM
    pnpm_agrees(text, quick=quick)


def respaced(text: str) -> str:
    return json.dumps(json.loads(text), separators=(",", ":"))


def hidden(text: str) -> str:
    """Return a lockfile whose key is spelled out, with a false one where npm puts keys."""
    false = '\n    "node_modules/kit": {' + '"x": 1},'
    text = text.replace('"node_modules/kit"', '"node\\u005fmodules/kit"')
    return text.replace('"name": "own",\n  "lock', f'"odd": {{{false[:-1]}}},\n  "lock')


@pytest.mark.parametrize("changed", [respaced, hidden, lambda text: text.replace("\n", "\r\n")])
def test_lines_are_those_of_the_walk_however_the_file_iswritten(
    changed: Callable[[str], str],
) -> None:
    document = Document(path="package-lock.json", data=changed(locked(entry("kit"))).encode())
    with fastpaths.taken(fastpaths.OFF):
        thorough = read(document)
    assert read(document) == thorough


# -- what is usual


@pytest.mark.parametrize(
    ("changes", "is_usual"),
    [
        ({}, True),
        ({"resolved": ""}, True),
        ({"resolved": f"{HOST}/npm/kit/-/kit-1.0.0.tgz"}, True),
        (
            {"resolved": f"{HOST}/kit/-/kit-1.0.0.tgz#0123456789012345678901234567890123456789"},
            True,
        ),
        ({"version": "1.0.0-beta.1", "resolved": f"{HOST}/kit/-/kit-1.0.0-beta.1.tgz"}, True),
        ({"resolved": HOST}, False),
        ({"resolved": f"{HOST}/a..b/kit/-/kit-1.0.0.tgz"}, False),
        ({"resolved": f"{HOST}/%6bit/-/kit-1.0.0.tgz"}, False),
        ({"resolved": "https://github.com/kit/-/kit-1.0.0.tgz"}, False),
        ({"resolved": "https://u:p@registry.example.org/kit/-/kit-1.0.0.tgz"}, False),
        ({"name": "kit.git", "resolved": f"{HOST}/kit.git/-/kit.git-1.0.0.tgz"}, False),
        ({"version": "0.0.1-security", "resolved": ""}, False),
        ({"integrity": ()}, False),
        ({"integrity": (DIGEST, OTHER)}, False),
        ({"integrity": (DIGEST.replace("=", ""),)}, False),
        ({"alias": "other"}, False),
        ({"install_script": True}, False),
        ({"bundled": True}, False),
        ({"deprecated": "yes"}, False),
        ({"ecosystem": "conda"}, False),
    ],
)
def test_usual_is_what_nothing_more_is_to_be_asked_about(
    changes: dict[str, Any],
    is_usual: bool,  # noqa: FBT001
) -> None:
    fields: dict[str, Any] = {
        "id": "kit",
        "ecosystem": "npm",
        "name": "kit",
        "version": "1.0.0",
        "resolved": f"{HOST}/kit/-/kit-1.0.0.tgz",
        "integrity": (DIGEST,),
    }
    package = LockedPackage(**{**fields, **changes})
    found = usual(Inventory(path="", format="", packages=(package,)))
    assert (found.places[0] is not None) is is_usual


PYPI = "sha256-" + "A" * 43 + "="
FILE = "https://files.example.org/packages/ab"


@pytest.mark.parametrize(
    ("changes", "is_usual"),
    [
        ({}, True),
        ({"files": ()}, True),
        ({"files": (f"{FILE}/some-kit-1.0.tar.gz",)}, True),
        ({"files": (f"{FILE}/some_kit-1.0-1-cp311-cp311-manylinux_2_17_x86_64.whl",)}, True),
        ({"files": (f"{FILE}/some_kit-1.1-py3-none-any.whl",)}, False),
        ({"files": (f"{FILE}/some_kit-1.0.exe",)}, False),
        ({"files": (f"{FILE}/other-1.0-py3-none-any.whl",)}, False),
        ({"files": (f"{FILE}/some_kit-1.0.tar.gz?x", f"{FILE}/some_kit-1.0.tar.gz")}, False),
        ({"files": (f"{FILE}/../some_kit-1.0.tar.gz",)}, False),
        ({"files": (f"{FILE}//some_kit-1.0.tar.gz",)}, False),
        ({"files": (f"{FILE}/kit.git/some_kit-1.0.tar.gz",)}, False),
        ({"files": (f"{FILE}/a.tar.gz\n{FILE}/some_kit-1.0.tar.gz",)}, False),
        ({"files": ("http://files.example.org/some_kit-1.0.tar.gz",)}, False),
        ({"files": ("https://u@files.example.org/some_kit-1.0.tar.gz",)}, False),
        (
            {
                "files": (
                    f"{FILE}/some_kit-1.0.tar.gz",
                    "https://elsewhere.example.org/some_kit-1.0-py3-none-any.whl",
                ),
                "integrity": (PYPI, PYPI),
            },
            False,
        ),
        ({"integrity": ("md5-AAAAAAAAAAAAAAAAAAAAAA==",)}, False),
        ({"integrity": ()}, False),
        ({"name": "Some.Kit"}, False),
        ({"version": "1.0+local"}, False),
        ({"resolved": f"{HOST}/other-1.0.tar.gz"}, False),
        ({"unhashed": ("x",)}, False),
    ],
)
def test_usual_projects_have_files_that_are_called_like_them(
    changes: dict[str, Any],
    is_usual: bool,  # noqa: FBT001
) -> None:
    fields: dict[str, Any] = {
        "id": "some-kit",
        "ecosystem": "pypi",
        "name": "some-kit",
        "version": "1.0",
        "resolved": f"{HOST}/simple",
        "integrity": (PYPI,),
        "files": (f"{FILE}/some_kit-1.0-py3-none-any.whl",),
    }
    package = LockedPackage(**{**fields, **changes})
    found = usual(Inventory(path="", format="", packages=(package,)))
    assert (found.places[0] is not None) is is_usual


# -- rules of which only some fields are known

FIELDS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["x", "y", True, False, 1, 5]))
CONDITIONS = st.builds(
    Condition,
    field=st.sampled_from("abc"),
    operator=st.just("equals"),
    operands=st.lists(st.sampled_from(["x", "y", True, 5]), min_size=1, max_size=2).map(tuple),
)
WHERES = st.recursive(
    st.builds(Where, conditions=st.lists(CONDITIONS, max_size=2).map(tuple)),
    lambda inner: st.builds(
        Where,
        conditions=st.lists(CONDITIONS, max_size=1).map(tuple),
        any=st.lists(inner, max_size=2).map(tuple),
        none=st.lists(inner, max_size=2).map(tuple),
    ),
    max_leaves=5,
)


class Some:  # noqa: D101 - a fact of three fields
    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update({"a": "x", "b": True, "c": 5} | fields)


@given(WHERES, FIELDS, st.sets(st.sampled_from("abc")))
def test_what_cannot_hold_by_some_fields_does_not_hold_by_all(
    where: Where, fields: dict[str, Any], told: set[str]
) -> None:
    fact = Some(fields)
    known = {name: getattr(fact, name) for name in told}
    if predicate(where)(fact):
        assert possible(where)(known)
    whole = {name: getattr(fact, name) for name in "abc"}
    assert possible(where)(whole) is predicate(where)(fact)


# -- JSON in which no key stands twice

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(':"\\ {}[],ab\u00e9\ud800\n', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(':"\\ab', max_size=3), inner)
    ),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, (",", ":"), (" , ", " : ")]), st.booleans())
def test_json_is_the_same_both_ways(
    value: object,
    signs: tuple[str, str] | None,
    plain: bool,  # noqa: FBT001
) -> None:
    text = json.dumps(value, separators=signs, ensure_ascii=plain)
    with fastpaths.taken(fastpaths.OFF):
        thorough = jsondoc.parsed(text)
    assert jsondoc.parsed(text) == thorough
    assert repr(jsondoc.parsed(text)) == repr(thorough)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "c": [{"d": 1, "d": "x"}]}}',
        '{"a": ":", "a": 1}',
        '{"a" : 1, "a":2, ":": 3}',
        '{"a": "\\"", "a": "x"}',
        '{"\\u0061": 1, "a": 2}',
        '{"a": "\\\\", "a": "\\\\\\""}',
    ],
)
def test_a_key_that_stands_twice_is_seen_whatever_is_around_it(text: str) -> None:
    assert jsondoc.simple(text, Limits()) is None
    assert jsondoc.has_repeated(jsondoc.parsed(text))


# -- TOML line by line

UV = """version = 1
requires-python = ">=3.11"

[[package]]
name = "kit"
source = { registry = "https://registry.example.org/simple" }
dependencies = [
    { name = "other", marker = "sys_platform == 'win32'" },
]
wheels = [
    { url = "https://files.example.org/kit-1.0-py3-none-any.whl", hash = "sha256:ab", size = 12 },
]

[package.optional-dependencies]
all = [
    { name = "more" },
]

[package.metadata]
requires-dist = [{ name = "other" }]

[[package]]
name = "other"
optional = true
markers = "python_version < \\"3.8\\""
extras = ["a", "b"]

[metadata]
"quoted.key" = "x"
"""


def test_lines_that_writers_print_are_read_as_tomllib_reads_them() -> None:
    text = UV.replace('requires-dist = [{ name = "other" }]', "requires-dist = []")
    assert _toml_lines.read(text) == tomllib.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        'a = "x"\na = "y"\n',
        "[a]\n[a]\n",
        "a = { b = 1 }\n[a.c]\n",
        "a = [\n]\n[[a]]\n",
        "[[a]]\n[a]\n",
        "[a]\n[[a]]\n",
        "[a.b]\n",
        "a = { b = 1, b = 2 }\n",
        'a = "x" # why\n',
        'a = "\\u0041"\n',
        "a = '''\nb = 1\n'''\n",
        'a = """\nb = "1"\n"""\n',
        "a = 01\n",
        "a = 1_000\n",
        "a = 2026-01-01\n",
        "a.b = 1\n",
        "a = [\n    1,\n",
        "a = [\n    [],\n    {},\n]\n",
        "\ta = 1\n",
        'a = "x\x07"\n',
        "a\n",
        "[a.b.c.d.e.f.g]\n",
    ],
)
def test_lines_that_are_anything_else_are_left_to_tomllib(text: str) -> None:
    assert _toml_lines.read(text) is None


@given(st.lists(st.sampled_from(UV.splitlines()), max_size=12).map("\n".join))
def test_whatever_lines_stand_behind_each_other_the_answer_is_tomllibs(text: str) -> None:
    found = _toml_lines.read(text)
    assert found is None or found == tomllib.loads(text)


@pytest.mark.parametrize("sign", ["\t", "\r", "\0", "\x1f", "\x7f"])
def test_no_control_sign_is_read_by_lines(sign: str) -> None:
    assert _toml_lines.read(f'a = "x{sign}"\n') is None
    assert _toml_lines.read('a = "x\x80\u2028"\n') == {"a": "x\x80\u2028"}


# -- packages of TOML by what stands around their texts

AB = "sha256:" + "ab" * 32
CD = "sha256:" + "cd" * 32
UV_LOCK = f"""version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "kit"
version = "1.0"
source = {{ registry = "https://registry.example.org/simple" }}
dependencies = [
    {{ name = "other", marker = "sys_platform == 'win32'" }},
    {{ name = "third", extra = ["more"] }},
]
sdist = {{ url = "{FILE}/kit-1.0.tar.gz", hash = "{AB}", size = 12, upload-time = "2025-02-01" }}
wheels = [
    {{ url = "{FILE}/kit-1.0-any.whl", hash = "{CD}", size = 9, upload-time = "2025-01-01" }},
]

[package.optional-dependencies]
all = [
    {{ name = "third" }},
]

[[package]]
name = "other"
version = "2.0"
source = {{ registry = "https://registry.example.org/simple" }}
sdist = {{ url = "{FILE}/other-2.0.tar.gz", hash = "{AB}" }}

[[package]]
name = "own"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "kit" }},
]

[package.metadata]
requires-dist = [{{ name = "kit", specifier = ">=1" }}]

[[package]]
name = "third"
version = "3.0"
source = {{ registry = "https://registry.example.org/simple" }}
resolution-markers = [
    "python_full_version >= '3.12'",
    "python_full_version < '3.12'",
]
dependencies = [
    {{ name = "kit", version = "1.0", source = {{ registry = "{HOST}/simple" }}, extra = ["all"] }},
    {{ name = "other", version = "2.0", source = {{ registry = "{HOST}/simple" }}, marker = "os" }},
]
wheels = [
    {{ url = "{FILE}/third-3.0-py3-none-any.whl", hash = "{CD}", size = 0 }},
]
"""
POETRY_LOCK = f"""# This file is automatically @generated by Poetry 2.1.1.

[[package]]
name = "kit"
version = "1.0"
description = "Says \\"kit\\""
optional = false
python-versions = ">=3.8"
groups = ["main", "dev"]
markers = "python_version >= \\"3.10\\""
files = [
    {{file = "kit-1.0-py3-none-any.whl", hash = "{AB}"}},
    {{file = "kit-1.0.tar.gz", hash = "{CD}"}},
]

[package.dependencies]
other = ">=2"
third = "*"

[package.extras]
all = ["third (>=1)"]

[[package]]
name = "other"
version = "2.0"
description = ""
optional = true
python-versions = "*"
groups = ["dev"]
files = [
    {{file = "other-2.0.tar.gz", hash = "{AB}"}},
]

[package.dependencies]
third = {{version = "*", markers = "python_version < \\"3.9\\""}}

[[package]]
name = "third"
version = "3.0"
description = "Third"
optional = false
python-versions = "*"
files = [
    {{file = "third-3.0.tar.gz", hash = "{CD}"}},
]

[package.dependencies]
kit = {{version = ">=1", extras = ["all", "more"], optional = true, markers = "os == \\"nt\\""}}
other = "*"

[package.extras]
all = []
more = ["other (>=2)", "kit"]

[package.source]
type = "legacy"
url = "https://registry.example.org/simple"
reference = "mirror"

[[package]]
name = "last"
version = "4.0"
description = "Last"
optional = false
python-versions = "*"
files = []

[metadata]
lock-version = "2.1"
python-versions = ">=3.8"
content-hash = "{"ab" * 32}"
"""
BY_NAME = {"uv.lock": UV_LOCK, "poetry.lock": POETRY_LOCK}


def agreed(name: str, text: str) -> Inventory | str:
    """Return what a lockfile is read as, either way."""
    document = Document(path=name, data=text.encode())
    with fastpaths.taken(fastpaths.OFF):
        thorough = read(document)
    assert read(document) == thorough
    return thorough


def test_what_uv_and_poetry_write_is_plain() -> None:
    written = _toml.quick_packages(UV_LOCK, Limits(), uv.PLAIN)
    assert {index: package.line for index, package in written.plain.items()} == {0: 5, 1: 23, 3: 39}
    assert written.lines == _toml.header_lines(UV_LOCK, "package")
    written = _toml.quick_packages(POETRY_LOCK, Limits(), poetry.PLAIN)
    assert {index: package.line for index, package in written.plain.items()} == {0: 3, 1: 23, 2: 37}
    assert written.lines == _toml.header_lines(POETRY_LOCK, "package")


@pytest.mark.parametrize(
    ("text", "plain", "odd"),
    [(UV_LOCK, uv.PLAIN, "own"), (POETRY_LOCK, poetry.PLAIN, "last")],
    ids=BY_NAME,
)
def test_all_tables_of_a_plain_package_are_read_at_once(text: str, plain: Plain, odd: str) -> None:
    asked: list[str] = []

    def toml(part: str) -> dict[str, Any]:
        asked.append(part)
        return tomllib.loads(part)

    assert _toml_packages.read(text, toml, plain) is not None
    head, other = asked
    assert text.startswith(head)
    assert f'name = "{odd}"' in other


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("", ""),
        ('name = "kit"', 'name = ""'),
        ('name = "kit"', "name = 'kit'"),
        ('name = "kit"', 'name = "k\\"it"'),
        ('name = "kit"', 'name = "k\\u0069t"'),
        ('name = "kit"', 'name = "k\\\\"'),
        ('name = "kit"', 'name = "other"'),
        ('name = "kit"', 'name = "kit" # why'),
        ('name = "kit"', 'name = """kit"""'),
        ('name = "kit"', 'name = "kit\n"'),
        ('name = "kit"', "name = 1"),
        ('name = "kit"\n', 'name = "kit"\nname = "kit"\n'),
        ('name = "kit"\n', 'x = """\n\n[[package]]\nname = "y"\n"""\nname = "kit"\n'),
        ('version = "1.0"', 'version = ""'),
        ('version = "2.0"\n', ""),
        ("[[package]]\n", "[[package]]\n\n"),
        ("[[package]]\n", "[[package]]\n[[package]]\n"),
        ("[[package]]\n", "[[ package ]]\n"),
        ("\n[[package]]\n", "[[package]]\n"),
        ("\n[[package]]\n", "\n[package]\n"),
        ("\n[[package]]\n", "\n[metadata]\nx = 1\n\n[[package]]\n"),
        ("\n", "\r\n"),
        (AB, AB.upper()),
        (AB, AB[:-1]),
        (AB, AB.replace("sha256", "md5")),
        (AB, ""),
        (CD, AB),
        (f'hash = "{AB}"', "hash = 1"),
        ("12", "012"),
        ("12", "1_2"),
        ('upload-time = "2025-02-01"', "upload-time = 2025-02-01"),
        (', upload-time = "2025-02-01"', ""),
        ("sdist = {", "sdist = [{"),
        (f'url = "{FILE}/kit-1.0.tar.gz"', 'path = "kit-1.0.tar.gz"'),
        ("[package.optional-dependencies]", "[package.dependencies]"),
        ("[package.optional-dependencies]", "[[package.optional-dependencies]]"),
        ("[package.optional-dependencies]", "[package.source]"),
        ("[package.optional-dependencies]", "[package.wheels]"),
        ("[package.optional-dependencies]", "[other]"),
        ("all = [", "all = [ 1, [2], {}, ["),
        ("version = 1\n", "version = 1\npackage = []\n"),
        ("version = 1\n", 'version = 1\ntext = """\n'),
        ('other = ">=2"\n', 'third = ">=2"\n'),
        ('other = ">=2"', 'other = ""'),
        ('other = ">=2"', '"other" = ">=2"'),
        ('other = ">=2"', 'other.version = ">=2"'),
        ('groups = ["main", "dev"]', "groups = []"),
        ('groups = ["main", "dev"]', 'category = "dev"'),
        ('groups = ["dev"]', 'groups = ["dev", ""]'),
        ("optional = true", "optional = 1"),
        ("[package.extras]", "[package.files]"),
        ("[package.extras]", "[package.dependencies]"),
        ("[package.extras]", '[package.source]\ntype = "git"\nurl = "https://git.example.org/x"'),
        ("[metadata]\n", '[metadata.hashes]\nkit = ["abcd"]\n\n[metadata]\n'),
        ("[metadata]\n", f'[metadata]\nhashes = {{ kit = ["{"ef" * 32}"] }}\n'),
        ("{file =", "{url ="),
        ('kit", version = "1.0"', 'kit", version = "2.0"'),
        ('kit", version = "1.0"', 'kit", version = "1.0", version = "1.0"'),
        ('kit", version = "1.0"', 'kit", version = "\\"1.0"'),
        ('kit", version = "1.0", source', 'kit", source'),
        ('kit", version = "1.0", source', 'kit", x = "1.0", source'),
        (f'source = {{ registry = "{HOST}/simple" }}, extra', "source = { }, extra"),
        (f'source = {{ registry = "{HOST}/simple" }}, extra', 'source = { git = "x" }, extra'),
        ("resolution-markers = [", "dependencies = ["),
        ("resolution-markers = [", "resolution-markers = []\nsupported-markers = ["),
        ("all = [", "all = []\nall = ["),
        ("all = [", 'all = [\n    { name = "other", version = "2.0" },\n]\nmore = ['),
        ('type = "legacy"', 'type = "git"'),
        ('type = "legacy"', 'type = "url"'),
        ('type = "legacy"', 'type = ""'),
        ('type = "legacy"\n', ""),
        ('url = "https://registry.example.org/simple"\nref', 'url = ""\nref'),
        ('url = "https://registry.example.org/simple"\nref', 'url = "https://x\\"y"\nref'),
        ('reference = "mirror"', 'reference = ""'),
        ('reference = "mirror"', 'reference = "mirror"\nresolved_reference = "0123"'),
        ('reference = "mirror"', 'reference = "mirror"\nurl = "https://other.example.org"'),
        ("[package.source]", "[package.extras]"),
        ("all = []", "more = []"),
        ("all = []", "all = [ ]"),
        ("all = []", 'all = ""'),
        ("optional = true, markers", "optional = false, markers"),
        ("optional = true, markers", "optional = 1, markers"),
        ("optional = true, markers", "markers"),
        ('extras = ["all", "more"], ', ""),
        ('extras = ["all", "more"]', "extras = []"),
        ('version = ">=1", ', ""),
        ('version = ">=1"', 'version = ""'),
        ('version = ">=1"', 'version = "1\\"2"'),
        ('kit = {version = ">=1"', 'other = {version = ">=1"'),
        ('kit = {version = ">=1"', 'kit = {path = "../kit"'),
        ('kit = {version = ">=1"', 'kit = {version = ">=1", version = ">=2"'),
    ],
)
@pytest.mark.parametrize("name", BY_NAME)
def test_what_uv_and_poetry_do_not_write_is_read_alike(name: str, before: str, behind: str) -> None:
    text = BY_NAME[name]
    agreed(name, text.replace(before, behind))
    agreed(name, text.replace(before, behind, 1))


@pytest.mark.parametrize("name", BY_NAME)
@given(data=st.data())
def test_wherever_lines_stand_packages_are_read_alike(name: str, data: st.DataObject) -> None:
    lines = BY_NAME[name].splitlines(keepends=True)
    pieces = st.sampled_from([*lines, '"""\n', "'''\n", "]\n", '"', "\\", "#"])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines)))
        gone = data.draw(st.integers(0, 3))
        lines[place : place + gone] = data.draw(st.lists(pieces, max_size=3))
    agreed(name, "".join(lines))
