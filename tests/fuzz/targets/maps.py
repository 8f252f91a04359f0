"""Source maps and every other form in which source text ships."""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import TYPE_CHECKING

from auditor.errors import ParseError
from auditor.maps import (
    bun,
    deno,
    evaluated,
    fast,
    jstext,
    links,
    mappings,
    markup,
    pkg,
    reader,
    signs,
    treepath,
    written,
)
from auditor.model import Unread
from auditor.safe import blanked
from tests import payloads
from tests.fuzz import structures
from tests.fuzz.target import BrokenError, Target
from tests.made_maps import made_map

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# maps


def run_map(data: bytes) -> object:
    """Read a map with both parsers; what the quick one says, the thorough one must say too."""
    plain = reader.unwrapped(data)
    quick = fast.parts(plain, reader.HERE, lambda *place: _standing_at(plain, *place))
    if quick is not None:
        said: object = [_found_at(row) for row in _ended(quick)]
        thorough = _ended(reader._slow(reader._pairs(plain), reader.HERE))  # noqa: SLF001
        if said != thorough:
            raise BrokenError(f"the quick parser says {said!r}, the thorough one {thorough!r}")
    return _ended(reader.walk(data)), reader.looks_like_json(data)


def _standing_at(document: bytes, start: int, end: int) -> frozenset[bytes]:
    """Return, for what stands in a string, the string as it is written; it may have links, too."""
    return frozenset({links.MARK, document[start:end]})


def _found_at(row: object) -> object:
    """Return a row without what its text was asked by, which must be the text as it is written."""
    if not isinstance(row, tuple) or row[2] is None:
        return row
    source, text, met = row
    (there,) = met - {links.MARK}
    written = b"" if there == b"null" else reader.json_text(there).encode("utf-8", "surrogatepass")
    if written != text:
        raise BrokenError(f"there is {there!r}, and not the text {text!r}")
    return source, text, None


def _ended(rows: Iterable[object]) -> list[object]:
    found: list[object] = []
    try:
        for row in rows:
            found.append(row)  # noqa: PERF402 - what came before the error counts
    except ParseError as problem:
        found.append(str(problem))
    return found


def map_seeds() -> Iterator[bytes]:
    one = made_map({"src/a.ts": "let a", "../node_modules/x/i.js": None}, root="/home/zoe")
    yield one.encode()
    yield b")]}'\n" + one.encode()
    yield one.encode("utf-16")
    yield made_map({"a.ts": "x"}, x_google_ignoreList=[0], ignoreList=[]).encode()
    yield f'{{"version":3,"sections":[{{"offset":{{"line":0}},"map":{one}}}]}}'.encode()
    yield json.dumps({"cache": [one, json.loads(one)]}).encode()
    inner = links.MARK.decode() + "data:application/json," + one.replace('"', "%22")
    yield made_map({"a.js": f"x\n//# {inner}"}).encode()


# mappings, against an interpreter of them that takes one field after the other

_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def run_mappings(data: bytes) -> object:
    found = mappings.used(data, 3)
    plain = _interpreted(data, 3)
    if plain is not None and found != plain:
        raise BrokenError(f"says {found!r} where the mappings say {plain!r}")
    left = frozenset() if found is None else frozenset(range(3)) - found
    if (without := mappings.unused(data, 3) or frozenset()) != left:
        raise BrokenError(f"says that {without!r} are unused where {left!r} are")
    return found


def _interpreted(text: bytes, count: int) -> frozenset[int] | None:
    """Return the sources that mappings name; None for those that the standard does not allow."""
    met: set[int] = set()
    source = 0
    for segment in text.replace(b";", b",").split(b","):
        fields = []
        value = shift = 0
        for digit in segment:
            part = _DIGITS.find(bytes([digit]))
            if part < 0:
                return None
            value |= (part & 31) << shift
            shift += 5
            if part < 32:
                fields.append(-(value >> 1) if value & 1 else value >> 1)
                value = shift = 0
        if shift or len(fields) not in {0, 1, 4, 5} or any(abs(f) >= 2**31 for f in fields):
            return None
        if len(fields) > 1:
            source += fields[1]
            if not 0 <= source < count:
                return None
            met.add(source)
    return frozenset(met) or None


# links and texts that hold maps


