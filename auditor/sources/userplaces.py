"""Where what we keep for this user lies: what can be fetched anew, and what cannot."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_NAME = "release-audit"


def cache() -> Path:
    """Return our folder for what can be made or fetched anew; it need not be there.

    It is `release-audit` in `~/.cache` (or `XDG_CACHE_HOME`) or in `~/Library/Caches`,
    `release-audit/Cache` in `%LOCALAPPDATA%`.
    """
    if known := _of_linux("XDG_CACHE_HOME", ".cache"):
        return known
    from platformdirs import user_cache_path  # noqa: PLC0415 - costs as much as judging a package

    return user_cache_path(_NAME, appauthor=False)


def data() -> Path:
    """Return our folder for what is the user's own; it need not be there.

    It is `release-audit` in `~/.local/share` (or `XDG_DATA_HOME`), in
    `~/Library/Application Support`, or in `%LOCALAPPDATA%`.
    """
    if known := _of_linux("XDG_DATA_HOME", ".local/share"):
        return known
    from platformdirs import user_data_path  # noqa: PLC0415 - see above

    return user_data_path(_NAME, appauthor=False)


def _of_linux(variable: str, below_home: str) -> Path | None:
    """Return what platformdirs would on an ordinary Linux (XDG Base Directory 0.8); else None."""
    if sys.platform != "linux" or "ANDROID_DATA" in os.environ:
        return None
    if (said := os.environ.get(variable, "")).startswith("/"):
        return Path(said, _NAME)
    home = os.environ.get("HOME", "")
    return Path(home, below_home, _NAME) if not said and home.startswith("/") else None
