"""CSV files of sensors, as people make them: Vietnamese or English headers, comma or semicolon."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Normal form of a header -> column of the import.
_HEADERS: Final = {
    "gateway": "gateway",
    "cong": "gateway",
    "cong gateway": "gateway",
    "ma cong": "gateway",
    "ma gateway": "gateway",
    "sensor": "sensor",
    "cam bien": "sensor",
    "ma cam bien": "sensor",
    "ten cam bien": "sensor",
    "quantity": "quantity",
    "dai luong": "quantity",
    "dai luong do": "quantity",
    "thong so": "quantity",
    "unit": "unit",
    "don vi": "unit",
    "don vi do": "unit",
    "interval s": "interval_s",
    "interval": "interval_s",
    "chu ky": "interval_s",
    "chu ky s": "interval_s",
    "chu ky giay": "interval_s",
    "chu ky do s": "interval_s",
    "site": "site",
    "tram": "site",
    "diem": "site",
    "diem do": "site",
    "tram diem": "site",
    "tram diem do": "site",
    "ma tram": "site",
    "ma diem": "site",
    "area": "area",
    "khu vuc": "area",
    "ma khu vuc": "area",
    "latitude": "latitude",
    "lat": "latitude",
    "vi do": "latitude",
    "longitude": "longitude",
    "lon": "longitude",
    "lng": "longitude",
    "kinh do": "longitude",
    "averaging s": "averaging_s",
    "trung binh s": "averaging_s",
    "thoi gian trung binh s": "averaging_s",
    "title": "title",
    "tieu de": "title",
    "mo ta": "title",
    "deployed at": "deployed_at",
    "ngay lap dat": "deployed_at",
    "lap dat tu": "deployed_at",
    "site name": "site_name",
    "ten tram": "site_name",
    "ten diem": "site_name",
    "ten diem do": "site_name",
    "site kind": "site_kind",
    "loai tram": "site_kind",
    "loai diem": "site_kind",
    "customers": "customers",
    "so khach hang": "customers",
    "khach hang": "customers",
    "area name": "area_name",
    "ten khu vuc": "area_name",
    "area kind": "area_kind",
    "loai khu vuc": "area_kind",
    "area parent": "area_parent",
    "khu vuc cha": "area_parent",
    "khu vuc cap tren": "area_parent",
    "time zone": "time_zone",
    "mui gio": "time_zone",
}
_REQUIRED: Final = ("gateway", "sensor", "quantity", "interval_s", "site")
_DELIMITERS: Final = (",", ";", "\t")
_FIELD_LETTERS_MAX: Final = 100_000


class SensorFileError(Exception):
    """The file as a whole cannot be read; rows have their own faults."""

    def __init__(self, path: Path, place: str, found: str, expected: str) -> None:
        self.path = path
        self.place = place
        self.found = found
        self.expected = expected
        super().__init__(f"{path}: {place}: found {found}, expected {expected}")


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row: its line in the file, and its cells by column, empty ones left out."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one row, in the words of the file."""

    line: int
    column: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: found {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class SensorFile:
    """A file that was read.

    Attributes:
        rows: rows with as many cells as the header.
        faults: the others.
        headers: column -> how the file calls it.
    """

    rows: list[FileRow]
    faults: list[RowFault]
    headers: dict[str, str]


def normal_form(header: str) -> str:
    """Return a header in lower case, without diacritics, punctuation as single spaces."""
    plain = unicodedata.normalize("NFD", header.casefold().replace("đ", "d"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", " ", letters).strip()


def read_sensor_file(path: Path) -> SensorFile:
    """Read a CSV file of sensors.

    Raises:
        SensorFileError: not UTF-8, not CSV, no header, or a header that is not known.
    """
    text = _text(path)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(_FIELD_LETTERS_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = _lines(path, reader)
    _, header = next(lines, (0, []))
    columns = _columns(path, header)
    rows: list[FileRow] = []
    faults: list[RowFault] = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            faults.append(RowFault(line, "row", f"{len(cells)} cells", f"{len(columns)}, as in the header"))
            continue
        filled = {column: cell.strip() for column, cell in zip(columns, cells, strict=True) if cell.strip()}
        rows.append(FileRow(line, filled))
    if not rows and not faults:
        raise SensorFileError(path, "file", "a header only", "at least one row")
    return SensorFile(rows, faults, dict(zip(columns, header, strict=True)))


def _text(path: Path) -> str:
    content = path.read_bytes()
    if not content.strip():
        raise SensorFileError(path, "file", "nothing", "a CSV file with a header")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"byte {error.start + 1}"
        found = f"0x{content[error.start]:02x}"
        raise SensorFileError(path, place, found, 'UTF-8 (in a spreadsheet: save as "CSV UTF-8")') from error
    if "\x00" in text:
        expected = 'a CSV file in UTF-8 (in a spreadsheet: save as "CSV UTF-8")'
        raise SensorFileError(path, "file", "zero bytes", expected)
    return text


def _lines(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    while True:
        line = getattr(reader, "line_num", 0) + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise SensorFileError(path, f"line {line}", str(error), "CSV") from error
        yield line, cells


def _columns(path: Path, header: list[str]) -> list[str]:
    columns: list[str] = []
    known = ", ".join(dict.fromkeys(_HEADERS.values()))
    for place, name in enumerate(header, 1):
        column = _HEADERS.get(normal_form(name))
        if column is None:
            raise SensorFileError(path, f"header, column {place}", repr(name), f"one of {known}")
        if column in columns:
            raise SensorFileError(path, f"header, column {place}", f"{column} twice", "each column once")
        columns.append(column)
    missing = [column for column in _REQUIRED if column not in columns]
    if missing:
        raise SensorFileError(path, "header", ", ".join(header), f"also {', '.join(missing)}")
    return columns
