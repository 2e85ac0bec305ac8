"""What is gathered for the evidence of one value.

A pack holds what the value was added up from: hour facts (with the raw readings behind those of one sensor),
or the values of shorter periods with their sums. Nothing is computed here; `nhip verify` does that from the
pack alone. Processing writes facts, sums and values in one transaction: when the value is the same before and
after its evidence was read, they belong together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from api.errors import ConflictError, InvalidRequestError, NotFoundError, fault
from api.packs import tables
from api.packs.words import explanation
from domain import evidence
from domain.periods import Period, period_end
from domain.software import software

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.database import Row, Session
    from api.references import Found

FAMILIES: Final = ("fact_sum", "formula")
_ROWS_MAX: Final = 200_000
_READINGS_MAX: Final = 50_000
# What each longer period is added up from.
_SHORTER: Final = {"day": "hour", "month": "day", "quarter": "month", "year": "month"}
_GOOD_FLAGS: Final = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which value a pack is of.

    Attributes:
        indicator: code.
        subject: whose value.
        period: length of the period.
        start: of the period.
        revision: None for what holds, or held at `as_of`.
        as_of: None for now.
    """

    indicator: str
    subject: Found
    period: str
    start: datetime
    revision: int | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """A value with its evidence."""

    manifest: dict[str, Any]
    files: dict[str, bytes]

    def pack(self) -> bytes:
        """Return the file."""
        return evidence.seal(self.files)


@dataclass(slots=True)
class _Parts:
    """Rows behind a value, and what cannot be had any more."""

    source: str
    facts: Sequence[Row]
    inputs: Sequence[Row]
    columns: Sequence[str]
    sensor_ids: list[int]
    missing: list[str]


async def gather(session: Session, wanted: Wanted) -> Gathered:
    """Return the evidence of a value.

    Args:
        session: the transaction.
        wanted: which value.

    Raises:
        NotFoundError: there is no such value, or was none then.
        ConflictError: it is not known how it was computed, or not of a family that packs are made of.
        InvalidRequestError: more rows than a pack holds went in.
    """
    definition = await session.row("select_definition", {"code": wanted.indicator})
    if definition is None:
        raise NotFoundError(fault("indicator", wanted.indicator, "code of an indicator"))
    asked = {
        "indicator_id": definition["id"],
        "kind": wanted.subject.kind.value,
        "subject_id": wanted.subject.id,
        "period": wanted.period,
        "period_start": wanted.start,
    }
    published = await session.rows("select_published_values", asked)
    value = _chosen(wanted, [row for row in published if row["note"] != "terms"])
    method = await _method(session, wanted, value)
    end = period_end(wanted.start.astimezone(wanted.subject.zone()), Period(wanted.period))
    parts = await _parts(session, wanted, method, end)
    if value["superseded_at"] is not None:
        parts.missing.append("superseded")
    manifest = await _manifest(session, wanted, (definition, method, end), (value, published), parts)
    if await session.rows("select_published_values", asked) != published:
        detail = "the value was computed again while its evidence was gathered; ask again"
        raise ConflictError(detail)
    about = {"format": f"{evidence.FORMAT} {evidence.FORMAT_VERSION}"}
    files = {
        evidence.MANIFEST: evidence.manifest_bytes(manifest),
        evidence.FACTS: tables.parquet(parts.facts, tables.FACT_COLUMNS, about),
        evidence.INPUTS: tables.parquet(parts.inputs, parts.columns, about),
    }
    for language, name in evidence.EXPLANATIONS.items():
        files[name] = explanation(manifest, language).encode()
    hashes = [one["sha256"] for one in method["content"]["rule_sets"]]
    for row in await session.rows("select_rule_set_texts", {"hashes": hashes}):
        files[f"{evidence.RULE_SETS}{row['code']}.toml"] = row["content"].encode()
    return Gathered(manifest, files)


def _chosen(wanted: Wanted, published: Sequence[Row]) -> Row:
    """Return the row that held, or has the revision that is asked for."""
    known = wanted.as_of or datetime.max.replace(tzinfo=UTC)
    for row in reversed(published):
        held = row["computed_at"] <= known and (row["superseded_at"] is None or row["superseded_at"] > known)
        if row["revision"] == wanted.revision or (wanted.revision is None and held):
            return row
    raise NotFoundError(
        fault(
            "start" if wanted.revision is None else "revision",
            wanted.start.isoformat() if wanted.revision is None else wanted.revision,
            f"a {wanted.period} of {wanted.subject.code} that {wanted.indicator} had a value of then",
        )
    )


