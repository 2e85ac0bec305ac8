"""Definitions become recipes that `nhip compute` and the engine can compute."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from domain.definition_checks import check
from domain.indicators import SubjectKind
from domain.kernel_rules import KERNELS
from processing.compute.command import Request, compute_request
from processing.defined import DefinitionFileError, load
from processing.defined.compiling import known_of, recipe_of
from processing.evidence.recording import rule_sets_of
from processing.indicators import discover
from processing.indicators.recipes import AreaRule, FormulaRecipe, ReadingsRecipe

COMMON = {
    "code": "own_one",
    "title": {"vi": "Chỉ số riêng", "en": "One of our own"},
    "service": "all",
    "direction": "lower",
    "source": "Test",
}
# Eight readings at 0:00, 0:10, ... 1:10; the last holds until 1:20 at least.
VALUES = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 12.5, 17.25]


def definition(**fields):
    return check(COMMON | fields, known_of(discover()))


def of_readings(kernel, quantity="pm25", unit="ug/m3", **fields):
    return {"kernel": kernel, "quantity": quantity, "unit": unit} | fields


ALL = {
    "mean": (of_readings("mean"), 35.0),
    "time_weighted_mean": (of_readings("time_weighted_mean"), 35.0),
    "minimum": (of_readings("minimum"), 10.0),
    "maximum": (of_readings("maximum"), 60.0),
    "increase": (of_readings("increase", "water_volume", "m3"), 50.0),
    "exceedance_hours": (of_readings("exceedance_hours", unit="h", parameters={"threshold": 30}), 4 / 6),
    "state_share": (of_readings("state_share", "lamp_state", "%", parameters={"states": [10, 60]}), 100 / 3),
    "quantile": (of_readings("quantile", parameters={"p": 0.5, "resolution": 0.01}), 35.0),
    "leq": (
        of_readings("leq", "sound_level", "dB[A]"),
        10 * np.log10(np.mean(10.0 ** (np.array(VALUES[:6]) / 10))),
    ),
}


def test_every_kernel_is_tried():
    assert ALL.keys() == KERNELS.keys()


def written(body):
    """The body as TOML: strings, numbers, lists and one level of tables."""
    flat = [f"{key} = {text(value)}" for key, value in body.items() if not isinstance(value, dict)]
    tables = [
        "\n".join([f"[{key}]", *(f"{name} = {text(one)}" for name, one in value.items())])
        for key, value in body.items()
        if isinstance(value, dict)
    ]
    return "\n".join([*flat, *tables])


def text(value):
    return f'"{value}"' if isinstance(value, str) else str(value)


@pytest.fixture
def readings(tmp_path):
    def make(quantity):
        path = tmp_path / "readings.csv"
        rows = [f"2020-01-01T0{k // 6}:{k % 6}0:00Z,s,{quantity},{value}" for k, value in enumerate(VALUES)]
        path.write_text("ts,sensor,quantity,value\n" + "\n".join(rows))
        return path

    return make


@pytest.mark.parametrize("kernel", sorted(ALL))
def test_a_kernel_over_the_first_hour(kernel, readings, tmp_path):
    """What a definition file computes from six readings, worked out beside it."""
    body, expected = ALL[kernel]
    path = tmp_path / "own.toml"
    path.write_text(written(COMMON | body), encoding="utf-8")
    found = compute_request(
        Request("", (readings(body["quantity"]),), zone="UTC", interval_s=600, definition=path)
    )
    assert found["indicator"] == "own_one"
    hours = [one for one in found["items"] if one["period"] == "hour"]
    assert hours[0]["value"] == pytest.approx(expected)
    days = [one for one in found["items"] if one["period"] == "day"]
    assert len(days) == 1


@pytest.mark.parametrize("kernel", sorted(ALL))
def test_recipes_travel_between_processes(kernel):
    """Pickled and back they are equal, and name no rule set."""
    recipe = recipe_of(definition(**ALL[kernel][0]), version=3)
    again = pickle.loads(pickle.dumps(recipe))  # noqa: S301 # made here
    assert again == recipe
    assert again.indicator.method_version == "user-3"
    assert rule_sets_of(recipe) == ()


@pytest.mark.parametrize(
    ("roll_up", "rule"),
    [("pooled", AreaRule.POOLED), ("mean", AreaRule.MEAN), ("highest", AreaRule.HIGHEST)],
)
def test_the_roll_up_is_the_rule_of_areas(roll_up, rule):
    recipe = recipe_of(definition(**of_readings("mean", roll_up=roll_up, completeness_share=0.5)))
    assert isinstance(recipe, ReadingsRecipe)
    assert (recipe.area_rule, recipe.valid_share) == (rule, 0.5)


def test_sensors_alone():
    recipe = recipe_of(definition(**of_readings("mean", roll_up="none")))
    assert recipe.indicator.subject_kinds == (SubjectKind.SENSOR,)


def test_a_formula_reads_others():
    """It keeps what its inputs have in common, and a division by zero is no value."""
    recipe = recipe_of(definition(unit="%", formula="completeness / availability * 100"))
    assert isinstance(recipe, FormulaRecipe)
    assert recipe.inputs == ("completeness", "availability")
    found = recipe.formula({"completeness": np.array([0.5, 0.5]), "availability": np.array([0.8, 0.0])})
    np.testing.assert_allclose(found, [62.5, np.nan])
    assert pickle.loads(pickle.dumps(recipe)) == recipe  # noqa: S301 # made here


def test_a_weighted_mean_needs_every_input_that_weighs():
    recipe = recipe_of(definition(unit="1", weights={"completeness": 3, "availability": 1, "timeliness": 0}))
    nan = np.nan
    found = recipe.formula(
        {
            "completeness": np.array([1.0, nan, 1.0]),
            "availability": np.array([0.0, 1.0, 1.0]),
            "timeliness": np.array([0.5, 0.5, nan]),
        }
    )
    np.testing.assert_allclose(found, [0.75, nan, 1.0])


def test_a_quantile_without_resolution_is_within_its_error():
    """Log-linear buckets: 2^-8 of the value."""
    recipe = recipe_of(definition(**of_readings("quantile", parameters={"p": 0.9})))
    assert recipe.finish.step == 0.0


def test_a_faulty_file_names_its_fields(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(written(COMMON | of_readings("median", unit="")), encoding="utf-8")
    with pytest.raises(DefinitionFileError, match=r"own\.toml: .*unit.*kernel: found 'median', expected one"):
        load(path)
    path.write_text("= 3", encoding="utf-8")
    with pytest.raises(DefinitionFileError, match="TOML"):
        load(path)
    with pytest.raises(DefinitionFileError, match=r"none\.toml: file"):
        load(tmp_path / "none.toml")
