"""What the registry that the user's client asks says of a name; only where the user wants that.

The registry is the one of the settings: npm's of the current folder, then the user's, or what npm
itself says; pip's or uv's. What shows who asks goes to its host alone, never along with a redirect
and never into a message, and that of the user over plain http only if the user wrote that address.
A registry may be anybody's, or broken: what it answers is bounded in bytes and in time.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from auditor import __version__, bases
from auditor.errors import InputError
from auditor.limits import MIB
from auditor.names import signals, spelling
from auditor.names.signals import ABSENT
from auditor.safe import safe
from auditor.sources import child, settings
from auditor.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests import PreparedRequest, Response, Session

    from auditor.bases import Base, Npmrc
    from auditor.names.signals import Signals

_PATIENCE = 10
"""Seconds that a connection may take, and the next bytes of an answer."""
_LONGEST = 60
"""Seconds that the whole of an answer may take."""
_LARGEST = 32 * MIB
"""Bytes of an answer, unpacked; the largest documents of npm packages have about that."""
_REDIRECTS = 3
_FAILURES = 3
"""Lookups in a row that end without an answer, after which nothing more is asked."""
_CHUNK = 64 * 1024
_SETTINGS_LARGEST = MIB
_JSON = {
    "npm": "application/json",
    "pypi": "application/vnd.pypi.simple.v1+json",
}
_NAMES = {
    "npm": re.compile(r"(?:@[\w.~-]+/)?[\w~!'()*-][\w.~!'()*-]*\Z", re.ASCII),
    "pypi": re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z"),
}
"""Names that were ever taken; nothing else is asked for, and so nothing leads out of the path."""
_MOST = 214
_BUILT_IN = re.compile(r"--index-url\s+<url>[^()]*\(default:?\s+([^\s()]+)\)")
_VARIABLES = ("pip_index_url", "uv_default_index", "uv_index_url")


class UnansweredError(InputError):
    """The registry did not answer at all, which has nothing to do with the name."""


class Registry:
    """The registry of one ecosystem; each name is asked for once."""

    def __init__(
        self,
        ecosystem: str,
        folder: Path | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.ecosystem = ecosystem
        self._folder = Path() if folder is None else folder
        self._environment = environment
        self._session: Session | None = None
        self._settings: _Npm | None = None
        self._bases: dict[str, Base | InputError] = {}
        self._known: dict[str, Signals | InputError] = {}
        self._failures = 0

    def look_up(self, name: str) -> Signals:
        """Return what the registry says of a name; raise InputError, each time, if it does not."""
        spelled = spelling.normal(self.ecosystem, name)
        if len(spelled) > _MOST or not _NAMES[self.ecosystem].match(spelled):
            return ABSENT
        if spelled not in self._known:
            try:
                self._known[spelled] = self._asked(spelled)
            except InputError as problem:
                self._known[spelled] = problem
        found = self._known[spelled]
        if isinstance(found, InputError):
            raise found
        return found

    def _asked(self, name: str) -> Signals:
        base = self._base(spelling.scope(name))
        if self._failures >= _FAILURES:
            raise InputError(
                f"{safe(base.host)} did not answer {_FAILURES} times, no more is asked"
            )
        try:
            data = _within(_LONGEST, lambda: self._fetched(base, name))
        except UnansweredError as problem:
            self._failures += 1
            self._session = None  # a thread that was left to itself may still have it
            raise InputError(f"{safe(base.host)} {problem}") from None
        except InputError as problem:
            self._failures = 0
            raise InputError(f"{safe(base.host)} {problem}") from None
        self._failures = 0
        if data is None:
            return ABSENT
        try:
            return (signals.of_packument if self.ecosystem == "npm" else signals.of_project)(data)
        except InputError as problem:
            raise InputError(f"{safe(base.host)}: {problem}") from None

    def _base(self, scope: str) -> Base:
        if scope not in self._bases:
            try:
                self._bases[scope] = self._configured(scope)
            except InputError as problem:  # npm is not asked again for each name
                self._bases[scope] = problem
        found = self._bases[scope]
        if isinstance(found, InputError):
            raise found
        return found

    def _configured(self, scope: str) -> Base:
        if self.ecosystem == "pypi":
            return _index(self._environment)
        self._settings = self._settings or _Npm(self._folder, self._environment)
        return self._settings.base(scope)

    def _fetched(self, base: Base, name: str) -> bytes | None:
        """Return what the registry answers; None where it has no such name."""
        import requests  # noqa: PLC0415 - 60 ms, for those alone who want a lookup

        if self._session is None:
            self._session = requests.Session()
        path = quote(name, safe="@") if self.ecosystem == "npm" else f"{name}/"
        url = f"{base.url}{path}"
        headers = {
            "Accept": _JSON[self.ecosystem],
            "Accept-Encoding": "gzip",
            "User-Agent": f"audit/{__version__}",
        }
        if base.authorization:
            headers["Authorization"] = base.authorization
        try:
            for _ in range(_REDIRECTS + 1):
                with self._session.get(
                    url,
                    headers=headers,
                    auth=_as_it_is,
                    timeout=_PATIENCE,
                    stream=True,
                    allow_redirects=False,
                ) as response:
                    if not response.is_redirect:
                        return _body(response)
                    url = _next(url, response.headers["Location"])
        except requests.exceptions.SSLError:
            raise UnansweredError(
                "has a certificate that is not trusted (REQUESTS_CA_BUNDLE names a file of others)"
            ) from None
        except requests.exceptions.Timeout:
            raise UnansweredError(_too_slow(_PATIENCE)) from None
        except requests.exceptions.ConnectionError:
            raise UnansweredError("cannot be reached, or does not end its answer") from None
        except (requests.exceptions.RequestException, OSError, ValueError) as problem:
            # The text of such an error may have the whole address in it.
            raise UnansweredError(f"cannot be asked ({type(problem).__name__})") from None
        raise InputError(f"redirects more than {_REDIRECTS} times")


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    """Take the place of what `.netrc` says: only the client's own settings show who asks."""
    return request


