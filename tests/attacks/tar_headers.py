"""Tar headers: checksums, sizes, names, types and formats that readers make different things of."""

from __future__ import annotations

from tests.archives import attack, sound
from tests.attacks._packages import KEY, MAP, NPM_MEMBERS, npm, npm_tar
from tests.tar_bytes import BLOCK, END, GNU, V7, archive, base256, file, gnu_long, gz, header, octal

AMBIGUOUS = "ambiguous-archive"
CHECKSUM = "not read to the end: a header's checksum is wrong; nothing behind it can be trusted"
SPECIAL = "special-member"
LATE = file(b"package/late.js", b"late();\n")


@attack(3, gaps=[f"LICENSE: {CHECKSUM}"])
def wrong_checksum() -> bytes:
    """A header whose checksum is wrong: tarfile stops there in silence, GNU tar reads on."""
    return npm(file(b"package/bad.js", b"1", checksum=b"001234\0 "), LATE)


@attack(3, gaps=[f"LICENSE: {CHECKSUM}"])
def checksum_of_letters() -> bytes:
    """A checksum that is no number."""
    return npm(file(b"package/bad.js", checksum=b"zzzzzz\0 "), LATE)


@attack(3, gaps=[f"LICENSE: {CHECKSUM}"])
def blank_checksum() -> bytes:
    """A checksum of blanks."""
    return npm(file(b"package/bad.js", checksum=b" " * 8), LATE)


@attack(1, [(AMBIGUOUS, "é.js")])
def signed_checksum() -> bytes:
    """A checksum over signed bytes: Go and tarfile take it, node-tar and tar-rs do not."""
    return npm(file("package/é.js".encode(), b"1", signed=True), LATE)


@sound()
def unsigned_checksum_over_high_bytes() -> bytes:
    """The same name with the checksum that all readers compute."""
    return npm(file("package/é.js".encode(), b"1"), LATE)


@attack(3, gaps=[f"empty.js: {CHECKSUM}"])
def size_zero_with_content() -> bytes:
    """A size of 0 where content follows, which is then read as a header."""
    return npm(header(b"package/empty.js"), b"console.log(1)".ljust(BLOCK, b"\0"), LATE)


@attack(3, gaps=["long.js: not read to the end: cut short: 97,440 bytes of a member are missing"])
def size_that_swallows_what_follows() -> bytes:
    """A size that takes all members behind it, and the archive's end, for content."""
    return npm(file(b"package/long.js", b"1", size=octal(100_000)), LATE)


@attack(1, [(AMBIGUOUS, "a.js")])
def size_with_a_nul_in_front() -> bytes:
    """GNU tar passes over a NUL in front of a size, others read 0."""
    return npm(file(b"package/a.js", size=b"\x0000000001000"), LATE)


@attack(1, [(AMBIGUOUS, "a.js")])
def size_with_a_nul_inside() -> bytes:
    """Digits behind a NUL: some readers stop there, some take the field as a whole."""
    return npm(file(b"package/a.js", b"12345", size=b"5\x00000000000\0"), LATE)


@attack(3, gaps=["LICENSE: not read to the end: a header's size is no octal number"])
def size_in_decimal() -> bytes:
    """A size with a digit that octal does not have."""
    return npm(file(b"package/a.js", b"12345678", size=b"00000000008\0"), LATE)


@attack(3, gaps=["LICENSE: not read to the end: a header's size is no octal number"])
def size_with_a_sign() -> bytes:
    """A negative size, as strtol would read it."""
    return npm(file(b"package/a.js", size=b"-0000001000\0"), LATE)


@attack(3, gaps=["LICENSE: not read to the end: a header's size is no octal number"])
def size_as_python_writes_octal() -> bytes:
    """A size that int(x, 8) takes and no other reader."""
    return npm(file(b"package/a.js", b"x", size=b"0o1\0"), LATE)


@attack(3, gaps=["LICENSE: not read to the end: a header's size is no octal number"])
def size_with_an_underscore() -> bytes:
    """Digits in groups, as int() takes them."""
    return npm(file(b"package/a.js", b"12345678", size=b"0000000_010\0"), LATE)


