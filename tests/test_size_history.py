"""A release's size against those before it: the model, real histories, `audit pack --online`."""

from __future__ import annotations

import json
import math
import random
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ParseError
from auditor.facts import Contents
from auditor.facts.comparing.size_history import SizeHistoryFact, SizesSeen, collect
from auditor.model import ArtifactKind, Member
from auditor.sizehistory import ReleaseSize, Step, growth, of_packument, of_project
from tests.a_registry import Served, served
from tests.distributions import wheel
from tests.test_cli import audit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Pack

HISTORIES = Path(__file__).parent.parent / "fixtures" / "size-histories"


@cache
def history(name: str) -> tuple[ReleaseSize, ...]:
    rows = json.loads((HISTORIES / f"{name}.json").read_text())
    return tuple(ReleaseSize(version=v, size=size, files=files) for v, _, size, files in rows)


def line(*sizes: int, start: str = "1.0.") -> list[ReleaseSize]:
    return [ReleaseSize(version=f"{start}{n}", size=size) for n, size in enumerate(sizes)]


STEADY = line(*[1_000_000] * 6)


# the model


def test_a_jump_is_measured_against_what_is_usual() -> None:
    found = growth("npm", line(100, 110, 121, 133, 146, 161), "1.0.6", 322)
    assert found is not None
    assert (found.before.version, found.step, found.releases) == ("1.0.5", Step.PATCH, 6)
    assert math.expm1(found.usual) == pytest.approx(0.1, abs=0.005)
    assert math.expm1(found.now) == pytest.approx(1.0)
    assert found.score == pytest.approx((math.log(2) - math.log(1.1)) / 0.03, rel=0.05)


def test_what_varies_much_is_reckoned_with() -> None:
    lively = line(100, 150, 110, 160, 105, 155, 108, 150, 110)
    steady = growth("npm", line(*[100] * 9), "1.0.9", 300)
    found = growth("npm", lively, "1.0.9", 300)
    assert steady is not None
    assert found is not None
    assert 0 < found.score < 3 < steady.score


@pytest.mark.parametrize("count", range(1, 10))
def test_a_few_releases_say_nothing(count: int) -> None:
    found = growth("npm", line(*[100] * count), "1.1.0", 900)
    assert (found is None) == (count < 6)


@pytest.mark.parametrize(
    ("version", "step"),
    [
        ("1.0.6", Step.PATCH),
        ("1.1.0", Step.MINOR),
        ("2.0.0", Step.MAJOR),
        ("1.1.0-rc.1", Step.PRERELEASE),
        ("2.0.0-rc.1", Step.MAJOR),
    ],
)
def test_steps_are_told_apart(version: str, step: Step) -> None:
    found = growth("npm", STEADY, version, 1_000_000)
    assert found is not None
    assert found.step is step


def test_a_stable_release_is_compared_with_stable_ones() -> None:
    releases = [*STEADY, ReleaseSize(version="1.1.0-rc.1", size=9_000_000)]
    stable = growth("npm", releases, "1.1.0", 1_000_000)
    other = growth("npm", releases, "1.1.0-rc.2", 9_000_000)
    assert stable is not None
    assert other is not None
    assert (stable.before.version, stable.now) == ("1.0.5", 0)
    assert (other.before.version, other.now) == ("1.1.0-rc.1", 0)


def test_a_new_major_version_is_none_of_what_is_usual() -> None:
    releases = [*line(*[100] * 6), *line(*[900] * 3, start="2.0.")]
    found = growth("npm", releases, "2.0.3", 900)
    assert found is not None
    assert (found.usual, found.releases) == (0, 8)


def test_the_line_of_the_version_counts_and_not_what_came_later() -> None:
    releases = [*STEADY, *line(*[9_000_000] * 6, start="2.0.")]
    found = growth("npm", releases, "1.0.6", 1_000_000)
    assert found is not None
    assert found.before.version == "1.0.5"


def test_a_release_that_is_there_already_is_not_compared_with_itself() -> None:
    releases = [*STEADY, ReleaseSize(version="1.0.6", size=9_000_000)]
    found = growth("npm", releases, "1.0.6", 9_000_000)
    assert found is not None
    assert (found.before.version, round(math.exp(found.now))) == ("1.0.5", 9)


def test_what_was_small_by_mistake_may_be_made_good_again() -> None:
    releases = [*STEADY, ReleaseSize(version="1.0.6", size=1_000)]
    found = growth("npm", releases, "1.0.7", 1_010_000)
    assert found is not None
    assert found.before.version == "1.0.6"
    assert found.now > 6
    assert found.score < 1
    long_ago = [*STEADY, *line(*[1_000] * 5, start="1.1.")]
    assert growth("npm", long_ago, "1.1.5", 1_010_000).score > 100  # type: ignore[union-attr]


