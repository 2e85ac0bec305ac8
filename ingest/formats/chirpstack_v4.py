"""Uplink events of ChirpStack v4, as its MQTT integration writes them in JSON.

Source: ChirpStack v4, `api/proto/integration/integration.proto` (UplinkEvent) in protobuf's JSON form. Read
are `deviceInfo.devEui`, `time` and `object`, which the codec of the device profile fills. A sensor's name is
`{devEui}.{field}`, the EUI in small letters: it is printed on the device and never changes, the name in the
network server may.

`time` is when the gateway received the frame, or the network server where the gateway's clock is not known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.gathering import UnreadableError, json_raw, json_value, rfc3339_us
from ingest.formats.lorawan import member, uplink

if TYPE_CHECKING:
    from ingest.formats.decoded import DecodedBatch

_EXPECTED: Final = 'an uplink event of ChirpStack v4: an object with "deviceInfo", "time" and "object"'
_EUI: Final = re.compile(r"[0-9A-Fa-f]{16}")
# A field that only this event has, and what the event is.
_EVENTS: Final = {
    "integrationName": "an integration event",
    "acknowledged": "an acknowledgement event",
    "queueItemId": "an acknowledgement event",
    "batteryLevel": "a status event",
    "margin": "a status event",
    "description": "a log event",
    "location": "a location event",
}


def decode(payload: bytes) -> DecodedBatch:
    """Return the readings of one uplink.

    Raises:
        MalformedMessageError: another event, no decoded object, no time, or no event at all.
    """
    # The word stands in every event: other messages are told apart before they are parsed.
    if b'"deviceInfo"' not in payload:
        raise MalformedMessageError(field="payload", found=shown(payload[:16]), expected=_EXPECTED)
    document = json_value(payload)
    if not isinstance(document, dict):
        raise MalformedMessageError(field="payload", found=shown(document), expected=_EXPECTED)
    device = member(document, "deviceInfo", "devEui")
    if not isinstance(device, str) or not _EUI.fullmatch(device):
        raise MalformedMessageError(
            field="deviceInfo.devEui", found=shown(device), expected="16 hexadecimal digits"
        )
    event = _event(document)
    if event is not None:
        raise MalformedMessageError(field="payload", found=event, expected=_EXPECTED)
    moment = document.get("time")
    try:
        ts_us = rfc3339_us("time", moment)
    except UnreadableError as error:
        raise MalformedMessageError(
            field="time", found=shown(moment), expected="RFC 3339 with an offset"
        ) from error

    def alone(path: str, found: object) -> bytes:
        return json_raw({"deviceInfo": {"devEui": device}, "time": moment, "object": {path: found}})

    return uplink(device.lower(), ts_us, "object", document.get("object"), alone)


def _event(document: dict[str, Any]) -> str | None:
    """Return what the event is when it is no uplink."""
    for field, event in _EVENTS.items():
        if field in document:
            return event
    # A join has an address, and nothing that a frame has.
    is_join = "devAddr" in document and document.keys().isdisjoint(
        {"object", "data", "fPort", "fCnt", "rxInfo"}
    )
    return "a join event" if is_join else None
