"""One export from a server that runs here: what comes, what is kept, and what is refused."""

from __future__ import annotations

import errno
import hashlib
import os
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
import trustme
from msgspec.structs import replace

from auditor.errors import InputError
from auditor.limits import Limits
from auditor.sources import exports, pieces, transport
from auditor.sources.pieces import Piece
from tests.a_registry import Served, send, served
from tests.an_export_server import DATE, OLD, SINCE, Proxy, Shelf, encrypted
from tests.programs import lacking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from auditor.sources.exports import Fetched

    Answer = Callable[[BaseHTTPRequestHandler], None]

CONTENT = bytes(range(256)) * 8
OTHER = CONTENT[::-1] + b"!"
PATH = "/npm/all.zip"


@pytest.fixture
def servers() -> Iterator[list[ThreadingHTTPServer]]:
    found: list[ThreadingHTTPServer] = []
    yield found
    for server in found:
        server.shutdown()
        server.server_close()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(content=CONTENT)


@pytest.fixture
def site(servers: list[ThreadingHTTPServer], shelf: Shelf) -> Served:
    state = Served(answers={PATH: shelf})
    servers.append(served(state))
    return state


@pytest.fixture
def piece(site: Served, tmp_path: Path) -> Piece:
    return Piece(tmp_path / "cache", f"{site.url}{PATH}", "any")


def came(piece: Piece, known: str = "", limits: Limits | None = None) -> Fetched | None:
    return exports.fetch(piece.location, piece, known, limits or Limits(), lambda *_: None)


def whole(piece: Piece, content: bytes = CONTENT) -> Fetched:
    """Fetch an export, which must be of this content."""
    fetched = came(piece)
    assert fetched is not None
    assert fetched.path.read_bytes() == content
    assert (fetched.size, fetched.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    return fetched


def refused(piece: Piece, limits: Limits | None = None, known: str = "") -> str:
    with pytest.raises(InputError) as caught:
        came(piece, known, limits)
    assert "127.0.0.1" not in str(caught.value)
    return str(caught.value)


def broken_off(piece: Piece, shelf: Shelf, there: int) -> None:
    """Fetch an export from a server that gives so many bytes of it and no more."""
    shelf.cut = None
    head = len(shelf._answer({})) - len(CONTENT)  # noqa: SLF001 - how much is in front of it
    shelf.given.clear()
    shelf.cut = head + there
    assert refused(piece).endswith(f"broke off after {there:,} of 2,048 bytes")
    shelf.given.clear()


def test_an_export_comes_whole_with_its_digest_and_what_it_is_known_by(
    piece: Piece, shelf: Shelf
) -> None:
    seen: list[tuple[int, int]] = []
    fetched = exports.fetch(
        piece.location, piece, "", Limits(), lambda size, total: seen.append((size, total))
    )
    assert fetched is not None
    assert (fetched.came, fetched.validator) == (2048, '"one"')
    assert fetched.path.read_bytes() == CONTENT
    assert seen[-1] == (2048, 2048)
    assert shelf.given == ["200 2048"]


def test_what_is_asked_shows_nobody_and_takes_no_packing(piece: Piece, site: Served) -> None:
    whole(piece)
    headers = site.asked[0].headers
    assert headers["Accept-Encoding"] == "identity"
    assert headers["User-Agent"].startswith("audit/")
    assert headers.keys().isdisjoint({"Authorization", "Cookie", "Range", "If-None-Match"})


@pytest.mark.parametrize(
    ("state", "header"),
    [
        (('"one"', OLD), "If-None-Match"),
        (('W/"one"', ""), "If-None-Match"),
        (("", OLD), "If-Modified-Since"),
        (("", SINCE), "If-Modified-Since"),
    ],
)
def test_what_the_database_has_is_not_sent_again(
    piece: Piece, shelf: Shelf, site: Served, state: tuple[str, str], header: str
) -> None:
    shelf.etag, shelf.modified = state
    validator = whole(piece).validator
    piece.drop()
    assert came(piece, validator) is None
    assert site.asked[-1].headers[header] == validator
    assert shelf.given == ["200 2048", "304 0"]


@pytest.mark.parametrize("etag", ['"two"', ""])
def test_what_the_database_has_not_is_sent(piece: Piece, shelf: Shelf, etag: str) -> None:
    shelf.etag = etag
    fetched = came(piece, '"one"')
    assert fetched is not None
    assert fetched.validator == etag


def test_nothing_new_is_no_answer_to_who_has_nothing(piece: Piece, site: Served) -> None:
    site.answers[PATH] = 304
    assert refused(piece) == "answers 304"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"ETag": '"a"'}, ('"a"', True)),
        ({"ETag": 'W/"a"'}, ('W/"a"', False)),
        ({"ETag": '"a"', "Last-Modified": OLD, "Date": DATE}, ('"a"', True)),
        ({"Last-Modified": OLD, "Date": DATE}, (OLD, True)),
        ({"Last-Modified": SINCE, "Date": DATE}, (SINCE, False)),
        ({"Last-Modified": OLD}, (OLD, False)),
        ({"Last-Modified": DATE, "Date": OLD}, (DATE, False)),
        ({"Last-Modified": OLD, "Date": "soon"}, (OLD, False)),
        ({"Last-Modified": OLD, "Date": "Thu, 02 Apr 2026 12:00:00"}, (OLD, False)),
        ({"ETag": "a"}, ("", False)),
        ({"ETag": '"a\r\nX: 1"'}, ("", False)),
        ({"ETag": '"' + "a" * 201 + '"'}, ("", False)),
        ({"Last-Modified": "then\r\nX: 1", "Date": DATE}, ("", False)),
        ({}, ("", False)),
    ],
)
def test_a_state_is_known_again_by_its_tag_or_else_its_date(
    headers: dict[str, str], expected: tuple[str, bool]
) -> None:
    assert pieces.validator(headers) == expected


