"""MQTT 5 and 3.1.1 as bytes: what a subscriber sends and receives, without sockets."""

from __future__ import annotations

from ingest.packets.codes import (
    CONNACK,
    DISCONNECT,
    MALFORMED_PACKET,
    PINGRESP,
    PROTOCOL_ERROR,
    PUBACK,
    PUBLISH,
    REASON_STRING,
    REASONS,
    RECEIVE_MAXIMUM,
    SERVER_KEEP_ALIVE,
    SUBACK,
    UNSUBACK,
    ProtocolError,
)
from ingest.packets.decoder import Control, Decoder
from ingest.packets.encoder import Connect, disconnect, pingreq, pubacks, publish, subscribe, unsubscribe

__all__ = [
    "CONNACK",
    "DISCONNECT",
    "MALFORMED_PACKET",
    "PINGRESP",
    "PROTOCOL_ERROR",
    "PUBACK",
    "PUBLISH",
    "REASONS",
    "REASON_STRING",
    "RECEIVE_MAXIMUM",
    "SERVER_KEEP_ALIVE",
    "SUBACK",
    "UNSUBACK",
    "Connect",
    "Control",
    "Decoder",
    "ProtocolError",
    "disconnect",
    "pingreq",
    "pubacks",
    "publish",
    "subscribe",
    "unsubscribe",
]
