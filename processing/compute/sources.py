"""Rows of CSV and Parquet files, plain or compressed, as cells by column."""

from __future__ import annotations

import csv
import gzip
import io
import sys
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from processing.compute.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
_DELIMITERS: Final = (",", ";", "\t", "|")
STDIN: Final = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """A file whose header is known.

    Attributes:
        name: of the file, for messages.
        header: names of its columns.
        rows: (line, cells) from the first row after the header on.
        comma_is_decimal: whether "1,5" may be a number, because the comma separates nothing.
    """

    name: str
    header: Sequence[str]
    rows: Iterator[tuple[int, Sequence[Any]]]
    comma_is_decimal: bool = False


def opened(path: Path) -> Source:
    """Return the rows of a file; `-` is standard input.

    Raises:
        InputError: it cannot be read, or has no header.
    """
    name = str(path)
    try:
        data = sys.stdin.buffer.read() if name == STDIN else path.read_bytes()
        if data[:2] == _GZIP:
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        found = getattr(error, "strerror", None) or str(error)
        raise InputError(name, "file", found, "a CSV or Parquet file, whole when it is compressed") from error
    return _parquet(name, data) if data[:4] == _PARQUET else _csv(name, data)


def _csv(name: str, data: bytes) -> Source:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(name, "file", f"byte {error.start} is not UTF-8", "text in UTF-8") from error
    # Lines may end as on any system.
    stream = io.StringIO(text, newline=None)
    first = stream.readline()
    stream.seek(0)
    if not first.strip():
        raise InputError(name, "file", "nothing", "a header line such as sensor,quantity,ts,value")
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(stream, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        header = [cell.strip() for cell in next(reader)]
    except csv.Error as error:
        raise InputError(name, "header", str(error), "CSV", row=1) from error
    return Source(name, header, _csv_rows(name, reader, len(header)), delimiter != ",")


def _csv_rows(name: str, reader: Any, width: int) -> Iterator[tuple[int, Sequence[str]]]:  # noqa: ANN401 # csv has no public name of its reader
    try:
        for cells in reader:
            if not cells or (len(cells) == 1 and not cells[0].strip()):
                continue
            if len(cells) != width:
                raise InputError(
                    name, "row", f"{len(cells)} cells", f"{width} cells as in the header", row=reader.line_num
                )
            yield reader.line_num, cells
    except csv.Error as error:
        raise InputError(name, "row", str(error), "CSV", row=reader.line_num) from error


def _parquet(name: str, data: bytes) -> Source:
    import pyarrow as pa  # noqa: PLC0415 # 100 ms that CSV does without
    import pyarrow.parquet as pq  # noqa: PLC0415 # as above

    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise InputError(name, "file", str(error).splitlines()[0], "a Parquet file") from error
    columns = [_plain(column, pa) for column in table.columns]
    rows = zip(*columns, strict=True) if columns else iter(())
    # As in CSV the first row after the header is row 2.
    return Source(name, table.column_names, ((line, cells) for line, cells in enumerate(rows, start=2)))


def _plain(column: Any, pa: Any) -> list[Any]:  # noqa: ANN401 # pyarrow has no types
    if pa.types.is_timestamp(column.type):
        # Nanoseconds are beyond Python's datetime.
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    found: list[Any] = column.to_pylist()
    return found
