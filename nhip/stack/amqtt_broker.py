"""A broker for machines where mosquitto is neither installed nor obtainable: amqtt, with the same accounts.

Run as a child with the path of its configuration. It reads mosquitto's password and access files, again at
SIGHUP. It is slower, speaks MQTT 3.1.1 only and forgets its sessions at a restart; for a demo that is enough,
because gateways keep every batch until the platform itself has acknowledged it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amqtt.broker import Broker
from amqtt.contexts import Action, BaseContext
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin

from domain.credentials import broker_password_matches

if TYPE_CHECKING:
    from amqtt.session import Session

_WRITE: Final = frozenset({"write", "readwrite"})
_READ: Final = frozenset({"read", "readwrite"})
_ANONYMOUS: Final = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an access file."""

    access: str
    levels: tuple[str, ...]

    def matches(self, topic: str, username: str) -> bool:
        """Say whether a topic name falls under this rule for a user."""
        names = topic.split("/")
        for index, level in enumerate(self.levels):
            if level == "#":
                return True
            if index >= len(names) or (level == "%u" and names[index] != username):
                return False
            if level not in {"+", "%u", names[index]}:
                return False
        return len(names) == len(self.levels)


class Access:
    """The accounts and rules of one pair of files in mosquitto's form."""

    def __init__(self, passwords: str, access: str, *, anonymous: bool) -> None:
        self._anonymous = anonymous
        self._passwords = dict(line.split(":", 1) for line in passwords.splitlines() if ":" in line)
        self._rules: dict[str, list[Rule]] = {_ANONYMOUS: []}
        self._patterns: list[Rule] = []
        user = _ANONYMOUS
        for words in (line.split() for line in access.splitlines()):
            match words:
                case ["user", name]:
                    user = name
                    self._rules.setdefault(user, [])
                case ["topic", kind, topic]:
                    self._rules[user].append(Rule(kind, tuple(topic.split("/"))))
                case ["pattern", kind, topic]:
                    self._patterns.append(Rule(kind, tuple(topic.split("/"))))
                case _:
                    continue

    def admits(self, username: str | None, password: str | None) -> bool:
        """Say whether somebody may connect."""
        if username is None:
            return self._anonymous
        kept = self._passwords.get(username)
        return kept is not None and broker_password_matches(password or "", kept)

    def allows(self, username: str | None, topic: str, *, write: bool) -> bool:
        """Say whether somebody may write to, or receive from, a topic."""
        name = username or _ANONYMOUS
        rules = self._rules.get(name, [])
        if any(rule.access == "deny" and rule.matches(topic, name) for rule in rules):
            return False
        wanted = _WRITE if write else _READ
        if any(rule.access in wanted and rule.matches(topic, name) for rule in rules):
            return True
        return name != _ANONYMOUS and any(
            rule.access in wanted and rule.matches(topic, name) for rule in self._patterns
        )


class _Files:
    """The pair of files, read when told to."""

    def __init__(self) -> None:
        self.access = Access("", "", anonymous=False)

    def read(self, passwords: Path, access: Path, *, anonymous: bool) -> None:
        self.access = Access(
            passwords.read_text(encoding="utf-8"), access.read_text(encoding="utf-8"), anonymous=anonymous
        )


# amqtt makes the plugins itself, from their names, so they meet their data here.
FILES: Final = _Files()


class AccountPlugin(BaseAuthPlugin):  # type: ignore[misc] # amqtt ships no types
    """Checks passwords."""

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)

    async def authenticate(self, *, session: Session) -> bool | None:
        """Say whether a session's user is who it says."""
        return FILES.access.admits(session.username, session.password)


class RulePlugin(BaseTopicPlugin):  # type: ignore[misc] # amqtt ships no types
    """Checks topics."""

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool | None:
        """Say whether a session may do this; as with mosquitto, every subscription is free."""
        if session is None or topic is None:
            return False
        if action == Action.SUBSCRIBE:
            return True
        return FILES.access.allows(session.username, topic, write=action == Action.PUBLISH)


async def _serve(configuration: dict[str, str | bool]) -> None:
    files = Path(str(configuration["passwords"])), Path(str(configuration["access"]))
    anonymous = bool(configuration["anonymous"])

    def read() -> None:
        FILES.read(*files, anonymous=anonymous)

    read()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, read)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    module = "nhip.stack.amqtt_broker"
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": configuration["bind"]}},
            "plugins": {f"{module}.{AccountPlugin.__name__}": {}, f"{module}.{RulePlugin.__name__}": {}},
        }
    )
    await broker.start()
    await stop.wait()
    await broker.shutdown()


def main(arguments: list[str]) -> int:
    """Serve until asked to end."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(_serve(json.loads(Path(arguments[0]).read_text(encoding="utf-8"))))
    return 0
