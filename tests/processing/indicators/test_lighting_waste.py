"""Street lamps and waste bins: time in a state, and events that are paired over days."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.periods import Period
from processing.indicators import (
    bin_overflow_hours,
    bin_response_time,
    lamp_availability,
    lamp_repair_time,
)
from tests.processing.indicators.sensors import finished, hours

DAY = ("2026-03-01T00:00", "2026-03-02T00:00")
MONTH = ("2026-03-01T00:00", "2026-04-01T00:00")


def night(day: int, state: float = 1.0, off: str = "05:30") -> list[tuple[str, float]]:
    """A lamp that reports every half an hour: switched on at 18:00 of the day, off in the morning."""
    evening = [(f"2026-03-{day:02}T{m // 60:02}:{m % 60:02}", state) for m in range(18 * 60, 1440, 30)]
    cut = int(off[:2]) * 60 + int(off[3:])
    morning = [
        (f"2026-03-{day + 1:02}T{m // 60:02}:{m % 60:02}", state if m < cut else 0.0)
        for m in range(0, 18 * 60, 30)
    ]
    return evening + morning


def test_lamp_availability_is_lit_over_scheduled_time() -> None:
    """Two nights of 11.5 h; dark from 20:00 to 21:30 in the first: 21.5 / 23."""
    recipe = lamp_availability.RECIPE
    readings = [
        (time, 0.0 if "2026-03-01T20:00" <= time < "2026-03-01T21:30" else state)
        for time, state in night(1) + night(2)
    ]
    windows = hours(readings, "2026-03-01T12:00", "2026-03-03T12:00", recipe, interval_min=30)
    found, terms = finished(recipe, [windows], Period.MONTH, MONTH[0])
    assert found.value.tolist() == pytest.approx([100 * 21.5 / 23])
    assert terms.asked.tolist() == [23 * 3600]
    assert terms.present.tolist() == [23 * 3600]


def test_lamps_of_an_area_pool_their_time_and_silence_is_unknown() -> None:
    """One lamp lit all night, one whose last word at 18:00 holds for 1.5 h: all known time was lit."""
    recipe = lamp_availability.RECIPE
    span = ("2026-03-01T12:00", "2026-03-02T12:00")
    lamps = [hours(rows, *span, recipe, interval_min=30) for rows in (night(1), night(1)[:1])]
    found, terms = finished(recipe, lamps, Period.DAY, DAY[0])
    assert found.value.tolist() == pytest.approx([100.0])
    assert (terms.present / terms.asked).tolist() == pytest.approx([13 / 23])


def test_the_schedule_is_a_parameter() -> None:
    """Scheduled from 19:00 to 05:00 the last half hour in the dark does not count."""
    recipe = lamp_availability.RECIPE
    given_ = {"lamp_on_hour": 19.0, "lamp_off_hour": 5.0}
    windows = hours(
        night(1, off="05:00"), "2026-03-01T12:00", "2026-03-02T12:00", recipe, given_, interval_min=30
    )
    found, terms = finished(recipe, [windows], Period.DAY, DAY[0], given_)
    assert found.value.tolist() == pytest.approx([100.0])
    assert terms.asked.tolist() == [10 * 3600]


def test_repair_time_runs_from_dark_to_lit_again() -> None:
    """Dark from 22:00 on the 3rd, all the 4th, lit at 20:00 on the 5th: 46 h. Half an hour is no failure."""
    recipe = lamp_repair_time.RECIPE
    readings = [row for day in range(1, 7) for row in night(day)]
    readings = [
        (
            time,
            0.0 if "2026-03-03T22:00" <= time < "2026-03-05T20:00" or time == "2026-03-02T02:30" else state,
        )
        for time, state in readings
    ]
    windows = hours(readings, "2026-03-01T12:00", "2026-03-07T12:00", recipe, interval_min=30)
    found, _ = finished(recipe, [windows], Period.MONTH, MONTH[0])
    assert found.value.tolist() == pytest.approx([46.0])
    assert found.details == [{"repairs": 1, "longest_h": 46.0, "dark_at_end": False}]


def test_a_lamp_repaired_by_day_is_lit_in_the_evening() -> None:
    """Dark at 04:00 until the next evening's 18:00: 1.5 scheduled hours, 14 h in all."""
    recipe = lamp_repair_time.RECIPE
    readings = [
        (t, 0.0 if "2026-03-02T04:00" <= t < "2026-03-02T12:00" else s) for t, s in night(1) + night(2)
    ]
    windows = hours(readings, "2026-03-01T12:00", "2026-03-03T12:00", recipe, interval_min=30)
    found, _ = finished(recipe, [windows], Period.MONTH, MONTH[0])
    assert found.value.tolist() == pytest.approx([14.0])


