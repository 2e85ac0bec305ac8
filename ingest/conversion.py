"""Unit conversion of whole columns: scale and offset by (unit, wanted unit) as table look-ups."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from domain.units import IncompatibleUnitError, UnknownUnitError, canonical_unit, conversion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

UNKNOWN_UNIT = 0


class UnitTable:
    """Scale and offset from every unit heard so far to every stored unit.

    Row 0 stands for all units that Nhịp does not know: only known ones get a row, so a sender of invented
    units cannot make the table grow. Safe to use from several threads.
    """

    def __init__(self, wanted: Sequence[str]) -> None:
        self.wanted = tuple(wanted)
        self._ids: dict[str, int] = {}
        self._growth = Lock()
        # NaN: there is no conversion.
        self.factors: NDArray[np.float64] = np.full((1, len(self.wanted), 2), np.nan)

    def unit_id(self, unit: str) -> int:
        """Return the row of a unit, `UNKNOWN_UNIT` when Nhịp does not know it."""
        known = self._ids.get(unit)
        if known is not None:
            return known
        try:
            canonical_unit(unit)
        except UnknownUnitError:
            return UNKNOWN_UNIT
        with self._growth:
            if unit not in self._ids:
                row = np.array([[_factors(unit, wanted) for wanted in self.wanted]]).reshape(1, -1, 2)
                self.factors = np.concatenate((self.factors, row))
                self._ids[unit] = len(self.factors) - 1
            return self._ids[unit]


def _factors(unit: str, wanted: str) -> tuple[float, float]:
    try:
        return conversion(unit, wanted)
    except (IncompatibleUnitError, UnknownUnitError):
        return float("nan"), float("nan")
