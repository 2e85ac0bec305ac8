"""Programs that others use for the same job, each installed below the user's cache folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from psycopg.conninfo import conninfo_to_dict

from bench.ingest.client_programs import MissingProgramError
from domain.topics import Channel, topic
from nhip.stack.broker_access import SERVICE_USER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.ingest.rig import Rig

CLIENT_ID: Final = "bench-peer"
_INSTALL_S_MAX: Final = 600.0
_DATA: Final = topic("+", Channel.DATA)
# The broker keeps at most 4,000 messages under way; a larger batch would always wait for a timer.
_BATCH: Final = 2_000
_UNDER_WAY_MAX: Final = 4_000


@dataclass(frozen=True, slots=True)
class Program:
    """How a peer is started."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer.

    Attributes:
        name: with which it is shown.
        delivery: when it acknowledges and what it stores, in a few words.
        tables: SQL that makes its table, where it does not do so itself.
        count: SQL that returns readings stored and distinct readings stored.
        table: what it writes.
        whole_messages: a row of its table is a message.
        prepare: installs it, writes its configuration and returns how it is started; given rig, DSN, folder.
    """

    name: str
    delivery: str
    tables: str
    count: str
    table: str
    prepare: Callable[[Rig, str, Path], Program]
    whole_messages: bool = False


def _cache(name: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "nhip" / "bench-peers" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _install(command: list[str], folder: Path, **environment: str) -> None:
    """Run an installer.

    Raises:
        MissingProgramError: it is not here, takes too long, or its registry is not reachable.
    """
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=_INSTALL_S_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{command[0]}: {error}"
        raise MissingProgramError(message) from error
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"status {done.returncode}"]
        message = f"{command[0]}: {lines[-1]}"
        raise MissingProgramError(message)


def _url(dsn: str) -> str:
    parts = conninfo_to_dict(dsn)
    return f"postgres://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{parts['dbname']}"


_BRIDGE: Final = """import json, sys
from mq_bridge import Route
Route.from_config(json.loads(sys.argv[1])).run()
"""


def _bridge(rig: Rig, dsn: str, _folder: Path) -> Program:
    folder = _cache("mq-bridge")
    python = folder / "venv" / "bin" / "python"
    if not (folder / "installed").exists():
        _install([sys.executable, "-m", "venv", "--without-pip", "venv"], folder)
        pip = [shutil.which("python3.11") or "python3", "-m", "pip", "--python", str(python), "install", "-q"]
        _install([*pip, "mq-bridge==1.2.0"], folder)
        (folder / "installed").touch()
    mqtt = {
        "url": f"tcp://127.0.0.1:{rig.broker.port}",
        "topic": _DATA,
        "username": SERVICE_USER,
        "password": rig.broker.password,
        "client_id": CLIENT_ID,
        "max_inflight": _UNDER_WAY_MAX,
        "queue_capacity": _UNDER_WAY_MAX,
        "session_expiry_interval": 3_600,
    }
    # Without delayed_ack it acknowledges after it has written (the text of its own schema).
    store = {"url": _url(dsn), "table": "peer"}
    route = {"input": {"mqtt": mqtt}, "output": {"sqlx": store}, "batch_size": 1_000}
    return Program((str(python), "-c", _BRIDGE, json.dumps(route)))


# Batched, as one would for speed: a statement for each message writes about 1,000 messages a second.
_FLOW_FUNCTION: Final = """let batch = context.get('batch');
if (!batch) { batch = { code: [], t: [], v: [], timer: null }; context.set('batch', batch); }
const gateway = msg.topic.split('/')[2];
for (const r of msg.payload.r) {
  batch.code.push(gateway + '.' + r.s); batch.t.push(r.t); batch.v.push(r.v);
}
const flush = () => {
  if (batch.timer) { clearTimeout(batch.timer); batch.timer = null; }
  const values = [batch.code, batch.t, batch.v];
  batch.code = []; batch.t = []; batch.v = [];
  global.get('pool').query({ name: 'store', values, text:
    `INSERT INTO reading (ts, received_at, value, sensor_id, flag, state)
     SELECT to_timestamp(t), now(), v, s.id, 1, 0
     FROM unnest($1::text[], $2::float8[], $3::float8[]) AS x(code, t, v)
     JOIN sensor s USING (code) ON CONFLICT DO NOTHING`
  }).catch(error => node.error(error, msg));
};
if (batch.code.length >= 5000) flush();
else if (!batch.timer) batch.timer = setTimeout(flush, 50);
return null;"""


def _node_red(rig: Rig, dsn: str, work: Path) -> Program:
    folder = _cache("node-red")
    node = shutil.which("node")
    if node is None:
        message = "node is not on PATH"
        raise MissingProgramError(message)
    if not (folder / "installed").exists():
        (folder / "package.json").write_text("{}", "utf-8")
        _install(["npm", "install", "--no-audit", "--no-fund", "node-red@4", "pg@8"], folder)
        (folder / "installed").touch()
    pool = {"connectionString": _url(dsn), "max": 4}
    modules = json.dumps(str(folder / "node_modules" / "pg"))
    (work / "settings.js").write_text(
        f"const {{ Pool }} = require({modules});\n"
        f"module.exports = {{ flowFile: 'flows.json', httpAdminRoot: false, httpNodeRoot: false,"
        f" uiPort: 0, uiHost: '127.0.0.1', logging: {{ console: {{ level: 'warn' }} }},"
        f" telemetry: {{ enabled: false }}, credentialSecret: false,"
        f" functionGlobalContext: {{ pool: new Pool({json.dumps(pool)}) }} }};\n",
        "utf-8",
    )
    broker = {
        "id": "b",
        "type": "mqtt-broker",
        "broker": "127.0.0.1",
        "port": str(rig.broker.port),
        "clientid": CLIENT_ID,
        "protocolVersion": "4",
        "cleansession": False,
        "keepalive": "60",
        "autoConnect": True,
        "usetls": False,
    }
    source = {
        "id": "i",
        "type": "mqtt in",
        "z": "f",
        "topic": _DATA,
        "qos": "1",
        "datatype": "json",
        "broker": "b",
        "wires": [["w"]],
    }
    sink = {"id": "w", "type": "function", "z": "f", "func": _FLOW_FUNCTION, "outputs": 0, "wires": []}
    flows = [{"id": "f", "type": "tab", "label": "bench"}, broker, source, sink]
    (work / "flows.json").write_text(json.dumps(flows), "utf-8")
    account = {"user": SERVICE_USER, "password": rig.broker.password}
    (work / "flows_cred.json").write_text(json.dumps({"b": account}), "utf-8")
    return Program((node, str(folder / "node_modules" / "node-red" / "red.js"), "--userDir", str(work)))


def _telegraf(rig: Rig, dsn: str, work: Path) -> Program:
    folder = _cache("telegraf")
    program = folder / "bin" / "telegraf"
    if not program.exists():
        tags = "custom,inputs.mqtt_consumer,outputs.postgresql,parsers.json_v2"
        _install(
            ["go", "install", "-tags", tags, "github.com/influxdata/telegraf/cmd/telegraf@latest"],
            folder,
            GOBIN=str(folder / "bin"),
            CGO_ENABLED="0",
        )
    configuration = work / "telegraf.conf"
    configuration.write_text(
        f"""[agent]
  flush_interval = "1s"
  metric_batch_size = {_BATCH}
  metric_buffer_limit = 1000000
  omit_hostname = true
