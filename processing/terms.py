"""Additive terms of raw readings: adding them up, and how they lie in the column `terms`.

A row is [present, asked, k, the k sums, and (bucket, count) of every bucket of its histogram].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processing.cells import Ragged, sums
from processing.indicators.recipes import Sketch, WindowTerms

if TYPE_CHECKING:
    from processing.columns import Floats, Ints

_HEADER: Final = 3
_NO_INTS: Final[Ints] = np.empty(0, np.int64)


def packed(terms: WindowTerms) -> Ragged:
    """Return the terms as rows of the column `terms`."""
    rows, k = terms.sums.shape
    sketch = terms.sketch or Sketch(_NO_INTS, _NO_INTS, _NO_INTS)
    buckets = np.bincount(sketch.row, minlength=rows)
    size = _HEADER + k + 2 * buckets
    first = np.cumsum(size) - size
    flat = np.empty(int(size.sum()))
    flat[first], flat[first + 1], flat[first + 2] = terms.present, terms.asked, k
    for column in range(k):
        flat[first + _HEADER + column] = terms.sums[:, column]
    within = np.arange(len(sketch.row)) - np.repeat(np.cumsum(buckets) - buckets, buckets)
    position = first[sketch.row] + _HEADER + k + 2 * within
    flat[position], flat[position + 1] = sketch.bucket, sketch.count
    return Ragged(flat, size)


def unpacked(rows: Ragged, n: Ints) -> WindowTerms:
    """Return the terms that `packed` made; all rows are of one method, so of one k."""
    count, flat, first = len(rows.size), rows.flat, rows.first
    k = int(flat[first[0] + 2]) if count else 0
    sums_ = np.stack([flat[first + _HEADER + column] for column in range(k)], axis=1) if k else None
    buckets = (rows.size - _HEADER - k) // 2
    total = int(buckets.sum())
    sketch = None
    if total:
        row = np.repeat(np.arange(count), buckets)
        within = np.arange(total) - np.repeat(np.cumsum(buckets) - buckets, buckets)
        position = first[row] + _HEADER + k + 2 * within
        sketch = Sketch(row, flat[position].astype(np.int64), flat[position + 1].astype(np.int64))
    return WindowTerms(
        sums=np.empty((count, 0)) if sums_ is None else sums_,
        present=flat[first],
        asked=flat[first + 1],
        n=n,
        sketch=sketch,
    )


def added(terms: WindowTerms, row: Ints, count: int) -> WindowTerms:
    """Return the sums of the terms per row number, added in the order given (so the bits do not vary).

    Args:
        terms: of w windows or cells.
        row: shape (w,), 0 .. count - 1.
        count: number of the sums.
    """
    k = terms.sums.shape[1]
    columns = [sums(row, count, terms.sums[:, column]) for column in range(k)]
    return WindowTerms(
        sums=np.stack(columns, axis=1) if columns else np.empty((count, 0)),
        present=sums(row, count, terms.present),
        asked=sums(row, count, terms.asked),
        n=sums(row, count, terms.n).astype(np.int64),
        sketch=None if terms.sketch is None else _merged(terms.sketch, row),
    )


def _merged(sketch: Sketch, row: Ints) -> Sketch:
    """Return the histograms with their rows renamed, counts of one bucket added up."""
    lifted = row[sketch.row]
    order = np.lexsort((sketch.bucket, lifted))
    lifted, bucket, counted = lifted[order], sketch.bucket[order], sketch.count[order]
    if not len(lifted):
        return sketch
    begins = np.concatenate(([True], (np.diff(lifted) != 0) | (np.diff(bucket) != 0)))
    first = np.flatnonzero(begins)
    return Sketch(lifted[first], bucket[first], np.add.reduceat(counted, first))


def taken(terms: WindowTerms, rows: Ints) -> WindowTerms:
    """Return the terms of the rows at these distinct ascending positions."""
    sketch = terms.sketch
    if sketch is not None:
        renamed = np.full(len(terms.present), -1, np.int64)
        renamed[rows] = np.arange(len(rows))
        kept = renamed[sketch.row] >= 0
        sketch = Sketch(renamed[sketch.row][kept], sketch.bucket[kept], sketch.count[kept])
    return WindowTerms(terms.sums[rows], terms.present[rows], terms.asked[rows], terms.n[rows], sketch)


def rows_of(terms: WindowTerms, rows: Ints) -> WindowTerms:
    """Return the terms of the rows at these positions, which may be in any order and repeat."""
    return unpacked(packed(terms).take(rows), terms.n[rows])


def stacked(parts: list[WindowTerms]) -> WindowTerms:
    """Return the rows of all parts (at least one), in their order."""
    begins = np.cumsum([0, *(len(part.present) for part in parts)])
    sketches = [
        (part.sketch.row + begin, part.sketch.bucket, part.sketch.count)
        for part, begin in zip(parts, begins[:-1].tolist(), strict=True)
        if part.sketch is not None
    ]
    columns = [np.concatenate(column) for column in zip(*sketches, strict=True)]
    return WindowTerms(
        sums=np.concatenate([part.sums for part in parts]),
        present=_floats([part.present for part in parts]),
        asked=_floats([part.asked for part in parts]),
        n=np.concatenate([part.n for part in parts]),
        sketch=Sketch(*columns) if columns else None,
    )


def _floats(parts: list[Floats]) -> Floats:
    return np.concatenate(parts)
