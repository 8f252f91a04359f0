"""Whether a version lies in an npm range, as npm's own semver package decides it when it is loose.

The grammar is that of node-semver's README ("Ranges"), with what npm accepts beyond it: blanks
behind operators, `~>`, a leading `v`, and prereleases without a dash. What is no range at all (a
tag, a URL, an alias) has no answer: whoever asks must not take that for a no.
"""

from __future__ import annotations

from functools import lru_cache

from auditor.lazyre import regex

LONGEST = 256
"""Characters of a range or version; node-semver takes no longer versions."""
_LARGEST = 2**53 - 1
_ALTERNATIVES = 64

Pre = tuple[tuple[int, int, str], ...]
Version = tuple[int, int, int, Pre]
"""Major, minor, patch, and the parts of the prerelease; a release has none."""
Comparator = tuple[str, Version]

_TAIL = r"(?:-?([0-9A-Za-z][0-9A-Za-z.\-]*))?(?:\+[0-9A-Za-z.\-]*)?"
_VERSION = regex(rf"[v=\s]*(\d+)\.(\d+)\.(\d+){_TAIL}\Z")
_PARTIAL = regex(
    r"([~^]>?|[<>]?=?)=?\s*[v=\s]*"
    rf"(\d+|[xX*])(?:\.(\d+|[xX*])(?:\.(\d+|[xX*]){_TAIL})?)?\Z"
)
_PLAIN = regex(r"([~^]?)([0-9]{1,15})\.([0-9]{1,15})\.([0-9]{1,15})")
_BLANKS = regex(r"\s+")
_OPERATOR_GAP = regex(r"([~^<>=]+)\s+(?=[\dvxX*=])")
_HYPHEN = regex(r"(\S+) - (\S+)\Z")
_ANY: Version = (0, 0, 0, ())
_LOWEST: Pre = ((0, 0, ""),)
"""The prerelease `0`: below every other prerelease of its version."""


def satisfies(version: str, wanted: str) -> bool | None:
    """Tell whether a version lies in a range; None where either is none that npm can compare."""
    plain, asked = _plain(version), _plain(wanted)
    if plain and asked and not plain[0]:
        return _holds(asked[0], asked[1:], plain[1:])
    have = parsed(version)
    sets = _alternatives(wanted)
    if have is None or sets is None:
        return None
    return any(_within(have, comparators) for comparators in sets)


@lru_cache(maxsize=16384)
def _plain(text: str) -> tuple[str, int, int, int] | None:
    """Return operator and numbers of `1.2.3`, `^1.2.3` and `~1.2.3`, as most ranges are."""
    found = _PLAIN.fullmatch(text)
    return (found[1], int(found[2]), int(found[3]), int(found[4])) if found else None


def _holds(operator: str, low: tuple[int, int, int], have: tuple[int, int, int]) -> bool:
    if not operator:
        return have == low
    same = 2 if operator == "~" or not low[0] else 1
    if operator == "^" and not (low[0] or low[1]):
        same = 3
    return have >= low and have[:same] == low[:same]


@lru_cache(maxsize=4096)
def parsed(text: str) -> Version | None:
    """Return a version in the order of semver.org (11); None where it is none."""
    found = _VERSION.match(text.strip()) if len(text) <= LONGEST else None
    if found is None:
        return None
    numbers = int(found[1]), int(found[2]), int(found[3])
    return None if max(numbers) > _LARGEST else (*numbers, _pre(found[4]))


def _pre(text: str | None) -> Pre:
    if not text:
        return ()
    return tuple(
        (0, int(part), "") if part.isdigit() and len(part) < 16 else (1, 0, part)
        for part in text.split(".")
    )


def precedence(text: str) -> tuple[int, int, int, int, Pre] | None:
    """Return what versions are ordered by (semver.org, 11); None for what is no version."""
    have = parsed(text)
    return None if have is None else _key(have)


def _key(version: Version) -> tuple[int, int, int, int, Pre]:
    return (*version[:3], 0 if version[3] else 1, version[3])


@lru_cache(maxsize=4096)
def _alternatives(wanted: str) -> tuple[tuple[Comparator, ...], ...] | None:
    if len(wanted) > LONGEST:
        return None
    parts = wanted.split("||")
    if len(parts) > _ALTERNATIVES:
        return None
    found = []
    for part in parts:
        comparators = _conjunction(_BLANKS.sub(" ", part).strip())
        if comparators is None:
            return None
        found.append(comparators)
    return tuple(found)


def _conjunction(text: str) -> tuple[Comparator, ...] | None:
    hyphen = _HYPHEN.match(text)
    pieces = [f">={hyphen[1]}", f"<={hyphen[2]}"] if hyphen else _OPERATOR_GAP.sub(r"\1", text)
    found: list[Comparator] = []
    for piece in pieces if isinstance(pieces, list) else pieces.split():
        comparators = _comparators(piece)
        if comparators is None:
            return None
        found.extend(comparators)
    return tuple(found)


def _comparators(piece: str) -> tuple[Comparator, ...] | None:
    """Return what one piece of a range means in `<`, `>=`, … alone; None where it is none."""
    match = _PARTIAL.match(piece)
    numbers = [int(n) if n and n.isdigit() else None for n in match.group(2, 3, 4)] if match else []
    if match is None or any(n is not None and n >= _LARGEST for n in numbers):
        return None
    major, minor, patch = numbers
    if major is None:
        return (("<", (0, 0, 0, _LOWEST)),) if match[1] in {"<", ">"} else ()
    if minor is None and patch is not None:
        return None  # 1.x.3
    low: Version = (major, minor or 0, patch or 0, () if patch is None else _pre(match[5]))
    return _bounds(match[1], low, minor, patch)


def _bounds(
    operator: str, low: Version, minor: int | None, patch: int | None
) -> tuple[Comparator, ...]:
    if operator.startswith("^"):
        return ((">=", low), ("<", _caret(low[0], minor, patch)))
    if operator.startswith("~"):
        return ((">=", low), ("<", _above(low[0], minor)))
    if patch is not None:
        return ((operator or "=", low),)
    return _partial(operator, low, _above(low[0], minor))


def _partial(operator: str, low: Version, above: Version) -> tuple[Comparator, ...]:
    if operator == ">":
        return ((">=", (*above[:3], ())),)
    if operator == "<=":
        return (("<", above),)
    if operator == "<":
        return (("<", (*low[:3], _LOWEST)),)
    return ((">=", low),) if operator == ">=" else ((">=", low), ("<", above))


def _above(major: int, minor: int | None) -> Version:
    return (major + 1, 0, 0, _LOWEST) if minor is None else (major, minor + 1, 0, _LOWEST)


def _caret(major: int, minor: int | None, patch: int | None) -> Version:
    if major or minor is None:
        return (major + 1, 0, 0, _LOWEST)
    if minor or patch is None:
        return (0, minor + 1, 0, _LOWEST)
    return (0, 0, patch + 1, _LOWEST)


def _within(have: Version, comparators: tuple[Comparator, ...]) -> bool:
    key = _key(have)
    for operator, bound in comparators:
        other = _key(bound)
        if operator == "<":
            inside = key < other
        elif operator == "<=":
            inside = key <= other
        elif operator == ">":
            inside = key > other
        elif operator == ">=":
            inside = key >= other
        else:
            inside = key == other
        if not inside:
            return False
    if not have[3]:
        return True
    # a prerelease is only taken where the range names one of the same version
    return any(b[3] and b[3] is not _LOWEST and b[:3] == have[:3] for _, b in comparators)
