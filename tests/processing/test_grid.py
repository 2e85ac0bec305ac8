"""Local periods as arrays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from domain.periods import Period
from processing.grid import HOUR_US, from_us, hour_floor, period_edges, to_us


def us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


def test_instants_survive_the_way_to_microseconds_and_back() -> None:
    for instant in (datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 11, 23, 1, 2, 3, 999_999, tzinfo=UTC)):
        assert from_us(to_us(instant)) == instant


def test_hours_start_on_the_utc_grid() -> None:
    assert hour_floor(3 * HOUR_US + 1) == 3 * HOUR_US
    edges = period_edges(HOUR_US + 1, 3 * HOUR_US, Period.HOUR, "Asia/Ho_Chi_Minh")
    assert edges.tolist() == [HOUR_US, 2 * HOUR_US, 3 * HOUR_US]


@pytest.mark.parametrize(
    ("period", "edges"),
    [
        (Period.DAY, ["2026-02-27T17:00Z", "2026-02-28T17:00Z", "2026-03-01T17:00Z"]),
        (Period.MONTH, ["2026-01-31T17:00Z", "2026-02-28T17:00Z", "2026-03-31T17:00Z"]),
        (Period.YEAR, ["2025-12-31T17:00Z", "2026-12-31T17:00Z"]),
    ],
)
def test_local_periods_of_hanoi_begin_at_17_utc(period: Period, edges: list[str]) -> None:
    found = period_edges(us("2026-02-28T16:59Z"), us("2026-02-28T17:01Z"), period, "Asia/Ho_Chi_Minh")
    assert found.tolist() == [us(edge) for edge in edges]


def test_an_edge_is_not_followed_by_a_period_that_the_span_does_not_touch() -> None:
    found = period_edges(us("2026-02-27T17:00Z"), us("2026-02-28T17:00Z"), Period.DAY, "Asia/Ho_Chi_Minh")
    assert len(found) == 2


def test_days_of_a_clock_change_have_23_and_25_hours() -> None:
    for day, hours in (("2026-03-29", 23), ("2026-10-25", 25)):
        start = datetime.fromisoformat(f"{day}T00:00+00:00")
        edges = period_edges(to_us(start), to_us(start + timedelta(hours=1)), Period.DAY, "Europe/Berlin")
        assert np.diff(edges).tolist() == [hours * HOUR_US]


def test_an_empty_span_has_no_edges() -> None:
    assert period_edges(5, 5, Period.DAY, "Asia/Ho_Chi_Minh").tolist() == []
