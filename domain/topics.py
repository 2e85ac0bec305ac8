"""MQTT topics: `nhip/v1/{gateway}/data|status|ack|cmd`; the gateway is the MQTT user name and client id."""

import re
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
