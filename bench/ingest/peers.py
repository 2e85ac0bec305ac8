"""Peers under the same load: how fast, and what they have stored in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from bench.ingest.blaster import connected
from bench.ingest.measurement import Measurement
from bench.ingest.peer_programs import CLIENT_ID, PEERS, Peer
from bench.ingest.processes import Usage
from bench.ingest.rig import BenchmarkError, fire, report_of
from bench.ingest.workload import gateway_topic, publish_packet, sensor_name

if TYPE_CHECKING:
    from collections.abc import Generator

    from bench.ingest.rig import Rig
    from bench.ingest.workload import Workload

_READY_S_MAX: Final = 60.0
_QUIET_S: Final = 10.0
_POLL_S: Final = 0.1


def measure_peer(rig: Rig, peer: Peer, workload: Workload, number: int) -> Measurement:
    """Publish while a peer runs; the time is from the first message published to the last row seen committed.

    Args:
        rig: the servers.
        peer: who is measured.
        workload: what is sent.
        number: the repetition.

    Raises:
        MissingProgramError: it cannot be installed here.
        BenchmarkError: it stored nothing.
    """
    packets, counts = rig.write_packets(workload)
    rig.forget_sessions(CLIENT_ID)
    with ExitStack() as stack:
        dsn = stack.enter_context(rig.database(workload))
        connection = stack.enter_context(psycopg.connect(dsn, autocommit=True))
        if peer.tables:
            connection.execute(peer.tables.encode())
        process = stack.enter_context(_running(rig, peer, dsn))
        _await_ready(rig, peer, process, connection, workload)
        blaster = stack.enter_context(rig.blaster(packets, counts))
        usage = Usage.begin(peer=process.pid, broker=rig.broker.pid, database=rig.postgres.pid)
        fire(blaster)
        blast = report_of(blaster)
        ended_s = _await_rows(connection, peer, workload.messages if peer.whole_messages else workload.rows)
        cpu_s = usage.spent_s() | {"publisher": blast.cpu_s}
        stored, distinct = _stored(connection, peer)
    rig.forget_sessions(CLIENT_ID)
    if not stored:
        message = f"{peer.name} stored nothing"
        raise BenchmarkError(message)
    note = f"{peer.delivery}; {workload.rows - distinct:,} lost, {stored - distinct:,} twice"
    seconds = ended_s - blast.began_s
    return Measurement(peer.name, "live", workload.readings, number, stored, seconds, cpu_s, note)


@contextmanager
def _running(rig: Rig, peer: Peer, dsn: str) -> Generator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryDirectory(prefix="peer-", dir=rig.folder) as folder:
        program = peer.prepare(rig, dsn, Path(folder))
        with (rig.folder / "peer.log").open("ab") as log:
            process = subprocess.Popen(
                program.command, env=os.environ | program.environment, stdout=log, stderr=log, cwd=folder
            )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_ready(
    rig: Rig,
    peer: Peer,
    process: subprocess.Popen[bytes],
    connection: psycopg.Connection[Any],
    load: Workload,
) -> None:
    """Send probes until one is stored: there is no other sign that every peer gives; then empty the table."""
    deadline_s = time.monotonic() + _READY_S_MAX
    with closing(connected(rig.broker.port, "bench-probe")) as sock:
        sock.setblocking(True)  # noqa: FBT003 # its only form
        probe = 0
        while not _stored(connection, peer)[0]:
            if process.poll() is not None or time.monotonic() > deadline_s:
                tail = (rig.folder / "peer.log").read_text("utf-8", "replace")[-500:]
                message = f"{peer.name} took no message; it said: {tail}"
                raise BenchmarkError(message)
            probe += 1
            reading = f'{{"s":"{sensor_name(0)}","t":{load.first_s - probe}.000,"v":1.00}}'
            payload = f'{{"id":{10**9 + probe},"r":[{reading}]}}'.encode()
            sock.sendall(publish_packet(probe, gateway_topic(0), payload))
            sock.recv(4)
            time.sleep(0.5)
    time.sleep(2.0)  # the last probe may be on its way
    connection.execute(f"TRUNCATE {peer.table}".encode())


def _await_rows(connection: psycopg.Connection[Any], peer: Peer, rows: int) -> float:
    """Return when the last row was seen (seconds since 1970): all are there, or nothing has come for a while.

    Only the number is looked at, and the time is that before the look: it must not make the peer slower.
    """
    stored, changed_s = -1, time.time()
    while True:
        looked_s = time.time()
        row = connection.execute(f"SELECT count(*) FROM {peer.table}".encode()).fetchone()  # noqa: S608 # ours
        now = 0 if row is None else int(row[0])
        if now != stored:
            stored, changed_s = now, looked_s
        if stored >= rows or looked_s - changed_s > _QUIET_S:
            return changed_s
        time.sleep(_POLL_S)


def _stored(connection: psycopg.Connection[Any], peer: Peer) -> tuple[int, int]:
    row = connection.execute(peer.count.encode()).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def peer_runs(rig: Rig, workload: Workload, number: int) -> dict[str, partial[Measurement]]:
    """Return one run of each peer, by a name to show."""
    return {
        f"{peer.name}, {workload.readings}/message": partial(measure_peer, rig, peer, workload, number)
        for peer in PEERS
    }
