"""Rows behind a value as the database has them: facts, values of other periods or subjects, sensors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from api.errors import InvalidRequestError, fault
from api.packs import tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.database import Row, Session
    from api.references import Found

_ROWS_MAX: Final = 200_000
_MICROSECOND: Final = timedelta(microseconds=1)
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)


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
class Question:
    """A value whose inputs are looked up.

    Attributes:
        session: the transaction.
        wanted: which value.
        family: how it is computed (`processing.evidence.recording`).
        reads: what the family says that it reads.
        value: as it was published.
        end: of the period.
        known: instant as of which the inputs are looked up.
    """

    session: Session
    wanted: Wanted
    family: str
    reads: Mapping[str, Any]
    value: Row
    end: datetime
    known: datetime | str

    @property
    def kind(self) -> str:
        """Kind of the subject."""
        return self.wanted.subject.kind.value


@dataclass(slots=True)
class Parts:
    """Rows behind a value, what its arithmetic needs beside them, and what cannot be had any more.

    Attributes:
        source: what the value is computed from: facts, cells, readings or interruptions.
        facts: hour facts.
        inputs: rows of the table of inputs.
        columns: of that table.
        events: interruptions; None where none are asked for.
        sensor_ids: whose calibrations, maintenance, deployments and quarantine are told.
        setting: numbers and places that the arithmetic reads, for JSON.
        missing: labels of what may keep the value from coming out again.
    """

    source: str
    facts: Sequence[Row] = ()
    inputs: Sequence[Row] = ()
    columns: Sequence[str] = tables.CELL_COLUMNS
    events: Sequence[Row] | None = None
    sensor_ids: list[int] = field(default_factory=list[int])
    setting: dict[str, Any] = field(default_factory=dict[str, Any])
    missing: list[str] = field(default_factory=list[str])


def known_of(wanted: Wanted, value: Row) -> datetime | str:
    """Return the instant as of which the inputs of a value are looked up.

    A superseded value that is named by its number stood on what was known just before it was superseded.
    """
    if wanted.as_of is not None:
        return wanted.as_of
    superseded: datetime | None = value["superseded_at"]
    return "infinity" if superseded is None else superseded - _MICROSECOND


def text(one: Any) -> Any:  # noqa: ANN401 # whatever a row holds
    """Return what JSON can say of it: instants and dates as text."""
    return one.isoformat() if hasattr(one, "isoformat") else one


def told(row: Row, *names: str) -> dict[str, Any]:
    """Return the named columns of a row (all of them when none is named), ready for JSON."""
    return {name: text(row[name]) for name in names or row}


async def cells(
    question: Question,
    codes: Sequence[str],
    period: str,
    subjects: tuple[str, Sequence[int]] | None = None,
    span: tuple[datetime, datetime] | None = None,
) -> list[Row]:
    """Return values of other periods, indicators or subjects, with the sums behind them.

    Args:
        question: whose inputs they are.
        codes: of the indicators.
        period: length of their periods.
        subjects: kind and numbers; those of the value itself unless given.
        span: in which the periods begin; that of the value unless given.
    """
    kind, ids = subjects or (question.kind, [question.wanted.subject.id])
    first, end = span or (question.wanted.start, question.end)
    rows = await question.session.rows(
        "select_evidence_cells",
        {
            "codes": list(codes),
            "kind": kind,
            "subject_ids": list(ids),
            "period": period,
            "from": first,
            "to": end,
            "known": question.known,
            "limit": _ROWS_MAX + 1,
        },
    )
    return bounded(rows)


def beginning(question: Question) -> tuple[datetime, datetime]:
    """Return the span in which only periods begin that begin with the value's own."""
    return question.wanted.start, question.wanted.start + _MICROSECOND


async def facts(question: Question, sensor_ids: Sequence[int], span: tuple[datetime, datetime]) -> list[Row]:
    """Return hour facts of sensors in a span, as they were then."""
    rows = await question.session.rows(
        "select_evidence_facts",
        {
            "sensor_ids": list(sensor_ids),
            "from": span[0],
            "to": span[1],
            "known": question.known,
            "limit": _ROWS_MAX + 1,
        },
    )
    return bounded(rows)


def bounded(rows: Sequence[Row]) -> list[Row]:
    """Return the rows.

    Raises:
        InvalidRequestError: they are more than a pack holds.
    """
    if len(rows) > _ROWS_MAX:
        raise InvalidRequestError(
            fault("period", f"more than {_ROWS_MAX} rows", f"a value that at most {_ROWS_MAX} rows went into")
        )
    return list(rows)


async def sites_of(question: Question) -> list[Row]:
    """Return the sites that count in the subject: itself, or those of the area."""
    identity = question.wanted.subject.id
    if question.kind == "site":
        return await question.session.rows("select_evidence_sites", {"site_ids": [identity]})
    return await question.session.rows("select_area_sites", {"area_id": identity})


async def sensors(
    question: Question,
    site_ids: Sequence[int],
    quantities: Sequence[str] | None,
    span: tuple[datetime, datetime] = (EARLIEST, LATEST),
) -> list[Row]:
    """Return the sensors that stood at some sites in a span (ever, unless one is given)."""
    rows = await question.session.rows(
        "select_evidence_sensors",
        {
            "sensor_ids": [],
            "site_ids": list(site_ids),
            "from": span[0],
            "to": span[1],
            "quantities": None if quantities is None else list(quantities),
            "limit": _ROWS_MAX + 1,
        },
    )
    return bounded(rows)


async def sensors_in(question: Question, quantities: Sequence[str] | None = None) -> list[int]:
    """Return the sensors that stood in the site or area when the period began."""
    inside = {row["id"] for row in await sites_of(question)}
    found = await sensors(question, sorted(inside), quantities, (question.wanted.start, question.end))
    places = await question.session.rows(
        "select_evidence_places", {"sensor_ids": [row["id"] for row in found]}
    )
    return sorted(
        {
            row["sensor_id"]
            for row in places
            if row["site_id"] in inside and row["valid_from"] <= question.wanted.start < row["valid_to"]
        }
    )
