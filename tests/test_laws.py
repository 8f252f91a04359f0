"""Laws of the plug-ins: every fact module, also one that is added tomorrow, keeps to them.

A bending is a sound document with one thing wrong in it: a value of another shape, a key twice, a
list emptied, a byte changed. Whatever is bent, readers and collectors raise nothing: what cannot be
read becomes an Unread.
"""

from __future__ import annotations

import dataclasses
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from auditor import anchors, facts, incidentfile, lockfiles, rulebook, rulefile, ruletest
from auditor.advice import advice
from auditor.advisories import FileSign, osv
from auditor.advisories.records import collected as collected_records
from auditor.advisories.signs import Sort
from auditor.errors import ParseError, UsageError
from auditor.examine import Examination
from auditor.facts import Collector, Contents, Reader
from auditor.facts.around.change import Earlier
from auditor.facts.around.dropper import MembersSeen
from auditor.facts.around.indicator import SignSeen
from auditor.facts.around.installed import HiddenSeen
from auditor.facts.around.past import Change, Commit, HistorySeen
from auditor.facts.comparing.comparison import ComparedWith
from auditor.facts.comparing.size_history import SizesSeen
from auditor.facts.demands import Budgets, Demands, MapMode
from auditor.facts.denied_word import reader as denied
from auditor.facts.distribution import SdistSeen
from auditor.facts.lock.known_bad import KnownBadFact
from auditor.facts.lock.known_bad import collect as known_bad
from auditor.facts.lock.names import NamesAsked
from auditor.facts.lock.recorded import Recorded
from auditor.facts.lock.said import RegistrySaid, key_of_name
from auditor.facts.lock.sibling import SiblingsSeen
from auditor.facts.policy.data_age import DataAgeFact
from auditor.facts.policy.waiver import State, WaiverFact
from auditor.facts.project.git_state import GitSeen, PathState
from auditor.inventory import Inventory
from auditor.judge import Judge, _Shown, filled
from auditor.limits import Budget, Limits
from auditor.lockcontents import contents_of, observed
from auditor.match import OPERATORS
from auditor.model import Artifact, ArtifactKind, Fact, Finding, Member, MemberType, Unread
from auditor.namelists import NameList
from auditor.names import Kind, Level, Lookalike
from auditor.names.index import popular
from auditor.names.signals import Signals
from auditor.packers import NAMES, PackedPaths, Packer
from auditor.rulefile import ADVICE
from auditor.shipped import Entry, Shipped
from auditor.shipping import compared, shipped
from auditor.sizehistory import ReleaseSize
from tests import binaries
from tests.often import often
from tests.our_rules import RULES as RULESET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditor.rulebook import Rule

COLLECTORS, READERS = facts.load()
KINDS = [kind for kind in ArtifactKind if kind is not ArtifactKind.PROJECT]
JUDGE = Judge(RULESET)

