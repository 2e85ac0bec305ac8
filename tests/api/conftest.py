"""The application on a real database, as the role that serves it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from api.app import create_app
from api.permissions import Role
from api.settings import ApiSettings
from domain.credentials import api_key_hash, api_key_prefix, new_api_key
from store import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Service:
    """The application with a client for each role, driven from ordinary functions."""

    def __init__(
        self, dsn: str, superuser_dsn: str, *, store: dict[str, Any] | None = None, **settings: Any
    ) -> None:
        self.dsn = superuser_dsn
        self.app = create_app(
            ApiSettings(credential_wait_s_max=0.2, **settings),
            StoreSettings(dsn=SecretStr(dsn), **(store or {})),
        )
        self.keys = {role: new_api_key() for role in Role}
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()

    def __enter__(self) -> Self:
        for role, key in self.keys.items():
            self.sql(
                "INSERT INTO api_key (name, role, key_prefix, key_hash) VALUES (%s, %s, %s, %s)",
                (f"test-{role}", role, api_key_prefix(key), api_key_hash(key)),
            )
        self._runner.run(self._start())
        return self

    async def _start(self) -> None:
        await self._stack.enter_async_context(self.app.router.lifespan_context(self.app))
        transport = httpx.ASGITransport(self.app, client=("198.51.100.7", 1))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://nhip.test")
        await self._stack.enter_async_context(self.client)

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    def sql(self, statement: str, parameters: object = None) -> list[tuple[Any, ...]]:
        """Run a statement as superuser and return its rows."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def call(self, method: str, path: str, *, role: Role | None = None, **arguments: Any) -> httpx.Response:
        """Send a request; `/x` means `/api/v1/x` unless it is an address outside of the API."""
        headers = dict(arguments.pop("headers", {}))
        if role is not None:
            headers.setdefault("Authorization", f"Bearer {self.keys[role]}")
        outside = (
            path.startswith(("/api/", "/healthz", "/readyz", "/metrics", "/docs", "/openapi")) or path == "/"
        )
        address = path if outside else f"/api/v1{path}"
        return self._runner.run(self.client.request(method, address, headers=headers, **arguments))

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        return self.call("GET", path, **arguments)

    def post(
        self, path: str, json: Any = None, *, role: Role | None = Role.ADMIN, **arguments: Any
    ) -> httpx.Response:
        return self.call("POST", path, role=role, json=json, **arguments)

    def patch(self, path: str, json: Any, *, role: Role | None = Role.ADMIN) -> httpx.Response:
        return self.call("PATCH", path, role=role, json=json)

    def delete(self, path: str, *, role: Role | None = Role.ADMIN) -> httpx.Response:
        return self.call("DELETE", path, role=role)

    def made(self, path: str, json: Any) -> Any:
        """Create something as admin and return it."""
        response = self.post(path, json)
        assert response.status_code in {200, 201}, response.text
        return response.json()

    def city(self) -> None:
        """Register a small city: two areas in two zones, a site, a gateway and a sensor in each."""
        self.made("/areas", {"code": "ha-noi", "name": "Hà Nội", "kind": "city"})
        self.made(
            "/areas",
            {"code": "bac-kinh", "name": "Bắc Kinh", "kind": "city", "time_zone": "Asia/Shanghai"},
        )
        self.made("/areas", {"code": "hoan-kiem", "name": "Hoàn Kiếm", "kind": "ward", "parent": "ha-noi"})
        self.made("/sites", {"code": "tram-1", "name": "Trạm 1", "kind": "air_station", "area": "hoan-kiem"})
        self.made("/sites", {"code": "dongsi", "name": "Dongsi", "kind": "air_station", "area": "bac-kinh"})
        self.made("/gateways", {"code": "gw-1"})
        self.made("/gateways", {"code": "gw-2", "archive": True})
        for gateway, site in (("gw-1", "tram-1"), ("gw-2", "dongsi")):
            self.made(
                "/sensors",
                {"gateway": gateway, "name": "pm25", "quantity": "pm25", "interval_s": 3600, "site": site},
            )


@pytest.fixture
def service(role_dsn: Callable[[str], str], dsn: str) -> Iterator[Service]:
    """The application as role nhip_api."""
    with Service(role_dsn("nhip_api"), dsn) as running:
        yield running


@pytest.fixture
def city(service: Service) -> Service:
    """The application with a small city."""
    service.city()
    return service
