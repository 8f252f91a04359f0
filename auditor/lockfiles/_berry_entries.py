"""One entry of a berry yarn.lock, and a quick reader for a whole file as yarn writes it.

Source: `stringifySyml` (`@yarnpkg/parsers`) has a fixed order of fields and quotes what is no plain
word; headers hold a colon, so that all are quoted but `__metadata`.
"""

from __future__ import annotations

from auditor import fastpaths
from auditor.lazyre import regex
from auditor.lockfiles._npm import PLAIN_NAME


class Block:
    """The lines of one entry, taken apart."""

    __slots__ = (
        "_inner",
        "_name",
        "again",
        "descriptors",
        "fields",
        "line",
        "maps",
        "release",
        "twice",
    )

    def __init__(self, header: str, line: int) -> None:
        parts = header.split(", ") if ", " in header else [header]
        self.descriptors = tuple([part for p in parts if (part := p.strip())])
        self.line = line
        self.fields: dict[str, str] = {}
        self.again: list[tuple[str, str]] = []
        self.twice: list[str] = []
        """Members of maps that stand there again, with another value."""
        self.maps: dict[str, dict[str, str]] = {}
        self.release = ""
        """The name, where a quick look tells that this is its registry's release `version`."""
        self._inner: dict[str, str] | None = None
        self._name = ""

    def take(self, indent: int, key: str, value: str | None) -> None:
        """Take in a line: a field, the head of a map, or a member of the map before it."""
        if indent <= 2 and value is None:
            self._inner = self.maps.setdefault(key, {})
        elif indent <= 2:
            self._inner = None
            if key in self.fields:
                self.again.append((key, self.fields[key]))
            self.fields[key] = value or ""
        elif self._inner is not None and indent <= 4:
            self._name = key
            if self._inner.get(key, value or "") != (value or ""):
                self.twice.append(key)
            self._inner[key] = value or ""
        elif self._inner is not None and key == "optional" and value == "true":
            self._inner[self._name] = key  # a member of dependenciesMeta


_QUOTED = r'"[^"\\\n]*+"'
_WORD = "[A-Za-z0-9_][A-Za-z0-9_@^~./*-]*+"
_HEADER = rf"{_QUOTED}|{_WORD}"
_NAME = rf'(?:"[^":\\\n]++"|{_WORD})'
_SIGNS = "[A-Za-z0-9^~./()_+<=>|*&@-]"
_VALUE = rf"(?:{_QUOTED}|(?![_+<=>|*&@-]){_SIGNS}++(?: {_SIGNS}++)*+)"
_FLAG = "      [a-z]++: (?:true|false)\n"
_MAPS = (
    r"(?:  (?:dependencies|optionalDependencies|peerDependencies|bin):\n"
    rf"(?:    {_NAME}: {_VALUE}\n)++"
    rf"|  (?:dependenciesMeta|peerDependenciesMeta):\n(?:    {_NAME}:\n(?:{_FLAG})++)++)*+"
)
_PLACE = rf'({PLAIN_NAME})@npm:\3(?=")|[^"\\\n]++'
"""A locator; where it is the registry's release `version`, its name is told."""
_WHOLE = regex(
    rf'(\? )?({_HEADER})(?(1)\n):\n  version: ({_VALUE})\n  resolution: "({_PLACE})"\n({_MAPS})'
    rf"(?:  checksum: ([^\n]++)\n)?(?:  conditions: ({_VALUE})\n)?"
    r"  languageName: [a-z]++\n  linkType: [a-z]++\n(?:\n|\Z)"
)
"""An entry as yarn writes it; its language and the kind of its link say nothing here."""
_MAP = regex(r"  ([A-Za-z]++):\n((?:    [^\n]++\n)++)")
_PAIR = regex(r'    "?([^":\n]++)"?: "?([^"\n]*+)"?\n')
"""A line of a map, where the whole is known to consist of such."""
_META = regex(rf'    "?([^":\n]++)"?:\n((?:{_FLAG})++)')
_OPTIONAL = "      optional: true\n"
_METADATA = regex(
    r"(?:#[^\n]*+\n|\n)*+__metadata:\n  version: ([0-9]++)\n(?:  cacheKey: ([0-9a-z]++)\n)?\n"
)


def written(text: str) -> list[Block] | None:
    """Return the entries of a text that is as yarn writes it; None where any line is not."""
    start = _METADATA.match(text)
    if start is None or not fastpaths.enabled("lock_readers") or "\0" in text:
        return None
    position = start.end()
    line = text.count("\n", 0, position) + 1
    first = Block("__metadata", text.count("\n", 0, start.start(1)))
    first.fields = {"version": start[1]}
    blocks = [first]
    while position < len(text):
        found = _WHOLE.match(text, position)
        if found is None:
            return None
        long, head, version, resolution, name, maps, checksum, conditions = found.groups()
        block = Block(head.strip('"'), line + 1 if long else line)
        block.fields = {"version": (version := version.strip('"')), "resolution": resolution}
        if checksum is not None:
            if not checksum.replace("/", "", 1).isalnum():
                return None
            block.fields["checksum"] = checksum
        if conditions is not None:
            block.fields["conditions"] = conditions.strip('"')
        if maps and not _took(block, maps):
            return None
        if name and all([one.startswith(f"{name}@") for one in block.descriptors]):  # noqa: C419 - in half the time
            block.release = name
        blocks.append(block)
        line += text.count("\n", position, found.end())
        position = found.end()
    return blocks


def _took(block: Block, maps: str) -> bool:
    """Take in the maps of an entry; tell whether none, and no name in one, stands there twice."""
    for name, lines in _MAP.findall(maps):
        if name in block.maps:
            return False
        if name.endswith("Meta"):
            found = _META.findall(lines)
            pairs = [(key, "optional" if _OPTIONAL in inner else "") for key, inner in found]
        else:
            pairs = _PAIR.findall(lines)
        block.maps[name] = dict(pairs)
        if len(block.maps[name]) != len(pairs):
            return False
    return True
