"""Extended tar headers: pax records, global headers and GNU long names that contradict."""

from __future__ import annotations

from tests.archives import attack, sound
from tests.attacks._packages import MAP, npm
from tests.tar_bytes import END, GNU, behind, file, gnu_long, header, pax, record

AMBIGUOUS = "ambiguous-archive"
LATE = file(b"package/late.js", b"late();\n")
MALFORMED = "LICENSE: not read to the end: a pax header is malformed:"
DANGLING = "LICENSE: not read to the end: an extended header at the end belongs to no member"


@sound()
def pax_path() -> bytes:
    """A name that only a pax header has room for."""
    return npm(pax({"path": b"package/" + b"d/" * 80 + b"x.js"}), file(b"package/x.js", b"1"))


@sound()
def pax_records_that_decide_nothing() -> bytes:
    """Times, owners, a comment and attributes."""
    said = {"mtime": b"1.5", "uname": b"builder", "comment": b"", "SCHILY.xattr.user.x": b"\0\1"}
    return npm(pax(said), file(b"package/x.js", b"1"))


@sound()
def global_header_of_git() -> bytes:
    """What `git archive` writes in front: a comment for the whole archive."""
    return npm(pax({"comment": b"0123456789abcdef"}, type=b"g"), file(b"package/x.js", b"1"))


@attack(1, [(AMBIGUOUS, "x.js")])
def pax_path_behind_the_size_of_its_header() -> bytes:
    """CPython's tarfile reads on in what fills the block; others see none."""
    return npm(
        behind(pax({"mtime": b"1.5"}), record("path", b"package/y.js")), file(b"package/x.js", b"1")
    )


@attack(1, [(AMBIGUOUS, "")])
def global_path_behind_the_size_of_its_header() -> bytes:
    """The same, for all members that follow."""
    comment = pax({"comment": b"0123456789abcdef"}, type=b"g")
    return npm(behind(comment, record("path", b"package/y.js")), file(b"package/x.js", b"1"))


@attack(1, [(AMBIGUOUS, "x.js")])
def long_name_behind_the_size_of_its_header() -> bytes:
    """The name has no NUL, and goes on to one in what fills the block."""
    return npm(
        behind(gnu_long(b"package/x.js", end=b""), b"on"), file(b"package/x.js", b"1", magic=GNU)
    )


@attack(1, [(AMBIGUOUS, "")])
def long_name_in_a_header_of_version_7() -> bytes:
    """tar-rs, on whose kind uv rests, takes it for a member, and the name that follows as it is."""
    name = file(b"././@LongLink", b"package/y.js\0", type=b"L", magic=bytes(8))
    return npm(name, file(b"package/x.js", b"1"))


@attack(1, [(AMBIGUOUS, "x.js")])
def record_inside_a_comment() -> bytes:
    """npm reads pax records line by line: here it finds another name in the comment."""
    inner = record("path", b"package/y.js").removesuffix(b"\n")
    return npm(pax({"comment": b"built by\n" + inner}), file(b"package/x.js", b"1"))


@sound()
def line_feed_inside_a_comment() -> bytes:
    """No line of it is a record."""
    return npm(pax({"comment": b"built by\nus"}), file(b"package/x.js", b"1"))


@attack(1, [(AMBIGUOUS, "x.js.map")])
def pax_size_before_a_long_name() -> bytes:
    """pnpm takes the size for that of the name, and cuts it."""
    return npm(
        *(pax({"size": b"9"}), gnu_long(b"package/x.js.map")),
        file(b"package/x.js", b"1" * 9, magic=GNU),
    )


@attack(1, [(AMBIGUOUS, "x.js")])
def long_name_before_a_pax_header() -> bytes:
    """pnpm forgets the name."""
    return npm(
        *(gnu_long(b"package/x.js"), pax({"mtime": b"1.5"})), file(b"package/y.js", b"1", magic=GNU)
    )


