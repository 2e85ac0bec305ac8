"""What is measured, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of one receiver with one workload.

    Attributes:
        subject: who was measured, e.g. `nhip`.
        mode: `live` (publisher at the same time), `backlog` (queued before), or `file`.
        readings: in a message; 0 where there are no messages.
        round: which repetition; ratios are built within one.
        rows: that went through.
        seconds: for all of them.
        cpu_s: seconds of CPU by role.
        note: what a reader must know.
    """

    subject: str
    mode: str
    readings: int
    round: int
    rows: int
    seconds: float
    cpu_s: dict[str, float] = field(default_factory=dict[str, float])
    note: str = ""

    @property
    def rows_s(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds

    @property
    def messages_s(self) -> float:
        """Messages a second."""
        return self.rows_s / self.readings if self.readings else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return a document to keep."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Latency:
    """From publishing a probe to reading it back by its key, while `rows_s` flow.

    Attributes:
        readings: in a message of the load.
        rows_s: of the load.
        probes: how many.
        p50_ms: half of them were faster.
        p99_ms: all but a hundredth were faster.
        max_ms: the slowest.
    """

    readings: int
    rows_s: float
    probes: int
    p50_ms: float
    p99_ms: float
    max_ms: float
