"""From columns into the database: only what changed is written; what was published stays as a revision."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

import numpy as np

from processing.arrays import Booleans, Float8s, Instants, Int4s, Int8s
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
_INSTANTS: Final = frozenset({"hour", "first_ts", "last_ts", "last_good_ts"})


def save_facts(
    connection: psycopg.Connection[TupleRow], facts: HourFacts, provisional: Bools
) -> tuple[Ints, Ints]:
    """Write the facts, and return sensor and hour of those that changed."""
    sensor_ids: list[Ints] = []
    hours: list[Ints] = []
    for rows in _slices(len(facts)):
        part = facts.take(rows)
        parameters = {field.name: _column(field.name, getattr(part, field.name)) for field in fields(part)}
        changed = fetch_columns(
            connection, "upsert_facts", {**parameters, "provisional": Booleans(provisional[rows])}
        )
        sensor_ids.append(changed[0])
        hours.append(changed[1])
    if not sensor_ids:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(sensor_ids), np.concatenate(hours)


def _slices(count: int) -> Iterator[Ints]:
    for start in range(0, count, _ROWS_MAX):
        yield np.arange(start, min(start + _ROWS_MAX, count))


def _column(name: str, values: Ints | Floats) -> Instants | Float8s | Int4s:
    if name in _INSTANTS:
        return Instants(values)
    return Float8s(values) if values.dtype == np.float64 else Int4s(values)


def save_blocks(context: Context, blocks: Iterable[Block]) -> int:
    """Write the cells, and return how many changed."""
    return sum(_save_block(context, block) for block in blocks)


def _save_block(context: Context, block: Block) -> int:
    cells, terms = block.cells, block.terms
    count = len(cells)
    nothing = np.full(count, np.nan)
    details = block.details if block.details is not None else cells.detail()
    written = 0
    for rows in _slices(count):
        chosen = slice(int(rows[0]), int(rows[-1]) + 1)

        def texts(column: Sequence[str | None], chosen: slice = chosen) -> list[str | None]:
            # Plain strings: an enumeration's member would be sent as a type of its own.
            return [None if one is None else str(one) for one in column[chosen]]

        none: list[str | None] = [None] * count
        row = context.connection.execute(
            statement("processing", "upsert_values"),
            {
                "indicator_id": block.indicator_id,
                "subject_kind": block.subject_kind.value,
                "period": block.period.value,
                "method_version": block.indicator.method_version,
                "has_terms": terms is not None,
                "subject_ids": Int4s(block.subject_ids[chosen]),
                "period_starts": Instants(cells.period_start[chosen]),
                "period_ends": Instants(cells.period_end[chosen]),
                "values": Float8s(cells.value[chosen]),
                "ns": Int8s(cells.n[chosen]),
                "completenesses": Float8s(cells.completeness[chosen]),
                "verdicts": texts(cells.verdict or none),
                "limit_values": Float8s((nothing if cells.limit is None else cells.limit)[chosen]),
                "responsibles": texts(cells.responsible or none),
                "notes": texts(cells.note or none),
                "details": list(details[chosen]),
                "numerators": Float8s((terms.numerator if terms else nothing)[chosen]),
                "denominators": Float8s((terms.denominator if terms else nothing)[chosen]),
                "presents": Float8s((terms.present if terms else nothing)[chosen]),
                "askeds": Float8s((terms.asked if terms else nothing)[chosen]),
                "provisionals": Booleans(block.provisional[chosen]),
            },
        ).fetchone()
        written += row[0] if row else 0
    return written