def test_one_jump_of_the_past_hides_no_other() -> None:
    found = growth("npm", line(100, 100, 100, 500, 500, 500, 500, 500), "1.0.8", 2500)
    assert found is not None
    assert found.score > 50


def test_pypi_orders_versions_by_its_own_rules() -> None:
    releases = [ReleaseSize(version=f"2026.{n}.post1", size=100) for n in range(6)]
    found = growth("pypi", releases, "2026.10rc1", 100)
    assert found is not None
    assert (found.before.version, found.step) == ("2026.5.post1", Step.PRERELEASE)
    assert growth("pypi", releases, "2027.1", 100).step is Step.MAJOR  # type: ignore[union-attr]


@pytest.mark.parametrize("version", ["", "latest", "1", "1.0", "x" * 5000, "\ud800"])
def test_what_is_no_version_says_nothing(version: str) -> None:
    assert growth("npm", STEADY, version, 9_000_000) is None
    releases = [*STEADY, ReleaseSize(version=version, size=1)]
    assert growth("npm", releases, "1.0.6", 1) == growth("npm", STEADY, "1.0.6", 1)


@given(
    sizes=st.lists(st.integers(1, 1 << 40), min_size=6, max_size=30),
    now=st.integers(1, 1 << 40),
    scale=st.integers(2, 1000),
)
def test_only_ratios_count(sizes: list[int], now: int, scale: int) -> None:
    found = growth("npm", line(*sizes), "1.1.0", now)
    larger = growth("npm", line(*(size * scale for size in sizes)), "1.1.0", now * scale)
    assert found is not None
    assert larger is not None
    assert larger.score == pytest.approx(found.score, abs=1e-6)


@pytest.mark.parametrize("size", [0, -5, 1 << 50, 10**400])
def test_a_size_that_can_be_none_does_not_count(size: int) -> None:
    odd = ReleaseSize(version="1.0.6", size=size)
    assert growth("npm", [*STEADY, odd], "1.0.7", 1) == growth("npm", STEADY, "1.0.7", 1)
    assert growth("npm", STEADY, "1.0.7", size) is None


@given(seed=st.integers(0, 1000))
def test_the_order_in_which_releases_are_named_does_not_count(seed: int) -> None:
    releases = list(history("zod"))
    found = growth("npm", releases, "4.1.0", 5_000_000)
    random.Random(seed).shuffle(releases)  # noqa: S311 - an order, no secret
    assert growth("npm", releases, "4.1.0", 5_000_000) == found


# real histories

FLAGGED = {
    "anthropic-ai-claude-code": [],
    "axios": [],
    "babel-core": ["7.19.0 +235 %"],  # 57 maps with the whole source are new
    "chalk": [],
    "eslint": [],
    "express": [],
    "prettier": [],
    "react": [],
    "vite": [],
    "zod": [
        "3.25.0 +130 %",  # version 4 ships within version 3
        "3.25.1 +114 %",  # 382 more files: the source ships, too
        "3.25.20 +21 %",  # 177 more files
    ],
}


def told(name: str, release: ReleaseSize) -> SizeHistoryFact | None:
    """Return the fact of a release of a history, if the rule tells it."""
    seen = SizesSeen(ecosystem="npm", version=release.version, releases=history(name), packed=False)
    fact = fact_of(seen, ("all", release.size))
    if fact is None or fact.added <= 100_000:
        return None
    least = 24 if fact.step is Step.MAJOR else 6
    return fact if fact.score >= least else None


def fact_of(seen: SizesSeen, *files: tuple[str, int], packed: int = 1) -> SizeHistoryFact | None:
    contents = Contents(
        kind=ArtifactKind.NPM_TARBALL,
        members=tuple(Member(path=path, name=path, size=size) for path, size in files),
        packed=packed,
        observations={SizesSeen: (seen,)},
    )
    return next(collect(contents), None)


@pytest.mark.parametrize("name", sorted(FLAGGED))
def test_of_real_releases_those_are_told_that_were_something_else(name: str) -> None:
    facts = [fact for release in history(name) if (fact := told(name, release))]
    assert [f"{fact.version} {fact.now_percent:+} %" for fact in facts] == FLAGGED[name]


def test_all_histories_are_tried_and_most_of_their_releases() -> None:
    assert sorted(path.stem for path in HISTORIES.glob("*.json")) == sorted(FLAGGED)
    releases = [
        growth("npm", history(name), one.version, one.size)
        for name in FLAGGED
        for one in history(name)
    ]
    assert len(releases) == 392
    assert sum(one is not None for one in releases) == 324


