"""Indicators, one file each; `discover` finds them, so that adding one touches no list.

Errors:
    BrokenIndicatorFileError: a file of this package says INDICATOR but is not a whole indicator.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

from processing.indicators.recipes import Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BrokenIndicatorFileError", "discover", "find"]


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
        recipe = _recipe_of(name)
        if recipe is not None:
            found[name] = recipe
    return MappingProxyType(found)


def find(code: str) -> Recipe | None:
    """Return the recipe of one indicator, None when no file is called so; the other files stay unread.

    Raises:
        BrokenIndicatorFileError: the file has INDICATOR but no RECIPE, or is not named after its code.
    """
    if not code.isidentifier() or find_spec(f"{__name__}.{code}") is None:
        return None
    return _recipe_of(code)


def _recipe_of(name: str) -> Recipe | None:
    """Return the recipe of a file; None for what several indicators share."""
    module = importlib.import_module(f"{__name__}.{name}")
    indicator = getattr(module, "INDICATOR", None)
    if indicator is None:
        return None
    recipe: Recipe | None = getattr(module, "RECIPE", None)
    if recipe is None or not isinstance(recipe, get_args(Recipe)):
        raise BrokenIndicatorFileError(module.__name__, "has INDICATOR, but no RECIPE of a known family")
    if recipe.indicator is not indicator or indicator.code != name:
        raise BrokenIndicatorFileError(module.__name__, f"its indicator's code is {indicator.code!r}")
    return recipe
