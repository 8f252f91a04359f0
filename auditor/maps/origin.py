"""Telling first-party sources from libraries and bundler runtimes by a source's name."""

from __future__ import annotations

import re

_FOREIGN_FOLDERS = frozenset(
    {"node_modules", "bower_components", "jspm_packages", ".pnpm", ".yarn", "~", "tslib"}
)
"""Folders that package managers fill (`~` is webpack 1's short form); tslib is tsc's helpers."""

_RUNTIME = re.compile(
    r"""
      \x00                                    # rollup's virtual modules
    | (?:[\w-]+:/+[^/]*/?)?\.?/?\(?webpack\)?/  # webpack/runtime/…, webpack:///(webpack)/buildin/…
    | (?:[\w-]+:/+[^/]*/?)?(?:external|ignored)[ |]  # webpack's stand-ins for what it left out
    | (?:.*/)?_?(?:commonjsHelpers|rollupPluginBabelHelpers|_virtual/)
    | vite/(?:modulepreload-polyfill|preload-helper)
    | \[turbopack\]
    | bun:wrap
    """,
    re.VERBOSE,
)


def is_third_party(source: str) -> bool:
    """Tell whether a map's source name is a library's or the bundler's own, not the project's."""
    if _RUNTIME.match(source):
        return True
    return not _FOREIGN_FOLDERS.isdisjoint(source.replace("\\", "/").split("/"))


def plain_name(source: str) -> str:
    """Return a source's name for people: scheme, query and leading `../` taken off."""
    name = re.sub(r"^[\w-]+:/+(?:[^/]+/\./|\./)?", "", source)
    name = re.sub(r"^(?:\.{1,2}/)+", "", name)
    return name.split("?", 1)[0] or source
