"""Water supply: pressure, night flow, volumes and what is made of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.periods import Period
from processing.indicators import (
    minimum_night_flow,
    water_connection_days,
    water_consumption_lpcd,
    water_continuity,
    water_interruption_hours,
    water_network_km_days,
    water_volume_billed,
    water_volume_input,
)
from tests.processing.indicators.sensors import finished, hours

DAY = ("2026-03-01T00:00", "2026-03-02T00:00")


def hourly(values: list[float], day: str = "2026-03-01") -> list[tuple[str, float]]:
    return [(f"{day}T{hour:02}:00", value) for hour, value in enumerate(values)]


def test_continuity_counts_hours_with_enough_pressure() -> None:
    """12.0 m but for 9.99 m from 03:00 to 07:00 and exactly 10 m at 08:00: 20 hours."""
    recipe = water_continuity.RECIPE
    values = [12.0] * 3 + [9.99] * 4 + [12.0, 10.0] + [12.0] * 15
    found, terms = finished(recipe, [hours(hourly(values), *DAY, recipe)], Period.DAY, DAY[0])
    assert found.value.tolist() == pytest.approx([20.0])
    assert (terms.present / terms.asked).tolist() == pytest.approx([1.0])
    assert terms.n.tolist() == [24]
    lower = {"p_min_m": 9.0}
    found, _ = finished(recipe, [hours(hourly(values), *DAY, recipe, lower)], Period.DAY, DAY[0], lower)
    assert found.value.tolist() == pytest.approx([24.0])


def test_a_gap_is_unknown_and_not_without_water() -> None:
    """Silence from 06:00 on: the last reading holds 3 h; of 9 known hours 6 had water: 16 h a day."""
    recipe = water_continuity.RECIPE
    readings = hourly([12.0, 12.0, 12.0, 5.0, 5.0, 5.0, 12.0])
    found, terms = finished(recipe, [hours(readings, *DAY, recipe)], Period.DAY, DAY[0])
    assert found.value.tolist() == pytest.approx([24 * 6 / 9])
    assert terms.present.tolist() == [9 * 3600]
    assert terms.asked.tolist() == [24 * 3600]


def test_nothing_read_is_no_continuity() -> None:
    recipe = water_continuity.RECIPE
    found, terms = finished(recipe, [hours([], *DAY, recipe)], Period.DAY, DAY[0])
    assert np.isnan(found.value).all()
    assert terms.present.tolist() == [0.0]


def test_interruption_hours_per_household() -> None:
    """4 h at a point of 500 households and 1 h at one of 1 500, of 2 000: (2 000 + 1 500) / 2 000 h."""
    recipe = water_interruption_hours.RECIPE
    first = hours(
        hourly([12.0] * 3 + [9.0] * 4 + [12.0] * 17),
        *DAY,
        recipe,
        {"households": 500, "households_total": 2000},
    )
    other = hours(hourly([12.0] * 23 + [0.0]), *DAY, recipe, {"households": 1500, "households_total": 2000})
    whole = {"households_total": 2000.0}
    found, terms = finished(recipe, [first, other], Period.DAY, DAY[0], whole)
    assert found.value.tolist() == pytest.approx([1.75])
    assert (terms.present / terms.asked).tolist() == pytest.approx([1.0])


def test_a_point_without_households_is_missing_evidence() -> None:
    """It lowers the completeness; without the area's households there is no value."""
    recipe = water_interruption_hours.RECIPE
    low = hourly([0.0] * 24)
    known, unknown = hours(low, *DAY, recipe, {"households": 100}), hours(low, *DAY, recipe)
    found, terms = finished(recipe, [known, unknown], Period.DAY, DAY[0], {"households_total": 200})
    assert found.value.tolist() == pytest.approx([12.0])
    assert (terms.present / terms.asked).tolist() == pytest.approx([0.5])
    found, _ = finished(recipe, [known], Period.DAY, DAY[0])
    assert np.isnan(found.value).all()


def test_minimum_night_flow_looks_at_two_hours_of_local_night() -> None:
    """40 m³/h at 02:00, 20 at 03:30: (40 x 1.5 + 20 x 0.5) / 2; the hours around do not count."""
    recipe = minimum_night_flow.RECIPE
    readings = [
        ("2026-03-01T00:30", 500.0),
        ("2026-03-01T02:00", 40.0),
        ("2026-03-01T03:30", 20.0),
        ("2026-03-01T04:00", 900.0),
    ]
    found, terms = finished(recipe, [hours(readings, *DAY, recipe)], Period.DAY, DAY[0])
    assert found.value.tolist() == pytest.approx([35.0])
    assert terms.asked.tolist() == [7200.0]
    assert terms.present.tolist() == [7200.0]


