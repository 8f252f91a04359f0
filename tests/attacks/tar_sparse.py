"""Sparse members: holes that hide a content or fill a disk, and maps that lie."""

from __future__ import annotations

from tests.archives import SDIST, attack
from tests.attacks._packages import KEY, MAP, NPM_MEMBERS, npm, sdist
from tests.tar_bytes import BLOCK, file, gnu_sparse, gz, pax, record, sparse_10

AMBIGUOUS = "ambiguous-archive"
SPECIAL = "special-member"
LATE = file(b"package/late.js", b"late();\n")
HUGE = 2**43
MET = (
    "not looked into: limit member-bytes of 134,217,728 bytes met (found at least"
    " 8,796,093,022,208 bytes); raise it with --limit member-bytes=N"
)
RATIO = (
    "not looked into: limit ratio of 200 to 1 met (found at least {:,} to 1);"
    " raise it with --limit ratio=N"
)
BIG = 100_000_000


@attack(1, [(SPECIAL, "s.bin")])
def old_sparse_member() -> bytes:
    """A file with a hole, as GNU tar stored one first."""
    return npm(gnu_sparse(b"package/s.bin", b"data", claimed=1000, pieces=[(500, 4)]), LATE)


@attack(1, [(SPECIAL, "s.bin"), (AMBIGUOUS, "s.bin")])
def old_sparse_member_with_a_long_map() -> bytes:
    """A map of sixty pieces, which goes on in further blocks."""
    pieces = [(index * 10, 1) for index in range(60)]
    return npm(gnu_sparse(b"package/s.bin", b"x" * 60, claimed=600, pieces=pieces), LATE)


def sparse_00(pieces: list[tuple[int, int]], size: int, content: bytes) -> bytes:
    """Return a member of pax format 0.0, whose records repeat."""
    said = record("GNU.sparse.size", b"%d" % size)
    for offset, length in pieces:
        said += record("GNU.sparse.offset", b"%d" % offset)
        said += record("GNU.sparse.numbytes", b"%d" % length)
    return pax(said) + file(b"package/s.bin", content)


def sparse_01(flat: bytes, size: int, content: bytes) -> bytes:
    """Return a member of pax format 0.1, whose map is one record."""
    said = {"GNU.sparse.size": b"%d" % size, "GNU.sparse.map": flat}
    return pax(said) + file(b"package/s.bin", content)


@attack(1, [(SPECIAL, "s.bin")])
def sparse_member_of_pax_00() -> bytes:
    """Records that repeat, of which other readers keep the last."""
    return npm(sparse_00([(0, 2), (98, 2)], 100, b"data"), LATE)


@attack(1, [(SPECIAL, "s.bin")])
def sparse_member_of_pax_01() -> bytes:
    """The map as one record."""
    return npm(sparse_01(b"0,2,98,2", 100, b"data"), LATE)


@attack(1, [(SPECIAL, "s.bin")])
def sparse_member_of_pax_10() -> bytes:
    """The map in front of the content, which node-tar unpacks with it."""
    return npm(sparse_10(b"package/s.bin", [(0, 2), (98, 2)], 100, b"data"), LATE)


@attack(1, [(SPECIAL, "dist/a.js.map"), ("embedded-sources", "dist/a.js.map")])
def source_map_in_two_pieces() -> bytes:
    """What a sparse member holds is looked into."""
    pieces = [(0, len(MAP) - 1), (len(MAP) - 1, 1)]
    return npm(gnu_sparse(b"package/dist/a.js.map", MAP, claimed=len(MAP), pieces=pieces))


@attack(1, [(SPECIAL, "s.bin"), ("private-key", "s.bin")])
def private_key_between_holes() -> bytes:
    """A key between two holes, in two pieces that only the map joins."""
    half = len(KEY) // 2
    pieces = [(5000, half), (5000 + half, len(KEY) - half)]
    return npm(gnu_sparse(b"package/s.bin", KEY, claimed=100_000, pieces=pieces))


@attack(
    3,
    [(SPECIAL, "s.bin"), ("oversized-artifact", ""), ("oversized-file", "s.bin")],
    [f"s.bin: {MET}"],
)
def hole_of_eight_tebibytes() -> bytes:
    """A hole that fills any disk; what comes behind it is read."""
    return npm(gnu_sparse(b"package/s.bin", b"data", claimed=HUGE), LATE)


