"""The vocabulary is complete: every word has both languages, every code its form."""

from __future__ import annotations

import re

import pytest

from domain.quality import COUNTING_FLAGS, Flag
from domain.quantities import QUANTITIES, SERVICE_TITLES, QuantityKind, Service
from domain.quarantine import AWAITING_REGISTRATION, REASON_TEXTS, Reason
from domain.topics import GATEWAY_PATTERN, Channel, topic


def test_every_service_and_reason_has_a_text_in_both_languages() -> None:
    """Nobody meets a bare code."""
    assert set(SERVICE_TITLES) == set(Service)
    assert set(REASON_TEXTS) == set(Reason)
    for text in [*SERVICE_TITLES.values(), *REASON_TEXTS.values()]:
        assert text.vi.strip()
        assert text.en.strip()
        assert text.in_language("en") == text.en
        assert text.in_language("fr") == text.vi


def test_quantities_are_well_formed() -> None:
    """Codes, titles and ranges; all seven services are measured."""
    assert {quantity.service for quantity in QUANTITIES.values()} == set(Service)
    for code, quantity in QUANTITIES.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,47}", code)
        assert quantity.title.vi
        assert quantity.title.en
        if quantity.range_min is not None and quantity.range_max is not None:
            assert quantity.range_min < quantity.range_max
        assert quantity.kind is QuantityKind.GAUGE or quantity.range_min == 0.0


def test_condemned_and_missing_readings_do_not_count() -> None:
    """QARTOD 4 and 9 leave a reading out of every indicator."""
    assert {Flag.FAIL, Flag.MISSING}.isdisjoint(COUNTING_FLAGS)
    assert {Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT} == COUNTING_FLAGS
    assert {Reason.UNKNOWN_GATEWAY, Reason.UNKNOWN_SENSOR} == AWAITING_REGISTRATION


def test_topics_are_those_of_the_contract() -> None:
    """nhip/v1/{gateway}/data|status|ack|cmd."""
    assert [topic("gw-1", channel) for channel in Channel] == [
        "nhip/v1/gw-1/data",
        "nhip/v1/gw-1/status",
        "nhip/v1/gw-1/ack",
        "nhip/v1/gw-1/cmd",
    ]


@pytest.mark.parametrize("code", ["", "A", "a/b", "a b", "+", "#", "a" * 65, "a\n"])
def test_a_gateway_code_cannot_break_out_of_its_topic(code: str) -> None:
    """Separators, wildcards, capitals and long names are no codes."""
    assert GATEWAY_PATTERN.fullmatch(code) is None
