"""What rules about a policy judge: its waivers, and the age of what the report rests on."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from auditor import policy
from auditor.facts import Contents
from auditor.facts.policy.data_age import DataAgeFact
from auditor.facts.policy.waiver import WaiverFact
from auditor.lazyre import regex
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_DAY = regex(r"\b\d{4}-\d\d-\d\d\b")


def contents(
    settings: policy.Settings, uses: Iterable[int], tried: Collection[str], data: Iterable[str]
) -> Contents:
    """Return a policy as contents; `uses` are the findings of each waiver, `tried` rules by id."""
    said = settings.policy
    waivers = tuple(
        WaiverFact(
            path=waiver.file,
            line=waiver.line,
            key=f"{waiver.rule} {waiver.subject}",
            rule=waiver.rule,
            subject=waiver.subject,
            reason=waiver.reason,
            owner=waiver.owner,
            until=waiver.until.isoformat() if waiver.until else "",
            state=policy.state(waiver, count, settings, tried=waiver.rule in tried),
            findings=count,
        )
        for waiver, count in zip(said.waivers, uses, strict=True)
    )
    seen: dict[type, tuple[object, ...]] = {
        WaiverFact: waivers,
        DataAgeFact: tuple(_ages(data, settings)),
    }
    return Contents(kind=ArtifactKind.POLICY, members=(), observations=seen)


def _ages(data: Iterable[str], settings: policy.Settings) -> Iterator[DataAgeFact]:
    """Yield how old each set of data is, where the policy has a limit for that."""
    most = settings.policy.data_age
    for text in data if most is not None else ():
        found = _DAY.search(text)
        if found is not None and most is not None:
            age = settings.today - date.fromisoformat(found[0])
            yield DataAgeFact(
                path=settings.policy.file,
                key=text[: found.start()].strip(),
                day=found[0],
                age=age.days,
                most=most.days,
                stale=age > most,
            )
