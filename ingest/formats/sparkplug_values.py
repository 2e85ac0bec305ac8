"""What the fields of one Sparkplug metric say: value, unit and quality.

Source: Eclipse Sparkplug Specification 3.0.0, section 6.4 (payload definitions and datatypes).
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Final

from domain.quarantine import Reason
from ingest.formats.gathering import UnreadableError
from ingest.formats.wire import BYTES, FIXED32, FIXED64, VARINT, WireError, check_kinds, key

if TYPE_CHECKING:
    from ingest.formats.wire import Reader

BOOLEAN: Final = 11
DATATYPE_MAX: Final = 34
_SIGNED: Final = {1: 8, 2: 16, 3: 32, 4: 64}
_UNSIGNED: Final = {5: 8, 6: 16, 7: 32, 8: 64}
_REAL: Final = frozenset({9, 10})
_FIRST_WITHOUT_NUMBER: Final = 12  # texts, times, data sets, templates, arrays

NAME: Final = key(1, BYTES)
ALIAS: Final = key(2, VARINT)
TIMESTAMP: Final = key(3, VARINT)
DATATYPE: Final = key(4, VARINT)
IS_NULL: Final = key(7, VARINT)
PROPERTIES: Final = key(9, BYTES)
INT: Final = key(10, VARINT)
LONG: Final = key(11, VARINT)
_FLOAT: Final = key(12, FIXED32)
_DOUBLE: Final = key(13, FIXED64)
_BOOL: Final = key(14, VARINT)
_WITHOUT_NUMBER: Final = tuple(key(field, BYTES) for field in range(15, 20))
_KINDS: Final = (
    dict.fromkeys((2, 3, 4, 5, 6, 7, 10, 11, 14), VARINT)
    | dict.fromkeys((1, 8, 9, 15, 16, 17, 18, 19), BYTES)
    | {12: FIXED32, 13: FIXED64}
)
_KEYS: Final = frozenset(key(field, kind) for field, kind in _KINDS.items())

_PROPERTY_KEY: Final = key(1, BYTES)
_PROPERTY_VALUE: Final = key(2, BYTES)
_PROPERTY_INT: Final = key(3, VARINT)
_PROPERTY_LONG: Final = key(4, VARINT)
_PROPERTY_TEXT: Final = key(8, BYTES)
_QUALITY_FLAGS: Final = {192: 1, 0: 4, 500: 9}
_UINT32: Final = 2**32 - 1

Fields = dict[int, int | bytes]


class AwaitsBirthError(Exception):
    """Only a birth can say what this metric means; never leaves this package."""

    def __init__(self, *, field: str, found: object, expected: str) -> None:
        super().__init__(f"{field}: found {found}, expected {expected}")


def metric_fields(metric: bytes, reader: Reader) -> Fields:
    """Return the fields of a metric by their keys; of repeated ones the last, as protobuf has it.

    Raises:
        WireError: it is no metric.
    """
    found = dict(reader.pairs(metric))
    if not found.keys() <= _KEYS:
        check_kinds(found, _KINDS)
    return found


def number(found: Fields, datatype: int) -> float | None:
    """Return the value as a double, None for what is no number.

    Args:
        found: fields of the metric.
        datatype: of the metric, or of its birth; 0 when neither says.

    Raises:
        AwaitsBirthError: an integer whose datatype only a birth can say.
        UnreadableError: the value is not one of the datatype, or not finite.
    """
    if not datatype:
        datatype = _datatype_of(found)
    if datatype in _REAL:
        return _real(found, datatype)
    if datatype in _SIGNED or datatype in _UNSIGNED:
        return float(_integer(found, datatype))
    if datatype == BOOLEAN:
        if _BOOL not in found:
            raise _mismatch(found, datatype)
        return 1.0 if found[_BOOL] else 0.0
    if datatype <= DATATYPE_MAX:
        return None
    raise UnreadableError(field="datatype", found=datatype, expected="a datatype of Sparkplug 3.0")


def _datatype_of(found: Fields) -> int:
    """Return the datatype that the value alone tells; any without number for texts and the like."""
    if INT in found or LONG in found:
        raise AwaitsBirthError(field="datatype", found="nothing", expected="one, here or in a birth")
    if any(field in found for field in _WITHOUT_NUMBER):
        return _FIRST_WITHOUT_NUMBER
    return BOOLEAN if _BOOL in found else 10


def _real(found: Fields, datatype: int) -> float:
    raw, form = (found[_DOUBLE], "<d") if _DOUBLE in found else (found.get(_FLOAT), "<f")
    if not isinstance(raw, bytes):
        raise _mismatch(found, datatype)
    value = float(struct.unpack(form, raw)[0])
    if not math.isfinite(value):
        raise UnreadableError(
            field="value", found=value, expected="a finite number", reason=Reason.NOT_FINITE
        )
    return value


def _integer(found: Fields, datatype: int) -> int:
    """Return the number behind an unsigned one: signed integers travel as two's complement."""
    whole = found.get(LONG)
    if INT in found:
        whole = found[INT]
        # A uint32 of protobuf: an encoder that extends the sign to 64 bits means the low half.
        whole = whole & _UINT32 if isinstance(whole, int) else None
    if not isinstance(whole, int):
        raise _mismatch(found, datatype)
    width = _SIGNED.get(datatype)
    if width is None:
        if whole < 1 << _UNSIGNED[datatype]:
            return whole
    else:
        # Some encoders extend the sign to 32 or 64 bits, others send the bits of the type alone.
        half = 1 << (width - 1)
        for bits in (width, 32, 64):
            value = whole - (1 << bits) if whole >= 1 << (bits - 1) else whole
            if whole < 1 << bits and -half <= value < half:
                return value
    raise UnreadableError(field="value", found=whole, expected=f"a value of datatype {datatype}")


def _mismatch(found: Fields, datatype: int) -> UnreadableError:
    values = sorted(head >> 3 for head in found if head >= INT)
    return UnreadableError(
        field="value", found=f"fields {values}", expected=f"a value of datatype {datatype}"
    )


def unit_and_flag(properties: bytes, reader: Reader) -> tuple[str | None, int]:
    """Return (`engUnit` as sent, `Quality` as a QARTOD flag, 0 without or with an unknown one).

    Raises:
        WireError: the properties are none.
        UnreadableError: the unit is no text.
    """
    # Most sets of properties hold neither.
    if not (b"engUnit" in properties or b"Quality" in properties):
        return None, 0
    pairs = reader.pairs(properties)
    keys = [value for head, value in pairs if head == _PROPERTY_KEY]
    values = [value for head, value in pairs if head == _PROPERTY_VALUE]
    if len(keys) != len(values):
        raise WireError(found=f"{len(keys)} keys of {len(values)} properties")
    by_key = dict(zip(keys, values, strict=True))
    return _unit(by_key.get(b"engUnit"), reader), _flag(by_key.get(b"Quality"), reader)


def _unit(encoded: int | bytes | None, reader: Reader) -> str | None:
    raw = dict(reader.pairs(encoded)).get(_PROPERTY_TEXT) if isinstance(encoded, bytes) else None
    if not isinstance(raw, bytes) or not raw:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UnreadableError(field="engUnit", found=raw, expected="a unit in UTF-8") from error


def _flag(encoded: int | bytes | None, reader: Reader) -> int:
    if not isinstance(encoded, bytes):
        return 0
    inner = dict(reader.pairs(encoded))
    code = inner.get(_PROPERTY_INT, inner.get(_PROPERTY_LONG))
    return _QUALITY_FLAGS.get(code, 0) if isinstance(code, int) else 0
