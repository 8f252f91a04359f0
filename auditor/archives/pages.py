"""Memory of many megabytes by large pages, which Linux gives to who asks.

Memory comes by pages of 4 KiB, each at its first touch: 60 MB take 15,000 turns of the system, 40
ms, and 7 more to be given back. By pages of 2 MiB that is 12 ms and 0.5; on a virtual machine 20 to
150 now and then, where the host has to find the memory first.
"""

from __future__ import annotations

import mmap

_ADVICE: int | None = getattr(mmap, "MADV_HUGEPAGE", None)
"""Of madvise(2); Linux alone has it."""


def by_large_pages(memory: memoryview) -> None:
    """Ask for large pages for memory that nobody has touched; where there are none, do nothing."""
    if _ADVICE is None:
        return
    try:
        import ctypes  # noqa: PLC0415 - for many megabytes alone
    except ImportError:  # Python can be built without it
        return
    begin = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    first = begin + -begin % mmap.PAGESIZE
    size = max(begin + len(memory) - first, 0)
    # that it is refused changes nothing: an advice
    ctypes.CDLL(None).madvise(ctypes.c_void_p(first), ctypes.c_size_t(size), _ADVICE)
