"""What the tables of native code tell: hand-made files, real compilers, and any bytes at all."""

from __future__ import annotations

import re
import struct
import subprocess
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import anchors, buildpaths, fastpaths
from auditor.binaries.tables import Kind, Part, inspect
from auditor.errors import ParseError
from auditor.facts import native_code
from auditor.facts.native_code import NativeCodeFact
from auditor.model import Member, Unread
from tests.binaries import elf, fat, library, macho, pe
from tests.often import often
from tests.programs import needed, needed_library
from tests.work import ends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

DEBUG = {".debug_info": b"i" * 30, ".debug_line": b"l" * 20, ".debug_str": b"\0/home/ann/kit\0"}
DWARF = {"__debug_info": b"i" * 30, "__debug_line": b"l" * 20}


def seen(data: bytes, path: str = "pkg/a.so") -> tuple[NativeCodeFact, list[str]]:
    member = Member(path=path, name=path, size=len(data))
    found = list(native_code.read(member, data, ()))
    (fact,) = (one for one in found if isinstance(one, NativeCodeFact))
    return fact, [one.reason for one in found if isinstance(one, Unread)]


def sound(data: bytes, path: str = "pkg/a.so") -> NativeCodeFact:
    fact, problems = seen(data, path)
    assert problems == []
    return fact


# -- tables


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_elf_in_each_size_and_byte_order(bits: int, order: str) -> None:
    bare = sound(elf(bits=bits, order=order))
    assert (bare.format, bare.debug_information, bare.debug_bytes) == ("ELF", False, 0)
    assert (bare.symbol_table, bare.separate, bare.paths) == (False, False, 0)

    full = sound(elf(DEBUG, bits=bits, order=order, symbols=24))
    assert (full.debug_information, full.debug_bytes, full.symbol_table) == (True, 65, True)
    assert (full.separate, full.paths, full.example) == (False, 1, "/home/ann/kit")


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_mach_o_in_each_size_and_byte_order(bits: int, order: str) -> None:
    bare = sound(macho(bits=bits, order=order))
    assert (bare.format, bare.debug_information, bare.symbol_table) == ("Mach-O", False, False)

    full = sound(macho(DWARF, bits=bits, order=order, symbols=3))
    assert (full.debug_information, full.debug_bytes) == (True, 50)
    assert (full.symbol_table, full.separate) == (True, False)


@pytest.mark.parametrize("wide", [False, True])
def test_a_fat_file_tells_what_its_slices_do(wide: bool) -> None:  # noqa: FBT001
    both = sound(fat(macho(symbols=1), macho(DWARF, bits=32, order=">"), wide=wide))
    assert (both.format, both.debug_bytes, both.symbol_table) == ("Mach-O", 50, True)


@pytest.mark.parametrize("bits", [32, 64])
def test_pe_in_each_size(bits: int) -> None:
    bare = sound(pe({".text": b"\xc3"}, bits=bits))
    assert (bare.format, bare.debug_information, bare.database) == ("PE", False, "")

    full = sound(pe({".text": b"\xc3", **DEBUG}, bits=bits, symbols=2))
    assert (full.debug_information, full.debug_bytes, full.symbol_table) == (True, 65, True)

    linked = sound(pe({".rdata": b""}, bits=bits, database=r"C:\Users\ann\kit\x.pdb"))
    assert linked.database == r"C:\Users\ann\kit\x.pdb"
    assert (linked.user, linked.paths, linked.debug_information) == ("ann", 1, False)


@pytest.mark.parametrize(
    ("codeview", "directories", "database"),
    [(b"RSDS", 7, "x.pdb"), (b"NB10", 16, "x.pdb"), (b"RSDS", 6, ""), (b"ABCD", 16, "")],
)
def test_the_program_database_of_pe(codeview: bytes, directories: int, database: str) -> None:
    data = pe({".rdata": b""}, database="x.pdb", codeview=codeview, directories=directories)
    fact = sound(data)
    assert (fact.database, fact.paths) == (database, 0)


