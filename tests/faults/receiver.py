"""Receivers that are known to be wrong, for the negative controls; run as a script: mode, broker URL, DSN.

`ack_first` acknowledges, to the broker and to the gateway, before it stores.
`async_commit` stores first but commits without waiting for the disk.
"""

import json
import queue
import sys
import time
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

_INSERT = """
    INSERT INTO reading (ts, received_at, value, sensor_id, flag, state)
    SELECT to_timestamp(%s), now(), %s, sensor.id, 2, 0 FROM sensor JOIN gateway ON gateway.id = gateway_id
    WHERE gateway.code = %s AND sensor.name = %s ON CONFLICT DO NOTHING
"""


def main(mode: str, broker_url: str, dsn: str) -> None:
    """Receive for ever."""
    url = urlsplit(broker_url)
    todo: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="nhip-ingest", protocol=mqtt.MQTTv5)
    client.username_pw_set(url.username, url.password)
    expiry = Properties(PacketTypes.CONNECT)
    expiry.SessionExpiryInterval = 3600
    client.on_connect = lambda *_: client.subscribe("nhip/v1/+/data", 1)
    client.on_message = lambda _c, _u, message: todo.put(message)
    client.connect(url.hostname or "", url.port or 1883, clean_start=False, properties=expiry)
    client.loop_start()
    database = psycopg.connect(dsn)
    database.execute("SELECT ensure_reading_partitions(now() - interval '40 days', now())")
    database.commit()
    database.execute(f"SET synchronous_commit = {'off' if mode == 'async_commit' else 'on'}")
    database.commit()
    while True:
        batches = [_taken(todo)]
        while not todo.empty():
            batches.append(_taken(todo))
        if mode == "ack_first":
            _acknowledge(client, batches)
            # What a slow disk does now and then, always: so the control does not depend on luck.
            time.sleep(1.0)
        for gateway, batch in batches:
            for reading in batch["r"]:
                database.execute(_INSERT, (reading["t"], reading["v"], gateway, reading["s"]))
        database.commit()
        if mode != "ack_first":
            _acknowledge(client, batches)


def _taken(todo: queue.Queue[mqtt.MQTTMessage]) -> tuple[str, dict]:
    message = todo.get()
    return message.topic.split("/")[2], json.loads(message.payload)


def _acknowledge(client: mqtt.Client, batches: list[tuple[str, dict]]) -> None:
    for gateway, batch in batches:
        client.publish(f"nhip/v1/{gateway}/ack", json.dumps({"ids": [batch["id"]]}), qos=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
