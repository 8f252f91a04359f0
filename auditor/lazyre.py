"""Patterns that are compiled at their first use, and not where a module is imported.

A command imports hundreds of patterns and uses a few: compiling one costs more than importing the
module it stands in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast, overload

if TYPE_CHECKING:
    from collections.abc import Callable


class _Lazy:
    """What becomes a pattern as soon as anything is asked of it."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a pattern has
        """Compile the pattern and keep what was asked for, so that it is asked for once."""
        found = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, found)
        return found

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return regex, (self._source, self._flags)


@overload
def regex(source: str, flags: int = 0) -> re.Pattern[str]: ...
@overload
def regex(source: bytes, flags: int = 0) -> re.Pattern[bytes]: ...
def regex(source: str | bytes, flags: int = 0) -> re.Pattern[Any]:
    """Return what `re.compile` would, except that it fails at its first use.

    For constants of modules: a pattern that somebody else wrote is compiled where it is checked.
    """
    return cast("re.Pattern[Any]", _Lazy(source, flags))
