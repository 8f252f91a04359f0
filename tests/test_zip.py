"""Zip archives: every entry, exactly once, and every disagreement between its records said."""

from __future__ import annotations

import io
import struct
import zipfile
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.archives import Loose, walk
from auditor.errors import ArchiveError, LimitError, MemberError
from auditor.limits import Budget, Limits
from auditor.model import MemberType
from tests.often import often
from tests.work import ends
from tests.zip_bytes import BZIP2, DEFLATED, LZMA, XZ, ZSTD, Entry, zipped

if TYPE_CHECKING:
    from collections.abc import Callable

names = st.lists(
    st.text(
        st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="/\\:"), min_size=1
    )
    .map(str.strip)
    .filter(lambda part: part not in {"", ".", ".."}),
    min_size=1,
    max_size=3,
).map("/".join)
contents = st.binary(max_size=2000) | st.just(b"x" * 300_000)


def built(
    members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, *, stream: bool = False
) -> bytes:
    """Write a zip; as a stream, the sizes stand in data descriptors behind the contents."""
    out = io.BytesIO()
    target: io.BytesIO | _Stream = _Stream(out) if stream else out
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


class _Stream(io.RawIOBase):
    """A target that cannot seek."""

    def __init__(self, out: io.BytesIO) -> None:
        super().__init__()
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self._out.write(data)


def listed(data: bytes) -> tuple[dict[str, bytes], list[str]]:
    """Return contents by path, and all else as `Class kind: text`."""
    members: dict[str, bytes] = {}
    other: list[str] = []
    for entry in walk(io.BytesIO(data), Budget(Limits()), strip=0):
        if isinstance(entry, tuple):
            member, content = entry
            members[member.path] = b"".join(content)
        elif isinstance(entry, Loose):
            other.append(f"loose {entry.name}: {b''.join(entry.content)!r}")
        else:
            other.append(
                f"{getattr(entry, 'kind', 'unread')}: {getattr(entry, 'detail', '')}"
                f"{getattr(entry, 'reason', '')}"
            )
    return members, other


