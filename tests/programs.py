"""Programs of the system, and libraries, that tests compare with."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

ALL = "AUDIT_TEST_PROGRAMS"
"""Set where every one of them must be there, as in CI: nothing is left out in silence then."""


def needed(name: str) -> str:
    """Return a program's path; without it the test is skipped, or fails where all must be there."""
    path = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if path is None:
        lacking(name)
    return path


def needed_library(name: str) -> None:
    """Skip, or fail, as `needed` does for want of a library that not every machine has."""
    if find_spec(name) is None:
        lacking(name)


def lacking(name: str) -> NoReturn:
    """Skip a test for want of something; fail where all of them must be there."""
    if os.environ.get(ALL):
        pytest.fail(f"{name} is not installed, and {ALL} says that it is")
    pytest.skip(f"{name} is not installed")
