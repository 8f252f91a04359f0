"""`audit names --online`: what a registry says of a name, and what that changes."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from auditor.errors import UsageError
from auditor.names import Kind, Level, Lookalike, signals, spelling
from auditor.names.signals import ABSENT, Signals
from tests.a_registry import NOW, Served, ago, packument, project, releases, send, served
from tests.test_cli import audit
from tests.test_lookalike import Fake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD = (4000, 3000, 20)
"""Days ago that an established package's versions were published."""

LIKE, SINCE = "looks like lodash (affix", "first published 12 days ago, 1 version"
TOLD = "looks like lodash (edit, told at quiet): lodash it is not."


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    """Run a registry that npm and pip are configured for, and a matcher that knows a few names."""
    monkeypatch.setattr(
        "auditor.names.matcher.Matcher.judge",
        lambda _, name, level=Level.DEFAULT: Fake().judge(name, level),
    )
    state = Served()
    server = served(state)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("npm_config_registry", state.url)
    monkeypatch.setenv("PIP_INDEX_URL", f"{state.url}/simple")
    yield state
    server.shutdown()
    server.server_close()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return audit(capsys, "names", "--online", *arguments)


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def lookalike(level: Level) -> Lookalike:
    return Lookalike(
        name="a", target="b", kind=Kind.EDIT, level=level, rank=1, reason="as it looks"
    )


def seen(days: float | None, versions: int | None, *by: str) -> Signals:
    first = None if days is None else NOW - timedelta(days=days)
    return Signals(there=True, first=first, versions=versions, maintainers=frozenset(by))


@pytest.mark.parametrize(
    ("own", "changes", "said"),
    [
        (seen(366, 3), 1, f"established: since {(NOW - timedelta(days=366)).year}, 3 versions"),
        (seen(366, 2), 0, f"since {(NOW - timedelta(days=366)).year}, 2 versions"),
        (seen(365, 9), 0, "first published 365 days ago, 9 versions"),
        (seen(90, 1), 0, "first published 90 days ago, 1 version"),
        (seen(89.9, 200), -1, "first published 89 days ago, 200 versions"),
        (seen(-3, 1), -1, "first published 0 days ago, 1 version"),
        (seen(1, 1, "bob"), -1, "first published 1 day ago, 1 version"),
        (
            seen(1, 1, "ann", "bob"),
            1,
            "established: a maintainer in common with b, first published 1 day ago, 1 version",
        ),
        (seen(None, 9), 0, "in the registry, which does not say since when, 9 versions"),
        (seen(None, None), 0, "in the registry, which does not say since when"),
        (seen(4000, 0), 0, "in the registry, without a version"),
        (ABSENT, 0, "not in the registry"),
    ],
)
def test_what_the_registry_says_moves_a_look_alike_by_a_level(
    own: Signals, changes: int, said: str
) -> None:
    target = seen(4000, 50, "ann")
    for level in Level:
        found = signals.weighed(lookalike(level), own, target, NOW)
        assert found.level == min(max(level + changes, Level.QUIET), Level.EVERYTHING)
        assert found.reason == f"as it looks; {said}"


def test_without_the_target_no_maintainer_is_in_common() -> None:
    own = seen(1, 1, "ann")
    assert signals.weighed(lookalike(Level.DEFAULT), own, None, NOW).level == Level.QUIET


@pytest.mark.parametrize(("text", "days"), [("7d", 7), ("1d", 1), ("2w", 14), ("99999d", 99_999)])
def test_an_age_is_days_or_weeks(text: str, days: int) -> None:
    assert signals.age_of(text) == timedelta(days=days)


@pytest.mark.parametrize(
    "text", ["", "7", "d", "0d", "-1d", "7 d", "7m", "7d\n", "1.5d", "100000d"]
)
def test_anything_else_is_no_age(text: str) -> None:
    with pytest.raises(UsageError, match="days or weeks"):
        signals.age_of(text)


def test_a_fresh_look_alike_is_told_with_what_the_registry_says(
    capsys: pytest.CaptureFixture[str], here: Served
) -> None:
    here.answers["/lodash-utilz"] = packument(12)
    assert run(capsys, "lodash-utilz") == (
        1,
        f"lodash-utilz: {LIKE}, told at quiet): lodash it is not.; {SINCE}\n",
        "",
    )


@pytest.mark.parametrize(
    ("called", "document", "code"),
    [
        ("lodash-utilz", packument(*OLD), 0),
        ("lodash-utilz --names everything", packument(*OLD), 1),
        ("lodahs --names quiet", packument(*OLD), 0),
        ("lodahs", packument(*OLD), 1),
        ("chai-as-kept", packument(12), 1),
        ("chai-as-kept", packument(200), 0),
        ("lodash-utilz --names quiet", packument(12), 1),
        ("lodash-utilz", packument(2, by=("ann",)), 0),
        ("lodash-utilz --names quiet", packument(2, by=("eve",)), 1),
    ],
)
def test_the_level_decides_what_is_told_after_the_lookup(
    capsys: pytest.CaptureFixture[str], here: Served, called: str, document: bytes, code: int
) -> None:
    name, *options = called.split()
    here.answers |= {f"/{name}": document, "/lodash": packument(*OLD, by=("ann", "bob"))}
    assert run(capsys, name, *options)[0] == code


