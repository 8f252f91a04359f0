"""The quick ways through an archive of many files: each gives what the thorough one gives."""

from __future__ import annotations

import hashlib
import json
import random
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from auditor import examine, fastpaths, kinds
from auditor.anchors import Anchors
from auditor.archives import (
    Several,
    holds_archive,
    is_brotli,
    is_plain,
    listing,
    stripped,
    unread_format,
    walk,
)
from auditor.examine import Examination, _Asked
from auditor.facts import Contents, load
from auditor.facts import archive as archive_facts
from auditor.facts import file as file_facts
from auditor.facts.shipped_text import TextsSeen, texts_of
from auditor.limits import Budget, Limits
from auditor.maps import links
from auditor.maps.reader import text_digest, text_digests
from auditor.match import Condition, Globs, Where
from auditor.model import ArtifactKind, Fact, Member, MemberType
from auditor.report.json import _text as as_json
from auditor.scan import Request, scan
from auditor.screen import Made, Need, Screen, need_of
from tests.archives import cases, made
from tests.distributions import DIST_INFO, WHEEL_NAME, wheel, wheel_files, zipped
from tests.often import often
from tests.tar_bytes import GNU, V7, archive, file, gnu_long, gz, header, pax
from tests.zip_bytes import BZIP2, DEFLATED, STORED, Entry, deflated, local_header
from tests.zip_bytes import zipped as zip_of

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model import Gap

READERS = load(lockfile=False)[1]


def examined(data: bytes, limits: Limits) -> tuple[Contents, list[Gap]]:
    """Return all that is seen of an archive, and its gaps."""
    shape = kinds.of_zip("a.tgz", listing(BytesIO(data), Budget(limits)))
    budget = Budget(limits)
    examination = Examination("a", READERS, budget, wheel=shape.wheel)
    strip = int(shape.root)
    examination.run(walk(BytesIO(data), budget, strip=1, strip_zip=strip, together=True))
    return examination.contents(ArtifactKind.ARCHIVE, None), examination.gaps


def both(data: bytes, limits: Limits | None = None) -> tuple[Contents, list[Gap]]:
    """Return what is seen, after it was seen in the thorough way as well."""
    quick = digested(*examined(data, limits or Limits()))
    with fastpaths.taken(fastpaths.OFF):
        thorough = digested(*examined(data, limits or Limits()))
    assert quick == thorough
    return quick


def digested(contents: Contents, gaps: list[Gap]) -> tuple[Contents, list[Gap]]:
    """Return what was seen, with the digests of texts as one observation."""
    texts = TextsSeen(members=(), contents=(), digested=tuple(texts_of(contents)))
    return replace(contents, observations={**contents.observations, TextsSeen: (texts,)}), gaps


@pytest.mark.parametrize("name", cases())
def test_a_hostile_archive_is_the_same_both_ways(name: str) -> None:
    """Members, observations, oddities and gaps, in their order."""
    both(made(name))


