"""Formulas mean what Python means by the same text, and have no value where arithmetic has none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.expressions import FormulaError, names_in, parse
from processing.expressions import evaluate
from processing.indicators import discover
from processing.ordering import CyclicIndicatorsError, in_order

LEAVES = st.one_of(st.integers(0, 20).map(str), st.sampled_from(["a", "b", "0.5", "1e2"]))
TEXTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(" ".join),
        inner.map(lambda text: f"-{text}"),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"abs({text})"),
        st.tuples(inner, inner).map(lambda pair: f"max({pair[0]}, {pair[1]})"),
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.floats(-50, 50), st.floats(-50, 50))
def test_arithmetic_is_that_of_python(text, a, b):
    """The same text, the same number; a division by zero is no value."""
    found = float(evaluate(parse(text), {"a": np.array(a), "b": np.array(b)}))
    try:
        expected = float(eval(text, {"abs": abs, "max": max}, {"a": a, "b": b}))  # noqa: S307 # made above
    except ZeroDivisionError:
        expected = math.nan
    assert found == expected or (math.isnan(found) and not math.isfinite(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("-2 ** 2", -4), ("2 ** 3 ** 2", 512), ("2 ** -1", 0.5), ("if(1 < 2, 3, 4)", 3), ("round(2.5)", 2)],
)
def test_precedence_and_functions(text, expected):
    """Powers bind tighter than the minus before them, and from the right."""
    assert float(evaluate(parse(text), {})) == expected


@pytest.mark.parametrize(
    "text", ["1 / 0", "sqrt(-1)", "ln(0)", "exp(1000)", "0 * (1 / 0)", "if(1 / 0, 1, 2)"]
)
def test_no_finite_answer_is_no_value(text):
    """No infinity and no error leaves a formula."""
    assert math.isnan(float(evaluate(parse(text), {})))


@pytest.mark.parametrize(
    "text", ["", "a b", "1 < 2 < 3", "open(1)", "a.b", "min()", "(" * 60, "a[0]", "1e999"]
)
def test_what_is_no_formula_is_refused_with_its_place(text):
    """Every refusal says where, what was found and what was expected."""
    with pytest.raises(FormulaError, match=r"at character \d+: found .*, expected"):
        parse(text)


def test_names_come_once_and_in_order():
    """The inputs of a formula."""
    assert names_in(parse("b / a + b")) == ("b", "a")


def test_the_indicators_of_the_platform_have_an_order():
    """Each comes after all that it reads; nothing reads itself."""
    done: set[str] = set()
    derived = in_order(discover().values())
    codes = {recipe.indicator.code for recipe in derived}
    for recipe in derived:
        inputs = getattr(recipe, "inputs", None) or (recipe.daily_input,)
        assert {one for one in inputs if one in codes} <= done
        done.add(recipe.indicator.code)


def test_a_cycle_is_spelled_out():
    """Two formulas that read one another cannot be computed."""
    from dataclasses import replace

    from processing.indicators.recipes import FormulaRecipe

    base = next(iter(discover().values())).indicator
    pair = [
        FormulaRecipe(replace(base, code=code), (other,), lambda values: next(iter(values.values())))
        for code, other in (("one", "two"), ("two", "one"))
    ]
    with pytest.raises(CyclicIndicatorsError, match="one -> two -> one"):
        in_order(pair)
