"""Nhịp's own JSON, as rows or as columns.

Rows:
`{"id": 42, "r": [{"s": "pm25-01", "t": "2026-11-23T08:00:00+07:00", "v": 23.5, "u": "ug/m3", "q": 1}]}`.
`t` is RFC 3339 with an offset or epoch seconds as a number; `u` (unit), `q` (QARTOD flag) and `d` (device
state) may be left out.

Columns, for many readings of one sensor:
`{"id": 43, "s": "pm25-01", "t0": 1764000000, "dt": [0, 60, 60], "v": [23.5, 23.6, 23.9]}`.
`dt` holds the seconds since the reading before (the first since `t0`); `u`, `q` and `d` speak of all.

`id` is an unsigned 64-bit integer; a message without one is stored but never acknowledged. Unknown fields are
passed over. A bad reading leaves by itself; the others of its message are kept.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import numpy as np

from ingest.formats.decoded import BATCH_ID_MAX, EPOCH_S_MAX, DecodedBatch, is_name, is_unit
from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.rows import (
    STATES,
    FlagCode,
    Row,
    RowFaultError,
    StateCode,
    Time,
    batch_id_of,
    checked,
    columns,
    separated,
    times_us,
    tolerant_json,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_MESSAGE_EXPECTED: Final = 'an object with "r": [...], or with "s", "t0", "dt" and "v"'


class _Message(msgspec.Struct, gc=False, omit_defaults=True):
    id: Annotated[int, msgspec.Meta(ge=0)] | None = None
    r: list[Row] | None = None
    s: str | None = None
    t0: Time | None = None
    dt: list[float] | None = None
    v: list[float] | None = None
    u: str | None = None
    q: FlagCode | None = None
    d: StateCode | None = None


_DECODER: Final = msgspec.json.Decoder(_Message)
_ENCODER: Final = msgspec.json.Encoder()


def decode(payload: bytes) -> DecodedBatch:
    """Return the readings of one message.

    Raises:
        MalformedMessageError: nothing of it can be read as native JSON.
    """
    try:
        message = _DECODER.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _decode_carefully(payload)
    batch = _from_message(message)
    return _decode_carefully(payload) if batch is None else batch


def _from_message(message: _Message) -> DecodedBatch | None:
    if message.id is not None and message.id > BATCH_ID_MAX:
        return None
    if message.r is not None:
        return None if message.v is not None else columns(message.id, message.r)
    if message.s is None or message.t0 is None or message.dt is None or message.v is None:
        return None
    return _from_columns(message, message.s, message.t0, message.dt, message.v)


def _from_columns(
    message: _Message, name: str, start: float | datetime, steps_s: list[float], values: list[float]
) -> DecodedBatch | None:
    start_us = times_us([start])
    step = np.array(steps_s, dtype=np.float64)
    value = np.array(values, dtype=np.float64)
    # Summed as floats first: int64 would wrap around in silence.
    with np.errstate(over="ignore", invalid="ignore"):
        elapsed_s = np.cumsum(step)
    if (
        start_us is None
        or len(step) != len(value)
        or not (is_name(name) and is_unit(message.u))
        or not np.isfinite(value).all()
        or not np.all(np.abs(start_us[0] / 1e6 + elapsed_s) <= EPOCH_S_MAX)
    ):
        return None
    count = len(value)
    return DecodedBatch(
        batch_id=message.id,
        names=(name,),
        name_index=np.zeros(count, dtype=np.int32),
        ts_us=start_us[0] + np.cumsum(np.rint(step * 1e6).astype(np.int64)),
        value=value,
        units=(message.u,),
        unit_index=np.zeros(count, dtype=np.int32),
        flag=np.full(count, message.q or 0, dtype=np.int16),
        state=np.full(count, STATES[message.d], dtype=np.int16),
    )


def _decode_carefully(payload: bytes) -> DecodedBatch:
    """Decode reading by reading; only messages that the typed decoder refused come here."""
    document = tolerant_json(payload)
    if not isinstance(document, dict):
        raise MalformedMessageError(field="payload", found=shown(document), expected=_MESSAGE_EXPECTED)
    batch_id = batch_id_of(document)
    rows = document.get("r")
    if "r" in document and "v" in document:
        raise MalformedMessageError(
            field="payload", found='both "r" and "v"', expected=_MESSAGE_EXPECTED, batch_id=batch_id
        )
    if "r" in document:
        if not isinstance(rows, list):
            raise MalformedMessageError(
                field="r", found=shown(rows), expected="a list of readings", batch_id=batch_id
            )
        return separated(batch_id, rows)
    return separated(batch_id, _rows_of_columns(document, batch_id))


def _rows_of_columns(document: dict[str, Any], batch_id: int | None) -> list[object]:
    for field in ("s", "t0", "dt", "v"):
        if field not in document:
            raise MalformedMessageError(
                field=field, found="nothing", expected=_MESSAGE_EXPECTED, batch_id=batch_id
            )
    steps_s, values = document["dt"], document["v"]
    if not isinstance(values, list):
        raise MalformedMessageError(
            field="v", found=shown(values), expected="a list of numbers", batch_id=batch_id
        )
    if not isinstance(steps_s, list) or len(steps_s) != len(values):
        raise MalformedMessageError(
            field="dt",
            found=shown(steps_s),
            expected=f"a list of {len(values)} numbers, as v",
            batch_id=batch_id,
        )
    common = {field: document[field] for field in ("s", "u", "q", "d") if field in document}
    try:
        # What is common to all readings is checked once: when it is wrong, no reading has a meaning.
        first = checked(common | {"t": document["t0"], "v": 0.0})
    except RowFaultError as error:
        field = "t0" if error.field == "t" else error.field
        found = shown(document.get(field))
        raise MalformedMessageError(
            field=field, found=found, expected=str(error).partition("expected ")[2], batch_id=batch_id
        ) from error
    try:
        steps = msgspec.convert(steps_s, list[float])
        start_us = times_us([first.t])
        moments = [] if start_us is None else _moments(int(start_us[0]), steps)
    except (msgspec.ValidationError, OverflowError, ValueError) as error:
        raise MalformedMessageError(
            field="dt", found=shown(steps_s), expected="a list of finite seconds", batch_id=batch_id
        ) from error
    return [common | {"t": moment, "v": value} for moment, value in zip(moments, values, strict=True)]


def _moments(start_us: int, steps_s: list[float]) -> list[float]:
    steps_us = (round(step * 1e6) for step in steps_s)
    return [total / 1e6 for total in itertools.accumulate(steps_us, initial=start_us)][1:]


def encode_rows(batch_id: int | None, rows: Sequence[Row]) -> bytes:
    """Return a message of the row form."""
    return _ENCODER.encode(_Message(id=batch_id, r=list(rows)))


def encode_columns(  # noqa: PLR0913 # the fields of the form
    batch_id: int | None,
    sensor: str,
    ts_s: Sequence[float],
    value: Sequence[float],
    *,
    unit: str | None = None,
    flag: FlagCode | None = None,
    state: StateCode | None = None,
) -> bytes:
    """Return a message of the column form.

    Args:
        batch_id: identifier, None for a message that wants no acknowledgement.
        sensor: name of the one sensor.
        ts_s: epoch seconds of each reading, in any order.
        value: finite values, as many as `ts_s`.
        unit: UCUM code of all values.
        flag: QARTOD flag of all values.
        state: device state of all values.
    """
    start = ts_s[0] if len(ts_s) else 0.0
    steps = [now - before for before, now in itertools.pairwise([start, *ts_s])]
    message = _Message(id=batch_id, s=sensor, t0=start, dt=steps, v=list(value), u=unit, q=flag, d=state)
    return _ENCODER.encode(message)
