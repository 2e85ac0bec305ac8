"""From the time columns of a row to the instant at which its interval starts."""

from __future__ import annotations

import math
import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from device_sim.mapping import PARTS
from device_sim.replay_faults import RejectReason, RowFaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device_sim.mapping import TimeRule

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_HOUR_OF_MIDNIGHT: Final = 24
# What ingest accepts of a gateway that replays history.
_FUTURE_S_MAX: Final = 300.0


class TimeReader:
    """Reads the time of a row by the rule of a mapping."""

    def __init__(
        self, rule: TimeRule, position: Callable[[str], int], *, now_s: Callable[[], float] = time.time
    ) -> None:
        """Find the time columns.

        Args:
            rule: what the time columns say.
            position: finds a column by its name, or raises.
            now_s: the clock against which the future is judged.
        """
        self._rule = rule
        self._zone = ZoneInfo(rule.zone) if rule.zone is not None else None
        self._shift_s = rule.interval_s if rule.label == "end" else 0.0
        self._latest_s = now_s() + _FUTURE_S_MAX
        columns = rule.columns or {}
        self._parts = [(part, columns[part], position(columns[part])) for part in PARTS if part in columns]
        self._column = rule.column or ", ".join(columns.values())
        self._position = position(rule.column) if rule.column is not None else -1
        self._read = self._reader()

    def start_s(self, cells: Sequence[str]) -> float:
        """Return the start of the row's interval, epoch seconds; a whole number as int.

        Raises:
            RowFaultError: there is no such time, or it cannot be accepted.
        """
        start = self._read(cells) - self._shift_s
        if start < 0:
            raise RowFaultError(RejectReason.TIME_ANCIENT, self._column, self._found(cells), "1970 or later")
        if start > self._latest_s:
            raise RowFaultError(
                RejectReason.TIME_FUTURE, self._column, self._found(cells), "a time in the past"
            )
        return int(start) if start.is_integer() else start

    def _found(self, cells: Sequence[str]) -> str:
        if self._position >= 0:
            return cells[self._position]
        return " ".join(cells[position] for _, _, position in self._parts)

    def _reader(self) -> Callable[[Sequence[str]], float]:
        if self._parts:
            return self._from_parts
        if self._rule.format == "rfc3339":
            return self._from_rfc3339
        if self._rule.format in {"epoch_s", "epoch_ms"}:
            return self._from_epoch
        return self._from_format

    def _unreadable(self, cells: Sequence[str], expected: str) -> RowFaultError:
        return RowFaultError(RejectReason.TIME_UNREADABLE, self._column, self._found(cells), expected)

    def _from_epoch(self, cells: Sequence[str]) -> float:
        text = cells[self._position].strip()
        try:
            number = float(text) if text.isascii() and "_" not in text else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self._unreadable(cells, f"a number ({self._rule.format})")
        return number / 1000.0 if self._rule.format == "epoch_ms" else number

    def _from_rfc3339(self, cells: Sequence[str]) -> float:
        text = cells[self._position].strip()
        expected = "RFC 3339 such as 2026-11-23T08:00:00+07:00"
        if _RFC3339.fullmatch(text) is None:
            raise self._unreadable(cells, expected)
        try:
            return datetime.fromisoformat(text.upper()).timestamp()
        except (ValueError, OverflowError) as error:
            raise self._unreadable(cells, expected) from error

    def _from_format(self, cells: Sequence[str]) -> float:
        expected = f"a time like {self._rule.format}"
        try:
            moment = datetime.strptime(cells[self._position].strip(), self._rule.format)  # noqa: DTZ007 # zone follows
        except ValueError as error:
            raise self._unreadable(cells, expected) from error
        return moment.timestamp() if moment.tzinfo is not None else self._instant_s(moment, cells)

    def _from_parts(self, cells: Sequence[str]) -> float:
        numbers = {"hour": 0, "minute": 0, "second": 0}
        for part, column, position in self._parts:
            text = cells[position].strip()
            if not (text.isascii() and text.isdigit() and len(text) <= 4):  # noqa: PLR2004 # digits of a year
                raise RowFaultError(
                    RejectReason.TIME_UNREADABLE, column, cells[position], f"the {part} as a whole number"
                )
            numbers[part] = int(text)
        # Hour 24 ends a day, as labels of the end of an interval do.
        after_midnight = numbers["hour"] == _HOUR_OF_MIDNIGHT and not (numbers["minute"] or numbers["second"])
        if after_midnight:
            numbers["hour"] = 0
        try:
            moment = datetime(  # noqa: DTZ001 # the zone follows
                numbers["year"],
                numbers["month"],
                numbers["day"],
                numbers["hour"],
                numbers["minute"],
                numbers["second"],
            ) + timedelta(days=after_midnight)
        except (ValueError, OverflowError) as error:
            raise self._unreadable(cells, f"a date and time that exist ({error})") from error
        return self._instant_s(moment, cells)

    def _instant_s(self, moment: datetime, cells: Sequence[str]) -> float:
        first = moment.replace(tzinfo=self._zone or UTC)
        second = first.replace(fold=1)
        before, after = first.utcoffset(), second.utcoffset()
        if before == after or before is None or after is None:
            return first.timestamp()
        if before < after:
            expected = f"a time that exists in {self._rule.zone} (the clock skipped it)"
            raise RowFaultError(RejectReason.TIME_NOT_IN_ZONE, self._column, self._found(cells), expected)
        if self._rule.ambiguous == "reject":
            expected = f"a time that {self._rule.zone} has once"
            raise RowFaultError(RejectReason.TIME_AMBIGUOUS, self._column, self._found(cells), expected)
        return (first if self._rule.ambiguous == "first" else second).timestamp()
