"""What the registry that the user's client asks says of a name; only where the user wants that.

Which registry that is says `configured`, how it is asked `transport`, what need not be asked again
`lookupcache`.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import Counter, deque
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct, field

from auditor import sizehistory
from auditor.errors import InputError
from auditor.lazyre import regex
from auditor.names import signals, spelling
from auditor.names.signals import ABSENT, Signals
from auditor.safe import safe
from auditor.sources.configured import Clients, Configured
from auditor.sources.lookupcache import LookupCache
from auditor.sources.transport import Transport, UnansweredError
from auditor.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditor.bases import Base
    from auditor.sizehistory import ReleaseSize

_FAILURES = 3
"""Lookups in a row that end without an answer, after which nothing more is asked of a host."""
AT_ONCE = 8
"""Requests that are under way together: a browser has six to a host."""
_WHOLE = 600
"""Seconds that the lookups of many names may take together."""
JSON = {
    "npm": "application/json",
    "pypi": "application/vnd.pypi.simple.v1+json",
}
_NAMES = {
    "npm": regex(r"(?:@[\w.~-]+/)?[\w~!'()*-][\w.~!'()*-]*\Z", re.ASCII),
    "pypi": regex(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z"),
}
"""Names that were ever taken; nothing else is asked for, and so nothing leads out of the path."""
_MOST = 214


def path_of(ecosystem: str, name: str) -> str:
    """Return where a registry has the document of a name; empty for what can be no name."""
    spelled = spelling.normal(ecosystem, name)
    if len(spelled) > _MOST or not _NAMES[ecosystem].match(spelled):
        return ""
    return quote(spelled, safe="@") if ecosystem == "npm" else f"{spelled}/"


Answer = Signals | InputError
"""What a registry says of a name, or why it does not."""


class Memory(Struct, kw_only=True):
    """What registries said so far, for all that ask in one call, in whatever thread."""

    clients: Clients
    cache: LookupCache | None = None
    """What was said in earlier calls; None to ask again."""
    known: dict[tuple[str, str], Answer] = field(default_factory=dict)
    """By the registry's address and the name as it has it."""
    failures: Counter[str] = field(default_factory=Counter)
    """Lookups in a row without an answer, by host."""


class Registry:
    """The registry of one ecosystem; each name is asked for once."""

    def __init__(
        self,
        ecosystem: str,
        folder: Path | None = None,
        environment: Mapping[str, str] = os.environ,
        memory: Memory | None = None,
    ) -> None:
        self.ecosystem = ecosystem
        self._memory = memory or Memory(clients=Clients(environment))
        clients = self._memory.clients
        self._configured = Configured(ecosystem, folder or Path(), clients.environment, clients)
        self._transport = Transport()
        self._last: tuple[tuple[str, str], bytes | None] | None = None
        """The document that sizes were last read from: a release of PyPI has many wheels."""

    def base(self, name: str) -> Base:
        """Return where a name is asked for; raise InputError where no registry is known for it."""
        return self._configured.base(spelling.scope(name) if self.ecosystem == "npm" else "")

    @property
    def built_in(self) -> str:
        """An address that stands for the configured one in lockfiles; empty for none."""
        return self._configured.built_in

    def look_up(self, name: str) -> Signals:
        """Return what the registry says of a name; raise InputError, each time, if it does not."""
        if not path_of(self.ecosystem, name):
            return ABSENT
        found = self._answer(self.base(name), name, self._transport)
        if isinstance(found, InputError):
            raise found
        return found

    def look_up_all(self, names: Iterable[str], seconds: float = _WHOLE) -> dict[str, Answer]:
        """Return what the registry says of each of many names, or why it does not.

        At most `AT_ONCE` of them are asked for together. What is not answered when the time is over
        is left to itself.
        """
        answers: dict[str, Answer] = {}
        wanted: dict[str, Base] = {}
        for name in dict.fromkeys(names):
            try:
                base = self.base(name)
            except InputError as problem:  # which is one reason for all of them
                answers[name] = problem
                continue
            answers[name] = ABSENT
            if path_of(self.ecosystem, name):
                wanted[spelling.normal(self.ecosystem, name)] = base
                answers[name] = InputError(
                    f"{safe(base.host)} was asked for {counted(int(seconds), 'second')}, no more is"
                )
        found = self._at_once(wanted, seconds)
        return {
            name: found.get(spelling.normal(self.ecosystem, name), answer)
            for name, answer in answers.items()
        }

    def _at_once(self, wanted: Mapping[str, Base], seconds: float) -> dict[str, Answer]:
        """Return the answers that come in time, by name as the registry has it."""
        waiting = deque(wanted.items())
        found: dict[str, Answer] = {}

        def work() -> None:
            transport = Transport()
            while time.monotonic() < latest:
                try:
                    name, base = waiting.popleft()
                except IndexError:
                    return
                found[name] = self._answer(base, name, transport)

        latest = time.monotonic() + seconds
        threads = [
            threading.Thread(target=work, daemon=True) for _ in range(min(AT_ONCE, len(waiting)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive() and time.monotonic() < latest:
                thread.join(min(1, max(latest - time.monotonic(), 0)))  # Ctrl-C comes through
        return found.copy()  # a thread that was left to itself may still write there

    def sizes(self, name: str, file: str) -> tuple[ReleaseSize, ...]:
        """Return how large the releases of a name are; empty for one that is not there.

        On PyPI those files count that are of the same kind as `file`. Raises InputError where the
        registry does not answer.
        """
        if not path_of(self.ecosystem, name):
            return ()
        base, spelled = self.base(name), spelling.normal(self.ecosystem, name)
        if self._last is None or self._last[0] != (base.url, spelled):
            document = self._document(base, spelled, self._transport)
            self._last = ((base.url, spelled), document)
        data = self._last[1]
        if data is None:
            return ()
        try:
            if self.ecosystem == "npm":
                return sizehistory.of_packument(data)
            return sizehistory.of_project(data, file)
        except InputError as problem:
            raise InputError(f"{safe(base.host)}: {problem}") from None

    def _answer(self, base: Base, name: str, transport: Transport) -> Answer:
        spelled = spelling.normal(self.ecosystem, name)
        known, cache = self._memory.known, self._memory.cache
        key = (base.url, spelled)
        if key not in known:
            found: Answer | None = cache.get(base.url, spelled) if cache else None
            if found is None:
                try:
                    found = self._asked(base, spelled, transport)
                    if cache and found.there:
                        cache.put(base.url, spelled, found)
                except InputError as problem:
                    found = problem
            known[key] = found
        return known[key]

    def _asked(self, base: Base, name: str, transport: Transport) -> Signals:
        data = self._document(base, name, transport)
        if data is None:
            return ABSENT
        try:
            return (signals.of_packument if self.ecosystem == "npm" else signals.of_project)(data)
        except InputError as problem:
            raise InputError(f"{safe(base.host)}: {problem}") from None

    def _document(self, base: Base, name: str, transport: Transport) -> bytes | None:
        """Return what a registry has of a name; None where it has nothing."""
        failures = self._memory.failures
        if failures[base.host] >= _FAILURES:
            raise InputError(
                f"{safe(base.host)} did not answer {_FAILURES} times, no more is asked"
            )
        try:
            path = path_of(self.ecosystem, name)
            data = transport.document(base, path, JSON[self.ecosystem])
        except UnansweredError as problem:
            failures[base.host] += 1
            raise InputError(f"{safe(base.host)} {problem}") from None
        except InputError as problem:
            failures[base.host] = 0
            raise InputError(f"{safe(base.host)} {problem}") from None
        failures[base.host] = 0
        return data
