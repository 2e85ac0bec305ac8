"""Ending the use of sensors: they stay readable, their deployments end, their last hour is computed again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from api.changes import Change, record, state_of
from api.listing import load
from api.references import Kind
from api.schemas.registry import Sensor

if TYPE_CHECKING:
    from api.auth import Caller
    from api.database import Session

_HOUR: Final = timedelta(hours=1)


async def retire_sensors(
    session: Session, caller: Caller, *, sensor_id: int | None = None, gateway_id: int | None = None
) -> None:
    """Retire one sensor, or all of a gateway.

    Args:
        session: the transaction.
        caller: who does it, for the log.
        sensor_id: which sensor.
        gateway_id: whose sensors.
    """
    rows = await session.rows("retire_sensors", {"id": sensor_id, "gateway_id": gateway_id})
    ids = [row["id"] for row in rows]
    if not ids:
        return
    now = datetime.now(UTC)
    await session.execute("close_deployments", {"sensor_ids": ids, "ended_at": now})
    await session.execute(
        "mark_dirty_sensors", {"sensor_ids": ids, "since": now - _HOUR, "until": now + _HOUR}
    )
    sensors = await load(session, Sensor, "select_sensors", ids)
    await record(
        session,
        caller,
        [
            Change(
                "retire",
                Kind.SENSOR,
                each.code,
                state_of(each.model_copy(update={"retired_at": None})),
                state_of(each),
            )
            for each in sensors
        ],
    )