@sound()
def size_between_blanks() -> bytes:
    """A size that is padded with blanks, as old tars wrote it."""
    return npm(file(b"package/a.js", b"hello", size=b"         5 \0"), LATE)


@attack(1, [(AMBIGUOUS, "a.js")])
def size_in_base_256() -> bytes:
    """A size in binary, as GNU tar and star spell large ones: pnpm reads none."""
    return npm(file(b"package/a.js", b"hello", size=base256(5)), LATE)


@attack(3, gaps=["LICENSE: not read to the end: a header's size is no octal number"])
def negative_size_in_base_256() -> bytes:
    """A negative size in binary, which would move a reader backwards."""
    return npm(file(b"package/a.js", size=base256(-512)), LATE)


@attack(3, gaps=["LICENSE: not read to the end: a header's size is no octal number"])
def base_256_with_further_bits() -> bytes:
    """Go takes the lower bits of the first byte for a part of the number, others do not."""
    return npm(file(b"package/a.js", size=b"\x81" + bytes(10) + b"\x05"), LATE)


HUGE = 2**63
MET = "limit member-bytes of 134,217,728 bytes met (found at least 9,223,372,036,854,775,808 bytes)"


@attack(
    3,
    [("oversized-file", "a.js"), ("oversized-artifact", ""), (AMBIGUOUS, "a.js")],
    gaps=[
        f"a.js: not looked into: {MET}; raise it with --limit member-bytes=N",
        (
            "a.js: not read to the end: cut short: 9,223,372,036,854,773,248 bytes of a member are"
            " missing"
        ),
    ],
)
def size_of_eight_exbibytes() -> bytes:
    """A size that no disk has; tar-rs takes the lower 64 bits, Python all of them."""
    return npm(file(b"package/a.js", b"hello", size=base256(HUGE)), LATE)


@attack(3, gaps=["LICENSE: not read to the end: a header's mode is no octal number"])
def mode_of_letters() -> bytes:
    """A mode as ls shows it."""
    return npm(file(b"package/a.js", mode=b"rw-r--r-"), LATE)


@attack(1, [(AMBIGUOUS, "a.js")])
def prefix_in_a_header_of_version_7() -> bytes:
    """Bytes in the place of a prefix, which Version 7 does not have: tarfile joins them all the
    same."""
    return npm(file(b"package/a.js", b"1", magic=V7, type=b"\0", prefix=b"package/evil"), LATE)


@attack(1, [(AMBIGUOUS, "a.js")])
def prefix_in_a_header_of_gnu() -> bytes:
    """GNU tar has times where ustar has the prefix; tarfile reads a folder."""
    return npm(file(b"package/a.js", b"1", magic=GNU, prefix=b"package/evil"), LATE)


@attack(1, [(AMBIGUOUS, "evil/a.js")])
def prefix_in_an_unknown_version() -> bytes:
    """A version of ustar that nobody wrote: node-tar sees no prefix there."""
    return npm(file(b"a.js", b"1", magic=b"ustar\x0009", prefix=b"package/evil"), LATE)


@attack(1, [(AMBIGUOUS, f"{'p' * 130}/a.js")])
def prefix_longer_than_star_writes() -> bytes:
    """Go ends the prefix of a header of star after 131 bytes, others do not."""
    tail = b"package/" + b"p" * 130
    return npm(file(b"a.js", b"1", tail=tail.ljust(163, b"\0") + b"tar\0"), LATE)


@sound()
def prefix_of_ustar() -> bytes:
    """A name in two fields, as ustar has it."""
    return npm(file(b"a.js", b"1", prefix=b"package/lib"), LATE)


@sound()
def headers_of_version_7() -> bytes:
    """Headers without a magic."""
    return npm(file(b"package/a.js", b"1", magic=V7, type=b"\0"), LATE)


