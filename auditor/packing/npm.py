"""How npm and pnpm read `files` and ignore files: three ways, by version.

They follow npm-packlist 10 (`packlist`), 11 (`globbed`) and 5 (`sets`), and the walk through
folders of ignore-walk below them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from auditor.packing.patterns import alternatives, bare, glob, patterns_of, prefixes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Ignores = Mapping[str, tuple[str, ...]]
"""By folder (the root is empty), the lines of the ignore file that is read there."""

HERE = frozenset({"", "."})


class Rule(Struct, frozen=True, kw_only=True):
    """One line of an ignore file, or what a `files` entry becomes."""

    pattern: str
    anchored: bool
    folder: bool = False
    """True where it names folders only."""
    include: bool

    @classmethod
    def of(cls, path: str, *, include: bool) -> Rule:
        """Return the rule that an entry becomes once it is looked up."""
        return cls(pattern=path, anchored=True, include=include)

    @classmethod
    def parse(cls, line: str, *, include: bool = False) -> Rule:
        """Read a line; each `!` before it turns round what it does."""
        bare = line.lstrip("!")
        if (len(line) - len(bare)) % 2:
            include = not include
        body = bare.rstrip("/")
        return cls(
            pattern=body.lstrip("/"), anchored="/" in body, folder=body != bare, include=include
        )

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Tell whether the pattern is about a path."""
        if self.folder and not is_folder:
            return False
        subject = path if self.anchored else path.rpartition("/")[2]
        return glob(self.pattern).fullmatch(subject) is not None

    def leads_to(self, folder: str) -> bool:
        """Tell whether the pattern could match something below a folder."""
        if not self.anchored:
            return False
        parts = folder.split("/")
        for pattern in alternatives(self.pattern):
            names = pattern.split("/")
            depth = names.index("**") if "**" in names else len(names)
            head = names[: min(depth, len(parts))]
            if (depth < len(names) or len(names) > len(parts)) and glob("/".join(head)).fullmatch(
                "/".join(parts[: len(head)])
            ):
                return True
            if not head:
                return True
        return False


def read_rules(lines: Iterable[str]) -> list[Rule]:
    """Read the lines of an ignore file."""
    return [Rule.parse(text) for _, text in patterns_of(lines)]


def decided(rules: list[Rule], part: str, is_folder: bool, included: bool = True) -> bool:  # noqa: FBT001, FBT002
    """Return what ordered rules make of one path that was in, or out, before them."""
    for rule in rules:
        if rule.include != included and (
            rule.matches(part, is_folder=is_folder)
            or (is_folder and rule.include and rule.leads_to(part))
        ):
            included = rule.include
    return included


def plain(ignores: Ignores, path: str) -> bool:
    """Tell whether the ignore files let a path in, without a list of files."""
    rules = read_rules(ignores.get("", ()))
    return _walked(partial(decided, rules), ignores, path)


def plain_sets(ignores: Ignores, path: str) -> bool:
    """Apply ignore files where a slash at a line's end, too, makes a path of a name."""

    def read(lines: Iterable[str]) -> list[Rule]:
        return [replace(Rule.parse(text), anchored="/" in text) for _, text in patterns_of(lines)]

    return _walked(partial(decided, read(ignores.get("", ()))), ignores, path, read)


def _walked(
    at_root: Callable[[str, bool], bool],
    ignores: Ignores,
    path: str,
    read: Callable[[Iterable[str]], list[Rule]] = read_rules,
) -> bool:
    """Walk from the root to a path: a folder that is left out is not entered.

    `at_root` decides for each part by its path, and whether it is a folder. After it, the ignore
    files of the folders above a part have the last word, the deeper the later; but what it left
    out they take in again only below a folder that is in as a whole.
    """
    for part in prefixes(path):
        included = at_root(part, part != path)
        for folder in prefixes(part):
            if folder != part and folder in ignores and (included or at_root(folder, False)):  # noqa: FBT003
                inner = part[len(folder) + 1 :]
                included = decided(read(ignores[folder]), inner, part != path, included)
        if not included:
            return False
    return True


def packlist(files: tuple[str, ...], ignores: Ignores, path: str) -> bool:
    """Read entries as ordered rules; an entry that is a path itself has the last word."""
    rules = [Rule.parse("*")]
    exact: list[Rule] = []
    for entry in files:
        pattern = entry[1:] if entry.startswith("./") else entry
        if pattern.endswith("/*"):
            pattern += "*"
        name, negated = bare(entry)
        rule = Rule.parse(pattern, include=True)
        if name == path:
            exact.insert(0, rule)
            continue
        rules.append(rule)
        if path.startswith(f"{name}/"):
            rules.append(Rule.of(f"{name}/**", include=not negated))
    at_root = partial(decided, rules + exact)
    if exact and exact[-1].include:  # beats the ignore files of folders, too
        return _walked(at_root, {}, path)
    return _walked(at_root, ignores, path)


def _looked_up(name: str, entry: str, path: str, *, case: bool) -> set[str]:
    """Return the folders above a path, and the path, that an entry's glob finds on the disk."""
    parts = {part for part in prefixes(path) if part != path or not entry.endswith("/")}
    names = (name, name[:-3]) if name.endswith("/**") else (name,)  # `a/**` finds `a` as well
    return {part for part in parts if any(glob(n, case=case).fullmatch(part) for n in names)}


def globbed(files: tuple[str, ...], ignores: Ignores, path: str) -> bool:
    """Look each entry up from the root; what is found becomes an ordered rule."""
    rules = [Rule.parse("*")]
    for entry in files:
        name, negated = bare(entry)
        for part in sorted(_looked_up(name, "", path, case=True)) if name else ():
            rules.append(Rule.of(part, include=not negated))
            if part != path:
                rules.append(Rule.of(f"{part}/**", include=not negated))
    return _walked(partial(decided, rules), ignores, path)


def sets(files: tuple[str, ...], ignores: Ignores, path: str) -> bool:
    """Look each entry up from the root; includes are walked, then negations taken off."""
    taken: set[str] = set()
    left: set[str] = set()
    for entry in files:
        name, negated = bare(entry)
        found = set(prefixes(path)) if name in HERE else _looked_up(name, entry, path, case=False)
        if negated:
            taken -= found
            left |= found
        else:
            taken |= found
            left -= found
    rules = [Rule.parse(part) for part in left]
    return any(_reached(start, rules, ignores, path) for start in taken)


def _reached(start: str, rules: list[Rule], ignores: Ignores, path: str) -> bool:
    """Tell whether a walk from one listed path gets to another without meeting a rule.

    What lies below a listed folder is compared by its path from that folder's own parent, so
    that a negated `a/b/x.map` does nothing once `a/b` is listed itself, as `a/**` does.
    """
    cut = len(start.rpartition("/")[0]) + 1 if "/" in start else 0

    def at_root(part: str, is_folder: bool) -> bool:  # noqa: FBT001
        if part != start and not part.startswith(f"{start}/"):
            return True
        subject = part if part == start else part[cut:]
        return not any(rule.matches(subject, is_folder=is_folder) for rule in rules)

    below = {
        folder: lines
        for folder, lines in ignores.items()
        if folder == start or folder.startswith(f"{start}/")
    }
    return _walked(at_root, below, path)
