"""How yarn 1 (classic), yarn from 2 (berry) and bun read `files` and ignore files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from auditor.packing.npm import HERE, Rule, read_rules
from auditor.packing.patterns import bare, glob, patterns_of, prefixes

if TYPE_CHECKING:
    from auditor.packing.npm import Ignores


def plain_classic(ignores: Ignores, path: str) -> bool:
    """Tell whether yarn 1 lets a path in; a line with `!` wins wherever it stands."""
    return _named(ignores, path, include=True) or not any(
        _named(ignores, part, include=False) and not _named(ignores, part, include=True)
        for part in prefixes(path)
    )


def _named(ignores: Ignores, part: str, *, include: bool) -> bool:
    """Tell whether a line of an ignore file, with `!` or without, names a path.

    In a folder's file a name stands for a path in that folder only.
    """
    return any(
        rule.include is include
        and replace(rule, anchored=bool(folder) or rule.anchored).matches(
            part[len(folder) + 1 :] if folder else part, is_folder=True
        )
        for folder, lines in ignores.items()
        if part.startswith(f"{folder}/" if folder else "")
        for rule in read_rules(lines)
    )


def classic(files: tuple[str, ...], ignores: Ignores, path: str) -> bool:
    """Take in what an entry names; a negated one makes yarn 1 take in everything."""
    if any(entry.startswith("!") for entry in files):
        return True
    return _named(ignores, path, include=True) or any(
        bare(entry)[0] in HERE or glob(bare(entry)[0]).fullmatch(part)
        for entry in files
        for part in prefixes(path)
    )


def plain_berry(ignores: Ignores, path: str) -> bool:
    """Tell whether the ignore files let a path in, without a list of files."""
    return berry(None, ignores, path)


def _berry_rule(line: str, folder: str = "") -> Rule:
    """Read a line as berry does: with any `/` in it, it is a path from its own folder.

    At the root, `**/x` wants at least one folder before `x`.
    """
    body = line.removeprefix("!")
    pattern = re.sub(r"\A(?:\./|/)+", "", body).rstrip("/")
    if "/" not in body:
        return Rule(pattern=pattern, anchored=False, include=body != line)
    if folder and not body.startswith("/"):
        pattern = f"{folder}/{pattern}"
    elif pattern.startswith("**/"):
        pattern = f"*/{pattern}"
    return Rule(pattern=pattern, anchored=True, include=body != line)


def _berry_hit(rules: list[Rule], path: str) -> bool | None:
    """Return False where a negated line matches, else True where another one does, else None."""
    hits = {
        rule.include
        for rule in rules
        if rule.matches(path, is_folder=True)
        or (rule.pattern.endswith("/**") and rule.matches(f"{path}/x", is_folder=True))
    }
    return None if not hits else True not in hits


def berry(files: tuple[str, ...] | None, ignores: Ignores, path: str) -> bool:
    """Decide by the nearest ignore file, then by the entries, negated ones first."""
    accept = [_berry_rule(entry.strip()) for entry in files or ()]
    lists: list[list[Rule]] = []
    blocked = False
    for part in ("", *prefixes(path)):
        if part:
            out = _berry_out(part, lists, accept, listed=files is not None, blocked=blocked)
            if part == path:
                return not out
            blocked = blocked or out
            if out:
                continue
        if part in ignores and (part or files is None):
            lines = [text for _, text in patterns_of(ignores[part])]
            lists.insert(0, [_berry_rule(line, part) for line in lines])
    return True


def _berry_out(
    part: str, lists: list[list[Rule]], accept: list[Rule], *, listed: bool, blocked: bool
) -> bool:
    for rules in lists:
        hit = _berry_hit(rules, part)
        if hit is not None:
            return hit
    hit = _berry_hit(accept, part)
    if hit is not None:
        return not hit
    return (listed and "/" not in part) or blocked


class _BunRule(Struct, frozen=True, kw_only=True):
    """A line as bun reads it."""

    pattern: str
    path: bool
    """True where a path below an included folder is compared whole, and not by its name."""
    folder: bool
    deep: bool
    """True of `**/name`."""
    include: bool

    @classmethod
    def parse(cls, line: str) -> _BunRule:
        body = line.lstrip("!")
        negated = body != line
        trimmed = body.rstrip("/")
        deep = trimmed.startswith("**/") and trimmed.count("/") == 1
        pattern = trimmed[3:] if deep else trimmed.lstrip("/")
        return cls(
            pattern=pattern if negated else pattern.removeprefix("./"),
            path="/" in trimmed and not deep,
            folder=body != trimmed,
            deep=deep,
            include=negated,
        )

    def names(self, path: str, *, whole: bool, is_folder: bool) -> bool:
        if self.folder and not is_folder:
            return False
        subject = path if whole else path.rpartition("/")[2]
        return glob(self.pattern, case=True).fullmatch(subject) is not None

    def leaves_out(self, path: str, *, is_folder: bool) -> bool:
        """Tell whether it names a path below an included folder, or all that is in it."""
        return self.names(path, whole=self.path, is_folder=is_folder) or (
            is_folder
            and self.pattern.endswith("/**")
            and self.names(f"{path}/x", whole=self.path, is_folder=True)
        )


def bun(files: tuple[str, ...], ignores: Ignores, path: str) -> bool:
    """Find the outermost included folder, then leave out below it what is negated."""
    rules = [_BunRule.parse(entry) for entry in files]
    out = [replace(rule, include=False) for rule in rules if rule.include]
    parts = list(prefixes(path))
    for index, part in enumerate(parts):
        is_folder = part != path
        named = [r for r in rules if r.names(part, whole=not r.deep, is_folder=is_folder)]
        if named and not any(rule.include for rule in named):
            return all(_bun_keeps(out, ignores, below, part, path) for below in parts[index + 1 :])
    return False


def plain_bun(ignores: Ignores, path: str) -> bool:
    """Tell whether the ignore files let a path in, without a list of files."""
    return all(_bun_keeps([], ignores, part, "", path) for part in prefixes(path))


def _bun_keeps(out: list[_BunRule], ignores: Ignores, part: str, top: str, path: str) -> bool:
    """Tell whether a path below an included folder `top` gets past the lines that leave it out."""
    is_folder = part != path
    kept = not any(rule.leaves_out(part, is_folder=is_folder) for rule in out)
    for folder in ("", *prefixes(part)):
        if (
            folder == part
            or folder not in ignores
            or (top and not f"{folder}/".startswith(f"{top}/"))
        ):
            continue
        inner = part[len(folder) + 1 :] if folder else part
        for line in ignores[folder]:  # spaces at its start count, unlike everywhere else
            rule = _BunRule.parse(line.rstrip())
            if not line.startswith("#") and rule.leaves_out(inner, is_folder=is_folder):
                kept = rule.include
    return kept
