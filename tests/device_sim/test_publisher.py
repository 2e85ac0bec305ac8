"""Gateways against a real broker: batches are sent until they are acknowledged by the application."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from device_sim.endpoint import Endpoint, parsed_endpoint
from device_sim.errors import BrokerError
from device_sim.outbox import Credential, Outbox
from device_sim.publisher import Publisher
from device_sim.settings import DeviceSimSettings
from ingest.formats import Row, encode_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.device_sim.conftest import Subscriber

WAIT_S = 60.0


class Audience:
    def __init__(self) -> None:
        self.acknowledged: list[tuple[str, int, int]] = []
        self.refusals: list[tuple[str, str]] = []

    def batch_acknowledged(self, gateway: str, batch_id: int, readings: int) -> None:
        self.acknowledged.append((gateway, batch_id, readings))

    def gateway_refused(self, gateway: str, reason: str) -> None:
        self.refusals.append((gateway, reason))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 # the conditions belong to other threads and processes
            await asyncio.sleep(0.01)


def put(outbox: Outbox, gateway: str, count: int) -> list[Any]:
    with outbox.transaction():
        return [
            outbox.put(
                gateway, 1, lambda number, v=value: encode_rows(number, [Row("s", 1_790_000_000 + v, v)])
            )
            for value in map(float, range(count))
        ]


def settings(**changes: Any) -> DeviceSimSettings:
    return DeviceSimSettings(**{"ack_timeout_s": 0.3, "reconnect_delay_s_max": 0.3, **changes})


def test_many_gateways_many_batches(broker: Any, subscriber: Subscriber, names: Any, tmp_path: Path) -> None:
    """Every batch of fifty gateways arrives and is forgotten once it is acknowledged."""
    gateways = [names(f"g{index}") for index in range(50)]

    async def scenario(outbox: Outbox, audience: Audience) -> None:
        publisher = Publisher(parsed_endpoint(broker.public_url), outbox, settings(), audience)
        async with publisher.running():
            for gateway in gateways:
                publisher.add(gateway, None)
                publisher.offer(put(outbox, gateway, 40))
            await until(lambda: publisher.outstanding == 0)
            assert publisher.online == 50

    with Outbox(tmp_path / "o.sqlite") as outbox:
        audience = Audience()
        asyncio.run(scenario(outbox, audience))
        assert outbox.pending() == []
        assert len(audience.acknowledged) == len(set(audience.acknowledged)) == 2000
    assert len(subscriber.of(*gateways)) == 2000


def test_nothing_is_forgotten_without_the_application(
    broker: Any, subscriber: Subscriber, names: Any, tmp_path: Path
) -> None:
    """The broker's own acknowledgement counts for nothing: batches are sent again, also by the next run."""
    gateway = names("g")
    subscriber.acknowledging = False

    async def unheard(outbox: Outbox) -> None:
        publisher = Publisher(parsed_endpoint(broker.public_url), outbox, settings(), Audience())
        async with publisher.running():
            publisher.add(gateway, None)
            publisher.offer(put(outbox, gateway, 5))
            await until(lambda: publisher.resent_count >= 10)
            assert publisher.acknowledged_count == 0

    async def heard(outbox: Outbox) -> None:
        publisher = Publisher(parsed_endpoint(broker.public_url), outbox, settings(), Audience())
        async with publisher.running():
            publisher.add(gateway, None)
            publisher.offer(outbox.pending())
            await until(lambda: publisher.outstanding == 0)

    with Outbox(tmp_path / "o.sqlite") as outbox:
        asyncio.run(unheard(outbox))
        sent = {batch.id for batch in outbox.pending()}
        assert len(sent) == 5
        subscriber.acknowledging = True
        asyncio.run(heard(outbox))
        assert outbox.pending() == []
    # The same ids every time: ingest can tell that it knows them.
    assert {number for name, number in subscriber.messages if name == gateway} == sent


def test_the_window_bounds_what_is_on_its_way(
    broker: Any, subscriber: Subscriber, names: Any, tmp_path: Path
) -> None:
    """Without acknowledgements no more than the window is sent, whatever waits."""
    gateway = names("g")
    subscriber.acknowledging = False

    async def scenario(outbox: Outbox) -> None:
        limits = settings(ack_timeout_s=0.2, ack_timeout_s_max=0.2)
        publisher = Publisher(parsed_endpoint(broker.public_url), outbox, limits, Audience(), inflight_max=3)
        async with publisher.running():
            publisher.add(gateway, None)
            publisher.offer(put(outbox, gateway, 30))
            await until(lambda: publisher.resent_count >= 9)

    with Outbox(tmp_path / "o.sqlite") as outbox:
        asyncio.run(scenario(outbox))
        oldest = [batch.id for batch in outbox.pending()][:3]
    assert {number for name, number in subscriber.messages if name == gateway} <= set(oldest)


