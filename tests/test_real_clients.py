"""One project locked by every real client: the same packages, digests and flags, no false alarm."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.packer_tools import CLIENTS, lock, use
from tests.test_lock_cli import as_json

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.packer

MANIFEST = {
    "name": "demo",
    "version": "1.0.0",
    "private": True,
    "dependencies": {
        "@sindresorhus/is": "4.6.0",
        "debug": "2.6.9",
        "ms": "2.1.3",
        "number": "npm:is-number@7.0.0",
    },
    "devDependencies": {"is-odd": "3.0.1"},
    "optionalDependencies": {"esbuild": "0.21.5"},
}
"""All versions are exact, also of what these require; one is `^6.0.0`, which has no later one."""
WORKSPACE = {"name": "@demo/tool", "version": "1.0.0", "dependencies": {"ms": "2.0.0"}}
"""Npm 6 knows no workspaces; `debug` requires the same `ms`, so it lists that all the same."""

PLATFORMS = {
    f"@esbuild/{name}@0.21.5"
    for name in (
        "aix-ppc64 android-arm android-arm64 android-x64 darwin-arm64 darwin-x64 freebsd-arm64"
        " freebsd-x64 linux-arm linux-arm64 linux-ia32 linux-loong64 linux-mips64el linux-ppc64"
        " linux-riscv64 linux-s390x linux-x64 netbsd-x64 openbsd-x64 sunos-x64 win32-arm64"
        " win32-ia32 win32-x64".split()
    )
}
DEVELOPMENT = {"is-odd@3.0.1", "is-number@6.0.0"}
ESBUILD = "esbuild@0.21.5"
DIRECT = {"@sindresorhus/is@4.6.0", "debug@2.6.9", "ms@2.1.3", "is-number@7.0.0", "is-odd@3.0.1"}
DIRECT |= {ESBUILD}
NESTED = "ms@2.0.0"
PACKAGES = DIRECT | DEVELOPMENT | PLATFORMS | {NESTED}

FORMATS = {
    "npm6": ("package-lock", "1"),
    "npm7": ("package-lock", "2"),
    "npm11": ("package-lock", "3"),
    "yarn1": ("yarn", "1"),
    "yarn4": ("yarn-berry", "10"),
    "pnpm9": ("pnpm", "9.0"),
    "pnpm12": ("pnpm", "9.0"),
    "bun": ("bun", "2"),
}
OPTIONAL = {
    **dict.fromkeys(("npm6", "npm7", "npm11", "pnpm9", "pnpm12", "bun"), PLATFORMS | {ESBUILD}),
    "yarn4": PLATFORMS,  # it says for which machine a package is, not who can do without
    "yarn1": set[str](),  # a workspace, which it does not list, may require any of them
}
SCRIPT = {("locked-install-script", ESBUILD)}
FINDINGS = dict.fromkeys(("npm7", "npm11", "bun", "yarn1"), SCRIPT)
"""Npm from 7 and bun from 1.4 write that a package has a script; yarn 1 leaves its manifest."""

Locked = Callable[..., "Path"]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Locked:
    """Return the folder of the project with a client's lockfile; each client locks it once."""
    made: dict[tuple[str, bool], Path] = {}

    def locked_by(client: str, *, workspace: bool = True) -> Path:
        if (client, workspace) not in made:
            folder = tmp_path_factory.mktemp(client) / "project"
            folder.mkdir()
            _write(folder, client, workspace=workspace)
            with pytest.MonkeyPatch.context() as patch:
                use(client, patch, folder.parent / "home")
                lock(client, folder)
            made[client, workspace] = folder
        return made[client, workspace]

    return locked_by


def _write(folder: Path, client: str, *, workspace: bool) -> None:
    manifest: dict[str, Any] = dict(MANIFEST)
    if workspace:
        manifest["workspaces"] = ["packages/*"]
        (folder / "packages" / "tool").mkdir(parents=True)
        (folder / "packages" / "tool" / "package.json").write_text(json.dumps(WORKSPACE))
        if client.startswith("pnpm"):
            (folder / "pnpm-workspace.yaml").write_text("packages: [packages/*]\n")
    (folder / "package.json").write_text(json.dumps(manifest))


