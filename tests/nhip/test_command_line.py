"""The command line says what was wrong, in one line, and loads no more than it needs."""

import os
import re
import subprocess
import sys

import pytest
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from nhip.cli.explanation import explained
from store import StoreUnavailableError


def nhip(*arguments, **environment):
    """One real run, with a clean environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NHIP_")}
    return subprocess.run(
        [sys.executable, "-m", "nhip.cli.main", *arguments],
        env={**kept, "NO_COLOR": "1", "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_help_names_the_commands_and_the_version_is_printed():
    answer = nhip("--help")
    assert answer.returncode == 0
    for command in ("demo", "up", "migrate", "broker"):
        assert re.search(rf"\b{command}\b", answer.stdout)
    assert re.fullmatch(r"nhip \d+\.\d+\.\d+\n", nhip("--version").stdout)


def test_an_unknown_command_is_answered_with_the_nearest_one():
    answer = nhip("migrte")
    assert answer.returncode == 2
    assert "No such command 'migrte'" in answer.stderr
    assert "migrate" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["migrate"], {}, "nhip: NHIP_STORE_DSN is not set (PostgreSQL connection string"),
        (["migrate"], {"NHIP_STORE_DSN": "nonsense"}, "nhip: NHIP_STORE_DSN: found a value (not shown"),
        (
            ["migrate"],
            {"NHIP_STORE_DSN": "host=127.0.0.1", "NHIP_STORE_POOL_SIZE_MAX": "many"},
            "nhip: NHIP_STORE_POOL_SIZE_MAX: found 'many': Input should be a valid integer",
        ),
        (["migrate", "--dsn", "host=127.0.0.1 port=1"], {}, "nhip: database not available: "),
        (
            ["migrate", "--dsn", "host=127.0.0.1 port=1", "--passwords-from", "/no/such"],
            {},
            "nhip: --passwords-from: found /no/such, expected a folder",
        ),
        (["up"], {}, "nhip: NHIP_STORE_DSN is not set"),
        (["up"], {"NHIP_STORE_DSN": "host=x"}, "nhip: NHIP_INGEST_MQTT_URL is not set"),
        (["demo", "--mqtt", "http://x"], {}, "nhip: --mqtt: found http://x, expected mqtt://"),
        (["demo", "--mqtt", "mqtt://x"], {}, "nhip: --mqtt: found a URL without user and password"),
        (["demo", "--data-dir", "/dev/null"], {}, "nhip: --data-dir: found /dev/null, a file, expected"),
        (["demo", "--api-port", "0", "--speed", "nan"], {}, "Invalid value for '--speed'"),
        (["demo", "--gateways", "0"], {}, "Invalid value for '--gateways'"),
    ],
)
def test_a_mistake_ends_with_status_2_and_names_what_was_wrong(arguments, environment, message):
    if arguments[0] == "demo" and "--mqtt" not in arguments and "--speed" not in arguments:
        arguments = [*arguments, "--api-port", "0", "--mqtt-port", "0"]
    answer = nhip(*arguments, **environment)
    assert answer.returncode == 2, answer.stderr
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_a_taken_port_is_named_before_anything_is_started(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        answer = nhip(
            "demo", "--api-port", str(port), "--mqtt-port", "0", "--data-dir", str(tmp_path / "data")
        )
    assert answer.returncode == 2
    assert f"nhip: port {port} is taken by PID {os.getpid()} (" in answer.stderr
    assert "--api-port" in answer.stderr
    assert not (tmp_path / "data").exists()


def test_no_secret_is_repeated_in_an_explanation():
    class Settings(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="NHIP_TEST_")
        url: SecretStr = Field(min_length=50)
        count: int = Field(ge=1)

    with pytest.raises(ValidationError) as caught:
        Settings(url=SecretStr("mqtt://user:hunter2@host"), count=0)
    lines = explained(caught.value)
    assert [line.partition(":")[0] for line in lines] == ["NHIP_TEST_URL", "NHIP_TEST_COUNT"]
    assert not any("hunter2" in line for line in lines)


def test_our_own_errors_speak_for_themselves_and_faults_of_the_program_are_not_hidden():
    assert explained(StoreUnavailableError("no route")) == ["database not available: no route"]
    assert explained(FileNotFoundError(2, "No such file", "x.csv")) == ["x.csv: No such file"]
    assert explained(ZeroDivisionError("oops")) is None


def test_the_command_line_starts_without_the_heavy_libraries():
    code = (
        "import sys\nfrom nhip.cli.main import build_app\nbuild_app()\n"
        "heavy = {'numba', 'numpy', 'psycopg', 'fastapi', 'pyarrow', 'sqlalchemy'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"loaded: {done.stderr}"
