"""The service as a process: it starts without waiting for its database, and always ends."""

from __future__ import annotations

import asyncio

from pydantic import SecretStr

from api.app import create_app
from api.settings import ApiSettings
from store import StoreSettings


def test_service_ends_at_whatever_moment_it_is_told_to(role_dsn):
    """A stop that falls into the first connection must not be lost."""

    async def serve(running_s):
        app = create_app(ApiSettings(), StoreSettings(dsn=SecretStr(role_dsn("nhip_api"))))
        async with app.router.lifespan_context(app):
            await asyncio.sleep(running_s)

    async def many():
        for step in range(20):
            await asyncio.wait_for(serve(step * 0.002), 20)

    asyncio.run(many())


def test_service_ends_while_its_database_is_away():
    async def serve():
        dsn = SecretStr("postgresql://nobody@127.0.0.1:1/none")
        app = create_app(ApiSettings(), StoreSettings(dsn=dsn))
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0.1)

    asyncio.run(asyncio.wait_for(serve(), 20))


def test_rate_is_that_of_the_last_minute(service):
    meter = service.app.state.meter
    assert meter.readings_per_s() is None or meter.readings_per_s() == 0
    meter._samples.clear()
    meter._samples.extend([(0.0, 100), (10.0, 300), (20.0, 500)])
    assert meter.readings_per_s() == 20


def test_metrics_count_requests_by_route_and_not_by_address(city):
    city.get("/sensors/gw-1.pm25")
    city.get("/sensors/gw-2.pm25")
    text = city.get("/metrics").text
    assert "gw-1.pm25" not in text
    assert 'route="/sensors/{sensor}"' in text


def test_reference_lists_every_endpoint_in_the_readers_language(service):
    vietnamese = service.get("/docs?lang=vi").text
    english = service.get("/docs?lang=en").text
    for path in service.app.openapi()["paths"]:
        assert path in vietnamese
    assert "Đăng ký cảm biến" in vietnamese
    assert "Register a sensor" in english
    assert "<script" not in vietnamese
