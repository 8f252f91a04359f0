"""Patterns of paths, as ignore files and `files` lists write them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MAX_ALTERNATIVES = 64
_OPAQUE = regex(r"[!+*?@]\(")


@lru_cache(maxsize=4096)
def glob(pattern: str, *, case: bool = False) -> re.Pattern[str]:
    """Compile a pattern of whole paths: `*`, `**`, `?`, `[abc]`, `{a,b}`; dots are not special.

    The expression is made of atomic groups, each as short as it can be, so that matching stays
    linear whatever the pattern is.
    """
    bodies = "|".join(_expression(one) for one in alternatives(pattern))
    return re.compile(f"(?s:{bodies})", 0 if case else re.IGNORECASE)


def is_opaque(pattern: str) -> bool:
    """Tell whether a pattern uses what packers read apart: `!(a)`, `+(a|b)`, backslashes."""
    return "\\" in pattern or _OPAQUE.search(pattern.removeprefix("!")) is not None


def has_wildcard(text: str) -> bool:
    """Tell whether a pattern stands for more than one name."""
    return any(sign in text for sign in "*?[{")


def alternatives(pattern: str) -> list[str]:
    """Return what `{a,b}` stands for, innermost braces first; at most 64 patterns."""
    done: list[str] = []
    pending = [pattern]
    while pending and len(done) + len(pending) <= _MAX_ALTERNATIVES:
        current = pending.pop()
        found = re.search(r"\{([^{}]*,[^{}]*)\}", current)
        if found is None:
            done.append(current)
            continue
        head, tail = current[: found.start()], current[found.end() :]
        pending.extend(f"{head}{choice}{tail}" for choice in found.group(1).split(","))
    return (done + pending)[:_MAX_ALTERNATIVES]


def _expression(pattern: str) -> str:
    groups: list[list[str]] = [[]]
    for part in re.sub("/{2,}", "/", pattern).split("/"):
        if part == "**":
            groups.append([])
        else:
            groups[-1].append(_segment(part))
    first, *rest = ("/".join(group) for group in groups)
    if not rest:
        return first
    out = f"{first}/" if groups[0] else ""
    *middle, last = rest
    for body in middle:
        out += f"(?>(?:[^/]+/)*?{body}/)" if body else ""
    return out + (f"(?:[^/]+/)*{last}" if last else ".+")


def _segment(part: str) -> str:
    chunks = [_literal(chunk) for chunk in re.split(r"(?<!\\)\*+", part)]
    if len(chunks) == 1:
        return chunks[0]
    if not any(chunks):
        return "[^/]+"
    first, *middle, last = chunks
    return first + "".join(f"(?>[^/]*?{body})" for body in middle) + f"[^/]*{last}"


def _literal(text: str) -> str:
    out = ""
    position = 0
    while position < len(text):
        sign = text[position]
        end = text.find("]", position + 2) if sign == "[" else -1
        if end > 0:
            out += _one_of(text[position + 1 : end])
            position = end + 1
            continue
        if sign == "\\" and position + 1 < len(text):
            position += 1
            sign = text[position]
            out += re.escape(sign)
        else:
            out += "[^/]" if sign == "?" else re.escape(sign)
        position += 1
    return out


def _one_of(body: str) -> str:
    negated = body[0] in "!^"
    signs = re.sub(r"([\\\[\]^&~|])", r"\\\1", body[1:] if negated else body)
    expression = f"[{'^/' if negated else ''}{signs}]"
    try:
        re.compile(expression)
    except re.error:
        return re.escape(f"[{body}]")
    return expression


def prefixes(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in, outermost first, and the path itself."""
    position = path.find("/")
    while position > 0:
        yield path[:position]
        position = path.find("/", position + 1)
    yield path


def bare(entry: str) -> tuple[str, bool]:
    """Return an entry without `!`, `./` and slashes at its ends, and whether it is negated."""
    pattern = entry.lstrip("!")
    negated = (len(entry) - len(pattern)) % 2 == 1
    return re.sub(r"\A\.?/+", "", pattern).rstrip("/"), negated


def patterns_of(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the patterns of an ignore file with their line numbers from 1."""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield number, text
