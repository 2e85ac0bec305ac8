"""SAIDI, SAIFI and MAIFI: which interruption adds what."""

from __future__ import annotations

import numpy as np
import pytest

from processing.indicators import maifi, saidi, saifi
from processing.indicators.recipes import Interruptions

# Just below, exactly and just above five minutes; an hour; one with nobody behind it.
EVENTS = Interruptions(
    duration_s=np.array([299.0, 300.0, 300.001, 3600.0, 7200.0]),
    customers=np.array([10.0, 20.0, 30.0, 40.0, 0.0]),
)


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        (saidi, [0, 0, 30 * 300.001 / 60, 40 * 60, 0]),
        (saifi, [0, 0, 30, 40, 0]),
        (maifi, [10, 20, 0, 0, 0]),
    ],
)
def test_five_minutes_divide_momentary_from_sustained(indicator: object, expected: list[float]) -> None:
    """Exactly five minutes is still momentary; every interruption counts in SAIFI or in MAIFI, never both."""
    assert indicator.RECIPE.terms(EVENTS).tolist() == pytest.approx(expected)
