"""Which registries the clients of a project are configured to ask, from their settings files.

Read are `.npmrc` (npm's and pnpm's `registry`, `@scope:registry`), `.yarnrc` of yarn 1,
`.yarnrc.yml` (`npmRegistryServer`, `npmScopes`), `bunfig.toml` (`install.registry`,
`install.scopes`), `pip.conf`, `pyproject.toml` and `uv.toml` (indexes of uv, sources of Poetry and
PDM), `Pipfile` (`[[source]]`), PDM's `config.toml`, and the values of environment variables. A file
that cannot be read configures nothing. Only hosts are kept: the rest of such files is nobody's
business, passwords above all.

What a project says and what the user says is not the same: the project's settings tell which hosts
are meant, the user's only which others are no surprise. A mirror of the machine is not what
everybody else's lockfile was made with (npm puts its host in place when it installs).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from auditor.addresses import address
from auditor.errors import InputError
from auditor.lazyre import regex

_ASSIGNED = regex(r"""(?m)^[ \t]*((?:@[^\s:=]+:)?registry)[ \t]*=[ \t]*["']?([^\s"']+)""")
_YARN_ONE = regex(r"""(?m)^[ \t]*"?((?:@[^\s:"]+:)?registry)"?[ \t]+"?([^\s"]+)""")
_SERVER = regex(r"""^(\s*)npmRegistryServer:\s*["']?([^\s"']+)""")
_KEY = regex(r"""^(\s*)["']?([^\s"':]+)["']?:\s*$""")
_PIP = regex(r"(?mi)^[ \t]*(?:extra[-_])?index[-_]url[ \t]*=(.*(?:\n[ \t]+\S.*)*)")
_LONGEST = 1024 * 1024
_TABLES: tuple[tuple[str, ...], ...] = (
    ("tool", "uv", "index"),
    ("index",),
    ("tool", "poetry", "source"),
    ("tool", "pdm", "source"),
    ("source",),
)
_PDM = "pdm/config.toml"
_NPM_VARIABLES = frozenset(
    "npm_config_registry yarn_registry yarn_npm_registry_server bun_config_registry".split()
)
VARIABLES = _NPM_VARIABLES | frozenset(
    "pip_index_url pip_extra_index_url uv_index_url uv_extra_index_url uv_default_index uv_index"
    " pdm_pypi_url pipenv_pypi_mirror".split()
)
"""Names of environment variables, in lower case, in which clients look for registries."""
_NAMED = regex(r"\A[\w.-]+=")
_KEYS: tuple[tuple[str, ...], ...] = (
    ("tool", "uv", "index-url"),
    ("tool", "uv", "extra-index-url"),
    ("index-url",),
    ("extra-index-url",),
    ("install", "registry"),
    ("pypi", "url"),
)


class Setting(Struct, frozen=True, kw_only=True):
    """One registry that a settings file or a variable names."""

    by: str
    """The file's own name, which tells whose settings they are; or the variable's."""
    scope: str
    """The npm scope that it is for; empty for everything else."""
    host: str
    """With its port where that is not the usual one."""

    @property
    def ecosystem(self) -> str:
        """Of the client that reads it."""
        return "npm" if self.by in _NPM else "pypi"


class Registries(Struct, frozen=True, kw_only=True):
    """Hosts, with their ports where these are not the usual ones, by what they are there for."""

    default: frozenset[str] = frozenset()
    scopes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Hosts of an npm scope, by `@scope`."""
    users: frozenset[Setting] = frozenset()
    """What the user's own settings say, unless the project's say it otherwise."""
    allowed: frozenset[str] = frozenset()
    """Hosts that the user's policy allows, whatever the settings say."""

    def users_hosts(self, scope: str, ecosystem: str) -> frozenset[str]:
        """Return the hosts that the user's clients ask for packages of a scope, or of none.

        What is said of a scope counts alone, and so does what the project says of it.
        """
        if not self.users or (scope and scope in self.scopes):
            return frozenset()
        ours = [one for one in self.users if one.ecosystem == ecosystem]
        of_scope = frozenset(one.host for one in ours if one.scope == scope)
        return of_scope or frozenset(one.host for one in ours if not one.scope)


def settings_in(files: Mapping[str, bytes]) -> tuple[Setting, ...]:
    """Return what the settings among some files say; only their names decide how they are read."""
    found: dict[Setting, None] = {}
    for path, data in files.items():
        name = _PDM if path.endswith(f"/{_PDM}") else path.rpartition("/")[2]
        read = _READERS.get(name)
        if read is None or len(data) > _LONGEST:
            continue
        for scope, url in read(data.decode("utf-8", "replace")):
            host = address(url).source
            if host:
                found[Setting(by=name, scope=scope, host=host)] = None
    return tuple(found)


def configured(files: Mapping[str, bytes], users: Iterable[Setting] = ()) -> Registries:
    """Return what a project's settings files say, and what of the user's they leave as it is.

    Files are given by their path relative to the lockfile; `../` leads to a folder above, whose
    settings count where no nearer file of the same name has them.
    """
    settings = _nearest(files)
    default = frozenset(one.host for one in settings if not one.scope)
    scopes: dict[str, set[str]] = {}
    for one in settings:
        if one.scope:
            scopes.setdefault(one.scope, set()).add(one.host)
    said = {(one.by, one.scope) for one in settings}
    return Registries(
        default=default,
        scopes={scope: frozenset(hosts) for scope, hosts in scopes.items()},
        users=frozenset(
            one for one in users if one.by in _MERGED or (one.by, one.scope) not in said
        ),
    )


def _nearest(files: Mapping[str, bytes]) -> list[Setting]:
    folders: dict[int, dict[str, bytes]] = {}
    for path, data in files.items():
        folders.setdefault(path.count("../"), {})[path] = data
    settings: list[Setting] = []
    for _, files_there in sorted(folders.items()):
        said = {(one.by, one.scope) for one in settings}
        settings += (
            one
            for one in settings_in(files_there)
            if one.by in _MERGED or (one.by, one.scope) not in said
        )
    return settings


def _npmrc(text: str) -> Iterator[tuple[str, str]]:
    for key, url in _ASSIGNED.findall(text):
        yield key.rpartition(":")[0], url


def _yarnrc(text: str) -> Iterator[tuple[str, str]]:
    for key, url in _YARN_ONE.findall(text):
        yield key.rpartition(":")[0], url


def _yarnrc_yml(text: str) -> Iterator[tuple[str, str]]:
    scope = ""
    for line in text.splitlines():
        found = _SERVER.match(line)
        if found:
            yield (f"@{scope.removeprefix('@')}" if found[1] and scope else ""), found[2]
            continue
        key = _KEY.match(line)
        if key:
            scope = key[2] if key[1] else ""


def _pip_conf(text: str) -> Iterator[tuple[str, str]]:
    for urls in _PIP.findall(text):
        yield from (("", url) for url in urls.split())


def _toml(text: str) -> Iterator[tuple[str, str]]:
    from auditor.lockfiles._toml import quick_toml  # noqa: PLC0415 - npm's clients have none

    try:
        document = quick_toml(text)
    except InputError:
        return
    for keys in _TABLES:
        entries = _at(document, keys)
        yield from (("", url) for entry in _listed(entries) for url in _urls(entry))
    for keys in _KEYS:
        yield from (("", url) for value in _listed(_at(document, keys)) for url in _urls(value))
    further = _at(document, ("pypi",))
    if isinstance(further, dict):  # PDM's further indexes: `[pypi.NAME] url`
        yield from (("", url) for value in further.values() for url in _tables_urls(value))
    scopes = _at(document, ("install", "scopes"))
    if isinstance(scopes, dict):
        for scope, value in scopes.items():
            yield from ((f"@{scope.removeprefix('@')}", url) for url in _urls(value))


def _at(node: object, keys: tuple[str, ...]) -> object:
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def _listed(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _urls(value: object) -> Iterator[str]:
    url = value.get("url") if isinstance(value, dict) else value
    if isinstance(url, str):
        yield url


def _tables_urls(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _urls(value)


def _plain(text: str) -> Iterator[tuple[str, str]]:
    """Read a variable: addresses between blanks, with a name and `=` before them in uv's."""
    for word in text.split():
        yield "", _NAMED.sub("", word)


_READERS = {
    ".npmrc": _npmrc,
    ".yarnrc": _yarnrc,
    ".yarnrc.yml": _yarnrc_yml,
    "bunfig.toml": _toml,
    "pip.conf": _pip_conf,
    "pip.ini": _pip_conf,
    "pyproject.toml": _toml,
    "uv.toml": _toml,
    "Pipfile": _toml,
    _PDM: _toml,
    **dict.fromkeys(VARIABLES, _plain),
}
_NPM = frozenset({".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", *_NPM_VARIABLES})
_MERGED = frozenset(
    {"pip.conf", "pip.ini", "pyproject.toml", "uv.toml", "Pipfile", _PDM, *VARIABLES}
)
"""What adds to the project's settings of that name, or wins over them, and is not replaced. Of
pip's files the user's are all that pip reads by itself."""
