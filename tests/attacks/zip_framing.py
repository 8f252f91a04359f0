"""Zip records that contradict: two ends, two directories, gaps, prefixes, descriptors, zip64."""

from __future__ import annotations

import struct
import zlib

from tests.archives import WHEEL, attack, sound
from tests.attacks._packages import KEY, MAP, MODULE, wheel, wheel_entries
from tests.zip_bytes import (
    DEFLATED,
    FULL,
    Entry,
    central_header,
    deflated,
    descriptor,
    end64_record,
    end_record,
    extra_field,
    local_header,
    locator64,
    zipped,
    zipped64,
)

AMBIGUOUS = "ambiguous-archive"
REFUSED = "refused-archive"
FILE = b"demo_kit/a.py"
PATH = FILE.decode()
DATA = b"a = 1\n"
A = Entry(name=FILE, data=DATA)
HIDDEN = Entry(name=b"demo_kit/hidden.js.map", data=MAP, listed=False)
HIDDEN_FOUND = [
    (AMBIGUOUS, "demo_kit/hidden.js.map"),
    ("embedded-sources", "demo_kit/hidden.js.map"),
    ("unrecorded-file", "demo_kit/hidden.js.map"),
]


@attack(1, HIDDEN_FOUND, file=WHEEL)
def entry_that_the_directory_does_not_list() -> bytes:
    """A local entry between two others: who streams unpacks it, zipfile never sees it."""
    return wheel(A, HIDDEN)


@attack(1, HIDDEN_FOUND, file=WHEEL)
def unlisted_entry_before_the_directory() -> bytes:
    """The same behind the last entry."""
    hidden = local_header(HIDDEN) + HIDDEN.content()
    return zipped(wheel_entries(A), between=hidden)


@attack(1, [(AMBIGUOUS, "demo_kit/__init__.py"), *HIDDEN_FOUND], file=WHEEL)
def unlisted_entry_before_the_first() -> bytes:
    """The same in front, with bytes behind it that are nobody's."""
    return wheel(A, head=local_header(HIDDEN) + HIDDEN.content() + b"more")


@attack(
    1,
    [(AMBIGUOUS, PATH), ("duplicate-member", PATH), ("record-mismatch", PATH)],
    file=WHEEL,
)
def unlisted_entry_of_a_name_that_is_listed() -> bytes:
    """Two entries of one name, of which the directory lists one (CVE-2025-54368)."""
    return wheel(Entry(name=FILE, data=b"import os\n", listed=False), A)


@attack(
    1,
    [
        (AMBIGUOUS, "demo_kit/hidden.js.map"),
        (AMBIGUOUS, "demo_kit/a.py"),
        ("embedded-sources", "(demo_kit/hidden.js.map by its local header)"),
    ],
    file=WHEEL,
)
def unlisted_entry_with_its_sizes_behind() -> bytes:
    """A hidden entry whose end only inflating shows is inflated."""
    packed = deflated(MAP)
    hidden = Entry(
        name=HIDDEN.name,
        data=MAP,
        packed=packed,
        method=DEFLATED,
        flags=8,
        descriptor=descriptor(MAP, packed),
        listed=False,
        local={"crc": 0, "packed": 0, "size": 0},
    )
    return wheel(hidden, A)


@attack(1, [(AMBIGUOUS, "")], file=WHEEL)
def bytes_before_the_first_entry() -> bytes:
    """A script in front, as in a self-extracting archive; all offsets count it."""
    return wheel(A, head=b"#!/bin/sh\necho hello\n")


@attack(1, [(AMBIGUOUS, "")], file=WHEEL)
def bytes_in_front_that_offsets_do_not_count() -> bytes:
    """The same, but the offsets are those of the archive alone: zipfile and Go add the rest."""
    return wheel(A, head=b"#!/bin/sh\necho hello\n", shifted=True)


@attack(1, [(AMBIGUOUS, ""), ("private-key", "(before the archive)")], file=WHEEL)
def private_key_before_the_first_entry() -> bytes:
    """What stands in front is looked into."""
    return wheel(A, head=KEY)


@attack(1, [(AMBIGUOUS, PATH), ("private-key", f"(before {PATH})")], file=WHEEL)
def private_key_between_two_entries() -> bytes:
    """What stands between two entries is looked into."""
    return wheel(Entry(name=FILE, data=DATA, before=KEY))


@attack(1, [(AMBIGUOUS, ""), ("private-key", "(before the directory)")], file=WHEEL)
def private_key_before_the_directory() -> bytes:
    """Where Android keeps the signature of a package."""
    return wheel(A, between=KEY)


