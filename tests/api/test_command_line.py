"""The client commands against a service that really runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from typing import NamedTuple

import psycopg
import pytest

from domain.credentials import api_key_hash, api_key_prefix, new_api_key
from nhip.cli.main import main
from nhip.cli.sensor_file import SensorFileError, normal_form, read_sensor_file
from nhip.stack.ports import free_port
from processing.parameters import sync_parameters

HEADER = "gateway,sensor,quantity,unit,interval_s,site,area,latitude,longitude\n"


class Result(NamedTuple):
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


class Machine:
    """A service on a free port, and the command line that knows it, run in this process."""

    def __init__(self, port: int, key: str, process: subprocess.Popen[str], monkeypatch, capsys) -> None:
        self.port = port
        self.key = key
        self.process = process
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def nhip(self, *arguments: str, key: str | None = None, port: int | None = None) -> Result:
        with self._monkeypatch.context() as patch:
            patch.setenv("NHIP_API_URL", f"http://127.0.0.1:{port or self.port}")
            patch.setenv("NHIP_API_KEY", self.key if key is None else key)
            patch.setenv("COLUMNS", "200")
            patch.setattr(sys, "argv", ["nhip", *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
        printed = self._capsys.readouterr()
        return Result(ended.value.code or 0, printed.out, printed.err)

    def json(self, *arguments: str):
        result = self.nhip(*arguments, "--json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


@pytest.fixture
def machine(dsn, role_dsn, monkeypatch, capsys):
    key, port = new_api_key(), free_port("127.0.0.1")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO api_key (name, role, key_prefix, key_hash) VALUES ('admin', 'admin', %s, %s)",
            (api_key_prefix(key), api_key_hash(key)),
        )
    monkeypatch.setenv("NHIP_STORE_DSN", role_dsn("nhip_api"))
    environment = {**os.environ, "NHIP_API_PORT": str(port)}
    command = [sys.executable, "-m", "nhip.cli.main", "api"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + 30
            while not answers(port):
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield Machine(port, key, process, monkeypatch, capsys)
        finally:
            process.kill()


def test_commands_register_a_city_and_errors_are_one_line(machine, tmp_path):
    """One service for all commands, because it is the start that takes the time."""
    file = tmp_path / "sensors.csv"
    file.write_text(
        "\ufeffCổng;Cảm biến;Đại lượng;Đơn vị;Chu kỳ (s);Trạm;Khu vực;Vĩ độ;Kinh độ\n"
        "gw-1;pm25;pm25;µg/m³;60;tram-1;quan-1;10,77;106,70\n"
        "gw-1;no2;no3;ug/m3;60;tram-1;quan-1;;\n"
        "gw-1;co;co;mg/m3\n",
        encoding="utf-8",
    )
    dry = machine.nhip("import", str(file), "--create", "--dry-run")
    assert dry.returncode == 2
    assert "line 3, Đại lượng: found no3, expected one of pm25" in dry.stderr
    assert "line 4, row: found 4 cells, expected 9" in dry.stderr
    assert "Traceback" not in dry.stderr
    assert machine.json("sensor", "list")["items"] == []
    good = tmp_path / "good.csv"
    good.write_text(HEADER + "gw-1,pm25,pm25,ug/m3,60,tram-1,quan-1,10.77,106.70\n")
    imported = machine.json("import", str(good), "--create")
    assert imported["counts"] == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 0}
    assert imported["credentials"][0]["gateway"] == "gw-1"

    added = machine.json("gateway", "add", "gw-2", "--name", "Hai")
    assert added.keys() == {"gateway", "username", "password", "credential_active"}
    assert machine.json("gateway", "rotate", "gw-2")["password"] != added["password"]
    options = ("--gateway", "gw-2", "--quantity", "turbidity", "--interval", "60", "--site", "tram-1")
    assert machine.json("sensor", "add", "ntu", *options)["code"] == "gw-2.ntu"
    assert "[NTU]" in machine.nhip("sensor", "list").stdout
    assert machine.json("sensor", "show", "gw-2.ntu")["last_reading"] is None
    assert machine.json("sensor", "retire", "gw-2.ntu")["retired_at"]
    assert machine.json("gateway", "revoke", "gw-2")["retired_at"]
    assert [each["code"] for each in machine.json("gateway", "list")["items"]] == ["gw-1"]
    assert machine.json("gateway", "show", "gw-1")["has_credential"] is True

    made = machine.json("key", "create", "máy", "--role", "viewer", "--days", "1")
    assert machine.nhip("gateway", "add", "gw-3", key=made["key"]).returncode == 2
    assert len(machine.json("key", "list")["items"]) == 2
    assert machine.json("key", "revoke", str(made["id"]))["revoked_at"]

    for arguments, key, port, said in (
        (("gateway", "add", "GW 3"), None, None, "code: found GW 3"),
        (("gateway", "add", "gw-1"), None, None, "gw-1"),
        (("gateway", "show", "a/b"), None, None, "a/b"),
        (("gateway", "list"), "nhip_wrong", None, "NHIP_API_KEY"),
        (("gateway", "add", "gw-3"), "", None, "NHIP_API_KEY"),
        (("gateway", "list"), None, 1, "NHIP_API_URL"),
        (("import", str(tmp_path / "none.csv")), None, None, "none.csv"),
        (("api", "--port", str(machine.port)), None, None, "cannot listen"),
    ):
        refused = machine.nhip(*arguments, key=key, port=port)
        assert refused.returncode == 2, (arguments, refused.stderr)
        assert said in refused.stderr, (arguments, refused.stderr)
        assert len(refused.stderr.strip().splitlines()) == 1, refused.stderr

    started = time.monotonic()
    machine.process.send_signal(signal.SIGTERM)
    machine.process.wait(timeout=10)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Cổng/Gateway", "cong gateway"),
        ("CHU KỲ (s)", "chu ky s"),
        ("Đơn vị", "don vi"),
        (" Interval_s ", "interval s"),
    ],
)
def test_headers_are_compared_without_case_diacritics_and_punctuation(header, column):
    assert normal_form(header) == column


@pytest.mark.parametrize(
    ("content", "place", "expected"),
    [
        (b"", "file", "header"),
        (b"\xff\xfeg\x00", "byte 1", "UTF-8"),
        (HEADER.encode("utf-16-le"), "file", "UTF-8"),
        (b"gateway,sensor\n", "header", "quantity"),
        (b"gateway,gateway\n", "header, column 2", "once"),
        (b"gateway,colour\n", "header, column 2", "one of"),
        (HEADER.encode(), "file", "row"),
        (HEADER.encode() + b'"a"b,c\n', "line 2", "CSV"),
    ],
)
def test_file_that_cannot_be_read_says_where_and_what_was_expected(tmp_path, content, place, expected):
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    with pytest.raises(SensorFileError) as caught:
        read_sensor_file(file)
    assert caught.value.place == place
    assert expected in caught.value.expected


def test_rows_keep_their_line_in_the_file(tmp_path):
    file = tmp_path / "file.csv"
    file.write_text(HEADER + "\n" + 'a,"b\nc",d,e,1,f,g,,\n\nh,i,j,k,1,l,m,,\n')
    assert [row.line for row in read_sensor_file(file).rows] == [3, 6]


def test_indicators_of_ones_own_are_checked_added_and_retired(machine, tmp_path):
    """From a file to a version, and what is wrong with another file."""
    path = tmp_path / "own.toml"
    text = (
        'code = "hot_hours"\nunit = "h"\nservice = "air"\ndirection = "lower"\nsource = "Plan 7"\n'
        'quantity = "air_temperature"\nkernel = "exceedance_hours"\n'
        'title = { vi = "Giờ nóng", en = "Hot hours" }\nparameters = { threshold = 37 }\n'
    )
    path.write_text(text, encoding="utf-8")
    assert machine.json("indicator", "check", str(path))["parameters"] == {"above": True, "threshold": 37.0}
    added = machine.json("indicator", "add", str(path), "--reason", "plan 7 of the city")
    assert (added["version"], added["retired"]) == (1, False)
    assert "Hot hours" in machine.nhip("indicator", "list").stdout
    machine.json("indicator", "retire", "hot_hours", "--reason", "plan 7 has ended")
    assert [one["version"] for one in machine.json("indicator", "show", "hot_hours")["items"]] == [2, 1]
    path.write_text(text.replace("air_temperature", "warmth"), encoding="utf-8")
    refused = machine.nhip("indicator", "check", str(path))
    assert refused.returncode != 0
    assert "definition.quantity" in refused.stderr
    path.write_text("code =", encoding="utf-8")
    assert "TOML" in machine.nhip("indicator", "check", str(path)).stderr


def test_parameters_are_listed_and_set(machine, dsn):
    """With the unit and the limits that the indicator asks for."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        sync_parameters(connection)
    asked = machine.json("parameter", "list", "--indicator", "flood_hours_1")["items"]
    assert {one["name"]: one["unit"] for one in asked}["alarm_1_m"] == "m"
    assert "alarm_1_m" in machine.nhip("parameter", "list").stdout
    given = ("--from", "2026-02-01", "--source", "Decision 5/2026")
    made = machine.json("parameter", "set", "flood_hours_1", "alarm_1_m", "3.5", *given)
    assert (made["value"], made["site"]) == (3.5, None)
    ended = machine.json(
        "parameter", "set", "flood_hours_1", "alarm_1_m", "none", "--from", "2026-03-01", *given[2:]
    )
    assert ended["value"] is None
    values = machine.json("parameter", "list", "--values")["items"]
    assert sorted((one["valid_from"][:10], one["value"]) for one in values) == [
        ("2026-02-01", 3.5),
        ("2026-03-01", None),
    ]
    for wrong, said in (
        (("flood_hours_1", "alarm_1_m", "high"), "expected a number or none"),
        (("flood_hours_1", "alarm_9_m", "3"), "alarm_9_m"),
    ):
        refused = machine.nhip("parameter", "set", *wrong, *given)
        assert refused.returncode != 0
        assert said in refused.stderr


def test_programmes_and_signatures_are_seen_and_what_is_unknown_is_named(machine, dsn):
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO area (code, name, kind) VALUES ('hue', 'Huế', 'city')")
        connection.execute(
            "INSERT INTO programme (code, title, document, area_id, valid_from)"
            " VALUES ('de-an', 'Đề án', 'QĐ 1/2025', 1, '2025-01-01')"
        )
    assert [one["code"] for one in machine.json("programme", "list")["items"]] == ["de-an"]
    assert machine.json("programme", "assess", "de-an", "--year", "2026")["items"] == []
    assert "tt_03_2026" in machine.json("programme", "assess", "de-an")["rule_set"]["code"]
    assert "QĐ 1/2025" in machine.nhip("programme", "assess", "de-an", "--language", "en").stdout
    assert machine.json("sign-off", "list") == {"items": []}
    assert machine.json("sign-off", "proposals") == {"items": []}
    for wrong, said in (
        (("programme", "assess", "other"), "other"),
        (("programme", "assess", "de-an", "--language", "fr"), "expected vi or en"),
        (("sign-off", "accept", "7", "--reason", "late data"), "7"),
    ):
        refused = machine.nhip(*wrong)
        assert refused.returncode != 0
        assert said in refused.stderr
