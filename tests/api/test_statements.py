"""Every statement of the API is valid, and the frequent ones use their indexes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files

import psycopg
import pytest

from store import statement


class Nothing(dict):
    """Parameters that are all NULL."""

    def __missing__(self, name):
        return None


def names():
    return sorted(path.name.removesuffix(".sql") for path in files("api").joinpath("sql").iterdir())


def test_every_statement_is_explained_as_the_role_that_runs_it(role_dsn):
    with psycopg.connect(role_dsn("nhip_api")) as connection:
        for name in names():
            text = statement("api", name)
            assert text.startswith(b"-- "), name
            connection.execute(b"EXPLAIN " + text, Nothing())
            connection.rollback()


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("select_values_of_subject", "indicator_value_pkey"),
        ("select_newest_values", "indicator_value_pkey"),
        ("select_values", "indicator_value_period"),
    ],
)
def test_frequent_statements_follow_an_index(dsn, role_dsn, name, index):
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            """INSERT INTO indicator (code, title_vi, title_en, unit, service, direction,
            subject_kinds, periods,
            formula_vi, formula_en, completeness_rule_vi, completeness_rule_en, source, method_version)
            SELECT 'i' || i, '', '', '', '', 'none', '{site}', '{hour}', '', '', '', '', '', '1'
            FROM generate_series(1, 3) i"""
        )
        connection.execute(
            """INSERT INTO indicator_value (indicator_id, subject_kind, subject_id, period,
            period_start, period_end, n,
            provisional, method_version) SELECT i, 'site', s, 'hour', timestamptz '2026-01-01'
            + h * interval '1 h',
            now(), 1, false, '1' FROM generate_series(1, 3) i, generate_series(1, 10) s,
            generate_series(1, 1000) h"""
        )
        connection.execute("ANALYZE indicator_value")
    parameters = {
        "indicator_id": 2, "kind": "site", "subject_id": 3, "subject_ids": None, "period": "hour",
        "from": datetime(2026, 1, 5, tzinfo=UTC), "to": datetime(2026, 1, 12, tzinfo=UTC),
        "after": "infinity" if name == "select_newest_values" else "-infinity", "after_kind": "",
        "after_id": 0,
        "limit": 101,
    }  # fmt: skip
    with psycopg.connect(role_dsn("nhip_api")) as connection:
        plan = connection.execute(b"EXPLAIN (FORMAT JSON) " + statement("api", name), parameters).fetchone()
    assert index in json.dumps(plan)
    assert "Seq Scan" not in json.dumps(plan)
