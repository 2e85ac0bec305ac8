"""Decimal numbers in text, many at once: NumPy on 8-byte words, no Python object for each.

Eight digits are turned into a number by three multiplications (Lemire, "Quickly parsing eight digits"). A
number of up to 15 digits is an integer below 2**53 divided by a power of ten, which is rounded correctly
(Clinger, "How to read floating point numbers accurately", 1990). Longer ones, up to 19 digits, are divided in
extended precision; where that result lies half-way between two doubles it could have been rounded twice, and
the number is left to the general decoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Room for words that begin before the first byte or end behind the last one.
PADDING: Final = 72
_WORD: Final = 8
_DIGITS_EXACT_MAX: Final = 15
_DIGITS_MAX: Final = 19
_PART_DIGITS_MAX: Final = 16
_MINUS, _DOT, _ZERO, _NINE = 45, 46, 48, 57
_EXTENDED: Final = np.finfo(np.longdouble).nmant >= 63  # noqa: PLR2004 # all digits fit into its significand
_POWERS: Final = 10.0 ** np.arange(23)
_POWERS_LONG: Final = np.longdouble(10) ** np.arange(_DIGITS_MAX + 1).astype(np.longdouble)
_TENS: Final = 10 ** np.arange(_DIGITS_MAX + 1, dtype=np.uint64)


def _word(byte: int) -> np.uint64:
    return np.uint64(byte * 0x0101010101010101)


_ZEROS: Final = _word(_ZERO)
_HIGH_BITS: Final = _word(0x80)
_TO_NINE: Final = _word(0x7F - _NINE)
# By the number of bytes, 0 to 8: masks of the first and of the last ones of a word.
_FIRST_BYTES: Final = np.array([2 ** (8 * count) - 1 for count in range(_WORD + 1)], dtype=np.uint64)
_LAST_BYTES: Final = ~_FIRST_BYTES[::-1]
_LEADING_ZEROS: Final = _ZEROS & ~_LAST_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class Characters:
    """Bytes with `PADDING` in front and behind, and the same bytes as words at every position.

    Attributes:
        data: shape (n,).
        words: shape (n - 7,), the eight bytes from each position, the first one lowest.
        dots: positions of all decimal points, ascending.
    """

    data: NDArray[np.uint8]
    words: NDArray[np.uint64]
    dots: NDArray[np.intp]

    @classmethod
    def of(cls, text: bytes) -> Characters:
        """Return a text with its padding."""
        raw = bytes(PADDING) + text + bytes(PADDING)
        as_bytes = np.frombuffer(raw, dtype=np.uint8)
        words: NDArray[np.uint64] = np.ndarray((len(raw) - _WORD + 1,), "<u8", raw, strides=(1,))
        return cls(as_bytes, words, np.flatnonzero(as_bytes == _DOT))

    def masked(self, start: NDArray[np.intp], length: NDArray[np.intp]) -> NDArray[np.uint64]:
        """Return the word at each position with only its first `length` bytes (0 to 8 and more)."""
        return self.words[start] & _FIRST_BYTES[np.minimum(np.maximum(length, 0), _WORD)]


def _eight_digits(
    characters: Characters, end: NDArray[np.intp], length: NDArray[np.intp]
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return (value, all are digits) of the up to eight characters before each position."""
    # The token fills the high bytes; what stands before it becomes zeros.
    kept = np.minimum(np.maximum(length, 0), _WORD)
    word = (characters.words[end - _WORD] & _LAST_BYTES[kept]) | _LEADING_ZEROS[kept]
    valid = (((word + _TO_NINE) | (word - _ZEROS)) & _HIGH_BITS) == 0
    # Bytes beyond 0x7F would carry into their neighbours.
    valid &= (word & _HIGH_BITS) == 0
    word -= _ZEROS
    word = (word * np.uint64(10)) + (word >> np.uint64(8))
    low = (word & np.uint64(0x000000FF000000FF)) * np.uint64(0x000F424000000064)
    high = ((word >> np.uint64(16)) & np.uint64(0x000000FF000000FF)) * np.uint64(0x0000271000000001)
    return (low + high) >> np.uint64(32), valid


def digits(
    characters: Characters, start: NDArray[np.intp], end: NDArray[np.intp]
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return (value, valid) of unsigned integers of 1 to 16 digits; no digits are 0 and not valid."""
    length = end - start
    value, valid = _eight_digits(characters, end, length)
    if np.any(length > _WORD):
        high, high_valid = _eight_digits(characters, end - _WORD, length - _WORD)
        value = value + high * np.uint64(100_000_000)
        valid &= high_valid
    return value, valid & (length >= 1) & (length <= _PART_DIGITS_MAX)


def integers(
    characters: Characters, start: NDArray[np.intp], end: NDArray[np.intp]
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return (value, valid) of unsigned integers as JSON writes them, without zeros in front."""
    value, valid = digits(characters, start, end)
    return value, valid & ((characters.data[start] != _ZERO) | (end - start == 1))


def decimals(
    characters: Characters, start: NDArray[np.intp], end: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return (value, valid) of numbers as JSON writes them, without exponents.

    Args:
        characters: the text.
        start: shape (n,), ascending.
        end: shape (n,), behind the last character.
    """
    negative = characters.data[start] == _MINUS
    first = start + negative
    dot = end
    fractional = np.zeros(len(start), dtype=np.bool_)
    if len(characters.dots):
        place = np.searchsorted(characters.dots, first)
        found = characters.dots[np.minimum(place, len(characters.dots) - 1)]
        fractional = (place < len(characters.dots)) & (found < end)
        dot = np.where(fractional, found, end)
    whole, valid = integers(characters, first, dot)
    mantissa, places = whole, np.zeros(len(start), dtype=np.intp)
    if fractional.any():
        places = np.where(fractional, end - dot - 1, 0)
        fraction, fraction_valid = digits(characters, np.minimum(dot + 1, end), end)
        valid &= ~fractional | fraction_valid
        places = np.minimum(places, _DIGITS_MAX)
        mantissa = whole * _TENS[places] + np.where(fractional, fraction, np.uint64(0))
    count = dot - first + places
    valid &= count <= (_DIGITS_MAX if _EXTENDED else _DIGITS_EXACT_MAX)
    value = mantissa.astype(np.float64) / _POWERS[places]
    long = valid & (count > _DIGITS_EXACT_MAX)
    if long.any():
        value[long], exact = _long_quotients(mantissa[long], places[long])
        valid[long] = exact
    return np.where(negative, -value, value), valid


def _long_quotients(
    mantissa: NDArray[np.uint64], places: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return (value, certainly rounded correctly) of numbers with more digits than a double holds."""
    quotient: NDArray[Any] = mantissa.astype(np.longdouble) / _POWERS_LONG[places]
    value = quotient.astype(np.float64)
    distance = np.abs(quotient - value.astype(np.longdouble))
    return value, distance != np.spacing(value).astype(np.longdouble) / 2