MAP: dict[str, Any] = {
    "version": 3,
    "file": "app.js",
    "sourceRoot": "/home/zoe/build/",
    "sources": ["webpack:///./src/app.ts", "../node_modules/x/index.js"],
    "sourcesContent": ["let answer: number = 42\n", None],
    "names": ["answer"],
    "mappings": "AAAA",
    "ignoreList": [1],
}
INLINE = b64encode(json.dumps(MAP).encode()).decode()
JSON_DOCUMENTS: dict[str, Any] = {
    "package.json": {
        "name": "@zoe/kit",
        "version": "1.2.3",
        "private": False,
        "packageManager": "pnpm@10.0.0",
        "main": "./dist/app.js",
        "types": "dist/app.d.ts",
        "bin": {"kit": "bin/kit.js"},
        "browser": {"./dist/app.js": "./dist/web.js", "fs": False},
        "exports": {".": {"import": ["./dist/app.js"], "types": "./dist/app.d.ts"}, "./x/*": None},
        "files": ["dist", "!dist/**/*.map", "bin/*.{js,cjs}"],
        "workspaces": {"packages": ["packages/*"]},
        "scripts": {"build": "tsc --sourceMap && vite build", "postinstall": "node lib/setup.js"},
        "dependencies": {"left": "^1.0.0", "right": "workspace:*"},
        "peerDependencies": {"react": ">=18"},
        "optionalDependencies": {"down": "file:../down"},
        "publishConfig": {"registry": "https://registry.example.org/", "directory": "dist"},
        "repository": {"type": "git", "url": "git+https://git.example.org/zoe/kit.git"},
        "babel": {"sourceMaps": True},
        "gypfile": True,
    },
    "dist/app.js.map": MAP,
    "dist/index.js.map": {
        "version": 3,
        "sections": [{"offset": {"line": 0, "column": 0}, "map": MAP}, {"map": MAP}],
    },
    "tsconfig.json": {
        "extends": "./tsconfig.base.json",
        "compilerOptions": {"sourceMap": True, "inlineSources": True, "declarationMap": False},
        "files": ["src/app.ts"],
    },
    "tsconfig.base.json": {"compilerOptions": {"inlineSourceMap": True}},
    ".swcrc": {"sourceMaps": "inline", "jsc": {"parser": {"syntax": "typescript"}}},
    ".babelrc": {"sourceMaps": "both", "env": {"production": {"plugins": [["x", {}]]}}},
}
TEXT_DOCUMENTS: dict[str, str] = {
    ".npmignore": "src\n!src/keep.js\n# no\n*.map\n/dist/**\n\\#x\n[a-\n",
    ".gitignore": "dist/\n*.log\n!important.log\n",
    "dist/app.js": "let a=1\n//# sourceMappingURL=app.js.map\n",
    "dist/index.js": f"let b=2\n//# sourceMappingURL=data:application/json;base64,{INLINE}\n",
    "dist/app.css": "a{b:c}\n/*# sourceMappingURL=https://maps.example.com/app.css.map */\n",
    "bin/kit.js": "#!/usr/bin/env node\nconst k = '" + "AKIA" + "Q3EGWYZ2TLPMN5HF'\n",
    "docs/a\\b.md": "a name that two systems read in two ways\n",
    "key.pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA" + "q1w2e3r4" * 40 + "\n",
    "vite.config.ts": "export default { build: { sourcemap: 'inline', lib: {} } }\n",
    "webpack.config.js": "module.exports = (env) => ({ devtool: env.p ? 'source-map' : false })\n",
    "rollup.config.mjs": "export default { output: [{ file: 'x', sourcemap: true }] }\n",
    "esbuild.js": "require('esbuild').build({ sourcemap: !0, outdir: 'dist' })\n",
    "binding.gyp": "{ 'targets': [] }\n",
    "dist/twice.js.map": '{"sources": ["a.ts"], "sources": ["b.ts"], "mappings": "AAAA"}',
    "README.md": "# kit\n",
    "PKG-INFO": "Metadata-Version: 2.1\nName: kit\nVersion: 1.2.3\n\nwords\n",
    "pyproject.toml": "[project]\nname = 'kit'\nversion = '1.2.3'\n[tool.hatch]\nx = [1]\n",
    "kit-1.2.3.dist-info/METADATA": "Metadata-Version: 2.1\nName: kit\nVersion: 1.2.3\n",
    "kit-1.2.3.dist-info/RECORD": "kit/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JA,0\nRECORD,,\n",
    "kit-1.2.3.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "kit-1.2.3.dist-info/entry_points.txt": "[console_scripts]\nkit = kit.main:run\n",
    "kit/__init__.py": "x = 1\n",
    "kit.pth": "import kit\nkit-src\n",
    "kit-1.2.3.data/scripts/kit": "#!/home/zoe/bin/python3\n",
    "kit/fast.c": (
        '/* Generated by Cython 3.0.11 */\n/* "kit/fast.pyx":1\n * x  # <<<<<<<<<<<<<<\n */\n'
    ),
    "kit/hidden.py": "__pyarmor" + "__(__name__, __file__, b'')\n",
    "kit/book.ipynb": json.dumps(
        {
            "nbformat": 4,
            "metadata": {},
            "cells": [
                {
                    "cell_type": "code",
                    "source": ["1"],
                    "outputs": [{"output_type": "stream", "text": ["/home/zoe/kit.py"]}],
                }
            ],
        }
    ),
}
BINARY_DOCUMENTS = {
    "kit/__pycache__/a.cpython-312.pyc": (b"\xcb\r\r\n" + bytes(12) + b"\xe3z\x0e/home/zoe/a.py"),
    "kit/fast.cpython-312-x86_64-linux-gnu.so": binaries.elf({".debug_info": b"/home/zoe/fast.c"}),
}
SOUND = {
    **{path: json.dumps(value, indent=1).encode() for path, value in JSON_DOCUMENTS.items()},
    **{path: text.encode() for path, text in TEXT_DOCUMENTS.items()},
    **BINARY_DOCUMENTS,
}
NEEDED = {"package.json": SOUND["package.json"], "dist/app.js": SOUND["dist/app.js"]}
"""As little as makes every collector look at the other documents."""

