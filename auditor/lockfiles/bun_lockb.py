"""Bun's older binary lockfile bun.lockb, as the yarn 1 lockfile that bun prints of it.

Only bun reads the binary form (`auditor.sources.bun_lockb` asks it); what is binary still when it
comes here is refused. What bun prints says less than a bun.lock: it has no line for development,
optional and peer dependencies, install scripts, trusted and patched packages, overrides, catalogs,
nor for who got which copy where two dependents ask for the same range. Requirements of workspaces
are there without their kind; those of the project come from package.json alone. Bun 1.1
prints an alias by its real name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from auditor.errors import ParseError
from auditor.lockfiles import Document, Format, yarn_classic
from auditor.lockfiles._npm import MANIFEST

if TYPE_CHECKING:
    from auditor.inventory import Inventory

MAGIC = b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n"
HOW = (
    "`bun install --save-text-lockfile --frozen-lockfile --lockfile-only` makes a bun.lock,"
    " which is read without bun"
)


def read(document: Document) -> Inventory:
    """Read what bun printed of a bun.lockb; raises ParseError for the binary form."""
    if document.data.startswith(MAGIC):
        raise ParseError(f"is bun's binary lockfile, which bun alone reads; {HOW}")
    return replace(yarn_classic.read(document), format=FORMAT.name)


def recognises(head: str) -> bool:
    """Tell the binary form; what bun prints of it is a yarn.lock like others."""
    return head.encode("utf-8", "replace").startswith(MAGIC)


FORMAT = Format(
    name="bun-lockb",
    ecosystem="npm",
    files=("bun.lockb",),
    beside=(MANIFEST,),
    recognises=recognises,
    read=read,
)
