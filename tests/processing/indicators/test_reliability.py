"""Failures, repairs and validity from hour facts."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.columns import HourFacts
from processing.indicators import mtbf, mttr, outage_count, validity

if TYPE_CHECKING:
    from types import ModuleType

ALL = (mtbf, mttr, outage_count, validity)


def facts(**columns: list[float]) -> HourFacts:
    """Facts with zeros where nothing is given."""
    count = len(next(iter(columns.values())))
    return HourFacts(**{f.name: np.array(columns.get(f.name, [0] * count)) for f in fields(HourFacts)})


def finished(module: ModuleType, rows: HourFacts) -> float:
    numerator, denominator = module.RECIPE.terms(rows)
    return module.RECIPE.finish(numerator.sum(keepdims=True), denominator.sum(keepdims=True))[0]


# A day: alive 20 h, dead from 04:00 to 06:00 and from 10:00 to 12:00, the second one closed by a reading.
DAY = facts(
    live_s=[4 * 3600.0, 4 * 3600.0, 12 * 3600.0],
    window_s=[6 * 3600.0, 6 * 3600.0, 12 * 3600.0],
    outages=[1, 1, 0],
    outages_closed=[0, 1, 1],
    outage_closed_s=[0.0, 7200.0, 7200.0],
    n=[240, 240, 720],
    n_good=[240, 210, 720],
)


@pytest.mark.parametrize(
    ("module", "expected"), [(mtbf, 20 / 2), (mttr, 2.0), (outage_count, 2.0), (validity, 1170 / 1200)]
)
def test_a_day_with_two_outages(module: ModuleType, expected: float) -> None:
    """MTBF 10 h and MTTR 2 h: availability 10 / 12 = 20 / 24."""
    assert finished(module, DAY) == pytest.approx(expected)


def test_no_failure_is_no_mean() -> None:
    """Without outages MTBF and MTTR are undefined and the count is 0; without any time nothing is known."""
    quiet = facts(live_s=[3600.0], window_s=[3600.0], n=[60], n_good=[60])
    assert np.isnan(finished(mtbf, quiet))
    assert np.isnan(finished(mttr, quiet))
    assert finished(outage_count, quiet) == 0
    assert all(np.isnan(finished(module, facts(n=[0]))) for module in ALL)


def test_evidence_is_whole_where_something_is_known() -> None:
    """Silence is evidence; a reading received is judged."""
    for module in ALL:
        present, asked = module.RECIPE.evidence(DAY)
        assert (present == asked).all()
        assert (asked > 0).all()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3600)), min_size=1, max_size=20), st.randoms())
def test_order_does_not_matter(hours: list[tuple[int, int]], chance: object) -> None:
    """Whole seconds and counts add up to the same in any order."""
    shuffled = list(hours)
    chance.shuffle(shuffled)
    for module in ALL:
        one, other = (
            finished(
                module,
                facts(
                    outages=[n for n, _ in rows],
                    outages_closed=[n for n, _ in rows],
                    outage_closed_s=[float(s) for _, s in rows],
                    live_s=[float(s) for _, s in rows],
                    window_s=[3600.0 for _ in rows],
                    n=[s for _, s in rows],
                    n_good=[s // 2 for _, s in rows],
                ),
            )
            for rows in (hours, shuffled)
        )
        assert one == pytest.approx(other, rel=1e-12, nan_ok=True)
