"""Local hours, days, months and years, zones with a changing clock included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.periods import DEFAULT_TIME_ZONE, Period, period_end, period_start

VIETNAM = ZoneInfo(DEFAULT_TIME_ZONE)
BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")


@pytest.mark.parametrize(
    ("instant", "period", "start", "end"),
    [
        ("2026-11-22T17:00:00+00:00", Period.DAY, "2026-11-23T00:00:00+07:00", "2026-11-24T00:00:00+07:00"),
        ("2026-11-22T16:59:59+00:00", Period.DAY, "2026-11-22T00:00:00+07:00", "2026-11-23T00:00:00+07:00"),
        ("2024-02-29T12:00:00+07:00", Period.MONTH, "2024-02-01T00:00:00+07:00", "2024-03-01T00:00:00+07:00"),
        ("2026-12-31T17:00:00+00:00", Period.YEAR, "2027-01-01T00:00:00+07:00", "2028-01-01T00:00:00+07:00"),
        ("2026-12-31T18:30:00+07:00", Period.HOUR, "2026-12-31T18:00:00+07:00", "2026-12-31T19:00:00+07:00"),
        ("2026-12-05T00:00:00+07:00", Period.MONTH, "2026-12-01T00:00:00+07:00", "2027-01-01T00:00:00+07:00"),
    ],
)
def test_periods_of_vietnam(instant: str, period: Period, start: str, end: str) -> None:
    """Days start at 17:00 UTC; February of a leap year and the turn of the year are no exceptions."""
    first = period_start(datetime.fromisoformat(instant), period, VIETNAM)
    assert first.isoformat() == start
    assert period_end(first, period).isoformat() == end


def test_a_day_of_a_changing_clock_has_23_or_25_hours() -> None:
    """The last Sundays of March and October in Berlin."""
    for day, hours in (
        (datetime(2026, 3, 29, 12, tzinfo=UTC), 23),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), 25),
    ):
        start = period_start(day, Period.DAY, BERLIN)
        end = period_end(start, Period.DAY)
        assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=hours)


def test_the_two_hours_of_an_autumn_change_stay_apart() -> None:
    """02:30 happens twice; each belongs to its own hour."""
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    starts = [period_start(instant, Period.HOUR, BERLIN).astimezone(UTC) for instant in (first, second)]
    assert starts == [datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(Period),
    st.sampled_from([VIETNAM, BERLIN, KATHMANDU]),
)
def test_a_period_holds_its_instant_and_is_followed_by_the_next(
    instant: datetime, period: Period, zone: ZoneInfo
) -> None:
    """start <= instant < end, and the end is the start of the next period."""
    start = period_start(instant, period, zone)
    end = period_end(start, period)
    assert start.astimezone(UTC) <= instant < end.astimezone(UTC)
    assert period_start(end, period, zone).astimezone(UTC) == end.astimezone(UTC)
