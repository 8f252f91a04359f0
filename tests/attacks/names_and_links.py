"""Names that lead elsewhere or come out differently, and links that leave the package."""

from __future__ import annotations

from tests.archives import SDIST, attack, sound
from tests.attacks._packages import npm, sdist
from tests.tar_bytes import file, gnu_long, pax

AMBIGUOUS = "ambiguous-archive"
ESCAPE = "archive-path-escape"
LINK = "link-escape"


def named(name: bytes) -> bytes:
    """Return a package with an empty file of a name below its root folder."""
    return npm(gnu_long(b"package/" + name), file(b"package/x"))


def linked(name: bytes, target: bytes, type: bytes = b"2") -> bytes:  # noqa: A002 - the field's name
    """Return a member that is a link."""
    return file(b"package/" + name, type=type, link=target)


@attack(1, [(ESCAPE, "../x.js")])
def climbs_behind_the_root_folder() -> bytes:
    """Out of the folder that installers make."""
    return named(b"../x.js")


@attack(1, [(ESCAPE, "x.js")])
def climbs_before_the_root_folder() -> bytes:
    """The dots are the folder that is taken off."""
    return npm(file(b"../x.js"))


@attack(1, [(ESCAPE, "lib/../../x.js")])
def climbs_later() -> bytes:
    """In, and out again by more."""
    return named(b"lib/../../x.js")


@attack(1, [(AMBIGUOUS, "lib/../x.js")])
def dots_that_stay_inside() -> bytes:
    """Some unpackers resolve them, others drop the member."""
    return named(b"lib/../x.js")


@attack(1, [(ESCAPE, "x")])
def absolute_path() -> bytes:
    """npm takes the first part off, tar keeps it all."""
    return npm(file(b"/etc/x"))


@attack(1, [(ESCAPE, "C:/x.js")])
def drive_of_windows() -> bytes:
    """A drive is a folder's name elsewhere."""
    return named(b"C:/x.js")


@attack(1, [(ESCAPE, "..\\..\\x.js")])
def climbs_with_backslashes() -> bytes:
    """A name on Linux, a path on Windows."""
    return named(b"..\\..\\x.js")


@attack(1, [(AMBIGUOUS, "lib\\x.js")])
def backslash_in_a_name() -> bytes:
    """The same without dots."""
    return named(b"lib\\x.js")


@attack(1, [(AMBIGUOUS, "a\x1b[31mb.js")])
def escape_sequence_in_a_name() -> bytes:
    """A name that colours a terminal."""
    return named(b"a\x1b[31mb.js")


@attack(1, [(AMBIGUOUS, "a\r\nb.js")])
def line_end_in_a_name() -> bytes:
    """A name of two lines."""
    return named(b"a\r\nb.js")


@attack(1, [(AMBIGUOUS, "a\u202esj.exe")])
def name_from_right_to_left() -> bytes:
    """A name that reads as another one."""
    return named("a\u202esj.exe".encode())


@attack(1, [(AMBIGUOUS, "in\u200bdex.js")])
def invisible_character_in_a_name() -> bytes:
    """A name that looks like another one."""
    return named("in\u200bdex.js".encode())


@attack(1, [(AMBIGUOUS, "caf\\xe9.js")])
def name_in_latin_1() -> bytes:
    """Bytes that are no UTF-8."""
    return named(b"caf\xe9.js")


@attack(1, [(AMBIGUOUS, "\\xc0\\xae\\xc0\\xae/x.js")])
def dots_in_overlong_utf_8() -> bytes:
    """Dots in a spelling that decoders must refuse."""
    return named(b"\xc0\xae\xc0\xae/x.js")


@attack(1, [(AMBIGUOUS, "n" * 256)])
def part_of_256_bytes() -> bytes:
    """One more than file systems take."""
    return named(b"n" * 256)


@sound()
def part_of_255_bytes() -> bytes:
    """As many as file systems take."""
    return named(b"n" * 255)


@attack(1, [(AMBIGUOUS, ("d" * 199 + "/") * 21 + "x.js")])
def path_of_more_than_4096_bytes() -> bytes:
    """More than systems take, though each part is short."""
    return named((b"d" * 199 + b"/") * 21 + b"x.js")


DEEP = "LICENSE: not read to the end: limit path-depth of 1,024 folders met (found at least {:,}"


@attack(3, gaps=[DEEP.format(1100) + " folders); raise it with --limit path-depth=N"])
def path_of_eleven_hundred_folders() -> bytes:
    """A path that a recursion would not survive."""
    return named(b"d/" * 1100 + b"x.js")


