"""Files of a release, fetched from the registry that the user's own client asks.

Each comes into a private folder, and is given out only if its digests are those of the index.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from auditor.errors import InputError, LimitError
from auditor.names import spelling
from auditor.releases import of_document
from auditor.safe import safe
from auditor.sources.configured import Configured
from auditor.sources.privatefolder import private_folder
from auditor.sources.registry import JSON, path_of
from auditor.sources.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.bases import Base
    from auditor.limits import Limits
    from auditor.releases import File, Release
    from auditor.specs import Spec

_ACCEPT = {
    "npm": f"application/vnd.npm.install-v1+json, {JSON['npm']};q=0.8",
    "pypi": JSON["pypi"],
}


class AbsentError(InputError):
    """The registry has no package of that name."""


class Releases:
    """The registries of one call."""

    def __init__(
        self,
        limits: Limits,
        folder: Path | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._limits = limits
        self._transport = Transport()
        self._configured = {
            ecosystem: Configured(ecosystem, folder or Path(), environment) for ecosystem in _ACCEPT
        }

    def find(self, spec: Spec) -> Release:
        """Return what the registry has of a release; raise InputError if it has none, or says none.

        That is an AbsentError where it does not even have the package.
        Asked for is what the client asks for: npm's shorter documents, PEP 691 of an index.
        """
        base, path = self._place(spec)
        try:
            data = self._transport.document(base, path, _ACCEPT[spec.ecosystem])
            found = None if data is None else of_document(spec, data)
        except InputError as problem:
            raise InputError(f"{safe(base.host)} {problem}") from None
        if found is None:
            raise AbsentError(f"{safe(base.host)} has no package {safe(spec.name)}")
        return found

    @contextmanager
    def fetched(self, release: Release, file: File) -> Iterator[tuple[Path, str]]:
        """Yield a file of a release and a note on where it is from; it is gone afterwards.

        Raises InputError where it does not come, or is not what the index says it is.
        """
        base, document = self._place(release.spec)
        with private_folder() as private:
            path = private / file.name
            try:
                checked = self._fetch(base, urljoin(base.url + document, file.url), file, path)
            except LimitError as problem:
                raise InputError(f"{safe(file.name)} is not fetched: {problem}") from None
            except InputError as problem:
                raise InputError(f"{safe(file.name)}: its host {problem}") from None
            yield path, f"from {safe(base.host)}; {checked}"

    def _fetch(self, base: Base, url: str, file: File, path: Path) -> str:
        with path.open("xb") as place:
            if not self._transport.file(base, url, place, self._limits):
                raise InputError("does not have the file that the index names")
        return _checked(path, file)

    def _place(self, spec: Spec) -> tuple[Base, str]:
        path = path_of(spec.ecosystem, spec.name)
        if not path:
            raise InputError(f"{safe(spec.name)} can be no name of {spec.ecosystem}")
        return self._configured[spec.ecosystem].base(spelling.scope(spec.name)), path


def _checked(path: Path, file: File) -> str:
    """Return which digests fit; raise InputError for the first that does not.

    Of Subresource Integrity the strongest algorithm counts, and any of its digests.
    """
    fitting = []
    for algorithm in sorted({name for name, _ in file.digests}, reverse=True):
        with path.open("rb") as content:
            found = hashlib.file_digest(content, algorithm).digest()
        if found not in {digest for name, digest in file.digests if name == algorithm}:
            raise InputError(
                f"gives another content than the index says: {algorithm} is {found.hex()}"
            )
        fitting.append(algorithm)
    if not fitting:
        return "the registry has no digest of it, so that nothing says whether it is whole"
    return f"its {' and '.join(fitting)} {'is' if len(fitting) == 1 else 'are'} what the index says"


__all__ = ["AbsentError", "Releases"]