@pytest.mark.parametrize(
    ("etag", "modified"), [('"one"', ""), ('"one"', OLD), ("", OLD)], ids=["tag", "both", "date"]
)
@pytest.mark.parametrize("there", [1, 1000, 2047])
def test_the_next_call_goes_on_where_one_broke_off(  # noqa: PLR0913, PLR0917 - two tables
    piece: Piece, shelf: Shelf, site: Served, etag: str, modified: str, there: int
) -> None:
    shelf.etag, shelf.modified = etag, modified
    broken_off(piece, shelf, there)
    assert piece.size == there

    assert whole(piece).came == 2048 - there
    assert shelf.given == [f"206 {2048 - there}"]
    assert site.asked[-1].headers["Range"] == f"bytes={there}-"
    assert site.asked[-1].headers["If-Range"] == (etag or modified)


@pytest.mark.parametrize("chunked", [False, True])
def test_wherever_an_answer_breaks_off_the_next_call_has_it_whole(
    piece: Piece, shelf: Shelf, *, chunked: bool
) -> None:
    """Places all over the answer are tried, and most of those near its head and its end."""
    shelf.chunked = chunked
    length = len(shelf._answer({}))  # noqa: SLF001 - how much there is to cut
    if chunked:
        length -= len(b"0\r\n\r\n") - 1  # of the mark of the end, one byte is taken for it
    head = length - 2048
    for cut in {*range(0, length, 97), *range(0, head + 3, 5), *range(length - 9, length)}:
        piece.drop()
        shelf.cut = cut
        refused(piece)
        assert whole(piece).size == 2048


def test_it_may_break_off_again_and_again(piece: Piece, shelf: Shelf) -> None:
    broken_off(piece, shelf, 500)
    head = len(shelf._answer({"Range": "bytes=500-", "If-Range": '"one"'})) - 1548  # noqa: SLF001
    shelf.cut = head + 300
    assert refused(piece) == "broke off after 800 of 2,048 bytes"
    assert whole(piece).came == 1248


