"""What the registry that the user's client asks says of a name; only where the user wants that.

Which registry that is says `configured`, how it is asked `transport`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from auditor.errors import InputError
from auditor.names import signals, spelling
from auditor.names.signals import ABSENT
from auditor.safe import safe
from auditor.sources.configured import Configured
from auditor.sources.transport import Transport, UnansweredError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.names.signals import Signals

_FAILURES = 3
"""Lookups in a row that end without an answer, after which nothing more is asked."""
JSON = {
    "npm": "application/json",
    "pypi": "application/vnd.pypi.simple.v1+json",
}
_NAMES = {
    "npm": re.compile(r"(?:@[\w.~-]+/)?[\w~!'()*-][\w.~!'()*-]*\Z", re.ASCII),
    "pypi": re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z"),
}
"""Names that were ever taken; nothing else is asked for, and so nothing leads out of the path."""
_MOST = 214


def path_of(ecosystem: str, name: str) -> str:
    """Return where a registry has the document of a name; empty for what can be no name."""
    spelled = spelling.normal(ecosystem, name)
    if len(spelled) > _MOST or not _NAMES[ecosystem].match(spelled):
        return ""
    return quote(spelled, safe="@") if ecosystem == "npm" else f"{spelled}/"


class Registry:
    """The registry of one ecosystem; each name is asked for once."""

    def __init__(
        self,
        ecosystem: str,
        folder: Path | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.ecosystem = ecosystem
        self._configured = Configured(ecosystem, folder or Path(), environment)
        self._transport = Transport()
        self._known: dict[str, Signals | InputError] = {}
        self._failures = 0

    def look_up(self, name: str) -> Signals:
        """Return what the registry says of a name; raise InputError, each time, if it does not."""
        if not path_of(self.ecosystem, name):
            return ABSENT
        spelled = spelling.normal(self.ecosystem, name)
        if spelled not in self._known:
            try:
                self._known[spelled] = self._asked(spelled)
            except InputError as problem:
                self._known[spelled] = problem
        found = self._known[spelled]
        if isinstance(found, InputError):
            raise found
        return found

    def _asked(self, name: str) -> Signals:
        base = self._configured.base(spelling.scope(name))
        if self._failures >= _FAILURES:
            raise InputError(
                f"{safe(base.host)} did not answer {_FAILURES} times, no more is asked"
            )
        try:
            path = path_of(self.ecosystem, name)
            data = self._transport.document(base, path, JSON[self.ecosystem])
        except UnansweredError as problem:
            self._failures += 1
            raise InputError(f"{safe(base.host)} {problem}") from None
        except InputError as problem:
            self._failures = 0
            raise InputError(f"{safe(base.host)} {problem}") from None
        self._failures = 0
        if data is None:
            return ABSENT
        try:
            return (signals.of_packument if self.ecosystem == "npm" else signals.of_project)(data)
        except InputError as problem:
            raise InputError(f"{safe(base.host)}: {problem}") from None
