"""Every value of every kind of document replaced in turn, every key removed and repeated.

`python -m bench.every_value [KIND…]` tries all changes of `tests/document_kinds.py`; the tests try
every so manieth. Printed are the changes that end in a crash, those whose error does not name the
key, and how many there were.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from tests import document_kinds, document_laws


def main(wanted: list[str]) -> int:
    kinds = [one for one in document_kinds.kinds() if not wanted or one.name in wanted]
    counts: Counter[str] = Counter()
    wrong = 0
    begun = time.monotonic()
    for kind in kinds:
        seen: Counter[str] = Counter()
        for result in document_laws.results(kind):
            counts[result.ending] += 1
            if result.wrong:
                seen[result.wrong] += 1
                if seen[result.wrong] == 1:
                    print(f"{kind.name}, {result.change}: {result.wrong}", flush=True)
        wrong += sum(seen.values())
    told = ", ".join(f"{count:,} {ending}" for ending, count in sorted(counts.items()))
    seconds = time.monotonic() - begun
    print(f"{len(kinds)} documents, {counts.total():,} changes in {seconds:,.0f} s: {told}")
    print(f"{wrong:,} against the law")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
