"""The language that a source is written in, told by its name."""

from __future__ import annotations

import re

from auditor.lazyre import regex

OTHER = "other"
"""For a name without an ending, or with one that says nothing."""

_BY_ENDING = {
    ending: language
    for language, endings in {
        "TypeScript": "ts tsx mts cts",
        "JavaScript": "js jsx mjs cjs es es6",
        "Vue": "vue",
        "Svelte": "svelte",
        "Astro": "astro",
        "CSS": "css pcss postcss",
        "Sass": "scss sass",
        "Less": "less",
        "Stylus": "styl",
        "HTML": "html htm xhtml",
        "JSON": "json json5 jsonc",
        "Markdown": "md mdx markdown",
        "SVG": "svg",
        "GraphQL": "graphql gql",
        "Flow": "flow",
        "CoffeeScript": "coffee litcoffee",
        "ReScript": "res",
        "Reason": "re",
        "Elm": "elm",
        "ClojureScript": "cljs cljc clj",
        "PureScript": "purs",
        "Dart": "dart",
        "Kotlin": "kt kts",
        "Scala": "scala",
        "Java": "java",
        "C#": "cs",
        "F#": "fs fsx",
        "Go": "go",
        "Rust": "rs",
        "C": "c h",
        "C++": "cc cpp cxx hh hpp hxx",
        "Zig": "zig",
        "Swift": "swift",
        "AssemblyScript": "as",
        "Python": "py pyx",
        "Ruby": "rb",
        "PHP": "php",
        "Shader": "glsl wgsl vert frag hlsl",
        "Template": "hbs handlebars ejs pug jade njk mustache liquid",
        "YAML": "yaml yml",
        "XML": "xml",
    }.items()
    for ending in endings.split()
}
_ENDING = regex(r"\.([A-Za-z0-9]{1,12})(?:[?#].*)?\Z", re.DOTALL)


def language_of(name: str) -> str:
    """Return the language of a source's name, whose query (`a.vue?type=script`) does not count."""
    found = _ENDING.search(name.partition("?")[0])
    return _BY_ENDING.get(found.group(1).lower(), OTHER) if found else OTHER
