"""From rows to the readings of sensors, under the platform's own rules.

Of several rows with one stamp the first counts. A row without a value is no reading. Device states 01 and 02
and the flags 4 and 9 keep a reading out of every computation; 01 (calibrating) takes its time out as well.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from domain.quality import COUNTING_FLAGS, DeviceState, Flag
from domain.quantities import QUANTITIES
from domain.units import IncompatibleUnitError, UnknownUnitError, conversion, spelt_unit, units_like
from processing.compute.errors import InputError
from processing.compute.times import EXPECTED, SPAN_MAX_US, SPAN_MAX_Y, TimeReader, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processing.columns import Bools, Floats, Ints
    from processing.compute.sources import Source

_ALIASES: Final = {
    "ts": ("ts", "time", "timestamp", "datetime", "dateutc", "t", "at", "date", "epoch", "tstz"),
    "sensor": ("sensor", "sensorid", "device", "deviceid", "sensorname"),
    "quantity": ("quantity", "parameter", "pollutant", "variable", "metric", "property"),
    "value": ("value", "val", "reading", "v", "measurement", "result"),
    "flag": ("flag", "flags", "qc", "qcflag", "quality", "qartod"),
    "state": ("state", "status", "devicestate"),
    "unit": ("unit", "units", "uom"),
    "site": ("site", "siteid", "station", "stationid", "location"),
}
_QUANTITY_ALIASES: Final = {
    "level": "water_level",
    "laeq": "sound_level",
    "leq": "sound_level",
    "noise": "sound_level",
    "db": "sound_level",
    "speed": "vehicle_speed",
    "chlorine": "free_chlorine",
    "temperature": "air_temperature",
    "humidity": "relative_humidity",
}
_MISSING: Final = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "--"})
_NO_LETTERS: Final = re.compile(r"[^a-z0-9]")
_NUMBERS: Final = "a number, or nothing for a missing value"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the code that is to be computed needs of a file.

    Attributes:
        value: whether rows need a value (a heartbeat is a stamp alone).
        ts: whether rows need a stamp; without one the row's number takes its place, in seconds.
        texts: values are names of states, not numbers.
        keep_missing: rows without a value are readings of NaN (quality tests flag them).
        raw_units: values stay in the unit of the file, whatever the quantity's own is.
    """

    value: bool = True
    ts: bool = True
    texts: bool = False
    keep_missing: bool = False
    raw_units: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Readings of one sensor, in time order, each stamp once; arrays of shape (r,).

    Attributes:
        site: code of its site; "" when the files name none.
        sensor: its name.
        quantity: code of what it measures; None when the files do not say.
        unit: UCUM code of the values; None when unknown.
        ts: microseconds UTC.
        value: in `unit`; state numbers where values are texts.
        good: whether the reading counts.
        calibrating: whether the device was calibrating.
        labels: names of the states where values are texts.
        row: line of the file.
    """

    site: str
    sensor: str
    quantity: str | None
    unit: str | None
    ts: Ints
    value: Floats
    good: Bools
    calibrating: Bools
    row: Ints
    labels: tuple[str, ...] = ()

    def counting(self) -> tuple[Ints, Floats]:
        """Return stamps and values of the readings that count."""
        return self.ts[self.good], self.value[self.good]

    def interval_us(self) -> int:
        """Return the median step between stamps; 0 with fewer than two readings."""
        return int(np.median(np.diff(self.ts))) if len(self.ts) > 1 else 0


@dataclass(slots=True)
class Account:
    """What became of the rows: read = kept + duplicates (`conflicts`: of another value) + missing."""

    rows: int = 0
    duplicates: int = 0
    conflicts: int = 0
    missing: int = 0
    excluded: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return {
            "rows": self.rows,
            "duplicates": self.duplicates,
            "conflicts": self.conflicts,
            "missing": self.missing,
            "excluded": self.excluded,
        }


class _Key(NamedTuple):
    site: str
    sensor: str
    quantity: str | None


@dataclass(slots=True)
class _Rows:
    """Rows of one sensor as they come."""

    unit: str | None
    ts: list[int] = field(default_factory=list[int])
    value: list[float] = field(default_factory=list[float])
    flag: list[int] = field(default_factory=list[int])
    state: list[int] = field(default_factory=list[int])
    row: list[int] = field(default_factory=list[int])


class Reader:
    """Takes rows of files and gives the readings of sensors."""

    def __init__(self, times: TimeReader, wanted: Wanted) -> None:
        self.account = Account()
        self._times = times
        self._wanted = wanted
        self._rows: dict[_Key, _Rows] = {}
        self._labels: dict[str, int] = {}
        self._instants: dict[object, int] = {}
        self._conversions: dict[tuple[str, str | None], tuple[float, float, str]] = {}

    def take(self, source: Source) -> None:
        """Take all rows of a file.

        Raises:
            InputError: a column is absent, or a cell cannot be read.
        """
        columns = _Columns.found(source, self._wanted)
        for line, cells in source.rows:
            self.account.rows += 1
            self._take_row(source, columns, line, cells)

    def add(self, site: str, sensor: str, quantity: str, rows: Sequence[tuple[int, float, str, int]]) -> None:
        """Take rows (instant, value, unit, line) of one sensor that somebody else has read."""
        for instant, value, unit, line in rows:
            scale, offset, stored = self._conversion("", line, unit, quantity)
            kept = self._of(_Key(site, sensor, quantity), stored)
            self.account.rows += 1
            kept.ts.append(instant)
            kept.value.append(self._labelled(value) if self._wanted.texts else value * scale + offset)
            kept.flag.append(Flag.NOT_EVALUATED)
            kept.state.append(DeviceState.MEASURING)
            kept.row.append(line)

    def series(self) -> list[Series]:
        """Return the sensors in the order in which they came.

        Raises:
            InputError: stamps of one sensor lie so far apart that some of them must be wrong.
        """
        return [self._finished(key, rows) for key, rows in self._rows.items()]

    def _take_row(self, source: Source, columns: _Columns, line: int, cells: Sequence[Any]) -> None:
        instant = self._instant(source, columns, line, cells)
        site = columns.text(cells, "site")
        flag = self._code(source, columns, line, cells, ("flag", Flag, Flag.NOT_EVALUATED))
        state: int = DeviceState.MEASURING
        if not self._wanted.texts:
            state = self._code(source, columns, line, cells, ("state", DeviceState, DeviceState.MEASURING))
        named = columns.text(cells, "quantity")
        for position, name, own in columns.values:
            quantity = own or (quantity_code(named) if named else None)
            sensor = columns.text(cells, "sensor") or own or quantity or ""
            if quantity is None:
                quantity = _spoken(sensor)
            value = self._value(source, line, cells[position] if position >= 0 else 0.0, name)
            # A device may send no value while it is calibrated; its time is planned all the same.
            if math.isnan(value) and not self._wanted.keep_missing and state != DeviceState.CALIBRATING:
                self.account.missing += 1
                continue
            unit: str | None = columns.text(cells, "unit") or None
            if unit is not None:
                scale, offset, unit = self._conversion(source.name, line, unit, quantity)
                value = value * scale + offset
            elif quantity in QUANTITIES:
                unit = QUANTITIES[quantity].unit
            rows = self._same_unit(source, line, _Key(site, sensor, quantity), unit)
            rows.ts.append(instant)
            rows.value.append(value)
            rows.flag.append(Flag.MISSING if math.isnan(value) else flag)
            rows.state.append(state)
            rows.row.append(line)

    def _same_unit(self, source: Source, line: int, key: _Key, unit: str | None) -> _Rows:
        rows = self._of(key, unit)
        if unit != rows.unit and unit is not None:
            expected = f"{rows.unit or 'nothing'} as in the rows before of the same sensor"
            raise InputError(source.name, "unit", unit, expected, row=line)
        return rows

    def _of(self, key: _Key, unit: str | None) -> _Rows:
        rows = self._rows.get(key)
        if rows is None:
            rows = self._rows[key] = _Rows(unit)
        return rows

    def _instant(self, source: Source, columns: _Columns, line: int, cells: Sequence[Any]) -> int:
        position = columns.ts
        if position < 0:
            return (line - 2) * 1_000_000
        found = cells[position]
        instant = self._instants.get(found)
        if instant is None:
            try:
                instant = self._times.instant(found)
            except (ValueError, OverflowError) as error:
                name = source.header[position]
                raise InputError(source.name, name, _shown(found), EXPECTED, row=line) from error
            # Sensors of one station share their stamps.
            if len(self._instants) < 1_000_000:  # noqa: PLR2004 # bound of the memory
                self._instants[found] = instant
        return instant

    def _value(self, source: Source, line: int, found: object, column: str) -> float:
        if found is None:
            return math.nan
        if self._wanted.texts:
            text = str(found).strip()
            return self._labelled(text) if text else math.nan
        if isinstance(found, str):
            value = self._number(source, line, found, column)
        elif isinstance(found, int | float | Decimal):
            value = float(found)
        else:
            raise InputError(source.name, column, _shown(found), _NUMBERS, row=line)
        if math.isinf(value):
            raise InputError(source.name, column, _shown(found), "a finite number", row=line)
        return value

    def _labelled(self, name: str | float) -> float:
        """Return the number of a state's name; a number is its own name."""
        text = name if isinstance(name, str) else f"{name:g}"
        return float(self._labels.setdefault(text, len(self._labels)))

    @staticmethod
    def _number(source: Source, line: int, found: str, column: str) -> float:
        text = found.strip()
        if text.lower() in _MISSING:
            return math.nan
        if source.comma_is_decimal:
            text = text.replace(",", ".")
        if text.lower() in {"true", "false"}:
            return float(text.lower() == "true")
        try:
            return float(text) if "_" not in text else float("x")
        except ValueError as error:
            raise InputError(source.name, column, found, _NUMBERS, row=line) from error

    @staticmethod
    def _code(
        source: Source, columns: _Columns, line: int, cells: Sequence[Any], rule: tuple[str, Any, int]
    ) -> int:
        column, kind, default = rule
        position = columns.named.get(column, -1)
        found = cells[position] if position >= 0 else None
        if found is None or (isinstance(found, str) and not found.strip()):
            return default
        try:
            return int(kind(int(float(found))))
        except (ValueError, TypeError) as error:
            expected = "one of " + ", ".join(f"{int(one)} ({one.name.lower()})" for one in kind)
            raise InputError(
                source.name, source.header[position], _shown(found), expected, row=line
            ) from error

    def _conversion(self, file: str, line: int, unit: str, quantity: str | None) -> tuple[float, float, str]:
        known = self._conversions.get((unit, quantity))
        if known is None:
            raw = self._wanted.raw_units
            known = 1.0, 0.0, spelt_unit(unit) if raw else unit
            if quantity in QUANTITIES and not raw:
                wanted = QUANTITIES[quantity].unit
                try:
                    known = (*conversion(unit, wanted), wanted)
                except (UnknownUnitError, IncompatibleUnitError) as error:
                    expected = f"one of {', '.join(units_like(wanted))} for {quantity}"
                    raise InputError(file, "unit", unit, expected, row=line) from error
            self._conversions[unit, quantity] = known
        return known

    def _finished(self, key: _Key, rows: _Rows) -> Series:
        ts = np.array(rows.ts, np.int64)
        order = np.argsort(ts, kind="stable")
        if len(ts) > 1:
            times = ts[order]
            once = np.concatenate((np.ones(1, np.bool_), times[1:] != times[:-1]))
            self.account.duplicates += int(len(order) - once.sum())
            first = np.array(rows.value, np.float64)[order[once]][np.cumsum(once) - 1]
            own = np.array(rows.value, np.float64)[order]
            self.account.conflicts += int(((own != first) & ~(np.isnan(own) & np.isnan(first))).sum())
            order = order[once]
            if times[-1] - times[0] > SPAN_MAX_US:
                ends = " to ".join(text_of(int(one), self._times.zone) for one in times[[0, -1]])
                name = key.sensor or key.quantity or "all rows"
                raise InputError(name, "ts", ends, f"stamps within {SPAN_MAX_Y} years of one another")
        state = np.array(rows.state, np.int64)[order]
        flags = np.array(rows.flag, np.int64)[order]
        counts = np.isin(flags, [int(one) for one in COUNTING_FLAGS])
        good = (state == DeviceState.MEASURING) & counts
        self.account.excluded += int((~good).sum())
        return Series(
            key.site,
            key.sensor,
            key.quantity,
            rows.unit,
            ts[order],
            np.array(rows.value, np.float64)[order],
            good,
            state == DeviceState.CALIBRATING,
            np.array(rows.row, np.int64)[order],
            tuple(self._labels),
        )


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the columns of a file are.

    Attributes:
        ts: position of the stamps, -1 for none.
        named: column -> position, of sensor, quantity, flag, state, unit, site.
        values: (position, name, quantity that the name says) of the columns of values; position -1 for none.
    """

    ts: int
    named: dict[str, int]
    values: list[tuple[int, str, str | None]]

    def text(self, cells: Sequence[Any], column: str) -> str:
        """Return a cell as text; "" without the column."""
        position = self.named.get(column, -1)
        found = cells[position] if position >= 0 else None
        return "" if found is None else str(found).strip()

    @classmethod
    def found(cls, source: Source, wanted: Wanted) -> _Columns:
        """Find the columns by their names.

        Raises:
            InputError: stamps or values are not to be found.
        """
        named: dict[str, int] = {}
        plain = [_plain(name) for name in source.header]
        for column, aliases in _ALIASES.items():
            for alias in aliases:
                if alias in plain and column not in named and plain.index(alias) not in named.values():
                    named[column] = plain.index(alias)
        shown = ", ".join(source.header)
        cls._refuse_twice(source, plain, named)
        if "ts" not in named and wanted.ts:
            raise InputError(
                source.name, "header", f"columns {shown}", "a column ts (or time, timestamp, datetime)"
            )
        if wanted.texts and "value" not in named and "state" in named:
            named["value"] = named.pop("state")
        values = cls._values(source, plain, named)
        if not values and wanted.value:
            raise InputError(
                source.name, "header", f"columns {shown}", "a column value, or columns named by quantities"
            )
        return cls(named.get("ts", -1), named, values or [(-1, "", None)])

    @staticmethod
    def _refuse_twice(source: Source, plain: list[str], named: dict[str, int]) -> None:
        for column, position in named.items():
            if plain.count(plain[position]) > 1:
                found = f"column {source.header[position]} twice"
                raise InputError(source.name, "header", found, f"one column of {column}")

    @staticmethod
    def _values(source: Source, plain: list[str], named: dict[str, int]) -> list[tuple[int, str, str | None]]:
        if "value" in named:
            return [(named["value"], source.header[named["value"]], None)]
        rest = [position for position in range(len(plain)) if position not in named.values()]
        by_quantity: list[tuple[int, str, str | None]] = [
            (position, source.header[position], quantity_code(source.header[position]))
            for position in rest
            if quantity_code(source.header[position]) in QUANTITIES
        ]
        if by_quantity:
            return by_quantity
        # The state of a device and a reading called "state" look alike when there is nothing else.
        if not rest and "state" in named:
            position = named.pop("state")
            return [(position, source.header[position], None)]
        return [(rest[0], source.header[rest[0]], None)] if len(rest) == 1 else []


def _plain(name: str) -> str:
    return _NO_LETTERS.sub("", name.lower())


_BY_PLAIN: Final = {_plain(code): code for code in QUANTITIES} | _QUANTITY_ALIASES


def quantity_code(name: str) -> str:
    """Return the quantity that a name means (PM2.5 -> pm25); an unknown name is its own code."""
    return name if name in QUANTITIES else _BY_PLAIN.get(_plain(name), name)


def _spoken(sensor: str) -> str | None:
    """Return the quantity that a sensor is named after, if it is."""
    code = quantity_code(sensor)
    return code if code in QUANTITIES else None


def _shown(found: object) -> object:
    return "nothing" if found is None or found == "" else found
