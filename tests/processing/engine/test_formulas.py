"""Formulas over other indicators, at the end of a claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from processing import context
from processing.indicators import discover
from processing.indicators.recipes import FormulaRecipe
from tests.processing.engine.city import START, City, every


def test_a_formula_follows_its_inputs(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours, days and areas hold alive minus measured; late data change them as they change the inputs."""
    base = discover()["completeness"].indicator
    recipe = FormulaRecipe(
        replace(base, code="silent_but_alive"),
        ("availability", "completeness"),
        lambda values: values["availability"] - values["completeness"],
    )
    recipes = {**discover(), "silent_but_alive": recipe}
    for module in (context,):
        monkeypatch.setattr(module, "discover", lambda: recipes)
    area = city.area("town", zone="UTC")
    sensor = city.sensor(city.gateway("g"), city.site("site", area))
    city.read(sensor, every(START, 6))
    city.now = START + timedelta(hours=3)
    city.engine.drain()
    for kind, subject in (("sensor", sensor), ("area", area)):
        # The last reading, at 00:50, proves life until 01:10.
        hour = city.value("silent_but_alive", kind, subject, "hour", START + timedelta(hours=1))
        assert hour == pytest.approx(1 / 6)
        day = city.cell("silent_but_alive", kind, subject, "day", START, "value", "provisional")
        assert day == (pytest.approx((60 + 10) / 180 - 6 / 18), True)