@pytest.mark.parametrize(
    ("name", "information"),
    [
        (".debug_info", True),
        (".zdebug_line", True),
        (".debug_types", True),
        (".debug_info.dwo", True),
        (".debug_frame", False),
        (".debug_str", False),
        (".debug_aranges", False),
    ],
)
def test_which_sections_are_debug_information(name: str, information: bool) -> None:  # noqa: FBT001
    fact = sound(elf({name: b"x" * 20}))
    assert (fact.debug_information, fact.debug_bytes) == (information, 20)


def test_a_script_for_the_debugger_tells_nothing() -> None:
    assert sound(elf({".debug_gdb_scripts": b"x"})).debug_bytes == 0


SEPARATE: list[tuple[str, bytes]] = [
    ("split from its program", elf(DEBUG, code=8)),
    ("split by the compiler", elf({".debug_info.dwo": b"x"}, code=8)),
    ("in a dSYM bundle", macho(DWARF, kind=10)),
    ("of Microsoft's linker", b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0" + bytes(99)),
    ("of an old linker", b"Microsoft C/C++ program database 2.00\r\n\x1aJG\0\0" + bytes(99)),
    ("of .NET", b"BSJB\1\0\1\0" + bytes(99)),
]


@pytest.mark.parametrize("data", [d for _, d in SEPARATE], ids=[name for name, _ in SEPARATE])
def test_files_of_symbols_alone(data: bytes) -> None:
    fact = sound(data)
    assert (fact.separate, fact.debug_information) == (True, True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x7fELF",
        b"\x7fELF" + bytes(99),
        b"MZ" + bytes(99),
        b"MZ is how this text begins, which is a long one, so that a header has room in it: PE",
        b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(99),  # a class file of Java
        b"\xca\xfe\xba\xbe" + bytes(99),
        b"HEADER    a file of the Protein Data Bank",
        b"BSJBxxxx" + bytes(99),
        library([("debian-binary", b"2.0\n")]),
        b"!<arch>\n",
        b"!<thin>\n" + bytes(99),
        b"\0asm\x0d\0\1\0",  # a component of WebAssembly
    ],
)
def test_other_files_are_passed_over(data: bytes) -> None:
    member = Member(path="a.pdb", name="a.pdb", size=len(data))
    assert list(native_code.read(member, data, ())) == []


def test_a_library_tells_what_its_objects_do() -> None:
    objects = [("/", b"abc"), ("a.o/", elf(DEBUG)), ("#1/b.o\0\0", elf(symbols=24)), ("t", b"x")]
    fact = sound(library(objects), "libkit.a")
    assert (fact.format, fact.debug_bytes, fact.symbol_table) == ("static library", 65, True)
    assert fact.example == "/home/ann/kit"


@pytest.mark.parametrize(
    ("path", "bundled"),
    [
        ("kit.libs/libz-1.so", True),
        ("pkg/.dylibs/libz.dylib", True),
        ("pkg/.libs/libz.so", True),
        ("node_modules/kit/build/kit.node", True),
        ("in.zip!node_modules/kit.node", True),
        ("pkg/libs/libz.so", False),
        ("pkg/mylibs/libz.so", False),
    ],
)
def test_what_others_built_and_a_tool_copied_in(path: str, bundled: bool) -> None:  # noqa: FBT001
    assert sound(elf(), path).bundled is bundled


# -- tables that are wrong


def changed(data: bytes, offset: int, layout: str, value: int) -> bytes:
    return data[:offset] + struct.pack(layout, value) + data[offset + struct.calcsize(layout) :]


