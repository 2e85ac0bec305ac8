"""Interruption indices again: from the interruptions that began in the period, or from months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain import evidence
from processing.cells import sums
from processing.evidence.contents import instant, number
from processing.grid import to_us
from processing.indicators.recipes import Interruptions

if TYPE_CHECKING:
    from processing.evidence.contents import Contents
    from processing.indicators.recipes import InterruptionRecipe

_TERMS: Final = 4


def interruption_value(recipe: InterruptionRecipe, pack: Contents) -> dict[str, object]:
    """Return what comes out of the interruptions, or of the months of a quarter or a year."""
    return _of_months(pack) if pack.manifest["computed_from"] == "cells" else _of_events(recipe, pack)


def _of_events(recipe: InterruptionRecipe, pack: Contents) -> dict[str, object]:
    feeders = sorted(pack.setting["feeders"], key=lambda one: one["site_id"])
    now = instant(pack.manifest["value"]["computed_at"])
    counting = [
        (to_us(row["started_at"]), row["site_id"], to_us(row["ended_at"] or row["known_end"])
         if row["ended_at"] or row["known_end"] else now, row["customers"])
        for row in pack.rows(evidence.EVENTS)
        if row["excluded_reason"] is None
    ]  # fmt: skip
    columns = np.array(sorted(counting), np.int64).reshape(-1, 4)
    duration_s = np.maximum(columns[:, 2] - columns[:, 0], 0) * 1e-6
    each = recipe.terms(Interruptions(duration_s, columns[:, 3].astype(np.float64)))
    one_row = np.zeros(len(columns), np.int64)
    served = _total([0 if one["retired"] else one["customers"] for one in feeders])
    known = {row["subject_id"]: row["terms"] for row in pack.rows() if row["terms"] is not None}
    shares = [known[one["sensor_id"]] for one in feeders if one["sensor_id"] in known]
    numerator = float(sums(one_row, 1, each)[0])
    return _found(
        numerator / served if served > 0 else float("nan"),
        int((each > 0).sum()),
        # Availability is known time over time in view: its first two sums.
        (_total([one[0] for one in shares]), _total([one[1] for one in shares])),
    )


def _of_months(pack: Contents) -> dict[str, object]:
    rows = [row for row in pack.rows() if row["terms"] is not None and len(row["terms"]) == _TERMS]
    months = [row["terms"][0] / row["terms"][1] for row in rows if row["terms"][1] > 0]
    return _found(
        _total(months) if months else float("nan"),
        sum(row["n"] for row in rows),
        (_total([row["terms"][2] for row in rows]), _total([row["terms"][3] for row in rows])),
    )


def _total(numbers: list[float]) -> float:
    """Return the sum, added in the order given as the engine adds."""
    return float(sums(np.zeros(len(numbers), np.int64), 1, np.array(numbers, np.float64))[0])


def _found(value: float, n: int, known: tuple[float, float]) -> dict[str, object]:
    present, asked = known
    share = min(max(present, 0.0) / asked, 1.0) if asked > 0 else float("nan")
    return {"value": number(value), "n": n, "completeness": number(share)}
