"""What a kernel of the catalogue is called with, and what it gives back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from processing.compute.errors import NothingToComputeError, ParameterError
from processing.compute.times import EXPECTED, TimeReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from domain.periods import Period
    from processing.columns import Floats, Ints
    from processing.compute.events import Events
    from processing.compute.forms import Kernel
    from processing.compute.readings import Series

# Lengths of time, distances and degrees of freedom, whatever the kernel.
_NOT_NEGATIVE = frozenset(
    {
        *("ddof", "hours", "hysteresis", "interval_s", "liveness_s", "max_gap_s", "momentary_s"),
        *("rate_max_per_s", "resolution", "rollover", "tolerance", "window_s"),
        *("suspect_threshold", "fail_threshold", "scheduled", "free_flow"),
    }
)
_LARGEST = 1e10
_TRUE = frozenset({"true", "1", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one call: what was typed, else the defaults."""

    kernel: Kernel
    typed: Mapping[str, str]
    zone: ZoneInfo

    def text(self, name: str) -> str | None:
        """Return a parameter as typed; None without one."""
        if name in self.typed:
            return self.typed[name].strip()
        return next((one.default for one in self.kernel.parameters if one.name == name), None)

    def number(self, name: str) -> float | None:
        """Return a parameter as a number; None without one.

        Raises:
            ParameterError: it is no number.
        """
        text = self.text(name)
        if text is None or text.lower() in {"", "none"}:
            return None
        return self._number(name, text)

    def needed(self, name: str) -> float:
        """Return a parameter that must be there.

        Raises:
            ParameterError: it is absent, or no number.
        """
        found = self.number(name)
        if found is None:
            raise ParameterError(name, "nothing", f"--param {name}=NUMBER")
        return found

    def numbers(self, name: str) -> list[float]:
        """Return a list of numbers; an empty place is NaN.

        Raises:
            ParameterError: one is no number.
        """
        text = (self.text(name) or "").strip("[]() ")
        if name in self.typed and not text:
            raise ParameterError(name, "nothing", "one number or more, separated by commas")
        parts = text.replace(";", ",").split(",") if text else []
        return [
            self._number(name, part) if part.strip().lower() not in {"", "nan", "na"} else float("nan")
            for part in parts
        ]

    def flag(self, name: str) -> bool | None:
        """Return a parameter as true or false; None without one."""
        text = self.text(name)
        return None if text is None else text.lower() in _TRUE

    def instant(self, name: str) -> int | None:
        """Return a parameter as an instant; None without one.

        Raises:
            ParameterError: it is no time.
        """
        text = self.text(name)
        if text is None:
            return None
        try:
            return TimeReader(self.zone).instant(text)
        except (ValueError, OverflowError) as error:
            raise ParameterError(name, text, EXPECTED) from error

    def gap_us(self) -> int:
        """Return the maximum gap; -1 is no limit."""
        seconds = self.number("max_gap_s")
        return -1 if seconds is None else round(seconds * 1e6)

    @staticmethod
    def _number(name: str, text: str) -> float:
        try:
            found = float(text)
        except ValueError as error:
            raise ParameterError(name, text, "a number") from error
        if not math.isfinite(found):
            raise ParameterError(name, text, "a finite number")
        if name in _NOT_NEGATIVE and not 0.0 <= found <= _LARGEST:
            raise ParameterError(name, text, f"a number from 0 to {_LARGEST:g}")
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call: a sensor and the windows over which it is wanted.

    Attributes:
        kernel: what is called.
        parameters: of the call.
        series: the sensor; None when parameters take the place of a file.
        others: all sensors of the files, this one included.
        start: shape (w,), starts of the windows.
        end: shape (w,).
        until: nothing is known after it: the last reading, or the end of the last window when there is one.
        windowed: whether the windows are periods or were typed, rather than the extent of the readings.
        period: length of the windows; None for the whole series.
        interval_us: expected distance of readings.
        zone: local time.
        events: interruptions of a file.
        customers: customers served.
    """

    kernel: Kernel
    parameters: Parameters
    series: Series | None
    others: Sequence[Series]
    start: Ints
    end: Ints
    until: int
    windowed: bool
    period: Period | None
    interval_us: int
    zone: ZoneInfo
    events: Events | None = None
    customers: float | None = None

    @property
    def sensor(self) -> Series:
        """The sensor; there must be one."""
        if self.series is None:
            raise NothingToComputeError(f"kernel.{self.kernel.name}", "no readings", "a file with readings")
        return self.series

    @property
    def readings(self) -> tuple[Ints, Floats]:
        """Stamps and values of the readings that count."""
        return self.sensor.counting()

    def counts(self) -> Ints:
        """Return the number of readings that count in each window."""
        ts, _ = self.readings
        return np.searchsorted(ts, self.end, side="left") - np.searchsorted(ts, self.start, side="left")

    def parts(self) -> list[tuple[Ints, Floats]]:
        """Return the readings that count of each window."""
        ts, value = self.readings
        first = np.searchsorted(ts, self.start, side="left")
        last = np.searchsorted(ts, self.end, side="left")
        return [(ts[low:high], value[low:high]) for low, high in zip(first, last, strict=True)]


@dataclass(frozen=True, slots=True)
class Row:
    """One value.

    Attributes:
        value: NaN without one.
        n: readings behind it.
        start: of what it speaks of; None: of the window.
        end: exclusive.
        window: number of the window.
        unit: where it is not the kernel's.
        completeness: 0..1, NaN where that is no question.
        note: why there is no value.
        responsible: what decided.
        detail: what belongs beside it.
    """

    value: float
    n: int = 0
    start: int | None = None
    end: int | None = None
    window: int = 0
    unit: str | None = None
    completeness: float = float("nan")
    note: str | None = None
    responsible: str | None = None
    detail: dict[str, Any] = field(default_factory=dict[str, Any])
