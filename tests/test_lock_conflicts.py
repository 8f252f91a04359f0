"""A lockfile with a merge conflict: who requires what, when both sides are one inventory."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.lockfiles import Document, formats, read

if TYPE_CHECKING:
    from auditor.inventory import Inventory

HEAD = "# yarn lockfile v1\n\n\n"
REGISTRY = "https://registry.example.org"
DIGEST = "sha512-" + "A" * 86 + "=="


def entry(name: str, version: str, *, header: str = "", **wanted: str) -> str:
    lines = [f"{header or f'{name}@^1.0.0'}:", f'  version "{version}"']
    lines += [f'  resolved "{REGISTRY}/{name}/-/{name}-{version}.tgz"']
    lines += [f"  integrity {DIGEST}"]
    if wanted:
        lines += ["  dependencies:", *(f'    {key} "{value}"' for key, value in wanted.items())]
    return "\n".join((*lines, "", ""))


def in_conflict(ours: str, theirs: str, rest: str = "", before: str = "") -> Inventory:
    text = f"{HEAD}{before}<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> other\n{rest}"
    manifest = b'{"dependencies": {"app": "^1.0.0"}}'
    document = Document(path="yarn.lock", data=text.encode(), beside={"package.json": manifest})
    return read(document, formats()["yarn"])


def edges(found: Inventory) -> dict[str, list[str]]:
    """Return what each package leads to, the project as ``: as name and version.

    An edge that found no package leads to nothing.
    """
    versions = {package.id: f"{package.name} {package.version}" for package in found.packages}
    assert len(versions) == len(found.packages)
    led: dict[str, set[str]] = defaultdict(set)
    for name, own in (("", found.roots), *((versions[p.id], p.requires) for p in found.packages)):
        led[name] |= {versions[edge.target] for edge in own if edge.target}
    return {name: sorted(to) for name, to in led.items()}


def test_who_is_on_both_sides_requires_what_each_side_says() -> None:
    found = in_conflict(
        entry("axios", "1.14.0"),
        entry("axios", "1.14.1", **{"plain-crypto-js": "^1.0.0"})
        + entry("plain-crypto-js", "1.0.1"),
        before=entry("app", "1.0.0", axios="^1.0.0"),
    )

    assert edges(found) == {
        "": ["app 1.0.0"],
        "app 1.0.0": ["axios 1.14.0", "axios 1.14.1"],
        "axios 1.14.0": [],
        "axios 1.14.1": ["plain-crypto-js 1.0.1"],
        "plain-crypto-js 1.0.1": [],
    }


def test_what_the_second_side_alone_has_leads_to_that_side_s_entries() -> None:
    found = in_conflict(
        entry("ms", "1.0.0"),
        entry("ms", "1.0.1") + entry("debug", "1.0.0", ms="^1.0.0"),
        before=entry("app", "1.0.0", debug="^1.0.0"),
    )

    assert edges(found)["debug 1.0.0"] == ["ms 1.0.1"]


def test_one_content_under_two_headers_is_one_package_with_all_that_leads_to_it() -> None:
    found = in_conflict(
        entry("ms", "1.0.0", header="ms@^1.0.0"),
        entry("ms", "1.0.0", header='"ms@1", ms@^1.0.0') + entry("debug", "1.0.0", ms="1"),
        before=entry("app", "1.0.0", ms="^1.0.0"),
    )

    assert edges(found) == {
        "": ["app 1.0.0"],
        "app 1.0.0": ["ms 1.0.0"],
        "ms 1.0.0": [],
        "debug 1.0.0": ["ms 1.0.0"],
    }


def test_the_project_itself_leads_to_both_sides() -> None:
    found = in_conflict(entry("app", "1.0.0"), entry("app", "1.0.1"))

    assert edges(found)[""] == ["app 1.0.0", "app 1.0.1"]
    assert all(package.direct for package in found.packages)


def test_an_id_that_looks_like_one_of_the_second_side_is_another_s() -> None:
    found = in_conflict(
        entry("ms", "1.0.0") + entry("ms", "2.0.0", header='"ms@^1.0.0 (second side)"'),
        entry("ms", "1.0.1"),
    )

    assert sorted(package.version for package in found.packages) == ["1.0.0", "1.0.1", "2.0.0"]
    assert len({package.id for package in found.packages}) == 3


@pytest.mark.parametrize("more", [{"hasInstallScript": True}, {"deprecated": "old"}])
def test_what_the_second_side_alone_says_of_the_same_release_is_not_lost(
    more: dict[str, object],
) -> None:
    def side(**said: object) -> str:
        one = {"version": "1.0.0", "resolved": f"{REGISTRY}/ms/-/ms-1.0.0.tgz", "integrity": DIGEST}
        return f'    "node_modules/ms": {json.dumps(one | said)}\n'

    text = (
        '{\n  "lockfileVersion": 3,\n  "packages": {\n    "": {"dependencies": {"ms": "1"}},\n'
        f"<<<<<<< HEAD\n{side()}=======\n{side(**more)}>>>>>>> other\n  }}\n}}\n"
    )
    found = read(Document(path="package-lock.json", data=text.encode()), formats()["package-lock"])

    assert [(p.install_script, p.deprecated) for p in found.packages] == [
        (False, ""),
        ("hasInstallScript" in more, more.get("deprecated", "")),
    ]
    assert [edge.target for edge in found.roots] == [package.id for package in found.packages]


SIDE = st.lists(
    st.builds(
        entry,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["1.0.0", "1.0.1"]),
        header=st.sampled_from(["", "a@1", "b@1", '"a@1", b@1', "c@1"]),
        a=st.sampled_from(["^1.0.0", "1"]),
        b=st.sampled_from(["^1.0.0", "1", "7"]),
    ),
    max_size=3,
).map("".join)


@given(ours=SIDE, theirs=SIDE, rest=SIDE, before=SIDE)
@settings(deadline=None)
def test_every_edge_leads_to_a_package_and_none_of_a_side_is_lost(
    ours: str, theirs: str, rest: str, before: str
) -> None:
    if not ours + theirs + rest + before:
        return
    sides = [
        read(Document(path="yarn.lock", data=(HEAD + text).encode()), formats()["yarn"])
        for text in (before + ours + rest, before + theirs + rest)
        if text
    ]

    found = in_conflict(ours, theirs, rest, before)

    assert edges(found).keys() - {""} == {
        f"{one.name} {one.version}" for side in sides for one in side.packages
    }
    for side in sides:
        for name, led in edges(side).items():
            if name:
                assert set(led) <= set(edges(found)[name])
