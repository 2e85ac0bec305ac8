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


_CHANNELS: Final = {str(channel): channel for channel in Channel}


def topic(gateway: str, channel: Channel) -> str:
    """Return the topic of a gateway's channel; `gateway` may be `+` in a subscription."""
    return f"{PREFIX}/{gateway}/{channel}"


def parsed(name: str) -> tuple[str, Channel] | None:
    """Return (gateway, channel) of a topic name, None when it is not one of ours."""
    levels = name.split("/")
    if len(levels) != 4 or levels[0] != "nhip" or levels[1] != "v1":  # noqa: PLR2004 # levels of the pattern above
        return None
    if GATEWAY_PATTERN.fullmatch(levels[2]) is None or levels[3] not in _CHANNELS:
        return None
    return levels[2], _CHANNELS[levels[3]]
