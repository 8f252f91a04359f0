"""The hostile archives: every case of `tests/attacks/`, and a folder of them for other programs.

A case is a function that returns the bytes of one file, under `attack`, which says all that
`audit pack FILE` must make of it. Cases are found by their decorator in all modules of the folder;
the module's name is the case's class, the function's name its own, its docstring what it tries.
No case depends on the clock, on chance or on the machine.

`python -m tests.archives FOLDER` writes them, with an expect.json, for programs that are no part
of this one.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NPM = "demo-kit-1.0.0.tgz"
WHEEL = "demo_kit-1.0.0-py3-none-any.whl"
SDIST = "demo_kit-1.0.0.tar.gz"
OUTCOMES = {0: "ok", 1: "finding", 3: "error"}
SECONDS = 10
MEGABYTES = 500
"""What one case may cost a program that reads it."""

_CASES: dict[str, Case] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One archive, and the exact outcome of auditing it."""

    name: str
    group: str
    tries: str
    file: str
    make: Callable[[], bytes]
    exit: int
    found: frozenset[tuple[str, str]]
    """Rule and path of each finding."""
    gaps: tuple[str, ...]
    """Path and reason of each gap, in the order in which they come; the reason alone where it is
    about the whole file."""


def attack(
    exit_code: int,
    found: Collection[tuple[str, str]] = (),
    gaps: Collection[str] = (),
    file: str = NPM,
) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Make a case of a function, and leave the function as it is."""

    def declare(make: Callable[[], bytes]) -> Callable[[], bytes]:
        group = make.__module__.rpartition(".")[2]
        name = make.__name__.replace("_", "-")
        known = _CASES.get(name)
        if known is not None and known.make.__module__ != make.__module__:
            raise ValueError(f"two cases are named {name}: in {known.group} and in {group}")
        _CASES[name] = Case(
            name=name,
            group=group.replace("_", "-"),
            tries=" ".join((make.__doc__ or "").split()),
            file=file,
            make=make,
            exit=exit_code,
            found=frozenset(found),
            gaps=tuple(gaps),
        )
        return make

    return declare


def sound(file: str = NPM) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Make a control of a function: an archive that nothing is wrong with."""
    return attack(0, file=file)


def cases() -> Mapping[str, Case]:
    """Return every case by its name."""
    package = importlib.import_module("tests.attacks")
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"tests.attacks.{module.name}")
    return dict(sorted(_CASES.items()))


@cache
def made(name: str) -> bytes:
    """Return the bytes of a case, made once in a process."""
    return cases()[name].make()


def expected(case: Case) -> dict[str, object]:
    """Return what any auditor is asked to make of a case.

    Which outcome is right for a broken file is a matter of taste, as long as it is not silence: an
    error and a finding stand for each other.
    """
    outcome = OUTCOMES[case.exit]
    said = {text for pair in case.found for text in pair if text}
    return {
        "class": case.group,
        "subject": "pack",
        "file": case.file,
        "expect": outcome,
        "detail": case.tries,
        "accept": ["ok"] if outcome == "ok" else ["finding", "error"],
        "must": sorted(said),
        "forbid": [],
        "forbid_markup": [],
        "no_embedded_source": not any(rule == "embedded-sources" for rule, _ in case.found),
        "max_s": SECONDS,
        "max_mb": MEGABYTES,
    }


def write(folder: Path) -> None:
    """Write each case into a folder of its own, and what is expected of all into expect.json."""
    expect: dict[str, object] = {}
    for name, case in cases().items():
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        (place / case.file).write_bytes(case.make())
        expect[name] = expected(case)
    (folder / "expect.json").write_text(json.dumps(expect, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Write all cases into the folder that the command line names."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m tests.archives FOLDER")
    # As __main__ this module would be a second one, without the cases that declare themselves.
    importlib.import_module("tests.archives").write(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
