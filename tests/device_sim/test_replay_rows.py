"""Rows of hostile files: each cell is published, missing or rejected, and the account says where and why."""

from __future__ import annotations

import csv
import io
import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_sim.errors import SourceError
from device_sim.mapping_file import parsed_mapping
from device_sim.replay_account import FileAccount, RejectsFile
from device_sim.replay_faults import RejectReason
from device_sim.replay_rows import ParsedRow, RowReader
from device_sim.replay_source import LINE_LENGTH_MAX, CsvSource, content_hash

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT: dict[str, Any] = {
    "time": {"column": "t", "format": "%Y-%m-%d %H:%M", "zone": "Asia/Ho_Chi_Minh", "interval_s": 3600},
    "missing": {"markers": ["NA", "", "-9999"]},
    "area": {"code": "a", "kind": "city"},
    "site": {"column": "station"},
    "gateway": {"id": "replay-{site}"},
    "columns": [
        {"column": "x", "quantity": "pm25", "unit": "ug/m3"},
        {"column": "y", "quantity": "pm10", "unit": "ug/m3"},
    ],
}
HEADER = "t,station,x,y\n"


def read(path: Path, text: str | bytes, **changes: Any) -> tuple[list[ParsedRow], FileAccount]:
    """Read a file of the mapping above, with other tables in its place."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    mapping = parsed_mapping({**DOCUMENT, **changes}, "m.toml")
    account = FileAccount(path)
    with CsvSource(path, mapping.csv) as source:
        rows = list(RowReader(source, mapping, mapping.columns, account).rows())
    assert account.cells == account.published + account.missing + account.rejected
    assert account.cells == 2 * account.rows
    assert account.published == sum(value is not None for row in rows for value in row.values)
    return rows, account


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


def test_a_good_file(path: Path) -> None:
    """Values, missing ones and times come out as they stand there; blank lines are no rows."""
    text = "2026-01-01 00:00,Hà Đông, 1.5 ,NA\r\n\r\n2026-01-01 01:00,Hà Đông,-9999.0,2e1\r\n"
    rows, account = read(path, "\ufeff" + HEADER + text)
    first = int(datetime.fromisoformat("2026-01-01T00:00+07:00").timestamp())
    assert [(row.ts_s, row.values) for row in rows] == [(first, [1.5, None]), (first + 3600, [None, 20.0])]
    assert all(isinstance(row.ts_s, int) for row in rows)
    assert (rows[0].site.code, rows[0].site.name, rows[0].site.gateway) == (
        "ha-dong",
        "Hà Đông",
        "replay-ha-dong",
    )
    assert (account.rows, account.blank_rows, account.missing, account.rejected) == (2, 1, 2, 0)
    assert account.sites == ["ha-dong"]


@pytest.mark.parametrize(
    ("line", "reason", "column", "cells"),
    [
        ("2026-01-01 00:00,s,abc,1", RejectReason.NOT_A_NUMBER, "x", 1),
        ("2026-01-01 00:00,s,1_000,1", RejectReason.NOT_A_NUMBER, "x", 1),
        ("2026-01-01 00:00,s,\uff11\uff12,1", RejectReason.NOT_A_NUMBER, "x", 1),
        ('2026-01-01 00:00,s,"1,5",1', RejectReason.NOT_A_NUMBER, "x", 1),
        ("2026-01-01 00:00,s,0x10,1", RejectReason.NOT_A_NUMBER, "x", 1),
        ("2026-01-01 00:00,s,\x00,1", RejectReason.NOT_A_NUMBER, "x", 1),
        ("2026-01-01 00:00,s,nan,1", RejectReason.NOT_FINITE, "x", 1),
        ("2026-01-01 00:00,s,1,-inf", RejectReason.NOT_FINITE, "y", 1),
        ("2026-01-01 00:00,s,1e999,1", RejectReason.NOT_FINITE, "x", 1),
        ("2026-02-30 00:00,s,1,1", RejectReason.TIME_UNREADABLE, "t", 2),
        ("2026-01-01 25:00,s,1,1", RejectReason.TIME_UNREADABLE, "t", 2),
        ("yesterday,s,1,1", RejectReason.TIME_UNREADABLE, "t", 2),
        (",s,1,1", RejectReason.TIME_UNREADABLE, "t", 2),
        ("1969-12-31 00:00,s,1,1", RejectReason.TIME_ANCIENT, "t", 2),
        ("9999-12-31 23:00,s,1,1", RejectReason.TIME_FUTURE, "t", 2),
        ("2026-01-01 00:00,,1,1", RejectReason.SITE, "station", 2),
        ("2026-01-01 00:00,北京,1,1", RejectReason.SITE, "station", 2),
        (f"2026-01-01 00:00,{'s' * 65},1,1", RejectReason.SITE, "station", 2),
        ("2026-01-01 00:00,s,1", RejectReason.COLUMN_COUNT, None, 2),
        ("2026-01-01 00:00,s,1,1,1", RejectReason.COLUMN_COUNT, None, 2),
        ('2026-01-01 00:00,s,"1,1', RejectReason.UNCLOSED_QUOTE, None, 2),
    ],
)
def test_what_cannot_be_published(
    path: Path, line: str, reason: RejectReason, column: str | None, cells: int
) -> None:
    """The fault costs exactly its cells; line, column and reason are told; lines around it get through."""
    good = "2026-01-02 00:00,s,1,2\n"
    rows, account = read(path, f"{HEADER}{good}{line}\n{good}")
    assert [row.row for row in rows if row.row != 2] == [1, 3]
    assert dict(account.by_reason) == {reason: cells}
    reject = account.examples[0]
    assert (reject.line, reject.column, reject.reason, reject.cells) == (3, column, reason, cells)
    assert account.rejected_rows == (cells == 2)
    assert str(reject).isprintable()


def test_undecodable_bytes_cost_only_their_cell(path: Path) -> None:
    """Bytes that are not UTF-8 are rejected where they stand in a value, and no matter elsewhere."""
    text = b"t,station,x,y,note\n2026-01-01 00:00,s,\xff1,2,ok\n2026-01-01 01:00,s,3,4,\xfe\xff\n"
    rows, account = read(path, text)
    assert [row.values for row in rows] == [[None, 2.0], [3.0, 4.0]]
    assert dict(account.by_reason) == {RejectReason.NOT_A_NUMBER: 1}
    assert account.examples[0].found.isascii()


def test_a_line_without_end_is_one_reject(path: Path) -> None:
    """A line of megabytes is passed over without being kept, and the next one is read."""
    text = f"{HEADER}2026-01-01 00:00,s,{'1' * (3 * LINE_LENGTH_MAX)},2\n2026-01-01 01:00,s,3,4\n"
    rows, account = read(path, text)
    assert [row.values for row in rows] == [[3.0, 4.0]]
    assert dict(account.by_reason) == {RejectReason.LINE_TOO_LONG: 2}


def test_a_stray_quote_swallows_no_other_line(path: Path) -> None:
    """A quote that never ends costs its own line only."""
    lines = [f"2026-01-01 {hour:02}:00,s,{hour},1\n" for hour in range(20)]
    lines[4] = '2026-01-01 04:00,s,"4,1\n'
    lines[5] = '2026-01-01 05:00,s"x,"5,1\n'
    rows, account = read(path, HEADER + "".join(lines))
    assert len(rows) == 18
    assert account.by_reason[RejectReason.UNCLOSED_QUOTE] == 4
    assert account.rows == 20


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "an empty file"),
        ("\n1,2\n", "an empty first line"),
        ("t,station,x\n", "no column named 'y'"),
        ("t,station,x,y,y\n", "2 columns named 'y'"),
        ("t;station;x;y\n", "no column named"),
    ],
)
def test_headers_that_do_not_fit(path: Path, text: str, found: str) -> None:
    """The file is refused as a whole, with what its header has."""
    with pytest.raises(SourceError, match=found):
        read(path, text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and a folder are named."""
    mapping = parsed_mapping(DOCUMENT, "m.toml")
    for path in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(SourceError, match=str(path)):
            CsvSource(path, mapping.csv)
        with pytest.raises(SourceError, match=str(path)):
            content_hash(path)