async def _method(session: Session, wanted: Wanted, value: Row) -> Row:
    asked = {"code": wanted.indicator, "method_version": value["method_version"], "at": value["computed_at"]}
    method = await session.row("select_method", asked)
    if method is None:
        detail = f"it was not recorded how {wanted.indicator} {value['method_version']} is computed"
        raise ConflictError(detail)
    if method["content"]["family"] not in FAMILIES:
        detail = (
            f"{wanted.indicator} is neither a ratio of sums of hour facts nor a formula; packs are of those"
        )
        raise ConflictError(detail)
    return method


async def _parts(session: Session, wanted: Wanted, method: Row, end: datetime) -> _Parts:
    kind = wanted.subject.kind.value
    if method["content"]["family"] == "formula":
        codes = method["content"]["inputs"]["indicators"]
        return await _cells(session, wanted, codes, wanted.period, end)
    if kind == "sensor" and wanted.period in {"hour", "day"}:
        return await _sensor_facts(session, wanted, end)
    if kind == "area" and wanted.period == "hour":
        sensor_ids = await _sensors_in(session, wanted, end)
        facts = await _facts(session, wanted, sensor_ids, end)
        return _Parts("facts", facts, [], tables.READING_COLUMNS, sensor_ids, [])
    return await _cells(session, wanted, [wanted.indicator], _SHORTER[wanted.period], end)


def _known(wanted: Wanted) -> datetime | str:
    return wanted.as_of or "infinity"


async def _cells(
    session: Session, wanted: Wanted, codes: Sequence[str], period: str, end: datetime
) -> _Parts:
    rows = await session.rows(
        "select_evidence_cells",
        {
            "codes": list(codes),
            "kind": wanted.subject.kind.value,
            "subject_ids": [wanted.subject.id],
            "period": period,
            "from": wanted.start,
            "to": end,
            "known": _known(wanted),
            "limit": _ROWS_MAX + 1,
        },
    )
    missing = ["superseded_inputs"] if any(row["superseded_at"] for row in rows) else []
    sensor_ids = [wanted.subject.id] if wanted.subject.kind.value == "sensor" else []
    return _Parts("cells", [], _bounded(rows), tables.CELL_COLUMNS, sensor_ids, missing)


async def _sensor_facts(session: Session, wanted: Wanted, end: datetime) -> _Parts:
    sensor_ids = [wanted.subject.id]
    span = {"sensor_ids": sensor_ids, "from": wanted.start, "to": end}
    facts = await _facts(session, wanted, sensor_ids, end)
    counted = await session.one("count_evidence_readings", {**span, "limit": _READINGS_MAX + 1})
    missing = ["readings_left_out"] if counted["readings"] > _READINGS_MAX else []
    readings = [] if missing else await session.rows("select_evidence_readings", span)
    known = wanted.as_of
    kept = [row | _use(row) for row in readings if known is None or row["received_at"] <= known]
    return _Parts("facts", facts, kept, tables.READING_COLUMNS, sensor_ids, missing)


def _use(row: Row) -> dict[str, Any]:
    """Return whether a reading counts as good, and why it does not."""
    if row["state"] != 0:
        return {"used": False, "why_not": f"device_state_{row['state']}"}
    if row["flag"] not in _GOOD_FLAGS:
        return {"used": False, "why_not": f"flag_{row['flag']}"}
    return {"used": True, "why_not": None}


async def _sensors_in(session: Session, wanted: Wanted, end: datetime) -> list[int]:
    """Return the sensors that stood in the area when the hour began."""
    sites = [row["id"] for row in await session.rows("select_area_sites", {"area_id": wanted.subject.id})]
    sensors = await session.rows(
        "select_evidence_sensors",
        {
            "sensor_ids": [],
            "site_ids": sites,
            "from": wanted.start,
            "to": end,
            "quantities": None,
            "limit": _ROWS_MAX + 1,
        },
    )
    ids = [row["id"] for row in _bounded(sensors)]
    places = await session.rows("select_evidence_places", {"sensor_ids": ids})
    inside = set(sites)
    return sorted(
        {
            row["sensor_id"]
            for row in places
            if row["site_id"] in inside and row["valid_from"] <= wanted.start < row["valid_to"]
        }
    )


