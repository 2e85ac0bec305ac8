"""The arithmetic of air quality indices against hand-worked values and exact fractions."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.kernels import air
from tests.processing.kernels import naive

INDEX = [0, 50, 100, 150, 200, 300, 400, 500]
# Quyết định 1459/QĐ-TCMT, table 2, typed a second time.
TABLE = {
    "o3 1h": [0, 160, 200, 300, 400, 800, 1000, 1200],
    "o3 8h": [0, 100, 120, 170, 210, 400],
    "co": [0, 10000, 30000, 45000, 60000, 90000, 120000, 150000],
    "so2": [0, 125, 350, 550, 800, 1600, 2100, 2630],
    "no2": [0, 100, 200, 700, 1200, 2350, 3100, 3850],
    "pm10": [0, 50, 150, 250, 350, 420, 500, 600],
    "pm25": [0, 25, 50, 80, 150, 250, 350, 500],
}
hourly_means = st.one_of(st.none(), st.integers(-30, 9000).map(lambda tenths: Fraction(tenths, 10)))


def index_of(column: str, *concentrations: float) -> list[float]:
    steps = TABLE[column]
    values = np.array(concentrations, np.float64)
    return air.sub_index(
        values, np.array(steps, np.float64), np.array(INDEX[: len(steps)], np.float64)
    ).tolist()


def array_of(values: list[Fraction | None]) -> np.ndarray:
    return np.array([math.nan if value is None else float(value) for value in values])


@pytest.mark.parametrize("column", TABLE)
def test_at_a_breakpoint_the_index_is_the_tables_own_exactly(column: str) -> None:
    assert index_of(column, *TABLE[column]) == INDEX[: len(TABLE[column])]


@pytest.mark.parametrize("column", TABLE)
def test_halfway_between_breakpoints_the_index_is_halfway(column: str) -> None:
    steps = TABLE[column]
    middles = [(a + b) / 2 for a, b in itertools.pairwise(steps)]
    wanted = [(a + b) / 2 for a, b in itertools.pairwise(INDEX[: len(steps)])]
    assert index_of(column, *middles) == wanted


@pytest.mark.parametrize("column", TABLE)
def test_the_line_has_no_jump_at_a_breakpoint(column: str) -> None:
    for concentration, index in zip(TABLE[column][1:-1], INDEX[1:], strict=False):
        below, above = index_of(column, concentration - 1e-6, concentration + 1e-6)
        assert below < index < above
        assert above - below < 1e-5


def test_worked_values_of_the_table() -> None:
    """PM2.5 25.1: 25/25 * 0.1 * 2 above 50 is 50.2; PM10 219: 69/100 * 50 above 100 is 134.5."""
    assert index_of("pm25", 25.1, 37.5, 79.7) == pytest.approx([50.2, 75.0, 149.5])
    assert index_of("pm10", 219.0, 169.0) == pytest.approx([134.5, 109.5])
    assert index_of("co", 1300.0) == [6.5]


def test_at_or_above_the_last_breakpoint_the_index_stays() -> None:
    assert index_of("pm25", 500.0, 500.1, 1e9) == [500.0, 500.0, 500.0]
    assert index_of("o3 8h", 400.0) == [300.0]


def test_nan_stays_nan_and_a_negative_concentration_counts_as_zero() -> None:
    missing, negative, zero = index_of("so2", math.nan, -3.0, 0.0)
    assert math.isnan(missing)
    assert (negative, zero) == (0.0, 0.0)


@given(st.sampled_from(sorted(TABLE)), st.integers(-100, 200_0000))
@settings(deadline=None)
def test_sub_index_equals_exact_fractions(column: str, tenths: int) -> None:
    exact = naive.sub_index(Fraction(tenths, 10), TABLE[column], INDEX[: len(TABLE[column])])
    assert index_of(column, tenths / 10)[0] == pytest.approx(float(exact), rel=1e-12, abs=1e-9)


def test_nowcast_of_equal_values_is_that_value() -> None:
    result = air.nowcast(np.full(12, 37.0))
    assert (result.value[-1], result.n[-1]) == (pytest.approx(37.0), 12)


def test_nowcast_with_gaps_is_normalised_also_at_the_smallest_weight() -> None:
    """c1..c3 = 200, 150, 60, c4..c8 missing, c9..c12 = 40: w = 0.5.

    Weights 1, 1/2, 1/4 and 1/256 + ... + 1/2048 = 15/2048: (200 + 75 + 15 + 40 * 15/2048) over
    (1.75 + 15/2048) is 165.19; the literal form, sum of 0.5^i c_i, would give 145.15: too low, because an
    eighth of the weight is missing.
    """
    newest_first = [200, 150, 60, *[math.nan] * 5, 40, 40, 40, 40]
    result = air.nowcast(np.array(newest_first[::-1], np.float64))
    weights = Fraction(7, 4) + Fraction(15, 2048)
    assert result.value[-1] == pytest.approx(float((290 + 40 * Fraction(15, 2048)) / weights))
    assert result.value[-1] == pytest.approx(165.19, abs=0.01)
    assert result.n[-1] == 7


def test_nowcast_weight_above_a_half_is_the_ratio_of_extremes() -> None:
    """c1 = 50, c2 = 40, all older missing: w = 0.8, (50 + 0.8 * 40) / 1.8."""
    result = air.nowcast(np.array([40.0, 50.0]))
    assert result.value[-1] == pytest.approx(82 / 1.8)


@pytest.mark.parametrize(
    ("newest", "enough"),
    [
        ((1, None, None), False),
        ((None, None, 1), False),
        ((1, 1, None), True),
        ((None, 1, 1), True),
        ((1, None, 1), True),
    ],
)
def test_nowcast_needs_two_of_the_three_latest_hours(newest: tuple[int | None, ...], *, enough: bool) -> None:
    values = [*([7.0] * 9), *(math.nan if value is None else float(value) for value in reversed(newest))]
    assert math.isnan(air.nowcast(np.array(values)).value[-1]) is not enough


def test_nowcast_of_zeros_is_zero() -> None:
    assert air.nowcast(np.zeros(12)).value[-1] == 0.0


@given(st.lists(hourly_means, min_size=1, max_size=30))
@settings(deadline=None)
def test_nowcast_of_every_hour_equals_the_naive_twin(hourly: list[Fraction | None]) -> None:
    result = air.nowcast(array_of(hourly))
    for k in range(len(hourly)):
        exact = naive.nowcast(hourly[max(0, k - 11) : k + 1][::-1])
        if exact is None:
            assert math.isnan(result.value[k])
        else:
            assert result.value[k] == pytest.approx(float(exact), rel=1e-9, abs=1e-9)


@given(st.lists(hourly_means, max_size=40), st.integers(1, 8))
@settings(deadline=None)
def test_trailing_mean_asks_for_enough_of_its_window(hourly: list[Fraction | None], required: int) -> None:
    result = air.trailing_mean(array_of(hourly), 8, required)
    for k in range(len(hourly)):
        present = [value for value in hourly[max(0, k - 7) : k + 1] if value is not None]
        if len(present) < required:
            assert math.isnan(result[k])
        else:
            assert result[k] == pytest.approx(float(sum(present) / len(present)), rel=1e-9, abs=1e-9)


@given(st.lists(st.tuples(hourly_means, st.integers(-1, 3)), max_size=60))
@settings(deadline=None)
def test_daily_counts_means_and_maxima(rows: list[tuple[Fraction | None, int]]) -> None:
    result = air.daily(
        array_of([value for value, _ in rows]), np.array([day for _, day in rows], np.int64), 4
    )
    for day in range(4):
        present = [value for value, of in rows if of == day and value is not None]
        assert result.n[day] == len(present)
        if present:
            assert result.mean[day] == pytest.approx(float(sum(present) / len(present)), rel=1e-9, abs=1e-9)
            assert result.maximum[day] == float(max(present))
        else:
            assert math.isnan(result.mean[day])
            assert math.isnan(result.maximum[day])
