"""The tar reader: what it says of each attack, and the laws that hold for every archive."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.archives import tar
from auditor.limits import Budget, Limits
from auditor.model import MemberType, Oddity
from tests.often import often
from tests.tar_bytes import (
    BLOCK,
    END,
    GNU,
    V7,
    archive,
    base256,
    behind,
    file,
    gnu_long,
    gnu_sparse,
    header,
    limit_met,
    listed,
    octal,
    padded,
    pax,
    pieces,
    record,
    streamed,
)

AFTER = file(b"z", b"end")
Z = "file 'z' 3 end"
CHECKSUM = "error: a header's checksum is wrong; nothing behind it can be trusted"
NO_MEMBERS = "error: no members: this is no tar archive, or an empty one"
DANGLING = "error: an extended header at the end belongs to no member"
NO_END = "no-end '': ends without the end-of-archive blocks: members may have been cut off"
FOLDER = "for the folder it is in, which headers of its kind do not have"
SIGNED = "its checksum is right for signed bytes alone: some take it for damaged"
LONGER = "its folder's name is longer than star writes one: some cut it, some do not"
SOLARIS = "its extended header is of Solaris' kind, which some take for a file"
SPELLED = "its size is spelled with a NUL in front or in the middle: some read 0"
PASSED = "npm passes over its header alone, and looks for members in its content"
LINES = "for npm, which reads it line by line"
IN_BINARY = "its size is in base 256, though octal has room: pnpm takes its content for members"
FORGETS = "another extended header follows its long name, which pnpm then forgets"
NAMELESS = "the field of its name is empty, which pnpm takes for the archive's end"
HIDDEN = file(b"hidden.js", b"1")
"""Which stands in another member's content."""
ON = "goes on behind its size, where some read on"
BEHIND = "some tools list it, others never see it"