@sound()
def double_slashes() -> bytes:
    """Empty parts are none."""
    return named(b"lib//a///x.js")


@sound()
def emoji_and_joiners() -> bytes:
    """Scripts and emoji that need joiners are spelled with them."""
    return named("docs/👩\u200d💻-क\u094d\u200dष.md".encode())


@attack(1, [("case-collision", "index.js")])
def two_names_that_differ_in_case() -> bytes:
    """One file on macOS and Windows."""
    return named(b"Index.js")


@attack(1, [("case-collision", "docs/caf\u00e9.md")])
def two_names_that_differ_in_the_encoding_of_accents() -> bytes:
    """One file where the file system composes characters."""
    return npm(
        file("package/docs/café.md".encode()),
        pax({"path": "package/docs/cafe\u0301.md".encode()}),
        file(b"package/x"),
    )


@attack(1, [("case-collision", "LICENSE")])
def file_and_folder_that_differ_in_case() -> bytes:
    """A file where others have a folder."""
    return named(b"license/mit.txt")


@attack(1, [(AMBIGUOUS, "index.js")])
def member_beneath_a_file() -> bytes:
    """A file that would have to be a folder."""
    return named(b"index.js/x.js")


@attack(1, [("linked-member", "d"), (AMBIGUOUS, "d")])
def member_beneath_a_link() -> bytes:
    """A member that is written where a link points."""
    return npm(file(b"package/lib/", type=b"5"), linked(b"d", b"lib"), file(b"package/d/x.js"))


@attack(1, [(LINK, "d"), (AMBIGUOUS, "d")])
def member_beneath_a_link_that_leads_out() -> bytes:
    """The classic: a link out, and a file through it."""
    return npm(linked(b"d", b"../../../tmp"), file(b"package/d/hostile-canary.txt", b"1"))


@attack(1, [(AMBIGUOUS, "x.js")])
def member_beside_the_root_folder() -> bytes:
    """npm takes the first part off, whatever it is."""
    return npm(file(b"x.js"))


@attack(1, [(LINK, "l")])
def symbolic_link_to_the_system() -> bytes:
    """A file of whoever unpacks it."""
    return npm(linked(b"l", b"/etc/passwd"))


@attack(1, [(LINK, "l")])
def symbolic_link_that_climbs_out() -> bytes:
    """The same by dots."""
    return npm(linked(b"l", b"../../../etc/passwd"))


@attack(0, [("linked-member", "l")])
def symbolic_link_that_stays_inside() -> bytes:
    """npm leaves it out."""
    return npm(linked(b"l", b"index.js"))


@attack(1, [(LINK, "l")])
def symbolic_link_to_itself() -> bytes:
    """A link without an end."""
    return npm(linked(b"l", b"l"))


@attack(1, [(LINK, "a"), (LINK, "b")])
def two_links_to_each_other() -> bytes:
    """The same by two."""
    return npm(linked(b"a", b"b"), linked(b"b", b"a"))


@attack(1, [("linked-member", "a/b/up"), (LINK, "a/c")])
def link_through_a_link() -> bytes:
    """Two links that are harmless each, and lead out together."""
    return npm(linked(b"a/b/up", b"../.."), linked(b"a/c", b"b/up/../x"))


@attack(1, [(LINK, "l")])
def hard_link_to_the_system() -> bytes:
    """A hard link to a file of whoever unpacks it."""
    return npm(linked(b"l", b"/etc/passwd", b"1"))


@attack(1, [(LINK, "l")])
def hard_link_beside_the_root_folder() -> bytes:
    """Hard links are read from the archive's root."""
    return npm(linked(b"l", b"other/index.js", b"1"))


@attack(0, [("linked-member", "l")])
def hard_link_that_stays_inside() -> bytes:
    """npm leaves it out."""
    return npm(linked(b"l", b"package/index.js", b"1"))


@attack(1, [("linked-member", "l"), (AMBIGUOUS, "l")])
def hard_link_with_content() -> bytes:
    """pax allows content, most readers do not look for it."""
    return npm(file(b"package/l", b"1", type=b"1", link=b"package/index.js"))


@attack(1, [(LINK, "l")], file=SDIST)
def link_of_an_sdist_that_leads_out() -> bytes:
    """pip refuses the sdist."""
    return sdist(file(b"demo_kit-1.0.0/l", type=b"2", link=b"/etc/passwd"))


@sound(file=SDIST)
def link_of_an_sdist_that_stays_inside() -> bytes:
    """PEP 721 allows it."""
    return sdist(file(b"demo_kit-1.0.0/l", type=b"2", link=b"pyproject.toml"))