FILES = {
    ArtifactKind.WHEEL: "kit-1.2.3-py3-none-any.whl",
    ArtifactKind.SDIST: "Kit-1.2.3.tar.gz",
}
BESIDE: dict[type, tuple[object, ...]] = {
    SdistSeen: (SdistSeen(label="the sdist", paths=frozenset({"kit/__init__.py", "kit/b.py"})),),
    GitSeen: (GitSeen(states=(PathState.parse("kit/hidden.py", "untracked"),)),),
}
"""What the sources tell of an artifact besides what is in it."""
DEMANDS = Demands(
    budgets=Budgets(packed=0, unpacked=0, files=0, file=0),
    words=("app", "e", "\ud800"),
    maps=MapMode.FORBID,
)
WAIVER = WaiverFact(
    path=".audit.yml",
    line=1,
    rule="a-rule",
    subject="*",
    reason="r",
    owner="",
    until="",
    state=State.EXPIRED,
    findings=1,
)
EARLIER = Shipped(files=(Entry(path="dist/app.js", size=1, kind="scripts"),))
"""What the artifact is compared with."""

LOCKFILE = json.dumps(
    {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "kit", "dependencies": {"axios": "^1.0.0"}},
            "node_modules/axios": {
                "version": "1.14.1",
                "resolved": "https://elsewhere.example.com/axios/-/axios-1.14.1.tgz",
            },
            "node_modules/plain-crypto-js": {"version": "4.2.1"},
            "node_modules/left": {"version": "1.0.0", "hasInstallScript": True},
            "node_modules/out": {"resolved": "../out", "link": True},
        },
    }
).encode()
INCIDENTS = incidentfile.load((rulebook.builtin_folder(),))
VULNERABLE = {
    "id": "GHSA-1",
    "modified": "2026-01-02T00:00:00Z",
    "affected": [
        {"package": {"ecosystem": "npm", "name": "left"}, "versions": ["1.0.0"]},
    ],
}
RECORDED = Recorded(
    records=collected_records((osv.of_json(json.dumps(VULNERABLE).encode()),)), popular=popular
)

LAST = "last.txt"
"""The member that comes last, whatever the members are."""

# running all plug-ins


def examined(members: Mapping[str, bytes]) -> Examination:
    """Let all readers see these members."""
    readers = (*READERS, denied(DEMANDS.words))
    examination = Examination("here", readers, Budget(Limits()), wheel=True)
    examination.run(
        (Member(path=path, name=f"package/{path}", size=len(data), owner="zoe"), iter((data,)))
        for path, data in {**members, LAST: b""}.items()
    )
    return examination


def collected(contents: Contents) -> Iterator[tuple[Collector, Fact | Unread]]:
    """Ask every collector that is for this kind of contents."""
    for collector in COLLECTORS.values():
        if collector.serves(contents.kind):
            for seen in collector.collect(contents):
                yield collector, seen


def check(collector: Collector, seen: Fact | Unread) -> None:
    """Check one row: of the collector's own type, printable, and fit for a report."""
    if isinstance(seen, Unread):
        assert seen.reason
        return
    assert type(seen) is collector.fact
    json.dumps(seen.evidence())
    shown = _Shown(seen, {})
    assert all(isinstance(shown[name], str) for name in seen.__struct_fields__)


