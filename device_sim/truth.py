"""The truth file: one JSON line per fault, so that indicators can be checked against what really happened.

    {"fault": "supply_interruption", "gateway": "power-0001", "site": "power-0001-01", "sensor": null,
     "start": "2026-11-23T01:02:03Z", "end": "2026-11-23T01:42:03Z", "parameters": {"customers": 812}}

An episode is written when it begins, with its planned end. The line {"fault": "run", …} that ends a run says
from when and up to when readings were produced: an episode is to be judged inside that span only.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from device_sim.errors import StateError
from device_sim.faults import SPANS, Fault

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from device_sim.city import City
    from device_sim.schedule import Episode, Schedule

_SIZE_NAMES: Final = {Fault.CLOCK_SKEW: "offset_s", Fault.DRIFT: "share_per_day"}


class TruthLog:
    """Writes the truth file; without a path it writes nothing."""

    def __init__(self, path: Path | None, city: City, schedule: Schedule, *, append: bool) -> None:
        self._city = city
        self._schedule = schedule
        self._file: TextIO | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a" if append else "w", encoding="utf-8", buffering=1)
        except OSError as error:
            raise StateError(path, error.strerror or str(error), "a file that can be written") from error

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()

    def begin(self, start_s: float, facts: dict[str, Any], *, goes_on: bool) -> None:
        """Write what the run is made of, and the episodes under way when it starts.

        Args:
            start_s: from when readings are produced.
            facts: what the run is made of.
            goes_on: an earlier run has written what is under way.
        """
        self._write("start_of_run", start_s, start_s, facts)
        if goes_on or self._file is None:
            return
        for fault in SPANS:
            for episode in self._schedule.between(fault, start_s, start_s + 1e-3):
                if episode.start_s < start_s:
                    self._episode(episode)

    def advance(self, start_s: float, end_s: float) -> None:
        """Write the episodes that begin in [start, end)."""
        if self._file is None:
            return
        for fault in SPANS:
            for episode in self._schedule.between(fault, start_s, end_s):
                if start_s <= episode.start_s < end_s:
                    self._episode(episode)

    def end(self, start_s: float, end_s: float) -> None:
        """Write the span of the run."""
        self._write("run", start_s, end_s, {})

    def sensor_event(self, fault: Fault, sensor: int, ts_s: float, parameters: dict[str, Any]) -> None:
        """Write a fault of one reading."""
        found = self._city.sensors[sensor]
        gateway, site = self._city.gateways[found.gateway], self._city.sites[found.site].code
        self._write(fault, ts_s, ts_s, parameters, gateway=gateway, site=site, sensor=found.name)

    def gateway_event(self, fault: Fault, gateway: int, start_s: float, end_s: float) -> None:
        """Write a fault of one batch."""
        self._write(fault, start_s, end_s, {}, gateway=self._city.gateways[gateway])

    def _episode(self, episode: Episode) -> None:
        names, parameters = episode_facts(self._city, episode)
        self._write(episode.fault, episode.start_s, episode.end_s, parameters, **names)

    def _write(
        self, fault: str, start_s: float, end_s: float, parameters: dict[str, Any], **names: str
    ) -> None:
        if self._file is None:
            return
        line = {
            "fault": str(fault),
            "gateway": names.get("gateway"),
            "site": names.get("site"),
            "sensor": names.get("sensor"),
            "start": _instant(start_s),
            "end": _instant(end_s),
            "parameters": parameters,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")


def episode_facts(city: City, episode: Episode) -> tuple[dict[str, str], dict[str, Any]]:
    """Return (names of what the episode hits, its parameters)."""
    if episode.fault is Fault.SUPPLY_INTERRUPTION:
        site = city.sites[episode.target]
        gateway = next(sensor.gateway for sensor in city.sensors if sensor.site == episode.target)
        return {"gateway": city.gateways[gateway], "site": site.code}, {"customers": site.customers}
    parameters: dict[str, Any] = {}
    if episode.fault in _SIZE_NAMES:
        parameters[_SIZE_NAMES[episode.fault]] = episode.size
    if episode.fault in {Fault.OUTAGE, Fault.LATE_BURST, Fault.CLOCK_SKEW}:
        return {"gateway": city.gateways[episode.target]}, parameters
    sensor = city.sensors[episode.target]
    if episode.fault is Fault.WRONG_UNIT:
        parameters |= {"unit": sensor.kind.wrong_unit, "registered": sensor.kind.unit}
    names = {
        "gateway": city.gateways[sensor.gateway],
        "site": city.sites[sensor.site].code,
        "sensor": sensor.name,
    }
    return names, parameters


def _instant(ts_s: float) -> str:
    text = datetime.fromtimestamp(ts_s, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
