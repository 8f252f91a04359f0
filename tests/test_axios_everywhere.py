"""One question, asked of every form: is axios 1.14.1 here? Found as critical, or truly not there.

Each form is one file, or a few, with `NAME` and `VERSION` in place of the package. With a bad
version the call fails and says through what, when and what to do; with the one before it passes.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.test_lock_cli import as_json

if TYPE_CHECKING:
    from pathlib import Path

HOST = "https://registry.example.org"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
KIT = "kit@1.0.0"
ITSELF = "NAME@VERSION"


def digest(letter: str) -> str:
    return "sha512-" + base64.b64encode(letter.encode() * 64).decode()


OURS, KITS = digest("a"), digest("k")
"""Of the package, and of the one that requires it: of no real package."""
HEX = "a" * 64

BAD = [("axios", "1.14.1"), ("axios", "0.30.4"), ("plain-crypto-js", "4.2.1")]
GOOD = [("axios", "1.14.0"), ("axios", "0.30.3"), ("crypto-js", "4.2.0")]
BAD_PYPI = [("litellm", "1.82.7"), ("litellm", "1.82.8")]
GOOD_PYPI = [("litellm", "1.82.6")]
WINDOWS = {
    "axios": "2026-03-31T00:21:58Z to 2026-03-31T03:30:00Z",
    "plain-crypto-js": "2026-03-31T00:21:58Z to 2026-03-31T03:30:00Z",
    "litellm": "2026-03-24T10:39:00Z to 2026-03-24T13:38:00Z",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way in which a package is there."""

    files: Mapping[str, str]
    chain: tuple[str, ...] = ()
    """From the project to the package; empty where the form does not say."""
    also: frozenset[str] = field(default=frozenset())
    """Rules that find the form itself, whatever the version."""


def npm(
    text: str,
    *,
    file: str = "package-lock.json",
    manifest: str = "",
    **more: Any,  # noqa: ANN401
) -> Form:
    beside = {"package.json": manifest} if manifest else {}
    return Form(files={file: text, **beside}, **more)


