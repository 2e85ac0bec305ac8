"""Plain flat JSON, as small devices send it: `{"ts": 1764000000, "pm25": 12.3, "temp": 28}`, or a list.

`ts` is required: RFC 3339 with an offset, or epoch seconds as a number (without it a redelivered message
would be stored twice). Every other key is a sensor's name and its value a number, in the unit that the
registry knows. There is no batch identifier, so nothing is acknowledged on the gateway's ack topic. A value
that is not a finite number leaves by itself; the others are kept. Nested objects are not flattened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.gathering import (
    Gathering,
    UnreadableError,
    epoch_us,
    json_raw,
    json_value,
    number,
    rfc3339_us,
)

if TYPE_CHECKING:
    from ingest.formats.decoded import DecodedBatch

TIME_KEY: Final = "ts"
_EXPECTED: Final = 'an object such as {"ts": 1764000000, "pm25": 12.3}, or a list of such'
_EXPECTED_TIME: Final = "RFC 3339 with an offset, or epoch seconds as a number"


def decode(payload: bytes) -> DecodedBatch:
    """Return the readings of one message.

    Raises:
        MalformedMessageError: nothing of it can be read as flat JSON.
    """
    document = json_value(payload)
    records: list[Any] = document if isinstance(document, list) else [document]
    gathering = Gathering()
    for record in records:
        if not isinstance(record, dict):
            raise MalformedMessageError(field="payload", found=shown(record), expected=_EXPECTED)
        _take(gathering, record)
    return gathering.batch()


def _take(gathering: Gathering, record: dict[str, Any]) -> None:
    moment, ts_us = _time(record)
    for name, found in record.items():
        if name != TIME_KEY:
            try:
                gathering.add(name, ts_us, number("v", found))
            except UnreadableError as error:
                gathering.set_aside(error, name, json_raw({TIME_KEY: moment, name: found}))


def _time(record: dict[str, Any]) -> tuple[object, int]:
    """Return the record's time, as sent and in microseconds; without one no value means anything."""
    if TIME_KEY not in record:
        raise MalformedMessageError(field=TIME_KEY, found="nothing", expected=_EXPECTED)
    moment = record[TIME_KEY]
    try:
        if isinstance(moment, str):
            return moment, rfc3339_us(TIME_KEY, moment)
        return moment, epoch_us(TIME_KEY, number(TIME_KEY, moment))
    except UnreadableError as error:
        raise MalformedMessageError(field=TIME_KEY, found=shown(moment), expected=_EXPECTED_TIME) from error
