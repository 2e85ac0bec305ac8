"""The messages of a batch, opened: those in Nhịp's own form as columns all at once, the others one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.quarantine import Reason
from domain.topics import Channel
from ingest.births import Key, Record
from ingest.formats import native_arrays
from ingest.parcel import Parcel, Refusal, decoded, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ingest.births import Births
    from ingest.formats.native_arrays import NativeColumns
    from ingest.inbox import Message
    from ingest.registry import Snapshot

_NATIVE: Final = "native"
# Array operations have a fixed cost of about 0.5 ms; decoding one by one costs 22 us a message and 0.3 us a
# reading more than they do. So they pay from either bound on.
_ARRAYS_MESSAGES_MIN: Final = 24
_ARRAYS_BYTES_MIN: Final = 50_000
_NO_UNIT: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class StrictReadings:
    """Readings of native messages, decoded as columns of shape (n,); all of registered sensors.

    Attributes:
        message: position of the message in the batch, ascending.
        position: of the reading in its message.
        slot: sensor in the snapshot.
        unit_id: row of the unit table, -1 where the payload names no unit.
        ts_us: microseconds since 1970.
        value: as sent, finite.
        flag: QARTOD flag as sent, 0 where the payload has none.
        state: device state.
    """

    message: NDArray[np.int32]
    position: NDArray[np.int32]
    slot: NDArray[np.int32]
    unit_id: NDArray[np.int32]
    ts_us: NDArray[np.int64]
    value: NDArray[np.float64]
    flag: NDArray[np.int16]
    state: NDArray[np.int16]


@dataclass(eq=False)
class Opened:
    """The messages of a batch, m of them, decoded.

    Attributes:
        messages: as received.
        snapshot: the registry by which they were opened.
        gateways: distinct gateways.
        gateway_index: shape (m,), position in `gateways`.
        parcels: by position, those that were opened one by one.
        strict: readings of all the others.
        batch_ids: per message what to acknowledge to its gateway; None for nothing.
        middle_us: per message the time of its middle reading, None without readings.
        births: what Sparkplug gateways have said of their aliases.
        commands: (topic, payload) to publish once the messages are stored.
    """

    messages: Sequence[Message]
    snapshot: Snapshot
    gateways: tuple[str, ...]
    gateway_index: NDArray[np.int32]
    parcels: dict[int, Parcel]
    strict: StrictReadings | None
    batch_ids: list[int | None]
    middle_us: list[int | None]
    births: dict[Key, Record] = field(default_factory=dict[Key, Record])
    commands: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])

    @cached_property
    def received_us(self) -> NDArray[np.int64]:
        """Shape (m,): reception of each message, microseconds since 1970."""
        return np.array([message.received_us for message in self.messages], dtype=np.int64)

    @property
    def telemetry(self) -> NDArray[np.bool_]:
        """Shape (m,): the message counts in the account."""
        counts = np.ones(len(self.messages), dtype=np.bool_)
        for position, parcel in self.parcels.items():
            counts[position] = parcel.is_telemetry
        return counts

    def parcel(self, position: int) -> Parcel:
        """Return one message decoded by itself: what is set aside is kept in the words of its sender."""
        parcel = self.parcels.get(position)
        if parcel is None:
            gateway = self.gateways[self.gateway_index[position]]
            # Not kept in `parcels`, whose readings would then be counted beside those of `strict`.
            parcel = decoded(self.messages[position], gateway, _NATIVE)
        return parcel


def of_parcels(parcels: Sequence[Parcel], snapshot: Snapshot) -> Opened:
    """Return messages that were opened one by one."""
    numbers: dict[str, int] = {}
    index = [numbers.setdefault(parcel.gateway, len(numbers)) for parcel in parcels]
    result = Opened(
        messages=[parcel.message for parcel in parcels],
        snapshot=snapshot,
        gateways=tuple(numbers),
        gateway_index=np.array(index, dtype=np.int32),
        parcels=dict(enumerate(parcels)),
        strict=None,
        batch_ids=[None] * len(parcels),
        middle_us=[None] * len(parcels),
    )
    _describe_parcels(result)
    return result


def open_all(
    messages: Sequence[Message], snapshot: Snapshot, payload_bytes_max: int, births: Births
) -> Opened:
    """Decode the messages of a batch.

    Args:
        messages: in order of reception.
        snapshot: the registry.
        payload_bytes_max: a larger payload is set aside.
        births: what Sparkplug gateways have said of their aliases.
    """
    numbers: dict[str, int] = {}
    topics = [message.topic for message in messages]
    # The number of the gateway whose messages may be decoded as columns, -1 for all others.
    routes = {topic: _columnar_number(topic, snapshot, numbers) for topic in dict.fromkeys(topics)}
    index = [routes[topic] for topic in topics]
    parcels: dict[int, Parcel] = {}
    columnar: list[int] = []
    for position, message in enumerate(messages):
        if index[position] >= 0 and len(message.payload) <= payload_bytes_max and not message.throttled:
            columnar.append(position)
        else:
            parcels[position] = parcel = opened(message, snapshot, payload_bytes_max, births)
            index[position] = numbers.setdefault(parcel.gateway, len(numbers))
    result = Opened(
        messages=messages,
        snapshot=snapshot,
        gateways=tuple(numbers),
        gateway_index=np.array(index, dtype=np.int32),
        parcels=parcels,
        strict=None,
        batch_ids=[None] * len(messages),
        middle_us=[None] * len(messages),
        births=births.take_changes(),
        commands=births.take_commands(),
    )
    _decode_columnar(result, columnar)
    _describe_parcels(result)
    return result


def isolated(message: Message, error: Exception) -> Parcel:
    """Return a message that our own code failed on, to be set aside: one must not stop all."""
    levels = message.topic.split("/")
    gateway = levels[2][:64] if len(levels) > 2 and levels[2] else "?"  # noqa: PLR2004 # nhip/v1/{gateway}/…
    refusal = Refusal(Reason.MALFORMED, f"internal error: {type(error).__name__}")
    return Parcel(message, gateway, refusal=refusal)


def _columnar_number(topic: str, snapshot: Snapshot, numbers: dict[str, int]) -> int:
    """Return the number of a topic's gateway if it writes natively and is in use, else -1."""
    levels = topic.split("/")
    if len(levels) != 4 or levels[3] != Channel.DATA:  # noqa: PLR2004 # nhip/v1/{gateway}/data
        return -1
    entry = snapshot.gateways.get(levels[2])
    if entry is None or entry.payload_format != _NATIVE or entry.retired:
        return -1
    return numbers.setdefault(entry.code, len(numbers))


