"""What surrounds every request: body limits, security headers, metrics, the last line of defence."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException

from api.errors import ApiError, InternalError, TooLargeError, of_store
from store.errors import StoreError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.settings import ApiSettings

_log = structlog.get_logger("api")

REQUESTS: Final = Counter("nhip_api_requests_total", "Requests answered", ["method", "route", "status"])
DURATION: Final = Histogram(
    "nhip_api_request_seconds",
    "Seconds until the answer began",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

# No inline script or style anywhere, so that text which came from a gateway can never run in a browser.
_SECURITY_HEADERS: Final = (
    (
        b"content-security-policy",
        (
            b"default-src 'self'; img-src 'self' data:; object-src 'none'; "
            b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(self), microphone=()"),
)
_IMPORT_PATH: Final = "/api/v1/import"


class Guard:
    """The outermost layer: every request gets an answer of ours, whatever happens inside."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self._app, self._body_bytes_max(scope), scope, receive, send).serve()

    def _body_bytes_max(self, scope: Scope) -> int:
        imports = scope["path"] == _IMPORT_PATH
        return self._settings.import_bytes_max if imports else self._settings.body_bytes_max


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, bytes_max: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._scope = scope
        self._receive_raw = receive
        self._send_raw = send
        self._bytes = 0
        self._status = 0
        self._started_at = perf_counter()

    async def serve(self) -> None:
        """Run the application and answer for it when it cannot."""
        try:
            self._refuse_announced_size()
            await self._app(self._scope, self._receive, self._send)
        except HTTPException as error:
            await self._answer(TooLargeError(error.detail))
        except ApiError as error:
            await self._answer(error)
        except StoreError as error:
            _log.warning("store_error", path=self._scope["path"], error=str(error))
            await self._answer(of_store(error))
        except Exception:  # noqa: BLE001 # the last line of defence of the service's main loop
            _log.exception("request_failed", method=self._scope["method"], path=self._scope["path"])
            await self._answer(InternalError())

    def _too_large(self) -> HTTPException:
        # FastAPI lets only its own exception through while it reads a body; the application's handler of it,
        # or `serve`, turns it into a problem.
        return HTTPException(TooLargeError.status, f"the body is larger than {self._bytes_max} bytes")

    def _refuse_announced_size(self) -> None:
        for name, value in self._scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value[:20]) > self._bytes_max:
                raise self._too_large()

    async def _receive(self) -> Message:
        message = await self._receive_raw()
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._bytes_max:
            raise self._too_large()
        return message

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = int(message["status"])
            present = {name for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *(header for header in _SECURITY_HEADERS if header[0] not in present),
            ]
            self._count()
        await self._send_raw(message)

    def _count(self) -> None:
        # The template of the route, never the address itself: ids would make a series each.
        route = getattr(self._scope.get("route"), "path", "none")
        REQUESTS.labels(self._scope["method"], route, self._status).inc()
        DURATION.labels(route).observe(perf_counter() - self._started_at)

    async def _answer(self, error: ApiError) -> None:
        if self._status:
            return  # the answer has begun: the cut connection tells the client that it is not whole
        response = error.response(self._scope["path"])
        await response(self._scope, self._receive_raw, self._send)