def _body(response: Response) -> bytes | None:
    if response.status_code == 404:
        return None
    if response.status_code in {401, 403}:
        raise InputError(f"wants other credentials (it answers {response.status_code})")
    if response.status_code != 200:
        raise InputError(f"answers {response.status_code}")
    if response.headers.get("Content-Encoding", "identity") not in {"gzip", "identity", ""}:
        raise InputError("answers in a packing that was not asked for")
    data = bytearray()
    for chunk in response.iter_content(_CHUNK):
        data += chunk
        if len(data) > _LARGEST:
            raise InputError(f"answers with more than {counted(_LARGEST, 'byte')}")
    return bytes(data)


def _next(url: str, location: str) -> str:
    """Return where a redirect leads; raise InputError unless it stays on the host as it is."""
    try:
        target = urljoin(url, location)
        here, there = urlsplit(url), urlsplit(target)
        same = (here.scheme, here.netloc) == (there.scheme, there.netloc)
    except ValueError:
        same = False
    if not same:
        raise InputError("redirects to another host, which is not followed")
    return target


def _too_slow(seconds: int) -> str:
    return f"did not answer within {counted(seconds, 'second')}"


def _within(seconds: int, call: Callable[[], bytes | None]) -> bytes | None:
    """Return what a call returns; where it takes longer it is left to itself: UnansweredError.

    The time-outs of a socket are for each of its pieces: who sends one byte a second meets none.
    """
    results: list[bytes | None] = []
    problems: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as problem:  # noqa: BLE001 - raised again, by who waits
            problems.append(problem)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    latest = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < latest:
        thread.join(min(1, max(latest - time.monotonic(), 0)))  # Ctrl-C comes through
    if problems:
        raise problems[0]
    if not results:
        raise UnansweredError(_too_slow(seconds))
    return results[0]