def test_what_imitates_nobody_is_not_looked_up(
    capsys: pytest.CaptureFixture[str], here: Served
) -> None:
    code, out, _ = run(capsys, "express", "--format", "jsonl")
    assert (code, here.asked) == (0, [])
    assert rows(out) == [
        {
            "name": "express",
            "target": None,
            "kind": None,
            "confidence": None,
            "first_published": None,
            "versions": None,
        }
    ]


def test_without_the_option_nothing_is_asked(
    capsys: pytest.CaptureFixture[str], here: Served
) -> None:
    assert audit(capsys, "names", "lodahs")[0] == 1
    assert here.asked == []


def test_without_the_option_nothing_that_asks_is_loaded() -> None:
    code = (
        "import sys; from auditor.__main__ import run; run(['names', 'express'])\n"
        "print(*{'requests', 'auditor.sources.registry', 'auditor.namescan'} & set(sys.modules))"
    )
    out = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert out.splitlines()[1:] == [""]


def test_names_of_a_list_are_told_to_nobody(
    capsys: pytest.CaptureFixture[str], here: Served
) -> None:
    here.answers["/acme-kitt"] = packument(12, by=("eve",))
    options = ("--internal", "acme-kit", "--min-age", "7d")
    assert run(capsys, "acme-kit", "acme-kitt", *options)[0] == 1
    assert here.paths == ["/acme-kitt"]


def test_json_has_two_members_more(capsys: pytest.CaptureFixture[str], here: Served) -> None:
    here.answers |= {"/lodahs": packument(12, 3), "/simple/django-plug/": project(5)}
    _, out, _ = run(capsys, "lodahs", "lodash-utilz", "--format", "jsonl")
    found = [(row["kind"], row["first_published"], row["versions"]) for row in rows(out)]
    assert found == [("edit", ago(12).replace(".000", ""), 2), ("affix", None, None)]

    _, out, _ = run(capsys, "Django_Plug", "--ecosystem", "pypi", "--format", "jsonl")
    assert rows(out)[0]["versions"] is None
    _, out, _ = run(capsys, "django-plug", "--ecosystem", "pypi", "--format", "jsonl")
    assert rows(out)[0]["versions"] == 1


@pytest.mark.parametrize(("age", "code"), [("7d", 1), ("6d", 0), ("1w", 1)])
def test_a_young_name_is_told_by_itself(
    capsys: pytest.CaptureFixture[str], here: Served, age: str, code: int
) -> None:
    here.answers["/express"] = packument(6.5)
    assert run(capsys, "express", "--min-age", age)[0] == code


def test_a_young_name_has_its_own_kind_and_no_target(
    capsys: pytest.CaptureFixture[str], here: Served
) -> None:
    here.answers |= {"/express": packument(2), "/lodahs": packument(2)}
    code, out, error = run(capsys, "express", "lodahs", "absent", "--min-age", "7d")

    assert (code, error) == (1, "")
    assert out.splitlines() == [
        "express: is new (new, told at quiet): first published 2 days ago, 1 version",
        f"lodahs: {TOLD}; first published 2 days ago, 1 version",
        "absent: looks like no popular name of npm; not in the registry",
    ]
    _, out, _ = run(capsys, "express", "--min-age", "7d", "--format", "jsonl")
    row = rows(out)[0]
    assert (row["target"], row["kind"], row["confidence"]) == (None, "new", "high")


def test_a_young_look_alike_that_the_level_does_not_tell_is_new(
    capsys: pytest.CaptureFixture[str], here: Served
) -> None:
    here.answers["/chai-as-kept"] = packument(2)
    _, out, _ = run(capsys, "chai-as-kept", "--names", "quiet", "--min-age", "7d")
    assert out.startswith("chai-as-kept: is new (new, told at quiet)")


def test_a_lookup_that_failed_is_one_line_and_wins(
    capsys: pytest.CaptureFixture[str], here: Served
) -> None:
    here.answers |= {"/lodahs": 503, "/esl1nt": packument(2)}
    code, out, error = run(capsys, "lodahs", "esl1nt")

    assert code == 3
    assert error == f"audit: lodahs: not looked up: {here.host} answers 503\n"
    assert out.splitlines()[0] == f"lodahs: {TOLD}"
    assert "first published 2 days ago" in out


def test_a_target_that_is_not_answered_is_a_gap_and_the_name_is_told(
    capsys: pytest.CaptureFixture[str], here: Served
) -> None:
    here.answers |= {"/lodahs": packument(2, by=("ann",)), "/lodash": 500}
    code, out, error = run(capsys, "lodahs")

    assert (code, out.count("first published 2 days ago")) == (3, 1)
    assert error == (
        f"audit: lodahs: not looked up: lodash, which it looks like: {here.host} answers 500\n"
    )