def test_the_map_that_shipped_would_have_been_told() -> None:
    seen = SizesSeen(
        ecosystem="npm",
        version="2.1.88",
        releases=history("anthropic-ai-claude-code"),
        packed=False,
    )
    files = (("cli.js", 12_900_000), ("vendor/rg", 33_700_000), ("cli.js.map", 59_800_000))
    fact = fact_of(seen, *files)
    assert fact is not None
    assert (fact.step, fact.score, fact.before_version) == (Step.PATCH, 19, "2.1.87")
    assert fact.said == "usually +0 %, now +128 %: cli.js.map 59.8 MB"


# the fact


def test_the_suspect_is_the_largest_file_that_could_have_been_added() -> None:
    seen = SizesSeen(ecosystem="npm", version="1.0.6", releases=tuple(STEADY), packed=False)
    fact = fact_of(seen, ("old.js", 950_000), ("new.js.map", 800_000), ("a.md", 50_000))
    assert fact is not None
    assert (fact.before, fact.after, fact.added) == (1_000_000, 1_800_000, 800_000)
    assert (fact.suspect, fact.suspect_size) == ("new.js.map", 800_000)
    assert fact.said == "usually +0 %, now +80 %: new.js.map 800 kB"
    assert (fact.usual_percent, fact.now_percent, fact.score) == (0, 80, 19)
    assert (fact.files_before, fact.files_after) == (None, 3)


def test_what_is_smaller_is_a_fact_without_a_suspect() -> None:
    seen = SizesSeen(ecosystem="npm", version="1.0.6", releases=tuple(STEADY), packed=False)
    fact = fact_of(seen, ("a.js", 500_000))
    assert fact is not None
    assert (fact.now_percent, fact.added, fact.suspect) == (-50, 0, "")
    assert fact.score < -20


def test_nothing_at_all_is_no_fact() -> None:
    seen = SizesSeen(ecosystem="npm", version="1.0.6", releases=tuple(STEADY), packed=False)
    assert fact_of(seen) is None
    assert fact_of(SizesSeen(ecosystem="npm", version="1.0.6", releases=(), packed=False)) is None


# what registries say


def packument(**sizes: Any) -> bytes:  # noqa: ANN401 - also what no registry should say
    rows = {
        name[1:].replace("_", "."): {"dist": {"unpackedSize": size, "fileCount": 3}}
        for name, size in sizes.items()
    }
    return json.dumps({"versions": rows}).encode()


def test_npm_says_sizes_and_how_many_files() -> None:
    assert of_packument(packument(v1_0_0=10, v1_1_0=20)) == (
        ReleaseSize(version="1.0.0", size=10, files=3),
        ReleaseSize(version="1.1.0", size=20, files=3),
    )


@pytest.mark.parametrize(
    "version",
    [
        {},
        1,
        None,
        {"dist": None},
        {"dist": {}},
        {"dist": {"unpackedSize": "9"}},
        {"dist": {"unpackedSize": -9}},
        {"dist": {"unpackedSize": 10**40}},
    ],
)
def test_a_version_that_says_no_size_is_left_out(version: object) -> None:
    document = json.loads(packument(v1_0_0=10))
    document["versions"]["1.1.0"] = version
    data = json.dumps(document).encode()
    assert [one.version for one in of_packument(data)] == ["1.0.0"]


FILES = [
    ("demo_kit-1.0.tar.gz", 10),
    ("demo_kit-1.0-py3-none-any.whl", 20),
    ("demo_kit-1.0-1-cp312-cp312-win_amd64.whl", 30),
    ("demo_kit-1.1-cp312-cp312-win_amd64.whl", 31),
    ("demo-kit-0.9.zip", 40),
    ("demo-kit-0.8.exe", 50),
    ("demo_kit-1.2-py3-none-any.whl", None),
    ("demo_kit-py3-none-any.whl", 60),
    ("x.whl", 70),
    ("", 80),
]


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("demo_kit-2.0.tar.gz", [("1.0", 10)]),
        ("demo_kit-2.0-py3-none-any.whl", [("1.0", 20)]),
        ("demo_kit-2.0-cp312-cp312-win_amd64.whl", [("1.0", 30), ("1.1", 31)]),
        ("demo_kit-2.0-cp313-cp313-win_amd64.whl", []),
        ("demo_kit-2.0.zip", [("0.9", 40)]),
    ],
)
def test_an_index_says_sizes_of_files_of_the_same_kind(
    file: str, wanted: list[tuple[str, int]]
) -> None:
    data = json.dumps({"files": [{"filename": f, "size": s} for f, s in FILES]}).encode()
    assert [(one.version, one.size) for one in of_project(data, file)] == wanted


