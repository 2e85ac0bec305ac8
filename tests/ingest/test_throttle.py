"""Who is refused when one gateway floods: that gateway alone, and only while room is short."""

from __future__ import annotations

import time

import pytest
from pydantic import SecretStr

from ingest.inbox import Inbox, Message
from ingest.settings import IngestSettings
from ingest.throttle import Throttle


def messages(gateway: str, count: int, size: int = 10) -> list[Message]:
    return [Message(1, 1, False, f"nhip/v1/{gateway}/data", b"x" * size, 0) for _ in range(count)]


@pytest.fixture
def throttle(monkeypatch):
    """A throttle on a clock that the test moves."""
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    made = Throttle(IngestSettings(mqtt_url=SecretStr("mqtt://x"), gateway_messages_s_max=100))
    made.clock = clock
    return made


def second(throttle, *sent: list[Message]) -> None:
    """One second in which the given messages arrive."""
    for some in sent:
        throttle.passed(some, tight=False)
    throttle.clock[0] += 1.0
    throttle.passed([], tight=False)


def test_a_flooding_gateway_is_refused_while_room_is_short(throttle):
    """Its messages are marked and emptied, those of the others pass as they are."""
    second(throttle, messages("flood", 1_000), *(messages(f"gw-{n}", 10) for n in range(10)))
    flood, other = messages("flood", 1)[0], messages("gw-1", 1)[0]
    passed = throttle.passed([flood, other], tight=True)
    assert [message.throttled for message in passed] == [True, False]
    assert [message.payload for message in passed] == [b"", other.payload]


def test_nobody_is_refused_while_there_is_room(throttle):
    """The rate alone is no reason."""
    second(throttle, messages("flood", 1_000), *(messages(f"gw-{n}", 10) for n in range(10)))
    assert throttle.passed(messages("flood", 1), tight=False)[0].throttled is False


def test_nobody_is_refused_for_an_absent_database(throttle):
    """Then everybody waits."""
    second(throttle, messages("flood", 1_000), *(messages(f"gw-{n}", 10) for n in range(10)))
    throttle.is_open = False
    assert throttle.passed(messages("flood", 1), tight=True)[0].throttled is False


def test_one_gateway_alone_floods_nobody(throttle):
    """A single gateway may use all there is."""
    second(throttle, messages("only", 10_000))
    assert not throttle.flooding


def test_gateways_that_are_equally_busy_are_not_flooding(throttle):
    """Above the rate, but none above four times the mean."""
    second(throttle, *(messages(f"gw-{n}", 1_000) for n in range(5)))
    assert not throttle.flooding


def test_a_small_gateway_among_silent_ones_is_not_flooding(throttle):
    """Many times the mean, but below the rate."""
    second(throttle, messages("gw-1", 90), *(messages(f"quiet-{n}", 1) for n in range(50)))
    assert not throttle.flooding


def test_few_huge_messages_flood_as_well(throttle):
    """Bytes count, not only messages."""
    second(throttle, messages("flood", 50, 200_000), *(messages(f"gw-{n}", 10) for n in range(10)))
    assert throttle.flooding == {"nhip/v1/flood/data"}


def test_a_gateway_that_calms_down_is_heard_again(throttle):
    """The judgement is that of the past second."""
    second(throttle, messages("flood", 1_000), *(messages(f"gw-{n}", 10) for n in range(10)))
    assert throttle.flooding
    second(throttle, *(messages(f"gw-{n}", 10) for n in range(10)), messages("flood", 10))
    assert not throttle.flooding


def test_refused_messages_keep_their_place_in_the_inbox(throttle):
    """They go the way of all messages, so that they are counted and acknowledged to the broker in order."""
    second(throttle, messages("flood", 1_000), *(messages(f"gw-{n}", 10) for n in range(10)))
    inbox = Inbox(4, 10**6, throttle)
    inbox.put_many(messages("gw-1", 2))
    assert inbox.is_tight
    inbox.put_many([*messages("flood", 1), *messages("gw-2", 1)])
    taken = inbox.take(0, 10**6, 10)
    assert [message.throttled for message in taken] == [False, False, True, False]
    assert inbox.open_bytes == 30
