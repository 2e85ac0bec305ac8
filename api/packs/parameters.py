"""Which values of an indicator's parameters were in force for a subject."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from api.packs.parts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.database import Row
    from api.packs.parts import Question

_MICROSECOND: Final = timedelta(microseconds=1)
_LEVELS: Final = ("sensor", "site", "area")


async def in_force(question: Question) -> tuple[dict[str, Any], list[str]]:
    """Return the parameters of an indicator with every value that may hold for a subject, and what is lost.

    Returns:
        `scopes`: (level, number) of those for whom values are looked up, nearest first; `set`: values with
        the day from which they hold; `defaults`: what holds where none is set.
    """
    scopes = await _scopes(question)
    rows = await question.session.rows("select_evidence_parameters", {"code": question.wanted.indicator})
    chosen = [(row, _scope_of(row)) for row in rows if row["valid_from"] is not None]
    told = {
        "scopes": [list(scope) for scope in scopes],
        "set": [
            {
                "name": row["name"],
                "level": scope[0],
                "number": scope[1],
                "valid_from": text(row["valid_from"]),
                "value": row["value"],
                "source": row["source"],
            }
            for row, scope in chosen
            if scope in {*scopes, ("everywhere", 0)}
        ],
        "defaults": [
            {"name": name, "unit": row["unit"], "value": row["default_value"],
             "title": {"vi": row["title_vi"], "en": row["title_en"]}}
            for name, row in {row["name"]: row for row in rows}.items()
        ],
    }  # fmt: skip
    return told, _changed_since(question, rows)


def _scope_of(row: Row) -> tuple[str, int]:
    return next(
        ((level, row[f"{level}_id"]) for level in _LEVELS if row[f"{level}_id"] is not None),
        ("everywhere", 0),
    )


def _changed_since(question: Question, rows: Sequence[Row]) -> list[str]:
    """Return what must be said of parameters: one that is set anew for the same day replaces the old one."""
    if isinstance(question.known, str):
        return []
    known = question.known
    later = any(row["updated_at"] is not None and row["updated_at"] > known for row in rows)
    return ["parameters_changed"] if later else []


async def _scopes(question: Question) -> list[tuple[str, int]]:
    """Return for whom values are looked up, nearest first; a sensor's place is that at the end."""
    identity = question.wanted.subject.id
    if question.kind == "area":
        return await _areas(question, None, identity)
    if question.kind == "site":
        return [("site", identity), *await _areas(question, identity, None)]
    places = await question.session.rows("select_evidence_places", {"sensor_ids": [identity]})
    last = question.end - _MICROSECOND
    site = next((row["site_id"] for row in places if row["valid_from"] <= last < row["valid_to"]), None)
    if site is None:
        return [("sensor", identity)]
    return [("sensor", identity), ("site", site), *await _areas(question, site, None)]


async def _areas(question: Question, site_id: int | None, area_id: int | None) -> list[tuple[str, int]]:
    asked = {"site_id": site_id, "area_id": area_id}
    rows = await question.session.rows("select_evidence_lineage", asked)
    return [("area", area) for area in dict.fromkeys(row["area_id"] for row in rows)]
