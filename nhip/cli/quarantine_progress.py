"""What becomes of quarantine rows whose replay was asked for, as the API tells it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nhip.cli.client import ApiClient

_IDS_A_REQUEST_MAX: Final = 500
_ROWS_MAX: Final = 100_000
_POLL_S: Final = 0.5
_KEYS: Final = ("status", "reason", "gateway")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the rows.

    Attributes:
        groups: rows and readings by status (`open` is: still cannot be stored), reason and gateway.
        waiting: rows that the ingester has not looked at yet.
    """

    groups: list[dict[str, Any]]
    waiting: int

    def as_json(self) -> dict[str, Any]:
        """Return it for a machine."""
        by_status: dict[str, int] = {}
        for group in self.groups:
            by_status[group["status"]] = by_status.get(group["status"], 0) + group["count"]
        return {"waiting": self.waiting, "rows": by_status, "items": self.groups}


def open_rows(client: ApiClient, filters: Mapping[str, str | None]) -> list[int]:
    """Return the ids of the open rows that the filters choose, the newest hundred thousand at most."""
    rows = client.items("/quarantine", {**filters, "status": "open"})
    return [int(row["id"]) for row in islice(rows, _ROWS_MAX)]


class Progress:
    """Follows rows until the ingester is done with them.

    Args:
        client: of the API.
        ids: the rows.
    """

    def __init__(self, client: ApiClient, ids: Iterable[int]) -> None:
        self._client = client
        self._parts = [",".join(map(str, part)) for part in _parts(sorted(ids), _IDS_A_REQUEST_MAX)]

    def wait(self, wait_s_max: float, said: Callable[[str], None]) -> Outcome:
        """Return what became of the rows once none waits any more, or the time is up.

        Args:
            wait_s_max: seconds.
            said: is told how many still wait, whenever that changes.
        """
        deadline_s = time.monotonic() + wait_s_max
        before = -1
        while True:
            outcome = self.outcome()
            if outcome.waiting != before:
                before = outcome.waiting
                said(f"{outcome.waiting} rows wait for the ingester.")
            if not outcome.waiting or time.monotonic() >= deadline_s:
                return outcome
            time.sleep(_POLL_S)

    def outcome(self) -> Outcome:
        """Return where the rows are now."""
        sums: dict[tuple[str, ...], list[int]] = {}
        waiting = 0
        for part in self._parts:
            for item in self._client.items("/quarantine/summary", {"ids": part, "status": "all"}):
                mine = sums.setdefault(tuple(item[key] for key in _KEYS), [0, 0])
                mine[0] += item["count"]
                mine[1] += item["readings"]
                waiting += item["waiting"]
        groups = [
            {**dict(zip(_KEYS, key, strict=True)), "count": count, "readings": readings}
            for key, (count, readings) in sorted(sums.items())
        ]
        return Outcome(groups, waiting)


def _parts(ids: list[int], size: int) -> list[list[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
