"""What a decoder hands over: the readings of one message as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from domain.quarantine import Reason
    from ingest.formats.sparkplug_types import Sparkplug

_T = TypeVar("_T")

NAME_LENGTH_MAX: Final = 64
UNIT_LENGTH_MAX: Final = 32
BATCH_ID_MAX: Final = 2**64 - 1
# Seconds whose microseconds still fit into an int64. What lies beyond is no time at all; what lies inside
# is judged by the accept window of the gateway.
EPOCH_S_MAX: Final = 9.2e12
_EPOCH_ORDINAL: Final = 719_163  # date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class ReadingFault:
    """One reading that could not be read inside a message that could.

    Attributes:
        reason: `malformed` or `not_finite`.
        detail: field, what was found, what was expected.
        sensor: the sensor's name where it could be read.
        raw: a message of the same format that holds this reading alone.
    """

    reason: Reason
    detail: str
    sensor: str | None
    raw: bytes


@dataclass(frozen=True, slots=True, eq=False)
class DecodedBatch:
    """The readings of one message, in the order in which they were sent.

    Attributes:
        batch_id: what the gateway wants acknowledged; None when the format has none.
        names: distinct sensor names.
        name_index: shape (n,), position in `names`.
        ts_us: shape (n,), microseconds since 1970-01-01T00:00:00Z.
        value: shape (n,), as sent, finite.
        units: distinct units as sent; None where the payload names none.
        unit_index: shape (n,), position in `units`.
        flag: shape (n,), QARTOD flag as sent, 0 where the payload has none.
        state: shape (n,), device state of Thông tư 10/2021.
        faults: readings that could not be read.
        sparkplug: what a Sparkplug message says of its sender; None for all other formats.
    """

    batch_id: int | None
    names: tuple[str, ...]
    name_index: NDArray[np.int32]
    ts_us: NDArray[np.int64]
    value: NDArray[np.float64]
    units: tuple[str | None, ...]
    unit_index: NDArray[np.int32]
    flag: NDArray[np.int16]
    state: NDArray[np.int16]
    faults: tuple[ReadingFault, ...] = ()
    sparkplug: Sparkplug | None = None

    def __len__(self) -> int:
        return len(self.ts_us)

    @property
    def received_count(self) -> int:
        """Readings that the message held, readable or not."""
        return len(self.ts_us) + len(self.faults)

    def sensors(self) -> list[str]:
        """Return the sensor name of every reading."""
        return [self.names[position] for position in self.name_index]


def indexed(values: Sequence[_T]) -> tuple[tuple[_T, ...], NDArray[np.int32]]:
    """Return (distinct values in order of appearance, position of each value among them)."""
    positions: dict[_T, int] = {}
    index = [positions.setdefault(value, len(positions)) for value in values]
    return tuple(positions), np.array(index, dtype=np.int32)


def is_name(text: str) -> bool:
    """Say whether `text` can name a sensor: 1 to 64 printable characters (no NUL, no lone surrogate)."""
    return 0 < len(text) <= NAME_LENGTH_MAX and text.isprintable()


def is_unit(text: str | None) -> bool:
    """Say whether `text` can name a unit; which units are known is not decided here."""
    return text is None or (len(text) <= UNIT_LENGTH_MAX and text.isprintable())


def microseconds(moment: datetime) -> int:
    """Return the exact microseconds since the epoch of an aware datetime."""
    offset = moment.utcoffset()
    seconds = (moment.toordinal() - _EPOCH_ORDINAL) * 86_400
    seconds += moment.hour * 3600 + moment.minute * 60 + moment.second
    if offset is None:
        return seconds * 1_000_000 + moment.microsecond
    return (
        (seconds - offset.days * 86_400 - offset.seconds) * 1_000_000
        + moment.microsecond
        - offset.microseconds
    )


def is_batch_id(value: object) -> bool:
    """Say whether `value` is an unsigned 64-bit integer (a boolean is not)."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= BATCH_ID_MAX
