"""A dashboard: rows of panels, its variables, its place among the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashboards.query import DATA_SOURCE, panel_sql
from domain.periods import DEFAULT_TIME_ZONE
from domain.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.json_values import Model, Object

# Grafana 11 and 12 read it as it is; every later version migrates it when it loads the file.
_SCHEMA_VERSION: Final = 39
_COLUMNS: Final = 24
LANGUAGES: Final = ("vi", "en")


@dataclass(frozen=True, slots=True)
class Place:
    """A panel and the room it takes: width in 24ths, height in units of 30 pixels."""

    panel: Object
    width: int
    height: int = 8


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading, set from left to right."""

    title: Text
    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard in both languages.

    Attributes:
        slug: file name and, with the language, identifier.
        title: what people call it.
        meaning: what it is for.
        rows: its panels.
        time_from: start of the time range that it opens with.
        refresh: how often it reads again.
    """

    slug: str
    title: Text
    meaning: Text
    rows: Sequence[Row]
    time_from: str = "now-24h"
    refresh: str = "1m"

    def uid(self, language: str) -> str:
        """Return the identifier that links and Grafana use."""
        return f"nhip-{self.slug}-{language}"

    def model(self, language: str) -> Object:
        """Return the classic dashboard model for one language (texts still unrendered)."""
        return {
            "uid": self.uid(language),
            "title": self.title,
            "description": self.meaning,
            "tags": ["nhip", language],
            "timezone": DEFAULT_TIME_ZONE,
            "weekStart": "monday",
            "editable": False,
            "graphTooltip": 1,
            "fiscalYearStartMonth": 0,
            "schemaVersion": _SCHEMA_VERSION,
            "time": {"from": self.time_from, "to": "now"},
            "timepicker": {"refresh_intervals": ["30s", "1m", "5m", "15m", "1h"]},
            "refresh": self.refresh,
            "links": [_links(language)],
            "annotations": {"list": []},
            "templating": {"list": _variables(language)},
            "panels": _placed(self.rows),
        }


def _links(language: str) -> Object:
    return {
        "type": "dashboards",
        "title": Text("Bảng khác", "Other dashboards"),
        "icon": "external link",
        "tooltip": "",
        "tags": ["nhip", language],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
    }


def _choice(name: str, label: Text, sql: str, all_value: str) -> Object:
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATA_SOURCE,
        "query": sql,
        "definition": sql,
        "refresh": 1,
        "regex": "",
        "sort": 0,
        "hide": 0,
        "skipUrlSync": False,
        "multi": True,
        "includeAll": True,
        # "All" becomes a subquery and not a list of ten thousand codes.
        "allValue": all_value,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [],
    }


def _variables(language: str) -> Sequence[Object]:
    return [
        _choice("area", Text("Địa bàn", "Area"), panel_sql("list_areas"), "SELECT code FROM area"),
        _choice("site", Text("Điểm đo", "Site"), panel_sql("list_sites"), "SELECT code FROM site"),
        {
            "type": "constant",
            "name": "language",
            "query": language,
            "hide": 2,
            "skipUrlSync": True,
            "current": {"selected": True, "text": language, "value": language},
            "options": [{"selected": True, "text": language, "value": language}],
        },
    ]


def _placed(rows: Sequence[Row]) -> Sequence[Object]:
    panels: list[Object] = []
    top = 0
    for row in rows:
        panels.append(_heading(row.title, len(panels) + 1, top))
        top += 1
        left = line_height = 0
        for place in row.places:
            if left + place.width > _COLUMNS:
                left, top, line_height = 0, top + line_height, 0
            position: dict[str, Model] = {"x": left, "y": top, "w": place.width, "h": place.height}
            panels.append({**place.panel, "id": len(panels) + 1, "gridPos": position})
            left += place.width
            line_height = max(line_height, place.height)
        top += line_height
    return panels


def _heading(title: Text, number: int, top: int) -> Object:
    return {
        "type": "row",
        "title": title,
        "id": number,
        "collapsed": False,
        "gridPos": {"x": 0, "y": top, "w": _COLUMNS, "h": 1},
        "panels": [],
    }