@sound()
def headers_of_star() -> bytes:
    """A header as star writes it, with its own mark at the end."""
    return npm(file(b"package/a.js", b"1", tail=bytes(163) + b"tar\0"), LATE)


@sound()
def name_of_one_hundred_bytes() -> bytes:
    """A name that fills its field, without a NUL behind it."""
    return npm(file(b"package/" + b"n" * 89 + b".js", b"1"), LATE)


@sound()
def name_with_bytes_behind_its_nul() -> bytes:
    """What stands behind the NUL of a name in a header is nobody's."""
    return npm(file(b"package/a.js\0evil", b"1"), LATE)


@attack(1, [(AMBIGUOUS, "")])
def member_without_a_name() -> bytes:
    """Busybox takes a header without a name for the end of the archive."""
    return npm(file(b"", b"1"), LATE)


@sound()
def contiguous_file() -> bytes:
    """A contiguous file, which is an ordinary one for all but its system."""
    return npm(file(b"package/a.js", b"1", type=b"7"), LATE)


@attack(1, [(SPECIAL, "a.js")])
def unknown_type() -> bytes:
    """A type that nobody knows, with content: tarfile writes a file, others skip it."""
    return npm(file(b"package/a.js", b"hidden();\n", type=b"Q"), LATE)


@attack(1, [(SPECIAL, "a.js.map"), ("embedded-sources", "a.js.map")])
def source_map_of_an_unknown_type() -> bytes:
    """What a member of an unknown type holds is looked into."""
    return npm(file(b"package/a.js.map", MAP, type=b"Q"), LATE)


@attack(1, [(SPECIAL, "dump")])
def dump_directory_of_gnu() -> bytes:
    """GNU's list of a folder (`D`), which others take for a file."""
    return npm(file(b"package/dump", b"Ya.js\0\0", type=b"D", magic=GNU), LATE)


@attack(1, [(SPECIAL, "volume")])
def volume_label_of_gnu() -> bytes:
    """A label (`V`), which others take for a file."""
    return npm(file(b"package/volume", type=b"V", magic=GNU), LATE)


@attack(1, [(SPECIAL, "rest")])
def continued_file_of_gnu() -> bytes:
    """The rest of a file from another volume (`M`)."""
    return npm(file(b"package/rest", b"1", type=b"M", magic=GNU), LATE)


@attack(1, [(SPECIAL, "n"), (AMBIGUOUS, "n")])
def old_long_name() -> bytes:
    """GNU's oldest long name (`N`): node-tar takes its content for the next name, others for a
    file."""
    return npm(file(b"package/n", b"package/evil.js\0", type=b"N", magic=GNU), LATE)


@attack(1, [(SPECIAL, "null")])
def character_device() -> bytes:
    """A device that unpacking makes, where it runs with the rights to."""
    return npm(file(b"package/null", type=b"3"), LATE)


@attack(1, [(SPECIAL, "disk")])
def block_device() -> bytes:
    """A disk."""
    return npm(file(b"package/disk", type=b"4"), LATE)


@attack(1, [(SPECIAL, "pipe")])
def named_pipe() -> bytes:
    """A pipe, whose reader waits for ever."""
    return npm(file(b"package/pipe", type=b"6"), LATE)


@attack(1, [(SPECIAL, "run")])
def set_user_id() -> bytes:
    """A file that runs with its owner's rights."""
    return npm(file(b"package/run", b"#!/bin/sh\n", mode=b"0104755\0"), LATE)


@attack(1, [(SPECIAL, "device"), (AMBIGUOUS, "device")])
def device_with_content() -> bytes:
    """A device whose header claims a member for its content, which other readers list."""
    return npm(file(b"package/device", type=b"3", size=1024), file(b"package/in.js", b"1"), LATE)


@attack(1, [(AMBIGUOUS, "lib")])
def folder_whose_content_is_a_member() -> bytes:
    """A folder that claims a member for its content: whether it is there depends on the reader."""
    return npm(file(b"package/lib/", type=b"5", size=1024), file(b"package/in.js", b"1"), LATE)


