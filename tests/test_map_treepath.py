"""What a map calls its sources becomes paths of one tree that is safe on every file system."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.maps.treepath import LONGEST_PART, LONGEST_PATH, Places, folded, path_of
from auditor.safe import escaped

HOSTILE = [
    "../../../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows\\system32\\evil.dll",
    "C:\\Users\\me\\a.ts",
    "C:evil.ts",
    "\\\\server\\share\\a.ts",
    "\\\\?\\C:\\a.ts",
    "//server/share/a.ts",
    "webpack:///../../../../a.ts",
    "webpack://x/../../a.ts",
    "file:///etc/passwd",
    "a/./../../b.ts",
    "nul.ts",
    "con",
    "aux .c/x",
    "COM¹.txt",
    "a\x00b.ts",
    "a\nb\x1b[31m.ts",
    "trailing. . ./x.ts. ",
    "a:stream.ts",
    ".git/config",
    ".GIT./hooks/post-checkout",
    "git~1/config",
    ".g\u200dit/config",
    "\ud800.ts",
    "~/.ssh/authorized_keys",
    "x" * 5_000,
    "é" * 3_000 + ".ts",
    "a/" * 3_000 + "b.ts",
    "",
    ".",
    "..",
    "/",
    "?",
    "webpack://",
    "-rf",
]
DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}


@pytest.mark.parametrize(
    ("name", "root", "map_path", "expected"),
    [
        ("../src/a.ts", "", "dist/a.js.map", "src/a.ts"),
        ("../../../js/a.ts", "", "gui/assets/a.js.map", "js/a.ts"),
        ("a.ts", "../src/", "dist/a.js.map", "src/a.ts"),
        ("a.ts", "https://dev.example.org/x", "dist/a.js.map", "dev.example.org/x/a.ts"),
        ("/abs/a.ts", "src", "dist/a.js.map", "abs/a.ts"),
        ("a.ts", "", "vendor.zip!lib/a.js.map", "vendor.zip!/lib/a.ts"),
        ("../src/a.ts", "", "x.tgz!dist/a.js.map.br!a.js.map", "x.tgz!/src/a.ts"),
        ("../src/a.ts", "", "dist/a.js.map.gz!a.js.map", "src/a.ts"),
        ("webpack:///./src/App.vue?4f3e", "", "dist/a.js.map", "src/App.vue"),
        ("webpack:///src/a.ts", "", "dist/a.js.map", "src/a.ts"),
        ("webpack://demo/./src/a.ts", "", "dist/a.js.map", "src/a.ts"),
        ("webpack://@scope/demo/./src/a.ts", "", "", "src/a.ts"),
        ("webpack://demo/src/a.ts", "", "", "demo/src/a.ts"),
        ("webpack://_N_E/../shared/a.ts", "", "", "shared/a.ts"),
        ("webpack-internal:///./src/a.ts", "", "", "src/a.ts"),
        ("turbopack://[project]/src/a.ts", "", "", "[project]/src/a.ts"),
        ("file:///home/me/a.ts", "", "dist/a.js.map", "home/me/a.ts"),
        ("file:///C:/Users/me/a.ts", "", "", "C/Users/me/a.ts"),
        ("C:\\Users\\me\\a.ts", "src", "dist/a.js.map", "C/Users/me/a.ts"),
        ("\\\\server\\share\\a.ts", "", "dist/a.js.map", "server/share/a.ts"),
        ("\\\\?\\C:\\a.ts", "", "", "C/a.ts"),
        ("//server/share/a.ts", "", "", "server/share/a.ts"),
        ("\x00vite/preload-helper.js", "", "", "_vite/preload-helper.js"),
        ("a/%2e%2e/%2e%2e/b.ts", "", "", "a/%2e%2e/%2e%2e/b.ts"),
        ("nul.ts", "", "", "_nul.ts"),
        ("aux .c/x", "", "", "_aux .c/x"),
        ("COM¹.txt", "", "", "_COM¹.txt"),
        ("console.ts", "", "", "console.ts"),
        ("trailing. . ./x.ts. ", "", "", "trailing/x.ts"),
        (".../a.ts", "", "", "_/a.ts"),
        (".GIT./config", "", "", "_.GIT/config"),
        (".g\u200dit/config", "", "", ".g_it/config"),
        (".gitignore", "", "", ".gitignore"),
        ("a:b*c.ts", "", "", "a_b_c.ts"),
        ("e\u0301.ts", "", "", "é.ts"),
        ("", "", "", "unnamed source"),
        ("..", "", "", "unnamed source"),
    ],
)
def test_a_source_has_the_place_that_a_debugger_gives_it(
    name: str, root: str, map_path: str, expected: str
) -> None:
    assert "/".join(path_of(name, root, map_path)) == expected


def test_a_long_name_keeps_its_beginning_and_extension_and_differs_from_others_as_long() -> None:
    (one,) = path_of("x" * 5_000 + "1.component.ts")
    (other,) = path_of("x" * 5_000 + "2.component.ts")

    assert one.startswith("xxxx")
    assert one.endswith(".ts")
    assert one != other


def test_a_long_path_lies_in_a_folder_of_its_own() -> None:
    folder, name = path_of("a/" * 3_000 + "b.ts")
    other, _ = path_of("a/" * 3_001 + "b.ts")

    assert name == "b.ts"
    assert folder.startswith("long path ")
    assert folder != other


names = st.one_of(
    st.text(max_size=60),
    st.sampled_from(HOSTILE),
    st.lists(
        st.sampled_from(["..", ".", "a", "A", "a.ts", "nul", "x ", ".git", "", "é", "e\u0301"]),
        max_size=6,
    ).map("/".join),
)


@given(names, names, names)
@example("..", "webpack://", "../../a!../b")
def test_no_path_leads_out_of_the_tree(name: str, root: str, map_path: str) -> None:
    path = path_of(name, root, map_path)
    whole = "/".join(path)

    assert path
    assert len(whole.encode()) <= LONGEST_PATH
    assert not PurePosixPath(whole).is_absolute()
    windows = PureWindowsPath(whole)
    assert not windows.drive
    assert not windows.root
    for part in path:
        assert part not in {"", ".", ".."}
        assert not set(part) & set('<>:"|?*\\/')
        assert escaped(part) == part
        assert part == part.rstrip(". ")
        assert part.casefold() not in {".git", "git~1"}
        assert part.partition(".")[0].rstrip(" ").upper() not in DEVICES
        assert len(part.encode()) <= LONGEST_PART


@pytest.mark.parametrize(
    ("wished", "expected"),
    [
        ([("a.ts", "1"), ("a.ts", "1")], ["a.ts", "a.ts"]),
        ([("a.ts", "1"), ("a.ts", "2"), ("a.ts", "3")], ["a.ts", "a (2).ts", "a (3).ts"]),
        ([("x/b/c/a.ts", "1"), ("y/B/C/A.ts", "1")], ["x/b/c/a.ts", "x/b/c/a.ts"]),
        ([("x/c/a.ts", "1"), ("y/c/a.ts", "1")], ["x/c/a.ts", "y/c/a.ts"]),
        ([("a.ts", "1"), ("A.ts", "2")], ["a.ts", "A (2).ts"]),
        ([("src/a", "1"), ("SRC/b", "2")], ["src/a", "src/b"]),
        ([("é.ts", "1"), ("e\u0301.ts", "2")], ["é.ts", "e\u0301 (2).ts"]),
        ([("a", "1"), ("a/b", "2"), ("a/c", "3")], ["a", "a (2)/b", "a (2)/c"]),
        ([("a/b", "1"), ("a", "2")], ["a/b", "a (2)"]),
        ([("a (2).ts", "1"), ("a.ts", "2"), ("a.ts", "3")], ["a (2).ts", "a.ts", "a (3).ts"]),
        ([(".env", "1"), (".env", "2")], [".env", ".env (2)"]),
        ([("list.json", "1")], ["list (2).json"]),
        ([("list.json/a", "1")], ["list (2).json/a"]),
    ],
)
def test_each_text_has_a_path_of_its_own(
    wished: list[tuple[str, str]], expected: list[str]
) -> None:
    places = Places(reserved=[("list.json",)])

    found = [places.place(tuple(path.split("/")), text.encode())[0] for path, text in wished]

    assert ["/".join(path) for path in found] == expected


@given(st.lists(st.tuples(names, st.binary(max_size=1)), max_size=30))
def test_two_texts_never_share_a_path_that_a_file_system_may_take_for_the_same(
    given_names: list[tuple[str, bytes]],
) -> None:
    places = Places()
    texts: dict[tuple[str, ...], bytes] = {}
    for name, text in given_names:
        path, new = places.place(path_of(name), text)
        assert new == (folded(path) not in texts)
        assert texts.setdefault(folded(path), text) == text

    for path in texts:
        assert not any(path[:length] in texts for length in range(1, len(path)))
