"""One sound document of every kind that is read here, with its reader, for the laws about them.

A reader is given the document's bytes and returns what was said of them: gaps and notes, one text
each. It may raise an InputError or a UsageError, as the code behind it does, and nothing else.
"""

from __future__ import annotations

import json
import struct
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import yaml

from auditor import (
    backends,
    baselinefile,
    earlier,
    incidentfile,
    lockfiles,
    lockscan,
    manifestfile,
    policy,
    policyfile,
    registries,
    releases,
    rulebook,
    rulefile,
    sizehistory,
    yamldoc,
)
from auditor.advisories import IncidentIndex, packs
from auditor.archives import Loose, walk
from auditor.errors import MemberError
from auditor.facts.lock.index import UserSettings
from auditor.judge import Judge
from auditor.limits import Budget, Limits
from auditor.lockcontents import contents_of
from auditor.lockfiles._json_keys import strict
from auditor.model import Artifact, ArtifactKind, Oddity, Unread
from auditor.names import signals
from auditor.outcome import Outcome
from auditor.report import View
from auditor.report.json import render
from auditor.sources import package_json
from auditor.specs import spec_of
from tests import mutations
from tests.our_rules import RULES
from tests.test_laws import ASKED, JSON_DOCUMENTS, SOUND, run_all, said_of

HERE = Path(__file__).parent.parent
FIXTURES = HERE / "fixtures"

