"""Every indicator file is a whole indicator."""

from __future__ import annotations

import re

import pytest

from domain.indicators import Direction, SubjectKind
from domain.quantities import Service
from domain.units import canonical_unit
from processing.indicators import discover
from tests.architecture.conftest import ROOT

RECIPES = discover()
# What the interface of the platform names; they may not be renamed.
PUBLIC = {"vn_aqi_hour", "vn_aqi_day", "pm25_day", "completeness", "availability", "saidi", "saifi", "maifi"}


def test_the_indicators_of_the_interface_exist():
    """Their codes are what programs outside ask for."""
    assert set(RECIPES) >= PUBLIC


@pytest.mark.parametrize("code", sorted(RECIPES))
def test_an_indicator_says_all_of_itself(code):
    """Both languages, a unit, a source, a formula, a rule of completeness, subjects and periods."""
    indicator = RECIPES[code].indicator
    assert indicator.code == code
    for text in (indicator.title, indicator.formula, indicator.completeness_rule):
        assert text.vi.strip()
        assert text.en.strip()
        assert text.vi != text.en or text.vi.isascii()
    assert canonical_unit(indicator.unit) == indicator.unit or indicator.unit == "[*]"
    assert len(indicator.source) > 10
    assert re.fullmatch(r"[\w.-]+", indicator.method_version)
    assert indicator.service in {*Service, "all"}
    assert indicator.direction in Direction
    assert indicator.subject_kinds
    assert set(indicator.subject_kinds) <= set(SubjectKind)
    assert indicator.periods
    assert len(set(indicator.periods)) == len(indicator.periods)


@pytest.mark.parametrize("code", sorted(RECIPES))
def test_an_indicator_is_explained_to_evaluators(code):
    """docs/evaluator.md says how each number comes about."""
    assert f"`{code}`" in (ROOT / "docs/evaluator.md").read_text(encoding="utf-8")


def test_rule_sets_name_their_source_and_their_day():
    """A dated table says which text it comes from and since when it holds."""
    import tomllib

    files = sorted((ROOT / "processing/rulesets").rglob("*.toml"))
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        tomllib.loads(text)
        assert re.search(r"^\s*source\s*=", text, re.MULTILINE), path.name
        assert re.search(r"^\s*(valid_from|from)\s*=", text, re.MULTILINE), path.name
