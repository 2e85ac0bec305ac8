"""An MQTT broker of our own: mosquitto as a direct child, with accounts and access rules."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from domain.credentials import broker_password_hash, new_password
from nhip.stack.broker_access import SERVICE_USER, AccessFiles
from nhip.stack.broker_binaries import BrokerBinary, amqtt_instead, find_broker
from nhip.stack.children import Child, Program
from nhip.stack.errors import ChildFailedError, NotStartedError, ProgramMissingError
from nhip.stack.identity import unprivileged
from nhip.stack.ports import free_port
from nhip.stack.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from nhip.stack.identity import Identity

_START_S_MAX: Final = 20.0
_START_ATTEMPTS_MAX: Final = 5


def _silent(_: str) -> None:
    """Report nothing."""


class EmbeddedBroker:
    """A broker below `data_dir`.

    Args:
        data_dir: a folder for its configuration, its store, its accounts and its log.
        port: 0 takes a free one and keeps it over restarts.
        host: the address to listen on.
        anonymous: hear clients without a password (see `broker_access.render_access`).
        vault: where the service account's password is kept.
        log: where the broker writes.
        report: told what is being fetched when no broker is installed.
        binary: which program; by default the one of `find_broker`, or else amqtt.
    """

    def __init__(  # noqa: PLR0913 # all but the folder have a default
        self,
        data_dir: Path,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        anonymous: bool = True,
        vault: Vault | None = None,
        log: Path | None = None,
        report: Callable[[str], None] = _silent,
        binary: BrokerBinary | None = None,
    ) -> None:
        self.name = "broker"
        self.data_dir = Path(data_dir)
        self.log = log or self.data_dir / "broker.log"
        self.host = host
        self._port = port
        self._port_fixed = port != 0
        self._anonymous = anonymous
        self._vault = vault or Vault(self.data_dir / "secrets")
        self._report = report
        self._binary = binary
        self._granted: dict[str, str] = {}
        self._child: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on (after `start`)."""
        return self._port

    @property
    def pid(self) -> int:
        """The process id."""
        if self._child is None:
            raise NotStartedError(self.name)
        return self._child.pid

    @property
    def running(self) -> bool:
        """Say whether the broker runs."""
        return self._child is not None and self._child.running

    @property
    def password(self) -> str:
        """The service account's password."""
        return self._vault.secret("broker-service")

    @property
    def url(self) -> str:
        """Where the services connect: with the service account."""
        version = "?version=3.1.1" if self._binary is not None and self._binary.is_amqtt else ""
        return f"mqtt://{SERVICE_USER}:{self.password}@{self._reached_at}:{self._port}{version}"

    @property
    def public_url(self) -> str:
        """Where gateways connect: without credentials."""
        return f"mqtt://{self._reached_at}:{self._port}"

    @property
    def password_file(self) -> Path:
        """The broker's accounts."""
        return self.data_dir / "passwords"

    @property
    def access_file(self) -> Path:
        """The broker's access rules."""
        return self.data_dir / "access"

    @property
    def pid_file(self) -> Path:
        """Where the broker's process id is kept current."""
        return self.data_dir / "pid"

    @property
    def _reached_at(self) -> str:
        return "127.0.0.1" if self.host in {"", "0.0.0.0"} else self.host  # noqa: S104 # a comparison

    def access_files(self, owner: Identity | None = None) -> AccessFiles:
        """Return the writer of this broker's accounts and rules."""
        return AccessFiles(
            passwords=self.password_file,
            access=self.access_file,
            service_password=self.password,
            anonymous=self._anonymous,
            owner=owner or unprivileged(),
        )

    def start(self) -> None:
        """Start the broker and return when it takes connections.

        Raises:
            ProgramMissingError: no broker is installed and none can be fetched.
            ChildFailedError: it did not start; the message ends with what it said.
        """
        if self.running:
            return
        identity = unprivileged()
        self._binary = self._binary or self._find()
        store = self.data_dir / "store"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        identity.own_tree(self.data_dir)
        store.mkdir(exist_ok=True)
        identity.own(store)
        if self._granted or not self.password_file.exists() or not self.access_file.exists():
            self.access_files(identity).write(self._granted)
        for attempt in range(_START_ATTEMPTS_MAX):
            if not self._port_fixed and self._child is None:
                self._port = free_port()
            try:
                self._start_program(self._binary, identity, store)
                break
            except ChildFailedError as error:
                if "Address already in use" not in str(error) or attempt + 1 == _START_ATTEMPTS_MAX:
                    raise
        self.pid_file.write_text(f"{self.pid}\n", encoding="ascii")

    def stop(self) -> None:
        """Stop the broker; it writes its store on the way."""
        if self._child is not None:
            self._child.stop()

    def terminate(self) -> None:
        """Ask it to end; does not wait."""
        if self._child is not None:
            self._child.terminate()

    def restart(self) -> None:
        """Stop the broker if it runs and start it again on the same port."""
        self.stop()
        self.start()

    def reload(self) -> None:
        """Make the broker read its accounts and rules again."""
        if self._child is not None:
            self._child.signal(signal.SIGHUP)

    def grant(self, gateway: str) -> str:
        """Give a gateway an account at once, without the registry, and return its password."""
        password = new_password()
        self._granted[gateway] = broker_password_hash(password)
        self.access_files().write(self._granted)
        self.reload()
        return password

    def _find(self) -> BrokerBinary:
        try:
            return find_broker(self._report)
        except ProgramMissingError as error:
            instead = amqtt_instead()
            if instead is None:
                raise
            self._report(f"using the slower broker amqtt, for a demo only: {error}")
            return instead

    def _start_program(self, binary: BrokerBinary, identity: Identity, store: Path) -> None:
        if binary.is_amqtt:
            configuration = self.data_dir / "amqtt.json"
            configuration.write_text(self._amqtt_configuration(), encoding="utf-8")
        else:
            configuration = self.data_dir / "mosquitto.conf"
            configuration.write_text(self._configuration(store), encoding="utf-8")
        configuration.chmod(0o644)
        self._child = Child(
            Program(
                name="broker",
                command=(str(binary.path), "-c", *binary.arguments, str(configuration)),
                log=self.log,
                environment=binary.environment,
                identity=identity,
                paths=(store, configuration, *binary.needs),
                stop_signals=((signal.SIGTERM, 1.0),),
            )
        )
        self._child.start()
        try:
            self._child.wait_until(self._answers, _START_S_MAX)
        except BaseException:
            self._child.stop()
            raise

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self._reached_at, self._port), timeout=2):
                return True
        except OSError:
            return False

    def _amqtt_configuration(self) -> str:
        return json.dumps(
            {
                "bind": f"{self.host}:{self._port}",
                "passwords": str(self.password_file),
                "access": str(self.access_file),
                "anonymous": self._anonymous,
            }
        )

    def _configuration(self, store: Path) -> str:
        return f"""# Written by nhip at every start.
listener {self._port} {self.host}
allow_anonymous {str(self._anonymous).lower()}
password_file {self.password_file}
acl_file {self.access_file}
# A gateway's session carries its name, so that nobody can take over the session of another. mosquitto refuses
# clients without a name then, so not where anonymous ones are heard.
use_username_as_clientid {str(not self._anonymous).lower()}
set_tcp_nodelay true

persistence true
persistence_location {store}/
autosave_interval 5
# While the ingester is away the queue takes what comes, up to a size; then gateways keep it themselves.
max_queued_messages 500000
max_queued_bytes 536870912
# The ingester acknowledges after its commit; with the default of 20 under way it would starve.
max_inflight_messages 10000
max_packet_size 1048576
sys_interval 5

log_dest stderr
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S%z
connection_messages false
"""
