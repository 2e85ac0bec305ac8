"""The whole platform on one machine, put together: servers, schema, accounts, services, a simulated city."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from domain.credentials import new_api_key
from nhip.stack import database_roles
from nhip.stack.broker import EmbeddedBroker
from nhip.stack.broker_reconciler import BrokerReconciler
from nhip.stack.errors import ConfigurationError
from nhip.stack.log_watch import LogWatch
from nhip.stack.ports import free_port, require_free
from nhip.stack.postgres import EmbeddedPostgres
from nhip.stack.services import Service
from nhip.stack.supervisor import Supervisor
from store import StoreSettings
from store.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from nhip.stack.data_folder import DataFolder

_READY_S_MAX: Final = 180.0  # the first start compiles the kernels
# Services that need not wait for each other may end together; all stages together stay below ten seconds.
_STOP_STAGES: Final = (("simulate", "api"), ("process", "ingest"), ("broker",), ("postgres",))
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_ANY: Final = "0.0.0.0"  # noqa: S104 # compared, and listened on only when asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the user chose."""

    host: str = "127.0.0.1"
    api_port: int = 8000
    mqtt_port: int = 1883
    simulate: bool = True
    gateways: int = 40
    seed: int = 1
    speed: float = 1.0
    dsn: str | None = None
    mqtt: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the start, to show while it runs."""

    title: str
    run: Callable[[], str | None]  # returns what is worth adding to the title when it is done


class DemoStack:
    """Everything that `nhip demo` runs.

    Args:
        options: what the user chose.
        folder: the locked data folder.
        report: told what happens while it runs.
        progress: told what a step waits for.
    """

    def __init__(
        self,
        options: DemoOptions,
        folder: DataFolder,
        report: Callable[[str], None],
        progress: Callable[[str], None],
    ) -> None:
        self.options = options
        self.folder = folder
        self.admin_key = ""
        self.supervisor = Supervisor(folder.pids_file, report)
        self._progress = progress
        self._report = report
        self._log_watch = LogWatch(
            {name: self._log(name) for name in ("ingest", "process", "api", "simulate")}, report
        )
        self._api_port = options.api_port
        self._postgres: EmbeddedPostgres | None = None
        self._broker: EmbeddedBroker | None = None
        self._dsn = options.dsn or ""
        self._role_dsns: dict[str, str] = {}
        self._services: dict[str, Service] = {}
        self._sync_stop = threading.Event()
        self._sync: threading.Thread | None = None

    @staticmethod
    def check(options: DemoOptions) -> None:
        """Look at options and ports before anything is started.

        Raises:
            PortTakenError: a port is taken; says by whom.
            ConfigurationError: an option cannot be used.
        """
        if options.api_port != 0:
            require_free(options.api_port, "--api-port", options.host)
        if options.mqtt is None:
            if options.mqtt_port != 0:
                require_free(options.mqtt_port, "--mqtt-port", options.host)
            if options.mqtt_port != 0 and options.mqtt_port == options.api_port:
                raise ConfigurationError(
                    name="--mqtt-port",
                    found=f"{options.mqtt_port}, the same as --api-port",
                    expected="two different ports",
                )
        else:
            _check_broker_url(options.mqtt)

    @property
    def api_url(self) -> str:
        """Where people and programs reach the API."""
        return f"http://{self._reached_at}:{self._api_port}"

    @property
    def mqtt_url(self) -> str:
        """Where gateways connect; without credentials."""
        if self._broker is not None:
            return self._broker.public_url
        parts = urlsplit(self.options.mqtt or "")
        port = f":{parts.port}" if parts.port is not None else ""
        return f"{parts.scheme}://{parts.hostname}{port}"

    @property
    def dsn(self) -> str:
        """The database's owner's connection string."""
        return self._dsn

    @property
    def pids(self) -> Mapping[str, int]:
        """Process ids by name."""
        return self.supervisor.pids

    @property
    def _reached_at(self) -> str:
        return "127.0.0.1" if self.options.host == _ANY else self.options.host

    def steps(self) -> Iterator[Step]:
        """Return what has to be done, in order."""
        if self.options.dsn is None:
            yield Step("PostgreSQL", self._start_postgres)
        yield Step("schema", self._migrate)
        if self.options.mqtt is None:
            yield Step("MQTT broker", self._start_broker)
        yield Step("services: ingest, process, api", self._start_services)
        if self.options.simulate:
            yield Step(f"simulated city, {self.options.gateways} gateways", self._start_simulator)

    def stop(self) -> None:
        """End everything in order: who produces first, who stores last."""
        self._sync_stop.set()
        self.supervisor.stop(_STOP_STAGES)
        self._log_watch.stop()
        if self._sync is not None:
            self._sync.join(timeout=1.0)

    def revoke_throw_away_key(self) -> None:
        """Take the administrator's key back from a given database when nothing here remembers it."""
        if self.options.dsn is not None and self.folder.throw_away and self.admin_key:
            database_roles.revoke_key(self._settings(self._dsn), self.admin_key)

    def _log(self, name: str) -> Path:
        return self.folder.logs / f"{name}.log"

    def _settings(self, dsn: str) -> StoreSettings:
        return StoreSettings(dsn=SecretStr(dsn))

    def _start_postgres(self) -> str:
        self._postgres = EmbeddedPostgres(
            self.folder.path / "postgres", vault=self.folder.vault, log=self._log("postgres")
        )
        self.supervisor.start(self._postgres)
        self._dsn = self._postgres.dsn
        return f"port {self._postgres.port}"

    def _migrate(self) -> str:
        settings = self._settings(self._dsn)
        revision = migrate(settings)
        if self.options.dsn is None:
            vault = self.folder.vault
            passwords = {role: vault.secret(role) for role in database_roles.ROLES}
            database_roles.set_passwords(settings, passwords)
            self._role_dsns = {
                role: database_roles.role_dsn(self._dsn, role, password)
                for role, password in passwords.items()
            }
        self.admin_key = self.folder.vault.secret("admin-key", new_api_key)
        if not database_roles.admit_admin_key(settings, self.admin_key):
            self.admin_key = self.folder.vault.renewed("admin-key", new_api_key)
            database_roles.admit_admin_key(settings, self.admin_key)
        return f"revision {revision}"

    def _role_dsn(self, role: str) -> str:
        # Roles belong to the whole server: on a given one their passwords are the operator's business.
        return self._role_dsns.get(role, self._dsn)

    def _start_broker(self) -> str:
        self._broker = EmbeddedBroker(
            self.folder.path / "broker",
            port=self.options.mqtt_port,
            host=self.options.host,
            # Beyond this machine nobody is heard without a password.
            anonymous=self.options.host in _LOOPBACK,
            vault=self.folder.vault,
            log=self._log("broker"),
            report=self._report,
        )
        self.supervisor.start(self._broker)
        reconciler = BrokerReconciler(
            settings=self._settings(self._role_dsn("nhip_api")),
            files=self._broker.access_files(),
            reload=self._broker.reload,
            interval_s=2.0,
        )
        self._sync = threading.Thread(
            target=reconciler.run, args=(self._sync_stop,), name="broker-access", daemon=True
        )
        self._sync.start()
        return f"port {self._broker.port}"

    def _start_services(self) -> str:
        self._log_watch.start()
        if self._api_port == 0:
            self._api_port = free_port(self.options.host)
        for service in (self._ingest(), self._process(), self._api()):
            self._services[service.name] = service
            self.supervisor.start(service)
        for service in self._services.values():
            self._progress(f"waiting for {service.name} (the very first start compiles for a while)")
            service.wait_ready(_READY_S_MAX)
        return f"port {self._api_port}"

    def _ingest(self) -> Service:
        port = free_port()
        url = self._broker.url if self._broker is not None else self.options.mqtt or ""
        environment = {
            "NHIP_STORE_DSN": self._role_dsn("nhip_ingest"),
            "NHIP_INGEST_MQTT_URL": url,
            "NHIP_INGEST_METRICS_PORT": str(port),
            "NHIP_INGEST_DRAIN_S_MAX": "2",
        }
        return Service("ingest", ["ingest"], environment, self._log("ingest"), ("127.0.0.1", port, "/readyz"))

    def _process(self) -> Service:
        port = free_port()
        environment = {
            "NHIP_STORE_DSN": self._role_dsn("nhip_processing"),
            "NHIP_PROCESSING_METRICS_PORT": str(port),
        }
        return Service(
            "process", ["process"], environment, self._log("process"), ("127.0.0.1", port, "/readyz")
        )

    def _api(self) -> Service:
        environment = {
            "NHIP_STORE_DSN": self._role_dsn("nhip_api"),
            "NHIP_API_HOST": self.options.host,
            "NHIP_API_PORT": str(self._api_port),
            "NHIP_API_MQTT_PUBLIC_URL": self.mqtt_url,
        }
        return Service(
            "api", ["api"], environment, self._log("api"), (self._reached_at, self._api_port, "/readyz")
        )

    def _start_simulator(self) -> None:
        options = self.options
        arguments = [
            "simulate",
            *("--api-url", self.api_url),
            *("--mqtt-url", self.mqtt_url),
            *("--gateways", str(options.gateways)),
            *("--seed", str(options.seed)),
            *("--speed", f"{options.speed:g}"),
            *("--state-dir", str(self.folder.path / "simulator")),
        ]
        environment = {"NHIP_API_KEY": self.admin_key}
        self.supervisor.start(Service("simulate", arguments, environment, self._log("simulate")))


def _check_broker_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        shown = url if parts.password is None else f"{parts.scheme}://… (not shown, it holds a password)"
        raise ConfigurationError(name="--mqtt", found=shown, expected="mqtt://user:password@host:port")
    if not parts.username or not parts.password:
        raise ConfigurationError(
            name="--mqtt",
            found="a URL without user and password",
            expected="the service account that may read nhip/v1/+/data and write nhip/v1/+/ack",
        )
