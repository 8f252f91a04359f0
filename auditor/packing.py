"""What the packers' rules mean: whether `files` and the ignore files let a path into the package.

Six readings of the same lines, each as the packer's own code has it and as packing shows it:

    packlist   npm 9 to 11, pnpm 11 on ordered rules; a name without `/` counts at any depth
    globbed    npm from 12             each entry is looked up from the root, in order
    sets       npm to 8, pnpm to 10    looked up from the root; negations after all includes
    classic    yarn 1                  a negated entry takes in the whole tree
    berry      yarn from 2             a negation wins wherever it stands
    bun        bun                     the same, in two stages

Nothing here touches a disk: the question is always about one path, and its own parts say which
entries are files or folders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.packers import Packer

_FOLDERS = ("", "build/", "config/", "scripts/", "tools/")
_CONFIGS = (
    "tsconfig*.json",
    "vite.config.*",
    "rollup.config.*",
    "rolldown.config.*",
    "webpack.config.*",
    "webpack.*.js",
    "webpack.*.cjs",
    "webpack.*.mjs",
    "webpack.*.ts",
    "esbuild*.js",
    "esbuild*.mjs",
    "esbuild*.cjs",
    "esbuild*.ts",
    "build.js",
    "build.mjs",
    "build.cjs",
    "build.ts",
)

CONFIG_GLOBS: tuple[str, ...] = (
    "package.json",
    ".npmignore",
    ".gitignore",
    "*/.npmignore",
    "*/.gitignore",
    "tsup.config.*",
    "tsdown.config.*",
    "build.config.*",
    "babel.config.*",
    ".babelrc",
    ".babelrc.json",
    ".swcrc",
    "next.config.*",
    *(f"{folder}{name}" for folder in _FOLDERS for name in _CONFIGS),
)
"""The files of a package's folder that say what is packed and what is built, as glob patterns
relative to it; `*` stays within one name."""

Ignores = Mapping[str, tuple[str, ...]]

_MAX_ALTERNATIVES = 64
_HERE = frozenset({"", "."})
_OPAQUE = re.compile(r"[!+*?@]\(")


class Reading(StrEnum):
    """How a packer reads `files` and ignore files."""

    PACKLIST = "packlist"
    GLOBBED = "globbed"
    SETS = "sets"
    CLASSIC = "classic"
    BERRY = "berry"
    BUN = "bun"


WHO: Mapping[Reading, tuple[str, ...]] = {
    Reading.PACKLIST: ("npm 9 to 11", "pnpm from 11"),
    Reading.GLOBBED: ("npm from 12",),
    Reading.SETS: ("pnpm up to 10",),
    Reading.CLASSIC: ("yarn 1",),
    Reading.BERRY: ("yarn from 2",),
    Reading.BUN: ("bun",),
}
"""The packers of each reading, as messages name them."""

MODERN = (Reading.PACKLIST, Reading.GLOBBED, Reading.SETS, Reading.BERRY, Reading.BUN)
"""Every reading under which negated entries can work at all."""


_CHANGES: Mapping[str, tuple[tuple[int, Reading], ...]] = {
    "npm": ((0, Reading.SETS), (9, Reading.PACKLIST), (12, Reading.GLOBBED)),
    "pnpm": ((0, Reading.SETS), (11, Reading.PACKLIST)),
    "yarn": ((0, Reading.CLASSIC), (2, Reading.BERRY)),
    "bun": ((0, Reading.BUN),),
}
"""By packer, the first major version of each reading."""


def readings(packer: Packer | None) -> tuple[Reading, ...]:
    """Return the readings that a packer may have: one where its version is known.

    Without a version these are the last two, which may still be in use.
    """
    if packer is None:
        return MODERN
    changes = _CHANGES[packer.name]
    if packer.major is None:
        return tuple(reading for _, reading in changes[-2:])
    return tuple(reading for first, reading in changes if first <= packer.major)[-1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What decides on a package's content, apart from what every packer always takes."""

    files: tuple[str, ...] | None = None
    """The entries of `files` in package.json; None where there is no list."""
    ignores: Ignores = field(default_factory=dict)
    """By folder (the root is empty), the lines of the ignore file that is read there."""


def ships(configuration: Configuration, reading: Reading, path: str) -> bool:
    """Tell whether `files` and the ignore files let a path in.

    `path` is relative to the package, `/` between parts. What is always packed (package.json, the
    readme, `main`) or never (`.git`, `.npmrc`) is not considered.
    """
    files = configuration.files
    if files is None:
        return _PLAIN[reading](configuration.ignores, path)
    return _LISTED[reading](files, configuration.ignores, path)


