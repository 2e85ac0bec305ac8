"""One gateway that floods, as a process of its own: host, port, gateway, messages a second."""

import json
import socket
import struct
import sys
import threading
import time

_KEEPALIVE_S = 60
_TICK_S = 0.01


def _field(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text


def _packet(kind: int, body: bytes) -> bytes:
    length, size = b"", len(body)
    while True:
        size, part = divmod(size, 128)
        length += bytes([part | (128 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def main(host: str, port: str, gateway: str, rate: str) -> None:
    """Publish with QoS 1 for ever; a paho client would be slower than the flood it is to make."""
    connection = socket.create_connection((host, int(port)))
    connect = _field(b"MQTT") + bytes([4, 2]) + struct.pack(">H", _KEEPALIVE_S) + _field(b"flood")
    connection.sendall(_packet(0x10, connect))
    threading.Thread(
        target=lambda: [None for _ in iter(lambda: connection.recv(65_536), b"")], daemon=True
    ).start()
    topic, begin_s, sent = _field(f"nhip/v1/{gateway}/data".encode()), time.monotonic(), 0
    first_t = int(time.time()) - 86_400
    while True:
        due = int((time.monotonic() - begin_s) * float(rate))
        frames = []
        for number in range(sent, due):
            body = json.dumps({"id": number, "r": [{"s": "a", "t": first_t + number * 0.001, "v": 1}]})
            frames.append(_packet(0x32, topic + struct.pack(">H", number % 65_535 + 1) + body.encode()))
        connection.sendall(b"".join(frames))
        sent = due
        time.sleep(_TICK_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