ELF = elf(DEBUG)
MACHO = macho(DWARF)
PE = pe({".text": b"x", **DEBUG})
WRONG: list[tuple[str, bytes, str]] = [
    ("elf table outside", changed(ELF, 40, "<Q", 1 << 40), "the section table lies outside"),
    ("elf table cut", ELF[:-1], "the section table lies outside"),
    ("elf header size", changed(ELF, 58, "<H", 99), "a section header has 99 bytes"),
    ("elf rows", changed(ELF, 60, "<H", 9999), "the section table lies outside"),
    ("elf header cut", elf()[:60], "the file header lies outside"),
    ("mach-o commands", changed(MACHO, 16, "<I", 1 << 30), "1,073,741,824 load commands"),
    ("mach-o command size", changed(MACHO, 36, "<I", 7), "a load command has 7 bytes"),
    ("mach-o sections", changed(MACHO, 96, "<I", 99), "more sections than its command"),
    ("mach-o section outside", changed(MACHO, 152, "<I", 99999), "__debug_info lies outside"),
    ("mach-o cut", MACHO[:150], "a section lies outside"),
    ("fat slice outside", changed(fat(MACHO), 16, ">I", 1 << 30), "a slice lies outside"),
    ("fat table cut", fat(MACHO)[:28], "a slice lies outside"),
    ("pe table outside", changed(PE, 64 + 20, "<H", 65535), "the section table lies outside"),
    ("pe sections", changed(PE, 64 + 6, "<H", 65535), "the section table lies outside"),
    ("library cut", library([("a.o", ELF)])[:-9], "the section table lies outside"),
    ("library end", library([("a.o", ELF), ("t", b"xx")])[:-1], "the last member ends outside"),
    ("library header", library([("a.o", ELF), ("b.o", ELF)]).replace(b"b.o ", b"b.o"), "no header"),
    ("library of broken", library([("a.o", ELF[:-1])]), "the section table lies outside"),
]


@pytest.mark.parametrize(("data", "reason"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_table_that_cannot_be_read_is_a_gap(data: bytes, reason: str) -> None:
    _, problems = seen(data)
    assert len(problems) == 1
    assert problems[0].startswith("tables not read to the end: ")
    assert reason in problems[0]


def test_what_stands_before_the_break_is_kept() -> None:
    fact, problems = seen(library([("a.o", ELF), ("b.o", ELF)])[:-9])
    assert (len(problems), fact.debug_information) == (1, True)


def test_a_file_without_a_section_table_is_sound() -> None:
    assert sound(changed(ELF, 40, "<Q", 0)).debug_information is False


def test_many_sections_and_names_far_up_are_found_by_the_first_header() -> None:
    count = struct.unpack_from("<H", ELF, 60)[0]
    table = struct.unpack_from("<Q", ELF, 40)[0]
    odd = changed(changed(ELF, 60, "<H", 0), 62, "<H", 0xFFFF)
    odd = changed(changed(odd, table + 32, "<Q", count), table + 40, "<I", count - 1)
    assert sound(odd).debug_information is True


@pytest.mark.parametrize(
    "data", [elf({".x": b"UPX!" * 9}), pe({"UPX0": b"x", "UPX1": b"x"})], ids=["elf", "pe"]
)
def test_packed_code_is_a_gap(data: bytes) -> None:
    assert seen(data)[1] == ["not looked into: packed by UPX"]


# -- compressed sections


def compressed(data: bytes, method: int = 1) -> bytes:
    return struct.pack("<IIQQ", method, 0, len(data), 1) + zlib.compress(data)


NAMES = b"\0/home/ann/kit\0"


@pytest.mark.parametrize("name", [".debug_str", ".debug_line_str", ".debug_line"])
def test_names_in_compressed_sections_are_seen(name: str) -> None:
    assert sound(elf({name: compressed(NAMES)}, flags={name: 0x800})).user == "ann"
    old = b"ZLIB" + len(NAMES).to_bytes(8, "big") + zlib.compress(NAMES)
    assert sound(elf({f".z{name[1:]}": old})).user == "ann"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (compressed(NAMES, 2), "compressed by zstd"),
        (compressed(NAMES, 9), "compressed by method 9"),
        (compressed(NAMES)[:-3], "cut short"),
        (compressed(NAMES)[:24] + b"no zlib", "damaged"),
        (compressed(bytes(10_000_000)), "inflates to more than it may"),
        (b"short", "lies outside|damaged|compressed by"),
    ],
)
def test_a_compressed_section_that_cannot_be_read_is_a_gap(content: bytes, reason: str) -> None:
    data = elf({".debug_str": content}, flags={".debug_str": 0x800})
    _, (problem,) = seen(data)
    assert re.search(reason, problem)


def test_sections_that_are_one_and_the_same_are_inflated_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = elf({".debug_str": compressed(NAMES)}, flags={".debug_str": 0x800})
    table = struct.unpack_from("<Q", data, 40)[0]
    empty, text, debug, names = (data[at : at + 64] for at in range(table, len(data), 64))
    many = data + empty + text + debug * 400 + names
    many = changed(changed(changed(many, 40, "<Q", len(data)), 60, "<H", 403), 62, "<H", 402)
    inflate, asked = native_code._inflated, []  # noqa: SLF001 - it is counted

    def counted(data: bytes, part: Part, most: int) -> bytes:
        asked.append(part)
        return inflate(data, part, most)

    monkeypatch.setattr(native_code, "_inflated", counted)
    assert seen(many) == seen(data)
    assert len(asked) == 2


