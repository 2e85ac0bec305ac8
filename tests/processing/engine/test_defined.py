"""Definitions of the city in the engine: a new version is followed, a retired one no longer computed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from processing import context
from tests.processing.engine.city import START, City, every

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR = timedelta(hours=1)
COMMON = {
    "title": {"vi": "Của mình", "en": "Our own"},
    "service": "all",
    "direction": "lower",
    "source": "Test",
}


@pytest.fixture(autouse=True)
def _nothing_of_the_city() -> Iterator[None]:
    yield
    context.put_in_force({})


def define(city: City, code: str, version: int, **fields: object) -> None:
    body = json.dumps(COMMON | {"code": code} | fields) if fields else None
    city.owner.execute(
        "INSERT INTO indicator_definition (code, version, body, created_by, reason)"
        " VALUES (%s, %s, %s, 'test', 'test')",
        (code, version, body),
    )


def above(threshold: float) -> dict[str, object]:
    return {
        "kernel": "exceedance_hours",
        "quantity": "pm25",
        "unit": "h",
        "parameters": {"threshold": threshold},
        "roll_up": "highest",
    }


def test_a_definition_is_computed_for_sensors_and_areas_and_read_by_a_formula(city: City) -> None:
    """The formula is stored first: what it reads is found all the same."""
    area = city.area("town", zone="UTC")
    sensor = city.sensor(city.gateway("g"), city.site("site", area))
    engine = city.engine
    define(city, "own_share", 1, unit="%", formula="own_hours / 24 * 100", periods=["day"])
    define(city, "own_hours", 1, **above(40))
    city.read(sensor, every(START, 72, value=50))
    city.read(sensor, every(START + 12 * HOUR, 72, value=30))
    engine.drain()
    for kind, subject in (("sensor", sensor), ("area", area)):
        found = city.cell("own_hours", kind, subject, "day", START, "value", "v.method_version")
        assert found == (pytest.approx(12.0), "user-1")
        assert city.value("own_share", kind, subject, "day", START) == pytest.approx(50.0)


def test_a_new_version_supersedes_and_a_retired_one_rests(city: City) -> None:
    """Old values keep their method until their hours are computed again."""
    area = city.area("town", zone="UTC")
    sensor = city.sensor(city.gateway("g"), city.site("site", area))
    define(city, "own_hours", 1, **above(40))
    engine = city.engine
    city.read(sensor, every(START, 144, value=50))
    city.read(sensor, every(START + 24 * HOUR, 144, value=50))
    engine.drain()
    define(city, "own_hours", 2, **above(60))
    city.read(sensor, [(START + 24 * HOUR + timedelta(minutes=5), 50.0)])
    engine.drain()
    hour = city.cell("own_hours", "sensor", sensor, "hour", START + 24 * HOUR, "value", "v.method_version")
    assert hour == (0.0, "user-2")
    assert city.cell("own_hours", "sensor", sensor, "hour", START, "value", "v.method_version") == (
        1.0,
        "user-1",
    )
    define(city, "own_hours", 3)
    city.read(sensor, [(START + timedelta(minutes=5), 50.0)])
    engine.drain()
    assert "own_hours" not in context.recipes_in_force()
    assert city.cell("own_hours", "sensor", sensor, "hour", START, "value", "v.method_version") == (
        1.0,
        "user-1",
    )


def test_what_cannot_be_computed_stops_nobody(city: City) -> None:
    """A formula whose input does not exist, a body that is none."""
    area = city.area("town", zone="UTC")
    sensor = city.sensor(city.gateway("g"), city.site("site", area))
    define(city, "own_lost", 1, unit="1", formula="own_gone + 1")
    define(city, "own_hours", 1, **above(40))
    city.read(sensor, every(START, 6, value=50))
    city.engine.drain()
    assert city.value("own_hours", "sensor", sensor, "hour", START) == pytest.approx(1.0)
    assert "own_lost" not in context.recipes_in_force()
