"""Names made of a popular one and more: words that say little, another order, other signs, scopes.

The words of `LITTLE` may stand beside any name and say nothing of what the package is; those of
`SAME` claim to be the very package. A popular name that many others extend (`react-…`) has real
extensions, so that one more is no sign.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.names import spelling
from auditor.names.values import Kind, Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.names.index import Index

SAME = frozenset(
    "js node nodejs npm lib sdk latest lastest official custom fork forked fixed fix patched patch"
    " secure prod production ext legacy py python python2 python3 v1 v2 v3 v4 v5 new".split()
)
LITTLE = SAME | frozenset(
    "libs util utils tool tools toolkit api apis cli core client clients server dev test tests pro"
    " plus lite mini slim light old stable beta real mod extra extended helper helpers kit kits"
    " plugin addon wrapper loader manager service module modules package pkg app web bot x ts"
    " aio http https request requests free simple easy super better the upgrade update install"
    " installer setup download downloader build deploy native proxy auth validator middleware plain"
    " common base 2 3 4 5 6 7 rest".split()
)
_LONGEST_WORD = max(map(len, LITTLE))
_CROWD = 10
"""Popular names that extend one, above which one more extension is no sign."""

Found = tuple[int, str, Kind, Level]
"""What it costs to see it so (the least is shown), the target, the kind and the level."""


def separators(index: Index, name: str, *, python: bool) -> Iterator[Found]:
    """Yield popular names with the same letters."""
    letters = spelling.letters(name)
    for target, rank, _ in index.spelled(letters):
        if target == name or target[:1] == "@":
            continue
        sure = len(letters) >= 7 and name == name.lower() and rank <= (1500 if python else 2500)
        yield 5, target, Kind.SEPARATOR, Level.DEFAULT if sure else Level.EVERYTHING


def order(index: Index, name: str, *, python: bool) -> Iterator[Found]:
    """Yield popular names of the same words in another order."""
    found = spelling.words(name)
    if len(found) > 1 and name[0] != "@":
        letters = spelling.letters(name)
        for target in index.ordered(found):
            if spelling.letters(target) != letters:
                yield 8, target, Kind.ORDER, Level.DEFAULT if python else Level.EVERYTHING


def looks(index: Index, name: str) -> Iterator[Found]:
    """Yield popular names that look alike, where a sign stands for another."""
    stem = name.rstrip("0123456789")
    if name[0] == "@" or not re.search(r"[^a-z._-]", stem):
        return
    for target in index.looking(spelling.looks(name)):
        if target == name or spelling.letters(target) == spelling.letters(name):
            continue
        if spelling.digitless(target) != spelling.digitless(name):
            sure = len(name) >= 5 and index.rank(target) <= 5000
            level = Level.DEFAULT if len(name) >= 6 else Level.EVERYTHING
            yield 6, target, Kind.LOOK, Level.QUIET if sure else level


def extensions(index: Index, name: str, most: Level, *, python: bool) -> Iterator[Found]:
    """Yield popular names that a name consists of, with further words before or behind.

    Beside several words of which one says something, a name is told at the highest level alone.
    """
    found = spelling.words(name)
    if len(found) < 2 or name[0] == "@":
        return
    telling = [place for place, word in enumerate(found) if not _says_little(word)]
    anywhere = most is Level.EVERYTHING or not telling
    for start in range(len(found)):
        for end in range(start + 1, len(found) + 1):
            inside = anywhere or (start <= telling[0] and telling[-1] < end)
            if not inside and len(found) - (end - start) > 1:
                continue
            rest = found[:start] + found[end:]
            core = "".join(found[start:end])
            little = core in LITTLE and (len(core) < 6 or not SAME.issuperset(rest))
            if not rest or len(core) < 3 or little:
                continue
            for target, rank, crowd in index.spelled(core):
                if target[0] != "@":
                    level = _extension(index, (rank, crowd), core, rest, python=python)
                    if level is not None:
                        cost = 12 + 2 * len(rest) - (end - start)
                        kind = Kind.AFFIX if LITTLE.issuperset(rest) else Kind.COMBINATION
                        yield cost, target, kind, level


def _says_little(word: str) -> bool:
    return word in LITTLE or _is_version(word)


def _is_version(word: str) -> bool:
    return word.removeprefix("v").isdecimal()


def _extension(  # noqa: PLR0911 - a table
    index: Index, target: tuple[int, int], core: str, rest: tuple[str, ...], *, python: bool
) -> Level | None:
    rank, crowd = target
    if all(map(_is_version, rest)):
        sure = rank <= 500 and len(core) >= 6 and not python
        return Level.DEFAULT if sure else Level.EVERYTHING
    if len(rest) == 1 and rest[0] in SAME and (len(core) >= 5 or rank <= 500):
        if rank <= 5000 and crowd <= 3 * _CROWD:
            return Level.QUIET
        return Level.DEFAULT if not python or rank <= 9000 else Level.EVERYTHING
    unheard = len(rest) == 1 and rest[0] not in LITTLE and index.is_unknown(rest[0])
    lonely = crowd <= _CROWD or (len(core) >= 8 and crowd <= 3 * _CROWD)
    if unheard and lonely and len(core) >= 5:
        return Level.DEFAULT if rank <= 600 else Level.EVERYTHING
    if not LITTLE.issuperset(rest):
        return Level.EVERYTHING if rank <= 1000 and crowd <= 3 else None
    if len(rest) > 1 and SAME.isdisjoint(rest):
        return Level.EVERYTHING
    if python:
        sure = (rank <= 2000 and len(core) >= 5) or (crowd <= 2 and rank <= 6000 and len(core) >= 6)
    else:
        near = rank <= 2000 and len(core) >= 5
        long = len(rest) == 1 and rank <= 3000 and len(core) >= 7
        sure = crowd <= _CROWD and (near or long)
        sure = sure or (crowd <= 5 and len(core) >= 10 and rank <= 15_000)
    return Level.DEFAULT if sure else Level.EVERYTHING


def glued(index: Index, name: str, *, python: bool) -> Iterator[Found]:
    """Yield popular names to which a word is glued without a separator."""
    if name[0] == "@" or len(spelling.words(name)) != 1 or index.is_word(name):
        return
    for word, core in _split(name):
        for target, rank, _ in index.spelled(core):
            if target[0] != "@" and len(core) >= 5 and (core not in LITTLE or len(core) >= 6):
                level = _glued(rank, len(core), word, python=python)
                yield 14, target, Kind.AFFIX, level
        if len(word) >= 3 and (whole := index.of_stem(core)):
            yield 16, whole, Kind.AFFIX, Level.DEFAULT


def _glued(rank: int, length: int, word: str, *, python: bool) -> Level:
    if python:
        sure = word not in {"py", "aio", "bot"} and rank <= 2500 and length >= 6
    else:
        sure = (rank <= 5000 and length >= 6) or word in SAME
    return Level.DEFAULT if sure else Level.EVERYTHING


def _split(name: str) -> Iterator[tuple[str, str]]:
    """Yield a word that says little, from the begin or the end of a name, and what is left."""
    for length in range(2, min(_LONGEST_WORD, len(name) - 1) + 1):
        if name[-length:] in LITTLE:
            yield name[-length:], name[:-length]
        if name[:length] in LITTLE:
            yield name[:length], name[length:]


def stems(index: Index, name: str) -> Iterator[Found]:
    """Yield popular names whose version number is left out: `urllib` for urllib3."""
    found = spelling.words(name)
    behind = len(found)
    for start, end in ((0, behind - 1), (0, behind), (1, behind)):  # at most a word is left
        whole = index.of_stem("-".join(found[start:end])) if start < end else ""
        if not whole:
            continue
        rest = found[:start] + found[end:]
        if all(word in LITTLE or index.is_unknown(word) for word in rest):
            yield 15, whole, Kind.AFFIX if rest else Kind.SHORTENED, Level.DEFAULT


def scopes(index: Index, name: str, most: Level) -> Iterator[Found]:
    """Yield scoped popular names whose scope is left out, or written as a word.

    The latter is told at the highest level alone.
    """
    if name[0] == "@":
        return
    behind = list(index.scoped(name))
    if len(behind) == 1 and not behind[0].startswith("@types/"):
        count, rank = len(spelling.words(name)), index.rank(behind[0])
        sure = (count == 3 and len(name) >= 18) or (count >= 2 and len(name) >= 11 and rank <= 4000)
        level = Level.QUIET if count >= 4 else Level.DEFAULT if sure else Level.EVERYTHING
        if count >= 2:
            yield 9, behind[0], Kind.SCOPE, level
    letters = spelling.letters(name) if most is Level.EVERYTHING else ""
    for cut in range(3, len(letters) - 2):
        for target, *_ in index.spelled(f"@{letters[:cut]}/{letters[cut:]}"):
            yield 9, target, Kind.SCOPE, Level.EVERYTHING
