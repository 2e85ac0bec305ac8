"""Errors of the HTTP face; the only place that knows status codes.

ApiError                      one problem+json answer (RFC 9457); `type` is stable
├── InvalidRequestError       422  a field is not what was expected
│   └── UnknownParameterError 422  a query parameter that the endpoint does not have
├── MalformedBodyError        400  the body is not JSON
├── UnauthenticatedError      401  no key, or one that is not known, expired or revoked
├── ForbiddenError            403  the key's role may not do this
├── CrossSiteError            403  a change by cookie without the X-Nhip-Request header
├── NotFoundError             404  no such object
├── NotAllowedError           405  the address does not know the method
├── ConflictError             409  the state of the registry does not allow it
├── TooLargeError             413  body or export above the limit
├── TooManyFailuresError      429  too many wrong keys from one client
├── InternalError             500  our fault; the log knows more
├── UnavailableError          503  the database is away; Retry-After says when to come again
└── StatementTimeoutError     504  the query took longer than allowed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
from fastapi import Response

from domain.text import Text
from store.errors import DataRejectedError, StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROBLEM_TYPE: Final = "application/problem+json"
# What OpenAPI says of every refusal.
_PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "title_vi", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "description": "stable, urn:nhip:problem:…"},
        "title": {"type": "string"},
        "title_vi": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "field": {"type": "string", "description": "of the first error"},
        "found": {"type": "string"},
        "expected": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}, "description": "field, found, expected"},
    },
}
PROBLEM_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": meaning, "content": {PROBLEM_TYPE: {"schema": _PROBLEM_SCHEMA}}}
    for status, meaning in (
        (422, "a field is not what was expected"),
        ("4XX", "refused"),
        ("5XX", "not possible now"),
    )
}
_TYPE_PREFIX: Final = "urn:nhip:problem:"
_FOUND_LETTERS_MAX: Final = 200


def shown(value: object) -> str:
    """Return a short printable form of anything a client sent."""
    text = (value or '""') if isinstance(value, str) else repr(value)
    # A lone surrogate or a control character must not break the answer that complains about it.
    printable = text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    return printable if len(printable) <= _FOUND_LETTERS_MAX else printable[:_FOUND_LETTERS_MAX] + "…"


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that is wrong."""

    field: str
    found: str
    expected: str

    def as_dict(self) -> dict[str, str]:
        """Return the fault for a JSON answer."""
        return {"field": self.field, "found": self.found, "expected": self.expected}

    def __str__(self) -> str:
        return f"{self.field}: found {self.found}, expected {self.expected}"


def fault(field: str, found: object, expected: str) -> Fault:
    """Return a fault with `found` in a form that can be shown."""
    return Fault(shown(field), shown(found), expected)


class ApiError(Exception):
    """Base: what a problem+json answer says."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title: ClassVar[Text] = Text("Lỗi máy chủ", "Server error")

    def __init__(
        self, detail: str, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        super().__init__(detail)

    def body(self, instance: str) -> dict[str, Any]:
        """Return the members of the problem."""
        members: dict[str, Any] = {
            "type": _TYPE_PREFIX + self.slug,
            "title": self.title.en,
            "title_vi": self.title.vi,
            "status": self.status,
            "detail": self.detail,
            "instance": shown(instance),
        }
        if self.faults:
            members |= self.faults[0].as_dict()
            members["errors"] = [fault.as_dict() for fault in self.faults]
        return members

    def response(self, instance: str) -> Response:
        """Return the answer."""
        return Response(
            msgspec.json.encode(self.body(instance)), self.status, self.headers, media_type=PROBLEM_TYPE
        )


class InvalidRequestError(ApiError):
    """A field is not what was expected."""

    status = 422
    slug = "invalid-request"
    title = Text("Dữ liệu không hợp lệ", "The request is not valid")

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(str(fault) for fault in faults[:10]), faults)


class UnknownParameterError(InvalidRequestError):
    """A query parameter that the endpoint does not have; a silent ignore would answer another question."""

    slug = "unknown-parameter"
    title = Text("Tham số không tồn tại", "Unknown query parameter")


class MalformedBodyError(ApiError):
    """The body is not JSON."""

    status = 400
    slug = "malformed-body"
    title = Text("Không đọc được nội dung gửi lên", "The body cannot be read")


class UnauthenticatedError(ApiError):
    """No key, or one that is not known, expired or revoked."""

    status = 401
    slug = "unauthenticated"
    title = Text("Cần khoá API hợp lệ", "A valid API key is needed")

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="nhip"'})


class ForbiddenError(ApiError):
    """The key's role may not do this."""

    status = 403
    slug = "forbidden"
    title = Text("Vai trò này không được phép", "This role may not do that")

    def __init__(self, role: str, permission: str, roles: Sequence[str]) -> None:
        super().__init__(f"role {role} may not {permission}; roles that may: {', '.join(roles)}")


