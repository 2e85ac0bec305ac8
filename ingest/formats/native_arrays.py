"""Native JSON by rows, many messages at once, as array operations: no Python object for a reading.

What is understood is a strict form: `{"id":42,"r":[{"s":"pm25-01","t":1764000000.5,"v":23.5}, …]}` with the
fields of a reading in any order, `id` first, last or absent, and white space as `json.dumps` writes it or
none. Everything else (escapes, other keys, null, exponents, text beyond ASCII, the form by columns …) is left
to the general decoder. It is never wrong: every byte of a message that is understood belongs to a token that
was checked.

How: a key is a quoted character with a colon. From one key to the next there is exactly one value and one
separator; so the positions of the keys give those of all values, and each value is checked as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.formats.native_fields import Fields, mask_of, number_of
from ingest.formats.number_arrays import PADDING, Characters, integers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ingest.formats.native_fields import FieldColumns

_QUOTE, _COLON, _COMMA, _BACKSLASH, _BRACE = b'":,\\}'
# DEL: no text that is understood contains it.
_SEPARATOR: Final = b"\x7f"
_FIRST_PRINTABLE, _PRINTABLE_COUNT = 32, 95
# The second and third character behind the quote of a key.
_KEY_END: Final = np.uint64(_QUOTE | _COLON << 8)
_IS_KEY: Final = np.isin(np.arange(256), np.frombuffer(b"stvuqd", dtype=np.uint8))


_ID_HEAD: Final = b'{"id":'
_ROWS_AFTER_ID: Final = b',"r":[{'
_ROWS_HEAD: Final = b'{"r":[{'
_TAIL: Final = b"}]}"
_ID_TAIL: Final = b'}],"id":'
_BETWEEN: Final = b"},{"


@dataclass(frozen=True, slots=True, eq=False)
class NativeColumns:
    """The readings of the messages that were understood.

    Attributes:
        understood: shape (m,), the others contribute no readings.
        has_batch_id: shape (m,).
        batch_id: shape (m,), 0 where there is none.
        count: shape (m,), readings of each message.
        message: shape (n,), position of the message, ascending; within a message in the order sent.
        name_words: shape (n, w), UTF-8 of the sensor's name as little-endian words, padded with zeros.
        ts_us: shape (n,), microseconds since 1970.
        value: shape (n,), as sent, finite.
        units: distinct units; the first is None.
        unit_index: shape (n,), position in `units`.
        flag: shape (n,), QARTOD flag as sent, 0 where there is none.
        state: shape (n,), device state.
    """

    understood: NDArray[np.bool_]
    has_batch_id: NDArray[np.bool_]
    batch_id: NDArray[np.uint64]
    count: NDArray[np.int32]
    message: NDArray[np.int32]
    name_words: NDArray[np.uint64]
    ts_us: NDArray[np.int64]
    value: NDArray[np.float64]
    units: tuple[str | None, ...]
    unit_index: NDArray[np.int32]
    flag: NDArray[np.int16]
    state: NDArray[np.int16]


def decode_many(payloads: Sequence[bytes]) -> NativeColumns:
    """Return the readings of all messages that are in the strict form.

    Args:
        payloads: any bytes.
    """
    return _Decoding(payloads).columns()


def _joined(payloads: Sequence[bytes]) -> bytes:
    """Return the payloads with separators between them, without white space between tokens."""
    text = _SEPARATOR.join(payloads)
    if text.count(_SEPARATOR) != len(payloads) - 1:
        text = _SEPARATOR.join([b"" if _SEPARATOR in payload else payload for payload in payloads])
    if b'": ' in text:
        # Only beside a quote or a brace, where nothing but a name or a unit could be meant: those that
        # contain a comma or a colon are not understood.
        text = text.replace(b'": ', b'":').replace(b', "', b',"').replace(b", {", b",{")
    return text


class _Decoding:
    """One call: positions of everything in the joined text."""

    def __init__(self, payloads: Sequence[bytes]) -> None:
        text = _joined(payloads)
        self._is_plain = text.isascii() and b"\\" not in text
        self._text = Characters.of(text)
        data = self._text.data
        breaks = np.flatnonzero(data == _SEPARATOR[0])
        self._start = np.concatenate(([PADDING], breaks + 1))
        self._end = np.concatenate((breaks, [len(data) - PADDING]))
        quotes = np.flatnonzero(data == _QUOTE)
        ahead = self._text.words[quotes]
        candidate = np.flatnonzero(((ahead >> np.uint64(16)) & np.uint64(0xFFFF)) == _KEY_END)
        name = ((ahead[candidate] >> np.uint64(8)) & np.uint64(0xFF)).astype(np.uint8)
        is_key = _IS_KEY[name]
        self._key = quotes[candidate[is_key]]
        self._name = name[is_key]
        self._key_count = self._per_message(self._key)
        self._quote_count = self._per_message(quotes)
        self._quotes = quotes
        count = len(payloads)
        self._bad = np.zeros(count, dtype=np.bool_)
        self._has_id = np.zeros(count, dtype=np.bool_)
        self._id = np.zeros(count, dtype=np.uint64)
        self._key_message = np.repeat(np.arange(count, dtype=np.intp), self._key_count)

    def _per_message(self, positions: NDArray[np.intp]) -> NDArray[np.intp]:
        return np.diff(np.searchsorted(positions, np.append(self._start, self._end[-1] + 1)))

    def _is_text(self, position: NDArray[np.intp], text: bytes) -> NDArray[np.bool_]:
        """Say where up to eight characters stand."""
        found: NDArray[np.bool_] = (self._text.words[position] & mask_of(len(text))) == number_of(text)
        return found

    def _refuse_keys(self, chosen: NDArray[np.bool_]) -> None:
        self._bad[self._key_message[chosen]] = True

    def columns(self) -> NativeColumns:
        """Return what is understood."""
        self._refuse_characters()
        self._bad |= self._key_count == 0
        if self._bad.all():
            return self._nothing()
        first_key = np.cumsum(self._key_count) - self._key_count
        tail = self._frames(np.minimum(first_key, len(self._key) - 1))
        starts_reading, value_start, value_end = self._values(first_key, tail)
        reading = np.cumsum(starts_reading) - 1
        reading_message = self._key_message[starts_reading]
        fields = Fields(self._text, self._name, reading, value_start, value_end, len(reading_message))
        columns = fields.read()
        self._refuse_keys(fields.refused)
        self._bad[reading_message[fields.incomplete]] = True
        strings = np.bincount(self._key_message[fields.quoted], minlength=len(self._bad))
        header = np.where(self._has_id, 4, 2)
        self._bad |= self._quote_count != 2 * self._key_count + 2 * strings + header
        return self._gathered(columns, reading_message, fields.units)

    def _refuse_characters(self) -> None:
        data = self._text.data[PADDING : len(self._text.data) - PADDING]
        if self._is_plain and (not len(data) or data.min() >= _FIRST_PRINTABLE):
            return
        odd = (data - np.uint8(_FIRST_PRINTABLE)) >= _PRINTABLE_COUNT
        odd |= data == _BACKSLASH
        found = np.flatnonzero(odd)
        found = found[data[found] != _SEPARATOR[0]] + PADDING
        if len(found):
            self._bad[np.searchsorted(self._start, found, side="right") - 1] = True

    def _frames(self, first_key: NDArray[np.intp]) -> NDArray[np.intp]:
        """Check what stands before the first and behind the last reading; return where the latter is."""
        start, end, first = self._start, self._end, self._key[first_key]
        data = self._text.data
        id_first = self._is_text(start, _ID_HEAD) & self._is_text(first - 7, _ROWS_AFTER_ID)
        plain = self._is_text(start, _ROWS_HEAD) & (first == start + len(_ROWS_HEAD))
        last_quote = np.cumsum(self._quote_count) - 1
        id_quote = self._quotes[np.maximum(last_quote - 1, 0)]
        id_last = plain & self._is_text(id_quote - 3, _ID_TAIL) & (data[end - 1] == _BRACE)
        closed = self._is_text(end - 3, _TAIL)
        self._bad |= ~((id_first & closed) | (plain & closed & ~id_last) | id_last)
        self._has_id = (id_first | id_last) & ~self._bad
        id_start = np.where(id_first, start + len(_ID_HEAD), id_quote + 5)
        id_end = np.where(id_first, first - len(_ROWS_AFTER_ID), end - 1)
        sound = self._has_id & (id_end > id_start)
        self._bad |= self._has_id & ~sound
        chosen = np.flatnonzero(sound)
        value, valid = integers(self._text, id_start[chosen], id_end[chosen])
        self._id[chosen] = value
        self._bad[chosen[~valid]] = True
        return np.where(id_last, id_quote - 3, end - 3)

    def _values(
        self, first_key: NDArray[np.intp], tail: NDArray[np.intp]
    ) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.intp]]:
        """Return (key starts a reading, start and end of its value); check all that stands between."""
        key = self._key
        of_message = np.zeros(len(key), dtype=np.bool_)
        of_message[first_key[self._key_count > 0]] = True
        between = self._is_text(key - 3, _BETWEEN)
        starts_reading = of_message | between
        self._refuse_keys(~starts_reading & (self._text.data[key - 1] != _COMMA))
        value_end = np.empty(len(key), dtype=np.intp)
        value_end[:-1] = np.where(between[1:], key[1:] - 3, key[1:] - 1)
        last = np.append(of_message[1:], True)  # the last key of all ends a message
        value_end[last] = tail[self._key_message[last]]
        value_start = key + 4
        short = value_end <= value_start
        self._refuse_keys(short)
        return starts_reading, value_start, np.where(short, value_start + 1, value_end)

    def _gathered(
        self, columns: FieldColumns, reading_message: NDArray[np.intp], units: tuple[str | None, ...]
    ) -> NativeColumns:
        understood = ~self._bad
        kept = understood[reading_message]
        chosen = slice(None) if kept.all() else kept
        message = reading_message[chosen].astype(np.int32)
        return NativeColumns(
            understood=understood,
            has_batch_id=self._has_id & understood,
            batch_id=np.where(understood, self._id, np.uint64(0)),
            count=np.bincount(message, minlength=len(understood)).astype(np.int32),
            message=message,
            name_words=columns.name_words[chosen],
            ts_us=columns.ts_us[chosen],
            value=columns.value[chosen],
            units=units,
            unit_index=columns.unit_index[chosen],
            flag=columns.flag[chosen],
            state=columns.state[chosen],
        )

    def _nothing(self) -> NativeColumns:
        none = np.zeros(0, dtype=np.int32)
        count = len(self._bad)
        return NativeColumns(
            understood=np.zeros(count, dtype=np.bool_),
            has_batch_id=np.zeros(count, dtype=np.bool_),
            batch_id=np.zeros(count, dtype=np.uint64),
            count=np.zeros(count, dtype=np.int32),
            message=none,
            name_words=np.zeros((0, 1), dtype=np.uint64),
            ts_us=none.astype(np.int64),
            value=none.astype(np.float64),
            units=(None,),
            unit_index=none,
            flag=none.astype(np.int16),
            state=none.astype(np.int16),
        )
