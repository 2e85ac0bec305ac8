"""What is measured, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine on readings in memory.

    Attributes:
        name: e.g. `nhip`.
        threads: it was allowed.
        readings: of the workload.
        cpu_s: of its process, by round.
        wall_s: by round.
        peak_mib: largest resident memory of its process, readings and libraries included.
    """

    name: str
    threads: int
    readings: int
    cpu_s: tuple[float, ...]
    wall_s: tuple[float, ...]
    peak_mib: float

    @property
    def cpu_ms(self) -> float:
        """The least CPU of the rounds, in milliseconds."""
        return min(self.cpu_s) * 1e3

    @property
    def wall_ms(self) -> float:
        """The best wall time of the rounds, in milliseconds."""
        return min(self.wall_s) * 1e3


@dataclass(frozen=True, slots=True)
class Start:
    """A process that begins, computes and ends, compiled code in its cache."""

    name: str
    cpu_s: float
    wall_s: float


@dataclass(slots=True)
class Results:
    """All that was measured.

    Attributes:
        engines: on readings in memory.
        incremental: what `bench.kpi.incremental` gives.
        database: what `bench.kpi.database` gives.
        starts: fresh processes.
        skipped: why something is absent, by name.
    """

    engines: list[Engine] = field(default_factory=list[Engine])
    incremental: dict[str, Any] = field(default_factory=dict[str, Any])
    database: dict[str, Any] = field(default_factory=dict[str, Any])
    starts: list[Start] = field(default_factory=list[Start])
    skipped: dict[str, str] = field(default_factory=dict[str, str])

    def engine(self, name: str, threads: int) -> Engine | None:
        """Return one of the engines."""
        return next((one for one in self.engines if (one.name, one.threads) == (name, threads)), None)

    def as_json(self) -> dict[str, Any]:
        """Return a document to keep."""
        return asdict(self)
