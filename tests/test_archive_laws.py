"""Laws of every archive format and compression: nothing is lost, and no loss is silent."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import brotli
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.archives import walk
from auditor.archives.entry import Loose
from auditor.errors import InputError, MemberError
from auditor.limits import Budget, Limits
from auditor.model import MemberType, Oddity, Unread
from tests import payloads
from tests.often import often

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Files = dict[str, bytes]

NAMES = st.lists(
    st.sampled_from(["a", "b.js", "é", "long" * 30, "d\U0001f600", "x.map"]), min_size=1, max_size=3
).map("/".join)
CONTENTS = st.one_of(st.binary(max_size=40), st.sampled_from([bytes(700), b"let a = 1\n" * 200]))
FILES = st.dictionaries(NAMES, CONTENTS, min_size=1, max_size=5).filter(
    lambda files: (
        not any(other.startswith(f"{name}/") for name in files for other in files if other != name)
    )
)
OFTEN = settings(
    max_examples=often(25),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def tarred(files: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as opened:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            opened.addfile(info, BytesIO(data))
    return out.getvalue()


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as opened:
        for name, data in files.items():
            opened.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def asar(files: Mapping[str, bytes]) -> bytes:
    rows: dict[str, object] = {}
    body = b""
    for name, data in files.items():
        *folders, last = name.split("/")
        place = rows
        for folder in folders:
            below = place.setdefault(folder, {"files": {}})
            assert isinstance(below, dict)
            place = below["files"]
        place[last] = {"size": len(data), "offset": str(len(body))}
        body += data
    return payloads.asar(rows, body)


def framed(data: bytes) -> bytes:
    checksum: dict[int, int] = {zstd.CompressionParameter.checksum_flag: 1}
    return bytes(zstd.compress(data, options=checksum))


def tarred_in(pack: Callable[[bytes], bytes], files: Mapping[str, bytes]) -> bytes:
    return bytes(pack(tarred(files)))


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": partial(gzip.compress, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "Zstandard": framed,
}
"""Those whose content has a checksum."""
FORMATS: dict[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "ustar and pax": tarred,
    "GNU tar": partial(tarred, form=tarfile.GNU_FORMAT),
    "zip": zipped,
    "a zip without compression": partial(zipped, method=zipfile.ZIP_STORED),
    "asar": asar,
    **{f"tar in {name}": partial(tarred_in, pack) for name, pack in COMPRESSIONS.items()},
    "tar in Brotli": partial(tarred_in, brotli.compress),
}
each_format = pytest.mark.parametrize("name", FORMATS)


def read(data: bytes, *, brotli: bool = False) -> tuple[Files, list[str]]:
    """Return what an archive holds, and everything that is said against it."""
    files: Files = {}
    said: list[str] = []
    try:
        for entry in walk(BytesIO(data), Budget(Limits()), strip=0, brotli=brotli):
            if isinstance(entry, Oddity):
                said.append(entry.kind)
            elif isinstance(entry, Unread):
                said.append(entry.reason)
            elif isinstance(entry, Loose):
                said.append(entry.name)
            elif entry[0].type is MemberType.FILE:
                try:
                    files[entry[0].path] = b"".join(entry[1])
                except MemberError as problem:
                    said.append(str(problem))
            elif entry[0].type not in {MemberType.DIRECTORY, MemberType.SYMLINK}:
                said.append(entry[0].type)  # a device or the like, which facts tell
    except InputError as problem:
        said.append(str(problem))
    return files, said


@each_format
@OFTEN
@given(files=FILES)
def test_what_is_packed_is_read_back_and_nothing_is_said_of_it(name: str, files: Files) -> None:
    assert read(FORMATS[name](files), brotli="Brotli" in name) == (files, [])


@each_format
@OFTEN
@given(files=FILES, data=st.data())
def test_a_part_of_an_archive_never_passes_for_a_smaller_one(
    name: str, files: Files, data: st.DataObject
) -> None:
    whole = FORMATS[name](files)
    cut = data.draw(st.integers(0, len(whole) - 1))
    found, said = read(whole[:cut], brotli="Brotli" in name)
    assert said or found == files


@pytest.mark.parametrize("name", COMPRESSIONS)
@OFTEN
@given(files=FILES, data=st.data())
def test_no_byte_of_a_compressed_archive_changes_what_is_read_in_silence(
    name: str, files: Files, data: st.DataObject
) -> None:
    changed = bytearray(COMPRESSIONS[name](tarred(files)))
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= data.draw(st.integers(1, 255))
    found, said = read(bytes(changed))
    assert said or found == files


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@OFTEN
@given(files=FILES, data=st.data())
def test_no_byte_of_a_zip_changes_what_is_read_in_silence(
    method: int, files: Files, data: st.DataObject
) -> None:
    changed = bytearray(zipped(files, method))
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= data.draw(st.integers(1, 255))
    found, said = read(bytes(changed))
    assert said or found == files


@each_format
@OFTEN
@given(files=FILES, behind=st.binary(min_size=1, max_size=600))
def test_nothing_behind_an_archive_is_left_out_in_silence(
    name: str, files: Files, behind: bytes
) -> None:
    _, said = read(FORMATS[name](files) + behind, brotli="Brotli" in name)
    assert said or not behind.strip(b"\0")
