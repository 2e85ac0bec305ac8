"""docker-compose.yml, resolved by a real compose binary without a daemon."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"migrate", "broker-accounts", "ingest", "processing", "api", "simulate"}
ONE_SHOT = {"migrate"}
SERVICES = {*OURS, "db", "mosquitto", "grafana"}


@pytest.fixture(params=sorted(SERVICES))
def service(request, compose):
    """Each service in turn, with its name."""
    return request.param, compose["services"][request.param]


def ports(services):
    """Return (service, address, published port) of everything that leaves its container."""
    return {
        (name, port.get("host_ip"), port["published"])
        for name, body in services.items()
        for port in body.get("ports", [])
    }


def test_all_services_are_there(compose):
    """Nine services; only the simulated city waits for its profile."""
    assert set(compose["services"]) == SERVICES
    assert {name for name, body in compose["services"].items() if body.get("profiles")} == {"simulate"}
    assert compose["services"]["simulate"]["profiles"] == ["demo"]


def test_only_api_mqtt_and_grafana_are_published_and_on_loopback(compose):
    """The database and the services' own ports stay inside; what is published is plain, so loopback only."""
    assert ports(compose["services"]) == {
        ("api", "127.0.0.1", "8000"),
        ("mosquitto", "127.0.0.1", "1883"),
        ("grafana", "127.0.0.1", "3000"),
    }


def test_with_tls_only_encrypted_ports_are_published(resolved):
    """The override closes the plain ports; 80 only leads to 443."""
    configuration = resolved(
        "docker-compose.yml",
        "docker-compose.tls.yml",
        NHIP_DOMAIN="nhip.example.vn",
        NHIP_GRAFANA_DOMAIN="grafana.example.vn",
    )
    assert ports(configuration["services"]) == {
        ("mosquitto", "0.0.0.0", "8883"),  # noqa: S104 # a published port
        ("proxy", "0.0.0.0", "80"),  # noqa: S104
        ("proxy", "0.0.0.0", "443"),  # noqa: S104
    }
    assert configuration["services"]["api"]["environment"]["NHIP_API_COOKIE_SECURE"] == "true"


