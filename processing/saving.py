"""From columns into the database: only what changed is written; what was published stays as a revision."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

import numpy as np

from processing.arrays import Booleans, Float8s, Instants, Int4s, Int8s
from processing.grid import from_us
from processing.loading import fetch_columns
from store import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import psycopg
    from psycopg.rows import TupleRow

    from processing.cells import Block
    from processing.columns import Bools, Floats, HourFacts, Ints
    from processing.context import Context

# A parameter of so many rows is a few megabytes; the limit of a message is a gigabyte.
_ROWS_MAX: Final = 100_000
_NEW_ROWS_MIN: Final = 500
_INSTANTS: Final = frozenset({"hour", "first_ts", "last_ts", "last_good_ts"})


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
    """Write the cells, and return how many changed."""
    return sum(_save_block(context, block) for block in blocks)


def _save_block(context: Context, block: Block) -> int:
    details = block.details if block.details is not None else block.cells.detail()
    key: dict[str, object] = {
        "indicator_id": block.indicator_id,
        "subject_kind": block.subject_kind.value,
        "period": block.period.value,
    }
    new = _new_rows(context.connection, "find_values", key, block.subject_ids, block.cells.period_start)
    written = 0
    for rows in _slices(new):
        parameters = key | _value_parameters(block, details, rows)
        context.connection.execute(statement("processing", "insert_values"), parameters)
        written += len(rows)
    for rows in _slices(~new):
        parameters = key | _value_parameters(block, details, rows)
        row = context.connection.execute(statement("processing", "upsert_values"), parameters).fetchone()
        written += row[0] if row else 0
    return written


def _value_parameters(block: Block, details: Sequence[str | None], rows: Ints) -> dict[str, object]:
    cells, terms = block.cells, block.terms
    nothing = np.full(len(cells), np.nan)
    chosen = rows.tolist()

    def texts(column: Sequence[str | None]) -> list[str | None]:
        # Plain strings: an enumeration's member would be sent as a type of its own.
        found = [column[i] for i in chosen] if column else [None] * len(chosen)
        return [None if one is None else str(one) for one in found]

    return {
        "method_version": block.indicator.method_version,
        "has_terms": terms is not None,
        "subject_ids": Int4s(block.subject_ids[rows]),
        "period_starts": Instants(cells.period_start[rows]),
        "period_ends": Instants(cells.period_end[rows]),
        "values": Float8s(cells.value[rows]),
        "ns": Int8s(cells.n[rows]),
        "completenesses": Float8s(cells.completeness[rows]),
        "verdicts": texts(cells.verdict),
        "limit_values": Float8s((nothing if cells.limit is None else cells.limit)[rows]),
        "responsibles": texts(cells.responsible),
        "notes": texts(cells.note),
        "details": texts(details),
        "numerators": Float8s((terms.numerator if terms else nothing)[rows]),
        "denominators": Float8s((terms.denominator if terms else nothing)[rows]),
        "presents": Float8s((terms.present if terms else nothing)[rows]),
        "askeds": Float8s((terms.asked if terms else nothing)[rows]),
        "provisionals": Booleans(block.provisional[rows]),
    }
