"""Ratios of sums over hour facts: what is divided by what, and that they add up."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.columns import HourFacts
from processing.indicators import availability, completeness, time_weighted_mean, timeliness

if TYPE_CHECKING:
    from types import ModuleType

RATIOS = (availability, completeness, time_weighted_mean, timeliness)


def facts(**columns: list[float]) -> HourFacts:
    """Facts with zeros where nothing is given."""
    count = len(next(iter(columns.values())))
    return HourFacts(**{f.name: np.array(columns.get(f.name, [0] * count)) for f in fields(HourFacts)})


def finished(module: ModuleType, rows: HourFacts) -> float:
    numerator, denominator = module.RECIPE.terms(rows)
    return module.RECIPE.finish(numerator.sum(keepdims=True), denominator.sum(keepdims=True))[0]


@pytest.mark.parametrize(
    ("module", "expected"),
    [(completeness, 9 / 12), (timeliness, 4 / 20), (availability, 900 / 3600), (time_weighted_mean, 50 / 5)],
)
def test_what_is_divided_by_what(module: ModuleType, expected: float) -> None:
    """Each indicator takes its own two columns, summed before they are divided."""
    rows = facts(
        slots=[3, 6],
        expected=[6, 6],
        on_time=[4, 0],
        n=[10, 10],
        live_s=[900.0, 0.0],
        window_s=[1800.0, 1800.0],
        integral=[20.0, 30.0],
        covered_s=[4.0, 1.0],
    )
    assert finished(module, rows) == pytest.approx(expected)


@pytest.mark.parametrize("module", RATIOS)
def test_nothing_expected_is_no_value(module: ModuleType) -> None:
    """Zero over zero is absent, not zero and not an error."""
    assert np.isnan(finished(module, facts(n=[0, 0])))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=30), st.randoms())
def test_sums_do_not_depend_on_the_order_of_hours(pairs: list[tuple[int, int]], chance: object) -> None:
    """Counts add up to the same ratio whichever hour comes first."""
    shuffled = list(pairs)
    chance.shuffle(shuffled)
    one, other = (
        finished(completeness, facts(slots=[p[0] for p in rows], expected=[p[1] for p in rows]))
        for rows in (pairs, shuffled)
    )
    assert one == other or (np.isnan(one) and np.isnan(other))