@pytest.mark.parametrize(
    ("etag", "modified"), [('W/"one"', ""), ("", SINCE), ("", "")], ids=["weak", "date", "none"]
)
def test_without_a_strong_validator_it_is_fetched_anew(
    piece: Piece, shelf: Shelf, site: Served, etag: str, modified: str
) -> None:
    shelf.etag, shelf.modified = etag, modified
    broken_off(piece, shelf, 1000)
    assert piece.note() is None
    assert whole(piece).came == 2048
    assert "Range" not in site.asked[-1].headers


def test_a_server_without_parts_sends_it_anew(piece: Piece, shelf: Shelf) -> None:
    broken_off(piece, shelf, 1000)
    shelf.ranges = False
    assert whole(piece).came == 2048
    assert shelf.given == ["200 2048"]


@pytest.mark.parametrize("content", [OTHER, OTHER[:500]], ids=["longer", "shorter"])
def test_what_has_changed_meanwhile_is_fetched_anew(
    piece: Piece, shelf: Shelf, content: bytes
) -> None:
    broken_off(piece, shelf, 1000)
    shelf.content, shelf.etag = content, '"two"'
    fetched = whole(piece, content)
    assert (fetched.came, fetched.validator) == (len(content), '"two"')


@pytest.mark.parametrize(
    "span",
    [
        "bytes 0-1047/2048",
        "bytes 999-2047/2048",
        "bytes 1000-2047/2049",
        "bytes=1000-2047/2048",
        "items 1000-2047/2048",
        "none",
        "bytes 1000-2047/" + "9" * 30,
    ],
)
def test_a_part_that_is_not_the_one_asked_for_is_none(
    piece: Piece, shelf: Shelf, span: str
) -> None:
    broken_off(piece, shelf, 1000)
    shelf.span = span
    assert whole(piece).came == 2048
    assert shelf.given == ["206 1048", "200 2048"]


def test_a_part_of_another_state_is_none(piece: Piece, shelf: Shelf, site: Served) -> None:
    broken_off(piece, shelf, 1000)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if "Range" in handler.headers:
            span = {"Content_Range": "bytes 1000-2047/2048", "ETag": '"two"'}
            return send(handler, 206, OTHER[1000:2048], **span)
        return shelf(handler)

    site.answers[PATH] = answer
    assert whole(piece).came == 2048


def test_of_a_part_the_whole_may_be_unknown(piece: Piece, shelf: Shelf) -> None:
    broken_off(piece, shelf, 1000)
    shelf.span = "bytes 1000-2047/*"
    assert whole(piece).came == 1048


def test_a_part_that_is_less_than_the_rest_is_gone_on_from(
    piece: Piece, shelf: Shelf, site: Served
) -> None:
    broken_off(piece, shelf, 1000)
    part = {"Content_Range": "bytes 1000-1499/2048", "ETag": '"one"'}
    site.answers[PATH] = lambda handler: send(handler, 206, CONTENT[1000:1500], **part)
    assert refused(piece) == "broke off after 1,500 of 2,048 bytes"
    site.answers[PATH] = shelf
    assert whole(piece).came == 548


def test_a_part_that_is_more_than_the_rest_is_refused(
    piece: Piece, shelf: Shelf, site: Served
) -> None:
    broken_off(piece, shelf, 1000)
    part = {"Content_Range": "bytes 1000-2047/2048", "ETag": '"one"'}
    site.answers[PATH] = lambda handler: send(handler, 206, CONTENT, **part)
    assert refused(piece) == "sends more than the 2,048 bytes that it announced"
    assert (piece.note(), piece.size) == (None, 0)


def test_a_place_that_cannot_give_the_rest_is_asked_for_the_whole(
    piece: Piece, shelf: Shelf, site: Served
) -> None:
    broken_off(piece, shelf, 1000)
    site.answers[PATH] = lambda handler: (
        send(handler, 416) if "Range" in handler.headers else shelf(handler)
    )
    assert whole(piece).came == 2048


