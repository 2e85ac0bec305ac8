"""The newest readings of sensors, without opening every partition of every year to find them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.database import Row, Session


async def newest_readings(session: Session, ids: Sequence[int]) -> list[Row]:
    """Return these sensors, each with its newest reading."""
    return await session.rows("select_latest_readings", await _looked_for(session, ids))


async def sensor_status(session: Session, sensor_id: int, since: object) -> Row:
    """Return the newest reading of a sensor, and its first good one received since an instant."""
    bounds = await _looked_for(session, [sensor_id])
    return await session.one("select_sensor_status", {**bounds, "id": sensor_id, "since": since})


async def _looked_for(session: Session, ids: Sequence[int]) -> dict[str, object]:
    # A statement of its own: the planner leaves partitions out by what it knows before it starts.
    chosen = list(ids)
    return {**await session.one("select_newest_since", {"ids": chosen}), "ids": chosen}
