"""Catalogues of indicator sets over the API and on the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from nhip.cli.main import build_app
from tests.api.test_values import add_indicator


def shown(*arguments: str) -> str:
    found = CliRunner().invoke(build_app(), ["catalogue", *arguments])
    assert found.exit_code == 0, found.output
    return found.output


def test_the_sets_are_listed_with_what_is_given(service):
    answer = service.get("/catalogues").json()
    assert [one["code"] for one in answer["items"]] == ["iso_37120", "iso_37122", "u4ssc"]
    for one in answer["items"]:
        whole = service.get(f"/catalogues/{one['code']}").json()
        assert len(whole["items"]) == one["whole"] + one["part"] + one["nothing"]
        assert whole["title"] == one["title"]
        assert one["whole"] > 0


def test_an_entry_says_what_gives_it_and_how_far_to_trust_it(service):
    items = {one["code"]: one for one in service.get("/catalogues/u4ssc").json()["items"]}
    index = items["EC:I:T:5A"]
    assert (index["indicators"], index["period"], index["subject"]) == (["tti"], "year", "area")
    assert index["addresses"] == ["/api/v1/indicators/tti/values?period=year"]
    assert (index["trust"], index["trust_title"]["vi"]) == ("verified", "đã kiểm chứng")
    lacking = items["EC:ICT:T:3A"]
    assert (lacking["given"], lacking["given_title"]["vi"]) == ("nothing", "chưa có")
    assert lacking["missing"]["en"]
    assert (lacking["indicators"], lacking["period"], lacking["subject"]) == ([], None, None)


def test_an_unknown_set_is_answered_with_those_there_are(service):
    answer = service.get("/catalogues/y4903")
    assert answer.status_code == 404
    assert "iso_37120, iso_37122, u4ssc" in answer.text


def test_the_command_line_says_the_same(service):
    for path, arguments in (("", ("list",)), ("/iso_37122", ("show", "iso_37122"))):
        told = json.loads(shown(*arguments, "--json"))
        answer = service.get(f"/catalogues{path}").json()
        assert {key: answer[key] for key in told if key != "items"} == {
            key: value for key, value in told.items() if key != "items"
        }
        for ours, theirs in zip(told["items"], answer["items"], strict=True):
            assert ours == {key: theirs[key] for key in ours}


@pytest.mark.parametrize(
    ("language", "word"), [("vi", "nhớ lại, chưa đối chiếu"), ("en", "recalled, not compared")]
)
def test_tables_speak_both_languages(language, word):
    found = shown("show", "iso_37120", "--language", language)
    assert word in found
    assert "water_interruption_hours" in found


def test_another_language_is_refused():
    found = CliRunner().invoke(build_app(), ["catalogue", "list", "--language", "fr"])
    assert found.exit_code == 2


def test_an_address_leads_to_the_values_of_an_area(city):
    add_indicator(city)
    entries = {one["code"]: one for one in city.get("/catalogues/iso_37120").json()["items"]}
    [address] = entries["8-pm25"]["addresses"]
    answer = city.get(f"{address.removeprefix('/api/v1')}&area=ha-noi")
    assert answer.status_code == 200, answer.text
