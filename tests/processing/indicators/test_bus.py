"""Buses: punctuality, uneven headways and the wait they cost, worked out by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.periods import Period
from processing.indicators import bus_excess_wait, bus_headway_cv, bus_on_time
from tests.processing.indicators.sensors import finished, hours

DAY = ("2026-03-02T00:00", "2026-03-03T00:00")
# Service 06:00-07:00, so that a handful of buses is a whole day.
HOUR = {"service_from_hour": 6.0, "service_to_hour": 7.0}
PLAN = HOUR | {"scheduled_headway_s": 600.0}


def cell(module, readings, given=None, interval_min=10):
    windows = hours(readings, *DAY, module.RECIPE, given, interval_min=interval_min)
    return cell_of(module, [windows], given)


def cell_of(module, windows, given=None):
    """Return the finished cell and its terms; hours in one go and alone agree."""
    return finished(module.RECIPE, windows, Period.DAY, DAY[0], given)


def arrivals(*headways, start="2026-03-02T06:00"):
    """Return (time, headway) of buses that come one after the other."""
    at, found = datetime.fromisoformat(start), []
    for one in headways:
        at += timedelta(seconds=one)
        found.append((at.isoformat(), float(one)))
    return found


def test_a_bus_is_on_time_from_one_minute_early_to_five_late():
    """Both ends count: -61 is early, -60, 0 and 300 are on time, 301 and 600 are late: 3 of 6."""
    late = [-61.0, -60.0, 0.0, 300.0, 301.0, 600.0]
    readings = [(f"2026-03-02T06:{10 * k:02}", value) for k, value in enumerate(late)]
    found, terms = cell(bus_on_time, readings, HOUR)
    assert found.value.tolist() == [50.0]
    assert found.details == [{"on_time": 3, "early": 1, "late": 2, "scheduled": 6.0}]
    assert (terms.present.tolist(), terms.asked.tolist()) == ([6.0], [6.0])
    wide = HOUR | {"early_s": 120.0, "late_s": 420.0}
    assert cell(bus_on_time, readings, wide)[0].value.tolist() == pytest.approx([500 / 6])


def test_coverage_is_recorded_over_scheduled_passages():
    """Three passages where the timetable has 12 a day: 25 %, by the figure typed in; 50 % by the interval."""
    readings = [(f"2026-03-02T06:{20 * k:02}", 0.0) for k in range(3)]
    _, terms = cell(bus_on_time, readings, HOUR | {"scheduled_passages_day": 12.0})
    assert (terms.present / terms.asked).tolist() == [0.25]
    _, terms = cell(bus_on_time, readings, HOUR)
    assert (terms.present / terms.asked).tolist() == [0.5]


def test_a_stop_without_buses_has_no_punctuality():
    found, _ = cell(bus_on_time, [], HOUR)
    assert np.isnan(found.value).tolist() == [True]


def test_the_wait_that_bunched_buses_cost():
    """Headways of 2 and 18 min in turn where 10 are promised.

    Actual wait (2² + 18²) / (2 x 20) = 8.2 min, promised 5: 3.2 min = 192 s more.
    """
    found, terms = cell(bus_excess_wait, arrivals(*[120, 1080] * 3), PLAN)
    assert found.value.tolist() == pytest.approx([192.0], rel=1e-12)
    assert found.details == [
        {"actual_wait_s": 492.0, "scheduled_wait_s": 300.0, "recorded": 6, "scheduled": 6.0}
    ]
    assert (terms.present / terms.asked).tolist() == [1.0]


def test_even_headways_cost_nothing_and_have_no_variation():
    readings = arrivals(*[600] * 5)
    assert cell(bus_excess_wait, readings, PLAN)[0].value.tolist() == [0.0]
    assert cell(bus_headway_cv, readings, PLAN)[0].value.tolist() == [0.0]


def test_the_variation_of_headways_by_hand():
    """Deviations -480 and +480 s about 0: standard deviation 480, over 600 scheduled: 0.8."""
    found, _ = cell(bus_headway_cv, arrivals(*[120, 1080] * 3), PLAN)
    assert found.value.tolist() == pytest.approx([0.8], rel=1e-12)


def test_a_cancelled_bus_is_a_longer_wait_and_no_gap_in_the_data():
    """10, 20, 10, 10 min of 10: all the 50 minutes are known; wait (3 x 100 + 400) / (2 x 50) = 7 min."""
    found, terms = cell(bus_excess_wait, arrivals(600, 1200, 600, 600), PLAN)
    assert found.value.tolist() == pytest.approx([120.0], rel=1e-12)
    assert (terms.present / terms.asked).tolist() == pytest.approx([50 / 60])
    assert found.details[0]["recorded"] == 4


def test_the_first_bus_of_the_day_has_no_headway():
    """Its headway began the evening before; the bus after the service's end does not count either."""
    readings = [("2026-03-02T06:05", 25_500.0), ("2026-03-02T06:15", 600.0), ("2026-03-02T07:05", 600.0)]
    found, _ = cell(bus_excess_wait, readings, PLAN)
    assert found.details[0]["recorded"] == 1
    assert found.value.tolist() == [0.0]


@pytest.mark.parametrize("module", [bus_excess_wait, bus_headway_cv])
def test_without_a_timetable_there_is_no_value(module):
    found, terms = cell(module, arrivals(*[600] * 6), HOUR)
    assert np.isnan(found.value).tolist() == [True]
    assert np.isfinite(terms.sums).all()


@pytest.mark.parametrize("module", [bus_excess_wait, bus_headway_cv])
def test_stops_of_an_area_are_pooled_each_with_its_timetable(module):
    """A line of 5 and one of 20 min, both punctual: no deviation and no excess wait of the two together."""
    fast, slow = PLAN | {"scheduled_headway_s": 300.0}, PLAN | {"scheduled_headway_s": 1200.0}
    windows = [
        hours(arrivals(*[300] * 12), *DAY, module.RECIPE, fast),
        hours(arrivals(*[1200] * 3), *DAY, module.RECIPE, slow),
    ]
    found, terms = cell_of(module, windows, PLAN)
    # Passengers wait 150 s at one stop and 600 s at the other, as promised; (150 + 600) / 2.
    assert found.value.tolist() == pytest.approx([0.0], abs=1e-9)
    assert terms.n.tolist() == [15]
    if module is bus_excess_wait:
        assert found.details[0]["scheduled_wait_s"] == 375.0


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(30, 1500), min_size=2, max_size=12))
def test_hours_add_up_to_what_all_headways_give(headways):
    """Terms of windows, in any grouping, against the formulas on the list itself."""
    given_ = {"service_from_hour": 0.0, "service_to_hour": 0.0, "scheduled_headway_s": 480.0}
    h = np.array(headways, float)
    expected = {bus_excess_wait: (h**2).sum() / (2 * h.sum()) - 240.0, bus_headway_cv: np.std(h - 480) / 480}
    for module, value in expected.items():
        windows = hours(arrivals(*headways), *DAY, module.RECIPE, given_)
        assert cell_of(module, [windows], given_)[0].value[0] == pytest.approx(value, rel=1e-9, abs=1e-7)
