"""Definitions over the API: checked, versioned, retired."""

from __future__ import annotations

import pytest

from api.permissions import Role

MEAN = {
    "code": "own_mean",
    "title": {"vi": "Của mình", "en": "Our own"},
    "unit": "ug/m3",
    "service": "air",
    "direction": "lower",
    "source": "Decision 1",
    "kernel": "mean",
    "quantity": "pm25",
}
COMMON = {key: value for key, value in MEAN.items() if key not in {"kernel", "quantity"}}


def define(service, definition, reason="asked for by decision 1", **arguments):
    return service.post("/definitions", {"definition": definition, "reason": reason}, **arguments)


def test_versions_are_appended_and_the_last_one_retires(service):
    """Version 2 supersedes; a retired code can be defined again."""
    made = define(service, MEAN)
    assert made.status_code == 201, made.text
    assert (made.json()["version"], made.json()["definition"]["roll_up"]) == (1, "pooled")
    assert define(service, MEAN | {"roll_up": "highest"}).json()["version"] == 2
    assert [one["version"] for one in service.get("/definitions/own_mean").json()["items"]] == [2, 1]
    gone = service.post("/definitions/own_mean/retire", {"reason": "no longer asked for"})
    assert (gone.status_code, gone.json()["retired"], gone.json()["version"]) == (200, True, 3)
    assert service.post("/definitions/own_mean/retire", {"reason": "again"}).status_code == 404
    assert [one["retired"] for one in service.get("/definitions").json()["items"]] == [True]
    assert define(service, MEAN).json()["version"] == 4
    acts = service.sql("SELECT action FROM audit WHERE object_kind = 'definition' ORDER BY id")
    assert [act for (act,) in acts] == ["define", "define", "retire", "define"]


def test_a_check_stores_nothing(service):
    found = define(service, MEAN, params={"check": "true"})
    assert (found.status_code, found.json()["version"]) == (200, 0)
    assert found.json()["definition"]["completeness_share"] == 0.75
    assert service.get("/definitions").json()["items"] == []
    assert service.get("/definitions/own_mean").status_code == 404


@pytest.mark.parametrize("query", [{}, {"check": "true"}])
def test_every_fault_names_its_field(service, query):
    found = define(service, MEAN | {"unit": "kg", "service": "sea"}, params=query)
    assert found.status_code == 422
    assert "definition.unit" in found.text
    assert "definition.service" in found.text


def test_formulas_read_definitions_in_force_and_no_cycle(service):
    """What is read cannot be retired, and nothing reads itself."""
    define(service, MEAN)
    formula = COMMON | {"code": "own_half", "formula": "own_mean / 2"}
    assert define(service, formula).status_code == 201
    assert service.post("/definitions/own_mean/retire", {"reason": "x"}).status_code == 409
    cycle = define(service, COMMON | {"formula": "own_half * 2"})
    assert cycle.status_code == 422
    assert "own_mean -> own_half -> own_mean" in cycle.text
    service.post("/definitions/own_half/retire", {"reason": "x"})
    assert service.post("/definitions/own_mean/retire", {"reason": "x"}).status_code == 200
    assert define(service, formula).status_code == 422


def test_a_version_that_breaks_a_reader_is_refused(service):
    """The formula speaks of days; its input must go on to have them."""
    define(service, MEAN)
    assert define(service, COMMON | {"code": "own_half", "formula": "own_mean / 2"}).status_code == 201
    found = define(service, MEAN | {"periods": ["hour"]})
    assert found.status_code == 409
    assert "own_half reads own_mean" in found.text


def test_a_viewer_defines_nothing(service):
    assert define(service, MEAN, role=Role.VIEWER).status_code == 403
    assert (
        service.post("/definitions/own_mean/retire", {"reason": "x"}, role=Role.OPERATOR).status_code == 403
    )


def test_versions_are_never_edited(service, role_dsn):
    """The role of the API may append, and neither change nor remove."""
    import psycopg

    define(service, MEAN)
    with psycopg.connect(role_dsn("nhip_api"), autocommit=True) as connection:
        for text in ("UPDATE indicator_definition SET reason = 'x'", "DELETE FROM indicator_definition"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(text)
