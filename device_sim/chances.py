"""Chance that belongs to a thing and a moment: the same however the time is cut into batches.

A generator hands out numbers in the order of its calls, and a reading would change with the size of the batch
it is made in. Here the number is a mix of seed, stream, thing and moment (the finaliser of SplitMix64, Steele
et al. 2014), so a reading is the same in a live batch of five seconds and in a back-filled one of an hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_A: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B: Final = np.uint64(0x94D049BB133111EB)
_PART: Final = np.uint64(0xFFFF)
_SHIFT_PART: Final = np.uint64(16)
_SHIFT_A: Final = np.uint64(30)
_SHIFT_B: Final = np.uint64(27)
_SHIFT_C: Final = np.uint64(31)
_SHIFT_FRACTION: Final = np.uint64(11)
_FRACTION: Final = 2.0**-53
# Four uniform parts of 16 bits: their sum has mean 2 and variance 1/3, and is nearly normal.
_PARTS_MEAN: Final = 2.0
_PARTS_SCALE: Final = 3.0**0.5


def bits(seed: int, stream: int, thing: NDArray[np.int64], moment: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return 64 mixed bits for each pair of thing and moment, shape of the pair."""
    # As Python integers, which do not overflow; arrays of uint64 wrap around by design.
    key = _mixed(np.array([(seed + int(_GOLDEN) * (stream + 1)) % 2**64], dtype=np.uint64))
    return _mixed(_mixed(key ^ (thing.astype(np.uint64) * _GOLDEN)) ^ moment.astype(np.uint64))


def uniform(
    seed: int, stream: int, thing: NDArray[np.int64], moment: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return numbers in [0, 1)."""
    return (bits(seed, stream, thing, moment) >> _SHIFT_FRACTION).astype(np.float64) * _FRACTION


def normal(
    seed: int, stream: int, thing: NDArray[np.int64], moment: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return numbers of mean 0 and variance 1, between -3.5 and 3.5."""
    left = bits(seed, stream, thing, moment)
    total = np.zeros(left.shape, dtype=np.float64)
    for _ in range(4):
        total += (left & _PART).astype(np.float64)
        left >>= _SHIFT_PART
    return (total / 65_536.0 - _PARTS_MEAN) * _PARTS_SCALE


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = (value ^ (value >> _SHIFT_A)) * _MIX_A
    value = (value ^ (value >> _SHIFT_B)) * _MIX_B
    mixed: NDArray[np.uint64] = value ^ (value >> _SHIFT_C)
    return mixed