@attack(1, [(AMBIGUOUS, "x.js")])
def pax_path_before_a_long_name() -> bytes:
    """pnpm takes the one, and keeps the other for the next member."""
    return npm(
        *(pax({"path": b"package/x.js"}), gnu_long(b"package/x.js")),
        *(file(b"package/x.js", b"1", magic=GNU), file(b"package/z.js", b"2")),
    )


@sound()
def padding_behind_the_end_of_a_long_name() -> bytes:
    """No reader looks behind the NUL."""
    return npm(
        behind(gnu_long(b"package/x.js"), b"leftover"), file(b"package/x.js", b"1", magic=GNU)
    )


@attack(1, [(AMBIGUOUS, "x.js")])
def pax_size_against_a_header_of_zero() -> bytes:
    """The size stands in the extended header alone (CVE-2025-62518): who misses it sees a header
    in the content."""
    content = b"x" * 512 + file(b"package/in.js", b"1")
    return npm(pax({"size": b"1536"}), file(b"package/x.js", content, size=0))


@attack(1, [(AMBIGUOUS, "x.js")])
def pax_size_that_hides_a_member() -> bytes:
    """The next member is content for who reads the extended header, and a member for others."""
    return npm(pax({"size": b"1024"}), file(b"package/x.js"), file(b"package/in.js", b"1"), LATE)


@attack(1, [(AMBIGUOUS, "x.js")])
def pax_size_smaller_than_the_header() -> bytes:
    """Two sizes in one block: the content differs in its last bytes."""
    return npm(pax({"size": b"3"}), file(b"package/x.js", b"hello"), LATE)


@attack(3, gaps=[f"{MALFORMED} size is no decimal number"])
def pax_size_below_zero() -> bytes:
    """A negative size."""
    return npm(pax({"size": b"-1"}), file(b"package/x.js"))


@attack(3, gaps=[f"{MALFORMED} size is no decimal number"])
def pax_size_in_hexadecimal() -> bytes:
    """A size as strtoul with base 0 would take it."""
    return npm(pax({"size": b"0x10"}), file(b"package/x.js"))


@attack(3, gaps=[f"{MALFORMED} size is no decimal number"])
def pax_size_in_other_digits() -> bytes:
    """Digits of another script, which int() takes."""
    return npm(pax({"size": "٣".encode()}), file(b"package/x.js"))


@attack(3, gaps=[f"{MALFORMED} a record's length is wrong"])
def pax_record_of_length_zero() -> bytes:
    """A record that does not move on: tarfile stops there in silence."""
    return npm(pax(b"0 path=x\n"), file(b"package/x.js"))


@attack(3, gaps=[f"{MALFORMED} a record's length is wrong"])
def pax_record_longer_than_its_header() -> bytes:
    """A record that goes on in the next member."""
    return npm(pax(b"99 path=x\n"), file(b"package/x.js"))


@attack(3, gaps=[f"{MALFORMED} a record's length is wrong"])
def pax_record_without_a_line_end() -> bytes:
    """A record whose length cuts off its own end."""
    return npm(pax(b"8 path=x\n"), file(b"package/x.js"))


@attack(3, gaps=[f"{MALFORMED} a record's length is wrong"])
def pax_record_without_a_value() -> bytes:
    """A record without an equals sign."""
    return npm(pax(b"7 path\n"), file(b"package/x.js"))


@attack(3, gaps=[f"{MALFORMED} a record without a length"])
def pax_record_with_a_signed_length() -> bytes:
    """A length that strtol takes and the format does not have."""
    return npm(pax(b"+9 path=x\n"), file(b"package/x.js"))


@attack(3, gaps=[f"{MALFORMED} a record without a length"])
def pax_records_with_zeros_behind() -> bytes:
    """Zeros behind the records: tarfile ends there, Go refuses them."""
    return npm(pax(record("path", b"package/x.js") + bytes(20)), file(b"package/x.js"))


