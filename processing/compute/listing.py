"""What `nhip compute` can compute, with every parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.periods import Period
from processing.compute.catalogue import KERNELS
from processing.compute.command import KERNEL_PREFIX, RULES, leaves
from processing.compute.forms import OUTPUT, WINDOW
from processing.compute.items import number
from processing.indicators import discover
from processing.indicators.recipes import (
    InterruptionRecipe,
    ReadingsRecipe,
    SiteSeriesRecipe,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.compute.forms import Kernel
    from processing.indicators.recipes import Recipe


def listed() -> list[dict[str, Any]]:
    """Return every indicator and every kernel as JSON-able objects."""
    recipes = discover()
    return [_of_recipe(one, recipes) for one in recipes.values()] + [
        _of_kernel(one) for one in KERNELS.values()
    ]


def _of_recipe(recipe: Recipe, recipes: Mapping[str, Recipe]) -> dict[str, Any]:
    indicator = recipe.indicator
    parts = list(leaves(recipe, recipes))
    quantities = [
        name
        for part in parts
        if isinstance(part, ReadingsRecipe | SiteSeriesRecipe)
        for name in part.quantities
    ]
    supplies = any(isinstance(part, InterruptionRecipe) for part in parts)
    parameters = {
        one.name: {
            "name": one.name,
            "unit": one.unit,
            "default": number(one.default),
            "meaning": {"vi": one.title.vi, "en": one.title.en},
            "source": one.source,
        }
        for part in parts
        if isinstance(part, ReadingsRecipe)
        for one in part.parameters
    }
    return {
        "code": indicator.code,
        "kind": "indicator",
        "family": type(recipe).__name__,
        "title": {"vi": indicator.title.vi, "en": indicator.title.en},
        "unit": indicator.unit,
        "quantities": list(dict.fromkeys(quantities)),
        "columns": "--events FILE --customers N, or ts, value of supply_state" if supplies else "ts, value",
        "periods": [period.value for period in indicator.periods],
        "parameters": list(parameters.values()),
        "rules": RULES,
        "formula": {"vi": indicator.formula.vi, "en": indicator.formula.en},
        "source": indicator.source,
        "method_version": indicator.method_version,
        "aliases": [],
    }


def _of_kernel(kernel: Kernel) -> dict[str, Any]:
    return {
        "code": KERNEL_PREFIX + kernel.name,
        "kind": "kernel",
        "title": {"vi": kernel.title.vi, "en": kernel.title.en},
        "unit": kernel.unit,
        "quantities": list(kernel.quantities),
        "columns": kernel.columns,
        "periods": [period.value for period in Period],
        "parameters": [
            {
                "name": one.name,
                "unit": one.unit,
                "default": one.default,
                "required": one.required,
                "choices": list(one.choices),
                "meaning": {"vi": one.meaning.vi, "en": one.meaning.en},
            }
            for one in (*kernel.parameters, *WINDOW, OUTPUT)
        ],
        "aliases": list(kernel.aliases),
    }