ENTRY = (
    f'{{"version": "VERSION", "resolved": "{HOST}/NAME/-/NAME-VERSION.tgz", "integrity": "{OURS}"}}'
)
KIT_ENTRY = (
    f'"node_modules/kit": {{"version": "1.0.0", "resolved": "{HOST}/kit/-/kit-1.0.0.tgz",'
    f' "integrity": "{KITS}", "dependencies": {{"NAME": "VERSION"}}}}'
)
PACKAGE_LOCKS = {
    "npm direct": npm(
        '{"lockfileVersion": 3, "packages": {"": {"dependencies": {"NAME": "VERSION"}},'
        f' "node_modules/NAME": {ENTRY}}}}}',
        chain=(ITSELF,),
    ),
    "npm nested": npm(
        '{"lockfileVersion": 3, "packages": {"": {"dependencies": {"kit": "1.0.0"}},'
        f' {KIT_ENTRY}, "node_modules/kit/node_modules/NAME": {ENTRY}}}}}',
        chain=(KIT, ITSELF),
    ),
    "npm alias": npm(
        '{"lockfileVersion": 3, "packages": {"": {"dependencies": {"helper": "npm:NAME@VERSION"}},'
        f' "node_modules/helper": {{"name": "NAME", {ENTRY[1:]}}}}}',
        chain=(ITSELF,),
    ),
    "npm shrinkwrap": npm(
        '{"lockfileVersion": 2, "packages": {"": {"dependencies": {"NAME": "VERSION"}},'
        f' "node_modules/NAME": {ENTRY}}}, "dependencies": {{"NAME": {ENTRY}}}}}',
        file="npm-shrinkwrap.json",
        chain=(ITSELF,),
    ),
    "npm bundled": npm(
        '{"lockfileVersion": 3, "packages": {"": {"dependencies": {"kit": "1.0.0"}},'
        f' {KIT_ENTRY[:-1]}, "bundleDependencies": ["NAME"]}},'
        ' "node_modules/kit/node_modules/NAME": {"version": "VERSION", "inBundle": true}}}',
        chain=(KIT, ITSELF),
    ),
    "npm git": npm(
        '{"lockfileVersion": 3, "packages": {"": {"dependencies": {"NAME": "demo/NAME#vVERSION"}},'
        ' "node_modules/NAME": {"version": "VERSION",'
        f' "resolved": "git+ssh://git@github.com/demo/NAME.git#{COMMIT}"}}}}}}',
        chain=(ITSELF,),
    ),
    "npm tarball": npm(
        '{"lockfileVersion": 3, "packages": {"": {"dependencies":'
        ' {"NAME": "https://registry.example.org/mirror/NAME-VERSION.tgz"}},'
        ' "node_modules/NAME": {"version": "VERSION", "resolved":'
        f' "https://registry.example.org/mirror/NAME-VERSION.tgz", "integrity": "{OURS}"}}}}}}',
        chain=(ITSELF,),
    ),
    "npm masked": npm(
        '{"lockfileVersion": 3, "packages": {"": {"dependencies": {"NAME": "0.1.0"}},'
        f' "node_modules/NAME": {ENTRY.replace("VERSION", "0.1.0", 1)}}}}}',
        chain=(ITSELF,),
        also=frozenset({"masked-version"}),
    ),
    "npm under another name": npm(
        '{"lockfileVersion": 3, "packages": {"": {"dependencies": {"is-odd": "VERSION"}},'
        f' "node_modules/is-odd": {ENTRY}}}}}',
        chain=(ITSELF,),
        also=frozenset({"masked-name"}),
    ),
    "npm 6": npm(
        '{"lockfileVersion": 1, "requires": true, "dependencies": {"kit": {"version": "1.0.0",'
        f' "resolved": "{HOST}/kit/-/kit-1.0.0.tgz", "integrity": "{KITS}",'
        f' "requires": {{"NAME": "VERSION"}}, "dependencies": {{"NAME": {ENTRY}}}}}}}}}',
        manifest='{"dependencies": {"kit": "1.0.0"}}',
        chain=(KIT, ITSELF),
    ),
    "npm 6 alias": npm(
        '{"lockfileVersion": 1, "dependencies": {"helper": {"version": "npm:NAME@VERSION",'
        f' "resolved": "{HOST}/NAME/-/NAME-VERSION.tgz", "integrity": "{OURS}"}}}}}}',
    ),
    "npm 6 git": npm(
        '{"lockfileVersion": 1, "dependencies": {"NAME": {"from": "demo/NAME#vVERSION",'
        ' "version": "git+ssh://git@github.com/demo/NAME.git#vVERSION"}}}',
        also=frozenset({"unpinned-git-dependency"}),
    ),
    "npm 6 tree of a file for npm 7": npm(
        '{"lockfileVersion": 2, "packages": {"": {"dependencies": {"kit": "1.0.0"}},'
        f" {KIT_ENTRY.partition(', ' + chr(34) + 'dependencies')[0]}}}}},"
        f' "dependencies": {{"NAME": {ENTRY}}}}}',
        also=frozenset({"split-lockfile"}),
    ),
}

YARN_1 = "# yarn lockfile v1\n\n\n"
YARN_1_ENTRY = (
    f'  version "VERSION"\n  resolved "{HOST}/NAME/-/NAME-VERSION.tgz#{"a" * 40}"\n'
    f"  integrity {OURS}\n"
)
YARN_1_KIT = (
    f'kit@^1.0.0:\n  version "1.0.0"\n  resolved "{HOST}/kit/-/kit-1.0.0.tgz"\n'
    f'  integrity {KITS}\n  dependencies:\n    NAME "^VERSION"\n\n'
)
BERRY = "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n"
BERRY_ENTRY = (
    '  version: VERSION\n  resolution: "NAME@npm:VERSION"\n'
    f"  checksum: 10c0/{'a' * 128}\n  languageName: node\n  linkType: hard\n"
)


def berry(wanted: str, *entries: str, **more: Any) -> Form:  # noqa: ANN401
    """Return a form of yarn 2 and newer, whose lockfile lists the project itself."""
    own = (
        '"demo@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "demo@workspace:."\n'
        f"  dependencies:\n    {wanted}\n  languageName: unknown\n  linkType: soft\n"
    )
    return npm(BERRY + "\n".join((own, *entries)), file="yarn.lock", **more)


