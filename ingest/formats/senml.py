"""Sensor Measurement Lists (RFC 8428): what JSON and CBOR share, the resolution of records into readings.

Source: RFC 8428, section 4 (labels, names, times, versions) and section 4.6 (resolution).

A sensor's name is the resolved name, base name + name, as a whole; it follows the RFC's alphabet and is at
most 64 characters long. What the RFC leaves to the receiver is decided so:

- `v` is read; `vb` is read as 1 or 0; text (`vs`) and data (`vd`) are no measurements and leave as faults.
- A time below 2**28 is relative to the moment of arrival. It would be another time at each delivery, and one
  reading would be stored several times: a fault. So is a record without any time.
- `s`, the integral over time, is passed over beside a value. A record with a sum alone is a reading in the
  unit × second where Nhịp knows that unit (W gives J), else a fault.
- `bver` above 10, and any field whose label ends with `_`, which asks to be understood, refuse the message.
- A base field that cannot be read refuses the message: it speaks of all records that follow.
- `ut` and unknown labels are passed over. There is no batch identifier, hence no acknowledgement.

Units are the RFC's (and RFC 8798's) names; `domain.units` knows what they mean.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from domain.units import UnknownUnitError, canonical_unit
from ingest.formats.decoded import NAME_LENGTH_MAX, UNIT_LENGTH_MAX
from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.gathering import READINGS_MAX, Gathering, UnreadableError, epoch_us, number, too_many

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.formats.decoded import DecodedBatch

VERSION: Final = 10
EXPECTED_PACK: Final = "a list of SenML records"
RELATIVE_TIME_END_S: Final = 2**28
_BASE_LABELS: Final = frozenset({"bver", "bn", "bt", "bu", "bv", "bs"})
_VALUE_LABELS: Final = ("v", "vb", "vs", "vd")
_OWN_LABELS: Final = frozenset({"n", "u", "t", "s", "ut", *_VALUE_LABELS})
_LABELS: Final = _BASE_LABELS | _OWN_LABELS
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]{0,63}")
_EXPECTED_NAME: Final = (
    "base name and name of 1 to 64 of A-Z a-z 0-9 - : . / _ that begin with a letter or digit"
)
# What a value in this unit gives when it is integrated over seconds.
_INTEGRATED: Final = {"W": "J", "L/s": "L", "m3/s": "m3", "m/s": "m"}


def resolved(records: Sequence[object], encoded: Callable[[list[object]], bytes]) -> DecodedBatch:
    """Return the readings of a pack.

    Args:
        records: the records, labels as text.
        encoded: writes records back in the format in which they came, for what is set aside.

    Raises:
        MalformedMessageError: no SenML, a later version, or a field that asks to be understood and is not.
    """
    if len(records) > READINGS_MAX:
        raise too_many(len(records))
    if not any(isinstance(record, dict) and not _LABELS.isdisjoint(record) for record in records):
        raise MalformedMessageError(field="payload", found=shown(records), expected=EXPECTED_PACK)
    gathering = Gathering()
    base: dict[str, Any] = {}
    for record in records:
        sensor: object = None
        try:
            if not isinstance(record, dict):
                raise UnreadableError(field="record", found=record, expected="an object")  # noqa: TRY301
            _take_base(base, record)
            if not _OWN_LABELS.isdisjoint(record) or _BASE_LABELS.isdisjoint(record):
                sensor = _name(base, record)
                _add(gathering, sensor, base, record)
        except UnreadableError as error:
            gathering.set_aside(error, sensor, encoded(_alone(base, record)))
    return gathering.batch()


def _alone(base: dict[str, Any], record: object) -> list[object]:
    """Return a pack of one record that means what the record meant: the base fields come along."""
    if isinstance(record, dict) and not _OWN_LABELS.isdisjoint(record):
        return [base | record]
    # Without a field of its own it would be a record of base fields, or nothing that is known as SenML.
    return [{"bver": VERSION} | base, record]


def _take_base(base: dict[str, Any], record: dict[Any, Any]) -> None:
    if record.keys() <= _OWN_LABELS:
        return
    for label, found in record.items():
        if isinstance(label, str):
            if label in _BASE_LABELS:
                base[label] = _base_field(label, found)
            elif label.endswith("_"):
                raise MalformedMessageError(
                    field="label", found=shown(label), expected="none that asks to be understood and is not"
                )


def _base_field(label: str, found: object) -> object:
    """Return a base field, checked; without it nothing that follows has a meaning."""
    if label == "bver":
        if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= VERSION:
            raise MalformedMessageError(
                field=label, found=shown(found), expected=f"a version from 1 to {VERSION}"
            )
        return found
    if label in {"bn", "bu"}:
        length_max = NAME_LENGTH_MAX if label == "bn" else UNIT_LENGTH_MAX
        if not isinstance(found, str) or len(found) > length_max:
            raise MalformedMessageError(
                field=label, found=shown(found), expected=f"a text of at most {length_max} characters"
            )
        return found
    try:
        number(label, found)
    except UnreadableError as error:
        raise MalformedMessageError(field=label, found=shown(found), expected="a finite number") from error
    return found


def _name(base: dict[str, Any], record: dict[Any, Any]) -> str:
    own = record.get("n", "")
    if not isinstance(own, str):
        raise UnreadableError(field="n", found=own, expected=_EXPECTED_NAME)
    name: str = base.get("bn", "") + own
    if not _NAME.fullmatch(name):
        raise UnreadableError(field="n", found=name, expected=_EXPECTED_NAME)
    return name


def _add(gathering: Gathering, name: str, base: dict[str, Any], record: dict[Any, Any]) -> None:
    unit = record.get("u", base.get("bu"))
    if unit is not None and not isinstance(unit, str):
        raise UnreadableError(field="u", found=unit, expected="a unit as text")
    time_s = number("t", base.get("bt", 0)) + number("t", record.get("t", 0))
    if time_s < RELATIVE_TIME_END_S:
        raise UnreadableError(
            field="t",
            found=time_s if "t" in record or "bt" in base else "nothing",
            expected="an absolute time (2**28 or more); a relative one changes with every delivery",
        )
    value, unit = _value(base, record, unit)
    gathering.add(name, epoch_us("t", time_s), value, unit)


def _value(base: dict[str, Any], record: dict[Any, Any], unit: str | None) -> tuple[float, str | None]:
    given = [label for label in _VALUE_LABELS if label in record]
    if len(given) > 1:
        raise UnreadableError(field="v", found=given, expected="one value")
    if not given:
        return _sum(base, record, unit)
    label, found = given[0], record[given[0]]
    if label == "vb":
        if not isinstance(found, bool):
            raise UnreadableError(field="vb", found=found, expected="true or false")
        return float(found), unit
    if label != "v":
        raise UnreadableError(field="v", found=f"{label} {shown(found)}", expected="a number")
    return number("v", number("v", found) + number("bv", base.get("bv", 0))), unit


def _sum(base: dict[str, Any], record: dict[Any, Any], unit: str | None) -> tuple[float, str]:
    if "s" not in record:
        raise UnreadableError(field="v", found="nothing", expected="a value")
    try:
        integrated = _INTEGRATED[canonical_unit(unit or "")]
    except (UnknownUnitError, KeyError) as error:
        expected = f"a value, or a sum in one of {', '.join(_INTEGRATED)}"
        raise UnreadableError(field="s", found=f"a sum in {shown(unit)}", expected=expected) from error
    return number("s", number("s", record["s"]) + number("bs", base.get("bs", 0))), integrated
