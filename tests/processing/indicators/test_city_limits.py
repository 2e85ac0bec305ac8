"""Drinking water, floods and noise, from readings to values, with hand-computed numbers."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import pytest

from domain.periods import Period
from processing.columns import NO_INSTANT
from processing.grid import HOUR_US, to_us
from processing.indicators import discover
from processing.indicators.recipes import Finished, Pooled, ReadingsRecipe, SensorWindows, SiteSeriesRecipe
from processing.rulesets.city_limits import flood_alarms, noise_limits, water_limits
from processing.terms import added
from tests.processing.indicators.stations import HANOI, flat, site_hours

START = to_us(datetime.fromisoformat("2026-11-20T00:00+07:00"))
MINUTE = 60_000_000


def day(code: str, rows: list[tuple[float, float]], gap_min: float = 60.0, **given: float) -> Finished:
    """The value of 20 November from (minute of the day, value), through terms of 24 hours and their sum."""
    recipe = discover()[code]
    assert isinstance(recipe, ReadingsRecipe)
    parameters = {one.name: one.default for one in recipe.parameters} | given
    start = START + np.arange(24) * HOUR_US
    windows = SensorWindows(
        ts=np.array([START + round(minute * MINUTE) for minute, _ in rows], np.int64),
        value=np.array([value for _, value in rows], np.float64),
        carry_ts=NO_INSTANT,
        carry_value=math.nan,
        start=start,
        end=start + HOUR_US,
        interval_us=MINUTE,
        max_gap_us=round(gap_min * MINUTE),
        until=START + 24 * HOUR_US,
        time_zone=HANOI,
        parameters=parameters,
    )
    terms = added(recipe.terms(windows), np.zeros(24, np.int64), 1)
    end = np.array([START + 24 * HOUR_US])
    return recipe.finish(Pooled(terms, Period.DAY, np.array([START]), end, HANOI, parameters))


def hourly(*levels: float) -> list[tuple[float, float]]:
    return [(60.0 * k, level) for k, level in enumerate(levels)]


def test_chlorine_complies_at_its_limits() -> None:
    """Of 10 known hours 0.1 and 1.1 are outside; 0.2 and 1.0 are not: 80 %."""
    rows = hourly(0.1, 0.2, 1.0, 1.1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
    assert day("free_chlorine_compliance", rows).value[0] == pytest.approx(80.0)


def test_excursions_go_on_over_hours_and_tell_their_worst() -> None:
    """00:00-02:30 below (over hour edges, one excursion), 05:00-06:00 above."""
    rows = [(0, 0.15), (70, 0.05), (110, 0.1), (150, 0.5), (210, 0.5), (270, 0.5), (300, 1.4), (360, 0.6)]
    found = day("free_chlorine_excursions", rows, gap_min=70)
    assert found.value[0] == 2
    detail = found.details[0]
    assert detail is not None
    assert (detail["longest_s"], detail["total_s"]) == (9000.0, 12600.0)
    assert (detail["worst_below"], detail["worst_above"]) == (0.05, 1.4)
    assert detail["longest_start"] == "2026-11-19T17:00:00+00:00"
    assert day("free_chlorine_excursions", hourly(0.5, 0.5)).value[0] == 0
    assert math.isnan(day("ph_excursions", []).value[0])


def test_a_city_sets_a_newer_limit() -> None:
    assert day("turbidity_compliance", hourly(1.5, 1.5)).value[0] == 100
    assert day("turbidity_compliance", hourly(1.5, 1.5), turbidity_max=1.0).value[0] == 0


def test_water_of_a_site_needs_all_its_parameters() -> None:
    first = datetime(2026, 11, 20)
    levels = flat(first, range(24), free_chlorine=0.5, turbidity=1.0)
    levels["turbidity"] |= flat(first, range(6), turbidity=2.1)["turbidity"]
    recipe = discover()["water_compliance"]
    assert isinstance(recipe, SiteSeriesRecipe)
    cells = recipe.compute(site_hours(levels, first, 1, lead_hours=0))[Period.DAY]
    assert (cells.value[0], cells.n[0]) == (75.0, 24)


def test_flood_hours_count_from_the_level_itself() -> None:
    rows = hourly(9.4, 9.5, 10.6, 9.49, 9.5)
    assert day("flood_hours_1", rows, alarm_1_m=9.5).value[0] == pytest.approx(3.0)
    assert day("flood_hours_2", rows, alarm_2_m=10.5).value[0] == pytest.approx(1.0)
    assert math.isnan(day("flood_hours_3", rows).value[0])


def test_a_crossing_counts_again_only_below_the_hysteresis() -> None:
    rows = hourly(9.4, 9.5, 9.47, 9.52, 9.44, 9.6)
    assert day("flood_crossings_1", rows, alarm_1_m=9.5).value[0] == 2
    assert day("flood_crossings_1", rows, alarm_1_m=9.5, hysteresis_m=0.0).value[0] == 3


def test_leq_adds_energies() -> None:
    """Half the time 60, half 70 dB: 10 lg((10^6 + 10^7) / 2) = 67.404 dB."""
    assert day("noise_leq", hourly(60.0, 70.0)).value[0] == pytest.approx(67.4036, abs=1e-4)


def test_lden_and_ldn_of_a_constant_level() -> None:
    """Constant L: Lden = L + 6.395, Ldn = L + 10 lg(105 / 24) = L + 6.4098."""
    rows = hourly(*[60.0] * 24)
    lden = 60 + 10 * math.log10((12 + 4 * 10**0.5 + 8 * 10) / 24)
    assert day("noise_lden", rows).value[0] == pytest.approx(lden)
    assert lden == pytest.approx(66.395, abs=1e-3)
    assert day("noise_ldn", rows).value[0] == pytest.approx(66.4098, abs=1e-4)
    assert math.isnan(day("noise_lden", hourly(60.0, 60.0)).value[0])
    assert day("noise_quiet_leq", hourly(*[50.0] * 6, *[80.0] * 16, 50.0, 50.0)).value[0] == pytest.approx(50)


def test_levels_exceeded_are_quantiles() -> None:
    levels = [40.0 + 0.7 * k for k in range(23)]
    for share in (10, 50, 90):
        found = day(f"noise_l{share}", hourly(*levels)).value[0]
        assert found == pytest.approx(np.percentile(levels, 100 - share))


def test_noise_is_above_the_limit_of_its_hour() -> None:
    """60 dB all day: above 55 for the 9 hours of night, not above 70."""
    found = day("noise_exceedance", hourly(*[60.0] * 24))
    assert found.value[0] == pytest.approx(100 * 9 / 24)
    assert found.details[0] == {"hours_above": pytest.approx(9.0)}


def test_tables_hold_what_the_texts_say() -> None:
    assert {one.station: one.alarm_m for one in flood_alarms().stations}["Sơn Tây"] == (12.4, 13.4, 14.4)
    assert (noise_limits().of("special").day_db, noise_limits().of("special").night_db) == (55, 45)
    assert (water_limits().of("ph").minimum, water_limits().of("ph").maximum) == (6.0, 8.5)


@pytest.mark.parametrize(
    "code",
    ["noise_leq", "noise_l10", "noise_lden", "noise_exceedance", "flood_hours_1", "flood_crossings_1"],
)
def test_without_readings_nothing_is_covered(code: str) -> None:
    recipe = discover()[code]
    assert isinstance(recipe, ReadingsRecipe)
    found = day(code, [], **({"alarm_1_m": 9.5} if code.startswith("flood") else {}))
    # What is not covered is not published; a count or a sum of nothing may be 0 here.
    assert math.isnan(found.value[0]) or found.value[0] == 0