def yarn(wanted: str, text: str, **more: Any) -> Form:  # noqa: ANN401
    """Return a form of yarn 1, beside a package.json without which it has no roots."""
    manifest = f'{{"name": "demo", "dependencies": {{{wanted}}}}}'
    return npm(f"{YARN_1}{text}", file="yarn.lock", manifest=manifest, **more)


YARNS = {
    "yarn 1 direct": yarn('"NAME": "^VERSION"', f"NAME@^VERSION:\n{YARN_1_ENTRY}", chain=(ITSELF,)),
    "yarn 1 nested": yarn(
        '"kit": "^1.0.0"', f"{YARN_1_KIT}NAME@^VERSION:\n{YARN_1_ENTRY}", chain=(KIT, ITSELF)
    ),
    "yarn 1 alias": yarn(
        '"helper": "npm:NAME@VERSION"',
        f'"helper@npm:NAME@VERSION":\n{YARN_1_ENTRY}',
        chain=(ITSELF,),
    ),
    "yarn 1 git": yarn(
        '"NAME": "https://github.com/demo/NAME.git#vVERSION"',
        '"NAME@https://github.com/demo/NAME.git#vVERSION":\n  version "VERSION"\n'
        f'  resolved "https://github.com/demo/NAME.git#{COMMIT}"\n',
        chain=(ITSELF,),
    ),
    "yarn 1 tarball": yarn(
        f'"NAME": "{HOST}/mirror/NAME-VERSION.tgz"',
        f'"NAME@{HOST}/mirror/NAME-VERSION.tgz":\n  version "VERSION"\n'
        f'  resolved "{HOST}/mirror/NAME-VERSION.tgz#{"a" * 40}"\n  integrity {OURS}\n',
        chain=(ITSELF,),
    ),
    "yarn 1 address of another key": yarn(
        '"is-odd": "^3.0.0"',
        f"is-odd@^3.0.0:\n{YARN_1_ENTRY.replace('VERSION', '3.0.1', 1)}",
        chain=(ITSELF,),
        also=frozenset({"masked-name", "masked-version"}),
    ),
    "berry direct": berry(
        'NAME: "npm:^VERSION"', f'"NAME@npm:^VERSION":\n{BERRY_ENTRY}', chain=(ITSELF,)
    ),
    "berry nested": berry(
        'kit: "npm:^1.0.0"',
        '"kit@npm:^1.0.0":\n  version: 1.0.0\n  resolution: "kit@npm:1.0.0"\n  dependencies:\n'
        f'    NAME: "npm:^VERSION"\n  checksum: 10c0/{"b" * 128}\n  linkType: hard\n',
        f'"NAME@npm:^VERSION":\n{BERRY_ENTRY}',
        chain=(KIT, ITSELF),
    ),
    "berry alias": berry(
        'helper: "npm:NAME@VERSION"', f'"helper@npm:NAME@VERSION":\n{BERRY_ENTRY}', chain=(ITSELF,)
    ),
    "berry patch": berry(
        'NAME: "patch:NAME@npm%3AVERSION#~/.yarn/patches/a.patch"',
        f'"NAME@npm:VERSION":\n{BERRY_ENTRY}',
        '"NAME@patch:NAME@npm%3AVERSION#~/.yarn/patches/a.patch":\n  version: VERSION\n'
        '  resolution: "NAME@patch:NAME@npm%3AVERSION#~/.yarn/patches/a.patch::version=VERSION"\n'
        f"  checksum: 10c0/{'b' * 128}\n  linkType: hard\n",
        chain=(ITSELF,),
    ),
    "berry git": berry(
        'NAME: "https://github.com/demo/NAME.git#vVERSION"',
        '"NAME@https://github.com/demo/NAME.git#vVERSION":\n  version: VERSION\n'
        f'  resolution: "NAME@https://github.com/demo/NAME.git#commit={COMMIT}"\n'
        f"  checksum: 10c0/{'a' * 128}\n  linkType: hard\n",
        chain=(ITSELF,),
    ),
    "berry tarball": berry(
        f'NAME: "{HOST}/mirror/NAME-VERSION.tgz"',
        f'"NAME@{HOST}/mirror/NAME-VERSION.tgz":\n  version: VERSION\n'
        f'  resolution: "NAME@{HOST}/mirror/NAME-VERSION.tgz"\n'
        f"  checksum: 10c0/{'a' * 128}\n  linkType: hard\n",
        chain=(ITSELF,),
    ),
    "berry resolution of another key": berry(
        'is-odd: "npm:^3.0.0"',
        f'"is-odd@npm:^3.0.0":\n{BERRY_ENTRY}',
        manifest='{"name": "demo", "dependencies": {"is-odd": "^3.0.0"}}',
        chain=(ITSELF,),
        also=frozenset({"undeclared-alias", "lockfile-drift"}),
    ),
}


