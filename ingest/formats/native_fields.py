"""The fields of native readings as columns, from where their keys and values stand; see `native_arrays`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.formats.decoded import EPOCH_S_MAX, NAME_LENGTH_MAX, UNIT_LENGTH_MAX
from ingest.formats.number_arrays import decimals
from ingest.formats.time_arrays import timestamps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingest.formats.number_arrays import Characters

_QUOTE, _COLON, _COMMA = b'":,'
_UNITS_MAX: Final = 64
_FLAGS: Final = (1, 2, 3, 4, 9)
_STATES: Final = {b'"00"': 0, b'"01"': 1, b'"02"': 2}


def number_of(text: bytes) -> np.uint64:
    """Return up to eight characters as a word, the first one lowest."""
    return np.uint64(int.from_bytes(text, "little"))


def mask_of(count: int) -> np.uint64:
    """Return the mask of the first characters of a word."""
    return np.uint64((1 << 8 * count) - 1)


@dataclass(slots=True, eq=False)
class FieldColumns:
    """Shape (n,) each, names (n, w): as in `NativeColumns`."""

    name_words: NDArray[np.uint64]
    ts_us: NDArray[np.int64]
    value: NDArray[np.float64]
    unit_index: NDArray[np.int32]
    flag: NDArray[np.int16]
    state: NDArray[np.int16]


class Fields:
    """The values of all keys, by the name of the key.

    Attributes:
        refused: shape (k,), the value of this key is not understood.
        quoted: shape (k,), it is a text.
        incomplete: shape (n,), the reading lacks a field or has one twice.
        units: distinct units.
    """

    def __init__(  # one array for each thing that is known of a key
        self,
        text: Characters,
        name: NDArray[np.uint8],
        reading: NDArray[np.intp],
        start: NDArray[np.intp],
        end: NDArray[np.intp],
        count: int,
    ) -> None:
        self._text = text
        self._reading = reading
        self._name = name
        self._start, self._end = start, end
        self._count = count
        data = text.data
        self.quoted = (data[start] == _QUOTE) & (data[end - 1] == _QUOTE) & (end - start > 2)  # noqa: PLR2004 # not empty
        self.refused = np.zeros(len(name), dtype=np.bool_)
        self.incomplete = np.zeros(count, dtype=np.bool_)
        self.units: tuple[str | None, ...] = (None,)

    def _of(self, name: str, *, required: bool) -> NDArray[np.intp]:
        """Return the keys of a name, and note readings that lack it or have it twice."""
        keys = np.flatnonzero(self._name == ord(name))
        if len(keys) or required:
            times = np.bincount(self._reading[keys], minlength=self._count)
            self.incomplete |= (times != 1) if required else (times > 1)
        return keys

    def read(self) -> FieldColumns:
        """Return all fields as columns over the readings."""
        return FieldColumns(
            name_words=self._names(self._of("s", required=True)),
            ts_us=self._times(self._of("t", required=True)),
            value=self._numbers(self._of("v", required=True)),
            unit_index=self._units(self._of("u", required=False)),
            flag=self._flags(self._of("q", required=False)),
            state=self._states(self._of("d", required=False)),
        )

    def _words(self, keys: NDArray[np.intp], length_max: int) -> NDArray[np.uint64]:
        """Return texts as words, shape (k, w); refuse those that are no names."""
        start, length = self._start[keys] + 1, self._end[keys] - self._start[keys] - 2
        unsound = ~self.quoted[keys] | (length > length_max)
        length = np.where(unsound, 1, length)
        width = (int(length.max(initial=1)) + 7) // 8
        words = np.empty((len(keys), width), dtype=np.uint64)
        for position in range(width):
            words[:, position] = word = self._text.masked(start + 8 * position, length - 8 * position)
            unsound |= _holds(word, _COMMA) | _holds(word, _COLON)
        self.refused[keys[unsound]] = True
        return words

    def _names(self, keys: NDArray[np.intp]) -> NDArray[np.uint64]:
        words = self._words(keys, NAME_LENGTH_MAX)
        columns = np.zeros((self._count, words.shape[1]), dtype=np.uint64)
        columns[self._reading[keys]] = words
        return columns

    def _times(self, keys: NDArray[np.intp]) -> NDArray[np.int64]:
        columns = np.zeros(self._count, dtype=np.int64)
        as_text = self.quoted[keys]
        numbers, texts = keys[~as_text], keys[as_text]
        if len(numbers):
            seconds, valid = decimals(self._text, self._start[numbers], self._end[numbers])
            valid &= np.abs(seconds) <= EPOCH_S_MAX
            self.refused[numbers[~valid]] = True
            columns[self._reading[numbers]] = np.rint(np.where(valid, seconds, 0.0) * 1e6).astype(np.int64)
        if len(texts):
            ts_us, valid = timestamps(self._text, self._start[texts] + 1, self._end[texts] - 1)
            self.refused[texts[~valid]] = True
            columns[self._reading[texts]] = ts_us
        return columns

    def _numbers(self, keys: NDArray[np.intp]) -> NDArray[np.float64]:
        columns = np.zeros(self._count, dtype=np.float64)
        value, valid = decimals(self._text, self._start[keys], self._end[keys])
        self.refused[keys[~valid]] = True
        columns[self._reading[keys]] = value
        return columns

    def _units(self, keys: NDArray[np.intp]) -> NDArray[np.int32]:
        columns = np.zeros(self._count, dtype=np.int32)
        if not len(keys):
            return columns
        words = self._words(keys, UNIT_LENGTH_MAX)
        index = np.zeros(len(keys), dtype=np.int32)
        waiting = np.flatnonzero(~self.refused[keys])
        units: list[str | None] = [None]
        # A batch holds a handful of units: each round takes one and all that are the same.
        while len(waiting) and len(units) <= _UNITS_MAX:
            same = (words[waiting] == words[waiting[0]]).all(axis=1)
            index[waiting[same]] = len(units)
            units.append(_unit(words[waiting[0]]))
            waiting = waiting[~same]
        if len(waiting):
            # Sorted, so that the time stays bounded and nobody else is refused for one who sends many.
            distinct, place = np.unique(words[waiting], axis=0, return_inverse=True)
            index[waiting] = len(units) + place.reshape(-1)
            units.extend(_unit(row) for row in distinct)
        self.units = tuple(units)
        columns[self._reading[keys]] = index
        return columns

    def _flags(self, keys: NDArray[np.intp]) -> NDArray[np.int16]:
        columns = np.zeros(self._count, dtype=np.int16)
        if len(keys):
            flag = self._text.data[self._start[keys]].astype(np.int16) - ord("0")
            sound = (self._end[keys] - self._start[keys] == 1) & np.isin(flag, _FLAGS)
            self.refused[keys[~sound]] = True
            columns[self._reading[keys]] = flag
        return columns

    def _states(self, keys: NDArray[np.intp]) -> NDArray[np.int16]:
        columns = np.zeros(self._count, dtype=np.int16)
        if len(keys):
            sound = np.zeros(len(keys), dtype=np.bool_)
            word = self._text.words[self._start[keys]] & mask_of(4)
            for text, state in _STATES.items():
                found = word == number_of(text)
                sound |= found
                columns[self._reading[keys[found]]] = state
            sound &= self._end[keys] - self._start[keys] == 4  # noqa: PLR2004 # "00" with its quotes
            self.refused[keys[~sound]] = True
        return columns


def _unit(words: NDArray[np.uint64]) -> str:
    return words.tobytes().rstrip(b"\0").decode("ascii", "replace")


def _holds(word: NDArray[np.uint64], byte: int) -> NDArray[np.bool_]:
    """Say which words contain a byte."""
    rest = word ^ np.uint64(byte * 0x0101010101010101)
    marked = (rest - np.uint64(0x0101010101010101)) & ~rest & np.uint64(0x8080808080808080)
    found: NDArray[np.bool_] = marked != 0
    return found
