"""Rule files to rules: strict, so that a rule never means less than it seems to say."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from pathlib import Path
from string import Formatter
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from auditor import facts, rulebook, yamldoc
from auditor.decoding import utf8
from auditor.errors import InputError, LimitError, ParseError, RuleError
from auditor.exposure import Level
from auditor.lazyre import regex
from auditor.match import OPERATORS, Condition, Lists, Operand, Where
from auditor.model import OF_OTHERS, ArtifactKind, Confidence, Fact, Profile, Severity
from auditor.rulebook import FileSpec, Head, Rule, Ruleset, RuleTest
from auditor.safe import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditor.rulebook import Source

ADVICE = frozenset({"leave_out", "stop_emitting"})
"""What a `fix` may name besides the fact's fields; see `auditor.advice`."""

_REQUIRED = ("id title fact where severity confidence artifacts message why fix tests").split()
_KEYS = (
    "id title fact where severity severity_when confidence exposure status since artifacts "
    "profiles owner protected message why fix false_positives references tests"
).split()
_TEST_KEYS = (
    "name packer packed file size sdist manifest earlier sizes policy git given finds"
).split()
_ID = regex(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+\Z")
_BAD_ID = regex(r"(?:no|avoid|prefer|use|dont|do-not|missing-no|disallow|forbid|check)-")
_NOUN = regex(r"[a-z][a-z -]*\Z")
_SEVERITY = regex(r"(?m)^severity: (\w+)$")
_PROTECTED = regex(r"(?m)^protected: true$")
_SHOWN = 400  # characters of a place or of a message, which may quote the file
_STATUS = ("experimental", "stable", "deprecated")

N = TypeVar("N", bound=IntEnum)
S = TypeVar("S", bound=StrEnum)


def load(
    folders: Iterable[Path],
    *,
    tests: bool = False,
    lockfile: bool | None = None,
    telling: bool = False,
) -> Ruleset:
    """Load every `*.yaml` of the folders, and the lists in their `data` folders.

    `tests` also reads what stands under `tests:`, which a scan has no use for; `lockfile` and
    `telling` as `rulebook.chosen` has them. Raises RuleError for the first file that is not a rule
    in every respect, or repeats an id.
    """
    return parsed(rulebook.read(folders), tests=tests, lockfile=lockfile, telling=telling)


def parsed(
    source: Source,
    *,
    tests: bool = False,
    lockfile: bool | None = None,
    telling: bool = False,
) -> Ruleset:
    """Return what files that were read say; see `load`."""
    lists = {
        name: frozenset(
            line.strip().lower()
            for line in _text(name, content).splitlines()
            if line[:1] not in {"#", ""}
        )
        for name, content in source.lists.items()
    }
    rules: dict[str, Rule] = {}
    for name, content in source.rules:
        rule = parse(_text(name, content), name, lists, tests=tests)
        if rule.id in rules:
            raise RuleError(name, f"the rule {rule.id!r} is already there")
        rules[rule.id] = rule
    asked = rulebook.chosen(rules.values(), lockfile=lockfile, telling=telling)
    return Ruleset(rules=asked, lists=lists, digest=source.digest[:16])


def _text(name: str, content: bytes) -> str:
    """Return a file of a folder with rules as text; raise RuleError where it is none."""
    try:
        return utf8(content)
    except InputError as problem:
        raise RuleError(name, str(problem)) from None


def heads(folders: Iterable[Path]) -> dict[str, Head]:
    """Return every rule of the folders by id, also those that a call does not load.

    Told by their texts; what is wrong with one is said when it is loaded.
    """
    found: dict[str, Head] = {}
    for name, content in rulebook.read(folders).rules:
        text = _text(name, content)
        severity = _SEVERITY.search(text)
        if severity is not None and severity[1].upper() in Severity.__members__:
            found[name.removesuffix(".yaml")] = Head(
                severity=Severity[severity[1].upper()],
                protected=_PROTECTED.search(text) is not None,
            )
    return found


def parse(text: str, file: str, lists: Lists, *, tests: bool = True) -> Rule:
    """Read one rule; raise RuleError naming file, key and, where there is one, a suggestion."""
    head, mark, _ = text.partition("\ntests:\n")
    try:
        document = yamldoc.load(text if tests or not mark else head)
    except ParseError as problem:
        where = f"{file}, {problem.key}" if problem.key else file
        raise RuleError(where, problem.problem) from None
    except LimitError as problem:
        raise RuleError(file, str(problem)) from None
    if not isinstance(document, dict):
        raise RuleError(file, "is no mapping")
    return _RuleReader(file, document, lists).rule(with_tests=tests)


class _RuleReader:
    """Turns one document into a Rule; every complaint carries the file and the key."""

    def __init__(self, file: str, document: dict[str, Any], lists: Lists) -> None:
        self._file = file
        self._document = document
        self._lists = lists

    def rule(self, *, with_tests: bool) -> Rule:
        wanted = [key for key in _REQUIRED if with_tests or key != "tests"]
        self._keys(self._document, "", _KEYS)
        for key in wanted:
            if key not in self._document:
                raise self._error(key, "is missing")
        order = [key for key in _KEYS if key in self._document]
        if list(self._document) != order:
            raise self._error("", f"keys must stand in this order: {' '.join(order)}")
        rule_id = self._text("id")
        if not _ID.match(rule_id) or f"{rule_id}.yaml" != Path(self._file).name:
            raise self._error("id", f"{rule_id!r} must be words-with-dashes and the file's name")
        if _BAD_ID.match(rule_id):
            raise self._error("id", f"{rule_id!r} must name the bad thing, to read after 'allow'")
        collector = self._collector()
        types = field_types(collector.fact)
        artifacts = frozenset(
            self._choice(ArtifactKind, word, "artifacts") for word in self._texts("artifacts")
        )
        for kind in artifacts:
            if not collector.serves(kind):
                told = f"the fact {collector.name!r} is never seen in {kind.value}"
                raise self._error("artifacts", told)
        steps = self._list("severity_when") if "severity_when" in self._document else []
        return Rule(
            id=rule_id,
            title=self._text("title"),
            fact=collector.name,
            where=self._where(self._document["where"], "where", types),
            severity=self._level(Severity, self._text("severity"), "severity"),
            severity_when=tuple(
                self._step(step, f"severity_when[{i}]", types) for i, step in enumerate(steps)
            ),
            confidence=self._level(Confidence, self._text("confidence"), "confidence"),
            exposure=self._choice(Level, self._text("exposure"), "exposure")
            if "exposure" in self._document
            else None,
            status=self._one_of("status", _STATUS, "stable"),
            since=self._text("since") if "since" in self._document else "",
            artifacts=artifacts,
            profiles=frozenset(
                self._choice(Profile, word, "profiles") for word in self._texts("profiles")
            )
            if "profiles" in self._document
            else frozenset(Profile),
            owner=self._text("owner") if "owner" in self._document else "",
            protected=self._flag("protected"),
            message=self._template("message", types, frozenset()),
            why=self._text("why"),
            fix=self._template("fix", types, ADVICE),
            false_positives=self._texts("false_positives"),
            references=self._texts("references"),
            tests=self._tests() if with_tests else (),
        )

    def _collector(self) -> facts.Collector:
        name = self._text("fact")
        named = self._document.get("artifacts")
        if named == [ArtifactKind.POLICY.value] and name in (known := facts.of("policy")[0]):
            return known[name]
        only_lockfiles = isinstance(named, list) and all(map([*OF_OTHERS].__contains__, named))
        for lockfile in (only_lockfiles, not only_lockfiles):
            collectors, _ = facts.load(lockfile=lockfile)
            if name in collectors and self._serves(collectors[name]):
                return collectors[name]
        collectors, _ = facts.load()
        if name not in collectors:
            raise self._error("fact", f"{name!r} is no fact{_suggest(name, collectors)}")
        return collectors[name]

    def _serves(self, collector: facts.Collector) -> bool:
        """Tell whether the rule names a kind that the collector is asked about."""
        kinds = self._document.get("artifacts")
        return isinstance(kinds, list) and any(
            collector.serves(kind) for kind in ArtifactKind if kind.value in kinds
        )

    # conditions

    def _where(self, node: object, key: str, types: Mapping[str, type]) -> Where:
        if not isinstance(node, dict) or not node:
            raise self._error(key, "must be a mapping of fields to conditions, and not empty")
        conditions: list[Condition] = []
        groups: dict[str, tuple[Where, ...]] = {"any": (), "none": ()}
        for name, test in node.items():
            here = f"{key}.{name}"
            if name in groups:
                if not isinstance(test, list) or not test:
                    raise self._error(here, "must be a list of groups")
                groups[name] = tuple(
                    self._where(group, f"{here}[{i}]", types) for i, group in enumerate(test)
                )
                continue
            if name not in types:
                raise self._error(here, f"the fact has no such field{_suggest(name, types)}")
            conditions.extend(self._conditions(name, test, here, types[name]))
        return Where(conditions=tuple(conditions), any=groups["any"], none=groups["none"])

    def _conditions(self, name: str, test: object, key: str, type_: type) -> list[Condition]:
        if not isinstance(test, dict):
            return [self._condition(name, "equals", test, key, type_)]
        if not test:
            raise self._error(key, "has no operator")
        for operator in test:
            if operator not in OPERATORS or operator == "equals":
                known = [o for o in OPERATORS if o != "equals"]
                raise self._error(key, f"{operator!r} is no operator{_suggest(operator, known)}")
        return [
            self._condition(name, op, value, f"{key}.{op}", type_) for op, value in test.items()
        ]

    def _condition(
        self, name: str, operator: str, value: object, key: str, type_: type
    ) -> Condition:
        spec = OPERATORS[operator]
        if type_ not in spec.fields:
            raise self._error(key, f"{operator!r} cannot compare a field of type {type_.__name__}")
        operands: list[Any] = value if isinstance(value, list) else [value]
        if not operands or (spec.single and len(operands) > 1):
            raise self._error(key, f"{operator!r} takes {'one value' if spec.single else 'values'}")
        wanted = type_ if spec.operand is object else spec.operand
        for operand in operands:
            if type(operand) is not wanted:
                raise self._error(key, f"{operand!r} is no {wanted.__name__}")
        if operator == "listed-in":
            for operand in operands:
                if operand not in self._lists:
                    raise self._error(key, f"no list {operand!r}{_suggest(operand, self._lists)}")
        if len(set(operands)) != len(operands):
            raise self._error(key, "says one value twice")
        typed: tuple[Operand, ...] = tuple(operands)
        return Condition(field=name, operator=operator, operands=typed)

    def _step(self, node: object, key: str, types: Mapping[str, type]) -> tuple[Where, Severity]:
        if not isinstance(node, dict) or list(node) != ["where", "severity"]:
            raise self._error(key, "must have the keys where and severity")
        level = self._level(Severity, node["severity"], f"{key}.severity")
        return self._where(node["where"], f"{key}.where", types), level

    # tests

    def _tests(self) -> tuple[RuleTest, ...]:
        tests = tuple(self._test(node, f"tests[{i}]") for i, node in enumerate(self._list("tests")))
        if not any(t.finds for t in tests) or all(t.finds for t in tests):
            raise self._error("tests", "must hold one that finds and one that does not")
        names = [test.name for test in tests]
        if len(set(names)) != len(names):
            raise self._error("tests", "two tests have the same name")
        return tests

    def _test(self, node: object, key: str) -> RuleTest:
        if not isinstance(node, dict):
            raise self._error(key, "must be a mapping")
        self._keys(node, key, _TEST_KEYS)
        given = node.get("given")
        if not isinstance(given, dict) or len(given) != 1:
            raise self._error(f"{key}.given", "must name one artifact kind")
        if not isinstance(node.get("name"), str):
            raise self._error(f"{key}.name", "must be a text")
        if not isinstance(node.get("finds"), list):
            raise self._error(f"{key}.finds", "must be a list")
        for one in ("packer", "file"):
            if not isinstance(node.get(one, ""), str):
                raise self._error(f"{key}.{one}", "must be a text")
        ((kind, members),) = given.items()
        if not isinstance(members, dict) or not members:
            raise self._error(f"{key}.given.{kind}", "must map paths to contents")
        for listed in ("packed", "sdist", "sizes"):
            texts = node.get(listed, [])
            if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
                raise self._error(f"{key}.{listed}", "must be a list of texts")
        if not isinstance(node.get("size", 0), int):
            raise self._error(f"{key}.size", "must be a whole number")
        return RuleTest(
            name=node["name"],
            artifact=self._choice(ArtifactKind, kind, f"{key}.given"),
            members=self._members(members, f"{key}.given.{kind}"),
            manifest=self._members(node.get("manifest", {}), f"{key}.manifest"),
            earlier=self._members(node.get("earlier", {}), f"{key}.earlier"),
            packer=node.get("packer", ""),
            packed=tuple(node.get("packed", [])),
            file=node.get("file", ""),
            size=node.get("size"),
            sdist=tuple(node.get("sdist", [])),
            sizes=tuple(node.get("sizes", [])),
            policy=self._mapping(node.get("policy", {}), f"{key}.policy"),
            git=self._git(node.get("git", {}), f"{key}.git"),
            finds=tuple(
                self._found(item, f"{key}.finds[{i}]") for i, item in enumerate(node["finds"])
            ),
        )

    def _members(self, node: object, key: str) -> tuple[tuple[str, FileSpec], ...]:
        if not isinstance(node, dict):
            raise self._error(key, "must map paths to contents")
        return tuple(
            (path, self._file_spec(value, f"{key}.{path}")) for path, value in node.items()
        )

    def _mapping(self, node: object, key: str) -> dict[str, Any]:
        if not isinstance(node, dict):
            raise self._error(key, "must be a mapping")
        return node

    def _git(self, node: object, key: str) -> tuple[tuple[str, str], ...]:
        if not isinstance(node, dict):
            raise self._error(key, "must map paths to what git says of them")
        from auditor.facts.project.git_state import PathState  # noqa: PLC0415 - for tests alone

        try:
            for path, text in node.items():
                PathState.parse(path, str(text))
        except ValueError as problem:
            raise self._error(key, str(problem)) from None
        return tuple((path, str(text)) for path, text in node.items())

    def _file_spec(self, value: object, key: str) -> FileSpec:
        if isinstance(value, str):
            return FileSpec(text=value)
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            return FileSpec(text="".join(value))
        types = get_type_hints(FileSpec)
        if not isinstance(value, dict) or not value:
            raise self._error(key, f"must be a text, its parts, or a mapping of {', '.join(types)}")
        self._keys(value, key, list(types))
        for name, item in value.items():
            if not isinstance(item, types[name]):
                raise self._error(f"{key}.{name}", f"{item!r} is of the wrong type")
        return FileSpec(**value)

    def _found(self, item: object, key: str) -> tuple[str, Severity | None]:
        if isinstance(item, str):
            return item, None
        if not isinstance(item, dict) or len(item) != 1:
            raise self._error(key, "must list places, or `place: severity`")
        ((place, level),) = item.items()
        return place, self._level(Severity, level, f"{key}.{place}")

    # values

    def _error(self, key: str, problem: str) -> RuleError:
        where = f"{self._file}, {key}" if key else self._file
        return RuleError(shortened(where, _SHOWN), shortened(problem, _SHOWN))

    def _keys(self, node: dict[str, Any], key: str, known: Sequence[str]) -> None:
        for name in node:
            if name not in known:
                at = f"{key}.{name}" if key else name
                raise self._error(at, f"is no key here{_suggest(name, known)}")

    def _text(self, key: str) -> str:
        value = self._document.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self._error(key, "must be a text")
        return value.strip()

    def _list(self, key: str) -> list[Any]:
        value = self._document.get(key, [])
        if not isinstance(value, list):
            raise self._error(key, "must be a list")
        return value

    def _texts(self, key: str) -> tuple[str, ...]:
        values = self._list(key)
        if not all(isinstance(value, str) and value for value in values):
            raise self._error(key, "must be a list of texts")
        return tuple(values)

    def _flag(self, key: str) -> bool:
        value = self._document.get(key, False)
        if not isinstance(value, bool):
            raise self._error(key, "must be true or false")
        return value

    def _one_of(self, key: str, words: Sequence[str], default: str) -> str:
        value = self._document.get(key, default)
        if value not in words:
            raise self._error(key, f"{value!r} is none of {', '.join(words)}")
        return str(value)

    def _level(self, kind: type[N], word: object, key: str) -> N:
        for level in kind:
            if level.name.lower() == word:
                return level
        names = [level.name.lower() for level in kind]
        raise self._error(key, f"{word!r} is none of {', '.join(names)}{_suggest(word, names)}")

    def _choice(self, kind: type[S], word: object, key: str) -> S:
        for member in kind:
            if member.value == word:
                return member
        names = [member.value for member in kind]
        raise self._error(key, f"{word!r} is none of {', '.join(names)}{_suggest(word, names)}")

    def _template(self, key: str, types: Mapping[str, type], more: frozenset[str]) -> str:
        text = self._text(key)
        try:
            parts = list(Formatter().parse(text))
        except ValueError as problem:
            raise self._error(key, f"{problem}; write {{{{ and }}}} for braces") from None
        for _, name, spec, conversion in parts:
            if name is None:
                continue
            if name not in types and name not in more:
                known = [*types, *more]
                raise self._error(key, f"{{{name}}} is no field of the fact{_suggest(name, known)}")
            counted = spec and types.get(name) is int and _NOUN.match(spec)
            if conversion or (spec and not counted):
                raise self._error(key, f"{{{name}}} takes no format; a number may take a noun")
        return text


def field_types(fact: type[Fact]) -> dict[str, type]:
    """Return the fields of a fact with the plain type that operators compare."""
    hints = get_type_hints(fact)
    return {name: _plain_type(hints[name]) for name in fact.__struct_fields__}


def _plain_type(hint: Any) -> type:  # noqa: ANN401 - type hints are of many kinds
    if get_origin(hint) in {Union, UnionType}:
        (hint,) = (arg for arg in get_args(hint) if arg is not type(None))
    if hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    if get_args(hint):
        return tuple
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return str
    return hint  # type: ignore[no-any-return]


def _suggest(word: object, known: object) -> str:
    """Return `; did you mean 'x'?` when a known word is close to the one that was written."""
    from difflib import get_close_matches  # noqa: PLC0415 - only on the way to an error

    words = [str(k) for k in known] if hasattr(known, "__iter__") else []
    close = get_close_matches(str(word), words, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(sorted(words))}" if words else ""
