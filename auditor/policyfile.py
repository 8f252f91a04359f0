"""The policy file: `.audit.yml`, `[tool.audit]` of pyproject.toml, or `"audit"` of package.json.

The shapes below are the whole language, and the JSON Schema of the file is made from them
(`auditor/schema/policy-1.json`). Whatever is not in it is an error that names the place: a key that
is passed over would be a gate that is open.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct, field

from auditor import jsondoc, structs, tomldoc, yamldoc
from auditor.errors import InputError, LimitError, ParseError, UsageError
from auditor.facts.demands import Budgets, Demands, MapMode
from auditor.lazyre import regex
from auditor.model import Profile, Severity
from auditor.policy import Override, Policy, Waiver
from auditor.safe import shortened
from auditor.shape import json_object
from auditor.wordscan import SHORTEST, is_too_wide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.rulebook import Head

T = TypeVar("T", bound=Struct)

YAML_NAMES = (".audit.yml", ".audit.yaml")
TOML_NAME = "pyproject.toml"
JSON_NAME = "package.json"
NAMES = (*YAML_NAMES, TOML_NAME, JSON_NAME)
"""Files that may hold a policy, in a folder."""
IGNORE = "ignore"
_GIVING = frozenset({MapMode.COMPLETE, MapMode.ALLOW})
_MAPS = ("embedded-sources", "removed-source")
"""The rules that judge maps which give text back."""
_UNITS = {"": 1, "B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3}
_UNITS |= {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_SIZE = regex(r"(\d{1,15})(?:\.(\d))? ?([kKMG]?i?B)?\Z")
_SHOWN = 400
"""Characters of a message, which may quote the file."""
_DAYS = {"d": 1, "w": 7}
_UNKNOWN = regex(r"unknown field `(.+?)`")
_NONE_OF = regex(r"(?i)invalid enum value '(.*)'")
_OF_RULE = regex(r"rules\.[^.]+\Z")

Word = Annotated[str, Meta(min_length=1)]
Level = Literal["info", "low", "medium", "high", "critical"]
Size = Annotated[
    int | str, Meta(description="Bytes as a number, or with a unit: 500 kB, 5 MB, 1 MiB")
]
Names = Literal["quiet", "default", "everything", "off"]
_CHOICES = {
    "fail-on": get_args(Level),
    "rules": (*get_args(Level), IGNORE),
    "profile": tuple(Profile),
    "source-maps": tuple(MapMode),
    "names": get_args(Names),
}


class _Shape(Struct, forbid_unknown_fields=True, rename="kebab", frozen=True, kw_only=True):
    """What a mapping of the file may hold."""


class RuleSetting(_Shape, frozen=True, kw_only=True):
    """Another severity for a rule, or `ignore`; a protected rule needs reason and owner."""

    severity: Literal[Level, "ignore"]
    reason: Word | None = None
    owner: Word | None = None


class MapSetting(_Shape, frozen=True, kw_only=True):
    """Which source maps may ship; `complete` and `allow` need a reason and an owner."""

    mode: MapMode
    reason: Word | None = None
    owner: Word | None = None


class BudgetSetting(_Shape, frozen=True, kw_only=True):
    """The most that one artifact may have."""

    packed: Size | None = None
    unpacked: Size | None = None
    files: Annotated[int, Meta(ge=0)] | None = None
    file: Size | None = None


class WaiverEntry(_Shape, frozen=True, kw_only=True):
    """A decision that some findings of a rule are fine."""

    rule: Annotated[Word, Meta(description="The rule's id")]
    reason: Annotated[Word, Meta(description="Why it is fine; stands in every report")]
    path: Annotated[Word, Meta(description="Glob over the paths of findings")] | None = None
    package: (
        Annotated[Word, Meta(description="Glob over names of packages, or NAME@VERSION")] | None
    ) = None
    fingerprint: (
        Annotated[str, Meta(pattern="^[0-9a-f]{8,32}$", description="Of one finding")] | None
    ) = None
    until: (
        Annotated[str, Meta(pattern="^\\d{4}-\\d{2}-\\d{2}$", description="Last day of it")] | None
    ) = None
    owner: Annotated[Word, Meta(description="Who answers for it")] | None = None


class _Head(_Shape, frozen=True, kw_only=True):
    """The policy of a project: what its audits fail on, and what is fine, and why."""

    fail_on: Annotated[Level, Meta(description="The lowest severity that fails")] | None = None
    profile: Literal["release", "intake"] | None = None
    rules: Annotated[
        dict[str, Literal[Level, "ignore"] | RuleSetting], Meta(description="By the rule's id")
    ] = {}
    source_maps: (
        Annotated[MapMode | MapSetting, Meta(description="Which source maps may ship")] | None
    ) = None
    budgets: BudgetSetting = BudgetSetting()
    deny_words: Annotated[
        tuple[Word, ...],
        Meta(description="Texts that may stand nowhere in what ships; * and ? are wildcards"),
    ] = ()
    deny_words_file: (
        Annotated[Word, Meta(description="A file with more of them, one a line")] | None
    ) = None
    names: Annotated[Names, Meta(description="How much look-alike names are told")] | None = None
    internal: Annotated[
        tuple[Word, ...], Meta(description="Your own packages: NAME, @SCOPE or GLOB")
    ] = ()
    reviewed: Annotated[
        tuple[Word, ...], Meta(description="Names that you looked at, and that imitate nothing")
    ] = ()
    allowed_hosts: Annotated[
        tuple[Word, ...], Meta(description="Hosts that packages may come from, with their port")
    ] = ()
    data_age: (
        Annotated[
            str, Meta(pattern="^[1-9]\\d{0,3}[dw]$", description="The oldest data to rely on: 90d")
        ]
        | None
    ) = None
    rule_folders: Annotated[
        tuple[Word, ...], Meta(description="Folders with rules of your own")
    ] = ()
    manifest: Annotated[Word, Meta(description="The file with what is meant to ship")] | None = None
    baseline: (
        Annotated[Word, Meta(description="The file with findings that were there before")] | None
    ) = None


class PolicyFile(_Head, frozen=True, kw_only=True):
    """The policy of a project: what its audits fail on, and what is fine, and why."""

    waivers: tuple[WaiverEntry, ...] = ()


class Document(Struct, frozen=True, kw_only=True):
    """A policy as text has it: plain values, and the lines on which waivers begin."""

    file: str
    values: dict[str, Any]
    digest: str = ""
    lines: Mapping[int, int] = field(default_factory=dict)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy file (draft 2020-12)."""
    made = msgspec.json.schema(PolicyFile)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def document(name: str, text: str, file: str) -> Document | None:
    """Return the policy in a file of that name; None where the file has none.

    `file` is how messages name it. Raises UsageError for a text that cannot be read.
    """
    if name == TOML_NAME:
        return _toml(text, file)
    if name == JSON_NAME:
        return _json(text, file)
    places: dict[str, int] = {}
    try:
        values = yamldoc.load(text, places)
    except ParseError as problem:
        where = f"{file}, {problem.key}" if problem.key else file
        raise UsageError(f"{where}: {problem.problem}") from None
    except LimitError as problem:
        raise UsageError(f"{file}: {problem}") from None
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise UsageError(f"{file}: is no mapping of keys to values")
    lines = {
        int(found[1]): line
        for place, line in places.items()
        if (found := re.fullmatch(r"waivers\[(\d+)\]", place))
    }
    return Document(file=file, values=values, digest=_digest(text), lines=lines)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _toml(text: str, file: str) -> Document | None:
    if "audit" not in text:  # parsing costs more than looking
        return None
    try:
        tool = tomldoc.parsed(text).get("tool", {})
    except InputError as problem:
        raise UsageError(f"{file}: {problem}") from None
    values = tool.get("audit") if isinstance(tool, dict) else None
    if values is None:
        return None
    if not isinstance(values, dict):
        raise UsageError(f"{file}, tool.audit: is no table")
    heads = re.finditer(r"(?m)^[ \t]*\[\[[ \t]*tool\.audit\.waivers[ \t]*\]\]", text)
    lines = {number: text.count("\n", 0, head.start()) + 1 for number, head in enumerate(heads)}
    return Document(file=file, values=_as_texts(values), digest=_digest(text), lines=lines)


