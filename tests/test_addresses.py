"""What an address says: the host that a client connects to, and the package that it names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.addresses import address, conda_named, npm_named, python_named
from tests.often import often

HEX = "0123456789abcdef0123456789abcdef01234567"
REGISTRY = "https://registry.example.org"


@pytest.mark.parametrize(
    ("text", "scheme", "source", "user"),
    [
        ("https://registry.example.org/a", "https", "registry.example.org", False),
        ("HTTPS://Registry.Example.ORG:443/a", "https", "registry.example.org", False),
        ("https://registry.example.org./a", "https", "registry.example.org", False),
        ("https://registry.example.org:8443/a", "https", "registry.example.org:8443", False),
        ("http://registry.example.org:80/a", "http", "registry.example.org", False),
        ("https://registry.example.org@evil.example/a", "https", "evil.example", True),
        ("https://a@b@evil.example/a", "https", "evil.example", True),
        ("https://user:token@registry.example.org/a", "https", "registry.example.org", True),
        ("https://git@git.example.org/o/r.git", "https", "git.example.org", False),
        ("https://evil.example\\@registry.example.org/a", "https", "evil.example", False),
        ("https:\\\\evil.example/a", "https", "evil.example", False),
        ("https:/evil.example/a", "https", "evil.example", False),
        ("https:evil.example/a", "https", "evil.example", False),
        (" ht\ttps://evil.\nexample/a", "https", "evil.example", False),
        ("https://evil.example?registry.example.org/", "https", "evil.example", False),
        ("https://evil.example#registry.example.org/", "https", "evil.example", False),
        ("https://%65vil.example/a", "https", "evil.example", False),
        ("https://\uff45vil.example/a", "https", "evil.example", False),
        ("https://registry.ex\u0430mple.org/a", "https", "registry.ex\u0430mple.org", False),
        ("https://[::1]:4873/a", "https", "[::1]:4873", False),
        ("https://[::1]/a", "https", "[::1]", False),
        ("https://${REGISTRY}/a", "https", "", False),
        ("git+ssh://git@git.example.org/o/r.git#x", "git+ssh", "git.example.org", False),
        ("git+ssh://me:secret@git.example.org/o/r.git", "git+ssh", "git.example.org", True),
        ("git@git.example.org:o/r.git#x", "git", "git.example.org", False),
        ("github:o/r#x", "github", "github.com", False),
        ("file:../a.tgz", "file", "", False),
        ("../a.tgz", "", "", False),
        ("C:\\a\\b.tgz", "", "", False),
        ("name@npm:1.0.0", "", "", False),
        ("", "", "", False),
    ],
)
def test_the_host_is_the_one_that_a_client_asks(
    text: str,
    scheme: str,
    source: str,
    user: bool,  # noqa: FBT001
) -> None:
    found = address(text)
    assert (found.scheme, found.source, found.user) == (scheme, source, user)
    assert "secret" not in found.shown
    assert "token" not in found.shown


@pytest.mark.parametrize(
    ("text", "git", "pin"),
    [
        (f"git+https://git.example.org/o/r.git#{HEX}", True, "commit"),
        (f"git@git.example.org:o/r.git#commit={HEX}", True, "commit"),
        (f"git+https://git.example.org/o/r.git@{HEX}#egg=r&subdirectory=x", True, "commit"),
        (f"git+https://git.example.org/o/r.git#{HEX}{HEX[:24]}", True, "commit"),
        (f"https://codeload.github.com/o/r/tar.gz/{HEX}", True, "commit"),
        (f"https://github.com/o/r/archive/{HEX}.tar.gz", True, "commit"),
        (f"https://api.github.com/repos/o/r/tarball/{HEX}", False, "moving"),
        (f"https://gitlab.com/o/r/-/archive/{HEX}/r.tar.gz", True, "commit"),
        (f"https://gitlab.com/o/r/repository/archive.tar.gz?ref={HEX}", True, "commit"),
        (f"https://bitbucket.org/o/r/get/{HEX}.tar.gz", True, "commit"),
        ("github:o/r#abcdef1", True, "abbreviated"),
        ("git+https://git.example.org/o/r.git#main", True, "moving"),
        ("git+https://git.example.org/o/r.git#semver:^1", True, "moving"),
        ("git+https://git.example.org/o/r.git@v1", True, "moving"),
        ("git://git.example.org/o/r", True, "moving"),
        ("https://github.com/o/r/archive/v1.0.0.tar.gz", True, "moving"),
        (f"https://github.com/o/r#{HEX}", False, "commit"),
        (f"{REGISTRY}/a/-/a-1.0.0.tgz", False, "moving"),
    ],
)
def test_a_repository_is_pinned_by_the_whole_commit(text: str, git: bool, pin: str) -> None:  # noqa: FBT001
    found = address(text)
    assert (found.git, found.pin) == (git, pin)


@pytest.mark.parametrize(
    ("path", "name", "said"),
    [
        ("/a/-/a-1.0.0.tgz", "a", ("a", "1.0.0")),
        ("/@s/a/-/a-1.0.0.tgz", "@s/a", ("@s/a", "1.0.0")),
        ("/@s%2fa/-/a-1.0.0-rc.1.tgz", "@s/a", ("@s/a", "1.0.0-rc.1")),
        ("/@s/a/-/@s/a-1.0.0.tgz", "@s/a", ("@s/a", "1.0.0")),
        ("/api/npm/all/@s/a/-/a-1.0.0.tgz?x=1#abc", "@s/a", ("@s/a", "1.0.0")),
        ("/a-1/-/a-1-2.0.0.tgz", "a-1", ("a-1", "2.0.0")),
        ("/a/../b/-/b-1.0.0.tgz", "a", ("b", "1.0.0")),
        ("/a/%2e%2e/b/-/b-1.0.0.tgz", "a", ("b", "1.0.0")),
        ("/a/..%2fb/-/b-1.0.0.tgz", "a", ("b", "1.0.0")),
        ("/a/-/b-1.0.0.tgz", "a", ("b", "1.0.0")),
        ("/a/-/../../b/-/b-1.0.0.tgz", "a", ("b", "1.0.0")),
        ("/-/-/--1.0.0.tgz", "-", ("-", "1.0.0")),
        ("/download/@s/a/1.0.0/0123abcd", "@s/a", ("@s/a", "1.0.0")),
        ("/download/a/1.0.0/0123abcd", "a", ("a", "1.0.0")),
        ("/~/11/@jsr/s__a/1.0.0.tgz", "@jsr/s__a", ("@jsr/s__a", "1.0.0")),
        ("/files/a-1.0.0.tgz", "@s/a", ("@s/a", "1.0.0")),
        ("/files/a-latest.tgz", "a", ("", "")),
        ("/files/latest.tgz", "a", ("", "")),
        ("/a/-/latest", "a", ("", "")),
        ("", "a", ("", "")),
    ],
)
def test_the_npm_package_that_an_address_names(path: str, name: str, said: tuple[str, str]) -> None:
    named = npm_named(address(REGISTRY + path), name)
    assert (named.name, named.version) == said


@pytest.mark.parametrize(
    ("file", "name", "said"),
    [
        ("blinker-1.9.0-py3-none-any.whl", "blinker", ("blinker", "1.9.0")),
        ("a_b-1.0-2-cp311-cp311-linux_x86_64.whl", "a-b", ("a_b", "1.0")),
        ("blinker-1.9.0.tar.gz", "blinker", ("blinker", "1.9.0")),
        ("a-b-1.0.zip", "a-b", ("a-b", "1.0")),
        ("a-1.0-1.tar.gz", "a", ("a", "1.0-1")),
        ("evil-1.0.tar.gz", "a", ("evil", "1.0")),
        ("evil-tool-1.0.tar.gz", "a", ("evil-tool", "1.0")),
        (f"{REGISTRY}/packages/ab/cd/a%2Db-1.0.tar.gz#sha256=0", "a-b", ("a-b", "1.0")),
        ("a.exe", "a", ("", "")),
        ("", "a", ("", "")),
    ],
)
def test_the_project_that_a_file_is_named_after(
    file: str, name: str, said: tuple[str, str]
) -> None:
    named = python_named(file, name)
    assert (named.name, named.version) == said


def test_a_conda_file_names_package_and_version() -> None:
    named = conda_named(address("https://conda.example.org/linux-64/a-b-1.0-py311_0.conda"))
    assert (named.name, named.version) == ("a-b", "1.0")


@given(st.text(max_size=200) | st.text(alphabet="htps:/@\\?#%2e.-~[]${}git+", max_size=200))
@settings(max_examples=often(500), deadline=None)
def test_any_text_is_taken_apart(text: str) -> None:
    for one in (text, f"https://{text}", f"https://h/{text}.tgz", f"git+ssh://{text}"):
        found = address(one)
        npm_named(found, text)
        conda_named(found)
        python_named(one, "a")
        assert ".." not in found.path
        assert found.pin in {"commit", "abbreviated", "moving"}
