"""Programmes are assessed by rule sets; signed values are listed, and revised with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from api.permissions import Role
from domain.periods import Period
from tests.api.test_values import add_indicator, add_value

if TYPE_CHECKING:
    from tests.api.conftest import Service

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
YEAR_2025 = datetime(2025, 1, 1, tzinfo=HANOI)
TARGET = {
    "programme": "de-an",
    "indicator": "pm25_day",
    "area": "ha-noi",
    "period": "year",
    "direction": "lower",
    "baseline": 45,
    "baseline_year": 2020,
    "target": 25,
    "due_year": 2030,
    "group": "B1",
    "level": 1,
    "source": "Đề án, bảng 3",
}


@pytest.fixture
def programme(city: Service) -> Service:
    add_indicator(city)
    city.made(
        "/programmes",
        {
            "code": "de-an",
            "title": "Đề án đô thị thông minh",
            "document": "QĐ 1/2025",
            "area": "ha-noi",
            "valid_from": "2025-01-01",
        },
    )
    city.made("/targets", TARGET)
    return city


def assessment(service: Service, **query: Any) -> Any:
    answer = service.get("/programmes/de-an/assessment", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_target_without_values_has_no_evidence(programme):
    found = assessment(programme, year=2025)
    (item,) = found["items"]
    assert item["verdict"] == "không đạt (thiếu minh chứng)"
    assert item["expected"] == 35.0
    assert (item["value"], item["evidence"]) == (None, None)
    assert found["counts"] == [
        {"group": "B1", "level": 1, "targets": 1, "met": 0, "not_met": 0, "no_evidence": 1}
    ]
    assert found["rule_set"]["code"] == "tt_03_2026"


def test_the_closed_value_of_the_year_is_assessed(programme):
    add_value(programme, "area", 1, YEAR_2025, 30.0, Period.YEAR)
    (item,) = assessment(programme, year=2025)["items"]
    assert (item["verdict"], item["on_track"]) == ("không đạt", True)
    assert item["progress"] == 0.75
    assert item["reason"] == {
        "vi": "không đạt: giá trị 30, mục tiêu nhiều nhất 25",
        "en": "not met: value 30, target at most 25",
    }
    assert item["period_start"] == "2025-01-01T00:00:00+07:00"
    values = programme.get(item["evidence"]).json()["items"]
    assert [one["value"] for one in values] == [30.0]
    assert assessment(programme, year=2024)["items"][0]["verdict"] == "không đạt (thiếu minh chứng)"


def test_a_closed_period_goes_before_an_open_one(programme):
    programme.made("/targets", TARGET | {"period": "month"})
    month = datetime(2025, 5, 1, tzinfo=HANOI)
    add_value(programme, "area", 1, month, 20.0, Period.MONTH)
    add_value(programme, "area", 1, month.replace(month=6), 90.0, Period.MONTH, provisional=True)
    items = assessment(programme, year=2025)["items"]
    assert [(item["period"], item["verdict"]) for item in items] == [
        ("year", "không đạt (thiếu minh chứng)"),
        ("month", "đạt"),
    ]


def test_classes_give_a_score(programme):
    add_value(programme, "area", 1, YEAR_2025, 50.0, Period.YEAR)
    (item,) = assessment(programme, year=2025, rule_set="u4ssc_scoring")["items"]
    assert (item["performance"], item["score"]) == (0.5, 2)
    codes = [one["code"] for one in programme.get("/rule-sets").json()["items"]]
    assert codes == ["tt_03_2026", "u4ssc_scoring"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/programmes/none/assessment", 404, "code of a programme"),
        ("/programmes/de-an/assessment?rule_set=x", 422, "one of tt_03_2026"),
        ("/programmes/de-an/assessment?year=x", 422, "year"),
    ],
)
def test_what_is_not_there_is_named(programme, path, status, said):
    answer = programme.get(path)
    assert answer.status_code == status
    assert said in answer.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"direction": "range"}, "target_max"),
        ({"direction": "range", "target_max": 24}, "target_max"),
        ({"target_max": 30}, "target_max"),
        ({"milestones": {"2030": 26}}, "milestones"),
        ({"milestones": {"2020": 26}}, "milestones"),
        ({"level": 4}, "level"),
    ],
)
def test_a_crooked_target_is_refused(programme, changes, field):
    answer = programme.post("/targets", TARGET | changes)
    assert answer.status_code == 422
    assert field in answer.text


def test_milestones_are_kept_and_replaced(programme):
    made = programme.made("/targets", TARGET | {"milestones": {"2025": 30, "2027": 28}})
    assert made["milestones"] == {"2025": 30, "2027": 28}
    made = programme.made("/targets", TARGET | {"milestones": {"2026": 29}})
    assert made["milestones"] == {"2026": 29}
    assert assessment(programme, year=2026)["items"][0]["expected"] == 29.0


SIGNING = {
    "indicator": "pm25_day",
    "area": "ha-noi",
    "period": "year",
    "from": "2025-01-01",
    "to": "2026-01-01",
    "reason": "Báo cáo năm 2025",
}


def test_a_value_is_signed_once(programme):
    add_value(programme, "area", 1, YEAR_2025, 30.0, Period.YEAR)
    made = programme.post("/sign-offs", SIGNING, role=Role.EVALUATOR)
    assert made.status_code == 201, made.text
    (item,) = made.json()["items"]
    assert (item["value"], item["revision"]) == (30.0, 1)
    assert item["signed_by"].startswith("test-evaluator")
    assert programme.get("/sign-offs", params={"area": "ha-noi"}).json()["items"] == [item]
    assert assessment(programme, year=2025)["items"][0]["signed_off"] is True
    again = programme.post("/sign-offs", SIGNING, role=Role.EVALUATOR)
    assert again.status_code == 409
    assert "nothing to sign" in again.text


def test_an_open_value_is_not_signed(programme):
    add_value(programme, "area", 1, YEAR_2025, 30.0, Period.YEAR, provisional=True)
    answer = programme.post("/sign-offs", SIGNING)
    assert answer.status_code == 409
    assert "provisional" in answer.text
    assert programme.get("/sign-offs").json()["items"] == []


def test_only_evaluators_sign(programme):
    add_value(programme, "area", 1, YEAR_2025, 30.0, Period.YEAR)
    assert programme.post("/sign-offs", SIGNING, role=Role.OPERATOR).status_code == 403


def test_a_proposal_is_accepted_with_a_reason(programme):
    add_value(programme, "area", 1, YEAR_2025, 30.0, Period.YEAR)
    programme.made("/sign-offs", SIGNING)
    programme.sql(
        "INSERT INTO indicator_value_proposal (indicator_id, subject_kind, subject_id, period, period_start,"
        " value, n, completeness, method_version) VALUES (1, 'area', 1, 'year', %s, 24.5, 25, 1, '1')",
        (YEAR_2025,),
    )
    (proposal,) = programme.get("/proposals").json()["items"]
    assert (proposal["signed_value"], proposal["value"]) == (30.0, 24.5)
    path = f"/proposals/{proposal['id']}/accept"
    assert programme.post(path, {}).status_code == 422
    accepted = programme.post(path, {"reason": "số liệu đến muộn"}).json()
    assert (accepted["revision"], accepted["value"], accepted["reason"]) == (2, 24.5, "số liệu đến muộn")
    (value,) = programme.get(
        "/indicators/pm25_day/values", params={"area": "ha-noi", "period": "year"}
    ).json()["items"]
    assert (value["value"], value["revision"], value["signed_off"]) == (24.5, 2, True)
    revisions = programme.get("/indicators/pm25_day/revisions", params={"area": "ha-noi", "period": "year"})
    assert [(one["revision"], one["value"]) for one in revisions.json()["items"]] == [(1, 30.0)]
    assert programme.get("/proposals").json()["items"] == []
    assert programme.post(path, {"reason": "x"}).status_code == 404
    assert [one["action"] for one in programme.get("/audit", role=Role.ADMIN).json()["items"]].count(
        "revise"
    ) == 1


def test_the_api_cannot_change_values_itself(programme, role_dsn):
    import psycopg

    add_value(programme, "area", 1, YEAR_2025, 30.0, Period.YEAR)
    with (
        psycopg.connect(role_dsn("nhip_api")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("UPDATE indicator_value SET value = 1")
    assert datetime.now(UTC)
