"""Judge the readings of many messages at once: known, owned, convertible, finite, in time; and flag them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from domain.quality import Flag
from domain.quarantine import Reason
from ingest import quarantine
from ingest.conversion import UNKNOWN_UNIT
from ingest.registry import FOREIGN_SLOT, UNKNOWN_SLOT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingest.formats import DecodedBatch
    from ingest.opening import Opened
    from ingest.parcel import Parcel
    from ingest.quarantine import Entry
    from ingest.registry import GatewayEntry, Snapshot

_REASONS: Final = tuple(Reason)
_CODES: Final = {reason: code for code, reason in enumerate(_REASONS, start=1)}
_NO_UNIT: Final = -1
_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Readings that may be stored, as columns of shape (n,).

    Attributes:
        parcel: position of the message in the batch.
        position: of the reading in its decoded message.
        sensor_id: database id.
        ts_us: phenomenon time, microseconds since 1970.
        received_us: reception.
        value: in the unit of the quantity.
        flag: QARTOD.
        state: device state.
    """

    parcel: NDArray[np.int32]
    position: NDArray[np.int32]
    sensor_id: NDArray[np.int32]
    ts_us: NDArray[np.int64]
    received_us: NDArray[np.int64]
    value: NDArray[np.float64]
    flag: NDArray[np.int16]
    state: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.sensor_id)

    def take(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Candidates:
        """Return the chosen readings."""
        return Candidates(
            self.parcel[chosen],
            self.position[chosen],
            self.sensor_id[chosen],
            self.ts_us[chosen],
            self.received_us[chosen],
            self.value[chosen],
            self.flag[chosen],
            self.state[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What may be stored and what is set aside."""

    candidates: Candidates
    entries: list[Entry]


@dataclass(slots=True, eq=False)
class _Columns:
    """All readings of a batch of messages; `code` is 0 or why a reading is refused."""

    parcel: NDArray[np.int32]
    position: NDArray[np.int32]
    slot: NDArray[np.int32]
    unit_id: NDArray[np.int32]
    ts_us: NDArray[np.int64]
    value: NDArray[np.float64]
    flag: NDArray[np.int16]
    state: NDArray[np.int16]
    code: NDArray[np.int8]


def judged(opened: Opened, *, groups_max: int, bytes_max: int) -> Judgement:
    """Return what may be stored of the messages, and entries for all that may not.

    Args:
        opened: decoded messages.
        groups_max: quarantine rows of one message.
        bytes_max: bytes kept of a message that is set aside as a whole.
    """
    snapshot = opened.snapshot
    entries: list[Entry] = []
    decoded: list[tuple[int, Parcel, DecodedBatch]] = []
    for position, parcel in opened.parcels.items():
        if parcel.refusal is not None:
            refusal = parcel.refusal
            entries.append(quarantine.whole(parcel, position, refusal.reason, refusal.detail, bytes_max))
        elif parcel.batch is not None:
            entries.extend(quarantine.of_faults(parcel, position, parcel.batch))
            if len(parcel.batch):
                decoded.append((position, parcel, parcel.batch))
    columns = _columns(opened, decoded)
    value = _converted(columns, snapshot)
    _check_window(columns, opened)
    refused = np.flatnonzero(columns.code)
    if len(refused):
        entries.extend(_refused(columns, refused, opened, groups_max))
    accepted = np.flatnonzero(columns.code == 0) if len(refused) else slice(None)
    slot = columns.slot[accepted]
    candidates = Candidates(
        parcel=columns.parcel[accepted],
        position=columns.position[accepted],
        sensor_id=snapshot.sensor_id[slot],
        ts_us=columns.ts_us[accepted],
        received_us=opened.received_us[columns.parcel[accepted]],
        value=value[accepted],
        flag=_flagged(columns.flag[accepted], value[accepted], slot, snapshot),
        state=columns.state[accepted],
    )
    return Judgement(candidates, entries)


def _columns(opened: Opened, decoded: list[tuple[int, Parcel, DecodedBatch]]) -> _Columns:
    """Return all readings, in the order of their messages."""
    parts: list[_Columns] = []
    if opened.strict is not None:
        strict = opened.strict
        parts.append(
            _Columns(
                parcel=strict.message,
                position=strict.position,
                slot=strict.slot,
                unit_id=strict.unit_id,
                ts_us=strict.ts_us,
                value=strict.value,
                flag=strict.flag,
                state=strict.state,
                code=np.zeros(len(strict.message), dtype=np.int8),
            )
        )
    if decoded or not parts:
        parts.append(_decoded_columns(decoded, opened.snapshot))
    columns = parts[0] if len(parts) == 1 else _merged(parts)
    snapshot = opened.snapshot
    known = columns.slot >= 0
    if known.all():
        retired = snapshot.retired[columns.slot]
    else:
        _refuse(columns, columns.slot == UNKNOWN_SLOT, Reason.UNKNOWN_SENSOR)
        _refuse(columns, columns.slot == FOREIGN_SLOT, Reason.FOREIGN_SENSOR)
        retired = np.zeros(len(known), dtype=np.bool_)
        retired[known] = snapshot.retired[columns.slot[known]]
    _refuse(columns, retired, Reason.RETIRED)
    return columns


def _merged(parts: list[_Columns]) -> _Columns:
    """Return both ways of decoding in the order of the messages: of equal keys the first one wins."""
    order = np.argsort(np.concatenate([part.parcel for part in parts]), kind="stable")
    return _Columns(
        *(
            np.concatenate([getattr(part, column.name) for part in parts])[order]
            for column in fields(_Columns)
        )
    )


def _decoded_columns(decoded: list[tuple[int, Parcel, DecodedBatch]], snapshot: Snapshot) -> _Columns:
    lengths = np.array([len(batch) for _, _, batch in decoded], dtype=np.int64)
    slots: list[NDArray[np.int32]] = []
    units: list[NDArray[np.int32]] = []
    codes: list[int] = []
    for _, parcel, batch in decoded:
        entry = snapshot.gateways.get(parcel.gateway)
        slots.append(_slots(entry, batch, snapshot)[batch.name_index])
        units.append(_unit_ids(batch, snapshot)[batch.unit_index])
        codes.append(_message_code(entry))
    return _Columns(
        parcel=np.repeat(np.array([position for position, _, _ in decoded], dtype=np.int32), lengths),
        position=_joined([np.arange(length, dtype=np.int32) for length in lengths], np.int32),
        slot=_joined(slots, np.int32),
        unit_id=_joined(units, np.int32),
        ts_us=_joined([batch.ts_us for _, _, batch in decoded], np.int64),
        value=_joined([batch.value for _, _, batch in decoded], np.float64),
        flag=_joined([batch.flag for _, _, batch in decoded], np.int16),
        state=_joined([batch.state for _, _, batch in decoded], np.int16),
        code=np.repeat(np.array(codes, dtype=np.int8), lengths),
    )


def _joined(parts: list[NDArray[_Scalar]], kind: type[_Scalar]) -> NDArray[_Scalar]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)


def _slots(entry: GatewayEntry | None, batch: DecodedBatch, snapshot: Snapshot) -> NDArray[np.int32]:
    if entry is None:
        return np.full(len(batch.names), UNKNOWN_SLOT, dtype=np.int32)
    return np.array([snapshot.slot(entry, name) for name in batch.names], dtype=np.int32)


def _unit_ids(batch: DecodedBatch, snapshot: Snapshot) -> NDArray[np.int32]:
    units = snapshot.units
    return np.array(
        [_NO_UNIT if unit is None else units.unit_id(unit) for unit in batch.units], dtype=np.int32
    )


def _message_code(entry: GatewayEntry | None) -> int:
    if entry is None:
        return _CODES[Reason.UNKNOWN_GATEWAY]
    return _CODES[Reason.RETIRED] if entry.retired else 0


def window(entry: GatewayEntry | None, received_us: int) -> tuple[int, int]:
    """Return the (earliest, latest) time that a message may speak of; an archive may go back to 1970."""
    if entry is None:
        return received_us, received_us
    earliest = 0 if entry.archive else received_us - entry.past_us
    return earliest, received_us + entry.future_us


def _refuse(columns: _Columns, where: NDArray[np.bool_], reason: Reason) -> None:
    """Give readings a reason unless they have one."""
    columns.code[where & (columns.code == 0)] = _CODES[reason]


def _converted(columns: _Columns, snapshot: Snapshot) -> NDArray[np.float64]:
    """Return the values in the units of their quantities; refuse those that have no conversion."""
    value = columns.value.copy()
    open_rows = np.flatnonzero(columns.code == 0)
    slot = columns.slot[open_rows]
    unit_id = np.where(
        columns.unit_id[open_rows] == _NO_UNIT, snapshot.unit_id[slot], columns.unit_id[open_rows]
    )
    factors = snapshot.units.factors[unit_id, snapshot.wanted_id[slot]]
    scale, offset = factors[:, 0], factors[:, 1]
    with np.errstate(over="ignore"):
        value[open_rows] = scale * value[open_rows] + offset
    convertible = np.ones(len(value), dtype=np.bool_)
    convertible[open_rows] = (unit_id != UNKNOWN_UNIT) & ~np.isnan(scale)
    _refuse(columns, ~convertible, Reason.UNIT)
    _refuse(columns, ~np.isfinite(value), Reason.NOT_FINITE)
    return value


def _check_window(columns: _Columns, opened: Opened) -> None:
    # As `window` says it, for all messages at once.
    entries = [opened.snapshot.gateways.get(code) for code in opened.gateways]
    past_us = np.array([0 if e is None else e.past_us for e in entries], dtype=np.int64)
    future_us = np.array([0 if e is None else e.future_us for e in entries], dtype=np.int64)
    archive = np.array([e is not None and e.archive for e in entries], dtype=np.bool_)
    gateway, received_us = opened.gateway_index, opened.received_us
    earliest_us = np.where(archive[gateway], 0, received_us - past_us[gateway])
    latest_us = received_us + future_us[gateway]
    _refuse(columns, columns.ts_us < earliest_us[columns.parcel], Reason.ANCIENT)
    _refuse(columns, columns.ts_us > latest_us[columns.parcel], Reason.FUTURE)


def _flagged(
    flag: NDArray[np.int16], value: NDArray[np.float64], slot: NDArray[np.int32], snapshot: Snapshot
) -> NDArray[np.int16]:
    """Return the QARTOD flags after the gross range test.

    A gateway that condemned a reading itself (3, 4, 9) knows more than the range does.
    """
    ranged = snapshot.ranged[slot]
    inside = (value >= snapshot.range_min[slot]) & (value <= snapshot.range_max[slot])
    unjudged = (flag == 0) | (flag == Flag.NOT_EVALUATED)
    result = np.where(flag == 0, np.int16(Flag.NOT_EVALUATED), flag)
    result = np.where(unjudged & ranged & inside, np.int16(Flag.GOOD), result)
    return np.where((unjudged | (flag == Flag.GOOD)) & ~inside, np.int16(Flag.SUSPECT), result).astype(
        np.int16
    )


def _refused(columns: _Columns, refused: NDArray[np.intp], opened: Opened, groups_max: int) -> list[Entry]:
    entries: list[Entry] = []
    # The columns are in the order of the messages, so each message is one run.
    starts = np.flatnonzero(np.diff(columns.parcel[refused], prepend=-1))
    for rows in np.split(refused, starts[1:]):
        position = int(columns.parcel[rows[0]])
        parcel = opened.parcel(position)
        first_row = int(rows[0]) - int(columns.position[rows[0]])

        def described(
            reading: int, reason: Reason, first_row: int = first_row, parcel: Parcel = parcel
        ) -> str:
            return _detail(columns, first_row + reading, reason, parcel, opened.snapshot)

        entries.extend(
            quarantine.of_readings(
                parcel,
                position,
                columns.position[rows].astype(np.intp),
                [_REASONS[code - 1] for code in columns.code[rows].tolist()],
                described,
                groups_max,
            )
        )
    return entries


def _detail(columns: _Columns, row: int, reason: Reason, parcel: Parcel, snapshot: Snapshot) -> str:
    """Return what was found and what was expected, of the first reading of a group."""
    batch = parcel.batch
    if batch is None:
        return ""
    reading = int(columns.position[row])
    name = batch.names[batch.name_index[reading]]
    if reason is Reason.UNIT:
        unit = batch.units[batch.unit_index[reading]]
        wanted = snapshot.units.wanted[snapshot.wanted_id[columns.slot[row]]]
        return f"u: found {unit!r}, expected a unit that converts to {wanted!r}"
    if reason in {Reason.FUTURE, Reason.ANCIENT}:
        bounds = window(snapshot.gateways.get(parcel.gateway), parcel.message.received_us)
        earliest, latest = (quarantine.instant(bound).isoformat() for bound in bounds)
        found = quarantine.instant(int(columns.ts_us[row])).isoformat()
        return f"t: found {found}, expected {earliest} to {latest}"
    texts = {
        Reason.UNKNOWN_GATEWAY: f"gateway {parcel.gateway!r} is not registered",
        Reason.UNKNOWN_SENSOR: f"s: found {name!r}, which is not registered on gateway {parcel.gateway!r}",
        Reason.FOREIGN_SENSOR: f"s: found {name!r}, which belongs to another gateway",
        Reason.RETIRED: f"gateway {parcel.gateway!r} or its sensor {name!r} is retired",
        Reason.NOT_FINITE: f"v: found {float(batch.value[reading])!r}, not finite once converted",
    }
    return texts.get(reason, reason.value)
