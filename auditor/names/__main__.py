"""`python -m auditor.names build`: the indexes anew, from the lists of popular names.

The lists lie in `rules/names`, one name a line, the most popular first: `<ecosystem>.txt` is of
today, `<ecosystem>-earlier.txt` has names that were popular in earlier years. SOURCES.md there says
where each is from, of which day, and under which licence. `<ecosystem>-reviewed.txt` has names that
were looked at and imitate nobody, each with its reason behind a `#`; `pypi-modules.txt` the modules
of Python itself, `pypi-imports.txt` projects by the name that they are imported by.
"""

from __future__ import annotations

import sys
from pathlib import Path

from auditor.lazyre import regex
from auditor.names import index

LISTS = Path(__file__).parent.parent.parent / "rules" / "names"
DATA = Path(__file__).parent / "data"
_DAY = regex(r"\d{4}-\d\d-\d\d")


def build(lists: Path = LISTS) -> dict[str, bytes]:
    """Return the index of each ecosystem."""
    found = _DAY.search((lists / "SOURCES.md").read_text(encoding="utf-8"))
    date = found[0] if found else "unknown"
    popular = {each: _names(lists / f"{each}.txt") for each in index.ECOSYSTEMS}
    return {
        ecosystem: index.built(
            ecosystem,
            popular[ecosystem],
            _names(lists / f"{ecosystem}-earlier.txt"),
            date,
            _names(lists / f"{ecosystem}-reviewed.txt"),
            _names(lists / f"{ecosystem}-modules.txt"),
            dict(row.split() for row in _names(lists / f"{ecosystem}-imports.txt")),
            next(names for each, names in popular.items() if each != ecosystem),
        )
        for ecosystem in index.ECOSYSTEMS
    }


def _names(path: Path) -> list[str]:
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    lines = (line.partition(" #")[0].strip() for line in text.splitlines() if line[:1] != "#")
    return [line for line in lines if line]


def main(words: list[str]) -> int:
    """Build the indexes; return the exit code."""
    if words[:1] != ["build"]:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    DATA.mkdir(exist_ok=True)
    for ecosystem, data in build(Path(words[1]) if words[1:] else LISTS).items():
        (DATA / f"{ecosystem}.idx").write_bytes(data)
        sys.stdout.write(f"{ecosystem}.idx: {len(data):,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
