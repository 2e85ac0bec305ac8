"""What is gathered for the evidence of one value.

A pack holds what the value was computed from: hour facts, raw readings, interruptions, or the values of other
periods and subjects with their sums. Nothing is computed here; `nhip verify` does that from the pack alone.
Processing writes facts, sums and values in one transaction, or leaves the hours in its queue: when the value
is the same before and after its evidence was read, they belong together, or the pack says that hours wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from api.errors import ConflictError, NotFoundError, fault
from api.packs import tables
from api.packs.document import document
from api.packs.families import parts_of
from api.packs.parts import Parts, Question, Wanted, known_of, text, told
from api.packs.words import explanation
from domain import evidence
from domain.periods import Period, period_end
from domain.software import software

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.database import Row, Session

__all__ = ["Gathered", "Wanted", "gather"]

_APPLIED: Final = {
    "calibrations": "select_evidence_calibrations",
    "maintenance": "select_evidence_maintenance",
    "deployments": "select_evidence_deployments",
    "quarantine": "select_evidence_quarantine",
}


@dataclass(frozen=True)
class Gathered:
    """A value with its evidence.

    Attributes:
        manifest: what the pack says of the value.
        tables: name of a file in the pack -> its content.
    """

    manifest: dict[str, Any]
    tables: Mapping[str, bytes]

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """All that lies in the pack, name -> content; the document takes some tenths of a second."""
        texts = {
            name: explanation(self.manifest, language).encode()
            for language, name in evidence.EXPLANATIONS.items()
        }
        found = {**self.tables, evidence.MANIFEST: evidence.manifest_bytes(self.manifest), **texts}
        hashes = {name: evidence.sha256(found[name]) for name in sorted(found)}
        return found | {evidence.DOCUMENT: document(self.manifest, hashes)}

    def pack(self) -> bytes:
        """Return the file; not on the event loop, because of the document."""
        return evidence.seal(self.files)


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
    content = method["content"]
    question = Question(
        session, wanted, content["family"], content["inputs"], value, end, known_of(wanted, value)
    )
    parts = await parts_of(question)
    manifest = await _manifest(question, method, published, parts)
    if await session.rows("select_published_values", asked) != published:
        detail = "the value was computed again while its evidence was gathered; ask again"
        raise ConflictError(detail)
    return Gathered(manifest, await _tables(session, content, parts))


async def _tables(session: Session, content: Mapping[str, Any], parts: Parts) -> dict[str, bytes]:
    about = {"format": f"{evidence.FORMAT} {evidence.FORMAT_VERSION}"}
    files = {
        evidence.FACTS: tables.parquet(parts.facts, tables.FACT_COLUMNS, about),
        evidence.INPUTS: tables.parquet(parts.inputs, parts.columns, about),
    }
    if parts.events is not None:
        files[evidence.EVENTS] = tables.parquet(parts.events, tables.EVENT_COLUMNS, about)
    hashes = [one["sha256"] for one in content["rule_sets"]]
    for row in await session.rows("select_rule_set_texts", {"hashes": hashes}):
        files[f"{evidence.RULE_SETS}{row['code']}.toml"] = row["content"].encode()
    return files


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
    return method


async def _manifest(
    question: Question, method: Row, published: Sequence[Row], parts: Parts
) -> dict[str, Any]:
    wanted, subject = question.wanted, question.wanted.subject
    inputs = await _inputs(question, parts)
    if inputs["hours_waiting"] and question.known == "infinity":
        parts.missing.append("inputs_waiting")
    return {
        "format": evidence.FORMAT,
        "format_version": evidence.FORMAT_VERSION,
        "indicator": wanted.indicator,
        "subject": {
            "kind": question.kind,
            "id": subject.id,
            "code": subject.code,
            "name": subject.name,
            "time_zone": subject.time_zone,
        },
        "period": wanted.period,
        "period_start": text(wanted.start.astimezone(subject.zone())),
        "period_end": text(question.end.astimezone(subject.zone())),
        "as_of": text(wanted.as_of),
        "value": _published(question.value),
        "history": [_published(row) for row in published if row["note"] != "terms"],
        "target": await _target(question),
        "method": method["content"] | {"recorded_at": text(method["recorded_at"])},
        "computed_from": parts.source,
        "setting": parts.setting,
        "not_reproducible": parts.missing,
        "inputs": inputs,
        "made_by": software(),
    }


def _published(row: Row) -> dict[str, Any]:
    plain = ("revision", "value", "n", "completeness", "verdict", "responsible", "note", "method_version",
             "detail", "provisional", "computed_at", "superseded_at")  # fmt: skip
    return told(row, *plain) | {"limit": row["limit_value"]}


async def _target(question: Question) -> dict[str, Any] | None:
    """Return the target that the verdict was judged against, None when it is not there any more."""
    value, wanted = question.value, question.wanted
    if value["verdict"] is None or question.kind != "area":
        return None
    asked = {"code": wanted.indicator, "area_id": wanted.subject.id, "period": wanted.period}
    for row in await question.session.rows("select_evidence_targets", asked):
        if row["target"] == value["limit_value"]:
            return told(row)
    return None


async def _inputs(question: Question, parts: Parts) -> dict[str, Any]:
    """Return counts of what went in and what did not, and what touched the sensors in the period."""
    read = parts.columns == tables.READING_COLUMNS
    counted: dict[str, Any] = {
        "facts": len(parts.facts),
        "readings_in_facts": sum(row["n"] for row in parts.facts),
        "good_in_facts": sum(row["n_good"] for row in parts.facts),
        "cells": 0 if read else len(parts.inputs),
        "readings_in_pack": len(parts.inputs) if read else 0,
        "excluded": _excluded(parts.inputs if read else ()),
        "interruptions": len(parts.events or ()),
        "interruptions_left_out": sum(row["excluded_reason"] is not None for row in parts.events or ()),
    }
    span = {
        "sensor_ids": parts.sensor_ids,
        "from": question.wanted.start,
        "to": question.end,
        "known": question.known,
    }
    for name, statement in _APPLIED.items():
        rows = await question.session.rows(statement, span)
        counted[name] = [told(row) for row in rows]
    pending = await question.session.one("select_pending_hours", span)
    counted["hours_waiting"] = pending["hours"]
    return counted


def _excluded(readings: Sequence[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in readings:
        if row["why_not"] is not None:
            found[row["why_not"]] = found.get(row["why_not"], 0) + 1
    return found
