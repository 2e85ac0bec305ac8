"""Sparkplug B: protobuf payloads whose metrics are named in a birth and carry only an alias afterwards.

The edge node is the gateway. A metric of the node is the sensor of its name, one of a device the sensor
`{device}/{metric}`. Numbers and booleans (as 1 and 0) are readings, in births as well; texts, times, data
sets, templates, arrays and nulls are none, and neither are `bdSeq` and `Node Control/…`. The property
`engUnit` is the unit, `Quality` the flag: 192 good is 1, 0 bad is 4, 500 stale is 9, because a stale value is
no measurement of its moment.

What only a birth can tell (the name behind an alias, the sign of an integer without a datatype) and no birth
has told is a fault `awaiting_birth`, to be read again after the birth.

On `nhip/v1/{gateway}/data` the topic says no kind: metrics with a name and an alias teach the alias.

Source: Eclipse Sparkplug Specification 3.0.0, chapters 5 and 6 (ISO/IEC 20237:2023).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NoReturn

import numpy as np

from domain.quarantine import Reason
from domain.topics import SparkplugKind, gateway_of, sparkplug_topic
from ingest.formats.decoded import EPOCH_S_MAX, ReadingFault
from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.gathering import Gathering, UnreadableError
from ingest.formats.rows import FAULTS_MAX
from ingest.formats.sparkplug_types import Alias, Birth, Book, Sparkplug
from ingest.formats.sparkplug_values import (
    ALIAS,
    BOOLEAN,
    DATATYPE,
    INT,
    IS_NULL,
    LONG,
    NAME,
    PROPERTIES,
    TIMESTAMP,
    AwaitsBirthError,
    metric_fields,
    number,
    unit_and_flag,
)
from ingest.formats.wire import (
    BYTES,
    VARINT,
    Reader,
    TooManyFieldsError,
    WireError,
    check_kinds,
    encoded_bytes,
    encoded_number,
    key,
)

if TYPE_CHECKING:
    from domain.topics import SparkplugTopic
    from ingest.formats.decoded import DecodedBatch
    from ingest.formats.sparkplug_values import Fields

# One message must not keep a core busy: 6,000 metrics of a name, an alias, a time, a datatype and a value
# cost 30 to 50 ms, and so do 43,000 fields in any order. Beyond either bound it is set aside as a whole.
METRICS_MAX: Final = 6_000
_FIELDS_MAX: Final = 43_000
_DATATYPE_MAX: Final = 2**31 - 1
_INT64_MAX: Final = 2**63 - 1
_SEQ_MAX: Final = 255
_REBIRTH: Final = "Node Control/Rebirth"
_CONTROL: Final = ("Node Control/", "Device Control/")
_BD_SEQ: Final = "bdSeq"
_VALUE_BOOLEAN: Final = 14
_TIME: Final = key(1, VARINT)
_METRIC: Final = key(2, BYTES)
_SEQ: Final = key(3, VARINT)
_PAYLOAD_KINDS: Final = {1: VARINT, 2: BYTES, 3: VARINT, 4: BYTES, 5: BYTES}
_PAYLOAD_KEYS: Final = frozenset(key(field, kind) for field, kind in _PAYLOAD_KINDS.items())
_MS_MAX: Final = int(EPOCH_S_MAX * 1000)
_EXPECTED: Final = "a Sparkplug B payload"
_BIRTHS: Final = frozenset({SparkplugKind.NBIRTH, SparkplugKind.DBIRTH})
_DEATHS: Final = frozenset({SparkplugKind.NDEATH, SparkplugKind.DDEATH})
_ONLINE: Final = {SparkplugKind.NBIRTH: True, SparkplugKind.NDEATH: False}

__all__ = ["Alias", "Birth", "Book", "Sparkplug", "decode", "rebirth_request", "rebirth_topic"]


@dataclass(frozen=True, slots=True)
class _Envelope:
    timestamp: int | None
    metrics: list[bytes]
    seq: int | None


def decode(topic: str, payload: bytes, book: Book | None = None) -> DecodedBatch:
    """Return the readings of one message, with what it says of its sender in `sparkplug`.

    Args:
        topic: where it was published; tells node, device and kind.
        payload: its bytes.
        book: what births have said so far; None knows nothing, and metrics with names are still read.

    Raises:
        MalformedMessageError: nothing of it can be read as Sparkplug B, or it is too large.
    """
    reader = Reader(_FIELDS_MAX)
    try:
        envelope = _envelope(payload, reader)
        return _Decoding(topic, sparkplug_topic(topic), book, reader).batch(envelope)
    except (WireError, TooManyFieldsError) as error:
        raise MalformedMessageError(field="payload", found=str(error), expected=_EXPECTED) from error


def rebirth_topic(about: Sparkplug) -> str:
    """Return where the request for a birth goes."""
    if about.group is None:
        return f"nhip/v1/{about.gateway}/cmd"
    return f"spBv1.0/{about.group}/NCMD/{about.gateway}"


def rebirth_request(now_ms: int) -> bytes:
    """Return the command that asks an edge node for its births; `now_ms` counts from 1970."""
    metric = encoded_bytes(1, _REBIRTH.encode()) + encoded_number(3, now_ms)
    metric += encoded_number(4, BOOLEAN) + encoded_number(_VALUE_BOOLEAN, 1)
    return encoded_number(1, now_ms) + encoded_bytes(2, metric)


def _envelope(payload: bytes, reader: Reader) -> _Envelope:
    pairs = reader.pairs(payload)
    metrics = [value for head, value in pairs if head == _METRIC and isinstance(value, bytes)]
    if len(metrics) > METRICS_MAX:
        raise MalformedMessageError(
            field="payload", found=f"{len(metrics)} metrics", expected=f"at most {METRICS_MAX} a message"
        )
    found = dict(pairs)
    check_kinds(found, _PAYLOAD_KINDS)
    if _PAYLOAD_KEYS.isdisjoint(found):
        raise MalformedMessageError(field="payload", found=shown(payload[:16]), expected=_EXPECTED)
    timestamp, seq = found.get(_TIME), found.get(_SEQ)
    return _Envelope(
        timestamp if isinstance(timestamp, int) else None,
        metrics,
        seq if isinstance(seq, int) and seq <= _SEQ_MAX else None,
    )


class _Decoding:
    """One message under way."""

    def __init__(self, topic: str, place: SparkplugTopic | None, book: Book | None, reader: Reader) -> None:
        self._kind = None if place is None else place.kind
        self._group = None if place is None else place.group
        self._gateway = gateway_of(topic) if place is None else place.gateway
        self._device = "" if place is None else place.device
        self._prefix = f"{self._device}/" if self._device else ""
        self._is_birth = self._kind in _BIRTHS
        # A birth stands alone: what an earlier one said does not count in it.
        known = None if book is None or self._is_birth else book.entries(self._gateway, self._device)
        self._by_alias = {} if known is None else known.by_alias
        self._by_name = {} if known is None else known.by_name
        self._reader = reader
        self._described: dict[bytes, tuple[str | None, int]] = {}
        self._payload_ms: int | None = None
        self._gathering = Gathering()
        self._flags: list[int] = []
        self._awaiting: list[tuple[str, str | None, bytes]] = []
        self._taught: list[Alias] = []
        self._bd_seq: int | None = None
        self._passed_over = 0

    def batch(self, envelope: _Envelope) -> DecodedBatch:
        self._payload_ms = envelope.timestamp
        take = self._take_death if self._kind in _DEATHS else self._take
        for metric in envelope.metrics:
            take(metric)
        gathered = self._gathering.batch()
        faults = gathered.faults + self._awaiting_faults()
        # An edge node reports what changed, and that may be a text. Our own topic has other formats as well:
        # what says nothing there is taken for none of this one.
        if self._kind is None and not (len(gathered) or faults or self._taught or self._passed_over):
            self._refuse()
        about = Sparkplug(
            gateway=self._gateway,
            group=self._group,
            device=self._device,
            kind=self._kind,
            seq=envelope.seq,
            bd_seq=self._bd_seq,
            birth=self._birth(),
            online=None if self._kind is None else _ONLINE.get(self._kind),
            awaits_birth=bool(self._awaiting),
        )
        return replace(gathered, flag=np.array(self._flags, dtype=np.int16), faults=faults, sparkplug=about)

    def _refuse(self) -> NoReturn:
        raise MalformedMessageError(
            field="metrics", found="no number among them", expected="at least one number or boolean"
        )

    def _birth(self) -> Birth | None:
        if not (self._is_birth or self._taught):
            return None
        return Birth(self._gateway, self._device, tuple(self._taught), self._bd_seq, whole=self._is_birth)

    def _awaiting_faults(self) -> tuple[ReadingFault, ...]:
        waiting, reason = self._awaiting, Reason.AWAITING_BIRTH
        if len(waiting) <= FAULTS_MAX:
            return tuple(
                ReadingFault(reason, detail, sensor, self._message(metric))
                for detail, sensor, metric in waiting
            )
        # One for all of them: thousands of rows for every message until the birth comes would help nobody.
        detail = f"metrics: found {len(waiting)} that await their birth, the first: {waiting[0][0]}"
        return (ReadingFault(reason, detail, None, self._message(*(metric for _, _, metric in waiting))),)

    def _take_death(self, metric: bytes) -> None:
        """Take the number of a death; whatever else it holds is no measurement."""
        found = metric_fields(metric, self._reader)
        if found.get(NAME) == _BD_SEQ.encode():
            self._take_bd_seq(found)

    def _take_bd_seq(self, found: Fields) -> None:
        whole = found.get(LONG, found.get(INT))
        self._bd_seq = whole if isinstance(whole, int) and whole <= _INT64_MAX else None

    def _take(self, metric: bytes) -> None:
        known: Alias | None = None
        name: str | None = None
        found: Fields = {}
        try:
            found = metric_fields(metric, self._reader)
            name, known = self._named(found)
            if name == _BD_SEQ:
                self._take_bd_seq(found)
            if name == _BD_SEQ or name.startswith(_CONTROL):
                self._passed_over += 1
            else:
                self._add(name, found, known)
        except AwaitsBirthError as error:
            self._awaiting.append((str(error), None if name is None else self._prefix + name, metric))
        except WireError as error:
            unreadable = UnreadableError(field="metric", found=str(error), expected="a Sparkplug metric")
            self._set_aside(unreadable, name, metric + _spelled_out(found, known))
        except UnreadableError as error:
            self._set_aside(error, name, metric + _spelled_out(found, known))

    def _named(self, found: Fields) -> tuple[str, Alias | None]:
        raw = found.get(NAME)
        if isinstance(raw, bytes) and raw:
            try:
                name = raw.decode()
            except UnicodeDecodeError as error:
                raise UnreadableError(field="name", found=raw, expected="a name in UTF-8") from error
            return name, self._by_name.get(name)
        alias = found.get(ALIAS)
        if not isinstance(alias, int):
            raise UnreadableError(field="name", found="nothing", expected="a name or an alias")
        if self._is_birth:
            raise UnreadableError(field="name", found="nothing", expected="the name behind the alias")
        entry = self._by_alias.get(alias)
        if entry is None:
            raise AwaitsBirthError(field="alias", found=alias, expected="one that a birth has named")
        return entry.name, entry

    def _add(self, name: str, found: Fields, known: Alias | None) -> None:
        datatype = found.get(DATATYPE, 0)
        if not isinstance(datatype, int) or not datatype:
            datatype = 0 if known is None else known.datatype
        unit, flag = self._unit_and_flag(found)
        if unit is None and known is not None:
            unit = known.unit
        if self._is_birth or (self._kind is None and NAME in found and ALIAS in found):
            self._teach(name, found, datatype, unit)
        if found.get(IS_NULL):
            self._passed_over += 1
            return
        value = number(found, datatype)
        if value is None:
            return
        self._gathering.add(self._prefix + name, self._moment_us(found), value, unit)
        self._flags.append(flag)

    def _unit_and_flag(self, found: Fields) -> tuple[str | None, int]:
        properties = found.get(PROPERTIES)
        if not isinstance(properties, bytes):
            return None, 0
        # The metrics of a birth share a few sets of properties.
        described = self._described.get(properties)
        if described is None:
            described = self._described[properties] = unit_and_flag(properties, self._reader)
        return described

    def _teach(self, name: str, found: Fields, datatype: int, unit: str | None) -> None:
        # Neither can be kept as a text; a sensor of that name is refused anyway.
        if "\0" in name or (unit is not None and "\0" in unit):
            return
        alias = found.get(ALIAS)
        number_of_name = alias if isinstance(alias, int) else None
        self._taught.append(Alias(name, number_of_name, min(datatype, _DATATYPE_MAX), unit))

    def _moment_us(self, found: Fields) -> int:
        moment = found.get(TIMESTAMP, self._payload_ms)
        if not isinstance(moment, int):
            raise UnreadableError(
                field="timestamp", found="nothing", expected="one of the metric or the payload"
            )
        if moment > _MS_MAX:
            raise UnreadableError(field="timestamp", found=moment, expected="milliseconds since 1970")
        return moment * 1000

    def _set_aside(self, error: UnreadableError, name: str | None, metric: bytes) -> None:
        sensor = None if name is None else self._prefix + name
        self._gathering.set_aside(error, sensor, self._message(metric))

    def _message(self, *metrics: bytes) -> bytes:
        """Return a payload with these metrics alone."""
        head = b"" if self._payload_ms is None else encoded_number(1, self._payload_ms)
        return head + b"".join(encoded_bytes(2, metric) for metric in metrics)


def _spelled_out(found: Fields, known: Alias | None) -> bytes:
    """Return the fields that a birth told of a metric: read again later, its alias may be another's."""
    if known is None or known.alias is None:
        return b""
    name = b"" if NAME in found else encoded_bytes(1, known.name.encode())
    return name if found.get(DATATYPE) else name + encoded_number(4, known.datatype)
