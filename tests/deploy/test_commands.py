"""Each service's command of the compose file, run as a real process against a real database and broker.

What Docker would do is done by hand: environment and secrets as the resolved file says, the image's entry
point, the service's own health check, and SIGTERM at the end. Only host names, ports and folders are ours.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nhip.stack.ports import free_port

ROOT = Path(__file__).parents[2]
ENTRYPOINT = ROOT / "deploy/entrypoint.sh"
# The same for everybody: roles belong to the server, and other tests log in with it.
ROLE_PASSWORD = "nhip-test"
READY_S_MAX = 120
END_S_MAX = 15


@pytest.fixture
def machine(compose, empty_dsn, broker, tmp_path):
    """What the containers would find: secrets, a database, a broker. Gives a starter of services."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name, entry in compose["secrets"].items():
        text = Path(entry["file"]).read_text()
        (secrets / name).write_text(ROLE_PASSWORD if name.startswith("nhip_") else text)
    database = conninfo_to_dict(empty_dsn)
    # The superuser stands for the owner here; tests/deploy/test_owner.py is about the owner.
    (secrets / "nhip_owner").write_text(str(database["password"]))
    (secrets / "mqtt_ingest_url").write_text(broker.url)
    names = {
        "db:5432": f"{database['host']}:{database['port']}",
        "/nhip": f"/{database['dbname']}",
        "nhip_owner@": f"{database['user']}@",
        "mosquitto:1883": f"{broker.host}:{broker.port}",
    }
    return Machine(compose, secrets, names, tmp_path)


class Machine:
    """Runs services of the compose file as processes."""

    def __init__(self, compose, secrets, names, folder):
        self.services = compose["services"]
        self.secrets = secrets
        self.names = names
        self.folder = folder
        self.ports = {"8000": str(free_port()), "9101": str(free_port()), "9102": str(free_port())}

    def here(self, value):
        """Return a value of the compose file with this machine's names in place of the containers'."""
        text = (
            str(value)
            .replace("/run/secrets", str(self.secrets))
            .replace("/var/lib/nhip", str(self.folder / "data"))
        )
        if text.startswith("postgresql://"):
            for name, ours in self.names.items():
                text = text.replace(name, ours) if name != "/nhip" else re.sub(r"/nhip$", ours, text)
        text = text.replace("mosquitto:1883", self.names["mosquitto:1883"]).replace(
            "api:8000", "127.0.0.1:8000"
        )
        for port, ours in self.ports.items():
            text = re.sub(rf"(?<=:){port}\b|^{port}$", ours, text)
        return text

    def start(self, name, *arguments):
        """Start a service as its container would."""
        service = self.services[name]
        (self.folder / "data").mkdir(exist_ok=True)
        (self.folder / "data-broker").mkdir(exist_ok=True)
        environment = {key: self.here(value) for key, value in service.get("environment", {}).items()}
        environment |= {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(self.folder)}
        environment["NUMBA_CACHE_DIR"] = os.environ.get("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache/numba"))
        command = [self.here(word) for word in service["command"]]
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [ENTRYPOINT, *command, *arguments], env=environment, cwd=self.folder, stdout=log, stderr=log
            )

    def log(self, name):
        """Return what a service has written."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-3000:]

    def run(self, name, *arguments):
        """Run a service that ends by itself; return its status."""
        return self.start(name, *arguments).wait(timeout=READY_S_MAX)

    def wait_healthy(self, name, process):
        """Wait until the service's own health check says so."""
        check = [self.here(word) for word in self.services[name]["healthcheck"]["test"][1:]]
        check[0] = {"python": sys.executable}.get(check[0], check[0])
        deadline = time.monotonic() + READY_S_MAX
        while subprocess.run(check, check=False, capture_output=True).returncode != 0:
            assert process.poll() is None, f"{name} ended:\n{self.log(name)}"
            assert time.monotonic() < deadline, f"{name} does not become healthy:\n{self.log(name)}"
            time.sleep(0.1)

    def end(self, name, process):
        """End a service as Docker does, and see that it ends in order and in time."""
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(timeout=END_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail(f"{name} did not end within {END_S_MAX} s of SIGTERM:\n{self.log(name)}")
        assert status in {0, 128 + signal.SIGTERM, -signal.SIGTERM}, (
            f"{name} ended with {status}:\n{self.log(name)}"
        )


def test_every_service_starts_becomes_healthy_and_ends(machine, empty_dsn):
    """migrate, then the services together; the administrator's key opens the API."""
    assert machine.run("migrate") == 0, machine.log("migrate")
    # At every start of the composition.
    assert machine.run("migrate") == 0, machine.log("migrate")
    with psycopg.connect(make_conninfo(empty_dsn)) as connection:
        assert connection.execute("SELECT role FROM api_key").fetchall() == [("admin",)]
    names = ("broker-accounts", "ingest", "processing", "api")
    running = {name: machine.start(name) for name in names}
    try:
        for name, process in running.items():
            machine.wait_healthy(name, process)
        api = f"http://127.0.0.1:{machine.ports['8000']}/api/v1"
        key = (machine.secrets / "admin_key").read_text()
        assert create_gateway(api, "wrong") == 401
        assert create_gateway(api, key) == 201
        passwords = machine.folder / "data-broker/passwords"
        wait(lambda: "\ngw-deployed:$7$" in passwords.read_text(), 15)
        assert passwords.stat().st_mode & 0o077 == 0
        # Nothing secret was logged.
        for name in names:
            for secret in machine.secrets.iterdir():
                if secret.name not in {"nhip_ingest", "nhip_processing", "nhip_api", "nhip_grafana"}:
                    assert secret.read_text() not in machine.log(name), f"{name} logs {secret.name}"
    finally:
        for name, process in running.items():
            if process.poll() is None:
                machine.end(name, process)


def test_a_service_without_its_database_says_so_and_names_no_password(machine):
    """The database is not there yet: the migration ends with one clear line, not with a traceback."""
    machine.names["db:5432"] = f"127.0.0.1:{free_port()}"
    assert machine.run("migrate") != 0
    assert "database" in machine.log("migrate").lower()
    assert "Traceback" not in machine.log("migrate")
    assert (machine.secrets / "nhip_owner").read_text() not in machine.log("migrate").replace("nhip-test", "")


def test_the_simulated_citys_command_is_valid(machine):
    """Its options exist; without an API it waits or ends with a clear line."""
    process = machine.start("simulate", "--help")
    assert process.wait(timeout=READY_S_MAX) == 0, machine.log("simulate")


def wait(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def create_gateway(api, key):
    """Register a gateway over HTTP; return the status."""
    assert urlsplit(api).scheme == "http"
    request = urllib.request.Request(  # noqa: S310 # http, see above
        f"{api}/gateways",
        data=json.dumps({"code": "gw-deployed", "name": "Deployed"}).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 # as above
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
