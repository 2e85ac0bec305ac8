"""Readings of one message, gathered one by one into columns; what cannot be read is set aside beside them."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import numpy as np

from domain.quarantine import Reason
from ingest.formats.decoded import (
    EPOCH_S_MAX,
    DecodedBatch,
    ReadingFault,
    is_name,
    is_unit,
    microseconds,
)
from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.rows import FAULTS_MAX, tolerant_json

if TYPE_CHECKING:
    from typing import Any

# One small message must not keep a core busy: 10,000 readings cost 15 to 50 ms, and a reading that cannot be
# read several times as much as one that can. Beyond either bound the message is set aside as a whole.
READINGS_MAX: Final = 10_000
EXPECTED_NAME: Final = "a sensor name of 1 to 64 printable characters"
EXPECTED_NUMBER: Final = "a finite number"
EXPECTED_TIME: Final = "RFC 3339 with an offset"

_AWARE: Final = Annotated[datetime, msgspec.Meta(tz=True)]


class UnreadableError(Exception):
    """One reading cannot be read; never leaves this package."""

    def __init__(
        self, *, field: str, found: object, expected: str, reason: Reason = Reason.MALFORMED
    ) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: found {shown(found)}, expected {expected}")


class Gathering:
    """Columns under construction."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._units: dict[str | None, int] = {}
        self._name_index: list[int] = []
        self._unit_index: list[int] = []
        self._ts_us: list[int] = []
        self._value: list[float] = []
        self._state: list[int] = []
        self._faults: list[ReadingFault] = []

    def add(self, name: str, ts_us: int, value: float, unit: str | None = None, state: int = 0) -> None:
        """Take one reading.

        Args:
            name: the sensor's name.
            ts_us: microseconds since the epoch.
            value: as sent, finite.
            unit: as sent; None where the payload names none.
            state: device state of Thông tư 10/2021.

        Raises:
            UnreadableError: the name or the unit cannot be one.
            MalformedMessageError: the message holds too many readings.
        """
        # Checked before either is kept: a reading that is refused leaves nothing behind.
        if name not in self._names and not is_name(name):
            raise UnreadableError(field="name", found=name, expected=EXPECTED_NAME)
        if unit not in self._units and not is_unit(unit):
            raise UnreadableError(
                field="unit", found=unit, expected="a unit of at most 32 printable characters"
            )
        if len(self._ts_us) >= READINGS_MAX:
            raise too_many(READINGS_MAX + 1)
        self._name_index.append(self._names.setdefault(name, len(self._names)))
        self._unit_index.append(self._units.setdefault(unit, len(self._units)))
        self._ts_us.append(ts_us)
        self._value.append(value)
        self._state.append(state)

    def set_aside(self, error: UnreadableError, sensor: object, raw: bytes) -> None:
        """Keep a reading that could not be read.

        Args:
            error: why.
            sensor: the sensor's name, or what stands in its place.
            raw: a message of the same format that holds this reading alone.

        Raises:
            MalformedMessageError: so many could not be read that the message as a whole means nothing.
        """
        if len(self._faults) >= FAULTS_MAX:
            raise MalformedMessageError(
                field="payload",
                found=f"more than {FAULTS_MAX} readings that cannot be read; the last: {error}",
                expected="readings of this format",
            ) from error
        name = sensor if isinstance(sensor, str) and is_name(sensor) else None
        self._faults.append(ReadingFault(reason=error.reason, detail=str(error), sensor=name, raw=raw))

    @property
    def is_empty(self) -> bool:
        """Nothing was read."""
        return not self._ts_us

    def batch(self) -> DecodedBatch:
        """Return what was gathered, in the order in which it came. These formats name no batch."""
        return DecodedBatch(
            batch_id=None,
            names=tuple(self._names),
            name_index=np.array(self._name_index, dtype=np.int32),
            ts_us=np.array(self._ts_us, dtype=np.int64),
            value=np.array(self._value, dtype=np.float64),
            units=tuple(self._units),
            unit_index=np.array(self._unit_index, dtype=np.int32),
            flag=np.zeros(len(self._ts_us), dtype=np.int16),
            state=np.array(self._state, dtype=np.int16),
            faults=tuple(self._faults),
        )


def too_many(count: int) -> MalformedMessageError:
    """Return the refusal of a message that holds `count` readings or more."""
    return MalformedMessageError(
        field="payload", found=f"{count} readings or more", expected=f"at most {READINGS_MAX} a message"
    )


def number(field: str, found: object) -> float:
    """Return a finite number as a double.

    Raises:
        UnreadableError: it is none; a boolean and a number in quotes are none either.
    """
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise UnreadableError(field=field, found=found, expected=EXPECTED_NUMBER)
    try:
        value = float(found)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise UnreadableError(field=field, found=found, expected=EXPECTED_NUMBER, reason=Reason.NOT_FINITE)
    return value


def epoch_us(field: str, seconds: float) -> int:
    """Return epoch seconds as microseconds.

    Raises:
        UnreadableError: beyond all times.
    """
    if not abs(seconds) <= EPOCH_S_MAX:
        raise UnreadableError(field=field, found=seconds, expected="seconds since 1970")
    return round(seconds * 1e6)


def rfc3339_us(field: str, found: object) -> int:
    """Return an RFC 3339 text as microseconds since the epoch; finer digits are rounded.

    Raises:
        UnreadableError: it is no such text, or names no offset.
    """
    if not isinstance(found, str):
        raise UnreadableError(field=field, found=found, expected=EXPECTED_TIME)
    try:
        return microseconds(msgspec.convert(found, _AWARE))
    except msgspec.ValidationError as error:
        raise UnreadableError(field=field, found=found, expected=EXPECTED_TIME) from error


def json_value(payload: bytes) -> Any:  # noqa: ANN401 # any JSON value
    """Return the JSON value of a payload, NaN and Infinity among its numbers let through.

    Raises:
        MalformedMessageError: not JSON, not UTF-8, or nested too deeply.
    """
    try:
        return msgspec.json.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return tolerant_json(payload)


def json_raw(document: object) -> bytes:
    """Return a document as ASCII JSON, to be kept beside a fault.

    Raises:
        MalformedMessageError: nested more deeply than the encoder goes.
    """
    try:
        return json.dumps(document).encode("ascii")
    except RecursionError as error:
        raise MalformedMessageError(
            field="payload", found="very deep nesting", expected="readings of this format"
        ) from error
