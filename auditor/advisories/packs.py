"""Incident packs: the strict reader of rules/incidents/<id>.yaml and of its lists.

A pack's keys stand in a fixed order. A scan reads the head, above `summary:`; the rest is read
for incidents that are met, and by whoever asks for it whole (`check`). Packages stand by
ecosystem, as a list of bad versions, the word `any`, or a mapping; hundreds of them in
`lists`, each a file of rules/incidents/data with `name version version …` a line, where `?`
behind a version says that a single source names it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from auditor.advisories import digests
from auditor.advisories.reading import Node, document, suggestion
from auditor.advisories.values import (
    BadPackage,
    Detail,
    Digest,
    FileSign,
    HashSign,
    Incident,
    Indicators,
    Kind,
    Moment,
    Pack,
    Step,
)
from auditor.errors import RuleError
from auditor.lazyre import regex
from auditor.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ECOSYSTEMS = ("npm", "pypi", "golang", "generic", "conda", "jsr", "deno")
_HEAD = "id title kind confidence single-source window packages lists".split()
_REST = (
    "summary sources unverified timeline indicators doubtful watch elsewhere steps advisories "
    "references"
).split()
_NEEDED = "id title kind confidence window summary sources steps references".split()
_PACKAGE = (
    "versions any decoys removes safe single-source resembles integrity doubtful-integrity note"
)
_SIGNS = (
    "files domains addresses urls ports user-agents hashes processes process-names registry-keys "
    "package-files strings git-branches git-commits context"
).split()
_SYSTEMS = ("any", "linux", "macos", "windows")
_ID = regex(r"[a-z0-9]+(?:-[a-z0-9]+)+\Z")
_TIME = regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\Z")
_SHA256 = regex(r"[0-9a-f]{64}\Z")


def head(text: str, file: str, lists: Mapping[str, str]) -> Pack:
    """Read what a scan needs of a pack; `lists` has the texts of lists by file name.

    Raises RuleError naming file and key for anything that is not as it must be.
    """
    top, mark, _ = text.partition("\nsummary:")
    node = document(top, file)
    known = _HEAD if mark else [*_HEAD, *_REST]
    found = node.fields(known, [key for key in _NEEDED if key in _HEAD])
    if not mark:
        raise Node(file, None, "summary").error("is missing")
    incident = _incident(found, file)
    packages = tuple(_packages(found["packages"])) if "packages" in found else ()
    return Pack(
        file=file,
        incident=incident,
        packages=packages,
        lists=_lists(found["lists"], lists) if "lists" in found else {},
        text=text,
    )


def detail(pack: Pack) -> Detail:
    """Read the rest of a pack; raises RuleError as `head` does."""
    if pack.rest:
        return msgspec.msgpack.decode(pack.rest, type=Detail)
    return _detail(pack.text, pack.file)


def kept(pack: Pack) -> Pack:
    """Return a pack whose rest is a value, and not a text to be parsed; raises as `detail` does.

    To parse YAML on the day of a hit takes longer than to look up a thousand packages.
    """
    return replace(pack, text="", rest=msgspec.msgpack.encode(detail(pack), order="deterministic"))


@lru_cache(maxsize=64)
def _detail(text: str, file: str) -> Detail:
    top, mark, rest = text.partition("\nsummary:")
    blank = "\n" * top.count("\n")  # so that a complaint's line is the file's
    found = document(f"{blank}{mark}{rest}", file).fields(
        _REST, [key for key in _NEEDED if key in _REST]
    )
    doubtful = dict(found["doubtful"].entries()) if "doubtful" in found else {}
    note = doubtful.pop("note", None)
    return Detail(
        summary=found["summary"].text(),
        sources=found["sources"].text(),
        unverified=_texts(found, "unverified"),
        timeline=tuple(_moments(found["timeline"])) if "timeline" in found else (),
        indicators=_indicators(found["indicators"]) if "indicators" in found else Indicators(),
        doubtful=_indicators(found["doubtful"], doubtful) if doubtful else Indicators(),
        doubtful_note=note.text() if note else "",
        watch=_texts(found, "watch"),
        elsewhere=_texts(found, "elsewhere"),
        steps=tuple(_steps(found["steps"])),
        advisories=_texts(found, "advisories"),
        references=_texts(found, "references"),
    )


def check(pack: Pack) -> None:
    """Read a pack whole; raise RuleError for the first thing that is not as it must be."""
    detail(pack)
    for ecosystem, text in pack.lists.items():
        seen: set[str] = set()
        for line in lines(text):
            package = listed(ecosystem, line)
            where = f"{pack.file}, lists.{ecosystem}"
            if not package.versions:
                raise RuleError(where, f"{package.name!r} has no version")
            if package.name in seen:
                raise RuleError(where, f"{package.name!r} stands there twice")
            seen.add(package.name)


def lines(text: str) -> list[str]:
    """Return a list's lines without comments and blank ones."""
    return [line for line in text.splitlines() if line[:1] != "#" and line.strip()]


