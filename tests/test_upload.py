"""File names, platform tags, URLs, addresses and sizes against what PyPI's upload handler takes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.facts import Contents
from auditor.facts.distribution import DocumentSeen
from auditor.facts.python.file_name import FileNameFact, collect
from auditor.facts.python.upload import UploadFact
from auditor.facts.python.upload import collect as collect_upload
from auditor.model import ArtifactKind, Member
from auditor.pypi import address_problem, takes_platform, url_problem
from tests.often import often


def contents_of(file: str, name: str, version: str, kind: ArtifactKind) -> Contents:
    wheel = kind is ArtifactKind.WHEEL
    stem = "-".join(file.split("-")[:2])
    path = f"{stem}.dist-info/METADATA" if wheel else "PKG-INFO"
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    return Contents(
        kind=kind,
        file=file,
        members=(Member(path=path, name=path, size=len(text)),),
        observations={DocumentSeen: (DocumentSeen(path=path, data=text.encode()),)},
    )


def told(file: str, name: str = "demo-kit", version: str = "1.0") -> list[tuple[str, str]]:
    """Return each problem of a file's name with the name that is expected."""
    kind = ArtifactKind.WHEEL if ".whl" in file else ArtifactKind.SDIST
    return [(fact.kind, fact.expected) for fact in collect(contents_of(file, name, version, kind))]


@pytest.mark.parametrize(
    ("file", "name", "version"),
    [
        ("demo_kit-1.0.tar.gz", "demo-kit", "1.0"),
        ("demo_kit-1.0.tar.gz", "Demo.Kit", "1.0"),
        ("demo_kit-1.0.post1.tar.gz", "Demo__Kit", "1.0-1"),
        ("demo_kit-1.0rc1.tar.gz", "demo-kit", "1.0.rc1"),
        ("demo_kit-1.0-py3-none-any.whl", "Demo-Kit", "1.0"),
        ("demo_kit-1.0-py3-none-any.whl", "demo-kit", "1.0.0"),
        ("demo_kit-1.0-2b-py2.py3-none-any.whl", "demo-kit", "1.0"),
        (
            "demo_kit-1.0-cp311-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "demo-kit",
            "1.0",
        ),
    ],
)
def test_a_name_that_pypi_takes(file: str, name: str, version: str) -> None:
    assert told(file, name, version) == []


@pytest.mark.parametrize(
    ("file", "kind", "expected"),
    [
        ("demo-kit-1.0.tar.gz", "unnormalised", "demo_kit-1.0.tar.gz"),
        ("Demo_Kit-1.0.tar.gz", "unnormalised", "demo_kit-1.0.tar.gz"),
        ("demo_kit-1.0.0.tar.gz", "unnormalised", "demo_kit-1.0.tar.gz"),
        ("demo_kit-1.1.tar.gz", "other-version", "demo_kit-1.0.tar.gz"),
        ("demo_kit-one.tar.gz", "other-version", "demo_kit-1.0.tar.gz"),
        ("demo_kit.tar.gz", "other-version", "demo_kit-1.0.tar.gz"),
        ("demo-1.0.tar.gz", "other-name", "demo_kit-1.0.tar.gz"),
        ("demo_kit-1.0.zip", "extension", "demo_kit-1.0.tar.gz"),
        ("demo_kit-1.0.tar.bz2", "extension", "demo_kit-1.0.tar.gz"),
        ("demo_kit-1.0.TAR.GZ", "extension", "demo_kit-1.0.tar.gz"),
        ("demo\x1f_kit-1.0.tar.gz", "control-character", ""),
        ("demo\\kit-1.0-py3-none-any.whl", "control-character", ""),
        ("Demo_Kit-1.0-py3-none-any.whl", "unnormalised", "demo_kit"),
        ("demo.kit-1.0-py3-none-any.whl", "unnormalised", "demo_kit"),
        ("demo-1.0-py3-none-any.whl", "other-name", "demo_kit"),
        ("demo_kit-1.1-py3-none-any.whl", "other-version", "1.0"),
        ("demo_kit-1.0-x-py3-none-any.whl", "invalid", ""),
        ("demo_kit-1..0-py3-none-any.whl", "invalid", ""),
        ("demo_kit-1.0-py3-none-linux_x86_64.whl", "platform", ""),
        ("demo_kit-1.0-py3-none-any.whl.zip", "extension", ""),
    ],
)
def test_a_name_that_pypi_refuses(file: str, kind: str, expected: str) -> None:
    assert told(file) == [(kind, expected)]


def test_a_name_with_the_wrong_number_of_parts_is_told_by_the_layout() -> None:
    assert told("demo_kit-1.0-any.whl") == []


def test_without_name_and_version_inside_the_rest_is_still_judged() -> None:
    assert told("demo-1.0-py3-none-linux_x86_64.whl", "", "") == [("platform", "")]
    assert told("demo-1.0.zip", "", "") == [("extension", "")]
    assert told("demo-1.0.tar.gz", "", "") == []
    assert told("demo-1.0.tar.gz", "demo", "1" * 5000) == []


@pytest.mark.parametrize("kind", [ArtifactKind.NPM_TARBALL, ArtifactKind.ARCHIVE])
def test_other_artifacts_have_no_such_facts(kind: ArtifactKind) -> None:
    contents = contents_of("demo-1.0.zip", "demo", "2.0", kind)
    assert list(collect(contents)) == []
    assert list(collect_upload(contents)) == []


PARTS = st.sampled_from(
    [*"-._\\\x00 1", "demo", "1.0", "py3", "none", "any", ".whl", ".tar.gz", "é"]
)


