"""Files of native code by how they begin; what their tables say is told by `tables`.

Asked of every file, so that nothing is imported here.
"""

from __future__ import annotations

WASM = b"\0asm"
MACHO_THIN = (b"\xfe\xed\xfa\xce", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xcf\xfa\xed\xfe")
"""Of 32 bits, the most significant byte first and last, and of 64 bits."""
MACHO_FAT = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
"""With offsets of 32 and of 64 bits."""
STARTS = frozenset({b"\x7fELF", b"!<ar", b"Micr", b"BSJB", WASM, *MACHO_THIN, *MACHO_FAT})
"""The first four bytes of what is not PE, which begins with two that stand elsewhere, too."""
HEADS = frozenset({b"MZ", *(start[:2] for start in STARTS)})
"""The first two bytes of every file for which `tables.inspect` has an answer."""
ANCHORS = frozenset({b"\x10sourceMappingURL", b"\x13external_debug_info"})
"""Literals in every file for which `tables.links` has an answer: the names of sections with an
address, each behind its length. No text holds those."""
_LOOKED_AT = 8192


def is_binary(data: bytes) -> bool:
    """Tell a file that is no text: of a format that we know, or with a zero byte near its start."""
    return data[:4] in STARTS or b"\0" in data[:_LOOKED_AT]
