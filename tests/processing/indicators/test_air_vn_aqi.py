"""VN_AQI against hand-worked values and against a slow computation written from the decision's text."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
import pytest

from domain.periods import Period
from processing.columns import Cells, Note, SiteHours
from processing.grid import HOUR_US, from_us
from processing.indicators import vn_aqi_day, vn_aqi_hour
from processing.indicators.air_quality_index import half_up
from tests.end_to_end import vn_aqi_reference as reference
from tests.processing.indicators.stations import Series, flat, shared_air, site_hours, synthetic

if TYPE_CHECKING:
    from pathlib import Path

DAY = datetime(2026, 11, 20)
NIGHT_BEFORE = range(-11, 0)
WHOLE_DAY = range(24)


def day_cells(series: Series, days: int = 1) -> Cells:
    return vn_aqi_day.compute(site_hours(series, DAY, days))[Period.DAY]


def hour_cells(series: Series) -> Cells:
    return vn_aqi_hour.compute(site_hours(series, DAY, 1))[Period.HOUR]


def published(cells: Cells, k: int) -> tuple[int, str] | None:
    if math.isnan(cells.value[k]):
        return None
    responsible = cells.responsible[k]
    assert responsible is not None
    return int(cells.value[k]), responsible


def assert_equal_to_the_reference(series: Series, hours: SiteHours, utc_offset_h: int) -> int:
    """Compare every day and hour; return how many had a value."""
    local = timezone(timedelta(hours=utc_offset_h))
    values = 0
    for compute, period in ((vn_aqi_day.compute, Period.DAY), (vn_aqi_hour.compute, Period.HOUR)):
        cells = compute(hours)[period]
        for k, start in enumerate(cells.period_start.tolist()):
            at = from_us(start).astimezone(local).replace(tzinfo=None)
            wanted = (
                reference.daily(series, at.date()) if period is Period.DAY else reference.hourly(series, at)
            )
            assert published(cells, k) == wanted, f"{period} {at}"
            values += wanted is not None
    return values


@pytest.mark.parametrize("seed", range(4))
def test_synthetic_station_equals_the_reference_day_by_day_and_hour_by_hour(seed: int) -> None:
    series = synthetic(seed, DAY, days=60)
    assert assert_equal_to_the_reference(series, site_hours(series, DAY, 60), utc_offset_h=7) > 1000


@pytest.mark.skipif(not shared_air(), reason="needs real measurements beside the project (NHIP_SHARED_DATA)")
@pytest.mark.parametrize("file", shared_air(), ids=lambda file: file.stem)
def test_real_station_equals_the_reference_over_all_its_years(file: Path) -> None:
    series = dict(reference.read_station(file))
    first = min(min(values) for values in series.values())
    days = (max(max(values) for values in series.values()) - first).days + 1
    hours = site_hours(series, first, days, zone="Asia/Shanghai", utc_offset_h=8)
    assert assert_equal_to_the_reference(series, hours, utc_offset_h=8) > 34_000


def test_day_of_steady_air_is_the_highest_sub_index() -> None:
    """PM2.5 65 is 125; PM10 100 is 75; NO2 150 is 75; SO2, CO low; O3 110 is 34 (1 h) and 75 (8 h)."""
    levels = {"pm25": 65.0, "pm10": 100.0, "no2": 150.0, "so2": 10.0, "co": 1000.0, "o3": 110.0}
    cells = day_cells(flat(DAY, range(-11, 24), **levels))
    assert published(cells, 0) == (125, "pm25")
    assert (cells.n[0], cells.completeness[0]) == (6 * 24, 1.0)
    detail = json.loads(cells.detail()[0] or "")
    assert detail["sub_index"] == {
        "pm25": 125.0, "pm10": 75.0, "so2": 4.0, "no2": 75.0, "co": 5.0, "o3_1h": 34.375, "o3_8h": 75.0,
    }  # fmt: skip
    assert detail["concentration"]["o3_8h"] == 110.0


def test_day_is_local_and_labelled_by_the_start_of_its_hours() -> None:
    cells = day_cells(flat(DAY, WHOLE_DAY, pm25=20.0))
    assert from_us(int(cells.period_start[0])).isoformat() == "2026-11-19T17:00:00+00:00"
    assert cells.period_end[0] - cells.period_start[0] == 24 * HOUR_US


@pytest.mark.parametrize(("hours", "known"), [(17, False), (18, True)])
def test_a_daily_parameter_needs_18_of_24_hours(hours: int, *, known: bool) -> None:
    cells = day_cells(flat(DAY, range(hours), pm25=20.0))
    assert (published(cells, 0) == (40, "pm25")) is known
    assert cells.completeness[0] == hours / 24
    assert cells.note[0] == (None if known else Note.NO_PARTICULATES)


def test_a_gas_with_17_hours_is_left_out_and_the_day_still_has_its_index() -> None:
    series = flat(DAY, WHOLE_DAY, pm25=20.0) | flat(DAY, range(17), no2=600.0)
    assert published(day_cells(series), 0) == (40, "pm25")


def test_a_day_without_particulates_has_no_index() -> None:
    cells = day_cells(flat(DAY, WHOLE_DAY, no2=600.0, o3=200.0))
    assert published(cells, 0) is None
    assert cells.note == [Note.NO_PARTICULATES]
    assert cells.n[0] == 48


def test_a_day_without_anything_says_so() -> None:
    cells = day_cells({})
    assert (cells.note, cells.n.tolist(), cells.completeness.tolist()) == ([Note.NO_DATA], [0], [0.0])
    assert cells.detail() == [None]


def test_the_first_8_hour_means_of_a_day_reach_into_the_day_before() -> None:
    """O3 180 in the seven hours before midnight, 20 after: the mean ending at 01:00 is 160, index 140."""
    ozone = {DAY + timedelta(hours=k): 180.0 if k < 0 else 20.0 for k in range(-7, 24)}
    cells = day_cells(flat(DAY, WHOLE_DAY, pm25=10.0) | {"o3": ozone})
    assert published(cells, 0) == (140, "o3")


@pytest.mark.parametrize(("present", "index"), [(5, 63), (6, 150)])
def test_an_8_hour_mean_needs_6_of_8_hours(present: int, index: int) -> None:
    """O3 170 in the first hours of the day, nothing until 08:00 nor on the day before, then 1.

    Six hours make a mean of 170, 150 in the 8-hour column; five leave the 1-hour column, 62.5.
    """
    ozone = {
        DAY + timedelta(hours=k): 170.0 if k < present else 1.0 for k in (*range(present), *range(8, 24))
    }
    cells = day_cells(flat(DAY, WHOLE_DAY, pm25=12.5) | {"o3": ozone})
    assert published(cells, 0) == (index, "o3")


def test_an_8_hour_mean_above_400_leaves_the_1_hour_index() -> None:
    """O3 450 throughout: the 8-hour part is not computed, the 1-hour index is 212.5, rounded up."""
    cells = day_cells(flat(DAY, range(-11, 24), pm25=10.0, o3=450.0))
    assert published(cells, 0) == (213, "o3")
    assert "o3_8h" not in json.loads(cells.detail()[0] or "")["sub_index"]


def test_an_8_hour_mean_of_400_still_counts() -> None:
    cells = day_cells(flat(DAY, range(-11, 24), pm25=10.0, o3=400.0))
    assert published(cells, 0) == (300, "o3")


def test_daily_gas_index_takes_the_highest_hour_and_particulates_the_mean() -> None:
    gas = {DAY + timedelta(hours=k): 450.0 if k == 5 else 0.0 for k in range(24)}
    dust = {DAY + timedelta(hours=k): 240.0 if k == 5 else 0.0 for k in range(24)}
    cells = day_cells({"so2": gas, "pm25": dust})
    assert published(cells, 0) == (125, "so2")
    assert json.loads(cells.detail()[0] or "")["concentration"] == {"pm25": 10.0, "so2": 450.0}


def test_of_equal_sub_indices_the_first_of_the_fixed_order_is_responsible() -> None:
    assert published(day_cells(flat(DAY, WHOLE_DAY, pm10=50.0, pm25=25.0, no2=100.0)), 0) == (50, "pm25")
    assert published(day_cells(flat(DAY, WHOLE_DAY, pm10=50.0, no2=100.0)), 0) == (50, "pm10")


def test_beyond_the_table_the_index_is_500() -> None:
    assert published(day_cells(flat(DAY, WHOLE_DAY, pm25=900.0, co=200_000.0)), 0) == (500, "pm25")


def test_negative_concentrations_count_as_zero() -> None:
    assert published(day_cells(flat(DAY, WHOLE_DAY, pm25=-2.0)), 0) == (0, "pm25")


def test_only_days_with_the_7_hours_before_them_are_returned() -> None:
    series = flat(DAY, WHOLE_DAY, pm25=20.0)
    for lead, count in ((6, 0), (7, 1)):
        hours = site_hours(series, DAY, 1, lead_hours=lead)
        assert len(vn_aqi_day.compute(hours)[Period.DAY]) == count


def test_a_local_day_of_23_hours_needs_18_of_them() -> None:
    """Berlin, 29 March 2026: the clock skips 02:00."""
    for hours, known in ((17, False), (18, True)):
        start = datetime(2026, 3, 29)
        series = flat(start, range(hours), pm25=20.0)
        grid = site_hours(series, start, 2, zone="Europe/Berlin", utc_offset_h=1)
        cells = vn_aqi_day.compute(grid)[Period.DAY]
        assert cells.period_end[0] - cells.period_start[0] == 23 * HOUR_US
        assert (published(cells, 0) is not None) is known
        assert cells.completeness[0] == hours / 23


def test_hour_of_steady_air() -> None:
    """Nowcast of a constant is the constant: PM2.5 65 is 125; NO2 450 is 125: the first of equals."""
    cells = hour_cells(flat(DAY, range(-11, 24), pm25=65.0, no2=450.0))
    assert len(cells) == 24
    assert published(cells, 0) == (125, "pm25")
    assert (cells.n[0], cells.completeness[0]) == (13, 1.0)
    assert json.loads(cells.detail()[0] or "") == {
        "sub_index": {"pm25": 125.0, "no2": 125.0},
        "concentration": {"pm25": 65.0, "no2": 450.0},
    }


def test_hour_needs_a_particulate_with_two_of_its_three_latest_hours() -> None:
    dust = {DAY + timedelta(hours=k): 20.0 for k in range(-11, 24) if k not in (3, 4)}
    cells = hour_cells({"pm25": dust} | flat(DAY, range(-11, 24), so2=350.0))
    # Hours 4 and 5 have one of their three latest, hour 3 and hour 6 have two.
    assert [k for k in range(24) if published(cells, k) is None] == [4, 5]
    assert cells.note[4] == Note.NO_PARTICULATES
    assert cells.completeness[4] == 10 / 12
    assert published(cells, 6) == (100, "so2")


def test_hourly_gases_count_only_their_own_hour() -> None:
    series = flat(DAY, range(-11, 24), pm25=10.0) | flat(DAY, range(5, 6), co=30_000.0)
    cells = hour_cells(series)
    assert [published(cells, k) for k in (4, 5, 6)] == [(20, "pm25"), (100, "co"), (20, "pm25")]
    assert cells.completeness[5] == 1.0


def test_hours_whose_12_hours_are_not_in_the_series_are_not_returned() -> None:
    hours = site_hours(flat(DAY, WHOLE_DAY, pm25=10.0), DAY, 1, lead_hours=0)
    cells = vn_aqi_hour.compute(hours)[Period.HOUR]
    assert from_us(int(cells.period_start[0])).hour == (11 - 7) % 24
    assert len(cells) == 13


def test_a_series_without_hours_gives_no_cells() -> None:
    empty = SiteHours.on_grid(0, 0, "Asia/Ho_Chi_Minh", {})
    assert len(vn_aqi_hour.compute(empty)[Period.HOUR]) == 0
    assert len(vn_aqi_day.compute(empty)[Period.DAY]) == 0


def test_halves_go_up_also_where_binary_fractions_miss_them() -> None:
    """PM2.5 53.9 is 106.5 exactly; in binary the line gives a hair less."""
    assert half_up(np.array([109.5, 106.49999999999999, 109.49, 0.0])).tolist() == [110.0, 107.0, 109.0, 0.0]
    assert published(day_cells(flat(DAY, WHOLE_DAY, pm25=53.9)), 0) == (107, "pm25")


def test_recomputing_gives_the_same_bits() -> None:
    hours = site_hours(synthetic(11, DAY, 20), DAY, 20)
    first, second = (vn_aqi_day.compute(hours)[Period.DAY] for _ in range(2))
    assert first.value.tobytes() == second.value.tobytes()
    assert first.detail() == second.detail()


def test_a_shorter_span_gives_the_same_cells() -> None:
    """What is loaded around a cell beyond its reach changes nothing."""
    series = synthetic(12, DAY, 20)
    whole = site_hours(series, DAY, 20)
    part = site_hours(series, DAY + timedelta(days=9), 3)
    for compute, period in ((vn_aqi_day.compute, Period.DAY), (vn_aqi_hour.compute, Period.HOUR)):
        small = compute(part)[period]
        large = compute(whole)[period].within(int(small.period_start[0]), int(small.period_end[-1]))
        assert small.value.tobytes() == large.value.tobytes()
        assert (small.detail(), small.note, small.responsible) == (
            large.detail(),
            large.note,
            large.responsible,
        )
