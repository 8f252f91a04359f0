"""Landlock: which files a process may still open, and that it may reach nothing over TCP.

Source: landlock(7) and the kernel's `include/uapi/linux/landlock.h`, up to ABI 7. A kernel with an
older ABI knows fewer rights; those that it knows are all taken away.
"""

from __future__ import annotations

import ctypes
import os
import stat
from typing import TYPE_CHECKING

from auditor.sandbox import _kernel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""Numbers of the system calls, the same on all machines."""
_ASK_VERSION = 1
_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_WRITE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 1, 1 << 7, 1 << 8
_OF_FILES = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many rights on files there are from an ABI on: they are the lowest bits of a word."""
_TCP = 0b11
"""Binding and connecting, from ABI 4 on."""
_SCOPES = 0b11
"""Abstract sockets and signals to processes outside, from ABI 6 on."""


class _Handled(ctypes.Structure):
    """`struct landlock_ruleset_attr`: the rights that are taken away where no rule gives them."""

    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _Rule(ctypes.Structure):
    """`struct landlock_path_beneath_attr`."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def abi() -> int:
    """Return the version of Landlock that the kernel has switched on; 0 for none."""
    try:
        return _kernel.call(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    except OSError:
        return 0


def restrict(reads: Iterable[Path], writes: Iterable[Path]) -> None:
    """Leave a process, for good, only what lies at or below some paths; raise OSError.

    Of `reads` files and folders can be opened and listed, below `writes` new ones be made as well.
    What is not there now is left out. What is open already stays open. Nothing can be executed.
    """
    version = abi()
    rights = (1 << max(count for since, count in _OF_FILES.items() if since <= version)) - 1
    handled = _Handled(
        files=rights,
        network=_TCP if version >= 4 else 0,
        scopes=_SCOPES if version >= 6 else 0,
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _kernel.call(
        _CREATE, ctypes.byref(handled), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    try:
        for path in reads:
            _allow(ruleset, path, _READ_FILE | _READ_DIR)
        for path in writes:
            _allow(ruleset, path, _READ_DIR | _WRITE_FILE | _MAKE_DIR | _MAKE_REG)
        _kernel.call(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what cannot be reached now needs no right to be reached
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _READ_FILE | _WRITE_FILE  # the kernel refuses those that files do not have
        rule = _Rule(rights=rights, folder=place)
        _kernel.call(
            _ADD,
            ctypes.c_int(ruleset),
            ctypes.c_int(_BENEATH),
            ctypes.byref(rule),
            ctypes.c_uint32(0),
        )
    finally:
        os.close(place)
