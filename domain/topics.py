"""MQTT topics: `nhip/v1/{gateway}/data|status|ack|cmd`; the gateway is the MQTT user name and client id.

Sparkplug gateways use `spBv1.0/{group}/{kind}/{gateway}[/{device}]`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREFIX: Final = "nhip/v1"
GATEWAY_PATTERN: Final = re.compile(r"[a-z0-9-]{1,64}")


class Channel(StrEnum):
    """Last level of a topic."""

    DATA = "data"
    STATUS = "status"
    ACK = "ack"
    COMMAND = "cmd"


def topic(gateway: str, channel: Channel) -> str:
    """Return the topic of a gateway's channel; `gateway` may be `+` in a subscription."""
    return f"{PREFIX}/{gateway}/{channel}"


SPARKPLUG_PREFIX: Final = "spBv1.0"
_SPARKPLUG_LEVELS: Final = 4  # of a node; a device has one more


class SparkplugKind(StrEnum):
    """What an edge node publishes."""

    NBIRTH = "NBIRTH"
    NDATA = "NDATA"
    NDEATH = "NDEATH"
    DBIRTH = "DBIRTH"
    DDATA = "DDATA"
    DDEATH = "DDEATH"


@dataclass(frozen=True, slots=True)
class SparkplugTopic:
    """A topic of an edge node.

    Attributes:
        group: of edge nodes.
        kind: of the message.
        gateway: the edge node.
        device: behind it, "" for the node itself.
    """

    group: str
    kind: SparkplugKind
    gateway: str
    device: str


def sparkplug_topic(text: str) -> SparkplugTopic | None:
    """Return a Sparkplug topic in its parts, None for any other and for one that is not well formed."""
    prefix, *levels = text.split("/")
    if prefix != SPARKPLUG_PREFIX or len(levels) < _SPARKPLUG_LEVELS - 1 or not all(levels):
        return None
    group, kind, gateway, *device = levels
    is_device = kind.startswith("D")
    if (
        kind not in SparkplugKind.__members__
        or len(device) != is_device
        or not GATEWAY_PATTERN.fullmatch(gateway)
    ):
        return None
    return SparkplugTopic(group, SparkplugKind(kind), gateway, device[0] if device else "")


def gateway_of(text: str) -> str:
    """Return the gateway's level of a topic, unchecked; the topic itself when it has none."""
    levels = text.split("/")
    position = 3 if levels[0] == SPARKPLUG_PREFIX else 2
    return levels[position] if len(levels) > position else text