CASES: dict[str, tuple[bytes, list[str]]] = {
    # headers
    "a plain archive": (archive(file(b"a", b"hello"), AFTER), ["file 'a' 5 hello", Z]),
    "an empty file": (archive(file(b"a"), AFTER), ["file 'a' 0", Z]),
    "content of exactly one block": (
        archive(file(b"a", b"x" * BLOCK), AFTER),
        [f"file 'a' 512 {'x' * 20}", Z],
    ),
    "a wrong checksum": (
        archive(file(b"a", b"1"), file(b"b", b"2", checksum=b"001234\0 "), AFTER),
        ["file 'a' 1 1", CHECKSUM],
    ),
    "a checksum that is no number": (archive(file(b"a", checksum=b"zzzzzz\0 "), AFTER), [CHECKSUM]),
    "size 0, and content all the same": (
        archive(header(b"a"), padded(b"console.log(1)"), AFTER),
        ["file 'a' 0", CHECKSUM],
    ),
    "a signed checksum, as old tars wrote it": (
        archive(file("é".encode(), b"1", signed=True), AFTER),
        [
            f"ambiguous-header 'é': {SIGNED}",
            "file 'é' 1 1",
            Z,
        ],
    ),
    "an unsigned checksum over bytes above 127": (
        archive(file("é".encode(), b"1"), AFTER),
        ["file 'é' 1 1", Z],
    ),
    "the headers of Version 7": (
        archive(file(b"a", b"1", magic=V7, type=b"\0"), AFTER),
        ["file 'a' 1 1", Z],
    ),
    "bytes where Version 7 has no prefix": (
        archive(file(b"a", b"1", magic=V7, type=b"\0", prefix=b"folder"), AFTER),
        [f"ambiguous-header 'a': some take 'folder' {FOLDER}", "file 'a' 1 1", Z],
    ),
    "a name in two fields": (
        archive(file(b"b.js", b"1", prefix=b"package/lib"), AFTER),
        ["file 'package/lib/b.js' 1 1", Z],
    ),
    "GNU has other fields where ustar has the prefix": (
        archive(file(b"b.js", b"1", magic=GNU, prefix=b"15017461132"), AFTER),
        [f"ambiguous-header 'b.js': some take '15017461132' {FOLDER}", "file 'b.js' 1 1", Z],
    ),
    "a prefix in a version that nobody wrote": (
        archive(file(b"b.js", b"1", magic=b"ustar\x0009", prefix=b"lib"), AFTER),
        [f"ambiguous-header 'lib/b.js': some take 'lib' {FOLDER}", "file 'lib/b.js' 1 1", Z],
    ),
    "a prefix longer than star writes one": (
        archive(file(b"b.js", b"1", tail=b"p" * 140 + bytes(23) + b"tar\0"), AFTER),
        [
            f"ambiguous-header '{'p' * 140}/b.js': {LONGER}",
            f"file '{'p' * 140}/b.js' 1 1",
            Z,
        ],
    ),
    "an old long name, which node-tar reads as one": (
        archive(file(b"n", b"evil.js", type=b"N"), AFTER),
        [
            "ambiguous-header 'n': some take its content for the next member's name: 'evil.js'",
            "unknown 'n' 7 evil.js",
            Z,
        ],
    ),
    "a mode that is no number": (
        archive(file(b"a", mode=b"rw-r--r-")),
        ["error: a header's mode is no octal number"],
    ),
    # sizes
    "a size in base 256": (
        archive(file(b"a", b"hello", size=base256(5)), AFTER),
        [
            f"ambiguous-header 'a': {IN_BINARY}",
            "file 'a' 5 hello",
            Z,
        ],
    ),
    "a negative size in base 256": (
        archive(file(b"a", size=base256(-512)), AFTER),
        ["error: a header's size is no octal number"],
    ),
    "a negative size in octal": (
        archive(file(b"a", size=b"-0000001000\0"), AFTER),
        ["error: a header's size is no octal number"],
    ),
    "a size as Python would write it": (
        archive(file(b"a", b"x", size=b"0o1\0"), AFTER),
        ["error: a header's size is no octal number"],
    ),
    "a size with digits that octal has not": (
        archive(file(b"a", b"12345678", size=b"00000000008\0"), AFTER),
        ["error: a header's size is no octal number"],
    ),
    "a size with the digit nine": (
        archive(file(b"a", size=b"00000000009\0"), AFTER),
        ["error: a header's size is no octal number"],
    ),
    "a size with a tab": (
        archive(file(b"a", b"hello", size=b"0000000005\t"), AFTER),
        ["error: a header's size is no octal number"],
    ),
    "a size between blanks": (
        archive(file(b"a", b"hello", size=b"         5 \0"), AFTER),
        [
            "file 'a' 5 hello",
            Z,
        ],
    ),
    "a size of 8 EiB": (
        archive(file(b"a", b"hello", size=base256(2**63)), AFTER),
        [
            f"ambiguous-header 'a': it has a number that JavaScript has no room for: {PASSED}",
            "file 'a' 9223372036854775808",
            "error: cut short: 9,223,372,036,854,773,248 bytes of a member are missing",
        ],
    ),
    "a size that swallows the members behind": (
        archive(file(b"a", b"hello", size=octal(5000)), AFTER),
        ["file 'a' 5000", "error: cut short: 2,440 bytes of a member are missing"],
    ),
    # pax
    "a pax header": (
        archive(
            pax({"path": "é/x.js".encode(), "mtime": b"1.5", "comment": b""}), file(b"a", b"1")
        ),
        ["file 'é/x.js' 1 1"],
    ),
    "a record of length 0": (
        archive(pax(b"0 path=x\n"), file(b"a")),
        ["error: a pax header is malformed: a record's length is wrong"],
    ),
    "a record without a length": (
        archive(pax(b"path=x\n"), file(b"a")),
        ["error: a pax header is malformed: a record without a length"],
    ),
    "a record whose length is signed": (
        archive(pax(b"+9 path=x\n"), file(b"a")),
        ["error: a pax header is malformed: a record without a length"],
    ),
    "a record whose length has nine digits": (
        archive(pax(b"000000010 path=x\n"), file(b"a")),
        ["error: a pax header is malformed: a record without a length"],
    ),
    "a record longer than its header": (
        archive(pax(b"11 path=x\n"), file(b"a")),
        ["error: a pax header is malformed: a record's length is wrong"],
    ),
    "a record that ends in mid-value": (
        archive(pax(b"8 path=x\n"), file(b"a")),
        ["error: a pax header is malformed: a record's length is wrong"],
    ),
    "a record without a value": (
        archive(pax(b"7 path\n"), file(b"a")),
        ["error: a pax header is malformed: a record's length is wrong"],
    ),
    "a record shorter than its own length": (
        archive(pax(b"2 path=x\n"), file(b"a")),
        ["error: a pax header is malformed: a record's length is wrong"],
    ),
    "a line feed inside a value": (
        archive(pax({"path": b"a\nb", "uname": b"u"}), file(b"a")),
        [f"ambiguous-header 'a\\nb': its pax header has another path {LINES}", "file 'a\\nb' 0"],
    ),
    "a NUL inside a path": (
        archive(pax({"path": b"index.js\0.txt"}), file(b"a")),
        ["error: a pax header is malformed: path is empty or holds a NUL"],
    ),
    "an empty path": (
        archive(pax({"path": b""}), file(b"a")),
        ["error: a pax header is malformed: path is empty or holds a NUL"],
    ),
    "no records": (archive(pax(b""), file(b"a")), ["file 'a' 0"]),
    "a pax header of Solaris": (
        archive(pax({"path": b"long"}, type=b"X"), file(b"a")),
        [
            f"ambiguous-header 'long': {SOLARIS}",
            "file 'long' 0",
        ],
    ),
    "a pax size against a header's 0": (
        archive(pax({"size": b"5"}), file(b"a", b"hello", size=0), AFTER),
        [
            "ambiguous-header 'a': its header says 0 bytes, its extended header 5",
            "file 'a' 5 hello",
            Z,
        ],
    ),
    "a pax size that hides the next member": (
        archive(pax({"size": b"1024"}), file(b"a"), file(b"hidden"), padded(b"x"), AFTER),
        [
            "ambiguous-header 'a': its header says 0 bytes, its extended header 1,024",
            "file 'a' 1024 hidden\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            Z,
        ],
    ),
    "a pax size that agrees": (
        archive(pax({"size": b"5"}), file(b"a", b"hello"), AFTER),
        ["file 'a' 5 hello", Z],
    ),
    "a pax size for what octal has no room for": (
        archive(pax({"size": str(8**11).encode()}), file(b"a", size=0)),
        ["file 'a' 8589934592", "error: cut short: 8,589,933,568 bytes of a member are missing"],
    ),
    "a pax size that is negative": (
        archive(pax({"size": b"-1"}), file(b"a")),
        ["error: a pax header is malformed: size is no decimal number"],
    ),
    "a pax size in other digits": (
        archive(pax({"size": "٣".encode()}), file(b"a")),
        ["error: a pax header is malformed: size is no decimal number"],
    ),
    "a pax size of 20 digits": (
        archive(pax({"size": b"1" * 20}), file(b"a")),
        ["error: a pax header is malformed: size is no decimal number"],
    ),
    "a pax header at the end": (archive(file(b"a"), pax({"path": b"x"})), ["file 'a' 0", DANGLING]),
    "a pax header before the stream's end": (
        file(b"a") + pax({"path": b"x"}),
        ["file 'a' 0", DANGLING],
    ),
    "a pax header for a member behind the end": (
        archive(file(b"a"), pax({"path": b"x"}), END, AFTER),
        ["file 'a' 0", DANGLING],
    ),
    "two pax headers that agree": (
        archive(pax({"path": b"x"}), pax({"path": b"x", "uname": b"u"}), file(b"a")),
        ["file 'x' 0"],
    ),
    "two extended headers that differ": (
        archive(gnu_long(b"one.js"), pax({"path": b"two.js"}), file(b"a")),
        [
            f"ambiguous-header 'two.js': {FORGETS}",
            "ambiguous-header 'two.js': two extended headers of one member differ in its path",
            "file 'two.js' 0",
        ],
    ),
    "a long name, and a pax header that says another thing": (
        archive(gnu_long(b"long.js"), pax({"uname": b"u"}), file(b"a")),
        [f"ambiguous-header 'long.js': {FORGETS}", "file 'long.js' 0"],
    ),
    "a second pax header that lacks a path": (
        archive(pax({"path": b"x"}), pax({"uname": b"u"}), file(b"a")),
        [
            "ambiguous-header 'x': a second extended header lacks its path, which some then forget",
            "file 'x' 0",
        ],
    ),
    # global headers
    "git's global header": (
        archive(pax({"comment": b"0123abcd"}, type=b"g"), file(b"a"), AFTER),
        ["file 'a' 0", Z],
    ),
    "a global path": (
        archive(pax({"path": b"same"}, type=b"g"), file(b"a"), pax({"path": b"own"}), file(b"b")),
        [
            "ambiguous-header '': a global header sets the path of all members that follow",
            "file 'same' 0",
            "file 'own' 0",
        ],
    ),
    "a global size": (
        archive(pax({"size": b"0"}, type=b"g"), file(b"a", b"hello")),
        [
            "ambiguous-header '': a global header sets the size of all members that follow",
            "ambiguous-header 'a': its header says 5 bytes, its extended header 0",
            "file 'a' 0",
            CHECKSUM,
        ],
    ),
    "nothing but a global header": (archive(pax({"comment": b"x"}, type=b"g")), [NO_MEMBERS]),
    # GNU
    "a long name": (
        archive(gnu_long(b"d/" * 100 + b"x.js"), file(b"d/", b"1", magic=GNU), AFTER),
        [f"file '{'d/' * 100}x.js' 1 1", Z],
    ),
    "a long link target": (
        archive(gnu_long(b"t" * 150, type=b"K"), file(b"l", link=b"t", type=b"2")),
        [f"symlink 'l' 0 -> {'t' * 150}"],
    ),
    "a long name at the end": (archive(file(b"a"), gnu_long(b"x")), ["file 'a' 0", DANGLING]),
    "a long name that is cut short": (
        gnu_long(b"x" * 600)[: 2 * BLOCK],
        ["error: cut short: 89 bytes of a member are missing"],
    ),
    # what fills the last block of an extended header
    "a long name that goes on in the padding": (
        archive(behind(gnu_long(b"index.js", end=b""), b".exe"), file(b"a")),
        [f"ambiguous-header 'index.js': its extended header {ON}", "file 'index.js' 0"],
    ),
    "a long target that goes on in the padding": (
        archive(behind(gnu_long(b"t", type=b"K", end=b""), b"u"), file(b"l", type=b"2", link=b"t")),
        [f"ambiguous-header 'l': its extended header {ON}", "symlink 'l' 0 -> t"],
    ),
    "padding behind a long name that has ended": (
        archive(behind(gnu_long(b"index.js"), b".exe"), file(b"a")),
        ["file 'index.js' 0"],
    ),
    "a record in the padding": (
        archive(behind(pax({"uname": b"u"}), record("path", b"setup.py")), file(b"a")),
        [f"ambiguous-header 'a': its extended header {ON}", "file 'a' 0"],
    ),
    "a record in the padding of a global header": (
        archive(behind(pax({"comment": b"u"}, type=b"g"), record("path", b"x")), file(b"a")),
        [f"ambiguous-header '': a global header {ON}", "file 'a' 0"],
    ),
    "a record in the padding behind a NUL, which nobody reads": (
        archive(behind(pax({"uname": b"u"}), b"\0" + record("path", b"setup.py")), file(b"a")),
        ["file 'a' 0"],
    ),
    # what npm makes of a header that others read
    "a file with the target of a link": (
        archive(file(b"a", HIDDEN, link=b"b")),
        [
            f"ambiguous-header 'a': it has the target of a link, and is none: {PASSED}",
            "file 'a' 1024 hidden.js\0\0\0\0\0\0\0\0\0\0\0",
        ],
    ),
    "a file with an extended target": (
        archive(pax({"linkpath": b"b"}), file(b"a", b"1")),
        [
            f"ambiguous-header 'a': it has the target of a link, and is none: {PASSED}",
            "file 'a' 1 1",
        ],
    ),
    "a long name with the target of a link": (
        archive(
            file(b"././@LongLink", b"long.js\0", type=b"L", magic=GNU, link=b"b"), file(b"a", b"1")
        ),
        [
            (
                "ambiguous-header '': an extended header:"
                f" it has the target of a link, and is none: {PASSED}"
            ),
            "file 'long.js' 1 1",
        ],
    ),
    "a link without a target": (
        archive(file(b"a", type=b"2"), AFTER),
        [f"ambiguous-header 'a': it is a link without a target: {PASSED}", "symlink 'a' 0", Z],
    ),
    "a link whose target is an extended one": (
        archive(pax({"linkpath": b"b"}), file(b"a", type=b"2"), AFTER),
        ["symlink 'a' 0 -> b", Z],
    ),
    "a file without a name": (
        archive(file(b"", HIDDEN)),
        [
            f"ambiguous-header '': {NAMELESS}",
            f"ambiguous-header '': it has no name: {PASSED}",
            "file '' 1024 hidden.js\0\0\0\0\0\0\0\0\0\0\0",
        ],
    ),
    "a file with an extended name alone": (
        archive(pax({"path": b"a"}), file(b"", b"1")),
        [f"ambiguous-header 'a': {NAMELESS}", "file 'a' 1 1"],
    ),
    "a file with a folder alone": (
        archive(file(b"", prefix=b"a"), AFTER),
        [f"ambiguous-header 'a': {NAMELESS}", "directory 'a' 0", Z],
    ),
    "an extended header without a name": (
        archive(file(b"", record("path", b"x"), type=b"x"), file(b"a")),
        [
            f"ambiguous-header '': an extended header: it has no name: {PASSED}",
            "file 'x' 0",
        ],
    ),
    "a checksum that fills its field": (
        archive(file(b"a", b"1", checksum=b"00" + header(b"a", size=1)[148:154]), AFTER),
        [
            f"ambiguous-header 'a': its checksum runs into the next field: {PASSED}",
            "file 'a' 1 1",
            Z,
        ],
    ),
    "an owner that JavaScript has no room for": (
        archive(file(b"a", b"1", uid=b"\x80\x7f" + bytes(6)), AFTER),
        [
            f"ambiguous-header 'a': it has a number that JavaScript has no room for: {PASSED}",
            "file 'a' 1 1",
            Z,
        ],
    ),
    "an owner in base 256": (
        archive(file(b"a", b"1", uid=base256(2**31, 8)), AFTER),
        ["file 'a' 1 1", Z],
    ),
    "a name with a line feed behind a NUL": (
        archive(file(b"a\0b\n.js", b"1"), AFTER),
        [
            "ambiguous-header 'a': its name goes on for npm behind a NUL and the end of a line",
            "file 'a' 1 1",
            Z,
        ],
    ),
    "a name with something else behind a NUL": (
        archive(file(b"a\0b.js", b"1"), AFTER),
        ["file 'a' 1 1", Z],
    ),
    "a folder that begins with a NUL": (
        archive(file(b"a", b"1", tail=bytes(130) + b"x" + bytes(36)), AFTER),
        [
            (
                "ambiguous-header 'a': its name begins with a slash for npm,"
                " as a folder without a name stands in front"
            ),
            "file 'a' 1 1",
            Z,
        ],
    ),
    "a record inside a value": (
        archive(pax({"comment": b"x\n" + record("path", b"y.js")[:-1]}), file(b"a", b"1")),
        [f"ambiguous-header 'a': its pax header has another path {LINES}", "file 'a' 1 1"],
    ),
    "a line of more digits than Python reads": (
        archive(pax({"comment": b"x\n" + b"9" * 5000 + b" path=y.js"}), file(b"a", b"1")),
        ["file 'a' 1 1"],
    ),
    "a line feed inside a value that decides nothing": (
        archive(pax({"comment": b"x\ny", "path": b"y.js"}), file(b"a", b"1")),
        ["file 'y.js' 1 1"],
    ),
    # what pnpm and libarchive make of one
    "a long name in a header of Version 7": (
        archive(file(b"long", b"x.js\0", type=b"L", magic=V7), file(b"a", b"1")),
        [
            (
                "ambiguous-header '':"
                " an extended header is none of ustar or GNU: tar-rs takes it for a member"
            ),
            "file 'x.js' 1 1",
        ],
    ),
    "an extended size before another header": (
        archive(pax({"size": b"1"}), pax({"size": b"1"}), file(b"a", b"1")),
        [
            (
                "ambiguous-header 'a': its size stands before another extended header,"
                " to which pnpm applies it"
            ),
            "file 'a' 1 1",
        ],
    ),
    "a long name behind an extended one": (
        archive(pax({"path": b"x"}), gnu_long(b"x"), file(b"a")),
        [
            (
                "ambiguous-header 'x': a long name follows its extended path,"
                " which pnpm keeps for another member"
            ),
            "file 'x' 0",
        ],
    ),
    "a sparse map in the header of a plain file": (
        archive(file(b"a", b"1", magic=GNU, tail=bytes(41) + octal(0) + octal(1)), AFTER),
        [
            (
                "ambiguous-header 'a': its header has a sparse map though it is no sparse member:"
                " some fill in its holes"
            ),
            "file 'a' 1 1",
            Z,
        ],
    ),
    # sizes with a NUL
    "a size with a NUL in front": (
        archive(file(b"a", size=b"\x0000000000005"), AFTER),
        [
            f"ambiguous-header 'a': {SPELLED}",
            "file 'a' 0",
            Z,
        ],
    ),
    # types
    "links": (
        archive(
            file(b"s", type=b"2", link=b"../x"), file(b"h", type=b"1", link=b"package/x"), AFTER
        ),
        ["symlink 's' 0 -> ../x", "hardlink 'h' 0 -> package/x", Z],
    ),
    "a symbolic link that claims content and has none": (
        archive(file(b"s", type=b"2", link=b"x", size=100), AFTER),
        [
            "link-with-data 's': a symlink whose header claims 100 bytes of content",
            "symlink 's' 0 -> x",
            Z,
        ],
    ),
    "a hard link with content": (
        archive(file(b"h", b"data", type=b"1", link=b"x"), AFTER),
        [
            "link-with-data 'h': a hardlink whose header claims 4 bytes of content",
            "hardlink 'h' 4 -> x data",
            Z,
        ],
    ),
    "a link that claims content in its pax header": (
        archive(pax({"size": b"512"}), file(b"s", type=b"2", link=b"x"), AFTER),
        [
            "ambiguous-header 's': its header says 0 bytes, its extended header 512",
            "link-with-data 's': a symlink whose header claims 512 bytes of content",
            "symlink 's' 0 -> x",
            Z,
        ],
    ),
    "a folder": (archive(file(b"d/", type=b"5"), AFTER), ["directory 'd' 0", Z]),
    "a folder with a size": (
        archive(file(b"d/", type=b"5", size=4096), AFTER),
        [
            "link-with-data 'd': a directory whose header claims 4,096 bytes of content",
            "directory 'd' 0",
            Z,
        ],
    ),
    "a folder as Version 7 marks it": (
        archive(file(b"d/", type=b"\0", magic=V7), AFTER),
        ["directory 'd' 0", Z],
    ),
    "a file with content and a slash at the end": (
        archive(file(b"d/", b"data"), AFTER),
        [
            "link-with-data 'd': a directory whose header claims 4 bytes of content",
            "directory 'd' 4 data",
            Z,
        ],
    ),
    "devices and a pipe": (
        archive(file(b"c", type=b"3"), file(b"b", type=b"4"), file(b"p", type=b"6"), AFTER),
        ["device 'c' 0", "device 'b' 0", "fifo 'p' 0", Z],
    ),
    "a contiguous file": (archive(file(b"a", b"hello", type=b"7"), AFTER), ["file 'a' 5 hello", Z]),
    "a type that nobody knows": (
        archive(file(b"a", b"hello", type=b"Q"), AFTER),
        ["unknown 'a' 5 hello", Z],
    ),
    # names
    "a name that is not UTF-8": (
        archive(file(b"caf\xe9.js"), AFTER),
        ["file 'caf\\\\xe9.js' 0", Z],
    ),
    "a pax path that is not UTF-8": (
        archive(pax({"path": b"caf\xe9.js"}), file(b"a")),
        [
            f"ambiguous-header 'caf\\\\xe9.js': its pax header has another path {LINES}",
            "file 'caf\\\\xe9.js' 0",
        ],
    ),
    "empty and dot parts": (
        archive(file(b"./a//b/./c.js"), file(b"/etc/x"), file(b"."), file(b"./d/."), AFTER),
        ["file 'a/b/c.js' 0", "file 'etc/x' 0", "file '' 0", "file 'd' 0", Z],
    ),
    "a name that climbs out": (
        archive(file(b"package/../../x"), AFTER),
        [
            "file 'package/../../x' 0",
            Z,
        ],
    ),
    "a name of 100 bytes without an end": (
        archive(file(b"n" * 100), AFTER),
        [
            f"file '{'n' * 100}' 0",
            Z,
        ],
    ),
    "the same name twice": (
        archive(file(b"a", b"1"), file(b"a", b"2")),
        ["file 'a' 1 1", "file 'a' 1 2"],
    ),
    # the end
    "no end-of-archive blocks": (file(b"a", b"1"), ["file 'a' 1 1", NO_END]),
    "one end-of-archive block": (file(b"a", b"1") + bytes(BLOCK), ["file 'a' 1 1"]),
    "an end block that is cut": (file(b"a", b"1") + bytes(100), ["file 'a' 1 1", NO_END]),
    "a second end block that is cut": (file(b"a", b"1") + bytes(BLOCK + 9), ["file 'a' 1 1"]),
    "a zero block between members": (
        archive(file(b"a"), bytes(BLOCK), AFTER),
        ["file 'a' 0", f"member-after-end 'z': behind a zero block: {BEHIND}", Z],
    ),
    "zero blocks between members, and none at the end": (
        file(b"a") + bytes(BLOCK) + file(b"b") + bytes(BLOCK) + AFTER,
        [
            "file 'a' 0",
            f"member-after-end 'b': behind a zero block: {BEHIND}",
            "file 'b' 0",
            f"member-after-end 'z': behind a zero block: {BEHIND}",
            Z,
            NO_END,
        ],
    ),
    "members behind the end": (
        archive(file(b"a"), END, pax({"path": b"late.js"}), file(b"b"), AFTER),
        [
            "file 'a' 0",
            f"member-after-end 'late.js': behind the end-of-archive blocks: {BEHIND}",
            "file 'late.js' 0",
            f"member-after-end 'z': behind the end-of-archive blocks: {BEHIND}",
            Z,
        ],
    ),
    "a whole record of padding": (archive(file(b"a"), bytes(9216)), ["file 'a' 0"]),
    "bytes behind the end": (
        archive(file(b"a")) + b"x" * 700,
        [
            "file 'a' 0",
            "trailing-data '': 700 bytes behind the end-of-archive blocks that are no member",
            "loose '(behind the archive)' 700",
        ],
    ),
    "few bytes behind the end": (
        archive(file(b"a")) + b"x" * 7,
        [
            "file 'a' 0",
            "trailing-data '': 7 bytes behind the end-of-archive blocks that are no member",
            "loose '(behind the archive)' 7",
        ],
    ),
    "bytes behind the end of an archive without members": (
        END + b"x" * 7,
        [
            "trailing-data '': 7 bytes behind the end-of-archive blocks that are no member",
            "loose '(behind the archive)' 7",
            NO_MEMBERS,
        ],
    ),
    "a part of a header": (
        file(b"a") + header(b"b")[:300],
        ["file 'a' 0", "error: cut short: 300 bytes where a header must stand"],
    ),
    "content that is cut short": (
        file(b"a", b"x" * 600)[:-500],
        [
            f"file 'a' 600 {'x' * 20}"[:12],
            "error: cut short: 76 bytes of a member are missing",
        ],
    ),
    "padding that is cut short": (
        file(b"a", b"x")[:-1],
        ["file 'a' 1 x", "error: cut short: 1 bytes of a member are missing"],
    ),
    "nothing but zeros": (END, [NO_MEMBERS]),
    "nothing": (b"", [NO_MEMBERS]),
}


