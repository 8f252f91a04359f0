"""Mends how Python 3.11.0 to 3.11.4 match possessive repeats (cpython issues 100061 and 106052).

In `(?:ab?c)*+` they go on behind the `a` where no `c` follows: a failed round leaves the place that
it came to. As a group of its own, which such a repeat lets its rounds be anyway, a round leaves the
place that it began at. So each is compiled as one, whoever wrote the pattern; these versions do not
change any more, so that what is replaced here stays what it is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

Node = tuple[Any, Any]
"""What a pattern is parsed to: an operation and its argument."""


def mend() -> None:
    """Have this process compile possessive repeats so that they match as documented."""
    compiler: Any = import_module("re._compiler")  # not told of in any stub
    constants = import_module("re._constants")
    unmended = compiler._compile  # noqa: SLF001 - what compiles each part of a pattern

    def mended(code: list[int], pattern: Iterable[Node], flags: int) -> None:
        unmended(code, [_mended(node) for node in pattern], flags)

    def _mended(node: Node) -> Node:
        operation, argument = node
        if operation is not constants.POSSESSIVE_REPEAT:
            return node
        fewest, most, item = argument
        if compiler._simple(item):  # noqa: SLF001 - one character: it matches or does not
            return node
        return operation, (fewest, most, [(constants.ATOMIC_GROUP, item)])

    compiler._compile = mended  # noqa: SLF001
