"""Files and options as people hand them over: each is read, or refused in one line that says why."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from domain.periods import Period
from nhip.cli.explanation import explained
from processing.compute.command import Request, compute_request
from processing.compute.errors import ComputeError

PLAIN = "ts,value\n" + "".join(f"2026-01-01T{hour:02d}:00:00+07:00,{hour}\n" for hour in range(24))
EVENTS = "start,end,customers,planned,excluded_reason\n"


def items(code, *files, **options):
    return compute_request(Request(code, files, **options))["items"]


def written(folder, content):
    path = folder / "input"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(code, *files, **options):
    """Return the one line that the user sees."""
    with pytest.raises(ComputeError) as caught:
        items(code, *files, **options)
    lines = explained(caught.value)
    assert lines is not None
    assert "\n" not in lines[0]
    return lines[0]


def parquet(**columns):
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode("utf-8-sig"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace("+07:00", ""),
        gzip.compress(PLAIN.encode()),
        PLAIN.replace("ts,", "Time,").replace(":00+07:00", ":00.000+0700"),
        "\n".join([PLAIN.splitlines()[0], *reversed(PLAIN.splitlines()[1:])]),
        parquet(ts=[datetime(2025, 12, 31, 17 + h, tzinfo=UTC) for h in range(7)]
                + [datetime(2026, 1, 1, h, tzinfo=UTC) for h in range(17)],
                value=[float(h) for h in range(24)]),
        parquet(ts=[datetime(2026, 1, 1, h) for h in range(24)], value=[Decimal(h) for h in range(24)]),
        gzip.compress(parquet(ts=pa.array([datetime(2026, 1, 1, h) for h in range(24)], pa.timestamp("ns")),
                              value=pa.array([str(h) for h in range(24)]).dictionary_encode())),
    ],
    ids=["bom", "crlf", "cr", "semicolons", "tabs", "local", "gzip", "names", "backwards", "parquet",
         "parquet local decimals", "parquet gzip texts"],
)  # fmt: skip
def test_the_same_readings_in_another_dress_give_the_same_values(tmp_path, content):
    [found] = items("kernel.stats", written(tmp_path, content))
    assert (found["value"], found["n"], found["detail"]["first"]) == (11.5, 24, 0.0)
    assert found["period_start"] == "2026-01-01T00:00:00+07:00"


def test_a_comma_may_be_decimal_where_it_separates_nothing(tmp_path):
    path = written(tmp_path, "ts;value\n2026-01-01 00:00;1,5\n2026-01-01 01:00;2,5\n")
    assert items("kernel.stats", path)[0]["value"] == 2.0


def test_of_equal_stamps_the_first_counts_and_conflicts_are_told(tmp_path):
    """Three forms of one instant: the second says the same, the third another value."""
    path = written(
        tmp_path,
        "ts,value\n2026-01-01T00:00:00Z,1\n2026-01-01T07:00:00+07:00,1\n2026-01-01 07:00,9\n"
        "2026-01-01T01:00:00Z,3\n",
    )
    answer = compute_request(Request("kernel.stats", (path,)))
    assert answer["items"][0]["value"] == 2.0
    assert answer["inputs"] == {"rows": 4, "duplicates": 2, "conflicts": 1, "missing": 0, "excluded": 0}


def test_several_files_are_one_input(tmp_path):
    second = tmp_path / "second.csv"
    second.write_text("ts,value\n2026-01-02T00:00:00+07:00,24\n")
    assert items("kernel.stats", written(tmp_path, PLAIN), second)[0]["n"] == 25


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "file: found nothing, expected a header line"),
        ("ts,value\n", "kernel.stats: found no readings, expected a file with columns"),
        (b"\x1f\x8bgarbage", "whole when it is compressed"),
        (gzip.compress(PLAIN.encode())[:-9], "whole when it is compressed"),
        (PLAIN.encode("utf-16"), "file: found 'byte 0 is not UTF-8', expected text in UTF-8"),
        (b"PAR1 but no more", "expected a Parquet file"),
        ("ts,value,value\n0,1,2\n", "header: found 'column value twice', expected one column of value"),
        ("thời gian,giá trị\n0,1\n", "expected a column value, or columns named by quantities"),
        ("ts,value\n0,1,2\n", "row 2, row: found '3 cells', expected 2 cells as in the header"),
        ('ts,value\n0,"1\n60,2\n', "expected CSV"),
        ('ts,value\n0,"1,5"\n', "row 2, value: found '1,5', expected a number"),
        ("ts,value\n0,1\n60,inf\n", "row 3, value: found 'inf', expected a finite number"),
        ("ts,value\n0,1\n60,1e999\n", "row 3, value: found '1e999', expected a finite number"),
        ("ts,value\n31/01/2026 07:00,1\n", "row 2, ts: found '31/01/2026 07:00', expected RFC 3339"),
        ("ts,value\n1767225600000,1\n", "row 2, ts: found '1767225600000'"),
        ("ts,value\n9999-12-31,1\n", "row 2, ts: found '9999-12-31'"),
        ("ts,value\n0,1\n2026-01-01,1\n", "ts: found '1970-01-01T08:00:00+08:00 to 2026-01-01T"),
        ("ts,quantity,value,unit\n0,pm25,1,m\n", "row 2, unit: found 'm', expected one of"),
        ("ts,quantity,value,unit\n0,x,1,m\n9,x,1,s\n", "row 3, unit: found 's', expected m as in the rows"),
        ("ts,value,flag\n0,1,8\n", "row 2, flag: found '8', expected one of 1 (good)"),
        ("ts,value,state\n0,1,07\n", "row 2, state: found '07', expected one of 0 (measuring)"),
        (parquet(ts=[1, 2], value=[[1.0], [2.0]]), "row 2, value: found [1.0], expected a number"),
        (parquet(ts=[1.0, float("nan")], value=[1.0, 2.0]), "row 3, ts: found nan"),
    ],
)  # fmt: skip
def test_rubbish_is_refused_in_one_line(tmp_path, content, said):
    assert said in refused("kernel.stats", written(tmp_path, content))


@pytest.mark.parametrize(
    ("code", "options", "said"),
    [
        ("nope", {}, "no indicator or kernel is called 'nope'"),
        ("timelines", {}, "did you mean timeliness"),
        ("timeliness", {"zone": "Mars/Base"}, "found 'Mars/Base', expected an IANA time zone"),
        ("timeliness", {"interval_s": 1e12}, "parameter interval_s: found 1000000000000.0, expected seconds"),
        ("timeliness", {"parameters": {"live": "1"}}, "found '1', expected one of averaging_s"),
        ("timeliness", {"parameters": {"averaging_s": "x"}}, "found 'x', expected a number"),
        ("timeliness", {"parameters": {"averaging_s": "nan"}}, "found 'nan', expected a finite number"),
        ("timeliness", {"parameters": {"liveness_intervals": "1e300"}}, "a number from 0.001 to 100"),
        ("vn_aqi_day", {"period": Period.HOUR}, "found 'hour', expected one of day"),
        ("kernel.stats", {"parameters": {"ddof": "-1"}}, "found '-1', expected a number from 0"),
        ("kernel.stats", {"parameters": {"end": "2025-01-01"}}, "an end after the start"),
        ("kernel.stats", {"parameters": {"start": "1900-01-01"}}, "expected at most 50 years after"),
        ("kernel.time_weighted_mean", {"parameters": {"method": "cubic"}}, "expected one of locf, linear"),
        ("kernel.flat_line", {}, "parameter suspect_threshold: found nothing"),
        ("kernel.drift", {}, "kernel.drift: found 0 neighbours, expected two or more"),
        ("kernel.nrw", {"parameters": {"input": "2", "billed": "1"}}, "is computed from parameters alone"),
        ("saidi", {"customers": 5.0}, "saidi: found no interruptions, expected --events FILE"),
    ],
)  # fmt: skip
def test_wrong_options_are_refused_in_one_line(tmp_path, code, options, said):
    assert said in refused(code, written(tmp_path, PLAIN.replace("value", "pm25")), **options)


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ("", "no interruptions, expected one row or more in --events"),
        ("2026-01-05 08:00,2026-01-05 07:00,100,false,\n", "row 2, end: found '2026-01-05 07:00'"),
        ("2026-01-05 08:00,2026-01-05 09:00,-1,false,\n", "row 2, customers: found -1.0, expected 0 or more"),
        ("2026-01-05 08:00,2026-01-05 09:00,1,maybe,\n", "found 'maybe', expected true or false"),
        (",2026-01-05 09:00,1,,\n", "row 2, start: found nothing, expected RFC 3339"),
        ("1900-01-05,2100-12-31,5,,\n", "expected times within 50 years of one another"),
    ],
)  # fmt: skip
def test_interruptions_that_cannot_be_are_refused(tmp_path, events, said):
    assert said in refused("saidi", events=written(tmp_path, EVENTS + events), customers=10.0)


@pytest.mark.parametrize("customers", [None, 0.0, -5.0, float("nan"), float("inf")])
@pytest.mark.parametrize("code", ["saidi", "kernel.saidi"])
def test_customers_served_must_be_said(tmp_path, code, customers):
    events = written(tmp_path, EVENTS + "2026-01-05 08:00,2026-01-05 09:00,100,false,\n")
    assert "parameter customers: found" in refused(code, events=events, customers=customers)


def test_overlapping_interruptions_add_up_and_an_open_one_lasts_to_the_end_of_the_file(tmp_path):
    """100 customers for 1 h, 100 others for 1.5 h, 10 from 08:00 to the last instant, 10:00."""
    events = written(
        tmp_path,
        EVENTS
        + "2026-01-05 08:00,2026-01-05 09:00,100,false,\n2026-01-05 08:30,2026-01-05 10:00,100,false,\n"
        "2026-01-05 08:00,,10,false,\n",
    )
    [day] = items("saidi", events=events, customers=1000.0, period=Period.DAY)
    assert day["value"] == (100 * 60 + 100 * 90 + 10 * 120) / 1000
    assert day["detail"]["interruptions"] == 3
