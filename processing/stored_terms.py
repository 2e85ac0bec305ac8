"""Terms of raw readings back from the table: of some cells, or of all sensors in some hours."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from domain.periods import Period
from processing.arrays import Instants, Int4s
from processing.cells import Ragged, begins_part, merged_spans
from processing.loading import fetch_columns
from processing.terms import taken, unpacked

if TYPE_CHECKING:
    from domain.indicators import SubjectKind
    from processing.cells import SubjectPeriods
    from processing.columns import Floats, Ints
    from processing.context import Context
    from processing.indicators.recipes import ReadingsRecipe, WindowTerms

# On the wire an array of float8 has a header, and each element its size before it.
_HEADER_BYTES = 20
_ELEMENT_BYTES = 12


class StoredTerms(NamedTuple):
    """Terms of cells, sorted by subject and start."""

    subject_id: Ints
    start: Ints
    terms: WindowTerms


def load_parts(
    context: Context,
    recipe: ReadingsRecipe,
    level: tuple[SubjectKind, Period],
    periods: SubjectPeriods,
) -> StoredTerms:
    """Return the terms of the cells that longer periods are made of, where they are of the method of today.

    Args:
        context: of the claim.
        recipe: whose cells.
        level: kind of the subjects, and length of the parts.
        periods: the longer ones.
    """
    subject_ids, starts, ends = merged_spans(*periods)
    kind, period = level
    stored = _load(
        context,
        recipe,
        "select_ragged_terms",
        {
            "subject_ids": Int4s(subject_ids),
            "starts": Instants(starts),
            "ends": Instants(ends),
            "subject_kind": kind.value,
            "period": period.value,
        },
    )
    zone_of = partial(context.time_zone, kind)
    kept = np.flatnonzero(begins_part(periods, period, zone_of, (stored.subject_id, stored.start)))
    return StoredTerms(stored.subject_id[kept], stored.start[kept], taken(stored.terms, kept))


def load_hours(context: Context, recipe: ReadingsRecipe, hours: Ints) -> StoredTerms:
    """Return the terms of all sensors in these hours."""
    return _load(
        context, recipe, "select_hour_terms", {"hours": Instants(hours), "period": Period.HOUR.value}
    )


def _load(context: Context, recipe: ReadingsRecipe, name: str, parameters: dict[str, object]) -> StoredTerms:
    of_recipe = {
        "indicator_id": context.indicator_ids[recipe.indicator.code],
        "method_version": recipe.indicator.method_version,
    }
    subject_id, start, n, size, sent = fetch_columns(context.connection, name, parameters | of_recipe)
    order = np.lexsort((start, subject_id))
    rows = Ragged(_received(sent, size), size).take(order)
    return StoredTerms(subject_id[order], start[order], unpacked(rows, n[order]))


def _received(sent: bytes, size: Ints) -> Floats:
    """Return the numbers of arrays as PostgreSQL sends them, one behind the other."""
    if not len(size):
        return np.empty(0)
    if (size == size[0]).all():
        row = np.dtype([("head", f"V{_HEADER_BYTES}"), ("element", [("size", ">i4"), ("value", ">f8")],
                        (int(size[0]),))])  # fmt: skip
        return np.frombuffer(sent, row)["element"]["value"].astype(np.float64).ravel()
    heads = _HEADER_BYTES * np.arange(1, len(size) + 1)
    element = np.arange(int(size.sum())) * _ELEMENT_BYTES + np.repeat(heads, size) + 4
    octets = np.frombuffer(sent, np.uint8)[element[:, None] + np.arange(8)]
    return np.ascontiguousarray(octets).view(">f8").ravel().astype(np.float64)
