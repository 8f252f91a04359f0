"""What package managers' caches are evidence of, client by client."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from base64 import b32encode, b64encode
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from auditor.sources.caches import pnpm
from tests import distributions
from tests.cache_files import (
    BUCKET,
    HEX,
    HOST,
    REQUEST,
    S512,
    archive,
    berry,
    database,
    described,
    enveloped,
    line,
    read,
    tgz,
    told,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_npm_lists_tarballs_and_no_packuments(tmp_path: Path) -> None:
    scoped = f"{HOST}/download/@s/n/1.0.0/0123abcd"
    write(
        tmp_path,
        {
            BUCKET: line(REQUEST + tgz("axios", "1.14.1"))
            + line(REQUEST + tgz("@s/n", "2.0.0-b.1")),
            "index-v5/00/00/a": line(f"{REQUEST}{HOST}/axios") + line(f"{REQUEST}{HOST}/@s%2fn"),
            "index-v5/00/00/b": line(REQUEST + scoped),
            "index-v5/00/00/c": line(f"{REQUEST}{HOST}/files/some.tgz"),
            "index-v5/00/00/d": line("pacote:tarball:file:../axios-1.14.1"),
            "index-v5/00/00/e": line(f"pacote:version-manifest:{tgz('axios', '1.0.0')}:{S512}"),
            "index-v5/00/00/f": line(REQUEST + tgz("moved", "1.0.0"), status=301),
            "index-v5/00/00/g": line(f"{REQUEST}{HOST}/-/npm/v1/keys"),
        },
    )
    assert told(read(tmp_path, "npm")) == [
        f"index-v5/00/00/b:2 @s/n@1.0.0 from {scoped} sha512-AAA",
        f"index-v5/00/00/c:2 some.tgz@ from {HOST}/files/some.tgz sha512-AAA (url)",
        f"{BUCKET}:2 axios@1.14.1 from {tgz('axios', '1.14.1')} sha512-AAA",
        f"{BUCKET}:3 @s/n@2.0.0-b.1 from {tgz('@s/n', '2.0.0-b.1')} sha512-AAA",
    ]


def test_npm_a_later_line_counts_and_a_removed_entry_was_fetched_all_the_same(
    tmp_path: Path,
) -> None:
    one, two = REQUEST + tgz("one", "1.0.0"), REQUEST + tgz("two", "1.0.0")
    other = "sha512-" + b64encode(b"\1" * 64).decode()
    write(
        tmp_path,
        {
            BUCKET: line(one)
            + line(two)
            + line(one, None)
            + line(two, other)
            + line(REQUEST + tgz("never", "1.0.0"), None)
        },
    )
    inventory = read(tmp_path, "npm")
    assert told(inventory) == [
        f"{BUCKET}:2 one@1.0.0 from {tgz('one', '1.0.0')} sha512-AAA (removed)",
        f"{BUCKET}:5 two@1.0.0 from {tgz('two', '1.0.0')} sha512-AQE",
    ]
    assert dict(inventory.sections) == {"cached": 1, "removed": 1}
    assert [p.line for p in inventory.packages] == [2, 5]


def test_npm_an_entry_that_comes_back_is_no_longer_removed(tmp_path: Path) -> None:
    key = REQUEST + tgz("one", "1.0.0")
    write(tmp_path, {BUCKET: line(key) + line(key, None) + line(key)})
    assert [p.section for p in read(tmp_path, "npm").packages] == ["cached"]


def test_npm_damaged_lines_are_no_evidence_and_are_told(tmp_path: Path) -> None:
    good = line(REQUEST + tgz("good", "1.0.0"))
    write(
        tmp_path,
        {BUCKET: good.replace("good", "evil") + "\njunk\tjunk" + "\n\xff\xfe" + good + good[:60]},
    )
    assert told(read(tmp_path, "npm")) == [
        f"{BUCKET}:5 good@1.0.0 from {tgz('good', '1.0.0')} sha512-AAA",
        f"! {BUCKET}: 4 of its lines are damaged, and skipped as npm skips them",
    ]


def test_npm_logs(tmp_path: Path) -> None:
    log = f"""0 verbose cli node npm
