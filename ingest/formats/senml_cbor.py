"""SenML in CBOR (RFC 8428, section 6): the JSON form with integers for the labels (table 4 there).

How records become readings: `ingest.formats.senml`. Numbers may be integers, floats or decimal fractions (tag
4); no tag is left to cbor2, which would compile a regular expression or build a date, and any other tag makes
its reading a fault. Definite and indefinite lengths are read.

What a sender could use to keep a core busy is bounded before or while the bytes are read: how many records
the pack announces, how deep it nests, how long a pack is whose length is not announced.
"""

from __future__ import annotations

import functools
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import cbor2

from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.gathering import READINGS_MAX, too_many
from ingest.formats.senml import EXPECTED_PACK, resolved

if TYPE_CHECKING:
    from ingest.formats.decoded import DecodedBatch

LABELS: Final[dict[object, str]] = {
    -1: "bver",
    -2: "bn",
    -3: "bt",
    -4: "bu",
    -5: "bv",
    -6: "bs",
    0: "n",
    1: "u",
    2: "v",
    3: "vs",
    4: "vb",
    5: "s",
    6: "t",
    7: "ut",
    8: "vd",
}
_NUMBERS: Final = {label: key for key, label in LABELS.items()}
# The pack, its records, and nothing inside them.
_DEPTH_FLAT: Final = 2
# ... and room for a decimal fraction (a tag and its list), or for a wrong value that leaves by itself. With
# lists for keys somebody can make a dictionary slow (their hashes are no secret): in small messages only.
_DEPTH_NESTED: Final = 6
NESTED_BYTES_MAX: Final = 16_384
# A pack that does not announce its length may hold one record a byte.
INDEFINITE_BYTES_MAX: Final = 65_536
_ARRAY: Final = 0x80
_ARRAY_INDEFINITE: Final = 0x9F
_COUNT_BYTES: Final = {24: 1, 25: 2, 26: 4, 27: 8}
_COUNT_DIRECT_END: Final = 24
# Powers of ten that a double can hold, with room for a long mantissa.
_EXPONENT_MAX: Final = 400
# Every tag to which cbor2 gives a meaning.
_SILENCED_TAGS: Final = (
    *(0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54),
    *(100, 256, 258, 260, 261, 1004, 43000, 43001, 55799),
)


def _silenced(tag: int, value: object, _immutable: bool) -> cbor2.CBORTag:  # noqa: FBT001 # cbor2's form
    return cbor2.CBORTag(tag, value)


_TAG_DECODERS: Final = {tag: functools.partial(_silenced, tag) for tag in _SILENCED_TAGS}


def decode(payload: bytes) -> DecodedBatch:
    """Return the readings of one message.

    Raises:
        MalformedMessageError: nothing of it can be read as SenML.
    """
    _check_head(payload)
    items = _items(payload)
    if not isinstance(items, list):
        raise MalformedMessageError(field="payload", found=shown(items), expected=EXPECTED_PACK)
    return resolved([_named(item) if isinstance(item, dict) else item for item in items], _encoded)


def _check_head(payload: bytes) -> None:
    """Refuse by the first bytes what is no pack, or one that is too long."""
    head = payload[0] if payload else 0
    if head == _ARRAY_INDEFINITE:
        if len(payload) > INDEFINITE_BYTES_MAX:
            raise MalformedMessageError(
                field="payload",
                found=f"{len(payload)} bytes of unannounced length",
                expected=f"at most {INDEFINITE_BYTES_MAX}, or a list that announces its length",
            )
        return
    count = head & 0x1F
    if head & 0xE0 != _ARRAY or (count >= _COUNT_DIRECT_END and count not in _COUNT_BYTES):
        raise MalformedMessageError(field="payload", found=shown(payload[:8]), expected=EXPECTED_PACK)
    if count >= _COUNT_DIRECT_END:
        count = int.from_bytes(payload[1 : 1 + _COUNT_BYTES[count]], "big")
    if count > READINGS_MAX:
        raise too_many(count)


def _items(payload: bytes) -> object:
    try:
        return _read(payload, _DEPTH_FLAT)
    except cbor2.CBORError as error:
        if len(payload) > NESTED_BYTES_MAX:
            raise _unreadable(error) from error
    try:
        return _read(payload, _DEPTH_NESTED)
    except cbor2.CBORError as error:
        raise _unreadable(error) from error


def _read(payload: bytes, depth_max: int) -> object:
    decoder = cbor2.CBORDecoder(
        BytesIO(payload), semantic_decoders=_TAG_DECODERS, max_depth=depth_max, allow_duplicate_keys=False
    )
    items: object = decoder.decode()
    try:
        rest = decoder.read(1)
    except cbor2.CBORDecodeEOF:
        return items
    raise MalformedMessageError(
        field="payload", found=f"{shown(rest)} after the end", expected="nothing after the pack"
    )


def _unreadable(error: cbor2.CBORError) -> MalformedMessageError:
    return MalformedMessageError(field="payload", found=shown(str(error)), expected="CBOR")


def _named(item: dict[object, object]) -> dict[object, object]:
    """Return a record with its labels as text; numbers as the JSON form has them."""
    record: dict[object, object] = {}
    for key, value in item.items():
        # 0.0 and false equal 0, and are no labels.
        label = LABELS.get(key, key) if type(key) is int else key
        if label in record:
            raise MalformedMessageError(
                field="label", found=f"{label} by number and by text", expected="each label once"
            )
        record[label] = _decimal(value) if isinstance(value, cbor2.CBORTag) else value
    return record


def _decimal(tagged: cbor2.CBORTag) -> object:
    """Return a decimal fraction as the nearest double, anything else as it is."""
    match tagged:
        case cbor2.CBORTag(tag=4, value=[int(exponent), int(mantissa)]) if abs(exponent) <= _EXPONENT_MAX:
            return float(Decimal(mantissa).scaleb(exponent))
        case _:
            return tagged


def _encoded(records: list[object]) -> bytes:
    items: list[Any] = [
        {_NUMBERS.get(key, key) if isinstance(key, str) else key: value for key, value in record.items()}
        if isinstance(record, dict)
        else record
        for record in records
    ]
    try:
        return cbor2.dumps(items)
    except cbor2.CBOREncodeError as error:
        raise MalformedMessageError(field="payload", found=shown(items), expected="SenML values") from error
