"""Decimal numbers in text, many at once: NumPy on 8-byte words, no Python object for each.

Eight digits are turned into a number by three multiplications (Lemire, "Quickly parsing eight digits"). An
integer up to 2**53 divided by a power of ten up to 10**22 is rounded correctly (Clinger, "How to read
floating point numbers accurately", 1990). Longer ones, up to 19 digits, are divided with a remainder (Dekker,
"A floating-point technique for extending the available precision", 1971); the few whose quotient is so near
to the middle of two doubles that its last error could decide are left to the general decoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Room for words that begin before the first byte or end behind the last one.
PADDING: Final = 72
_WORD: Final = 8
_MANTISSA_EXACT_MAX: Final = 2**53
_DIGITS_MAX: Final = 19
_MINUS, _DOT, _ZERO, _NINE = 45, 46, 48, 57
# Written out, not raised: pow() need not be exact on every machine.
_POWERS: Final = np.array([float(10**places) for places in range(_DIGITS_MAX + 1)])
_TENS: Final = np.array([10**places for places in range(_DIGITS_MAX + 1)], dtype=np.uint64)
# Veltkamp's constant: splits a double into two halves whose products are exact.
_SPLITTER: Final = 2.0**27 + 1.0
# Above the relative error of the second quotient, which is less than 2**-51.
_DOUBT: Final = 2.0**-50


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
    """Return (value, valid) of unsigned integers of 1 to 19 digits; no digits are 0 and not valid."""
    length = end - start
    value, valid = _eight_digits(characters, end, length)
    for position in (1, 2):
        more = length - position * _WORD
        if not np.any(more > 0):
            break
        high, high_valid = _eight_digits(characters, end - position * _WORD, more)
        value = value + high * _TENS[position * _WORD]
        valid &= high_valid
    return value, valid & (length >= 1) & (length <= _DIGITS_MAX)


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
    # A single zero before the point is no digit of the mantissa.
    valid &= np.where(whole == 0, 0, dot - first) + places <= _DIGITS_MAX
    value = mantissa.astype(np.float64) / _POWERS[places]
    long = valid & (mantissa > _MANTISSA_EXACT_MAX)
    if long.any():
        value[long], certain = _long_quotients(mantissa[long], _POWERS[places[long]])
        valid[long] = certain
    # "-0" is an integer, and integers know no negative zero; "-0.0" does.
    return np.where(negative & (fractional | (mantissa != 0)), -value, value), valid


def _long_quotients(
    mantissa: NDArray[np.uint64], power: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return (value, certainly rounded correctly) of numbers with more digits than a double holds."""
    high = mantissa.astype(np.float64)
    # What the double left out; the difference of unsigned numbers wraps to the signed one.
    low = (mantissa - high.astype(np.uint64)).astype(np.int64).astype(np.float64)
    quotient = high / power
    remainder = _remainder(high, quotient, power) + low
    rest = remainder / power
    value = quotient + rest * (1.0 - _DOUBT)
    return value, value == quotient + rest * (1.0 + _DOUBT)


def _remainder(
    high: NDArray[np.float64], quotient: NDArray[np.float64], power: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return high - quotient * power without any rounding."""
    product = quotient * power
    quotient_high, quotient_low = _halves(quotient)
    power_high, power_low = _halves(power)
    error = quotient_high * power_high - product
    error += quotient_high * power_low
    error += quotient_low * power_high
    error += quotient_low * power_low
    return (high - product) - error


def _halves(number: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    scaled = number * _SPLITTER
    upper = scaled - (scaled - number)
    return upper, number - upper