@settings(max_examples=often(60), deadline=None)
@given(
    st.dictionaries(names, contents, min_size=1, max_size=6),
    st.sampled_from(
        [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    ),
    st.booleans(),
)
def test_what_zipfile_writes_is_read_whole(
    members: dict[str, bytes],
    method: int,
    stream: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    read, other = listed(built(members, method, stream=stream))
    count = f"{len(members)} of {len(members)}"
    told = f"data-descriptor: {count} entries have sizes behind their content (data descriptors)"

    unusual = {zipfile.ZIP_BZIP2: "bzip2", zipfile.ZIP_LZMA: "LZMA"}
    named = f"unusual-method: {count} entries have a compression method of their own: "

    assert read == members
    assert [one for one in other if not one.startswith(named)] == ([told] if stream else [])
    assert [one for one in other if one.startswith(named)] == [
        named + unusual[kind] for kind in (method,) if kind in unusual
    ]


@settings(max_examples=often(60), deadline=None)
@given(st.data())
def test_a_cut_archive_never_passes(data: st.DataObject) -> None:
    whole = built({"a.py": b"a" * 500, "b.py": bytes(range(256))})
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(ArchiveError):
        listed(whole[:cut])


@settings(max_examples=often(150), deadline=None)
@given(st.data())
def test_a_changed_content_never_passes(data: st.DataObject) -> None:
    whole = bytearray(built({"a.py": b"some text, " * 40}))
    start = whole.index(b"a.py") + 4
    position = data.draw(st.integers(start, whole.index(b"PK\x01\x02") - 1))
    whole[position] ^= data.draw(st.integers(1, 255))
    try:
        members, other = listed(bytes(whole))
    except ArchiveError:
        return
    assert other or members == {"a.py": b"some text, " * 40}


TWICE = "header-mismatch: has an extra field twice, and readers differ on which of them counts"


def with_extra(fields: bytes, comment: bytes = b"") -> bytes:
    """Write a zip of one entry with these extra fields and comment."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a.py")
        info.extra, info.comment = fields, comment
        archive.writestr(info, b"text")
    return out.getvalue()


def field(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (with_extra(field(0x5455, b"\x01abcd")), []),
        (
            with_extra(b"", b"by hand"),
            [
                "entry-comment: 1 of 1 entries have a comment of their own",
                "loose (comment): b'by hand'",
            ],
        ),
        (
            with_extra(field(0x7075, b"\x01crc!" + b"other.py")),
            ["header-mismatch: has a second name in an extra field, 'other.py'"],
        ),
        (with_extra(field(0x7075, b"\x01crc!" + b"a.py")), []),
        (
            with_extra(field(0x7075, b"\x01crc!" + b"a.py") * 2),
            [TWICE],
        ),
    ],
    ids=["time", "comment", "second name", "the same name", "twice"],
)
def test_what_else_an_entry_carries_is_told(data: bytes, told: list[str]) -> None:
    assert listed(data) == ({"a.py": b"text"}, told)


def flags_of(data: bytes, value: int, *, directory: bool = True, local: bool = True) -> bytes:
    changed = bytearray(data)
    if local:
        struct.pack_into("<H", changed, data.index(b"PK\x03\x04") + 6, value)
    if directory:
        struct.pack_into("<H", changed, data.index(b"PK\x01\x02") + 8, value)
    return bytes(changed)


def method_of(data: bytes, value: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into("<H", changed, data.index(b"PK\x03\x04") + 8, value)
    struct.pack_into("<H", changed, data.index(b"PK\x01\x02") + 10, value)
    return bytes(changed)


def shifted(data: bytes, head: bytes) -> bytes:
    """Put bytes in front, the directory's offsets corrected."""
    changed = bytearray(data)
    at = data.index(b"PK\x05\x06")
    struct.pack_into("<L", changed, at + 16, struct.unpack_from("<L", data, at + 16)[0] + len(head))
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<L", changed, at + 42, len(head))
    return head + bytes(changed)


ONE = built({"a.py": b"print(1)\n"}, zipfile.ZIP_STORED)
LOCAL_ONLY = ONE[: ONE.index(b"PK\x01\x02")]

ODD: list[tuple[str, Callable[[], bytes], str]] = [
    (
        "bytes in front",
        lambda: shifted(ONE, b"#!/bin/sh\n"),
        "prefix: 10 bytes before the first entry",
    ),
    (
        "an entry in front that the directory does not list",
        lambda: shifted(ONE, LOCAL_ONLY),
        (
            "unlisted-entry: is no entry of the directory: who reads from the beginning unpacks "
            "it, others not"
        ),
    ),
    ("bytes behind", lambda: ONE + b"more", "trailing-data: 4 bytes behind the zip's end"),
    (
        "another name in the local header",
        lambda: ONE.replace(b"a.py", b"b.py", 1),
        "header-mismatch: the local header has another name 'b.py' than the directory",
    ),
]


@pytest.mark.parametrize(("name", "make", "said"), ODD, ids=[name for name, _, _ in ODD])
def test_what_is_odd_is_said(name: str, make: Callable[[], bytes], said: str) -> None:
    del name
    assert said in listed(make())[1]


BROKEN: list[tuple[str, Callable[[], bytes], type[Exception], str]] = [
    (
        "a wrong checksum",
        lambda: ONE.replace(b"print(1)", b"print(2)"),
        MemberError,
        "checksum is wrong",
    ),
    ("no directory", lambda: LOCAL_ONLY, ArchiveError, "no end record"),
    (
        "a directory that ends early",
        lambda: ONE.replace(b"PK\x01\x02", b"PK\x01\x09"),
        ArchiveError,
        "central directory is cut short or damaged",
    ),
    ("no entries", lambda: built({}), ArchiveError, "without entries"),
    ("encryption", lambda: flags_of(ONE, 1), MemberError, "the entry is encrypted"),
    (
        "a method that we do not read",
        lambda: method_of(ONE, 9),
        MemberError,
        "the compression method deflate64 is not read",
    ),
    (
        "deflate that is cut",
        lambda: method_of(ONE, 8),
        MemberError,
        "compressed content is damaged",
    ),
]


@pytest.mark.parametrize(("name", "make", "kind", "said"), BROKEN, ids=[row[0] for row in BROKEN])
def test_what_is_broken_is_an_error(
    name: str, make: Callable[[], bytes], kind: type[Exception], said: str
) -> None:
    del name
    with pytest.raises(kind, match=said):
        listed(make())


def test_entries_that_share_content_are_refused() -> None:
    two = bytearray(built({"a.py": b"x" * 50, "b.py": b"y" * 50}, zipfile.ZIP_STORED))
    second = two.index(b"PK\x01\x02", two.index(b"PK\x01\x02") + 4)
    struct.pack_into("<L", two, second + 42, 0)
    with pytest.raises(ArchiveError, match="overlaps"):
        listed(bytes(two))


def test_an_entry_that_inflates_to_more_than_it_says_is_stopped() -> None:
    data = bytearray(built({"a.py": b"x" * 100_000}))
    for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", data, data.index(magic) + at, 100)
    with pytest.raises(MemberError, match="inflates to more than the 100 bytes declared"):
        listed(bytes(data))


def test_the_budget_holds_inside() -> None:
    data = built({"a.py": b"x" * 1000, "b.py": b"y"})
    with pytest.raises(LimitError, match="limit members of 1 met"):
        list(walk(io.BytesIO(data), Budget(Limits(members=1)), strip=0))


def test_links_and_modes_come_from_unix_attributes() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "../outside")
        tool = zipfile.ZipInfo("tool")
        tool.create_system, tool.external_attr = 3, 0o100755 << 16
        archive.writestr(tool, "#!/bin/sh")
    out.seek(0)
    found = [e[0] for e in walk(out, Budget(Limits()), strip=0) if isinstance(e, tuple)]

    assert [(m.path, m.type, m.link, m.mode) for m in found] == [
        ("link", MemberType.SYMLINK, "../outside", 0o777),
        ("tool", MemberType.FILE, "", 0o755),
    ]


def test_an_entry_full_of_extra_fields_is_looked_at_in_passing() -> None:
    """Sixteen thousand fields in each of a thousand headers are no reason to wait."""
    full = field(0x7777, b"") * 16_000
    data = zipped([Entry(name=b"%d" % index, data=b"x", extra=full) for index in range(200)])
    with ends():
        _, other = listed(data)

    broken = "header-mismatch: has a broken extra field, which some readers refuse and some pass"
    assert other.count(f"{broken} over") == 200


def test_records_without_number_meet_the_limit_of_members() -> None:
    data = zipped([Entry(name=b"%d" % index) for index in range(50)])
    entries = walk(io.BytesIO(data), Budget(Limits(members=10)), strip=0)

    assert [entry[0].path for entry in islice(entries, 10) if isinstance(entry, tuple)] == [
        str(index) for index in range(10)
    ]
    with pytest.raises(LimitError, match="limit members of 10 met"):
        next(entries)


@pytest.mark.parametrize("size", [1, 262_143, 262_144, 262_145, 600_000])
@pytest.mark.parametrize("method", [DEFLATED, BZIP2, LZMA, XZ, ZSTD])
def test_every_method_is_read_to_its_last_byte(size: int, method: int) -> None:
    text = (b"%d " % size * size)[:size]
    members, _ = listed(zipped([Entry(name=b"a", data=text, method=method)]))

    assert members == {"a": text}


@pytest.mark.parametrize("method", [DEFLATED, BZIP2, LZMA, XZ, ZSTD])
def test_a_changed_byte_of_any_method_never_passes(method: int) -> None:
    text = b"some text, " * 40
    whole = Entry(name=b"a", data=text, method=method)
    for place in range(len(whole.content())):
        packed = bytearray(whole.content())
        packed[place] ^= 0x55
        changed = Entry(name=b"a", data=text, packed=bytes(packed), method=method)
        try:
            members, _ = listed(zipped([changed]))
        except MemberError:
            continue
        assert members == {"a": text}, f"byte {place}"
