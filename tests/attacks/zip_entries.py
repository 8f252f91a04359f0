"""Zip entries: methods, encryption, sizes that lie, names, links, and RECORD."""

from __future__ import annotations

import struct
import zlib

from tests.archives import WHEEL, attack, sound
from tests.attacks._packages import INFO, KEY, MAP, MODULE, recorded, wheel, wheel_entries
from tests.zip_bytes import (
    BZIP2,
    DEFLATE64,
    DEFLATED,
    LZMA,
    PPMD,
    XZ,
    ZSTD,
    Entry,
    deflated,
    lzma_packed,
    zipped,
)

AMBIGUOUS = "ambiguous-archive"
REFUSED = "refused-archive"
FILE = b"demo_kit/a.py"
PATH = FILE.decode()
DATA = b"a = 1\n"
NAMES = b"demo_kit/x.js.map"
MAP_FOUND = ("embedded-sources", NAMES.decode())


@sound(file=WHEEL)
def deflated_entry() -> bytes:
    """What every wheel has."""
    return wheel(Entry(name=FILE, data=DATA * 500, method=DEFLATED))


@attack(1, [(REFUSED, ""), MAP_FOUND], file=WHEEL)
def entry_of_bzip2() -> bytes:
    """A method that zipfile reads and indexes refuse: what it holds is looked into."""
    return wheel(Entry(name=NAMES, data=MAP, method=BZIP2))


@attack(1, [(REFUSED, ""), MAP_FOUND], file=WHEEL)
def entry_of_lzma() -> bytes:
    """LZMA without a mark at its end."""
    return wheel(Entry(name=NAMES, data=MAP, method=LZMA))


@attack(1, [(REFUSED, ""), MAP_FOUND], file=WHEEL)
def entry_of_xz() -> bytes:
    """xz, which few readers have."""
    return wheel(Entry(name=NAMES, data=MAP, method=XZ))


@attack(1, [(REFUSED, ""), MAP_FOUND], file=WHEEL)
def entry_of_zstandard() -> bytes:
    """Zstandard, which newer readers have."""
    return wheel(Entry(name=NAMES, data=MAP, method=ZSTD))


GAP = f"{PATH}: not looked into:"


@attack(3, [(REFUSED, "")], [f"{GAP} the compression method deflate64 is not read"], file=WHEEL)
def entry_of_deflate64() -> bytes:
    """What Windows writes for large files."""
    return wheel(Entry(name=FILE, data=DATA, method=DEFLATE64))


@attack(3, [(REFUSED, "")], [f"{GAP} the compression method PPMd is not read"], file=WHEEL)
def entry_of_ppmd() -> bytes:
    """What 7-Zip writes for texts."""
    return wheel(Entry(name=FILE, data=DATA, method=PPMD))


@attack(3, [(REFUSED, "")], [f"{GAP} the compression method number 77 is not read"], file=WHEEL)
def entry_of_a_method_that_nobody_knows() -> bytes:
    """A number without a meaning."""
    return wheel(Entry(name=FILE, data=DATA, method=77))


@attack(3, [], [f"{GAP} the entry is encrypted"], file=WHEEL)
def encrypted_entry() -> bytes:
    """Who has the password sees another package."""
    return wheel(Entry(name=FILE, data=DATA, flags=1))


@attack(3, [], [f"{GAP} the entry is encrypted"], file=WHEEL)
def strongly_encrypted_entry() -> bytes:
    """PKWARE's own encryption."""
    return wheel(Entry(name=FILE, data=DATA, flags=0x41))


@attack(3, [(REFUSED, "")], [f"{GAP} the entry is encrypted"], file=WHEEL)
def entry_encrypted_with_aes() -> bytes:
    """WinZip's way: method 99."""
    return wheel(Entry(name=FILE, data=DATA, method=99, flags=1))


@attack(3, [], [f"{GAP} the entry is a patch for another file"], file=WHEEL)
def entry_that_is_a_patch() -> bytes:
    """Compressed patched data, which nobody reads."""
    return wheel(Entry(name=FILE, data=DATA, flags=0x20))


@attack(3, [], [f"{GAP} the checksum is wrong"], file=WHEEL)
def wrong_checksum_of_an_entry() -> bytes:
    """Both headers have the checksum of another content."""
    crc = {"crc": 7}
    return wheel(Entry(name=FILE, data=DATA, local=crc, central=crc))


@attack(3, [], [f"{GAP} inflates to more than the 3 bytes declared"], file=WHEEL)
def entry_larger_than_it_says() -> bytes:
    """A small size for a content without an end."""
    size = {"size": 3}
    return wheel(Entry(name=FILE, data=DATA, method=DEFLATED, local=size, central=size))


@attack(3, [], [f"{GAP} inflates to 6 bytes where 9 are declared"], file=WHEEL)
def entry_smaller_than_it_says() -> bytes:
    """A size that the content does not reach."""
    size = {"size": 9}
    return wheel(Entry(name=FILE, data=DATA, method=DEFLATED, local=size, central=size))