# -- paths in bytes


PATHS: list[tuple[bytes, list[str]]] = [
    (b"\0/home/ann/kit/a.c\0", ["/home/ann/kit/a.c"]),
    (b"x /builds/team/app/main.go\n", ["/builds/team/app/main.go"]),
    (b"\0/home/ann/kit\0", ["/home/ann/kit"]),
    (b"\0/home/ann/kit/\0", ["/home/ann/kit/"]),
    (b"\0/home/ann/kit/src\0", ["/home/ann/kit/src"]),
    (b"x/home/ann/kit/src\0", []),
    (b"\0/home/ann/kit/srcx y\0", []),
    (b"\0/var/run/kit.sock\0/tmp/kit.XXXXXX\0/opt/kit/etc/kit.conf\0", []),
    (b"\0/home/%s/.kit/a.c\0/home/$USER/a.c\0/home/<you>/a.c\0/home/*/a.c\0", []),
    (b"\0/usr/include/stdio.h\0/lib/a.c\0src/home/a/b.c\0../tmp/x/a.c\0", []),
    (
        b"failed/root/.cargo/registry/src/x-1/b-1.0/src/lib.rscalled/root/.cargo/registry/a/c.rs",
        ["/root/.cargo/registry/src/x-1/b-1.0/src/lib.rs", "/root/.cargo/registry/a/c.rs"],
    ),
    (
        b" /project/src/a.rs/project/src/b.rs/builds/c.rs ",
        ["/project/src/a.rs", "/project/src/b.rs", "/builds/c.rs"],
    ),
    (rb"at C:\Users\Ann Smith\kit\a.cpp", [r"C:\Users\Ann Smith\kit\a.cpp"]),
    (b"\0D:/a/kit/kit/src/a.rs\0", ["D:/a/kit/kit/src/a.rs"]),
    (b"https://example.org/home/ann/a.c file:///x.c", []),
    (b"/tmp/build/a.core /tmp/build/a.cc.orig /build/a.hpp", ["/build/a.hpp"]),
]


@pytest.mark.parametrize(("data", "paths"), PATHS, ids=[str(n) for n in range(len(PATHS))])
def test_paths_that_a_compiler_left(data: bytes, paths: list[str]) -> None:
    assert sorted(buildpaths.in_bytes(data)) == sorted(paths)


PIECES = st.sampled_from(
    (
        *(b"\0", b" ", b"/", b":", b"\\", b"C:", b"x", b".c", b"a.rs", b"\0/home/ann/kit\0"),
        *(b"/root/.cargo/", b"/home/", b"/builds/", b"/build/", b"/usr/src/", b"/tmp/", b"/usr/"),
        *(b"D:/a/b.c", rb"C:\Users\Ann", b"://", b"/home/a/.rustup/b.rs", b"/workspaces/a.go"),
    )
)


