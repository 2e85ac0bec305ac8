"""A broker's configuration file: settings that lose data (mosquitto's options, mosquitto.conf(5))."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domain.text import Text
from nhip.doctor.finding import Part, hint, problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nhip.doctor.finding import Finding

_QUEUED_MESSAGES_MIN: Final = 10_000
_INFLIGHT_MIN: Final = 100
_AUTOSAVE_S_MAX: Final = 60
_PACKET_BYTES_MIN: Final = 262_144
_EXPIRATION_S_MIN: Final = 86_400
# What mosquitto does without the option.
_DEFAULTS: Final = {
    "max_queued_messages": "1000",
    "max_inflight_messages": "20",
    "max_queued_bytes": "0",
    "max_packet_size": "0",
    "message_size_limit": "0",
    "persistence": "false",
    "autosave_interval": "1800",
}
_SPAN_S: Final = {"h": 3_600, "d": 86_400, "w": 604_800, "m": 2_592_000, "y": 31_536_000}
# These belong to the listener above them, whatever `per_listener_settings` says.
_OF_LISTENER: Final = frozenset({"use_username_as_clientid", "use_identity_as_username"})


@dataclass(slots=True)
class Listener:
    """One address that the broker listens on.

    Attributes:
        port: TCP port.
        address: None for all of them.
        options: those written below it.
    """

    port: int
    address: str | None
    options: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach it."""
        if self.address is None:
            return False
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return self.address == "localhost"


@dataclass(slots=True)
class BrokerConfig:
    """Options by name, and listeners."""

    options: dict[str, str] = field(default_factory=dict[str, str])
    listeners: list[Listener] = field(default_factory=list[Listener])

    def text(self, name: str) -> str:
        """Return an option as written, or what mosquitto takes without it."""
        return self.options.get(name, _DEFAULTS.get(name, ""))

    def number(self, name: str) -> int:
        """Return an option as a number; one that is none counts as 0: mosquitto would not start."""
        text = self.text(name)
        return int(text) if text.isascii() and text.lstrip("-").isdigit() else 0

    def is_true(self, name: str) -> bool:
        """Return whether a switch is on."""
        return self.text(name).lower() in {"true", "1"}

    @property
    def has_listener(self) -> bool:
        """Some listener is written down; without any, mosquitto serves this machine only."""
        return bool(self.listeners)

    @property
    def serves_others(self) -> bool:
        """Other machines can reach it."""
        return any(not listener.is_loopback for listener in self.listeners)

    def allows_anonymous(self, listener: Listener) -> bool:
        """Return whether clients without a password are heard there."""
        return listener.options.get("allow_anonymous", self.text("allow_anonymous")).lower() == "true"

    def names_are_proved(self, listener: Listener) -> bool:
        """Return whether a client's id is the user name that it proved."""
        return any(
            listener.options.get(name, self.text(name)).lower() == "true"
            for name in ("use_username_as_clientid", "use_identity_as_username")
        )


def read_config(path: Path) -> BrokerConfig:
    """Read a mosquitto.conf, with the files of its `include_dir`.

    Raises:
        OSError: it cannot be read.
    """
    config = BrokerConfig()
    _read(path, config, depth=0)
    return config


def _read(path: Path, config: BrokerConfig, depth: int) -> None:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.strip().partition(" ")
        value = value.strip()
        if not name or name.startswith("#"):
            continue
        if name == "include_dir" and depth == 0:
            for part in sorted(path.parent.joinpath(value).glob("*.conf")):
                _read(part, config, depth=1)
        else:
            _take(config, name, value)


def _take(config: BrokerConfig, name: str, value: str) -> None:
    if name in {"listener", "port"}:
        port, _, address = value.partition(" ")
        config.listeners.append(Listener(int(port) if port.isdecimal() else 0, address.strip() or None))
        return
    separate = config.is_true("per_listener_settings")
    of_listener = name in _OF_LISTENER or (separate and name == "allow_anonymous")
    if of_listener and config.listeners:
        config.listeners[-1].options[name] = value
    else:
        config.options[name] = value


def span_s(text: str) -> int | None:
    """Return a span such as `14d` or `2h` in seconds, None for what is none."""
    match = re.fullmatch(r"(\d+)([hdwmy])", text.strip())
    return int(match[1]) * _SPAN_S[match[2]] if match else None


def examine(config: BrokerConfig) -> Iterator[Finding]:
    """Yield what a configuration loses data by."""
    yield from _queue(config)
    yield from _persistence(config)
    yield from _sizes(config)
    yield from _clients(config)


def _set(line: str) -> Text:
    return Text(f"Đặt trong mosquitto.conf: {line}", f"Set in mosquitto.conf: {line}")


