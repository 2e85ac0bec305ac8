"""From columns into the database: only what changed is written; what was published stays as a revision."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processing.arrays import Booleans, Float8s, Instants, Int4s, Int8s
from processing.cells import Ragged, SubjectHours
from processing.grid import from_us
from processing.loading import fetch_columns
from store import statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import psycopg
    from psycopg.rows import TupleRow

    from processing.cells import Block
    from processing.columns import Bools, Floats, HourFacts, Ints
    from processing.context import Context

# A parameter of so many rows is a few megabytes; the limit of a message is a gigabyte.
_ROWS_MAX: Final = 100_000
_NEW_ROWS_MIN: Final = 500
_INSTANTS: Final = frozenset({"hour", "first_ts", "last_ts", "last_good_ts", "last_calibrating_ts"})


def save_facts(
    connection: psycopg.Connection[TupleRow], facts: HourFacts, provisional: Bools
) -> tuple[Ints, Ints]:
    """Write the facts, and return sensor and hour of those that changed."""
    sensor_ids: list[Ints] = [np.empty(0, np.int64)]
    hours: list[Ints] = [np.empty(0, np.int64)]
    new = _new_rows(connection, "find_facts", {}, facts.sensor_id, facts.hour)
    for rows in _slices(new):
        connection.execute(
            statement("processing", "insert_facts"), _fact_parameters(facts, provisional, rows)
        )
        sensor_ids.append(facts.sensor_id[rows])
        hours.append(facts.hour[rows])
    for rows in _slices(~new):
        changed = fetch_columns(connection, "upsert_facts", _fact_parameters(facts, provisional, rows))
        sensor_ids.append(changed[0])
        hours.append(changed[1])
    return np.concatenate(sensor_ids), np.concatenate(hours)


def accepted_hours(connection: psycopg.Connection[TupleRow], facts: HourFacts) -> SubjectHours:
    """Return the hours whose stored facts speak of no more readings than these: the others have lost some."""
    sensor_id, hour, n = fetch_columns(
        connection,
        "select_fact_counts",
        {"sensor_ids": Int4s(facts.sensor_id), "hours": Instants(facts.hour)},
    )
    stored = np.lexsort((hour, sensor_id))
    mine = np.lexsort((facts.hour, facts.sensor_id))
    kept = n[stored] <= facts.n[mine]
    return SubjectHours(sensor_id[stored][kept], hour[stored][kept])


def _fact_parameters(facts: HourFacts, provisional: Bools, rows: Ints) -> dict[str, object]:
    part = facts.take(rows)
    columns: dict[str, object] = {
        field.name: _column(field.name, getattr(part, field.name)) for field in fields(part)
    }
    return columns | {"provisional": Booleans(provisional[rows])}


def _column(name: str, values: Ints | Floats) -> Instants | Float8s | Int4s:
    if name in _INSTANTS:
        return Instants(values)
    return Float8s(values) if values.dtype == np.float64 else Int4s(values)


def _new_rows(
    connection: psycopg.Connection[TupleRow],
    find: str,
    key: dict[str, object],
    subject_ids: Ints,
    starts: Ints,
) -> Bools:
    """Return which rows begin after all that is stored of their subject in the span of the rows.

    They are inserted without looking for each, which costs half, and history that is filled in order is
    nearly all such rows. The caller holds the locks of the subjects, so nobody adds one meanwhile. For a few
    rows the question would cost more than it saves.
    """
    if len(starts) < _NEW_ROWS_MIN:
        return np.zeros(len(starts), np.bool_)
    subjects, position = np.unique(subject_ids, return_inverse=True)
    stored_ids, newest = fetch_columns(
        connection,
        find,
        {
            **key,
            "subject_ids": Int4s(subjects),
            "first": from_us(int(starts.min())),
            "last": from_us(int(starts.max())),
        },
    )
    stored_until = np.full(len(subjects), np.iinfo(np.int64).min)
    stored_until[np.searchsorted(subjects, stored_ids)] = newest
    fresh: Bools = starts > stored_until[position]
    return fresh


def _slices(mask: Bools) -> Iterator[Ints]:
    """Return the positions where `mask` is true, `_ROWS_MAX` at a time."""
    positions = np.flatnonzero(mask)
    for start in range(0, len(positions), _ROWS_MAX):
        yield positions[start : start + _ROWS_MAX]


def save_blocks(context: Context, blocks: Iterable[Block]) -> int:
    """Write the cells, and return how many changed.

    All blocks go in one statement, as long as it stays small: a claim of few sensors has a hundred of them,
    of a row or two each. No two may hold the same cell.
    """
    written = 0
    few: list[tuple[Block, Ints]] = []
    for block in blocks:
        new = _new_cells(context, block)
        for rows in _slices(new):
            context.connection.execute(statement("processing", "insert_values"), _parameters([(block, rows)]))
            written += len(rows)
        for rows in _slices(~new):
            if few and sum(len(taken) for _, taken in few) + len(rows) > _ROWS_MAX:
                written += _upsert(context, few)
                few = []
            few.append((block, rows))
    return written + (_upsert(context, few) if few else 0)


def _upsert(context: Context, parts: Sequence[tuple[Block, Ints]]) -> int:
    row = context.connection.execute(statement("processing", "upsert_values"), _parameters(parts)).fetchone()
    return row[0] if row else 0


def _new_cells(context: Context, block: Block) -> Bools:
    key: dict[str, object] = {
        "indicator_id": block.indicator_id,
        "subject_kind": block.subject_kind.value,
        "period": block.period.value,
    }
    return _new_rows(context.connection, "find_values", key, block.subject_ids, block.cells.period_start)


def _parameters(parts: Sequence[tuple[Block, Ints]]) -> dict[str, object]:
    """Return the rows of some blocks: what all of a block share as lists, and each row's place in them."""
    blocks = [block for block, _ in parts]
    terms = [_terms(block, rows) for block, rows in parts]
    size = np.concatenate([one.size for one in terms])
    first = np.cumsum(size) - size

    def numbers(column: Callable[[Block], Floats | Ints | Bools]) -> Any:  # noqa: ANN401 # of the column's type
        return np.concatenate([column(block)[rows] for block, rows in parts])

    def texts(column: Callable[[Block], Sequence[str | None]]) -> list[str | None]:
        # Plain strings: an enumeration's member would be sent as a type of its own.
        return [
            None if one is None else str(one) for block, rows in parts for one in _chosen(column(block), rows)
        ]

    return {
        "indicator_ids": [block.indicator_id for block in blocks],
        "subject_kinds": [block.subject_kind.value for block in blocks],
        "periods": [block.period.value for block in blocks],
        "method_versions": [block.indicator.method_version for block in blocks],
        "blocks": Int4s(np.repeat(np.arange(1, len(parts) + 1), [len(rows) for _, rows in parts])),
        "subject_ids": Int4s(numbers(lambda block: block.subject_ids)),
        "period_starts": Instants(numbers(lambda block: block.cells.period_start)),
        "period_ends": Instants(numbers(lambda block: block.cells.period_end)),
        "values": Float8s(numbers(lambda block: block.cells.value)),
        "ns": Int8s(numbers(lambda block: block.cells.n)),
        "completenesses": Float8s(numbers(lambda block: block.cells.completeness)),
        "verdicts": texts(lambda block: block.cells.verdict),
        "limit_values": Float8s(numbers(_limits)),
        "responsibles": texts(lambda block: block.cells.responsible),
        "notes": texts(lambda block: block.cells.note),
        "details": texts(lambda block: block.cells.detail() if block.details is None else block.details),
        "terms": Float8s(np.concatenate([one.flat for one in terms])),
        # Where nothing is kept, the last number lies before the first.
        "terms_firsts": Int4s(first + 1),
        "terms_lasts": Int4s(first + size),
        "provisionals": Booleans(numbers(lambda block: block.provisional)),
    }


def _limits(block: Block) -> Floats:
    limit = block.cells.limit
    return np.full(len(block.cells), np.nan) if limit is None else limit


def _chosen(column: Sequence[str | None], rows: Ints) -> Sequence[str | None]:
    return [column[row] for row in rows.tolist()] if column else [None] * len(rows)


def _terms(block: Block, rows: Ints) -> Ragged:
    if block.terms is None:
        return Ragged(np.empty(0), np.zeros(len(rows), np.int64))
    ragged = block.terms if isinstance(block.terms, Ragged) else Ragged.of_terms(block.terms)
    return ragged.take(rows)
