"""The platform's HTTP API as gateways need it: register sensors, fetch credentials, read the ledger."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
import urllib3

from device_sim.errors import RegistrationError
from device_sim.outbox import Credential

if TYPE_CHECKING:
    from collections.abc import Iterable

_T = TypeVar("_T")

_TRY_AGAIN_S: Final = 1.0
_BODY_SHOWN_MAX: Final = 300
_STATUS_OK_MAX: Final = 299
_STATUS_NOT_ALLOWED: Final = frozenset({401, 403})
_STATUS_NOT_READY: Final = frozenset({502, 503, 504})


class SensorRow(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """One sensor as `POST /api/v1/import` takes it, with the site and the area it needs."""

    gateway: str
    sensor: str
    quantity: str
    unit: str
    interval_s: float
    site: str
    area: str
    averaging_s: float = 0.0
    latitude: float | None = None
    longitude: float | None = None
    customers: int | None = None
    site_name: str | None = None
    site_kind: str | None = None
    area_name: str | None = None
    area_kind: str | None = None
    area_parent: str | None = None
    time_zone: str | None = None


class _ImportItem(msgspec.Struct, kw_only=True):
    row: int
    action: str
    code: str | None = None
    error: Any = None


class _CredentialItem(msgspec.Struct):
    gateway: str
    username: str
    password: str | None = None


class _ImportAnswer(msgspec.Struct, kw_only=True):
    counts: dict[str, int]
    items: list[_ImportItem] = msgspec.field(default_factory=list[_ImportItem])
    credentials: list[_CredentialItem] = msgspec.field(default_factory=list[_CredentialItem])


class ImportOutcome:
    """What an import did, over all its requests."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.credentials: list[tuple[str, Credential]] = []


class Ledger(msgspec.Struct, kw_only=True):
    """The account that ingest keeps of a gateway."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    conflict: int = 0
    quarantined: int = 0
    rejected: int = 0


class RegistryClient:
    """A client of the registry's API."""

    def __init__(self, api_url: str, api_key: str | None, *, timeout_s: float, rows_per_request: int) -> None:
        parts = urlsplit(api_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            expected = "http://host:port or https://host:port"
            raise RegistrationError(api_url, "not the address of an API", expected)
        self._url = api_url.rstrip("/")
        self._rows_per_request = rows_per_request
        headers = {"Accept": "application/json"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        self._pool = urllib3.PoolManager(
            headers=headers,
            timeout=urllib3.Timeout(connect=min(timeout_s, 10.0), read=timeout_s),
            retries=False,
        )

    @property
    def place(self) -> str:
        """Name of the platform that can stand in a file name, such as `127.0.0.1_8000`."""
        parts = urlsplit(self._url)
        return f"{parts.hostname}_{parts.port or (443 if parts.scheme == 'https' else 80)}"

    def wait_until_ready(self, wait_s: float) -> None:
        """Wait for an API that is starting.

        Raises:
            RegistrationError: it did not answer in time.
        """
        deadline_s = time.monotonic() + wait_s
        while True:
            try:
                self._request("GET", "/healthz")
            except RegistrationError as error:
                waiting = error.status is None or error.status in _STATUS_NOT_READY
                if not waiting or time.monotonic() >= deadline_s:
                    raise
                time.sleep(_TRY_AGAIN_S)
            else:
                return

    def register(
        self,
        rows: Iterable[SensorRow],
        *,
        archive: bool = False,
        credentials: bool | Literal["rotate"] = True,
    ) -> ImportOutcome:
        """Create or update sensors with their gateways, sites and areas.

        Args:
            rows: one per sensor.
            archive: the gateways replay history: they may send what is long past.
            credentials: fetch those of gateways created now (true) or new ones for all named ("rotate").

        Raises:
            RegistrationError: the API refuses, cannot be reached, or rejects a row.
        """
        outcome = ImportOutcome()
        remaining = iter(rows)
        while chunk := list(itertools.islice(remaining, self._rows_per_request)):
            body = {
                "rows": chunk,
                "create": True,
                "dry_run": False,
                "archive": archive,
                "credentials": credentials,
            }
            answer = self._decoded(self._request("POST", "/api/v1/import", body), _ImportAnswer)
            for action, count in answer.counts.items():
                outcome.counts[action] = outcome.counts.get(action, 0) + count
            outcome.credentials.extend(
                (item.gateway, Credential(item.username, item.password))
                for item in answer.credentials
                if item.password is not None
            )
            self._refuse_rejected(answer)
        return outcome

    def ensure_area(self, code: str, name: str, kind: str, time_zone: str) -> None:
        """Create an area without a parent unless it exists.

        Raises:
            RegistrationError: the API refuses or cannot be reached.
        """
        body = {"code": code, "name": name, "kind": kind, "time_zone": time_zone}
        try:
            self._request("POST", "/api/v1/areas", body)
        except RegistrationError as error:
            if error.status != 409:  # noqa: PLR2004 # conflict: it exists
                raise

    def ledger(self, gateway: str) -> Ledger | None:
        """Return ingest's account of a gateway, None where the API does not tell."""
        try:
            answer = self._request("GET", f"/api/v1/accounting?gateway={gateway}")
            return self._decoded(answer, Ledger)
        except RegistrationError:
            return None

    def _refuse_rejected(self, answer: _ImportAnswer) -> None:
        for item in answer.items:
            if item.action == "rejected":
                found = f"sensor {item.code} (row {item.row}) was rejected: {item.error}"
                raise RegistrationError(self._url, found, "every row taken")

    def _request(self, method: str, path: str, body: object = None) -> bytes:
        url = f"{self._url}{path}"
        encoded = None if body is None else msgspec.json.encode(body)
        headers = {**self._pool.headers, "Content-Type": "application/json"} if encoded else None
        try:
            answer = self._pool.request(method, url, body=encoded, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            expected = "a running Nhịp API (NHIP_API_URL)"
            raise RegistrationError(url, f"no answer ({error})", expected) from error
        if answer.status > _STATUS_OK_MAX:
            shown = answer.data[:_BODY_SHOWN_MAX].decode("utf-8", "replace")
            expected = "success"
            if answer.status in _STATUS_NOT_ALLOWED:
                expected = "a key that may change the registry (NHIP_API_KEY)"
            raise RegistrationError(url, f"HTTP {answer.status} {shown}", expected, status=answer.status)
        return answer.data

    def _decoded(self, body: bytes, kind: type[_T]) -> _T:
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.DecodeError as error:
            raise RegistrationError(
                self._url, f"an answer of another form ({error})", kind.__name__
            ) from error
