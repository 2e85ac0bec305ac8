"""Road traffic: peak against free flow, of times and of speeds, by hand and against plain NumPy."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.periods import Period
from processing.compute.command import Request, compute_request
from processing.indicators import buffer_index, planning_time_index, traffic, traffic_los, tti
from tests.processing.indicators.sensors import finished, hours

DAY = ("2026-03-02T00:00", "2026-03-03T00:00")
ALL = (tti, planning_time_index, buffer_index, traffic_los)
SPEED = traffic.SPEED
NAB = Path(__file__).parents[4] / "shared" / "data" / "nab_traffic" / "speed_t4013.csv"


def clock(minute: float) -> str:
    return (datetime(2026, 3, 2) + timedelta(minutes=minute)).isoformat()


def in_peak(minute: float) -> bool:
    return 6 <= minute / 60 < 10 or 15 <= minute / 60 < 19


def day(module, value, given=None, quantity="travel_time", step_min=15):
    """Return the finished cell of a day of readings value(minute), a quarter of an hour apart."""
    readings = [(clock(m), found) for m in range(0, 1440, step_min) if (found := value(m)) is not None]
    windows = hours(readings, *DAY, module.RECIPE, given, interval_min=step_min, gaps=3, quantity=quantity)
    return finished(module.RECIPE, [windows], Period.DAY, DAY[0], given)


def test_a_trip_of_20_minutes_that_takes_26_in_the_peak_has_an_index_of_1_30():
    """Free flow is 1,200 s for two thirds of the day, so the 15th percentile is 1,200 s; the peak 1,560 s."""
    found, terms = day(tti, lambda m: 1560.0 if in_peak(m) else 1200.0)
    assert found.value.tolist() == [1.3]
    assert found.details == [
        {"mean_peak_s": 1560.0, "free_flow_s": 1200.0, "per": "trip", "peak_readings": 32}
    ]
    assert terms.present.tolist() == terms.asked.tolist() == [86_400.0]


def test_speeds_give_the_index_of_the_same_road():
    """60 km/h free, 40 km/h in the peak: 60 and 90 s per km, 1.5."""
    found, _ = day(tti, lambda m: 40.0 if in_peak(m) else 60.0, quantity=SPEED)
    assert found.value.tolist() == pytest.approx([1.5], rel=1e-12)
    assert found.details[0]["per"] == "km"
    assert found.details[0]["free_flow_s"] == pytest.approx(60.0, rel=1e-12)


def test_the_mean_of_times_is_not_the_time_of_the_mean_speed():
    """Half the peak at 20, half at 60 km/h: (180 + 60) / 2 = 120 s per km against 60, not 60 / 40."""
    found, _ = day(tti, lambda m: 20.0 if in_peak(m) and m % 30 == 0 else 60.0, quantity=SPEED)
    assert found.value.tolist() == pytest.approx([2.0], rel=1e-12)


def test_buffer_and_planning_time_by_hand():
    """Peak trips 101 .. 132 min: mean 116.5; place 0.95 x 31 = 29.45, so the 95th percentile is 130.45.

    Buffer (130.45 - 116.5) / 116.5; planning 130.45 / 100 with free flow of 100.
    """
    peak = iter(range(32))

    def minutes(m: float) -> float:
        return 60.0 * (101 + next(peak)) if in_peak(m) else 6000.0

    found, terms = day(buffer_index, minutes)
    assert found.value.tolist() == pytest.approx([13.95 / 116.5], rel=1e-12)
    assert found.details[0]["buffer_s"] == pytest.approx(13.95 * 60, rel=1e-12)
    assert terms.asked.tolist() == [8 * 3600.0]  # peak hours alone are asked for
    peak = iter(range(32))
    found, _ = day(planning_time_index, minutes)
    assert found.value.tolist() == pytest.approx([1.3045], rel=1e-12)


def test_the_level_of_service_tells_its_letter_and_the_share_of_each():
    """Free flow 60; in the peak 52.5 (87.5 %: A) and 17.5 (29.2 %: F) in turn: 35 is 58.3 %, C."""
    found, _ = day(traffic_los, lambda m: (17.5 if m % 30 else 52.5) if in_peak(m) else 60.0, quantity=SPEED)
    assert found.value.tolist() == pytest.approx([100 * 35 / 60], rel=1e-12)
    assert found.details[0]["los"] == "C"
    assert found.details[0]["share_by_los"] == {"A": 0.5, "B": 0.0, "C": 0.0, "D": 0.0, "E": 0.0, "F": 0.5}


def test_a_share_on_the_edge_of_a_band_has_the_lower_letter():
    """A is above 85 %: 85 of 100 km/h is B, in the value and in the shares; of times 100 / 117.6 s is A."""
    found, _ = day(traffic_los, lambda m: 85.0 if in_peak(m) else 100.0, quantity=SPEED)
    assert (found.value.tolist(), found.details[0]["los"]) == ([85.0], "B")
    assert found.details[0]["share_by_los"]["B"] == 1.0
    found, _ = day(traffic_los, lambda m: 117.6 if in_peak(m) else 100.0)
    assert found.details[0]["los"] == "A"


def test_free_flow_may_be_the_off_peak_median_or_a_known_figure():
    """Off the peak 100 and 140 s in turn: percentile 15 is 100, their median 120; or 80 s, typed in."""

    def value(m: float) -> float:
        return 240.0 if in_peak(m) else 140.0 if m % 30 else 100.0

    assert day(tti, value)[0].value.tolist() == [2.4]
    median = {"free_flow_percentile": 50.0, "free_flow_off_peak_only": 1.0}
    assert day(tti, value, median)[0].value.tolist() == [2.0]
    found, terms = day(tti, value, {"free_flow_s": 80.0})
    assert found.value.tolist() == [3.0]
    assert terms.asked.tolist() == [8 * 3600.0]  # off-peak hours are not needed then
    speed = day(tti, lambda m: 30.0 if in_peak(m) else 50.0, {"free_flow_km_h": 60.0}, SPEED)[0]
    assert speed.value.tolist() == pytest.approx([2.0], rel=1e-12)


def test_peaks_that_overlap_count_once_and_equal_hours_mean_none():
    """05-08 with 07-09 is 05-09; without any peak there is no index."""
    wide = {"am_from_hour": 5.0, "am_to_hour": 8.0, "pm_from_hour": 7.0, "pm_to_hour": 9.0}
    found, terms = day(buffer_index, lambda _: 100.0, wide)
    assert terms.asked.tolist() == [4 * 3600.0]
    assert (found.value.tolist(), found.details[0]["peak_readings"]) == ([0.0], 16)
    none = {"am_to_hour": 6.0, "pm_to_hour": 15.0}
    found, _ = day(tti, lambda _: 100.0, none)
    assert np.isnan(found.value).tolist() == [True]


@pytest.mark.parametrize("module", ALL)
def test_a_peak_that_is_mostly_unknown_gives_no_value(module):
    """Silence from 06:00 to 10:00 leaves 4.75 of 8 peak hours (a reading holds for 45 min): below 75 %."""
    found, _ = day(module, lambda m: None if 360 <= m < 600 else 100.0)
    assert np.isnan(found.value).tolist() == [True]
    found, _ = day(module, lambda m: None if 360 <= m < 480 else 100.0)
    assert np.isfinite(found.value).tolist() == [True]


@pytest.mark.parametrize("module", ALL)
def test_readings_of_zero_hold_no_travel_time(module):
    """A detector that reports 0 km/h all night saw no vehicle."""
    found, _ = day(module, lambda m: 0.0 if m < 300 else 50.0, quantity=SPEED)
    assert found.value.tolist() == [
        {tti: 1.0, planning_time_index: 1.0, buffer_index: 0.0}.get(module, 100.0)
    ]


@pytest.mark.parametrize("module", ALL)
def test_a_trip_of_weeks_is_no_trip(module):
    """A stuck clock of 10^7 s in the peak adds nothing, and other hours keep their counts."""
    found, terms = day(module, lambda m: 1e7 if m == 420 else 100.0)
    assert found.value.tolist() == [{buffer_index: 0.0, traffic_los: 100.0}.get(module, 1.0)]
    assert terms.n.tolist() == [31 if module is buffer_index else 95]


def naive(readings, quantity):
    """Return TTI, planning index, buffer index and LOS the plain way, from readings of whole tenths."""
    time = [3600 / v if quantity == SPEED else v for _, v in readings if v > 0]
    peak = [t for t, (m, _) in zip(time, [r for r in readings if r[1] > 0], strict=True) if in_peak(m)]
    if quantity == SPEED:
        free = 3600 / np.percentile([v for _, v in readings if v > 0], 85)
        high = 3600 / np.percentile([v for m, v in readings if v > 0 and in_peak(m)], 5)
        speed = np.mean([v for m, v in readings if v > 0 and in_peak(m)])
        los = 100 * speed * free / 3600
    else:
        free, high = np.percentile(time, 15), np.percentile(peak, 95)
        los = 100 * free / np.mean(peak)
    mean = np.mean(peak)
    return [mean / free, high / free, (high - mean) / mean, los]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(0, 3000), min_size=96, max_size=96).filter(lambda v: sum(map(bool, v[24:40])) > 3),
    st.sampled_from(["travel_time", SPEED]),
)
def test_counts_by_the_hour_give_what_all_readings_give(tenths, quantity):
    """The terms of hours, computed alone and added, against percentiles of all readings (`finished`)."""
    readings = [(15 * k, one / 10) for k, one in enumerate(tenths)]
    found = [day(module, dict(readings).get, None, quantity)[0].value[0] for module in ALL]
    assert found == pytest.approx(naive(readings, quantity), rel=1e-9)


def test_readings_of_a_real_detector(tmp_path):
    """A loop detector with steps of 5 min and gaps: each whole day against plain NumPy on its rows."""
    if not NAB.exists():
        pytest.skip("the traffic series of the Numenta Anomaly Benchmark is not at hand")
    with NAB.open() as source:
        rows = [(datetime.fromisoformat(r["timestamp"]), float(r["value"])) for r in csv.DictReader(source)]
    path = tmp_path / "speed.csv"
    path.write_text(
        "sensor,quantity,ts,value,unit\n"
        + "".join(f"t4013,vehicle_speed,{at.isoformat()}-05:00,{v},mph\n" for at, v in rows)
    )
    asked = {"period": Period.DAY, "zone": "Etc/GMT+5", "interval_s": 300.0}
    items = compute_request(Request("tti", (path,), **asked))["items"]
    published = [one for one in items if one["value"] is not None]
    assert 0 < len(published) < len(items)
    for item in published:
        # A wrong clock repeats no stamp here; the first of two would count.
        mine = {at: v for at, v in reversed(rows) if f"{at:%Y-%m-%d}" == item["period_start"][:10]}
        speed = {at: np.floor(v * 16.09344 + 0.5) / 10 for at, v in mine.items()}
        peak = [3600 / (v * 1.609344) for at, v in mine.items() if in_peak(at.hour * 60 + at.minute)]
        free = 3600 / np.percentile(list(speed.values()), 85)
        assert item["value"] == pytest.approx(np.mean(peak) / free, rel=1e-9)
        assert 0.9 < item["value"] < 1.5
        assert item["completeness"] >= 0.75


def test_kernels_take_speeds_for_what_they_are(tmp_path):
    """60 km/h free and 40 in the peak is 1.5 as an index, and so is 60 s and 90 s: not 40 / 60."""
    asked = {"peak_hours": "6-10,15-19"}
    for quantity, values in (("vehicle_speed", (40, 60)), ("travel_time", (90, 60))):
        path = tmp_path / f"{quantity}.csv"
        rows = [f"a,{quantity},{clock(m)}+07:00,{values[not in_peak(m)]}\n" for m in range(0, 1440, 15)]
        path.write_text("sensor,quantity,ts,value\n" + "".join(rows))
        for code, value in (("tti", 1.5), ("planning_time_index", 1.5), ("buffer_index", 0.0)):
            found = compute_request(Request(f"kernel.{code}", (path,), parameters=asked))["items"]
            assert [one["value"] for one in found] == [pytest.approx(value, rel=1e-12)], (code, quantity)
            by_indicator = compute_request(Request(code, (path,), period=Period.DAY))["items"]
            assert by_indicator[0]["value"] == pytest.approx(value, rel=1e-12)
