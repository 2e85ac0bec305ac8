"""Terms keep every bit on their way through the column, and add up like the histograms that they hold."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.indicators.recipes import Sketch, WindowTerms
from processing.terms import added, packed, stacked, taken, unpacked

numbers = st.floats(-1e12, 1e12, allow_nan=False)


@st.composite
def many(draw: st.DrawFn) -> WindowTerms:
    """Up to six rows of up to three sums, with or without histograms."""
    rows, k = draw(st.integers(1, 6)), draw(st.integers(0, 3))
    sums = np.array(draw(st.lists(numbers, min_size=rows * k, max_size=rows * k))).reshape(rows, k)
    cells = draw(
        st.dictionaries(st.tuples(st.integers(0, rows - 1), st.integers(-50, 50)), st.integers(1, 9))
    )
    keys = sorted(cells)
    sketch = Sketch(
        np.array([row for row, _ in keys], np.int64),
        np.array([bucket for _, bucket in keys], np.int64),
        np.array([cells[key] for key in keys], np.int64),
    )
    presents = np.array(draw(st.lists(numbers, min_size=rows, max_size=rows)))
    return WindowTerms(sums, presents, presents + 1, np.arange(rows), sketch if keys else None)


def counts(terms: WindowTerms) -> Counter[tuple[int, int]]:
    if terms.sketch is None:
        return Counter()
    keys = zip(terms.sketch.row.tolist(), terms.sketch.bucket.tolist(), strict=True)
    return Counter(dict(zip(keys, terms.sketch.count.tolist(), strict=True)))


def assert_same(left: WindowTerms, right: WindowTerms) -> None:
    for name in ("sums", "present", "asked", "n"):
        assert getattr(left, name).tolist() == getattr(right, name).tolist(), name
    assert counts(left) == counts(right)


@given(many())
@settings(max_examples=60, deadline=None)
def test_what_is_packed_comes_back(terms: WindowTerms) -> None:
    rows = packed(terms)
    assert rows.size.sum() == len(rows.flat)
    assert_same(unpacked(rows, terms.n), terms)
    backwards = np.arange(len(terms.n))[::-1]
    assert_same(unpacked(rows.take(backwards[-1:]), terms.n[:1]), taken(terms, np.array([0])))


@given(many(), st.data())
@settings(max_examples=60, deadline=None)
def test_sums_per_group_are_those_of_a_loop(terms: WindowTerms, data: st.DataObject) -> None:
    count = len(terms.n)
    group = np.array(data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)), np.int64)
    found = added(terms, group, 3)
    wanted: Counter[tuple[int, int]] = Counter()
    for (row, bucket), number in counts(terms).items():
        wanted[int(group[row]), bucket] += number
    assert counts(found) == wanted
    for one in range(3):
        total = [0.0] * terms.sums.shape[1]
        for row in np.flatnonzero(group == one).tolist():
            total = [a + b for a, b in zip(total, terms.sums[row].tolist(), strict=True)]
        assert found.sums[one].tolist() == total
        assert found.n[one] == terms.n[group == one].sum()


@given(many(), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_cut_and_stacked_is_the_same(terms: WindowTerms, cut: int) -> None:
    rows = np.arange(len(terms.n))
    assert_same(stacked([taken(terms, rows[:cut]), taken(terms, rows[cut:])]), terms)
