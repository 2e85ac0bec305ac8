"""Numbers and errors of MQTT that both directions name."""

from __future__ import annotations

from typing import Final

CONNACK: Final = 2
PUBLISH: Final = 3
PUBACK: Final = 4
SUBACK: Final = 9
UNSUBACK: Final = 11
PINGRESP: Final = 13
DISCONNECT: Final = 14

MALFORMED_PACKET: Final = 0x81
PROTOCOL_ERROR: Final = 0x82
RECEIVE_MAXIMUM: Final = 0x21
SERVER_KEEP_ALIVE: Final = 0x13
REASON_STRING: Final = 0x1F

# Reason codes (section 2.4), and the return codes of 3.1.1, that tell an operator something.
REASONS: Final = {
    0x04: "Bad user name or password",
    0x05: "Not authorized",
    0x81: "Malformed Packet",
    0x82: "Protocol Error",
    0x85: "Client Identifier not valid",
    0x86: "Bad user name or password",
    0x87: "Not authorized",
    0x88: "Server unavailable",
    0x89: "Server busy",
    0x8A: "Banned",
    0x8B: "Server shutting down",
    0x8D: "Keep alive timeout",
    0x8E: "Session taken over",
    0x8F: "Topic Filter invalid",
    0x93: "Receive Maximum exceeded",
    0x95: "Packet too large",
    0x97: "Quota exceeded",
    0x9E: "Shared Subscriptions not supported",
}


class ProtocolError(Exception):
    """The peer sent what MQTT does not allow; the connection cannot go on.

    Attributes:
        reason: what to say in DISCONNECT.
    """

    def __init__(self, reason: int, found: str) -> None:
        self.reason = reason
        super().__init__(f"{REASONS[reason]}: {found}")
