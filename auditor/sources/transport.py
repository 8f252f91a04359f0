"""Asking registries over HTTP: documents into memory, files onto the disk, all within bounds.

A registry may be anybody's, or broken: what it answers is bounded in bytes and in time. What shows
who asks goes to the host of its base alone, and below the path that it is for, never along with a
redirect to elsewhere and never into a message. Cookies are not kept. Where else an answer leads to
is looked at (`peers`). Certificates are always checked, whatever a client is told: against those of
`REQUESTS_CA_BUNDLE`, of npm's `cafile` or pip's `cert`, or the usual ones.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from msgspec import Struct

from auditor import __version__
from auditor.bases import Base, has_login, is_same
from auditor.errors import InputError, LimitError
from auditor.limits import MIB
from auditor.sources.peers import Guard, adapter, place_of
from auditor.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, TypeVar

    from requests import PreparedRequest, Response, Session

    from auditor.limits import Limits

    T = TypeVar("T")

PATIENCE = 10
"""Seconds that a connection may take, and the next bytes of an answer."""
_LONGEST = 60
"""Seconds that the whole of a document may take."""
_LARGEST = 32 * MIB
"""Bytes of a document, unpacked; the largest ones of npm packages have about that."""
_REDIRECTS = 3
_CHUNK = 64 * 1024


_UNTRUSTED = (
    "has a certificate that is not trusted (REQUESTS_CA_BUNDLE, npm's cafile or pip's cert names a "
    "file of others; strict-ssl and trusted-host, which switch the check off, are not followed)"
)
_CERTIFICATES = {
    9: "has a certificate that is not valid yet",
    10: "has a certificate that has expired",
    62: "has a certificate for another host",
    64: "has a certificate for another host",
}
"""By OpenSSL's number of what is wrong (`X509_V_ERR_…`)."""


class UnansweredError(InputError):
    """The host did not answer at all, which has nothing to do with what was asked."""


class _Question(Struct, frozen=True, kw_only=True):
    """One thing to ask for, and what is done with the answer."""

    url: str
    accept: str
    packings: frozenset[str]
    """Values of `Content-Encoding` that are taken."""
    take: Callable[[bytes], object]
    anywhere: bool
    """A redirect may lead to another host, without what shows who asks."""
    base: Base


class Transport:
    """The connections of one call; for one thread at a time."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._guard = Guard()

    def document(self, base: Base, path: str, accept: str) -> bytes | None:
        """Return a document of a registry; None where it has no such one.

        Raises InputError for any other answer, UnansweredError without one; neither names the host.
        """
        data = bytearray()

        def take(chunk: bytes) -> None:
            data.extend(chunk)
            if len(data) > _LARGEST:
                raise InputError(f"answers with more than {counted(_LARGEST, 'byte')}")

        question = _Question(
            url=f"{base.url}{path}",
            accept=accept,
            packings=frozenset({"gzip", "identity", ""}),
            take=take,
            anywhere=False,
            base=base,
        )
        there = self._within(_LONGEST, lambda: self._asked(question))
        return bytes(data) if there else None

    def file(self, base: Base, url: str, place: IO[bytes], limits: Limits) -> bool:
        """Write a file that a registry names into a place; False where there is no such one.

        It may lie on another host, or lead to one; who asks is shown to the base's own alone, and
        nothing is asked unencrypted unless the base is. Raises LimitError at `archive-bytes` or
        `download-seconds`, InputError and UnansweredError as `document` does.
        """
        size = 0

        def take(chunk: bytes) -> None:
            nonlocal size
            size += len(chunk)
            if size > limits.archive_bytes:
                raise LimitError("archive-bytes", limits.archive_bytes, size, "bytes")
            place.write(chunk)

        try:
            login = has_login(url)
            place_of(url)
        except ValueError:
            raise InputError("names a file at no address") from None
        if login:
            raise InputError("names a file at an address with a login in it")
        if not (_encrypted(url) or (_plain(url) and _plain(base.url))):
            raise InputError("names a file at no https address")
        question = _Question(
            url=url,
            accept="*/*",
            packings=frozenset({"identity", ""}),
            take=take,
            anywhere=True,
            base=base,
        )
        seconds = limits.download_seconds
        try:
            return self._within(seconds, lambda: self._asked(question))
        except TooSlowError:
            raise LimitError("download-seconds", seconds, seconds, "seconds") from None

    def _within(self, seconds: int, call: Callable[[], T]) -> T:
        try:
            return within(seconds, call)
        except UnansweredError:
            self._session = None  # a thread that was left to itself may still have it
            raise

    def _asked(self, question: _Question) -> bool:
        """Ask, and follow where the answer leads; False where there is nothing."""
        asking = self._session = self._session or session(self._guard)
        base, url = question.base, question.url
        self._guard.begin(base.url, trusted=base.users)
        headers = {
            "Accept": question.accept,
            "Accept-Encoding": "gzip" if "gzip" in question.packings else "identity",
            "User-Agent": f"audit/{__version__}",
        }
        shown = base.shown_to(url)
        with told():
            for _ in range(_REDIRECTS + 1):
                self._guard.check_written(url)
                with asking.get(
                    url,
                    headers={**headers, "Authorization": shown} if shown else headers,
                    auth=as_it_is,
                    timeout=PATIENCE,
                    stream=True,
                    allow_redirects=False,
                    verify=base.authorities or True,
                ) as response:
                    if not response.is_redirect:
                        return _taken(response, question)
                    url = followed(url, response.headers["Location"], anywhere=question.anywhere)
                    shown = shown and base.shown_to(url)
        raise InputError(f"redirects more than {_REDIRECTS} times")


def session(guard: Guard) -> Session:
    """Return a session that keeps no cookies and connects to nothing that a guard refuses."""
    import requests  # noqa: PLC0415 - 60 ms, for those alone who want something of a server

    class Unled(requests.Session):
        """Looks at no redirect by itself: it would read the whole of its body for that."""

        def get_redirect_target(self, resp: Response) -> None:
            del resp

    found = Unled()
    found.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        found.mount(scheme, adapter(guard.check))
    return found


def _distrust(problem: BaseException) -> str:
    """Return what is wrong with an encrypted connection; the error's own text may name the host."""
    seen: list[BaseException] = [problem]
    for one in seen:
        if isinstance(one, ssl.SSLCertVerificationError):
            return _CERTIFICATES.get(one.verify_code, _UNTRUSTED)
        more = (*one.args, getattr(one, "reason", None))
        seen += [other for other in more if isinstance(other, BaseException)]
    return "does not speak TLS as it should"


