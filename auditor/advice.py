"""What a fix says for one project and its packer; for files that others packed, in general."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from auditor.facts.manifest import manifest_of
from auditor.lazyre import regex
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditor.facts import Contents
    from auditor.model import Fact

_OUTER = regex(r"(?s).*?[^/!](?=!)")
_KINDS = (".map", ".orig", ".rej", ".bak", ".swp", ".swo", "~", ".log", ".tsbuildinfo")
"""Endings of files of which none is ever meant to ship: the advice is for all of the kind."""
_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".env", ".npmrc"})
_ODD_SIGNS = regex(r"[\[\]{}()*!+@\\]")
_GENERAL_NPM = 'Name what ships in "files" of package.json (an .npmignore has no effect beside it).'
_GENERAL_NPM_MAPS = (
    'Name what ships in "files" of package.json, with "!**/*.map" as its last entry'
    ' (an .npmignore has no effect beside "files").'
)
_GENERAL_ARCHIVE = "Leave it out where this archive is made."
GENERAL_EMIT = (
    "Or switch maps off in the release build: sourcemap: false (webpack: devtool: false;"
    " tsc: sourceMap and inlineSourceMap false; parcel: --no-source-maps)."
)


def advice(
    project: Contents | None,
    kind: ArtifactKind = ArtifactKind.NPM_TARBALL,
    artifact: Contents | None = None,
) -> Mapping[str, Callable[[Fact], str]]:
    """Return what a rule's `fix` can ask for by name, each a text of a few short lines.

    `leave_out` says how to keep the file of a fact out of the package, or how to mend the list
    that a packing-config fact is about; `stop_emitting` which setting emits maps. Without a
    project, or one without package.json, both are general, for the kind of artifact. For a wheel
    or sdist its own contents tell the backend where no project does.
    """
    if kind in {ArtifactKind.WHEEL, ArtifactKind.SDIST}:
        return {
            "leave_out": _OfPython(project, artifact, kind),
            "stop_emitting": lambda _: GENERAL_EMIT,
        }
    if project is None or manifest_of(project) is None:
        npm = kind is ArtifactKind.NPM_TARBALL
        general = _GENERAL_NPM if npm else _GENERAL_ARCHIVE
        maps = _GENERAL_NPM_MAPS if npm else _GENERAL_ARCHIVE
        return {
            "leave_out": lambda fact: maps if outer(fact.path).endswith(".map") else general,
            "stop_emitting": lambda _: GENERAL_EMIT,
        }
    from auditor import advice_npm  # noqa: PLC0415 - where one is packed

    return {
        "leave_out": advice_npm.LeaveOut(project),
        "stop_emitting": advice_npm.StopEmitting(project),
    }


class _OfPython:
    """What keeps a file out of a wheel or sdist, made for the first file that is to be kept out."""

    def __init__(
        self, project: Contents | None, artifact: Contents | None, kind: ArtifactKind
    ) -> None:
        self._known = project, artifact, kind

    @cached_property
    def _advice(self) -> Callable[[Fact], str]:
        from auditor import advice_python  # noqa: PLC0415 - where something was found

        return advice_python.leave_out(*self._known)

    def __call__(self, fact: Fact) -> str:
        return self._advice(fact)


def outer(path: str) -> str:
    """Return the file of the package itself: of `a.zip!b/c` it is the archive that can be left.

    A `!` that a name begins with is its own.
    """
    found = _OUTER.match(path)
    return found[0] if found else path


def pattern_for(path: str) -> str:
    """Return the pattern that leaves out a path and, of some kinds, all files like it."""
    name = path.rpartition("/")[2]
    if name.lower() in _NAMES:
        return f"**/{name}"
    ending = next((ending for ending in _KINDS if name.lower().endswith(ending)), None)
    return f"**/*{ending}" if ending else spelled(path)


def spelled(path: str) -> str:
    """Write a path as a pattern, with `?` for each sign that packers read in different ways."""
    return _ODD_SIGNS.sub("?", path)
