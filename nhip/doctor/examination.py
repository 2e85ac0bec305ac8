"""An examination: every check on every part that is known, and what could not be looked at."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import psycopg
import urllib3

from domain.service_accounts import SERVICE_USERS
from domain.text import Text
from nhip.cli.client import ClientError
from nhip.doctor import broker, broker_config, database, gateways, ingester, timescale
from nhip.doctor.finding import Limits, Part, Report, problem
from nhip.doctor.questions import NotCheckableError, Questions
from nhip.doctor.remote import RemoteQuestions
from store.connections import connect
from store.errors import StoreUnavailableError
from store.migrations.runner import revision_of, revision_wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nhip.cli.client import ApiClient
    from nhip.doctor.broker_config import BrokerConfig
    from nhip.doctor.finding import Finding
    from nhip.doctor.questions import Asked
    from store import StoreSettings

_NOT_CONFIGURED: Final = Text("chưa khai báo", "not configured")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_GATEWAY_CHECKS: Final[tuple[tuple[str, Callable[[Asked], Iterator[Finding]]], ...]] = (
    ("clocks", gateways.check_clocks),
    ("gaps", gateways.check_gaps),
    ("silence", gateways.check_silence),
    ("floods", gateways.check_floods),
    ("ledger", gateways.check_ledger),
)
_DATABASE_CHECKS: Final[tuple[tuple[str, Callable[[Questions], Iterator[Finding]]], ...]] = (
    ("durability", database.check_durability),
    ("clock", database.check_clock),
    ("disk", database.check_disk),
    ("connections", database.check_connections),
    ("transactions", database.check_transactions),
    ("locks", database.check_locks),
    ("backlog", database.check_backlog),
    ("quarantine", database.check_quarantine),
    ("timescale", timescale.check_jobs),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where the parts are; None for one that nobody has told.

    Attributes:
        store: of the database.
        mqtt_url: of the broker with the ingester's account.
        doctor_mqtt_url: of the broker with an account of our own.
        broker_config: the broker's configuration file.
        metrics_url: http://host:port of the ingester's metrics.
        mqtt_is_told: somebody has configured the broker; otherwise it is only where a demo would be.
        api_url: of the HTTP service.
        api_is_told: somebody has configured the address; otherwise it is only where a demo would be.
        api_client: of that service; asked about the gateways where the database cannot be.
        session_expiry_s: what the ingester asks of the broker.
        shards: how many ingesters share the messages.
        limits: where normal ends.
    """

    store: StoreSettings | None = None
    mqtt_url: str | None = None
    doctor_mqtt_url: str | None = None
    broker_config: Path | None = None
    metrics_url: str | None = None
    mqtt_is_told: bool = True
    api_url: str | None = None
    api_is_told: bool = True
    api_client: ApiClient | None = None
    session_expiry_s: int = 604_800
    shards: int = 1
    limits: Limits = field(default_factory=Limits)


def examine(installation: Installation) -> Report:
    """Look at every part that is known."""
    report = Report()
    _examine_broker(installation, report)
    _examine_database(installation, report)
    _examine_ingester(installation, report)
    _examine_api(installation, report)
    if Part.GATEWAYS not in report.checked:
        _examine_gateways_remotely(installation, report)
    return report


def _examine_broker(installation: Installation, report: Report) -> None:
    config = _config(installation, report)
    url = installation.doctor_mqtt_url or installation.mqtt_url
    if url is None:
        report.skip(Part.BROKER, "answers", _NOT_CONFIGURED)
        return
    if _may_be_the_ingester(installation, url) and not _names_are_free(config, url):
        # Its name may be the client id of the ingester: the broker would end the ingester's session, and with
        # a clean start throw away its queue.
        report.skip(
            Part.BROKER,
            "answers",
            Text(
                "đăng nhập bằng tài khoản của bộ nhận có thể chiếm phiên của nó: khai báo --broker-config có"
                " use_username_as_clientid false, hoặc NHIP_DOCTOR_MQTT_URL với tài khoản riêng",
                "to log in with the ingester's account may take its session over: give --broker-config with"
                " use_username_as_clientid false, or NHIP_DOCTOR_MQTT_URL with an account of its own",
            ),
        )
        return
    answers = broker.ask(url, installation.session_expiry_s)
    if answers.refusal and not answers.refused and not installation.mqtt_is_told:
        report.skip(Part.BROKER, "answers", _NOT_CONFIGURED)
        return
    if answers.refused and not urlsplit(url).username:
        report.skip(
            Part.BROKER,
            "answers",
            Text(
                "broker không nhận khách không mật khẩu: khai báo NHIP_DOCTOR_MQTT_URL",
                "the broker hears nobody without a password: give NHIP_DOCTOR_MQTT_URL",
            ),
        )
        return
    if answers.refusal:
        report.add(Part.BROKER, "answers", [_refused(url, answers)])
        return
    findings = list(broker.examine(answers, installation.session_expiry_s, installation.limits))
    report.add(Part.BROKER, "answers", findings)
    if not answers.system:
        report.skip(
            Part.BROKER,
            "dropped",
            Text("tài khoản này không đọc được $SYS/#", "this account may not read $SYS/#"),
        )


