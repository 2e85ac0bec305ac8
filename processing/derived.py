"""The end of a claim: indicators that read other indicators, each after all that it reads."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import SubjectKind
from processing.cells import SubjectHours, distinct_hours
from processing.context import recipes_in_force
from processing.formulas import formula_blocks
from processing.grid import HOUR_US
from processing.histories import history_blocks, history_hours
from processing.indicators.recipes import (
    FormulaRecipe,
    HistoryRecipe,
    InterruptionRecipe,
    SiteSeriesRecipe,
)
from processing.ordering import in_order, inputs_of
from processing.registry import NOWHERE, load_site_areas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from processing.cells import Block
    from processing.columns import Ints
    from processing.context import Context
    from processing.indicators.recipes import Recipe

_NONE: Final = SubjectHours(np.empty(0, np.int64), np.empty(0, np.int64))


def derived_blocks(context: Context, touched: SubjectHours, supplied: SubjectHours) -> Iterator[list[Block]]:
    """Yield the cells of all formulas and histories that the claim may have changed.

    Each list must be saved before the next one is asked for, which may read it.

    Args:
        context: of the claim, whose other cells are all written.
        touched: hours of sensors.
        supplied: hours of sites in which an interruption appeared, vanished, changed or goes on.
    """
    ordered = in_order(recipes_in_force().values())
    if not ordered or not (len(touched.hour) or len(supplied.hour)):
        return
    reach = _Reach(context, touched, supplied)
    waiting: list[Block] = []
    for recipe in ordered:
        # Whatever does not read what waits is written together with it.
        if {block.indicator.code for block in waiting} & set(inputs_of(recipe)):
            yield waiting
            waiting = []
        hours = reach.read_by(recipe)
        if isinstance(recipe, FormulaRecipe):
            waiting += formula_blocks(context, recipe, hours)
        else:
            waiting += history_blocks(context, recipe, hours)
    yield waiting


class _Reach:
    """In which hours of which subjects the values of each indicator may have changed in the claim."""

    def __init__(self, context: Context, touched: SubjectHours, supplied: SubjectHours) -> None:
        self._context = context
        self._sensors = touched
        sites = context.registry.places.site_at(touched.subject_id, touched.hour)
        known = sites != NOWHERE
        self._sites = distinct_hours(sites[known], touched.hour[known])
        self._supplied = supplied
        self._recipes = recipes_in_force()
        self._found: dict[str, Mapping[SubjectKind, SubjectHours]] = {}

    def read_by(self, recipe: Recipe) -> Mapping[SubjectKind, SubjectHours]:
        """Return where an input of the recipe may have changed, by kind of subject."""
        parts = [self._of(code) for code in inputs_of(recipe)]
        return {
            kind: _union([part[kind] for part in parts if kind in part])
            for kind in recipe.indicator.subject_kinds
        }

    def _of(self, code: str) -> Mapping[SubjectKind, SubjectHours]:
        if code not in self._found:
            recipe = self._recipes.get(code)
            self._found[code] = {} if recipe is None else self._changed(recipe)
        return self._found[code]

    def _changed(self, recipe: Recipe) -> Mapping[SubjectKind, SubjectHours]:
        if isinstance(recipe, HistoryRecipe):
            return {
                kind: history_hours(self._context, recipe, kind, hours)
                for kind, hours in self.read_by(recipe).items()
            }
        if isinstance(recipe, FormulaRecipe):
            return self.read_by(recipe)
        if isinstance(recipe, InterruptionRecipe):
            return {SubjectKind.SITE: self._supplied, SubjectKind.AREA: self._areas_of(self._supplied)}
        if isinstance(recipe, SiteSeriesRecipe):
            steps = np.arange(-recipe.reach.after, recipe.reach.before + 1) * HOUR_US
            sites = _stepped(self._sites, steps)
            return {SubjectKind.SITE: sites, SubjectKind.AREA: _stepped(self._areas, steps)}
        return {
            SubjectKind.SENSOR: self._sensors,
            SubjectKind.SITE: self._sites,
            SubjectKind.AREA: self._areas,
        }

    @cached_property
    def _areas(self) -> SubjectHours:
        row, area = self._context.registry.site_areas.expand(self._sites.subject_id)
        return distinct_hours(area, self._sites.hour[row])

    def _areas_of(self, sites: SubjectHours) -> SubjectHours:
        tree = self._context.registry.tree
        members = load_site_areas(self._context.connection, tree, np.unique(sites.subject_id).tolist())
        row, area = members.expand(sites.subject_id)
        return distinct_hours(area, sites.hour[row])


def _stepped(hours: SubjectHours, steps: Ints) -> SubjectHours:
    if len(steps) == 1:
        return hours
    return distinct_hours(np.repeat(hours.subject_id, len(steps)), (hours.hour[:, None] + steps).ravel())


def _union(parts: list[SubjectHours]) -> SubjectHours:
    if len(parts) <= 1:
        return parts[0] if parts else _NONE
    return distinct_hours(
        np.concatenate([part.subject_id for part in parts]), np.concatenate([part.hour for part in parts])
    )
