"""Words that may not ship: in files, in maps however they are written, in names and headers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from auditor import facts
from auditor.__main__ import run
from auditor.examine import Examination
from auditor.facts import denied_word
from auditor.facts.demands import Demands
from auditor.limits import Budget, Limits
from auditor.model import ArtifactKind, Member
from auditor.wordscan import DeniedWords, is_too_wide
from tests.test_source_facts import encoded
from tests.work import ends

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.conftest import Pack

Told = tuple[str, int | None, str, int]
"""Path, line, what stands there, how often."""


def examined(
    files: Mapping[str, str], words: tuple[str, ...], header: Mapping[str, str] | None = None
) -> list[denied_word.DeniedWordFact]:
    _, readers = facts.load()
    examination = Examination("test", (*readers, denied_word.reader(words)), Budget(Limits()))
    for path, text in files.items():
        data = text.encode()
        said = {"owner": "", "group": "", "link": "", **(header or {})}
        member = Member(
            path=path,
            name=path,
            size=len(data),
            owner=said["owner"],
            group=said["group"],
            link=said["link"],
        )
        examination.run([(member, iter((data,)))])
    assert not examination.gaps
    contents = examination.contents(ArtifactKind.NPM_TARBALL, None)
    seen: dict[type, tuple[object, ...]] = {**contents.observations}
    seen[Demands] = (Demands(words=words),)
    return list(denied_word.collect(replace(contents, observations=seen)))


def told(files: Mapping[str, str], *words: str) -> list[Told]:
    return [(f.path, f.line, f.found, f.times) for f in examined(files, words)]


def document(*texts: str, names: tuple[str, ...] = ()) -> str:
    sources = [f"../src/{name}.ts" for name, _ in zip("abcdef", texts, strict=False)]
    plain = {"sources": sources, "sourcesContent": texts, "mappings": "", "names": names}
    return json.dumps(plain)


def inline(text: str, *, base64: bool = True) -> str:
    payload = f";base64,{encoded(text)}" if base64 else f",{quote(text)}"
    return f"run()\n//# sourceMappingURL=data:application/json{payload}\n"


# -- where a word stands

TEXT = "let a\n// Falcon, falcon\n"
CARRIERS: dict[str, tuple[dict[str, str], list[Told]]] = {
    "a file": ({"a.js": TEXT}, [("a.js", 2, "Falcon", 2)]),
    "a map's text": (
        {"a.js.map": document("x", TEXT)},
        [("a.js.map!src/b.ts", 2, "Falcon", 2)],
    ),
    "two texts of a map": (
        {"a.js.map": document(TEXT, "falcon")},
        [("a.js.map!src/a.ts", 2, "Falcon", 2), ("a.js.map!src/b.ts", 1, "falcon", 1)],
    ),
    "a map's text that JSON escapes": (
        {"a.js.map": document("x\n@").replace("@", "\\u0066alcon")},
        [("a.js.map!src/a.ts", 2, "falcon", 1)],
    ),
    "a library's text": (
        {"a.js.map": document(TEXT).replace("../src", "../node_modules/kit")},
        [("a.js.map!node_modules/kit/a.ts", 2, "Falcon", 2)],
    ),
    "another part of a map": (
        {"a.js.map": document("x", names=("falcon",))},
        [("a.js.map", 1, "falcon", 1)],
    ),
    "a map's text and another part": (
        {"a.js.map": document(TEXT, names=("falcon",))},
        [("a.js.map", 1, "Falcon", 1), ("a.js.map!src/a.ts", 2, "Falcon", 2)],
    ),
    "an inline map in base64": (
        {"a.js": inline(document(TEXT))},
        [("a.js!src/a.ts", 2, "Falcon", 2)],
    ),
    "an inline map in percent-encoding": (
        {"a.js": inline(document("x\n\u2603\n").replace("\\u2603", "\\u0046alcon"), base64=False)},
        [("a.js!src/a.ts", 2, "Falcon", 1)],
    ),
    "the name of a source in an inline map": (
        {"a.js": inline(document("x").replace("/a.ts", "/falcon/a.ts"))},
        [("a.js!src/falcon/a.ts", None, "falcon", 0)],
    ),
    "a map inside a map's text": (
        {"a.js.map": document(inline(document(TEXT)))},
        [("a.js.map!src/a.ts", 2, "Falcon", 2)],
    ),
    "a map as an object in code": (
        {"a.js": f"export const map = {document('x', TEXT)};\n"},
        [("a.js!src/b.ts", 2, "Falcon", 2)],
    ),
    "a module that is evaluated": (
        {"a.js": f"eval({json.dumps(TEXT + '//# sourceURL=webpack://kit/./src/a.ts')});\n"},
        [("a.js!src/a.ts", 2, "Falcon", 2)],
    ),
    "code beside an inline map": (
        {"a.js": f"falcon()\n{inline(document(TEXT))}"},
        [("a.js", 1, "falcon", 1), ("a.js!src/a.ts", 2, "Falcon", 2)],
    ),
    "a file's name": ({"lib/FaLcon.js": ""}, [("lib/FaLcon.js", None, "FaLcon", 0)]),
    "nowhere": ({"a.js": "fal con"}, [("", None, "", 0)]),
}


@pytest.mark.parametrize(("files", "expected"), CARRIERS.values(), ids=CARRIERS)
def test_a_word_is_told_where_it_stands(files: dict[str, str], expected: list[Told]) -> None:
    assert told(files, "falcon") == expected


@pytest.mark.parametrize("field", ["owner", "group", "link"])
def test_a_word_in_what_the_archive_says_of_a_file(field: str) -> None:
    (fact,) = examined({"a.js": ""}, ("falcon",), {field: "team-falcon"})
    assert (fact.path, fact.found, fact.in_header, fact.in_path) == ("a.js", "falcon", True, False)


# -- wildcards and case


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("falcon", "FALCON Falcon falcon", ["FALCON", "Falcon", "falcon"]),
        ("FalCon", "falcon FalCon fALCON", ["falcon", "FalCon"]),
        ("*.corp.example", "at ci7.eu.corp.example:80", ["ci7.eu.corp.example"]),
        ("*.corp.example", '"https://ci7.corp.example/a"', ["https://ci7.corp.example"]),
        ("@acme/*", "require('@acme/secret-kit')", ["@acme/secret-kit"]),
        ("falcon-*-key", "falcon-eu-key falcon-key", ["falcon-eu-key"]),
        ("falcon-*-key", "falcon- x-key", []),
        ("falcon-*-key", 'falcon-"-key', []),
        ("project-?7", "project-a7 project-77 project-7", ["project-a7", "project-77"]),
        ("?falcon", "falcon xfalcon", ["xfalcon"]),
        ("caf\u00e9-*", "Caf\u00e9-bar", ["Caf\u00e9-bar"]),
        ("a.c", "abc a.c", ["a.c"]),
        ("(x", "f(x)", ["(x"]),
    ],
)
def test_what_a_word_matches(word: str, text: str, found: list[str]) -> None:
    words = DeniedWords((word,))
    data = text.encode()
    hits = {
        hit.start: hit.found
        for anchor in words.anchors
        if anchor
        for offset in range(len(data))
        if data.startswith(anchor, offset)
        for hit in words.at(data, anchor, offset)
    }
    assert [hits[start] for start in sorted(hits)] == found


@pytest.mark.parametrize(
    ("word", "wide"),
    [("*", True), ("a*bc", True), ("???", True), ("abc*", False), ("ab", False), ("a?bcd", False)],
)
def test_a_glob_needs_letters_by_which_it_is_looked_for(word: str, wide: bool) -> None:  # noqa: FBT001
    assert is_too_wide(word) == wide


@given(
    st.text("ab*?.", min_size=1, max_size=9).filter(lambda word: not is_too_wide(word)),
    st.text("ab. \n", max_size=30),
)
def test_a_glob_matches_what_its_letters_say(word: str, text: str) -> None:
    for found in DeniedWords((word,)).inside(text).values():
        assert len(found) >= len(word.replace("*", ""))
        assert "\n" not in found
        assert " " not in found


def test_a_word_with_many_near_misses_is_looked_for_in_linear_time() -> None:
    text = "falcon-" * 14_000
    with ends():
        assert told({"a.js": text}, "falcon-*-*-key") == [("", None, "", 0)]


# -- from a policy to an exit code


def test_words_of_a_file_that_is_not_published(
    pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tarball = pack({"dist/a.js.map": document("x\nconst at = 'ci7.corp.example'")})
    (tmp_path / "secret").mkdir()
    words = tmp_path / "secret" / "words.txt"
    words.write_text("# hosts\n*.corp.example # all of them\n\n", encoding="utf-8")
    policy = tmp_path / ".audit.yml"
    policy.write_text(
        "deny-words: [falcon]\ndeny-words-file: secret/words.txt\n"
        "rules: {embedded-sources: {severity: info, reason: a test, owner: zoe}}\n",
        encoding="utf-8",
    )
    arguments = ["pack", str(tarball), "--config", str(policy), "--format", "json"]
    assert run(arguments) == 1
    found: list[dict[str, Any]] = [
        finding
        for finding in json.loads(capsys.readouterr().out)["findings"]
        if finding["rule"] == "denied-word"
    ]
    assert [(f["location"]["path"], f["location"]["line"]) for f in found] == [
        ("dist/a.js.map!src/a.ts", 2)
    ]
    assert found[0]["evidence"]["found"] == "ci7.corp.example"

    words.write_text("*\n", encoding="utf-8")
    assert run(arguments) == 2
    assert "words.txt: '*' matches too much" in capsys.readouterr().err
    words.unlink()
    assert run(arguments) == 2
    assert "words.txt" in capsys.readouterr().err
