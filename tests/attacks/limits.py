"""What costs much: streams that grow, members without number, headers of any size."""

from __future__ import annotations

import bz2
from functools import cache

from tests.archives import WHEEL, attack, sound
from tests.attacks._packages import NPM_MEMBERS, npm, wheel
from tests.tar_bytes import END, deflated_zeros, file, gz_zeros, header, octal, pax, record
from tests.zip_bytes import BZIP2, DEFLATED, Entry, zipped

MIB = 1024 * 1024
ZEROS = 65 * MIB
MET = "not read to the end: limit ratio of 200 to 1 met (found at least {:,} to 1); raise it with"
ROUNDS = 70 * MIB // 258
SIZE = 1 + 258 * ROUNDS


@cache
def bzip2_of_zeros() -> bytes:
    """Return so many zeros, packed once for all who want them."""
    return bz2.compress(bytes(ZEROS))


@attack(
    3,
    [("oversized-artifact", ""), ("oversized-file", "zeros.bin")],
    [f"zeros.bin: {MET.format(876)} --limit ratio=N"],
)
def gzip_of_zeros() -> bytes:
    """Seventy million zeros in seventy thousand bytes."""
    before = b"".join(NPM_MEMBERS) + header(b"package/zeros.bin", size=SIZE)
    return gz_zeros(before, ROUNDS, bytes(-SIZE % 512) + END)


@sound()
def gzip_of_few_zeros() -> bytes:
    """Small and regular is ordinary."""
    return npm(file(b"package/zeros.txt", b"0" * 200_000))


LOST = [("broken-wheel", ""), ("missing-record", "the wheel"), ("excessive-compression", "")]
LARGE = [("oversized-file", "demo_kit/zeros.bin"), ("oversized-artifact", "")]


@attack(
    3,
    [*LOST, *LARGE],
    [f"demo_kit/zeros.bin: {MET.format(946)} --limit ratio=N"],
    file=WHEEL,
)
def zip_entry_of_zeros() -> bytes:
    """The same in a wheel."""
    packed = deflated_zeros(b"", ROUNDS)
    name = b"demo_kit/zeros.bin"
    return wheel(Entry(name=name, data=bytes(SIZE), method=DEFLATED, packed=packed))


@attack(
    3,
    [*LOST, *LARGE, ("refused-archive", "")],
    [f"demo_kit/zeros.bin: {MET.format(821_597)} --limit ratio=N"],
    file=WHEEL,
)
def bzip2_entry_of_zeros() -> bytes:
    """All methods are read under the same budget."""
    packed = bzip2_of_zeros()
    return wheel(Entry(name=b"demo_kit/zeros.bin", data=bytes(ZEROS), method=BZIP2, packed=packed))


@attack(3, [], [f"data.gz: {MET.format(946)} --limit ratio=N"])
def nested_gzip_of_zeros() -> bytes:
    """The same in a file of the package."""
    return npm(file(b"package/data.gz", gz_zeros(b"", ROUNDS)))


@attack(3, [], [f"data.bz2: {MET.format(821_597)} --limit ratio=N"])
def nested_bzip2_of_zeros() -> bytes:
    """bzip2 makes the most of zeros."""
    return npm(file(b"package/data.bz2", bzip2_of_zeros()))


HEADER = (
    "LICENSE: not read to the end: limit header-bytes of 1,048,576 bytes met (found at least"
    " 2,097,152 bytes); raise it with --limit header-bytes=N"
)


@attack(3, [], [HEADER])
def pax_header_of_two_mebibytes() -> bytes:
    """A header that a reader would hold."""
    return npm(header(b"PaxHeader", size=2 * MIB, type=b"x") + bytes(2 * MIB))


@sound()
def pax_header_of_almost_a_mebibyte() -> bytes:
    """A header that is as large as one may be."""
    return npm(pax(record("comment", b"x" * (MIB - 100))), file(b"package/x.js", b"1"))


@attack(
    3,
    [("oversized-artifact", ""), ("oversized-file", "big.bin")],
    [
        (
            "big.bin: not looked into: limit member-bytes of 134,217,728 bytes met (found at least"
            " 8,589,934,591 bytes); raise it with --limit member-bytes=N"
        ),
        "big.bin: not read to the end: cut short: 8,589,933,567 bytes of a member are missing",
    ],
)
def member_of_eight_gibibytes_that_is_not_there() -> bytes:
    """A size that nothing stands behind."""
    return npm(header(b"package/big.bin", size=octal(8**11 - 1)))


@attack(0, [("nested-archive", "a.zip")])
def zip_of_a_thousand_empty_entries() -> bytes:
    """Entries that cost a record each."""
    entries = [Entry(name=b"%d" % index) for index in range(1000)]
    return npm(file(b"package/a.zip", zipped(entries)))
