"""Definitions of a city made into recipes, which the engine computes like those of the platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.definitions import METHOD_PREFIX, Known
from domain.expressions import parse
from domain.indicators import Indicator
from domain.kernel_rules import KERNELS, ROLL_UPS
from domain.quantities import QUANTITIES
from domain.text import Text
from processing.defined.measures import measure_of
from processing.expressions import evaluate
from processing.indicators.recipes import AreaRule, FormulaRecipe, ReadingsRecipe
from processing.ordering import inputs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.definitions import Definition
    from domain.expressions import Node
    from processing.columns import Floats
    from processing.indicators.recipes import Recipe

_PER_CENT: Final = 100.0
# What adds up pools; without areas among the subjects it does not matter.
_AREA_RULES: Final[Mapping[str, AreaRule]] = {
    "none": AreaRule.POOLED,
    "pooled": AreaRule.POOLED,
    "sum": AreaRule.POOLED,
    "mean": AreaRule.MEAN,
    "highest": AreaRule.HIGHEST,
}


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was written as text."""

    tree: Node

    def __call__(self, values: Mapping[str, Floats]) -> Floats:
        """Return the value, NaN where there is none."""
        return evaluate(self.tree, values)


@dataclass(frozen=True, slots=True)
class WeightedMean:
    """The mean of other indicators with given weights; without one of them there is none."""

    weights: tuple[tuple[str, float], ...]

    def __call__(self, values: Mapping[str, Floats]) -> Floats:
        """Return the mean, NaN where an input of positive weight has no value."""
        # An indicator of weight 0 is left out whole: 0 x NaN would be NaN.
        counting = [(code, weight) for code, weight in self.weights if weight > 0]
        total = np.sum([weight * values[code] for code, weight in counting], axis=0)
        return np.asarray(total / sum(weight for _, weight in counting), np.float64)


def recipe_of(definition: Definition, version: int = 1) -> Recipe:
    """Return the recipe of a definition.

    Args:
        definition: as `domain.definition_checks.check` made it.
        version: of the definition; values carry it as their method, e.g. "user-3".
    """
    indicator = _indicator(definition, version)
    if definition.formula is not None:
        return FormulaRecipe(indicator, definition.inputs, Formula(parse(definition.formula)))
    if definition.weights:
        return FormulaRecipe(indicator, definition.inputs, WeightedMean(tuple(definition.weights.items())))
    measure = measure_of(definition)
    return ReadingsRecipe(
        indicator,
        (str(definition.quantity),),
        measure.terms,
        measure.finish,
        area_rule=_AREA_RULES[definition.roll_up],
        valid_share=definition.completeness_share,
    )


def known_of(recipes: Mapping[str, Recipe], defined: frozenset[str] = frozenset()) -> dict[str, Known]:
    """Return what the check of a definition must know of the indicators that exist.

    Args:
        recipes: code -> recipe.
        defined: codes of those that a city defined.
    """
    return {
        code: Known(
            recipe.indicator.subject_kinds, recipe.indicator.periods, code in defined, inputs_of(recipe)
        )
        for code, recipe in recipes.items()
    }


def _indicator(definition: Definition, version: int) -> Indicator:
    return Indicator(
        code=definition.code,
        title=definition.title,
        unit=definition.unit,
        service=definition.service,
        direction=definition.direction,
        subject_kinds=definition.subject_kinds,
        periods=definition.periods,
        formula=_words(definition),
        completeness_rule=_completeness(definition),
        source=definition.source,
        method_version=f"{METHOD_PREFIX}{version}",
    )


def _words(definition: Definition) -> Text:
    if definition.formula is not None:
        return Text(definition.formula, definition.formula)
    if definition.weights:
        parts = ", ".join(f"{code} x {weight:g}" for code, weight in definition.weights.items())
        return Text(f"Trung bình có trọng số: {parts}.", f"Weighted mean: {parts}.")
    kernel, quantity = KERNELS[str(definition.kernel)].title, QUANTITIES[str(definition.quantity)].title
    roll_up = ROLL_UPS[definition.roll_up]
    settings = ", ".join(f"{name} = {_shown(value)}" for name, value in definition.parameters.items())
    settings = f"; {settings}" if settings else ""
    return Text(
        f"{quantity.vi}: {kernel.vi}{settings}. Khu vực: {roll_up.vi}.",
        f"{quantity.en}: {kernel.en}{settings}. Areas: {roll_up.en}.",
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _completeness(definition: Definition) -> Text:
    if definition.inputs:
        return Text(
            "Thấp nhất trong các chỉ số đầu vào; thiếu một giá trị cần đến thì không có giá trị.",
            "The lowest of its inputs; without a value that it needs there is none.",
        )
    share = definition.completeness_share * _PER_CENT
    if definition.kernel == "increase":
        return Text(
            f"Thời gian giữa các số đo có bước tăng tin được chia cho thời gian xét; dưới {share:g} % thì "
            "không công bố.",
            "Time between the readings whose steps are believed over time in view; below "
            f"{share:g} % nothing is published.",
        )
    return Text(
        f"Thời gian biết giá trị chia cho thời gian xét; dưới {share:g} % thì không công bố. Mỗi số đo giữ "
        "đến số đo kế tiếp, không quá khoảng hở tối đa.",
        f"Time with a known value over time in view; below {share:g} % nothing is published. Each reading "
        "holds until the next, at most the maximum gap.",
    )
