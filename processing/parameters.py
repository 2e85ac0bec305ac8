"""Numbers that indicators ask for: which value holds for whom and since when.

The nearest value holds: the sensor's, its site's, its area's or that of the nearest area above, everywhere's,
the recipe's default. Values count from a local day on; one of NULL ends what was set there before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from processing.context import recipes_of
from processing.grid import from_us, to_us
from processing.indicators.recipes import ReadingsRecipe
from store import statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import psycopg
    from psycopg.rows import TupleRow

    from processing.columns import Ints
    from processing.indicators.recipes import Parameter
    from processing.registry import Registry

_MICROSECOND: Final = timedelta(microseconds=1)


class Level(StrEnum):
    """What a value of a parameter is set for."""

    SENSOR = "sensor"
    SITE = "site"
    AREA = "area"
    EVERYWHERE = "everywhere"


class Scope(NamedTuple):
    """One of those for whom a value may be set."""

    level: Level
    number: int


EVERYWHERE: Final = Scope(Level.EVERYWHERE, 0)


@dataclass(frozen=True, slots=True)
class Parameters:
    """All values that are set.

    Attributes:
        values: (indicator, name) -> scope -> (valid from, value or None) by day.
        days: indicator -> days on which a value of it changes, ascending.
    """

    values: Mapping[tuple[str, str], Mapping[Scope, Sequence[tuple[date, float | None]]]]
    days: Mapping[str, Sequence[date]]

    def of(self, recipe: ReadingsRecipe, scopes: Sequence[Scope], day: date) -> dict[str, float]:
        """Return name -> value of every parameter of the recipe.

        Args:
            recipe: which asks.
            scopes: for whom, nearest first.
            day: local day.
        """
        return {one.name: self._value(recipe.indicator.code, one, scopes, day) for one in recipe.parameters}

    def _value(self, indicator: str, asked: Parameter, scopes: Sequence[Scope], day: date) -> float:
        found = self.values.get((indicator, asked.name), {})
        for scope in (*scopes, EVERYWHERE):
            held = [value for since, value in found.get(scope, ()) if since <= day]
            if held and held[-1] is not None:
                return held[-1]
        return asked.default


class Span(NamedTuple):
    """Rows for which the same values hold.

    Attributes:
        rows: positions, ascending.
        values: name -> value.
    """

    rows: Ints
    values: Mapping[str, float]


def load_parameters(connection: psycopg.Connection[TupleRow]) -> Parameters:
    """Return all values that are set."""
    values: dict[tuple[str, str], dict[Scope, list[tuple[date, float | None]]]] = {}
    days: dict[str, set[date]] = {}
    rows = connection.execute(statement("processing", "select_parameters")).fetchall()
    for indicator, name, level, number, valid_from, value in rows:
        scope = Scope(Level(level), number)
        values.setdefault((indicator, name), {}).setdefault(scope, []).append((valid_from, value))
        days.setdefault(indicator, set()).add(valid_from)
    return Parameters(values, {indicator: sorted(found) for indicator, found in days.items()})


def sensor_scopes(registry: Registry, sensor_id: int, site_id: int) -> tuple[Scope, ...]:
    """Return for whom values are looked up that concern a sensor while it stands at a site."""
    return (Scope(Level.SENSOR, sensor_id), *site_scopes(registry.site_areas.areas, site_id))


def site_scopes(areas: Mapping[int, Sequence[int]], site_id: int) -> tuple[Scope, ...]:
    """Return the site and the areas in which it counts, nearest first."""
    return (Scope(Level.SITE, site_id), *(Scope(Level.AREA, area) for area in areas.get(site_id, ())))


def area_scopes(registry: Registry, area_id: int) -> tuple[Scope, ...]:
    """Return the area and those above it."""
    return tuple(Scope(Level.AREA, area) for area in registry.tree.lineage(area_id))


def spans_of_sensor(
    parameters: Parameters, recipe: ReadingsRecipe, registry: Registry, sensor: tuple[int, str], hours: Ints
) -> Iterator[Span]:
    """Yield the hours of a sensor in groups for which the same values hold.

    Args:
        parameters: all that are set.
        recipe: which asks.
        registry: places of the sensor.
        sensor: its number and time zone.
        hours: ascending.
    """
    sensor_id, zone = sensor
    days = parameters.days.get(recipe.indicator.code, ())
    if not days:
        yield Span(np.arange(len(hours)), parameters.of(recipe, (), date.min))
        return
    edges = np.array([_midnight(day, zone) for day in days], np.int64)
    since = np.searchsorted(edges, hours, side="right")
    sites = registry.places.site_at(np.full(len(hours), sensor_id), hours)
    groups: dict[tuple[str, ...], tuple[dict[str, float], list[Ints]]] = {}
    for position, site_id in sorted(set(zip(since.tolist(), sites.tolist(), strict=True))):
        day = days[position - 1] if position else date.min
        values = parameters.of(recipe, sensor_scopes(registry, sensor_id, site_id), day)
        # NaN is not equal to itself, and its text is.
        _, rows = groups.setdefault(tuple(map(repr, values.values())), (values, []))
        rows.append(np.flatnonzero((since == position) & (sites == site_id)))
    for values, rows in groups.values():
        yield Span(np.sort(np.concatenate(rows)), values)


def _midnight(day: date, zone: str) -> int:
    return to_us(datetime.combine(day, time(), ZoneInfo(zone)))


def last_day(period_end: int, zone: str) -> date:
    """Return the last local day of a period."""
    return (from_us(period_end) - _MICROSECOND).astimezone(ZoneInfo(zone)).date()


def sync_parameters(connection: psycopg.Connection[TupleRow]) -> None:
    """Write what the recipes ask for into the table `parameter`, where the API finds it."""
    for recipe in recipes_of(ReadingsRecipe):
        for one in recipe.parameters:
            connection.execute(
                statement("processing", "upsert_parameter"),
                {
                    "indicator": recipe.indicator.code,
                    "name": one.name,
                    "unit": one.unit,
                    "default": None if np.isnan(one.default) else one.default,
                    "minimum": one.minimum,
                    "maximum": one.maximum,
                    "title_vi": one.title.vi,
                    "title_en": one.title.en,
                    "source": one.source,
                    "quantities": list(recipe.quantities),
                },
            )
