"""What a distribution's core metadata says that an index refuses or a user misses: one fact each.

Rests on "Core metadata specifications" (PEP 241 to 794), PEP 639 for licences, and on what PyPI
and the usual uploader check on top. The parsing is `packaging`'s, as theirs is, so that what it
takes here it takes there. That METADATA or PKG-INFO is there at all is for the layout facts.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any

from auditor import pypi
from auditor.facts import Collector, Contents, Unread
from auditor.facts.distribution import distribution_of
from auditor.facts.metadata_document import MetadataDocument, document_of
from auditor.lazyre import regex
from auditor.model import ArtifactKind, Fact
from auditor.safe import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST = 200
"""Problems of one document that are told; a document with more is not made by accident."""
_SHOWN = 120
_LONGEST_TYPE = 1000
"""Characters of a Description-Content-Type; the mail parser is quadratic in its parameters."""
_MOST_COMMENTS = 100
"""Of an address: they may lie in each other, and some Pythons do not follow (RFC 5322, 3.2.2)."""
_OF_ADDRESSES = {"author_email": "an Author-email", "maintainer_email": "a Maintainer-email"}
_PRIVATE = "Private ::"
_LICENCE = "License ::"
_SPELLED = {"home-page": "Home-page", "project-url": "Project-URL", "download-url": "Download-URL"}
_LICENCE_FILES_SINCE = "2.4"
_VERSIONS = sorted(pypi.METADATA_VERSIONS)
_EARLY = regex(r"introduced in metadata version (\S+), not (\S+)")
_ONCE = frozenset(
    "author author-email description description-content-type download-url home-page keywords "
    "license license-expression maintainer maintainer-email metadata-version name requires-python "
    "summary version".split()
)


class Problem(StrEnum):
    """The kinds, each with a remedy of its own."""

    INVALID = "invalid-value"
    UNDECODABLE = "undecodable"
    REPEATED = "repeated-field"
    UNKNOWN_FIELD = "unknown-field"
    EARLY_FIELD = "early-field"
    """A field that came in with a later version of the metadata than the document says it has."""
    METADATA_VERSION = "unsupported-version"
    LOCAL_VERSION = "local-version"
    DEVELOPMENT_VERSION = "development-version"
    """A local version of a development release: what version tools give a commit without a tag."""
    LONG_SUMMARY = "long-summary"
    ADDRESS = "mail-address"
    UNKNOWN_CLASSIFIER = "unknown-classifier"
    DEPRECATED_CLASSIFIER = "deprecated-classifier"
    PRIVATE_CLASSIFIER = "private-classifier"
    """One that no index takes, written to stop an upload."""
    URL = "url"
    URL_LABEL = "url-label"
    DIRECT_URL = "direct-url"
    LICENCE_CONFLICT = "licence-conflict"
    """License beside License-Expression."""
    LICENCE_CLASSIFIER = "licence-classifier"
    """A licence classifier beside License-Expression."""
    LICENCE_FILE = "missing-licence-file"
    NO_PYTHON = "no-python-requirement"


class CoreMetadataFact(Fact, frozen=True, kw_only=True):
    """One problem of METADATA or PKG-INFO; `key` is the field."""

    kind: Problem
    field: str
    """The field as the document spells it, else as the specification does."""
    value: str
    """What is wrong in it, shortened; empty where the whole field is."""
    detail: str
    """What is wrong, to be read after the field's name."""


Raw = dict[str, Any]
"""`packaging`'s RawMetadata: texts, lists of texts, and the URLs by label."""


def collect(contents: Contents) -> Iterator[CoreMetadataFact | Unread]:
    """Yield one fact for each problem, in the order of the document's lines.

    Unread where the document is too large to be judged, or `packaging` breaks on it.
    """
    document = document_of(contents)
    if document is None or isinstance(document, Unread):
        yield from () if document is None else (document,)
        return
    try:
        found = list(islice(_problems(document, contents), MOST + 1))
    except Exception as problem:  # noqa: BLE001 - of parsers that are not ours
        name = type(problem).__name__
        yield Unread(path=document.path, reason=f"not judged: the parser gave up ({name})")
        return
    if len(found) > MOST:
        yield Unread(path=document.path, reason=f"over {MOST} problems: the rest is not told")
    yield from (one for one in found if isinstance(one, Unread))
    told = [one for one in found[:MOST] if isinstance(one, CoreMetadataFact)]
    yield from sorted(told, key=lambda fact: (fact.line or 0, fact.field, fact.detail))


