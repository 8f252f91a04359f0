"""Which one registry a client asks, and what it shows there, from the text of its settings.

`registries` gathers every host that may be meant; this says where to ask. An address keeps its
credentials apart, so that no message can have them: what is shown of a base is its host.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from msgspec import Struct, field

from auditor.errors import InputError
from auditor.lazyre import regex
from auditor.lockfiles._toml import quick_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = regex(r"""(?m)^[ \t]*([^\s=;#][^\s=]*)[ \t]*=[ \t]*["']?([^\s"']+)""")
_VARIABLE = regex(r"\$\{([^{}?]+)(\?)?\}")
_PIP = regex(r"(?mi)^[ \t]*index[-_]url[ \t]*[=:][ \t]*(\S+)")
_NAMED = regex(r"\A[\w.-]+=(?=https?://)")
_LONGEST = 2000
"""Characters of an address."""
_TOKEN = 16_384
"""Characters of a line that shows who asks; servers take no longer ones."""
_CERT = regex(r"(?mi)^[ \t]*cert[ \t]*[=:][ \t]*(\S.*?)[ \t]*$")
_ODD = regex(r"[\x00-\x20\x7f\\]|(?:/|%2f)\.{1,2}(?=[/?#]|%2f|$)|%2e|%5c", re.IGNORECASE)
"""What one reader of an address may take for another path or host than the next."""
_PORTS = {"http": 80, "https": 443}
_PRINTABLE = regex(r"[\x20-\x7e]+\Z")


class Base(Struct, frozen=True, kw_only=True):
    """Where packages are asked for."""

    url: str
    """With its scheme and no user information, query or fragment; it ends with a slash."""
    host: str
    """For people: host and port."""
    authorization: str = ""
    """What the header of that name says; empty for nobody in particular."""
    place: str = ""
    """What that is for, as npm writes it (`//host/a/`); empty for all of the host."""
    users: bool = True
    """The user's own settings name it, or the client itself; not a project's alone."""
    authorities: str = ""
    """A file of certificates that the user's client trusts; empty for the usual ones."""

    def __repr__(self) -> str:
        """Return what may be shown, which is not who asks."""
        return f"Base(url={self.url!r}, host={self.host!r}, place={self.place!r})"

    def shown_to(self, url: str) -> str:
        """Return what an address is shown of who asks: nothing outside of what it is for."""
        if not self.authorization or _ODD.search(url) or not is_same(self.url, url):
            return ""
        path = urlsplit(url).path or "/"
        mine = "/" + self.place.removeprefix("//").partition("/")[2]
        return self.authorization if f"{path}/".startswith(mine) else ""

    @property
    def places(self) -> Iterator[str]:
        """Yield what npm calls this address and those above it: `//host/a/b/`, `//host/a/`."""
        place = self.url.partition(":")[2]
        while place.count("/") > 2:
            yield place
            place = place[:-1].rpartition("/")[0] + "/"


class Npmrc(Struct, frozen=True, kw_only=True):
    """What one `.npmrc` says of registries."""

    registries: Mapping[str, str] = field(default_factory=dict)
    """Addresses by scope (`@acme`), that of all others by the empty text."""
    authorizations: Mapping[str, str] = field(default_factory=dict)
    """What is shown to a registry, by its address without the scheme."""

    cafile: str = ""
    """A file of certificates that are trusted in place of the usual ones."""

    def __repr__(self) -> str:
        """Return what may be shown, which is not who asks."""
        return f"Npmrc(registries={self.registries!r}, cafile={self.cafile!r})"


def is_same(url: str, other: str) -> bool:
    """Tell whether two addresses have scheme, host and port in common.

    Raises ValueError for what is no address.
    """
    return _origin(url) == _origin(other)


def _origin(url: str) -> tuple[str, str, int | None]:
    found = urlsplit(url)
    return found.scheme, (found.hostname or "").lower(), found.port or _PORTS.get(found.scheme)


def has_login(url: str) -> bool:
    """Tell whether an address has a name or password in it; raise ValueError for none."""
    return "@" in urlsplit(url).netloc


def base(text: str) -> Base | None:
    """Take an address apart; None for what is none of the web."""
    if len(text) > _LONGEST or "${" in text or not _PRINTABLE.match(text) or "\\" in text:
        return None
    try:
        found = urlsplit(text)
        port = found.port
    except ValueError:
        return None
    if found.scheme not in {"http", "https"} or not found.hostname:
        return None
    name = f"[{found.hostname}]" if ":" in found.hostname else found.hostname
    host = name if port is None else f"{name}:{port}"
    login = ""
    if found.username or found.password:
        pair = f"{unquote(found.username or '')}:{unquote(found.password or '')}"
        login = f"Basic {base64.b64encode(pair.encode()).decode()}"
    path = found.path.rstrip("/") + "/"
    return Base(url=f"{found.scheme}://{host}{path}", host=host, authorization=login)


def npmrc(text: str, variables: Mapping[str, str] | None = None) -> Npmrc:
    """Read an `.npmrc`; without variables no `${NAME}` is filled in.

    Those of the environment are for the user's own file alone: a project's could send any of them
    to any host.
    """
    registries: dict[str, str] = {}
    authorizations: dict[str, str] = {}
    cafile = ""
    for key, written in _LINE.findall(text):
        value = written if variables is None else _filled(written, variables)
        if key == "registry" or (key.startswith("@") and key.endswith(":registry")):
            registries[key.rpartition(":")[0]] = value
        elif key == "cafile":
            cafile = value
        elif key.startswith("//"):
            place, _, what = key.rpartition(":")
            kind = {"_authToken": "Bearer", "_auth": "Basic"}.get(what)
            sound = "${" not in value and len(value) <= _TOKEN and _PRINTABLE.match(value)
            if kind and sound:
                authorizations[place.rstrip("/") + "/"] = f"{kind} {value}"
    return Npmrc(registries=registries, authorizations=authorizations, cafile=cafile)


def _filled(value: str, variables: Mapping[str, str]) -> str:
    def known(found: re.Match[str]) -> str:
        return variables.get(found[1], "" if found[2] else found[0])

    return _VARIABLE.sub(known, value)


def pip_index(text: str) -> str:
    """Return the index of a `pip.conf`, its further ones aside; empty without one."""
    found = _PIP.search(text)
    return found[1] if found else ""


def pip_cert(text: str) -> str:
    """Return the file of certificates of a `pip.conf`; empty without one."""
    found = _CERT.search(text)
    return found[1] if found else ""


def uv_index(text: str) -> str:
    """Return the index of a `uv.toml` that stands for the usual one; empty without one."""
    try:
        document = quick_toml(text)
    except InputError:
        return ""
    listed = document.get("index")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("default") is True and isinstance(one.get("url"), str):
            return str(one["url"])
    index = document.get("index-url")
    return index if isinstance(index, str) else ""


def variable_index(value: str) -> str:
    """Return the index that a variable of pip or uv names; uv's may have a name before it."""
    return _NAMED.sub("", value.strip())


__all__ = [
    "Base",
    "Npmrc",
    "base",
    "has_login",
    "is_same",
    "npmrc",
    "pip_cert",
    "pip_index",
    "uv_index",
    "variable_index",
]
