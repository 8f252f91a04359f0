"""What a project needs to begin: a policy, the hook of its packer, hooks of git, a workflow."""

from __future__ import annotations

import json
import re
from difflib import unified_diff
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import __version__, policyfile
from auditor.errors import InputError, UsageError
from auditor.lazyre import regex
from auditor.lockfiles import formats
from auditor.shape import json_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

POLICY = policyfile.YAML_NAMES[0]
MANIFEST = policyfile.JSON_NAME
PYPROJECT = policyfile.TOML_NAME
PRE_COMMIT = ".pre-commit-config.yaml"
WORKFLOW = ".github/workflows/audit.yml"
READ = (*policyfile.NAMES, PRE_COMMIT, WORKFLOW)
"""The files that decide what is written, and that are read for it."""
LARGEST = 16 * 1024 * 1024
"""Bytes of one of them."""
HOOK = "audit pack ."
_BEFORE_PUBLISH = "prepublishOnly"
_SCRIPTS = regex(r'("scripts"\s*:\s*\{)(\s*)(?=")')
_INDENT = regex(r"\A\{\r?\n([ \t]+)")

_POLICY = """\
# What `audit` fails on in this project, and what is fine, and why.
fail-on: medium

# Take out the `#` of what this project needs; `docs/policy.md` of audit explains each key.
# source-maps: forbid # or no-content, as without this line; complete, allow
# budgets: {unpacked: 5 MB, file: 1 MB}
# deny-words: [code-name of what nobody knows yet]
# deny-words-file: ../words-that-stay-inside.txt
# internal: ["@acme", acme-*]
# allowed-hosts: [registry.acme.example]
# waivers:
#   - rule: test-file
#     path: "dist/**/*.test.js"
#     reason: users run them
#     owner: who answers for it
#     until: 2027-12-31
"""
_LOCAL_HOOKS = """\
  - repo: local
    hooks:
      - id: audit-lock
        name: known-bad packages and tampered lockfiles
        entry: audit lock
        language: python
        additional_dependencies: [release-audit]
        files: '{files}'
      - id: audit-pack
        name: what would be published
        entry: audit pack .
        language: python
        additional_dependencies: [release-audit]
        pass_filenames: false
        always_run: true
        stages: [pre-push]
"""
_WORKFLOW = """\
# What a change would publish, and whether the lockfiles are sound.
name: audit
on:
  pull_request:
  push:
    branches: [main]
permissions: {{}}
concurrency:
  group: audit-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
  audit:
    name: Audit
    runs-on: ubuntu-latest
    timeout-minutes: 15
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
{setup}      - run: pipx install release-audit=={version}
      - run: audit lock --format github
      - run: audit pack . --format github
"""
_NODE = """\
      - uses: actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0
        with:
          node-version: 24
          package-manager-cache: false
      - run: npm ci
"""


class Wishes(Struct, frozen=True, kw_only=True):
    """What is to be written besides the policy."""

    hook: bool = True
    """The script of package.json that runs before each publish."""
    workflow: bool = True
    pre_commit: bool = False


class Write(Struct, frozen=True, kw_only=True):
    """One file as it is to be, and as it is."""

    path: str
    before: str | None
    """None where it is not there."""
    after: str

    @property
    def difference(self) -> tuple[str, ...]:
        """What changes, as a unified diff."""
        old = (self.before or "").splitlines()
        name = "/dev/null" if self.before is None else self.path
        return tuple(unified_diff(old, self.after.splitlines(), name, self.path, lineterm=""))


def plan(files: Mapping[str, str], wishes: Wishes) -> Iterator[Write | str]:
    """Yield what is to be written, and in a sentence what is left as it is.

    `files` are those of `READ` that are there, by name. Raises UsageError for a project's file that
    cannot be read.
    """
    policy = next((name for name in policyfile.NAMES if _has_policy(name, files)), None)
    if policy is None:
        yield Write(path=POLICY, before=None, after=_POLICY)
    else:
        yield f"{policy} has a policy: left as it is"
    if wishes.hook and MANIFEST in files:
        yield _hook(files[MANIFEST])
    if wishes.pre_commit:
        yield _hooks(files.get(PRE_COMMIT))
    if wishes.workflow:
        if WORKFLOW in files:
            yield f"{WORKFLOW} is there: left as it is"
        else:
            setup = _NODE if MANIFEST in files else ""
            yield Write(
                path=WORKFLOW, before=None, after=_WORKFLOW.format(setup=setup, version=__version__)
            )


def _has_policy(name: str, files: Mapping[str, str]) -> bool:
    return name in files and policyfile.document(name, files[name], name) is not None


def _hook(text: str) -> Write | str:
    """Return package.json with a script that audits before each publish."""
    try:
        document = json_object(text.encode("utf-8", "surrogatepass"))
    except InputError as problem:
        raise UsageError(f"{MANIFEST}: {problem}") from None
    if document.get("private") is True:
        return f"{MANIFEST} is private: it needs no script before a publish"
    scripts = document.get("scripts", {})
    before = scripts.get(_BEFORE_PUBLISH, "") if isinstance(scripts, dict) else None
    if not isinstance(before, str):
        raise UsageError(f"{MANIFEST}: scripts are no object of texts")
    if "audit pack" in before:
        return f"{_BEFORE_PUBLISH} of {MANIFEST} audits already"
    script = f"{before} && {HOOK}" if before else HOOK
    document["scripts"] = {**scripts, _BEFORE_PUBLISH: script}
    return Write(path=MANIFEST, before=text, after=_with_script(text, document, script))


def _with_script(text: str, document: dict[str, object], script: str) -> str:
    """Return the text of a document with one more script; as little else changes as can be."""
    line = f"{json.dumps(_BEFORE_PUBLISH)}: {json.dumps(script)},"
    edited = _SCRIPTS.sub(lambda found: f"{found[1]}{found[2]}{line}{found[2]}", text, count=1)
    try:
        if json.loads(edited) == document:
            return edited
    except ValueError:
        pass  # as where there are no scripts yet
    found = _INDENT.match(text)
    whole = json.dumps(document, indent=found[1] if found else "  ", ensure_ascii=False)
    return f"{whole}\n"


def _hooks(text: str | None) -> Write | str:
    """Return pre-commit's configuration with our hooks; one that is there is not touched."""
    hooks = _LOCAL_HOOKS.format(files=lockfile_pattern())
    if text is None:
        return Write(path=PRE_COMMIT, before=None, after=f"repos:\n{hooks}")
    if "audit lock" in text or "audit-lock" in text:
        return f"{PRE_COMMIT} has the hooks already"
    return f"{PRE_COMMIT} is there; add this to its repos:\n{hooks}"


def lockfile_pattern() -> str:
    """Return the regular expression of the names of lockfiles, for hooks that are given files."""
    globs = {glob for one in formats().values() for glob in one.files}
    names = sorted(re.escape(glob).replace(r"\*", "[^/]*").replace(r"\-", "-") for glob in globs)
    return rf"(^|/)({'|'.join(names)})$"