def _problems(
    document: MetadataDocument, contents: Contents
) -> Iterator[CoreMetadataFact | Unread]:
    from packaging.metadata import parse_email  # noqa: PLC0415 - only for distributions

    parsed, unparsed = parse_email(document.head)
    raw: Raw = {name: value for name, value in parsed.items() if not _is_nothing(value)}
    tell = _Teller(document)
    for name, what in list(_too_much(raw)):
        del raw[name]
        yield Unread(path=document.path, reason=f"{what} was not judged")
    yield from _unparsed(tell, unparsed)
    yield from _invalid(tell, raw, unparsed)
    yield from _of_versions(tell, raw, unparsed)
    yield from _of_texts(tell, raw)
    yield from _of_classifiers(tell, raw)
    yield from _of_urls(tell, raw)
    yield from _of_requirements(tell, raw)
    yield from _of_licences(tell, raw, contents)
    if "requires_python" not in raw and "requires-python" not in unparsed:
        yield tell(Problem.NO_PYTHON, "requires-python", "is missing")


def _is_nothing(value: object) -> bool:
    """Tell whether a field holds what old tools wrote for none; of a list the last item counts."""
    last = value[-1] if isinstance(value, list) and value else value
    return isinstance(last, str) and last.strip() in {"", pypi.NOTHING}


class _Teller:
    """Makes the facts of one document: finds the line of what is wrong."""

    def __init__(self, document: MetadataDocument) -> None:
        self._path = document.path
        self._lines: dict[str, list[tuple[str, int]]] = {}
        self._spelled: dict[str, str] = {}
        for header in document.headers:
            name = header.name.lower()
            self._lines.setdefault(name, []).append((header.text, header.line))
            self._spelled.setdefault(name, header.name)
        self.document = document

    def __call__(self, kind: Problem, name: str, detail: str, value: str = "") -> CoreMetadataFact:
        """Return a fact about the field of that lower-case name."""
        places = self._lines.get(name, [])
        here = next((line for text, line in places if value and value.strip() in text), None)
        spelled = self._spelled.get(name, _SPELLED.get(name, name.title()))
        return CoreMetadataFact(
            path=self._path,
            line=here if here is not None else places[0][1] if places else None,
            key=shortened(spelled, _SHOWN),
            kind=kind,
            field=shortened(spelled, _SHOWN),
            value=shortened(value.strip(), _SHOWN),
            detail=detail,
        )

    def quoted(self, name: str, message: str) -> str:
        """Return the value of a field that a message quotes; empty for none."""
        places = self._lines.get(name, [])
        return next((text for text, _ in places if text and repr(text) in message), "")


def _unparsed(tell: _Teller, unparsed: Mapping[str, list[str]]) -> Iterator[CoreMetadataFact]:
    for name in sorted(unparsed):
        headers = tell.document.of(name)
        if any(_undecodable(header.value) for header in headers):
            yield tell(Problem.UNDECODABLE, name, "is not UTF-8")
        elif name in _ONCE:
            if len(headers) > 1:  # else it is in parts, as the header that says so is told
                detail = f"stands there {len(headers):,} times, and may only once"
                yield tell(Problem.REPEATED, name, detail)
        elif name == "project-url":
            yield tell(Problem.REPEATED, name, "has one label twice")
        else:
            yield tell(Problem.UNKNOWN_FIELD, name, "is no field of core metadata")
    if "description" not in unparsed and tell.document.body.strip():
        if _undecodable(tell.document.body):
            yield tell(Problem.UNDECODABLE, "description", "is not UTF-8")
        elif tell.document.of("description"):
            detail = "stands in a header and behind the headers"
            yield tell(Problem.REPEATED, "description", detail)


