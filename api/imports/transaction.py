"""One import from rows to answer, in one transaction."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from api.changes import Change, record
from api.credentials import Issued, issue
from api.imports.places import Places, find_places, make_places
from api.imports.rows import checked_batch
from api.imports.sensors import Outcome, find_sensors, write_sensors
from api.schemas.operations import ImportAnswer, ImportCounts, ImportCredential, ImportItem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.auth import Caller
    from api.database import Session
    from api.imports.batch import Batch, Options

Action = Literal["created", "updated", "unchanged", "rejected"]


async def import_rows(
    session: Session, caller: Caller, raws: Sequence[object], options: Options
) -> ImportAnswer:
    """Register and bring up to date what the rows say; rows with a fault are left out and explained.

    Args:
        session: the transaction; of a dry run nothing is kept.
        caller: who does it.
        raws: rows as they were sent.
        options: what the import may do.
    """
    # A hundred thousand rows take about half a second, in which the loop has others to serve.
    batch = await asyncio.to_thread(checked_batch, raws)
    await session.row("lock_imports")
    places = await find_places(session, batch, options, caller)
    existing = await find_sensors(session, batch, places)
    await make_places(session, batch, options, places)
    outcome = await write_sensors(session, batch, places, existing)
    issued = await _issue(session, batch, options, places)
    await record(session, caller, [*places.changes, *outcome.changes])
    if options.dry_run:
        await session.roll_back()
        issued = []
    return _answer(batch, outcome, issued, dry_run=options.dry_run)


async def _issue(session: Session, batch: Batch, options: Options, places: Places) -> list[Issued]:
    if options.credentials == "none":
        return []
    named = {row.gateway for row in batch.rows}
    codes = places.created_gateways if options.credentials == "new" else sorted(named)
    if options.credentials == "rotate":
        places.changes += [Change("rotate", "credential", code, None, None) for code in codes]
    return await issue(session, {places.gateways[code]["id"]: code for code in codes})


def _answer(batch: Batch, outcome: Outcome, issued: list[Issued], *, dry_run: bool) -> ImportAnswer:
    ends: tuple[tuple[Action, dict[int, tuple[int, str]]], ...] = (
        ("created", outcome.created),
        ("updated", outcome.updated),
        ("unchanged", outcome.unchanged),
    )
    items = [
        # The id of a sensor that a dry run made is nobody's id.
        ImportItem(
            row=row,
            action=action,
            sensor_id=None if dry_run and action == "created" else sensor_id,
            code=code,
            error=None,
        )
        for action, rows in ends
        for row, (sensor_id, code) in rows.items()
    ]
    items += [
        ImportItem(row=row, action="rejected", sensor_id=None, code=None, error=found.as_dict())
        for row, found in batch.faults.items()
    ]
    items.sort(key=lambda item: item.row)
    return ImportAnswer(
        counts=ImportCounts(
            created=len(outcome.created),
            updated=len(outcome.updated),
            unchanged=len(outcome.unchanged),
            rejected=len(batch.faults),
        ),
        items=items,
        credentials=[
            ImportCredential(gateway=each.gateway, username=each.username, password=each.password)
            for each in issued
        ],
        credential_active=False,
        dry_run=dry_run,
    )