def test_without_an_index_that_is_said_plainly(
    capsys: pytest.CaptureFixture[str], here: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.setenv("PATH", "")
    code, out, error = run(capsys, "django-plug", "--ecosystem", "pypi")
    assert (code, here.asked) == (3, [])
    assert out.startswith("django-plug: looks like Django")
    assert "neither pip nor uv is configured for an index" in error


def test_what_shows_who_asks_is_never_printed(
    capsys: pytest.CaptureFixture[str],
    here: Served,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("npm_config_registry", here.url.replace("//", "//ann:s3cret@"))
    (tmp_path / ".npmrc").write_text(f"//{here.host}/:_authToken=t0ken\n")
    for answer in (401, 404, b"{", lambda handler: send(handler, 302, Location="http://x/s3cret")):
        here.answers["/lodahs"] = answer
        _, out, error = run(capsys, "lodahs")
        assert "s3cret" not in out + error
        assert "t0ken" not in out + error
    assert len(here.asked) == 4


@pytest.mark.parametrize(
    "options", [["--min-age", "7d"], ["--online", "--min-age", "7"], ["--online", "--min-age", ""]]
)
def test_a_wrong_age_is_an_error_of_usage(
    capsys: pytest.CaptureFixture[str], here: Served, options: list[str]
) -> None:
    code, out, error = audit(capsys, "names", "lodahs", *options)
    assert (code, out, here.asked) == (2, "", [])
    assert error


@pytest.mark.parametrize(
    ("ecosystem", "text", "wanted"),
    [
        ("npm", "axios@1.14.1", ("axios", "1.14.1")),
        ("npm", "@acme/kit@v2.0.0-rc.1+5", ("@acme/kit", "2.0.0-rc.1+5")),
        ("npm", "@acme/kit", ("@acme/kit", "")),
        ("npm", "axios@latest", ("axios@latest", "")),
        ("npm", "axios==1.0.0", ("axios==1.0.0", "")),
        ("npm", "@1", ("@1", "")),
        ("npm", "a@b@1", ("a@b@1", "")),
        ("pypi", "Demo.Kit == 1!2.0.post1+x", ("Demo.Kit", "1!2.0.post1+x")),
        ("pypi", "demo===1.0", ("demo", "1.0")),
        ("pypi", "demo@1.0", ("demo@1.0", "")),
        ("pypi", "==1", ("==1", "")),
    ],
)
def test_a_version_behind_a_name_is_none_of_its_letters(
    ecosystem: str, text: str, wanted: tuple[str, str]
) -> None:
    assert spelling.release(ecosystem, text) == wanted


def test_the_age_of_a_version_is_told_and_counts(
    capsys: pytest.CaptureFixture[str], here: Served
) -> None:
    here.answers["/express"] = releases(v5_1_0=3, v4_0_0=4000)
    old, young, lodahs = "express@4.0.0", "express@v5.1.0", "lodahs@1.0.0"
    code, out, error = run(capsys, old, young, "express@9.9.9", lodahs, "--min-age", "7d")

    year = (NOW - timedelta(days=4000)).year
    assert (code, error) == (1, "")
    assert out.splitlines() == [
        "express: looks like no popular name of npm; 4.0.0 was published 4,000 days ago",
        (
            f"express: is new (new, told at quiet): since {year}, 2 versions; 5.1.0 was published "
            "3 days ago"
        ),
        (
            "express: looks like no popular name of npm; 9.9.9 is not in the registry, which has "
            "2 other versions"
        ),
        f"lodahs: {TOLD}; not in the registry",
    ]
    assert run(capsys, old, "--min-age", "7d")[0] == 0
    assert run(capsys, young, "--min-age", "7d")[0] == 1
    assert run(capsys, young, "--min-age", "3d")[0] == 0
    assert run(capsys, young)[0] == 0


def test_json_says_when_a_version_was_published(
    capsys: pytest.CaptureFixture[str], here: Served
) -> None:
    here.answers["/simple/demo/"] = json.dumps(
        {"files": [{"filename": "demo-1.0.tar.gz", "upload-time": ago(3)}], "versions": ["1.0"]}
    ).encode()
    options = ("--ecosystem", "pypi", "--format", "jsonl")
    _, out, _ = run(capsys, "demo==1.0.0", "demo==2", *options)
    first, second = rows(out)
    assert (first["name"], first["version"]) == ("demo", "1.0.0")
    assert first["published"] == ago(3).replace(".000", "")
    assert (second["version"], second["published"]) == ("2", None)


def test_a_version_without_the_option_changes_nothing(
    capsys: pytest.CaptureFixture[str], here: Served
) -> None:
    assert audit(capsys, "names", "lodahs@1.0.0") == audit(capsys, "names", "lodahs")
    assert here.asked == []
