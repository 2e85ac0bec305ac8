"""Indicators of the history of daily values: ASAI, major event days, SAIDI without them, service levels."""

from __future__ import annotations

import math
import statistics
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.periods import Period
from processing.columns import Note
from processing.grid import to_us
from processing.indicators import asai, caidi, major_event_days, nrw, nrw_m3_connection_day, nrw_m3_km_day
from processing.indicators import saidi_without_med as without
from processing.indicators import sla_compliance as sla
from processing.indicators.recipes import DailyHistory

HANOI = "Asia/Ho_Chi_Minh"


def history(days: dict[str, float], zone: str = HANOI) -> DailyHistory:
    """Daily values by their local date."""
    starts = [to_us(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))) for day in sorted(days)]
    return DailyHistory(np.array(starts, np.int64), np.array([days[day] for day in sorted(days)]), zone)


def every_day(year: int, value: float = 0.0) -> dict[str, float]:
    first = datetime(year, 1, 1)
    count = (datetime(year + 1, 1, 1) - first).days
    return {(first + timedelta(days=k)).date().isoformat(): value for k in range(count)}


def test_caidi_is_minutes_per_customer_interruption() -> None:
    """2.5 h of 500 and 1 h of 300 of 1000 customers: SAIDI 93 min, SAIFI 0.8, CAIDI 116.25 min."""
    values = {"saidi": np.array([93.0, 0.0, np.nan]), "saifi": np.array([0.8, 0.0, np.nan])}
    found = caidi.formula(values)
    assert found[0] == pytest.approx(116.25)
    assert np.isnan(found[1:]).all()


def test_non_revenue_water_in_three_units() -> None:
    """IBNET: 10 000 m³ in, 8 200 billed, 30 days, 60 km, 4 000 connections."""
    values = {
        "water_volume_input": np.array([10_000.0, 0.0]),
        "water_volume_billed": np.array([8_200.0, 0.0]),
        "water_network_km_days": np.array([60.0 * 30, np.nan]),
        "water_connection_days": np.array([4_000.0 * 30, np.nan]),
    }
    for module, expected in ((nrw, 18.0), (nrw_m3_km_day, 1.0), (nrw_m3_connection_day, 0.015)):
        found = module.formula(values)
        assert found[0] == pytest.approx(expected)
        assert np.isnan(found[1])


