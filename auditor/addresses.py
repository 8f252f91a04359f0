"""What the address of a locked package says: host, and the package that its file is named after.

Addresses are taken apart as clients do (WHATWG URL, "special" schemes): a backslash is a slash, the
user information ends at the last `@`, tabs and line ends vanish, dot segments and percent signs are
resolved, the host is in lower case. What a reader of the lockfile takes for the registry is then
what the client connects to, or it is not the registry.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

from msgspec import Struct

from auditor import pep
from auditor.lazyre import regex

LONGEST = 4096
"""Characters of an address that are looked at; longer ones are cut, and no client takes them."""

_WEB = {"https": 443, "http": 80}
_SCHEME = regex(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_HOSTED = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
_SHORT_GIT = regex(r"(?:[\w.\-]+@)([\w.\-]+):(?!/)([^#]+)(?:#(.*))?\Z")
_PROTOCOLS = frozenset({"npm", "jsr", "patch", "workspace", "file", "link", "portal", "exec"})
"""What stands between `name@` and `:` where it is no host but a protocol of yarn or npm."""
_GIT_PATH = regex(r"\.git(?:/|\Z|@)")
_FULL = regex(r"(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\Z")
_SHORT = regex(r"[0-9a-fA-F]{7,39}\Z")
_ARCHIVES = frozenset({"tar.gz", "tarball", "legacy.tar.gz", "zip", "zipball", "archive", "get"})
"""Parts of a path after which a forge names the commit of an archive."""
ARCHIVE_HOSTS = ("github.com", "codeload.github.com", "gitlab.com", "bitbucket.org")
_NPM_ENDING = regex(r"\.(?:tgz|tar\.gz)\Z")
_VERSION_IN_NAME = regex(r"-v?(?=\d)")
_WHEEL = regex(r"([^-]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl\Z")
_SDIST = regex(r"(.+-.+)(?:\.tar\.gz|\.zip|\.tar\.bz2|\.tgz|\.tar\.xz)\Z")
_DASH = regex("-")
_LONGEST_FILE = 255
_CONDA = regex(r"(.+)-([^-]+)-[^-]+(?:\.conda|\.tar\.bz2)\Z")


class Address(Struct, frozen=True, kw_only=True):
    """An address taken apart; what it does not have is empty."""

    scheme: str = ""
    """In lower case: `https`, `git+ssh`, `file`; `git` for `user@host:path`."""
    host: str = ""
    """In lower case, without a final dot; a placeholder such as `${REGISTRY}` is no host."""
    port: int | None = None
    """Only where it is not the scheme's own."""
    user: bool = False
    """It has a user's name or password: `https://x@host`; `git@` of ssh is none."""
    path: tuple[str, ...] = ()
    """Decoded, without empty, `.` and `..` parts."""
    fragment: str = ""
    git: bool = False
    """It names a repository, or an archive of a commit at a forge."""
    commit: str = ""
    """What the address pins: a commit, branch or tag; empty where it pins nothing."""
    shown: str = ""
    """For people: without user information, query and fragment."""

    @property
    def source(self) -> str:
        """Host and port, as people write them."""
        return self.host if self.port is None or not self.host else f"{self.host}:{self.port}"

    @property
    def pin(self) -> str:
        """`commit` for 40 or 64 hex digits, `abbreviated` for fewer, else `moving`."""
        if _FULL.match(self.commit):
            return "commit"
        return "abbreviated" if _SHORT.match(self.commit) else "moving"


class Named(Struct, frozen=True, kw_only=True):
    """The package that an address is named after; empty where it does not say."""

    name: str = ""
    version: str = ""


NOWHERE = Address()
UNNAMED = Named()


