"""The address of a broker: `mqtt://host:port`, `mqtts://host:port`, optionally with user and password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from device_sim.errors import BrokerError
from device_sim.outbox import Credential

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_EXPECTED: Final = "mqtt://host:port or mqtts://host:port"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A broker; `credential` is used by gateways that have none of their own."""

    host: str
    port: int
    tls: bool = False
    credential: Credential | None = None

    def __str__(self) -> str:
        """Return the address without credentials."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def parsed_endpoint(url: str) -> Endpoint:
    """Return the broker that a URL names.

    Raises:
        BrokerError: not such a URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BrokerError(_without_password(url), str(error), _EXPECTED) from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
        raise BrokerError(_without_password(url), "not the address of a broker", _EXPECTED)
    credential = (
        Credential(unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    )
    return Endpoint(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "mqtts", credential)


def _without_password(url: str) -> str:
    """Return a URL that may be shown: what stands before an @ is left out."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else url.rpartition("@")[2]
