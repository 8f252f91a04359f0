"""Large pages: what is asked for, of which memory, and that nothing in it changes."""

from __future__ import annotations

import ctypes
import mmap
from pathlib import Path

import pytest

from auditor.archives import pages
from auditor.archives.pages import by_large_pages

MAPS = Path("/proc/self/smaps")
MIB = 1024 * 1024


def flags_at(address: int) -> list[str]:
    """Return what the system says of the memory that an address lies in (proc(5), VmFlags)."""
    inside = False
    for line in MAPS.read_text().splitlines():
        word = line.split(" ", 1)[0]
        if "-" in word and not word.endswith(":"):
            begin, end = (int(part, 16) for part in word.split("-"))
            inside = begin <= address < end
        elif inside and word == "VmFlags:":
            return line.split()[1:]
    return []


@pytest.mark.skipif(
    not hasattr(mmap, "MADV_HUGEPAGE") or not MAPS.exists(), reason="Linux alone has them"
)
@pytest.mark.parametrize("offset", [0, 1, 4095, 4096, 5000])
def test_all_whole_pages_of_a_memory_are_asked_for(offset: int) -> None:
    memory = bytearray(64 * MIB)
    begin = ctypes.addressof(ctypes.c_char.from_buffer(memory))

    by_large_pages(memoryview(memory)[offset:])

    assert "hg" in flags_at(begin + offset + 4096)
    assert "hg" in flags_at(begin + len(memory) - 4096)


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 3 * MIB])
def test_nothing_in_it_changes(size: int) -> None:
    memory = bytearray(b"x" * size)

    by_large_pages(memoryview(memory))

    assert memory == b"x" * size


def test_a_system_that_has_none_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_ADVICE", None)
    monkeypatch.setattr(ctypes, "CDLL", None)

    by_large_pages(memoryview(bytearray(MIB)))