# patterns


@lru_cache(maxsize=4096)
def glob(pattern: str, *, case: bool = False) -> re.Pattern[str]:
    """Compile a pattern of whole paths: `*`, `**`, `?`, `[abc]`, `{a,b}`; dots are not special.

    The expression is made of atomic groups, each as short as it can be, so that matching stays
    linear whatever the pattern is.
    """
    bodies = "|".join(_expression(one) for one in alternatives(pattern))
    return re.compile(f"(?s:{bodies})", 0 if case else re.IGNORECASE)


def is_opaque(pattern: str) -> bool:
    """Tell whether a pattern uses what packers read apart: `!(a)`, `+(a|b)`, backslashes."""
    return "\\" in pattern or _OPAQUE.search(pattern.removeprefix("!")) is not None


def has_wildcard(text: str) -> bool:
    """Tell whether a pattern stands for more than one name."""
    return any(sign in text for sign in "*?[{")


def alternatives(pattern: str) -> list[str]:
    """Return what `{a,b}` stands for, innermost braces first; at most 64 patterns."""
    done: list[str] = []
    pending = [pattern]
    while pending and len(done) + len(pending) <= _MAX_ALTERNATIVES:
        current = pending.pop()
        found = re.search(r"\{([^{}]*,[^{}]*)\}", current)
        if found is None:
            done.append(current)
            continue
        head, tail = current[: found.start()], current[found.end() :]
        pending.extend(f"{head}{choice}{tail}" for choice in found.group(1).split(","))
    return done + pending


def _expression(pattern: str) -> str:
    groups: list[list[str]] = [[]]
    for part in re.sub("/{2,}", "/", pattern).split("/"):
        if part == "**":
            groups.append([])
        else:
            groups[-1].append(_segment(part))
    first, *rest = ("/".join(group) for group in groups)
    if not rest:
        return first
    out = f"{first}/" if groups[0] else ""
    *middle, last = rest
    for body in middle:
        out += f"(?>(?:[^/]+/)*?{body}/)" if body else ""
    return out + (f"(?:[^/]+/)*{last}" if last else ".+")


def _segment(part: str) -> str:
    chunks = [_literal(chunk) for chunk in re.split(r"\*+", part)]
    if len(chunks) == 1:
        return chunks[0]
    if not any(chunks):
        return "[^/]+"
    first, *middle, last = chunks
    return first + "".join(f"(?>[^/]*?{body})" for body in middle) + f"[^/]*{last}"


def _literal(text: str) -> str:
    out = ""
    position = 0
    while position < len(text):
        sign = text[position]
        end = text.find("]", position + 2) if sign == "[" else -1
        if end > 0:
            out += _one_of(text[position + 1 : end])
            position = end + 1
            continue
        if sign == "\\" and position + 1 < len(text):
            position += 1
            sign = text[position]
            out += re.escape(sign)
        else:
            out += "[^/]" if sign == "?" else re.escape(sign)
        position += 1
    return out


def _one_of(body: str) -> str:
    negated = body[0] in "!^"
    signs = re.sub(r"([\\\[\]^&~|])", r"\\\1", body[1:] if negated else body)
    expression = f"[{'^/' if negated else ''}{signs}]"
    try:
        re.compile(expression)
    except re.error:
        return re.escape(f"[{body}]")
    return expression


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One line of an ignore file, or what a `files` entry becomes."""

    pattern: str
    anchored: bool
    folder: bool = False
    """True where it names folders only."""
    include: bool

    @classmethod
    def of(cls, path: str, *, include: bool) -> _Rule:
        return cls(pattern=path, anchored=True, include=include)

    @classmethod
    def parse(cls, line: str, *, include: bool = False) -> _Rule:
        bare = line.lstrip("!")
        if (len(line) - len(bare)) % 2:
            include = not include
        body = bare.rstrip("/")
        return cls(
            pattern=body.lstrip("/"), anchored="/" in body, folder=body != bare, include=include
        )

    def matches(self, path: str, *, is_folder: bool) -> bool:
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


def prefixes(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in, outermost first, and the path itself."""
    position = path.find("/")
    while position > 0:
        yield path[:position]
        position = path.find("/", position + 1)
    yield path