NAMES = st.sampled_from(
    (
        *(b"package/a.js", b"package/b.ts", b"package/lib/c.d.ts", b"package/x.json", b"a"),
        *(b"package/./d.js", b"package//e.js", b"./f.js", b"/g.js", b"package/", b"package/h.tgz"),
        *(b"package/" + b"i" * 91, b"package/" + b"j" * 92, b"package/.js", b"package/k.PYC"),
        *(b"./lib/n.js", b"/lib/o.js", b"lib/p.js", b"lib/./q.js", b"package/.r/s.js"),
        *(b"package/\xff.js", b"package/rollup.config.js", b"package/l.br", b"package/m.map"),
    )
)
CONTENTS = st.sampled_from(
    (
        *(b"", b"text\n", b"x" * 700, b" " * 512, b"\0" * 600, b"AKIAABCDEFGHIJKLMNOP\n"),
        *(b'{"version":3,"sources":["a"],"sourcesContent":["b"],"mappings":"AAAA"}', b"\\u0041"),
        *(b"\xff\xfe{\0}\0", b"\x1f\x8b\x08", b"PK\x03\x04 PK\x05\x06", b"7z\xbc\xaf\x27\x1c"),
        *(
            header(b"inner"),
            b"code\n//# sourceMappingURL=a.js.map\n",
            b"7777777 " * 100,
            b"\x7fELF",
        ),
        archive(file(b"package/in.js", b"inner\n")),
        gz(archive(file(b"package/in.js", b"inner\n"))),
    )
)
FIELDS = st.sampled_from(
    (
        *({}, {}, {}, {}, {"mode": b"000755 \0"}, {"mode": b"100644 \0"}, {"owner": b"someone"}),
        *({"magic": GNU}, {"magic": V7}, {"prefix": b"folder"}, {"size": b"        5 \0"}),
        *({"size": b"00000000004 "}, {"size": b"000000000004"}, {"size": b"00000000004x"}),
        *({"type": b"2", "link": b"a"}, {"type": b"5"}, {"checksum": b"0000000\0"}),
    )
)
PARTS = st.builds(
    lambda name, content, fields: file(name, content, **fields), NAMES, CONTENTS, FIELDS
) | st.sampled_from(
    (
        gnu_long(b"package/" + b"long/" * 40),
        pax({"path": b"package/other.js"}),
        pax({"comment": b"c"}, type=b"g"),
        pax({"path": b"package/every.js"}, type=b"g"),
        bytes(512),
    )
)


FOLDERS = st.lists(st.sampled_from(("a", "a", ".", "", "..", ".b\n")), min_size=1, max_size=3)


@settings(max_examples=often(1000))
@given(st.lists(FOLDERS.map("/".join).filter(bool), min_size=9, max_size=9), st.integers(0, 2))
def test_each_name_of_a_row_loses_the_folder_that_it_would_lose_alone(
    names: list[str], strip: int
) -> None:
    """Whatever those before it have lost."""
    data = BytesIO(archive(*(file(name.encode(), b"1") for name in names)))
    paths: list[str] = []
    for entry in walk(data, Budget(Limits()), strip=strip, together=True):
        if isinstance(entry, Several):
            paths += [member.path for member in entry.members]
        elif isinstance(entry, tuple):
            paths.append(entry[0].path)
    assert paths == [stripped(name, strip) for name in names]


@settings(max_examples=often(300))
@given(st.lists(PARTS, max_size=8), st.integers(1, 12))
def test_a_tar_archive_is_the_same_both_ways(parts: list[bytes], members: int) -> None:
    """Whatever headers follow each other, and wherever the limit of members is met."""
    data = archive(file(b"package/first.js", b"1"), *parts)
    both(data)
    both(gz(data), Limits(members=members))


@pytest.mark.parametrize(
    ("size", "checksum"),
    [  # as GNU tar and Python, node-tar (npm), tar-stream (pnpm, yarn) and old ones write them
        (b"%011o\0", b"%06o\0 "),
        (b"%010o \0", b"%06o \0"),
        (b"%011o ", b"%06o\0 "),
        (b"%o\0", b"%06o\0 "),
    ],
)
def test_what_packers_write_is_handed_on_in_rows(size: bytes, checksum: bytes) -> None:
    def written(number: int) -> bytes:
        whole = bytearray(file(b"package/%d.js" % number, b"let a\n", size=size % 6))
        whole[148:156] = checksum % int(bytes(whole[148:154]), 8)
        return bytes(whole)

    data = archive(*(written(number) for number in range(9)))
    entries = list(walk(BytesIO(gz(data)), Budget(Limits()), strip=1, together=True))
    rows = [[one.path for one in row.members] for row in entries if isinstance(row, Several)]
    assert len(entries) == 1
    assert rows == [[f"{number}.js" for number in range(9)]]


TEXTS = [file(b"package/%d.js" % n, b"text %d\n" % (n % 7) * 90) for n in range(900)]


