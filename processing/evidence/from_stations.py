"""Site series again: a site's value from its hour facts, an area's from the values of its stations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from domain.indicators import SubjectKind
from processing.columns import VALID_SHARE, SiteHours
from processing.evidence.contents import floats, instant, integers, number
from processing.grid import HOUR_US
from processing.indicators.recipes import AreaRule
from processing.series import judged_by_limit
from processing.site_means import SiteMeans, Stay

if TYPE_CHECKING:
    from processing.columns import Cells, Floats, Ints
    from processing.evidence.contents import Contents
    from processing.indicators.recipes import SiteSeriesRecipe


def series_value(recipe: SiteSeriesRecipe, pack: Contents) -> dict[str, object]:
    """Return what comes out of a site's facts, or of the stations' values."""
    return _of_stations(recipe, pack) if pack.kind is SubjectKind.AREA else _of_site(recipe, pack)


def _of_site(recipe: SiteSeriesRecipe, pack: Contents) -> dict[str, object]:
    start = pack.start - recipe.reach.before * HOUR_US
    end = pack.end + recipe.reach.after * HOUR_US
    stays = [
        Stay(one["sensor_id"], one["quantity"], instant(one["valid_from"]), instant(one["valid_to"]))
        for one in pack.setting["stays"]
    ]
    facts = pack.facts()
    order = np.lexsort((facts.hour, facts.sensor_id))
    valid = facts.slots >= VALID_SHARE * facts.expected
    means = SiteMeans(
        {0: stays}, facts.sensor_id[order], facts.hour[order], np.where(valid, facts.mean, np.nan)[order]
    )
    laid: dict[str, tuple[Ints, Floats]] = {}
    for quantity in recipe.quantities:
        # Backwards, because the last row laid on an hour counts and the lowest number shall.
        parts = [means.of(stay, start, end) for stay in reversed(stays) if stay.quantity == quantity]
        if parts:
            hours = np.concatenate([hours for hours, _ in parts])
            values = np.concatenate([values for _, values in parts])
            laid[quantity] = hours[np.isfinite(values)], values[np.isfinite(values)]
    cells = recipe.compute(SiteHours.on_grid(start, end, pack.time_zone, laid))[pack.period]
    return of_cell(cells.take(cells.period_start == pack.start), pack)


def of_cell(cells: Cells, pack: Contents) -> dict[str, object]:
    """Return the one cell that a recipe gave; what is not over is not judged.

    Args:
        cells: those that begin with the period: one, or none.
        pack: whose value is looked for.
    """
    if not len(cells):
        return {"value": None, "n": 0, "completeness": None}
    found: dict[str, object] = {
        "value": number(cells.value[0]),
        "n": int(cells.n[0]),
        "completeness": number(cells.completeness[0]),
    }
    if cells.responsible:
        found["responsible"] = cells.responsible[0]
    if cells.verdict:
        verdict = cells.verdict[0]
        judged = verdict is not None and not pack.manifest["value"]["provisional"]
        found["verdict"] = str(verdict) if judged else None
        found["limit"] = None if cells.limit is None else number(cells.limit[0])
    return found


def _of_stations(recipe: SiteSeriesRecipe, pack: Contents) -> dict[str, object]:
    rows = pack.published()
    value, limit = floats(rows, "value"), floats(rows, "limit_value")
    if not rows:
        return {"value": None, "n": 0, "completeness": None}
    # The worst first, absent ones last, of equals the lowest site number.
    order = np.lexsort((integers(rows, "subject_id"), -np.nan_to_num(value, nan=-np.inf)))
    known = np.isfinite(value)
    n = int(known.sum())
    joint = float(value[order[0]])
    if recipe.area_rule is AreaRule.MEAN:
        weights = np.where(known, value, 0.0)[order]
        total = np.bincount(np.zeros(len(rows), np.int64), weights=weights)[0]
        joint = float(total / n) if n else float("nan")
    lead: dict[str, Any] = rows[int(order[0])]
    found: dict[str, object] = {
        "value": number(joint),
        "n": n,
        "completeness": n / len(rows),
    }
    if recipe.area_rule is AreaRule.HIGHEST:
        found["responsible"] = lead["responsible"]
    if np.isfinite(limit[order[0]]) and not pack.manifest["value"]["provisional"]:
        # A legal limit comes before a target of the city.
        found["limit"] = float(limit[order[0]])
        found["verdict"] = str(judged_by_limit(joint, float(limit[order[0]]), n / len(rows)))
    return found