def _as_texts(values: Any) -> Any:  # noqa: ANN401 - a document is untyped until it is converted
    """Return values with TOML's dates as the texts that other formats have for them."""
    if isinstance(values, dict):
        return {key: _as_texts(value) for key, value in values.items()}
    if isinstance(values, list):
        return [_as_texts(value) for value in values]
    return values.isoformat() if isinstance(values, date) else values


def _json(text: str, file: str) -> Document | None:
    if '"audit"' not in text:
        return None
    try:
        document = json_object(text.encode("utf-8", "surrogatepass"))
    except InputError as problem:
        raise UsageError(f"{file}: may hold a policy: {problem}") from None
    values = document.get("audit")
    for place, line in jsondoc.repeats(text, document):
        if place == "audit" or place.startswith("audit."):
            raise UsageError(f"{file}, {place}: stands there twice (again on line {line:,})")
    if values is None:
        return None
    if not isinstance(values, dict):
        raise UsageError(f"{file}, audit: is no object")
    return Document(file=file, values=values, digest=_digest(text))


def policy(document: Document, known: Mapping[str, Head]) -> Policy:
    """Return what a document says; raise UsageError, naming file and place, for anything wrong.

    `known` are the rules by id: with those of its own `rule_folders`, see `folders`.
    """
    head = _head(document)
    reader = _Reader(document, known)
    waivers = document.values.get("waivers", [])
    if not isinstance(waivers, list):
        raise reader.error("waivers", "must be a list")
    return Policy(
        file=document.file,
        digest=document.digest,
        fail_on=_severity(head.fail_on),
        profile=None if head.profile is None else Profile(head.profile),
        overrides=dict(reader.overrides(head)),
        demands=Demands(
            budgets=reader.budgets(head.budgets),
            words=checked_words(head.deny_words, f"{document.file}, deny-words"),
            maps=reader.maps(head),
        ),
        words_file=head.deny_words_file or "",
        names=head.names or "",
        internal=head.internal,
        reviewed=head.reviewed,
        allowed_hosts=head.allowed_hosts,
        data_age=_span(head.data_age),
        rule_folders=head.rule_folders,
        manifest=head.manifest or "",
        baseline=head.baseline or "",
        waivers=tuple(reader.waiver(node, number) for number, node in enumerate(waivers)),
    )


