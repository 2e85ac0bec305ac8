"""Plain flat JSON, as small devices send it: `{"ts": 1764000000, "pm25": 12.3, "temp": 28}`, or a list.

`ts` is required: RFC 3339 with an offset, or epoch seconds as a number (without it a redelivered message
would be stored twice). Every other key is a sensor's name and its value a number, in the unit that the
registry knows. There is no batch identifier, so nothing is acknowledged on the gateway's ack topic. A value
that is not a finite number leaves by itself; the others are kept. Nested objects are not flattened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.rows import RowFaultError, checked, separated, tolerant_json

if TYPE_CHECKING:
    from ingest.formats.decoded import DecodedBatch

TIME_KEY: Final = "ts"
_EXPECTED: Final = 'an object such as {"ts": 1764000000, "pm25": 12.3}, or a list of such'


def decode(payload: bytes) -> DecodedBatch:
    """Return the readings of one message.

    Raises:
        MalformedMessageError: nothing of it can be read as flat JSON.
    """
    document = tolerant_json(payload)
    records: list[object] = document if isinstance(document, list) else [document]
    items: list[object] = []
    raw_items: list[object] = []
    for record in records:
        if not isinstance(record, dict):
            raise MalformedMessageError(field="payload", found=shown(record), expected=_EXPECTED)
        moment = _time_of(record)
        for name, value in record.items():
            if name != TIME_KEY:
                items.append({"s": name, "t": moment, "v": value})
                raw_items.append({TIME_KEY: moment, name: value})
    return separated(None, items, raw_items)


def _time_of(record: dict[str, Any]) -> object:
    """Return the record's time, checked: without a time none of its values means anything."""
    if TIME_KEY not in record:
        raise MalformedMessageError(field=TIME_KEY, found="nothing", expected=_EXPECTED)
    moment = record[TIME_KEY]
    try:
        checked({"s": TIME_KEY, "t": moment, "v": 0.0})
    except RowFaultError as error:
        expected = str(error).partition("expected ")[2]
        raise MalformedMessageError(field=TIME_KEY, found=shown(moment), expected=expected) from error
    return moment
