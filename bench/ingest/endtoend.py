"""From the first message published to the last row committed, and what is in the database then."""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import psycopg

from bench.ingest.blaster import connected
from bench.ingest.measurement import Latency, Measurement
from bench.ingest.processes import Usage
from bench.ingest.rig import BenchmarkError, fire, report_of
from bench.ingest.workload import gateway_code, gateway_topic, publish_packet, sensor_name

if TYPE_CHECKING:
    import socket

    from bench.ingest.rig import Rig
    from bench.ingest.workload import Workload

_CLIENT_ID: Final = "nhip-ingest"
_POLL_S: Final = 0.01
_STALL_S_MAX: Final = 60.0
# Probes lie a day before the load, where no reading of it lies.
_PROBE_OFFSET_S: Final = 86_400
_PROBE_S_MAX: Final = 30.0


def live(rig: Rig, workload: Workload, number: int, **settings: str) -> Measurement:
    """Publish while the ingester runs; timed from the first message published to the last row committed."""
    packets, counts = rig.write_packets(workload)
    rig.forget_sessions(_CLIENT_ID)
    with ExitStack() as stack:
        dsn = stack.enter_context(rig.database(workload))
        ingester = stack.enter_context(rig.ingester(dsn, **settings))
        blaster = stack.enter_context(rig.blaster(packets, counts))
        connection = stack.enter_context(psycopg.connect(dsn, autocommit=True))
        usage = Usage.begin(ingester=ingester.pid, broker=rig.broker.pid, database=rig.postgres.pid)
        fire(blaster)
        blast = report_of(blaster)
        # The look at the account costs CPU, so nobody looks before all is published.
        ended_s = _await_rows(connection, workload.rows)
        cpu_s = usage.spent_s() | {"publisher": blast.cpu_s}
        verify(connection, workload)
    return Measurement(
        "nhip", "live", workload.readings, number, workload.rows, ended_s - blast.began_s, cpu_s
    )


def backlog(rig: Rig, workload: Workload, number: int, **settings: str) -> Measurement:
    """Queue all for the ingester's session, then start it; timed from the first message received."""
    packets, counts = rig.write_packets(workload)
    rig.forget_sessions(_CLIENT_ID)
    with rig.database(workload) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        with rig.ingester(dsn, **settings):
            pass  # it leaves its session with the broker
        with rig.blaster(packets, counts) as blaster:
            fire(blaster)
            report_of(blaster)
        connection.execute("CHECKPOINT")
        broker_before = Usage.begin(broker=rig.broker.pid, database=rig.postgres.pid)
        with rig.ingester(dsn, **settings) as ingester:
            # Its own start is over when it is ready, a few messages later than the first reception.
            usage = Usage.begin(ingester=ingester.pid)
            ended_s = _await_rows(connection, workload.rows)
            cpu_s = usage.spent_s() | broker_before.spent_s()
        began_s = _single(connection, "SELECT extract(epoch FROM min(received_at))::float8 FROM reading")
        verify(connection, workload)
    return Measurement("nhip", "backlog", workload.readings, number, workload.rows, ended_s - began_s, cpu_s)


def latency(rig: Rig, workload: Workload, rows_s: float) -> Latency:
    """Publish at a steady rate and time probes beside it: published, then asked for by key until it is there.

    Args:
        rig: the servers.
        workload: of the load; as long as the probes shall last.
        rows_s: of the load.

    Raises:
        BenchmarkError: a probe did not arrive.
    """
    packets, counts = rig.write_packets(workload)
    rig.forget_sessions(_CLIENT_ID)
    with ExitStack() as stack:
        dsn = stack.enter_context(rig.database(workload))
        stack.enter_context(rig.ingester(dsn))
        rate = rows_s / workload.readings
        blaster = stack.enter_context(rig.blaster(packets, counts, rate=rate))
        connection = stack.enter_context(psycopg.connect(dsn, autocommit=True))
        sock = stack.enter_context(connected(rig.broker.port, "bench-probe"))
        over = threading.Event()

        def wait_for_end() -> None:
            report_of(blaster)
            over.set()

        waiter = threading.Thread(target=wait_for_end)
        fire(blaster)
        waiter.start()
        delays_ms = _probe(connection, sock, workload, over)
        waiter.join()
        _await_rows(connection, workload.rows + len(delays_ms))
    cuts = statistics.quantiles(delays_ms, n=100, method="inclusive")
    return Latency(workload.readings, rows_s, len(delays_ms), cuts[49], cuts[98], max(delays_ms))