def _may_be_the_ingester(installation: Installation, url: str) -> bool:
    """Say whether the account is, or may be, the one with which an ingester is connected."""
    user = urlsplit(url).username
    if user is None:
        return False
    ours = installation.doctor_mqtt_url is not None
    return not ours or user in {*SERVICE_USERS, urlsplit(installation.mqtt_url or "").username}


def _names_are_free(config: BrokerConfig | None, url: str) -> bool:
    """Say whether it is certain that the broker leaves clients the ids that they choose."""
    if config is None:
        return False
    port = urlsplit(url).port or 1883
    here = [listener for listener in config.listeners if listener.port == port]
    return bool(here) and not any(config.names_are_proved(listener) for listener in here)


def _refused(url: str, answers: broker.Answers) -> Finding:
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or 1883}"
    if answers.refused:
        return problem(
            Part.BROKER,
            "broker.refused",
            Text(
                f"Broker ở {where} từ chối tài khoản: {answers.refusal}",
                f"The broker at {where} refuses the account: {answers.refusal}",
            ),
            Text(
                "Xem tên và mật khẩu trong NHIP_INGEST_MQTT_URL; chạy nhip broker sync",
                "Check name and password in NHIP_INGEST_MQTT_URL; run nhip broker sync",
            ),
        )
    return problem(
        Part.BROKER,
        "broker.unreachable",
        Text(
            f"Broker ở {where} không trả lời: {answers.refusal}",
            f"The broker at {where} does not answer: {answers.refusal}",
        ),
        Text("Chạy broker; xem địa chỉ và tường lửa", "Start the broker; check the address and the firewall"),
    )


def _config(installation: Installation, report: Report) -> BrokerConfig | None:
    path = installation.broker_config or _demo_config(installation.mqtt_url)
    if path is None:
        report.skip(
            Part.BROKER,
            "configuration",
            Text(
                "không có tệp cấu hình: dùng --broker-config", "no configuration file: give --broker-config"
            ),
        )
        return None
    try:
        config = broker_config.read_config(path)
    except OSError as error:
        report.skip(
            Part.BROKER, "configuration", Text(f"{path}: {error.strerror}", f"{path}: {error.strerror}")
        )
        return None
    report.add(Part.BROKER, "configuration", broker_config.examine(config))
    return config


def _demo_config(url: str | None) -> Path | None:
    """Return the configuration of a demo's broker on this machine, by its port."""
    parts = urlsplit(url or "mqtt://127.0.0.1:1883")
    if (parts.hostname or "127.0.0.1") not in _LOOPBACK:
        return None
    for path in Path(tempfile.gettempdir()).glob("nhip-demo-*/broker/mosquitto.conf"):
        try:
            listeners = broker_config.read_config(path).listeners
        except OSError:
            continue
        if any(listener.port == (parts.port or 1883) for listener in listeners):
            return path
    return None


