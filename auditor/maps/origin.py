"""Telling first-party sources from libraries and bundler runtimes by a source's name.

What is taken for a library's goes unreported, so the patterns are as narrow as the tools that
write such names allow: a project's own `webpack/config.js` is its own.
"""

from __future__ import annotations

import re

from auditor.lazyre import regex

_FOREIGN_FOLDERS = frozenset(
    {"node_modules", "bower_components", "jspm_packages", "web_modules", ".pnpm", ".yarn"}
)
"""Folders that package managers fill."""

_RUNTIME = regex(
    r"""
      \x00                                       # rollup's virtual modules
    | (?:[\w-]+:/+(?:[^/]+/)?)?(?:\./)?(?:
        \(webpack\)                              # (webpack)/buildin/module.js, (webpack)-dev-server
      | webpack/(?:runtime|bootstrap|startup|before-startup|container|sharing|hot|buildin
          |universalModuleDefinition)\b
      | (?:external|ignored)[ |]                 # webpack's stand-ins for what it left out
      )
    | (?:[\w-]+:/+(?:(?:[^/]+/)?\./)?|\.{1,2}/)~/  # webpack 1's short form of node_modules
    | (?:.*/)?(?:
        webpack/(?:bootstrap|runtime/[^/.]+)(?:[ ?][^/]*)?\Z  # as paths, without an ending
      | _?(?:commonjsHelpers|rollupPluginBabelHelpers)(?:\.m?js)?\Z
      | _virtual/
      | tslib/tslib(?:\.es6)?\.m?js\Z            # tsc's helpers
      | vite/(?:modulepreload-polyfill|preload-helper)
      )
    | \[turbopack\]
    | bun:wrap
    """,
    re.VERBOSE,
)

_BEFORE_NAME = regex(r"(?:[\w-]+:/+(?:[^/]+/\./|\./)?)?(?:\.{1,2}/)*")
"""A scheme, and what leads upwards."""


def is_third_party(source: str) -> bool:
    """Tell whether a map's source name is a library's or the bundler's own, not the project's."""
    if _RUNTIME.match(source):
        return True
    return not _FOREIGN_FOLDERS.isdisjoint(source.replace("\\", "/").split("/"))


def plain_name(source: str) -> str:
    """Return a source's name for people: scheme, query and leading `../` taken off."""
    before = _BEFORE_NAME.match(source)
    name = source[before.end() :] if before else source
    return name.partition("?")[0] or source
