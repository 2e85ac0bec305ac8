"""Every pollutant and averaging time of QCVN 05:2023/BTNMT, table 1."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pytest

from domain.indicators import Verdict
from domain.periods import Period
from processing.columns import Cells, Note, SiteHours
from processing.grid import HOUR_US, to_us
from processing.indicators import discover
from processing.indicators.recipes import SiteSeriesRecipe
from tests.processing.indicators.stations import Series, flat, site_hours

DAY = datetime(2026, 11, 20)
YEAR = datetime(2025, 1, 1)
HOURLY = {"so2": 350, "co": 30000, "no2": 200, "o3": 200, "tsp": 300}
DAILY = {"so2": 125, "no2": 100, "tsp": 200, "pm10": 100, "pm25": 45}
ANNUAL = {"so2": 50, "no2": 40, "tsp": 100, "pm10": 50, "pm25": 25}
EIGHT = {"o3": 120, "co": 10000}


def cells(code: str, series: SiteHours, period: Period) -> Cells:
    recipe = discover()[code]
    assert isinstance(recipe, SiteSeriesRecipe)
    return recipe.compute(series)[period]


def days(code: str, series: Series, count: int = 1, lead: int = 7) -> Cells:
    return cells(code, site_hours(series, DAY, count, lead_hours=lead), Period.DAY)


def year_of(parameter: str, level: float, missing: range = range(0)) -> SiteHours:
    hours = {
        YEAR + timedelta(days=day, hours=hour): level
        for day in range(365)
        if day not in missing
        for hour in range(24)
    }
    return site_hours({parameter: hours}, YEAR, 365, lead_hours=0)


@pytest.mark.parametrize(("parameter", "limit"), HOURLY.items())
def test_hours_are_judged_by_the_1_hour_limit(parameter: str, limit: float) -> None:
    levels = [limit - 1, limit, limit + 0.01]
    series: Series = {parameter: {DAY + timedelta(hours=k): float(level) for k, level in enumerate(levels)}}
    found = cells(f"{parameter}_hour", site_hours(series, DAY, 1, lead_hours=0), Period.HOUR)
    assert found.limit is not None
    assert len(found) == 24
    assert found.value[:3].tolist() == levels
    assert set(found.limit.tolist()) == {float(limit)}
    assert list(found.verdict[:4]) == [
        Verdict.MET,
        Verdict.MET,
        Verdict.NOT_MET,
        Verdict.NO_EVIDENCE,
    ]
    assert found.completeness[2:4].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(("parameter", "limit"), DAILY.items())
@pytest.mark.parametrize(("above", "verdict"), [(0.0, Verdict.MET), (0.01, Verdict.NOT_MET)])
def test_days_are_judged_by_the_24_hour_limit(
    parameter: str, limit: float, above: float, verdict: Verdict
) -> None:
    found = days(f"{parameter}_day", flat(DAY, range(24), **{parameter: limit + above}))
    assert found.limit is not None
    assert (found.limit[0], found.verdict[0]) == (limit, verdict)


@pytest.mark.parametrize(("parameter", "limit"), ANNUAL.items())
def test_years_are_means_of_days_judged_by_the_annual_limit(parameter: str, limit: float) -> None:
    """Ten days are missing: the mean of the others counts, and quarters do not weigh the same."""
    found = cells(f"{parameter}_day", year_of(parameter, limit, range(10)), Period.YEAR)
    assert found.limit is not None
    assert (found.value[0], found.n[0], found.limit[0]) == (pytest.approx(limit), 355, limit)
    assert found.verdict[0] is Verdict.MET


def test_the_annual_mean_is_no_mean_of_quarters() -> None:
    """The first quarter misses 60 of its 90 days: mean of days 20*30/305 + 10*275/305, not (20+10*3)/4."""
    series = {
        YEAR + timedelta(days=day, hours=hour): 20.0 if day < 90 else 10.0
        for day in range(60, 365)
        for hour in range(24)
    }
    laid = site_hours({"pm10": series}, YEAR, 365, lead_hours=0)
    year = cells("pm10_day", laid, Period.YEAR)
    assert year.value[0] == pytest.approx((20 * 30 + 10 * 275) / 305)
    quarters = cells("pm10_day", laid, Period.QUARTER)
    assert quarters.n.tolist() == [30, 91, 92, 92]
    assert math.isnan(quarters.value[0])
    assert quarters.note[0] == Note.INCOMPLETE
    assert quarters.value[1:] == pytest.approx([10, 10, 10])


def test_ozone_has_no_limit_for_days_and_years() -> None:
    found = cells("o3_day", year_of("o3", 70.0), Period.YEAR)
    assert found.limit is not None
    assert (found.value[0], found.verdict[0]) == (pytest.approx(70), None)
    assert math.isnan(found.limit[0])


@pytest.mark.parametrize(("parameter", "limit"), EIGHT.items())
def test_the_highest_8_hour_mean_reaches_into_the_day_before(parameter: str, limit: float) -> None:
    """Seven high hours before midnight and one after: the mean of 00-01 is of all eight."""
    high = flat(DAY, range(-7, 1), **{parameter: limit + 1.0})
    rest = flat(DAY, range(1, 24), **{parameter: 0.0})
    found = days(f"{parameter}_8h_day", {parameter: high[parameter] | rest[parameter]})
    assert found.limit is not None
    assert (found.value[0], found.limit[0], found.verdict[0]) == (limit + 1, limit, Verdict.NOT_MET)
    assert len(days(f"{parameter}_8h_day", high, lead=6)) == 0


@pytest.mark.parametrize(("hours", "known"), [(17, False), (18, True)])
def test_a_day_of_8_hour_means_needs_18_hours(hours: int, *, known: bool) -> None:
    found = days("o3_8h_day", flat(DAY, range(hours), o3=50.0))
    assert (found.verdict[0] is Verdict.MET) is known
    assert (found.n[0], found.completeness[0]) == (hours, hours / 24)


def test_hour_compliance_is_the_share_of_valid_hours() -> None:
    """20 valid hours, 3 above the limit: 85 %."""
    series = {DAY + timedelta(hours=k): 201.0 if k < 3 else 200.0 for k in range(20)}
    found = days("no2_hour_compliance", {"no2": series}, lead=0)
    assert (found.value[0], found.n[0], found.completeness[0]) == (85.0, 20, 20 / 24)
    short = days("no2_hour_compliance", {"no2": dict(list(series.items())[:17])}, lead=0)
    assert (math.isnan(short.value[0]), short.note[0]) == (True, Note.INCOMPLETE)


def test_day_compliance_uses_the_limit_of_each_day() -> None:
    """47 ug/m3 of PM2.5 complied until the end of 2025 and does not since."""
    first = datetime(2025, 12, 1)
    laid = site_hours(flat(first, range(62 * 24), pm25=47.0), first, 62, lead_hours=0)
    months = cells("pm25_day_compliance", laid, Period.MONTH)
    assert (months.value.tolist(), months.n.tolist()) == ([100.0, 0.0], [31, 31])


def test_8_hour_day_compliance_leaves_out_a_period_whose_first_hours_are_not_known() -> None:
    first = datetime(2025, 12, 1)
    series = flat(first, range(-7, 31 * 24), o3=100.0)
    series["o3"] |= flat(first, range(48), o3=130.0)["o3"]
    whole = site_hours(series, first, 31, lead_hours=7)
    # Two days of 130 and the first hours after them: 8-hour means above 120 until 02:00 of the third day.
    found = cells("o3_8h_day_compliance", whole, Period.MONTH)
    assert found.value[0] == pytest.approx(100 * 28 / 31)
    part = site_hours(series, first, 31, lead_hours=6)
    assert len(cells("o3_8h_day_compliance", part, Period.MONTH)) == 0


@pytest.mark.parametrize(
    "code",
    [
        code
        for code, recipe in discover().items()
        if isinstance(recipe, SiteSeriesRecipe) and not code.startswith("vn_aqi")
    ],
)
def test_nothing_and_a_part_of_a_day_give_no_cells_of_days(code: str) -> None:
    recipe = discover()[code]
    assert isinstance(recipe, SiteSeriesRecipe)
    start = to_us(datetime.fromisoformat("2026-11-20T00:00+07:00"))
    for hours in (0, 5):
        series = SiteHours.on_grid(start, start + hours * HOUR_US, "Asia/Ho_Chi_Minh", {})
        found = recipe.compute(series)
        assert set(found) == set(recipe.indicator.periods)
        assert sum(len(one) for period, one in found.items() if period is not Period.HOUR) == 0


def test_a_short_and_a_long_day_want_three_quarters_of_their_own_hours() -> None:
    """Berlin 2026: 29 March has 23 hours (18 wanted), 25 October has 25 (19 wanted)."""
    for day, length, wanted in (("2026-03-29", 23, 18), ("2026-10-25", 25, 19)):
        start = to_us(datetime.fromisoformat(f"{day}T00:00+{'01' if length == 23 else '02'}:00"))
        for hours in (wanted - 1, wanted):
            rows = {"no2": (start + np.arange(hours) * HOUR_US, np.full(hours, 30.0))}
            series = SiteHours.on_grid(start, start + length * HOUR_US, "Europe/Berlin", rows)
            found = cells("no2_day", series, Period.DAY)
            assert (len(found), found.completeness[0]) == (1, hours / length)
            assert math.isnan(found.value[0]) is (hours < wanted)