def _probe(
    connection: psycopg.Connection[Any], sock: socket.socket, workload: Workload, over: threading.Event
) -> list[float]:
    sensor = _single(
        connection,
        "SELECT id FROM sensor WHERE code = %s",
        f"{gateway_code(0)}.{sensor_name(0)}",
    )
    moment_s = workload.first_s - _PROBE_OFFSET_S
    connection.execute(
        "SELECT ensure_reading_partitions(to_timestamp(%(s)s), to_timestamp(%(s)s))", {"s": moment_s}
    )
    sock.setblocking(True)  # noqa: FBT003 # its only form
    delays_ms: list[float] = []
    while not over.is_set():
        moment_s += 1
        payload = f'{{"id":{moment_s},"r":[{{"s":"{sensor_name(0)}","t":{moment_s}.000,"v":1.00}}]}}'.encode()
        began_s = time.perf_counter()
        sock.sendall(publish_packet(len(delays_ms) % 65_535 + 1, gateway_topic(0), payload))
        while not connection.execute(
            "SELECT FROM reading WHERE sensor_id = %s AND ts = to_timestamp(%s)",
            (sensor, moment_s),
            prepare=True,
        ).rowcount:
            if time.perf_counter() - began_s > _PROBE_S_MAX:
                message = "a probe did not arrive"
                raise BenchmarkError(message)
            time.sleep(0.001)
        delays_ms.append((time.perf_counter() - began_s) * 1e3)
        sock.recv(64)  # its PUBACK came long ago
        time.sleep(0.02)
    return delays_ms


def verify(connection: psycopg.Connection[Any], workload: Workload) -> None:
    """Make sure that exactly the rows of the workload are there, each once, and that the account says so.

    Raises:
        BenchmarkError: something is missing, twice, or not as it was sent.
    """
    rows, keys, total = _row(
        connection, "SELECT count(*), count(DISTINCT (sensor_id, ts)), sum(value)::float8 FROM reading"
    )
    expected = sum(float(values.sum()) for _, _, values in workload.blocks(100_000))
    if (rows, keys) != (workload.rows, workload.rows) or abs(total - expected) > 1e-6 * expected:
        message = f"stored {rows} rows with {keys} keys and sum {total}, sent {workload.rows}, {expected}"
        raise BenchmarkError(message)
    account = _row(
        connection,
        "SELECT sum(messages)::bigint, sum(received)::bigint, sum(stored)::bigint,"
        " sum(duplicate + conflict + quarantined + rejected)::bigint FROM accounting",
    )
    if account[1:3] != (workload.rows, workload.rows) or account[3] or account[0] != workload.messages:
        message = f"the account holds {account}, expected {workload.messages} messages, {workload.rows} rows"
        raise BenchmarkError(message)


def _await_rows(connection: psycopg.Connection[Any], rows: int) -> float:
    """Return when (seconds since 1970) the account first holds all rows."""
    last, changed_s = -1, time.monotonic()
    while True:
        stored = int(_single(connection, "SELECT coalesce(sum(received), 0)::bigint FROM accounting"))
        now_s = time.time()
        if stored >= rows:
            return now_s
        if stored != last:
            last, changed_s = stored, time.monotonic()
        elif time.monotonic() - changed_s > _STALL_S_MAX:
            message = f"{stored} of {rows} rows arrived, and no more came"
            raise BenchmarkError(message)
        time.sleep(_POLL_S)


def _row(connection: psycopg.Connection[Any], query: str, *parameters: object) -> tuple[Any, ...]:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None  # noqa: S101 # an aggregate has a row
    return tuple(row)


def _single(connection: psycopg.Connection[Any], query: str, *parameters: object) -> Any:  # noqa: ANN401 # a column of any type
    return _row(connection, query, *parameters)[0]
