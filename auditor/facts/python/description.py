"""Whether a distribution's description renders: reStructuredText that does not is refused.

Rests on "Core metadata specifications", Description-Content-Type, and on the docutils settings of
PyPI's renderer: any warning counts, no file is inserted, no raw markup is let through. We stop at
the document tree, for what the writer makes of it refuses nothing more, and do not colour programs,
for some lexers take quadratic time. Nothing of the machine is read: neither docutils' configuration
files nor what a directive names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from auditor.facts import Collector, Contents, Unread
from auditor.facts.metadata_document import MetadataDocument, document_of
from auditor.lazyre import regex
from auditor.model import ByteCount, Fact
from auditor.pypi import NOTHING
from auditor.safe import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 256 * 1024
"""Characters that are rendered; docutils takes 10 seconds for so many, 60 at worst."""

RST = "text/x-rst"
"""Also what a description is taken for that does not say."""
_TYPES = frozenset({RST, "text/plain", "text/markdown"})
_MARGIN = regex(r"(?m)^(?: {7}\|| {8})")
"""How older tools set off the lines of a description that stands in a header."""
_WARNING = regex(r"<string>:(?P<line>\d+): \(\w+/\d\) (?P<what>.*)", re.DOTALL)
_SETTINGS = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "halt_level": 2,
    "report_level": 5,
    "input_encoding": "unicode",
    "doctitle_xform": False,
    "sectsubtitle_xform": False,
    "smart_quotes": True,
    "strip_comments": True,
    "syntax_highlight": "none",
    "warning_stream": False,
}


class DescriptionFact(Fact, frozen=True, kw_only=True):
    """The description of a wheel or sdist; `line` is where it does not render, else its first."""

    content_type: str
    """`text/x-rst`, `text/markdown` or `text/plain`, parameters left out."""
    declared: bool
    """It has a Description-Content-Type; without one it is taken for reStructuredText."""
    size: ByteCount
    renders: bool
    problem: str
    """Why it does not, in docutils' words; empty where it does."""


def collect(contents: Contents) -> Iterator[DescriptionFact | Unread]:
    """Yield the one fact of a description; nothing for none, or for one of an unknown type."""
    document = document_of(contents)
    if document is None or isinstance(document, Unread):
        return  # what is unread is told with the rest of the metadata
    text, line = _description(document)
    declared = document.first("Description-Content-Type")
    kind = declared.partition(";")[0].strip().lower() or RST
    if not text or kind not in _TYPES:
        return
    place, problem = 1, ""
    if kind == RST:
        if len(text) > LARGEST:
            yield Unread(
                path=document.path,
                reason=f"the description was not rendered: it has over {LARGEST:,} characters",
            )
            return
        try:
            place, problem = rst_problem(text)
        except Exception as trouble:  # noqa: BLE001 - of a parser that is not ours
            name = type(trouble).__name__
            yield Unread(
                path=document.path, reason=f"the description was not rendered: docutils: {name}"
            )
            return
    yield DescriptionFact(
        path=document.path,
        line=line + place - 1,
        key="Description",
        content_type=kind,
        declared=bool(declared),
        size=ByteCount(len(text.encode("utf-8", "surrogatepass"))),
        renders=not problem,
        problem=shortened(problem),
    )


def _description(document: MetadataDocument) -> tuple[str, int]:
    """Return the description and its first line; one that is not UTF-8 is told elsewhere."""
    in_header = document.of("Description")
    if not document.body.strip() and len(in_header) == 1:
        text, line = _MARGIN.sub("", in_header[0].text), in_header[0].line
    else:
        text, line = document.body.decode("utf-8", "replace"), document.body_line
    return ("" if text.strip() in {"", NOTHING} or "\ufffd" in text else text), line


def rst_problem(text: str) -> tuple[int, str]:
    """Return the line, from 1, and the reason why a text does not render; reason empty if it does.

    Raises whatever docutils does on hostile input: RecursionError, and errors of its own.
    """
    from docutils import nodes  # noqa: PLC0415 - half as large as all of us; for rST alone
    from docutils.core import publish_doctree  # noqa: PLC0415 - see above
    from docutils.parsers.rst import roles  # noqa: PLC0415 - see above
    from docutils.utils import SystemMessage  # noqa: PLC0415 - see above

    roles._roles.clear()  # noqa: SLF001 - a text's own roles are kept for the next one
    try:
        tree: Any = publish_doctree(text, settings_overrides=dict(_SETTINGS))
    except SystemMessage as warning:
        return _place(str(warning))
    if all(isinstance(node, nodes.Invisible) for node in tree.children):
        return 1, "nothing of it is shown"
    return 1, ""


def _place(message: str) -> tuple[int, str]:
    found = _WARNING.match(message)
    if not found:
        return 1, " ".join(message.split())
    return int(found["line"]), " ".join(found["what"].split())


COLLECTOR = Collector(name="description", fact=DescriptionFact, collect=collect, python=True)