[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:{rig.broker.port}"]
  topics = ["{_DATA}"]
  qos = 1
  persistent_session = true
  client_id = "{CLIENT_ID}"
  username = "{SERVICE_USER}"
  password = "{rig.broker.password}"
  max_undelivered_messages = {_UNDER_WAY_MAX}
  data_format = "json_v2"
  [[inputs.mqtt_consumer.json_v2]]
    measurement_name = "peer"
    [[inputs.mqtt_consumer.json_v2.object]]
      path = "r"
      timestamp_key = "t"
      timestamp_format = "unix"
      tags = ["s"]
[[outputs.postgresql]]
  connection = "{_url(dsn)}"
""",
        "utf-8",
    )
    return Program((str(program), "--config", str(configuration), "--quiet"))


PEERS: Final = (
    Peer(
        name="mq-bridge 1.2",
        delivery="acknowledges after writing; stores the whole message as bytea, no key",
        tables="CREATE TABLE peer (payload bytea NOT NULL)",
        count=(
            "SELECT coalesce(sum(jsonb_array_length(payload->'r')), 0)::bigint,"
            " coalesce(sum(jsonb_array_length(payload->'r')) FILTER (WHERE n = 1), 0)::bigint"
            " FROM (SELECT payload, row_number() OVER (PARTITION BY payload->'id') AS n"
            " FROM (SELECT convert_from(payload, 'UTF8')::jsonb AS payload FROM peer) m) p"
        ),
        table="peer",
        prepare=_bridge,
        whole_messages=True,
    ),
    Peer(
        name="Node-RED 4",
        delivery="acknowledges on reception; batched INSERT … ON CONFLICT into `reading`",
        tables="",
        count="SELECT count(*), count(DISTINCT (sensor_id, ts)) FROM reading",
        table="reading",
        prepare=_node_red,
    ),
    Peer(
        name="Telegraf",
        delivery="acknowledges after writing; COPY into a table of its own, no key",
        # The one that it makes itself, made before so that it can be counted.
        tables='CREATE TABLE peer ("time" timestamp, topic text, s text, v double precision)',
        count='SELECT count(*), count(DISTINCT (topic, s, "time")) FROM peer',
        table="peer",
        prepare=_telegraf,
    ),
)
