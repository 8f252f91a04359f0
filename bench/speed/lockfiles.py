"""Made lockfiles: the same packages in each format, byte for byte the same on each run.

Nine tenths of the names are popular ones, the others are made of their words. One pin is known to
be bad, so that a call that finds nothing has not looked. Dependencies are drawn at random; each
package is asked for by one before it, as what nobody asks for is a finding of its own.
"""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NAMES = Path(__file__).parents[2] / "rules" / "names"
HOST = "https://registry.example.org"
BAD = {"npm": ("axios", "1.14.1"), "pypi": ("ultralytics", "8.3.41")}
"""What an incident names, by ecosystem."""
DIRECT = 60
"""So many are what the project itself asks for."""
POPULAR = 0.9
_NEAR = 400
"""A package is asked for by one of so many before it."""
_DAY = "2026-03-01T12:00:00Z"
_PLATFORMS = (
    "macosx_10_13_x86_64",
    "macosx_11_0_arm64",
    "manylinux_2_17_aarch64.manylinux2014_aarch64",
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "musllinux_1_2_aarch64",
    "musllinux_1_2_x86_64",
    "win_amd64",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package of the lockfile."""

    name: str
    version: str
    digest: bytes
    """64 bytes."""
    wants: tuple[int, ...]
    """Numbers of the packages that it asks for."""
    built: bool
    """Of a Python package: there is a wheel for each platform."""

    @property
    def sha512(self) -> str:
        """The digest as npm writes it."""
        return "sha512-" + base64.b64encode(self.digest).decode()

    @property
    def tarball(self) -> str:
        """The address that npm's clients write."""
        return f"{HOST}/{self.name}/-/{self.name.rpartition('/')[2]}-{self.version}.tgz"

    @property
    def spec(self) -> str:
        """How others ask for it."""
        return f"^{self.version}"


def pins(ecosystem: str, count: int) -> tuple[Pin, ...]:
    """Draw the packages of a lockfile; those with a number below `DIRECT` are direct ones."""
    draw = random.Random(f"{ecosystem} {count}")  # noqa: S311 - reproducible, not secret
    popular = (NAMES / f"{ecosystem}.txt").read_text(encoding="utf-8").split()
    bad, version = BAD[ecosystem]
    known = [name for name in popular[: max(6_000, count)] if name != bad]
    names = draw.sample(known, round(count * POPULAR) - 1)
    words = sorted({part for name in popular[:2_000] if name.isalpha() for part in (name,)})
    unknown: dict[str, None] = {}
    while len(unknown) < count - len(names) - 1:
        name = "-".join(draw.sample(words, 3))
        if name not in popular:
            unknown[name] = None
    names += [bad, *unknown]
    draw.shuffle(names)
    wants: list[set[int]] = [set() for _ in names]
    for number in range(DIRECT, count):
        wants[draw.randrange(max(0, number - _NEAR), number)].add(number)
        if draw.random() < 0.5:
            wants[draw.randrange(number)].add(number)
    return tuple(
        Pin(
            name=canonicalize_name(name) if ecosystem == "pypi" else name,
            version=version
            if name == bad
            else f"{draw.randint(1, 12)}.{draw.randrange(30)}.{draw.randrange(20)}",
            digest=draw.randbytes(64),
            wants=tuple(sorted(asked)),
            built=draw.random() < 0.13,
        )
        for name, asked in zip(names, wants, strict=True)
    )


def _manifest(locked: Sequence[Pin]) -> dict[str, object]:
    asked = {pin.name: pin.spec for pin in locked[:DIRECT]}
    return {"name": "demo", "version": "1.0.0", "dependencies": dict(sorted(asked.items()))}


def _by_name(locked: Sequence[Pin]) -> list[Pin]:
    return sorted(locked, key=lambda pin: pin.name)


def _wanted(pin: Pin, locked: Sequence[Pin]) -> list[Pin]:
    return _by_name([locked[number] for number in pin.wants])


def package_lock(locked: Sequence[Pin]) -> str:
    """Return a package-lock.json, version 3."""
    packages: dict[str, object] = {"": _manifest(locked)}
    for pin in _by_name(locked):
        packages[f"node_modules/{pin.name}"] = {
            "version": pin.version,
            "resolved": pin.tarball,
            "integrity": pin.sha512,
            "license": "MIT",
            **(
                {"dependencies": {o.name: o.spec for o in _wanted(pin, locked)}}
                if pin.wants
                else {}
            ),
            "engines": {"node": ">=18"},
        }
    head = {"name": "demo", "version": "1.0.0", "lockfileVersion": 3, "requires": True}
    return json.dumps({**head, "packages": packages}, indent=2) + "\n"


def _quoted(name: str) -> str:
    return f"'{name}'" if name.startswith("@") else name


def pnpm(locked: Sequence[Pin]) -> str:
    """Return a pnpm-lock.yaml, version 9."""
    lines = ["lockfileVersion: '9.0'", "", "settings:", "  autoInstallPeers: true"]
    lines += [
        "  excludeLinksFromLockfile: false",
        "",
        "importers:",
        "",
        "  .:",
        "    dependencies:",
    ]
    for pin in _by_name(locked[:DIRECT]):
        lines += [f"      {_quoted(pin.name)}:", f"        specifier: {pin.spec}"]
        lines.append(f"        version: {pin.version}")
    lines += ["", "packages:", ""]
    for pin in _by_name(locked):
        lines.append(f"  {_quoted(f'{pin.name}@{pin.version}')}:")
        lines.append(f"    resolution: {{integrity: {pin.sha512}}}")
        lines += ["    engines: {node: '>=18'}", ""]
    lines += ["snapshots:", ""]
    for pin in _by_name(locked):
        key = _quoted(f"{pin.name}@{pin.version}")
        if not pin.wants:
            lines += [f"  {key}: {{}}", ""]
            continue
        lines += [f"  {key}:", "    dependencies:"]
        lines += [f"      {_quoted(one.name)}: {one.version}" for one in _wanted(pin, locked)]
        lines.append("")
    return "\n".join(lines)


def yarn_classic(locked: Sequence[Pin]) -> str:
    """Return a yarn.lock, version 1."""
    lines = [
        "# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.",
        "# yarn lockfile v1",
    ]
    lines += ["", ""]
    for pin in _by_name(locked):
        key = f"{pin.name}@{pin.spec}"
        lines.append(f'"{key}":' if key.startswith("@") else f"{key}:")
        lines.append(f'  version "{pin.version}"')
        lines.append(f'  resolved "{pin.tarball}#{pin.digest[:20].hex()}"')
        lines.append(f"  integrity {pin.sha512}")
        if pin.wants:
            lines.append("  dependencies:")
            lines += [f'    {_double(one.name)} "{one.spec}"' for one in _wanted(pin, locked)]
        lines.append("")
    return "\n".join(lines)


def _double(name: str) -> str:
    return f'"{name}"' if name.startswith("@") else name


def yarn_berry(locked: Sequence[Pin]) -> str:
    """Return a yarn.lock of yarn 4."""
    lines = ['# This file is generated by running "yarn install" inside your project.']
    lines += ["# Manual changes might be lost - proceed with caution!", ""]
    lines += ["__metadata:", "  version: 8", "  cacheKey: 10c0", ""]
    entries = {
        "demo@workspace:.": [
            "  version: 0.0.0-use.local",
            '  resolution: "demo@workspace:."',
            "  dependencies:",
            *(f'    {_double(p.name)}: "npm:{p.spec}"' for p in _by_name(locked[:DIRECT])),
            "  languageName: unknown",
            "  linkType: soft",
        ]
    }
    for pin in locked:
        asked = [f'    {_double(one.name)}: "npm:{one.spec}"' for one in _wanted(pin, locked)]
        entries[f"{pin.name}@npm:{pin.spec}"] = [
            f"  version: {pin.version}",
            f'  resolution: "{pin.name}@npm:{pin.version}"',
            *(["  dependencies:", *asked] if asked else []),
            f"  checksum: 10c0/{pin.digest.hex()}",
            "  languageName: node",
            "  linkType: hard",
        ]
    for key, entry in sorted(entries.items()):
        lines += [f'"{key}":', *entry, ""]
    return "\n".join(lines)


def _files(pin: Pin) -> Iterator[tuple[str, str, int]]:
    """Yield name, SHA-256 and size of each file of a Python release; the sdist first."""
    stem = f"{pin.name.replace('-', '_')}-{pin.version}"
    tags = (
        [f"cp{v}-cp{v}-{where}" for v in (311, 312, 313) for where in _PLATFORMS]
        if pin.built
        else ["py3-none-any"]
    )
    for number, name in enumerate([f"{stem}.tar.gz", *(f"{stem}-{tag}.whl" for tag in tags)]):
        digest = bytes(byte ^ number for byte in pin.digest[:32]).hex()
        yield name, digest, int.from_bytes(pin.digest[:2], "big") * 40 + number


def uv(locked: Sequence[Pin]) -> str:
    """Return a uv.lock."""
    source = f'source = {{ registry = "{HOST}/simple" }}'
    lines = ["version = 1", "revision = 3", 'requires-python = ">=3.11"', ""]
    lines += ["[[package]]", 'name = "demo"', 'version = "1.0.0"', 'source = { virtual = "." }']
    direct = _by_name(locked[:DIRECT])
    lines += ["dependencies = [", *(f'    {{ name = "{pin.name}" }},' for pin in direct), "]", ""]
    lines += ["[package.metadata]", "requires-dist = ["]
    lines += [f'    {{ name = "{pin.name}", specifier = "=={pin.version}" }},' for pin in direct]
    lines += ["]", ""]
    for pin in _by_name(locked):
        lines += ["[[package]]", f'name = "{pin.name}"', f'version = "{pin.version}"', source]
        if pin.wants:
            lines.append("dependencies = [")
            lines += [f'    {{ name = "{one.name}" }},' for one in _wanted(pin, locked)]
            lines.append("]")
        written = [
            f'{{ url = "{HOST}/packages/{sha[:2]}/{sha[2:4]}/{sha[4:]}/{name}",'
            f' hash = "sha256:{sha}", size = {size}, upload-time = "{_DAY}" }}'
            for name, sha, size in _files(pin)
        ]
        lines += [f"sdist = {written[0]}", "wheels = ["]
        lines += [*(f"    {one}," for one in written[1:]), "]", ""]
    return "\n".join(lines)


def poetry(locked: Sequence[Pin]) -> str:
    """Return a poetry.lock, version 2.1."""
    lines = [
        "# This file is automatically @generated by Poetry 2.1.1 and is not to be changed by hand.",
        "",
    ]
    for pin in _by_name(locked):
        lines += ["[[package]]", f'name = "{pin.name}"', f'version = "{pin.version}"']
        lines += [f'description = "What {pin.name} is for."', "optional = false"]
        lines += ['python-versions = ">=3.9"', 'groups = ["main"]', "files = ["]
        lines += [
            f'    {{file = "{name}", hash = "sha256:{sha}"}},' for name, sha, _ in _files(pin)
        ]
        lines += ["]", ""]
        if pin.wants:
            lines.append("[package.dependencies]")
            lines += [f'{one.name} = ">={one.version}"' for one in _wanted(pin, locked)]
            lines.append("")
        lines += ["[package.source]", 'type = "legacy"', f'url = "{HOST}/simple"']
        lines += ['reference = "mirror"', ""]
    lines += ["[metadata]", 'lock-version = "2.1"', 'python-versions = ">=3.11"']
    lines += [f'content-hash = "{locked[0].digest[:32].hex()}"', ""]
    return "\n".join(lines)


def _package_json(locked: Sequence[Pin]) -> str:
    return json.dumps(_manifest(locked), indent=2) + "\n"


def _pyproject(locked: Sequence[Pin]) -> str:
    asked = [f'    "{pin.name}=={pin.version}",' for pin in _by_name(locked[:DIRECT])]
    head = ["[project]", 'name = "demo"', 'version = "1.0.0"', 'requires-python = ">=3.11"']
    return "\n".join([*head, "dependencies = [", *asked, "]", ""])


FORMATS: dict[str, tuple[str, str, Callable[[Sequence[Pin]], str]]] = {
    "package-lock": ("npm", "package-lock.json", package_lock),
    "pnpm": ("npm", "pnpm-lock.yaml", pnpm),
    "yarn": ("npm", "yarn.lock", yarn_classic),
    "yarn-berry": ("npm", "yarn.lock", yarn_berry),
    "uv": ("pypi", "uv.lock", uv),
    "poetry": ("pypi", "poetry.lock", poetry),
}
"""By the name that `audit lock` gives a format: ecosystem, file and writer."""


def write(folder: Path, form: str, count: int) -> Path:
    """Write a lockfile of `count` packages and its manifest into a folder; return the lockfile."""
    ecosystem, name, writer = FORMATS[form]
    locked = pins(ecosystem, count)
    folder.mkdir(parents=True, exist_ok=True)
    manifest, text = (
        ("package.json", _package_json(locked))
        if ecosystem == "npm"
        else ("pyproject.toml", _pyproject(locked))
    )
    (folder / manifest).write_text(text, encoding="utf-8")
    path = folder / name
    path.write_text(writer(locked), encoding="utf-8")
    return path