def test_a_registry_that_says_no_sizes_at_all_is_an_error() -> None:
    with pytest.raises(ParseError, match="does not say how large"):
        of_packument(b'{"versions": {"1.0.0": {"dist": {}}}}')
    with pytest.raises(ParseError, match="does not say how large"):
        of_project(b'{"files": [{"filename": "a-1.0.tar.gz"}]}', "a-2.0.tar.gz")
    assert of_packument(b'{"versions": {}}') == ()
    assert of_project(b'{"files": []}', "a-2.0.tar.gz") == ()


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"versions": [1]}'])
def test_another_document_is_an_error(data: bytes) -> None:
    with pytest.raises(ParseError):
        of_packument(data)
    with pytest.raises(ParseError):
        of_project(data, "a-1.0.tar.gz")


# audit pack --online


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    state = Served()
    server = served(state)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("npm_config_registry", state.url)
    monkeypatch.setenv("PIP_INDEX_URL", f"{state.url}/simple")
    monkeypatch.setenv("PATH", "")
    yield state
    server.shutdown()
    server.server_close()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = audit(capsys, "pack", "--format", "json", *arguments)
    return code, json.loads(out)


def anomalies(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (one["severity"], one["message"])
        for one in document["findings"]
        if one["rule"] == "size-anomaly"
    ]


MANIFEST = '{"name": "demo-kit", "version": "1.0.6", "files": ["*.js"]}'


def test_a_tarball_that_is_much_larger_is_told(
    capsys: pytest.CaptureFixture[str], here: Served, pack: Pack
) -> None:
    here.answers["/demo-kit"] = packument(**{f"v1_0_{n}": 10_000 for n in range(6)})
    path = str(pack({"package.json": MANIFEST, "a.js": "1;\n" * 3000, "b.js": "2;\n" * 100_000}))
    code, document = run(capsys, "--online", "--fail-on", "high", path)
    assert (code, here.paths) == (1, ["/demo-kit"])
    assert anomalies(document) == [
        (
            "high",
            "1.0.6 is 309 kB, 1.0.5 was 10.0 kB; usually +0 %, now +2,991 %: b.js 300 kB",
        )
    ]
    here.asked.clear()
    assert anomalies(run(capsys, path)[1]) == []
    assert here.asked == []


def test_a_wheel_is_compared_with_wheels_of_its_tags(
    capsys: pytest.CaptureFixture[str], here: Served, tmp_path: Path
) -> None:
    noise = random.Random(1).randbytes(300_000)  # noqa: S311 - what no packing makes smaller
    path = wheel(tmp_path, {"demo_kit/data.bin": noise})
    files = [
        {"filename": f"demo_kit-0.{n}-py3-none-any.whl", "size": 90_000, "upload-time": ""}
        for n in range(6)
    ]
    here.answers["/simple/demo-kit/"] = json.dumps({"files": files}).encode()
    code, document = run(capsys, "--online", "--fail-on", "critical", str(path))
    ((severity, message),) = anomalies(document)
    assert (code, severity) == (0, "medium")
    assert message.startswith("1.0 is 30")
    assert "0.5 was 90.0 kB; usually +0 %, now +23" in message


def test_a_first_release_is_no_gap_and_a_registry_that_fails_is(
    capsys: pytest.CaptureFixture[str], here: Served, pack: Pack
) -> None:
    path = str(pack({"package.json": MANIFEST, "a.js": "1"}))
    assert run(capsys, "--online", "--fail-on", "critical", path)[0] == 0

    here.answers["/demo-kit"] = 503
    code, document = run(capsys, "--online", path)
    assert code == 3
    assert [gap["reason"] for gap in document["gaps"]] == [
        f"earlier releases not looked up: {here.host} answers 503"
    ]


@pytest.mark.parametrize(
    ("registry", "asked"),
    [("https://npm.acme.example/", False), ("{here}/npm/", True), ("{here}", True)],
)
def test_a_name_that_is_published_elsewhere_is_told_to_nobody(
    capsys: pytest.CaptureFixture[str],
    here: Served,
    pack: Pack,
    registry: str,
    *,
    asked: bool,
) -> None:
    manifest = json.loads(MANIFEST)
    manifest["publishConfig"] = {"registry": registry.format(here=here.url)}
    path = str(pack({"package.json": json.dumps(manifest), "a.js": "1"}))
    code, document = run(capsys, "--online", "--fail-on", "critical", path)
    assert bool(here.asked) == asked
    assert code == (0 if asked else 3)
    if not asked:
        assert "npm.acme.example is where it is published" in document["gaps"][0]["reason"]


def test_many_files_of_one_release_ask_once(
    capsys: pytest.CaptureFixture[str], here: Served, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    paths = [str(wheel(tmp_path / name, {"demo_kit/a.py": f"{name} = 1"})) for name in "ab"]
    run(capsys, "--online", *paths)
    assert here.paths == ["/simple/demo-kit/"]