def patterns_of(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the patterns of an ignore file with their line numbers from 1."""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield number, text


def _rules(lines: Iterable[str]) -> list[_Rule]:
    return [_Rule.parse(text) for _, text in patterns_of(lines)]


def _walked(rules: list[_Rule], path: str) -> bool:
    """Apply ordered rules as a walk from the root does: a folder left out is not entered."""
    return all(_decided(rules, part, part != path) for part in prefixes(path))


def _decided(rules: list[_Rule], part: str, is_folder: bool, included: bool = True) -> bool:  # noqa: FBT001, FBT002
    for rule in rules:
        if rule.include != included and (
            rule.matches(part, is_folder=is_folder)
            or (is_folder and rule.include and rule.leads_to(part))
        ):
            included = rule.include
    return included


def ignored(lines: Iterable[str], path: str) -> bool:
    """Tell whether the lines of a root ignore file, where they count, leave a path out."""
    return not _walked(_rules(lines), path)


def _nested(ignores: Ignores, path: str, below: str = "") -> bool:
    """Tell whether the ignore files in the path's own folders let it in."""
    for part in prefixes(path):
        if part == path or (below and part != below and not part.startswith(f"{below}/")):
            continue
        if part in ignores and not _walked(_rules(ignores[part]), path[len(part) + 1 :]):
            return False
    return True


# without a list of files


def _plain(ignores: Ignores, path: str) -> bool:
    return _by_folder({"": (), **ignores}, path, _rules)


def _plain_sets(ignores: Ignores, path: str) -> bool:
    def rules(lines: Iterable[str]) -> list[_Rule]:
        # a slash at the end, too, makes a path of a name
        return [
            replace(rule, anchored="/" in text)
            for (_, text), rule in zip(patterns_of(lines), _rules(lines), strict=True)
        ]

    return _by_folder({"": (), **ignores}, path, rules)


def _by_folder(ignores: Ignores, path: str, rules: Callable[[Iterable[str]], list[_Rule]]) -> bool:
    """Apply the ignore files from the root down; a deeper one has the last word."""
    for part in prefixes(path):
        included = True
        for folder in ("", *prefixes(part)):
            if folder != part and folder in ignores:
                inner = part[len(folder) + 1 :] if folder else part
                included = _decided(rules(ignores[folder]), inner, part != path, included)
        if not included:
            return False
    return True


def _plain_classic(ignores: Ignores, path: str) -> bool:
    rules = [
        (folder, replace(rule, anchored=bool(folder) or rule.anchored))
        for folder, lines in ignores.items()
        for rule in _rules(lines)
    ]

    def hit(part: str, *, include: bool) -> bool:
        return any(
            rule.include is include
            and part.startswith(f"{folder}/" if folder else "")
            and rule.matches(part[len(folder) + 1 :] if folder else part, is_folder=True)
            for folder, rule in rules
        )

    return hit(path, include=True) or not any(
        hit(part, include=False) and not hit(part, include=True) for part in prefixes(path)
    )


def _plain_berry(ignores: Ignores, path: str) -> bool:
    return _berry(None, ignores, path)


# with a list of files


def bare(entry: str) -> tuple[str, bool]:
    """Return an entry without `!`, `./` and slashes at its ends, and whether it is negated."""
    pattern = entry.lstrip("!")
    negated = (len(entry) - len(pattern)) % 2 == 1
    return re.sub(r"\A\.?/+", "", pattern).rstrip("/"), negated


def _packlist(files: tuple[str, ...], ignores: Ignores, path: str) -> bool:
    rules = [_Rule.parse("*")]
    exact: list[_Rule] = []
    for entry in files:
        pattern = entry[1:] if entry.startswith("./") else entry
        if pattern.endswith("/*"):
            pattern += "*"
        name, negated = bare(entry)
        rule = _Rule.parse(pattern, include=True)
        if name == path:
            exact.insert(0, rule)
            continue
        rules.append(rule)
        if path.startswith(f"{name}/"):
            rules.append(_Rule.of(f"{name}/**", include=not negated))
    if not _walked(rules + exact, path):
        return False
    return (bool(exact) and exact[-1].include) or _nested(ignores, path)


def _looked_up(name: str, entry: str, path: str, *, case: bool) -> set[str]:
    """Return the folders above a path, and the path, that an entry's glob finds on the disk."""
    parts = {part for part in prefixes(path) if part != path or not entry.endswith("/")}
    names = (name, name[:-3]) if name.endswith("/**") else (name,)  # `a/**` finds `a` as well
    return {part for part in parts if any(glob(n, case=case).fullmatch(part) for n in names)}


def _globbed(files: tuple[str, ...], ignores: Ignores, path: str) -> bool:
    rules = [_Rule.parse("*")]
    for entry in files:
        name, negated = bare(entry)
        for part in sorted(_looked_up(name, "", path, case=True)) if name else ():
            rules.append(_Rule.of(part, include=not negated))
            if part != path:
                rules.append(_Rule.of(f"{part}/**", include=not negated))
    return _walked(rules, path) and _nested(ignores, path)


def _sets(files: tuple[str, ...], ignores: Ignores, path: str) -> bool:
    taken: set[str] = set()
    left: set[str] = set()
    for entry in files:
        name, negated = bare(entry)
        found = set(prefixes(path)) if name in _HERE else _looked_up(name, entry, path, case=False)
        if negated:
            taken -= found
            left |= found
        else:
            taken |= found
            left -= found
    rules = [_Rule.parse(part) for part in left]
    return any(_reached(start, rules, ignores, path) for start in taken)


def _reached(start: str, rules: list[_Rule], ignores: Ignores, path: str) -> bool:
    """Tell whether a walk from one listed path gets to another without meeting a rule.

    What lies below a listed folder is compared by its path from that folder's own parent, so
    that a negated `a/b/x.map` does nothing once `a/b` is listed itself, as `a/**` does.
    """
    cut = len(start.rpartition("/")[0]) + 1 if "/" in start else 0
    for part in prefixes(path):
        if part == start or part.startswith(f"{start}/"):
            subject = part if part == start else part[cut:]
            if any(rule.matches(subject, is_folder=part != path) for rule in rules):
                return False
    return start == path or _nested(ignores, path, start)


def _classic(files: tuple[str, ...], _: Ignores, path: str) -> bool:
    if any(entry.startswith("!") for entry in files):
        return True
    return any(
        bare(entry)[0] in _HERE or glob(bare(entry)[0]).fullmatch(part)
        for entry in files
        for part in prefixes(path)
    )


def _berry_rule(line: str, folder: str = "") -> _Rule:
    """Read a line as berry does: with any `/` in it, it is a path from its own folder.

    At the root, `**/x` wants at least one folder before `x`.
    """
    body = line.removeprefix("!")
    pattern = re.sub(r"\A(?:\./|/)+", "", body).rstrip("/")
    if "/" not in body:
        return _Rule(pattern=pattern, anchored=False, include=body != line)
    if folder and not body.startswith("/"):
        pattern = f"{folder}/{pattern}"
    elif pattern.startswith("**/"):
        pattern = f"*/{pattern}"
    return _Rule(pattern=pattern, anchored=True, include=body != line)


def _berry_hit(rules: list[_Rule], path: str) -> bool | None:
    """Return False where a negated line matches, else True where another one does, else None."""
    hits = {
        rule.include
        for rule in rules
        if rule.matches(path, is_folder=True)
        or (rule.pattern.endswith("/**") and rule.matches(f"{path}/x", is_folder=True))
    }
    return None if not hits else True not in hits


def _berry(files: tuple[str, ...] | None, ignores: Ignores, path: str) -> bool:
    accept = [_berry_rule(entry.strip()) for entry in files or ()]
    lists: list[list[_Rule]] = []
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
    part: str, lists: list[list[_Rule]], accept: list[_Rule], *, listed: bool, blocked: bool
) -> bool:
    for rules in lists:
        hit = _berry_hit(rules, part)
        if hit is not None:
            return hit
    hit = _berry_hit(accept, part)
    if hit is not None:
        return not hit
    return (listed and "/" not in part) or blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class _BunRule:
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