@contextmanager
def told() -> Iterator[None]:
    """Raise UnansweredError for what `requests` raises; its text may have the whole address."""
    import requests  # noqa: PLC0415 - see `_asked`

    try:
        yield
    except requests.exceptions.SSLError as problem:
        raise UnansweredError(_distrust(problem)) from None
    except requests.exceptions.Timeout:
        raise UnansweredError(_too_slow(PATIENCE)) from None
    except (
        requests.exceptions.ConnectionError,
        requests.exceptions.ChunkedEncodingError,
    ):
        raise UnansweredError("cannot be reached, or does not end its answer") from None
    except (requests.exceptions.RequestException, OSError, ValueError) as problem:
        raise UnansweredError(f"cannot be asked ({type(problem).__name__})") from None


def as_it_is(request: PreparedRequest) -> PreparedRequest:
    """Take the place of what `.netrc` says: only the client's own settings show who asks."""
    return request


def _taken(response: Response, question: _Question) -> bool:
    if response.status_code == 404:
        return False
    if response.status_code in {401, 403}:
        raise InputError(f"wants other credentials (it answers {response.status_code})")
    if response.status_code != 200:
        raise InputError(f"answers {response.status_code}")
    if response.headers.get("Content-Encoding", "identity") not in question.packings:
        raise InputError("answers in a packing that was not asked for")
    for chunk in response.iter_content(_CHUNK):
        question.take(chunk)
    return True


def followed(url: str, location: str, *, anywhere: bool) -> str:
    """Return where a redirect leads; raise InputError where it is not followed to.

    That is another host, unless `anywhere`, and always from https to what is none.
    """
    try:
        target = urljoin(url, location)
        same = is_same(url, target)
        login = has_login(target)
    except ValueError:
        raise InputError("redirects to no address") from None
    if login:
        raise InputError("redirects to an address with a login in it, which is not followed")
    if same:
        return target
    if not anywhere:
        raise InputError("redirects to another host, which is not followed")
    if not (_encrypted(target) or (_plain(target) and _plain(url))):
        raise InputError("redirects to no https address, which is not followed")
    return target


def _encrypted(url: str) -> bool:
    return url.lower().startswith("https://")


def _plain(url: str) -> bool:
    return url.lower().startswith("http://")


class TooSlowError(UnansweredError):
    """The whole of an answer took too long."""


def _too_slow(seconds: int) -> str:
    return f"did not answer within {counted(seconds, 'second')}"


def within(seconds: int, call: Callable[[], T]) -> T:
    """Return what a call returns; where it takes longer it is left to itself: UnansweredError.

    The time-outs of a socket are for each of its pieces: who sends one byte a second meets none.
    """
    results: list[T] = []
    problems: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as problem:  # noqa: BLE001 - raised again, by who waits
            problems.append(problem)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    latest = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < latest:
        thread.join(min(1, max(latest - time.monotonic(), 0)))  # Ctrl-C comes through
    if problems:
        raise problems[0]
    if not results:
        raise TooSlowError(_too_slow(seconds))
    return results[0]
