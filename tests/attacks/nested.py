"""Archives in archives: everything above, one level further in, and levels without an end."""

from __future__ import annotations

import bz2
import lzma

from tests.archives import SDIST, WHEEL, attack, sound
from tests.attacks._packages import KEY, MAP, npm, sdist, wheel
from tests.tar_bytes import END, archive, file, gnu_sparse, gz
from tests.zip_bytes import DEFLATED, Entry, descriptor, zipped, zstd_packed

AMBIGUOUS = "ambiguous-archive"
NESTED = "nested-archive"
INNER = archive(file(b"lib/a.js.map", MAP))
LEAK = "embedded-sources"
NOT_READ = "not looked into: {} archives are not read"


def holding(name: bytes, data: bytes) -> bytes:
    """Return a package that has these bytes as a file."""
    return npm(file(b"package/" + name, data))


@attack(1, [(NESTED, "in.tgz"), (LEAK, "in.tgz!lib/a.js.map")])
def tarball_in_a_tarball() -> bytes:
    """A map in an archive in the package."""
    return holding(b"in.tgz", gz(INNER))


@attack(1, [(LEAK, "data.bin!lib/a.js.map")])
def archive_without_a_telling_name() -> bytes:
    """The content tells what it is."""
    return holding(b"data.bin", gz(INNER))


@attack(1, [(LEAK, "data.txt!lib/a.js.map")])
def plain_tar_without_a_telling_name() -> bytes:
    """A tar without compression."""
    return holding(b"data.txt", INNER)


@attack(1, [(NESTED, "in.zip"), (LEAK, "in.zip!a.js.map")])
def zip_in_a_tarball() -> bytes:
    """A zip in the package."""
    return holding(b"in.zip", zipped([Entry(name=b"a.js.map", data=MAP)]))


@attack(1, [(LEAK, "tool.exe!a.js.map"), (AMBIGUOUS, "tool.exe")])
def zip_behind_a_program() -> bytes:
    """A self-extracting archive begins as a program does."""
    inner = Entry(name=b"a.js.map", data=MAP, method=DEFLATED)
    return holding(b"tool.exe", zipped([inner], head=b"MZ" * 40))


@attack(1, [(LEAK, "a.js.map.gz!a.js.map")])
def gzip_of_one_file() -> bytes:
    """A compressed file that is no archive."""
    return holding(b"a.js.map.gz", gz(MAP))


@attack(
    1,
    [
        (LEAK, "a.js.map.bz2!a.js.map"),
        (LEAK, "b.js.map.xz!b.js.map"),
        (LEAK, "c.js.map.zst!c.js.map"),
    ],
)
def one_file_in_three_formats() -> bytes:
    """bzip2, xz and Zstandard of single files."""
    return npm(
        file(b"package/a.js.map.bz2", bz2.compress(MAP)),
        file(b"package/b.js.map.xz", lzma.compress(MAP)),
        file(b"package/c.js.map.zst", zstd_packed(MAP)),
    )


@attack(1, [(NESTED, "in.tgz"), (LEAK, "in.tgz!in.zip!in.tar!lib/a.js.map")])
def three_levels() -> bytes:
    """As deep as we go."""
    inner = zipped([Entry(name=b"in.tar", data=INNER)])
    return holding(b"in.tgz", gz(archive(file(b"in.zip", inner))))


@attack(
    3,
    [(NESTED, "a.tgz")],
    [
        (
            "a.tgz!a.tgz!a.tgz!a.tgz: not looked into: limit nesting of 3 met (found at least 4);"
            " raise it with --limit nesting=N"
        )
    ],
)
def forty_levels() -> bytes:
    """Levels without an end: the fourth is not looked into, and that is said."""
    data = gz(INNER)
    for _ in range(40):
        data = gz(archive(file(b"a.tgz", data)))
    return holding(b"a.tgz", data)


@attack(
    3,
    [(NESTED, "in.tgz"), (LEAK, "in.tgz!lib/a.js.map")],
    ["in.tgz: not read to the end: cut short: the compressed stream has no end"],
)
def nested_archive_that_is_cut_short() -> bytes:
    """What comes behind it in the package is read."""
    return npm(file(b"package/in.tgz", gz(INNER)[:-4]), file(b"package/late.js", b"1"))


@attack(1, [(NESTED, "in.tgz"), (AMBIGUOUS, "in.tgz!late.js")])
def nested_member_behind_the_end() -> bytes:
    """What is odd inside is told with the whole path."""
    return holding(b"in.tgz", gz(archive(file(b"a.js", b"1")) + archive(file(b"late.js", b"1"))))


@attack(
    1,
    [
        (NESTED, "in.tgz"),
        (AMBIGUOUS, "in.tgz"),
        ("private-key", "in.tgz"),
        ("private-key", "in.tgz!(behind the archive)"),
    ],
)
def private_key_behind_a_nested_archive() -> bytes:
    """Bytes behind a nested stream."""
    return holding(b"in.tgz", gz(INNER.replace(MAP, b" " * len(MAP))) + KEY)


@attack(1, [(NESTED, "in.tgz"), ("special-member", "in.tgz!s")])
def nested_sparse_member() -> bytes:
    """Holes in an archive in the package."""
    return holding(b"in.tgz", gz(archive(gnu_sparse(b"s", b"data", claimed=100))))


