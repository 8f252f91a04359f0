"""Imports go one way, and nothing between sources and reports touches the outside."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "auditor"

LAYERS = [
    {"lazyre", "pep", "plugins", "possessive"},
    {"errors", "exits", "exposure", "shipped", "model", "words", "inventory", "fastpaths"},
    {
        "limits",
        "decoding",
        "jsondoc",
        "tomldoc",
        "structs",
        "shape",
        "safe",
        "yamldoc",
        "anchors",
        "literals",
        "jsonscan",
        "packers",
        "match",
        "screen",
        "fixes",
        "pypi",
        "backends",
        "buildpaths",
        "addresses",
        "integrity",
        "npm_ranges",
        "places",
        "wordscan",
        "stable",
        "specs",
    },
    {
        "archives",
        "maps",
        "lockfiles",
        "advisories",
        "binaries",
        "bases",
        "registries",
        "releases",
        "names",
        "namelists",
        "usual",
        "sizehistory",
        "screen",
    },
    {"facts", "packing"},
    {
        "examine",
        "advice",
        "advice_npm",
        "advice_python",
        "summary",
        "kinds",
        "lockcontents",
        "shipping",
        "home",
        "texts",
        "recovery",
        "masking",
        "blame",
    },
    {"manifestfile", "earlier"},
    {"rulebook"},
    {"rulefile", "incidentfile"},
    {"policy"},
    {"policyfile", "onpolicy"},
    {"judge"},
    {"ruletest_others"},
    {"ruletest"},
    {"mutants"},
    {"triage", "baselinefile", "starting", "since"},
    {"report", "mapview", "docs", "incidentpage"},
    {"sources", "sandbox"},
    {"outcome", "comparing", "deciding", "verifying", "batch", "beforehand"},
    {"scan", "packonline", "lockscan", "lockonline", "namescan", "mapscan", "dbupdate"},
    {"diffscan"},
    {"historyscan"},
    {"triagescan"},
    {"action"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
PURE = RANK["report"]
IMPURE = {
    "os",
    "socket",
    "subprocess",
    "requests",
    "time",
    "random",
    "tempfile",
    "shutil",
    "urllib.request",
}
"""What no module below the sources may import: disk, network, clock, environment."""
READS_RULES = {"rulebook", "rulefile", "incidentfile", "docs", "names"}
"""They read files of rules, our own and those that the user names."""
LISTS_MODULES = {"plugins"}
"""It lists the folders of our own modules."""

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports_of(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_to_lower_layers_only(path: Path) -> None:
    layer = layer_of(path)
    assert layer in RANK, f"{layer} has no layer: add it to LAYERS"
    ours = {name.split(".")[1] for name in imports_of(path) if name.startswith("auditor.")}
    upward = {name for name in ours & RANK.keys() if name != layer and RANK[name] > RANK[layer]}
    if layer == "docs":
        upward.discard("cli")  # it prints the help texts, which only the command line has
    assert upward == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_lies_below_the_sources_is_pure(path: Path) -> None:
    layer = layer_of(path)
    if RANK[layer] > PURE or layer in LISTS_MODULES:
        return
    forbidden = IMPURE if layer in READS_RULES else IMPURE | {"pathlib"}
    assert imports_of(path) & forbidden == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first = (ast.get_docstring(tree_of(path)) or "").partition("\n")[0]

    assert first, "no docstring"
    assert text.count("\n") < 600


def test_nothing_waits_for_the_end_of_the_process() -> None:
    """`__main__` ends it at once: what is to be done must have been done before."""
    for path in MODULES:
        assert not imports_of(path) & {"atexit", "weakref"}, path
        calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
        managed = {
            id(item.context_expr)
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.With)
            for item in node.items
        }
        for call in calls:
            name = ast.unparse(call.func)
            if name.endswith("Thread"):
                assert any(given.arg == "daemon" for given in call.keywords), path
            if name.endswith(("TemporaryDirectory", "NamedTemporaryFile", "Executor")):
                assert id(call) in managed, path
