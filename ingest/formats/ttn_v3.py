"""Uplinks of The Things Stack v3 (The Things Network), as its MQTT server and webhooks write them in JSON.

Source: The Things Stack, "Data Formats" (uplink messages). Read are `end_device_ids.device_id`, the decoded
payload of the uplink and its time; a sensor's name is `{device_id}.{field}`.

Time: devices send none. `uplink_message.received_at` is when the network server received the frame, below a
second after it was sent and from a clock that is kept right; it is given once per uplink, however many
gateways heard it. `settings.time` comes from the gateway, whose clock may be anything, and is used only when
the former is missing; the `received_at` of the application server comes last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ingest.formats.decoded import is_name
from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.gathering import EXPECTED_NAME, UnreadableError, json_raw, json_value, rfc3339_us
from ingest.formats.lorawan import member, uplink

if TYPE_CHECKING:
    from ingest.formats.decoded import DecodedBatch

_EXPECTED: Final = 'an uplink of The Things Stack: an object with "end_device_ids" and "uplink_message"'
_EVENTS: Final = (
    "join_accept",
    "downlink_ack",
    "downlink_nack",
    "downlink_sent",
    "downlink_failed",
    "downlink_queued",
    "downlink_queue_invalidated",
    "location_solved",
    "service_data",
    "uplink_normalized",
)
_TIMES: Final = (("uplink_message", "received_at"), ("uplink_message", "settings", "time"), ("received_at",))


def decode(payload: bytes) -> DecodedBatch:
    """Return the readings of one uplink.

    Raises:
        MalformedMessageError: another event, no decoded payload, no time, or no uplink at all.
    """
    # The word stands in every event: other messages are told apart before they are parsed.
    if b'"end_device_ids"' not in payload:
        raise MalformedMessageError(field="payload", found=shown(payload[:16]), expected=_EXPECTED)
    document = json_value(payload)
    if not isinstance(document, dict) or not isinstance(document.get("uplink_message"), dict):
        raise MalformedMessageError(field="payload", found=_event(document), expected=_EXPECTED)
    device = member(document, "end_device_ids", "device_id")
    if not isinstance(device, str) or not is_name(device):
        raise MalformedMessageError(
            field="end_device_ids.device_id", found=shown(device), expected=EXPECTED_NAME
        )
    moment, ts_us = _time(document)

    def alone(path: str, found: object) -> bytes:
        return json_raw(
            {
                "end_device_ids": {"device_id": device},
                "uplink_message": {"received_at": moment, "decoded_payload": {path: found}},
            }
        )

    decoded = member(document, "uplink_message", "decoded_payload")
    return uplink(device, ts_us, "uplink_message.decoded_payload", decoded, alone)


def _event(document: Any) -> str:  # noqa: ANN401 # any JSON value
    if isinstance(document, dict):
        for event in _EVENTS:
            if event in document:
                return f"the event {event}"
    return shown(document)


def _time(document: dict[str, Any]) -> tuple[object, int]:
    """Return the time as sent and in microseconds."""
    for path in _TIMES:
        found = member(document, *path)
        if found is not None:
            field = ".".join(path)
            try:
                return found, rfc3339_us(field, found)
            except UnreadableError as error:
                raise MalformedMessageError(
                    field=field, found=shown(found), expected="RFC 3339 with an offset"
                ) from error
    raise MalformedMessageError(
        field="uplink_message.received_at", found="nothing", expected="RFC 3339 with an offset"
    )
