"""`nhip doctor`: what is wrong with an installation, in plain words, with the remedy."""

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhip.cli.output import JsonOption, print_json

if TYPE_CHECKING:
    from domain.text import Text
    from nhip.doctor.examination import Installation
    from nhip.doctor.finding import Report


class Language(StrEnum):
    """Languages of the platform."""

    VI = "vi"
    EN = "en"


def _language_of_environment() -> Language:
    chosen = next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    return Language.VI if chosen.lower().startswith("vi") else Language.EN


def doctor(
    *,
    broker_config: Annotated[
        Path | None,
        typer.Option(
            help="The broker's mosquitto.conf; that of a demo on this machine is found.", show_default=False
        ),
    ] = None,
    mqtt_url: Annotated[
        str | None,
        typer.Option(
            envvar="NHIP_DOCTOR_MQTT_URL",
            help="The broker with an account of its own that may read $SYS/#, never the ingester's.",
            show_default=False,
        ),
    ] = None,
    dsn: Annotated[
        str | None, typer.Option(help="The database; by default NHIP_STORE_DSN.", show_default=False)
    ] = None,
    lang: Annotated[
        Language | None,
        typer.Option(help="Language; by default that of the environment.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is wrong with the broker, the database, the ingester and the gateways, and what mends it.

    NHIP_STORE_DSN, NHIP_INGEST_MQTT_URL, NHIP_INGEST_METRICS_PORT and NHIP_API_URL say where they are; what
    is not configured is reported as not checked. Nothing is changed.

    Ends with 0 when nothing is wrong (hints apart), 1 when something loses data or has failed, 2 when nothing
    could be checked.
    """
    from nhip.doctor.examination import examine  # noqa: PLC0415 # heavy imports only inside commands

    report = examine(_installation(broker_config, mqtt_url, dsn))
    if as_json:
        print_json(_as_json(report))
    else:
        _print(report, (lang or _language_of_environment()).value)
    raise typer.Exit(report.exit_code)


def _installation(broker_config: Path | None, doctor_mqtt_url: str | None, dsn: str | None) -> "Installation":
    from nhip.cli.client import ApiClient, ClientSettings  # noqa: PLC0415 # as above
    from nhip.cli.database import store_settings  # noqa: PLC0415
    from nhip.doctor.examination import Installation  # noqa: PLC0415

    client = ClientSettings()
    known: dict[str, Any] = {
        "broker_config": broker_config,
        "doctor_mqtt_url": doctor_mqtt_url,
        "mqtt_url": client.mqtt_url,
        "mqtt_is_told": bool({"NHIP_MQTT_URL", "NHIP_INGEST_MQTT_URL"} & set(os.environ) or doctor_mqtt_url),
        "store": store_settings(dsn) if dsn or os.environ.get("NHIP_STORE_DSN") else None,
        "api_url": client.api_url,
        "api_client": ApiClient.from_environment(),
        "api_is_told": "NHIP_API_URL" in os.environ,
    }
    return Installation(**(known | _of_ingester()))


def _of_ingester() -> dict[str, Any]:
    """Return what the ingester's settings tell; without its broker it is not configured here."""
    if not os.environ.get("NHIP_INGEST_MQTT_URL"):
        port, host = (
            os.environ.get("NHIP_INGEST_METRICS_PORT", ""),
            os.environ.get("NHIP_INGEST_METRICS_HOST"),
        )
        return {"metrics_url": _metrics_url(host or "127.0.0.1", int(port) if port.isdecimal() else 0)}
    from ingest.settings import IngestSettings  # noqa: PLC0415 # as above

    settings = IngestSettings()  # pyright: ignore[reportCallIssue] # from the environment
    return {
        "mqtt_url": settings.mqtt_url.get_secret_value(),
        "metrics_url": _metrics_url(settings.metrics_host, settings.metrics_port),
        "session_expiry_s": settings.session_expiry_s,
        "shards": int(settings.shard.partition("/")[2]),
    }


def _metrics_url(host: str, port: int) -> str | None:
    reached = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 # a comparison
    return f"http://{reached}:{port}" if port else None


def _both(text: "Text") -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}


def _as_json(report: "Report") -> dict[str, Any]:
    return {
        "exit_code": report.exit_code,
        "findings": [
            {
                "part": finding.part.value,
                "code": finding.code,
                "severity": finding.severity.value,
                "found": _both(finding.found),
                "remedy": _both(finding.remedy),
            }
            for finding in report.findings
        ],
        "checked": {part.value: names for part, names in report.checked.items()},
        "not_checked": [
            {"part": each.part.value, "subject": each.subject, "reason": _both(each.reason)}
            for each in report.unchecked
        ],
    }


def _print(report: "Report", language: str) -> None:
    from domain.text import Text  # noqa: PLC0415
    from nhip.doctor.finding import Severity  # noqa: PLC0415 # as above

    words = {
        Severity.PROBLEM: Text("LỖI", "PROBLEM"),
        Severity.HINT: Text("lưu ý", "hint"),
    }
    for finding in sorted(report.findings, key=lambda each: each.severity is Severity.HINT):
        word = words[finding.severity].in_language(language)
        typer.echo(f"{word}  {finding.found.in_language(language)}  [{finding.code}]")
        typer.echo(f"    → {finding.remedy.in_language(language)}")
    for part, names in report.checked.items():
        typer.echo(f"{Text('đã xem', 'checked').in_language(language)}  {part.value}: {', '.join(names)}")
    for each in report.unchecked:
        word = Text("chưa xem", "not checked").in_language(language)
        typer.echo(f"{word}  {each.part.value}.{each.subject}: {each.reason.in_language(language)}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)
