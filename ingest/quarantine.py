"""What is set aside instead of stored: one row per message, reason and sensor, with bytes to replay it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ingest.formats import Row, encode_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from domain.quarantine import Reason
    from ingest.formats import DecodedBatch
    from ingest.formats.rows import StateCode
    from ingest.parcel import Parcel

# Instead of a format: the gateway was not registered, so how it writes is asked again at the replay.
FORMAT_OF_GATEWAY: Final = "gateway"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DETAIL_LENGTH_MAX: Final = 400
# Times that Python and every reader of the API can show.
_SHOWN_US_MIN: Final = -62_135_596_800_000_000
_SHOWN_US_MAX: Final = 253_402_300_799_999_999
_STATE_CODES: Final[tuple[StateCode, ...]] = ("00", "01", "02")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the quarantine.

    Attributes:
        parcel: position of its message in the batch.
        gateway: from the topic.
        topic: where the message was published.
        payload_format: how to decode `payload` at a replay.
        reason: why it was set aside.
        detail: what was found and what was expected.
        sensor: name, where the reason concerns one sensor.
        reading_count: readings inside; 1 for a message that could not be read.
        payload: bytes to replay.
        received_us: reception of the message.
        last_us: time of the last reading, None when unknown or beyond what can be shown.
        last_value: its value as sent.
        last_unit: its unit as sent.
    """

    parcel: int
    gateway: str
    topic: str
    payload_format: str
    reason: Reason
    detail: str
    sensor: str | None
    reading_count: int
    payload: bytes
    received_us: int
    last_us: int | None = None
    last_value: float | None = None
    last_unit: str | None = None

    @property
    def digest(self) -> bytes:
        """Identity: the same readings set aside for the same reason are kept once."""
        digest = hashlib.sha256()
        for part in (self.gateway, self.reason.value, self.sensor or ""):
            digest.update(part.encode("utf-8", "replace") + b"\0")
        digest.update(self.payload)
        return digest.digest()


def instant(moment_us: int) -> datetime:
    """Return microseconds since 1970 as an aware datetime; what lies beyond years 1 to 9999 is cut there."""
    return _EPOCH + timedelta(microseconds=min(max(moment_us, _SHOWN_US_MIN), _SHOWN_US_MAX))


def clean(text: str) -> str:
    """Return text that PostgreSQL takes: no NUL, no lone surrogate, not endless."""
    kept = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\\0")
    return kept if len(kept) <= _DETAIL_LENGTH_MAX else f"{kept[:_DETAIL_LENGTH_MAX]}…"


def whole(parcel: Parcel, position: int, reason: Reason, detail: str, bytes_max: int) -> Entry:
    """Return the entry of a message that is set aside as it is.

    Args:
        parcel: the message.
        position: its place in the batch.
        reason: why.
        detail: what was found.
        bytes_max: more of the payload is not kept.
    """
    payload = parcel.message.payload
    if len(payload) > bytes_max:
        detail = f"{detail}; kept the first {bytes_max} of {len(payload)} bytes"
    return Entry(
        parcel=position,
        gateway=parcel.gateway,
        topic=clean(parcel.message.topic),
        payload_format=FORMAT_OF_GATEWAY if parcel.payload_format is None else parcel.payload_format,
        reason=reason,
        detail=clean(detail),
        sensor=None,
        reading_count=1,
        payload=payload[:bytes_max],
        received_us=parcel.message.received_us,
    )


def of_faults(parcel: Parcel, position: int, batch: DecodedBatch) -> Iterable[Entry]:
    """Return the entries of the readings that could not be read."""
    for fault in batch.faults:
        yield Entry(
            parcel=position,
            gateway=parcel.gateway,
            topic=clean(parcel.message.topic),
            payload_format=parcel.payload_format or FORMAT_OF_GATEWAY,
            reason=fault.reason,
            detail=clean(fault.detail),
            sensor=fault.sensor,
            reading_count=1,
            payload=fault.raw,
            received_us=parcel.message.received_us,
        )


def of_readings(
    parcel: Parcel,
    position: int,
    chosen: NDArray[np.intp],
    reasons: list[Reason],
    describe: Callable[[int, Reason], str],
    groups_max: int,
) -> list[Entry]:
    """Return the entries of chosen readings of a message, one per reason and sensor.

    Args:
        parcel: the message, decoded.
        position: its place in the batch.
        chosen: positions of the readings in the decoded message.
        reasons: one for each of `chosen`.
        describe: gives the detail of one reading by its position.
        groups_max: a message with more groups gets one entry per reason instead.
    """
    batch = parcel.batch
    if batch is None:
        return []
    groups: dict[tuple[Reason, str | None], list[int]] = {}
    for reading, reason in zip(chosen.tolist(), reasons, strict=True):
        groups.setdefault((reason, batch.names[batch.name_index[reading]]), []).append(reading)
    if len(groups) > groups_max:
        merged: dict[tuple[Reason, str | None], list[int]] = {}
        for (reason, _), readings in groups.items():
            merged.setdefault((reason, None), []).extend(readings)
        groups = merged
    return [
        replace(_of_group(parcel, batch, group, readings, describe(readings[0], group[0])), parcel=position)
        for group, readings in groups.items()
    ]


def _of_group(
    parcel: Parcel, batch: DecodedBatch, group: tuple[Reason, str | None], readings: list[int], detail: str
) -> Entry:
    last = max(readings, key=lambda reading: int(batch.ts_us[reading]))
    last_us = int(batch.ts_us[last])
    return Entry(
        parcel=0,
        gateway=parcel.gateway,
        topic=clean(parcel.message.topic),
        payload_format="native",
        reason=group[0],
        detail=clean(detail),
        sensor=group[1],
        reading_count=len(readings),
        payload=encode_rows(batch.batch_id, [_row(batch, reading) for reading in readings]),
        received_us=parcel.message.received_us,
        last_us=last_us if _SHOWN_US_MIN <= last_us <= _SHOWN_US_MAX else None,
        last_value=float(batch.value[last]),
        last_unit=batch.units[batch.unit_index[last]],
    )


def _row(batch: DecodedBatch, reading: int) -> Row:
    """Return one reading as it was sent, so that the same decoder gives the same columns again."""
    moment_us = int(batch.ts_us[reading])
    shown = _SHOWN_US_MIN <= moment_us <= _SHOWN_US_MAX
    flag, state = int(batch.flag[reading]), int(batch.state[reading])
    return Row(
        s=batch.names[batch.name_index[reading]],
        t=instant(moment_us) if shown else moment_us / 1e6,
        v=float(batch.value[reading]),
        u=batch.units[batch.unit_index[reading]],
        q=flag or None,  # type: ignore[arg-type] # decoded from the same codes
        d=_STATE_CODES[state] if state else None,
    )