@given(
    st.lists(PARTS, max_size=10).map("".join),
    st.lists(PARTS, max_size=3).map("".join),
    st.sampled_from([ArtifactKind.WHEEL, ArtifactKind.SDIST]),
)
@settings(max_examples=often(400), deadline=None)
def test_any_name_is_judged(file: str, name: str, kind: ArtifactKind) -> None:
    for fact in collect(contents_of(file, name, name, kind)):
        assert isinstance(fact, FileNameFact)


# -- single values


@pytest.mark.parametrize(
    "tag",
    (
        "any win32 win_amd64 win_arm64 manylinux1_i686 manylinux2010_x86_64 manylinux2014_s390x "
        "manylinux_2_28_riscv64 manylinux_2_17_ppc64 musllinux_1_2_armv7l linux_armv6l "
        "linux_armv7l "
        "macosx_10_9_universal2 macosx_11_0_arm64 macosx_26_0_x86_64 ios_13_0_arm64_iphoneos "
        "android_24_arm64_v8a pyemscripten_2025_0_wasm32"
    ).split(),
)
def test_a_platform_that_pypi_takes(tag: str) -> None:
    assert takes_platform(tag)


@pytest.mark.parametrize(
    "tag",
    (
        "linux_x86_64 linux_aarch64 win_arm32 manylinux1_aarch64 manylinux2010_armv7l "
        "manylinux_2_17 musllinux_1_2_ppc64 macosx_11_1_arm64 macosx_16_0_arm64 macosx_10_9_arm "
        "macosx_11_0 ios_13_0_arm64 android_24_mips emscripten_3_1_wasm32 wasi_0_0_wasm32 ANY any_"
    ).split(),
)
def test_a_platform_that_pypi_refuses(tag: str) -> None:
    assert not takes_platform(tag)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "http://example.org:65535/a%20b?c=d",
        "HTTPS://EXAMPLE.ORG/ü/{x}",
        "https://user:secret@example.org/",
        "https://[::1]:8080/",
        "https://bad host/",
        "https:",
        "https://example.org/#[a]",
        "https://example.org/[/..",
    ],
)
def test_a_url_that_pypi_takes(url: str) -> None:
    assert url_problem(url) == ""


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "does not begin"),
        ("example.org", "does not begin"),
        ("//example.org/", "does not begin"),
        (" https://example.org/", "does not begin"),
        ("git+https://example.org/", "neither http nor https"),
        ("mailto:jane@example.org", "neither http nor https"),
        ("https://example.org/[a]", "square bracket"),
        ("https://example.org/?a[]=1", "square bracket"),
        ("https://example.org:65536/", "port"),
    ],
)
def test_a_url_that_pypi_refuses(url: str, problem: str) -> None:
    assert problem in url_problem(url)


@pytest.mark.parametrize(
    "address",
    [
        "jane@example.org",
        "jane.doe+tag@mail.example.co",
        "a!#$%&'*+-/=?^_`{|}~b@example.org",
        "j@1.example.org",
        "jane@xn--bcher-kva.example",
        "ren\u00e9@example.org",
        "jane@b\u00fccher.example.org",
        '"jane doe"@example.org',
        f"{'a' * 65}@example.org",
        f"jane@{'a' * 63}.org",
        f"{'a' * 242}@example.org",
    ],
)
def test_an_address_that_pypi_takes_or_that_is_not_judged(address: str) -> None:
    assert address_problem(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "jane",
        "@example.org",
        "jane@",
        "jane doe@example.org",
        ".jane@example.org",
        "jane..doe@example.org",
        "jane@example..org",
        "jane@-example.org",
        "jane@example-.org",
        "jane@ab--c.org",
        "jane@example.org.",
        "jane@exa_mple.org",
        "jane@example",
        "jane@localhost",
        "jane@mail.LOCAL",
        "jane@mail.test",
        "jane@10.0.0.1",
        "jane@[10.0.0.1]",
        "jane@joe@example.org",
        f"jane@{'a' * 64}.org",
        f"jane@{'a.' * 126}org",
        f"{'a' * 243}@example.org",
    ],
)
def test_an_address_that_pypi_refuses(address: str) -> None:
    assert address_problem(address)


# -- sizes


def upload(
    packed: int | None, *sizes: int, file: str = "demo-1.0-py3-none-any.whl"
) -> list[object]:
    kind = ArtifactKind.WHEEL if file.endswith(".whl") else ArtifactKind.SDIST
    members = [Member(path=f"{i}", name=f"{i}", size=size) for i, size in enumerate(sizes)]
    members.append(Member(path="a.zip!b", name="b", size=1_000_000, nested=True))
    contents = Contents(kind=kind, file=file, members=tuple(members), packed=packed)
    found = list(collect_upload(contents))
    assert all(isinstance(fact, UploadFact) for fact in found)
    return [(f.packed, f.unpacked, f.zip, f.ratio) for f in found]


def test_a_ratio_is_rounded_up_so_that_over_means_over() -> None:
    assert upload(100, 2500, 2500) == [(100, 5000, True, 50)]
    assert upload(100, 2500, 2501) == [(100, 5001, True, 51)]


def test_only_zip_archives_have_a_ratio_that_counts() -> None:
    assert upload(100, 100, file="demo-1.0.tar.gz") == [(100, 100, False, 1)]
    assert upload(100, 100, file="demo-1.0.zip") == [(100, 100, True, 1)]


def test_of_a_file_without_a_size_nothing_is_told() -> None:
    assert upload(None, 100) == []
    assert upload(0, 100) == []