def _decode_columnar(result: Opened, columnar: list[int]) -> None:
    """Decode native messages at once where there are enough; leave to `parcels` what is not plain."""
    messages = result.messages
    payloads = [messages[position].payload for position in columnar]
    alone = columnar
    if len(payloads) >= _ARRAYS_MESSAGES_MIN or sum(map(len, payloads)) >= _ARRAYS_BYTES_MIN:
        columns = native_arrays.decode_many(payloads)
        alone = _take_strict(result, columns, np.array(columnar, dtype=np.int32))
    for position in alone:
        gateway = result.gateways[result.gateway_index[position]]
        result.parcels[position] = decoded(messages[position], gateway, _NATIVE)


def _take_strict(result: Opened, columns: NativeColumns, positions: NDArray[np.int32]) -> list[int]:
    """Take the readings of messages that are understood and whose sensors are known; return the others."""
    if not columns.understood.any():
        return [int(position) for position in positions]
    snapshot = result.snapshot
    batch_position = positions[columns.message]
    numbers = np.array(
        [-1 if (entry := snapshot.gateways.get(code)) is None else entry.number for code in result.gateways],
        dtype=np.int64,
    )
    gateway = numbers[result.gateway_index[batch_position]]
    slot = snapshot.names.find(gateway, columns.name_words)
    taken = columns.understood.copy()
    taken[columns.message[slot < 0]] = False
    starts = np.cumsum(columns.count) - columns.count
    place = np.arange(len(columns.message), dtype=np.int32) - starts[columns.message].astype(np.int32)
    units = np.array(
        [_NO_UNIT if unit is None else snapshot.units.unit_id(unit) for unit in columns.units],
        dtype=np.int32,
    )
    of_taken = np.flatnonzero(taken)
    middle = columns.ts_us[starts[of_taken] + columns.count[of_taken] // 2]
    ids = zip(
        positions[of_taken].tolist(),
        middle.tolist(),
        columns.has_batch_id[of_taken].tolist(),
        columns.batch_id[of_taken].tolist(),
        strict=True,
    )
    for position, middle_us, has_batch_id, batch_id in ids:
        result.middle_us[position] = middle_us
        if has_batch_id:
            result.batch_ids[position] = batch_id
    kept = slice(None) if taken.all() else taken[columns.message]
    result.strict = StrictReadings(
        message=batch_position[kept],
        position=place[kept],
        slot=slot[kept],
        unit_id=units[columns.unit_index[kept]],
        ts_us=columns.ts_us[kept],
        value=columns.value[kept],
        flag=columns.flag[kept],
        state=columns.state[kept],
    )
    return [int(position) for position in positions[~taken]]


def _describe_parcels(result: Opened) -> None:
    for position, parcel in result.parcels.items():
        result.batch_ids[position] = parcel.batch_id
        if parcel.batch is not None and len(parcel.batch):
            result.middle_us[position] = int(parcel.batch.ts_us[len(parcel.batch) // 2])