@settings(max_examples=often(300))
@given(st.lists(PIECES, max_size=12).map(b"".join), st.integers(1, 20))
def test_paths_are_the_same_with_each_engine(data: bytes, most: int) -> None:
    """In their order, and where what they may begin with stands there too often."""
    needed_library("hyperscan")
    ranges = [(0, len(data) // 2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anchors, "LARGE", 0)
        patch.setattr(buildpaths, "MOST", most)
        quick = taken(buildpaths.in_bytes(data, ranges))
        with fastpaths.taken(fastpaths.OFF):
            assert taken(buildpaths.in_bytes(data, ranges)) == quick


def taken(paths: Iterator[str]) -> list[str]:
    """Return paths, and how they break off."""
    found: list[str] = []
    try:
        found.extend(paths)
    except ParseError as problem:
        found.append(f"({problem})")
    return found


def test_what_paths_begin_with_is_where_they_are_looked_for() -> None:
    """Each match of the expressions begins with one of the literals."""
    for pattern, begins, data in (
        (buildpaths._RUN, buildpaths._RUN_BEGINS, b" %sa/.cargo/x"),  # noqa: SLF001
        (buildpaths._DRIVE_RUN, buildpaths._DRIVE_BEGINS, b" C%sa/.cargo/x"),  # noqa: SLF001
    ):
        for literal in begins:
            found = pattern.search(data % literal)
            assert found is not None
            assert found.group().startswith(literal)


def test_within_debug_information_every_whole_path_counts() -> None:
    data = b"\0/builds/team/app\0/builds/team/app\0"
    assert list(buildpaths.in_bytes(data, [(0, 17)])) == ["/builds/team/app"]
    assert list(buildpaths.in_bytes(data)) == []


@pytest.mark.parametrize(
    ("paths", "example", "user", "shared"),
    [
        ([], "", "", False),
        (["/usr/include/a.h"], "", "", False),
        (["/root/a.c", "/builds/b.c", "/home/ann/c.c"], "/home/ann/c.c", "ann", False),
        (["/root/a.c", "/builds/b.c"], "/builds/b.c", "", False),
        (["/home/runner/x.c", "/project/a.c", "/var/folders/b.c"], "/home/runner/x.c", "", True),
        (["/home/conda/x.c", "/opt/rh/a.h"], "/home/conda/x.c", "", True),
        ([r"C:\Users\VssAdministrator\x.c"], r"C:\Users\VssAdministrator\x.c", "", True),
        ([r"D:\a\kit\x.c"], r"D:\a\kit\x.c", "", True),
        ([r"E:\team\x.c"], r"E:\team\x.c", "", False),
        (["/home/a\u202eb/x.c"], "/home/a\u202eb/x.c", "", True),
    ],
)
def test_what_paths_tell(paths: list[str], example: str, user: str, shared: bool) -> None:  # noqa: FBT001
    told = buildpaths.shown(paths)
    assert (told.example, told.user, told.shared) == (example, user, shared)


def test_each_path_counts_once() -> None:
    assert buildpaths.shown(["/home/a/x.c", "/home/a/x.c", "/home/a/y.c"]).count == 2


# -- laws


FILES = st.sampled_from(
    [
        elf(DEBUG, symbols=24),
        elf(DEBUG, bits=32, order=">"),
        elf({".debug_str": compressed(NAMES)}, flags={".debug_str": 0x800}),
        macho(DWARF, symbols=1),
        macho(DWARF, bits=32, order=">"),
        fat(macho(DWARF), macho()),
        pe({".rdata": b"", **DEBUG}, database="C:/x.pdb", symbols=1),
        library([("a.o", elf(DEBUG)), ("b.o", macho(DWARF))]),
    ]
)


@given(FILES, st.data())
@settings(max_examples=often(600), deadline=None)
def test_no_change_of_a_file_breaks_the_reader(data: bytes, draw: st.DataObject) -> None:
    changed_to = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(data) - 1))
        new = draw.draw(
            st.sampled_from([b"\0", b"\xff", b"\xff" * 4, b"\x7f" * 8, b"\0" * 8, b"\1"])
        )
        changed_to[at : at + len(new)] = new
    cut = bytes(changed_to)[: draw.draw(st.integers(0, len(changed_to)))]
    member = Member(path="a", name="a", size=len(cut))
    for one in native_code.read(member, cut, ()):
        assert isinstance(one, (NativeCodeFact, Unread))
        if isinstance(one, NativeCodeFact):
            assert 0 <= one.debug_bytes <= len(cut)


MAGICS = st.sampled_from([b"\x7fELF\2\1\1", b"\x7fELF\1\2\1", b"\xcf\xfa\xed\xfe", b"!<arch>\n"])


@given(MAGICS, st.binary(max_size=300))
@settings(max_examples=often(400), deadline=None)
def test_no_bytes_behind_a_magic_break_the_reader(magic: bytes, rest: bytes) -> None:
    data = magic + rest
    list(native_code.read(Member(path="a", name="a", size=len(data)), data, ()))


COSTLY = [
    b"/",
    b"/home/",
    b"/home/a.c",
    b"/home/a",
    b"a/home/",
    b" a:/b",
    b"\0/home/a/.rs",
    b"/tmp/.c0",
]


