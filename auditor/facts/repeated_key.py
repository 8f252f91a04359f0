"""Keys that stand twice in package.json or in a source map: one text that readers read differently.

JSON leaves open which value of a repeated key counts (RFC 8259, section 4). npm and JavaScript take
the last, other readers the first, and a person who reads the file mostly the first one, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import jsondoc
from auditor.facts import Collector, Contents
from auditor.facts.manifest import MANIFEST, manifest_of
from auditor.facts.source_map import MapSeen
from auditor.model import Fact
from auditor.safe import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 100
"""Keys of one document that are told."""
_COMMENT = "//"
"""The key under which people write comments into package.json, as often as they like."""


class RepeatedKeyFact(Fact, frozen=True, kw_only=True):
    """One key; `key` is its path, `line` that on which it stands again, if that is known."""

    document: str
    """`package.json` or `source map`."""
    same: bool
    """All its values are the same, so that nothing depends on which of them counts."""


def collect(contents: Contents) -> Iterator[RepeatedKeyFact]:
    """Yield one fact for each key, those of package.json first."""
    manifest = manifest_of(contents)
    found = [
        (place, values)
        for place, values in jsondoc.repeated_values({} if manifest is None else manifest.document)
        if not place.rpartition(".")[2].startswith(_COMMENT)
    ]
    lines: dict[str, int] = {}
    if manifest is not None and found:
        text = manifest.text.removeprefix("\ufeff")
        for place, line in jsondoc.repeats(text, manifest.document):
            lines.setdefault(place, line)
    for place, values in found[:_MOST]:
        yield RepeatedKeyFact(
            path=MANIFEST,
            line=lines.get(place),
            key=shortened(place),
            document=MANIFEST,
            same=all(one == values[0] for one in values[1:]),
        )
    for seen in contents.of(MapSeen):
        for key in seen.map.repeated:
            yield RepeatedKeyFact(
                path=seen.path, line=seen.line, key=key, document="source map", same=False
            )


COLLECTOR = Collector(name="repeated-key", fact=RepeatedKeyFact, collect=collect)