@pytest.mark.parametrize(
    ("zone", "day", "next_day", "seconds"),
    [
        ("Asia/Kolkata", "2026-03-01T00:00", "2026-03-02T00:00", 7200),  # half an hour off UTC's hours
        ("Europe/Berlin", "2026-03-29T00:00", "2026-03-30T00:00", 3600),  # 02:00 to 03:00 does not exist
        ("Europe/Berlin", "2026-10-25T00:00", "2026-10-26T00:00", 10_800),  # 02:00 to 03:00 comes twice
    ],
)
def test_the_night_follows_the_local_clock(zone: str, day: str, next_day: str, seconds: float) -> None:
    """Zones with odd offsets and the nights on which clocks change."""
    recipe = minimum_night_flow.RECIPE
    windows = hours([(day, 7.0)], day, next_day, recipe, gaps=30, zone=zone)
    found, terms = finished(recipe, [windows], Period.DAY, day)
    assert terms.asked.tolist() == [seconds]
    assert found.value.tolist() == pytest.approx([7.0])


def test_volumes_see_resets_rollovers_and_suspect_steps() -> None:
    """A month of a counter: +30, a reset to 5, +10; with a modulus of 100 the drop is a roll-over."""
    recipe = water_volume_input.RECIPE
    readings = [
        ("2026-03-01T00:00", 60.0),
        ("2026-03-11T00:00", 90.0),
        ("2026-03-21T00:00", 5.0),
        ("2026-03-31T23:00", 15.0),
    ]
    month = ("2026-03-01T00:00", "2026-04-01T00:00")
    for given_, expected in (({}, 30 + 5 + 10), ({"counter_modulus_m3": 100.0}, 30 + 15 + 10)):
        windows = hours(readings, *month, recipe, given_)
        found, terms = finished(recipe, [windows], Period.MONTH, month[0], given_)
        assert found.value.tolist() == pytest.approx([expected])
        assert found.details == [{"resets": 1, "suspect_steps": 0}]
        assert (terms.present / terms.asked).tolist() == pytest.approx([743 / 744])
    steep = {"flow_max_m3_h": 0.05}  # 10 m³ in 263 h is less, 30 m³ in 240 h is more
    found, _ = finished(recipe, [hours(readings, *month, recipe, steep)], Period.MONTH, month[0], steep)
    assert found.value.tolist() == pytest.approx([15.0])
    assert found.details == [{"resets": 1, "suspect_steps": 1}]


def test_a_step_belongs_to_the_day_in_which_it_ends() -> None:
    """Read at 22:00 and at 02:00: the second day has it all, and knows of more time than it has."""
    recipe = water_volume_billed.RECIPE
    readings = [("2026-02-28T22:00", 100.0), ("2026-03-01T02:00", 108.0), ("2026-03-01T23:00", 150.0)]
    found, terms = finished(recipe, [hours(readings, *DAY, recipe)], Period.DAY, DAY[0])
    assert found.value.tolist() == pytest.approx([50.0])
    assert terms.present.tolist() == pytest.approx([25 * 3600])
    assert terms.n.tolist() == [2]


def test_consumption_per_person() -> None:
    """150 m³ a day of 1 000 people are 150 litres each; the two meters are added."""
    recipe = water_consumption_lpcd.RECIPE
    meters = [
        hours([("2026-02-28T23:59", 0.0), ("2026-03-01T23:59", volume)], *DAY, recipe, interval_min=1440)
        for volume in (100.0, 50.0)
    ]
    found, _ = finished(recipe, meters, Period.DAY, DAY[0], {"population": 1000})
    assert found.value.tolist() == pytest.approx([150.0])
    found, _ = finished(recipe, meters, Period.DAY, DAY[0])
    assert np.isnan(found.value).all()


@pytest.mark.parametrize(
    ("module", "name"),
    [(water_network_km_days, "water_network_km"), (water_connection_days, "water_connections")],
)
def test_denominators_are_a_parameter_times_days(module: object, name: str) -> None:
    """60 over the 28 days of February 2026; not set is no value."""
    recipe = module.RECIPE
    windows = hours([], "2026-02-01T00:00", "2026-03-01T00:00", recipe)
    found, terms = finished(recipe, [windows], Period.MONTH, "2026-02-01", {name: 60.0})
    assert found.value.tolist() == [60.0 * 28]
    assert terms.present.tolist() == terms.asked.tolist()
    found, _ = finished(recipe, [windows], Period.MONTH, "2026-02-01")
    assert np.isnan(found.value).all()


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 1439), st.floats(0, 20)), max_size=40, unique_by=lambda row: row[0]),
    st.randoms(),
)
def test_continuity_equals_counting_minutes(rows: list[tuple[int, float]], chance: object) -> None:
    """Minute by minute, with the same rule of holding; the order in which readings come does not matter."""
    recipe = water_continuity.RECIPE
    readings = [(f"2026-03-01T{minute // 60:02}:{minute % 60:02}", value) for minute, value in rows]
    chance.shuffle(readings)
    _, terms = finished(recipe, [hours(readings, *DAY, recipe)], Period.DAY, DAY[0])
    enough = known = 0
    for minute in range(1440):
        held = [row for row in rows if row[0] <= minute]
        if held and minute - max(held)[0] < 180:
            known += 60
            enough += 60 * (max(held)[1] >= 10.0)
    assert terms.present.tolist() == [known]
    assert terms.sums[0].tolist() == [enough, known]
