"""Readings of a made-up city from a seed, and what every engine must say of each hour of each sensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

START: Final = 1_772_409_600_000_000  # 2026-03-02 UTC, within a partition of a month
HOUR_US: Final = 3_600_000_000
_RARE: Final = 0.01
_DAY_S: Final = 86_400
_JITTER_US: Final = 1_000_000
_OUTAGE_S: Final = 1_200.0
_FULL_COUNTER: Final = 200_000.0

MAX_GAP_US: Final = 300_000_000
LIVENESS_INTERVALS: Final = 6

# Shares of equality: counts must be the same, the rest agree to the digits that an order of summing leaves.
RTOL: Final = 1e-8
COUNTS: Final = ("n", "outages")
# a: n, mean, minimum, maximum, std; b: p95; c: integral, covered_s; d: outages, dead_s; e: increase.
CELL: Final = np.dtype(
    [(name, np.int64) for name in COUNTS]
    + [(name, np.float64) for name in ("mean", "minimum", "maximum", "std", "p95", "integral", "covered_s")]
    + [(name, np.float64) for name in ("dead_s", "increase")]
)


class Columns(NamedTuple):
    """Readings by sensor and time, shape (r,)."""

    sensor: np.ndarray
    ts: np.ndarray
    value: np.ndarray
    counter: np.ndarray
    good: np.ndarray

    def save(self, folder: Path) -> None:
        for name, column in zip(self._fields, self, strict=True):
            np.save(folder / f"{name}.npy", column)

    @classmethod
    def load(cls, folder: Path) -> Columns:
        return cls(*(np.load(folder / f"{name}.npy") for name in cls._fields))


@dataclass(frozen=True, slots=True)
class Workload:
    """A gauge with a step of 0.1 and a counter with resets, read by every sensor at an interval with jitter.

    One in a hundred is lost and one in a hundred is bad; about one outage a sensor and day, 20 minutes in the
    mean.
    """

    sensors: int = 1_000
    interval_s: int = 10
    days: int = 1
    seed: int = 1

    @property
    def hours(self) -> int:
        return 24 * self.days

    @property
    def end(self) -> int:
        return START + self.hours * HOUR_US

    @property
    def liveness_us(self) -> int:
        return LIVENESS_INTERVALS * self.interval_s * 1_000_000

    def columns(self) -> Columns:
        generator = np.random.default_rng(self.seed)
        each = self.days * _DAY_S // self.interval_s
        shape = (self.sensors, each)
        at = np.arange(each) * self.interval_s * 1_000_000
        ts = START + at + generator.integers(0, _JITTER_US, shape)
        wave = np.sin(2 * np.pi * at / (_DAY_S * 1e6) + generator.random((self.sensors, 1)) * 6)
        value = np.round(20 + 5 * wave + 2 * generator.standard_normal(shape), 1)
        counter = np.cumsum(generator.integers(0, 60, shape), axis=1) % _FULL_COUNTER
        kept = generator.random(shape) >= _RARE
        for _ in range(self.days):
            begin = generator.integers(0, each, (self.sensors, 1))
            length = generator.exponential(_OUTAGE_S, (self.sensors, 1)) / self.interval_s
            place = np.arange(each)
            kept &= (place < begin) | (place >= begin + length)
        good = generator.random(shape) >= _RARE
        sensor = np.broadcast_to(np.arange(self.sensors)[:, None], shape)
        return Columns(*(column[kept] for column in (sensor, ts, value, counter, good)))

    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Return sensor and start of every hour, by sensor."""
        hours = START + np.arange(self.hours) * HOUR_US
        return np.repeat(np.arange(self.sensors), self.hours), np.tile(hours, self.sensors)


def empty_cells(count: int) -> np.ndarray:
    """Return what is said of hours without a good reading."""
    cells = np.zeros(count, CELL)
    for name in ("mean", "minimum", "maximum", "std", "p95", "increase"):
        cells[name] = np.nan
    return cells


class DifferentError(RuntimeError):
    """Two engines or two ways do not say the same."""

    def __init__(self, *, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


def assert_equal(name: str, found: np.ndarray, wanted: np.ndarray) -> None:
    """Compare cell by cell.

    Raises:
        DifferentError: a cell differs.
    """
    if found.shape != wanted.shape:
        raise DifferentError(where=name, what=f"{found.shape} cells instead of {wanted.shape}")
    for column in CELL.names or ():
        tolerance = 0.0 if column in COUNTS else RTOL
        same = np.isclose(found[column], wanted[column], rtol=tolerance, atol=tolerance, equal_nan=True)
        if not same.all():
            k = int(np.flatnonzero(~same)[0])
            told = f"{found[column][k]!r} instead of {wanted[column][k]!r}"
            raise DifferentError(where=name, what=f"{column} of {(~same).sum()} cells, the first {k}: {told}")
