"""What the npm family's lockfiles say beyond names and versions: edges, flags, tampering, cost."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor.errors import InputError, ParseError
from auditor.inventory import Edge, Inventory, LockedPackage, Origin
from auditor.lockfiles import Document, formats, read
from auditor.lockfiles._json_keys import key_lines, strict
from auditor.lockfiles._npm import aliased, folder_name, from_hex, in_tarball, origin_of, outside
from auditor.lockfiles._places import Places, meaning
from tests.work import calls, ends

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES = Path(__file__).parent.parent / "fixtures" / "lockfiles"


def fixture(format_: str, case: str) -> Inventory:
    folder = FIXTURES / format_ / case
    files = {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "expected.json"}
    manifest = {"package.json": files.pop("package.json")} if "package.json" in files else {}
    ((name, data),) = files.items()
    return read(Document(path=name, data=data, beside=manifest), formats()[format_])


def lock(content: Any, format_: str = "package-lock", **beside: Any) -> Inventory:  # noqa: ANN401
    data = content if isinstance(content, str) else json.dumps(content)
    others = {f"{name}.json": json.dumps(value).encode() for name, value in beside.items()}
    return read(Document(path="x", data=data.encode(), beside=others), formats()[format_])


def edges(package: LockedPackage) -> dict[str, str]:
    return {edge.name: edge.target for edge in package.requires}


def ids(found: Inventory, flag: str) -> set[str]:
    return {package.id for package in found.packages if getattr(package, flag)}


# -- package-lock


def test_edges_of_npm_go_to_the_nearest_folder() -> None:
    by_id = fixture("package-lock", "v3").by_id
    assert edges(by_id["node_modules/send"]) == {
        "debug": "node_modules/debug",
        "ms": "node_modules/send/node_modules/ms",
        "host": "",
    }
    assert edges(by_id["node_modules/debug"]) == {"ms": "node_modules/ms"}
    assert edges(by_id["packages/a"])["ms"] == "packages/a/node_modules/ms"
    assert edges(by_id["packages/ab"])["ms"] == "node_modules/ms"  # not that of packages/a
    assert by_id["node_modules/send"].requires[0] == Edge(
        name="host", wants="*", optional=True, peer=True
    )


@pytest.mark.parametrize("case", ["v2", "v3"])
def test_flags_and_origins_of_npm(case: str) -> None:
    found = fixture("package-lock", case)
    by_id = found.by_id
    assert ids(found, "dev") == {"node_modules/typed"}
    assert ids(found, "optional") == {"node_modules/native-arm64"}
    assert ids(found, "bundled") == {"node_modules/pre-gyp/node_modules/inner"}
    assert ids(found, "install_script") == {"node_modules/pre-gyp"}
    assert ids(found, "direct") >= {"node_modules/send", "node_modules/width-cjs", "linked"}
    assert by_id["node_modules/pre-gyp"].deprecated == "use another"
    assert by_id["node_modules/width-cjs"].alias == "width-cjs"
    assert by_id["node_modules/from-git"].origin is Origin.GIT
    assert by_id["packages/a"].origin is Origin.WORKSPACE
    assert by_id["packages/a"].alias == ""
    assert by_id["linked"].origin is Origin.FILE
    assert {edge.name: edge.target for edge in found.roots}["linked"] == "linked"


def test_both_trees_of_version_2_are_read_and_counted() -> None:
    clean = fixture("package-lock", "v2")
    assert clean.problems == ()
    assert clean.sections == {"packages": 16, "dependencies": 14}
    assert {package.section for package in clean.packages} == {"packages"}
    split = fixture("package-lock", "split-brain")
    other = {package.id for package in split.packages if package.section == "dependencies"}
    assert other == {f"dependencies:node_modules/{name}" for name in ("ms", "debug", "added")}


def test_version_1_asks_package_json_who_is_direct() -> None:
    found = fixture("package-lock", "v1")
    assert ids(found, "direct") == {f"node_modules/{name}" for name in ("debug", "send", "pre-gyp")}
    by_id = found.by_id
    assert edges(by_id["node_modules/send"])["ms"] == "node_modules/send/node_modules/ms"
    assert by_id["node_modules/width-cjs"].alias == "width-cjs"
    assert by_id["node_modules/left-pad"].origin is Origin.REGISTRY
    assert by_id["node_modules/called"].origin is Origin.URL
    assert by_id["node_modules/short-git"].origin is Origin.GIT
    assert by_id["node_modules/folder"].origin is Origin.FILE
    assert by_id["node_modules/from-git"].resolved.startswith("git+ssh:")


def test_lines_are_those_of_the_keys() -> None:
    for case in ("v1", "v2", "v3", "split-brain", "duplicate-keys"):
        (path,) = (
            (p for p in (FIXTURES / "package-lock" / case).glob("*lock.json"))
            if (case != "v2")
            else (FIXTURES / "package-lock" / case / "npm-shrinkwrap.json",)
        )
        lines = path.read_text("utf-8").split("\n")
        for package in fixture("package-lock", case).packages:
            assert package.line is not None
            assert (
                package.id.partition("#")[0].rpartition("node_modules/")[2]
                in lines[package.line - 1]
            )


def test_the_first_of_two_keys_is_told_apart_from_the_second() -> None:
    found = fixture("package-lock", "duplicate-keys")
    lines = {(p.name, p.version): p.line for p in found.packages}
    assert lines["debug", "2.6.8"] == 9
    assert lines["debug", "2.6.9"] == 13


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        ({"lockfileVersion": 3, "packages": {}}, []),
        ({"lockfileVersion": 3, "packages": {}, "dependencies": {}}, ["version-lie"]),
        ({"lockfileVersion": 2, "packages": {}, "dependencies": {"a": {"optional": True}}}, []),
        (
            {"lockfileVersion": 2, "packages": {}, "dependencies": {"a": {"version": "1.0.0"}}},
            ["split-brain"],
        ),
        (
            {"lockfileVersion": 2, "packages": {}, "dependencies": {"a": {"version": "file:a"}}},
            [],
        ),
        ({"lockfileVersion": 1, "packages": {}}, ["version-lie"]),
        ({"packages": {"node_modules/.bin": {"version": "1.0.0"}}}, ["invalid-name"]),
        ({"packages": {"node_modules/A~b": {"version": "1.0.0"}}}, []),
        ({"packages": {"node_modules/a": {"link": True, "resolved": "C:\\a"}}}, ["link-outside"]),
        ({"packages": {"node_modules/a": {"link": True, "resolved": "b/../a"}}}, []),
    ],
)
def test_problems_of_npm(content: dict[str, Any], kinds: list[str]) -> None:
    assert [problem.kind for problem in lock(content).problems] == kinds


def test_an_unknown_version_is_read_and_said() -> None:
    found = lock({"lockfileVersion": 4, "packages": {"node_modules/a": {"version": "1.0.0"}}})
    assert [p.name for p in found.packages] == ["a"]
    assert [place for place, _ in found.unread] == ["lockfileVersion"]


def test_a_package_that_is_asked_for_by_address_comes_from_there() -> None:
    content = {
        "packages": {
            "": {"dependencies": {"a": "https://files.example.org/a.tgz", "b": "demo/b"}},
            "node_modules/a": {"version": "1.0.0", "resolved": "https://files.example.org/a.tgz"},
            "node_modules/b": {"version": "1.0.0", "resolved": "https://files.example.org/b.tgz"},
            "node_modules/c": {"version": "1.0.0", "resolved": "https://files.example.org/c.tgz"},
        }
    }
    origins = [package.origin for package in lock(content).packages]
    assert origins == [Origin.URL, Origin.GIT, Origin.REGISTRY]


def test_unread_parts_are_named_and_at_some_point_only_counted() -> None:
    found = lock({"packages": {f"node_modules/a{i}": i for i in range(150)}})
    assert found.unread[0] == (
        "packages.node_modules/a0",
        "is a number, where an object must stand",
    )
    assert found.unread[-1] == ("", "50 more parts could not be read")
    assert len(found.unread) == 101


# -- yarn


def test_yarn_1_edges_flags_and_digests() -> None:
    found = fixture("yarn", "plain")
    by_id = found.by_id
    assert edges(by_id["send@0.18.0"]) == {
        "@demo/width": "@demo/width@^4.1.0",
        "debug": "debug@2.6.9",
        "ms": "ms@^2.0.0",
        "width-cjs": "width-cjs@npm:@demo/width@^4.2.0",
        "native-arm64": "",
    }
    assert ids(found, "direct") == {
        "send@0.18.0",
        "folder@file:./folder",
        "ms-one@npm:ms@2.1.2",
        "debug@2.6.9",
    }
    assert ids(found, "dev") == {"ms-one@npm:ms@2.1.2"}
    assert {p.id: p.alias for p in found.packages if p.alias} == {
        "width-cjs@npm:@demo/width@^4.2.0": "width-cjs",
        "ms-one@npm:ms@2.1.2": "ms-one",
        "ms-tag@npm:ms": "ms-tag",
        "renamed@^1.0.0": "renamed",
    }
    (sha1,) = by_id["c0n-fab_u.laTION@^1.0.0"].integrity
    assert sha1.startswith("sha1-")
    origins = {p.name: p.origin for p in found.packages if p.origin is not Origin.REGISTRY}
    assert origins == {
        "from-git": Origin.GIT,
        "short-git": Origin.GIT,
        "left-pad": Origin.URL,
        "folder": Origin.FILE,
        "linked": Origin.FILE,
    }


def test_berry_names_what_the_resolution_names() -> None:
    found = fixture("yarn-berry", "tampered")
    told = [(p.name, p.version, p.alias, p.resolved) for p in found.packages][:3]
    assert told == [
        ("is-odd", "3.0.1", "is-number", ""),
        ("ms", "2.0.0", "", ""),
        ("once", "1.4.0", "", "http://files.example.org/once.tgz"),
    ]
    assert found.packages[2].origin is Origin.REGISTRY


def test_berry_edges_origins_and_roots() -> None:
    found = fixture("yarn-berry", "plain")
    by_id = found.by_id
    assert edges(by_id["send@npm:0.18.0"]) == {
        "debug": "debug@npm:2.6.9",
        "ms": "ms@npm:2.1.3",
        "width-cjs": "width-cjs@npm:@demo/width@^4.2.0",
    }
    assert by_id["moved@npm:^1.0.0"].resolved == "https://files.example.org/moved-1.0.0.tgz"
    assert ids(found, "optional") == {"native-arm64@npm:1.0.0"}
    assert {edge.name for edge in found.roots} == {
        *("@demo/a", "from-git", "native-arm64", "send", "typed", "ms"),
    }
    assert {edge.name for edge in found.roots if edge.optional} == {"native-arm64"}
    origins = {p.name: p.origin for p in found.packages if p.origin is not Origin.REGISTRY}
    assert origins == {
        "@demo/a": Origin.WORKSPACE,
        "folder": Origin.FILE,
        "from-git": Origin.GIT,
        "left-pad": Origin.URL,
        "linked": Origin.FILE,
    }


def test_berry_lists_what_is_resolved_to_the_project_under_another_name() -> None:
    text = (
        b'__metadata:\n  version: 8\n\n"demo@workspace:.":\n  version: 0.0.0-use.local\n'
        b'  resolution: "demo@workspace:."\n  dependencies:\n    demo: "workspace:."\n'
        b'    once: "npm:^1.4.0"\n\n"once@npm:^1.4.0":\n  version: 1.4.0\n'
        b'  resolution: "demo@workspace:."\n'
    )
    found = read(Document(path="yarn.lock", data=text))
    assert [(p.name, p.alias) for p in found.packages] == [("demo", "once")]
    assert [(edge.name, edge.target) for edge in found.roots] == [
        ("demo", ""),
        ("once", "once@npm:^1.4.0"),
    ]


def test_berry_learns_from_package_json_what_is_for_development() -> None:
    found = fixture("yarn-berry", "yarn-2")
    assert ids(found, "dev") == {"once@npm:^1.4.0"}
    assert ids(found, "direct") == {"ms@^2.0.0", "once@npm:^1.4.0"}


# -- flags that follow from who requires whom

WISHES = {
    "dependencies": {"needed": "1", "both": "1"},
    "devDependencies": {"tool": "1"},
    "optionalDependencies": {"loose": "1", "both": "1", "shared": "1"},
}
REQUIRED = {
    "needed": (["shared"], ["extra"]),
    "both": ([], []),
    "tool": ([], ["extra"]),
    "loose": (["inner", "shared"], []),
    "inner": (["loose"], []),
    "shared": ([], []),
    "extra": ([], []),
    "stray": ([], []),
}
"""Of each package those that it requires, and those that it can do without."""
OPTIONAL = {"both", "loose", "inner", "extra"}
"""npm takes what stands in two of the maps as optional; no way but optional ones leads to these."""


def yarn_of(required: dict[str, tuple[list[str], list[str]]]) -> str:
    lines = []
    for name, kinds in required.items():
        lines += [f'{name}@1:\n  version "1.0.0"\n  resolved "https://registry.example.org/x"']
        for key, names in zip(("dependencies", "optionalDependencies"), kinds, strict=True):
            lines += [f"  {key}:", *(f'    {other} "1"' for other in names)] if names else []
    return "# yarn lockfile v1\n\n" + "\n".join(lines) + "\n"


def test_yarn_1_tells_by_its_edges_what_is_optional() -> None:
    found = lock(yarn_of(REQUIRED), "yarn", package=WISHES)

    assert {p.name for p in found.packages if p.optional} == OPTIONAL
    assert {p.name for p in found.packages if p.dev} == {"tool"}


@pytest.mark.parametrize("beside", [{}, {"package": WISHES | {"workspaces": ["a"]}}])
def test_yarn_1_calls_nothing_optional_that_an_unknown_dependent_may_need(
    beside: dict[str, Any],
) -> None:
    assert not ids(lock(yarn_of(REQUIRED), "yarn", **beside), "optional")


def test_bun_tells_by_its_edges_what_is_optional() -> None:
    packages = {
        name: [
            f"{name}@1.0.0",
            "",
            {
                "dependencies": dict.fromkeys(kinds[0], "1"),
                "optionalDependencies": dict.fromkeys(kinds[1], "1"),
            },
            "",
        ]
        for name, kinds in REQUIRED.items()
    }
    content = {"lockfileVersion": 1, "workspaces": {"": WISHES}, "packages": packages}
    alone = lock(content, "bun")
    content["workspaces"] = {"": WISHES, "a": {"name": "a", "dependencies": {"loose": "1"}}}
    needed = lock(content, "bun")

    assert ids(alone, "optional") == OPTIONAL
    assert ids(alone, "dev") == {"tool"}
    assert ids(needed, "optional") == {"both", "extra"}


# -- bun and deno


def test_bun_edges_flags_and_origins() -> None:
    found = fixture("bun", "plain")
    by_id = found.by_id
    assert edges(by_id["send"]) == {"host": "", "debug": "debug", "ms": "send/ms"}
    assert by_id["send"].resolved == "https://files.example.org/send-0.18.0.tgz"
    assert by_id["send"].requires[0].wants == "a, }"
    assert by_id["send/ms"].integrity == ()
    assert by_id["width-cjs"].alias == "width-cjs"
    assert ids(found, "dev") == {"typed"}
    assert ids(found, "install_script") == {"typed", "native-arm64"}
    assert {e.name: e.target for e in found.roots}["ms"] == "@demo/a/ms"
    assert by_id["@demo/a"].origin is Origin.WORKSPACE
    assert by_id["from-git"].origin is Origin.GIT
    assert by_id["from-git"].integrity == ()
    assert by_id["left-pad"].origin is Origin.URL


def test_what_bun_prints_of_a_binary_lockfile_has_workspaces_and_places() -> None:
    found = fixture("bun-lockb", "printed")
    by_id = found.by_id
    assert {p.id: p.origin for p in found.packages if p.origin is not Origin.REGISTRY} == {
        "@demo/tool@packages/tool": Origin.WORKSPACE,
        "local@file:./local": Origin.FILE,
        "ms@https://files.example.org/ms-2.1.2.tgz": Origin.URL,
        "packed@file:./packed-1.2.3.tgz": Origin.FILE,
    }
    assert by_id["@demo/tool@packages/tool"].resolved == "workspace:packages/tool"
    assert by_id["ms@2.0.0"].direct  # a workspace requires it
    assert not by_id["is-number@^6.0.0"].direct
    assert by_id["number@npm:is-number@7.0.0"].alias == "number"
    assert ids(found, "dev") == set()  # the kind of what a workspace requires is not printed


def test_an_alias_that_an_older_bun_prints_by_its_real_name_is_found() -> None:
    text = '"@s/real@npm:@s/real@7.0.0":\n  version "7.0.0"\n'
    beside = {"package.json": b'{"dependencies": {"other": "npm:@s/real@7.0.0"}}'}
    found = read(Document(path="bun.lockb", data=text.encode(), beside=beside))
    assert [(p.name, p.alias, p.direct) for p in found.packages] == [("@s/real", "", True)]


def test_a_version_that_repeats_no_address_stays_a_version() -> None:
    text = 'axios@^1.0.0:\n  version "1.14.1"\n  resolved "1.14.1"\n'
    (package,) = read(Document(path="yarn.lock", data=text.encode())).packages
    assert (package.origin, package.version) == (Origin.REGISTRY, "1.14.1")


def test_the_binary_lockfile_of_bun_is_told_and_refused() -> None:
    data = b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n\x02\x00\xff"
    with pytest.raises(ParseError, match="--save-text-lockfile"):
        read(Document(path="bun.lockb", data=data))


def test_deno_edges_aliases_and_sections() -> None:
    found = fixture("deno", "version-5")
    by_id = found.by_id
    dom = by_id["npm:react-dom@17.0.2_react@17.0.2"]
    width = "npm:@demo/width@4.2.3_@scope+x@3.0.0"
    assert edges(dom) == {
        "loose-envify": "npm:loose-envify@1.4.0",
        "react": "npm:react@17.0.2",
        "width-cjs": width,
        "ms": "npm:ms@2.1.3",
    }
    assert by_id[width].alias == "width-cjs"
    assert edges(by_id["npm:loose-envify@1.4.0"]) == {"js-tokens": "npm:js-tokens@4.0.0"}
    assert edges(by_id["jsr:@std/path@1.0.8"])["ms"] == "npm:ms@2.1.3"
    assert {edge.target for edge in found.roots} == {
        *("jsr:@std/path@1.0.8", dom.id, "npm:ms@2.1.3"),
    }
    assert found.sections == {"npm": 7, "jsr": 2, "remote": 1}
    assert {p.ecosystem for p in found.packages} == {"npm", "jsr", "deno"}
    assert ids(found, "install_script") == {"npm:react@17.0.2"}
    assert by_id["jsr:@std/path@1.0.8"].integrity[0].startswith("sha256-")
    assert all(p.line for p in found.packages if p.section != "remote")


# -- helpers


@pytest.mark.parametrize(
    ("spec", "real"),
    [
        ("npm:ms@^2.0.0", ("ms", "^2.0.0")),
        ("npm:@o/a@1.0.0", ("@o/a", "1.0.0")),
        ("npm:ms", ("ms", "")),
        ("npm:@o/a", ("@o/a", "")),
        ("npm:1.0.0", None),
        ("npm:^1.0.0", None),
        ("1.0.0", None),
    ],
)
def test_an_alias_is_split_at_the_last_at(spec: str, real: tuple[str, str] | None) -> None:
    assert aliased(spec) == real


@pytest.mark.parametrize(
    ("spec", "origin"),
    [
        ("^1.0.0", Origin.REGISTRY),
        ("", Origin.REGISTRY),
        ("npm:a@1", Origin.REGISTRY),
        ("workspace:*", Origin.WORKSPACE),
        ("file:../a", Origin.FILE),
        ("./a.tgz", Origin.FILE),
        ("git+ssh://git@git.example.org/o/a.git", Origin.GIT),
        ("git@git.example.org:o/a.git", Origin.GIT),
        ("o/a#semver:^1", Origin.GIT),
        ("github:o/a", Origin.GIT),
        ("https://github.com/o/a", Origin.GIT),
        ("https://git.example.org/o/a.git#main", Origin.GIT),
        ("https://github.com/o/a/archive/1.tar.gz", Origin.URL),
        ("https://files.example.org/a.tgz", Origin.URL),
    ],
)
def test_the_origin_of_a_specification(spec: str, origin: Origin) -> None:
    assert origin_of(spec) is origin


def test_paths_addresses_and_digests() -> None:
    assert [outside(p) for p in ("a", "./a/../b", "a/../../b", "/a", "..", "C:/a")] == [
        *(False, False, True, True, True, True),
    ]
    assert [folder_name(p) for p in ("packages/a", "p/@o/a/", "..", "")] == ["a", "@o/a", "", ""]
    assert in_tarball("https://x.example/@o/a-b/-/a-b-1.0.0-rc.1.tgz") == ("@o/a-b", "1.0.0-rc.1")
    assert in_tarball("file:dist/once-1.4.0.tgz") == ("once", "1.4.0")
    assert in_tarball("https://x.example/a.tgz") is None
    assert from_hex("da39a3ee5e6b4b0d3255bfef95601890afd80709") == (
        "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="
    )
    assert from_hex("10c0/zz") == "10c0/zz"


def test_names_are_looked_up_as_node_does() -> None:
    places = Places()
    for place in ("node_modules/a", "packages/x/node_modules/a", "packages/node_modules/b"):
        places.add(place, place)
    scopes = places.scopes("packages/x/node_modules/q")
    assert meaning(scopes, "a") == "packages/x/node_modules/a"
    assert meaning(scopes, "b") == "packages/node_modules/b"
    assert meaning(places.scopes("packages/xy"), "a") == "node_modules/a"
    assert meaning(scopes, "c") == ""


def test_json_with_commas_and_comments_keeps_its_lines() -> None:
    text = '{"a": ["// no, ]", 1,],\n/* x\ny */ "b": {},\n // z\n}'
    assert json.loads(strict(text)) == {"a": ["// no, ]", 1], "b": {}}
    assert key_lines(strict(text), {()}) == {("a",): [1], ("b",): [3]}


# -- cost

BIG = 2_500
HOSTILE = [
    ("package-lock", '{"packages": {"' + "node_modules/a/" * 60_000 + '": {"dependencies": {}}}}'),
    (
        "package-lock",
        '{"dependencies": ' + '{"a": {"dependencies": ' * 400 + "1" + "}}" * 400 + "}",
    ),
    ("package-lock", '{"packages": {' + '"a": {"version": "1"},' * 30_000 + '"b": {}}}'),
    ("package-lock", '{"packages": {"a": {' + '"version": "1",' * 30_000 + '"b": 1}}}'),
    ("package-lock", '{"x": "' + '\\"{' * 100_000 + '"}'),
    ("bun", '{"packages": {"a": ["a@1", ' + "/*" * 100_000 + "}"),
    ("bun", '{"packages": {' + " ," * 100_000 + "}"),
    ("bun", '{"packages": {"' + "a/" * 100_000 + '": ["a@1"]}}'),
    ("yarn", '"' + '\\"' * 100_000 + ":\n  version 1\n"),
    ("yarn", "a@1, " * 100_000 + ":\n"),
    ("yarn", "a@1:\n" + '  version "1"\n' * 30_000),
    ("yarn", "a@1:\n" * 30_000),
    ("yarn-berry", '__metadata:\n\n"' + "a@npm:1, " * 50_000 + '":\n  version: 1\n'),
    ("yarn-berry", "__metadata:\n\n" + "a:b:" * 100_000 + "\n"),
    ("yarn-berry", '"a@npm:1":\n  resolution: "' + "a@patch:" * 20_000 + '"\n'),
    ("deno", '{"npm": {"a@1": {"dependencies": [' + '"a@1",' * 100_000 + '"a@1"]}}}'),
]


@pytest.mark.parametrize(("format_", "text"), HOSTILE, ids=lambda value: value[:24])
def test_hostile_files_cost_no_more_than_their_size(format_: str, text: str) -> None:
    with ends(), contextlib.suppress(InputError):
        lock(text, format_)


def big_npm(count: int) -> str:
    packages = {
        f"node_modules/package-{i}": {
            "version": f"1.{i}.0",
            "resolved": f"https://registry.example.org/package-{i}/-/package-{i}-1.{i}.0.tgz",
            "integrity": "sha512-" + "A" * 86 + "==",
            "dependencies": {f"package-{(i * 7) % count}": "^1.0.0"},
            "engines": {"node": ">=14"},
        }
        for i in range(count)
    }
    return json.dumps({"lockfileVersion": 3, "packages": packages}, indent=2)


def big_yarn(count: int) -> str:
    return "# yarn lockfile v1\n" + "".join(
        f'\npackage-{i}@^1.0.0:\n  version "1.{i}.0"\n'
        f'  resolved "https://registry.example.org/package-{i}/-/package-{i}-1.{i}.0.tgz"\n'
        f'  dependencies:\n    package-{(i * 7) % count} "^1.0.0"\n'
        for i in range(count)
    )


@pytest.mark.parametrize(("format_", "text"), [("package-lock", big_npm), ("yarn", big_yarn)])
def test_a_large_lockfile_takes_work_in_proportion_to_its_packages(
    format_: str, text: Callable[[int], str]
) -> None:
    """How long that takes, `python -m bench.guard` says."""
    small, large = text(BIG // 4), text(BIG)
    assert len(lock(large, format_).packages) == BIG
    short, long = calls(lambda: lock(small, format_)), calls(lambda: lock(large, format_))
    assert long < 4.2 * short
    assert long < 40 * BIG
