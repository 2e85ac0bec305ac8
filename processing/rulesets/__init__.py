"""Dated tables of laws and standards as data: one TOML file each, with its source and how far to trust it."""

from processing.rulesets.loader import (
    AirQualityScale,
    Band,
    Breakpoints,
    Limit,
    LimitSet,
    RulesetError,
    Trust,
    air_quality_scale,
    limit_set,
)

__all__ = [
    "AirQualityScale",
    "Band",
    "Breakpoints",
    "Limit",
    "LimitSet",
    "RulesetError",
    "Trust",
    "air_quality_scale",
    "limit_set",
]