def checked_words(words: tuple[str, ...], place: str) -> tuple[str, ...]:
    """Return words that may not ship; raise UsageError for one that cannot be looked for."""
    for word in words:
        if is_too_wide(word):
            raise UsageError(
                f"{place}: {word!r} matches too much: it needs {SHORTEST} letters in a row"
                " between its wildcards"
            )
    return words


def folders(document: Document) -> tuple[str, ...]:
    """Return the folders with rules of the user's own; raise UsageError as `policy` does."""
    return _head(document).rule_folders


def _head(document: Document) -> _Head:
    rest = {key: value for key, value in document.values.items() if key != "waivers"}
    return _converted(rest, _Head, document.file)


def _converted(values: object, shape: type[T], file: str, place: str = "") -> T:
    """Convert plain values to a shape; raise UsageError with the place, which is below `place`."""
    try:
        return structs.converted(values, shape)
    except ParseError as problem:
        joint = "." * bool(place and problem.key and not problem.key.startswith("["))
        where = f"{place}{joint}{problem.key}"
        told = _explained(problem.problem, shape, problem.key)
        raise UsageError(f"{file}{', ' * bool(where)}{where}: {told}") from None


def _explained(said: str, shape: type[Struct], below: str) -> str:
    """Return msgspec's words, with what could stand there instead."""
    if found := _UNKNOWN.search(said):
        return f"{found[1]!r} is no key here{nearest(found[1], _fields(shape, below))}"
    key = re.split(r"[.\[]", below)[0]
    if (found := _NONE_OF.search(said)) and key in _CHOICES:
        return f"{found[1]!r} is none of {', '.join(_CHOICES[key])}"
    return said[:1].lower() + said[1:]


def _fields(shape: type[Struct], where: str) -> list[str]:
    """Return the keys that are known at a place below a shape."""
    below = {"budgets": BudgetSetting, "source-maps": MapSetting}
    kind = RuleSetting if _OF_RULE.match(where) else below.get(where, shape)
    return [*kind.__struct_encode_fields__, *["waivers"] * (kind is _Head)]


def nearest(word: str, words: list[str]) -> str:
    """Return `; did you mean …?` where a known word is near, else what there is."""
    from difflib import get_close_matches  # noqa: PLC0415 - only on the way to an error

    close = get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(sorted(words))}" if len(words) < 30 else ""