@attack(1, [(NESTED, "in.tgz"), ("archive-path-escape", "in.tgz!../../evil.js")])
def nested_path_that_climbs_out() -> bytes:
    """A path that leads out of whatever unpacks the inner archive."""
    return holding(b"in.tgz", gz(archive(file(b"../../evil.js", b"1"))))


@attack(1, [(NESTED, "in.tgz"), ("link-escape", "in.tgz!l")])
def nested_link_that_leads_out() -> bytes:
    """A link in the inner archive."""
    return holding(b"in.tgz", gz(archive(file(b"l", type=b"2", link=b"/etc/passwd"))))


@attack(1, [(NESTED, "in.tgz"), ("duplicate-member", "in.tgz!a.js")])
def nested_name_twice() -> bytes:
    """Two members of one name in the inner archive."""
    return holding(b"in.tgz", gz(archive(file(b"a.js", b"1"), file(b"a.js", b"2"))))


@attack(
    1,
    [
        (NESTED, "in.zip"),
        (AMBIGUOUS, "in.zip"),
        (LEAK, "in.zip!b.js.map"),
        (AMBIGUOUS, "in.zip!b.js.map"),
    ],
)
def nested_entry_that_is_not_listed() -> bytes:
    """An entry that the inner directory does not list."""
    hidden = Entry(name=b"b.js.map", data=MAP, listed=False)
    inner = zipped([hidden, Entry(name=b"a.js", data=b"1")], tail=b"more")
    return holding(b"in.zip", inner)


@attack(3, [(NESTED, "in.zip")], ["in.zip!a.py: not looked into: the entry is encrypted"])
def nested_entry_that_is_encrypted() -> bytes:
    """What nobody can look into is a gap with the whole path."""
    return holding(b"in.zip", zipped([Entry(name=b"a.py", data=b"1", flags=1)]))


@attack(1, [(NESTED, "in.zip"), ("private-key", "in.zip"), ("private-key", "in.zip!k.pem")])
def nested_zip_whose_sizes_stand_behind() -> bytes:
    """A streamed zip in a package is ordinary, and read."""
    local: dict[str, int | bytes] = {"crc": 0, "packed": 0, "size": 0}
    entry = Entry(name=b"k.pem", data=KEY, flags=8, local=local, descriptor=descriptor(KEY, KEY))
    return holding(b"in.zip", zipped([entry]))


@attack(3, [(NESTED, "in.7z")], [f"in.7z: {NOT_READ.format('7z')}"])
def nested_7z() -> bytes:
    """A format that we do not read."""
    return holding(b"in.7z", b"7z\xbc\xaf\x27\x1c" + bytes(60))


@attack(3, [], [f"data.bin: {NOT_READ.format('RAR')}"])
def nested_rar_without_a_telling_name() -> bytes:
    """Another, by its first bytes."""
    return holding(b"data.bin", b"Rar!\x1a\x07\x01\0" + bytes(60))


@attack(3, [(NESTED, "in.deb")], [f"in.deb: {NOT_READ.format('Debian')}"])
def nested_debian_package() -> bytes:
    """A package of a distribution."""
    return holding(b"in.deb", b"!<arch>\ndebian-binary   " + b"0" * 100)


@attack(3, [], [f"data.cab: {NOT_READ.format('cabinet')}"])
def nested_cabinet() -> bytes:
    """A cabinet of Windows."""
    return holding(b"data.cab", b"MSCF" + bytes(60))


@attack(3, [], [f"data.cpio: {NOT_READ.format('cpio')}"])
def nested_cpio() -> bytes:
    """A cpio of hexadecimal digits."""
    return holding(b"data.cpio", b"070701" + b"0" * 104 + b"TRAILER!!!\0")


@attack(3, [], [f"data.lz: {NOT_READ.format('lzip')}"])
def nested_lzip() -> bytes:
    """A stream of lzip."""
    return holding(b"data.lz", b"LZIP\x01" + bytes(60))


@attack(3, [], [f"data.lzma: {NOT_READ.format('LZMA')}"])
def nested_lzma() -> bytes:
    """A stream of LZMA without a container."""
    return holding(b"data.lzma", lzma.compress(MAP, format=lzma.FORMAT_ALONE))


@attack(3, [], [f"data.Z: {NOT_READ.format('compress (.Z)')}"])
def nested_compress() -> bytes:
    """A stream of the oldest tool."""
    return holding(b"data.Z", b"\x1f\x9d\x90" + bytes(60))


@attack(1, [(NESTED, "demo_kit/in.tgz"), (LEAK, "demo_kit/in.tgz!lib/a.js.map")], file=WHEEL)
def tarball_in_a_wheel() -> bytes:
    """A tarball as the data of a wheel."""
    return wheel(Entry(name=b"demo_kit/in.tgz", data=gz(INNER)))


@attack(1, [(NESTED, "in.whl"), (LEAK, "in.whl!demo_kit/a.js.map")], file=SDIST)
def wheel_in_an_sdist() -> bytes:
    """A wheel that ships with the source."""
    inner = wheel(Entry(name=b"demo_kit/a.js.map", data=MAP))
    return sdist(file(b"demo_kit-1.0.0/in.whl", inner))


@sound()
def gzip_of_end_blocks() -> bytes:
    """A stream of zeros is a file of zeros."""
    return holding(b"data.bin", gz(END))
