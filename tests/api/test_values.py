"""Readings and indicator values: local times, paging, formats, entity tags."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.evidence import target_in
from api.schemas.measurements import IndicatorValues, Readings
from domain.periods import Period, period_end

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
BEIJING = ZoneInfo("Asia/Shanghai")
# Sites 1 (Hà Nội, +07:00) and 2 (Bắc Kinh, +08:00), area 1.
HANOI_SITE, BEIJING_SITE = 1, 2


def add_indicator(service, code="pm25_day", kinds="{site,area}", periods="{day,hour,month,year}"):
    service.sql(
        """INSERT INTO indicator (code, title_vi, title_en, unit, service, direction, subject_kinds, periods,
        formula_vi, formula_en, completeness_rule_vi, completeness_rule_en, source, method_version)
        VALUES (%s, 'Bụi', 'Dust', 'ug/m3', 'air', 'lower', %s, %s, '', '', '', '', 'QCVN 05:2023', '1')""",
        (code, kinds, periods),
    )


def add_value(service, kind, subject_id, start, value=10.0, period=Period.DAY, **facts):
    row = {
        "indicator_id": 1, "subject_kind": kind, "subject_id": subject_id, "period": period,
        "period_start": start, "period_end": period_end(start, period), "value": value, "n": 24,
        "completeness": 1.0, "provisional": False, "method_version": "1", **facts,
    }  # fmt: skip
    columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    service.sql(f"INSERT INTO indicator_value ({columns}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 # names from above


def add_days(service, count, site=BEIJING_SITE, zone=BEIJING):
    first = datetime(2014, 1, 1, tzinfo=zone)
    for day in range(count):
        add_value(service, "site", site, first + timedelta(days=day), float(day))


def add_readings(service, sensor_id, start, count, step_s=3600):
    end = start + timedelta(seconds=step_s * count)
    service.sql("SELECT ensure_reading_partitions(%s, %s)", (start, end))
    service.sql(
        "INSERT INTO reading (ts, received_at, value, sensor_id, flag, state) SELECT"
        " %s::timestamptz + make_interval(secs => i * %s::float8), now(), i, %s, 1, 0 FROM"
        " generate_series(0, %s - 1) i",
        (start, step_s, sensor_id, count),
    )


def pages(service, path, **parameters):
    """Follow `next` to the end; return the pages."""
    found, cursor = [], None
    while True:
        given = {**parameters, **({"cursor": cursor} if cursor else {})}
        response = service.call("GET", path, params=given)
        assert response.status_code == 200, response.text
        body = response.json()
        found.append(body["items"])
        cursor = body["next"]
        assert ('rel="next"' in response.headers.get("link", "")) == (cursor is not None)
        if cursor is None:
            return found


def test_values_carry_their_evidence_and_the_areas_own_offset(city):
    add_indicator(city)
    start = datetime(2014, 1, 15, tzinfo=BEIJING)
    add_value(city, "site", 2, start, 61.5, verdict="không đạt", limit_value=50, responsible="pm25",
              detail='{"hours": 24}')  # fmt: skip
    [item] = city.get("/indicators/pm25_day/values?site=dongsi&period=day").json()["items"]
    computed_at = item.pop("computed_at")
    assert datetime.fromisoformat(computed_at)
    assert item == {
        "period_start": "2014-01-15T00:00:00+08:00", "period_end": "2014-01-16T00:00:00+08:00", "value": 61.5,
        "unit": "ug/m3", "n": 24, "completeness": 1.0, "quality": "good", "verdict": "không đạt",
        "limit": 50.0,
        "target": None, "responsible": "pm25", "note": None, "signed_off": False, "provisional": False,
        "method_version": "1",
        "revision": 1, "subject": {"kind": "site", "code": "dongsi", "name": "Dongsi"},
        "detail": {"hours": 24},
    }  # fmt: skip


def test_dates_are_local_to_the_subject_and_the_end_is_not_included(city):
    add_indicator(city)
    add_days(city, 31)
    add_days(city, 31, HANOI_SITE, HANOI)
    for site, offset in (("dongsi", "+08:00"), ("tram-1", "+07:00")):
        query = f"/indicators/pm25_day/values?site={site}&from=2014-01-10&to=2014-01-12"
        starts = [item["period_start"] for item in city.get(query).json()["items"]]
        assert starts == [f"2014-01-10T00:00:00{offset}", f"2014-01-11T00:00:00{offset}"]


@pytest.mark.parametrize(
    "instant", ["2014-01-09T16:00:00Z", "2014-01-10T00:00:00%2B08:00", "2014-01-10T00:00:00+08:00"]
)
def test_instants_work_in_any_offset_even_when_the_plus_sign_was_not_encoded(city, instant):
    add_indicator(city)
    add_days(city, 12)
    found = city.get(f"/indicators/pm25_day/values?site=dongsi&from={instant}").json()["items"]
    assert [item["value"] for item in found] == [9, 10, 11]


def test_filters_without_values_of_their_own_give_those_of_their_parts(city):
    add_indicator(city)
    add_indicator(city, "vn_aqi_hour", "{site}", "{hour}")
    add_indicator(city, "completeness", "{sensor,area}", "{day}")
    start = datetime(2026, 1, 1, tzinfo=HANOI)
    add_value(city, "site", 1, start, 7.0, Period.HOUR, indicator_id=2)
    add_value(city, "sensor", 1, start, 0.9, indicator_id=3)
    add_value(city, "area", 1, start, 0.8, indicator_id=3)

    def subjects(query):
        return [item["subject"]["code"] for item in city.get(f"/indicators/{query}").json()["items"]]

    assert subjects("vn_aqi_hour/values?area=ha-noi") == ["tram-1"]
    assert subjects("vn_aqi_hour/values?area=bac-kinh") == []
    assert subjects("completeness/values?site=tram-1") == ["gw-1.pm25"]
    assert subjects("completeness/values?area=ha-noi") == ["ha-noi"]
    assert subjects("completeness/values?area=ha-noi&kind=sensor") == ["gw-1.pm25"]
    assert subjects("completeness/values") == ["ha-noi", "gw-1.pm25"]
    refused = city.get("/indicators/vn_aqi_hour/values?sensor=1")
    assert (refused.status_code, refused.json()["field"]) == (422, "sensor")


def test_value_that_could_not_be_computed_says_why(city):
    add_indicator(city)
    add_value(city, "site", 2, datetime(2014, 1, 1, tzinfo=BEIJING), None, note="too_few_hours")
    [item] = city.get("/indicators/pm25_day/values?site=2").json()["items"]
    assert (item["value"], item["note"], item["quality"]) == (None, "too_few_hours", "insufficient")


def test_newest_first_is_for_one_subject(city):
    add_indicator(city)
    add_days(city, 5)
    parts = pages(city, "/indicators/pm25_day/values", site="dongsi", order="desc", limit=2)
    assert [[item["value"] for item in page] for page in parts] == [[4, 3], [2, 1], [0]]
    assert city.get("/indicators/pm25_day/values?order=desc").json()["field"] == "order"


def test_areas_show_the_target_that_holds(city):
    add_indicator(city)
    city.made(
        "/programmes",
        {"code": "p", "title": "p", "document": "p", "area": "ha-noi", "valid_from": "2026-01-01"},
    )
    target = {
        "programme": "p",
        "indicator": "pm25_day",
        "area": "ha-noi",
        "period": "day",
        "direction": "lower",
    }
    city.made("/targets", {**target, "target": 40, "due_year": 2030, "source": "p"})
    add_value(city, "area", 1, datetime(2026, 1, 1, tzinfo=HANOI))
    assert city.get("/indicators/pm25_day/values?area=ha-noi").json()["items"][0]["target"] == 40
    assert [target_in([(2025, 50), (2030, 40)], year) for year in (2024, 2025, 2026, 2031)] == [
        50,
        50,
        40,
        40,
    ]


def test_closed_periods_have_an_entity_tag_and_open_ones_none(city):
    add_indicator(city)
    add_days(city, 3)
    for form in ("json", "csv"):
        address = f"/indicators/pm25_day/values?site=dongsi&format={form}"
        answer = city.get(address)
        again = city.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    city.sql("UPDATE indicator_value SET revision = 2 WHERE value = 1")
    assert city.get(address, headers={"If-None-Match": answer.headers["etag"]}).status_code == 200
    city.sql("UPDATE indicator_value SET provisional = true WHERE value = 2")
    answer = city.get("/indicators/pm25_day/values?site=dongsi")
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["items"][2]["quality"] == "provisional"


def test_revisions_show_what_was_published_before(city):
    add_indicator(city)
    add_days(city, 2)
    city.sql(
        "INSERT INTO indicator_value_revision (indicator_id, subject_kind, subject_id, period,"
        " period_start, revision,"
        " value, n, method_version, computed_at) SELECT indicator_id, subject_kind,"
        " subject_id, period, period_start,"
        " r, r, n, method_version, now() FROM indicator_value, generate_series(1, 3) r"
    )
    parts = pages(city, "/indicators/pm25_day/revisions", site="dongsi", limit=4)
    found = [(item["period_start"][:10], item["revision"], item["value"]) for page in parts for item in page]
    assert found == [(day, r, r) for day in ("2014-01-01", "2014-01-02") for r in (1, 2, 3)]


def test_readings_are_utc_and_half_open(city):
    add_readings(city, 2, datetime(2014, 1, 9, 15, tzinfo=UTC), 30)
    found = city.get("/readings?sensor=gw-2.pm25&from=2014-01-10&to=2014-01-11").json()
    assert (found["unit"], found["sensor"]) == ("ug/m3", "gw-2.pm25")
    assert found["items"][0] == {"ts": "2014-01-09T16:00:00Z", "value": 1.0, "flag": 1, "state": 0}
    assert len(found["items"]) == 24
    assert city.get("/readings").json()["field"] == "sensor"


def test_answers_are_what_openapi_promises(city):
    add_indicator(city)
    add_days(city, 1)
    add_readings(city, 2, datetime(2014, 1, 9, 15, tzinfo=UTC), 1)
    values = city.get("/indicators/pm25_day/values").json()
    readings = city.get("/readings?sensor=2").json()
    for model, answer in ((IndicatorValues, values), (Readings, readings)):
        assert model.model_validate(answer).model_dump().keys() == answer.keys()
        item_model = model.model_fields["items"].annotation.__args__[0]
        assert answer["items"][0].keys() == item_model.model_fields.keys()


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits=st.lists(st.integers(1, 40), min_size=1, max_size=3))
def test_paging_yields_every_item_once_in_order(many, limits):
    for limit in limits:
        for path, parameters, expected in (
            ("/readings", {"sensor": 1}, 25),
            ("/indicators/pm25_day/values", {"site": "dongsi"}, 20),
            ("/indicators/pm25_day/values", {}, 30),
            ("/areas", {}, 3),
            ("/accounting", {"group": "hour"}, 15),
            ("/quarantine", {}, 12),
        ):
            parts = pages(many, path, limit=limit, **parameters)
            items = [str(item) for page in parts for item in page]
            assert len(items) == len(set(items)) == expected
            assert all(len(page) == limit for page in parts[:-1])
            whole = many.call("GET", path, params=parameters).json()["items"]
            assert items == [str(item) for item in whole]


@pytest.fixture
def many(city):
    add_indicator(city)
    add_days(city, 20)
    add_days(city, 10, HANOI_SITE, BEIJING)  # the same instants, so that only the subject tells them apart
    add_readings(city, 1, datetime(2026, 1, 1, tzinfo=UTC), 25)
    city.sql(
        "INSERT INTO accounting (gateway, hour, messages, received, stored) SELECT 'gw-' || g, timestamptz"
        " '2026-01-01 00:00+00' + make_interval(hours => h), 1, 5, 5 FROM generate_series(1, 3) g,"
        " generate_series(1, 5) h"
    )
    city.sql(
        "INSERT INTO quarantine (gateway, topic, payload_format, reason, reading_count,"
        " payload, digest) SELECT 'gw-1',"
        " 't', 'native', 'malformed', 1, '', i::text::bytea FROM generate_series(1, 12) i"
    )
    return city


def test_accounting_answers_sums_by_gateway_and_hours(many):
    sums = many.get("/accounting?gateway=gw-2").json()
    assert (sums["gateway"], sums["received"], sums["stored"], sums["rejected"]) == ("gw-2", 25, 25, 0)
    assert [item["received"] for item in sums["items"]] == [25]
    hours = many.get("/accounting?gateway=gw-2&group=hour").json()
    assert (hours["received"], len(hours["items"]), hours["items"][0]["received"]) == (25, 5, 5)
    assert many.get("/accounting?from=2026-01-01T03:00:00Z&gateway=gw-2").json()["received"] == 15


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_whole_tables_come_in_every_format(city, form):
    add_indicator(city)
    city.sql("UPDATE site SET name = '=HYPERLINK(\"http://evil\")' WHERE code = 'dongsi'")
    add_days(city, 3)
    answer = city.get(f"/indicators/pm25_day/values?site=dongsi&format={form}")
    assert answer.status_code == 200
    assert f"pm25_day-day.{form}" in answer.headers["content-disposition"]
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        assert [row["value"] for row in rows] == ["0.0", "1.0", "2.0"]
        assert rows[0]["period_start"] == "2014-01-01T00:00:00+08:00"
        assert rows[0]["subject_name"].startswith("'=")
    elif form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert sheet.count("<row ") == 4
        assert "<f>" not in sheet  # nothing in it is a formula
        assert "+08:00" in sheet
    else:
        table = pq.read_table(io.BytesIO(answer.content)).to_pydict()
        assert table["value"] == [0, 1, 2]
        assert table["period_start"][0] == datetime(2013, 12, 31, 16, tzinfo=UTC)


def test_readings_beyond_one_page_come_whole_as_a_file(city):
    add_readings(city, 1, datetime(2026, 1, 1, tzinfo=UTC), 12_345, step_s=60)
    lines = city.get("/readings?sensor=1&format=csv").text.splitlines()
    assert len(lines) == 12_346
    assert len(set(lines)) == 12_346
    assert city.get("/readings?sensor=1&format=csv&limit=7").text.count("\n") == 8
    parquet = city.get("/readings?sensor=1&format=parquet")
    assert pq.read_table(io.BytesIO(parquet.content)).num_rows == 12_345
    assert city.get("/readings?sensor=1&format=csv&limit=1&bom=true").content.startswith(b"\xef\xbb\xbf")


def test_table_above_the_limit_is_refused_instead_of_cut(role_dsn, dsn):
    from tests.api.conftest import Service

    with Service(role_dsn("nhip_api"), dsn, export_rows_max=10) as service:
        service.city()
        add_readings(service, 1, datetime(2026, 1, 1, tzinfo=UTC), 11)
        assert service.get("/readings?sensor=1&format=xlsx").status_code == 413
        assert service.get("/readings?sensor=1&format=xlsx&limit=10").status_code == 200


def newest_of(city):
    """Return the instant of the newest reading of every sensor."""
    return {each["sensor"]: each["ts"] for each in city.get("/readings/latest").json()["items"]}


def test_newest_reading_is_found_with_and_without_facts_however_old(city):
    """Facts say where to begin, never where to end; an archive without them is searched from its start."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=300)
    add_readings(city, 1, hour, 3)
    add_readings(city, 2, datetime(2014, 1, 1, tzinfo=UTC), 3)
    for facts in (False, True):
        if facts:
            city.sql(
                "INSERT INTO hour_fact (sensor_id, hour, n, n_good, slots, expected, integral, covered_s,"
                " live_s, window_s, outages, on_time) SELECT sensor_id, min(ts), 1, 1, 1, 1, 0, 0, 0, 0, 0, 1"
                " FROM reading GROUP BY sensor_id"
            )
        assert newest_of(city) == {
            "gw-1.pm25": (hour + timedelta(hours=2)).isoformat().replace("+00:00", "Z"),
            "gw-2.pm25": "2014-01-01T02:00:00Z",
        }
        assert city.get("/sensors/2/status").json()["first_valid_reading"]["value"] == 0