@attack(1, [(AMBIGUOUS, ""), ("private-key", "(behind the directory)")], file=WHEEL)
def private_key_behind_the_directory() -> bytes:
    """Bytes between the directory and the end record; offsets are right."""
    return wheel(A, middle=KEY)


@attack(1, [(AMBIGUOUS, ""), ("private-key", "(behind the archive)")], file=WHEEL)
def private_key_behind_the_end_record() -> bytes:
    """Bytes behind the end."""
    return wheel(A, tail=KEY)


@attack(1, [(AMBIGUOUS, "")], file=WHEEL)
def zeros_behind_the_end_record() -> bytes:
    """Padding, which PyPI refuses as it refuses all that stands there."""
    return wheel(A, tail=bytes(100))


@attack(1, [("private-key", "(comment)")], file=WHEEL)
def private_key_in_the_comment() -> bytes:
    """A comment of the archive is allowed, and looked into."""
    return wheel(A, end={"comment": KEY})


@sound(file=WHEEL)
def comment_of_the_archive() -> bytes:
    """A comment that says nothing."""
    return wheel(A, end={"comment": b"made by hand"})


@attack(1, [(REFUSED, ""), ("private-key", "(comment)")], file=WHEEL)
def private_key_in_the_comment_of_an_entry() -> bytes:
    """PyPI refuses comments of entries; what is in them is looked into."""
    return wheel(Entry(name=FILE, data=DATA, comment=KEY))


@attack(1, [("private-key", "(extra fields)")], file=WHEEL)
def private_key_in_an_extra_field() -> bytes:
    """An extra field that nobody knows."""
    return wheel(Entry(name=FILE, data=DATA, extra=extra_field(0x7777, KEY)))


@attack(1, [(AMBIGUOUS, "")], file=WHEEL)
def end_record_in_the_comment() -> bytes:
    """An end record inside the comment, of an archive without entries: who looks from the end
    finds it first."""
    return wheel(A, end={"comment": end_record()})


@attack(
    1,
    [
        (AMBIGUOUS, ""),
        (AMBIGUOUS, "other.js.map"),
        ("embedded-sources", "other.js.map"),
        ("stray-root-file", "other.js.map"),
        ("unrecorded-file", "other.js.map"),
    ],
    file=WHEEL,
)
def zip_in_the_comment() -> bytes:
    """A whole archive in the comment, whose offsets start with it."""
    other = zipped([Entry(name=b"other.js.map", data=MAP)])
    return wheel(A, end={"comment": other + b" "})


@attack(
    1,
    [
        (AMBIGUOUS, ""),
        ("embedded-sources", "(before the archive)!demo_kit/b.js.map"),
    ],
    file=WHEEL,
)
def two_archives_in_a_row() -> bytes:
    """A second archive behind the first, with offsets of its own: the first is what streams read,
    the second what zipfile opens."""
    first = zipped([Entry(name=b"demo_kit/b.js.map", data=MAP)])
    return wheel(A, head=first)


def two_directories(stated: list[Entry], close: list[Entry]) -> bytes:
    """Return an archive with a directory where its end record says, and one right before that."""
    body = b""
    places = {}
    for entry in (*stated, *close):
        places[entry.name] = len(body)
        body += local_header(entry) + entry.content()
    one = b"".join(central_header(entry, places[entry.name]) for entry in stated)
    two = b"".join(central_header(entry, places[entry.name] - len(one)) for entry in close)
    end = end_record(entries=len(close), size=len(two), offset=len(body))
    return body + one + two + end


@attack(
    1,
    [(AMBIGUOUS, ""), ("embedded-sources", "evil.js.map")],
    file="demo.zip",
)
def directory_where_it_says_and_right_before_the_end() -> bytes:
    """Go reads the directory where the end record says, zipfile the one right before that."""
    evil = Entry(name=b"evil.js.map", data=MAP)
    return two_directories([evil], [Entry(name=b"good.py", data=DATA)])


@attack(1, [(AMBIGUOUS, "")], file=WHEEL)
def end_record_with_another_count() -> bytes:
    """The end record counts fewer entries than there are: zipfile does not care, others stop."""
    return wheel(A, end={"entries": 3})


@attack(1, [(AMBIGUOUS, "")], file=WHEEL)
def end_record_with_two_counts() -> bytes:
    """Two numbers of entries: those on this disk, and all."""
    return wheel(A, end={"here": 2})


