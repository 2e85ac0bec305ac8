"""Station lines of Thông tư 10/2021/TT-BTNMT: automatic environmental monitoring stations of Việt Nam.

One measurement a line: `parameter<TAB>value<TAB>unit<TAB>yyyyMMddHHmmss<TAB>state`, for example
`COD<TAB>45,2<TAB>mg/L<TAB>20261123080000<TAB>00`. State: 00 measuring, 01 calibrating, 02 device fault; it is
kept with the reading, and only 00 counts as valid.

Source: Thông tư 10/2021/TT-BTNMT, article 39 (a data logger keeps parameter, result, unit, time and state).
The form of the line is taken from secondary descriptions of the circular, not from its text; the decoder is
therefore liberal where those differ:

- Fields are parted by tabs, by `;`, or by spaces (then no field may be empty).
- Both marks of decimals, `.` and `,`; a number with both, or with one twice, is a fault and not guessed.
- Byte order mark, CRLF and empty lines are harmless.
- The time is the station's: UTC+7, which has no summer time.
- A unit of `-` or nothing is none: the registry knows it.

The parameter is the sensor's name as it stands (`PM2,5`); the station is the gateway.
"""

from __future__ import annotations

import codecs
import functools
import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

from domain.quarantine import Reason
from ingest.formats.decoded import microseconds
from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.gathering import Gathering, UnreadableError, number
from ingest.formats.rows import STATES

if TYPE_CHECKING:
    from ingest.formats.decoded import DecodedBatch

_FIELDS: Final = 5
_EXPECTED: Final = "lines of parameter, value, unit, yyyyMMddHHmmss and state, parted by tabs"
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(?:[.,][0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
_NOT_FINITE: Final = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_TIME: Final = re.compile(r"[0-9]{14}")
_NO_UNIT: Final = frozenset({"", "-"})
_LINE_SHOWN_MAX: Final = 80


def decode(payload: bytes) -> DecodedBatch:
    """Return the measurements of one file.

    Raises:
        MalformedMessageError: not text in UTF-8, or no line of it has the five fields.
    """
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = payload[error.start : error.start + 1]
        raise MalformedMessageError(
            field="payload", found=f"byte {byte!r} at {error.start}", expected="text in UTF-8"
        ) from error
    # JSON of any kind is told apart before its lines are parsed; it never begins with a byte order mark.
    is_marked = payload.startswith(codecs.BOM_UTF8)
    if text.lstrip()[:1] in ({""} if is_marked else {"", "{", "["}) or "\0" in text:
        raise MalformedMessageError(field="payload", found=shown(text[:16]), expected=_EXPECTED)
    gathering = Gathering()
    has_line = False
    for line in text.replace("\r", "\n").split("\n"):
        if not line.strip():
            continue
        fields = _fields(line)
        has_line |= len(fields) == _FIELDS
        try:
            _add(gathering, line, fields)
        except UnreadableError as error:
            # The mark says that a line, however wrong it is, is one of these.
            gathering.set_aside(error, fields[0], codecs.BOM_UTF8 + line.encode())
    if not (has_line or is_marked):
        raise MalformedMessageError(field="payload", found=shown(text[:_LINE_SHOWN_MAX]), expected=_EXPECTED)
    return gathering.batch()


def _fields(line: str) -> list[str]:
    separator = "\t" if "\t" in line else ";" if ";" in line else None
    fields = [field.strip() for field in line.split(separator)]
    # Some data loggers end the line with a separator.
    return fields[:-1] if len(fields) == _FIELDS + 1 and not fields[-1] else fields


def _add(gathering: Gathering, line: str, fields: list[str]) -> None:
    if len(fields) != _FIELDS:
        raise UnreadableError(
            field="line", found=line[:_LINE_SHOWN_MAX], expected="parameter, value, unit, time and state"
        )
    name, value, unit, moment, state = fields
    if state not in STATES:
        raise UnreadableError(
            field="state", found=state, expected="00 (measuring), 01 (calibrating) or 02 (fault)"
        )
    ts_us = _time(moment)
    gathering.add(name, ts_us, _value(value), None if unit in _NO_UNIT else unit, STATES[state])


def _value(text: str) -> float:
    if _NUMBER.fullmatch(text):
        return number("value", float(text.replace(",", ".")))
    reason = Reason.NOT_FINITE if _NOT_FINITE.fullmatch(text) else Reason.MALFORMED
    raise UnreadableError(
        field="value", found=text, expected="a number with one decimal mark, comma or point", reason=reason
    )


@functools.lru_cache(maxsize=256)  # the lines of a file share their time
def _time(text: str) -> int:
    """Return the station's local time as microseconds since the epoch."""
    try:
        if not _TIME.fullmatch(text):
            raise ValueError  # noqa: TRY301 # one refusal for both
        return microseconds(datetime.fromisoformat(f"{text[:8]}T{text[8:]}+07:00"))
    except ValueError as error:
        raise UnreadableError(
            field="time", found=text, expected="yyyyMMddHHmmss, local time of the station"
        ) from error
