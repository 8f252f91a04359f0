"""The popular names of one ecosystem: an index that is built ahead and loaded without parsing.

A file has one line of head (`audit-names 1 <date> <digest> <popular> <length>…`) and behind it the
names by rank, where each begins, how many others extend each, which letters each has, one table for
all ways in which names are looked up, and how likely a letter is behind two others (one byte each).

Names that are few edits away are found by thirds: of three parts of a name two edits leave one as
it is (Li et al., Pass-Join, 2011), so that each part, with the length of its name, leads to it.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from auditor.names import spelling, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAGIC = b"audit-names 1"
ECOSYSTEMS = ("npm", "pypi")
EDITS = 2
"""Edits between two names that are near each other."""
_DATA = Path(__file__).parent / "data"
_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789-._"
_OTHER = len(_SIGNS)
_START, _END = _OTHER + 1, _OTHER + 2
_CODES = len(_SIGNS) + 3
_STEP = 24
"""Units of the letter model in one unit of the natural logarithm."""
_CODE = {sign: number for number, sign in enumerate(_SIGNS)}
_RARE, _COMMON = 1, 2
_STEMS = 1000
"""Names of which the stem without a version number stands for them, too."""
_MOST = 0xFFFF
_STEM = 5
"""Letters of a stem, of which the last is no digit."""
_FOREIGN = 3000
"""Names of the other registry that are known by their names here, too."""
_DISTINCT = 6
"""Letters from which a name is nobody else's by chance."""
MODULE = 3000
"""The rank of modules of the language: everybody knows them, and few look for them here."""


class Index:
    """Popular names, the most popular first; those from `popular` on were so in earlier years.

    Behind them are the modules of the language itself: names to imitate, and no packages.
    """

    def __init__(self, data: bytes) -> None:
        if not data.startswith(MAGIC):
            raise ValueError("is no index of names")
        begin = data.index(b"\n") + 1
        words = data[len(MAGIC) : begin].split()
        self.date, self.digest = words[0].decode(), words[1].decode()
        self.popular, self._known = int(words[2]), int(words[3])
        ends = [begin]
        for length in words[4:]:
            ends.append(ends[-1] + int(length))
        whole = memoryview(data)
        names, starts, families, masks, entries, model = (whole[a:b] for a, b in pairwise(ends))
        self._names, self._model = bytes(names), bytes(model)
        self._starts = table.numbers("I", starts)
        self._families = table.numbers("H", families)
        self._masks = table.numbers("I", masks)
        self._table = table.Table(entries)

    def __len__(self) -> int:
        return self._known

    def __contains__(self, name: str) -> bool:
        number = self._number(name)
        return number is not None and number < self._known

    def known(self, names: Iterable[str]) -> set[str]:
        """Return those of some names that are in the index: as `in` for each, in half the time."""
        given = set(names)
        numbers = self._table.of_any(map("n".__add__, given))
        return given.intersection(self.name(number) for number in numbers if number < self._known)

    def name(self, number: int) -> str:
        """Return a name by its number, which is one less than its rank."""
        return self._names[self._starts[number] : self._starts[number + 1] - 1].decode()

    def _number(self, name: str) -> int | None:
        spelled = name.encode("utf-8", "surrogatepass") + b"\n"
        for number in self._table.of(b"n" + spelled[:-1]):
            if self._names.startswith(spelled, self._starts[number]):
                return number
        return None

    def rank(self, name: str) -> int:
        """Return a name's place, from 1; that of a module is `MODULE`, of any other text 0."""
        number = self._number(name)
        return 0 if number is None else self._rank(number)

    def _rank(self, number: int) -> int:
        return number + 1 if number < self._known else MODULE

    def imported(self, name: str) -> str:
        """Return the project that is imported by this name, or the module; empty for none."""
        number = self._number(name)
        if number is not None and number >= self._known:
            return name
        return next(self._named(f"i{name}"), "")

    def elsewhere(self, name: str) -> int:
        """Return the rank of a name that is popular in the other registry alone; 0 for others.

        The name itself is not kept, but twice its checksum, forwards and backwards.
        """
        backwards = self._table.get(f"y{name[::-1]}")
        return next((rank for rank in self._table.get(f"x{name}") if rank in backwards), 0)

    def is_reviewed(self, name: str) -> bool:
        """Tell whether a name was looked at and imitates nobody."""
        return bool(self._table.get(f"r{name}"))

    def spelled(self, letters: str) -> Iterator[tuple[str, int, int]]:
        """Yield the names that have these letters, whatever their separators.

        With each come its rank, and how many popular names add something to it.
        """
        for number in self._table.get(f"q{letters}"):
            name = self.name(number)
            if spelling.letters(name) == letters:
                yield name, self._rank(number), self._families[number]

    def near(self, letters: str) -> Iterator[tuple[str, int]]:
        """Yield names whose letters may be up to two edits away, each once, and their ranks."""
        masks, own = self._masks, spelling.mask(letters)
        for number in sorted(self._table.of_any(_probes(letters))):
            if (masks[number] ^ own).bit_count() <= 2 * EDITS:  # an edit takes one away, adds one
                yield self.name(number), self._rank(number)

    def ordered(self, words: Iterable[str]) -> Iterator[str]:
        """Yield the unscoped names of these words, in whatever order."""
        yield from self._named(f"o{' '.join(sorted(words))}")

    def scoped(self, base: str) -> Iterator[str]:
        """Yield the scoped names that are called so behind their scope."""
        yield from (name for name in self._named(f"s{base}") if spelling.base(name) == base)

    def looking(self, looks: str) -> Iterator[str]:
        """Yield the unscoped names that look so."""
        yield from (name for name in self._named(f"l{looks}") if spelling.looks(name) == looks)

    def of_stem(self, stem: str) -> str:
        """Return the name of which only a version number at its end is left out; empty for none."""
        if len(stem) < _STEM or not stem[-1].isalpha():
            return ""
        return next((n for n in self._named(f"d{stem}") if n[:-1] == stem), "")

    def _named(self, key: str) -> Iterator[str]:
        return map(self.name, self._table.get(key))

    def is_word(self, word: str) -> bool:
        """Tell whether several popular names have this word."""
        return _COMMON in self._table.get(f"w{word}")

    def is_unknown(self, word: str) -> bool:
        """Tell whether no popular name has this word."""
        return not self._table.get(f"w{word}")

    def siblings(self, before: str, behind: str) -> int:
        """Return how many popular names begin with some words, or else end with others.

        Few are not counted: 0 then.
        """
        key = f"b{before}" if before else f"e{behind}"
        return next(iter(self._table.get(key)), 0)

    def likelihood(self, name: str) -> float:
        """Return the natural logarithm of how likely the letters of a name follow each other."""
        first = second = _START
        total = 0
        for third in _coded(name):
            total += self._model[(first * _CODES + second) * _CODES + third]
            first, second = second, third
        return -total / _STEP


