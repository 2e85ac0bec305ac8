"""The steps of the hot path by themselves, in this process, with nothing beside them: decode, judge, copy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import psycopg
from pydantic import SecretStr

from bench.ingest.measurement import Measurement
from bench.ingest.workload import gateway_topic
from ingest import registry
from ingest.batch import closed
from ingest.births import Births
from ingest.inbox import Message
from ingest.opening import open_all
from ingest.packets import Decoder
from ingest.settings import IngestSettings
from ingest.writer import Writer
from store import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.ingest.rig import Rig
    from bench.ingest.workload import Workload
    from ingest.batch import Batch
    from ingest.opening import Opened

_BATCH_BYTES: Final = 1_500_000
_CHUNK_BYTES: Final = 262_144


def steps(rig: Rig, workload: Workload, number: int) -> list[Measurement]:
    """Time each step over all messages of a workload, in batches as the ingester makes them."""
    settings = IngestSettings(mqtt_url=SecretStr("mqtt://127.0.0.1"))
    packets, _ = rig.write_packets(workload)
    stream = packets.read_bytes()
    results: list[Measurement] = []

    def timed(subject: str, work: Callable[[], object]) -> None:
        began_s, cpu_began_s = time.perf_counter(), time.process_time()
        work()
        seconds, cpu = time.perf_counter() - began_s, time.process_time() - cpu_began_s
        results.append(
            Measurement(subject, "step", workload.readings, number, workload.rows, seconds, {"here": cpu})
        )

    def unpack() -> None:
        # Packets of one connection after the other: to a decoder they are one stream.
        decoder = Decoder(1, version5=False, payload_bytes_max=settings.payload_bytes_max)
        for begin in range(0, len(stream), _CHUNK_BYTES):
            decoder.feed(stream[begin : begin + _CHUNK_BYTES], 0)

    with rig.database(workload) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            snapshot = registry.load(connection, 1)
        groups = _groups(workload, settings.batch_messages_max)
        births = Births()
        opened: list[Opened] = []
        batches: list[Batch] = []
        writer = Writer(StoreSettings(dsn=SecretStr(dsn)), settings)
        timed("step: MQTT packets to messages", unpack)
        timed(
            "step: decode",
            lambda: opened.extend(
                open_all(group, snapshot, settings.payload_bytes_max, births) for group in groups
            ),
        )
        timed("step: judge", lambda: batches.extend(closed(one, settings) for one in opened))
        timed("step: write and commit (one writer)", lambda: [writer.write(batch) for batch in batches])
        writer.close()
    return results


def _groups(workload: Workload, messages_max: int) -> list[Sequence[Message]]:
    groups: list[list[Message]] = [[]]
    size = 0
    now_us = time.time_ns() // 1_000
    for number in range(workload.messages):
        payload = workload.payload(number)
        if size >= _BATCH_BYTES or len(groups[-1]) >= messages_max:
            groups.append([])
            size = 0
        size += len(payload)
        topic = gateway_topic(workload.gateway(number))
        groups[-1].append(Message(1, number % 65_535 + 1, False, topic, payload, now_us))  # noqa: FBT003 # a tuple
    return list(groups)