def run_links(data: bytes) -> object:
    marks = links.marks_of(data)
    inline = list(links.inline_maps("a.js", data, marks))
    for one in inline:
        if not isinstance(one, Unread) and one.line != links.line_of(data, one.offset):
            raise BrokenError("an inline map lies on another line")
    held = sum(len(one.data) for one in inline if not isinstance(one, Unread))
    if held > 16 * (len(data) + 1024 * 1024):
        raise BrokenError("more is decoded than the text can hold")
    end = links.content_end(data)
    if not 0 <= end <= len(data) or links.content_end(data[:end]) != end:
        raise BrokenError("the end of the content has an end of its own")
    found = (links.js_link(data), links.css_link(data))
    targets = [links.resolved("dist/in.tgz!a/b.js", one.url) for one in found if one]
    if any(target.startswith("/") and not target.startswith("dist/") for target in targets):
        raise BrokenError(f"a link leads to {targets!r}")
    return inline, end, found, targets, links.inline_map(data), reader.text_digest(data)


def link_seeds() -> Iterator[bytes]:
    one = made_map({"a.ts": "let a"})
    yield b"let a\n//# sourceMappingURL=a.js.map\n"
    yield b"a{}\n/*# sourceMappingURL=a.css.map */\n"
    yield b"x\n//# sourceMappingURL=data:application/json;base64,eyJ2IjozfQ==\n//# debugId=1\n"
    yield b"x\n//# sourceMappingURL=data:application/json;charset=utf-8," + one.encode()
    yield b"x //# sourceMappingURL=../%2e%2e/a.map?x#y \xe2\x80\xa8// words"
    yield b"data:application/json;base64,eyJ2\\/joz%3D"


def run_written(data: bytes) -> object:
    found = list(written.maps_in("a.js", data, written.keys_of(data)))
    for one in found:
        if not isinstance(one, Unread) and one.data is not None:
            json.loads(one.data.decode("utf-8", "replace"))
    return found


def written_seeds() -> Iterator[bytes]:
    one = made_map({"a.ts": "let a"})
    yield f"exports.push([1,'x','',{one}])".encode()
    yield b'f({version:3,sources:["a.ts"],names:[],mappings:"AAAA",sourcesContent:["let a"]})'
    yield f"eval({json.dumps('push(' + one + ')')})".encode()
    yield b"f({'version':3,'sources':['a'],'mappings':'AAAA','sourcesContent':[`x\\u0041`]})"


def run_evaluated(data: bytes) -> object:
    found = list(evaluated.modules(data))
    if sum(len(one.text) for one in found) > len(data):
        raise BrokenError("modules come to more than the text")
    jstext.unescaped(data)
    return found, list(markup.blocks(data))


def evaluated_seeds() -> Iterator[bytes]:
    body = "{\\nlet a = 1;\\n//# sourceURL=webpack://app/./src/a.js?\\n}"
    yield f'eval("{body}")'.encode()
    yield f"eval(__webpack_require__.ts('{body}'))".encode()
    yield b"eval(`\\u{1F600}\\ud83d\\ude00\\x41\n//# sourceURL=rspack-internal:///./b.js\n`)"
    yield b"<script>let a\n//# sourceMappingURL=a.map</script><style>a{}</style>"


def run_tree(data: bytes) -> object:
    """Place sources in a tree; each part is a plain name, and no two places are one."""
    names = data.decode("utf-8", "surrogateescape").split("\n")[:40]
    places = treepath.Places(reserved=[("SOURCES.md",)])
    taken: dict[tuple[str, ...], str] = {("sources.md",): ""}
    found = []
    for name in names:
        wished = treepath.path_of(name, names[0], names[-1])
        path, new = places.place(wished, name.encode("utf-8", "surrogateescape"))
        for part in path:
            if part in {"", ".", ".."} or set(part) & set('/\\:\0"<>|?*') or blanked(part) != part:
                raise BrokenError(f"{part!r} is no plain name")
        key = treepath.folded(path)
        if new and key in taken:
            raise BrokenError(f"{path!r} is there already")
        if any(key[:end] in taken for end in range(1, len(key))):
            raise BrokenError(f"{path!r} lies in a file")
        taken[key] = name
        found.append(path)
    return found


def tree_seeds() -> Iterator[bytes]:
    yield b"webpack:///\nwebpack:///./src/a.ts\nwebpack:///./src/a.ts?1234\nfile:///C:/x/b.ts\n"
    yield b"../\n../../../etc/passwd\nC:\\x\\y.js\nCON.txt\na/.git/config\n\xc3\xa9\ne\xcc\x81\nm"
    yield b"/r\nA/b\na/B\na\na/b/c\n" + b"n" * 300 + b"\nin.tgz!d/a.map"


