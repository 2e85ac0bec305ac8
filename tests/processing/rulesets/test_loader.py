"""Rule sets hold what the legal texts say, and a wrong table is refused with its fault named."""

from __future__ import annotations

from datetime import date

import pytest

from processing.rulesets import AirQualityScale, LimitSet, RulesetError, Trust, air_quality_scale, limit_set
from processing.rulesets.loader import parse

# QCVN 05:2023/BTNMT, table 1: 1 h, 8 h, 24 h, year.
TABLE_1 = {
    "so2": (350, None, 125, 50),
    "co": (30000, 10000, None, None),
    "no2": (200, None, 100, 40),
    "o3": (200, 120, None, None),
    "tsp": (300, None, 200, 100),
    "pm10": (None, None, 100, 50),
    "pm25": (None, None, 45, 25),
}
HEAD = """
code = "x"
title = { vi = "x", en = "x" }
source = "x"
trust = "verified"
valid_from = 2020-01-01
unit = "ug/m3"
"""
SCALE = HEAD + "index = [0, 50, 100]\n"


@pytest.mark.parametrize("parameter", TABLE_1)
def test_limits_of_2026_are_those_of_table_1(parameter: str) -> None:
    limits = limit_set("qcvn_05_2023")
    found = [
        limits.limit(parameter, averaging, date(2026, 11, 23)) for averaging in ("1h", "8h", "24h", "year")
    ]
    assert tuple(limit and limit.maximum for limit in found) == TABLE_1[parameter]


@pytest.mark.parametrize(
    ("on", "maximum"), [(date(2014, 1, 1), 50), (date(2025, 12, 31), 50), (date(2026, 1, 1), 45)]
)
def test_the_24_hour_limit_of_pm25_changes_with_2026(on: date, maximum: float) -> None:
    limit = limit_set("qcvn_05_2023").limit("pm25", "24h", on)
    assert limit is not None
    assert limit.maximum == maximum


def test_a_parameter_without_a_limit_has_none() -> None:
    assert limit_set("qcvn_05_2023").limit("air_temperature", "24h", date(2026, 1, 1)) is None


@pytest.mark.parametrize(
    ("index", "name", "rgb"),
    [
        (0, "Tốt", (0, 228, 0)),
        (50, "Tốt", (0, 228, 0)),
        (51, "Trung bình", (255, 255, 0)),
        (150, "Kém", (255, 126, 0)),
        (200, "Xấu", (255, 0, 0)),
        (300, "Rất xấu", (143, 63, 151)),
        (301, "Nguy hại", (126, 0, 35)),
        (500, "Nguy hại", (126, 0, 35)),
    ],
)
def test_bands_have_the_names_and_colours_of_the_decision(
    index: int, name: str, rgb: tuple[int, int, int]
) -> None:
    band = air_quality_scale("vn_aqi").band(index)
    assert (band.name.vi, band.rgb) == (name, rgb)


def test_a_rule_set_says_where_it_comes_from_and_how_far_to_trust_it() -> None:
    for rules in (air_quality_scale("vn_aqi"), limit_set("qcvn_05_2023")):
        assert rules.source
        assert rules.trust is Trust.VERIFIED
    assert air_quality_scale("vn_aqi").valid_from == date(2019, 11, 12)


def test_a_scale_without_the_column_asked_for_says_so() -> None:
    with pytest.raises(RulesetError, match=r"vn_aqi: has no breakpoints of pm25 8h"):
        air_quality_scale("vn_aqi").breakpoints_of("pm25", "8h")


def test_an_absent_file_is_named() -> None:
    with pytest.raises(RulesetError, match=r"rule set nothing\.toml: there is no such file"):
        limit_set("nothing")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("code = ", "Invalid value"),
        (HEAD, "missing required field `limits`"),
        (HEAD + "limits = []\nsurprise = 1", "unknown field `surprise`"),
        (HEAD + "limits = [{parameter='pm25', averaging='24h', maximum='50'}]", r"got `str` - at `\$.limits"),
        (HEAD + "limits = [{parameter='pm25', averaging='24h', maximum=nan}]", "not a positive number"),
        (
            HEAD + "limits = [{parameter='smoke', averaging='24h', maximum=5}]",
            "'smoke' is not a known quantity",
        ),
        (
            HEAD + "limits = [{parameter='co', averaging='1h', maximum=5, valid_form=2020-01-01}]",
            "`valid_form`",
        ),
        (
            HEAD + "limits = [{parameter='co', averaging='1h', maximum=5},"
            " {parameter='co', averaging='1h', maximum=6}]",
            "given twice",
        ),
        (HEAD.replace("ug/m3", "ug/m5") + "limits = []", "unit 'ug/m5' is not known"),
        (HEAD.replace("verified", "sure") + "limits = []", "Invalid enum value 'sure'"),
    ],
)
def test_a_wrong_limit_table_is_refused(body: str, fault: str) -> None:
    with pytest.raises(RulesetError, match=fault) as refusal:
        parse("mine.toml", body, LimitSet)
    assert str(refusal.value).startswith("rule set mine.toml: ")


def band(low: int, high: int) -> str:
    return f"{{index_min={low}, index_max={high}, rgb=[0, 0, 0], name={{vi='x', en='x'}}}}"


def breakpoints(concentration: str) -> str:
    return f"breakpoints = [{{parameter='pm25', averaging='24h', concentration={concentration}}}]\n"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (SCALE + breakpoints("[0, 50, 50]") + "bands = []", "must ascend: 50.0 follows 50.0"),
        (SCALE + breakpoints("[0, nan]") + "bands = []", "must ascend: nan follows 0.0"),
        (SCALE + breakpoints("[0]") + "bands = []", "at least two numbers"),
        (SCALE + breakpoints("[0, 1, 2, 3]") + "bands = []", "more concentrations than there are indices"),
        (SCALE.replace("100]", "40]") + "breakpoints = []\nbands = []", "index must ascend"),
        (
            SCALE + f"breakpoints = []\nbands = [{band(0, 50)}, {band(52, 100)}]",
            "bands must join: 52 follows 50",
        ),
        (SCALE + f"breakpoints = []\nbands = [{band(50, 0)}]", "index_max 0 is below index_min 50"),
        (
            SCALE + "breakpoints = []\nbands = [" + band(0, 9).replace("[0, 0, 0]", "[0, 0, 256]") + "]",
            "not three numbers of 0..255",
        ),
    ],
)
def test_a_wrong_scale_is_refused(body: str, fault: str) -> None:
    with pytest.raises(RulesetError, match=fault):
        parse("mine.toml", body, AirQualityScale)
