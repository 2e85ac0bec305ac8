"""What is written down of the methods, in a real database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from domain.evidence import sha256
from processing.evidence.recording import record_methods, rule_set_text, rule_sets_of
from processing.indicators import discover
from processing.settings import ProcessingSettings

if TYPE_CHECKING:
    from collections.abc import Callable

CODES = ("vn_aqi_day", "pm25_day", "completeness", "saidi")


def test_a_method_is_written_when_it_differs_from_what_was_written_last(
    role_dsn: Callable[[str], str],
) -> None:
    recipes = [discover()[code] for code in CODES]
    with psycopg.connect(role_dsn("nhip_processing"), autocommit=True) as connection:
        count = "SELECT count(*) FROM method"
        record_methods(connection, recipes, ProcessingSettings())
        record_methods(connection, recipes, ProcessingSettings())
        assert connection.execute(count).fetchone() == (4,)
        record_methods(connection, recipes, ProcessingSettings(max_gap_intervals=5))
        record_methods(connection, recipes, ProcessingSettings())
        assert connection.execute(count).fetchone() == (12,)
        texts = connection.execute("SELECT sha256, content FROM rule_set_text ORDER BY code").fetchall()
        assert [digest for digest, _ in texts] == [sha256(content.encode()) for _, content in texts]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE method SET indicator = 'x'")


def test_rule_sets_are_found_through_shared_files() -> None:
    assert rule_sets_of(discover()["vn_aqi_day"]) == ("vn_aqi",)
    assert rule_sets_of(discover()["pm25_day"]) == ("qcvn_05_2023",)
    assert rule_sets_of(discover()["completeness"]) == ()
    assert 'code = "vn_aqi"' in rule_set_text("vn_aqi")