class CrossSiteError(ApiError):
    """A change by cookie without the header that only our own pages send."""

    status = 403
    slug = "cross-site"
    title = Text("Yêu cầu không đến từ trang của Nhịp", "The request did not come from a page of ours")

    def __init__(self) -> None:
        super().__init__("a change with the session cookie needs the header X-Nhip-Request: 1")


class NotFoundError(ApiError):
    """No such object; the fault's field is its kind."""

    status = 404
    slug = "not-found"
    title = Text("Không tìm thấy", "Not found")

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"no {fault.field} {fault.found!r}; expected {fault.expected}", [fault])


class NotAllowedError(ApiError):
    """The address does not know the method."""

    status = 405
    slug = "method-not-allowed"
    title = Text("Phương thức không được hỗ trợ", "Method not allowed")


class ConflictError(ApiError):
    """The state of the registry does not allow it."""

    status = 409
    slug = "conflict"
    title = Text("Xung đột với dữ liệu hiện có", "In conflict with what is there")


class TooLargeError(ApiError):
    """Body or export above the limit."""

    status = 413
    slug = "too-large"
    title = Text("Vượt quá giới hạn", "Above the limit")


class TooManyFailuresError(ApiError):
    """Too many wrong keys from one client."""

    status = 429
    slug = "too-many-failures"
    title = Text("Sai khoá quá nhiều lần", "Too many wrong keys")

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"too many wrong keys from this address; try again in {retry_after_s} s",
            headers={"Retry-After": str(retry_after_s)},
        )


class InternalError(ApiError):
    """Our fault; the log knows more."""

    def __init__(self) -> None:
        super().__init__("an error of ours; it has been logged")


class UnavailableError(ApiError):
    """The database is away."""

    status = 503
    slug = "unavailable"
    title = Text("Cơ sở dữ liệu tạm thời không sẵn sàng", "The database is not available for the moment")

    def __init__(self, retry_after_s: int = 5) -> None:
        # The cause may hold host names and user names: it goes to the log, not to the client.
        super().__init__(
            "the database is not available; try again", headers={"Retry-After": str(retry_after_s)}
        )


class StatementTimeoutError(ApiError):
    """The query took longer than allowed."""

    status = 504
    slug = "timeout"
    title = Text("Truy vấn quá lâu", "The query took too long")

    def __init__(self) -> None:
        super().__init__("the query took longer than allowed; ask for a shorter time or a smaller page")


_UNIQUE_VIOLATION: Final = "23505"
_QUERY_CANCELED: Final = "57014"
_LOCK_NOT_AVAILABLE: Final = "55P03"
_INSUFFICIENT_PRIVILEGE: Final = "42501"


def of_store(error: StoreError) -> ApiError:
    """Return the answer that an error of the store means."""
    if isinstance(error, StoreUnavailableError):
        return StatementTimeoutError() if error.cause.startswith(_QUERY_CANCELED) else UnavailableError()
    if isinstance(error, DataRejectedError):
        summary = shown(error.cause.splitlines()[0])
        if error.sqlstate == _UNIQUE_VIOLATION:
            return ConflictError(summary)
        if error.sqlstate.startswith(("22", "23")) or error.sqlstate == "client":
            return InvalidRequestError(fault("body", summary, "values that the database accepts"))
    return InternalError()
