"""Panels of the kinds that Grafana 11 and 12 know, as models with texts in both languages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from dashboards.bands import PLAIN
from dashboards.query import DATA_SOURCE, target
from domain.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.json_values import Model, Object

# A line is broken where nothing was measured for longer than this: two hourly readings still join.
_GAP_MS: Final = 7_200_000
_NO_VALUE: Final = Text("chưa có giá trị", "no value yet")


@dataclass(frozen=True, slots=True)
class Caption:
    """What a panel is called, and what its number means (shown behind the "i")."""

    title: Text
    meaning: Text


@dataclass(frozen=True, slots=True)
class Column:
    """How one column of a result is shown.

    Attributes:
        name: the SQL column.
        title: its heading.
        unit: Grafana's unit identifier.
        thresholds: see `dashboards.bands`.
        mappings: see `dashboards.bands.named`.
        coloured: paint the cell by its threshold or mapping.
        width: pixels; None lets the table decide.
        decimals: digits after the point.
        hidden: not shown (the row still carries it for the map or a link).
    """

    name: str
    title: Text
    unit: str | None = None
    thresholds: Object | None = None
    mappings: Sequence[Object] = ()
    coloured: bool = False
    width: int | None = None
    decimals: int | None = None
    hidden: bool = False

    def override(self) -> Object:
        """Return the field override that Grafana applies to the column."""
        properties: list[Object] = [{"id": "displayName", "value": self.title}]
        optional: Sequence[tuple[str, Model]] = (
            ("unit", self.unit),
            ("thresholds", self.thresholds),
            ("mappings", self.mappings or None),
            ("decimals", self.decimals),
            ("custom.width", self.width),
            ("custom.cellOptions", {"type": "color-background", "mode": "basic"} if self.coloured else None),
            ("custom.hidden", True if self.hidden else None),
        )
        properties.extend({"id": name, "value": value} for name, value in optional if value is not None)
        return {"matcher": {"id": "byName", "options": self.name}, "properties": properties}


@dataclass(frozen=True, slots=True)
class Look:
    """How the values of a panel are shown.

    Attributes:
        unit: Grafana's unit identifier ("none" is a bare number).
        decimals: digits after the point; None lets Grafana decide.
        thresholds: colour bands.
        low: fixed lower end of the axis.
        high: fixed upper end of the axis.
        lines: draw the thresholds as lines in a time series.
        mappings: words for values.
    """

    unit: str = "none"
    decimals: int | None = None
    thresholds: Object = field(default_factory=lambda: PLAIN)
    low: float | None = None
    high: float | None = None
    lines: bool = False
    mappings: Sequence[Object] = ()

    def defaults(self) -> dict[str, Model]:
        """Return the part of `fieldConfig.defaults` that all panels share."""
        model: dict[str, Model] = {
            "unit": self.unit,
            "mappings": self.mappings,
            "thresholds": self.thresholds,
            "color": {"mode": "thresholds"},
            "noValue": _NO_VALUE,
        }
        ends = {"decimals": self.decimals, "min": self.low, "max": self.high}
        return model | {name: value for name, value in ends.items() if value is not None}


def _panel(  # the six things that every kind of panel has
    kind: str,
    caption: Caption,
    query: Object,
    options: Object,
    defaults: Object,
    overrides: Sequence[Object],
) -> dict[str, Model]:
    return {
        "type": kind,
        "title": caption.title,
        "description": caption.meaning,
        "datasource": DATA_SOURCE,
        "targets": [query],
        "options": options,
        "fieldConfig": {"defaults": defaults, "overrides": overrides},
    }


def stat(
    caption: Caption, sql: str, look: Look, *, columns: Sequence[Column] = (), named: bool = False
) -> Object:
    """Return big numbers, one per numeric column, or one named by its series when `named`."""
    return _panel(
        "stat",
        caption,
        target(sql, "time_series" if named else "table"),
        {
            "colorMode": "background",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "percentChangeColorMode": "standard",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "showPercentChange": False,
            "textMode": "value_and_name" if named or columns else "value",
            "wideLayout": True,
        },
        look.defaults(),
        [column.override() for column in columns],
    )


def series(
    caption: Caption,
    sql: str,
    look: Look,
    *,
    style: Literal["line", "bars"] = "line",
    columns: Sequence[Column] = (),
    time_from: str | None = None,
) -> Object:
    """Return values over time: lines, or bars stacked on each other."""
    bars = style == "bars"
    custom: Object = {
        "drawStyle": style,
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 70 if bars else 5,
        "gradientMode": "none",
        "pointSize": 4,
        "showPoints": "never" if bars else "auto",
        "spanNulls": False if bars else _GAP_MS,
        "insertNulls": False,
        "stacking": {"mode": "normal" if bars else "none", "group": "A"},
        "thresholdsStyle": {"mode": "line" if look.lines else "off"},
        "axisPlacement": "auto",
        "axisLabel": "",
        "axisColorMode": "text",
        "axisBorderShow": False,
        "axisCenteredZero": False,
        "barAlignment": 0,
        "barWidthFactor": 0.8,
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        "scaleDistribution": {"type": "linear"},
    }
    defaults = {**look.defaults(), "color": {"mode": "palette-classic"}, "custom": custom}
    panel = _panel(
        "timeseries",
        caption,
        target(sql, "time_series"),
        {
            "legend": {
                "calcs": ["lastNotNull", "max"],
                "displayMode": "table",
                "placement": "bottom",
                "showLegend": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        defaults,
        [column.override() for column in columns],
    )
    # Never finer than the usual reporting interval; the query reads $__interval.
    panel["interval"] = "1m"
    if time_from is not None:
        panel["timeFrom"] = time_from
    return panel


def table(caption: Caption, sql: str, columns: Sequence[Column], *, time_from: str | None = None) -> Object:
    """Return a table; `columns` names every column of the statement, in order."""
    panel = _panel(
        "table",
        caption,
        target(sql),
        {
            "cellHeight": "sm",
            "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": ""},
            "showHeader": True,
        },
        {
            "mappings": [],
            "thresholds": PLAIN,
            "color": {"mode": "thresholds"},
            "custom": {
                "align": "auto",
                "cellOptions": {"type": "auto"},
                "filterable": True,
                "inspect": False,
            },
        },
        [column.override() for column in columns],
    )
    if time_from is not None:
        panel["timeFrom"] = time_from
    return panel


def bars(  # noqa: PLR0913 # a bar chart is told apart by these
    caption: Caption,
    sql: str,
    look: Look,
    *,
    category: str,
    columns: Sequence[Column] = (),
    horizontal: bool = False,
    time_from: str | None = None,
) -> Object:
    """Return bars, one group per value of the column `category`."""
    by_threshold = len(columns) < 2  # noqa: PLR2004 # with one number, its colour says its band
    custom: Object = {
        "fillOpacity": 80,
        "lineWidth": 1,
        "gradientMode": "none",
        "axisPlacement": "auto",
        "axisLabel": "",
        "axisColorMode": "text",
        "axisBorderShow": False,
        "axisCenteredZero": False,
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
        "scaleDistribution": {"type": "linear"},
        "thresholdsStyle": {"mode": "line" if look.lines else "off"},
    }
    colour = {"mode": "thresholds" if by_threshold else "palette-classic"}
    panel = _panel(
        "barchart",
        caption,
        target(sql),
        {
            "xField": category,
            "orientation": "horizontal" if horizontal else "vertical",
            "barRadius": 0,
            "barWidth": 0.9,
            "groupWidth": 0.7,
            "fullHighlight": False,
            "showValue": "auto",
            "stacking": "none",
            "xTickLabelRotation": 0,
            "xTickLabelSpacing": 100,
            "legend": {
                "calcs": [],
                "displayMode": "list",
                "placement": "bottom",
                "showLegend": not by_threshold,
            },
            "tooltip": {"mode": "multi", "sort": "none"},
        },
        {**look.defaults(), "color": colour, "custom": custom},
        [column.override() for column in columns],
    )
    if time_from is not None:
        panel["timeFrom"] = time_from
    return panel


def timeline(caption: Caption, sql: str, look: Look) -> Object:
    """Return one horizontal band per series, coloured by its state over time."""
    custom: Object = {
        "fillOpacity": 80,
        "lineWidth": 0,
        "spanNulls": _GAP_MS,
        "insertNulls": False,
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
    }
    panel = _panel(
        "state-timeline",
        caption,
        target(sql, "time_series"),
        {
            "alignValue": "center",
            "mergeValues": True,
            "rowHeight": 0.9,
            "showValue": "never",
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "single", "sort": "none"},
        },
        {**look.defaults(), "custom": custom},
        [],
    )
    panel["interval"] = "1m"
    return panel


def site_map(caption: Caption, sql: str, columns: Sequence[Column], *, colour_by: str) -> Object:
    """Return sites on a map: `latitude` and `longitude` place a marker, `colour_by` paints it."""
    style: Object = {
        "color": {"field": colour_by, "fixed": "dark-green"},
        "opacity": 0.85,
        "rotation": {"fixed": 0, "max": 360, "min": -360, "mode": "mod"},
        "size": {"fixed": 7, "max": 15, "min": 2},
        "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
        "symbolAlign": {"horizontal": "center", "vertical": "center"},
        "textConfig": {
            "fontSize": 12,
            "offsetX": 0,
            "offsetY": 0,
            "textAlign": "center",
            "textBaseline": "middle",
        },
    }
    return _panel(
        "geomap",
        caption,
        target(sql),
        {
            "view": {"id": "fit", "allLayers": True, "lat": 0, "lon": 0, "padding": 10, "zoom": 13},
            "controls": {
                "mouseWheelZoom": False,
                "showAttribution": True,
                "showDebug": False,
                "showMeasure": False,
                "showScale": True,
                "showZoom": True,
            },
            "basemap": {"config": {}, "name": "basemap", "type": "default"},
            "layers": [
                {
                    "type": "markers",
                    "name": "sites",
                    "config": {"showLegend": False, "style": style},
                    "location": {"mode": "coords", "latitude": "latitude", "longitude": "longitude"},
                    "tooltip": True,
                }
            ],
            "tooltip": {"mode": "details"},
        },
        {
            "mappings": [],
            "thresholds": PLAIN,
            "color": {"mode": "thresholds"},
            "custom": {"hideFrom": {"legend": False, "tooltip": False, "viz": False}},
        },
        [column.override() for column in columns],
    )