def listed(capsys: pytest.CaptureFixture[str], folder: Path) -> dict[str, Any]:
    """Return the lockfile's row of a report over the whole folder, which must be complete."""
    _, document = as_json(capsys, "--list", str(folder))
    assert document["gaps"] == []
    rows = [row for row in document["inventories"] if row["format"] != "node_modules"]
    (row,) = rows
    found: dict[str, Any] = row
    return found


def named(row: dict[str, Any], flag: str = "name") -> set[str]:
    return {f"{p['name']}@{p['version']}" for p in row["packages"] if p[flag]}


@pytest.mark.parametrize("client", CLIENTS)
def test_every_client_lists_the_same_packages(
    capsys: pytest.CaptureFixture[str], locked: Locked, client: str
) -> None:
    row = listed(capsys, locked(client))

    assert (row["format"], row["format_version"]) == FORMATS[client]
    assert {package["ecosystem"] for package in row["packages"]} == {"npm"}
    assert {package["origin"] for package in row["packages"]} == {"registry"}
    assert named(row) == PACKAGES


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_real_client_wrote_gives_no_false_alarm(
    capsys: pytest.CaptureFixture[str], locked: Locked, client: str
) -> None:
    code, document = as_json(capsys, str(locked(client)))
    found = {(f["rule"], f["message"].partition(" ")[0]) for f in document["findings"]}

    assert (code, document["gaps"]) == (0, [])
    assert found == FINDINGS.get(client, set())


@pytest.mark.parametrize("client", CLIENTS)
def test_an_alias_is_told_from_the_package_behind_it(
    capsys: pytest.CaptureFixture[str], locked: Locked, client: str
) -> None:
    row = listed(capsys, locked(client))

    assert [(p["alias"], p["name"], p["version"]) for p in row["packages"] if p["alias"]] == [
        ("number", "is-number", "7.0.0")
    ]


@pytest.mark.parametrize("client", CLIENTS)
def test_flags_are_told_as_far_as_the_format_has_them(
    capsys: pytest.CaptureFixture[str], locked: Locked, client: str
) -> None:
    row = listed(capsys, locked(client))
    # Npm 6 knows no workspaces, and yarn 1 leaves what they require to their package.json.
    spaces = set() if client in {"npm6", "yarn1"} else {NESTED}
    # Yarn has no flag; what a workspace wants only for development, the project's root cannot tell.
    development = set() if client.startswith("yarn") else DEVELOPMENT

    assert named(row, "direct") == DIRECT | spaces
    assert named(row, "dev") == development
    assert named(row, "optional") == OPTIONAL[client]


@pytest.mark.parametrize(
    ("client", "optional"), [("yarn1", PLATFORMS | {ESBUILD}), ("yarn4", PLATFORMS)]
)
def test_yarn_tells_flags_where_there_are_no_workspaces(
    capsys: pytest.CaptureFixture[str], locked: Locked, client: str, optional: set[str]
) -> None:
    row = listed(capsys, locked(client, workspace=False))

    assert named(row) == PACKAGES
    assert named(row, "dev") == DEVELOPMENT
    assert named(row, "optional") == optional


def test_a_package_has_the_same_digest_in_each_lockfile(
    capsys: pytest.CaptureFixture[str], locked: Locked
) -> None:
    digests: dict[str, set[str]] = {}
    for client in sorted(CLIENTS.keys() - {"yarn4"}):  # whose checksum is of its own archive
        packages = listed(capsys, locked(client))["packages"]
        assert {len(package["integrity"]) for package in packages} == {1}
        for package in packages:
            key = f"{package['name']}@{package['version']}"
            digests.setdefault(key, set()).update(package["integrity"])

    assert digests.keys() == PACKAGES
    assert [key for key, values in digests.items() if len(values) > 1] == []
    assert {value[:7] for values in digests.values() for value in values} == {"sha512-"}
