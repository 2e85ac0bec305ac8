"""What every step of one claim shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from domain.indicators import SubjectKind
from domain.periods import DEFAULT_TIME_ZONE
from processing.indicators import discover

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg
    from psycopg.rows import TupleRow

    from processing.columns import Bools, Ints
    from processing.executor import Executor
    from processing.indicators.recipes import Recipe
    from processing.judging import Targets
    from processing.parameters import Parameters
    from processing.registry import Registry

_Family = TypeVar("_Family")


@dataclass(frozen=True, slots=True)
class Context:
    """One claim: its transaction, its moment, and what is known of the world.

    Attributes:
        connection: inside the transaction of the claim.
        registry: sensors, places and areas of the claim.
        indicator_ids: code -> number in the database.
        targets: what areas are judged against.
        executor: where the work of partitions is done.
        now: microseconds UTC.
        grace_us: how long after its end a period is closed.
        parameters: values that are set for indicators.
    """

    connection: psycopg.Connection[TupleRow]
    registry: Registry
    indicator_ids: Mapping[str, int]
    targets: Targets
    executor: Executor
    now: int
    grace_us: int
    parameters: Parameters

    def provisional(self, ends: Ints) -> Bools:
        """Return which periods, by their ends, may still change without being late."""
        return ends + self.grace_us > self.now

    def time_zone(self, kind: SubjectKind, subject_id: int) -> str:
        """Return the zone in which the subject's days are local."""
        zones = self.registry.site_areas.zones
        if kind is SubjectKind.AREA:
            return self.registry.tree.zones.get(subject_id, DEFAULT_TIME_ZONE)
        if kind is SubjectKind.SITE:
            return zones.get(subject_id, DEFAULT_TIME_ZONE)
        return zones.get(self.registry.sensors[subject_id].site_id, DEFAULT_TIME_ZONE)


@dataclass(slots=True)
class _Defined:
    """Recipes of the city's own definitions; a process serves one database."""

    recipes: Mapping[str, Recipe] = field(default_factory=dict[str, "Recipe"])


_DEFINED: Final = _Defined()


def put_in_force(defined: Mapping[str, Recipe]) -> None:
    """Make these the city's own indicators, in the place of those before."""
    _DEFINED.recipes = MappingProxyType(dict(defined))


def recipes_in_force() -> Mapping[str, Recipe]:
    """Return code -> recipe of every indicator that is computed: of the platform, and of the city."""
    return MappingProxyType({**discover(), **_DEFINED.recipes}) if _DEFINED.recipes else discover()


def recipes_of(family: type[_Family]) -> list[_Family]:
    """Return the recipes of one family, in the order of their codes."""
    found: list[Recipe] = list(recipes_in_force().values())
    return [recipe for recipe in found if isinstance(recipe, family)]
