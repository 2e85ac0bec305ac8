"""Acknowledgements leave in the order of reception, in whatever order the writers finish."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from ingest.sequence import Sequence
from ingest.session import Completion


@given(st.permutations(range(12)))
def test_completions_are_released_in_order(order):
    """Nothing is released before all that came before it, and nothing is kept back longer."""
    released: list[int] = []
    sequence = Sequence(lambda completion: released.extend(completion.packets[1]))
    done: set[int] = set()
    for number in order:
        sequence.done(number, [Completion({1: [number]})])
        done.add(number)
        first_missing = next(n for n in range(13) if n not in done)
        assert released == list(range(first_missing))


def test_a_batch_that_was_given_up_holds_nobody_back():
    """A batch without completions counts as done."""
    released: list[int] = []
    sequence = Sequence(lambda completion: released.extend(completion.packets[1]))
    sequence.done(1, [Completion({1: [1]})])
    sequence.done(0, [])
    assert released == [1]


def test_many_threads_release_in_order():
    """Two writers at once: still one order."""
    released: list[int] = []
    sequence = Sequence(lambda completion: released.extend(completion.packets[1]))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: sequence.done(number, [Completion({1: [number]})]), range(2_000)))
    assert released == list(range(2_000))