1 http fetch GET 200 {HOST}/axios 25ms (cache miss)
2 http fetch GET 404 {tgz("gone", "1.0.0")} 25ms
3 http fetch GET 200 {tgz("axios", "1.14.1")} 90ms (cache miss)
4 http cache @s/n@{tgz("@s/n", "1.0.0")} 0ms (cache hit)
5 http fetch GET 200 {tgz("axios", "1.14.1")} 90ms (cache miss)
6 silly tarball no local data for x@{tgz("x", "1.0.0")}. Extracting by manifest.
7 http cache {tgz("plain", "1.0.0")} 2ms (cache hit)
"""
    name = "2026-03-31T00_30_00_000Z-debug-0.log"
    write(tmp_path, {name: log, "notes.txt": log})
    assert told(read(tmp_path, "npm-logs")) == [
        f"{name}:4 axios@1.14.1 from {tgz('axios', '1.14.1')}",
        f"{name}:5 @s/n@1.0.0 from {tgz('@s/n', '1.0.0')}",
        f"{name}:8 plain@1.0.0 from {tgz('plain', '1.0.0')}",
    ]


def test_pnpm_9_and_10(tmp_path: Path) -> None:
    index = json.dumps({"name": "@s/n", "version": "1.0.0", "files": {"a": {"size": 1}}})
    write(
        tmp_path,
        {
            f"v3/files/{HEX[:2]}/{HEX[2:]}-index.json": index,
            f"v3/files/ab/{'0' * 126}": "content",
            f"v3/files/cd/{'0' * 126}-index.json": "{}",
            f"v10/index/ab/{'0' * 62}-@s+n@2.0.0-b.1+build.json": "never opened",
            f"v10/index/ab/{'1' * 62}-plain@1.0.0.json": "never opened",
            f"v10/index/ab/{'2' * 62}-https+++h.example.org+o+r+tar.gz+abc.json": index,
            "v10/index/ab/junk": "{}",
            "v10/files/ab/cd": "content",
        },
    )
    at = "v10/index/ab"
    assert told(read(tmp_path, "pnpm")) == [
        f"{at}/{'0' * 62}-@s+n@2.0.0-b.1+build.json @s/n@2.0.0-b.1+build",
        f"{at}/{'1' * 62}-plain@1.0.0.json plain@1.0.0",
        f"{at}/{'2' * 62}-https+++h.example.org+o+r+tar.gz+abc.json @s/n@1.0.0 (url)",
        f"v3/files/{HEX[:2]}/{HEX[2:]}-index.json @s/n@1.0.0 sha512-AAA",
        "! v10/index/ab/junk: is not named as an index",
        f"! v3/files/cd/{'0' * 126}-index.json: has no name and version",
    ]


def test_pnpm_11_keeps_its_index_in_a_database(tmp_path: Path) -> None:
    url = f"{HOST}/files/x.tgz"
    database(
        tmp_path / "v11/index.db",
        [
            f"{S512}\taxios@1.14.1",
            f"{S512}\t@s/n@1.0.0-b.1+build",
            f"{S512}\t{url}",
            "https://h.example.org/o/r/tar.gz/abc\tbuilt",
            "other",
        ],
    )
    inventory = read(tmp_path, "pnpm")
    assert sorted((p.name, p.version, p.resolved, p.integrity) for p in inventory.packages) == [
        ("@s/n", "1.0.0-b.1+build", "", (S512,)),
        ("axios", "1.14.1", "", (S512,)),
        ("x.tgz", "", url, (S512,)),
    ]
    assert inventory.unread == (
        ("v11/index.db", "1 entries are of git hosts, their names and versions not read"),
    )


NAMES = [f"@scope-{number}/{'n' * (number % 150)}x@1.{number}.0" for number in range(400)]


@pytest.mark.parametrize("chunk", [1100, 4096, 5000, 4 * 1024 * 1024])
def test_pnpm_11_every_key_is_found_wherever_reading_stops(
    tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    database(tmp_path / "v11/index.db", [f"{S512}\t{name}" for name in NAMES])
    monkeypatch.setattr(pnpm, "_CHUNK", chunk)
    found = [f"{p.name}@{p.version}" for p in read(tmp_path, "pnpm").packages]
    assert sorted(found) == sorted(NAMES)


def test_pnpm_11_a_key_ends_where_its_record_says(tmp_path: Path) -> None:
    database(tmp_path / "index.db", [f"{S512}\taxios@1.14.1"], data=b"0-text")
    assert [p.version for p in read(tmp_path, "pnpm").packages] == ["1.14.1"]


def test_pnpm_11_bytes_without_a_records_header_are_no_key(tmp_path: Path) -> None:
    write(tmp_path, {"index.db": f"{S512}\taxios@1.14.1", "index.db-wal": f" {S512}\ta@1.0.0"})
    assert told(read(tmp_path, "pnpm")) == []


def test_pnpm_11_what_is_only_in_the_write_ahead_log_counts_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    path = database(tmp_path / "v11/index.db", [f"{S512}\tone@1.0.0"])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute(
            "insert into package_index values (?, ?)", (f"{S512}\ttwo@1.0.0", b"\xd4")
        )
        connection.commit()
        before = {p.name: p.stat().st_mtime_ns for p in path.parent.iterdir()}
        found = {p.name: p.id.partition(":")[0] for p in read(tmp_path, "pnpm").packages}
        assert {p.name: p.stat().st_mtime_ns for p in path.parent.iterdir()} == before
    assert found == {"one": "v11/index.db", "two": "v11/index.db-wal"}


def test_yarn_1(tmp_path: Path) -> None:
    sha1 = bytes(20).hex()
    plain = f"npm-axios-1.14.1-{sha1}-integrity"
    scoped = f"npm-@s-n-x-1.0.0-{sha1}"
    inner = "node_modules/@s-n/x"
    write(
        tmp_path,
        {
            f"{plain}/node_modules/axios/.yarn-metadata.json": described(
                "axios", "9.9.9", resolved=f"{tgz('axios', '1.14.1')}#{sha1}", integrity=S512
            ),
            f"{scoped}/node_modules/@s-n/x/.yarn-metadata.json": described(
                "@s-n/x", "1.0.0", resolved=f"{tgz('@s-n/x', '1.0.0')}#{sha1}", hash=sha1
            ),
            "npm-git-1/node_modules/git/.yarn-metadata.json": described(
                "git", "1.0.0", resolved="git+https://h.example.org/o/r#abc", type="git"
            ),
            "npm-half-1/node_modules/half/package.json": "{}",
            ".tmp/abc/package.json": "{}",
        },
    )
    assert told(read(tmp_path, "yarn")) == [
        f"{scoped}/{inner} @s-n/x@1.0.0 from {tgz('@s-n/x', '1.0.0')}#{sha1} sha1-AAAAA",
        f"{plain}/node_modules/axios axios@1.14.1 from {tgz('axios', '1.14.1')}#{sha1} sha512-AAA",
        "npm-git-1/node_modules/git git@1.0.0 from git+https://h.example.org/o/r#abc (git)",
        "! npm-half-1/node_modules/half: has no .yarn-metadata.json: perhaps it was not finished",
    ]


def test_yarn_4_where_a_name_ends_is_read_from_the_archive(tmp_path: Path) -> None:
    end = "0123456789-10c0.zip"
    write(
        tmp_path,
        {
            f"axios-npm-1.14.1-{end}": "never opened",
            f"not-npm-1-npm-2.0.0-b.1-{end}": berry("not-npm-1"),
            f"@s-n-x-npm-1.0.0-{end}": berry("@s-n/x"),
            f"@s-n-y-npm-1.0.0-{end}": berry("@s/n-y"),
            f"@s-lie-npm-1.0.0-{end}": berry("@other/lie"),
            f"@s-junk-npm-1.0.0-{end}": "junk",
            f"axios-patch-0123456789-{end}": "never opened",
            f"r-https-0123456789-{end}": "never opened",
            "some.zip": "",
            ".gitignore": "",
        },
    )
    assert told(read(tmp_path, "yarn-berry")) == [
        f"@s-n-x-npm-1.0.0-{end} @s-n/x@1.0.0",
        f"@s-n-y-npm-1.0.0-{end} @s/n-y@1.0.0",
        f"axios-npm-1.14.1-{end} axios@1.14.1",
        f"not-npm-1-npm-2.0.0-b.1-{end} not-npm-1@2.0.0-b.1",
        f"r-https-0123456789-{end} r@ (url)",
        *(
            f"! @s-{name}-npm-1.0.0-{end}: its first entries do not say where its name ends"
            for name in ("junk", "lie")
        ),
        "! some.zip: is no archive that is named as yarn names them",
    ]


def test_bun(tmp_path: Path) -> None:
    def manifest(name: str, version: str) -> str:
        return json.dumps({"name": name, "version": version})

    write(
        tmp_path,
        {
            "axios@1.14.1@@@1/package.json": manifest("lie", "0.0.0"),
            "@s/n@1.0.0@@registry.example.org@@@1/package.json": "never opened",
            "pre@1.0.0-0123456789abcdef@@@1/package.json": manifest("pre", "1.0.0-beta.1"),
            "odd@1.0.0-0123456789abcdef@@@1/package.json": manifest("odd", "2.0.0-beta.1"),
            "@GH@o-r-0123abc@@@1/package.json": manifest("r", "3.0.0"),
            "@T@0123abc@@@1/package.json": manifest("t", "4.0.0"),
            "0123456789abcdef.npm": "a packument",
        },
    )
    (tmp_path / "axios").mkdir()
    (tmp_path / "axios/9.9.9@@@1").symlink_to(tmp_path / "axios@1.14.1@@@1")
    assert told(read(tmp_path, "bun")) == [
        "@GH@o-r-0123abc@@@1 r@3.0.0 (git)",
        "@T@0123abc@@@1 t@4.0.0 (url)",
        "@s/n@1.0.0@@registry.example.org@@@1 @s/n@1.0.0",
        "axios@1.14.1@@@1 axios@1.14.1",
        "pre@1.0.0-0123456789abcdef@@@1 pre@1.0.0-beta.1",
        "! odd@1.0.0-0123456789abcdef@@@1: its package.json is of another version",
    ]


def test_deno(tmp_path: Path) -> None:
    capitals = "_" + b32encode(b"JSONStream").decode().rstrip("=").lower()
    write(
        tmp_path,
        {
            "registry.example.org/axios/1.14.1/package.json": "{}",
            "registry.example.org/axios/registry.json": "a packument",
            "registry.example.org/@s/n/1.0.0_1/package.json": "{}",
            f"localhost_4873/{capitals}/1.3.5/package.json": "{}",
        },
    )
    assert told(read(tmp_path, "deno")) == [
        f"localhost_4873/{capitals}/1.3.5 JSONStream@1.3.5",
        "registry.example.org/@s/n/1.0.0_1 @s/n@1.0.0",
        "registry.example.org/axios/1.14.1 axios@1.14.1",
    ]


@pytest.mark.parametrize("client", ["pip", "pipenv"])
def test_pip(client: str, tmp_path: Path) -> None:
    wheel, sdist = archive(tmp_path / "made"), archive(tmp_path / "made", sdist=True)
    origin = {
        "url": f"{HOST}/six-1.16.0.tar.gz",
        "archive_info": {"hash": f"sha256={'0' * 64}", "hashes": {"sha256": "0" * 64}},
    }
    six = "wheels/ab/cd/ef/01/six-1.16.0-py2.py3-none-any.whl"
    folder = write(
        tmp_path / "cache",
        {
            "http-v2/a/b/c/d/e/abcde1": b"cc=4,\x82\xa8response\x86\xa4body\xc4\0\xa7headers\x80",
            "http-v2/a/b/c/d/e/abcde1.body": wheel,
            "http-v2/a/b/c/d/e/abcde2.body": sdist,
            "http-v2/a/b/c/d/e/abcde3.body": "<html>demo_kit-2.0-py3-none-any.whl</html>",
            "http-v2/a/b/c/d/e/abcde4.body": distributions.METADATA,
            "http/a/b/c/d/e/abcde5": enveloped(wheel),
            "http/a/b/c/d/e/abcde6": enveloped(sdist),
            "http/a/b/c/d/e/abcde7": enveloped(b"<html>"),
            six: "never opened",
            "wheels/ab/cd/ef/01/origin.json": json.dumps(origin),
            "wheels/ab/cd/ef/02/r-1.0-py3-none-any.whl": "never opened",
            "wheels/ab/cd/ef/02/origin.json": '{"url": "https://h.example.org/r", "vcs_info": {}}',
            "selfcheck/a": "{}",
        },
    )
    at = "a/b/c/d/e/abcde"
    assert told(read(folder, client)) == [
        f"http-v2/{at}1.body demo_kit@1.0",
        f"http-v2/{at}2.body demo_kit@1.0",
        f"http/{at}5 demo_kit@1.0",
        f"http/{at}6 demo_kit@1.0",
        f"{six} six@1.16.0 from {HOST}/six-1.16.0.tar.gz sha256-AAA",
        "wheels/ab/cd/ef/02/r-1.0-py3-none-any.whl r@1.0 from https://h.example.org/r (git)",
    ]


def test_pip_an_sdist_of_old_is_a_zip_archive(tmp_path: Path) -> None:
    (tmp_path / "http-v2").mkdir()
    with zipfile.ZipFile(tmp_path / "http-v2/a.body", "w") as made:
        made.writestr("demo-kit-1.0/PKG-INFO", "")
    assert told(read(tmp_path, "pip")) == ["http-v2/a.body demo-kit@1.0"]


def test_pip_an_archive_that_is_cut_short_is_told(tmp_path: Path) -> None:
    wheel = archive(tmp_path / "made")
    folder = write(tmp_path / "cache", {"http-v2/a.body": wheel[: len(wheel) // 2]})
    (only,) = told(read(folder, "pip"))
    assert only.startswith("! http-v2/a.body: is a damaged archive: no end record")


def test_uv(tmp_path: Path) -> None:
    def pointer(address: str) -> bytes:
        return b"\x95\xb0\xa6Sha256\xd9@" + b"0" * 64 + b"\0\xf0" + address.encode() + b"\0\0\xff"

    wheel, sdist = f"{HOST}/six-1.16.0-py2.py3-none-any.whl", f"{HOST}/docopt-0.6.2.tar.gz"
    write(
        tmp_path,
        {
            "wheels-v8/pypi/six/1.16.0-py2.py3-none-any.http": pointer(wheel),
            "wheels-v8/pypi/six/1.16.0-py2.py3-none-any.lock": "",
            "wheels-v8/pypi/resolved-only/1.0-py3-none-any.msgpack": wheel,
            "wheels-v8/index/0123/mine/2.0-1-py3-none-any/mine.py": "",
            "wheels-v8/url/0123/local/1.0-py3-none-any.rev": "",
            "wheels-v0/pypi/old/old-1.0-py3-none-any/old.py": "",
            "sdists-v11/pypi/docopt/0.6.2/revision.http": pointer(sdist),
            "sdists-v11/pypi/docopt/0.6.2/abc/docopt-0.6.2-py2.py3-none-any.whl": "",
            "sdists-v11/pypi/half/1.0/.lock": "",
            "sdists-v11/git/0123/4567/proj-0.1.0-py3-none-any.whl": "",
            "sdists-v11/path/0123/abc/here-0.1.0-py3-none-any.whl": "",
            "archive-v0/AAAA/six-1.16.0.dist-info/METADATA": "",
            "archive-v0/BBBB/alone-3.0.dist-info/METADATA": "",
            "simple-v28/pypi/axios.rkyv": wheel,
            "wheels-v8/new/x/1.0-py3-none-any.http": "",
        },
    )
    (tmp_path / "wheels-v8/pypi/six/1.16.0-py2.py3-none-any").symlink_to(
        "../../../archive-v0/AAAA", target_is_directory=True
    )
    assert told(read(tmp_path, "uv")) == [
        "sdists-v11/git/0123/4567/proj-0.1.0-py3-none-any.whl proj@0.1.0 (git)",
        "sdists-v11/path/0123/abc/here-0.1.0-py3-none-any.whl here@0.1.0 (file)",
        f"sdists-v11/pypi/docopt/0.6.2 docopt@0.6.2 from {sdist} sha256-AAA",
        "wheels-v0/pypi/old/old-1.0-py3-none-any old@1.0",
        "wheels-v8/index/0123/mine/2.0-1-py3-none-any mine@2.0",
        f"wheels-v8/pypi/six/1.16.0-py2.py3-none-any six@1.16.0 from {wheel} sha256-AAA",
        "wheels-v8/url/0123/local/1.0-py3-none-any local@1.0 (file)",
        "archive-v0/BBBB/alone-3.0.dist-info alone@3.0",
        "! wheels-v8/new: is a part of uv's cache that is not known here",
    ]


def test_poetry_and_pdm(tmp_path: Path) -> None:
    name = "six-1.16.0-py2.py3-none-any.whl"
    write(tmp_path / "poetry", {f"ab/cd/ef/01/{name}": "", "ab/cd/ef/02/a-b-1.0.tar.gz": ""})
    write(tmp_path / "pdm", {f"packages/{name}.cache/six.py": "", f"wheels/ab/{name}": ""})
    assert told(read(tmp_path / "poetry", "poetry")) == [
        f"ab/cd/ef/01/{name} six@1.16.0",
        "ab/cd/ef/02/a-b-1.0.tar.gz a-b@1.0",
    ]
    assert told(read(tmp_path / "pdm", "pdm")) == [
        f"packages/{name}.cache six@1.16.0",
        f"wheels/ab/{name} six@1.16.0",
    ]


def test_conda_also_lists_what_its_list_says_was_fetched_and_is_gone(tmp_path: Path) -> None:
    gone, here = "gone-1.0-h_0.conda", "here-2.0-py312_1.tar.bz2"
    write(
        tmp_path,
        {
            "urls.txt": f"{HOST}/linux-64/{gone}\n{HOST}/noarch/{here}\njunk\n",
            here: "",
            "here-2.0-py312_1/info/index.json": "",
            "two-words-3.0-0/info/index.json": "",
            "cache/x": "",
            "urls": "",
        },
    )
    assert told(read(tmp_path, "conda")) == [
        f"urls.txt:1 gone@1.0 from {HOST}/linux-64/{gone}",
        f"urls.txt:2 here@2.0 from {HOST}/noarch/{here}",
        "two-words-3.0-0 two-words@3.0",
    ]
