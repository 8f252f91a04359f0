"""Which registry the user's clients ask, from their settings or from the clients themselves.

It is npm's of the current folder, then the user's, or what npm itself says; pip's or uv's, or the
one built into pip. What the user shows goes over plain http only where the user wrote that address.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor import bases
from auditor.errors import InputError
from auditor.lazyre import regex
from auditor.limits import MIB
from auditor.sources import child, settings
from auditor.sources.privatefolder import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditor.bases import Base, Npmrc

_PATIENCE = 10
"""Seconds that a client may take to say its own registry."""
_PRINTED = 64 * 1024
_SETTINGS_LARGEST = MIB
_BUILT_IN = regex(r"--index-url\s+<url>[^()]*\(default:?\s+([^\s()]+)\)")
_VARIABLES = ("pip_index_url", "uv_default_index", "uv_index_url")


class Clients:
    """What the clients themselves say, each asked once: npm takes 250 ms for it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self._said: dict[str, str | InputError] = {}

    def npm(self) -> str:
        """Return the registry that npm is configured for; raise InputError if it does not say."""
        return self._once("npm", _of_npm)

    def built_into_npm(self) -> str:
        """Return the registry built into npm; raise InputError where it is not known.

        A lockfile that was written without a mirror has that address, and npm asks the mirror all
        the same (`replace-registry-host`).
        """
        return self._once("built into npm", _built_into_npm)

    def pip(self) -> str:
        """Return the index built into pip; raise InputError where it is not known."""
        return self._once("pip", _of_pip)

    def _once(self, what: str, ask: Callable[[Mapping[str, str]], str]) -> str:
        if what not in self._said:
            try:
                self._said[what] = ask(self.environment)
            except InputError as problem:
                self._said[what] = problem
        found = self._said[what]
        if isinstance(found, InputError):
            raise found
        return found


class Configured:
    """The registries of one ecosystem, for one folder."""

    def __init__(
        self,
        ecosystem: str,
        folder: Path,
        environment: Mapping[str, str],
        clients: Clients | None = None,
    ) -> None:
        self._ecosystem = ecosystem
        self._folder = folder
        self._clients = clients or Clients(environment)
        self._settings: _Npm | None = None
        self._bases: dict[str, Base | InputError] = {}

    @property
    def built_in(self) -> str:
        """The address that this ecosystem's client takes for its configured one; empty for none."""
        try:
            return self._clients.built_into_npm() if self._ecosystem == "npm" else ""
        except InputError:
            return ""

    def base(self, scope: str = "") -> Base:
        """Return where the names of a scope are asked for; raise InputError, each time, if unknown.

        The scope is npm's `@acme`, empty for none.
        """
        if scope not in self._bases:
            try:
                self._bases[scope] = self._found(scope)
            except InputError as problem:
                self._bases[scope] = problem
        found = self._bases[scope]
        if isinstance(found, InputError):
            raise found
        return found

    def _found(self, scope: str) -> Base:
        if self._ecosystem == "pypi":
            return _index(self._clients)
        self._settings = self._settings or _Npm(self._folder, self._clients)
        return self._settings.base(scope)


class _Npm:
    """What npm is configured for: by the environment, the current folder and the user."""

    def __init__(self, folder: Path, clients: Clients) -> None:
        environment = clients.environment
        self._clients = clients
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
        return self._shown(self._clients.npm(), users=True)

    def _shown(self, url: str, *, users: bool) -> Base:
        found = _checked(url, "npm")
        trusted = self._variables.get("npm_config_cafile") or next(
            (one.cafile for one in self._users if one.cafile), ""
        )
        readers = [self._project]
        if users or found.url.startswith("https:"):
            readers = [self._project, *self._users]
        place, shown = "", found.authorization
        if not shown:
            place, shown = _authorization(found, readers)
        return replace(
            found,
            authorization=shown,
            place=place,
            users=users,
            authorities=_authorities(trusted, "cafile of npm"),
        )


def _authorization(base: Base, readers: list[Npmrc]) -> tuple[str, str]:
    """Return what is shown to a registry, and the place that it is for."""
    for place in base.places:
        for reader in readers:
            if found := reader.authorizations.get(place):
                return place, found
    return "", ""


def _authorities(path: str, whose: str) -> str:
    """Return a file of certificates that the user's settings name; raise InputError for none."""
    found = os.path.expanduser(path)  # noqa: PTH111 - never raises
    if found and not Path(found).is_file():
        raise InputError(f"the {whose} names no file of certificates")
    return found


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


def _built_into_npm(environment: Mapping[str, str]) -> str:
    path = _program(environment, "npm")
    if path is None:
        raise InputError("npm is not installed to name its own registry")
    own = {key: value for key, value in environment.items() if not key.lower().startswith("npm_")}
    nobodys = ("--userconfig", f"{os.devnull}/user", "--globalconfig", f"{os.devnull}/all")
    return _said((path, "config", "get", "registry", *nobodys), own).strip()


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
    with private_folder() as private:
        said = child.answer(command, private, environment, seconds=_PATIENCE, most=_PRINTED)
    if said.ended.code != 0:
        raise InputError(said.ended.manner)
    return said.data.decode("utf-8", "replace")


def _index(clients: Clients) -> Base:
    """Return the index that pip or uv is configured for, or else the one built into pip.

    Raises InputError where neither says one.
    """
    environment = clients.environment
    variables = {key.lower(): value for key, value in environment.items() if value}
    texts = [*settings.texts("pip.conf", environment)]
    cert = variables.get("pip_cert") or next(filter(None, map(bases.pip_cert, texts)), "")
    found = _checked(_index_of(clients, variables, texts), "Python")
    return replace(found, authorities=_authorities(cert, "cert of pip"))


def _index_of(clients: Clients, variables: Mapping[str, str], texts: list[str]) -> str:
    for name in _VARIABLES:
        if value := variables.get(name):
            return bases.variable_index(value)
    for text in texts:
        if url := bases.pip_index(text):
            return url
    for text in settings.texts("uv.toml", clients.environment):
        if url := bases.uv_index(text):
            return url
    return clients.pip()


def _checked(url: str, whose: str) -> Base:
    found = bases.base(url)
    if found is None:
        raise InputError(f"the {whose} registry of the settings is no http or https address")
    return found
