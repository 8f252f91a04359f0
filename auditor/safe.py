"""Untrusted text on its way out: the only place where it is made harmless."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNSAFE = regex(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: ESC and all that moves a cursor
    "\u00ad\u034f\u061c\u180b-\u180f"  # soft hyphen, joiners and selectors of single scripts
    "\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # letters that are blank
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"  # zero width, bidi, line ends
    "\ufffe\uffff"  # no characters at all; XML has no way to write them
    "\ufe00-\ufe0f\U000e0100-\U000e01ef"  # variation selectors: hidden bytes travel in them
    "\ud800-\udfff"  # lone surrogates: no encoder takes them
    "\U00013430-\U00013440\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # format signs of scripts
    "\U000e0000-\U000e007f"  # tags
    "]"
)
_WORDS = regex(r"(\s+)")
_CALLS = regex(r"[@#]\S|://|\bwww\.|:[\w+-]+:|\bGH-\d", re.IGNORECASE)
_MARKUP = regex(r"[\\`*_{}\[\]<>()#+!|~&$]|\A[-=]|(?<=\A\d)\.|(?<=\A\d\d)\.")
_TAIL = regex(r"[.,:;]*\Z")
_COMMAND = regex(r"(?m)^([ \t]*+):(?=:)")
_TICKS = regex(r"`+")
LONGEST = 300
"""Characters of one name or message part that a person is shown."""


def escaped(text: str) -> str:
    r"""Return the text with everything unprintable written as `\x1b`, `\u202e`, `\n`."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code in {0x0A, 0x0D, 0x09}:
        return {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}[code]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def blanked(text: str, mark: str = "_") -> str:
    """Return the text with everything unprintable replaced by a mark, as in the name of a file."""
    return _UNSAFE.sub(mark, text)


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return the text with its middle cut out where it is longer than a person reads."""
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[:half]}…{text[len(text) - half :]}"


def safe(text: str, longest: int = LONGEST) -> str:
    """Return untrusted text as one printable line of at most `longest` characters."""
    return shortened(escaped(shortened(text, longest)), longest)


def safe_markdown(text: str, longest: int = LONGEST) -> str:
    """Return untrusted text as one line of GitHub's Markdown in which nothing is markup.

    Punctuation is escaped, so that nothing becomes a link, an image or HTML. A word that could be a
    mention, a reference, a link or an emoji (`@scope/name`, `#1`, `:+1:`) becomes a code span,
    because those are looked for in the finished page, where an escape is gone.
    """
    return "".join(map(_word, _WORDS.split(safe(text, longest))))


def _word(word: str) -> str:
    if not _CALLS.search(word):
        return _unmarked(word)
    core = _TAIL.sub("", word)
    return f"{code_span(core.replace('`', ''))}{word[len(core) :]}"


def _unmarked(text: str) -> str:
    """Return a text with its punctuation escaped; a tag's bracket is none for any reader."""
    return _MARKUP.sub(r"\\\g<0>", text).replace("\\<", "&lt;")


def code_span(text: str) -> str:
    """Return a line of Markdown that is shown as code: printable, and without a back-tick.

    Where it has a tag's bracket it is an element with the bracket as an entity: in a span of
    back-ticks nothing would be markup either, but not every reader of Markdown knows spans.
    """
    if "<" in text:
        return f"<code>{_unmarked(text)}</code>"
    shown = text.replace("|", "\\|")
    return f"`{shown}`"


def safe_sarif(text: str, longest: int = LONGEST) -> str:
    """Return untrusted text as one line of a SARIF message in which nothing is an instruction.

    Braces are doubled, so that none is a placeholder (SARIF 2.1.0, 3.11.5), and nothing is an
    embedded link (3.11.6), which begins behind its text with a bracket and a parenthesis. Of both
    the text may become a little longer than asked for.
    """
    doubled = safe(text, longest).replace("{", "{{").replace("}", "}}")
    return doubled.replace("](", "]\\(")


def safe_command(text: str, longest: int = LONGEST) -> str:
    """Return untrusted text as one line of a GitHub workflow command's message.

    The runner decodes `%25`, `%0D` and `%0A` there, and takes `##[name]` anywhere in a line for a
    command of its older form (actions/runner, ActionCommand.cs).
    """
    return safe(text, longest).replace("%", "%25").replace("##[", "## [")


def safe_property(text: str, longest: int = LONGEST) -> str:
    """Return untrusted text as the value of a GitHub workflow command's property."""
    return safe_command(text, longest).replace(":", "%3A").replace(",", "%2C")


def uncommanded(text: str) -> str:
    """Return a finished text of many lines in which no line is a command to GitHub's runner.

    The runner reads all that a step prints. It takes a line for a command that begins with `::`,
    behind any blanks, or has `##[` anywhere (actions/runner, ActionCommand.cs). A line may begin
    with what came from a package: a name, or the word at which a message was broken. What begins
    with a brace is JSON, whose texts can spell the sign in another way.
    """
    if text.startswith(("{", "[")):
        return text.replace("##[", "#\\u0023[")
    return _COMMAND.sub(r"\1\\x3a", text).replace("##[", "## [")


def fenced(lines: Iterable[str], language: str = "") -> tuple[str, ...]:
    """Return untrusted lines as a fenced code block of Markdown, which none of them can end.

    In one nothing is markup, a link, a mention or an emoji; only a longer row of back-ticks, or one
    as long, ends it (CommonMark 4.5).
    """
    shown = tuple(safe(line) for line in lines)
    rows = [len(row) for line in shown for row in _TICKS.findall(line)]
    fence = "`" * max([3, *(row + 1 for row in rows)])
    return (f"{fence}{language}", *shown, fence)


def masked(secret: str) -> str:
    """Return enough of a secret to recognise it by, and not enough to use it."""
    shown = min(4, len(secret) // 6)
    return f"{secret[:shown]}…({len(secret)} characters)"
