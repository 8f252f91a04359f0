"""What asks a registry: over which connections, with which certificates, and led to where."""

from __future__ import annotations

import ipaddress
import socket
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from auditor import bases
from auditor.bases import Base
from auditor.errors import InputError
from auditor.limits import Limits
from auditor.sources import peers, transport
from auditor.sources.configured import Configured
from auditor.sources.peers import Guard, Kind, kind_of
from auditor.sources.transport import Transport
from tests.a_registry import Served, send, served

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    Start = Callable[..., Served]

JSON = "application/json"
SHOWN = "Bearer tell-nobody"


@pytest.fixture
def start() -> Iterator[Start]:
    servers = []

    def one(address: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> Served:
        state = Served()
        servers.append(served(state, address, context))
        return state

    yield one
    for server in servers:
        server.shutdown()
        server.server_close()


def base(url: str, **more: Any) -> Base:  # noqa: ANN401 - fields
    return Base(url=f"{url}/", host="the host", **more)


def document(where: Base, path: str = "a") -> bytes | None:
    return Transport().document(where, path, JSON)


def refused(where: Base, path: str = "a") -> str:
    with pytest.raises(InputError) as caught:
        document(where, path)
    return str(caught.value)


def file(asked: Transport, where: Base, url: str, folder: Path) -> bytes:
    place = folder / "file"
    with place.open("wb") as out:
        assert asked.file(where, url, out, Limits())
    return place.read_bytes()


# certificates


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return path


def context(authority: trustme.CA, *names: str, days: int = 30) -> ssl.SSLContext:
    import ssl  # noqa: PLC0415 - a type above

    until = datetime.now(UTC) + timedelta(days=days)
    certificate = authority.issue_cert(
        *names, not_before=until - timedelta(days=60), not_after=until
    )
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


def secure(here: Served) -> str:
    return here.url.replace("http:", "https:")


def test_a_bundle_of_the_environment_is_trusted(
    start: Start, authority: trustme.CA, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = start(context=context(authority, "127.0.0.1"))
    here.answers["/a"] = b"{}"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    assert document(base(secure(here))) == b"{}"


@pytest.mark.parametrize(
    ("names", "days", "is_trusted", "reason"),
    [
        (("127.0.0.1",), 30, False, "has a certificate that is not trusted (REQUESTS_CA_BUNDLE"),
        (("127.0.0.2",), 30, True, "has a certificate for another host"),
        (("registry.example.org",), 30, True, "has a certificate for another host"),
        (("127.0.0.1",), -1, True, "has a certificate that has expired"),
        (("127.0.0.1",), 90, True, "has a certificate that is not valid yet"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(  # noqa: PLR0913, PLR0917 - fixtures
    start: Start,
    authority: trustme.CA,
    trusted: Path,
    names: tuple[str, ...],
    days: int,
    is_trusted: bool,  # noqa: FBT001 - of a table
    reason: str,
) -> None:
    here = start(context=context(authority, *names, days=days))
    said = refused(base(secure(here), authorities=str(trusted) if is_trusted else ""))
    assert said.startswith(reason)
    assert here.asked == []


def test_a_name_of_another_host_is_said(start: Start, authority: trustme.CA, trusted: Path) -> None:
    here = start(context=context(authority, "registry.example.org"))
    where = base(secure(here).replace("127.0.0.1", "localhost"), authorities=str(trusted))
    assert refused(where) == "has a certificate for another host"


def test_what_speaks_no_tls_is_not_said_to_have_a_bad_certificate(start: Start) -> None:
    here = start()
    assert refused(base(secure(here))) == "does not speak TLS as it should"


@pytest.mark.parametrize(
    ("ecosystem", "settings"),
    [
        ("npm", {".npmrc": "registry={url}\ncafile={file}\n"}),
        ("npm", {".npmrc": "registry={url}\n", "npm_config_cafile": "{file}"}),
        ("pypi", {".config/pip/pip.conf": "[global]\nindex-url = {url}\ncert = {file}\n"}),
        ("pypi", {"PIP_INDEX_URL": "{url}", "PIP_CERT": "{file}"}),
    ],
)
def test_a_client_s_own_authorities_are_trusted(  # noqa: PLR0913, PLR0917 - fixtures
    start: Start,
    authority: trustme.CA,
    trusted: Path,
    tmp_path: Path,
    ecosystem: str,
    settings: dict[str, str],
) -> None:
    here = start(context=context(authority, "127.0.0.1"))
    here.answers["/a"] = b"{}"
    environment = {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "none")}
    for name, text in settings.items():
        said = text.format(url=secure(here), file=trusted)
        if name.startswith("."):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(said)
        else:
            environment[name] = said
    where = Configured(ecosystem, tmp_path / "project", environment).base()
    assert document(where) == b"{}"


def test_neither_a_project_nor_a_switch_makes_a_certificate_trusted(
    start: Start, authority: trustme.CA, trusted: Path, tmp_path: Path
) -> None:
    here = start(context=context(authority, "127.0.0.1"))
    (tmp_path / "project").mkdir()
    (tmp_path / "project/.npmrc").write_text(f"cafile={trusted}\nstrict-ssl=false\n")
    (tmp_path / ".npmrc").write_text(f"registry={secure(here)}\nstrict-ssl=false\n")
    where = Configured("npm", tmp_path / "project", {"HOME": str(tmp_path)}).base()

    said = refused(where)
    assert "is not trusted" in said
    assert "strict-ssl and trusted-host, which switch the check off, are not followed" in said


@pytest.mark.parametrize(
    ("ecosystem", "variables", "whose"),
    [
        ("npm", {"npm_config_registry": "https://a.example/"}, "cafile of npm"),
        ("pypi", {"PIP_INDEX_URL": "https://a.example/"}, "cert of pip"),
    ],
)
def test_authorities_that_are_not_there_are_an_error_and_not_the_usual_ones(
    tmp_path: Path, ecosystem: str, variables: dict[str, str], whose: str
) -> None:
    absent = str(tmp_path / "absent")
    more = {"HOME": str(tmp_path), "npm_config_cafile": absent, "PIP_CERT": absent, **variables}
    with pytest.raises(InputError, match=f"the {whose} names no file of certificates"):
        Configured(ecosystem, tmp_path, more).base()


# where an answer leads to


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", Kind.OWN),
        ("127.8.9.10", Kind.OWN),
        ("0.0.0.0", Kind.OWN),  # noqa: S104 - asked about, not bound
        ("::1", Kind.OWN),
        ("::", Kind.OWN),
        ("169.254.169.254", Kind.LINK),
        ("fe80::1", Kind.LINK),
        ("fe80::1%eth0", Kind.LINK),
        ("fd00:ec2::254", Kind.LINK),
        ("168.63.129.16", Kind.LINK),
        ("100.100.100.200", Kind.LINK),
        ("10.0.0.1", Kind.PRIVATE),
        ("172.16.0.1", Kind.PRIVATE),
        ("172.31.255.255", Kind.PRIVATE),
        ("192.168.1.1", Kind.PRIVATE),
        ("100.64.0.1", Kind.PRIVATE),
        ("198.18.0.1", Kind.PRIVATE),
        ("240.0.0.1", Kind.PRIVATE),
        ("255.255.255.255", Kind.PRIVATE),
        ("224.0.0.1", Kind.PRIVATE),
        ("fc00::1", Kind.PRIVATE),
        ("fd12:3456::1", Kind.PRIVATE),
        ("ff02::1", Kind.PRIVATE),
        ("2001:db8::1", Kind.PRIVATE),
        ("172.32.0.1", Kind.PUBLIC),
        ("8.8.8.8", Kind.PUBLIC),
        ("2606:4700::1111", Kind.PUBLIC),
        ("::ffff:169.254.169.254", Kind.LINK),
        ("::ffff:10.0.0.1", Kind.PRIVATE),
        ("64:ff9b::7f00:1", Kind.OWN),
        ("2002:a9fe:a9fe::", Kind.LINK),
    ],
)
def test_each_address_belongs_to_something(address: str, kind: Kind) -> None:
    assert kind_of(address) is kind


@given(st.ip_addresses(v=4))
def test_no_wrapping_of_an_address_makes_it_another_one(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    wrapped = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x0064FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
    ]
    assert {kind_of(str(one)) for one in wrapped} == {kind_of(str(address))}


HOME = "https://registry.example.org/npm/"


@pytest.mark.parametrize(
    ("home", "trusted", "other", "is_asked"),
    [
        ("8.8.8.8", True, "1.1.1.1", True),
        ("8.8.8.8", True, "10.0.0.1", False),
        ("8.8.8.8", True, "127.0.0.1", False),
        ("8.8.8.8", True, "169.254.169.254", False),
        ("10.0.0.1", True, "192.168.0.1", True),
        ("10.0.0.1", True, "1.1.1.1", True),
        ("10.0.0.1", True, "127.0.0.1", False),
        ("10.0.0.1", True, "169.254.169.254", False),
        ("10.0.0.1", False, "192.168.0.1", True),
        ("127.0.0.1", True, "127.0.0.1", True),
        ("127.0.0.1", True, "169.254.169.254", False),
        ("127.0.0.1", True, "10.0.0.1", False),
        ("169.254.1.1", True, "169.254.1.2", True),
    ],
)
def test_what_is_asked_depends_on_where_the_registry_is(
    home: str,
    trusted: bool,  # noqa: FBT001 - of a table
    other: str,
    is_asked: bool,  # noqa: FBT001
) -> None:
    guard = Guard()
    guard.begin(HOME, trusted=trusted)
    guard.check(("registry.example.org", 443), home)
    if is_asked:
        guard.check(("files.example.org", 443), other)
        return
    with pytest.raises(InputError, match="which is not asked"):
        guard.check(("files.example.org", 443), other)


def test_a_registry_that_a_project_alone_names_is_not_on_the_local_link() -> None:
    guard = Guard()
    guard.begin("http://169.254.169.254/", trusted=False)
    with pytest.raises(InputError, match="the local link"):
        guard.check_written("http://169.254.169.254/latest")
    with pytest.raises(InputError, match="the local link"):
        guard.check(("169.254.169.254", 80), "169.254.169.254")


def test_another_port_of_the_registry_s_host_is_another_place() -> None:
    guard = Guard()
    guard.begin(HOME, trusted=True)
    guard.check(("registry.example.org", 443), "8.8.8.8")
    with pytest.raises(InputError, match="this machine"):
        guard.check(("registry.example.org", 22), "127.0.0.1")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Give names addresses, one after the other, and 127.0.0.1 the looks of a public one."""
    known: dict[str, list[str]] = {}
    looked_up = socket.getaddrinfo

    def look_up(host: str, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - as it is
        some = known.get(host)
        address = host if some is None else some.pop(0) if len(some) > 1 else some[0]
        return looked_up(address, *given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    kinds = {"127.0.0.1": Kind.PUBLIC, "127.0.0.2": Kind.LINK, "127.0.0.3": Kind.PRIVATE}

    def kind(text: str) -> Kind:
        return kinds[text] if text in kinds else kind_of(text)

    monkeypatch.setattr(peers, "kind_of", kind)
    return known


linux = pytest.mark.skipif(sys.platform != "linux", reason="only there is all of 127/8 one's own")


@linux
@pytest.mark.parametrize("way", ["file", "redirect"])
@pytest.mark.parametrize("address", ["127.0.0.2", "127.0.0.3"])
def test_a_name_that_leads_to_a_private_network_is_not_asked(
    start: Start, names: dict[str, list[str]], tmp_path: Path, address: str, way: str
) -> None:
    here, inside = start(), start(address)
    names["files.example.org"] = [address]
    target = f"http://files.example.org:{inside.port}/latest"
    here.answers |= {"/doc": b"{}", "/file": leads_to(target)}
    asked = Transport()
    asked.document(base(here.url), "doc", JSON)

    with pytest.raises(InputError, match=r"leads to an address of .*, which is not asked"):
        file(asked, base(here.url), target if way == "file" else f"{here.url}/file", tmp_path)
    assert inside.asked == []


@linux
def test_a_name_that_leads_elsewhere_the_second_time_gains_nothing(
    start: Start, names: dict[str, list[str]], tmp_path: Path
) -> None:
    here, inside = start(), start("127.0.0.2")
    good = start()
    names["files.example.org"] = ["127.0.0.1", "127.0.0.2"]
    here.answers["/doc"] = b"{}"
    good.answers["/1"] = b"one"
    asked = Transport()
    asked.document(base(here.url), "doc", JSON)

    where = base(here.url)
    assert file(asked, where, f"http://files.example.org:{good.port}/1", tmp_path) == b"one"
    with pytest.raises(InputError, match="the local link"):
        file(asked, where, f"http://files.example.org:{inside.port}/1", tmp_path)
    assert inside.asked == []


@linux
def test_what_a_registry_of_the_same_network_names_is_asked(
    start: Start, names: dict[str, list[str]], tmp_path: Path
) -> None:
    here, files = start("127.0.0.3"), start("127.0.0.3")
    names["registry.example.org"] = names["files.example.org"] = ["127.0.0.3"]
    here.answers["/doc"] = b"{}"
    files.answers["/1"] = b"one"
    where = base(f"http://registry.example.org:{here.port}")
    asked = Transport()
    asked.document(where, "doc", JSON)
    assert file(asked, where, f"http://files.example.org:{files.port}/1", tmp_path) == b"one"


@linux
@pytest.mark.parametrize("spelled", ["2130706434", "0x7f.2", "127.2", "0177.0.0.2"])
def test_no_other_spelling_of_an_address_gets_around(
    start: Start, names: dict[str, list[str]], tmp_path: Path, spelled: str
) -> None:
    here, inside = start(), start("127.0.0.2")
    del names
    here.answers["/doc"] = b"{}"
    asked = Transport()
    asked.document(base(here.url), "doc", JSON)
    with pytest.raises(InputError):
        file(asked, base(here.url), f"http://{spelled}:{inside.port}/", tmp_path)
    assert inside.asked == []


def test_behind_a_proxy_the_proxy_may_be_anywhere_and_what_is_written_is_looked_at(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy = start()
    where = base("http://registry.example.org")
    proxy.answers |= {
        "http://registry.example.org/doc": b"{}",
        "http://files.example.org/1": b"one",
    }
    monkeypatch.setenv("http_proxy", proxy.url)
    asked = Transport()

    assert asked.document(where, "doc", JSON) == b"{}"
    assert file(asked, where, "http://files.example.org/1", tmp_path) == b"one"
    with pytest.raises(InputError, match="the local link"):
        file(asked, where, "http://169.254.169.254/latest", tmp_path)
    assert proxy.paths == ["http://registry.example.org/doc", "http://files.example.org/1"]


# what shows who asks


@pytest.mark.parametrize(
    ("place", "url", "is_shown"),
    [
        ("//a.example/npm/", "https://a.example/npm/kit", True),
        ("//a.example/npm/", "https://a.example/npm/@acme%2Fkit", True),
        ("//a.example/npm/", "https://A.example:443/npm/kit/-/kit.tgz", True),
        ("", "https://a.example/files/kit.tgz", True),
        ("//a.example/npm/", "https://a.example/npm", True),
        ("//a.example/npm/", "https://a.example/npmx/kit", False),
        ("//a.example/npm/", "https://a.example/other/kit", False),
        ("//a.example/npm/", "https://a.example/npm/../admin", False),
        ("//a.example/npm/", "https://a.example/npm/%2e%2e/admin", False),
        ("//a.example/npm/", "https://a.example/npm/..%2fadmin", False),
        ("//a.example/npm/", "https://a.example/npm/..", False),
        ("//a.example/npm/", "https://a.example/npm/..\\admin", False),
        ("", "https://a.example:8443/npm/kit", False),
        ("", "http://a.example/npm/kit", False),
        ("", "https://b.example/npm/kit", False),
        ("", "https://a.example@b.example/npm/kit", False),
        ("", "https://a.example.b.example/npm/kit", False),
        ("", "https://b.example\\@a.example/npm/kit", False),
        ("", "https://a.example\n.b.example/npm/kit", False),
    ],
)
def test_who_asks_is_shown_below_its_place_alone(
    place: str,
    url: str,
    is_shown: bool,  # noqa: FBT001 - of a table
) -> None:
    where = Base(url="https://a.example/npm/", host="a.example", authorization=SHOWN, place=place)
    assert (where.shown_to(url) == SHOWN) is is_shown
    assert SHOWN not in repr(where)


def test_a_token_of_a_path_is_not_shown_to_another_path(start: Start, tmp_path: Path) -> None:
    here = start()
    (tmp_path / ".npmrc").write_text(
        f"registry={here.url}/npm/\n//{here.host}/npm/:_authToken=tell-nobody\n"
    )
    where = Configured("npm", tmp_path / "project", {"HOME": str(tmp_path)}).base()
    here.answers |= {
        "/npm/a": b"{}",
        "/files/a": b"1",
        "/npm/b": leads_to("/files/a"),
        "/npm/c": leads_to(f"{here.url}/npm/a"),
        "/npm/d": leads_to("/hop"),
        "/hop": leads_to("/npm/a"),
    }
    asked = Transport()
    asked.document(where, "a", JSON)
    for path in ("files/a", "npm/b", "npm/c", "npm/d"):
        file(asked, where, f"{here.url}/{path}", tmp_path)

    shown = [(one.path, "Authorization" in one.headers) for one in here.asked]
    assert shown == [
        ("/npm/a", True),
        ("/files/a", False),
        ("/npm/b", True),
        ("/files/a", False),
        ("/npm/c", True),
        ("/npm/a", True),
        ("/npm/d", True),
        ("/hop", False),
        ("/npm/a", False),
    ]


# what a hostile server answers


def leads_to(target: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: send(handler, 302, Location=target)


def raw(data: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(data)
        handler.close_connection = True

    return answer


def endless(first: bytes, rest: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.wfile.write(first)
        while True:
            handler.wfile.write(rest)

    return answer


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (endless(OK, b"X-A: b\r\n" * 1000), "cannot be reached, or does not end"),
        (endless(OK + b"X-A: ", b"b" * 100_000), "cannot be reached, or does not end"),
        (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), "did not answer within 2 seconds"),
        (endless(b"", b"HTTP/1.1 " * 1000), "cannot be reached, or does not end"),
        (raw(b"no HTTP\r\n\r\n"), "cannot be reached, or does not end"),
        (raw(OK + b"Content-Length: 5\r\n\r\n{}"), "cannot be reached, or does not end"),
        (raw(OK + b"Content-Length: -5\r\n\r\n{}"), ""),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "cannot be reached, or does not"),
        (leads_to("http://ann:secret@127.0.0.1/"), "an address with a login in it"),
        (leads_to("file:///etc/passwd"), "redirects to another host, which is not followed"),
        (leads_to("ftp://127.0.0.1/a"), "redirects to another host, which is not followed"),
        (leads_to("https://[::1"), "redirects to no address"),
    ],
)
def test_what_no_registry_answers_is_one_reason(
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[BaseHTTPRequestHandler], None],
    reason: str,
) -> None:
    monkeypatch.setattr(transport, "_LONGEST", 2)
    here = start()
    here.answers["/a"] = answer
    if not reason:  # a length that cannot be is none
        assert document(base(here.url)) == b"{}"
        return
    assert reason in refused(base(here.url, authorization=SHOWN))


def test_a_line_that_goes_on_in_a_redirect_makes_no_header(start: Start) -> None:
    here = start()
    folded = b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\tX-A: c\r\n\r\n"
    here.answers["/a"] = raw(folded)
    assert document(base(here.url)) is None
    assert here.asked[1].path.startswith("/b")
    assert "X-A" not in here.asked[1].headers


def test_the_body_of_a_redirect_is_not_read(start: Start) -> None:
    here = start()
    sent = []

    def leads(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n")
        while True:
            sent.append(handler.wfile.write(bytes(1 << 20)))

    here.answers |= {"/a": leads, "/b": b"{}"}
    assert document(base(here.url)) == b"{}"
    assert len(sent) < 20


def test_a_login_in_the_address_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="an address with a login in it"):
        file(Transport(), base("http://a.example"), "http://ann:secret@b.example/a", tmp_path)


def test_cookies_are_not_kept(start: Start) -> None:
    here = start()
    here.keep_alive = True
    here.answers["/a"] = lambda handler: send(handler, 200, b"{}", Set_Cookie="a=b; Path=/")
    asked = Transport()
    for _ in range(2):
        assert asked.document(base(here.url), "a", JSON) == b"{}"
    assert all("Cookie" not in one.headers for one in here.asked)


def test_a_pip_conf_s_certificates_are_read() -> None:
    assert bases.pip_cert("[global]\ncert = /a b/c.pem\n") == "/a b/c.pem"
    assert bases.pip_cert("[global]\nclient-cert = x\n# cert = y\n") == ""