def _undecodable(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _invalid(
    tell: _Teller, raw: Raw, unparsed: Mapping[str, list[str]]
) -> Iterator[CoreMetadataFact]:
    """Tell what `packaging` finds invalid, field by field."""
    from packaging.metadata import InvalidMetadata, Metadata  # noqa: PLC0415 - see above

    checked = dict(raw)
    if _older(raw.get("metadata_version"), _LICENCE_FILES_SINCE):
        checked.pop("license_files", None)  # setuptools wrote it for years; uploaders take it out
    try:
        Metadata.from_raw(checked)  # type: ignore[arg-type]
    except ExceptionGroup as group:
        for problem in group.exceptions:
            told = {*unparsed, "metadata-version"}
            if isinstance(problem, InvalidMetadata) and problem.field not in told:
                yield _one_invalid(tell, problem.field, str(problem), raw)


def _one_invalid(tell: _Teller, name: str, message: str, raw: Raw) -> CoreMetadataFact:
    if early := _EARLY.search(message):
        detail = f"came with metadata version {early[1]}, and this is {early[2]}"
        return tell(Problem.EARLY_FIELD, name, detail)
    if message.endswith("is a required field"):
        return tell(Problem.INVALID, name, "is missing")
    value = tell.quoted(name, message)
    if name == "description-content-type":  # the message names the alternatives in any order
        value = str(raw.get("description_content_type", ""))
        detail = (
            f"is {_short(value)}, and must be text/plain, text/x-rst or text/markdown "
            "(charset UTF-8, variant GFM or CommonMark)"
        )
        return tell(Problem.INVALID, name, detail, value)
    first = message.partition("\n")[0]
    return tell(Problem.INVALID, name, f"is refused: {shortened(first)}", value)


def _older(version: object, than: str) -> bool:
    """Tell whether a metadata version is older, as a missing one is to uploaders."""
    return version is None or (version in pypi.METADATA_VERSIONS and str(version) < than)


def _short(value: str) -> str:
    return repr(shortened(value, _SHOWN))


# what the index asks on top


def _of_versions(
    tell: _Teller, raw: Raw, unparsed: Mapping[str, list[str]]
) -> Iterator[CoreMetadataFact]:
    from packaging.version import Version  # noqa: PLC0415 - see above

    said = raw.get("metadata_version")
    if said is None and "metadata-version" not in unparsed:
        yield tell(Problem.METADATA_VERSION, "metadata-version", "is missing")
    elif said is not None and said not in pypi.METADATA_VERSIONS:
        detail = f"is {_short(said)}, and must be one of {', '.join(_VERSIONS)}"
        yield tell(Problem.METADATA_VERSION, "metadata-version", detail)
    try:
        version = Version(raw.get("version", ""))
    except ValueError:  # InvalidVersion, or a number of thousands of digits
        return
    if version.local:
        kind = Problem.DEVELOPMENT_VERSION if version.is_devrelease else Problem.LOCAL_VERSION
        detail = f"{_short(raw['version'])} has a local part (+{shortened(version.local, _SHOWN)})"
        yield tell(kind, "version", detail, raw["version"])


def _of_texts(tell: _Teller, raw: Raw) -> Iterator[CoreMetadataFact]:
    summary = raw.get("summary", "")
    if len(summary) > pypi.LONGEST_SUMMARY:
        detail = f"has {len(summary):,} characters, and may have {pypi.LONGEST_SUMMARY}"
        yield tell(Problem.LONG_SUMMARY, "summary", detail)
    for name in _OF_ADDRESSES:
        for address in _addresses(raw.get(name, "")):
            if problem := pypi.address_problem(address):
                detail = f"{_short(address)} {problem}"
                yield tell(Problem.ADDRESS, name.replace("_", "-"), detail, address)
    for field in raw.get("dynamic", ()):
        if field.lower() in pypi.NEVER_DYNAMIC:
            yield tell(Problem.INVALID, "dynamic", "must not name itself", field)


def _too_much(raw: Raw) -> Iterator[tuple[str, str]]:
    """Yield the fields that a mail parser may give up on, and of what they have too much."""
    if len(raw.get("description_content_type", "")) > _LONGEST_TYPE:
        what = f"a Description-Content-Type of over {_LONGEST_TYPE:,} characters"
        yield "description_content_type", what
    for name, spelled in _OF_ADDRESSES.items():
        if raw.get(name, "").count("(") > _MOST_COMMENTS:
            yield name, f"{spelled} of over {_MOST_COMMENTS} comments"


def _addresses(value: str) -> Iterator[str]:
    """Yield the address of a field that has one: of several, current indexes look at none."""
    from email.utils import getaddresses  # noqa: PLC0415 - packaging.metadata has it anyway

    found = [address for _, address in getaddresses([value])]
    if len(found) == 1 and found[0]:
        yield found[0]


def _of_classifiers(tell: _Teller, raw: Raw) -> Iterator[CoreMetadataFact]:
    given = dict.fromkeys(raw.get("classifiers", ()))
    if not given:
        return
    from trove_classifiers import all_classifiers, deprecated_classifiers  # noqa: PLC0415

    for one in given:
        if one.startswith(_PRIVATE):
            yield tell(
                Problem.PRIVATE_CLASSIFIER,
                "classifier",
                f"{_short(one)} keeps it off the index",
                one,
            )
        elif one not in all_classifiers:
            detail = f"{_short(one)} is not in the index's list"
            yield tell(Problem.UNKNOWN_CLASSIFIER, "classifier", detail, one)
        elif one in deprecated_classifiers:
            others = " or ".join(deprecated_classifiers[one])
            detail = f"{_short(one)} is deprecated" + (f": use {others}" if others else "")
            yield tell(Problem.DEPRECATED_CLASSIFIER, "classifier", detail, one)


def _of_urls(tell: _Teller, raw: Raw) -> Iterator[CoreMetadataFact]:
    for name in ("home_page", "download_url"):
        if (url := raw.get(name)) and (problem := pypi.url_problem(url)):
            yield tell(Problem.URL, name.replace("_", "-"), f"{_short(url)} {problem}", url)
    for label, url in raw.get("project_urls", {}).items():
        if not label:
            yield tell(Problem.URL_LABEL, "project-url", f"{_short(url)} has no label", url)
        elif len(label) > pypi.LONGEST_LABEL:
            most = f"has a label of {len(label):,} characters, and may have {pypi.LONGEST_LABEL}"
            yield tell(Problem.URL_LABEL, "project-url", f"{_short(label)} {most}", label)
        elif not url:
            yield tell(Problem.URL, "project-url", f"{_short(label)} has no URL behind it", label)
        elif problem := pypi.url_problem(url):
            yield tell(Problem.URL, "project-url", f"{_short(url)} {problem}", url)


def _of_requirements(tell: _Teller, raw: Raw) -> Iterator[CoreMetadataFact]:
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - see above

    for name in ("requires_dist", "provides_dist", "obsoletes_dist"):
        field = name.replace("_", "-")
        for text in raw.get(name, ()):
            try:
                url = Requirement(text).url
            except InvalidRequirement:
                if name != "requires_dist":  # which packaging judges
                    yield tell(Problem.INVALID, field, f"{_short(text)} is no requirement", text)
                continue
            if url:
                yield tell(Problem.DIRECT_URL, field, f"asks for {_short(url)}", text)


def _of_licences(tell: _Teller, raw: Raw, contents: Contents) -> Iterator[CoreMetadataFact]:
    expression = raw.get("license_expression")
    if expression and raw.get("license"):
        detail = f"stands beside License-Expression ({shortened(expression, _SHOWN)})"
        yield tell(Problem.LICENCE_CONFLICT, "license", detail)
    for one in raw.get("classifiers", ()):
        if expression and one.startswith(_LICENCE):
            detail = f"{_short(one)} stands beside License-Expression"
            yield tell(Problem.LICENCE_CLASSIFIER, "classifier", detail, one)
    if _older(raw.get("metadata_version"), _LICENCE_FILES_SINCE):
        return
    folder = ""
    if contents.kind is ArtifactKind.WHEEL:
        folder = f"{distribution_of(contents).dist_info}/licenses/"
    paths = {member.path for member in contents.members}
    for file in dict.fromkeys(raw.get("license_files", ())):
        if folder + file not in paths:
            where = shortened(folder + file, _SHOWN)
            yield tell(Problem.LICENCE_FILE, "license-file", f"is to be at {where}", file)


COLLECTOR = Collector(name="core-metadata", fact=CoreMetadataFact, collect=collect, python=True)
