"""What the start page shows."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request

from api.auth import Reader
from api.instants import zone_of
from api.newest import newest_readings
from api.permissions import Permission, described
from api.schemas.measurements import LatestReading
from api.schemas.operations import Highlight, Overview
from api.throughput import meter_of
from domain.periods import DEFAULT_TIME_ZONE, Period, period_start

router = APIRouter(prefix="/overview", tags=["overview"])
_SHOWN_MAX = 21


@router.get("", summary="The city at a glance", openapi_extra=described("Toàn cảnh", Permission.READ))
async def read_overview(request: Request, caller: Reader) -> Overview:
    """Return rates, counts, a few newest readings and the newest value of each indicator."""
    today = period_start(datetime.now(UTC), Period.DAY, zone_of(DEFAULT_TIME_ZONE))
    async with caller.database.transaction() as session:
        counts = await session.one("select_overview", {"today": today})
        shown = [row["id"] for row in await session.rows("select_sample_sensors", {"limit": _SHOWN_MAX})]
        latest = await newest_readings(session, shown)
        highlights = await session.rows("select_highlights")
    for row in highlights:
        zone = zone_of(row["time_zone"] or DEFAULT_TIME_ZONE)
        row["period_start"] = row["period_start"].astimezone(zone)
        row["period_end"] = row["period_end"].astimezone(zone)
    return Overview(
        **counts,
        readings_per_s=meter_of(request).readings_per_s(),
        latest=[LatestReading.model_validate(row) for row in latest],
        highlights=[Highlight.model_validate(row) for row in highlights],
    )
