"""Grafana as code: boards are written once, rendered in Vietnamese and English, committed as JSON."""

from dashboards.catalogue import BOARDS
from dashboards.generation import GENERATED, build, difference, write

__all__ = ["BOARDS", "GENERATED", "build", "difference", "write"]