@lru_cache(maxsize=8192)
def address(text: str) -> Address:
    """Take apart an address as a lockfile spells it; a path or bare name has neither."""
    text = text[:LONGEST].strip().replace("\t", "").replace("\r", "").replace("\n", "")
    scheme, rest = _split(text)
    if not scheme:
        short = _SHORT_GIT.match(text)
        if short is None or "\\" in text or short[1] in _PROTOCOLS:
            return NOWHERE
        host, path, fragment = short.groups()
        return _repository("git", host, path, fragment or "")
    if scheme in _HOSTED:
        path, _, fragment = rest.lstrip("/").partition("#")
        return _repository(scheme, _HOSTED[scheme], path, fragment)
    transport = scheme.removeprefix("git+")
    if transport in _WEB:
        rest = rest.replace("\\", "/").lstrip("/")
    elif rest.startswith("//"):
        rest = rest[2:]
    else:
        return Address(scheme=scheme, shown=text)
    body, _, fragment = rest.partition("#")
    body, _, query = body.partition("?")
    authority, _, path = body.partition("/")
    return _located(scheme, authority, path, query, fragment)


def _split(text: str) -> tuple[str, str]:
    found = _SCHEME.match(text)
    if found is None:
        return "", text
    scheme = found.group(1).lower()
    known = scheme in _WEB or scheme in _HOSTED or scheme in {"file", "npm", "jsr", "link"}
    if not known and not text.startswith("//", found.end()):
        return "", text  # `host:path` of ssh, a drive letter
    return scheme, text[found.end() :]


def _located(scheme: str, authority: str, path: str, query: str, fragment: str) -> Address:
    userinfo, at, location = authority.rpartition("@")
    host, port = _host_and_port(location)
    transport = scheme.removeprefix("git+")
    git = scheme.startswith("git") or transport == "ssh" or bool(_GIT_PATH.search(path))
    parts = _parts(path)
    commit = _reference(fragment)
    if git and not commit and parts and "@" in parts[-1]:
        commit = parts[-1].rpartition("@")[2]  # pip: git+https://host/o/r.git@commit
    if not git and host in ARCHIVE_HOSTS:
        archived = _archived(parts, query)
        git, commit = bool(archived), archived or commit
    login = transport == "ssh" or scheme == "git"  # a name alone says who asks, and is no secret
    return Address(
        scheme=scheme,
        host=host,
        port=None if port == _WEB.get(transport) else port,
        user=":" in userinfo if login else bool(at) and userinfo not in {"", "git"},
        path=parts,
        fragment=fragment,
        git=git,
        commit=commit,
        shown=f"{scheme}://{host}/{'/'.join(parts)}",
    )


def _repository(scheme: str, host: str, path: str, fragment: str) -> Address:
    """Return the address of a repository in a short spelling: `github:o/r`, `git@host:o/r`."""
    parts = _parts(path)
    return Address(
        scheme=scheme,
        host=host.lower(),
        path=parts,
        fragment=fragment,
        git=True,
        commit=_reference(fragment),
        shown=f"{scheme}://{host}/{'/'.join(parts)}",
    )


def _reference(fragment: str) -> str:
    """Return what a fragment pins: `#commit`, `#commit=…`, and pip's `#egg=…` pins nothing."""
    for part in fragment.split("&"):
        key, equals, value = part.partition("=")
        if equals and key in {"commit", "tag", "head", "branch", "semver", "rev"}:
            return value
        if not equals and not part.startswith(("semver:", "path:", "workspace:")):
            return part
    return ""


def _archived(path: tuple[str, ...], query: str) -> str:
    """Return the commit or tag of an archive made by a forge."""
    for index, part in enumerate(path[2:-1], 2):
        if part in _ARCHIVES:
            named = next((p for p in path[index + 1 :] if _FULL.match(_stem(p))), path[-1])
            return _stem(named)
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if key in {"ref", "sha"} and "archive" in "/".join(path):
            return value
    return ""


def _stem(name: str) -> str:
    return re.sub(r"\.(?:tar\.gz|tgz|zip|tar)\Z", "", name)