def pnpm(version: str, importer: str, packages: str, snapshots: str = "", **more: Any) -> Form:  # noqa: ANN401
    text = f"lockfileVersion: {version}\n\nimporters:\n\n  .:\n{importer}\npackages:\n{packages}"
    return npm(
        f"{text}\nsnapshots:\n{snapshots}" if snapshots else text, file="pnpm-lock.yaml", **more
    )


def wanted(name: str, specifier: str, version: str) -> str:
    return (
        f"    dependencies:\n      {name}:\n        specifier: {specifier}\n"
        f"        version: {version}\n"
    )


def pnpm_entry(key: str, *, integrity: str = OURS, more: str = "") -> str:
    return f"\n  {key}:\n    resolution: {{integrity: {integrity}}}\n{more}"


DEBUG = digest("d")
PEER = "    dependencies:\n      debug: 4.3.4\n"
"""As pnpm wrote a peer that is there, up to 6.x."""
PNPMS = {
    "pnpm 5.4": npm(
        "lockfileVersion: 5.4\n\nspecifiers:\n  NAME: VERSION\n\n"
        "dependencies:\n  NAME: VERSION_debug@4.3.4\n\npackages:\n"
        + pnpm_entry("/NAME/VERSION_debug@4.3.4", more=PEER)
        + pnpm_entry("/debug/4.3.4", integrity=DEBUG),
        file="pnpm-lock.yaml",
        chain=(ITSELF,),
    ),
    "pnpm 6 direct with peers": pnpm(
        "'6.0'",
        wanted("NAME", "VERSION", "VERSION(debug@4.3.4)"),
        pnpm_entry("/NAME@VERSION(debug@4.3.4)", more=PEER)
        + pnpm_entry("/debug@4.3.4", integrity=DEBUG),
        chain=(ITSELF,),
    ),
    "pnpm 6 nested": pnpm(
        "'6.0'",
        wanted("kit", "1.0.0", "1.0.0"),
        pnpm_entry("/kit@1.0.0", integrity=KITS, more="    dependencies:\n      NAME: VERSION\n")
        + pnpm_entry("/NAME@VERSION"),
        chain=(KIT, ITSELF),
    ),
    "pnpm 9 direct with peers": pnpm(
        "'9.0'",
        wanted("NAME", "VERSION", "VERSION(debug@4.3.4(supports-color@8.1.1))"),
        pnpm_entry("NAME@VERSION"),
        "\n  NAME@VERSION(debug@4.3.4(supports-color@8.1.1)): {}\n",
        chain=(ITSELF,),
    ),
    "pnpm 9 nested with peers": pnpm(
        "'9.0'",
        wanted("kit", "1.0.0", "1.0.0"),
        pnpm_entry("kit@1.0.0", integrity=KITS) + pnpm_entry("NAME@VERSION"),
        "\n  kit@1.0.0:\n    dependencies:\n      NAME: VERSION(debug@4.3.4)\n"
        "\n  NAME@VERSION(debug@4.3.4): {}\n",
        chain=(KIT, ITSELF),
    ),
    "pnpm 9 alias": pnpm(
        "'9.0'",
        wanted("helper", "npm:NAME@VERSION", "NAME@VERSION"),
        pnpm_entry("NAME@VERSION"),
        "\n  NAME@VERSION: {}\n",
        chain=(ITSELF,),
    ),
    "pnpm 9 git": pnpm(
        "'9.0'",
        wanted(
            "NAME",
            "github:demo/NAME#vVERSION",
            f"git+https://git@github.com/demo/NAME.git#{COMMIT}",
        ),
        f"\n  NAME@git+https://git@github.com/demo/NAME.git#{COMMIT}:\n    resolution: {{commit:"
        f" {COMMIT}, repo: https://git@github.com/demo/NAME.git, type: git}}\n"
        "    version: VERSION\n",
        f"\n  NAME@git+https://git@github.com/demo/NAME.git#{COMMIT}: {{}}\n",
        chain=(ITSELF,),
    ),
    "pnpm 9 tarball": pnpm(
        "'9.0'",
        wanted("NAME", f"{HOST}/mirror/NAME-VERSION.tgz", f"{HOST}/mirror/NAME-VERSION.tgz"),
        f"\n  NAME@{HOST}/mirror/NAME-VERSION.tgz:\n    resolution: {{integrity: {OURS},"
        f" tarball: {HOST}/mirror/NAME-VERSION.tgz}}\n    version: VERSION\n",
        f"\n  NAME@{HOST}/mirror/NAME-VERSION.tgz: {{}}\n",
        chain=(ITSELF,),
    ),
    "pnpm 11 configuration": npm(
        "---\nlockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    configDependencies:\n"
        "      NAME:\n        specifier: VERSION\n        version: VERSION\n\npackages:\n"
        + pnpm_entry("NAME@VERSION")
        + "\nsnapshots:\n\n  NAME@VERSION: {}\n---\nlockfileVersion: '9.0'\n\nimporters:\n\n"
        f"  .:\n{wanted('kit', '1.0.0', '1.0.0')}\npackages:\n"
        + pnpm_entry("kit@1.0.0", integrity=KITS)
        + "\nsnapshots:\n\n  kit@1.0.0: {}\n",
        file="pnpm-lock.yaml",
        chain=(ITSELF,),
    ),
}


