"""Every indicator file is found and is whole."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from domain.units import canonical_unit
from processing import indicators
from processing.indicators import BrokenIndicatorFileError, discover
from processing.indicators.recipes import SiteSeriesRecipe


def test_the_air_indicators_are_found_in_the_order_of_their_codes() -> None:
    codes = list(discover())
    assert codes == sorted(codes)
    assert {"pm25_day", "vn_aqi_day", "vn_aqi_hour"} <= set(codes)


@pytest.mark.parametrize("code", sorted(discover()))
def test_an_indicator_says_what_it_is_in_both_languages(code: str) -> None:
    indicator = discover()[code].indicator
    texts = (indicator.title, indicator.formula, indicator.completeness_rule)
    assert all(text.vi and text.en and text.vi != text.en for text in texts)
    assert canonical_unit(indicator.unit) == indicator.unit
    assert indicator.source
    assert indicator.method_version
    assert indicator.periods
    assert indicator.subject_kinds


def test_a_site_recipe_names_the_quantities_it_reads() -> None:
    recipe = discover()["vn_aqi_day"]
    assert isinstance(recipe, SiteSeriesRecipe)
    assert set(recipe.quantities) == {"pm25", "pm10", "so2", "no2", "co", "o3"}
    assert recipe.reach == (7, 0)


def test_a_file_that_begins_to_be_an_indicator_and_does_not_end_as_one_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = ModuleType("processing.indicators.pm25_day")
    half.INDICATOR = discover()["pm25_day"].indicator
    monkeypatch.setitem(sys.modules, half.__name__, half)
    discover.cache_clear()
    try:
        with pytest.raises(BrokenIndicatorFileError, match=r"pm25_day: has INDICATOR, but no RECIPE"):
            indicators.discover()
    finally:
        discover.cache_clear()
