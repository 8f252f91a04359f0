"""By which bytes a zip and an asar are told, for who need not read one."""

from __future__ import annotations

import struct

ZIP_END = b"PK\x05\x06"
ZIP_END_SIZE = 22
LONGEST_COMMENT = 0xFFFF
_ASAR_HEAD = 16


def has_zip_end(data: memoryview) -> bool:
    """Tell whether a file ends as a zip archive does."""
    return ZIP_END in bytes(data[max(0, len(data) - LONGEST_COMMENT - ZIP_END_SIZE) :])


def is_asar(head: bytes) -> bool:
    """Tell an asar by its four numbers, which follow from each other, and the JSON's start."""
    if len(head) <= _ASAR_HEAD or head[:4] != b"\4\0\0\0":
        return False
    _, outer, inner, size = struct.unpack_from("<4I", head)
    return outer == inner + 4 and inner - 4 - 3 <= size <= inner - 4 and head[16:17] == b"{"