@attack(3, gaps=["not read to the end: a zip archive in several volumes"], file=WHEEL)
def one_of_several_volumes() -> bytes:
    """The last of several files."""
    return wheel(A, end={"disk": 3})


@attack(
    3,
    gaps=["not read to the end: no end record: this is no zip archive, or it is cut short"],
    file=WHEEL,
)
def zip_that_is_cut_short() -> bytes:
    """The end record lacks its last byte."""
    return wheel(A)[:-1]


@attack(
    3,
    gaps=["not read to the end: no end record: this is no zip archive, or it is cut short"],
    file=WHEEL,
)
def zip_without_an_end_record() -> bytes:
    """The directory is the last that there is."""
    return wheel(A)[:-22]


@attack(
    3,
    gaps=["not read to the end: no end record: this is no zip archive, or it is cut short"],
    file=WHEEL,
)
def end_record_whose_comment_is_missing() -> bytes:
    """A comment that is longer than what is left of the file."""
    return wheel(A, end={"length": 10})


@attack(
    3,
    [(AMBIGUOUS, ""), (AMBIGUOUS, "demo_kit-1.0.0.dist-info/RECORD")],
    [
        (
            "demo_kit-1.0.0.dist-info/RECORD: not read to the end: the central directory"
            " is cut short or damaged"
        )
    ],
    file=WHEEL,
)
def directory_with_a_damaged_record() -> bytes:
    """The last record of the directory is none: what comes before it is read."""
    entries = wheel_entries(A)
    last = entries[-1]
    entries[-1] = Entry(name=last.name, data=last.data, central={"magic": b"PK\x01\x09"})
    return zipped(entries)


@attack(3, gaps=["not read to the end: a zip archive without entries"], file=WHEEL)
def zip_without_entries() -> bytes:
    """An end record alone."""
    return end_record()


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def another_name_in_the_local_header() -> bytes:
    """Who streams unpacks another name."""
    return wheel(Entry(name=FILE, data=DATA, local={"name": b"demo_kit/b.py"}))


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def another_checksum_in_the_local_header() -> bytes:
    """Two checksums."""
    return wheel(Entry(name=FILE, data=DATA, local={"crc": 7}))


@attack(
    1,
    [
        (AMBIGUOUS, "demo_kit/x.js.map"),
        (AMBIGUOUS, "demo_kit-1.0.0.dist-info/licenses/LICENSE"),
        ("embedded-sources", "(demo_kit/x.js.map by its local header)"),
    ],
    file=WHEEL,
)
def another_content_by_the_local_header() -> bytes:
    """The directory says that three bytes are stored, the local header that a map is deflated."""
    inner = deflated(MAP)
    local = {"method": DEFLATED, "size": len(MAP), "crc": zlib.crc32(MAP)}
    central = {"packed": 3, "crc": zlib.crc32(inner[:3])}
    name = b"demo_kit/x.js.map"
    return wheel(Entry(name=name, data=inner[:3], packed=inner, local=local, central=central))


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def another_method_in_the_local_header() -> bytes:
    """Stored for the directory, deflated for the local header."""
    return wheel(Entry(name=FILE, data=DATA, local={"method": DEFLATED}))


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def encrypted_by_the_local_header_alone() -> bytes:
    """Who streams asks for a password."""
    return wheel(Entry(name=FILE, data=DATA, local={"flags": 1}))


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def folder_by_its_attributes_alone() -> bytes:
    """A folder for Go and Info-ZIP, a file for zipfile."""
    return wheel(Entry(name=FILE, data=DATA, mode=0o040755))


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def folder_by_its_dos_attributes() -> bytes:
    """The same by the flag of DOS."""
    return wheel(Entry(name=FILE, data=DATA, attributes=0x10))


@attack(1, [(AMBIGUOUS, "demo_kit/lib"), ("private-key", "demo_kit/lib")], file=WHEEL)
def private_key_in_a_folder() -> bytes:
    """An entry whose name ends as a folder's has content: no unpacker writes it, and it is looked
    into."""
    return wheel(Entry(name=b"demo_kit/lib/", data=KEY, mode=0o040755))


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def second_name_in_an_extra_field() -> bytes:
    """A Unicode path (0x7075), which Info-ZIP and newer Pythons take for the name."""
    body = b"\x01" + zlib.crc32(FILE).to_bytes(4, "little") + b"demo_kit/evil.py"
    return wheel(Entry(name=FILE, data=DATA, extra=extra_field(0x7075, body)))


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def unicode_path_twice() -> bytes:
    """Two such fields that agree with the name, and readers that take the first or the last."""
    body = b"\x01" + zlib.crc32(FILE).to_bytes(4, "little") + FILE
    return wheel(Entry(name=FILE, data=DATA, extra=extra_field(0x7075, body) * 2))


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def extra_field_longer_than_there_is() -> bytes:
    """A field that claims more bytes than the extra has: zipfile refuses, Go passes over it."""
    return wheel(Entry(name=FILE, data=DATA, extra=extra_field(0x5455, b"ab", 50)))


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def extra_field_of_three_bytes() -> bytes:
    """Bytes that are too few for a field."""
    return wheel(Entry(name=FILE, data=DATA, extra=b"abc"))


