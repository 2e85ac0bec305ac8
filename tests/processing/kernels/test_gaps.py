"""What is left of spans, against a count of minutes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.kernels.gaps import merged_spans, spans_without_hours

HOUR = 3_600_000_000
QUARTER = HOUR // 4
spans = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(0, 12)), max_size=12)
hours = st.sets(st.tuples(st.integers(0, 2), st.integers(0, 12)), max_size=20)


def quarters(rows):
    """The set of (sensor, quarter of an hour) that spans cover."""
    return {(s, q) for s, start, end in rows for q in range(start // QUARTER, end // QUARTER)}


def arrays(rows, width):
    return tuple(np.array([row[k] for row in rows], np.int64) for k in range(width))


@given(spans, hours)
@settings(max_examples=60, deadline=None)
def test_hours_are_taken_out_of_spans(found, known):
    """Spans that overlap, touch, are empty or begin within an hour; hours inside, outside and across."""
    given_spans = sorted((s, q * QUARTER, (q + length) * QUARTER) for s, q, length in found)
    merged = merged_spans(*arrays(given_spans, 3))
    whole = list(zip(*(column.tolist() for column in merged), strict=True))
    assert quarters(whole) == quarters(given_spans)
    for one, other in pairwise(whole):
        assert one[0] < other[0] or one[2] < other[1]
    rest = spans_without_hours(*merged, *arrays(sorted((s, h * HOUR) for s, h in known), 2))
    left = list(zip(*(column.tolist() for column in rest), strict=True))
    taken = quarters((s, h * HOUR, (h + 1) * HOUR) for s, h in known)
    assert quarters(left) == quarters(whole) - taken
    assert all(start < end for _, start, end in left)
    assert len(quarters(left)) == sum((end - start) // QUARTER for _, start, end in left)