def _examine_database(installation: Installation, report: Report) -> None:
    settings = installation.store
    if settings is None:
        report.skip(Part.DATABASE, "all", _NOT_CONFIGURED)
        report.skip(Part.INGESTER, "active", _NOT_CONFIGURED)
        return
    try:
        connection = connect(settings, "nhip-doctor", autocommit=True)
    except StoreUnavailableError as error:
        report.add(Part.DATABASE, "reachable", [_no_database(error)])
        report.skip(Part.INGESTER, "active", Text("không có cơ sở dữ liệu", "no database"))
        return
    report.add(Part.DATABASE, "reachable", [])
    with connection:
        report.add(Part.DATABASE, "migrated", _migrated(settings))
        questions = Questions(connection, installation.limits)
        for name, check in _DATABASE_CHECKS:
            _make(report, Part.DATABASE, name, partial(check, questions))
        for name, check_gateways in _GATEWAY_CHECKS:
            _make(report, Part.GATEWAYS, name, partial(check_gateways, questions))
        active = partial(ingester.check_active, questions, installation.shards)
        _make(report, Part.INGESTER, "active", active)


def _make(
    report: Report,
    part: Part,
    name: str,
    check: Callable[[], Iterator[Finding]],
) -> None:
    """Make one check; what it found before it could go no further is kept."""
    found: list[Finding] = []
    try:
        for finding in check():
            found.append(finding)  # noqa: PERF402 # an error in the middle must not lose what came before
    except NotCheckableError as error:
        report.skip(part, name, error.reason)
        report.findings += found
        return
    except psycopg.errors.InsufficientPrivilege as error:
        said = str(error).partition("\n")[0]
        report.skip(part, name, Text(f"thiếu quyền: {said}", f"not allowed: {said}"))
        return
    except (
        psycopg.errors.UndefinedTable,
        psycopg.errors.UndefinedColumn,
        psycopg.errors.UndefinedFunction,
    ) as error:
        said = str(error).partition("\n")[0]
        report.skip(part, name, Text(f"lược đồ khác: {said}", f"the schema is another: {said}"))
        return
    report.add(part, name, found)


def _no_database(error: StoreUnavailableError) -> Finding:
    said = error.cause.partition("\n")[0]
    return problem(
        Part.DATABASE,
        "database.unreachable",
        Text(f"Cơ sở dữ liệu không trả lời: {said}", f"The database does not answer: {said}"),
        Text("Chạy PostgreSQL; xem NHIP_STORE_DSN", "Start PostgreSQL; check NHIP_STORE_DSN"),
    )


def _migrated(settings: StoreSettings) -> list[Finding]:
    wanted = revision_wanted()
    found: Any = None
    try:
        found = revision_of(settings)
    except StoreUnavailableError as error:
        return [_no_database(error)]
    if found == wanted:
        return []
    return [
        problem(
            Part.DATABASE,
            "database.revision",
            Text(
                f"Lược đồ ở phiên bản {found or '–'}, chương trình cần {wanted}",
                f"The schema is at revision {found or '–'}, this code needs {wanted}",
            ),
            Text(
                "Chạy nhip migrate, hoặc nâng cấp Nhịp nếu lược đồ mới hơn",
                "Run nhip migrate, or upgrade Nhịp where the schema is newer",
            ),
        )
    ]


def _examine_ingester(installation: Installation, report: Report) -> None:
    if installation.metrics_url is None:
        report.skip(
            Part.INGESTER,
            "metrics",
            Text("NHIP_INGEST_METRICS_PORT chưa khai báo", "NHIP_INGEST_METRICS_PORT is not configured"),
        )
        return
    report.add(Part.INGESTER, "metrics", ingester.examine(installation.metrics_url, installation.limits))


def _examine_api(installation: Installation, report: Report) -> None:
    if installation.api_url is None:
        report.skip(Part.API, "all", _NOT_CONFIGURED)
        return
    try:
        report.add(Part.API, "ready", list(ingester.examine_api(installation.api_url)))
    except urllib3.exceptions.HTTPError:
        if installation.api_is_told:
            report.add(Part.API, "ready", [ingester.unreachable_api(installation.api_url)])
        else:
            report.skip(Part.API, "all", _NOT_CONFIGURED)


def _examine_gateways_remotely(installation: Installation, report: Report) -> None:
    if installation.api_client is None or "ready" not in report.checked.get(Part.API, []):
        if Part.GATEWAYS not in {each.part for each in report.unchecked}:
            report.skip(Part.GATEWAYS, "all", _NOT_CONFIGURED)
        return
    questions = RemoteQuestions(installation.api_client, installation.limits)
    for name, check in _GATEWAY_CHECKS:
        try:
            _make(report, Part.GATEWAYS, name, partial(check, questions))
        except ClientError as error:
            report.skip(Part.GATEWAYS, name, Text(str(error), str(error)))