@sound(file=WHEEL)
def extra_fields_of_common_tools() -> bytes:
    """Times and owners, and the zeros with which entries are aligned."""
    fields = extra_field(0x5455, b"\3" + bytes(8)) + extra_field(0x7875, bytes(11)) + bytes(3)
    return wheel(Entry(name=FILE, data=DATA, extra=fields))


def streamed(**changes: object) -> Entry:
    """Return an entry whose sizes stand behind its content."""
    packed = deflated(DATA)
    said = {
        "data": DATA,
        "packed": packed,
        "method": DEFLATED,
        "flags": 8,
        "descriptor": descriptor(DATA, packed),
        "local": {"crc": 0, "packed": 0, "size": 0},
        **changes,
    }
    return Entry(name=FILE, **said)  # type: ignore[arg-type]


@attack(1, [(REFUSED, "")], file=WHEEL)
def sizes_behind_the_content() -> bytes:
    """A data descriptor: sound by the format, refused by PyPI."""
    return wheel(streamed())


@attack(1, [(REFUSED, "")], file=WHEEL)
def sizes_behind_the_content_without_a_mark() -> bytes:
    """A data descriptor without its signature."""
    return wheel(streamed(descriptor=descriptor(DATA, deflated(DATA), signed=False)))


@attack(1, [(REFUSED, "")], file=WHEEL)
def sizes_of_64_bits_behind_the_content() -> bytes:
    """A data descriptor of zip64."""
    return wheel(streamed(descriptor=descriptor(DATA, deflated(DATA), wide=True)))


NEXT = "demo_kit-1.0.0.dist-info/licenses/LICENSE"


@attack(1, [(REFUSED, ""), (AMBIGUOUS, PATH), (AMBIGUOUS, NEXT)], file=WHEEL)
def other_sizes_behind_the_content() -> bytes:
    """A data descriptor that says something else than the directory."""
    return wheel(streamed(descriptor=descriptor(DATA + b"x", deflated(DATA))))


@attack(1, [(REFUSED, ""), (AMBIGUOUS, PATH), (AMBIGUOUS, NEXT)], file=WHEEL)
def another_checksum_behind_the_content() -> bytes:
    """The checksum of another content."""
    return wheel(streamed(descriptor=descriptor(b"b = 2\n", deflated(DATA))))


@attack(1, [(REFUSED, ""), (AMBIGUOUS, PATH)], file=WHEEL)
def no_sizes_behind_the_content() -> bytes:
    """The flag says that sizes follow, and none do."""
    return wheel(streamed(descriptor=b""))


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def sizes_behind_by_the_local_header_alone() -> bytes:
    """The directory does not know of the descriptor."""
    return wheel(streamed(central={"flags": 0}))


@attack(
    3,
    [(AMBIGUOUS, "demo_kit/b.py"), ("broken-wheel", ""), ("missing-record", "the wheel")],
    [f"{PATH}: not read to the end: the entry 'demo_kit/b.py' overlaps the one before it"],
    file=WHEEL,
)
def two_entries_of_one_content() -> bytes:
    """Two records of the directory for one local entry: a bomb is made of many."""
    shared = Entry(
        name=b"demo_kit/b.py", data=DATA, central={"offset": 0, "name": b"demo_kit/b.py"}
    )
    entries = [A, shared, *wheel_entries()]
    return zipped(entries)


@attack(
    3,
    [("missing-record", "demo_kit-1.0.0.dist-info/RECORD")],
    [
        (
            "demo_kit-1.0.0.dist-info/WHEEL: not read to the end: the entry"
            " 'demo_kit-1.0.0.dist-info/RECORD' overlaps the directory"
        )
    ],
    file=WHEEL,
)
def entry_that_reaches_into_the_directory() -> bytes:
    """A stored entry that claims a part of the directory for its content."""
    entries = wheel_entries(A)
    last = entries[-1]
    size = {"packed": len(last.data) + 40, "size": len(last.data) + 40}
    entries[-1] = Entry(name=last.name, data=last.data, local=size, central=size)
    return zipped(entries)