async def _facts(session: Session, wanted: Wanted, sensor_ids: list[int], end: datetime) -> Sequence[Row]:
    rows = await session.rows(
        "select_evidence_facts",
        {
            "sensor_ids": sensor_ids,
            "from": wanted.start,
            "to": end,
            "known": _known(wanted),
            "limit": _ROWS_MAX + 1,
        },
    )
    return _bounded(rows)


def _bounded(rows: Sequence[Row]) -> Sequence[Row]:
    if len(rows) > _ROWS_MAX:
        raise InvalidRequestError(
            fault("period", f"more than {_ROWS_MAX} rows", f"a value that at most {_ROWS_MAX} rows went into")
        )
    return rows


async def _manifest(
    session: Session,
    wanted: Wanted,
    computed: tuple[Row, Row, datetime],
    values: tuple[Row, Sequence[Row]],
    parts: _Parts,
) -> dict[str, Any]:
    definition, method, end = computed
    value, published = values
    return {
        "format": evidence.FORMAT,
        "format_version": evidence.FORMAT_VERSION,
        "indicator": definition["code"],
        "subject": {
            "kind": wanted.subject.kind.value,
            "id": wanted.subject.id,
            "code": wanted.subject.code,
            "name": wanted.subject.name,
            "time_zone": wanted.subject.time_zone,
        },
        "period": wanted.period,
        "period_start": _text(wanted.start.astimezone(wanted.subject.zone())),
        "period_end": _text(end.astimezone(wanted.subject.zone())),
        "as_of": _text(wanted.as_of),
        "value": _published(value),
        "history": [_published(row) for row in published if row["note"] != "terms"],
        "target": await _target(session, wanted, value),
        "method": method["content"] | {"recorded_at": _text(method["recorded_at"])},
        "computed_from": parts.source,
        "not_reproducible": parts.missing,
        "inputs": await _inputs(session, wanted, parts, end),
        "made_by": software(),
    }


def _published(row: Row) -> dict[str, Any]:
    plain = ("revision", "value", "n", "completeness", "verdict", "responsible", "note", "method_version")
    return {
        **{name: row[name] for name in plain},
        "limit": row["limit_value"],
        "computed_at": _text(row["computed_at"]),
        "superseded_at": _text(row["superseded_at"]),
        "provisional": row["provisional"],
    }


async def _target(session: Session, wanted: Wanted, value: Row) -> dict[str, Any] | None:
    """Return the target that the verdict was judged against, None when it is not there any more."""
    if value["verdict"] is None or wanted.subject.kind.value != "area":
        return None
    asked = {"code": wanted.indicator, "area_id": wanted.subject.id, "period": wanted.period}
    for row in await session.rows("select_evidence_targets", asked):
        if row["target"] == value["limit_value"]:
            return {name: _text(one) if hasattr(one, "isoformat") else one for name, one in row.items()}
    return None


async def _inputs(session: Session, wanted: Wanted, parts: _Parts, end: datetime) -> dict[str, Any]:
    """Return counts of what went in and what did not, and what touched the sensors in the period."""
    told: dict[str, Any] = {"facts": len(parts.facts)}
    if parts.source == "cells":
        told["cells"] = len(parts.inputs)
    else:
        told["readings_in_facts"] = sum(row["n"] for row in parts.facts)
        told["good_in_facts"] = sum(row["n_good"] for row in parts.facts)
        told["readings_in_pack"] = len(parts.inputs)
        excluded: dict[str, int] = {}
        for row in parts.inputs:
            if row["why_not"] is not None:
                excluded[row["why_not"]] = excluded.get(row["why_not"], 0) + 1
        told["excluded"] = excluded
    span = {"sensor_ids": parts.sensor_ids, "from": wanted.start, "to": end, "known": _known(wanted)}
    for name in ("calibrations", "maintenance", "deployments", "quarantine"):
        rows = await session.rows(f"select_evidence_{name}", span)
        told[name] = [
            {key: _text(one) if hasattr(one, "isoformat") else one for key, one in row.items()}
            for row in rows
        ]
    pending = await session.one("select_pending_hours", span)
    told["hours_waiting"] = pending["hours"]
    return told


def _text(instant: Any) -> str | None:  # noqa: ANN401 # a date or an instant
    return None if instant is None else instant.isoformat()
