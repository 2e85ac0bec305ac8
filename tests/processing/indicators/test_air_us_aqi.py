"""US AQI: the examples of EPA's technical assistance document, truncation, dated tables, NowCast."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.periods import Period
from processing.columns import Cells, Note
from processing.grid import to_us
from processing.indicators import us_air, us_aqi_day, us_aqi_hour
from processing.rulesets import RulesetError
from processing.rulesets.loader import parse, read
from processing.rulesets.us_aqi import TruncatedScale, us_aqi
from tests.processing.indicators.stations import HANOI, Series, flat, site_hours

DAY = datetime(2026, 11, 20)
PPM = {"o3": 1960.0, "co": 1145.0}
PPB = {"so2": 2.62, "no2": 1.88}


def index(parameter: str, averaging: str, amount: float, day: date = date(2020, 6, 1)) -> float:
    """The rounded index of a concentration in the table's own unit."""
    factor = PPM.get(parameter, PPB.get(parameter, 1.0))
    start = to_us(datetime(day.year, day.month, day.day, tzinfo=UTC))
    found = us_air.sub_index(parameter, averaging, np.array([amount * factor]), np.array([start]), HANOI)
    return float(np.floor(found[0] + 0.5))


@pytest.mark.parametrize(
    ("parameter", "averaging", "amount", "expected"),
    [
        # EPA-454/B-18-007: ozone 0.078 ppm, PM2.5 35.9, CO 8.4 ppm together: the AQI is 126.
        ("o3", "8h", 0.078, 126),
        ("pm25", "24h", 35.9, 102),
        ("co", "8h", 8.4, 90),
        # Ends of rows.
        ("pm25", "24h", 12.0, 50),
        ("pm25", "24h", 12.1, 51),
        ("pm25", "24h", 500.4, 500),
        ("pm10", "24h", 54, 50),
        ("pm10", "24h", 604, 500),
        ("o3", "8h", 0.054, 50),
        ("o3", "8h", 0.2, 300),
        ("o3", "1h", 0.125, 101),
        ("o3", "1h", 0.604, 500),
        ("co", "8h", 50.4, 500),
        ("so2", "1h", 304, 200),
        ("so2", "24h", 305, 201),
        ("no2", "1h", 53, 50),
        ("no2", "1h", 2049, 500),
        # Truncated, not rounded.
        ("pm25", "24h", 12.09, 50),
        ("pm10", "24h", 154.99, 100),
        ("o3", "8h", 0.0549, 50),
        ("co", "8h", 9.49, 100),
        ("no2", "1h", 100.9, 100),
        ("pm25", "24h", -3.0, 0),
    ],
)
def test_published_examples_and_the_ends_of_rows(
    parameter: str, averaging: str, amount: float, expected: int
) -> None:
    assert index(parameter, averaging, amount) == expected


@pytest.mark.parametrize(
    ("parameter", "averaging", "amount"),
    [("o3", "8h", 0.201), ("o3", "1h", 0.124), ("so2", "1h", 305), ("so2", "24h", 304)],
)
def test_outside_its_column_a_gas_has_no_index(parameter: str, averaging: str, amount: float) -> None:
    assert math.isnan(index(parameter, averaging, amount))


@pytest.mark.parametrize(
    ("day", "amount", "expected"),
    [
        (date(2024, 5, 5), 9.1, 38),  # 50 / 12.0 * 9.1 = 37.9
        (date(2024, 5, 6), 9.0, 50),
        (date(2024, 5, 6), 9.1, 51),
        (date(2024, 5, 6), 125.4, 200),
        (date(2024, 5, 5), 125.4, 187),  # 49 / 94.9 * 69.9 + 151 = 187.1
        (date(2024, 5, 6), 325.4, 500),
        (date(2024, 5, 6), 425.3, 699),  # the last row goes on: 199 / 99.9 * 199.8 + 301
    ],
)
def test_the_table_of_pm25_changes_on_6_may_2024(day: date, amount: float, expected: int) -> None:
    assert index("pm25", "24h", amount, day) == expected


def test_the_table_is_that_of_the_local_day() -> None:
    """6 May 2024 in Hanoi begins at 17:00 UTC of the day before."""
    edge = to_us(datetime(2024, 5, 5, 17, tzinfo=UTC))
    found = us_air.sub_index("pm25", "24h", np.array([9.0, 9.0]), np.array([edge - 1, edge]), HANOI)
    assert found.tolist() == [37.5, 50.0]


