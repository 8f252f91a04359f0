"""Where the findings of a packed artifact can be fixed: the project it was packed from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.backends import PYPROJECT
from auditor.facts.distribution import DocumentSeen
from auditor.facts.manifest import MANIFEST, manifest_of
from auditor.facts.project.git_state import GitSeen, State
from auditor.lazyre import regex
from auditor.model import ArtifactKind, Home

if TYPE_CHECKING:
    from auditor.facts import Contents

_DECIDES = regex(
    r"(?m)^\[+tool\.(?:hatch\.build|setuptools|poetry|pdm\.build|flit|scikit-build|maturin|uv\.build)"
)
_BUILDS = regex(r"(?m)^\[(?:build-system|project)\]")


def home(folder: str, project: Contents, packed: Contents) -> Home:
    """Return where a project, read as `project`, decides what is published.

    `folder` is as the user named it. Which packed files are git's, git itself has said.
    """
    manifest, line = _decision(project, packed.kind)
    return Home(
        folder=folder.replace("\\", "/").rstrip("/") or ("/" if folder.startswith("/") else "."),
        manifest=manifest,
        line=line,
        tracked={
            one.path: one.source
            for seen in packed.of(GitSeen)
            for one in seen.states
            if one.state is State.TRACKED and one.source
        },
    )


def _decision(project: Contents, kind: ArtifactKind) -> tuple[str, int]:
    if kind not in {ArtifactKind.WHEEL, ArtifactKind.SDIST}:
        manifest = manifest_of(project)
        return MANIFEST, 1 if manifest is None else manifest.line("files")
    documents = {seen.path: seen for seen in project.of(DocumentSeen)}
    if PYPROJECT not in documents:
        return "setup.py", 1
    text = documents[PYPROJECT].text
    found = _DECIDES.search(text) or _BUILDS.search(text)
    return PYPROJECT, text.count("\n", 0, found.start()) + 1 if found else 1
