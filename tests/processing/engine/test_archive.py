"""Readings leave for Parquet files and come back bit for bit; a changed file stores nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest

from processing.archive import ArchiveError, export_readings, import_readings
from processing.arrays import adapt
from processing.grid import to_us
from processing.packing import pack_due
from store import connect
from tests.processing.engine.city import City, every

ZONE = "Asia/Ho_Chi_Minh"
# Local months begin at 17:00 UTC: these straddle the edge between February and March.
START = datetime(2026, 2, 28, 16, 0, tzinfo=UTC)
SPAN = to_us(START - timedelta(days=1)), to_us(START + timedelta(days=5))


@pytest.fixture
def worker(city):
    with connect(city.role_settings, "test archive", autocommit=True) as connection:
        adapt(connection)
        yield connection


def stored(city):
    return city.owner.execute(
        "SELECT sensor_id, ts, received_at, float8send(value), flag, state FROM reading ORDER BY 1, 2"
    ).fetchall()


def filled(city):
    """One sensor with a decimal, one with any floats; flags, states and delays that differ."""
    site = city.site("s", city.area("city"))
    plain, wild = (city.sensor(city.gateway(name), site, "pm25", 600) for name in ("g1", "g2"))
    city.read(plain, [(START + timedelta(minutes=10 * k), k / 10) for k in range(20)])
    city.read(plain, every(START + timedelta(hours=20), 3), flag=4, state=2, delay_s=-3)
    generator = np.random.default_rng(3)
    values = [-0.0, 5e-324, 1.7e308, *generator.standard_normal(30).tolist()]
    city.read(
        wild, [(START + timedelta(seconds=977 * k, microseconds=k), value) for k, value in enumerate(values)]
    )
    return plain, wild


def test_readings_come_back_bit_for_bit_and_once(city: City, worker, tmp_path) -> None:
    """From rows and from packs the files are the same; the second import stores nothing."""
    filled(city)
    before = stored(city)
    parts = list(export_readings(worker, SPAN, tmp_path / "rows", ZONE))
    assert [part.name for part in parts] == ["readings-2026-02.parquet", "readings-2026-03.parquet"]
    edge = datetime(2026, 2, 28, 17, 0, tzinfo=UTC)
    assert [part.rows for part in parts] == [
        sum(row[1] < edge for row in before),
        sum(row[1] >= edge for row in before),
    ]
    city.engine.drain()
    while pack_due(worker, SPAN[1]).looked_at:
        pass
    assert list(export_readings(worker, SPAN, tmp_path / "packs", ZONE)) == parts
    city.owner.execute("TRUNCATE reading, packed_hour, dirty_hour")
    restored = list(import_readings(worker, tmp_path / "rows"))
    assert [one.stored for one in restored] == [part.rows for part in parts]
    assert stored(city) == before
    hours = {(row[0], row[1].replace(minute=0, second=0, microsecond=0)) for row in before}
    assert set(city.owner.execute("SELECT sensor_id, hour FROM dirty_hour").fetchall()) == hours
    assert [one.stored for one in import_readings(worker, tmp_path / "rows")] == [0, 0]
    assert stored(city) == before


def test_files_are_delta_packed_and_fixed_point_where_lossless(city: City, worker, tmp_path) -> None:
    plain, wild = filled(city)
    list(export_readings(worker, SPAN, tmp_path, ZONE))
    file = pq.ParquetFile(tmp_path / "readings-2026-03.parquet")
    columns = {
        file.metadata.row_group(0).column(k).path_in_schema: file.metadata.row_group(0).column(k)
        for k in range(8)
    }
    assert "DELTA_BINARY_PACKED" in columns["ts"].encodings
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    table = file.read().to_pydict()
    decimals = {(sensor, place) for sensor, place in zip(table["sensor_id"], table["decimals"], strict=True)}
    assert decimals == {(plain, 1), (wild, -1)}


@pytest.mark.parametrize("fault", ["byte", "missing", "rows", "sensor", "format", "outside"])
def test_an_archive_that_is_not_what_it_says_stores_nothing(city: City, worker, tmp_path, fault) -> None:
    filled(city)
    list(export_readings(worker, SPAN, tmp_path, ZONE))
    city.owner.execute("TRUNCATE reading, dirty_hour")
    last = tmp_path / "readings-2026-03.parquet"
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    if fault == "byte":
        data = bytearray(last.read_bytes())
        data[len(data) // 2] ^= 1
        last.write_bytes(data)
    elif fault == "missing":
        last.unlink()
    elif fault == "rows":
        manifest["files"][1]["rows"] += 1
    elif fault == "sensor":
        manifest["sensors"][1]["code"] = "nobody"
    elif fault == "format":
        manifest["format"] = "nhip-readings-9"
    else:
        manifest["files"][1]["name"] = f"../{tmp_path.name}/{last.name}"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArchiveError):
        list(import_readings(worker, tmp_path))
    assert stored(city) == []
