"""What clients on this machine show to registries: known, so that it is printed nowhere.

Read are the settings files that clients read, of the user and of the folder where one runs, and the
variables of the environment that are called like a secret. What is found leaves this module for
`masking.hidden` alone, and each value in all forms in which a client could print it.
"""

from __future__ import annotations

import base64
import binascii
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from auditor import masking
from auditor.lazyre import regex
from auditor.sources import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LINE = regex(
    r"(?i)(?:_auth|auth_?token|password|passwd|authident|\btoken|_token|secret|api_?key)"
    r"[\"']?[ \t]{0,8}[=: \t][ \t]{0,8}[\"']?([^\s\"',;]++)"
)
_LOGIN = regex(r"://([^\s/@\"']++)@")
_VARIABLE = regex(r"(?i)token|passw|secret|_auth$|api_?key|credential")
_OTHERS = (".netrc", "_netrc", ".pypirc")
"""Files in the home folder that publishing and downloading clients read, and nobody for a host."""
_LEAST = 8
"""Characters of a variable's value: a shorter one is a switch and no secret."""


def hidden(text: str, folder: Path | None = None) -> str:
    """Return a text without secrets; `folder` is where a client ran that may have printed it."""
    here = Path() if folder is None else folder
    return masking.hidden(text, _known(here, frozenset(os.environ.items())))


@cache
def _known(folder: Path, environment: frozenset[tuple[str, str]]) -> frozenset[str]:
    return known(folder, dict(environment))


def known(folder: Path, environment: Mapping[str, str]) -> frozenset[str]:
    """Return the secrets of clients that run in a folder, in all spellings."""
    found: set[str] = set()
    for text in _texts(folder, environment):
        for value in (*_LINE.findall(text), *_LOGIN.findall(text)):
            found.update(_spellings(value))
    for name, value in environment.items():
        if _VARIABLE.search(name) and len(value) >= _LEAST and not os.path.isabs(value):  # noqa: PTH117 - a place
            found.update(_spellings(value))
        found.update(one for login in _LOGIN.findall(value) for one in _spellings(login))
    return frozenset(one for one in found if len(one) >= masking.SHORTEST)


def _texts(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    yield from settings.everything(environment)
    home = Path(os.path.expanduser(environment.get("HOME") or "~"))  # noqa: PTH111 - never raises
    yield from settings.read(home / name for name in _OTHERS)
    yield from settings.read(folder / name for name in settings.NAMES)


def _spellings(value: str) -> Iterator[str]:
    """Yield a value as it is, decoded, in base64, and the password that it holds."""
    if value.startswith("${"):
        return  # the variable itself is looked at
    plain = unquote(value)
    forms = {value, plain, _decoded(plain)}
    for form in forms:
        yield form
        yield form.partition(":")[2]
        yield base64.b64encode(form.encode("utf-8", "surrogateescape")).decode()


def _decoded(value: str) -> str:
    """Return what stands in base64; empty where that is no text."""
    try:
        return base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
