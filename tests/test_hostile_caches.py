"""Caches that no client has written: nothing raises, nothing is followed, nothing is silent."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from auditor.sources import caches
from auditor.sources.caches import _reading
from tests.cache_files import (
    BUCKET,
    HEX,
    HOST,
    REQUEST,
    S512,
    berry,
    described,
    line,
    read,
    tgz,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cache_files import Files

SOUND: dict[str, Files] = {
    "npm": {BUCKET: line(REQUEST + tgz("axios", "1.14.1"))},
    "npm-logs": {"a-debug-0.log": f"1 http fetch GET 200 {tgz('axios', '1.14.1')} 1ms"},
    "pnpm": {f"v3/files/{HEX[:2]}/{HEX[2:]}-index.json": '{"name": "axios", "version": "1.14.1"}'},
    "yarn": {"npm-axios/node_modules/axios/.yarn-metadata.json": described("axios", "1.14.1")},
    "yarn-berry": {"@s-n-npm-1.0.0-0123456789-10c0.zip": berry("@s/n")},
    "bun": {"a@1.0.0-01@@@1/package.json": '{"name": "a", "version": "1.0.0-beta.1"}'},
    "deno": {"registry.example.org/axios/1.14.1/package.json": "{}"},
    "pip": {
        "wheels/ab/six-1.16.0-py2.py3-none-any.whl": "",
        "wheels/ab/origin.json": '{"url": "x", "archive_info": {"hash": "sha256=00"}}',
    },
    "uv": {
        "wheels-v8/pypi/six/1.16.0-py2.py3-none-any.http": f"Sha256\u00d9@{'0' * 64}",
        "sdists-v11/pypi/six/1.0/revision.http": f"{HOST}/six-1.0.tar.gz",
    },
    "poetry": {"ab/cd/ef/01/six-1.16.0-py2.py3-none-any.whl": ""},
    "pdm": {"packages/six-1.16.0-py2.py3-none-any.whl.cache/six.py": ""},
    "conda": {"urls.txt": f"{HOST}/noarch/six-1.16.0-py_0.conda\n"},
}
SOUND["pipenv"] = SOUND["pip"]
BENT: dict[str, str | bytes] = {
    "empty": b"",
    "zeros": bytes(5000),
    "no text": b"\xff\xfe\xd8\0\n\t" * 50,
    "deep": "[" * 100_000,
    "deep in an object": '{"name": ' * 100_000,
    "another shape": '{"name": 1, "version": [], "manifest": 1, "key": {}, "url": 1}',
    "zip": b"PK\x03\x04" + b"\xff" * 200,
    "zip, ended": b"PK\x03\x04" + bytes(40) + b"PK\x05\x06" + b"\xff" * 18,
    "gzip": b"\x1f\x8b\x08" + b"\xff" * 200,
    "envelope": b"cc=4,\x82\xa8response\x86\xa4body\xc6\xff\xff\xff\xffPK\x03\x04",
    "envelope, cut": b"cc=4,\x82\xa8response\x86\xa4body\xc6\xff",
    "database": b"\x05\x81\x7d\x0c\x0c" + f"{S512}\ta".encode() + b"\x05\xff\x7f" * 99,
    "digests": '{"archive_info": {"hash": "sha256=xyz", "hashes": {"md5": "not hex"}}}',
}
"""Contents that no client writes."""


def test_each_client_is_tried_with_what_it_is_not_made_for() -> None:
    assert SOUND.keys() == caches.clients().keys()


@pytest.mark.parametrize("client", SOUND)
def test_a_sound_cache_is_read_without_a_gap(client: str, tmp_path: Path) -> None:
    inventory = read(write(tmp_path, SOUND[client]), client)
    assert inventory.packages
    assert inventory.unread == ()
    assert inventory.format == f"{client}-cache"
    assert len({p.id for p in inventory.packages}) == len(inventory.packages)


@pytest.mark.parametrize("client", SOUND)
@pytest.mark.parametrize("bent", BENT)
def test_no_content_of_a_file_raises(client: str, bent: str, tmp_path: Path) -> None:
    extra = ["http/a", "http-v2/a.body", "index.db", "index.db-wal", "index/a/b-c.json"]
    files = {**dict.fromkeys([*SOUND[client], *extra], BENT[bent])}
    inventory = read(write(tmp_path, files), client)
    assert all(package.name and package.id for package in inventory.packages)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
@pytest.mark.parametrize("client", sorted(SOUND.keys() - {"npm-logs", "yarn-berry", "conda"}))
def test_a_folder_that_is_a_link_is_not_read(client: str, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", SOUND[client])
    folder = write(tmp_path / "cache", {})
    folder.mkdir()
    for top in outside.iterdir():
        (folder / top.name).symlink_to(top, target_is_directory=True)
    inventory = read(folder, client)
    assert inventory.packages == ()
    # bun links from a folder of each name, so there a link is nothing to tell
    assert {reason for _, reason in inventory.unread} == {"is a link, and not followed"}


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
@pytest.mark.parametrize("client", sorted(SOUND.keys() - {"deno", "pdm", "uv"}))
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_file_that_is_a_link_or_a_pipe_is_not_read(
    client: str, kind: str, tmp_path: Path
) -> None:
    outside = write(tmp_path / "outside", SOUND[client])
    folder = tmp_path / "cache"
    for name in SOUND[client]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if kind == "link":
            (folder / name).symlink_to(outside / name)
        else:
            os.mkfifo(folder / name)
    inventory = read(folder, client)
    assert inventory.packages == ()
    assert inventory.unread


def test_a_file_that_is_too_large_is_told(tmp_path: Path) -> None:
    write(tmp_path, SOUND["npm"])
    path = tmp_path / "index-v5/00/00/huge"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(_reading.LARGEST + 1)
    inventory = read(tmp_path, "npm")
    assert [p.name for p in inventory.packages] == ["axios"]
    assert inventory.unread == (("index-v5/00/00/huge", f"larger than {_reading.LARGEST:,} bytes"),)


def test_folders_deeper_than_the_client_makes_them_are_told(tmp_path: Path) -> None:
    write(tmp_path, {"index-v5/a/b/c/d/e/f": "x"})
    assert read(tmp_path, "npm").unread == (
        ("index-v5/a/b/c", "lies deeper than the client puts anything"),
    )


def test_a_bound_on_packages_is_told(tmp_path: Path) -> None:
    write(tmp_path, {f"a{i}@1.0.0@@@1/package.json": "{}" for i in range(5)})
    inventory = read(tmp_path, "bun", members=3)
    assert [p.name for p in inventory.packages] == ["a0", "a1", "a2"]
    assert inventory.unread == (("", "3 packages and perhaps more: the rest is not read"),)


def test_a_bound_on_files_is_told_and_what_was_found_before_stands(tmp_path: Path) -> None:
    write(tmp_path, {f"index-v5/00/00/{i:02}": "" for i in range(30)})
    write(tmp_path, {f"index-v5/01/00/{i:02}": "" for i in range(30)})
    write(tmp_path, {"index-v5/00/00/00": line(REQUEST + tgz("axios", "1.14.1"))})
    inventory = read(tmp_path, "npm", members=2)
    assert [p.name for p in inventory.packages] == ["axios"]
    assert inventory.unread == (("", "more than 40 files and folders: the rest is not read"),)


def test_many_notes_become_one(tmp_path: Path) -> None:
    write(tmp_path, {f"index-v5/00/{i:03}/x": "\njunk" for i in range(150)})
    unread = read(tmp_path, "npm").unread
    assert len(unread) == 101
    assert unread[-1] == ("", "50 more parts of it cannot be read")


def test_a_folder_that_cannot_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refused)
    assert read(tmp_path, "bun").unread == (("", "cannot be listed: Permission denied"),)