def test_dusk_and_dawn_are_no_failures() -> None:
    """Switched on 5 minutes late every evening and off 30 minutes early: never dark for a scheduled hour."""
    recipe = lamp_repair_time.RECIPE
    readings = []
    for day in range(1, 6):
        readings += [(f"2026-03-{day:02}T17:55", 0.0), (f"2026-03-{day:02}T18:05", 1.0)]
        readings += night(day, off="05:00")[1:]
    windows = hours(readings, "2026-03-01T12:00", "2026-03-07T12:00", recipe, interval_min=30)
    found, _ = finished(recipe, [windows], Period.MONTH, MONTH[0])
    assert np.isnan(found.value).all()
    assert found.details is not None
    assert found.details[0]["repairs"] == 0


def test_a_lamp_still_dark_is_not_repaired() -> None:
    recipe = lamp_repair_time.RECIPE
    windows = hours(night(1) + night(2, 0.0), "2026-03-01T12:00", "2026-03-03T12:00", recipe, interval_min=30)
    found, _ = finished(recipe, [windows], Period.MONTH, MONTH[0])
    assert np.isnan(found.value).all()
    assert found.details == [{"repairs": 0, "longest_h": 0.0, "dark_at_end": True}]


BIN = [
    ("2026-03-01T00:00", 40.0),
    ("2026-03-01T06:00", 79.9),
    ("2026-03-01T08:00", 80.0),
    ("2026-03-01T10:00", 100.0),
    ("2026-03-01T13:00", 110.0),
    ("2026-03-01T14:00", 5.0),
    ("2026-03-01T20:00", 90.0),
    ("2026-03-01T22:00", 10.0),
    ("2026-03-01T23:00", 85.0),
]


def test_overflow_begins_at_a_hundred_per_cent() -> None:
    """From 10:00 to 14:00."""
    recipe = bin_overflow_hours.RECIPE
    found, terms = finished(recipe, [hours(BIN, *DAY, recipe, interval_min=120)], Period.DAY, DAY[0])
    assert found.value.tolist() == pytest.approx([4.0])
    assert (terms.present / terms.asked).tolist() == pytest.approx([1.0])
    found, _ = finished(recipe, [hours([], *DAY, recipe)], Period.DAY, DAY[0])
    assert np.isnan(found.value).all()


def test_response_is_from_nearly_full_to_emptied() -> None:
    """08:00 to 14:00 and 20:00 to 22:00: 4 h on average; what is full at 23:00 waits."""
    recipe = bin_response_time.RECIPE
    found, _ = finished(recipe, [hours(BIN, *DAY, recipe, interval_min=120)], Period.DAY, DAY[0])
    assert found.value.tolist() == pytest.approx([4.0])
    assert found.details == [{"emptied": 2, "emptied_when_full": 2, "longest_h": 6.0}]


def test_emptying_of_a_bin_that_was_not_full_is_counted_apart() -> None:
    """70 to 10 % is emptied, and answers nothing; 85 to 40 % is no drop of 50 points."""
    recipe = bin_response_time.RECIPE
    levels = (70.0, 10.0, 85.0, 40.0, 90.0, 40.0)
    readings = [(f"2026-03-01T{hour:02}:00", level) for hour, level in enumerate(levels, start=1)]
    found, _ = finished(recipe, [hours(readings, *DAY, recipe)], Period.DAY, DAY[0])
    assert found.value.tolist() == pytest.approx([3.0])
    assert found.details == [{"emptied": 2, "emptied_when_full": 1, "longest_h": 3.0}]


def test_a_bin_emptied_in_a_gap_was_emptied_nobody_knows_when() -> None:
    """Full at 01:00, silent for more than three hours, then at 5 %: no response, and none later either."""
    recipe = bin_response_time.RECIPE
    readings = [("2026-03-01T01:00", 95.0), ("2026-03-01T09:00", 5.0), ("2026-03-01T10:00", 70.0),
                ("2026-03-01T11:00", 5.0)]  # fmt: skip
    found, _ = finished(recipe, [hours(readings, *DAY, recipe)], Period.DAY, DAY[0])
    assert np.isnan(found.value).all()
    assert found.details == [{"emptied": 1, "emptied_when_full": 0, "longest_h": 0.0}]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 95), st.integers(0, 120)), max_size=60, unique_by=lambda row: row[0]),
    st.randoms(),
)
def test_responses_equal_a_walk_through_the_readings(rows: list[tuple[int, int]], chance: object) -> None:
    """One pass over all readings in order, quarter hours, gaps above three hours forgotten."""
    recipe = bin_response_time.RECIPE
    readings = [(f"2026-03-01T{k // 4:02}:{k % 4 * 15:02}", float(level)) for k, level in rows]
    chance.shuffle(readings)
    found, _ = finished(recipe, [hours(readings, *DAY, recipe)], Period.DAY, DAY[0])
    since: int | None = None
    before: tuple[int, int] | None = None
    responses = []
    for k, level in sorted(rows):
        known = before is not None and k - before[0] <= 12
        if known and before is not None and before[1] - level >= 50:
            if since is not None:
                responses.append(k - since)
            since = None
        elif not known and level < 80:
            since = None
        if level >= 80 and since is None:
            since = k
        before = (k, level)
    expected = np.mean(responses) / 4 if responses else np.nan
    assert found.value[0] == pytest.approx(expected, nan_ok=True)