def run_all(
    members: Mapping[str, bytes],
    packer: str = "",
    artifacts: Iterable[ArtifactKind] = (ArtifactKind.NPM_TARBALL, ArtifactKind.PROJECT),
) -> tuple[set[str], Examination]:
    """Run readers, collectors and rules over a package; return the facts that came of it."""
    examination = examined(members)
    kinds: set[str] = set()
    for kind in artifacts:
        if kind is ArtifactKind.LOCKFILE:
            kinds |= judged_lockfile(members)
            continue
        contents = examination.contents(kind, 1000, FILES.get(kind, ""))
        told = compared(EARLIER, shipped(contents), "before")
        beside = {
            **BESIDE,
            ComparedWith: (ComparedWith(comparison=told, expected=True),),
            SizesSeen: (SIZES,),
            Demands: (DEMANDS,),
            WaiverFact: (WAIVER,),
            DataAgeFact: (
                DataAgeFact(path=".audit.yml", key="n", day="d", age=9, most=1, stale=True),
            ),
        }
        contents = replace(contents, observations={**contents.observations, **beside})
        project = None
        if kind is ArtifactKind.PROJECT:
            packed = PackedPaths(paths=frozenset(members))
            extra: dict[type, tuple[object, ...]] = {PackedPaths: (packed,)}
            if packer:
                extra[Packer] = (Packer.parse(packer),)
            observations = {**contents.observations, **extra}
            project = contents = replace(contents, observations=observations)
        known = advice(project)
        rows: dict[str, list[Fact]] = {}
        for collector, seen in collected(contents):
            check(collector, seen)
            kinds.add(collector.name)
            if isinstance(seen, Fact):
                rows.setdefault(collector.name, []).append(seen)
        for name, row in rows.items():
            for finding in JUDGE.findings(Artifact(source="here", kind=kind), name, row, known):
                assert isinstance(finding, Finding)
                assert finding.message
    return kinds, examination


class Suspicious:
    """Takes every name for an imitation of itself."""

    def known(self, names: Iterable[str]) -> set[str]:
        del names
        return set()

    def judge(self, name: str, level: Level) -> Lookalike:
        return Lookalike(name=name, target=name, kind=Kind.SCOPE, level=level, rank=1, reason=name)


ASKED = NamesAsked(judge=lambda _: Suspicious(), internal=NameList(["axios", "axius", "@a", "o*"]))


SIZES = SizesSeen(
    ecosystem="npm",
    version="1.1.0",
    releases=tuple(ReleaseSize(version=f"1.0.{n}", size=n + 1) for n in range(9)),
    packed=False,
)


def said_of(inventory: Inventory) -> RegistrySaid:
    """Return a registry's word about every package: the first is there, the others are not."""
    now = datetime(2026, 4, 1, tzinfo=UTC)
    first = next((package.version for package in inventory.packages), "")
    word = Signals(there=True, first=now, versions=1, releases={first: now})
    packages = inventory.packages
    return RegistrySaid(
        now=now,
        min_age=timedelta(days=7),
        signals={key_of_name(package.ecosystem, package.name): word for package in packages},
        asked=frozenset(package.id for package in packages),
    )


def judged_lockfile(members: Mapping[str, bytes]) -> set[str]:
    """Read the lockfile among the members, and judge it; return the facts that came of it."""
    kinds: set[str] = set()
    data = members.get("package-lock.json", LOCKFILE)
    try:
        inventory = lockfiles.read(lockfiles.Document(path="package-lock.json", data=data))
    except ParseError:
        return kinds
    beside = {name: members[name] for name in ("package.json",) if name in members}
    earlier = Earlier(label="before", inventory=Inventory(path="package-lock.json", format=""))
    members_seen = MembersSeen(paths=frozenset({"plain-crypto-js"}))
    hidden = HiddenSeen(inventory=inventory)
    other = replace(inventory, path="pnpm-lock.yaml", format="pnpm")
    siblings = SiblingsSeen(names=frozenset({other.path}), inventories=(other,))
    seen = (earlier, hidden, members_seen, siblings, ASKED, said_of(inventory), RECORDED)
    contents = contents_of(inventory, beside, INCIDENTS, *seen)
    bad = tuple(known_bad(contents))
    for whole in (contents, observed(ArtifactKind.MACHINE, INCIDENTS, *outside(bad))):
        for collector, one in collected(whole):
            check(collector, one)
            kinds.add(collector.name)
    return kinds