def test_another_dialect(path: Path) -> None:
    """Semicolons, decimal commas and an old code page."""
    text = "t;station;x;y\n2026-01-01 00:00;Trạm;1,5;1.5\n".encode("cp1258", "replace")
    rows, account = read(path, text, csv={"delimiter": ";", "decimal": ",", "encoding": "cp1258"})
    assert [row.values for row in rows] == [[1.5, None]]
    assert dict(account.by_reason) == {RejectReason.NOT_A_NUMBER: 1}


def start_of(path: Path, cells: str, header: str, **time: Any) -> str | RejectReason:
    """Return the start of the interval, in UTC, of a row with the given time cells."""
    rows, account = read(path, f"{header},station,x,y\n{cells},s,1,1\n", time={"interval_s": 3600, **time})
    if not rows:
        return next(iter(account.by_reason))
    return datetime.utcfromtimestamp(rows[0].ts_s).isoformat() + "Z"  # noqa: DTZ004 # of a known instant


PARTS = {name: name for name in ("year", "month", "day", "hour")}


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp")
@pytest.mark.parametrize(
    ("cells", "header", "time", "expected"),
    [
        (
            "2013,3,1,0",
            "year,month,day,hour",
            {"columns": PARTS, "zone": "Asia/Shanghai"},
            "2013-02-28T16:00:00Z",
        ),
        (
            "2013,2,28,24",
            "year,month,day,hour",
            {"columns": PARTS, "zone": "Asia/Shanghai"},
            "2013-02-28T16:00:00Z",
        ),
        (
            "2013,2,29,0",
            "year,month,day,hour",
            {"columns": PARTS, "zone": "UTC"},
            RejectReason.TIME_UNREADABLE,
        ),
        (
            "2013,2,1.0,0",
            "year,month,day,hour",
            {"columns": PARTS, "zone": "UTC"},
            RejectReason.TIME_UNREADABLE,
        ),
        (
            "2013,3,1,1",
            "year,month,day,hour",
            {"columns": PARTS, "zone": "Asia/Shanghai", "label": "end"},
            "2013-02-28T16:00:00Z",
        ),
        ("2018-09-05T21:00:00Z", "t", {"column": "t"}, "2018-09-05T21:00:00Z"),
        ("2018-09-05T21:00:00.25+07:00", "t", {"column": "t"}, "2018-09-05T14:00:00.250000Z"),
        ("2018-09-05T21:00:00", "t", {"column": "t"}, RejectReason.TIME_UNREADABLE),
        ("2018-09-05T23:59:60Z", "t", {"column": "t"}, RejectReason.TIME_UNREADABLE),
        ("1536181200", "t", {"column": "t", "format": "epoch_s"}, "2018-09-05T21:00:00Z"),
        ("1536181200500", "t", {"column": "t", "format": "epoch_ms"}, "2018-09-05T21:00:00.500000Z"),
        ("inf", "t", {"column": "t", "format": "epoch_s"}, RejectReason.TIME_UNREADABLE),
        ("1_5", "t", {"column": "t", "format": "epoch_s"}, RejectReason.TIME_UNREADABLE),
        (
            "2015-11-01 01:30",
            "t",
            {"column": "t", "format": "%Y-%m-%d %H:%M", "zone": "America/Chicago"},
            "2015-11-01T06:30:00Z",
        ),
        (
            "2015-11-01 01:30",
            "t",
            {"column": "t", "format": "%Y-%m-%d %H:%M", "zone": "America/Chicago", "ambiguous": "second"},
            "2015-11-01T07:30:00Z",
        ),
        (
            "2015-11-01 01:30",
            "t",
            {"column": "t", "format": "%Y-%m-%d %H:%M", "zone": "America/Chicago", "ambiguous": "reject"},
            RejectReason.TIME_AMBIGUOUS,
        ),
        (
            "2015-03-08 02:30",
            "t",
            {"column": "t", "format": "%Y-%m-%d %H:%M", "zone": "America/Chicago"},
            RejectReason.TIME_NOT_IN_ZONE,
        ),
        (
            "2015-03-08 02:30 +0000",
            "t",
            {"column": "t", "format": "%Y-%m-%d %H:%M %z"},
            "2015-03-08T02:30:00Z",
        ),
    ],
)
def test_times(path: Path, cells: str, header: str, time: dict[str, Any], expected: object) -> None:
    """Parts, formats, zones, labels, summer time: the instant at which the interval starts."""
    assert start_of(path, cells, header, **time) == expected


