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
    from collections.abc import Callable, Iterable, Sequence

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

_SPECIFIER = regex(
    r"(?P<sign>[=!<>~]=|[<>]) *(?P<release>[0-9]{1,9}(?:\.[0-9]{1,9})*)(?P<any>\.\*)?"
    r"(?P<suffix>(?:(?:a|b|rc)[0-9]{1,9})?(?:\.post[0-9]{1,9})?(?:\.?dev[0-9]{0,9})?)"
)
_WANTED = regex(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[(?P<extras>[A-Za-z0-9._, -]+)\])?"
    r" *(?P<open>\(?)(?P<versions>[^()]*)(?P<close>\)?) *"
)
_CONDITION = regex(
    r"(?:python_version|python_full_version|os_name|sys_platform|platform_machine|platform_system"
    r"|platform_python_implementation|implementation_name|extra) *(?:[=!<>]=|[<>]) *"
    r"(?:'[A-Za-z0-9._ -]*'|\"[A-Za-z0-9._ -]*\")"
)
_BETWEEN = regex(" +(?:and|or) +")
_TYPES = frozenset({"text/plain", "text/x-rst", "text/markdown"})
_IN_PATHS = str.maketrans("", "", "/_.+-")
_PARAMETERS = {
    "charset=UTF-8": "charset",
    "variant=GFM": "variant",
    "variant=CommonMark": "variant",
}


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
    if is_plain := _FORMS.get(name):
        return all(map(is_plain, values))
    if name == "project-url":
        labels = [value.partition(",")[0].strip() for value in values]
        return len({*labels}) == len(labels)
    return name in _TEXTS or name in _LISTS or name == "keywords"


def _is_name(text: str) -> bool:
    bare = text.replace("-", "").replace("_", "").replace(".", "")
    return bare.isascii() and bare.isalnum() and text[0].isalnum() and text[-1].isalnum()


def _is_version(text: str) -> bool:
    return text[:1].isalnum() and _is_specifier(f">={text}")


def _is_specifier(text: str) -> bool:
    found = _SPECIFIER.fullmatch(text)
    if found is None:
        return False
    if found["any"]:
        return found["sign"] in {"==", "!="} and not found["suffix"]
    return found["sign"] != "~=" or "." in found["release"]


def _are_specifiers(text: str) -> bool:
    return all(_is_specifier(one.strip(" ")) for one in text.split(","))


def _is_requirement(text: str) -> bool:
    """Tell a requirement by name, extras, versions and conditions: none with an address."""
    wanted, semicolon, marker = text.partition(";")
    found = _WANTED.fullmatch(wanted)
    if found is None or len(found["open"]) != len(found["close"]):
        return False
    names = [found["name"], *(found["extras"] or "x").split(",")]
    versions = bool(found["versions"].strip(" ")) or bool(found["open"])
    return (
        all(_is_name(name.strip(" ")) for name in names)
        and (not versions or _are_specifiers(found["versions"]))
        and (not semicolon or _is_marker(marker))
    )


def _is_marker(text: str) -> bool:
    """Tell conditions with `and` and `or` between them, some of them in one pair of brackets."""
    depth = 0
    for part in _BETWEEN.split(text.strip(" ")):
        condition = part.removeprefix("(").removesuffix(")")
        opened, closed = part.startswith("("), part.endswith(")")
        if (opened and depth) or (closed and not depth + opened):
            return False
        if not _CONDITION.fullmatch(condition.strip(" ")):
            return False
        depth += opened - closed
    return not depth


def _is_type(text: str) -> bool:
    kind, *parameters = text.split(";")
    names = [_PARAMETERS.get(one.strip(" "), "") for one in parameters]
    return kind in _TYPES and "" not in names and len({*names}) == len(names)


def _is_file(path: str) -> bool:
    bare = path.translate(_IN_PATHS)
    parts = path.split("/")
    plain = bare.isascii() and bare.isalnum() and ".." not in path
    return plain and all(part and part[0] != "." for part in parts)


def _is_module(name: str) -> bool:
    return all(part.isidentifier() and not iskeyword(part) for part in name.split("."))


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


_FORMS: dict[str, Callable[[str], bool]] = {
    "name": _is_name,
    "version": _is_version,
    "license-expression": _is_licence,
    "license-file": _is_file,
    "dynamic": lambda value: value.lower() in _DYNAMIC,
    "provides-extra": _is_name,
    "requires-dist": _is_requirement,
    "requires-python": _are_specifiers,
    "description-content-type": _is_type,
    "import-name": _is_module,
    "import-namespace": _is_module,
}
"""What a value is where not any is taken."""


def addresses(value: str) -> list[str] | None:
    """Return the mail addresses of a field as `email.utils` finds them; None where that must."""
    found: list[str] = []
    for one in value.split(", "):
        name, bracket, rest = one.rpartition(" <")
        address = rest.removesuffix(">") if bracket else one
        local, _, domain = address.partition("@")
        if len(name) > 2 and name[0] == name[-1] == '"':
            name = name[1:-1].replace(".", "")
        words = name.replace(" ", "").replace("-", "")
        named = not bracket or (rest.endswith(">") and words.isalnum())
        if not (named and _is_name(local.replace("+", "_")) and _is_name(domain)):
            return None
        if ".." in address:
            return None
        found.append(address)
    return found


def wheel_name(file: str) -> tuple[Version, Sequence[str]] | None:
    """Return version and platforms of a wheel's name as `packaging.utils` does; None as above."""
    parts = file.removesuffix(".whl").split("-")
    if len(parts) != 5 or not file.endswith(".whl"):
        return None
    name, version, pythons, *tags = parts
    plain = (
        _is_name(name)
        and "__" not in name
        and _is_version(version)
        and all(one[:2].isalpha() and one[2:].isdigit() for one in pythons.split("."))
        and all(one.replace("_", "").isalnum() for tag in tags for one in tag.split("."))
        and file.isascii()
        and pythons.islower()
        and all(tag.islower() for tag in tags)
    )
    return (pep.version(version), tags[-1].split(".")) if plain else None