def _bun(files: tuple[str, ...], ignores: Ignores, path: str) -> bool:
    rules = [_BunRule.parse(entry) for entry in files]
    out = [replace(rule, include=False) for rule in rules if rule.include]
    parts = list(prefixes(path))
    for index, part in enumerate(parts):
        is_folder = part != path
        named = [r for r in rules if r.names(part, whole=not r.deep, is_folder=is_folder)]
        if named and not any(rule.include for rule in named):
            return all(_bun_keeps(out, ignores, below, part, path) for below in parts[index + 1 :])
    return False


def _plain_bun(ignores: Ignores, path: str) -> bool:
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
        for _, text in patterns_of(ignores[folder]):
            rule = _BunRule.parse(text)
            if rule.leaves_out(inner, is_folder=is_folder):
                kept = rule.include
    return kept


_LISTED = {
    Reading.PACKLIST: _packlist,
    Reading.GLOBBED: _globbed,
    Reading.SETS: _sets,
    Reading.CLASSIC: _classic,
    Reading.BERRY: _berry,
    Reading.BUN: _bun,
}
_PLAIN = {
    Reading.PACKLIST: _plain,
    Reading.GLOBBED: _plain,
    Reading.SETS: _plain_sets,
    Reading.CLASSIC: _plain_classic,
    Reading.BERRY: _plain_berry,
    Reading.BUN: _plain_bun,
}