@pytest.mark.parametrize("unit", COSTLY)
def test_no_bytes_take_more_than_time_in_proportion(unit: bytes) -> None:
    data = ELF + unit * (2_000_000 // len(unit))
    with ends(), suppress(ParseError):
        for _ in buildpaths.in_bytes(data):
            pass


def test_a_table_with_too_many_rows_is_refused_at_once() -> None:
    table = struct.unpack_from("<Q", ELF, 40)[0]
    odd = changed(changed(ELF, 60, "<H", 0), table + 32, "<Q", 1 << 60)
    assert "1,152,921,504,606,846,976 rows" in seen(odd)[1][0]


# -- against the real tools


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("native")
    (folder / "kit.c").write_text("int kit(int a) { return a + 1; }\n")

    def build(*options: str) -> Path:
        out = folder / f"kit{len(list(folder.iterdir()))}.so"
        # Without the standard library 32 bits need no second one.
        fixed = ["-nostdlib", "-fPIC", "-shared", "-o", str(out), "kit.c"]
        command = [needed("gcc"), *options, *fixed]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stderr
        return out

    return build


def readelf(path: Path) -> list[tuple[str, str, int, str]]:
    """Return name, type, size and flags of each section."""
    command = [needed("readelf"), "-SW", str(path)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603
    row = re.compile(
        r"\[ *\d+\] (\S+) +(\S+) +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+ +([A-Zxop]*) "
    )
    return [(m[1], m[2], int(m[3], 16), m[4]) for m in row.finditer(done.stdout)]


def agrees(path: Path) -> NativeCodeFact:
    fact = sound(path.read_bytes(), path.name)
    rows = readelf(path)
    debug = [
        row for row in rows if row[0].startswith((".debug_", ".zdebug_")) and row[1] != "NOBITS"
    ]
    heads = sum(24 for row in debug if "C" in row[3])
    assert fact.debug_bytes == sum(size for _, _, size, _ in debug) - heads
    assert fact.debug_information == any(name == ".debug_info" for name, *_ in debug)
    assert fact.symbol_table == any(kind == "SYMTAB" for _, kind, *_ in rows)
    return fact


@pytest.mark.parametrize(
    "options",
    [(), ("-g",), ("-g", "-gdwarf-4"), ("-g", "-gz=zlib"), ("-s",), ("-g1",), ("-g", "-m32")],
)
def test_the_sections_are_those_that_readelf_lists(
    compiled: Callable[..., Path], options: tuple[str, ...]
) -> None:
    fact = agrees(compiled(*options))
    assert fact.debug_information is any(option.startswith("-g") for option in options)
    assert fact.symbol_table is ("-s" not in options)


def run(*command: str) -> None:
    subprocess.run([needed(command[0]), *command[1:]], check=True, capture_output=True)  # noqa: S603


def test_what_strip_takes_out_is_gone_and_what_is_split_off_is_separate(
    compiled: Callable[..., Path],
) -> None:
    path = compiled("-g")
    split = path.with_suffix(".debug")
    run("objcopy", "--only-keep-debug", str(path), str(split))
    assert agrees(split).separate is True
    run("strip", "--strip-debug", str(path))
    assert (agrees(path).debug_information, agrees(path).symbol_table) == (False, True)
    run("strip", str(path))
    assert agrees(path).symbol_table is False


@pytest.mark.parametrize("more", [(), ("-gz=zlib",), ("-gdwarf-4",), ("-gdwarf-4", "-gz=zlib")])
def test_the_folder_of_the_build_is_seen_and_can_be_mapped_away(
    compiled: Callable[..., Path], more: tuple[str, ...]
) -> None:
    home = "/home/ann/kit"
    path = compiled("-g", f"-fdebug-prefix-map={compiled().parent}={home}", *more)
    told = sound(path.read_bytes())
    assert (told.user, told.example) == ("ann", home)
    path = compiled("-g", f"-fdebug-prefix-map={compiled().parent}=.", *more)
    assert sound(path.read_bytes()).user == ""


def kinds(data: bytes) -> Iterable[Any]:
    binary = inspect(data)
    return [part.kind for part in binary.parts] if binary else []


def test_a_part_says_where_it_is() -> None:
    binary = inspect(ELF)
    assert binary is not None
    assert [ELF[part.start : part.end] for part in binary.of(Kind.DEBUG)] == list(DEBUG.values())
