"""One message on its way through the pipeline: received, decoded, or set aside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec

from domain.quarantine import Reason
from domain.topics import GATEWAY_PATTERN, SPARKPLUG_PREFIX, Channel, gateway_of
from ingest import formats
from ingest.formats import DecodedBatch, FormatError, MalformedMessageError, UnsupportedFormatError
from ingest.formats.errors import shown

if TYPE_CHECKING:
    from ingest.births import Births
    from ingest.formats.sparkplug_types import Book
    from ingest.inbox import Message
    from ingest.registry import GatewayEntry, Snapshot

_NAME_LENGTH_MAX: Final = 64
_STATUS_BYTES_MAX: Final = 4_096
# What hosts, and we ourselves, send to edge nodes: no telemetry.
_COMMANDS: Final = frozenset({"NCMD", "DCMD"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a whole message is set aside."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Status:
    """Birth or last will of a gateway.

    Attributes:
        online: what it says of itself.
        document: its plain fields as JSON.
    """

    online: bool
    document: str


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """A message with what became of it.

    Attributes:
        message: as received.
        gateway: from the topic.
        payload_format: from the registry; None when the gateway is not registered and its format was guessed.
        batch_id: what to acknowledge on the gateway's topic; None for nothing.
        batch: its readings.
        refusal: why it is set aside as a whole.
        status: birth or last will.
        rejected: its gateway floods; it is counted and not kept.
    """

    message: Message
    gateway: str
    payload_format: str | None = None
    batch_id: int | None = None
    batch: DecodedBatch | None = None
    refusal: Refusal | None = None
    status: Status | None = None
    rejected: bool = False

    @property
    def is_telemetry(self) -> bool:
        """It counts in the account."""
        return self.batch is not None or self.refusal is not None or self.rejected


def opened(message: Message, snapshot: Snapshot, payload_bytes_max: int, births: Births) -> Parcel:
    """Return the message decoded, or with the reason why it cannot be.

    Args:
        message: as received.
        snapshot: the registry.
        payload_bytes_max: a larger payload is set aside.
        births: what Sparkplug gateways have said; learns from the message when its gateway is registered.
    """
    name = gateway_of(message.topic)
    levels = message.topic.split("/")
    sparkplug = levels[0] == SPARKPLUG_PREFIX
    if sparkplug and len(levels) > 2 and levels[2] in _COMMANDS:  # noqa: PLR2004 # group, kind
        return Parcel(message, name[:_NAME_LENGTH_MAX])
    if not GATEWAY_PATTERN.fullmatch(name):
        shortened = name.encode("utf-8", "replace").decode().replace("\0", "")[:_NAME_LENGTH_MAX]
        detail = f"topic: found gateway {shown(name)}, expected {GATEWAY_PATTERN.pattern}"
        return Parcel(message, shortened or "?", refusal=Refusal(Reason.MALFORMED, detail))
    if message.throttled:
        return Parcel(message, name, rejected=True)
    if levels[-1] == Channel.STATUS and not sparkplug:
        return Parcel(message, name, status=_status(message.payload))
    return _telemetry(message, snapshot.gateways.get(name), name, payload_bytes_max, births)


def _telemetry(
    message: Message, entry: GatewayEntry | None, gateway: str, payload_bytes_max: int, births: Births
) -> Parcel:
    payload_format = format_of(message.topic, entry)
    if len(message.payload) > payload_bytes_max:
        detail = f"payload: found {len(message.payload)} bytes, expected at most {payload_bytes_max}"
        return Parcel(message, gateway, payload_format, refusal=Refusal(Reason.TOO_LARGE, detail))
    if payload_format is None:
        return _guessed(message, gateway)
    parcel = decoded(message, gateway, payload_format, births)
    return _learned(parcel, births) if entry is not None and not entry.retired else parcel


def format_of(topic: str, entry: GatewayEntry | None) -> str | None:
    """Return how a message is written: a Sparkplug topic says it itself, of the others the registry does."""
    if topic.startswith(f"{SPARKPLUG_PREFIX}/"):
        return formats.SPARKPLUG
    return None if entry is None else entry.payload_format


def decoded(message: Message, gateway: str, payload_format: str, book: Book | None = None) -> Parcel:
    """Return the message decoded by a format that is known; nothing is learned from it."""
    try:
        batch = formats.decode(payload_format, message.topic, message.payload, book)
    except UnsupportedFormatError as error:
        refusal = Refusal(Reason.UNSUPPORTED_FORMAT, str(error))
        return Parcel(message, gateway, payload_format, refusal=refusal)
    except FormatError as error:
        refusal = Refusal(Reason.MALFORMED, str(error))
        return Parcel(message, gateway, payload_format, error.batch_id, refusal=refusal)
    return Parcel(message, gateway, payload_format, batch.batch_id, batch)


def _learned(parcel: Parcel, births: Births) -> Parcel:
    """Let the book of births learn from a message; its birth and death are the status of a node."""
    if parcel.batch is None or parcel.batch.sparkplug is None:
        return parcel
    online = births.take_in(parcel.batch.sparkplug, parcel.message.received_us)
    return parcel if online is None else replace(parcel, status=Status(online, "{}"))


def _guessed(message: Message, gateway: str) -> Parcel:
    """Decode for somebody who registers it later: which sensors speak, with what last value.

    What fits no format is kept as it is, and read once the registry says how.
    """
    batch_id = None
    for payload_format in formats.GUESSED_FORMATS:
        try:
            batch = formats.decode(payload_format, message.topic, message.payload)
        except MalformedMessageError as error:
            batch_id = batch_id if error.batch_id is None else error.batch_id
        else:
            if len(batch):
                return Parcel(message, gateway, None, batch.batch_id, batch)
            batch_id = batch.batch_id
    detail = "gateway not registered, and its payload is in no format that could be guessed"
    return Parcel(message, gateway, None, batch_id, refusal=Refusal(Reason.UNKNOWN_GATEWAY, detail))


def _status(payload: bytes) -> Status | None:
    """Return a status message, None when it cannot be read: nothing of value is lost with it."""
    if len(payload) > _STATUS_BYTES_MAX:
        return None
    try:
        document = msgspec.json.decode(payload, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    online = document.get("online")
    if not isinstance(online, bool):
        return None
    plain = {key: value for key, value in document.items() if isinstance(value, str | int | float | bool)}
    text = msgspec.json.encode(plain).decode()
    # jsonb holds no NUL.
    return Status(online, text if "\\u0000" not in text else "{}")