def outside(bad: tuple[KnownBadFact, ...]) -> tuple[object, ...]:
    """Return a history with known-bad states, and a file that an attack leaves."""
    commit = Commit(id="c1", committed=10**30, authored=-(2**63))
    change = Change(commit=commit, path="package-lock.json", blob="b1", before=())
    sign = FileSign(system="any", path="/tmp/ld.py")  # noqa: S108 - a name
    return (
        HistorySeen(changes=(change,), bad={"b1": bad}),
        SignSeen(incident="axios-2026-03", sort=Sort.HOST, sign=sign, path=sign.path),
    )


def unbroken(examination: Examination) -> bool:
    """Tell that no reader's error ended the reading of the members behind it."""
    return examination.has_member(LAST)


def test_the_sound_package_is_read_without_a_gap_and_gives_every_kind_of_fact() -> None:
    kinds, examination = run_all(SOUND, "npm@10.0.0", ArtifactKind)

    assert examination.gaps == []
    assert COLLECTORS.keys() - kinds == set(), "add a document to SOUND that gives these"


# bendings

SHAPES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    -(2**63),
    "",
    " ",
    "x",
    "*",
    "!",
    "..",
    "/",
    "../../..",
    "C:\\x",
    "https://[",
    "http://x:99999/",
    "\0",
    "\ud800",
    "a\u202eb",
    "a" * 5000,
    "{a,b}{c,d}[z-a]**",
    "npm@" + "9" * 4500,
    [],
    {},
    [[]],
    [None],
    [1, "x", {}],
    {"": ""},
    {"a": {"b": [{"c": None}]}},
    {".": {".": "."}},
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
ANY = st.one_of(
    st.sampled_from(SHAPES),
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)


@dataclasses.dataclass(frozen=True)
class Twice:
    """A JSON object in which one key stands a second time, with another value."""

    pairs: dict[str, Any]
    key: str
    value: object


def dumped(node: object) -> str:
    if isinstance(node, Twice):
        body = [*node.pairs.items(), (node.key, node.value)]
        return "{" + ",".join(f"{json.dumps(k)}:{dumped(v)}" for k, v in body) + "}"
    if isinstance(node, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{dumped(v)}" for k, v in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ",".join(map(dumped, node)) + "]"
    return json.dumps(node)


Place = tuple[str | int, ...]


