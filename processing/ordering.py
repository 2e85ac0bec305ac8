"""In which order indicators that read other indicators are computed.

Errors:
    CyclicIndicatorsError: indicators that need one another's values; the cycle is spelled out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from processing.indicators.recipes import FormulaRecipe, HistoryRecipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from processing.indicators.recipes import Recipe

Derived = FormulaRecipe | HistoryRecipe


class CyclicIndicatorsError(ValueError):
    """Indicators whose values wait for one another."""

    def __init__(self, cycle: Sequence[str]) -> None:
        self.cycle = tuple(cycle)
        super().__init__("a cycle of indicators: " + " -> ".join(self.cycle))


def inputs_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the codes of the indicators that a recipe reads."""
    if isinstance(recipe, FormulaRecipe):
        return recipe.inputs
    return (recipe.daily_input,) if isinstance(recipe, HistoryRecipe) else ()


def in_order(recipes: Iterable[Recipe]) -> list[Derived]:
    """Return the recipes that read others, each after all that it reads.

    Raises:
        CyclicIndicatorsError: there is no such order.
    """
    derived: Mapping[str, Derived] = {
        recipe.indicator.code: recipe for recipe in recipes if isinstance(recipe, Derived)
    }
    ordered: dict[str, Derived] = {}

    def visit(code: str, path: tuple[str, ...]) -> None:
        if code in ordered or code not in derived:
            return
        if code in path:
            raise CyclicIndicatorsError((*path[path.index(code) :], code))
        for one in inputs_of(derived[code]):
            visit(one, (*path, code))
        ordered[code] = derived[code]

    for code in sorted(derived):
        visit(code, ())
    return list(ordered.values())
