"""Readings in Parquet files and back: one file a local month, a manifest with counts and hashes.

Files are sorted by sensor and time. Instants are DELTA_BINARY_PACKED, everything is zstd. A sensor's values
in a month are kept as whole numbers and their decimals where k / 10^d gives back every bit, and as float64
where not, so nothing is lost either way. Sensors go by the codes of their gateways and their own, because
numbers differ between databases.

Errors:
    ArchiveError: a file is missing, changed, or speaks of a sensor that does not exist here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from domain.periods import Period
from processing.arrays import Float8s, Instants, Int2s, Int4s
from processing.bulk import Spans, StoredReadings
from processing.grid import HOUR_US, from_us, hour_floor, period_edges
from processing.kernels.ordering import sensor_time_order
from processing.packing import read_readings
from store import statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import psycopg
    from psycopg.rows import TupleRow

    from processing.columns import Floats, Ints

_FORMAT: Final = "nhip-readings-1"
_MANIFEST: Final = "manifest.json"
_SENSORS_MAX: Final = 100
_ROWS_MAX: Final = 50_000
_DECIMALS_MAX: Final = 6
_NOT_SCALED: Final = -1
_SCALED_MAX: Final = 2.0**53
_SCHEMA: Final = pa.schema(
    [
        ("sensor_id", pa.int32()),
        ("ts", pa.timestamp("us", "UTC")),
        ("decimals", pa.int8()),  # -1: the value is in `value`; else scaled / 10^decimals
        ("scaled", pa.int64()),
        ("value", pa.float64()),
        ("flag", pa.int16()),
        ("state", pa.int16()),
        ("delay_us", pa.int64()),
    ]
)


_FORM: Final[dict[str, Any]] = {
    "compression": "zstd",
    "use_dictionary": ["sensor_id", "decimals", "flag", "state"],
    "column_encoding": dict.fromkeys(("ts", "scaled", "delay_us"), "DELTA_BINARY_PACKED"),
}


class ArchiveError(ValueError):
    """An archive is not what its manifest says, or does not fit this database."""

    def __init__(self, name: str, *, found: str, expected: str) -> None:
        self.name = name
        self.found = found
        self.expected = expected
        super().__init__(f"{name}: found {found}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an archive, as the manifest says."""

    name: str
    rows: int
    sensors: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What one file came to.

    Attributes:
        name: of the file.
        rows: readings in it.
        stored: readings that were not there.
    """

    name: str
    rows: int
    stored: int


def export_readings(
    connection: psycopg.Connection[TupleRow], span: tuple[int, int], folder: Path, time_zone: str
) -> Iterator[Part]:
    """Write readings of [start, end), microseconds UTC, and last the manifest; yield each file.

    Months without readings have no file. Hours are read from packs where there are any.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sensors = connection.execute(statement("processing", "select_archived_sensors")).fetchall()
    ids = np.array([row[0] for row in sensors], np.int64)
    parts: list[Part] = []
    edges = period_edges(span[0], span[1], Period.MONTH, time_zone).tolist()
    for start, end in pairwise(edges):
        within = max(start, span[0]), min(end, span[1])
        part = _export_month(connection, ids, within, folder / f"readings-{_month(start, time_zone)}.parquet")
        if part is not None:
            parts.append(part)
            yield part
    manifest = {
        "format": _FORMAT,
        "from": from_us(span[0]).isoformat(),
        "to": from_us(span[1]).isoformat(),
        "time_zone": time_zone,
        "rows": sum(part.rows for part in parts),
        "files": [asdict(part) for part in parts],
        "sensors": [{"id": row[0], "gateway": row[1], "code": row[2], "quantity": row[3]} for row in sensors],
    }
    (folder / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")


def _month(start: int, time_zone: str) -> str:
    return f"{from_us(start).astimezone(ZoneInfo(time_zone)):%Y-%m}"


def _export_month(
    connection: psycopg.Connection[TupleRow], ids: Ints, span: tuple[int, int], path: Path
) -> Part | None:
    rows = sensors = 0
    first, last = hour_floor(span[0]), hour_floor(span[1] - 1) + HOUR_US
    writer: pq.ParquetWriter | None = None
    for begin in range(0, len(ids), _SENSORS_MAX):
        some = ids[begin : begin + _SENSORS_MAX]
        found = read_readings(connection, Spans(some, np.full(len(some), first), np.full(len(some), last)))
        table, owners = _table(found, span)
        if not table.num_rows:
            continue
        if writer is None:
            writer = pq.ParquetWriter(path, _SCHEMA, **_FORM)
        writer.write_table(table)
        rows += table.num_rows
        sensors += owners
    if writer is None:
        return None
    writer.close()
    return Part(path.name, rows, sensors, _sha256(path))


def _table(found: StoredReadings, span: tuple[int, int]) -> tuple[Any, int]:
    """Return the readings of the span by sensor and time, each once, and the number of sensors."""
    sensors, owner = np.unique(found.sensor_id, return_inverse=True)
    positions = sensor_time_order(owner.astype(np.int64), found.ts, len(sensors)).positions
    owner, ts = owner[positions], found.ts[positions]
    once = np.ones(len(ts), np.bool_)
    once[1:] = (owner[1:] != owner[:-1]) | (ts[1:] != ts[:-1])
    once &= (ts >= span[0]) & (ts < span[1])
    positions, owner = positions[once], owner[once]
    ts, value = found.ts[positions], found.value[positions]
    present, counts = np.unique(owner, return_counts=True)
    decimals = np.full(len(ts), _NOT_SCALED, np.int64)
    ends = np.cumsum(counts)
    for start, end in zip(ends - counts, ends, strict=True):
        decimals[start:end] = _decimals(value[start:end])
    whole = decimals != _NOT_SCALED
    scaled = np.rint(np.where(whole, value, 0.0) * 10.0 ** np.maximum(decimals, 0)).astype(np.int64)
    columns = [
        pa.array(found.sensor_id[positions], pa.int32()),
        pa.array(ts, pa.timestamp("us", "UTC")),
        pa.array(decimals, pa.int8()),
        pa.array(scaled, pa.int64(), mask=~whole),
        pa.array(value, pa.float64(), mask=whole),
        pa.array(found.flag[positions], pa.int16()),
        pa.array(found.state[positions], pa.int16()),
        pa.array(found.received[positions] - ts, pa.int64()),
    ]
    return pa.Table.from_arrays(columns, schema=_SCHEMA), len(present)


def _decimals(value: Floats) -> int:
    """Return the fewest decimals with which whole numbers give back every bit; `_NOT_SCALED` for none."""
    if float(np.abs(value).max()) >= _SCALED_MAX / 10.0**_DECIMALS_MAX:
        return _NOT_SCALED
    for decimals in range(_DECIMALS_MAX + 1):
        power = 10.0**decimals
        again = np.rint(value * power).astype(np.int64) / power
        if np.array_equal(again.view(np.int64), value.view(np.int64)):
            return decimals
    return _NOT_SCALED


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def import_readings(connection: psycopg.Connection[TupleRow], folder: Path) -> Iterator[Restored]:
    """Store the readings of an archive that are not there; those that are stay as they are.

    Every file is checked before anything is stored. Importing twice changes nothing.

    Raises:
        ArchiveError: a file is missing or not what the manifest says, or a sensor does not exist here.
    """
    manifest = _checked_manifest(folder)
    number_of = _numbers(connection, manifest["sensors"])
    parts = [Part(**one) for one in manifest["files"]]
    for part in parts:
        _check(folder, part, number_of)
    for part in parts:
        stored = 0
        for batch in pq.ParquetFile(folder / part.name).iter_batches(_ROWS_MAX):
            stored += _store(connection, batch, number_of)
        yield Restored(part.name, part.rows, stored)


def _checked_manifest(folder: Path) -> dict[str, Any]:
    path = folder / _MANIFEST
    try:
        manifest: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArchiveError(_MANIFEST, found=str(error), expected="a manifest of readings") from error
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise ArchiveError(_MANIFEST, found="another format", expected=_FORMAT)
    return dict[str, Any](manifest)


def _numbers(
    connection: psycopg.Connection[TupleRow], sensors: Sequence[Mapping[str, Any]]
) -> dict[int, int]:
    """Return number in the archive -> number here, of the sensors that exist here."""
    rows = connection.execute(statement("processing", "select_archived_sensors")).fetchall()
    here = {(row[1], row[2], row[3]): row[0] for row in rows}
    found = {one["id"]: here.get((one["gateway"], one["code"], one["quantity"])) for one in sensors}
    return {archived: number for archived, number in found.items() if number is not None}


def _check(folder: Path, part: Part, number_of: Mapping[int, int]) -> None:
    path = folder / part.name
    if path.parent != folder or not path.is_file():
        raise ArchiveError(part.name, found="no such file", expected="a file beside the manifest")
    digest = _sha256(path)
    if digest != part.sha256:
        raise ArchiveError(part.name, found=f"SHA-256 {digest}", expected=part.sha256)
    file = pq.ParquetFile(path)
    if file.metadata.num_rows != part.rows or not file.schema_arrow.equals(_SCHEMA):
        found = f"{file.metadata.num_rows} rows of {file.schema_arrow.names}"
        raise ArchiveError(part.name, found=found, expected=f"{part.rows} rows of {_SCHEMA.names}")
    sensors = np.unique(file.read(["sensor_id"])["sensor_id"].to_numpy())
    unknown = [number for number in sensors.tolist() if number not in number_of]
    if unknown or len(sensors) != part.sensors:
        found = f"{len(sensors)} sensors, not registered here: {unknown[:5]}"
        raise ArchiveError(part.name, found=found, expected=f"{part.sensors} registered sensors")


def _store(
    connection: psycopg.Connection[TupleRow],
    batch: Any,  # noqa: ANN401 # pyarrow has no types
    number_of: Mapping[int, int],
) -> int:
    sensors, owner = np.unique(batch["sensor_id"].to_numpy(), return_inverse=True)
    here = np.array([number_of[number] for number in sensors.tolist()], np.int64)[owner]
    ts = batch["ts"].cast(pa.int64()).to_numpy()
    decimals = batch["decimals"].to_numpy()
    scaled = batch["scaled"].fill_null(0).to_numpy() / 10.0 ** np.maximum(decimals, 0)
    value = np.where(
        decimals == _NOT_SCALED, batch["value"].fill_null(0.0).to_numpy(zero_copy_only=False), scaled
    )
    row = connection.execute(
        statement("processing", "restore_readings"),
        {
            "sensor_ids": Int4s(here),
            "instants": Instants(ts),
            "arrivals": Instants(ts + batch["delay_us"].to_numpy()),
            "readings": Float8s(value),
            "flags": Int2s(batch["flag"].to_numpy()),
            "states": Int2s(batch["state"].to_numpy()),
        },
    ).fetchone()
    return int(row[0]) if row else 0
