"""Archives that nothing is wrong with: what must never be found."""

from __future__ import annotations

from tests.archives import SDIST, WHEEL, sound
from tests.attacks._packages import npm, sdist, wheel


@sound()
def plain_npm_package() -> bytes:
    """A package as npm packs it."""
    return npm()


@sound(file=WHEEL)
def plain_wheel() -> bytes:
    """A wheel as a backend writes it."""
    return wheel()


@sound(file=SDIST)
def plain_sdist() -> bytes:
    """An sdist as a backend writes it."""
    return sdist()