def day(series: Series) -> Cells:
    return us_aqi_day.compute(site_hours(series, DAY, 1, lead_hours=7))[Period.DAY]


def test_a_day_is_the_highest_of_its_parameters() -> None:
    """PM2.5 35.9: 102; ozone 0.078 ppm for 8 hours: 126."""
    levels = flat(DAY, range(24), pm25=35.9, o3=0.02 * 1960)
    levels["o3"] |= flat(DAY, range(10, 18), o3=0.0781 * 1960)["o3"]
    cells = day(levels)
    assert (cells.value[0], cells.responsible[0], cells.completeness[0]) == (126.0, "o3", 1.0)
    assert cells.columns is not None
    assert cells.columns["sub_index"]["pm25"][0] == pytest.approx(101.985, abs=1e-3)


@pytest.mark.parametrize(
    ("high_hours", "expected"),
    [(1, 200), (24, 201 + (310 - 305) / 299 * 99)],  # the day's mean: 22 ppb, and 310 ppb
)
def test_so2_above_304_ppb_is_judged_by_the_day(high_hours: int, expected: float) -> None:
    levels = flat(DAY, range(24), so2=10 * 2.62)
    levels["so2"] |= flat(DAY, range(high_hours), so2=310.4 * 2.62)["so2"]
    assert day(levels).value[0] == math.floor(expected + 0.5)


def test_a_day_without_enough_of_anything_has_no_value() -> None:
    cells = day(flat(DAY, range(17), pm25=10.0, no2=10.0))
    assert math.isnan(cells.value[0])
    assert (cells.note[0], cells.responsible[0], cells.completeness[0]) == (Note.INCOMPLETE, None, 17 / 24)
    assert day({}).note[0] == Note.NO_DATA


def test_an_hour_uses_the_nowcast() -> None:
    """Twelve hours 13, 16, 10, 21, 74, 64, 53, 82, 90, 75, 80, 50, newest last; w = 0.5 (13 < 90 / 2).

    Independently: sum(c_i w^(i-1)) / sum(w^(i-1)).
    """
    hourly = [13, 16, 10, 21, 74, 64, 53, 82, 90, 75, 80, 50]
    series: Series = {"pm25": {DAY + timedelta(hours=k): float(c) for k, c in enumerate(hourly)}}
    cells = us_aqi_hour.compute(site_hours(series, DAY, 1, lead_hours=0))[Period.HOUR]
    newest_first = hourly[::-1]
    nowcast = sum(c * 0.5**i for i, c in enumerate(newest_first)) / sum(0.5**i for i in range(12))
    truncated = math.floor(nowcast * 10) / 10
    assert 55.5 <= truncated <= 125.4
    assert cells.value[0] == round(49 / 69.9 * (truncated - 55.5) + 151)
    assert (cells.completeness[0], cells.responsible[0]) == (1.0, "pm25")


def naive_ozone(window: list[float]) -> float:
    """The definition, newest first."""
    there = [(k, c) for k, c in enumerate(window) if not math.isnan(c)]
    if sum(k < 3 for k, _ in there) < 2:
        return math.nan
    low, high = min(c for _, c in there), max(c for _, c in there)
    if high == 0:
        return 0.0
    w = low / high
    if w == 0:
        return there[0][1]
    return sum(w**k * c for k, c in there) / sum(w**k for k, _ in there)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.just(math.nan), st.integers(0, 5).map(float), st.floats(1, 300)), max_size=30))
def test_ozone_nowcast_is_its_definition(hourly: list[float]) -> None:
    found = us_air.nowcast_ozone(np.array(hourly, np.float64))
    for k, value in enumerate(found.tolist()):
        window = hourly[max(0, k - 7) : k + 1][::-1]
        assert value == pytest.approx(naive_ozone(window), nan_ok=True, rel=1e-9)


def test_the_table_says_how_far_to_trust_it_and_joins() -> None:
    assert us_aqi().trust == "secondary"
    text = read("us_aqi")
    with pytest.raises(RulesetError, match="does not join"):
        parse("us_aqi.toml", text.replace("[9.1, 35.4, 51, 100]", "[9.2, 35.4, 51, 100]"), TruncatedScale)
    with pytest.raises(RulesetError, match="does not ascend"):
        parse("us_aqi.toml", text.replace("[0, 35, 0, 50]", "[35, 0, 0, 50]"), TruncatedScale)
    with pytest.raises(RulesetError, match="no breakpoints"):
        us_aqi().of("pm25", "1h")