@pytest.mark.parametrize(("data", "lines"), CASES.values(), ids=CASES.keys())
def test_an_archive_is_read_exactly_so(data: bytes, lines: list[str]) -> None:
    assert streamed([data]) == lines


@pytest.mark.parametrize("size", [1, 511, 512, 513, 1000])
def test_the_size_of_the_chunks_does_not_matter(size: int) -> None:
    for name, (data, lines) in CASES.items():
        assert streamed(pieces(data, [size] * (len(data) // size))) == lines, name


@pytest.mark.parametrize(
    ("extended", "name"),
    [
        (gnu_long(b"index.js", end=b""), "index.js9 path=x\n"),
        (gnu_long(b"index.js"), "index.js"),
        (pax({"uname": b"u"}), "x"),
        (pax({"uname": b"u"}, type=b"g"), "x"),
    ],
)
def test_cpython_reads_on_in_the_padding(extended: bytes, name: str) -> None:
    """Which is why we say so: pip would install by that name."""
    data = archive(behind(extended, b"9 path=x\n"), file(b"a"))

    with tarfile.open(fileobj=io.BytesIO(data)) as opened:
        assert opened.getnames() == [name]


ROWS = st.lists(
    st.sampled_from((bytes(BLOCK), file(b"a", b"1"), pax({"uname": b"b"}), bytes(100), b"\0\1"))
    | st.integers(2, 20).map(lambda count: bytes(count * BLOCK)),
    max_size=6,
)


@settings(max_examples=often(300))
@given(ROWS, st.integers(1, 600))
def test_zero_blocks_are_the_same_one_by_one_and_together(rows: list[bytes], size: int) -> None:
    """However many they are, whatever stands around them, and wherever a chunk ends."""
    data = file(b"first", b"0") + b"".join(rows)
    cut = pieces(data, [size] * (len(data) // size))
    assert streamed([data]) == streamed(cut) == streamed(pieces(data, [BLOCK] * 200))


def test_a_pax_header_gives_owner_and_mode_comes_from_the_header() -> None:
    data = archive(pax({"uname": "zoë".encode()}), file(b"a", mode=b"0104755\0", owner=b"root"))

    ((member, _),) = tar.members([data], Budget(Limits()), strip=0)  # type: ignore[misc]

    assert (member.owner, member.mode) == ("zoë", 0o4755)


def test_version_7_has_no_owner() -> None:
    data = archive(file(b"a", magic=V7, owner=b"root"))

    ((member, _),) = tar.members([data], Budget(Limits()), strip=0)  # type: ignore[misc]

    assert not member.owner


STRIPPED = {
    "package/lib/a.js": "lib/a.js",
    "./package//lib/./a.js": "lib/a.js",
    "/package/a.js": "a.js",
    "package": "package",
    "package/": "package",
    "a.js": "a.js",
    "package/../a.js": "../a.js",
    "": "",
}


@pytest.mark.parametrize(("name", "path"), STRIPPED.items())
def test_the_root_folder_is_taken_off_where_there_is_one(name: str, path: str) -> None:
    assert tar.stripped(name, 1) == path


# limits


def limits_met(data: bytes, **limits: int) -> list[str]:
    return streamed([data], Limits(**limits))


def test_headers_up_to_the_limit_are_read_and_larger_ones_are_an_error() -> None:
    data = archive(pax({"path": b"x" * 100}), file(b"a"))
    size = len(record("path", b"x" * 100))

    assert limits_met(data, header_bytes=size) == [f"file '{'x' * 100}' 0"]
    assert limits_met(data, header_bytes=size - 1) == [
        f"error: {limit_met('header-bytes', size - 1, size, 'bytes')}"
    ]


@pytest.mark.parametrize("type_", [b"x", b"g", b"L", b"K"])
def test_a_header_that_claims_a_gigabyte_is_not_read(type_: bytes) -> None:
    lines = streamed([header(b"a", size=2**30, type=type_)])

    assert lines == [f"error: {limit_met('header-bytes', 2**20, 2**30, 'bytes')}"]


def test_global_headers_count_as_members_since_nothing_need_follow_them() -> None:
    data = archive(pax({"path": b"x"}, type=b"g") * 3, file(b"a"))

    assert limits_met(data, members=4)[-1] == "file 'x' 0"
    assert limits_met(data, members=3)[-1] == f"error: {limit_met('members', 3, 4)}"


def test_a_header_full_of_tiny_records_is_read_once_through() -> None:
    count = 200_000

    assert streamed([archive(pax(b"5 a=\n" * count), file(b"a"))]) == ["file 'a' 0"]


def test_paths_up_to_the_limit_are_read_and_deeper_ones_are_an_error() -> None:
    data = archive(gnu_long(b"d/" * 4 + b"x"), file(b"a"))

    assert limits_met(data, path_depth=4) == ["file 'd/d/d/d/x' 0"]
    assert limits_met(data, path_depth=3) == [f"error: {limit_met('path-depth', 3, 4, 'folders')}"]


def test_members_up_to_the_limit_are_read_and_more_are_an_error() -> None:
    data = archive(file(b"a"), file(b"b"))

    assert limits_met(data, members=2) == ["file 'a' 0", "file 'b' 0"]
    assert limits_met(data, members=1) == [
        "file 'a' 0",
        f"error: {limit_met('members', 1, 2)}",
    ]


# the oracle: tarfile reads what it wrote as we do

PARTS = st.one_of(
    st.text(alphabet="ab.-_ ~\\", min_size=1, max_size=8),
    st.text(alphabet="éß文🙂e\u0301\u202e\n\t\x7f\xa0", min_size=1, max_size=12),
    st.integers(90, 130).map(lambda length: "long" * (length // 4) + "x" * (length % 4)),
).filter(lambda part: part not in {".", ".."})
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
TYPES = st.sampled_from(
    [tarfile.REGTYPE] * 4
    + [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
CONTENT = st.one_of(
    st.binary(max_size=40), st.sampled_from([b"x" * n for n in (511, 512, 513, 1024, 1500)])
)
MEMBERS = st.lists(
    st.tuples(PATHS, TYPES, CONTENT, PATHS, st.integers(0, 0o7777)), min_size=1, max_size=4
)
FORMATS = st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
KINDS = {
    tarfile.REGTYPE: MemberType.FILE,
    tarfile.DIRTYPE: MemberType.DIRECTORY,
    tarfile.SYMTYPE: MemberType.SYMLINK,
    tarfile.LNKTYPE: MemberType.HARDLINK,
    tarfile.FIFOTYPE: MemberType.FIFO,
    tarfile.CHRTYPE: MemberType.DEVICE,
}
QUICK = settings(max_examples=often(150), deadline=None)

Row = tuple[str, MemberType, int, str, int, bytes]


def written(members: list[tuple[str, bytes, bytes, str, int]], form: int) -> bytes:
    """Write members with tarfile, without those that the old format has no room for."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="utf-8") as file_:
        for path, kind, content, link, mode in members:
            info = tarfile.TarInfo(path)
            info.type, info.mode = kind, mode
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            info.linkname = link if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
            try:
                info.tobuf(form, "utf-8", "strict")  # type: ignore[arg-type]
            except ValueError:
                continue
            file_.addfile(info, io.BytesIO(content))
    return out.getvalue()


def by_tarfile(data: bytes) -> list[Row]:
    rows: list[Row] = []
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8") as file_:
        for info in file_:
            taken = file_.extractfile(info) if info.isreg() else None
            content = taken.read() if taken else b""
            link = info.linkname if info.islnk() or info.issym() else ""
            rows.append((info.name, KINDS[info.type], info.size, link, info.mode, content))
    return rows


def by_us(data: bytes, sizes: list[int]) -> list[Row]:
    rows: list[Row] = []
    for entry in tar.members(pieces(data, sizes), Budget(Limits()), strip=0):
        if isinstance(entry, Oddity):  # npm's and pnpm's readers are no measure here
            assert "npm" in entry.detail
            continue
        assert isinstance(entry, tuple), entry
        member, content = entry
        rows.append(
            (member.path, member.type, member.size, member.link, member.mode, b"".join(content))
        )
    return rows


@QUICK
@given(members=MEMBERS, form=FORMATS, sizes=st.lists(st.integers(0, 1400), max_size=30))
def test_what_tarfile_wrote_we_list_as_tarfile_does(
    members: list[tuple[str, bytes, bytes, str, int]], form: int, sizes: list[int]
) -> None:
    data = written(members, form)
    if data.strip(b"\0"):
        assert by_us(data, sizes) == by_tarfile(data)


# laws

SAMPLE_PARTS = [
    file(b"package/", type=b"5"),
    pax({"path": "package/é.js".encode()}),
    file(b"package/d", b"x" * 700),
    gnu_long(b"package/" + b"n" * 120),
    file("package/ü".encode(), type=b"2", link=b"n"),
    file(b"package/last.js", b"z"),
]
SAMPLE = archive(*SAMPLE_PARTS)
WHOLE = streamed([SAMPLE])
HEADS = [sum(map(len, SAMPLE_PARTS[:index])) for index in range(len(SAMPLE_PARTS))]


def test_the_sample_is_read_whole() -> None:
    assert len(WHOLE) == 4
    assert not any(line.startswith("error") for line in WHOLE)


def test_an_archive_cut_at_any_byte_is_never_a_shorter_list_in_silence() -> None:
    edges = {edge + step for edge in range(0, len(SAMPLE), BLOCK) for step in (-1, 0, 1)}
    for cut in sorted(edges.union(range(0, len(SAMPLE), 7)) - {-1}):
        lines = streamed([SAMPLE[:cut]])
        if lines == WHOLE:
            assert not SAMPLE[cut:].strip(b"\0"), f"cut at {cut}"
        else:
            assert lines[-1] == NO_END or lines[-1].startswith("error: "), f"cut at {cut}"


@QUICK
@given(members=MEMBERS, form=FORMATS, data=st.data())
def test_a_random_archive_cut_at_any_byte_is_never_a_shorter_list_in_silence(
    members: list[tuple[str, bytes, bytes, str, int]], form: int, data: st.DataObject
) -> None:
    whole = written(members, form).rstrip(b"\0")
    cut = data.draw(st.integers(0, len(whole)))
    lines = streamed([whole[:cut]])

    assert lines[-1] == NO_END or lines[-1].startswith("error: ")


@pytest.mark.parametrize("mask", [0x01, 0x80])
def test_one_byte_of_a_header_changed_is_an_error_or_changes_nothing(mask: int) -> None:
    for start in HEADS:
        for offset in range(start, start + BLOCK):
            flipped = bytearray(SAMPLE)
            flipped[offset] ^= mask
            lines = streamed([bytes(flipped)])
            in_checksum = 148 <= offset - start < 156
            assert lines[-1] == CHECKSUM or (in_checksum and lines == WHOLE), f"at {offset}"


@pytest.mark.parametrize("offset", range(0, 1024, 73))
def test_a_byte_among_the_end_blocks_is_not_passed_over(offset: int) -> None:
    spoiled = bytearray(SAMPLE)
    spoiled[len(SAMPLE) - 1024 + offset] = 1
    lines = streamed([bytes(spoiled)])

    assert lines[: len(WHOLE)] == WHOLE
    assert lines[len(WHOLE)] == CHECKSUM or lines[len(WHOLE)].startswith("trailing-data")


@settings(max_examples=often(100), deadline=None)
@given(
    blocks=st.lists(
        st.one_of(
            st.binary(max_size=700),
            st.sampled_from([*SAMPLE_PARTS, bytes(BLOCK), END, gnu_sparse(b"s", b"1", claimed=9)]),
            st.builds(
                header,
                st.binary(max_size=100),
                size=st.one_of(st.binary(min_size=12, max_size=12), st.integers(0, 3000)),
                type=st.binary(min_size=1, max_size=1),
                mode=st.one_of(st.just(b"0000644\0"), st.binary(max_size=8)),
                link=st.binary(max_size=100),
                magic=st.sampled_from([GNU, V7, b"ustar\x0000"]),
                tail=st.binary(max_size=167),
            ),
            st.builds(pax, st.binary(max_size=600)),
        ),
        max_size=8,
    )
)
def test_whatever_the_bytes_nothing_but_our_errors_is_raised(blocks: list[bytes]) -> None:
    for line in streamed([b"".join(blocks)]):
        assert line


def test_content_that_nobody_reads_is_skipped() -> None:
    seen = [
        entry[0].path
        for entry in tar.members([SAMPLE], Budget(Limits()), strip=1)
        if isinstance(entry, tuple)
    ]

    assert seen[-1] == "last.js"
    assert len(seen) == 4


def test_a_plain_tar_is_known_by_its_magic_or_by_its_checksum() -> None:
    old = archive(file(b"a", b"1", magic=V7))

    assert listed(SAMPLE) == WHOLE
    assert listed(old) == ["file 'a' 1 1"]
    assert listed(archive(file(b"a", checksum=b"001234\0 "))) == [CHECKSUM]