def _host_and_port(location: str) -> tuple[str, int | None]:
    if "${" in location:
        return "", None
    host, colon, digits = location.rpartition(":")
    if not colon or "]" in digits or not (digits.isascii() and digits.isdigit()):
        host, digits = (location, "") if digits else (host or location, "")
    host = unicodedata.normalize("NFKC", unquote(host)).lower()
    port = int(digits[:8]) if digits else None
    return host.removesuffix("."), port


def _parts(path: str) -> tuple[str, ...]:
    parts: list[str] = []
    for part in unquote(path).replace("\\", "/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part and part != ".":
            parts.append(part)
    return tuple(parts)


def npm_named(found: Address, name: str) -> Named:
    """Return the npm package that a registry's address names, whatever the registry.

    `name` is the entry's own, for files that only repeat the name of the entry. Known are npm's
    `/@s/n/-/n-1.0.0.tgz` (also with the scope once more in front of the file, and at the end of
    any path of a proxy), GitHub Packages' `/download/@s/n/1.0.0/digest` and JSR's
    `/~/1/@jsr/s__n/1.0.0.tgz`. Any other address says nothing.
    """
    path = found.path
    if "-" in path[1:-1]:
        return _by_dash(path)
    if "download" in path[:-3]:
        rest = path[path.index("download") + 1 :]
        scoped = rest[0].startswith("@")
        if len(rest) >= 2 + scoped:
            return Named(name="/".join(rest[: 1 + scoped]), version=rest[1 + scoped])
    if "~" in path[:-3] and _NPM_ENDING.search(path[-1]):
        return Named(name="/".join(path[-3:-1]), version=_NPM_ENDING.sub("", path[-1]))
    base = name.rpartition("/")[2]
    stem = _NPM_ENDING.sub("", path[-1]) if path else ""
    if base and stem != (path[-1] if path else "") and stem.startswith(f"{base}-"):
        version = stem[len(base) + 1 :]
        return Named(name=name, version=version) if version[:1].isdigit() else UNNAMED
    return UNNAMED


def _by_dash(path: tuple[str, ...]) -> Named:
    """Read `…/name/-/file`; the file's name wins where folder and file name two packages."""
    dash = len(path) - 1 - path[::-1].index("-", 1)
    base = path[dash - 1]
    scope = path[dash - 2] if dash >= 2 and path[dash - 2].startswith("@") else ""
    file = path[-1]
    stem = _NPM_ENDING.sub("", file)
    if stem == file:
        return UNNAMED
    if stem.startswith(f"{base}-"):
        return Named(name=f"{scope}/{base}" if scope else base, version=stem[len(base) + 1 :])
    cut = _VERSION_IN_NAME.search(stem)
    if cut is None:
        return Named(name=f"{scope}/{base}" if scope else base)
    return Named(name=stem[: cut.start()], version=stem[cut.end() :])


def python_named(text: str, name: str) -> Named:
    """Return the project and version of a wheel's or sdist's file name (PEP 427, PEP 625).

    Older sdists have dashes in names and versions, so where some reading gives the project `name`
    (normalised as PEP 503 has it) it is that one.
    """
    file = unquote(text.partition("#")[0].partition("?")[0].rpartition("/")[2])
    if len(file) > _LONGEST_FILE:
        return UNNAMED
    wheel = _WHEEL.match(file)
    if wheel:
        return Named(name=wheel.group(1), version=wheel.group(2))
    sdist = _SDIST.match(file)
    if sdist is None:
        return UNNAMED
    stem = sdist.group(1)
    for dash in (found.start() for found in _DASH.finditer(stem)):
        if pep.normalised(stem[:dash]) == name:
            return Named(name=stem[:dash], version=stem[dash + 1 :])
    head, _, version = stem.rpartition("-")
    return Named(name=head, version=version) if head and version[:1].isdigit() else UNNAMED


def conda_named(found: Address) -> Named:
    """Return name and version of a conda package's file (`name-version-build.conda`)."""
    last = found.path[-1] if found.path else ""
    file = _CONDA.match(last) if len(last) <= _LONGEST_FILE else None
    return Named(name=file.group(1), version=file.group(2)) if file else UNNAMED
