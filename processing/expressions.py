"""Formulas (`domain.expressions`) over arrays.

Numbers are float64. There is no value (NaN) wherever an operand has none and where arithmetic has no finite
answer: division by zero, the root or logarithm of what has none, an overflow. Comparisons give 1 or 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.expressions import Name, Number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.expressions import Node
    from processing.columns import Floats


def _compared(compare: Callable[[Floats, Floats], object]) -> Callable[[Floats, Floats], Floats]:
    """Return the comparison as 1 (true), 0 (false), NaN where a side has no value."""

    def apply(left: Floats, right: Floats) -> Floats:
        unknown = np.isnan(left) | np.isnan(right)
        return np.where(unknown, np.nan, np.asarray(compare(left, right), np.float64))

    return apply


def _smallest(*operands: Floats) -> Floats:
    found: Floats = np.minimum.reduce(np.broadcast_arrays(*operands)).astype(np.float64)
    return found


def _largest(*operands: Floats) -> Floats:
    found: Floats = np.maximum.reduce(np.broadcast_arrays(*operands)).astype(np.float64)
    return found


def _rounded(value: Floats, digits: Floats | None = None) -> Floats:
    """Round to the nearest, halves to the even neighbour (IEEE 754); `digits` is one literal for all."""
    return np.round(value, 0 if digits is None else int(np.ravel(digits)[0]))


def _chosen(condition: Floats, then: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, then, otherwise))


def _power(base: Floats, exponent: Floats) -> Floats:
    # numpy says that 1 ** NaN and NaN ** 0 are 1; here what is unknown stays unknown.
    return np.where(np.isnan(base) | np.isnan(exponent), np.nan, np.power(base, exponent))


_OPERATIONS: Final[Mapping[str, Callable[..., Floats]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": _power,
    "negative": np.negative,
    "<": _compared(np.less),
    "<=": _compared(np.less_equal),
    ">": _compared(np.greater),
    ">=": _compared(np.greater_equal),
    "==": _compared(np.equal),
    "!=": _compared(np.not_equal),
    "min": _smallest,
    "max": _largest,
    "abs": np.abs,
    "round": _rounded,
    "sqrt": np.sqrt,
    "ln": np.log,
    "log10": np.log10,
    "exp": np.exp,
    "if": _chosen,
}


def evaluate(node: Node, values: Mapping[str, Floats]) -> Floats:
    """Return the value of a formula.

    Args:
        node: tree of the formula.
        values: code -> shape (m,), NaN for no value; one for every name in the formula.

    Returns:
        Shape (m,), or a scalar array when the formula names nothing; NaN for no value.
    """
    with np.errstate(all="ignore"):
        return _evaluate(node, values)


def _evaluate(node: Node, values: Mapping[str, Floats]) -> Floats:
    if isinstance(node, Number):
        return np.asarray(node.value, np.float64)
    if isinstance(node, Name):
        return values[node.code]
    operands = [_evaluate(operand, values) for operand in node.operands]
    found = np.asarray(_OPERATIONS[node.operator](*operands), np.float64)
    # An overflow or a division by zero is no value; so no infinity ever reaches the next step.
    return np.where(np.isfinite(found), found, np.nan)
