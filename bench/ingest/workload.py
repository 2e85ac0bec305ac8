"""What is sent: the same readings for every receiver and for every limit."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.topics import Channel, topic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_PUBLISH_QOS1: Final = 0x32
_PACKET_IDS: Final = 65_535
_VARINT_MORE: Final = 0x80
# PostgreSQL's binary COPY: signature, flags, no header extension; every row ends up 72 bytes long.
_COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_COPY_TRAILER: Final = struct.pack("!h", -1)
_EPOCH_2000_US: Final = 946_684_800_000_000
COPY_COLUMNS: Final = "ts, received_at, value, sensor_id, flag, state"


@dataclass(frozen=True, slots=True)
class Workload:
    """Messages of one size, in which no (sensor, time) comes twice.

    A message holds readings of one gateway: of each of its sensors in turn, then of the next second. Messages
    go round the gateways, as a city of equal poles would send them.

    Attributes:
        readings: in a message.
        messages: how many.
        gateways: how many.
        sensors: of all gateways; a multiple of `gateways`.
        first_s: time of the first reading, whole seconds since 1970.
    """

    readings: int
    messages: int
    gateways: int
    sensors: int
    first_s: int

    @property
    def rows(self) -> int:
        """Readings of all messages."""
        return self.readings * self.messages

    @property
    def span_s(self) -> int:
        """Seconds from the first reading to the last one, rounded up."""
        return self.rows // self.sensors + self.readings + 2

    def gateway(self, message: int) -> int:
        """Return the number of the gateway that sends a message."""
        return message % self.gateways

    def columns(self, message: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return sensor numbers, times (ms since 1970) and values of a message, shape (readings,)."""
        each = self.sensors // self.gateways
        gateway = message % self.gateways
        serial = (message // self.gateways) * self.readings + np.arange(self.readings, dtype=np.int64)
        local = serial % each
        # The odd milliseconds keep the decimals of `t` from being zeros, which would compress too well.
        ts_ms = (self.first_s + serial // each) * 1_000 + (local * 37 + gateway * 7) % 1_000
        # One division of whole numbers: the very double that the two decimals of the payload are read as.
        value = (1_000 + (serial * 7 + local * 131 + gateway * 17) % 9_000) / 100.0
        return gateway * each + local, ts_ms, value

    def payload(self, message: int) -> bytes:
        """Return a message in the row form of the native format."""
        each = self.sensors // self.gateways
        numbers, ts_ms, values = self.columns(message)
        local = (numbers % each).tolist()
        rows = [
            f'{{"s":"{sensor_name(place)}","t":{ms // 1_000}.{ms % 1_000:03d},"v":{value:.2f}}}'
            for place, ms, value in zip(local, ts_ms.tolist(), values.tolist(), strict=True)
        ]
        return f'{{"id":{message},"r":[{",".join(rows)}]}}'.encode()

    def write_packets(self, path: Path, connections: int) -> list[int]:
        """Write MQTT 3.1.1 PUBLISH packets (QoS 1), those of each connection together.

        Every connection numbers its packets 1…65,535 and round again. The file holds, for each connection,
        the packets; `path` + `.ends` holds the end of each packet in it (uint64).

        Args:
            path: where to.
            connections: among which the gateways are dealt out.

        Returns:
            The number of messages of each connection.
        """
        counts: list[int] = []
        ends: list[int] = []
        place = 0
        with path.open("wb") as file:
            for connection in range(connections):
                counts.append(0)
                for message in range(self.messages):
                    if self.gateway(message) % connections != connection:
                        continue
                    packet_id = counts[-1] % _PACKET_IDS + 1
                    place += file.write(
                        publish_packet(packet_id, gateway_topic(self.gateway(message)), self.payload(message))
                    )
                    counts[-1] += 1
                    ends.append(place)
        np.array(ends, dtype=np.uint64).tofile(path.with_suffix(".ends"))
        return counts

    def blocks(
        self, rows_max: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
        """Yield all readings (sensor number, ms, value) in the order of sending, `rows_max` at a time."""
        step = max(rows_max // self.readings, 1)
        for first in range(0, self.messages, step):
            parts = [self.columns(message) for message in range(first, min(first + step, self.messages))]
            sensors, times, values = zip(*parts, strict=True)
            yield np.concatenate(sensors), np.concatenate(times), np.concatenate(values)


def gateway_code(number: int) -> str:
    """Return the name of a gateway."""
    return f"bench-{number:04d}"


def gateway_topic(number: int) -> str:
    """Return where a gateway publishes."""
    return topic(gateway_code(number), Channel.DATA)


def sensor_name(place: int) -> str:
    """Return what a gateway calls its sensor."""
    return f"pm25-{place:03d}"


def publish_packet(packet_id: int, name: str, payload: bytes) -> bytes:
    """Return an MQTT 3.1.1 PUBLISH with QoS 1 (OASIS MQTT 3.1.1, section 3.3)."""
    encoded = name.encode()
    body = struct.pack("!H", len(encoded)) + encoded + struct.pack("!H", packet_id) + payload
    return bytes((_PUBLISH_QOS1,)) + varint(len(body)) + body


def varint(value: int) -> bytes:
    """Return a variable byte integer (OASIS MQTT 3.1.1, section 2.2.3)."""
    digits = bytearray()
    while True:
        value, digit = divmod(value, _VARINT_MORE)
        digits.append(digit | (_VARINT_MORE if value else 0))
        if not value:
            return bytes(digits)


def copy_binary(sensor_id: NDArray[np.int64], ts_ms: NDArray[np.int64], values: NDArray[np.float64]) -> bytes:
    """Return a binary COPY stream of `COPY_COLUMNS`, the rows in the order given."""
    kinds = (">i8", ">i8", ">f8", ">i4", ">i2", ">i2")
    fields = [("count", ">i2")]
    for position, kind in enumerate(kinds):
        fields += [(f"l{position}", ">i4"), (f"v{position}", kind)]
    records = np.empty(len(sensor_id), dtype=np.dtype(fields))
    records["count"] = len(kinds)
    ts_us = ts_ms * 1_000 - _EPOCH_2000_US
    for position, (kind, column) in enumerate(
        zip(kinds, (ts_us, ts_us, values, sensor_id, 1, 0), strict=True)
    ):
        records[f"l{position}"] = int(kind[2:])
        records[f"v{position}"] = column
    return _COPY_HEADER + records.tobytes() + _COPY_TRAILER


def copy_text(sensor_id: NDArray[np.int64], ts_ms: NDArray[np.int64], values: NDArray[np.float64]) -> bytes:
    """Return a text COPY stream of `COPY_COLUMNS`, the rows in the order given."""
    moments = np.datetime_as_string(ts_ms.astype("datetime64[ms]"), unit="ms").tolist()
    lines = [
        f"{moment}+00\t{moment}+00\t{value:.2f}\t{sensor}\t1\t0\n"
        for moment, value, sensor in zip(moments, values.tolist(), sensor_id.tolist(), strict=True)
    ]
    return "".join(lines).encode()