@attack(3, gaps=[f"{MALFORMED} path is empty or holds a NUL"])
def pax_path_with_a_nul() -> bytes:
    """A name that ends early for readers in C, and late for others."""
    return npm(pax({"path": b"package/x.js\0.txt"}), file(b"package/x.js"))


@attack(3, gaps=[f"{MALFORMED} path is empty or holds a NUL"])
def pax_path_without_a_name() -> bytes:
    """An empty record takes an earlier one back for POSIX, and is an empty name for others."""
    return npm(pax({"path": b""}), file(b"package/x.js"))


@attack(1, [(AMBIGUOUS, "last.js")])
def pax_path_twice() -> bytes:
    """Two paths in one header: tar-rs takes the first, most the last."""
    data = record("path", b"package/first.js") + record("path", b"package/last.js")
    return npm(pax(data), file(b"package/x.js"))


@sound()
def pax_path_twice_and_the_same() -> bytes:
    """The same path twice leaves nothing open."""
    return npm(pax(record("path", b"package/a.js") * 2), file(b"package/x.js"))


@attack(1, [(AMBIGUOUS, "x.js")])
def pax_key_with_a_nul() -> bytes:
    """A key that is `path` for readers in C alone."""
    return npm(pax({"path\0x": b"package/evil.js"}), file(b"package/x.js"))


@attack(1, [(AMBIGUOUS, "x.js")])
def pax_charset_of_its_own() -> bytes:
    """Names in an encoding that libarchive knows and others pass over."""
    return npm(pax({"hdrcharset": b"UTF-16"}), file(b"package/x.js"))


@sound()
def pax_charset_of_binary_names() -> bytes:
    """The one word that GNU tar and bsdtar write for names that are not UTF-8."""
    return npm(pax({"hdrcharset": b"BINARY"}), file(b"package/x.js"))


@attack(1, [(AMBIGUOUS, "x.js")])
def pax_size_of_star() -> bytes:
    """A record that changes the content for star and libarchive alone."""
    return npm(pax({"SCHILY.realsize": b"1"}), file(b"package/x.js", b"hello"))


@attack(1, [(AMBIGUOUS, "x.js")])
def pax_holes_of_solaris() -> bytes:
    """Holes that Solaris and libarchive know of."""
    return npm(pax({"SUN.holesdata": b" 0 3"}), file(b"package/x.js", b"hello"))


@attack(1, [(AMBIGUOUS, "x.js")])
def pax_header_of_solaris() -> bytes:
    """A header of type X: extended for GNU tar, tarfile and node-tar, a file for Go."""
    return npm(pax({"path": b"package/x.js"}, type=b"X"), file(b"package/y.js"))


@attack(1, [(AMBIGUOUS, "first.js")])
def two_pax_headers_of_which_one_is_forgotten() -> bytes:
    """Go keeps the last of two headers, others join them."""
    first = pax({"path": b"package/first.js"})
    return npm(first, pax({"comment": b"u"}), file(b"package/x.js"))


@attack(1, [(AMBIGUOUS, "last.js")])
def two_pax_headers_that_differ() -> bytes:
    """tarfile lets the first of two headers win, others the last."""
    first = pax({"path": b"package/first.js"})
    return npm(first, pax({"path": b"package/last.js"}), file(b"package/x.js"))


@attack(1, [(AMBIGUOUS, "two.js")])
def long_name_against_pax() -> bytes:
    """A long name of GNU and a path of pax for one member."""
    return npm(gnu_long(b"package/one.js"), pax({"path": b"package/two.js"}), file(b"package/x.js"))


@attack(1, [(AMBIGUOUS, "one.js")])
def long_name_between_pax_and_its_member() -> bytes:
    """The same, the other way round."""
    return npm(pax({"path": b"package/two.js"}), gnu_long(b"package/one.js"), file(b"package/x.js"))


@attack(1, [(AMBIGUOUS, "x.js")])
def long_name_with_a_nul() -> bytes:
    """A long name that goes on behind its NUL, which tar-rs keeps."""
    return npm(gnu_long(b"package/x.js\0evil"), file(b"package/y.js"))


