"""Computed values as the API gives them, but for `computed_at`: the same files give the same bytes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from processing.compute.times import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from domain.indicators import Indicator
    from domain.periods import Period
    from processing.columns import Cells


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Values of one indicator and one subject over periods of one length.

    Attributes:
        indicator: what they are.
        kind: "sensor", "site" or "area".
        subject: code of what they speak of.
        period: length of the periods.
        cells: the values.
        details: one per cell, or empty; the cells' own columns are asked when it is empty.
        unit: of the values, where it is not the indicator's (a mean has the unit of its quantity).
    """

    indicator: Indicator
    kind: str
    subject: str
    period: Period
    cells: Cells
    details: Sequence[dict[str, Any] | None] = ()
    unit: str | None = None

    def items(self, zone: ZoneInfo) -> list[dict[str, Any]]:
        """Return the values as JSON-able objects, times with the zone's offset."""
        cells = self.cells
        details = self.details or [None if one is None else json.loads(one) for one in cells.detail()]
        found: list[dict[str, Any]] = []
        for k in range(len(cells)):
            value = number(float(cells.value[k]))
            verdict = cells.verdict[k] if cells.verdict else None
            found.append(
                {
                    "indicator": self.indicator.code,
                    "subject": {"kind": self.kind, "code": self.subject, "name": self.subject},
                    "period": self.period.value,
                    "period_start": text_of(int(cells.period_start[k]), zone),
                    "period_end": text_of(int(cells.period_end[k]), zone),
                    "value": value,
                    "unit": self.unit or self.indicator.unit,
                    "n": int(cells.n[k]),
                    "completeness": number(float(cells.completeness[k])),
                    "quality": "insufficient" if value is None else "good",
                    "verdict": None if verdict is None else str(verdict),
                    "limit": None if cells.limit is None else number(float(cells.limit[k])),
                    "target": None,
                    "responsible": cells.responsible[k] if cells.responsible else None,
                    "note": str(cells.note[k]) if cells.note and cells.note[k] is not None else None,
                    "provisional": False,
                    "signed_off": False,
                    "method_version": self.indicator.method_version,
                    "revision": 1,
                    "detail": details[k],
                }
            )
        return found


def number(value: float) -> float | None:
    """Return a number that JSON can say; None for NaN and infinity."""
    return value if math.isfinite(value) else None


def plain(found: Any) -> Any:  # noqa: ANN401 # whatever a detail holds
    """Return a detail with numpy's numbers made plain and NaN made None."""
    if isinstance(found, dict):
        return {str(key): plain(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [plain(value) for value in found]
    if hasattr(found, "tolist"):
        return plain(found.tolist())
    return number(found) if isinstance(found, float) else found
