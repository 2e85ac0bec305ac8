"""Who may say what on the broker: live credentials as mosquitto's password and access files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domain.credentials import broker_password_hash, broker_password_matches
from domain.service_accounts import SERVICE_USERS, is_reserved
from domain.topics import PREFIX, SPARKPLUG_PREFIX, Channel, SparkplugKind, topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from nhip.stack.identity import Identity

# Of the first ingester, and of the only one where they are not several.
SERVICE_USER: Final = SERVICE_USERS[0]
_NODE_COMMANDS: Final = "NCMD"
_DEVICE_COMMANDS: Final = "DCMD"
_HEADING: Final = "# Written by nhip; changes made here are overwritten.\n"


@dataclass(frozen=True, slots=True)
class Credential:
    """A live credential: a gateway's user name and its password in the broker's form."""

    username: str
    password_hash: str


def render_passwords(service_hash: str, credentials: Iterable[Credential]) -> str:
    """Return mosquitto's password file.

    Args:
        service_hash: the password of all service accounts, in the broker's form; it stands in the first line.
        credentials: of the gateways; one that has the name of a service account is left out.
    """
    lines = [f"{name}:{service_hash}" for name in SERVICE_USERS]
    lines += [
        f"{credential.username}:{credential.password_hash}"
        for credential in credentials
        if not is_reserved(credential.username)
    ]
    return "\n".join(lines) + "\n"


def render_access(registered: Iterable[str], *, anonymous: bool) -> str:
    """Return mosquitto's access file.

    Args:
        registered: the gateways whose name an anonymous client may not use.
        anonymous: a demo broker: clients without a password are heard, so that an unknown gateway can be
            found and registered, but never under the name of a registered one.
    """
    lines = [_HEADING]
    if anonymous:
        # Rules before the first user are those of anonymous clients; mosquitto tries refusals first.
        for name in registered:
            lines += [f"topic deny {PREFIX}/{name}/#", f"topic deny {SPARKPLUG_PREFIX}/+/+/{name}/#"]
        lines += [f"topic write {filter_}" for filter_ in _written("+")]
        lines += [f"topic read {topic('+', Channel.ACK)}", ""]
    for user in SERVICE_USERS:
        lines += [f"user {user}", *_service_rules(), ""]
    # Patterns hold for every user; %u is the name that the password proved.
    lines += [f"pattern write {filter_}" for filter_ in _written("%u")]
    lines += [f"pattern read {filter_}" for filter_ in _read("%u")]
    return "\n".join(lines) + "\n"


def _service_rules() -> list[str]:
    lines = [f"topic read {topic('+', channel)}" for channel in (Channel.DATA, Channel.STATUS)]
    lines += [f"topic write {topic('+', channel)}" for channel in (Channel.ACK, Channel.COMMAND)]
    lines += [f"topic read {SPARKPLUG_PREFIX}/#", f"topic write {_sparkplug(_NODE_COMMANDS, '+')}"]
    return [*lines, "topic read $SYS/#"]


def _written(gateway: str) -> list[str]:
    """Return what a gateway writes: its own topics, and those of the devices behind it."""
    filters = [topic(gateway, channel) for channel in (Channel.DATA, Channel.STATUS)]
    # A device's kind without a device is malformed; it passes, to be found in quarantine and not nowhere.
    filters += [_sparkplug(kind, gateway) for kind in SparkplugKind]
    filters += [f"{_sparkplug(kind, gateway)}/+" for kind in SparkplugKind if kind.startswith("D")]
    return filters


def _read(gateway: str) -> list[str]:
    filters = [topic(gateway, channel) for channel in (Channel.ACK, Channel.COMMAND)]
    return [*filters, _sparkplug(_NODE_COMMANDS, gateway), f"{_sparkplug(_DEVICE_COMMANDS, gateway)}/+"]


def _sparkplug(kind: str, gateway: str) -> str:
    return f"{SPARKPLUG_PREFIX}/+/{kind}/{gateway}"


@dataclass(slots=True)
class AccessFiles:
    """The two files of one broker, written whole or not at all.

    Args:
        passwords: the password file.
        access: the access file.
        service_password: of all service accounts.
        anonymous: see `render_access`.
        owner: whom the files are handed to; None leaves them ours.
    """

    passwords: Path
    access: Path
    service_password: str
    anonymous: bool = False
    owner: Identity | None = None
    _service_hash: str = field(default="", init=False)

    def write(self, credentials: Mapping[str, str]) -> bool:
        """Bring both files to these credentials (user name to password hash).

        Returns:
            True when a file changed and the broker has to read them again.
        """
        if not self._service_hash:
            self._service_hash = self._kept_service_hash() or broker_password_hash(self.service_password)
        rows = [Credential(name, credentials[name]) for name in sorted(credentials)]
        passwords = render_passwords(self._service_hash, rows)
        access = render_access((row.username for row in rows), anonymous=self.anonymous)
        changed = [self._replace(self.passwords, passwords), self._replace(self.access, access)]
        return any(changed)

    def _kept_service_hash(self) -> str | None:
        # The salt is random: without this, every start would look like a change.
        try:
            first = self.passwords.read_text(encoding="utf-8").split("\n", 1)[0]
        except OSError:
            return None
        name, _, kept = first.partition(":")
        matches = name == SERVICE_USER and broker_password_matches(self.service_password, kept)
        return kept if matches else None

    def _replace(self, path: Path, text: str) -> bool:
        try:
            if path.read_text(encoding="utf-8") == text:
                return False
        except OSError:
            pass
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if self.owner is not None:
            self.owner.own(unfinished)
        unfinished.replace(path)
        return True
