"""Typed rows shared by the JSON formats: the check of one reading, and columns from many."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
import numpy as np

from domain.quarantine import Reason
from ingest.formats.decoded import (
    EPOCH_S_MAX,
    DecodedBatch,
    ReadingFault,
    indexed,
    is_batch_id,
    is_name,
    is_unit,
    microseconds,
)
from ingest.formats.errors import MalformedMessageError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# RFC 3339 with an offset, or epoch seconds; msgspec refuses a naive time because of tz=True.
Time = float | Annotated[datetime, msgspec.Meta(tz=True)]
FlagCode = Literal[1, 2, 3, 4, 9]
StateCode = Literal["00", "01", "02"]
STATES: Final[dict[str | None, int]] = {None: 0, "00": 0, "01": 1, "02": 2}

_EXPECTED: Final = {
    "s": "a sensor name of 1 to 64 printable characters",
    "t": "RFC 3339 with an offset, or epoch seconds as a number",
    "v": "a finite number",
    "u": "a UCUM unit of at most 32 printable characters",
    "q": "a QARTOD flag: 1, 2, 3, 4 or 9",
    "d": 'a device state: "00", "01" or "02"',
}
_FIELD: Final = re.compile(r"(?:at `\$\.|field `)(\w+)")
# Beyond this many digits int() itself is slow (quadratic) or refuses; no reading needs them.
_INTEGER_DIGITS_MAX: Final = 20
# A reading that cannot be read costs several times as much as one that can: one small message must not keep a
# core busy, nor fill the quarantine.
FAULTS_MAX: Final = 1_000


class Row(msgspec.Struct, gc=False, omit_defaults=True):
    """One reading of the native format."""

    s: str
    t: Time
    v: float
    u: str | None = None
    q: FlagCode | None = None
    d: StateCode | None = None


class RowFaultError(Exception):
    """One row cannot be read; never leaves this package."""

    def __init__(self, *, field: str, found: object, reason: Reason = Reason.MALFORMED) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: found {shown(found)}, expected {_EXPECTED.get(field, 'an object')}")


def times_us(times: Sequence[float | datetime]) -> NDArray[np.int64] | None:
    """Return the times as microseconds, None when one of them cannot be a time."""
    seconds = [moment if isinstance(moment, float | int) else microseconds(moment) / 1e6 for moment in times]
    as_array = np.array(seconds, dtype=np.float64)
    if len(as_array) and not np.all(np.abs(as_array) <= EPOCH_S_MAX):
        return None
    result = np.rint(as_array * 1e6).astype(np.int64)
    for position, moment in enumerate(times):
        # A date of the year 9999 has more microseconds than a double has digits.
        if isinstance(moment, datetime):
            result[position] = microseconds(moment)
    return result


def columns(
    batch_id: int | None, rows: Sequence[Row], faults: Sequence[ReadingFault] = ()
) -> DecodedBatch | None:
    """Return typed rows as columns, None when a name, a unit or a time needs the row-by-row check."""
    names, name_index = indexed([row.s for row in rows])
    units, unit_index = indexed([row.u for row in rows])
    ts_us = times_us([row.t for row in rows])
    if ts_us is None or not all(map(is_name, names)) or not all(map(is_unit, units)):
        return None
    value = np.array([row.v for row in rows], dtype=np.float64)
    if not np.isfinite(value).all():
        return None
    return DecodedBatch(
        batch_id=batch_id,
        names=names,
        name_index=name_index,
        ts_us=ts_us,
        value=value,
        units=units,
        unit_index=unit_index,
        flag=np.array([row.q or 0 for row in rows], dtype=np.int16),
        state=np.array([STATES[row.d] for row in rows], dtype=np.int16),
        faults=tuple(faults),
    )


def checked(item: object) -> Row:
    """Return one JSON value as a row.

    Raises:
        RowFaultError: it is not a reading; says which field is wrong.
    """
    try:
        row = msgspec.convert(item, Row)
    except msgspec.ValidationError as error:
        named = _FIELD.search(str(error))
        field = named[1] if named else "reading"
        found = item.get(field, "nothing") if isinstance(item, dict) and named else item
        raise RowFaultError(field=field, found=found) from error
    if not is_name(row.s):
        raise RowFaultError(field="s", found=row.s)
    if not is_unit(row.u):
        raise RowFaultError(field="u", found=row.u)
    if isinstance(row.t, float) and not abs(row.t) <= EPOCH_S_MAX:
        raise RowFaultError(field="t", found=row.t)
    if not math.isfinite(row.v):
        raise RowFaultError(field="v", found=row.v, reason=Reason.NOT_FINITE)
    return row


def separated(batch_id: int | None, items: Sequence[object]) -> DecodedBatch:
    """Return the readable rows as columns and the others as faults, each kept as a native message.

    Args:
        batch_id: identifier of the message.
        items: rows of the native form, not yet checked.

    Raises:
        MalformedMessageError: so many cannot be read that the message is set aside as a whole.
    """
    rows: list[Row] = []
    faults: list[ReadingFault] = []
    for item in items:
        try:
            rows.append(checked(item))
        except RowFaultError as error:
            if len(faults) == FAULTS_MAX:
                raise MalformedMessageError(
                    field="r",
                    found=f"more than {FAULTS_MAX} readings that cannot be read",
                    expected="fewer",
                    batch_id=batch_id,
                ) from error
            name = item.get("s") if isinstance(item, dict) else None
            faults.append(
                ReadingFault(
                    reason=error.reason,
                    detail=str(error),
                    sensor=name if isinstance(name, str) and is_name(name) else None,
                    raw=json.dumps({"r": [item]}).encode("ascii"),
                )
            )
    batch = columns(batch_id, rows, faults)
    if batch is None:  # every row was checked on the same points
        raise MalformedMessageError(field="r", found="rows", expected="readable rows", batch_id=batch_id)
    return batch


def _bounded_integer(digits: str) -> float:
    return int(digits) if len(digits) <= _INTEGER_DIGITS_MAX else float(digits)


def tolerant_json(payload: bytes) -> Any:  # noqa: ANN401 # any JSON value
    """Return the JSON value of a payload; unlike JSON proper it lets NaN and Infinity through.

    Devices write them, and a message must not be lost for one of its readings.

    Raises:
        MalformedMessageError: not JSON, not UTF-8, or nested too deeply.
    """
    expected = "JSON in UTF-8"
    try:
        return json.loads(payload.decode("utf-8"), parse_int=_bounded_integer)
    except UnicodeDecodeError as error:
        byte = payload[error.start : error.start + 1]
        raise MalformedMessageError(
            field="payload", found=f"byte {byte!r} at {error.start}", expected=expected
        ) from error
    except json.JSONDecodeError as error:
        around = error.doc[max(error.pos - 8, 0) : error.pos + 16]
        raise MalformedMessageError(
            field="payload", found=f"{shown(around)} at {error.pos}", expected=expected
        ) from error
    except RecursionError as error:
        raise MalformedMessageError(field="payload", found="very deep nesting", expected=expected) from error


def batch_id_of(document: dict[str, Any]) -> int | None:
    """Return the identifier of a message.

    Raises:
        MalformedMessageError: there is one, and it is not an unsigned 64-bit integer.
    """
    found = document.get("id")
    if found is None:
        return None
    if not is_batch_id(found):
        raise MalformedMessageError(field="id", found=shown(found), expected="an unsigned 64-bit integer")
    return int(found)
