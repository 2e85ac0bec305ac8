"""Signals are functions of sensor and time, with the rhythms of a city."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim import chances
from device_sim.city import build_city
from device_sim.courses import COUNTERS, COURSES
from device_sim.rhythms import DAY_S
from device_sim.services import INSTALLATIONS
from device_sim.signals import Signals
from domain.quantities import QUANTITIES, QuantityKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOCAL = timezone(timedelta(hours=7))
MONDAY_S = int(datetime(2026, 11, 16, tzinfo=LOCAL).timestamp())
CITY = build_city(11, 24, 180)
SIGNALS = Signals(CITY)
ALL = np.arange(len(CITY.sensors))


def of(quantity: str) -> NDArray[np.int64]:
    return np.array([i for i, sensor in enumerate(CITY.sensors) if sensor.kind.quantity == quantity])


def course(sensor: int, start_s: int, end_s: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sensors, ts = SIGNALS.due(np.array([sensor]), start_s, end_s)
    return ts, SIGNALS.values(sensors, ts)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 3 * DAY_S), st.lists(st.integers(1, 4000), min_size=1, max_size=6))
def test_readings_do_not_depend_on_how_time_is_cut(offset: int, steps: list[int]) -> None:
    """Asking piece by piece gives what asking at once gives."""
    start = MONDAY_S + offset
    cuts = np.cumsum([start, *steps]).tolist()
    whole_sensor, whole_ts = SIGNALS.due(ALL, start, cuts[-1])
    pieces = [SIGNALS.due(ALL, first, last) for first, last in pairwise(cuts)]
    sensor = np.concatenate([piece[0] for piece in pieces])
    ts = np.concatenate([piece[1] for piece in pieces])
    order = np.lexsort((ts, sensor))
    assert np.array_equal(sensor[order], whole_sensor)
    assert np.array_equal(ts[order], whole_ts)
    values = np.concatenate([SIGNALS.values(*piece) for piece in pieces])[order]
    # Vectorised sines differ in the last bit with their place in an array, and a small difference of large
    # terms shows it in the ninth digit; instruments do not see that.
    whole = SIGNALS.values(whole_sensor, whole_ts)
    np.testing.assert_allclose(values, whole, rtol=1e-8, atol=1e-8)
    assert np.array_equal(SIGNALS.resolved(whole_sensor, values), SIGNALS.resolved(whole_sensor, whole))


def test_the_same_seed_gives_the_same_signals() -> None:
    """A second city of the seed measures the same; another seed something else."""
    again, other = Signals(build_city(11, 24, 180)), Signals(build_city(12, 24, 180))
    sensor, ts = SIGNALS.due(ALL, MONDAY_S, MONDAY_S + 600)
    assert np.array_equal(again.due(ALL, MONDAY_S, MONDAY_S + 600)[1], ts)
    assert np.array_equal(again.values(sensor, ts), SIGNALS.values(sensor, ts))
    assert not np.array_equal(other.values(sensor, ts), SIGNALS.values(sensor, ts))


def test_each_sensor_keeps_its_interval() -> None:
    """A day holds exactly as many readings as the interval asks for, evenly spaced."""
    sensor, ts = SIGNALS.due(ALL, MONDAY_S, MONDAY_S + DAY_S)
    for position in ALL:
        own = ts[sensor == position]
        assert len(own) == DAY_S // CITY.sensors[position].interval_s
        assert np.all(np.diff(own) == CITY.sensors[position].interval_s)


@pytest.mark.parametrize(
    "quantity", sorted({kind.quantity for each in INSTALLATIONS for kind in each.sensors})
)
def test_values_are_finite_and_inside_the_gross_range(quantity: str) -> None:
    """Two weeks of every quantity stay where its definition expects them."""
    city = build_city(5, 8, 60)
    signals = Signals(city)
    sensors = np.array([i for i, each in enumerate(city.sensors) if each.kind.quantity == quantity])
    assert len(sensors)
    sensor, ts = signals.due(sensors, MONDAY_S, MONDAY_S + 14 * DAY_S)
    values = signals.values(sensor, ts)
    definition = QUANTITIES[quantity]
    assert np.isfinite(values).all()
    assert definition.range_min is None or values.min() >= definition.range_min
    assert definition.range_max is None or values.max() <= definition.range_max


def test_every_quantity_has_a_course_and_every_counter_counts() -> None:
    """What is installed can be measured; what is defined as a counter only grows."""
    installed = {kind.quantity for each in INSTALLATIONS for kind in each.sensors}
    assert installed == set(COURSES)
    assert {name for name in installed if QUANTITIES[name].kind is QuantityKind.COUNTER} == COUNTERS
    for quantity in COUNTERS:
        _, values = course(int(of(quantity)[0]), MONDAY_S, MONDAY_S + 8 * DAY_S)
        assert np.all(np.diff(values) >= 0)
        assert values[-1] > values[0]


def test_a_counter_is_the_integral_of_its_rate() -> None:
    """Energy over a day is the mean of the power times 24 hours."""
    site = CITY.sensors[int(of("active_power")[0])].site
    power, energy = (
        next(
            i for i, sensor in enumerate(CITY.sensors) if sensor.site == site and sensor.kind.quantity == name
        )
        for name in ("active_power", "active_energy")
    )
    _, kilowatts = course(power, MONDAY_S, MONDAY_S + DAY_S)
    ends = SIGNALS.values(
        np.array([energy, energy]), np.array([MONDAY_S, MONDAY_S + DAY_S], dtype=np.float64)
    )
    assert ends[1] - ends[0] == pytest.approx(kilowatts.mean() * 24, rel=0.005)


def test_streets_are_slow_in_the_rush_hour_of_working_days() -> None:
    """Tuesday half past seven is slower than three in the morning, and than Sunday half past seven."""
    sensor = int(of("vehicle_speed")[0])

    def mean_speed(day: int, hour: float) -> float:
        start = MONDAY_S + day * DAY_S + int(hour * 3600)
        return float(course(sensor, start, start + 1800)[1].mean())

    assert mean_speed(1, 7.4) < mean_speed(1, 3.0) - 8
    assert mean_speed(1, 7.4) < mean_speed(6, 7.4) - 4


def test_neighbours_move_together() -> None:
    """PM2.5 of two stations goes up and down together over a fortnight, yet they are not equal."""
    first, second = (int(i) for i in of("pm25")[:2])
    hours = np.arange(MONDAY_S, MONDAY_S + 14 * DAY_S, 3600, dtype=np.float64)
    one, other = (SIGNALS.values(np.full(len(hours), i), hours) for i in (first, second))
    assert np.corrcoef(one, other)[0, 1] > 0.6
    assert not np.allclose(one, other)


def test_lamps_burn_at_night() -> None:
    """At midnight lit, at noon dark."""
    sensor = of("lamp_state")
    for hour, lit in ((0.0, 1.0), (12.0, 0.0)):
        assert np.all(SIGNALS.values(sensor, np.full(len(sensor), MONDAY_S + hour * 3600)) == lit)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**63 - 1), st.integers(0, 50))
def test_chances_are_even_and_normal(seed: int, stream: int) -> None:
    """Uniform numbers fill [0, 1) evenly; normal ones have mean 0 and variance 1; neighbours differ."""
    thing = np.repeat(np.arange(50), 200)
    moment = np.tile(np.arange(200), 50)
    uniform = chances.uniform(seed, stream, thing, moment)
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.02
    assert abs(np.corrcoef(uniform[:-1], uniform[1:])[0, 1]) < 0.06
    normal = chances.normal(seed, stream, thing, moment)
    assert abs(normal.mean()) < 0.06
    assert abs(normal.std() - 1) < 0.06
    assert not np.array_equal(uniform, chances.uniform(seed, stream + 1, thing, moment))
