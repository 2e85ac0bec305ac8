"""The layout of a city is a function of its seed and size, and fits what the registry accepts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim.city import build_city
from device_sim.errors import CityError
from device_sim.services import INSTALLATIONS
from domain.quantities import QUANTITIES, Service
from domain.registry import AreaKind, SiteKind
from domain.topics import GATEWAY_PATTERN
from domain.units import canonical_unit

SITE_CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def test_the_same_seed_builds_the_same_city() -> None:
    """Two cities of one seed are equal; another seed puts the sites elsewhere."""
    assert build_city(7, 30, 200) == build_city(7, 30, 200)
    assert build_city(7, 30, 200).sites != build_city(8, 30, 200).sites


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**63 - 1), st.integers(1, 60), st.integers(0, 400))
def test_every_size_is_met_exactly(seed: int, gateways: int, more: int) -> None:
    """Any number of gateways with any number of sensors from one each; names are unique on their gateway."""
    city = build_city(seed, gateways, gateways + more)
    assert (len(city.gateways), len(city.sensors)) == (gateways, gateways + more)
    assert {sensor.gateway for sensor in city.sensors} == set(range(gateways))
    assert len({(sensor.gateway, sensor.name) for sensor in city.sensors}) == len(city.sensors)
    # What belongs to a gateway or a site is a range: the simulation relies on it.
    for key in ("gateway", "site"):
        positions = [getattr(sensor, key) for sensor in city.sensors]
        assert positions == sorted(positions)


def test_a_city_has_all_seven_services_and_two_levels_of_government() -> None:
    """Eight gateways suffice for every service; wards and communes are directly below the city."""
    city = build_city(1, len(INSTALLATIONS), 60)
    services = {QUANTITIES[sensor.kind.quantity].service for sensor in city.sensors}
    assert services == set(Service)
    root, *parts = city.areas
    assert root.kind is AreaKind.CITY
    assert {part.parent for part in parts} == {root.code}
    assert {part.kind for part in parts} == {AreaKind.WARD, AreaKind.COMMUNE}


def test_rows_fit_the_registry() -> None:
    """Codes, units and places are such as the registry accepts; feeders say how many customers they have."""
    city = build_city(3, 40, 300)
    sites = {site.code: site for site in city.sites}
    rows = list(city.registry_rows())
    assert len(rows) == 300
    for row in rows:
        assert GATEWAY_PATTERN.fullmatch(row.gateway)
        assert SITE_CODE.fullmatch(row.site)
        assert canonical_unit(row.unit) == QUANTITIES[row.quantity].unit
        assert row.latitude is not None
        assert 20 < row.latitude < 22
        assert (row.customers is not None) == (sites[row.site].kind is SiteKind.FEEDER)


def test_unknown_sensors_are_left_for_a_technician() -> None:
    """The last sensors of some gateways are not registered; their gateways have others that are."""
    city = build_city(3, 40, 300)
    registered = {(row.gateway, row.sensor) for row in city.registry_rows(unknown=5)}
    everything = {(city.gateways[sensor.gateway], sensor.name) for sensor in city.sensors}
    left_out = everything - registered
    assert len(left_out) == 5
    assert {gateway for gateway, _ in left_out} <= {gateway for gateway, _ in registered}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"gateways": 0}, "gateways"),
        ({"gateways": 10_000_000}, "gateways"),
        ({"sensors": 3}, "sensors"),
        ({"seed": -1}, "seed"),
        ({"interval_s": 0}, "interval_s"),
    ],
)
def test_impossible_cities_are_named(arguments: dict[str, int], field: str) -> None:
    """The error names the number at fault and what it may be."""
    wanted = {"seed": 1, "gateways": 5, "sensors": 20} | arguments
    with pytest.raises(CityError, match=f"{field}: found .* expected") as caught:
        build_city(**wanted)
    assert caught.value.field == field