Read = Callable[[bytes], list[str]]
Print = Callable[[Any], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One document: `tree` and how it is printed, or lines alone (`text`)."""

    name: str
    read: Read
    tree: Any = None
    printed: Print = mutations.as_json
    text: bytes | None = None
    whole: tuple[str, ...] = ()
    """What messages say that are about the document, and not about one of its values."""

    @property
    def sound(self) -> bytes:
        """The document as it is."""
        if self.text is not None:
            return self.text
        return self.printed(self.tree).encode("utf-8", "surrogatepass")


# readers


@cache
def _judge() -> tuple[Judge, rulebook.Ruleset]:
    rules = rulebook.chosen(RULES.rules, lockfile=True)
    ruleset = msgspec.structs.replace(RULES, rules=rules)
    return Judge(ruleset), ruleset


@cache
def _incidents() -> IncidentIndex:
    return incidentfile.load((rulebook.builtin_folder(),))


def _lockfile(format_: str, name: str, beside: Mapping[str, bytes]) -> Read:
    def read(data: bytes) -> list[str]:
        document = lockfiles.Document(path=name, data=data, beside=beside)
        return _judged(document, lockfiles.formats()[format_])

    return read


def _judged(document: lockfiles.Document, format_: lockfiles.Format) -> list[str]:
    """Read a lockfile as `audit lock` does, down to the JSON report."""
    inventory = lockfiles.read(document, format_)
    outcome = Outcome()
    for place, reason in inventory.unread:
        outcome.gap("here", f"{place}: {reason}" if place else reason, inventory.path)
    outcome.inventories.append(lockscan.summary(inventory, "here", listed=True))
    judge, ruleset = _judge()
    seen = (UserSettings(settings=(), allowed=frozenset()), ASKED, said_of(inventory))
    contents = contents_of(inventory, document.beside, _incidents(), *seen)
    artifact = Artifact(source="here", kind=ArtifactKind.LOCKFILE, name=inventory.path)
    outcome.judged(judge, artifact, contents, {})
    report = outcome.report(policy.Settings(), ruleset, judge)
    json.loads(render(report, View()))
    told = [f"{one.detail} {one.subject}" for one in inventory.problems]
    return [*(gap.reason for gap in report.gaps), *told]


def _beside(name: str, format_: str, lockfile: str, sound: bytes) -> Read:
    """Return the reader of a file that lies beside a lockfile."""

    def read(data: bytes) -> list[str]:
        document = lockfiles.Document(path=lockfile, data=sound, beside={name: data})
        return _judged(document, lockfiles.formats()[format_])

    return read


def _member(path: str, kind: ArtifactKind, *, packer: str = "") -> Read:
    """Return the reader of one member of a package that is sound but for it."""
    needed = {name: SOUND[name] for name in ("package.json", "dist/app.js", "kit/__init__.py")}
    if ".dist-info/" in path:
        needed |= {name: data for name, data in SOUND.items() if ".dist-info/" in name}

    def read(data: bytes) -> list[str]:
        kinds = (kind, ArtifactKind.PROJECT) if packer else (kind,)
        _, examination = run_all({**needed, path: data}, packer, kinds)
        return [f"{gap.location.path}: {gap.reason}" for gap in examination.gaps]

    return read


def _policy(name: str) -> Read:
    heads = rulefile.heads((rulebook.builtin_folder(),))

    def read(data: bytes) -> list[str]:
        document = policyfile.document(name, data.decode("utf-8", "surrogatepass"), name)
        if document is None:
            return ["no policy"]
        policyfile.folders(document)
        policyfile.policy(document, heads)
        return []

    return read


def _rule(name: str) -> Read:
    def read(data: bytes) -> list[str]:
        rulefile.parse(data.decode("utf-8", "surrogatepass"), name, RULES.lists)
        return []

    return read


def _pack(name: str) -> Read:
    lists = {
        path.name: path.read_text("utf-8")
        for path in (HERE / "rules/incidents/data").glob("*")
        if path.is_file()
    }

    def read(data: bytes) -> list[str]:
        packs.check(packs.head(data.decode("utf-8", "surrogatepass"), name, lists))
        return []

    return read


def _npm_answer(data: bytes) -> list[str]:
    releases.of_document(spec_of("npm:demo-kit@1.0.0"), data)
    sizehistory.of_packument(data)
    signals.of_packument(data)
    return []


def _pypi_answer(data: bytes) -> list[str]:
    releases.of_document(spec_of("pypi:demo-kit==1.0.0"), data)
    sizehistory.of_project(data, "demo_kit-1.0.0.tar.gz")
    signals.of_project(data)
    return []


def _asar(data: bytes) -> list[str]:
    size = len(data)
    padded = data + bytes(-size % 4)
    head = struct.pack("<4I", 4, len(padded) + 8, len(padded) + 4, size)
    said = []
    for entry in walk(BytesIO(head + padded + b"let a\n"), Budget(Limits()), strip=0):
        if isinstance(entry, Loose):
            continue
        if isinstance(entry, (Oddity, Unread)):
            said.append(f"{entry.path} {getattr(entry, 'detail', getattr(entry, 'reason', ''))}")
        else:
            try:
                b"".join(entry[1])
            except MemberError as problem:  # which is a gap of the member
                said.append(f"{entry[0].path}: {problem}")
    return said


def _project(name: str) -> Read:
    """Return the reader of a file in a project's folder, as the packers' preparation reads it."""
    folder = Path(tempfile.mkdtemp(prefix="kinds-"))

    def read(data: bytes) -> list[str]:
        (folder / name).write_bytes(data)
        if name == package_json.MANIFEST:
            package_json.read(folder, "here")
        else:
            package_json.pnpm_patterns(folder)
        return []

    return read


def _pyproject(data: bytes) -> list[str]:
    document = backends.parsed(data)
    backends.backend_of(document)
    backends.is_project(document)
    backends.uses_uv(document)
    return []


def _settings(name: str) -> Read:
    def read(data: bytes) -> list[str]:
        registries.configured({name: data}, registries.settings_in({name: data}))
        return []

    return read


def _parsed(read: Callable[[bytes, str], object], name: str) -> Read:
    def call(data: bytes) -> list[str]:
        read(data, name)
        return []

    return call


# documents


def _yaml_tree(text: str) -> Any:  # noqa: ANN401
    return next(iter(yaml.load_all(text, Loader=yaml.BaseLoader)))


LOCKS: tuple[tuple[str, str, str], ...] = (
    ("package-lock", "v1/package-lock.json", "json"),
    ("package-lock", "v2/npm-shrinkwrap.json", "json"),
    ("package-lock", "v3/package-lock.json", "json"),
    ("pnpm", "5.4/pnpm-lock.yaml", "yaml"),
    ("pnpm", "6.0/pnpm-lock.yaml", "yaml"),
    ("pnpm", "9.0/pnpm-lock.yaml", "yaml"),
    ("bun", "plain/bun.lock", "json"),
    ("deno", "version-2/deno.lock", "json"),
    ("deno", "version-5/deno.lock", "json"),
    ("pipfile", "categories/Pipfile.lock", "json"),
    ("cyclonedx", "nested/bom.json", "json"),
    ("spdx", "2.3/sbom.spdx.json", "json"),
    ("poetry", "1.1/poetry.lock", "toml"),
    ("poetry", "2.1/poetry.lock", "toml"),
    ("pdm", "3.1/pdm.lock", "toml"),
    ("pdm", "4.5/pdm.lock", "toml"),
    ("uv", "workspace/uv.lock", "toml"),
    ("pylock", "1.0/pylock.toml", "toml"),
    ("conda-lock", "1/conda-lock.yml", "yaml"),
    ("yarn", "plain/yarn.lock", "lines"),
    ("yarn-berry", "plain/yarn.lock", "lines"),
    ("requirements", "all/requirements.txt", "lines"),
    ("bun-lockb", "printed/bun.lockb", "lines"),
)
"""Format, fixture, and how it is written."""


def _locks() -> list[Kind]:
    found = []
    for format_, below, how in LOCKS:
        path = FIXTURES / "lockfiles" / format_ / below
        data = path.read_bytes()
        beside = {
            one.name: one.read_bytes()
            for one in path.parent.iterdir()
            if one.is_file() and one.name not in {"expected.json", path.name}
        }
        kind = Kind(
            name=f"{format_} {below}",
            read=_lockfile(format_, path.name, beside),
            text=data,
        )
        if how == "json":
            text = data.decode("utf-8-sig")
            tree = json.loads(strict(text) if format_ == "bun" else text)
            kind = replace(kind, tree=tree, text=None)
        elif how == "yaml":
            tree = _yaml_tree(data.decode())
            kind = replace(kind, tree=tree, text=None, printed=mutations.as_yaml)
        elif how == "toml":
            tree = tomllib.loads(data.decode())
            kind = replace(kind, tree=tree, text=None, printed=mutations.as_toml)
        found.append(kind)
    return found


_OF_ANSWERS = ("has no demo-kit", "does not say how large", "has no sound digest")
NPM_ANSWER = {
    "name": "demo-kit",
    "dist-tags": {"latest": "1.0.0"},
    "versions": {
        "0.9.0": {"version": "0.9.0", "dist": {"tarball": "https://registry.example.org/a.tgz"}},
        "1.0.0": {
            "version": "1.0.0",
            "deprecated": "use another",
            "dist": {
                "tarball": "https://registry.example.org/demo-kit-1.0.0.tgz",
                "shasum": "a" * 40,
                "integrity": "sha512-" + "A" * 86 + "==",
                "unpackedSize": 1000,
                "fileCount": 3,
            },
        },
    },
    "time": {
        "created": "2020-01-01T00:00:00.000Z",
        "modified": "2021-01-01T00:00:00.000Z",
        "0.9.0": "2020-01-01T00:00:00.000Z",
        "1.0.0": "2021-01-01T00:00:00.000Z",
    },
    "maintainers": [{"name": "zoe", "email": "zoe@example.org"}],
}
PYPI_ANSWER = {
    "meta": {"api-version": "1.1"},
    "name": "demo-kit",
    "versions": ["0.9.0", "1.0.0"],
    "files": [
        {
            "filename": f"demo_kit-{version}.tar.gz",
            "url": f"https://files.example.org/demo_kit-{version}.tar.gz",
            "hashes": {"sha256": "a" * 64},
            "size": 1000,
            "upload-time": "2021-01-01T00:00:00.000000Z",
            "yanked": "broken",
            "requires-python": ">=3.8",
        }
        for version in ("0.9.0", "1.0.0")
    ],
}
ASAR = {
    "files": {
        "app.js": {"size": 6, "offset": "0", "executable": True},
        "lib": {"files": {"a.js": {"size": 1, "offset": "0"}, "b": {"link": "app.js"}}},
        "native.node": {"size": 9, "unpacked": True},
    }
}
POLICY: dict[str, Any] = {
    "fail-on": "high",
    "profile": "release",
    "rules": {"test-file": "ignore", "editor-junk": {"severity": "low", "reason": "r"}},
    "source-maps": {"mode": "allow", "reason": "open source", "owner": "zoe"},
    "budgets": {"packed": 1000, "unpacked": "5 MB", "files": 9, "file": "1 MiB"},
    "deny-words": ["secret-name", "other*name"],
    "deny-words-file": "words.txt",
    "names": "quiet",
    "internal": ["@acme"],
    "reviewed": ["lodahs"],
    "allowed-hosts": ["registry.example.org"],
    "data-age": "90d",
    "rule-folders": ["rules"],
    "manifest": ".audit-manifest.json",
    "baseline": "baseline.json",
    "waivers": [
        {
            "rule": "test-file",
            "path": "dist/*.js",
            "package": "left@1",
            "fingerprint": "0123456789abcdef",
            "reason": "users run them",
            "owner": "zoe",
            "until": "2030-01-01",
        }
    ],
}
MANIFEST = {
    "audit_manifest": 1,
    "artifacts": {
        "npm-tarball": {
            "files": {"index.js": ["scripts", 10]},
            "abilities": [["install script", "postinstall", "node x"]],
        }
    },
}
BASELINE = {
    "audit_baseline": 1,
    "findings": [{"fingerprint": "0123456789abcdef", "rule": "a-rule", "path": "x.js"}],
}
REPORT = {
    "schema_version": 1,
    "tool": {"name": "audit", "version": "1", "ruleset": "x", "data": [], "policy": []},
    "verdict": "fail",
    "complete": True,
    "artifacts": [
        {
            "source": "demo-kit-1.0.0.tgz",
            "kind": "npm-tarball",
            "name": "demo-kit",
            "version": "1.0.0",
            "sha256": "a" * 64,
            "ships": {
                "files": [{"path": "a.js", "bytes": 1, "kind": "scripts", "sha256": "b" * 64}],
                "abilities": [{"power": "command", "name": "kit", "value": "bin/kit.js"}],
            },
        }
    ],
    "inventories": [],
    "findings": [{"rule": "a-rule", "fingerprint": "0123456789abcdef"}],
    "suppressed": [{"finding": {"rule": "a-rule", "fingerprint": "0123456789abcdee"}}],
    "gaps": [],
}
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# a"]},
        {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {},
            "source": ["1"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["/home/zoe/kit.py"]},
                {"output_type": "display_data", "data": {"image/png": "AAAA"}, "metadata": {}},
                {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]},
            ],
        },
    ],
}
PYPROJECT = {
    "build-system": {"requires": ["hatchling>=1"], "build-backend": "hatchling.build"},
    "project": {
        "name": "kit",
        "version": "1.2.3",
        "dependencies": ["left>=1"],
        "optional-dependencies": {"dev": ["right"]},
        "scripts": {"kit": "kit:main"},
    },
    "dependency-groups": {"test": ["pytest", {"include-group": "dev"}]},
    "tool": {
        "uv": {"index": [{"name": "i", "url": "https://registry.example.org/simple"}]},
        "poetry": {
            "dependencies": {"python": "^3.8", "left": {"version": "^1", "extras": ["x"]}},
            "source": [{"name": "s", "url": "https://registry.example.org/simple"}],
        },
        "pdm": {"source": [{"url": "https://registry.example.org/simple", "name": "p"}]},
        "hatch": {"build": {"targets": {"wheel": {"packages": ["kit"], "exclude": ["*.map"]}}}},
        "setuptools": {"packages": {"find": {"where": ["src"]}}, "package-data": {"kit": ["*"]}},
    },
}
METADATA = b"""Metadata-Version: 2.4
Name: kit
Version: 1.2.3
Summary: a kit
Author-email: Zoe <zoe@example.org>
License-Expression: MIT
License-File: LICENSE
Classifier: Programming Language :: Python :: 3
Project-URL: Home, https://example.org
Requires-Python: >=3.8
Requires-Dist: left>=1; extra == "x"
Provides-Extra: x
Description-Content-Type: text/markdown; charset=UTF-8

# kit
"""
SETTINGS: dict[str, bytes] = {
    ".npmrc": b"registry=https://registry.example.org/\n@a:registry=https://a.example.org\nx=${Y}\n",
    ".yarnrc": b'registry "https://registry.example.org"\n"@a:registry" "https://a.example.org"\n',
    ".yarnrc.yml": b"npmRegistryServer: https://registry.example.org\nnpmScopes:\n  a:\n"
    b'    npmRegistryServer: "https://a.example.org"\n',
    "pip.conf": b"[global]\nindex-url = https://registry.example.org/simple\n"
    b"extra-index-url =\n  https://a.example.org\n  https://b.example.org\n",
    "bunfig.toml": b'[install]\nregistry = "https://registry.example.org"\n[install.scopes]\n'
    b'a = { url = "https://a.example.org" }\n',
}


def _of_files() -> list[Kind]:
    npm, project = ArtifactKind.NPM_TARBALL, "npm@10.0.0"
    found = [
        Kind(name=path, read=_member(path, npm, packer=project), tree=tree)
        for path, tree in JSON_DOCUMENTS.items()
    ]
    info = "kit-1.2.3.dist-info"
    wheel = {
        f"{info}/METADATA": METADATA,
        f"{info}/RECORD": b"kit/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JA,0\n"
        b'"a,b.py",sha256=47DEQpj8HBSa-_TImW-5JA,0\n' + info.encode() + b"/RECORD,,\n",
        f"{info}/WHEEL": SOUND[f"{info}/WHEEL"],
        f"{info}/entry_points.txt": b"[console_scripts]\nkit = kit.main:run\nb =\n  kit:b [x]\n",
        f"{info}/top_level.txt": b"kit\n_kit\n",
    }
    found += [
        Kind(name=path, read=_member(path, ArtifactKind.WHEEL), text=data)
        for path, data in wheel.items()
    ]
    found += [
        Kind(name="PKG-INFO", read=_member("PKG-INFO", ArtifactKind.SDIST), text=METADATA),
        Kind(name="notebook", read=_member("kit/book.ipynb", ArtifactKind.SDIST), tree=NOTEBOOK),
        Kind(
            name="pyproject.toml of an sdist",
            read=_member("pyproject.toml", ArtifactKind.SDIST),
            tree=PYPROJECT,
            printed=mutations.as_toml,
        ),
        Kind(name="asar", read=_asar, tree=ASAR),
    ]
    return found


def _of_projects() -> list[Kind]:
    toml = mutations.as_toml
    lock = (FIXTURES / "lockfiles/poetry/1.1/poetry.lock").read_bytes()
    uv = (FIXTURES / "lockfiles/uv/workspace/uv.lock").read_bytes()
    yarn = (FIXTURES / "lockfiles/yarn/plain/yarn.lock").read_bytes()
    manifest = JSON_DOCUMENTS["package.json"]
    beside = {
        "pyproject.toml beside poetry.lock": _beside(
            "pyproject.toml", "poetry", "poetry.lock", lock
        ),
        "pyproject.toml beside uv.lock": _beside("pyproject.toml", "uv", "uv.lock", uv),
        "pyproject.toml to build": _pyproject,
    }
    found = [
        Kind(name=name, read=read, tree=PYPROJECT, printed=toml) for name, read in beside.items()
    ]
    found += [
        Kind(name="package.json to pack", read=_project("package.json"), tree=manifest),
        Kind(
            name="package.json beside yarn.lock",
            read=_beside("package.json", "yarn", "yarn.lock", yarn),
            tree=manifest,
        ),
        Kind(
            name="pnpm-workspace.yaml",
            read=_project("pnpm-workspace.yaml"),
            tree={"packages": ["packages/*", "!x"], "catalog": {"react": "^18"}},
            printed=mutations.as_yaml,
        ),
    ]
    return found + [Kind(name=n, read=_settings(n), text=data) for n, data in SETTINGS.items()]


def _quoted(tree: object) -> str:
    return mutations.as_yaml(tree, quoted=True)


def _of_users() -> list[Kind]:
    rule = (HERE / "rules/embedded-sources.yaml").read_text("utf-8")
    pack = (HERE / "rules/incidents/axios-2026-03.yaml").read_text("utf-8")
    return [
        Kind(name=".audit.yml", read=_policy(".audit.yml"), tree=POLICY, printed=_quoted),
        Kind(
            name="policy in pyproject.toml",
            read=_policy("pyproject.toml"),
            tree={"tool": {"audit": POLICY}},
            printed=mutations.as_toml,
        ),
        Kind(name="policy in package.json", read=_policy("package.json"), tree={"audit": POLICY}),
        Kind(
            name="rule",
            read=_rule("embedded-sources.yaml"),
            tree=yamldoc.load(rule),
            printed=_quoted,
        ),
        Kind(
            name="incident pack",
            read=_pack("axios-2026-03.yaml"),
            tree=yamldoc.load(pack),
            printed=_quoted,
        ),
        Kind(name="manifest", read=_parsed(manifestfile.parsed, "m"), tree=MANIFEST),
        Kind(name="baseline", read=_parsed(baselinefile.parsed, "b"), tree=BASELINE),
        Kind(name="report", read=_parsed(earlier.read, "r"), tree=REPORT),
        Kind(name="npm's answer", read=_npm_answer, tree=NPM_ANSWER, whole=_OF_ANSWERS),
        Kind(name="an index's answer", read=_pypi_answer, tree=PYPI_ANSWER, whole=_OF_ANSWERS),
    ]


@cache
def kinds() -> tuple[Kind, ...]:
    """Return every kind, lockfiles first."""
    return (*_locks(), *_of_files(), *_of_projects(), *_of_users())
