"""The tables of a pack: the same rows are the same bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.database import Row

_INSTANTS: Final = frozenset(
    ("hour", "first_ts", "last_ts", "last_good_ts", "last_calibrating_ts", "computed_at", "superseded_at",
     "period_start", "ts", "received_at", "started_at", "ended_at", "known_end", "updated_at")
)  # fmt: skip
_INTEGERS: Final = frozenset(
    ("sensor_id", "n", "n_good", "slots", "expected", "outages", "on_time", "outages_closed", "revision",
     "subject_id", "flag", "state", "site_id", "customers")
)  # fmt: skip
_NUMBERS: Final = frozenset(
    ("mean", "m2", "minimum", "maximum", "last_good_value", "integral", "covered_s", "live_s", "window_s",
     "increase", "delay_max_s", "outage_closed_s", "value", "completeness", "limit_value")
)  # fmt: skip
_TRUTHS: Final = frozenset(("provisional", "used", "planned", "entered_by_hand"))

FACT_COLUMNS: Final = (
    "sensor_id", "hour", "n", "n_good", "slots", "expected", "mean", "m2", "minimum", "maximum", "first_ts",
    "last_ts", "last_good_ts", "last_good_value", "integral", "covered_s", "live_s", "window_s", "outages",
    "increase", "on_time", "delay_max_s", "outages_closed", "outage_closed_s", "last_calibrating_ts",
    "provisional", "revision", "computed_at",
)  # fmt: skip
CELL_COLUMNS: Final = (
    "indicator", "subject_kind", "subject_id", "period", "period_start", "value", "n", "completeness",
    "verdict", "limit_value", "responsible", "note", "method_version", "revision", "computed_at",
    "superseded_at", "provisional", "terms",
)  # fmt: skip
EVENT_COLUMNS: Final = (
    "site_id", "site", "started_at", "ended_at", "known_end", "customers", "planned", "excluded_reason",
    "entered_by_hand", "updated_at",
)  # fmt: skip
READING_COLUMNS: Final = ("sensor_id", "ts", "received_at", "value", "flag", "state", "used", "why_not")


def parquet(rows: Sequence[Row], columns: Sequence[str], about: Mapping[str, str]) -> bytes:
    """Return the rows as Parquet, in their order.

    Args:
        rows: by column name; what is not in `columns` is left out.
        columns: names, which say the types as well.
        about: texts kept beside the table.
    """
    import pyarrow as pa  # noqa: PLC0415 # 100 ms that only packs and exports need
    import pyarrow.parquet as pq  # noqa: PLC0415 # as above

    schema = pa.schema([(name, _type(pa, name)) for name in columns], metadata=dict(about))
    table = pa.table(
        {name: pa.array([row[name] for row in rows], _type(pa, name)) for name in columns}, schema=schema
    )
    made = io.BytesIO()
    pq.write_table(table, made, compression="zstd")
    return made.getvalue()


def _type(pa: Any, name: str) -> Any:  # noqa: ANN401 # pyarrow has no types
    if name in _INSTANTS:
        return pa.timestamp("us", tz="UTC")
    if name in _INTEGERS:
        return pa.int64()
    if name in _NUMBERS:
        return pa.float64()
    if name in _TRUTHS:
        return pa.bool_()
    return pa.list_(pa.float64()) if name == "terms" else pa.string()
