"""Tables for people and their programs: CSV, XLSX, Parquet.

A table is a list of columns and batches of rows, as they come from the database: a file of any length is made
with the memory of one batch.
"""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
from fastapi.responses import StreamingResponse

from api.errors import TooLargeError


class Format(StrEnum):
    """Forms of an answer."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


class Sort(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    INSTANT = "instant"
    TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    sort: Sort


Batch: TypeAlias = Sequence[Sequence[Any]]
Batches: TypeAlias = AsyncIterator[Batch]

_MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PARQUET: "application/vnd.apache.parquet",
}
# A spreadsheet holds 1,048,576 rows, one of them the header.
_SHEET_ROWS_MAX: Final = 1_048_575
_CHUNK_BYTES: Final = 64 * 1024
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """Return text that a spreadsheet shows instead of running it as a formula."""
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


async def table_response(  # the parts of one file
    name: str,
    table_format: Format,
    columns: Sequence[Column],
    batches: Batches,
    rows_max: int,
    *,
    bom: bool,
) -> StreamingResponse:
    """Return a table as a file.

    Args:
        name: of the file, without its ending.
        table_format: CSV, XLSX or Parquet.
        columns: what the rows hold.
        batches: the rows.
        rows_max: more than these are refused (XLSX and Parquet; CSV is streamed and has no end).
        bom: start CSV with a byte order mark, for spreadsheets that guess the encoding.

    Raises:
        TooLargeError: more rows than the format or the service allows.
    """
    if table_format is Format.CSV:
        content = _csv(columns, await _begun(batches), bom=bom)
    else:
        limit = min(rows_max, _SHEET_ROWS_MAX) if table_format is Format.XLSX else rows_max
        content = await _spooled(table_format, columns, batches, limit)
    return StreamingResponse(
        content,
        media_type=_MEDIA_TYPES[table_format],
        headers={"Content-Disposition": f'attachment; filename="{name}.{table_format}"'},
    )


async def _begun(batches: Batches) -> Batches:
    # The first batch is read before the answer begins, so that an error can still be told.
    first = await anext(batches, None)

    async def all_of_them() -> Batches:
        if first is not None:
            yield first
            async for batch in batches:
                yield batch

    return all_of_them()


async def _csv(columns: Sequence[Column], batches: Batches, *, bom: bool) -> AsyncIterator[bytes]:
    header = io.StringIO()
    csv.writer(header).writerow([column.name for column in columns])
    yield (("\ufeff" if bom else "") + header.getvalue()).encode()
    async for batch in batches:
        text = io.StringIO()
        csv.writer(text).writerows([_csv_cell(value) for value in row] for row in batch)
        yield text.getvalue().encode("utf-8", "replace")


def _csv_cell(value: object) -> object:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def instant_text(instant: datetime) -> str:
    """Return an instant in RFC 3339, with Z for UTC."""
    return instant.isoformat().replace("+00:00", "Z")


async def _spooled(
    table_format: Format, columns: Sequence[Column], batches: Batches, limit: int
) -> AsyncIterator[bytes]:
    folder = tempfile.TemporaryDirectory(prefix="nhip-export-")
    try:
        path = Path(folder.name) / "table"
        writer: _XlsxWriter | _ParquetWriter = (
            _XlsxWriter(path, columns) if table_format is Format.XLSX else _ParquetWriter(path, columns)
        )
        try:
            await _write(writer, table_format, batches, limit)
        finally:
            # Also when it failed: a writer keeps files of its own open.
            await asyncio.to_thread(writer.close)
    except BaseException:
        folder.cleanup()
        raise
    return _file_chunks(path, folder)


async def _write(
    writer: _XlsxWriter | _ParquetWriter, table_format: Format, batches: Batches, limit: int
) -> None:
    count = 0
    async for batch in batches:
        count += len(batch)
        _refuse_above(limit, count, table_format)
        await asyncio.to_thread(writer.add, batch)


def _refuse_above(limit: int, count: int, table_format: Format) -> None:
    if count > limit:
        detail = f"more than {limit} rows for one {table_format} file; ask for a shorter time, or for csv"
        raise TooLargeError(detail)


async def _file_chunks(path: Path, folder: tempfile.TemporaryDirectory[str]) -> AsyncIterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                yield chunk
    finally:
        folder.cleanup()


class _XlsxWriter:
    """One sheet, written row by row; instants are real dates in local time, their offset stands beside."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        import xlsxwriter  # noqa: PLC0415 # 30 ms that only this export needs

        self._book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._sheet = self._book.add_worksheet()
        self._instant_format = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._columns = columns
        self._row = 0
        has_instant = any(column.sort is Sort.INSTANT for column in columns)
        names = [column.name for column in columns] + (["utc_offset"] if has_instant else [])
        for index, name in enumerate(names):
            self._sheet.write_string(0, index, name)
        self._sheet.freeze_panes(1, 0)

    def add(self, batch: Batch) -> None:
        """Append rows."""
        for row in batch:
            self._row += 1
            offset: str | None = None
            for index, (column, value) in enumerate(zip(self._columns, row, strict=True)):
                if value is None:
                    continue
                if column.sort is Sort.INSTANT:
                    offset = offset or value.strftime("%z")
                    self._sheet.write_datetime(
                        self._row, index, value.replace(tzinfo=None), self._instant_format
                    )
                elif column.sort is Sort.TEXT:
                    # A string cell: never run as a formula, so it keeps its text as it is.
                    self._sheet.write_string(self._row, index, str(value))
                elif column.sort is Sort.TRUTH:
                    self._sheet.write_boolean(self._row, index, value)
                else:
                    self._sheet.write_number(self._row, index, value)
            if offset is not None:
                self._sheet.write_string(self._row, len(self._columns), f"{offset[:3]}:{offset[3:5]}")

    def close(self) -> None:
        """Finish the file."""
        self._book.close()


class _ParquetWriter:
    """Columns with types; instants in UTC."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        import pyarrow as pa  # noqa: PLC0415 # 100 ms that only this export needs
        import pyarrow.parquet as pq  # noqa: PLC0415 # as above

        types = {
            Sort.TEXT: pa.string(),
            Sort.NUMBER: pa.float64(),
            Sort.INTEGER: pa.int64(),
            Sort.INSTANT: pa.timestamp("us", tz="UTC"),
            Sort.TRUTH: pa.bool_(),
        }
        self._arrow = pa
        self._schema = pa.schema([(column.name, types[column.sort]) for column in columns])
        self._writer = pq.ParquetWriter(str(path), self._schema, compression="zstd")
        self._columns = columns

    def add(self, batch: Batch) -> None:
        """Append rows."""
        if not batch:
            return
        arrays = [
            self._arrow.array(list(_cells(column, values)), type=field.type)
            for column, values, field in zip(
                self._columns, zip(*batch, strict=True), self._schema, strict=True
            )
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def _cells(column: Column, values: Sequence[Any]) -> Iterator[Any]:
    if column.sort is Sort.INSTANT:
        return (None if value is None else value.astimezone(UTC) for value in values)
    return iter(values)


def json_text(value: object) -> str | None:
    """Return a nested value as JSON text, for a cell."""
    return None if value is None else msgspec.json.encode(value).decode()
