"""Where the texts of a map stand in its document, and what is left beside them: the keys.

Nine tenths of a map are its texts and its mappings. Both are strings, in which no key can stand: a
quote in a JSON string has a backslash before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.maps.reader import Span

_TEXTS = b'"sourcesContent"'
_LIST = regex(rb"\s*+:\s*+\[\s*+")
_NEXT = regex(rb"\s*+,\s*+")
_ITEMS = frozenset({b'"', b"n"})
"""What a text begins with, and the null of one that is not there."""
_STARTS = b'"n'
_PLAIN = b'"sourcesContent":['
_MAPPINGS = regex(rb'"mappings"\s*+:\s*+"')


def of_texts(document: bytes, texts: Iterable[bytes]) -> Sequence[Span]:
    """Return where the items of `sourcesContent` stand, as they are written; nothing where unsure.

    It is sure where each byte there is that of a string or a null.
    """
    key = document.find(_TEXTS)
    begin = _LIST.match(document, key + len(_TEXTS)) if key >= 0 else None
    if begin is None:
        return ()
    spans = []
    position = begin.end()
    for written in texts:
        if written[:1] not in _ITEMS or not document.startswith(written, position):
            return ()
        end = position + len(written)
        spans.append((position, end))
        following = _NEXT.match(document, end)
        position = following.end() if following else end
    return spans


def in_a_row(document: bytes, lengths: Iterable[int]) -> Sequence[Span] | None:
    """Return where those items stand in a document without blanks, given their lengths.

    None where one of them is neither a string nor a null.
    """
    spans = []
    position = document.find(_PLAIN) + len(_PLAIN)
    for length in lengths:
        if document[position] not in _STARTS:
            return None
        spans.append((position, position + length))
        position += length + len(",")
    return spans


def beside(document: bytes, spans: Sequence[Span]) -> Iterator[Span]:
    """Yield the parts of a document in which its keys are: all but the texts and the mappings."""
    ranges = [(0, spans[0][0]), (spans[-1][1], len(document))] if spans else [(0, len(document))]
    for start, end in ranges:
        found = _MAPPINGS.search(document, start, end)
        closing = document.find(b'"', found.end(), end) if found else -1
        if found and closing >= 0 and document.find(b"\\", found.end(), closing) < 0:
            yield start, found.end()
            yield closing, end
        else:
            yield start, end
