"""What a client declares, and the folders that an operating system means for caches and data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from auditor.inventory import LockedPackage
from auditor.sources.caches._reading import Reading


class Machine(Struct, frozen=True, kw_only=True):
    """A user of a machine, as far as clients look at it to find their folders."""

    environment: Mapping[str, str]
    home: Path
    platform: str
    """As `sys.platform` spells it."""

    @property
    def windows(self) -> bool:
        """Whether it runs Windows."""
        return self.platform == "win32"

    @property
    def root(self) -> bool:
        """Whether it is the superuser's home, by its usual places."""
        return self.home.as_posix() in {"/root", "/var/root"}

    @property
    def caches(self) -> Path:
        """The folder for what may be lost."""
        if self.windows:
            return self.local
        if self.platform == "darwin":
            return self.home / "Library" / "Caches"
        return self.xdg("XDG_CACHE_HOME", ".cache")

    @property
    def local(self) -> Path:
        """The folder of a Windows user for data of this machine alone."""
        return next(self.named("LOCALAPPDATA"), self.home / "AppData" / "Local")

    def xdg(self, variable: str, otherwise: str) -> Path:
        """Return a base folder of the XDG specification, by which relative ones do not count."""
        folder = Path(self.environment.get(variable, ""))
        return folder if folder.is_absolute() else self.home / otherwise

    def named(self, *variables: str) -> Iterator[Path]:
        """Yield the folders that variables name, whatever their case, a `~` resolved.

        What a relative one means depends on where a client is called, so it does not count.
        """
        wanted = [variable.casefold() for variable in variables]
        values = {name.casefold(): value for name, value in self.environment.items()}
        for variable in wanted:
            if value := values.get(variable):
                first, *rest = Path(value).parts
                folder = self.home.joinpath(*rest) if first == "~" else Path(value)
                if folder.is_absolute():
                    yield folder


class Client(Struct, frozen=True, kw_only=True):
    """One kind of cache: where it lies, and how it is read."""

    name: str
    places: Callable[[Machine], Iterable[Path]]
    """Returns the folders where it may lie, the likelier first; they need not exist."""
    read: Callable[[Reading], Iterator[LockedPackage]]
    """Yields what a folder is evidence of; notes what cannot be read, and raises nothing of it."""
