"""What nobody on this machine can pass: a C subscriber that does nothing, and psql copying a file."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench.ingest.measurement import Measurement
from bench.ingest.processes import Usage
from bench.ingest.rig import BenchmarkError, fire, report_of
from bench.ingest.workload import COPY_COLUMNS, copy_binary, copy_text
from domain.topics import Channel, topic
from nhip.stack.broker_access import SERVICE_USER

if TYPE_CHECKING:
    from pathlib import Path

    from bench.ingest.client_programs import ClientProgram
    from bench.ingest.rig import Rig
    from bench.ingest.workload import Workload

_CLIENT_ID: Final = "bench-subscriber"
_END_S_MAX: Final = 300.0
_TRANSACTION_ROWS: Final = 20_000


class CSubscriber:
    """`mosquitto_sub`, built on libmosquitto, with its output to /dev/null."""

    def __init__(self, rig: Rig, program: ClientProgram) -> None:
        self._rig = rig
        self._program = program

    def live(self, workload: Workload, number: int, qos: int) -> Measurement:
        """Publish while it receives; the time is from the first message published to its end."""
        packets, counts = self._rig.write_packets(workload)
        self._rig.forget_sessions(_CLIENT_ID)
        self._subscribe(qos)
        with self._rig.blaster(packets, counts) as blaster, self._started(qos, workload.messages) as process:
            usage = Usage.begin(broker=self._rig.broker.pid)
            children = _children_s()
            fire(blaster)
            blast = report_of(blaster)
            ended_s = self._end_of(process)
            cpu_s = usage.spent_s() | {"publisher": blast.cpu_s, "subscriber": _children_s() - children}
        seconds = ended_s - blast.began_s
        return Measurement(
            f"mosquitto_sub QoS {qos}", "live", workload.readings, number, workload.rows, seconds, cpu_s
        )

    def backlog(self, workload: Workload, number: int) -> Measurement:
        """Queue everything for its session with QoS 1, then start it; its start is part of the time."""
        packets, counts = self._rig.write_packets(workload)
        self._rig.forget_sessions(_CLIENT_ID)
        self._subscribe(1)
        with self._rig.blaster(packets, counts) as blaster:
            fire(blaster)
            report_of(blaster)
        usage = Usage.begin(broker=self._rig.broker.pid)
        children = _children_s()
        began_s = time.time()
        with self._started(1, workload.messages) as process:
            seconds = self._end_of(process) - began_s
        cpu_s = usage.spent_s() | {"subscriber": _children_s() - children}
        return Measurement(
            "mosquitto_sub QoS 1", "backlog", workload.readings, number, workload.rows, seconds, cpu_s
        )

    def _command(self, qos: int, *more: str) -> list[str]:
        rig = self._rig
        command = [self._program.path, "-h", "127.0.0.1", "-p", str(rig.broker.port), "-V", "311"]
        command += ["-u", SERVICE_USER, "-P", rig.broker.password, "-i", _CLIENT_ID, "-c"]
        return [*command, "-q", str(qos), "-t", topic("+", Channel.DATA), *more]

    def _subscribe(self, qos: int) -> None:
        """Leave a persistent session that queues what comes."""
        subprocess.run(
            self._command(qos, "-E"), env=os.environ | self._program.environment, check=True, timeout=30
        )

    def _started(self, qos: int, messages: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command(qos, "-C", str(messages)),
            env=os.environ | self._program.environment,
            stdout=subprocess.DEVNULL,
        )
        if qos == 0:
            # Without queueing it must be there before the first message is.
            time.sleep(0.5)
        return process

    def _end_of(self, process: subprocess.Popen[bytes]) -> float:
        try:
            code = process.wait(_END_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        ended_s = time.time()
        self._rig.forget_sessions(_CLIENT_ID)
        if code != 0:
            message = f"mosquitto_sub ended with {code}"
            raise BenchmarkError(message)
        return ended_s


class PsqlCopy:
    r"""`psql \copy` of the rows of a workload, as sent, into the table that the ingester fills."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def measure(self, workload: Workload, number: int, *, binary: bool, whole: bool) -> Measurement:
        """Copy a file.

        Args:
            workload: its rows.
            number: the repetition.
            binary: PostgreSQL's binary form, otherwise text.
            whole: all in one transaction, otherwise one for every 20,000 rows.
        """
        files = self._files(workload, binary=binary, whole=whole)
        script = self._rig.folder / "copy.psql"
        form = "binary" if binary else "text"
        script.write_text(
            "".join(
                f"\\copy reading ({COPY_COLUMNS}) from '{path}' with (format {form})\n" for path in files
            ),
            "utf-8",
        )
        with self._rig.database(workload) as dsn:
            parts = conninfo_to_dict(dsn)
            command = [self._rig.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(script)]
            command += ["-h", str(parts["host"]), "-p", str(parts["port"]), "-U", str(parts["user"])]
            environment = os.environ | {"PGPASSWORD": str(parts["password"])}
            usage = Usage.begin(database=self._rig.postgres.pid)
            children = _children_s()
            began_s = time.monotonic()
            subprocess.run([*command, str(parts["dbname"])], env=environment, check=True)
            seconds = time.monotonic() - began_s
            cpu_s = usage.spent_s() | {"psql": _children_s() - children}
            self._check(dsn, workload)
        subject = f"psql \\copy {form}, {'one transaction' if whole else 'per 20,000 rows'}"
        return Measurement(subject, "file", 0, number, workload.rows, seconds, cpu_s)

    def _files(self, workload: Workload, *, binary: bool, whole: bool) -> list[Path]:
        rows_max = workload.rows if whole else _TRANSACTION_ROWS
        encode = copy_binary if binary else copy_text
        with psycopg.connect(self._rig.template_dsn) as connection:
            ids = self._rig.sensor_ids(connection)
        paths: list[Path] = []
        for place, (sensors, ts_ms, values) in enumerate(workload.blocks(rows_max)):
            paths.append(self._rig.folder / f"copy-{place}")
            paths[-1].write_bytes(encode(ids[sensors], ts_ms, values))
        return paths

    @staticmethod
    def _check(dsn: str, workload: Workload) -> None:
        with psycopg.connect(dsn) as connection:
            row = connection.execute("SELECT count(*) FROM reading").fetchone()
        if row is None or row[0] != workload.rows:
            message = f"psql stored {row} of {workload.rows} rows"
            raise BenchmarkError(message)


def _children_s() -> float:
    """Return CPU seconds of all our children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
