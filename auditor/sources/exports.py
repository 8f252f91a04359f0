"""Fetching one export of advisories over HTTP: only if it is new, in pieces if need be, in bounds.

A location may be anybody's, or broken. It is shown no credentials and no cookies, not even those of
`.netrc`; a redirect leads from https to https alone, and to no private network (`peers`). What came
before a connection broke is kept where the server can say that it is still the beginning of the
same content (RFC 9110, 13.1.5).
"""

from __future__ import annotations

import hashlib
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import __version__
from auditor.errors import InputError, LimitError
from auditor.lazyre import regex
from auditor.sources import pieces, transport
from auditor.sources.peers import Guard
from auditor.sources.transport import TooSlowError, UnansweredError
from auditor.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests import Response

    from auditor.limits import Limits
    from auditor.sources.pieces import Note, Piece

    Progress = Callable[[int, int], object]

_REDIRECTS = 5
_CHUNK = 256 * 1024
_RANGE = regex(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_LENGTH = regex(r"\d{1,18}")


class Fetched(Struct, frozen=True, kw_only=True):
    """An export that is here in full."""

    path: Path
    size: int
    came: int
    """Bytes of it that came now; the rest was there from an earlier call."""
    sha256: str
    validator: str
    """Its `ETag`, or else its `Last-Modified`, as the server spelled it; empty for neither."""


def fetch(
    location: str, piece: Piece, known: str, limits: Limits, advance: Progress
) -> Fetched | None:
    """Fetch an export into its piece; None where the server says that `known` is what it has.

    `known` is the validator of what the database has, or empty. Raises LimitError at
    `archive-bytes` and `download-seconds`, UnansweredError without an answer, InputError for any
    other; none of them names the location. What came is left in the piece.
    """
    latest = time.monotonic() + limits.download_seconds
    try:
        return _Fetch(location, piece, limits, latest).run(known, advance)
    except TooSlowError:
        seconds = limits.download_seconds
        raise LimitError("download-seconds", seconds, seconds, "seconds") from None
    except LimitError as problem:
        if problem.limit == "archive-bytes":
            piece.drop()
        raise


class _Fetch:
    """One export on its way."""

    def __init__(self, location: str, piece: Piece, limits: Limits, latest: float) -> None:
        self._guard = Guard()
        self._session = transport.session(self._guard)
        self._location = location
        self._piece = piece
        self._limits = limits
        self._latest = latest

    def run(self, known: str, advance: Progress) -> Fetched | None:
        """Ask, go on from what is there or begin anew, and take what comes."""
        with self._session:
            return self._run(known, advance)

    def _run(self, known: str, advance: Progress) -> Fetched | None:
        kept = self._piece.note()
        response = self._asked(self._conditions(kept, known))
        if kept is not None and not self._fits(response, kept):
            response.close()  # a server that has lost its way is asked for the whole
            self._piece.drop()
            kept = None
            response = self._asked(self._conditions(None, known))
        with response:
            status = response.status_code
            if status == 304 and kept is not None:
                return self._whole(kept.validator, came=0)
            if status == 304 and known:
                return None
            if status == 200:
                validator, total = self._begun(response)
            elif status == 206 and kept is not None:
                validator, total = kept.validator, kept.total or _span(response)[1]
            elif status in {401, 403}:
                raise InputError(f"wants credentials, and is shown none (it answers {status})")
            else:
                raise InputError(f"answers {status}")
            before = self._piece.size
            self._take(response, total, advance)
        return self._whole(validator, came=self._piece.size - before)

    def _conditions(self, kept: Note | None, known: str) -> dict[str, str]:
        """Return the headers that ask for no more than is needed."""
        if kept is None:
            return _if_other(known)
        if kept.total == self._piece.size:
            return _if_other(kept.validator)
        return {"Range": f"bytes={self._piece.size}-", "If-Range": kept.validator}

    def _fits(self, response: Response, kept: Note) -> bool:
        """Tell whether an answer goes on from what is there, or else is of another state."""
        if response.status_code == 304:
            return kept.total == self._piece.size
        if response.status_code == 206:
            start, total = _span(response)
            same = pieces.validator(response.headers)[0] in {"", kept.validator}
            return same and start == self._piece.size and total in {None, kept.total or total}
        return response.status_code != 416

    def _asked(self, conditions: Mapping[str, str]) -> Response:
        """Ask, and follow where the answer leads."""
        url = self._location
        headers = {
            "Accept": "*/*",
            "Accept-Encoding": "identity",  # a range of packed content is none of the content
            "User-Agent": f"audit/{__version__}",
            **conditions,
        }
        for _ in range(_REDIRECTS + 1):
            response = self._one(url, headers)
            if not response.is_redirect:
                return response
            response.close()
            url = transport.followed(url, response.headers["Location"], anywhere=True)
        raise InputError(f"redirects more than {_REDIRECTS} times")

    def _one(self, url: str, headers: dict[str, str]) -> Response:
        left = math.ceil(max(self._latest - time.monotonic(), 0))
        with transport.told():
            self._guard.begin(self._location, trusted=True)
            self._guard.check_written(url)
            return transport.within(
                left,
                lambda: self._session.get(
                    url,
                    headers=headers,
                    auth=transport.as_it_is,
                    timeout=transport.PATIENCE,
                    stream=True,
                    allow_redirects=False,
                ),
            )

    def _begun(self, response: Response) -> tuple[str, int | None]:
        """Begin the piece anew for an answer that is the whole; return its validator and size."""
        validator, strong = pieces.validator(response.headers)
        total = _length(response)
        self._piece.begin(validator if strong else "", total)
        return validator, total

    def _take(self, response: Response, total: int | None, advance: Progress) -> None:
        """Write what comes behind what is there, up to the end of the whole."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise InputError("answers in a packing that was not asked for")
        self._bounded(total or 0)
        size = self._piece.size
        with self._piece.append() as file:
            while chunk := self._next(response, size, total):
                size += len(chunk)
                self._bounded(size)
                try:
                    file.write(chunk)
                except OSError as problem:
                    raise pieces.unwritable(self._piece.path.parent, problem) from None
                advance(size, total or 0)
        if not size:  # which is also how an answer looks that broke off among its headers
            raise UnansweredError("sends nothing")
        if total is not None and size > total:
            self._piece.drop()
            raise InputError(f"sends more than the {counted(total, 'byte')} that it announced")
        if total is not None and size < total:
            raise _cut(size, total)

    def _next(self, response: Response, size: int, total: int | None) -> bytes:
        """Return what comes next, as soon as anything does; nothing at the end."""
        from urllib3.exceptions import HTTPError, ReadTimeoutError  # noqa: PLC0415 - see `fetch`

        if time.monotonic() >= self._latest:
            raise TooSlowError
        try:
            chunk: bytes = response.raw.read1(_CHUNK, decode_content=False)
        except ReadTimeoutError:
            patience = counted(transport.PATIENCE, "second")
            raise UnansweredError(f"sent nothing more for {patience}") from None
        except HTTPError:
            raise _cut(size, total) from None
        return chunk

    def _bounded(self, size: int) -> None:
        if size > self._limits.archive_bytes:
            raise LimitError("archive-bytes", self._limits.archive_bytes, size, "bytes")

    def _whole(self, validator: str, *, came: int) -> Fetched:
        """Return the export that is here now; a piece that is known again is noted as whole."""
        size = self._piece.size
        note = self._piece.note()
        if note is not None and note.total is None:
            self._piece.describe(note.validator, size)
        try:
            with self._piece.path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as problem:
            raise pieces.unwritable(self._piece.path.parent, problem) from None
        return Fetched(
            path=self._piece.path, size=size, came=came, sha256=sha256, validator=validator
        )


def _if_other(known: str) -> dict[str, str]:
    """Return the header that asks only for another state than a known one."""
    if not known:
        return {}
    tag = known.startswith(('"', "W/"))
    return {"If-None-Match" if tag else "If-Modified-Since": known}


def _span(response: Response) -> tuple[int | None, int | None]:
    """Return at which byte a part begins, and how many the whole has; None where it is not said."""
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None:
        return None, None
    return int(found[1]), None if found[3] == "*" else int(found[3])


def _length(response: Response) -> int | None:
    """Return how many bytes an answer is said to have; of chunks nobody knows before the end."""
    said = response.headers.get("Content-Length", "")
    known = _LENGTH.fullmatch(said) and "Transfer-Encoding" not in response.headers
    return int(said) if known else None


def _cut(size: int, total: int | None) -> UnansweredError:
    of = "" if total is None else f" of {total:,}"
    return UnansweredError(f"broke off after {size:,}{of} bytes")
