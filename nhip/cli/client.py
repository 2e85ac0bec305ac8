"""The platform's HTTP API as the client commands use it, with errors in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

import urllib3
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CONNECT_S: Final = 5.0
_READ_S: Final = 300.0  # an import of a hundred thousand rows takes some seconds on a small machine
_ERROR_STATUS_MIN: Final = 400
_UNAUTHENTICATED: Final = 401
_NOTHING: Final = 204
_FAULTS_SHOWN_MAX: Final = 10


class ClientSettings(BaseSettings):
    """Where the platform is, for commands that talk to it."""

    model_config = SettingsConfigDict(env_prefix="NHIP_", frozen=True, extra="ignore")

    api_url: str = Field(default="http://127.0.0.1:8000", description="address of the HTTP service")
    api_key: SecretStr | None = Field(default=None, description="an API key; changes need one")
    mqtt_url: str = Field(default="mqtt://127.0.0.1:1883", description="address of the broker")


class ClientError(Exception):
    """Base of what can go wrong between a command and the API."""


class AddressError(ClientError):
    """NHIP_API_URL is not an address."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(f"NHIP_API_URL: found {found!r}, expected an address such as http://127.0.0.1:8000")


class ApiUnreachableError(ClientError):
    """Nobody answers there."""

    def __init__(self, url: str, cause: str) -> None:
        self.url = url
        super().__init__(f"no answer from {url} ({cause}); is `nhip api` running, and is NHIP_API_URL right?")


class NotAnApiError(ClientError):
    """Somebody answers, but not Nhịp."""

    def __init__(self, url: str, status: int) -> None:
        self.url = url
        self.status = status
        super().__init__(f"{url} answered {status} without JSON: that is not Nhịp's API; check NHIP_API_URL")


class ApiProblemError(ClientError):
    """The API refuses; carries its problem+json."""

    def __init__(self, problem: Mapping[str, Any], status: int) -> None:
        self.problem = dict(problem)
        self.status = status
        hint = "; set NHIP_API_KEY" if status == _UNAUTHENTICATED else ""
        super().__init__(f"{self._said()}{hint}")

    def _said(self) -> str:
        faults = self.problem.get("errors")
        if isinstance(faults, list) and len(faults) > 1:
            shown = [
                f"{each['field']}: found {each['found']}, expected {each['expected']}" for each in faults
            ]
            return "; ".join(shown[:_FAULTS_SHOWN_MAX])
        return str(self.problem.get("detail") or self.problem.get("title") or f"status {self.status}")


class ApiClient:
    """Requests to `/api/v1`."""

    def __init__(self, url: str, key: str | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise AddressError(url)
        self.url = url.rstrip("/")
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_CONNECT_S, read=_READ_S), retries=False
        )

    @classmethod
    def from_environment(cls) -> ApiClient:
        """Return the client that NHIP_API_URL and NHIP_API_KEY describe."""
        settings = ClientSettings()
        return cls(settings.api_url, settings.api_key.get_secret_value() if settings.api_key else None)

    def request(
        self, method: str, path: str, body: object = None, query: Mapping[str, object] | None = None
    ) -> Any:  # noqa: ANN401 # JSON
        """Send one request and return its JSON.

        Args:
            method: GET, POST, PATCH or DELETE.
            path: below `/api/v1`.
            body: sent as JSON; None sends nothing.
            query: parameters; those that are None are left out.

        Raises:
            ApiUnreachableError: nobody answers.
            ApiProblemError: the API refuses.
            NotAnApiError: the answer is not JSON.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        address = f"{self.url}/api/v1{path}" + (f"?{urlencode(given)}" if given else "")
        headers = dict(self._headers)
        content: bytes | None = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        try:
            response = self._pool.request(method, address, body=content, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise ApiUnreachableError(self.url, _cause(error)) from error
        return self._parsed(response.status, response.data)

    def _parsed(self, status: int, data: bytes) -> object:
        if status == _NOTHING:
            return None
        try:
            answer = json.loads(data)
        except ValueError as error:
            raise NotAnApiError(self.url, status) from error
        if status < _ERROR_STATUS_MIN:
            return answer
        if not isinstance(answer, dict):
            raise NotAnApiError(self.url, status)
        problem: dict[str, Any] = answer
        raise ApiProblemError(problem, status)

    def items(self, path: str, query: Mapping[str, object] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the items of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.request("GET", path, query={**(query or {}), "cursor": cursor})
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return


def _cause(error: urllib3.exceptions.HTTPError) -> str:
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "time-out"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "connection refused" if "refused" in str(error).lower() else "no connection"
    return type(error).__name__


def segment(text: str) -> str:
    """Return text as one segment of a path."""
    return quote(text, safe="")
