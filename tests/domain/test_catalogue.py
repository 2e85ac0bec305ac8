"""Catalogues of indicator sets are whole, and say what is given, and how far they may be trusted."""

from __future__ import annotations

import pytest

from domain.catalogue import CatalogueError, Given, UnknownCatalogueError, catalogue, catalogue_codes, parse
from domain.indicators import SubjectKind
from processing.indicators import discover

SETS = [catalogue(code) for code in catalogue_codes()]
ENTRIES = [(found.code, entry) for found in SETS for entry in found.entries]
HEAD = """
code = "x"
version = "1"
valid_from = 2020-01-01
title = { vi = "Bộ", en = "Set" }
source = "S"
notes = { vi = "Không", en = "None" }
"""
ENTRY = """
[[entries]]
code = "1.1"
title = { vi = "Một", en = "One" }
unit = "%"
formula = { vi = "a / b", en = "a over b" }
trust = "verified"
source = "p. 1"
"""
GIVEN = 'indicators = ["nrw"]\nperiod = "year"\n'


def test_the_sets_of_the_itu_and_iso_are_there():
    assert {found.code for found in SETS} == {"u4ssc", "iso_37120", "iso_37122"}
    by_code = {entry.code: entry for _, entry in ENTRIES}
    assert by_code["EC:I:T:5A"].indicators == ("tti",)
    assert by_code["EC:I:T:5A"].trust == "verified"
    assert by_code["EC:I:ES:2C"].indicators == ("caidi",)
    assert len(by_code["EN:EN:AQ:1C"].indicators) == 5
    assert by_code["8.2"].indicators == ("air_stations_per_km2",)
    assert by_code["19.8"].given is Given.NOTHING


@pytest.mark.parametrize(("code", "entry"), ENTRIES, ids=lambda one: getattr(one, "code", one))
def test_what_gives_an_entry_exists_for_areas_over_its_period_in_its_unit(code, entry):
    """An evaluator who follows the catalogue finds a number, in the unit that the set asks for."""
    recipes = discover()
    for indicator in (recipes[name].indicator for name in entry.indicators):
        assert SubjectKind.AREA in indicator.subject_kinds
        assert entry.period in indicator.periods
        assert indicator.unit == entry.unit, (code, entry.code)
    assert entry.source
    for text in (entry.title, entry.formula, entry.needs, entry.missing):
        assert text is None or (text.vi != text.en and text.vi.strip() and text.en.strip())


def test_an_entry_is_given_whole_in_part_or_not():
    lacks = 'missing = { vi = "thiếu", en = "lacks" }\n'
    for more, given in ((GIVEN, Given.WHOLE), (GIVEN + lacks, Given.PART), (lacks, Given.NOTHING)):
        found = parse("x.toml", HEAD + ENTRY + more)
        assert found.entries[0].given is given
        assert found.count(given) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, "at least one entry"),
        (HEAD.replace("2020-01-01", '"2020"') + ENTRY + GIVEN, "needs a day valid_from"),
        (HEAD + ENTRY, "1.1: without indicators it must say what is missing"),
        (HEAD + ENTRY + 'indicators = ["nrw"]\n', "1.1: indicators and period belong together"),
        (HEAD + ENTRY + GIVEN.replace("year", "week"), "period is 'week'"),
        (HEAD + (ENTRY + GIVEN) * 2, "1.1: is there twice"),
        (HEAD + ENTRY.replace("verified", "sure") + GIVEN, "trust is 'sure'"),
        (HEAD + ENTRY.replace('source = "p. 1"', "") + GIVEN, "source"),
        (HEAD + ENTRY.replace("source", "sauce") + GIVEN, "sauce is no field"),
        (HEAD + ENTRY.replace('"a / b"', '""') + GIVEN, "formula needs a text in vi and in en"),
        (HEAD + ENTRY.replace('"p. 1"', '""') + GIVEN, "source is empty"),
        ("code =", "x.toml, file"),
    ],
)
def test_a_wrong_catalogue_is_refused_with_the_place(text, message):
    with pytest.raises(CatalogueError, match=message):
        parse("x.toml", text)


def test_an_unknown_catalogue_is_answered_with_those_there_are():
    with pytest.raises(UnknownCatalogueError, match="found 'x', expected one of iso_37120, iso_37122, u4ssc"):
        catalogue("x")
