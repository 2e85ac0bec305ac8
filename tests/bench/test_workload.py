"""The benchmark's load: readable by the ingester, no key twice, and the same in every form."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench.ingest.workload import Workload, gateway_topic
from ingest.formats import decode
from ingest.packets import Decoder


@pytest.fixture(params=[1, 3, 100])
def workload(request: pytest.FixtureRequest) -> Workload:
    return Workload(readings=request.param, messages=60, gateways=10, sensors=50, first_s=1_764_000_000)


def test_messages_say_what_the_columns_say(workload):
    for number in range(workload.messages):
        _, ts_ms, values = workload.columns(number)
        batch = decode("native", gateway_topic(workload.gateway(number)), workload.payload(number))
        assert batch.batch_id == number
        assert np.array_equal(np.asarray(batch.ts_us), ts_ms * 1_000)
        assert np.array_equal(np.asarray(batch.value), values)


def test_no_sensor_and_time_comes_twice(workload):
    keys = {
        (sensor, ms)
        for sensors, ts_ms, _ in workload.blocks(40)
        for sensor, ms in zip(sensors.tolist(), ts_ms.tolist(), strict=True)
    }
    assert len(keys) == workload.rows


def test_times_stay_in_the_span(workload):
    times = np.concatenate([ts_ms for _, ts_ms, _ in workload.blocks(40)])
    assert times.min() >= workload.first_s * 1_000
    assert times.max() < (workload.first_s + workload.span_s) * 1_000


def test_packets_of_each_connection_carry_every_message_once(workload, tmp_path):
    path = tmp_path / "packets"
    counts = workload.write_packets(path, 3)
    ends = np.fromfile(path.with_suffix(".ends"), dtype=np.uint64).astype(np.int64)
    stream = path.read_bytes()
    found: list[int] = []
    begin = 0
    for connection, count in enumerate(counts):
        end = int(ends[sum(counts[: connection + 1]) - 1])
        messages, controls = Decoder(1, version5=False, payload_bytes_max=10**6).feed(stream[begin:end], 0)
        assert not controls
        assert [message.packet_id for message in messages] == list(range(1, count + 1))
        found += [json.loads(message.payload)["id"] for message in messages]
        begin = end
    assert sorted(found) == list(range(workload.messages))
    assert begin == len(stream)
