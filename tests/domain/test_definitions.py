"""Definitions of a city's own indicators: what is taken, and what is refused with which words."""

from __future__ import annotations

import json

import pytest

from domain.definition_checks import check
from domain.definitions import DefinitionError, Known, cycle_of, read
from domain.indicators import SubjectKind
from domain.periods import Period

SENSORS = (SubjectKind.SENSOR, SubjectKind.AREA)
KNOWN = {
    "completeness": Known(SENSORS, tuple(Period)),
    "saidi": Known((SubjectKind.SITE, SubjectKind.AREA), (Period.MONTH, Period.YEAR)),
    "pm25_day": Known((SubjectKind.SITE,), (Period.DAY,)),
    "own_a": Known(SENSORS, tuple(Period), defined=True, inputs=("own_b",)),
    "own_b": Known(SENSORS, tuple(Period), defined=True, inputs=("completeness",)),
}
COMMON = {
    "code": "own_b",
    "title": {"vi": "Của mình", "en": "Our own"},
    "unit": "ug/m3",
    "service": "air",
    "direction": "lower",
    "source": "Decision 1",
}
MEAN = COMMON | {"kernel": "mean", "quantity": "pm25"}
HOURS = COMMON | {
    "kernel": "exceedance_hours",
    "quantity": "pm25",
    "unit": "h",
    "parameters": {"threshold": 50},
}
FORMULA = COMMON | {"formula": "completeness * 100"}
WEIGHTS = COMMON | {"weights": {"completeness": 2, "saidi": 1}}


@pytest.mark.parametrize("body", [MEAN, HOURS, FORMULA, WEIGHTS])
def test_what_is_stored_reads_back_as_the_same(body):
    """The body with its defaults written out gives the same definition again, through JSON as well."""
    found = check(body, KNOWN)
    assert check(json.loads(json.dumps(found.body())), KNOWN) == found


def test_defaults():
    found = check(HOURS, KNOWN)
    assert found.parameters == {"threshold": 50.0, "above": True}
    assert (found.roll_up, found.completeness_share) == ("pooled", 0.75)
    assert (found.periods, found.subject_kinds) == (tuple(Period), SENSORS)


def test_a_derived_one_has_what_its_inputs_share():
    """Months and years of areas are all that both speak of."""
    found = check(WEIGHTS, KNOWN)
    assert found.periods == (Period.MONTH, Period.YEAR)
    assert found.subject_kinds == (SubjectKind.AREA,)
    assert found.inputs == ("completeness", "saidi")


def replaced(body, **fields):
    return body | fields


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        (replaced(MEAN, code="PM"), "code", "3 to 64 lower-case letters"),
        (replaced(MEAN, code="completeness"), "code", "no indicator of the platform has"),
        (replaced(MEAN, title={"vi": "a"}), "title", "a table with vi and en"),
        (replaced(MEAN, title={"vi": "a", "en": "b\n"}), "title.en", "a line of 1 to 500 characters"),
        (replaced(MEAN, unit="mg/m3"), "unit", "ug/m3 for mean of pm25"),
        (replaced(MEAN, service="sea"), "service", "one of all, air"),
        (replaced(MEAN, direction="up"), "direction", "one of higher, lower"),
        (replaced(MEAN, quantity="gold"), "quantity", "one of pm25"),
        (replaced(MEAN, quantity="water_volume", unit="m3"), "quantity", "a gauge or state for mean"),
        (replaced(MEAN, kernel="median"), "kernel", "one of mean"),
        (replaced(MEAN, periods=["week"]), "periods", "some of hour, day"),
        (replaced(MEAN, subjects=["site"]), "subjects", "some of sensor, area"),
        (replaced(MEAN, roll_up="sum"), "roll_up", "for mean"),
        (replaced(MEAN, completeness_share=75), "completeness_share", "from 0 to 1"),
        (replaced(MEAN, completeness_share=True), "completeness_share", "a number"),
        (replaced(MEAN, parameters={"p": 1}), "parameters.p", "no parameters for this kernel"),
        (replaced(MEAN, colour="red"), "colour", "one of code, title"),
        (replaced(MEAN, formula="1"), "kernel", "exactly one of kernel, formula and weights"),
        (COMMON, "kernel", "exactly one of"),
        (replaced(HOURS, parameters={}), "parameters.threshold", "a number"),
        (replaced(HOURS, parameters={"threshold": float("nan")}), "parameters.threshold", "a number"),
        (replaced(HOURS, parameters={"threshold": 1, "above": 1}), "parameters.above", "true or false"),
        (replaced(FORMULA, formula="completeness +"), "formula", "a number, a code"),
        (replaced(FORMULA, formula="gold + 1"), "formula", "the code of an indicator"),
        (replaced(FORMULA, formula="1 + 1"), "formula", "1 to 50 codes"),
        (replaced(FORMULA, formula="own_a + 1"), "formula", "no indicator that reads itself"),
        (
            replaced(FORMULA, formula="saidi / pm25_day"),
            "formula",
            "a period and a kind of subject in common",
        ),
        (replaced(FORMULA, quantity="pm25"), "quantity", "no quantity in a definition with formula"),
        (replaced(WEIGHTS, weights={}), "weights", "a table of 1 to 50 weights"),
        (replaced(WEIGHTS, weights={"completeness": 0}), "weights", "a sum above 0"),
        (replaced(WEIGHTS, weights={"completeness": -1}), "weights.completeness", "from 0"),
        (replaced(WEIGHTS, periods=["hour"]), "periods", "some of month, year"),
    ],
)
def test_a_fault_names_field_found_and_expected(body, field, said):
    with pytest.raises(DefinitionError) as caught:
        check(body, KNOWN)
    told = {one.field: one.expected for one in caught.value.faults}
    assert said in told[field]
    assert f"{field}: found " in str(caught.value)


def test_states_are_distinct_whole_numbers():
    body = COMMON | {"kernel": "state_share", "quantity": "lamp_state", "unit": "%"}
    assert check(body | {"parameters": {"states": [3, 1]}}, KNOWN).parameters["states"] == [1, 3]
    for states in (None, [], [1, 1], [1.5], [True], "1"):
        with pytest.raises(DefinitionError, match=r"parameters\.states"):
            check(body | {"parameters": {"states": states}}, KNOWN)


def test_all_faults_are_told_at_once():
    with pytest.raises(DefinitionError) as caught:
        check({"kernel": "mean"}, KNOWN)
    assert {one.field for one in caught.value.faults} >= {
        "code", "title", "unit", "service", "direction", "source", "quantity",
    }  # fmt: skip


def test_the_cycle_is_spelled_out():
    with pytest.raises(DefinitionError, match="own_b -> own_a -> own_b"):
        check(replaced(FORMULA, formula="own_a + 1"), KNOWN)
    assert cycle_of("a", {"a": ("b", "c"), "b": ("d",), "c": ("a",)}) == ("a", "c", "a")
    assert cycle_of("a", {"a": ("b",), "b": ("c",), "c": ("b",)}) is None


def test_files_are_toml_or_json():
    assert read('code = "own"', "x.toml") == {"code": "own"}
    assert read('{"code": "own"}', "x.JSON") == {"code": "own"}
    for text, name in (("{", "x.json"), ("[1]", "x.json"), ("= 1", "x.toml")):
        with pytest.raises(DefinitionError, match="file: found"):
            read(text, name)