@attack(
    3,
    [(AMBIGUOUS, PATH)],
    [f"{PATH}: there is no local header where the directory points"],
    file=WHEEL,
)
def directory_that_points_into_nothing() -> bytes:
    """An offset at which no local header stands."""
    return wheel(Entry(name=FILE, data=DATA, central={"offset": 5}))


@attack(
    3,
    [(AMBIGUOUS, PATH)],
    [f"{PATH}: the entry's local header lies outside the file"],
    file=WHEEL,
)
def directory_that_points_behind_the_file() -> bytes:
    """An offset behind the end."""
    return wheel(Entry(name=FILE, data=DATA, central={"offset": 0x7FFFFFFF}))


# zip64


@sound(file=WHEEL)
def zip64_end_records() -> bytes:
    """A small archive with the end records of a large one."""
    return zipped64(wheel_entries(A))


@sound(file=WHEEL)
def zip64_sizes_of_an_entry() -> bytes:
    """Sizes in an extra field, where those of 32 bits are full."""
    wide = extra_field(1, struct.pack("<QQ", len(DATA), len(DATA)))
    full: dict[str, int | bytes] = {"packed": FULL, "size": FULL}
    return wheel(Entry(name=FILE, data=DATA, extra=wide, local=full, central=full))


@attack(1, [(AMBIGUOUS, PATH)], file=WHEEL)
def zip64_sizes_that_are_not_asked_for() -> bytes:
    """A field with other sizes beside sizes that are not full: some readers take it."""
    wide = extra_field(1, struct.pack("<QQ", 3, 3))
    return wheel(Entry(name=FILE, data=DATA, extra=wide))


@attack(
    3,
    [(AMBIGUOUS, PATH)],
    [f"{PATH}: a zip64 field is too short for the sizes it stands for"],
    file=WHEEL,
)
def zip64_sizes_that_are_too_short() -> bytes:
    """A field of one number for two."""
    wide = extra_field(1, struct.pack("<Q", len(DATA)))
    full: dict[str, int | bytes] = {"packed": FULL, "size": FULL}
    return wheel(Entry(name=FILE, data=DATA, extra=wide, central=full))


@attack(
    3, [], ["not read to the end: the zip64 end record is not where its locator says"], file=WHEEL
)
def zip64_locator_of_nothing() -> bytes:
    """A locator without an end record."""
    body = wheel(A)
    return body[:-22] + locator64(5) + body[-22:]


@attack(1, [(AMBIGUOUS, "")], file=WHEEL)
def zip64_end_record_that_contradicts() -> bytes:
    """Two end records with different values: Go takes those of 32 bits, zipfile those of 64."""
    whole = zipped(wheel_entries(A))
    entries, _, size, offset = struct.unpack("<HHLL", whole[-14:-2])
    del entries
    place = offset + size
    return (
        whole[:place]
        + end64_record(6, size, offset)
        + locator64(place)
        + end_record(entries=2, size=size, offset=offset)
    )


@attack(1, [(AMBIGUOUS, ""), ("private-key", "(behind the directory)")], file=WHEEL)
def zip64_end_record_with_more_in_it() -> bytes:
    """Extensible data in the end record, which PyPI refuses."""
    return zipped64(wheel_entries(A), extensible=KEY)


@attack(1, [(AMBIGUOUS, ""), ("private-key", "(behind the directory)")], file=WHEEL)
def zip64_end_record_with_a_gap_behind_it() -> bytes:
    """Bytes between the end record and its locator (CVE-2025-8291): older Pythons look right
    before the locator."""
    return zipped64(wheel_entries(A), behind=KEY)


@attack(1, [(AMBIGUOUS, "")], file=WHEEL)
def two_zip64_end_records() -> bytes:
    """One where the locator says, one right before it."""
    whole = zipped(wheel_entries(A))
    _, _, size, offset = struct.unpack("<HHLL", whole[-14:-2])
    record = end64_record(6, size, offset)
    return zipped64(wheel_entries(A), behind=record)


@sound(file=WHEEL)
def zip_in_a_zip_stored() -> bytes:
    """An end record inside an entry is a matter of that entry."""
    return wheel(Entry(name=b"demo_kit/data.bin", data=MODULE + end_record()))
