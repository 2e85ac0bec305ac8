"""The table of sensor names against a dictionary: exact for every name, whatever its hash."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.names import NameTable

texts = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=40)


def words(names: list[str], width: int | None = None) -> np.ndarray:
    encoded = [name.encode() for name in names]
    width = width or max((len(name) + 7) // 8 for name in encoded)
    padded = b"".join(name.ljust(8 * width, b"\0") for name in encoded)
    return np.frombuffer(padded, dtype="<u8").reshape(-1, width).astype(np.uint64)


@given(
    st.dictionaries(st.tuples(st.integers(0, 3), texts), st.integers(0, 10**6), max_size=30),
    st.lists(st.tuples(st.integers(0, 3), texts), max_size=20),
)
def test_every_name_is_found_on_its_own_gateway_only(known, asked):
    """As a dictionary keyed by (gateway, name) answers; names of more than 64 bytes are not in the table."""
    table = NameTable([key[0] for key in known], [key[1] for key in known], list(known.values()))
    questions = [key for key in (*known, *asked) if len(key[1].encode()) <= 64]
    if not questions:
        return
    found = table.find(
        np.array([gateway for gateway, _ in questions]), words([name for _, name in questions])
    )
    assert found.tolist() == [known.get(key, -1) for key in questions]


def test_a_name_is_not_its_own_beginning():
    """Zeros at the end of the words are no part of a name, and a longer name is another one."""
    table = NameTable([0, 0], ["a", "abcdefgh"], [1, 2])
    assert table.find(np.array([0]), words(["abcdefghi"])).tolist() == [-1]
    assert table.find(np.array([0, 0]), words(["a", "abcdefgh"], 8)).tolist() == [1, 2]
    assert table.find(np.array([0, 0]), words(["a", "abcdefgh"], 1)).tolist() == [1, 2]


def test_an_empty_registry_knows_nobody():
    """No sensor, or no question: no slot."""
    assert NameTable((), (), ()).find(np.array([0]), words(["a"])).tolist() == [-1]
    assert NameTable([0], ["a"], [5]).find(np.zeros(0, dtype=np.int64), words(["a"])[:0]).tolist() == []


def test_the_same_name_twice_is_refused():
    """A caller's mistake is told, not resolved by chance."""
    with pytest.raises(ValueError, match="not distinct"):
        NameTable([0, 0], ["a", "a"], [1, 2])
