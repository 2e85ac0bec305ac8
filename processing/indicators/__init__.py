"""Indicators, one file each; `discover` finds them, so that adding one touches no list.

Errors:
    BrokenIndicatorFileError: a file of this package says INDICATOR but is not a whole indicator.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from processing.indicators.recipes import FactSumRecipe, InterruptionRecipe, Recipe, SiteSeriesRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BrokenIndicatorFileError", "discover"]


class BrokenIndicatorFileError(RuntimeError):
    """A file that begins to be an indicator and does not end as one."""

    def __init__(self, module: str, fault: str) -> None:
        self.module = module
        self.fault = fault
        super().__init__(f"indicator file {module}: {fault}")


@cache
def discover() -> Mapping[str, Recipe]:
    """Return code -> recipe of every indicator file, in the order of codes.

    Raises:
        BrokenIndicatorFileError: a file with INDICATOR lacks its RECIPE, or is not named after its code.
    """
    found: dict[str, Recipe] = {}
    for name in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{name}")
        indicator = getattr(module, "INDICATOR", None)
        if indicator is None:
            continue  # what several indicators share
        recipe = getattr(module, "RECIPE", None)
        if not isinstance(recipe, SiteSeriesRecipe | FactSumRecipe | InterruptionRecipe):
            raise BrokenIndicatorFileError(module.__name__, "has INDICATOR, but no RECIPE of a known family")
        if recipe.indicator is not indicator or indicator.code != name:
            raise BrokenIndicatorFileError(module.__name__, f"its indicator's code is {indicator.code!r}")
        found[name] = recipe
    return MappingProxyType(found)