@attack(3, [], [f"{GAP} the compressed content is cut short"], file=WHEEL)
def deflate_that_is_cut_short() -> bytes:
    """A stream without its last bytes."""
    return wheel(Entry(name=FILE, data=DATA, packed=deflated(DATA)[:-3], method=DEFLATED))


@attack(3, [], [f"{GAP} the compressed content is damaged"], file=WHEEL)
def deflate_that_is_damaged() -> bytes:
    """A block of a type that there is not."""
    return wheel(Entry(name=FILE, data=DATA, packed=b"\x07" + deflated(DATA), method=DEFLATED))


@attack(3, [], [f"{GAP} bytes behind the compressed content"], file=WHEEL)
def bytes_behind_a_deflated_content() -> bytes:
    """Bytes inside the entry and behind its stream."""
    return wheel(Entry(name=FILE, data=DATA, packed=deflated(DATA) + b"hidden", method=DEFLATED))


@attack(3, [], [f"{GAP} bytes behind the compressed content"], file=WHEEL)
def two_deflated_streams_in_one_entry() -> bytes:
    """A second stream behind the first."""
    return wheel(Entry(name=FILE, data=DATA, packed=deflated(DATA) * 2, method=DEFLATED))


@attack(
    3,
    [(REFUSED, "")],
    [f"{GAP} the compressed content is damaged (its LZMA properties are none)"],
    file=WHEEL,
)
def lzma_with_impossible_properties() -> bytes:
    """Numbers of bits that LZMA does not have."""
    packed = bytearray(lzma_packed(DATA))
    packed[4] = 255
    return wheel(Entry(name=FILE, data=DATA, packed=bytes(packed), method=LZMA))


@attack(
    3,
    [(REFUSED, "")],
    [f"{GAP} its LZMA dictionary takes 4,294,967,295 bytes of memory"],
    file=WHEEL,
)
def lzma_that_asks_for_four_gigabytes() -> bytes:
    """A dictionary that a decoder would make room for."""
    packed = bytearray(lzma_packed(DATA))
    packed[5:9] = struct.pack("<L", 0xFFFFFFFF)
    return wheel(Entry(name=FILE, data=DATA, packed=bytes(packed), method=LZMA))


@attack(3, [(REFUSED, "")], [f"{GAP} inflates to more than the 3 bytes declared"], file=WHEEL)
def bzip2_larger_than_it_says() -> bytes:
    """Sizes are checked for every method."""
    size = {"size": 3}
    return wheel(Entry(name=FILE, data=DATA, method=BZIP2, local=size, central=size))


@attack(1, [("duplicate-member", PATH), ("record-mismatch", PATH)], file=WHEEL)
def same_name_twice_in_the_directory() -> bytes:
    """Two entries of one name: zipfile reads the last."""
    entries = wheel_entries(Entry(name=FILE, data=DATA))
    return zipped([Entry(name=FILE, data=b"import os\n"), *entries])


@attack(1, [("duplicate-member", PATH), ("record-mismatch", PATH)], file=WHEEL)
def same_place_by_another_spelling() -> bytes:
    """`//` and `.` are parts that no unpacker keeps."""
    entries = wheel_entries(Entry(name=FILE, data=DATA))
    return zipped([Entry(name=b"demo_kit//./a.py", data=b"import os\n"), *entries])


@attack(1, [("case-collision", PATH)], file=WHEEL)
def names_that_differ_in_case() -> bytes:
    """One file on macOS and Windows."""
    return wheel(Entry(name=FILE, data=DATA), Entry(name=b"demo_kit/A.py", data=b"b = 1\n"))


@attack(
    1,
    [("archive-path-escape", "../evil.py")],
    file="demo.zip",
)
def name_that_climbs_out() -> bytes:
    """What a zip slip is."""
    return zipped([Entry(name=b"../evil.py", data=DATA)])


@attack(1, [("archive-path-escape", "etc/cron.d/job")], file="demo.zip")
def absolute_name() -> bytes:
    """A path from the root."""
    return zipped([Entry(name=b"/etc/cron.d/job", data=DATA)])


@attack(1, [(AMBIGUOUS, "a\0.txt")], file="demo.zip")
def name_with_a_nul() -> bytes:
    """zipfile cuts a name at a NUL."""
    return zipped([Entry(name=b"a\0.txt", data=DATA)])


@attack(1, [(AMBIGUOUS, "é.py")], file="demo.zip")
def name_without_its_encoding() -> bytes:
    """UTF-8 without the flag: zipfile reads code page 437."""
    return zipped([Entry(name="é.py".encode(), data=DATA)])


@attack(1, [(AMBIGUOUS, "caf\u0398.py")], file="demo.zip")
def name_in_another_code_page() -> bytes:
    """A byte that is no UTF-8: who knows the code page?"""
    return zipped([Entry(name=b"caf\xe9.py", data=DATA)])


@sound(file="demo.zip")
def name_in_utf_8() -> bytes:
    """The flag says what the name is."""
    return zipped([Entry(name="é.py".encode(), data=DATA, flags=0x800)])


