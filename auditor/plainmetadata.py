"""Core metadata as tools write it, read as `packaging` reads it, which is slow to import.

A quick way (`fastpaths`): each header is a line of printable text and a field that the document's
version has, and its value has a form that `packaging` takes without a word. Of any other document
nothing is said here. `tests/test_plain_metadata.py` holds both against each other.
"""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from auditor import pep
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

_TEXTS = frozenset(
    "metadata-version name version summary home-page download-url author author-email maintainer "
    "maintainer-email license license-expression requires-python description-content-type".split()
)
"""Fields that may stand there once."""
_LISTS = {
    "classifier": "classifiers",
    "dynamic": "dynamic",
    "license-file": "license_files",
    "platform": "platforms",
    "supported-platform": "supported_platforms",
    "provides-extra": "provides_extra",
    "requires-dist": "requires_dist",
    "import-name": "import_names",
    "import-namespace": "import_namespaces",
}
_DYNAMIC = (_TEXTS | _LISTS.keys() | {"keywords", "project-url", "description"}) - {
    *("metadata-version", "name", "version", "dynamic")
}
_IN_2_5 = frozenset({"import-name", "import-namespace"})
_IN_2_4 = _IN_2_5 | {"license-expression"}
_LATER = {
    "2.1": _IN_2_4 | {"dynamic"},
    "2.2": _IN_2_4,
    "2.3": _IN_2_4,
    "2.4": _IN_2_5,
    "2.5": frozenset[str](),
}
"""By version, those of these fields that came in later; License-File was always written."""

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_RELEASE = r"[0-9]{1,9}(?:\.[0-9]{1,9})*"
_SUFFIX = r"(?:(?:a|b|rc)[0-9]{1,9})?(?:\.post[0-9]{1,9})?(?:\.?dev[0-9]{0,9})?"
_VERSION = _RELEASE + _SUFFIX
_SPECIFIER = (
    rf"(?:[=!]= *{_RELEASE}(?:\.\*|{_SUFFIX})|[<>]=? *{_VERSION}"
    rf"|~= *[0-9]{{1,9}}(?:\.[0-9]{{1,9}})+{_SUFFIX})"
)
_SPECIFIERS = rf"{_SPECIFIER}(?: *, *{_SPECIFIER})*"
_CONDITION = (
    r"(?:python_version|python_full_version|os_name|sys_platform|platform_machine|platform_system"
    r"|platform_python_implementation|implementation_name|extra) *(?:[=!<>]=|[<>]) *"
    r"(?:'[A-Za-z0-9._ -]*'|\"[A-Za-z0-9._ -]*\")"
)
_CONDITIONS = rf"{_CONDITION}(?: +(?:and|or) +{_CONDITION})*"
_GROUP = rf"(?:\( *{_CONDITIONS} *\)|{_CONDITIONS})"
_FORMS = {
    "name": regex(_NAME),
    "version": regex(_VERSION),
    "provides-extra": regex(_NAME),
    "requires-python": regex(_SPECIFIERS),
    "requires-dist": regex(
        rf"{_NAME}(?:\[{_NAME}(?: *, *{_NAME})*\])? *(?:{_SPECIFIERS}|\({_SPECIFIERS}\))?"
        rf"(?: *; *{_GROUP}(?: +(?:and|or) +{_GROUP})*)?"
    ),
    "description-content-type": regex(
        r"text/(?:plain|x-rst|markdown)(?:; ?charset=UTF-8)?(?:; ?variant=(?:GFM|CommonMark))?"
    ),
    "license-file": regex(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*"),
}
"""What a value is, the whole of it, where not any is taken."""
_UP = ".."

_MAIL = r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_WORDS = r"[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*"
_MAILBOX = regex(rf"(?:{_WORDS} <(?P<of>{_MAIL})>|(?P<bare>{_MAIL}))")

_TAG = r"[a-z0-9_]+(?:\.[a-z0-9_]+)*"
_WHEEL = regex(
    rf"[A-Za-z0-9]+(?:[._][A-Za-z0-9]+)*-(?P<version>{_VERSION})"
    rf"-[a-z]{{2}}[0-9]+(?:\.[a-z]{{2}}[0-9]+)*-{_TAG}-(?P<platforms>{_TAG})\.whl"
)


def read(head: bytes, headers: Iterable[tuple[str, bytes]]) -> dict[str, Any] | None:
    """Return the raw metadata of `packaging`; None where that must be asked itself.

    `headers` are names and values as they stand in `head`, which is all of them. Where it answers,
    `packaging` leaves nothing unparsed, and finds nothing invalid.
    """
    fields: dict[str, list[str]] = {}
    lines = 0
    for name, value in headers:
        lines += 1
        text = value.decode("utf-8", "replace")
        if not text.isprintable() or "\ufffd" in text:
            return None
        fields.setdefault(name.lower(), []).append(text.lstrip(" "))
    if b"\r" in head or head.rstrip(b"\n").count(b"\n") + 1 != lines:
        return None
    return _raw(fields) if _is_plain(fields) else None


def _is_plain(fields: dict[str, list[str]]) -> bool:
    """Tell whether all fields are known to the document's version, and have plain values."""
    version = fields.get("metadata-version", [""])[0]
    return (
        version in _LATER
        and _LATER[version].isdisjoint(fields)
        and {"name", "version"} <= fields.keys()
        and all(len(fields.get(name, ())) < 2 for name in (*_TEXTS, "keywords"))
        and all(_are_plain(name, values) for name, values in fields.items())
    )


def _are_plain(name: str, values: list[str]) -> bool:
    if form := _FORMS.get(name):
        return all(form.fullmatch(value) and _UP not in value for value in values)
    if name == "dynamic":
        return all(value.lower() in _DYNAMIC for value in values)
    if name == "license-expression":
        return _is_licence(values[0])
    if name in _IN_2_5:
        names = [part for value in values for part in value.split(".")]
        return all(part.isidentifier() and not iskeyword(part) for part in names)
    if name == "project-url":
        labels = [value.partition(",")[0].strip() for value in values]
        return len({*labels}) == len(labels)
    return name in _TEXTS or name in _LISTS or name == "keywords"


def _is_licence(expression: str) -> bool:
    from packaging.licenses import (  # noqa: PLC0415 - its list of licences, which imports little
        InvalidLicenseExpression,
        canonicalize_license_expression,
    )

    try:
        canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return False
    return True


def _raw(fields: dict[str, list[str]]) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for name, values in fields.items():
        if name == "keywords":
            raw["keywords"] = [word.strip() for word in values[0].split(",")]
        elif name == "project-url":
            pairs = (value.partition(",") for value in values)
            raw["project_urls"] = {label.strip(): url.strip() for label, _, url in pairs}
        elif name in _LISTS:
            raw[_LISTS[name]] = values
        else:
            raw[name.replace("-", "_")] = values[0]
    return raw


def addresses(value: str) -> list[str] | None:
    """Return the mail addresses of a field as `email.utils` finds them; None where that must."""
    found = [_MAILBOX.fullmatch(one) for one in value.split(", ")]
    return [one["of"] or one["bare"] for one in found if one] if all(found) else None


def wheel_name(file: str) -> tuple[Version, frozenset[str]] | None:
    """Return version and platforms of a wheel's name as `packaging.utils` does; None as above."""
    found = _WHEEL.fullmatch(file)
    if found is None:
        return None
    return pep.version(found["version"]), frozenset(found["platforms"].split("."))
