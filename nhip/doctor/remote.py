"""The gateways as the HTTP service tells of them, where the database itself cannot be asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from domain.text import Text
from nhip.doctor.questions import NotCheckableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nhip.cli.client import ApiClient
    from nhip.doctor.finding import Limits

_FLOOD_AGE_MAX: Final = timedelta(days=1)


class RemoteQuestions:
    """Answers what is asked of a database about gateways, from the HTTP service.

    Args:
        client: of the service.
        limits: where normal ends.
    """

    def __init__(self, client: ApiClient, limits: Limits) -> None:
        self.limits = limits
        self._client = client
        self._gateways: list[dict[str, Any]] | None = None

    def ask(self, name: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """Return what the statement of that name would give.

        Raises:
            NotCheckableError: the service does not tell.
        """
        del parameters  # no statement about gateways has any
        if name == "select_gateways":
            if self._gateways is None:
                self._gateways = self._read_gateways()
            return self._gateways
        if name == "select_rejected":
            day = {"from": (datetime.now(UTC) - timedelta(days=1)).isoformat()}
            return [row for row in self._client.items("/accounting", day) if row["rejected"]]
        if name == "select_imbalances":
            rows = self._client.items("/accounting")
            return [{**row, "hours": 1} for row in rows if not row["balanced"]]
        raise NotCheckableError(
            Text("chỉ cơ sở dữ liệu biết: NHIP_STORE_DSN", "only the database tells: NHIP_STORE_DSN")
        )

    def _read_gateways(self) -> list[dict[str, Any]]:
        now = datetime.now(UTC)
        intervals: dict[str, float] = {}
        for sensor in self._client.items("/sensors"):
            code, interval_s = sensor["gateway"], float(sensor["interval_s"])
            intervals[code] = min(intervals.get(code, interval_s), interval_s)
        return [
            {
                **gateway,
                "missing": gateway["gap_count"] or 0,
                "throttled": gateway["throttled_count"] or 0,
                "floods": gateway["throttled_at"] is not None
                and now - datetime.fromisoformat(gateway["throttled_at"]) < _FLOOD_AGE_MAX,
                "silent_s": None
                if gateway["last_seen_at"] is None
                else (now - datetime.fromisoformat(gateway["last_seen_at"])).total_seconds(),
                "interval_s": intervals.get(gateway["code"]),
            }
            for gateway in self._client.items("/gateways")
        ]
