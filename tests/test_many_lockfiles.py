"""Two thousand lockfiles, twenty of them broken: each answer is given, each gap says why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.test_lock_cli import BAD, CLEAN, DIGEST, HOST, as_json

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

COUNT = 2_000
EVERY_BROKEN = 100
"""One file of so many is broken: the last of each hundred."""
EVERY_BAD = 31
"""One of so many, that is not broken, holds a version that is known to be bad."""
HASH = "sha256:" + "a" * 64
ADDRESS = f"{HOST}/axios/-/axios-VERSION.tgz"

YARN = f"""\
# yarn lockfile v1

axios@^1.0.0:
  version "VERSION"
  resolved "{ADDRESS}"
  integrity {DIGEST}
"""
BERRY = """\
__metadata:
  version: 8

"axios@npm:^1.0.0":
  version: VERSION
  resolution: "axios@npm:VERSION"
  checksum: 10c0/aaaa
  languageName: node
  linkType: hard
"""
PNPM = f"""\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      axios: {{specifier: ^1.0.0, version: VERSION}}
packages:
  axios@VERSION:
    resolution: {{integrity: {DIGEST}}}
snapshots:
  axios@VERSION: {{}}
"""
BUN = json.dumps(
    {
        "lockfileVersion": 1,
        "workspaces": {"": {"name": "demo", "dependencies": {"axios": "^1.0.0"}}},
        "packages": {"axios": ["axios@VERSION", "", {}, DIGEST]},
    }
)
POETRY = f"""\
[[package]]
name = "litellm"
version = "VERSION"
files = [{{file = "litellm-VERSION-py3-none-any.whl", hash = "{HASH}"}}]

[metadata]
lock-version = "2.1"
"""
UV = f"""\
version = 1

[[package]]
name = "litellm"
version = "VERSION"
source = {{ registry = "{HOST}/simple" }}
wheels = [{{ url = "{HOST}/litellm-VERSION-py3-none-any.whl", hash = "{HASH}" }}]
"""
PIPFILE = json.dumps(
    {
        "_meta": {"pipfile-spec": 6, "sources": []},
        "default": {"litellm": {"hashes": [HASH], "version": "==VERSION"}},
    }
)
NPM_VERSIONS, PYPI_VERSIONS = ("1.14.0", "1.14.1"), ("1.80.0", "1.82.8")
"""One that is fine, and one that is known to be bad."""
SOUND = [
    ("package-lock.json", CLEAN.replace("1.14.0", "VERSION"), NPM_VERSIONS),
    ("yarn.lock", YARN, NPM_VERSIONS),
    ("yarn.lock", BERRY, NPM_VERSIONS),
    ("pnpm-lock.yaml", PNPM, NPM_VERSIONS),
    ("bun.lock", BUN, NPM_VERSIONS),
    ("requirements.txt", f"litellm==VERSION --hash={HASH}\n", PYPI_VERSIONS),
    ("poetry.lock", POETRY, PYPI_VERSIONS),
    ("uv.lock", UV, PYPI_VERSIONS),
    ("Pipfile.lock", PIPFILE, PYPI_VERSIONS),
]

BROKEN = [
    ("package-lock.json", BAD[:150].encode(), "not readable as JSON: Unterminated string"),
    ("package-lock.json", b"", "not readable as JSON: Expecting value"),
    ("package-lock.json", b"[]", "is a list, where an object must stand"),
    ("package-lock.json", b"[" * 100_000, "limit json-depth of 100 levels met"),
    ("package-lock.json", b"\x89PNG\r\n\x1a\n\x00\xff", "is not UTF-8 text (byte 0)"),
    ("package-lock.json", b"<<<<<<< HEAD\n" + BAD.encode(), "line 1 is a merge conflict marker"),
    (
        "package-lock.json",
        CLEAN.replace('"lockfileVersion": 3', '"lockfileVersion": 99').encode(),
        "lockfileVersion: 99 is not known here (0 to 3 are); read as 3",
    ),
    ("npm-shrinkwrap.json", b"null", "is null, where an object must stand"),
    ("yarn.lock", b"hello\n", "is of no lockfile format"),
    ("yarn.lock", b"# yarn lockfile v1\nhello\n", "has no entry of a yarn.lock"),
    ("pnpm-lock.yaml", b"lockfileVersion: '9.0'\npackages: [\n", "is no YAML"),
    ("pnpm-lock.yaml", b"- a\n- b\n", "is a list, where a mapping must stand"),
    ("pnpm-lock.yaml", b"a: &a [*a]\n", "is missing at 'lockfileVersion'"),
    ("pnpm-lock.yaml", b"", "is empty, where a pnpm lockfile must stand"),
    ("bun.lock", BUN[:60].encode(), "not readable as JSON"),
    ("bun.lockb", b"\x00\xff", "is not UTF-8 text (byte 1)"),
    ("poetry.lock", b"[[package]]\nname = ", "is no TOML: Invalid value"),
    ("uv.lock", b"\xff\xfe\x00", "is not UTF-16 text"),
    ("Pipfile.lock", b'{"default": []}', "has neither _meta nor a category of packages"),
    ("requirements.txt", b"litellm==1.80.0\n\xff", "is not UTF-8 text (byte 16)"),
]


def test_twenty_broken_lockfiles_among_two_thousand_stop_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken: dict[str, str] = {}
    bad: set[str] = set()
    sound: set[str] = set()
    for number in range(COUNT):
        row, last = divmod(number, EVERY_BROKEN)
        if last == EVERY_BROKEN - 1:
            name, data, reason = BROKEN[row]
        else:
            name, text, versions = SOUND[number % len(SOUND)]
            is_bad = number % EVERY_BAD == 0
            data = text.replace("VERSION", versions[is_bad]).encode()
        path = tmp_path / f"{number % 7}" / f"{number:04}" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        if last == EVERY_BROKEN - 1:
            broken[str(path)] = reason
        else:
            sound.add(str(path))
            bad |= {str(path)} if is_bad else set()
    code, document = as_json(capsys, str(tmp_path))
    told = {gap["location"]["source"]: gap["reason"] for gap in document["gaps"]}
    read = {row["source"]: row["count"] for row in document["inventories"]}
    found = [
        finding["location"]["source"]
        for finding in document["findings"]
        if finding["rule"] == "known-malicious"
    ]

    assert (len(sound), len(broken), len(bad)) == (1_980, 20, 64)
    assert code == 3
    assert len(document["gaps"]) == len(told) == 20
    assert {path: reason for path, reason in broken.items() if reason not in told[path]} == {}
    assert {path: read.get(path) for path in sound} == dict.fromkeys(sound, 1)
    assert len(found) == len(bad)
    assert set(found) == bad