# programs


def run_program(
    data: bytes, mark: bytes, read: Callable[[bytes, Iterable[int]], Iterable[object]]
) -> object:
    places = []
    at = data.find(mark)
    while at >= 0:
        places.append(at)
        at = data.find(mark, at + 1)
    return _ended(read(data, places))


def bun_seeds() -> Iterator[bytes]:
    blob = payloads.bun_map({"a.ts": "let a", "b.ts": ""})
    for row, tail in ((52, 32), (36, 28), (28, 24)):
        yield payloads.bun([("/$bunfs/a.js", b"a", blob)], row=row, tail=tail)[2000:]
    yield payloads.bun([("/$bunfs/a.js", b"a", zstd.compress(b"{}"))])[2000:]


def deno_seeds() -> Iterator[bytes]:
    yield payloads.deno({"a.ts": "let a", "d": {"b.ts": "let b"}})[2000:]
    yield payloads.deno({"a.ts": "let a"}, cut=5)[2000:]


def pkg_seeds() -> Iterator[bytes]:
    files = {"/snapshot/a.js": ("1", b"let a"), "/snapshot/b.js": ("0", b"code")}
    yield payloads.pkg(files)[2000:]
    yield payloads.pkg({"/1/2": ("1", b"x")}, names={"snapshot": "1", "a.js": "2"})[2000:]
    yield payloads.pkg({"/snapshot/a": ("1", zstd.compress(b"x"))}, packing=3)[2000:]


_KEYS = tuple(
    f'"{key}"'.encode()
    for key in (
        *("version", "sources", "sourcesContent", "mappings", "sections", "map", "offset"),
        *("sourceRoot", "ignoreList", "x_google_ignoreList", "names", "file"),
    )
)
TARGETS = (
    Target(
        name="source-map",
        run=run_map,
        seeds=map_seeds,
        mutate=structures.json,
        words=(*_KEYS, b'"\\u0073ources"', b")]}'", b"NaN", b"\\ud800", b"1e999"),
        longest=4096,
        main=True,
    ),
    Target(
        name="mappings",
        run=run_mappings,
        seeds=lambda: (b"AAAA;AACA,ACAA;ADAAA", b"A,AAAA", b"gggggggggB"),
        longest=512,
    ),
    Target(
        name="map-links",
        run=run_links,
        seeds=link_seeds,
        mutate=structures.lines,
        words=(
            b"//# sourceMappingURL=",
            b"/*# ",
            b" */",
            b"data:",
            b";base64,",
            b"%",
            b"\xe2\x80\xa8",
        ),
        main=True,
    ),
    Target(
        name="written-maps",
        run=run_written,
        seeds=written_seeds,
        words=(*_KEYS, b"sourcesContent:", b"mappings:", b"\\\\", b'\\"', b"{", b"}", b"['", b"`"),
        longest=4096,
    ),
    Target(
        name="evaluated",
        run=run_evaluated,
        seeds=evaluated_seeds,
        words=(b"eval(", b"# sourceURL=webpack://", b"\\n", b"\\u{", b"<script", b"</style>"),
        longest=4096,
    ),
    Target(
        name="tree-paths",
        run=run_tree,
        seeds=tree_seeds,
        mutate=structures.lines,
        words=(b"webpack://", b"../", b"/./", b"C:\\", b"CON", b"git~1", b"\n", b"!", b"?"),
        longest=2048,
    ),
    Target(
        name="bun-program",
        run=partial(run_program, mark=signs.BUN, read=bun.maps),
        seeds=bun_seeds,
        words=(signs.BUN, b"/$bunfs/"),
        longest=4096,
    ),
    Target(
        name="deno-program",
        run=partial(run_program, mark=signs.DENO, read=deno.sources),
        seeds=deno_seeds,
        words=(signs.DENO, b'[{"File":{"n":"', b'"o":[', b'"e":[', b'"Dir":'),
        longest=4096,
    ),
    Target(
        name="pkg-program",
        run=partial(run_program, mark=signs.PKG, read=pkg.sources),
        seeds=pkg_seeds,
        words=(signs.PKG, b"\n,\n", b"\n);", b'{"'),
        longest=4096,
    ),
)
