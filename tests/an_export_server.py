"""A place on this machine that offers exports of advisories, as well or as badly as a test says."""

from __future__ import annotations

import io
import json
import re
import socket
import socketserver
import threading
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_RANGE = re.compile(r"bytes=(\d+)-")
DATE = "Thu, 02 Apr 2026 12:00:00 GMT"
"""When all answers are given."""
OLD = "Wed, 01 Apr 2026 12:00:00 GMT"
"""A day before that."""
SINCE = "Thu, 02 Apr 2026 11:59:30 GMT"
"""Half a minute before that."""


def record(number: int, ecosystem: str = "npm") -> dict[str, object]:
    """Return one malicious-package record of OSV."""
    return {
        "schema_version": "1.7.4",
        "id": f"MAL-2026-{number}",
        "modified": "2026-04-01T00:00:00Z",
        "published": "2026-04-01T00:00:00Z",
        "summary": f"Malicious code in kit-{number}",
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": f"kit-{number}"},
                "versions": [f"1.0.{number}"],
            }
        ],
    }


def export(numbers: Iterable[int], ecosystem: str = "npm") -> bytes:
    """Return an `all.zip` of some records, always of the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for number in numbers:
            info = zipfile.ZipInfo(f"MAL-2026-{number}.json")
            file.writestr(info, json.dumps(record(number, ecosystem)))
    return out.getvalue()


@dataclass(slots=True, kw_only=True)
class Shelf:
    """One export: the answer to each question for it."""

    content: bytes
    etag: str = '"one"'
    modified: str = ""
    ranges: bool = True
    """Whether parts are given out, to who asks for them."""
    span: str = ""
    """What is said of a part instead of the truth."""
    declared: int | None = None
    """The length that is said instead of the true one; -1 for none at all."""
    chunked: bool = False
    cut: int | None = None
    """Bytes of the next answer, its headers among them, behind which the connection is closed."""
    more: dict[str, str] = field(default_factory=dict)
    """Further headers."""
    given: list[str] = field(default_factory=list)
    """Status and length of the content of each answer."""

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer, as RFC 9110 has it but for what is set otherwise."""
        raw = self._answer(handler.headers)  # type: ignore[arg-type]
        cut, self.cut = self.cut, None  # before it is sent, as who asks may set it anew then
        handler.wfile.write(raw[:cut])
        handler.close_connection = True

    def _answer(self, asked: dict[str, str]) -> bytes:
        validators = {"ETag": self.etag, "Last-Modified": self.modified, "Date": DATE}
        headers = {name: value for name, value in validators.items() if value}
        status, body = 200, self.content
        if self._is_known(asked):
            status, body = 304, b""
        elif (part := _RANGE.fullmatch(asked.get("Range", ""))) and self._goes_on(asked):
            start, whole = int(part[1]), len(self.content)
            if start >= whole:
                status, body = 416, b""
                headers["Content-Range"] = f"bytes */{whole}"
            else:
                status, body = 206, self.content[start:]
                headers["Content-Range"] = self.span or f"bytes {start}-{whole - 1}/{whole}"
        self.given.append(f"{status} {len(body)}")
        if self.chunked and status in {200, 206}:
            headers["Transfer-Encoding"] = "chunked"
            half = len(body) // 2
            chunks = [one for one in (body[:half], body[half:]) if one]
            body = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in (*chunks, b""))
        elif self.declared != -1:
            headers["Content-Length"] = str(len(body) if self.declared is None else self.declared)
        lines = [f"{name}: {value}" for name, value in (headers | self.more).items()]
        head = "\r\n".join((f"HTTP/1.1 {status} So", *lines, "", ""))
        return head.encode() + body

    def _is_known(self, asked: dict[str, str]) -> bool:
        if "If-None-Match" in asked:
            return bool(self.etag) and asked["If-None-Match"] == self.etag
        return bool(self.modified) and asked.get("If-Modified-Since") == self.modified

    def _goes_on(self, asked: dict[str, str]) -> bool:
        """Tell whether a part is given out; a weak tag is none to give one out by."""
        condition = asked.get("If-Range", "")
        strong = [value for value in (self.etag, self.modified) if value[:2] != "W/"]
        return self.ranges and condition in strong


class _Tunnel(socketserver.StreamRequestHandler):
    """A proxy's answer to CONNECT: from then on it only hands on what comes."""

    server: Proxy

    def handle(self) -> None:
        """Note whereto, and hand on both ways until both sides have said all."""
        head = b"".join(iter(self.rfile.readline, b"\r\n"))
        self.server.asked.append(head.decode().split()[1])
        with socket.create_connection(("127.0.0.1", self.server.port)) as there:
            self.wfile.write(b"HTTP/1.1 200 So\r\n\r\n")
            back = threading.Thread(target=self._hand_on, args=(there, self.request), daemon=True)
            back.start()
            self._hand_on(self.request, there)
            back.join(10)

    @staticmethod
    def _hand_on(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


class Proxy(socketserver.ThreadingTCPServer):
    """A proxy for https that leads to one port of this machine, wherever it is to lead."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []
        """Host and port of each tunnel."""
        super().__init__(("127.0.0.1", 0), _Tunnel)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Return what `https_proxy` says."""
        return f"http://127.0.0.1:{self.server_address[1]}"


def encrypted(server: ThreadingHTTPServer, context: ssl.SSLContext) -> None:
    """Have a server that runs speak TLS from now on."""
    server.socket = context.wrap_socket(server.socket, server_side=True)
