"""What users and registries write: rules, incidents, policies, settings, baselines, manifests."""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import (
    addresses,
    baselinefile,
    earlier,
    manifestfile,
    npm_ranges,
    policyfile,
    registries,
    releases,
    rulebook,
    rulefile,
    shape,
    specs,
    yamldoc,
)
from auditor.advisories import packs
from auditor.errors import InputError, UsageError
from tests.fuzz import structures
from tests.fuzz.target import BrokenError, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.rulebook import Head

ROOT = Path(__file__).parents[3]
RULES = rulebook.builtin_folder()


_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""As YAML 1.1 has it."""


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


# YAML


def run_yaml(data: bytes) -> object:
    places: dict[str, int] = {}
    text = text_of(data)
    with_lines = yamldoc.load(text, places)
    last = len(_LINE_END.split(text))
    if any(not 1 <= line <= last for line in places.values()):
        raise BrokenError("a value lies behind the end")
    return with_lines, places


def run_rule(data: bytes) -> object:
    return rulefile.parse(text_of(data), "a-rule.yaml", {"names.txt": frozenset({"a"})})


def rule_seeds() -> Iterator[bytes]:
    for path in sorted(RULES.glob("*.yaml"))[::12]:
        text = path.read_text(encoding="utf-8")
        if len(text) < 6000:
            yield text.replace(f"id: {path.stem}\n", "id: a-rule\n").encode()


def run_incident(data: bytes) -> object:
    pack = packs.head(text_of(data), "an-incident.yaml", {"names.txt": "a 1.0.0 1.0.1?\nb 2\n"})
    packs.check(pack)
    return pack


def incident_seeds() -> Iterator[bytes]:
    for path in sorted((RULES / "incidents").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if len(text) < 8000:
            yield text.replace(f"id: {path.stem}\n", "id: an-incident\n").encode()


def run_list(data: bytes) -> object:
    return [packs.listed("npm", line) for line in packs.lines(text_of(data))]


# policies


@cache
def heads() -> Mapping[str, Head]:
    return rulefile.heads((RULES,))


def run_policy(data: bytes, name: str) -> object:
    found = policyfile.document(name, text_of(data), name)
    if found is None:
        return None
    try:
        folders: object = policyfile.folders(found)
    except UsageError as problem:
        folders = str(problem)
    return folders, policyfile.policy(found, heads())


POLICY = b"""\
fail-on: high
profile: release
deny-words: [secret*project]
source-maps: {mode: forbid}
budgets: {packed: 5 MB, files: 100}
rules:
  embedded-sources: {severity: high, reason: r, owner: o}
waivers:
  - rule: lookalike-name
    package: x@1.*
    reason: is ours
    until: 2027-01-01
