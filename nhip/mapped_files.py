"""Any CSV file through a replay mapping, for computations on files."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device_sim.errors import SourceError
from device_sim.mapping_file import load_mapping
from device_sim.replay_account import FileAccount
from device_sim.replay_rows import RowReader
from device_sim.replay_source import CsvSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from device_sim.mapping import Mapping
    from processing.compute.readings import Reader

_GZIP: Final = b"\x1f\x8b"


def take_mapped(name: str) -> Callable[[Reader, Path], None]:
    """Return what reads a file by the mapping `name` (a file, or one that comes with the project).

    Rejected cells are an error: a computation must not silently miss what a file holds.

    Raises:
        MappingError: there is no such mapping, or it says something that cannot be meant.
    """
    mapping = load_mapping(name)
    return lambda reader, path: _take(reader, path, mapping)


def zone_of_mapping(name: str) -> str:
    """Return the time zone of a mapping's area.

    Raises:
        MappingError: there is no such mapping, or it says something that cannot be meant.
    """
    return load_mapping(name).area.time_zone


def _take(reader: Reader, path: Path, mapping: Mapping) -> None:
    columns, site_name = mapping.columns_of(path)
    if not columns:
        raise SourceError(path, "a file that no [[files]] of the mapping fits", "a name that a pattern fits")
    with (
        tempfile.TemporaryDirectory() as folder,
        CsvSource(_plain(path, Path(folder)), mapping.csv) as source,
    ):
        account = FileAccount(path)
        rows = RowReader(source, mapping, columns, account, site_name=site_name)
        found: dict[tuple[str, int], list[tuple[int, float, str, int]]] = {}
        for row in rows.rows():
            instant = round(row.ts_s * 1e6)
            for k, value in enumerate(row.values):
                if value is not None:
                    readings = found.setdefault((row.site.code, k), [])
                    readings.append((instant, value, columns[k].unit, row.row + 1))
    if account.rejected:
        first = account.examples[0]
        raise SourceError(
            path,
            f"{account.rejected} cells that cannot be read; the first in line {first.line}, "
            f"column {first.column}: {first.found!r}",
            first.expected,
        )
    for (site, k), readings in found.items():
        reader.add(site, columns[k].sensor_name, columns[k].quantity, readings)
    reader.account.missing += account.missing


def _plain(path: Path, folder: Path) -> Path:
    """Return the file, unpacked when it is compressed."""
    try:
        with path.open("rb") as file:
            if file.read(2) != _GZIP:
                return path
        unpacked = folder / path.name.removesuffix(".gz")
        with gzip.open(path) as packed:
            unpacked.write_bytes(packed.read())
    except OSError as error:
        raise SourceError(path, error.strerror or str(error), "a CSV file that can be read") from error
    return unpacked
