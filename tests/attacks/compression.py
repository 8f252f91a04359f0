"""Compressed streams: cut, damaged, several in a row, of two formats at once, or none at all."""

from __future__ import annotations

import bz2
import lzma

from tests.archives import SDIST, attack, sound
from tests.attacks._packages import KEY, MAP, NPM_MEMBERS, npm, npm_tar, sdist, wheel
from tests.tar_bytes import END, archive, file, gz
from tests.zip_bytes import Entry, zstd_packed

AMBIGUOUS = "ambiguous-archive"
CUT = "not read to the end: cut short: the compressed stream has no end"
DAMAGED = "not read to the end: the compressed stream is damaged"
NO_ARCHIVE = "not read to the end: not an archive: neither gzip, bzip2, xz, Zstandard nor tar"
LATE = file(b"package/late.js.map", MAP)
LATE_FOUND = ("embedded-sources", "late.js.map")


@attack(3, gaps=[f"LICENSE: {CUT}"])
def gzip_without_its_trailer() -> bytes:
    """The tar is whole, the stream is not: who stops at the end blocks never notices."""
    return npm()[:-8]


@attack(3, gaps=[f"LICENSE: {CUT}"])
def gzip_without_its_last_byte() -> bytes:
    """One byte of the length is missing."""
    return npm()[:-1]


@attack(3, gaps=[CUT])
def gzip_of_a_header_alone() -> bytes:
    """Ten bytes of header."""
    return npm()[:10]


@attack(3, gaps=[CUT])
def gzip_of_a_magic_alone() -> bytes:
    """The first two bytes."""
    return npm()[:2]


@attack(3, gaps=[DAMAGED])
def gzip_with_a_wrong_checksum() -> bytes:
    """The members are whole, the checksum says that they are others."""
    return gz(npm_tar(), crc=1)


@attack(3, gaps=[DAMAGED])
def gzip_with_a_wrong_length() -> bytes:
    """A trailer that says another length."""
    return gz(npm_tar(), length=7)


@attack(3, gaps=[f"{DAMAGED} (reserved flags are set)"])
def gzip_with_reserved_flags() -> bytes:
    """Flags that must be zero: isal passes over them, zlib does not."""
    return gz(npm_tar(), flags=0x20)


@attack(1, [(AMBIGUOUS, "")])
def bytes_behind_a_gzip() -> bytes:
    """Bytes that are no stream."""
    return npm() + b"anything" * 8


@attack(1, [(AMBIGUOUS, ""), ("private-key", "(behind the archive)")])
def private_key_behind_a_gzip() -> bytes:
    """Bytes behind the stream are looked into as a file is."""
    return npm() + KEY


@attack(1, [(AMBIGUOUS, ""), LATE_FOUND])
def tar_over_two_gzip_members() -> bytes:
    """The second part of the tar is in a member of its own, which flate2 does not read."""
    whole = npm_tar(LATE)
    return gz(whole[:3072]) + gz(whole[3072:])


@attack(1, [(AMBIGUOUS, ""), (AMBIGUOUS, "late.js.map"), LATE_FOUND])
def second_archive_in_a_second_gzip_member() -> bytes:
    """An archive behind the first one's end, in a stream of its own."""
    return npm() + gz(archive(LATE))


@attack(1, [(AMBIGUOUS, ""), (AMBIGUOUS, "late.js.map"), LATE_FOUND])
def second_gzip_member_behind_zeros() -> bytes:
    """tarfile passes over zeros between members, zlib in Node.js stops there."""
    return npm() + bytes(700) + gz(archive(LATE))


@attack(1, [(AMBIGUOUS, "")])
def second_gzip_member_of_nothing() -> bytes:
    """A second member, though an empty one."""
    return npm() + gz(b"")


@attack(3, [], [f"LICENSE: {CUT}"])
def second_gzip_member_that_is_cut_short() -> bytes:
    """The beginning of a second stream."""
    return npm() + gz(archive(LATE))[:40]


@attack(1, [(AMBIGUOUS, ""), ("embedded-sources", "(behind the archive)!package/late.js.map")])
def bzip2_behind_a_gzip() -> bytes:
    """A stream of another format behind the first is looked into."""
    return npm() + bz2.compress(archive(LATE))


@attack(1, [(AMBIGUOUS, ""), ("embedded-sources", "(behind the archive)!package/late.js.map")])
def xz_behind_a_gzip() -> bytes:
    """The same with xz."""
    return npm() + lzma.compress(archive(LATE))


@attack(1, [(AMBIGUOUS, ""), ("embedded-sources", "(behind the archive)!package/late.js.map")])
def zstandard_behind_a_gzip() -> bytes:
    """The same with Zstandard."""
    return npm() + zstd_packed(archive(LATE))


@attack(1, [(AMBIGUOUS, ""), ("embedded-sources", "(behind the archive)!late.js.map")])
def bzip2_behind_zeros_behind_a_gzip() -> bytes:
    """Zeros in front do not hide what comes then."""
    return npm() + bytes(3) + bz2.compress(archive(file(b"late.js.map", MAP)))