def test_nothing_new_is_no_answer_to_who_has_a_piece(
    piece: Piece, shelf: Shelf, site: Served
) -> None:
    broken_off(piece, shelf, 1000)
    site.answers[PATH] = lambda handler: (
        send(handler, 304) if "Range" in handler.headers else shelf(handler)
    )
    assert whole(piece).came == 2048


@pytest.mark.parametrize(("status", "kept"), [(500, 1000), (404, 1000), (403, 1000), (206, 0)])
def test_a_refusal_leaves_what_is_there(
    piece: Piece, shelf: Shelf, site: Served, status: int, kept: int
) -> None:
    broken_off(piece, shelf, 1000)
    site.answers[PATH] = status
    assert str(status) in refused(piece)
    assert piece.size == kept


def test_what_is_there_in_full_is_only_asked_about(piece: Piece, shelf: Shelf) -> None:
    whole(piece)
    assert whole(piece).came == 0
    shelf.content, shelf.etag = OTHER, '"two"'
    assert whole(piece, OTHER).came == len(OTHER)
    assert shelf.given == ["200 2048", "304 0", "200 2049"]


def test_chunks_have_no_length_and_are_known_to_be_whole_at_their_end(
    piece: Piece, shelf: Shelf
) -> None:
    shelf.chunked = True
    whole(piece)
    note = piece.note()
    assert note is not None
    assert note.total == 2048
    assert whole(piece).came == 0


def test_of_chunks_no_length_counts(piece: Piece, shelf: Shelf) -> None:
    shelf.chunked, shelf.more = True, {"Content-Length": "5"}
    assert whole(piece).size == 2048


def test_an_answer_without_a_length_ends_with_its_connection(piece: Piece, shelf: Shelf) -> None:
    shelf.declared = -1
    assert whole(piece).size == 2048


def test_a_length_that_is_more_than_comes_is_told(piece: Piece, shelf: Shelf) -> None:
    shelf.declared = 3000
    assert refused(piece) == "broke off after 2,048 of 3,000 bytes"


def test_of_a_length_that_is_less_than_comes_the_rest_is_not_read(
    piece: Piece, shelf: Shelf
) -> None:
    shelf.declared = 1000
    whole(piece, CONTENT[:1000])


@pytest.mark.parametrize("declared", [None, -1], ids=["declared", "undeclared"])
@pytest.mark.parametrize("chunked", [False, True])
def test_more_than_the_limit_is_refused_and_not_kept(
    piece: Piece, shelf: Shelf, declared: int | None, *, chunked: bool
) -> None:
    shelf.declared, shelf.chunked = declared, chunked
    message = refused(piece, replace(Limits(), archive_bytes=2047))
    assert message.startswith("limit archive-bytes of 2,047 bytes met (found at least 2,048 bytes)")
    assert (piece.note(), piece.size) == (None, 0)
    assert came(piece, limits=replace(Limits(), archive_bytes=2048)) is not None


def test_what_is_declared_as_too_much_is_not_read(piece: Piece, site: Served) -> None:
    sent: list[int] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(1 << 40))
        handler.end_headers()
        try:
            for _ in range(1000):
                handler.wfile.write(bytes(1 << 16))
                sent.append(1)
                time.sleep(0.001)
        except OSError:
            sent.append(0)

    site.answers[PATH] = answer
    assert "found at least 1,099,511,627,776 bytes" in refused(piece)
    assert len(sent) < 1000


def test_the_rest_of_what_is_there_counts_for_the_limit(piece: Piece, shelf: Shelf) -> None:
    broken_off(piece, shelf, 1000)
    assert "limit archive-bytes" in refused(piece, replace(Limits(), archive_bytes=2000))
    assert piece.size == 0


