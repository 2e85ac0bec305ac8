"""Sensor names as columns: which sensor a gateway's name means, for many readings at once.

A name is at most 64 bytes of UTF-8, held as little-endian 8-byte words padded with zeros: the form in which
`formats.native_arrays` hands names over. The table is exact: a hash finds the place, the words decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_WORDS_MAX: Final = 8
_BYTES_MAX: Final = 8 * _WORDS_MAX
_SEEDS_MAX: Final = 64
_ABSENT: Final = -1


class NameTable:
    """Slots by (gateway number, name).

    Args:
        gateways: number of the gateway of each name.
        names: sensor names, distinct for each gateway; longer ones than 64 bytes are left out.
        slots: what each name means.
    """

    def __init__(self, gateways: Sequence[int], names: Sequence[str], slots: Sequence[int]) -> None:
        encoded = [name.encode("utf-8", "replace") for name in names]
        short = [position for position, name in enumerate(encoded) if len(name) <= _BYTES_MAX]
        gateway = np.array(gateways, dtype=np.int64)[short]
        padded = b"".join(encoded[position].ljust(_BYTES_MAX, b"\0") for position in short)
        words = np.frombuffer(padded, dtype="<u8").reshape(-1, _WORDS_MAX).astype(np.uint64)
        slot = np.array(slots, dtype=np.int32)[short]
        for seed in range(_SEEDS_MAX):
            self._factors = _factors(seed)
            hashes = self._hashes(gateway, words)
            order = np.argsort(hashes, kind="stable")
            if not np.any(hashes[order][1:] == hashes[order][:-1]):
                break
        else:
            message = "names of sensors are not distinct"
            raise ValueError(message)
        self._hash = hashes[order]
        self._gateway, self._words, self._slot = gateway[order], words[order], slot[order]
        # The first words of all names lie together: a look-up reads as many as the longest name asked for.
        self._columns = np.ascontiguousarray(self._words.T)
        self._width = (_WORDS_MAX - (self._words[:, ::-1] != 0).argmax(axis=1)).astype(np.int8)

    def find(self, gateway: NDArray[np.int64], name_words: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Return the slot of each name, -1 where there is none.

        Args:
            gateway: shape (n,), numbers of the gateways.
            name_words: shape (n, w), w up to 8.
        """
        count = len(gateway)
        if not len(self._hash) or not count:
            return np.full(count, _ABSENT, dtype=np.int32)
        hashes = self._hashes(gateway, name_words)
        place = np.searchsorted(self._hash, hashes)
        place[place == len(self._hash)] = 0
        found = (self._hash[place] == hashes) & (self._gateway[place] == gateway)
        width = name_words.shape[1]
        found &= self._width[place] <= width
        for position in range(width):
            found &= self._columns[position][place] == name_words[:, position]
        return np.where(found, self._slot[place], np.int32(_ABSENT))

    def _hashes(self, gateway: NDArray[np.int64], words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        # A sum, so that words of zeros at the end change nothing.
        result: NDArray[np.uint64] = gateway.astype(np.uint64) * self._factors[_WORDS_MAX]
        for position in range(words.shape[1]):
            word = words[:, position]
            result += (word ^ (word >> np.uint64(29))) * self._factors[position]
        result ^= result >> np.uint64(32)
        result *= self._factors[_WORDS_MAX + 1]
        result ^= result >> np.uint64(29)
        return result


def _factors(seed: int) -> NDArray[np.uint64]:
    numbers = np.random.default_rng(seed).integers(0, 2**63, _WORDS_MAX + 2, dtype=np.uint64)
    odd: NDArray[np.uint64] = numbers | np.uint64(1)
    return odd