@pytest.mark.parametrize(("year", "hours"), [(2025, 8760), (2024, 8784)])
def test_asai_of_common_and_leap_years(year: int, hours: int) -> None:
    """A SAIDI of 120 min a year is 2 h of 8760, or of 8784 in a leap year."""
    cells = asai.compute(history(every_day(year) | {f"{year}-03-05": 90.0, f"{year}-11-06": 30.0}))
    whole = cells[Period.YEAR]
    assert whole.value.tolist() == pytest.approx([1 - 2 / hours], abs=1e-15)
    assert whole.completeness.tolist() == [1.0]
    assert whole.n.tolist() == [hours // 24]
    assert cells[Period.MONTH].value[2] == pytest.approx(1 - 1.5 / 744)
    assert cells[Period.QUARTER].value[3] == pytest.approx(1 - 0.5 / (92 * 24))
    assert cells[Period.DAY].value.min() == pytest.approx(1 - 90 / 1440)


def test_asai_takes_days_of_23_and_25_hours_as_they_are() -> None:
    """Berlin's clocks: 30 minutes of 23 and of 25 hours."""
    found = asai.compute(history({"2025-03-30": 30.0, "2025-10-26": 30.0}, "Europe/Berlin"))[Period.DAY]
    assert found.value.tolist() == pytest.approx([1 - 0.5 / 23, 1 - 0.5 / 25])
    assert found.completeness.tolist() == [1.0, 1.0]


def test_nothing_known_is_nothing_said() -> None:
    """No day, and a day without a value."""
    for module in (asai, major_event_days, without, sla):
        for cells in module.compute(history({})).values():
            assert len(cells) == 0
    found = asai.compute(history({"2025-01-01": float("nan")}))[Period.YEAR]
    assert np.isnan(found.value[0])
    assert found.note == [Note.NO_DATA]
    assert found.completeness.tolist() == [0.0]


# Five years, one outage day each: ln = 0, 1, 2, 3, 4; mean 2, sample deviation sqrt(2.5).
LOGS = {f"{2020 + k}-06-01": math.exp(k) for k in range(5)}
T_MED = math.exp(2 + 2.5 * math.sqrt(2.5))


def test_the_threshold_is_that_of_five_years_before() -> None:
    """Alpha, beta and T_MED of a year come from the five before it; days without interruption are dropped."""
    days = {"2019-06-01": 1e9, "2021-02-03": 0.0, "2025-01-01": T_MED * 0.999, "2025-12-31": T_MED * 1.001}
    cells = major_event_days.compute(history(LOGS | days))
    year = cells[Period.YEAR]
    assert year.columns is not None
    held = {name: column[-1] for name, column in year.columns["threshold"].items()}
    assert held == pytest.approx({"alpha": 2.0, "beta": math.sqrt(2.5), "t_med": T_MED, "days": 5})
    assert year.value[-1] == 1
    assert cells[Period.DAY].value[-2:].tolist() == [0, 1]
    assert cells[Period.MONTH].value[-2:].tolist() == [0, 1]


def test_a_year_without_a_past_has_no_major_event_days() -> None:
    """One day of the past gives no deviation, so neither a count nor a SAIDI without those days."""
    days = history({"2024-01-01": 5.0, "2025-01-01": 500.0})
    for module in (major_event_days, without):
        cells = module.compute(days)[Period.YEAR]
        assert np.isnan(cells.value).all()
        assert cells.note == [Note.INCOMPLETE, Note.INCOMPLETE]


def test_saidi_without_major_event_days_leaves_them_out() -> None:
    """The rest of the year stays; both sums are told."""
    cells = without.compute(history(LOGS | {"2025-01-01": 10.0, "2025-02-01": T_MED * 2, "2025-02-02": 3.0}))
    year, month, day = cells[Period.YEAR], cells[Period.MONTH], cells[Period.DAY]
    assert year.value[-1] == pytest.approx(13.0)
    assert year.columns is not None
    assert year.columns["all_days"]["saidi"][-1] == pytest.approx(13.0 + T_MED * 2)
    assert year.columns["all_days"]["major_event_days"][-1] == 1
    assert month.value[-2:].tolist() == pytest.approx([10.0, 3.0])
    assert day.value[-3:].tolist() == pytest.approx([10.0, 0.0, 3.0])


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(0.001, 1e4) | st.just(0.0), min_size=3, max_size=60),
    st.lists(st.floats(0.0, 1e5), min_size=1, max_size=30),
)
def test_major_event_days_equal_the_plain_computation(past: list[float], now: list[float]) -> None:
    """The standard library's statistics say the same."""
    days = {f"{2020 + k % 5}-{k // 5 // 28 + 1:02}-{k // 5 % 28 + 1:02}": v for k, v in enumerate(past)}
    days |= {f"2025-{k // 28 + 1:02}-{k % 28 + 1:02}": v for k, v in enumerate(now)}
    logs = [math.log(v) for v in past if v > 0]
    found = major_event_days.compute(history(days))[Period.YEAR].value[-1]
    if len(logs) < 2:
        assert np.isnan(found)
        return
    limit = math.exp(statistics.fmean(logs) + 2.5 * statistics.stdev(logs))
    low, high = (sum(v > limit * f for v in now) for f in (1 + 1e-9, 1 - 1e-9))
    assert low <= found <= high


def test_service_levels_know_three_classes_of_days() -> None:
    """A day at the level meets it; a day without a value is neither met nor missed."""
    days = {"2025-01-01": 1.0, "2025-01-02": sla.LEVEL, "2025-01-03": 0.9, "2025-01-04": float("nan")}
    found = sla.compute(history(days))[Period.MONTH]
    assert found.value.tolist() == pytest.approx([2 / 3])
    assert found.columns is not None
    assert {k: v.tolist() for k, v in found.columns["days"].items()} == {
        "met": [2],
        "not_met": [1],
        "insufficient": [28],
    }
    assert found.completeness.tolist() == pytest.approx([3 / 31])