def test_a_cut_link_is_announced_and_its_data_come_late(
    broker: Any, subscriber: Subscriber, names: Any, tmp_path: Path
) -> None:
    """A paused gateway is declared off line by its last will; back again, it sends what it has collected."""
    gateway = names("g")

    async def scenario(outbox: Outbox) -> None:
        publisher = Publisher(parsed_endpoint(broker.public_url), outbox, settings(), Audience())
        async with publisher.running():
            publisher.add(gateway, None)
            await until(lambda: publisher.online == 1)
            publisher.pause(gateway)
            publisher.offer(put(outbox, gateway, 4))
            await until(lambda: json.loads(subscriber.statuses[gateway][-1])["online"] is False)
            assert publisher.outstanding == 0, "what waits for a cut link holds nobody back"
            assert not subscriber.of(gateway)
            publisher.resume(gateway)
            await until(lambda: len(subscriber.of(gateway)) == 4)
            await until(lambda: not outbox.pending())

    with Outbox(tmp_path / "o.sqlite") as outbox:
        asyncio.run(scenario(outbox))
    assert json.loads(subscriber.statuses[gateway][-1])["online"] in {True, False}


def test_an_orderly_end_says_offline(broker: Any, subscriber: Subscriber, names: Any, tmp_path: Path) -> None:
    """Birth is "online", the end "offline", and nothing in between."""
    gateway = names("g")

    async def scenario(outbox: Outbox) -> None:
        publisher = Publisher(parsed_endpoint(broker.public_url), outbox, settings(), Audience())
        async with publisher.running():
            publisher.add(gateway, None)
            await until(lambda: publisher.online == 1)
        await until(lambda: len(subscriber.statuses.get(gateway, [])) == 2)

    with Outbox(tmp_path / "o.sqlite") as outbox:
        asyncio.run(scenario(outbox))
    assert [json.loads(status)["online"] for status in subscriber.statuses[gateway]] == [True, False]


def test_a_wrong_password_is_reported_and_a_new_one_is_taken(
    broker: Any, subscriber: Subscriber, names: Any, tmp_path: Path
) -> None:
    """The broker's refusal reaches us; the gateway gets in with the credential that is given later."""
    gateway = names("g")
    password = broker.grant(gateway)
    audience = Audience()

    async def scenario(outbox: Outbox) -> None:
        publisher = Publisher(parsed_endpoint(broker.public_url), outbox, settings(), audience)
        async with publisher.running():
            publisher.add(gateway, Credential(gateway, "not the password"))
            publisher.offer(put(outbox, gateway, 1))
            await until(lambda: audience.refusals)
            publisher.add(gateway, Credential(gateway, password))
            await until(lambda: publisher.outstanding == 0)

    with Outbox(tmp_path / "o.sqlite") as outbox:
        asyncio.run(scenario(outbox))
    assert audience.refusals[0][0] == gateway
    assert len(subscriber.of(gateway)) == 1


def test_no_broker_is_no_end(names: Any, tmp_path: Path) -> None:
    """Without a broker the gateways keep trying, and end promptly when they are told to."""

    async def scenario(outbox: Outbox) -> None:
        publisher = Publisher(Endpoint("127.0.0.1", 1), outbox, settings(), Audience())
        async with publisher.running():
            publisher.add(names("g"), None)
            publisher.offer(put(outbox, names("g"), 1))
            await asyncio.sleep(0.5)
            assert publisher.online == 0

    with Outbox(tmp_path / "o.sqlite") as outbox:
        asyncio.run(scenario(outbox))
        assert len(outbox.pending()) == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://broker", Endpoint("broker", 1883)),
        ("mqtts://broker", Endpoint("broker", 8883, tls=True)),
        ("mqtt://a%40b:p%3Aq@[::1]:99", Endpoint("::1", 99, credential=Credential("a@b", "p:q"))),
    ],
)
def test_addresses(url: str, expected: Endpoint) -> None:
    """User, password, port and TLS come from the URL."""
    assert parsed_endpoint(url) == expected


@pytest.mark.parametrize(
    "url", ["", "broker", "http://broker", "mqtt://", "mqtt://u:secret@h:port", "mqtt://u:secret@h/path"]
)
def test_addresses_that_are_none(url: str) -> None:
    """The error shows the address without its password."""
    with pytest.raises(BrokerError, match="expected mqtt://host:port") as caught:
        parsed_endpoint(url)
    assert "secret" not in str(caught.value)
