"""Folders of node_modules, and which package a name means in them, as Node.js looks it up.

A name means the package in the nearest `node_modules` up the chain of folders (Node.js, "Loading
from node_modules folders").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

FOLDER = "node_modules/"
_DEEPEST = 200
"""Folders in a place; deeper ones are looked up at the top alone, which keeps the cost linear."""


def name_at(place: str) -> str:
    """Return the name under which a place is installed; of a folder of the project its path."""
    return place.rpartition(FOLDER)[2] if is_installed(place) else place


def is_installed(place: str) -> bool:
    """Tell whether a place lies in a node_modules folder."""
    return place.startswith(FOLDER) or f"/{FOLDER}" in place


class Places:
    """Ids of packages by the folder in whose node_modules they lie, and by name."""

    def __init__(self) -> None:
        self._children: dict[str, dict[str, str]] = {}

    @property
    def folders(self) -> AbstractSet[str]:
        """The folders that have packages of their own; the project's is empty."""
        return self._children.keys()

    def add(self, place: str, identity: str) -> None:
        """Put a package into the place `folder/node_modules/name`."""
        folder, _, name = place.rpartition(FOLDER)
        self._children.setdefault(folder.rstrip("/"), {})[name] = identity

    def scopes(self, place: str) -> Sequence[dict[str, str]]:
        """Return what names mean for a package in a place, the nearest folder first."""
        found = []
        folder = place
        if place.count("/") > _DEEPEST:
            folder = ""
        while True:
            if folder in self._children:
                found.append(self._children[folder])
            if not folder:
                return found
            folder = folder.rpartition("/")[0]


def meaning(scopes: Sequence[dict[str, str]], name: str) -> str:
    """Return the id that a name means in these scopes; empty where it means nothing."""
    for names in scopes:
        if name in names:
            return names[name]
    return ""
