"""Where we say that all is well with a tar archive, npm, pnpm and yarn find the same files in it.

Their own readers are asked: node-tar as npm has it up to 10 and from 11 on, pnpm's, and tar-stream,
which yarn 1 has. The archives are the hostile ones of the tests, and thousands of mutants.
"""

from __future__ import annotations

import base64
import json
import subprocess
import zlib
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.archives import tar
from auditor.limits import Budget
from auditor.model import Member, MemberType
from tests.archives import cases
from tests.fuzz.targets.archives import LIMITS, Row, told
from tests.packer_tools import installed
from tests.programs import needed
from tests.tar_mutants import mutants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.packer

READERS = "tar6@npm:tar@6.2.1 tar7@npm:tar@7.5.22 tar-stream@1.6.2 @pnpm/store.cafs@1000.1.6"
MUTANTS = 8_000
_OF_WHICH_NOTHING_ELSE_IS_TOLD = {MemberType.FILE, MemberType.DIRECTORY, MemberType.SYMLINK}

File = tuple[str, int, int]
"""A name, with the content's size and CRC-32."""


def hostile() -> Iterator[bytes]:
    """Yield the tar archives among the hostile files, unpacked."""
    for case in cases().values():
        if case.group.startswith("tar-"):
            unpack = zlib.decompressobj(31)
            plain = unpack.decompress(case.make(), 1 << 20)
            if not unpack.unconsumed_tail:
                yield plain


def well(data: bytes) -> list[tuple[Member, File]] | None:
    """Return the files of an archive of which nothing at all is told, else None."""
    rows: list[Row] = told(tar.members(iter([data]), Budget(LIMITS), strip=1))
    found = []
    for row in rows:
        member = row[0]
        if (
            not isinstance(member, Member)
            or row[3]
            or member.type not in _OF_WHICH_NOTHING_ELSE_IS_TOLD
            or not is_plain(member.name)
        ):
            return None
        if member.type is MemberType.FILE:
            found.append((member, (member.name, int(str(row[1])), int(str(row[2])))))
    return found


def is_plain(name: str) -> bool:
    """Tell whether it is a name that no rule tells of."""
    parts = name.removesuffix("/").split("/")
    return (
        name.isascii()
        and name.isprintable()
        and "\\" not in name
        and not {"", ".", ".."} & {*parts}
    )


@pytest.fixture(scope="module")
def archives() -> list[bytes]:
    found = [*hostile(), *islice(mutants(1), MUTANTS)]
    kept = [data for data in found if well(data) is not None]
    assert len(kept) > MUTANTS / 20
    return kept


@pytest.fixture(scope="module")
def theirs(archives: list[bytes]) -> Mapping[str, list[list[File] | None]]:
    done = subprocess.run(  # noqa: S603 - node and our own script
        [needed("node"), str(Path(__file__).with_name("read_tars.cjs")), str(installed(READERS))],
        input=json.dumps([base64.b64encode(data).decode() for data in archives]).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    said: dict[str, list[list[File] | None]] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("reader", ["tar6", "tar7", "tar-stream", "pnpm"])
def test_what_they_unpack_we_list_and_they_unpack_all_of_it(
    reader: str, archives: list[bytes], theirs: Mapping[str, list[list[File] | None]]
) -> None:
    compared = 0
    for data, files in zip(archives, theirs[reader], strict=True):
        ours = well(data)
        assert ours is not None
        if files is None:
            continue  # an installation that fails says so
        compared += 1
        # a name that ends with a slash is a folder's, as old tars have them
        seen = {(name, size, sum_) for name, size, sum_ in files if name[-1:] not in {"", "/"}}
        if reader == "pnpm":  # the last one of a name counts, and the root folder is taken off
            last = {member.path: file for member, file in ours}
            assert seen == {(path, file[1], file[2]) for path, file in last.items()}, data
        else:
            assert seen == {file for _, file in ours}, data
    assert compared > len(archives) / 2
