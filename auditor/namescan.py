"""The judgement of names with what their registry says: `audit names --online`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.advisories.versions import same_version
from auditor.errors import InputError
from auditor.names import Kind, Level, Lookalike, signals
from auditor.names.signals import Signals
from auditor.sources.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    Judge = Callable[[str, Level], Lookalike | None]


class Answer(Struct, frozen=True, kw_only=True):
    """What is told of one name, and what it rests on."""

    found: Lookalike | None
    signals: Signals | None = None
    """None where nothing was asked, or the registry did not say."""
    release: str = ""
    """What the registry says of the version that was asked about; empty without one."""
    published: datetime | None = None
    """When that was published, if it is said."""
    gap: str = ""
    """Why something could not be looked up."""


class Online(Struct, frozen=True, kw_only=True):
    """Answers names, with the registry's word where it counts."""

    registry: Registry
    told: Level
    now: datetime
    min_age: timedelta | None = None
    """What was first published later is told as new; every name is looked up then."""

    def answer(self, name: str, judge: Judge, version: str = "") -> Answer:
        """Judge a name, and look it up where it imitates something or every name is looked up.

        So it is where a version of it is asked about, whose age counts, too.

        What is told at some level only is looked up at every level, as a fresh name is told at
        the next. Where the registry does not answer, the name is told as it is without.
        """
        found = judge(name, Level.EVERYTHING)
        if found is None and self.min_age is None and not version:
            return Answer(found=None)
        try:
            own = self.registry.look_up(name)
        except InputError as problem:
            return Answer(found=self._within(found), gap=str(problem))
        gap = ""
        if found is not None:
            target, gap = self._target(found, own)
            found = self._within(signals.weighed(found, own, target, self.now))
        wanted = same_version(self.registry.ecosystem, version) if version else ""
        if found is None and self.min_age is not None:
            found = signals.new(name, own, self.min_age, self.now, wanted)
        known = bool(version) and own.there
        release = f"{version} {signals.release_said(wanted, own, self.now)}" if known else ""
        return Answer(
            found=found,
            signals=own,
            gap=gap,
            release=release,
            published=own.published(wanted),
        )

    def _target(self, found: Lookalike, own: Signals) -> tuple[Signals | None, str]:
        """Return what is known of the target, whose maintainers may be those of the name.

        A name that is listed as internal is told to no registry.
        """
        if not own.maintainers or found.kind is Kind.INTERNAL:
            return None, ""
        try:
            return self.registry.look_up(found.target), ""
        except InputError as problem:
            return None, f"{found.target}, which it looks like: {problem}"

    def _within(self, found: Lookalike | None) -> Lookalike | None:
        return found if found is not None and found.level <= self.told else None
