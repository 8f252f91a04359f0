"""Which modules lie in a folder of ours: how plug-ins are found without a list of them.

`pkgutil` tells it of all that Python can import from, and imports `inspect` for that.
"""

from __future__ import annotations

import os


def modules(package: list[str], below: str = "") -> list[str]:
    """Return the names of the modules in a package, or in a folder below it, in order.

    `package` is its `__path__`. Modules that begin with `_`, and packages, are none.
    """
    return sorted(
        name[:-3]
        for name in os.listdir(os.path.join(package[0], below))  # noqa: PTH118, PTH208 - ten times as quick
        if name.endswith(".py") and not name.startswith("_")
    )