@attack(1, [(AMBIGUOUS, "lib")])
def folder_with_content() -> bytes:
    """A folder with content of its own, which is nobody's file."""
    return npm(file(b"package/lib/", b"hidden", type=b"5"), LATE)


@attack(1, [(AMBIGUOUS, "lib"), ("private-key", "lib")])
def private_key_as_the_content_of_a_folder() -> bytes:
    """What a folder has for content is looked into all the same."""
    return npm(file(b"package/lib/", KEY, type=b"5"), LATE)


@attack(1, [(AMBIGUOUS, "lib")])
def file_with_a_slash_and_content() -> bytes:
    """A file whose name ends as a folder's: a file for tarfile, a folder for Go and node-tar."""
    return npm(file(b"package/lib/", b"hidden"), LATE)


@sound()
def folder_of_version_7() -> bytes:
    """A folder is a file with a slash at the end there."""
    return npm(file(b"package/lib/", type=b"\0", magic=V7), LATE)


@sound()
def long_names_of_gnu() -> bytes:
    """A name of more than a hundred bytes, GNU's way."""
    name = b"package/" + b"d/" * 60 + b"a.js"
    return npm(gnu_long(name), file(name[:100], b"1", magic=GNU), LATE)


@attack(3, gaps=["LICENSE: not read to the end: cut short: 300 bytes where a header must stand"])
def cut_in_a_header() -> bytes:
    """An archive that ends in the middle of a header."""
    return gz(b"".join(NPM_MEMBERS) + LATE[:300])


@attack(3, gaps=["late.js: not read to the end: cut short: 500 bytes of a member are missing"])
def cut_in_a_content() -> bytes:
    """An archive that ends in the middle of a content."""
    return gz(b"".join(NPM_MEMBERS) + file(b"package/late.js", b"x" * 1000)[:1012])


@attack(3, gaps=["late.js: not read to the end: cut short: 1 bytes of a member are missing"])
def cut_in_the_padding() -> bytes:
    """An archive that lacks one byte behind its last content."""
    return gz(b"".join(NPM_MEMBERS) + LATE[:-1])


@attack(1, [(AMBIGUOUS, "")])
def no_end_blocks() -> bytes:
    """An archive that ends behind a member: whether more was there nobody can tell."""
    return gz(b"".join(NPM_MEMBERS) + LATE)


@sound()
def one_end_block() -> bytes:
    """One block of zeros ends an archive, too, for all readers."""
    return gz(b"".join(NPM_MEMBERS) + LATE + bytes(BLOCK))


@sound()
def record_of_padding() -> bytes:
    """Zeros up to a whole record, as tar writes them."""
    return gz(npm_tar(LATE) + bytes(8192))


@attack(1, [(AMBIGUOUS, "late.js")])
def zero_block_between_members() -> bytes:
    """One block of zeros: tarfile and GNU tar stop there, node-tar reads on."""
    return npm(bytes(BLOCK), LATE)


@attack(1, [(AMBIGUOUS, "late.js")])
def member_behind_the_end() -> bytes:
    """A member behind the end-of-archive blocks, which `tar -i` lists."""
    return npm(END, LATE)


@attack(1, [(AMBIGUOUS, "late.js.map"), ("embedded-sources", "late.js.map")])
def source_map_behind_the_end() -> bytes:
    """What lies behind the end is looked into."""
    return npm(END, file(b"package/late.js.map", MAP))


@attack(1, [(AMBIGUOUS, "")])
def bytes_behind_the_end() -> bytes:
    """Bytes that are no member behind the end-of-archive blocks."""
    return gz(npm_tar() + b"anything" * 100)


@attack(1, [(AMBIGUOUS, ""), ("private-key", "(behind the archive)")])
def private_key_behind_the_end() -> bytes:
    """Bytes behind the end are looked into as a file is."""
    return gz(npm_tar() + KEY)


@attack(3, gaps=["not read to the end: no members: this is no tar archive, or an empty one"])
def nothing_but_zeros() -> bytes:
    """An archive of end blocks alone."""
    return gz(END)