def test_latest_readings_and_the_overview(city):
    city.sql("UPDATE gateway SET accept_past_s = 1e9")
    add_indicator(city)
    add_value(city, "area", 1, datetime(2026, 1, 1, tzinfo=HANOI), 33.0, provisional=True)
    add_readings(city, 1, datetime(2026, 1, 1, tzinfo=UTC), 3)
    city.sql("INSERT INTO gateway_seen (gateway, online) VALUES ('gw-1', true), ('stranger', true)")
    latest = city.get("/readings/latest?area=ha-noi").json()["items"]
    assert [(each["sensor"], each["value"], each["ts"]) for each in latest] == [
        ("gw-1.pm25", 2.0, "2026-01-01T02:00:00Z")
    ]
    overview = city.get("/overview").json()
    assert (overview["gateways_online"], overview["gateways_total"], overview["sensors"]) == (1, 2, 2)
    [highlight] = overview["highlights"]
    assert (highlight["indicator"], highlight["value"], highlight["subject"]) == ("pm25_day", 33.0, "ha-noi")
    assert highlight["period_start"] == "2026-01-01T00:00:00+07:00"


def test_unknown_sensors_are_offered_and_quarantine_is_resolved(city):
    city.sql(
        "INSERT INTO quarantine (gateway, topic, payload_format, reason, sensor,"
        " reading_count, payload, last_ts,"
        " last_value, last_unit, digest) SELECT 'gw-1', 't', 'native', 'unknown_sensor',"
        " 'no2', 5, '\\xff00', now() + i"
        " * interval '1 s', i, 'ug/m3', i::text::bytea FROM generate_series(1, 3) i"
    )
    [unknown] = city.get("/unknown").json()["items"]
    assert (unknown["sensor"], unknown["count"], unknown["last_value"]) == ("no2", 15, 3.0)
    assert unknown["gateway_registered"] is True
    item = city.get("/quarantine?reason=unknown_sensor").json()["items"][0]
    assert item["reason_vi"] == "Cảm biến chưa đăng ký"
    assert city.post(f"/quarantine/{item['id']}/discard").json() == {"count": 1}
    assert city.post(f"/quarantine/{item['id']}/discard").status_code == 409
    assert city.post("/quarantine/replay").json()["field"] == "gateway"
    assert city.post("/quarantine/replay?gateway=gw-1").json() == {"count": 2}
    assert city.sql("SELECT count(*) FROM quarantine WHERE replay_requested_at IS NOT NULL") == [(2,)]
    assert len(city.get("/quarantine?status=all").json()["items"]) == 3