def bun(wanted: str, *rows: str, **more: Any) -> Form:  # noqa: ANN401
    return npm(
        '{\n  "lockfileVersion": 1,\n  "workspaces": {\n    "": {\n      "name": "demo",\n'
        f'      "dependencies": {wanted},\n    }},\n  }},\n'
        f'  "packages": {{\n    {", ".join(rows)},\n  }}\n}}\n',
        file="bun.lock",
        **more,
    )


BUN_KIT = f'"kit": ["kit@1.0.0", "", {{"dependencies": {{"NAME": "VERSION"}}}}, "{KITS}"]'
BUNS = {
    "bun direct": bun(
        '{"NAME": "VERSION"}', f'"NAME": ["NAME@VERSION", "", {{}}, "{OURS}"]', chain=(ITSELF,)
    ),
    "bun nested": bun(
        '{"kit": "1.0.0"}',
        BUN_KIT,
        f'"kit/NAME": ["NAME@VERSION", "", {{}}, "{OURS}"]',
        chain=(KIT, ITSELF),
    ),
    "bun alias": bun(
        '{"helper": "npm:NAME@VERSION"}',
        f'"helper": ["NAME@VERSION", "", {{}}, "{OURS}"]',
        chain=(ITSELF,),
    ),
    "bun tarball": bun(
        f'{{"NAME": "{HOST}/mirror/NAME-VERSION.tgz"}}',
        f'"NAME": ["NAME@{HOST}/mirror/NAME-VERSION.tgz", {{}}, "{OURS}"]',
        chain=(ITSELF,),
    ),
    "bun git": bun(
        '{"NAME": "git+https://github.com/demo/NAME.git#vVERSION"}',
        '"NAME": ["NAME@git+https://github.com/demo/NAME.git#vVERSION", {}, "vVERSION"]',
        chain=(ITSELF,),
        also=frozenset({"unpinned-git-dependency"}),
    ),
}

