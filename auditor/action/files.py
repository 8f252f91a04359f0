"""What a step leaves for GitHub: outputs and the summary, in the files that the runner names."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PRIVATE = frozenset(
    {
        "GITHUB_OUTPUT",
        "GITHUB_ENV",
        "GITHUB_PATH",
        "GITHUB_STATE",
        "GITHUB_STEP_SUMMARY",
        "ACTIONS_RUNTIME_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
    }
)
"""Variables that scripts of a project have no use for while it is packed.

It is no wall: what runs in a job can find the runner's files. It keeps what writes there by habit,
such as a release script, from doing so in our step.
"""


def rendered(values: Mapping[str, str]) -> str:
    """Return outputs as the runner reads them; with a random mark no value can end itself."""
    found = []
    for name, value in values.items():
        mark = f"end_{secrets.token_hex(16)}"
        found.append(f"{name}<<{mark}\n{value}\n{mark}\n")
    return "".join(found)


def append(file: Path, text: str) -> None:
    """Append a text to a file of the runner."""
    with file.open("a", encoding="utf-8", newline="\n") as out:
        out.write(text)
