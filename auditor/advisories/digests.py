"""Digests of tarballs in whatever spelling, as algorithm and bytes.

Subresource Integrity (W3C, section 3.5) allows several digests in one text, options behind `?`,
and base64; pip writes `sha256:<hex>`, an address may end in `#sha256=<hex>`, and yarn 1 puts the
bare SHA-1 behind `#`.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTHS = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
"""Bytes of a digest by its algorithm."""
_BY_HEX = {length * 2: algorithm for algorithm, length in LENGTHS.items()}
_SPELLED = regex(r"(sha(?:1|256|384|512))[-:=]([0-9A-Za-z+/=_-]{26,128})(?:\?.*)?\Z", re.IGNORECASE)
_HEX = regex(r"[0-9a-fA-F]+\Z")
_LONGEST = 8192

Key = tuple[str, bytes]


def key_of(text: str) -> Key | None:
    """Return the algorithm and bytes of one digest; None for what is none."""
    found = _SPELLED.match(text)
    if found is None:
        algorithm = _BY_HEX.get(len(text))
        return (algorithm, bytes.fromhex(text)) if algorithm and _HEX.match(text) else None
    algorithm, value = found[1].lower(), found[2]
    length = LENGTHS[algorithm]
    if len(value) == 2 * length and _HEX.match(value):
        return algorithm, bytes.fromhex(value)
    plain = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = binascii.a2b_base64(plain + "=" * (-len(plain) % 4))
    except ValueError:
        return None
    return (algorithm, data) if len(data) == length else None


def keys_of(text: str) -> Iterator[Key]:
    """Yield every digest that a text of one or several names."""
    for part in text[:_LONGEST].split():
        if key := key_of(part):
            yield key


def of_address(address: str) -> Key | None:
    """Return the digest in an address's fragment: `#<40 hex>`, `#sha256=<hex>`."""
    _, mark, fragment = address.partition("#")
    return key_of(fragment.partition("&")[0]) if mark else None
