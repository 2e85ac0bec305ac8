"""Every panel's SQL runs as Grafana's role on a filled city, and the role can do nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from dashboards.query import SqlParameterError, panel_sql
from tests.dashboards.conftest import Expansion, UnknownMacroError

if TYPE_CHECKING:
    from collections.abc import Mapping

SPANS = {
    "now-24h": timedelta(hours=24),
    "now-48h": timedelta(hours=48),
    "30d": timedelta(days=30),
    "1y": timedelta(days=365),
}
NUMERIC = {20, 21, 23, 700, 701, 1700}  # OIDs of int8, int2, int4, float4, float8, numeric


def expansion(board: Mapping, panel: Mapping, interval: timedelta, **chosen: list[str]) -> Expansion:
    span = SPANS[panel.get("timeFrom") or board["time"]["from"]]
    variables = {entry["name"]: entry for entry in board["templating"]["list"]}
    values = {name: entry["current"]["value"] for name, entry in variables.items()}
    values["language"] = [values["language"]]
    now = datetime.now(UTC)
    return Expansion(
        now - span,
        now,
        interval,
        values | chosen,
        {name: entry["allValue"] for name, entry in variables.items() if "allValue" in entry},
    )


def run(
    grafana: psycopg.Connection, board: Mapping, panel: Mapping, interval: timedelta, **chosen: list[str]
):
    [target] = panel["targets"]
    return grafana.execute(expansion(board, panel, interval, **chosen).expanded(target["rawSql"]).encode())


@pytest.mark.parametrize("interval", [timedelta(minutes=1), timedelta(hours=2)], ids=["raw", "hourly"])
def test_panel_returns_rows_for_the_whole_city(grafana, board, panel, interval):
    """With "All" areas and sites every panel shows something of the seeded city."""
    assert run(grafana, board, panel, interval).fetchall()


def test_panel_accepts_a_choice(grafana, board, panel):
    """With one ward and one site chosen (one with an apostrophe beside it) the SQL stays valid."""
    run(
        grafana, board, panel, timedelta(minutes=5), area=["p-nam"], site=["feeder-p-nam", "o'brien"]
    ).fetchall()


def test_panel_of_an_unknown_area_is_empty_or_zero(grafana, board, panel):
    """The area filter reaches every panel that speaks of places: an unknown area leaves nothing."""
    sql = panel["targets"][0]["rawSql"]
    rows = run(grafana, board, panel, timedelta(minutes=5), area=["nowhere"]).fetchall()
    if "${area:" in sql and "'quarantine'" not in sql:  # the ledger and quarantine have no place
        assert all(not any(row) for row in rows)


def test_overrides_name_columns_that_exist(grafana, board, panel):
    """Overrides name columns that exist, tables name all of theirs, time series have an ascending time."""
    cursor = run(grafana, board, panel, timedelta(minutes=5))
    columns = [column.name for column in cursor.description]
    named = [override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]]
    assert set(named) <= set(columns)
    if panel["targets"][0]["format"] == "time_series":
        times = [row[columns.index("time")] for row in cursor.fetchall()]
        assert times == sorted(times)
        assert any(column.type_code in NUMERIC for column in cursor.description if column.name != "time")
    if panel["type"] == "table":
        assert named == columns
    if panel["type"] == "barchart":
        assert panel["options"]["xField"] in columns
    if panel["type"] == "geomap":
        assert {
            "latitude",
            "longitude",
            panel["options"]["layers"][0]["config"]["style"]["color"]["field"],
        } <= set(columns)


def test_variables_list_the_city(grafana, board):
    """The choice lists of areas and sites have values and texts."""
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            sql = expansion(board, {}, timedelta(minutes=1)).expanded(variable["query"])
            cursor = grafana.execute(sql.encode())
            assert [column.name for column in cursor.description] == ["__text", "__value"]
            assert cursor.rowcount >= 4


def test_the_seeded_problems_are_listed(grafana):
    """What the seed broke is what the overview says is wrong, with where and since when."""
    text = panel_sql("list_problems")
    now = datetime.now(UTC)
    everything = {"area": ["$__all"], "site": ["$__all"], "language": ["vi"]}
    whole = Expansion(
        now,
        now,
        timedelta(minutes=1),
        everything,
        {"area": "SELECT code FROM area", "site": "SELECT code FROM site"},
    )
    rows = grafana.execute(whole.expanded(text).encode()).fetchall()
    found = {(kind, subject) for _, kind, _, _, subject, _, _ in rows}
    assert found == {
        ("power", "feeder-p-nam"),
        ("air", "air_station-p-nam"),
        ("limit", "air_station-p-nam"),
        ("gateway", "gw-p-nam"),
        ("sensor", "gw-p-bac.pm10"),
        ("quarantine", "gw-stranger"),
        ("quarantine", "gw-p-bac"),
    }
    since = {subject: since for _, _, _, _, subject, since, _ in rows}
    assert timedelta(hours=6) <= now - since["gw-p-bac.pm10"] < timedelta(hours=6, minutes=11)


@pytest.mark.parametrize("relation", ["reading", "gateway_credential", "api_key", "audit", "area"])
def test_base_tables_are_closed_to_grafana(grafana, relation):
    """Not even SELECT on a base table."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        grafana.execute(f"SELECT * FROM public.{relation}".encode())  # noqa: S608 # names of the list above


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO grafana.area (code, name, kind) VALUES ('x', 'x', 'zone')",
        "UPDATE grafana.site SET name = 'x'",
        "DELETE FROM grafana.accounting",
        "CREATE TABLE grafana.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "COPY grafana.area TO PROGRAM 'true'",
    ],
)
def test_grafana_cannot_write_even_after_it_lifts_its_own_defaults(grafana, statement):
    """`default_transaction_read_only` is a default, not a limit: the missing grants are what holds."""
    grafana.execute(b"SET default_transaction_read_only = off")
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
        grafana.execute(statement.encode())


@pytest.mark.parametrize(
    "text", ["SELECT $__timeEpoch(ts)", "SELECT $nothing", "SELECT ${area}", "SELECT ${area:csv}"]
)
def test_an_unknown_macro_fails(text):
    """The expansion refuses what it does not know instead of letting it through."""
    now = datetime.now(UTC)
    with pytest.raises(UnknownMacroError):
        Expansion(now, now, timedelta(minutes=1), {"area": ["a"]}, {}).expanded(text)


@pytest.mark.parametrize("values", [{}, {"indicator": "x"}, {"indicator": "x'; --", "period": "day"}])
def test_panel_sql_refuses_values_that_do_not_fit(values):
    """A missing parameter, or a value that is not one word, is an error and no SQL."""
    with pytest.raises(SqlParameterError, match="follow_site_indicator"):
        panel_sql("follow_site_indicator", **values)