class _Npm:
    """What npm is configured for: by the environment, the current folder and the user."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._variables = {key.lower(): value for key, value in environment.items() if value}
        self._project = bases.npmrc(_beside(folder / ".npmrc"))
        self._users = [
            bases.npmrc(text, environment) for text in settings.texts(".npmrc", environment)
        ]

    def base(self, scope: str) -> Base:
        """Return the registry of a scope; raise InputError where none is known."""
        for wanted in (scope, "") if scope else ("",):
            key = f"npm_config_{wanted}:registry" if wanted else "npm_config_registry"
            if url := self._variables.get(key):
                return self._shown(url, users=True)
            if url := self._project.registries.get(wanted):
                return self._shown(url, users=False)
            for one in self._users:
                if url := one.registries.get(wanted):
                    return self._shown(url, users=True)
        return self._shown(_of_npm(self._environment), users=True)

    def _shown(self, url: str, *, users: bool) -> Base:
        found = _checked(url, "npm")
        readers = [self._project]
        if users or found.url.startswith("https:"):
            readers = [self._project, *self._users]
        authorization = found.authorization or _authorization(found, readers)
        return bases.Base(url=found.url, host=found.host, authorization=authorization)


def _authorization(base: Base, readers: list[Npmrc]) -> str:
    for place in base.places:
        for reader in readers:
            if found := reader.authorizations.get(place):
                return found
    return ""


def _beside(path: Path) -> str:
    """Return the project's own settings, which may be anybody's; nothing for a link."""
    try:
        if path.is_symlink() or not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(_SETTINGS_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def _of_npm(environment: Mapping[str, str]) -> str:
    """Return the registry that npm itself says, asked where no project has a word in it."""
    path = _program(environment, "npm")
    if path is None:
        raise InputError("no registry is configured, and npm is not installed to name its own")
    try:
        return _said((path, "config", "get", "registry"), environment).strip()
    except InputError as problem:
        raise InputError(f"no registry is configured, and npm {problem}") from None


def _of_pip(environment: Mapping[str, str]) -> str:
    """Return the index that pip itself says: its help names the one built in."""
    path = _program(environment, "pip", "pip3")
    if path is None:
        raise InputError(
            "neither pip nor uv is configured for an index, and pip is not installed to name its "
            "own: PIP_INDEX_URL names one"
        )
    try:
        said = _said((path, "help", "download"), {**environment, "COLUMNS": "5000"})
    except InputError as problem:
        raise InputError(
            f"neither pip nor uv is configured for an index, and pip {problem}"
        ) from None
    found = _BUILT_IN.search(said)
    if found is None:
        raise InputError("neither pip nor uv is configured for an index: PIP_INDEX_URL names one")
    return found[1]


def _program(environment: Mapping[str, str], *names: str) -> str | None:
    """Return the first of some programs that is installed; never one of the project's."""
    found = (shutil.which(name, path=environment.get("PATH", "")) for name in names)
    return next((path for path in found if path and os.path.isabs(path)), None)  # noqa: PTH117


def _said(command: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """Return what a client prints in an empty folder; raise InputError where it fails."""
    with tempfile.TemporaryDirectory(prefix="audit-", ignore_cleanup_errors=True) as private:
        said = child.answer(command, Path(private), environment, seconds=_PATIENCE, most=_CHUNK)
    if said.ended.code != 0:
        raise InputError(said.ended.manner)
    return said.data.decode("utf-8", "replace")


def _index(environment: Mapping[str, str]) -> Base:
    """Return the index that pip or uv is configured for, or else the one built into pip.

    Raises InputError where neither says one.
    """
    variables = {key.lower(): value for key, value in environment.items() if value}
    for name in _VARIABLES:
        if value := variables.get(name):
            return _checked(bases.variable_index(value), "Python")
    for file, read in (("pip.conf", bases.pip_index), ("uv.toml", bases.uv_index)):
        for text in settings.texts(file, environment):
            if url := read(text):
                return _checked(url, "Python")
    return _checked(_of_pip(environment), "Python")


def _checked(url: str, whose: str) -> Base:
    found = bases.base(url)
    if found is None:
        raise InputError(f"the {whose} registry of the settings is no http or https address")
    return found
