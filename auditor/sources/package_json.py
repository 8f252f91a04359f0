"""package.json and pnpm-workspace.yaml of a project's folder, as far as packing asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from auditor.decoding import utf8
from auditor.errors import LimitError, PackerError, ParseError
from auditor.lockfiles._yaml import yaml_documents
from auditor.shape import get, json_object, texts

MANIFEST = "package.json"
PNPM_WORKSPACE = "pnpm-workspace.yaml"
_LARGEST = 16 * 1024 * 1024


class PackageJson(Struct, frozen=True, kw_only=True):
    """What one package.json says about its package and who packs it."""

    name: str = ""
    private: bool = False
    scripts: Mapping[str, str] = field(default_factory=dict)
    package_manager: str = ""
    """`packageManager`, or else name and plain version of `devEngines.packageManager`."""
    workspaces: tuple[str, ...] | None = None
    """The patterns of `workspaces`; None where there is no such key."""


def read(folder: Path, label: str = "") -> PackageJson:
    """Read a folder's package.json.

    Raises PackerError when there is none, or with the reason when it cannot be read; `label` is
    how the message names the folder.
    """
    path = folder / MANIFEST
    shown = label or str(folder)
    if not path.is_file():
        raise PackerError(
            f"{shown} holds no {MANIFEST}: nothing here can be published with npm; "
            "audit a .tgz, or the folder as it is with --as-is"
        )
    try:
        return _parsed(json_object(_content(path)))
    except (ParseError, LimitError) as problem:
        raise PackerError(f"{Path(shown) / MANIFEST} cannot be read: {problem}") from None


def pnpm_patterns(folder: Path) -> tuple[str, ...] | None:
    """Return `packages` of a folder's pnpm-workspace.yaml; None where there is no such file.

    Raises PackerError when it cannot be read.
    """
    path = folder / PNPM_WORKSPACE
    if not path.is_file():
        return None
    try:
        return _patterns(utf8(_content(path)))
    except (ParseError, LimitError) as problem:
        raise PackerError(f"{path} cannot be read: {problem}") from None


def _patterns(text: str) -> tuple[str, ...]:
    documents = yaml_documents(text)
    for one in documents:
        for place, reason in one.unread:
            raise ParseError(reason, place)
        for repeat in one.repeats:
            raise ParseError("stands there twice", repeat.key)
    root = documents[0].root if documents else {}
    return (texts(root, "packages") or ()) if root.get("packages") else ()


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as problem:
        raise PackerError(f"{path} cannot be read: {problem.strerror or problem}") from None
    if len(data) > _LARGEST:
        raise PackerError(f"{path} is larger than {_LARGEST:,} bytes: no packer's configuration is")
    return data


def _parsed(document: dict[str, Any]) -> PackageJson:
    scripts = get(document, "scripts", dict) or {}
    return PackageJson(
        name=get(document, "name", str) or "",
        private=bool(document.get("private")),
        scripts={name: text for name, text in scripts.items() if isinstance(text, str) and text},
        package_manager=get(document, "packageManager", str) or _dev_engine(document),
        workspaces=_workspaces(document),
    )


def _dev_engine(document: dict[str, Any]) -> str:
    engines = get(document, "devEngines", dict) or {}
    wanted = engines.get("packageManager")
    for entry in wanted if isinstance(wanted, list) else [wanted]:
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            version = entry.get("version")
            plain = version.lstrip("^~=v ") if isinstance(version, str) else ""
            is_range = not plain[:1].isdigit() or any(sign in plain for sign in " |<>")
            return entry["name"] if is_range else f"{entry['name']}@{plain}"
    return ""


def _workspaces(document: dict[str, Any]) -> tuple[str, ...] | None:
    if isinstance(document.get("workspaces"), dict):
        try:
            return texts(document["workspaces"], "packages")
        except ParseError as problem:
            raise problem.under("workspaces") from None
    return texts(document, "workspaces")
