"""What a call is to obey: the policy file, and the command line, which wins."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from auditor import rulebook
from auditor.errors import UsageError
from auditor.model import Profile, Severity
from auditor.policy import Policy, Settings
from auditor.sources import policies, userfile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.policyfile import Document

_LARGEST = 256 * 1024 * 1024
"""Bytes of a baseline; a JSON report may be one."""


class Wishes(Struct, frozen=True, kw_only=True):
    """What the command line says; None and empty for what it does not."""

    config: Path | None = None
    no_config: bool = False
    fail_on: Severity | None = None
    profile: Profile | None = None
    rules: tuple[Path, ...] = ()
    baseline: Path | None = None
    write_baseline: Path | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """What a call obeys."""

    settings: Settings
    profile: Profile
    rules: tuple[Path, ...]
    """Folders with rules of the user's own."""
    folder: Path = field(default_factory=Path)
    """That of the policy file, from which its paths go."""

    @property
    def policy(self) -> Policy:
        """What the policy file says."""
        return self.settings.policy

    def path(self, text: str) -> Path | None:
        """Return a path of the policy; None for an empty one."""
        return self.folder / text if text else None


def decided(wishes: Wishes, folders: Iterable[Path], profile: Profile) -> Decision:
    """Return what a call obeys; `folders` is where policies are looked for, nearest first.

    Raises UsageError for a policy that cannot be read in full, and where two folders have
    different ones.
    """
    document = _document(wishes, folders)
    place = Path(document.file).parent if document else Path()
    rules = wishes.rules
    policy = Policy()
    if document is not None:
        from auditor import policyfile, rulefile  # noqa: PLC0415 - where there is a policy

        rules += tuple(_existing(place / name) for name in policyfile.folders(document))
        known = rulefile.heads((rulebook.builtin_folder(), *rules))
        policy = _with_words(policyfile.policy(document, known), place)
    baseline = wishes.baseline or (place / policy.baseline if policy.baseline else None)
    return Decision(
        settings=Settings(
            fail_on=_first(wishes.fail_on, policy.fail_on, Severity.MEDIUM),
            policy=policy,
            baseline=_baseline(baseline, wishes.write_baseline),
            today=datetime.now(UTC).date(),
        ),
        profile=wishes.profile or policy.profile or profile,
        rules=rules,
        folder=place,
    )


def _with_words(policy: Policy, place: Path) -> Policy:
    """Return a policy with the words of its file; one that cannot be read is an open gate."""
    if not policy.words_file:
        return policy
    from auditor import policyfile  # noqa: PLC0415 - only where there is one
    from auditor.sources.namefile import names_in  # noqa: PLC0415

    path = place / policy.words_file
    more = policyfile.checked_words(names_in((path,)), str(path))
    words = tuple(dict.fromkeys((*policy.demands.words, *more)))
    return replace(policy, demands=replace(policy.demands, words=words))


def _first(*values: Severity | None) -> Severity:
    return next(value for value in values if value is not None)


def _document(wishes: Wishes, folders: Iterable[Path]) -> Document | None:
    if wishes.no_config:
        return None
    if wishes.config is not None:
        return policies.named(wishes.config)
    found = {one.file: one for folder in folders if (one := policies.nearest(folder))}
    if len(found) > 1:
        raise UsageError(f"the targets have different policies: {', '.join(found)}; use --config")
    return next(iter(found.values()), None)


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise UsageError(f"{folder}: rule-folders of the policy names no folder")
    return folder


def _baseline(path: Path | None, written: Path | None) -> frozenset[str]:
    """Return what is known already; one that is to be written now need not be there yet."""
    if path is None or (path == written and not path.is_file()):
        return frozenset()
    from auditor import baselinefile  # noqa: PLC0415 - only where there is one

    return baselinefile.parsed(userfile.content(path, _LARGEST), str(path))