@attack(1, [(AMBIGUOUS, "caf\\xe9.py")], file="demo.zip")
def name_that_is_no_utf_8() -> bytes:
    """The flag says UTF-8, the bytes are none."""
    return zipped([Entry(name=b"caf\xe9.py", data=DATA, flags=0x800)])


@attack(1, [(AMBIGUOUS, "")], file="demo.zip")
def entry_without_a_name() -> bytes:
    """A name of no bytes."""
    return zipped([Entry(name=b"", data=DATA), Entry(name=b"b.py", data=DATA)])


@attack(1, [("link-escape", "demo_kit/l")], file=WHEEL)
def link_out_of_the_wheel() -> bytes:
    """A symbolic link, by the attributes of Unix."""
    return wheel(Entry(name=b"demo_kit/l", data=b"../../../etc/passwd", mode=0o120777))


@attack(0, [("linked-member", "demo_kit/l")], file=WHEEL)
def link_inside_the_wheel() -> bytes:
    """A link that stays inside is a text file for installers."""
    return wheel(
        Entry(name=b"demo_kit/l", data=b"a.py", mode=0o120777), Entry(name=FILE, data=DATA)
    )


@attack(1, [("link-escape", "demo_kit/l")], file=WHEEL)
def link_whose_target_is_deflated() -> bytes:
    """A target that only inflating shows."""
    target = b"../" * 50 + b"etc/passwd"
    return wheel(Entry(name=b"demo_kit/l", data=target, method=DEFLATED, mode=0o120777))


@attack(1, [("link-escape", "demo_kit/l"), ("private-key", "demo_kit/l")], file=WHEEL)
def private_key_as_the_target_of_a_link() -> bytes:
    """zipfile writes the target as a file: it is looked into."""
    data = KEY + b"x" * 5000
    return wheel(Entry(name=b"demo_kit/l", data=data, mode=0o120777))


@attack(1, [("special-member", "demo_kit/d")], file=WHEEL)
def device_in_a_wheel() -> bytes:
    """A device by the attributes of Unix."""
    return wheel(Entry(name=b"demo_kit/d", mode=0o020666))


@attack(1, [("special-member", "demo_kit/s"), ("private-key", "demo_kit/s")], file=WHEEL)
def private_key_in_a_socket() -> bytes:
    """A type that no archive holds, with content."""
    return wheel(Entry(name=b"demo_kit/s", data=KEY, mode=0o140666))


@attack(1, [("special-member", "demo_kit/run")], file=WHEEL)
def set_user_id_in_a_wheel() -> bytes:
    """A program with its owner's rights, packed on macOS."""
    return wheel(Entry(name=b"demo_kit/run", data=b"#!/bin/sh\n", mode=0o104755, made_by=19 << 8))


@sound(file=WHEEL)
def folders_of_a_wheel() -> bytes:
    """Folders as entries, one of them deflated as some writers do."""
    empty = Entry(name=b"demo_kit/b/", method=DEFLATED, packed=b"\x03\0", mode=0o040755)
    return wheel(Entry(name=b"demo_kit/", mode=0o040755), empty)


# RECORD


@attack(1, [("unrecorded-file", PATH)], file=WHEEL)
def file_that_record_does_not_list() -> bytes:
    """A file that nobody vouches for."""
    entries = wheel_entries()
    return zipped([Entry(name=FILE, data=DATA), *entries])


@attack(1, [("phantom-record-entry", PATH)], file=WHEEL)
def record_of_a_file_that_is_not_there() -> bytes:
    """A line without a file."""
    entries = wheel_entries()[:-1]
    record = recorded([*entries, Entry(name=FILE, data=DATA)])
    return zipped([*entries, Entry(name=INFO + b"RECORD", data=record)])


@attack(1, [("record-mismatch", "demo_kit/__init__.py")], file=WHEEL)
def record_of_another_content() -> bytes:
    """The digest of another file."""
    entries = wheel_entries()[:-1]
    record = recorded([Entry(name=b"demo_kit/__init__.py", data=MODULE + b"#"), *entries[1:]])
    return zipped([*entries, Entry(name=INFO + b"RECORD", data=record)])


@attack(1, [("missing-record", INFO.decode() + "RECORD")], file=WHEEL)
def wheel_without_a_record() -> bytes:
    """Nothing says what belongs to it."""
    return zipped(wheel_entries()[:-1])


@attack(1, [("malformed-record", INFO.decode() + "RECORD")], file=WHEEL)
def record_of_nonsense() -> bytes:
    """A RECORD with a line of one field."""
    entries = wheel_entries()
    last = entries[-1]
    return zipped([*entries[:-1], Entry(name=last.name, data=last.data + b"nonsense\n")])


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def crc_that_is_right_for_two_contents() -> bytes:
    """A name that only the local header spells otherwise, with a right checksum."""
    local = {"name": FILE.upper(), "crc": zlib.crc32(DATA)}
    return wheel(Entry(name=FILE, data=DATA, local=local))