@attack(
    3,
    [(SPECIAL, "s.bin"), ("oversized-artifact", ""), ("oversized-file", "s.bin")],
    [f"s.bin: {MET}"],
)
def hole_of_eight_tebibytes_in_pax() -> bytes:
    """The same in the newest format."""
    return npm(sparse_10(b"package/s.bin", [(0, 4)], HUGE, b"data"), LATE)


@attack(
    3,
    [(SPECIAL, "s.bin"), ("oversized-artifact", ""), ("oversized-file", "s.bin")],
    [f"s.bin: {RATIO.format(BIG // 4)}"],
)
def hole_beyond_the_ratio() -> bytes:
    """Four bytes that become a hundred million."""
    return npm(gnu_sparse(b"package/s.bin", b"data", claimed=BIG), LATE)


BAD = "s.bin: not looked into: its sparse map"


@attack(3, [(SPECIAL, "s.bin")], [f"{BAD} is out of order, or overlaps"])
def sparse_map_out_of_order() -> bytes:
    """Two pieces, the later one first."""
    return npm(gnu_sparse(b"package/s.bin", b"data", claimed=10, pieces=[(6, 2), (0, 2)]), LATE)


@attack(3, [(SPECIAL, "s.bin")], [f"{BAD} is out of order, or overlaps"])
def sparse_map_that_overlaps() -> bytes:
    """Two pieces that share a byte."""
    return npm(gnu_sparse(b"package/s.bin", b"data", claimed=10, pieces=[(0, 3), (2, 1)]), LATE)


@attack(3, [(SPECIAL, "s.bin")], [f"{BAD} goes beyond the size that it says"])
def sparse_map_beyond_its_size() -> bytes:
    """A piece behind the end."""
    return npm(gnu_sparse(b"package/s.bin", b"data", claimed=3), LATE)


@attack(3, [(SPECIAL, "s.bin")], [f"{BAD} is of 2 bytes, 4 are stored"])
def sparse_map_of_less_than_is_stored() -> bytes:
    """Bytes that the map has no place for."""
    return npm(sparse_01(b"0,2", 100, b"data"), LATE)


@attack(3, [(SPECIAL, "s.bin")], [f"{BAD} has something else than numbers"])
def sparse_map_of_words() -> bytes:
    """A map that is none."""
    return npm(sparse_01(b"0,four", 100, b"data"), LATE)


@attack(3, [(SPECIAL, "s.bin")], [f"{BAD} is of a format that is not known"])
def sparse_map_of_tomorrow() -> bytes:
    """A version that nobody has written down."""
    said = {"GNU.sparse.major": b"2", "GNU.sparse.minor": b"0", "GNU.sparse.realsize": b"4"}
    return npm(pax(said), file(b"package/s.bin", b"data"), LATE)


@attack(3, [(SPECIAL, "s.bin")], [f"{BAD} has no end"])
def sparse_map_with_a_count_too_large() -> bytes:
    """A count of entries that a reader would make room for."""
    return npm(sparse_10(b"package/s.bin", [], 4, b"", text=b"999999999999\n0\n4\n"), LATE)


@attack(
    3,
    gaps=[
        (
            "LICENSE: not read to the end: a sparse member whose header is not GNU's:"
            " its content cannot be told"
        )
    ],
)
def sparse_member_in_a_header_of_ustar() -> bytes:
    """A type of GNU in a header of another format: where it ends depends on the reader."""
    return npm(file(b"package/s.bin", b"data", type=b"S"), LATE)


@attack(
    3,
    [(AMBIGUOUS, "s.bin")],
    gaps=["LICENSE: not read to the end: cut short: a sparse header has no end"],
)
def sparse_map_that_is_cut_short() -> bytes:
    """A map that says that it goes on, at the archive's end."""
    pieces = [(index * 10, 1) for index in range(60)]
    whole = gnu_sparse(b"package/s.bin", b"x" * 60, claimed=600, pieces=pieces)
    return gz(b"".join(NPM_MEMBERS) + whole[: 2 * BLOCK])


@attack(1, [(SPECIAL, "data.bin")], file=SDIST)
def sparse_member_of_an_sdist() -> bytes:
    """PyPI refuses sparse members."""
    return sdist(gnu_sparse(b"demo_kit-1.0.0/data.bin", b"data", claimed=1000))