def drips(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte at a time, for longer than anybody waits."""
    handler.send_response(200)
    handler.send_header("Content-Length", "2048")
    handler.send_header("ETag", '"one"')
    handler.end_headers()
    for byte in CONTENT[:200]:
        handler.wfile.write(bytes((byte,)))
        time.sleep(0.03)


def drips_headers(sent: list[int]) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 So\r\n")
        for number in range(200):
            handler.wfile.write(b"X-%d: 1\r\n" % number)
            sent.append(number)
            time.sleep(0.03)

    return answer


def stalls(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "2048")
    handler.send_header("ETag", '"one"')
    handler.end_headers()
    handler.wfile.write(CONTENT[:10])
    time.sleep(6)


def silent(_: BaseHTTPRequestHandler) -> None:
    time.sleep(6)


def test_an_answer_that_takes_too_long_is_ended_and_gone_on_from(
    piece: Piece, shelf: Shelf, site: Served
) -> None:
    site.answers[PATH] = drips
    message = refused(piece, replace(Limits(), download_seconds=2))
    assert message.startswith("limit download-seconds of 2 seconds met")
    there = piece.size
    assert 0 < there < 200

    site.answers[PATH] = shelf
    assert whole(piece).came == 2048 - there


def test_headers_that_take_too_long_are_ended(piece: Piece, site: Served) -> None:
    sent: list[int] = []
    site.answers[PATH] = drips_headers(sent)
    assert "limit download-seconds" in refused(piece, replace(Limits(), download_seconds=1))
    assert 0 < len(sent) < 200


@pytest.mark.parametrize(
    ("answer", "reason", "there"),
    [
        (silent, "did not answer within 2 seconds", 0),
        (stalls, "sent nothing more for 2 seconds", 10),
    ],
)
def test_patience_has_an_end(  # noqa: PLR0913, PLR0917 - a table, and what it needs
    piece: Piece,
    site: Served,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    reason: str,
    there: int,
) -> None:
    monkeypatch.setattr(transport, "PATIENCE", 2)
    site.answers[PATH] = answer
    assert refused(piece) == reason
    assert piece.size == there


def test_another_packing_is_refused(piece: Piece, shelf: Shelf) -> None:
    shelf.more = {"Content-Encoding": "gzip"}
    assert refused(piece) == "answers in a packing that was not asked for"
    assert piece.size == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (404, "answers 404"),
        (401, "wants credentials, and is shown none (it answers 401)"),
        (403, "wants credentials, and is shown none (it answers 403)"),
        (503, "answers 503"),
        (206, "answers 206"),
        (204, "answers 204"),
        (lambda handler: send(handler, 302), "answers 302"),
        (b"", "sends nothing"),
        (lambda handler: handler.wfile.write(b"HTTP/1.1 200 So\r\nETag: "), "sends nothing"),
        (lambda handler: handler.wfile.write(b"SSH-2.0\r\n"), "cannot be reached"),
        (
            lambda handler: handler.wfile.write(
                b"HTTP/1.1 200 So\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"
            ),
            "cannot be asked (InvalidHeader)",
        ),
    ],
)
def test_what_is_no_export_is_one_reason(
    piece: Piece, site: Served, answer: bytes | int | Answer, reason: str
) -> None:
    site.answers[PATH] = answer
    assert refused(piece).startswith(reason)
    assert piece.size == 0


def test_nobody_there_is_one_reason(
    piece: Piece, servers: list[ThreadingHTTPServer], shelf: Shelf
) -> None:
    broken_off(piece, shelf, 1000)
    server = servers.pop()
    server.shutdown()
    server.server_close()
    assert refused(piece).startswith("cannot be reached")
    assert piece.size == 1000


def leads_to(target: str) -> Answer:
    return lambda handler: send(handler, 302, Location=target, Set_Cookie="a=b; Path=/")


def test_a_cookie_is_not_kept(piece: Piece, shelf: Shelf, site: Served) -> None:
    site.answers |= {PATH: leads_to("/there"), "/there": shelf}
    whole(piece)
    assert [one.headers.get("Cookie") for one in site.asked] == [None, None]


def test_a_redirect_is_followed_with_all_that_was_asked(
    piece: Piece, shelf: Shelf, site: Served, servers: list[ThreadingHTTPServer]
) -> None:
    other = Served(answers={"/there": shelf})
    servers.append(served(other))
    site.answers[PATH] = leads_to(f"{other.url}/there")
    shelf.cut = 1000
    refused(piece)
    assert whole(piece).came < 2048
    assert other.asked[-1].headers["If-Range"] == '"one"'


def test_a_login_in_a_redirect_is_told_to_nobody(piece: Piece, shelf: Shelf, site: Served) -> None:
    site.answers |= {PATH: leads_to(f"http://ann:secret@{site.host}/there"), "/there": shelf}
    with suppress(InputError):
        came(piece)
    assert site.asked
    assert all("Authorization" not in one.headers for one in site.asked)


def test_what_stands_in_a_redirect_is_not_read(piece: Piece, shelf: Shelf, site: Served) -> None:
    gone = Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 302 So\r\nLocation: /there\r\n\r\n")
        try:
            while True:
                handler.wfile.write(bytes(1 << 16))
        except OSError:
            gone.set()

    site.answers |= {PATH: answer, "/there": shelf}
    assert came(piece, limits=replace(Limits(), download_seconds=5)) is not None
    assert gone.wait(10)


def test_the_users_netrc_is_told_to_nobody(
    piece: Piece, site: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    whole(piece)
    assert "Authorization" not in site.asked[0].headers


@pytest.mark.parametrize(
    ("target", "reason", "times"),
    [
        (PATH, "redirects more than 5 times", 6),
        ("file:///etc/passwd", "redirects to no https address, which is not followed", 1),
        ("ftp://127.0.0.1/a", "redirects to no https address, which is not followed", 1),
        ("http://127.0.0.1:99999/", "redirects to no address", 1),
    ],
)
def test_a_redirect_leads_to_a_place_that_is_asked_for_exports(
    piece: Piece, site: Served, target: str, reason: str, times: int
) -> None:
    site.answers[PATH] = leads_to(target)
    assert refused(piece) == reason
    assert len(site.asked) == times


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "trusted.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def secured(
    authority: trustme.CA,
    shelf: Shelf,
    servers: list[ThreadingHTTPServer],
    name: str = "127.0.0.1",
    until: datetime | None = None,
) -> Served:
    """Start a server whose certificate is for a name, and until a day."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=until).configure_cert(context)
    state = Served(answers={PATH: shelf})
    server = served(state)
    encrypted(server, context)
    servers.append(server)
    return state


def test_a_certificate_of_an_authority_that_the_user_trusts_is_one(  # noqa: PLR0913, PLR0917
    authority: trustme.CA,
    trusted: Path,
    shelf: Shelf,
    servers: list[ThreadingHTTPServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = secured(authority, shelf, servers)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    whole(Piece(tmp_path / "cache", f"https://{state.host}{PATH}", "any"))


@pytest.mark.parametrize(
    ("name", "known", "until"),
    [
        ("127.0.0.1", False, None),
        ("export.example.org", True, None),
        ("127.0.0.1", True, datetime(2020, 1, 1, tzinfo=UTC)),
    ],
    ids=["unknown", "another's", "expired"],
)
def test_another_certificate_is_none(  # noqa: PLR0913, PLR0917 - a table, and what it needs
    authority: trustme.CA,
    trusted: Path,
    shelf: Shelf,
    servers: list[ThreadingHTTPServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    until: datetime | None,
    *,
    known: bool,
) -> None:
    state = secured(authority, shelf, servers, name, until)
    if known:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    message = refused(Piece(tmp_path / "cache", f"https://{state.host}{PATH}", "any"))
    assert message.startswith("has a certificate ")
    assert shelf.given == []


def test_from_https_no_redirect_leads_to_http(  # noqa: PLR0913, PLR0917
    authority: trustme.CA,
    trusted: Path,
    site: Served,
    shelf: Shelf,
    servers: list[ThreadingHTTPServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = secured(authority, shelf, servers)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    state.answers[PATH] = leads_to(f"{site.url}{PATH}")
    message = refused(Piece(tmp_path / "cache", f"https://{state.host}{PATH}", "any"))
    assert message == "redirects to no https address, which is not followed"
    assert site.asked == []

    site.answers["/up"] = leads_to(f"https://{state.host}/all.zip")
    state.answers["/all.zip"] = shelf
    whole(Piece(tmp_path / "cache", f"{site.url}/up", "any"))


def test_the_proxy_of_the_environment_is_asked(
    site: Served, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = f"http://export.example.org{PATH}"
    monkeypatch.setenv("http_proxy", site.url)
    monkeypatch.delenv("no_proxy", raising=False)
    site.answers = {location: shelf}
    whole(Piece(tmp_path / "cache", location, "any"))
    assert site.paths == [location]


def test_through_a_proxy_https_is_as_it_is_without(  # noqa: PLR0913, PLR0917
    authority: trustme.CA,
    trusted: Path,
    shelf: Shelf,
    servers: list[ThreadingHTTPServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "export.example.org"
    state = secured(authority, shelf, servers, name)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    with Proxy(state.port) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        whole(Piece(tmp_path / "cache", f"https://{name}{PATH}", "any"))
        other = Piece(tmp_path / "cache", f"https://other.example.org{PATH}", "any")
        assert "has a certificate " in refused(other)
        proxy.shutdown()
    assert proxy.asked == ["export.example.org:443", "other.example.org:443"]


def test_a_proxy_that_is_not_there_is_one_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    message = refused(Piece(tmp_path / "cache", f"https://export.example.org{PATH}", "any"))
    assert message.startswith("cannot be reached")


def test_each_location_and_each_database_has_a_piece_of_its_own(tmp_path: Path) -> None:
    of = [("http://a/", "one"), ("http://b/", "one"), ("http://a/", "two")]
    assert len({Piece(tmp_path, *one).path for one in of}) == 3


def test_only_this_user_can_look_at_what_is_kept(piece: Piece) -> None:
    whole(piece)
    if hasattr(os, "getuid"):
        assert piece.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"location": 1, "validator": "a"}',
        b'{"location": "http://elsewhere/", "validator": "\\"one\\""}',
        b'{"location": "%s", "validator": ""}',
        b'{"location": "%s", "validator": "\\"one\\"", "total": 999}',
    ],
)
def test_a_note_that_says_nothing_is_none(piece: Piece, shelf: Shelf, note: bytes) -> None:
    broken_off(piece, shelf, 1000)
    location = piece.location.encode()
    piece._note.write_bytes(note.replace(b"%s", location))  # noqa: SLF001 - as chance would
    assert piece.note() is None
    assert whole(piece).came == 2048


def test_a_folder_that_is_a_link_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    (tmp_path / "cache").symlink_to(tmp_path / "others")
    with pytest.raises(InputError, match="it is no folder of this user"):
        Piece(tmp_path / "cache", "http://a/", "any")


def test_a_folder_that_cannot_be_made_is_one_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be kept in .*: "):
        Piece(tmp_path / "file" / "cache", "http://a/", "any")


def test_a_disk_without_room_is_one_reason(piece: Piece, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full")
    if not full.exists():  # only Linux and some BSDs have it
        lacking(str(full))
    monkeypatch.setattr(piece, "begin", lambda *_: piece.path.symlink_to(full))
    assert refused(piece) == f"cannot be kept in {piece.path.parent}: {os.strerror(errno.ENOSPC)}"


def test_what_was_left_long_ago_is_taken_away(piece: Piece, shelf: Shelf) -> None:
    broken_off(piece, shelf, 1000)
    Piece(piece.path.parent, "http://another.example.org/", "any")
    assert piece.size == 1000
    old = time.time() - pieces.AGE - 5
    os.utime(piece.path, (old, old))
    Piece(piece.path.parent, "http://another.example.org/", "any")
    assert piece.size == 0


def test_it_lies_where_programs_keep_what_can_be_fetched_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert pieces.folder().parts[-1] == "exports"
    assert "release-audit" in pieces.folder().parts