def test_images_are_pinned(resolved):
    """Every image names its version; none is "latest"."""
    configuration = resolved(
        "docker-compose.yml", "docker-compose.tls.yml", NHIP_DOMAIN="a.vn", NHIP_GRAFANA_DOMAIN="b.vn"
    )
    images = [body["image"] for body in configuration["services"].values()]
    images += re.findall(
        r"^ARG PYTHON_IMAGE=(.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )
    images += [configuration["services"]["api"]["build"]["args"]["PYTHON_IMAGE"]]
    for image in images:
        assert re.search(r":v?\d+\.\d+\.\d+", image), image


def test_the_image_has_the_version_of_the_package(compose):
    """A release changes both."""
    version = re.search(
        r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert compose["services"]["api"]["image"] == f"nhip:{version[1]}"


def test_a_service_is_hardened(service):
    """Read-only, without privileges, bounded in memory, processor, processes and log size."""
    _, body = service
    assert body["read_only"] is True
    assert body["cap_drop"] == ["ALL"]
    assert "cap_add" not in body
    assert "no-new-privileges:true" in body["security_opt"]
    assert {"cpus", "memory", "pids"} <= body["deploy"]["resources"]["limits"].keys()
    assert {"max-size", "max-file"} <= body["logging"]["options"].keys()
    assert not body.get("privileged")
    assert body.get("network_mode") is None


def test_a_service_does_not_run_as_root(service):
    """By its own `user`, or by that of our image."""
    name, body = service
    user = body.get("user")
    if name in OURS and user is None:
        [user] = re.findall(r"^USER (.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert re.fullmatch(r"[1-9]\d*:\d+", user)


def test_a_service_restarts_and_says_how_it_is(service):
    """What runs for ever comes back after a crash and has a health check; what ends once does not."""
    name, body = service
    assert body["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")
    if name in ONE_SHOT or name == "simulate":
        assert body["healthcheck"] == {"disable": True}
    else:
        assert body["healthcheck"]["test"][0] == "CMD"


def test_secrets_are_files_that_the_generator_makes(compose, secrets_folder):
    """Every secret exists, every generated one is used, and each service only gets what it is granted."""
    declared = {name: Path(body["file"]) for name, body in compose["secrets"].items()}
    assert all(path.is_file() and path.stat().st_size > 30 for path in declared.values())
    granted = {entry["source"] for body in compose["services"].values() for entry in body.get("secrets", [])}
    assert granted == set(declared)
    made = {path.name for path in secrets_folder.iterdir()}
    assert made == set(declared)


def test_no_secret_stands_in_the_configuration(compose, secrets_folder):
    """Neither in environments nor in commands."""
    text = str(compose)
    for path in secrets_folder.iterdir():
        assert path.read_text() not in text, path.name
    for name, body in compose["services"].items():
        for key, value in body.get("environment", {}).items():
            if re.search(r"PASSWORD|KEY|MQTT_URL", key) and key not in {
                "NHIP_MQTT_URL",
                "NHIP_API_MQTT_PUBLIC_URL",
            }:
                assert str(value).startswith("/run/secrets/"), f"{name}: {key}"


def test_every_file_secret_is_granted_where_it_is_read(compose):
    """A path below /run/secrets in a service's settings is a secret that this service has."""
    for name, body in compose["services"].items():
        has = {entry.get("target") or entry["source"] for entry in body.get("secrets", [])}
        has = {Path(target).name for target in has}
        settings = [*body.get("environment", {}).values(), *(body.get("command") or [])]
        wanted = {match for value in settings for match in re.findall(r"/run/secrets/(\w+)", str(value))}
        assert wanted <= has, name


def test_the_back_network_has_no_way_out(compose):
    """Only what publishes a port is in the other network."""
    assert compose["networks"]["back"]["internal"] is True
    in_front = {name for name, body in compose["services"].items() if "front" in body["networks"]}
    assert in_front == {"api", "mosquitto", "grafana"}


def test_order_of_starting(compose):
    """Nothing that reads the schema starts before it is migrated; mosquitto waits for its accounts."""
    for name in ("broker-accounts", "ingest", "processing", "api", "grafana"):
        depends = compose["services"][name]["depends_on"]
        assert depends["migrate"]["condition"] == "service_completed_successfully"
    assert compose["services"]["migrate"]["depends_on"]["db"]["condition"] == "service_healthy"
    assert compose["services"]["mosquitto"]["depends_on"]["broker-accounts"]["condition"] == "service_healthy"


def test_mounted_files_exist(resolved):
    """Every file that a container gets from this folder is part of it (certificates are the operator's)."""
    configuration = resolved(
        "docker-compose.yml", "docker-compose.tls.yml", NHIP_DOMAIN="a.vn", NHIP_GRAFANA_DOMAIN="b.vn"
    )
    for body in configuration["services"].values():
        for volume in body.get("volumes", []):
            if volume["type"] == "bind":
                assert Path(volume["source"]).exists(), volume["source"]
                assert volume.get("read_only") is True


def test_commits_are_never_asynchronous(compose):
    """`synchronous_commit=off` loses acknowledged readings; PostgreSQL 15.20 breaks background jobs."""
    database = compose["services"]["db"]
    assert "synchronous_commit=on" in database["command"]
    assert not database["image"].endswith("pg15")


def test_env_example_names_real_variables():
    """Every line of .env.example is a variable that a compose file reads, with the default shown."""
    text = "".join(
        (ROOT / name).read_text(encoding="utf-8") for name in ("docker-compose.yml", "docker-compose.tls.yml")
    )
    read = dict(re.findall(r"\$\{(NHIP_\w+):[-?]([^}]*)\}", text))
    shown = dict(
        re.findall(r"^#(NHIP_\w+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert set(shown) - set(read) == set()
    assert set(read) - set(shown) == {"NHIP_API_COOKIE_SECURE", "NHIP_API_FORWARDED_ALLOW_IPS"}
    for name, default in read.items():
        if name in shown and not name.endswith("DOMAIN"):
            assert shown[name] == default, name


def test_the_image_holds_what_the_wheel_holds():
    """Each package of the project is copied into the image, and nothing is ignored that is copied."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    packages = re.search(
        r"^packages = \[(.*)\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    for package in re.findall(r'"(\w+)"', packages[1]):
        assert f"COPY {package} {package}\n" in text
        assert f"!{package}" in ignore
    for source in re.findall(r"^COPY (?:--chmod=\d+ )?(?!--from)([^\n]*) \S+$", text, re.MULTILINE):
        assert all(f"!{name}" in ignore for name in source.split()), source


def test_a_broken_file_is_refused(tmp_path):
    """The binary that resolves the file does judge it."""
    from tests.deploy.conftest import COMPOSE

    (tmp_path / "compose.yml").write_text("services:\n  a:\n    imge: x\n", encoding="utf-8")
    done = subprocess.run(
        [COMPOSE, "-f", tmp_path / "compose.yml", "config", "-q"], check=False, capture_output=True
    )
    assert done.returncode != 0
    assert b"imge" in done.stderr