def _queue(config: BrokerConfig) -> Iterator[Finding]:
    queued = config.number("max_queued_messages")
    if queued == 0:
        yield problem(
            Part.BROKER,
            "broker.queue_unlimited",
            Text(
                "max_queued_messages 0: mosquitto 2.0.2 và 2.0.16 khi đó bỏ mọi bản tin QoS 0",
                "max_queued_messages 0: mosquitto 2.0.2 and 2.0.16 then drop every QoS 0 message",
            ),
            _set("max_queued_messages 500000"),
        )
    elif queued < _QUEUED_MESSAGES_MIN:
        yield problem(
            Part.BROKER,
            "broker.queue_short",
            Text(
                f"max_queued_messages {queued}: khi bộ nhận vắng mặt, bản tin sau số này bị bỏ mà không báo",
                f"max_queued_messages {queued}: while the ingester is away, messages beyond it are dropped"
                " without a word",
            ),
            _set("max_queued_messages 500000"),
        )
    if config.number("max_queued_bytes") == 0:
        yield hint(
            Part.BROKER,
            "broker.queue_bytes",
            Text(
                "max_queued_bytes không đặt: hàng đợi có thể chiếm hết bộ nhớ",
                "max_queued_bytes is not set: the queue may take all memory",
            ),
            _set("max_queued_bytes 536870912"),
        )
    inflight = config.number("max_inflight_messages")
    if 0 < inflight < _INFLIGHT_MIN:
        yield problem(
            Part.BROKER,
            "broker.inflight",
            Text(
                f"max_inflight_messages {inflight}: bộ nhận xác nhận sau khi ghi xong nên bị đói, hàng đợi"
                " tràn",
                f"max_inflight_messages {inflight}: the ingester acknowledges after its commit, so it starves"
                " and the queue overflows",
            ),
            _set("max_inflight_messages 4000"),
        )


def _persistence(config: BrokerConfig) -> Iterator[Finding]:
    if not config.is_true("persistence"):
        yield problem(
            Part.BROKER,
            "broker.persistence",
            Text(
                "persistence tắt: khởi động lại broker là mất mọi bản tin đang chờ",
                "persistence is off: a restart of the broker loses every queued message",
            ),
            _set("persistence true"),
        )
    else:
        autosave = config.number("autosave_interval")
        if autosave == 0 or autosave > _AUTOSAVE_S_MAX:
            yield problem(
                Part.BROKER,
                "broker.autosave",
                Text(
                    f"autosave_interval {autosave}: mất điện là mất những gì nhận sau lần lưu cuối",
                    f"autosave_interval {autosave}: a power cut loses what came since the last save",
                ),
                _set("autosave_interval 5"),
            )
    expiration = config.text("persistent_client_expiration")
    span = span_s(expiration)
    if span is not None and span < _EXPIRATION_S_MIN:
        yield problem(
            Part.BROKER,
            "broker.expiration",
            Text(
                f"persistent_client_expiration {expiration}: bộ nhận vắng lâu hơn là mất hàng đợi",
                f"persistent_client_expiration {expiration}: an ingester that is away longer loses its queue",
            ),
            _set("persistent_client_expiration 14d"),
        )


def _sizes(config: BrokerConfig) -> Iterator[Finding]:
    for name in ("max_packet_size", "message_size_limit"):
        size = config.number(name)
        if 0 < size < _PACKET_BYTES_MIN:
            yield problem(
                Part.BROKER,
                "broker.packet_size",
                Text(
                    f"{name} {size}: lô số đo lớn hơn (tới 256 KiB) bị từ chối mãi",
                    f"{name} {size}: larger batches (up to 256 KiB) are refused for ever",
                ),
                _set(f"{name} 270336"),
            )


def _clients(config: BrokerConfig) -> Iterator[Finding]:
    for listener in config.listeners:
        anonymous = config.allows_anonymous(listener)
        if anonymous and not listener.is_loopback:
            yield problem(
                Part.BROKER,
                "broker.anonymous",
                Text(
                    f"allow_anonymous true trên cổng {listener.port}: ai cũng có thể gửi và chiếm phiên"
                    " của bộ nhận",
                    f"allow_anonymous true on port {listener.port}: anybody may publish, and take over the"
                    " ingester's session",
                ),
                _set("allow_anonymous false"),
            )
        elif not anonymous and not config.names_are_proved(listener):
            yield problem(
                Part.BROKER,
                "broker.client_id",
                Text(
                    f"use_username_as_clientid false trên cổng {listener.port}: một gateway có thể chiếm"
                    " phiên của"
                    " bộ nhận hay của gateway khác",
                    f"use_username_as_clientid false on port {listener.port}: a gateway may take over the"
                    " session"
                    " of the ingester or of another gateway",
                ),
                _set("use_username_as_clientid true"),
            )