OTHERS = {
    "deno": npm(
        '{"version": "5", "specifiers": {"npm:kit@1": "1.0.0"}, "npm": {'
        f'"kit@1.0.0": {{"integrity": "{KITS}", "dependencies": ["NAME"]}},'
        f' "NAME@VERSION": {{"integrity": "{OURS}"}}}},'
        ' "workspace": {"dependencies": ["npm:kit@1"]}}',
        file="deno.lock",
        chain=(KIT, ITSELF),
    ),
    "deno with peers": npm(
        '{"version": "4", "specifiers": {"npm:NAME@VERSION": "VERSION_debug@4.3.4"}, "npm": {'
        f'"NAME@VERSION_debug@4.3.4": {{"integrity": "{OURS}"}}}},'
        ' "workspace": {"dependencies": ["npm:NAME@VERSION"]}}',
        file="deno.lock",
        chain=(ITSELF,),
    ),
    "deno 1.x": npm(
        '{"version": "3", "packages": {"specifiers": {"npm:NAME@VERSION": "npm:NAME@VERSION"},'
        f' "npm": {{"NAME@VERSION": {{"integrity": "{OURS}", "dependencies": {{}}}}}}}}}}',
        file="deno.lock",
    ),
    "CycloneDX": npm(
        '{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component":'
        ' {"type": "application", "name": "demo", "bom-ref": "demo"}}, "components": ['
        '{"type": "library", "name": "kit", "bom-ref": "k", "purl": "pkg:npm/kit@1.0.0"},'
        ' {"type": "library", "name": "NAME", "bom-ref": "n", "purl": "pkg:npm/NAME@VERSION"}],'
        ' "dependencies": [{"ref": "demo", "dependsOn": ["k"]}, {"ref": "k", "dependsOn": ["n"]}]}',
        file="bom.json",
        chain=(KIT, ITSELF),
    ),
    "CycloneDX vendored": npm(
        '{"bomFormat": "CycloneDX", "specVersion": "1.4", "components": [{"type": "library",'
        ' "name": "kit", "purl": "pkg:npm/kit@1.0.0", "components": [{"type": "library",'
        ' "name": "NAME", "purl": "pkg:npm/NAME@VERSION"'
        "}]}]}",
        file="demo.cdx.json",
    ),
    "SPDX": npm(
        '{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": ['
        '{"name": "demo", "SPDXID": "SPDXRef-demo"}, {"name": "NAME", "SPDXID": "SPDXRef-n",'
        ' "downloadLocation": "NOASSERTION", "externalRefs": [{"referenceCategory":'
        ' "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator":'
        ' "pkg:npm/NAME@VERSION"}]}], "relationships": ['
        '{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",'
        ' "relatedSpdxElement": "SPDXRef-demo"}, {"spdxElementId": "SPDXRef-demo",'
        ' "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-n"}]}',
        file="sbom.spdx.json",
        chain=(ITSELF,),
    ),
    "installed by npm": npm(
        '{"name": "NAME", "version": "VERSION"}', file="node_modules/NAME/package.json"
    ),
    "installed inside another": Form(
        files={
            "node_modules/kit/package.json": '{"name": "kit", "version": "1.0.0"}',
            "node_modules/kit/node_modules/NAME/package.json": (
                '{"name": "NAME", "version": "VERSION"}'
            ),
        },
    ),
    "installed by pnpm": npm(
        '{"name": "NAME", "version": "VERSION"}',
        file="node_modules/.pnpm/NAME@VERSION_debug@4.3.4/node_modules/NAME/package.json",
    ),
    "installed under an alias": npm(
        '{"name": "NAME", "version": "VERSION"}', file="node_modules/helper/package.json"
    ),
    "npm's hidden lockfile": Form(
        files={
            "node_modules/.package-lock.json": (
                f'{{"lockfileVersion": 3, "packages": {{"node_modules/NAME": {ENTRY}}}}}'
            ),
            "node_modules/NAME/package.json": '{"name": "NAME", "version": "VERSION"}',
        },
    ),
}

