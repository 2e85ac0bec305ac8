"""Ratios of sums of hour facts again, formulas over other values, and years of daily values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processing.cells import sums
from processing.evidence.contents import floats, integers, number
from processing.evidence.from_stations import of_cell
from processing.indicators.recipes import DailyHistory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from processing.columns import Floats
    from processing.evidence.contents import Contents
    from processing.indicators.recipes import FactSumRecipe, FormulaRecipe, HistoryRecipe

_TERMS: Final = 4


def fact_sum_value(recipe: FactSumRecipe, pack: Contents) -> dict[str, object]:
    """Return what comes out of hour facts, or of the sums behind shorter periods."""
    return _from_facts(recipe, pack) if pack.manifest["computed_from"] == "facts" else _summed(recipe, pack)


def _from_facts(recipe: FactSumRecipe, pack: Contents) -> dict[str, object]:
    facts = pack.facts()
    row = np.zeros(len(facts), np.int64)
    columns = (*recipe.terms(facts), *recipe.evidence(facts))
    n = int(sums(row, 1, recipe.count(facts))[0])
    return _finished(recipe, [sums(row, 1, column) for column in columns], n)


def _summed(recipe: FactSumRecipe, pack: Contents) -> dict[str, object]:
    rows = pack.rows()
    kept = [one for one in rows if one["terms"] is not None and len(one["terms"]) == _TERMS]
    row = np.zeros(len(kept), np.int64)
    columns = np.array([one["terms"] for one in kept], np.float64).reshape(-1, _TERMS)
    n = int(sums(row, 1, integers(kept, "n"))[0])
    return _finished(recipe, [sums(row, 1, columns[:, k]) for k in range(_TERMS)], n)


def _finished(recipe: FactSumRecipe, columns: Sequence[Floats], n: int) -> dict[str, object]:
    numerator, denominator, present, asked = columns
    share = min(present[0] / asked[0], 1.0) if asked[0] > 0 else float("nan")
    value = recipe.finish(numerator, denominator)[0]
    return {"value": number(value), "n": n, "completeness": number(share)}


def formula_value(recipe: FormulaRecipe, pack: Contents) -> dict[str, object]:
    """Return what comes out of the values of other indicators."""
    by_code: dict[str, Mapping[str, Any]] = {row["indicator"]: row for row in pack.rows()}
    mine = [by_code.get(code) for code in recipe.inputs]
    values = {
        code: np.array([np.nan]) if row is None else floats([row], "value")
        for code, row in zip(recipe.inputs, mine, strict=True)
    }
    # An indicator without a cell is not complete at all; one of which nothing was expected does not count.
    shares = [0.0 if row is None else float(floats([row], "completeness")[0]) for row in mine]
    value = float(np.broadcast_to(recipe.formula(values), (1,))[0])
    return {
        "value": number(value if np.isfinite(value) else float("nan")),
        "n": sum(row["n"] for row in mine if row is not None),
        "completeness": number(np.fmin.reduce(shares)),
    }


def history_value(recipe: HistoryRecipe, pack: Contents) -> dict[str, object]:
    """Return what comes out of the daily values of years."""
    rows = sorted(pack.rows(), key=lambda row: row["period_start"])
    history = DailyHistory(integers(rows, "period_start"), floats(rows, "value"), pack.time_zone)
    cells = recipe.compute(history).get(pack.period)
    if cells is None:
        return {"value": None, "n": 0, "completeness": None}
    return of_cell(cells.take(cells.period_start == pack.start), pack)