@attack(
    1,
    [
        (AMBIGUOUS, ""),
        ("embedded-sources", "(as a zip archive)!demo_kit/late.js.map"),
        ("embedded-sources", "(behind the archive)!demo_kit/late.js.map"),
    ],
)
def zip_behind_a_gzip() -> bytes:
    """A tarball for who reads from the beginning, a zip for who reads from the end (pip asks for
    the latter first)."""
    return npm() + wheel(Entry(name=b"demo_kit/late.js.map", data=MAP))


@attack(1, [("private-key", "(beside the compressed data)")])
def private_key_in_a_gzip_header() -> bytes:
    """A comment in the header of the stream, which no unpacker shows."""
    return gz(npm_tar(), flags=0x10, extra=KEY + b"\0")


@attack(1, [("private-key", "(beside the compressed data)")])
def private_key_in_an_extra_field_of_gzip() -> bytes:
    """A field in the header of the stream."""
    field = b"XX" + len(KEY).to_bytes(2, "little") + KEY
    return gz(npm_tar(), flags=0x04, extra=len(field).to_bytes(2, "little") + field)


@sound()
def gzip_with_a_name_and_a_comment() -> bytes:
    """A header that says what the file was called."""
    return gz(npm_tar(), flags=0x18, extra=b"demo-kit-1.0.0.tar\0made by hand\0")


@sound()
def gzip_with_zeros_behind() -> bytes:
    """Padding up to a block of a tape."""
    return npm() + bytes(10_000)


@sound()
def gzip_that_is_not_compressed() -> bytes:
    """Stored blocks."""
    return gz(npm_tar(), level=0)


@sound()
def no_compression_at_all() -> bytes:
    """A plain tar under the name of a tarball."""
    return npm_tar()


@sound()
def bzip2_under_the_name_of_a_gzip() -> bytes:
    """The content tells."""
    return bz2.compress(npm_tar())


@sound()
def xz_under_the_name_of_a_gzip() -> bytes:
    """The content tells."""
    return lzma.compress(npm_tar())


@sound()
def zstandard_under_the_name_of_a_gzip() -> bytes:
    """The content tells."""
    return zstd_packed(npm_tar())


@attack(3, gaps=[CUT])
def bzip2_that_is_cut_short() -> bytes:
    """The first half of a stream."""
    packed = bz2.compress(npm_tar())
    return packed[: len(packed) // 2]


@attack(3, gaps=[CUT])
def xz_that_is_cut_short() -> bytes:
    """The first bytes of a stream."""
    return lzma.compress(npm_tar())[:60]


@attack(3, gaps=[DAMAGED])
def xz_that_is_damaged() -> bytes:
    """A changed byte in the block's header."""
    packed = bytearray(lzma.compress(npm_tar()))
    packed[14] ^= 0xFF
    return bytes(packed)


@attack(3, gaps=["not read to the end: the compressed stream asks for too much memory"])
def xz_that_asks_for_a_gibibyte() -> bytes:
    """A dictionary that a decoder would make room for."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1024**3}]
    return lzma.compress(npm_tar(), filters=filters)


def skippable(content: bytes) -> bytes:
    """Return a frame of Zstandard that decoders skip."""
    return b"\x50\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content


@attack(1, [("private-key", "(beside the compressed data)")])
def private_key_in_a_frame_that_is_skipped() -> bytes:
    """A frame in front of the data that no decoder hands out."""
    return skippable(KEY) + zstd_packed(npm_tar())


@sound()
def skipped_frame_behind_the_data() -> bytes:
    """What estargz keeps there."""
    return zstd_packed(npm_tar()) + skippable(b"an index of its own")


@attack(3, gaps=["not read to the end: an empty file, not an archive"])
def nothing_at_all() -> bytes:
    """An empty file."""
    return b""


@attack(3, gaps=[NO_ARCHIVE])
def web_page() -> bytes:
    """What a proxy answers in place of a package."""
    return b"<!doctype html>\n<title>404 Not Found</title>\n"


@attack(3, gaps=[NO_ARCHIVE])
def words_that_begin_as_bzip2_does() -> bytes:
    """A text that begins with the letters of bzip2."""
    return b"BZh9 is how a stream of bzip2 begins\n"


@attack(3, gaps=["not read to the end: cut short: 13 bytes where a header must stand"])
def gzip_of_a_text() -> bytes:
    """A stream that holds no archive."""
    return gz(b"Hello, world\n")


@attack(3, gaps=["not read to the end: no members: this is no tar archive, or an empty one"])
def gzip_of_nothing() -> bytes:
    """A stream that holds nothing."""
    return gz(b"")


@attack(3, gaps=["LICENSE: not read to the end: cut short: 300 bytes where a header must stand"])
def tar_that_is_cut_short_in_a_whole_gzip() -> bytes:
    """The stream is sound, the archive in it is not."""
    return gz(b"".join(NPM_MEMBERS) + LATE[:300])


@attack(1, [(AMBIGUOUS, "")], file=SDIST)
def sdist_over_two_gzip_members() -> bytes:
    """uv reads the first member of a stream alone."""
    return sdist() + gz(END)
