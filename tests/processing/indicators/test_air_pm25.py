"""PM2.5 by day, month and year, and its dated limits."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest

from domain.indicators import Verdict
from domain.periods import Period
from processing.columns import Cells, Note
from processing.grid import from_us
from processing.indicators import pm25_day
from tests.processing.indicators.stations import Series, flat, site_hours

DAY = datetime(2026, 11, 20)
YEAR = datetime(2026, 1, 1)


def days_of(series: Series, first: datetime = DAY, days: int = 1) -> Cells:
    return pm25_day.compute(site_hours(series, first, days, lead_hours=0))[Period.DAY]


def longer(missing: set[int], period: Period, level: float = 20.0) -> Cells:
    """Months or years of 2026: a constant in all hours but those of the missing days (of the year)."""
    hours = {
        YEAR + timedelta(days=day, hours=hour): level
        for day in range(365)
        if day not in missing
        for hour in range(24)
    }
    return pm25_day.compute(site_hours({"pm25": hours}, YEAR, 365, lead_hours=0))[period]


def test_day_is_the_arithmetic_mean_of_its_hours() -> None:
    series = {"pm25": {DAY + timedelta(hours=k): float(k) for k in range(24)}}
    cells = days_of(series)
    assert (cells.value[0], cells.n[0], cells.completeness[0], cells.note[0]) == (11.5, 24, 1.0, None)


@pytest.mark.parametrize(
    ("level", "verdict"), [(45.0, Verdict.MET), (45.001, Verdict.NOT_MET), (44.9, Verdict.MET)]
)
def test_a_mean_equal_to_the_limit_complies(level: float, verdict: Verdict) -> None:
    cells = days_of(flat(DAY, range(24), pm25=level))
    assert cells.limit is not None
    assert (cells.limit[0], cells.verdict[0]) == (45.0, verdict)


@pytest.mark.parametrize(
    ("day", "limit"),
    [
        (datetime(2014, 1, 15), 50.0),
        (datetime(2025, 12, 31), 50.0),
        (datetime(2026, 1, 1), 45.0),
    ],
)
def test_the_limit_is_that_of_the_local_day(day: datetime, limit: float) -> None:
    """1 January 2026 in Hanoi begins on 31 December 2025 UTC."""
    cells = days_of(flat(day, range(24), pm25=47.0), day)
    assert cells.limit is not None
    assert cells.limit[0] == limit
    assert cells.verdict[0] is (Verdict.MET if limit == 50.0 else Verdict.NOT_MET)


@pytest.mark.parametrize(("hours", "known"), [(17, False), (18, True)])
def test_a_day_with_less_than_18_hours_has_no_evidence(hours: int, *, known: bool) -> None:
    cells = days_of(flat(DAY, range(hours), pm25=20.0))
    assert (cells.n[0], cells.completeness[0]) == (hours, hours / 24)
    if known:
        assert (cells.value[0], cells.verdict[0], cells.note[0]) == (20.0, Verdict.MET, None)
    else:
        assert math.isnan(cells.value[0])
        assert (cells.verdict[0], cells.note[0]) == (Verdict.NO_EVIDENCE, Note.INCOMPLETE)


def test_a_day_without_readings_has_no_evidence() -> None:
    cells = days_of({})
    assert (cells.n[0], cells.verdict[0], cells.note[0]) == (0, Verdict.NO_EVIDENCE, Note.NO_DATA)


def test_months_and_years_are_local_and_whole() -> None:
    months = longer(set(), Period.MONTH)
    assert len(months) == 12
    assert from_us(int(months.period_start[0])).isoformat() == "2025-12-31T17:00:00+00:00"
    assert months.n.tolist() == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    years = longer(set(), Period.YEAR)
    assert (len(years), years.n[0], years.value[0], years.verdict[0]) == (
        1,
        365,
        pytest.approx(20),
        Verdict.MET,
    )
    part = pm25_day.compute(site_hours({}, DAY, 30, lead_hours=0))
    assert (len(part[Period.DAY]), len(part[Period.MONTH]), len(part[Period.YEAR])) == (30, 0, 0)


@pytest.mark.parametrize(
    ("missing", "known"),
    [
        ({3, 4, 5, 10, 20}, True),
        ({3, 4, 5, 10, 20, 22}, False),  # six days
        ({3, 4, 5, 6}, False),  # four in a row
    ],
)
def test_a_month_may_lack_5_days_and_3_in_a_row(missing: set[int], *, known: bool) -> None:
    january = longer(missing, Period.MONTH)
    assert math.isnan(january.value[0]) is not known
    assert january.completeness[0] == (31 - len(missing)) / 31
    assert not math.isnan(january.value[1])
    assert january.note[0] == (None if known else Note.INCOMPLETE)


@pytest.mark.parametrize(("missing", "known"), [(91, True), (92, False)])
def test_a_year_needs_three_quarters_of_its_days(missing: int, *, known: bool) -> None:
    """75 % of 365 days are 273.75."""
    year = longer(set(range(missing)), Period.YEAR, level=30.0)
    assert year.limit is not None
    assert (year.n[0], year.limit[0]) == (365 - missing, 25.0)
    assert year.verdict[0] is (Verdict.NOT_MET if known else Verdict.NO_EVIDENCE)


def test_an_incomplete_day_does_not_enter_the_month() -> None:
    hours = {YEAR + timedelta(hours=k): 10.0 for k in range(31 * 24)}
    hours |= {YEAR + timedelta(hours=k): 900.0 for k in range(24)}
    for k in range(17, 24):
        del hours[YEAR + timedelta(hours=k)]
    january = pm25_day.compute(site_hours({"pm25": hours}, YEAR, 31, lead_hours=0))[Period.MONTH]
    assert (january.value[0], january.n[0]) == (pytest.approx(10.0), 30)