@lru_cache(maxsize=512)
def listed(ecosystem: str, line: str) -> BadPackage:
    """Return the package of one line of a list."""
    name, *marked = line.split()
    return BadPackage(
        ecosystem=ecosystem,
        name=name,
        versions=tuple(version.rstrip("?") for version in marked),
        single_source=frozenset(version[:-1] for version in marked if version[-1] == "?"),
    )


def _incident(found: dict[str, Node], file: str) -> Incident:
    incident_id = found["id"].text()
    if not _ID.match(incident_id) or f"{incident_id}.yaml" != file:
        raise found["id"].error(f"{incident_id!r} must be words-with-dashes and the file's name")
    window = found["window"].fields(("from", "to"), ("from",))
    words = [level.word for level in Confidence]
    return Incident(
        id=incident_id,
        title=found["title"].text(),
        kind=Kind(found["kind"].choice([kind.value for kind in Kind])),
        confidence=Confidence[found["confidence"].choice(words).upper()],
        single_source="single-source" in found and found["single-source"].flag(),
        start=_time(window["from"]),
        end=_time(window["to"]) if "to" in window else "",
    )


def _time(node: Node) -> str:
    text = node.text()
    if not _TIME.match(text):
        raise node.error(f"{text!r} must be a time in UTC, as 2026-03-31T00:21:58Z")
    return text


def _lists(node: Node, lists: Mapping[str, str]) -> dict[str, str]:
    chosen = {}
    for ecosystem, file in _by_ecosystem(node):
        name = file.text()
        if name not in lists:
            raise file.error(f"no list {name!r}{suggestion(name, lists)}")
        chosen[ecosystem] = lists[name]
    return chosen


def _by_ecosystem(node: Node) -> Iterator[tuple[str, Node]]:
    for ecosystem, inner in node.entries().items():
        if ecosystem not in ECOSYSTEMS:
            raise inner.error(f"is no ecosystem{suggestion(ecosystem, ECOSYSTEMS)}")
        yield ecosystem, inner


def _packages(node: Node) -> Iterator[BadPackage]:
    for ecosystem, inner in _by_ecosystem(node):
        for name, package in inner.entries().items():
            yield _package(ecosystem, name, package)


def _package(ecosystem: str, name: str, node: Node) -> BadPackage:
    if node.value == "any":
        return BadPackage(ecosystem=ecosystem, name=name, any=True)
    if isinstance(node.value, list):
        return BadPackage(ecosystem=ecosystem, name=name, versions=_some(node))
    found = node.fields(_PACKAGE.split())
    any_version = "any" in found and found["any"].flag()
    if not any_version and "versions" not in found:
        raise node.error("must have versions, or any: true")
    bad = _some(found["versions"]) if "versions" in found else ()
    for key in ("safe", "decoys"):
        for other in _texts(found, key):
            if other in bad:
                raise found[key].error(f"{other!r} is among the bad versions, too")
    single = frozenset(_texts(found, "single-source"))
    for version in single:
        if version not in bad:
            raise found["single-source"].error(f"{version!r} is none of the bad versions")
    return BadPackage(
        ecosystem=ecosystem,
        name=name,
        versions=bad,
        any=any_version,
        decoys=_texts(found, "decoys"),
        safe=_texts(found, "safe"),
        single_source=single,
        removes=_texts(found, "removes"),
        resembles=found["resembles"].text() if "resembles" in found else "",
        digests=(
            *_digests(found.get("integrity"), bad),
            *_digests(found.get("doubtful-integrity"), bad, single=True),
        ),
        note=found["note"].text() if "note" in found else "",
    )


