"""A service's small HTTP face for those who watch it: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

_REQUEST_S_MAX: Final = 10


@contextmanager
def serve_health(
    port: int, ready: Callable[[], Mapping[str, str]], *, host: str = "127.0.0.1"
) -> Generator[int, None, None]:
    """Serve health and metrics from a daemon thread while the context lasts.

    Args:
        port: where to listen; 0 serves nothing.
        ready: says what is not ready, by name; an empty mapping means ready. Called by several threads.
        host: the address to listen on; services in containers need `0.0.0.0`.

    Yields:
        The port.

    Raises:
        OSError: the port is taken.
    """
    if port == 0:
        yield 0
        return
    server = ThreadingHTTPServer((host, port), _handler(ready))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="health", daemon=True)
    thread.start()
    try:
        yield port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(ready: Callable[[], Mapping[str, str]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers the three questions."""

        timeout = _REQUEST_S_MAX

        def do_GET(self) -> None:
            """Answer one question."""
            path = self.path.partition("?")[0]
            if path == "/healthz":
                self._answer(200, "application/json", b'{"status":"alive"}')
            elif path == "/readyz":
                missing = dict(ready())
                self._answer(503 if missing else 200, "application/json", json.dumps(missing).encode())
            elif path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
            else:
                self._answer(404, "application/json", b'{"error":"only /healthz, /readyz and /metrics"}')

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 # the base class's signature
            """Say nothing: probes come every few seconds."""

    return Handler