FILE = f"{HOST}/litellm-VERSION-py3-none-any.whl"
KIT_FILE = f"{HOST}/kit-1.0.0-py3-none-any.whl"
PYPROJECT = '[project]\nname = "demo"\nversion = "1.0"\ndependencies = ["kit"]\n'
PYTHON = {
    "poetry": Form(
        files={
            "poetry.lock": (
                "# This file is automatically @generated by Poetry 2.5.1\n\n[[package]]\n"
                'name = "kit"\nversion = "1.0.0"\ngroups = ["main"]\nfiles = [{file ='
                f' "kit-1.0.0-py3-none-any.whl", hash = "sha256:{"b" * 64}"}}]\n\n'
                '[package.dependencies]\nlitellm = ">=1.80"\n\n[[package]]\nname = "litellm"\n'
                'version = "VERSION"\ngroups = ["main"]\nfiles = [{file ='
                f' "litellm-VERSION-py3-none-any.whl", hash = "sha256:{HEX}"}}]\n\n'
                '[metadata]\nlock-version = "2.1"\n'
            ),
            "pyproject.toml": PYPROJECT,
        },
        chain=(KIT, ITSELF),
    ),
    "uv": npm(
        'version = 1\nrevision = 5\nrequires-python = ">=3.11"\n\n[[package]]\nname = "demo"\n'
        'version = "1.0"\nsource = { virtual = "." }\ndependencies = [{ name = "kit" }]\n\n'
        f'[[package]]\nname = "kit"\nversion = "1.0.0"\nsource = {{ registry = "{HOST}/simple" }}\n'
        'dependencies = [{ name = "litellm" }]\n'
        f'wheels = [{{ url = "{KIT_FILE}", hash = "sha256:{"b" * 64}" }}]\n\n'
        '[[package]]\nname = "litellm"\nversion = "VERSION"\n'
        f'source = {{ registry = "{HOST}/simple" }}\n'
        f'wheels = [{{ url = "{FILE}", hash = "sha256:{HEX}" }}]\n',
        file="uv.lock",
        chain=(KIT, ITSELF),
    ),
    "uv for a script": npm(
        'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n[manifest]\n'
        'requirements = [{ name = "litellm" }]\n\n[[package]]\nname = "litellm"\n'
        f'version = "VERSION"\nsource = {{ registry = "{HOST}/simple" }}\n'
        f'wheels = [{{ url = "{FILE}", hash = "sha256:{HEX}" }}]\n',
        file="job.py.lock",
        chain=(ITSELF,),
    ),
    "pdm": Form(
        files={
            "pdm.lock": (
                '# This file is @generated by PDM.\n[metadata]\ngroups = ["default"]\n'
                'lock_version = "4.5.0"\n\n[[package]]\nname = "kit"\nversion = "1.0.0"\n'
                'groups = ["default"]\ndependencies = ["litellm>=1.80"]\nfiles = [{file ='
                f' "kit-1.0.0-py3-none-any.whl", hash = "sha256:{"b" * 64}"}}]\n\n'
                '[[package]]\nname = "litellm"\nversion = "VERSION"\ngroups = ["default"]\n'
                'files = [{file = "litellm-VERSION-py3-none-any.whl",'
                f' hash = "sha256:{HEX}"}}]\n'
            ),
            "pyproject.toml": PYPROJECT,
        },
        chain=(KIT, ITSELF),
    ),
    "Pipfile": npm(
        f'{{"_meta": {{"pipfile-spec": 6, "sources": [{{"name": "main", "url": "{HOST}/simple",'
        ' "verify_ssl": true}]}, "default": {}, "develop": {"litellm": {"hashes":'
        f' ["sha256:{HEX}"], "index": "main", "version": "==VERSION"}}}}}}',
        file="Pipfile.lock",
    ),
    "pylock": npm(
        'lock-version = "1.0"\ncreated-by = "pip"\n\n[[packages]]\nname = "litellm"\n'
        f'version = "VERSION"\n\n[[packages.wheels]]\nname = "litellm-VERSION-py3-none-any.whl"\n'
        f'url = "{FILE}"\nhashes = {{sha256 = "{HEX}"}}\n',
        file="pylock.toml",
    ),
    "requirements": npm(
        f"litellm==VERSION --hash=sha256:{HEX}\n", file="requirements.txt", chain=(ITSELF,)
    ),
    "requirements of a file": npm(
        f"LiteLLM @ {FILE} --hash=sha256:{HEX}\n", file="requirements.txt", chain=(ITSELF,)
    ),
    "requirements included": Form(
        files={
            "requirements.txt": f"-r base.txt\nkit==1.0.0 --hash=sha256:{'b' * 64}\n",
            "base.txt": f"LiteLLM[proxy] == VERSION --hash=sha256:{HEX}\n",
        },
        chain=(ITSELF,),
    ),
    "conda-lock": npm(
        "version: 1\nmetadata:\n  content_hash:\n    linux-64: a\n  channels:\n"
        "  - url: conda-forge\n    used_env_vars: []\npackage:\n- name: kit\n"
        "  version: 1.0.0\n  manager: pip\n  platform: linux-64\n  dependencies:\n"
        f"    litellm: '>=1.80'\n  url: {KIT_FILE}\n  hash:\n    sha256: {'b' * 64}\n"
        "  category: main\n  optional: false\n"
        "- name: litellm\n  version: VERSION\n  manager: pip\n  platform: linux-64\n"
        f"  dependencies: {{}}\n  url: {FILE}\n  hash:\n    sha256: {HEX}\n"
        "  category: main\n  optional: false\n",
        file="conda-lock.yml",
    ),
    "CycloneDX": npm(
        '{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"type": "library",'
        ' "name": "litellm", "purl": "pkg:pypi/litellm@VERSION"}]}',
        file="bom.json",
    ),
    "site-packages": npm(
        "Metadata-Version: 2.1\nName: LiteLLM\nVersion: VERSION\n",
        file="venv/lib/python3.12/site-packages/litellm-VERSION.dist-info/METADATA",
    ),
}
NPM = {**PACKAGE_LOCKS, **YARNS, **PNPMS, **BUNS, **OTHERS}