def places(node: object, at: Place = ()) -> Iterator[Place]:
    """Yield the way to every value of a document."""
    yield at
    if isinstance(node, dict):
        for key, value in node.items():
            yield from places(value, (*at, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from places(value, (*at, index))


def at(node: Any, place: Place) -> Any:  # noqa: ANN401 - JSON
    for step in place:
        node = node[step]
    return node


def changed(node: Any, place: Place, value: object) -> object:  # noqa: ANN401 - JSON
    """Return a document with another value in one place."""
    if not place:
        return value
    first, *rest = place
    if isinstance(node, dict):
        return {k: changed(v, tuple(rest), value) if k == first else v for k, v in node.items()}
    return [changed(v, tuple(rest), value) if i == first else v for i, v in enumerate(node)]


PLACES = {path: list(places(document)) for path, document in JSON_DOCUMENTS.items()}


@st.composite
def bent_documents(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw the path of a JSON document and its text with one thing wrong."""
    path = draw(st.sampled_from(sorted(JSON_DOCUMENTS)))
    document = JSON_DOCUMENTS[path]
    place = draw(st.sampled_from(PLACES[path]))
    old = at(document, place)
    how = draw(st.sampled_from(["replace", "replace", "wrap", "empty", "twice", "rename"]))
    if how == "wrap":
        new: object = [old]
    elif how == "empty":
        new = type(old)()
    elif how == "twice" and isinstance(old, dict) and old:
        new = Twice(old, draw(st.sampled_from(sorted(old))), draw(ANY))
    elif how == "rename" and isinstance(old, dict) and old:
        new = {draw(st.sampled_from(["", ".", "..", "\ud800", "a b", "x" * 300])): old}
    else:
        new = draw(ANY)
    return path, dumped(changed(document, place, new)).encode("utf-8", "surrogatepass")


PACKERS = st.sampled_from(
    ["", *NAMES, "npm@6.0.0", "npm@12.1.0", "pnpm@9.0.0", "yarn@1.22.0", "yarn@4.0.0", "bun@1.2.0"]
)
CAREFUL = settings(
    max_examples=often(100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@CAREFUL
@given(bent=bent_documents(), packer=PACKERS, kind=st.sampled_from(KINDS))
def test_a_bent_document_raises_nothing(
    bent: tuple[str, bytes], packer: str, kind: ArtifactKind
) -> None:
    path, data = bent
    _, examination = run_all({**SOUND, path: data}, packer, (kind, ArtifactKind.PROJECT))

    assert unbroken(examination), path


@st.composite
def spoiled_members(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a member of any kind and its bytes cut, doubled, recoded or overwritten."""
    path = draw(st.sampled_from(sorted(SOUND)))
    data = SOUND[path]
    cut = draw(st.integers(0, len(data)))
    how = draw(st.sampled_from(["cut", "insert", "overwrite", "double", "utf-16", "bom", "random"]))
    more = draw(st.binary(max_size=12))
    return path, {
        "cut": data[:cut],
        "insert": data[:cut] + more + data[cut:],
        "overwrite": data[:cut] + more + data[cut + len(more) :],
        "double": data + data,
        "utf-16": data.decode("latin-1").encode("utf-16"),
        "bom": b"\xef\xbb\xbf" + data,
        "random": more,
    }[how]


@CAREFUL
@given(spoiled=spoiled_members(), packer=PACKERS, kind=st.sampled_from(KINDS))
def test_a_spoiled_member_raises_nothing(
    spoiled: tuple[str, bytes], packer: str, kind: ArtifactKind
) -> None:
    path, data = spoiled
    _, examination = run_all({**SOUND, path: data}, packer, (kind, ArtifactKind.PROJECT))

    assert unbroken(examination), path


@cache
def all_anchors() -> list[bytes]:
    return sorted(anchor for reader in READERS for anchor in reader.anchors)


@CAREFUL
@given(
    path=st.sampled_from([*sorted(SOUND), "a.map", "b.json", "c.js", "d.css", "e", "t.tgz!x.js"]),
    parts=st.lists(
        st.one_of(
            st.binary(max_size=20),
            st.sampled_from(all_anchors()),
            st.sampled_from([b'{"', b'":"', b'"}', b"[", b"\n", b"data:,", b";base64,", b"//# "]),
        ),
        max_size=12,
    ),
)
def test_random_bytes_around_what_readers_look_for_raise_nothing(
    path: str, parts: list[bytes]
) -> None:
    _, examination = run_all({path: b"".join(parts)})

    assert unbroken(examination)


DEEP = {
    "lists": ("[", "1", "]"),
    "objects": ('{"a":', "1", "}"),
    "lists of objects": ('[{".":', '"./x"', "}]"),
    "conditions": ('{"import":[', '"./x"', "]}"),
    "maps of maps": ('{"sections":[{"map":', "{}", "}]}"),
}
DEPTHS = [45, 95, 3000]
"""Below and above what `shape.json_object` takes."""


@pytest.mark.parametrize("deep", DEEP.values(), ids=DEEP.keys())
@pytest.mark.parametrize("path", JSON_DOCUMENTS)
def test_a_deep_value_under_any_key_raises_nothing(path: str, deep: tuple[str, str, str]) -> None:
    document = JSON_DOCUMENTS[path]
    start, core, end = deep
    for key in document:
        marked = json.dumps(changed(document, (key,), "DEEP"))
        for depth in DEPTHS:
            data = marked.replace('"DEEP"', start * depth + core + end * depth).encode()
            _, examination = run_all({**NEEDED, path: data}, "npm@10.0.0")
            assert unbroken(examination), (key, depth)


@pytest.mark.parametrize("path", JSON_DOCUMENTS)
def test_brackets_without_an_end_raise_nothing(path: str) -> None:
    for start in ("[", '{"a":', '{"sections":[{"map":'):
        _, examination = run_all({**NEEDED, path: start.encode() * 4_000}, "npm@10.0.0")
        assert unbroken(examination)


@CAREFUL
@given(
    members=st.lists(
        st.builds(
            Member,
            path=st.one_of(
                st.sampled_from([*sorted(SOUND), "", "a", "A", "a/b", "a!b", "../x", "/x"]),
                st.text(max_size=8),
            ),
            name=st.text(max_size=8),
            size=st.sampled_from([0, 1, 2**70]),
            type=st.sampled_from(MemberType),
            mode=st.integers(0, 0o7777),
            link=st.sampled_from(["", "a", "../../x", "/x", "a/../../b", "\\", "x" * 5000]),
            owner=st.text(max_size=4),
        ),
        max_size=6,
    ),
    kind=st.sampled_from(ArtifactKind),
)
def test_members_of_any_name_type_and_size_raise_nothing(
    members: list[Member], kind: ArtifactKind
) -> None:
    for collector, seen in collected(Contents(kind=kind, members=tuple(members))):
        check(collector, seen)


@pytest.mark.parametrize("kind", ArtifactKind)
def test_an_empty_artifact_raises_nothing(kind: ArtifactKind) -> None:
    for collector, seen in collected(Contents(kind=kind, members=())):
        check(collector, seen)


# what modules declare

each_collector = pytest.mark.parametrize("collector", COLLECTORS.values(), ids=COLLECTORS.keys())
PLAIN_TYPES = {str, int, bool, tuple}


def test_there_are_plug_ins_and_two_never_share_a_name() -> None:
    assert len(COLLECTORS) > 8
    assert len(READERS) > 3
    assert all(name == collector.name for name, collector in COLLECTORS.items())
    kinds = [collector.fact for collector in COLLECTORS.values()]
    assert len(set(kinds)) == len(kinds)


@each_collector
def test_a_fact_is_frozen_slotted_and_keyword_only(collector: Collector) -> None:
    kind = collector.fact

    assert kind.__struct_config__.frozen
    assert kind.__dictoffset__ == 0
    with pytest.raises(TypeError):
        kind("path")  # type: ignore[call-arg]


@each_collector
def test_every_field_of_a_fact_is_of_a_type_that_rules_can_compare(collector: Collector) -> None:
    for name, type_ in rulefile.field_types(collector.fact).items():
        assert type_ in PLAIN_TYPES, name
        assert any(type_ in operator.fields for operator in OPERATORS.values()), name
        hint = get_type_hints(collector.fact)[name]
        if get_origin(hint) in {UnionType, Union}:
            (hint,) = (kind for kind in get_args(hint) if kind is not type(None))
        assert (type_ is tuple) == (hint == tuple[str, ...]), name


@each_collector
def test_a_kind_of_fact_is_spelled_as_rules_spell_it(collector: Collector) -> None:
    assert collector.name == "-".join(collector.name.lower().split("-"))
    assert collector.name.replace("-", "").isalnum()


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_asks_for_something_and_its_anchors_fit_into_the_window(reader: Reader) -> None:
    default = Reader(read=reader.read).wants

    assert reader.anchors or reader.wants.__code__ is not default.__code__
    assert all(0 < len(anchor) < anchors.WINDOW // 1000 for anchor in reader.anchors)


# rules

each_rule = pytest.mark.parametrize("rule", RULESET.rules, ids=lambda rule: rule.id)


@each_rule
def test_message_and_fix_render_for_every_fact_of_the_rules_tests(rule: Rule) -> None:
    for test in rule.tests:
        for fact in ruletest.facts_of(rule, test):
            values = _Shown(fact, dict.fromkeys(ADVICE, lambda _: "advice"))
            assert filled(rule.message, values).strip()
            assert filled(rule.fix, values).strip()
            json.dumps(fact.evidence())


@each_rule
def test_a_message_is_one_line(rule: Rule) -> None:
    assert "\n" not in rule.message


@pytest.mark.parametrize("text", ["", "npn", "npm@1@2", "@", "npm@" + "9" * 20, "bun@canary"])
def test_a_packer_is_parsed_or_refused(text: str) -> None:
    try:
        packer = Packer.parse(text)
    except UsageError:
        return
    assert packer.major is None or packer.major >= 0