@attack(1, [("duplicate-member", "index.js")])
def same_name_twice() -> bytes:
    """Two members of one name: most keep the last, some the first."""
    return npm(file(b"package/index.js", b"module.exports = 2;\n"))


@attack(1, [("duplicate-member", "index.js")])
def same_name_spelled_differently() -> bytes:
    """The same place by another spelling."""
    return npm(file(b"./package//./index.js", b"module.exports = 2;\n"))


@attack(1, [("duplicate-member", "index.js"), (AMBIGUOUS, "index.js")])
def same_name_below_another_root() -> bytes:
    """npm takes off the first folder, whatever its name: both are index.js."""
    return npm(file(b"other/index.js", b"module.exports = 2;\n"))


@attack(1, [("duplicate-member", "index.js"), ("linked-member", "index.js")])
def link_in_place_of_a_file() -> bytes:
    """The second of two names is a link."""
    return npm(file(b"package/index.js", type=b"2", link=b"README.md"))


@attack(3, gaps=["not read to the end: an extended header at the end belongs to no member"])
def nothing_but_an_extended_header() -> bytes:
    """A long name of nothing."""
    return gz(archive(gnu_long(b"package/x")))


HIDDEN = file(b"package/hidden.js", b"hidden();\n")
"""What npm or pnpm alone would unpack: it stands in another member's content."""


@attack(1, [(AMBIGUOUS, "a.js")])
def file_with_the_target_of_a_link() -> bytes:
    """npm passes over its header, and unpacks what all others take for its content."""
    return npm(file(b"package/a.js", HIDDEN, link=b"package/b.js"), LATE)


@attack(1, [(AMBIGUOUS, ""), (AMBIGUOUS, "package/hidden.js")])
def file_without_a_name_that_holds_members() -> bytes:
    """npm passes over its header, too; for pnpm the archive ends there."""
    return npm(file(b"", HIDDEN), LATE)


@attack(1, [(AMBIGUOUS, "a.js")])
def size_in_base_256_in_front_of_members() -> bytes:
    """pnpm takes it for none, and unpacks what all others take for the member's content."""
    return npm(file(b"package/a.js", HIDDEN, size=base256(len(HIDDEN))), LATE)


@attack(1, [(AMBIGUOUS, "a.js")])
def owner_that_javascript_has_no_room_for() -> bytes:
    """npm takes the header for invalid, and unpacks what stands in the content."""
    return npm(file(b"package/a.js", HIDDEN, uid=b"\x80\x7f" + bytes(6)), LATE)


@sound()
def owner_in_base_256() -> bytes:
    """An owner beyond 2,097,151, whom octal has no room for."""
    return npm(file(b"package/a.js", b"1", uid=base256(2**31, 8)), LATE)


@attack(1, [(AMBIGUOUS, "a.js")])
def checksum_that_fills_its_field() -> bytes:
    """npm reads on in the type, and takes the checksum for wrong."""
    right = header(b"package/a.js", size=len(HIDDEN))[148:154]
    return npm(file(b"package/a.js", HIDDEN, checksum=b"00" + right), LATE)


@attack(1, [(AMBIGUOUS, "a.js")])
def name_with_a_line_feed_behind_a_nul() -> bytes:
    """npm cuts the name at the NUL, but for the line that follows."""
    return npm(file(b"package/a.js\0\n.sh", b"1"), LATE)


@attack(1, [(AMBIGUOUS, "a.js")])
def folder_that_begins_with_a_nul() -> bytes:
    """npm puts a slash in front, so that the first folder that it takes off is another one."""
    return npm(file(b"package/a.js", b"1", tail=bytes(130) + b"x" + bytes(36)), LATE)


@attack(1, [(AMBIGUOUS, "a.js")])
def sparse_map_in_the_header_of_a_plain_file() -> bytes:
    """libarchive, with which bun unpacks, puts the content where the map says."""
    tail = bytes(41) + octal(512) + octal(5)
    return npm(file(b"package/a.js", b"hello", magic=GNU, tail=tail), LATE)