"""
POLICIES: dict[str, tuple[bytes, ...]] = {
    "yaml": (POLICY, b"internal: ['@a/*', b]\nallowed-hosts: [x.example.org]\ndata-age: 30d\n"),
    "toml": (
        (
            b"[tool.audit]\nfail-on = 'high'\n[tool.audit.budgets]\npacked = '1 MiB'\n"
            b"[[tool.audit.waivers]]\nrule = 'lookalike-name'\npackage = 'x'\nreason = 'r'\n"
            b"until = 2027-01-01\n"
        ),
    ),
    "json": (b'{"name":"a","audit":{"fail-on":"low","deny-words":["secret"]}}',),
}
NAMES = {
    "yaml": policyfile.YAML_NAMES[0],
    "toml": policyfile.TOML_NAME,
    "json": policyfile.JSON_NAME,
}


# settings of clients


def run_settings(data: bytes) -> object:
    files = dict.fromkeys(SETTINGS, data)
    found = registries.configured(files, registries.settings_in({f"../{n}": data for n in files}))
    return registries.settings_in(files), found


SETTINGS = (
    *(".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", "pip.conf", "pip.ini", "uv.toml"),
    *("pyproject.toml", "Pipfile", "pdm/config.toml", "x/pdm/config.toml", "environment/uv_index"),
)


# what was written earlier, and what registries say


def run_baseline(data: bytes) -> object:
    return baselinefile.parsed(data, "baseline.json")


def run_manifest(data: bytes) -> object:
    """Read a manifest; what is written from it reads as the same."""
    found = manifestfile.parsed(data, ".audit-manifest.json")
    again = manifestfile.parsed(manifestfile.rendered(found).encode(), ".audit-manifest.json")
    if again != found:
        raise BrokenError("a manifest that is written anew reads as another one")
    return found


def run_report(data: bytes) -> object:
    return earlier.read(data, "report.json")


REPORT = b"""{"schema_version":1,"verdict":"fail","artifacts":[
{"source":"a.tgz","kind":"npm-tarball","name":"a","version":"1.0.0","sha256":"00","ships":{"files":[{"path":"a.js","bytes":1,"kind":"x"}],
"abilities":[{"power":"command","name":"a","value":"b"}]}}],"findings":[{"fingerprint":"00ff00ff"}],
"suppressed":[]}"""


def run_release(data: bytes) -> object:
    found = []
    for text in ("npm:a@1.0.0", "npm:a", "pypi:a==1.0", "pypi:a"):
        try:
            one: object = releases.of_document(specs.spec_of(text), data)
        except InputError as problem:
            one = str(problem)
        found.append(one)
    return found


def release_seeds() -> Iterator[bytes]:
    yield (
        b'{"versions":{"1.0.0":{"dist":{"tarball":"https://registry.example.org/a.tgz",'
        b'"integrity":"sha512-AAAA"},"deprecated":"no"}},"dist-tags":{"latest":"1.0.0"},'
        b'"time":{"1.0.0":"2026-01-01T00:00:00Z"}}'
    )
    yield (
        b'{"versions":["1.0"],"files":[{"filename":"a-1.0-py3-none-any.whl","url":"../a.whl",'
        b'"hashes":{"sha256":"00"},"yanked":"no"},{"filename":"a-1.0.tar.gz","url":"a.tar.gz",'
        b'"hashes":{}}]}'
    )


def run_json(data: bytes) -> object:
    document = shape.json_object(data)
    return list(shape.leaves(document)), shape.text_map(document, "a"), shape.texts(document, "b")


# short texts: addresses, ranges, names


def run_words(data: bytes) -> object:
    first, _, second = data.decode("utf-8", "replace").partition("\n")
    found = addresses.address(first)
    spec: object = None
    try:
        spec = specs.spec_of(f"npm:{first}"), specs.spec_of(f"pypi:{first}")
    except UsageError as problem:
        spec = str(problem)
    return (
        found,
        addresses.npm_named(found, second),
        addresses.python_named(first, second),
        addresses.conda_named(found),
        npm_ranges.satisfies(first, second),
        npm_ranges.parsed(first),
        spec,
    )


TARGETS = (
    Target(
        name="yaml",
        run=run_yaml,
        seeds=lambda: (b"a: [1, x]\nb:\n  - {c: 'd'}\n", b"a: |\n  text\n", b"a: &x 1\nb: *x\n"),
        mutate=structures.lines,
        words=(b"!!python/object:x ", b"<<: ", b"? ", b"---\n", b"%YAML 1.1\n", b"\xef\xbb\xbf"),
        longest=1024,
        main=True,
    ),
    Target(name="rule", run=run_rule, seeds=rule_seeds, mutate=structures.lines),
    Target(name="incident", run=run_incident, seeds=incident_seeds, mutate=structures.lines),
    Target(
        name="incident-list",
        run=run_list,
        seeds=lambda: (b"# words\nname 1.0.0 2.0.0?\n@a/b 1\n",),
        longest=512,
    ),
    *(
        Target(
            name=f"policy-{form}",
            run=partial(run_policy, name=NAMES[form]),
            seeds=partial(tuple, seeds),
            mutate=structures.document,
            longest=2048,
        )
        for form, seeds in POLICIES.items()
    ),
    Target(
        name="settings",
        run=run_settings,
        seeds=lambda: (
            b"registry=https://registry.example.org/\n@a:registry = http://u:p@[::1]:99/\n",
            b"npmScopes:\n  a:\n    npmRegistryServer: 'https://registry.example.org'\n",
            b"[global]\nindex-url = https://registry.example.org/simple\n    x\n",
            b"[[tool.uv.index]]\nurl = 'https://registry.example.org'\n[install.scopes]\na = 'b'\n",
        ),
        mutate=structures.lines,
        longest=2048,
    ),
    Target(
        name="baseline",
        run=run_baseline,
        seeds=lambda: (
            b'{"audit_baseline":1,"findings":[{"fingerprint":"00","rule":"a","path":"b"}]}',
            REPORT,
        ),
        mutate=structures.json,
        longest=2048,
    ),
    Target(
        name="manifest",
        run=run_manifest,
        seeds=lambda: (
            (
                b'{"audit_manifest":1,"artifacts":{"wheel":{"files":{"a.py":["scripts",1]},'
                b'"abilities":[["command","a","b"]]}}}'
            ),
        ),
        mutate=structures.json,
        longest=2048,
    ),
    Target(
        name="earlier-report",
        run=run_report,
        seeds=lambda: (REPORT,),
        mutate=structures.json,
        longest=2048,
    ),
    Target(
        name="release",
        run=run_release,
        seeds=release_seeds,
        mutate=structures.json,
        longest=2048,
    ),
    Target(
        name="json",
        run=run_json,
        seeds=lambda: (b'{"a":{"b":"c"},"b":["x"]}',),
        mutate=structures.json,
        longest=2048,
    ),
    Target(
        name="words",
        run=run_words,
        seeds=lambda: (
            b"https://registry.example.org/a/-/a-1.0.0.tgz#sha\na",
            b"git+ssh://git@host.example.org:22/a/b.git#v1\n^1.0.0 || >=2 <3",
            b"1.2.3-rc.1+b\n~1.2 1.x - 2",
            b"file:../a?b\n@a/b",
        ),
        words=(b"git+https://", b"://", b"@", b"#", b"||", b"^", b"~", b"[::1]", b"%2f", b".tgz"),
        longest=256,
    ),
)