def _coded(name: str) -> Iterator[int]:
    for sign in spelling.base(name).lower():
        yield _CODE.get(sign, _OTHER)
    yield _END


def _parts(length: int) -> tuple[tuple[int, int], ...]:
    """Return where the three parts of a text of a length begin and end."""
    first, second = length // 3, length * 2 // 3
    return (0, first), (first, second), (second, length)


def _keys(letters: str) -> Iterator[str]:
    """Yield the keys under which a name is found by whoever is near it."""
    for part, (begin, end) in enumerate(_parts(len(letters))):
        yield f"{part}{len(letters)} {letters[begin:end]}"
    yield f"a{''.join(sorted(letters))}"


def _probes(letters: str) -> list[str]:
    """Return the keys of all names that may be near one: a part, a little before or behind."""
    keys = [f"{begin}{letters[first:last]}" for begin, first, last in _places(len(letters))]
    keys.append(f"a{''.join(sorted(letters))}")
    return keys


@lru_cache(maxsize=64)
def _places(own: int) -> tuple[tuple[str, int, int], ...]:
    """Return how the keys begin, and which letters follow, for a name of a length."""
    found: list[tuple[str, int, int]] = []
    for length in range(max(own - EDITS, 3), own + EDITS + 1):
        more = own - length
        first, second, third = _parts(length)
        found.append((f"0{length} ", *first))
        shifts = (-1, 0, 1) if more == 0 else (0, more) if abs(more) < 2 else (more // 2,)
        found += [(f"1{length} ", second[0] + shift, second[1] + shift) for shift in shifts]
        found.append((f"2{length} ", third[0] + more, own))
    return tuple(found)


def built(  # noqa: PLR0913, PLR0917 - each is a list of its own
    ecosystem: str,
    popular: Sequence[str],
    further: Iterable[str],
    date: str,
    reviewed: Iterable[str] = (),
    modules: Iterable[str] = (),
    imports: Mapping[str, str] = MappingProxyType({}),
    elsewhere: Sequence[str] = (),
) -> bytes:
    """Return an index: `popular` by rank, then `further` names that were popular before.

    `reviewed` are names that were looked at and imitate nobody, `modules` those of the language
    itself, `imports` the projects by the name that they are imported by, `elsewhere` the popular
    names of the other registry, by rank.
    """
    first = list(dict.fromkeys(spelling.normal(ecosystem, name) for name in popular))
    others = (spelling.normal(ecosystem, name) for name in further)
    known = list(dict.fromkeys((*first, *others)))
    names = list(dict.fromkeys((*known, *modules)))
    starts = array("I", [0])
    for name in names:
        starts.append(starts[-1] + len(name.encode()) + 1)
    sections = [
        "".join(f"{name}\n" for name in names).encode(),
        table.raw(starts),
        table.raw(array("H", _families(names))),
        table.raw(array("I", (spelling.mask(spelling.letters(name)) for name in names))),
        table.built(
            [
                *_entries(names, len(known)),
                *((f"r{name}", 0) for name in reviewed),
                *((f"i{name}", names.index(project)) for name, project in imports.items()),
                *_foreign(ecosystem, elsewhere, frozenset(known)),
            ]
        ),
        _model(names),
    ]
    body = b"".join(sections)
    digest = hashlib.sha256(body).hexdigest()[:16]
    lengths = " ".join(str(len(section)) for section in sections)
    return MAGIC + f" {date} {digest} {len(first)} {len(known)} {lengths}\n".encode() + body


def _foreign(
    ecosystem: str, elsewhere: Sequence[str], known: frozenset[str]
) -> Iterator[tuple[str, int]]:
    for rank, name in enumerate(elsewhere[:_FOREIGN], start=1):
        spelled = spelling.normal(ecosystem, name)
        own = spelled in known or spelled[0] == "@" or len(spelling.letters(spelled)) < _DISTINCT
        if not own:
            yield f"x{spelled}", rank
            yield f"y{spelled[::-1]}", rank


def _entries(names: Sequence[str], known: int) -> Iterator[tuple[str, int]]:
    there = set(names[:known])
    for number, name in enumerate(names):
        letters = spelling.letters(name)
        yield f"n{name}", number
        yield f"q{letters}", number
        yield from ((key, number) for key in _keys(letters))
        if name[0] == "@":
            yield f"s{spelling.base(name)}", number
            continue
        words = spelling.words(name)
        if len(words) > 1:
            yield f"o{' '.join(sorted(words))}", number
        yield f"l{spelling.looks(name)}", number
        is_stem = name[-1].isdigit() and name[-2:-1].isalpha() and len(name) > _STEM
        if number < _STEMS and is_stem and name[:-1] not in there:
            yield f"d{name[:-1]}", number
    yield from _words(names)
    yield from _siblings(names)


def _words(names: Iterable[str]) -> Iterator[tuple[str, int]]:
    seen = Counter(word for name in names for word in set(spelling.words(name)))
    for word, times in seen.items():
        yield f"w{word}", _COMMON if times > 1 else _RARE


def _siblings(names: Iterable[str]) -> Iterator[tuple[str, int]]:
    seen: Counter[str] = Counter()
    for name in names:
        heads, tails = spelling.cuts(name)
        seen.update(f"b{head}" for head in heads)
        seen.update(f"e{tail}" for tail in tails)
    yield from ((key, min(times, _MOST)) for key, times in seen.items() if times > 2)


def _families(names: Sequence[str]) -> Iterator[int]:
    """Yield for each name how many others have all of its words in a row, and more."""
    seen: Counter[str] = Counter()
    for name in names:
        words = spelling.words(name)
        runs = {
            "".join(words[begin:end])
            for begin in range(len(words))
            for end in range(begin + 1, len(words) + 1)
            if end - begin < len(words)
        }
        seen.update(runs)
    for name in names:
        yield min(seen["".join(spelling.words(name))], _MOST)


def _model(names: Iterable[str]) -> bytes:
    """Return how unlikely each letter is behind two others, in steps, at most 255."""
    triples: Counter[tuple[int, int, int]] = Counter()
    pairs: Counter[tuple[int, int]] = Counter()
    for name in names:
        first = second = _START
        for third in _coded(name):
            triples[first, second, third] += 1
            pairs[first, second] += 1
            first, second = second, third
    return bytes(
        min(255, round(-_STEP * math.log((triples[a, b, c] + 0.1) / (pairs[a, b] + 4))))
        for a in range(_CODES)
        for b in range(_CODES)
        for c in range(_CODES)
    )


@lru_cache(maxsize=1)
def states() -> tuple[str, ...]:
    """Return what the indexes that come with us are of: ecosystem, day and digest of each."""
    found = []
    for ecosystem in ECOSYSTEMS:
        with (_DATA / f"{ecosystem}.idx").open("rb") as file:
            day, digest = file.readline(200)[len(MAGIC) :].split()[:2]
        found.append(f"popular names of {ecosystem} {day.decode()} {digest.decode()}")
    return tuple(found)


@lru_cache(maxsize=len(ECOSYSTEMS))
def load(ecosystem: str) -> Index:
    """Return the index that comes with us."""
    return Index((_DATA / f"{ecosystem}.idx").read_bytes())


def popular(ecosystem: str, name: str) -> bool:
    """Tell whether a name, as its registry spells it, is one that many people use or used."""
    return ecosystem in ECOSYSTEMS and name in load(ecosystem)