class _Reader:
    """Turns the parts of one document into values; every complaint has file and place."""

    def __init__(self, document: Document, known: Mapping[str, Head]) -> None:
        self._document = document
        self._known = known

    def error(self, place: str, problem: str) -> UsageError:
        """Return the error to raise about a place of the document."""
        return UsageError(f"{self._document.file}, {place}: {shortened(problem, _SHOWN)}")

    def overrides(self, head: _Head) -> Iterator[tuple[str, Override]]:
        """Yield what is made of rules, by their ids."""
        for name, value in head.rules.items():
            one = value if isinstance(value, RuleSetting) else RuleSetting(severity=value)
            place = f"rules.{name}"
            rule = self._rule(name, place)
            new = None if one.severity == IGNORE else _severity(one.severity)
            lowered = new is None or new < rule.severity
            if rule.protected and lowered and not (one.reason and one.owner):
                raise self.error(
                    place,
                    f"{name} is protected: to make it less, say who and why: "
                    f"{{severity: {one.severity}, reason: …, owner: …}}",
                )
            yield name, Override(severity=new, reason=one.reason or "", owner=one.owner or "")
        given = [name for name in _MAPS if name not in head.rules]
        if self.maps(head) in _GIVING and given:
            said = head.source_maps
            if not isinstance(said, MapSetting) or not (said.reason and said.owner):
                raise self.error(
                    "source-maps",
                    "that maps give sources back is a decision to be named: "
                    f"{{mode: {self.maps(head)}, reason: …, owner: …}}",
                )
            for name in given:
                yield (
                    name,
                    Override(severity=Severity.INFO, reason=said.reason, owner=said.owner),
                )

    def maps(self, head: _Head) -> MapMode:
        """Return which source maps may ship."""
        said = head.source_maps
        if said is None:
            return MapMode.NO_CONTENT
        return said.mode if isinstance(said, MapSetting) else said

    def budgets(self, said: BudgetSetting) -> Budgets:
        """Return the budgets in bytes and files."""
        return Budgets(
            packed=self._size(said.packed, "packed"),
            unpacked=self._size(said.unpacked, "unpacked"),
            files=said.files,
            file=self._size(said.file, "file"),
        )

    def waiver(self, node: object, number: int) -> Waiver:
        """Return one waiver."""
        place = f"waivers[{number}]"
        if not isinstance(node, dict):
            raise self.error(place, "must be a mapping with rule, a subject and reason")
        said = _converted(node, WaiverEntry, self._document.file, place)
        rule = self._rule(said.rule, f"{place}.rule")
        if not (said.path or said.package or said.fingerprint):
            raise self.error(
                place, "names no subject: a path, a package or a fingerprint says what it is about"
            )
        missing = [
            name
            for name, value in (("owner", said.owner), ("until", said.until))
            if rule.protected and not value
        ]
        if missing:
            raise self.error(
                place,
                f"{said.rule} is protected: a waiver of it needs {' and '.join(missing)}, too",
            )
        return Waiver(
            rule=said.rule,
            reason=said.reason,
            path=said.path or "",
            package=said.package or "",
            fingerprint=said.fingerprint or "",
            until=self._day(said.until, f"{place}.until"),
            owner=said.owner or "",
            file=self._document.file,
            line=self._document.lines.get(number),
        )

    def _rule(self, name: str, place: str) -> Head:
        if name not in self._known:
            raise self.error(place, f"{name!r} is no rule{nearest(name, [*self._known])}")
        return self._known[name]

    def _day(self, text: str | None, place: str) -> date | None:
        try:
            return None if text is None else date.fromisoformat(text)
        except ValueError as problem:
            raise self.error(place, f"{text!r} is no day: {problem}") from None

    def _size(self, value: int | str | None, name: str) -> int | None:
        if value is None or (isinstance(value, int) and value >= 0):
            return value
        found = _SIZE.match(str(value))
        unit = found and (found[3] or "").replace("KB", "kB")
        if found is None or unit not in _UNITS:
            raise self.error(
                f"budgets.{name}", f"{value!r} is no size: write 500 kB, 5 MB or 1 MiB"
            )
        return int((int(found[1]) + int(found[2] or 0) / 10) * _UNITS[unit])


def _severity(word: str | None) -> Severity | None:
    return None if word is None else Severity[word.upper()]


def _span(text: str | None) -> timedelta | None:
    return None if text is None else timedelta(days=int(text[:-1]) * _DAYS[text[-1]])
