"""Pages for a browser from our templates: one file that loads nothing, in which no text is markup.

The page's policy (`default-src 'none'`) lets the one style and the one script of this folder work,
known by their digests, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING

from auditor import __version__, words
from auditor.report import _disclosed
from auditor.report._html import page, prose, treemap
from auditor.safe import safe

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST = 2_000
"""Characters of any text; names have fewer."""
NAME = 300
BRIEF = 40
"""For the title of the window."""
_POLICY = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


def rendered(template: str, **values: object) -> str:
    """Return the page that a template makes of some values."""
    from markupsafe import Markup  # noqa: PLC0415 - only where a page is asked for

    environment = _environment()
    style, script = (_resource(environment, name) for name in ("style.css", "script.js"))
    return environment.get_template(template).render(
        **values,
        version=__version__,
        policy=_POLICY.format(script=_digest(script), style=_digest(style)),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
    )


@cache
def _environment() -> Environment:
    """Return the templates' environment: every text that they show is made harmless."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - see rendered
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("auditor.report", "_html"),
        autoescape=True,
        finalize=_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "brief": lambda text: safe(text, BRIEF),
        "bytes": words.size,
        "change": _change,
        "color": treemap.color,
        "counted": words.counted,
        "disclosed": _disclosed.details,
        "inert": Markup,
        "name": lambda text: safe(text, NAME),
        "part": lambda text: safe(text, treemap.LONGEST),
        "place": page.place,
        "spans": prose.spans,
        "within": page.within,
    }
    return environment


def _harmless(value: object) -> object:
    """Return what a template shows: texts through `safe`; Jinja escapes what comes of it."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return safe(value, LONGEST)
    return value


def _resource(environment: Environment, name: str) -> str:
    if environment.loader is None:
        raise TypeError("the environment has no loader")
    return environment.loader.get_source(environment, name)[0].replace("\r\n", "\n")


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _change(after: int, before: int) -> str:
    """Return by how many bytes something grew: `+1.2 MB (+34%)`."""
    grown = after - before
    sign = "+" if grown >= 0 else "−"
    part = f" ({sign}{abs(grown) / before:.0%})" if before and grown else ""
    return f"{sign}{words.size(abs(grown))}{part}"