@attack(1, [(AMBIGUOUS, "x.js")])
def long_name_without_a_name() -> bytes:
    """An empty long name: Go takes the header's, tarfile the empty one."""
    return npm(gnu_long(b""), file(b"package/x.js"))


@attack(3, gaps=["LICENSE: not read to the end: cut short: 3,489 bytes of a member are missing"])
def long_name_that_is_cut_short() -> bytes:
    """A long name that swallows the rest of the archive."""
    return npm(header(b"././@LongLink", size=5000, type=b"L", magic=GNU), LATE[:487])


@attack(
    3,
    gaps=[
        (
            "LICENSE: not read to the end: limit header-bytes of 1,048,576 bytes met"
            " (found at least 1,073,741,824 bytes); raise it with --limit header-bytes=N"
        )
    ],
)
def long_name_of_a_gibibyte() -> bytes:
    """A long name that would fill the memory."""
    return npm(header(b"././@LongLink", size=2**30, type=b"L", magic=GNU))


@attack(1, [("link-escape", "l")])
def long_link_of_gnu() -> bytes:
    """A link whose target only an extended header has room for."""
    return npm(gnu_long(b"../" * 60 + b"etc/passwd", type=b"K"), file(b"package/l", type=b"2"))


@attack(1, [("link-escape", "l")])
def pax_link_path() -> bytes:
    """The target of a link in an extended header, against a harmless one in the header."""
    return npm(pax({"linkpath": b"/etc/passwd"}), file(b"package/l", type=b"2", link=b"index.js"))


@attack(3, gaps=[DANGLING])
def extended_header_at_the_end() -> bytes:
    """An extended header of no member."""
    return npm(pax({"path": b"package/x.js"}))


@attack(3, gaps=[DANGLING])
def extended_header_for_a_member_behind_the_end() -> bytes:
    """An extended header in front of the end, and its member behind it."""
    return npm(pax({"path": b"package/x.js"}), END, LATE)


@attack(1, [(AMBIGUOUS, ""), ("duplicate-member", "same.js")])
def global_path() -> bytes:
    """One path for all members that follow, which most readers pass over."""
    path = pax({"path": b"package/same.js"}, type=b"g")
    return npm(path, file(b"package/x.js"), file(b"package/y.js"))


@attack(1, [(AMBIGUOUS, ""), (AMBIGUOUS, "x.js")])
def global_size() -> bytes:
    """One size for all members that follow."""
    return npm(pax({"size": b"3"}, type=b"g"), file(b"package/x.js", b"hello"))


@attack(1, [(AMBIGUOUS, ""), ("special-member", "x.js")])
def global_map_of_holes() -> bytes:
    """All members that follow are sparse, for readers that look there."""
    said = {"GNU.sparse.size": b"5", "GNU.sparse.map": b"0,5"}
    return npm(pax(said, type=b"g"), file(b"package/x.js", b"hello"))


@attack(1, [(AMBIGUOUS, "own.js")])
def global_header_behind_a_member_s_own() -> bytes:
    """A global header between a member and its own: Go forgets the latter."""
    own = pax({"path": b"package/own.js"})
    return npm(own, pax({"comment": b"x"}, type=b"g"), file(b"package/x.js"))


@attack(1, [("embedded-sources", "a.js.map")])
def source_map_under_a_name_of_pax() -> bytes:
    """The name that tells what a file is stands in the extended header alone."""
    return npm(pax({"path": b"package/a.js.map"}), file(b"package/a.txt", MAP))


@attack(1, [("archive-path-escape", "../../../evil.js")])
def pax_path_that_climbs_out() -> bytes:
    """A harmless name in the header, another one in the extended header."""
    return npm(pax({"path": b"package/../../../evil.js"}), file(b"package/x.js"))


@sound()
def pax_header_full_of_records() -> bytes:
    """A hundred thousand records that nobody keeps."""
    return npm(pax(b"5 a=\n" * 100_000), file(b"package/x.js"))