@pytest.mark.parametrize("most", [0, 300_000, 10**9])
def test_texts_are_the_same_however_much_is_held(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are digested once that was too much, and otherwise when they are asked for."""
    monkeypatch.setattr(examine, "_MOST_HELD", most)
    data = gz(archive(*TEXTS, file(b"package/0.js", b"the last\n"), file(b"package/a.bin", b"1")))
    held = [bool(some.contents) for some in examined(data, Limits())[0].of(TextsSeen)]
    assert set(held) == {most == 10**9}
    texts = texts_of(both(data)[0])
    assert [text.path for text in texts] == [*(f"{n}.js" for n in range(900)), "0.js"]
    assert texts[-1].digest == text_digest(b"the last\n")


FILES = st.builds(
    Entry,
    name=st.sampled_from((b"a.js", b"a.js", b"lib/b.py", b"c/", b"d-\xc3\xa4", b"e.zip")),
    data=st.sampled_from(
        (b"", b"text", b"text" * 99, b"x" * 32768, b"y" * 32769, b"PK\x05\x06" + bytes(18))
    ),
    method=st.sampled_from((STORED, DEFLATED, BZIP2)),
    packed=st.sampled_from((None, None, None, None, deflated(b"text") + b"more", deflated(b"no"))),
    flags=st.sampled_from((0, 0, 2, 8, 0x800)),
    mode=st.sampled_from((0o100644, 0o100755, 0o040755, 0o120777, 0o010644)),
    attributes=st.sampled_from((0, 0, 0x10)),
    extra=st.sampled_from((b"", b"", b"\xfe\xca\0\0", b"UT\5\0\3aaaa")),
    before=st.sampled_from((b"", b"", b"", b"between")),
    local=st.sampled_from(({}, {}, {}, {"size": 3}, {"crc": 1}, {"name": b"other"}, {"flags": 1})),
    central=st.sampled_from(({}, {}, {}, {"packed": 2}, {"offset": 0}, {"offset": 9999})),
)


@settings(max_examples=often(300))
@given(st.lists(FILES, max_size=6), st.integers(1, 9))
def test_a_zip_archive_is_the_same_both_ways(files: list[Entry], members: int) -> None:
    """Whatever its two lists say of each entry."""
    data = zip_of(files)
    both(data)
    both(data, Limits(members=members))
    both(data, Limits(unpacked_bytes=members * 100))


@pytest.mark.parametrize("odd", [{}, {"crc": 1}, {"size": 3}, {"size": 5}])
@pytest.mark.parametrize("method", [STORED, DEFLATED])
def test_many_files_of_a_zip_are_the_same_both_ways(method: int, odd: dict[str, int]) -> None:
    """Also where both headers of one of them say what is not so, and where one is an archive."""
    files = [Entry(name=b"%d.py" % n, data=b"%d\n" % n * n, method=method) for n in range(2000)]
    files[1000:1000] = [
        Entry(name=b"odd.py", data=b"text", method=method, local=odd, central=odd),
        Entry(name=b"folder/", mode=0o040755),
    ]
    assert len(both(zip_of(files))[0].members) == 2002
    files[1500:1500] = [Entry(name=b"in.zip", data=zip_of(files[:3]), method=method)]
    assert len(both(zip_of(files))[0].members) == 2006


def test_what_makes_a_row_of_a_zip_larger_than_allowed_is_met_where_it_stands() -> None:
    """Those before it are there, those behind it not."""
    files = [Entry(name=b"%d.py" % number, data=b"x" * 30) for number in range(9)]
    contents, gaps = both(zip_of(files), Limits(unpacked_bytes=100))
    assert [member.path for member in contents.members] == ["0.py", "1.py", "2.py", "3.py"]
    assert len(gaps) == 1


def test_many_small_files_are_searched_and_none_is_lost() -> None:
    """A hit belongs to the file in which it stands, and to no other one."""
    plain = [file(b"package/%d.js" % number, b"AKIA, not\n") for number in range(400)]
    hit = file(b"package/key.js", b"x\nAKIAQ3EGVL7TZ5MWJHBA\n")
    contents, gaps = both(gz(archive(*plain[:200], hit, *plain[200:])))
    assert not gaps
    assert len(contents.members) == 401
    seen = [one for those in contents.observations.values() for one in those]
    assert [one.fact.path for one in seen if hasattr(one, "fact")] == ["key.js"]


@pytest.mark.parametrize("cut", [0, 1, 1000, 262_144, 262_656, 263_000, 524_287, 600_000])
@pytest.mark.parametrize("damaged", [False, True])
def test_files_that_a_chunk_breaks_off_are_read_as_the_others_are(cut: int, damaged: bool) -> None:  # noqa: FBT001
    """Also where the next chunk cannot be read: what lies before it is listed all the same."""
    noise = random.Random(3)  # noqa: S311 - that can hardly be compressed, and is the same each time
    files = [file(b"package/%d.js" % n, noise.randbytes(700 + n)) for n in range(500)]
    large = file(b"package/large.js", noise.randbytes(400_000))
    data = bytearray(gz(archive(*files[:250], large, *files[250:])))
    if damaged and cut:
        data[-cut] ^= 0xFF
    contents, gaps = both(bytes(data if damaged or not cut else data[:-cut]))
    assert bool(gaps) == bool(cut)
    assert cut or len(contents.members) == 501


LITERALS = st.frozensets(st.binary(min_size=1, max_size=3), min_size=1, max_size=8)


@given(LITERALS, st.lists(st.binary(max_size=20), max_size=9))
def test_texts_that_are_searched_together_have_their_own_hits(
    literals: frozenset[bytes], texts: list[bytes]
) -> None:
    """Nothing is found across two of them, and nothing is lost at their edges."""
    anchors = Anchors(literals)
    found = {n: sorted(hits) for n, hits in anchors.hits_in(texts).items()}
    alone = {n: sorted(anchors.hits(text)) for n, text in enumerate(texts)}
    assert found == {n: hits for n, hits in alone.items() if hits}


def test_texts_are_searched_one_by_one_where_every_byte_is_looked_for() -> None:
    """There is no byte left to stand between them."""
    anchors = Anchors(frozenset(bytes((byte,)) for byte in range(256)))
    found = anchors.hits_in([b"a", b"", b"ba"])
    assert {n: sorted(hits) for n, hits in found.items()} == {
        0: [(b"a", 0)],
        2: [(b"a", 1), (b"b", 0)],
    }


MAGICS = st.sampled_from(
    (
        *(b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"),
        *(b"PK\x05\x06", b"\x51\x2a\x4d\x18", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"LZIP\x01"),
        *(b"\x04\x22\x4d\x18", b"\x1f\x9d", b"MSCF\0\0\0\0", b"070701" + b"0" * 104, b"070707"),
        *(b"]\0\0\0\0" + b"\xff" * 8 + b"\0", b"\4\0\0\0\x10\0\0\0\x0c\0\0\0\2\0\0\0{}", b"a"),
        *(header(b"a"), header(b"a", magic=V7), header(b"\xe4", magic=V7, signed=True), b""),
    )
)
TAILS = st.sampled_from((b"", b"text", bytes(600), b"PK\x05\x06" + bytes(18)))


@given(st.sampled_from(("a.js", "a.br", "a.BR", "a.tgz")), MAGICS, st.binary(max_size=4), TAILS)
def test_what_is_told_quickly_to_be_no_archive_is_none(
    name: str, magic: bytes, between: bytes, tail: bytes
) -> None:
    """Neither one that is read, nor one that is known and not read."""
    data = magic + between + tail
    held = holds_archive(data) or is_brotli(name, data[:512]) or unread_format(data[:512])
    assert not (held and is_plain(name, data))


PATHS = st.text("ab.!/\\é\n ~-ΣS1", max_size=14)
PATTERNS = st.lists(
    st.sampled_from(
        ("**/", "**", "*", "?", "[ab]", "[!a]", "[", "a", "b", ".", "/", "~", "é", "Σ")
    ),
    min_size=1,
    max_size=6,
).map("".join)


@settings(max_examples=often(500))
@given(st.lists(PATTERNS, min_size=1, max_size=4), st.lists(PATHS, min_size=1, max_size=6))
def test_a_screen_lets_all_pass_that_a_pattern_matches(
    patterns: list[str], paths: list[str]
) -> None:
    """It may let more pass, and never less; and says for which rule."""
    screen = Screen([Need(patterns=(("path", pattern),)) for pattern in patterns])
    facts = [Fact(path=path) for path in paths]
    passed = screen.passed(Made(facts))
    for place, path in enumerate(paths):
        matched = {n for n, one in enumerate(patterns) if Globs((one,)).matches(path)}
        assert matched <= set(passed.get(place, ()))


@settings(max_examples=often(500))
@given(st.lists(PATTERNS, min_size=1, max_size=4), st.lists(PATHS, min_size=1, max_size=6))
def test_a_screen_of_files_lets_all_pass_whose_name_a_pattern_matches(
    patterns: list[str], paths: list[str]
) -> None:
    """Names are searched for in the paths that they are the last parts of."""
    members = tuple(Member(path=path, name=path, size=1) for path in paths)
    (lot,) = file_facts.lots(Contents(kind=ArtifactKind.ARCHIVE, members=members))
    passed = Screen([Need(patterns=(("name", pattern),)) for pattern in patterns]).passed(lot)
    for place in range(len(lot)):
        name = lot.fact(place).name
        matched = {n for n, one in enumerate(patterns) if Globs((one,)).matches(name)}
        assert matched <= set(passed.get(place, ()))


def test_a_screen_stops_what_has_nothing_fixed_in_common_with_a_pattern() -> None:
    """That is what it is for: of a thousand names it leaves two."""
    needs = [Need(patterns=(("path", "**/.env"), ("path", "**/*.swp"))), None]
    paths = [f"src/a{number}.js" for number in range(1000)]
    paths[7:7] = ["lib/.ENV", "x.zip!b.swp"]
    facts = [Fact(path=path) for path in paths]
    assert Screen(needs).passed(Made(facts)) == {7: {0}, 8: {0}}


def _where(field: str, operator: str, *operands: str | int) -> Where:
    return Where(conditions=(Condition(field=field, operator=operator, operands=operands),))


@pytest.mark.parametrize(
    ("where", "need"),
    [
        (_where("path", "glob", "a", "b"), Need(patterns=(("path", "a"), ("path", "b")))),
        (_where("size", "over", 9), Need(field="size", bound=9)),
        (_where("kind", "equals", "map"), None),
        (
            Where(any=(_where("path", "glob", "a"), _where("name", "glob", "b"))),
            Need(patterns=(("path", "a"), ("name", "b"))),
        ),
        (Where(any=(_where("path", "glob", "a"), _where("size", "over", 1))), None),
        (Where(none=(_where("path", "glob", "a"),)), None),
    ],
)
def test_what_must_be_so_where_conditions_hold(where: Where, need: Need | None) -> None:
    """One pattern of all alternatives, or else a number; of a mixture nothing is said."""
    assert need_of(where) == need


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_a_report_is_written_as_the_standard_library_writes_it(
    document: dict[str, object],
) -> None:
    """To the byte, whatever stands in it."""
    assert as_json(document) == json.dumps(document, indent=1)


def test_half_a_character_is_written_as_the_standard_library_writes_it() -> None:
    """There are such in names that are no text."""
    assert as_json({"path": "a\udcff"}) == '{\n "path": "a\\udcff"\n}'


@given(st.text("a \n\r\t/#@*=\ufeff", max_size=30), st.booleans())
def test_the_digest_of_a_small_text_is_that_of_a_large_one(text: str, linked: bool) -> None:  # noqa: FBT001
    """Its edges and the comments that tools add do not count, however long the text is."""
    data = text.encode() + b"\n//# sourceMappingURL=a.js.map \n" * linked
    plain = data.replace(b"\r\n", b"\n").removeprefix(b"\xef\xbb\xbf").lstrip()
    assert text_digest(data) == hashlib.sha256(plain[: links.content_end(plain)]).digest()


@given(st.lists(st.text("a \n\r\t/#@*=\ufeff", max_size=12), max_size=4), st.booleans())
def test_texts_that_are_digested_together_have_their_own_digests(
    texts: list[str],
    linked: bool,  # noqa: FBT001
) -> None:
    """Whatever one of them has that others have not."""
    some = [text.encode() for text in texts] + [b"a\n//# debugId=a\n"] * linked
    assert text_digests(some) == [text_digest(text) for text in some]


@given(
    st.lists(
        st.sampled_from(
            (
                *(
                    "a.js",
                    "lib/b.d.ts",
                    "c.JS",
                    "d.map",
                    "e",
                    "lib/readme",
                    "README.md",
                    "f.unknown",
                ),
                *(".js", "lib/.js", "c", "js", "lib/c", "g.js/h", "i.zip!.js", "readme.js", "j."),
            )
        ),
        max_size=5,
    )
)
def test_each_kind_is_that_of_the_path(paths: list[str]) -> None:
    """Names that are nothing but an ending have none."""
    assert file_facts.each_kind(paths) == [file_facts.kind_of(path) for path in paths]


@settings(max_examples=often(300))
@given(
    st.lists(
        st.builds(
            Member,
            path=st.text("aAbß/", max_size=5),
            name=st.sampled_from(
                ("p/a", "p/..", "/a", "p/a:b", "p\\a", ".", "./", "p/\x07", "p/ä", "p/a /b", "p/b")
            ),
            size=st.just(1),
            type=st.sampled_from((MemberType.FILE, MemberType.DIRECTORY, MemberType.FIFO)),
            mode=st.sampled_from((0o644, 0o4755)),
        ),
        max_size=5,
    )
)
def test_names_that_are_passed_over_quickly_have_nothing_to_tell(members: list[Member]) -> None:
    """Looked at one by one they give the same facts."""
    contents = examined(archive(file()), Limits())[0]
    contents = type(contents)(kind=ArtifactKind.ARCHIVE, members=tuple(members))
    quick = list(archive_facts.collect(contents))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive_facts, "_all_plain", lambda _, **__: False)
        patch.setattr(archive_facts, "_are_apart", lambda _: False)
        assert list(archive_facts.collect(contents)) == quick


@given(
    st.lists(
        st.builds(
            Member,
            path=st.sampled_from(("a.js", "lib/b.map", "c.zip!d/e", "f", "README")),
            name=st.just("p"),
            size=st.integers(0, 3),
            type=st.sampled_from((MemberType.FILE, MemberType.DIRECTORY, MemberType.SYMLINK)),
            mode=st.sampled_from((0o644, 0o755)),
        ),
        max_size=6,
    )
)
def test_files_in_lots_are_the_facts_that_they_stand_for(members: list[Member]) -> None:
    """None is lost, and a column has what the facts have, whichever field it is."""
    contents = Contents(kind=ArtifactKind.ARCHIVE, members=tuple(members))
    facts = list(file_facts.collect(contents))
    assert [fact.path for fact in facts] == [
        member.path for member in members if member.type is not MemberType.DIRECTORY
    ]
    for field in file_facts.FileFact.__struct_fields__:
        columns = [value for lot in file_facts.lots(contents) for value in lot.column(field)]
        assert columns == [getattr(fact, field) for fact in facts]


@given(
    st.lists(
        st.builds(
            lambda place, size, kind: Member(
                path=place[0], nested=place[1], name="p", size=size, type=kind
            ),
            st.sampled_from((("a.js", False), ("b.map", False), ("c.zip!d", True), ("f!g", False))),
            st.integers(0, 3),
            st.sampled_from((MemberType.FILE, MemberType.DIRECTORY, MemberType.SYMLINK)),
        ),
        max_size=4,
    )
)
def test_what_an_artifact_itself_ships_is_no_folder_and_in_no_archive(
    members: list[Member],
) -> None:
    """Each with its own size and kind."""
    own = file_facts.own(Contents(kind=ArtifactKind.ARCHIVE, members=tuple(members)))
    assert list(zip(own.paths, own.sizes, own.kinds, strict=True)) == [
        (member.path, member.size, file_facts.kind_of(member.path))
        for member in members
        if member.type is not MemberType.DIRECTORY and not member.nested
    ]


NAMED = "[console_scripts]\ndemo = demo_kit.cli:main\nother = demo_kit.cli:gone\n"
MODULES = {"demo_kit/cli.py": "def main(): ...\n", "demo_kit/more.py": "here = 1\n"}
PLACE = f"{DIST_INFO}/entry_points.txt"


def _told(target: Path) -> list[str | None]:
    """Return the entry points that a finding is about, once both ways have found the same."""
    quick = scan(Request(targets=(str(target),)))
    with fastpaths.taken(fastpaths.OFF):
        assert scan(Request(targets=(str(target),))) == quick
    return [one.location.key for one in quick.findings if one.rule == "broken-entry-point"]


@pytest.mark.parametrize("named", [{PLACE: NAMED}, {}])
def test_of_a_wheel_those_modules_are_read_that_its_entry_points_name(
    tmp_path: Path, named: dict[str, str]
) -> None:
    """And what is told of them is the same."""
    found = _told(wheel(tmp_path, {**MODULES, **named}))
    assert found == ["console_scripts.other"] * bool(named)


def test_a_wheel_whose_entry_points_can_be_read_in_two_ways_is_read_in_full(
    tmp_path: Path,
) -> None:
    """The second ones stand in front, where the directory does not list them."""
    target = wheel(tmp_path, {**MODULES, PLACE: NAMED})
    hidden = Entry(name=PLACE.encode(), data=b"[console_scripts]\nx = demo_kit.more:nothing\n")
    target.write_bytes(local_header(hidden) + hidden.data + target.read_bytes())
    assert _told(target) == ["console_scripts.other"]


def test_a_wheel_with_two_lists_of_entry_points_is_read_in_full(tmp_path: Path) -> None:
    """The last one is what unpacking leaves."""
    members = wheel_files({**MODULES, PLACE: NAMED})
    last = (PLACE, b"[console_scripts]\nx = demo_kit.more:nothing\n")
    target = zipped(tmp_path / WHEEL_NAME, [*members.items(), last])
    assert _told(target) == ["console_scripts.x"]


WANTED = (
    *(
        "a.pth",
        "a.start",
        "sitecustomize.py",
        "usercustomize/__init__.py",
        "a.py",
        "a.PY",
        "package.json",
    ),
    *("d-1.dist-info/METADATA", "d-1.dist-info/WHEEL", "d-1.dist-info/RECORD", "PKG-INFO"),
    *("d-1.dist-info/entry_points.txt", "d-1.dist-info/top_level.txt", "pyproject.toml", "a.IPYNB"),
    *(
        "a.js",
        "a.d.ts",
        "a.MAP",
        ".map",
        "a.json",
        "a.css",
        "a.vue",
        "a.pyc",
        "a.PYO",
        "x.zip!a.js",
    ),
    *("x.zip!b", "js", "lib.js/js", "a.b/LICENSE", "d-1.data/scripts/run", "d-1.data/data/a.pth"),
    *("d-1.data/data/site-packages/a.pth", "x.whl!d-1.dist-info/METADATA", "tsup.config.anything"),
)


@pytest.mark.parametrize("path", WANTED)
def test_who_wants_a_member_is_asked_about_it(path: str) -> None:
    """The endings that a reader names are all those of members that it wants."""
    member = Member(path=path, name=path, size=100)
    asked = _Asked(READERS).of(path, b"text")
    for number, reader in enumerate(READERS):
        if reader.wants(member) and list(reader.read(member, b"text", ())):
            assert number in asked