CELL = st.one_of(
    st.sampled_from(["NA", "", "-9999", "1", "-2.5", "nan", "inf", "1e999", "x", "2026-01-01 00:00", "s"]),
    st.floats(allow_nan=True).map(str),
    st.text(max_size=12),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL, min_size=0, max_size=6), max_size=30), st.binary(max_size=60))
def test_every_cell_has_one_end(path: Path, table: list[list[str]], tail: bytes) -> None:
    """Whatever the cells and the bytes behind them: cells = published + missing + rejected, all finite."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(table)
    # `read` checks the sums.
    rows, account = read(path, HEADER.encode() + buffer.getvalue().encode("utf-8", "surrogatepass") + tail)
    for row in rows:
        assert all(value is None or math.isfinite(value) for value in row.values)
        assert row.ts_s >= 0
        assert row.site.code
    assert sum(account.by_reason.values()) == account.rejected
    assert account.rows >= account.rejected_rows


def test_the_full_list_of_rejects(path: Path, tmp_path: Path) -> None:
    """The file lists every reject, also beyond those that the summary shows."""
    lines = "".join(f"2026-01-01 00:{minute:02}:00,s,x,1\n" for minute in range(50))
    path.write_text(HEADER + lines)
    mapping = parsed_mapping(DOCUMENT, "m.toml")
    account = FileAccount(path)
    rejects = RejectsFile(tmp_path / "rejects.csv")
    with CsvSource(path, mapping.csv) as source:
        assert list(RowReader(source, mapping, mapping.columns, account, rejects=rejects).rows()) == []
    rejects.close()
    with (tmp_path / "rejects.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == 50 > len(account.examples)
    assert listed[0]["reason"] == "time_unreadable"
    assert listed[0]["line"] == "2"


def test_the_hash_is_of_content_and_facts(tmp_path: Path) -> None:
    """The same bytes read in the same way are the same file, wherever they are."""
    for name in ("a", "b"):
        (tmp_path / name).write_text("same")
    (tmp_path / "c").write_text("other")
    assert content_hash(tmp_path / "a", b"m") == content_hash(tmp_path / "b", b"m")
    assert content_hash(tmp_path / "a", b"m") != content_hash(tmp_path / "c", b"m")
    assert content_hash(tmp_path / "a", b"m", b"x") != content_hash(tmp_path / "a", b"mx")
