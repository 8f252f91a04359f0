"""Package URLs: what `pkg:npm/%40scope/name@1.0.0?q=1#path` says.

Source: package-url/purl-spec, "How to parse a purl string in its components"; ECMA-427.
"""

from __future__ import annotations

from urllib.parse import unquote

from msgspec import Struct, field

from auditor.lazyre import regex

_TYPE = regex(r"[A-Za-z][A-Za-z0-9.+-]*\Z")
_NPM_LIKE = ("npm", "jsr")


class Purl(Struct, frozen=True, kw_only=True):
    """A package URL; `name` has its namespace before it, as the ecosystem writes the two."""

    type: str
    name: str
    version: str = ""
    qualifiers: dict[str, str] = field(default_factory=dict)


def parse_purl(spelled: str) -> Purl | None:
    """Return what a package URL says; None where the text is none."""
    scheme, _, rest = spelled.strip().partition(":")
    if scheme.lower() != "pkg":
        return None
    rest = rest.lstrip("/").rpartition("#")[0] if "#" in rest else rest.lstrip("/")
    rest, _, query = rest.partition("?")
    kind, _, path = rest.partition("/")
    path = path.strip("/")
    # The last `@` divides; one at the start of a part is a scope that nobody encoded.
    name, at, version = path.rpartition("@")
    if not at or not name or name.endswith("/"):
        name, version = path, ""
    if "/" in version and kind.lower() in _NPM_LIKE:
        name, version = path, ""
    if not _TYPE.match(kind) or not name:
        return None
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return Purl(
        type=kind.lower(),
        name="/".join(unquote(part) for part in name.split("/") if part),
        version=unquote(version),
        qualifiers={key.lower(): unquote(value) for key, _, value in pairs},
    )