def _some(node: Node) -> tuple[str, ...]:
    versions = node.texts()
    if not versions:
        raise node.error("must name versions")
    if len(set(versions)) != len(versions):
        raise node.error("says one version twice")
    return versions


def _digests(node: Node | None, bad: tuple[str, ...], *, single: bool = False) -> Iterator[Digest]:
    for version, inner in node.entries().items() if node else ():
        if version not in bad:
            raise inner.error(f"{version!r} is none of the bad versions")
        for item in inner.items():
            key = digests.key_of(item.text())
            if key is None:
                raise item.error("must be a digest: sha512-<base64>, sha1-<base64>, sha256:<hex>")
            yield Digest(version=version, algorithm=key[0], value=key[1], single_source=single)


def _texts(found: Mapping[str, Node], key: str) -> tuple[str, ...]:
    return found[key].texts() if key in found else ()


def _moments(node: Node) -> Iterator[Moment]:
    for item in node.items():
        found = item.fields(("at", "what"), ("at", "what"))
        yield Moment(at=_time(found["at"]), what=found["what"].text())


def _steps(node: Node) -> Iterator[Step]:
    keys = ("do", "where", "command", "before")
    for item in node.items():
        if isinstance(item.value, str):
            yield Step(do=item.text())
            continue
        found = item.fields(keys, ("do",))
        yield Step(**{key: value.text() for key, value in found.items()})


def _indicators(node: Node, without: dict[str, Node] | None = None) -> Indicators:
    value = node.value
    if without is not None and isinstance(value, dict):
        value = {key: value[key] for key in without}
    found = Node(node.file, value, node.key).fields(_SIGNS)
    return Indicators(
        files=tuple(_files(found["files"])) if "files" in found else (),
        domains=_texts(found, "domains"),
        addresses=_texts(found, "addresses"),
        urls=_texts(found, "urls"),
        ports=found["ports"].numbers() if "ports" in found else (),
        user_agents=_texts(found, "user-agents"),
        hashes=tuple(_hashes(found["hashes"])) if "hashes" in found else (),
        processes=_texts(found, "processes"),
        process_names=_texts(found, "process-names"),
        registry_keys=_texts(found, "registry-keys"),
        package_files=_texts(found, "package-files"),
        strings=_texts(found, "strings"),
        git_branches=_texts(found, "git-branches"),
        git_commits=_texts(found, "git-commits"),
        context=_texts(found, "context"),
    )


def _files(node: Node) -> Iterator[FileSign]:
    for system, inner in node.fields(_SYSTEMS).items():
        for item in inner.items():
            if isinstance(item.value, str):
                yield FileSign(system=system, path=item.text())
                continue
            found = item.fields(("path", "contains", "common", "note"), ("path",))
            if len(found) == 1:
                raise item.error("says no more than a path: write the path alone")
            yield FileSign(
                system=system,
                path=found["path"].text(),
                contains=found["contains"].text() if "contains" in found else "",
                common="common" in found and found["common"].flag(),
                note=found["note"].text() if "note" in found else "",
            )


def _hashes(node: Node) -> Iterator[HashSign]:
    for digest, of in node.entries().items():
        if not _SHA256.match(digest):
            raise of.error("must be a SHA-256 of 64 hex digits")
        yield HashSign(sha256=digest, of=of.text())
