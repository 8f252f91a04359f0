"""A registry on this machine, which answers what a test tells it and notes what it is asked."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl

NOW = datetime.now(UTC).replace(microsecond=0)


def ago(days: float) -> str:
    return f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%S.000Z}"


def packument(*days: float, by: tuple[str, ...] = (), created: float | None = None) -> bytes:
    """Return npm's document of a package whose versions were published so many days ago."""
    versions = {f"1.{number}.0": ago(day) for number, day in enumerate(days)}
    first = max(days, default=0) if created is None else created
    return json.dumps(
        {
            "name": "any",
            "versions": {version: {"version": version} for version in versions},
            "time": {"created": ago(first), "modified": ago(0), **versions},
            "maintainers": [{"name": name, "email": "a@example.org"} for name in by],
        }
    ).encode()


def releases(**days: float) -> bytes:
    """Return npm's document of a package by the days ago that each version was published.

    `v1_2_3=4` is version 1.2.3 of four days ago.
    """
    times = {name[1:].replace("_", "."): ago(day) for name, day in days.items()}
    return json.dumps({"name": "any", "versions": {v: {} for v in times}, "time": times}).encode()


def project(*days: float) -> bytes:
    """Return an index's document of a project whose files were uploaded so many days ago."""
    return json.dumps(
        {
            "meta": {"api-version": "1.1"},
            "name": "any",
            "versions": [f"1.{number}" for number, _ in enumerate(days)],
            "files": [{"filename": "any", "upload-time": ago(day)} for day in days],
        }
    ).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]


@dataclass(slots=True, kw_only=True)
class Served:
    """A registry that runs: `answers` by path; a path without one is answered with 404."""

    answers: dict[str, bytes | int | Callable[[BaseHTTPRequestHandler], None]] = field(
        default_factory=dict
    )
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    keep_alive: bool = False
    """Connections stay open for further requests."""
    under_way: int = 0
    most: int = 0
    """Requests that were under way together, at most."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


def send(handler: BaseHTTPRequestHandler, code: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(code)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


class _Server(ThreadingHTTPServer):
    request_queue_size = 64


def served(
    served: Served, address: str = "127.0.0.1", context: ssl.SSLContext | None = None
) -> ThreadingHTTPServer:
    """Start a registry, with TLS where a context is given; who calls shuts it down."""

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            with served.lock:
                served.asked.append(Asked(path=self.path, headers=dict(self.headers)))
                served.under_way += 1
                served.most = max(served.most, served.under_way)
            try:
                self._answer()
            finally:
                with served.lock:
                    served.under_way -= 1

        def _answer(self) -> None:
            answer = served.answers.get(self.path, 404)
            if isinstance(answer, int):
                send(self, answer)
            elif isinstance(answer, bytes):
                send(self, 200, answer)
            else:
                answer(self)

        def log_message(self, *_: Any) -> None:  # noqa: ANN401 - as its parent has it
            pass

        def handle(self) -> None:
            self.protocol_version = "HTTP/1.1" if served.keep_alive else "HTTP/1.0"
            try:
                super().handle()
            except OSError:  # who asks went away, as it should
                self.close_connection = True

    server = _Server((address, 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    served.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def npm_document(
    base: str, files: dict[str, bytes], tags: dict[str, str] | None = None, **dist: object
) -> bytes:
    """Return npm's document of `demo-kit`, with a tarball below `/files/` for each version."""
    versions = {}
    for version, data in files.items():
        sha512 = base64.b64encode(hashlib.sha512(data).digest()).decode()
        shown = {
            "tarball": f"{base}/files/demo-kit-{version}.tgz",
            "integrity": f"sha512-{sha512}",
            "shasum": hashlib.sha1(data).hexdigest(),  # noqa: S324 - as npm has it
        }
        versions[version] = {"version": version, "dist": shown | dist}
    return json.dumps(
        {"dist-tags": {"latest": list(files)[-1], **(tags or {})}, "versions": versions}
    ).encode()


def index_document(base: str, files: dict[str, bytes], **more: object) -> bytes:
    """Return an index's document of `demo-kit`, with each file below `/files/`."""
    return json.dumps(
        {
            "meta": {"api-version": "1.1"},
            "name": "demo-kit",
            "files": [
                {
                    "filename": name,
                    "url": f"{base}/files/{name}",
                    "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
                    "yanked": False,
                }
                | more
                for name, data in files.items()
            ],
        }
    ).encode()