def cases(npm_packages: object, python_packages: object) -> list[Any]:
    rows = [(name, form, npm_packages) for name, form in NPM.items()]
    rows += [(f"{name}, Python", form, python_packages) for name, form in PYTHON.items()]
    return [pytest.param(form, packages, id=name) for name, form, packages in rows]


def filled(text: str, name: str, version: str) -> str:
    return text.replace("NAME", name).replace("VERSION", version)


def ask(
    capsys: pytest.CaptureFixture[str], top: Path, form: Form, packages: list[tuple[str, str]]
) -> tuple[int, dict[tuple[str, str], list[dict[str, Any]]]]:
    """Write a form once with each package; return the exit code, and the findings for each."""
    for package in packages:
        for path, text in form.files.items():
            file = top / "@".join(package) / filled(path, *package)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(filled(text, *package))
    code, document = as_json(capsys, str(top))
    assert document["gaps"] == []
    found = document["findings"]
    return code, {
        package: [f for f in found if f"/{'@'.join(package)}/" in f["location"]["source"]]
        for package in packages
    }


def sure(finding: dict[str, Any]) -> bool:
    return bool(finding["rule"] == "known-malicious" and finding["severity"] == "critical")


@pytest.mark.parametrize(("form", "packages"), cases(BAD, BAD_PYPI))
def test_a_bad_version_is_found(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    form: Form,
    packages: list[tuple[str, str]],
) -> None:
    code, found = ask(capsys, tmp_path, form, packages)

    assert code == 1
    for package, findings in found.items():
        told = [finding for finding in findings if sure(finding)]
        assert {f["location"]["key"].lower() for f in told} == {"@".join(package)}
        chains = [tuple(f["evidence"]["chain"]) for f in told]
        assert max(chains, key=len) == tuple(filled(one, *package) for one in form.chain)
        for finding in told:
            first, second, _ = finding["evidence"]["steps"]
            assert finding["evidence"]["window"] == WINDOWS[package[0]]
            assert finding["fix"].index(f"1. {first}") < finding["fix"].index(f"2. {second}")


@pytest.mark.parametrize(("form", "packages"), cases(GOOD, GOOD_PYPI))
def test_the_same_without_it_passes(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    form: Form,
    packages: list[tuple[str, str]],
) -> None:
    code, found = ask(capsys, tmp_path, form, packages)

    assert code == (1 if form.also else 0)
    for findings in found.values():
        assert {f["rule"] for f in findings if f["severity"] not in {"info", "low"}} == form.also
        assert "critical" not in {f["severity"] for f in findings}
