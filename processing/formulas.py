"""Indicators computed from others of the same subject and period.

They come last in a claim: every period that could have a changed input is looked at again, and only what
comes out different is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import SubjectKind, Verdict
from domain.periods import Period
from processing.arrays import Instants, Int2s, Int4s
from processing.cells import Block, SubjectPeriods, periods_of, row_in
from processing.columns import Cells, Note
from processing.judging import Judged, judge
from processing.loading import fetch_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from domain.indicators import Indicator
    from processing.cells import SubjectHours
    from processing.columns import Bools, Floats, Ints
    from processing.context import Context
    from processing.indicators.recipes import FormulaRecipe

# Cells of so many (subject, period) are computed at once: a few megabytes per input.
_ROWS_MAX: Final = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """What is stored of one input for m subjects and periods.

    Attributes:
        present: shape (m,), whether there is a cell at all.
        value: shape (m,), NaN without a value.
        n: shape (m,), 0 without a cell.
        completeness: shape (m,), NaN where nothing was expected, 0 without a cell.
        provisional: shape (m,).
    """

    present: Bools
    value: Floats
    n: Ints
    completeness: Floats
    provisional: Bools


def formula_blocks(
    context: Context, recipe: FormulaRecipe, touched: Mapping[SubjectKind, SubjectHours]
) -> Iterator[Block]:
    """Return the cells of one formula in all periods that hold a touched hour.

    Args:
        context: of the claim.
        recipe: whose inputs are all written by now.
        touched: hours of subjects in which an input may have changed.
    """
    for kind in recipe.indicator.subject_kinds:
        hours = touched.get(kind)
        if hours is None or not len(hours.hour):
            continue
        for period in Period:
            if period not in recipe.indicator.periods:
                continue
            periods = periods_of(hours, period, partial(context.time_zone, kind))
            for first in range(0, len(periods.start), _ROWS_MAX):
                part = SubjectPeriods(*(column[first : first + _ROWS_MAX] for column in periods))
                block = _block(context, recipe, (kind, period), part)
                if block is not None:
                    yield block


def _block(
    context: Context, recipe: FormulaRecipe, level: tuple[SubjectKind, Period], periods: SubjectPeriods
) -> Block | None:
    inputs = _load_inputs(context, recipe.inputs, level, periods)
    present = np.any([one.present for one in inputs.values()], axis=0)
    if not present.any():
        return None
    periods = SubjectPeriods(*(column[present] for column in periods))
    columns = list(inputs.values())
    # A formula without any code in it gives one number for all.
    count = len(periods.start)
    value = np.broadcast_to(
        recipe.formula({code: one.value[present] for code, one in inputs.items()}), (count,)
    )
    value = np.where(np.isfinite(value), value, np.nan)
    unknown = np.any([np.isnan(one.value[present]) for one in columns], axis=0)
    return derived_block(
        context,
        recipe.indicator,
        level,
        periods,
        Cells(
            periods.start,
            periods.end,
            value,
            np.array(np.sum([one.n[present] for one in columns], axis=0), np.int64),
            np.fmin.reduce([one.completeness[present] for one in columns]),
            note=[
                None if known else Note.INCOMPLETE if missing else Note.NOTHING_EXPECTED
                for known, missing in zip((~np.isnan(value)).tolist(), unknown.tolist(), strict=True)
            ],
        ),
        context.provisional(periods.end) | np.any([one.provisional[present] for one in columns], axis=0),
    )


def derived_block(
    context: Context,
    indicator: Indicator,
    level: tuple[SubjectKind, Period],
    periods: SubjectPeriods,
    cells: Cells,
    provisional: Bools,
) -> Block:
    """Return the cells as a block, areas judged against their targets where the cells bring no verdict."""
    kind, period = level
    verdicts: Sequence[Verdict | None] = [
        None if going_on else verdict
        for verdict, going_on in zip(cells.verdict or [None] * len(cells), provisional.tolist(), strict=True)
    ]
    limits = cells.limit
    if kind is SubjectKind.AREA and not cells.verdict:
        verdicts, limits = judge(
            context.targets,
            context.registry.tree.zones,
            Judged(indicator.code, period, periods, cells.value, cells.completeness, provisional),
        )
    details = cells.detail()
    judged = Cells(
        cells.period_start,
        cells.period_end,
        cells.value,
        cells.n,
        cells.completeness,
        cells.responsible,
        cells.note,
        limits,
        verdicts,
    )
    number = context.indicator_ids[indicator.code]
    return Block(number, indicator, kind, period, periods.subject_id, judged, provisional, details=details)


def _load_inputs(
    context: Context, codes: Sequence[str], level: tuple[SubjectKind, Period], periods: SubjectPeriods
) -> dict[str, Inputs]:
    kind, period = level
    known = [code for code in codes if code in context.indicator_ids]
    numbers = np.array([context.indicator_ids[code] for code in known], np.int64)
    subject_id, indicator_id, start, value, n, completeness, provisional = fetch_columns(
        context.connection,
        "select_input_hours" if (kind, period) == (SubjectKind.SENSOR, Period.HOUR) else "select_inputs",
        {
            "subject_ids": Int4s(periods.subject_id),
            "starts": Instants(periods.start),
            "indicator_ids": Int2s(numbers),
            "subject_kind": kind.value,
            "period": period.value,
        },
    )
    count = len(periods.start)
    found: dict[str, Inputs] = {}
    for code in codes:
        mine = indicator_id == context.indicator_ids.get(code, -1)
        row = row_in(periods, subject_id[mine], start[mine])
        laid = Inputs(
            np.zeros(count, np.bool_),
            np.full(count, np.nan),
            np.zeros(count, np.int64),
            np.zeros(count),
            np.zeros(count, np.bool_),
        )
        laid.present[row] = True
        laid.value[row] = value[mine]
        laid.n[row] = n[mine]
        laid.completeness[row] = completeness[mine]
        laid.provisional[row] = provisional[mine]
        found[code] = laid
    return found
