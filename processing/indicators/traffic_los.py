"""Level of service of a street: its speed in the peak as a share of free-flow speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction
from domain.text import Text
from processing.indicators import traffic
from processing.indicators.recipes import AreaRule, Finished, ReadingsRecipe
from processing.rulesets.operations import street_scale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.columns import Floats
    from processing.indicators.recipes import Pooled, SensorWindows, WindowTerms

INDICATOR: Final = traffic.definition(
    "traffic_los",
    traffic.Words(
        Text(
            "Mức phục vụ của đường (LOS), % tốc độ thông thoáng",
            "Level of service (LOS), % of free-flow speed",
        ),
        Text(
            "Tốc độ trung bình giờ cao điểm / tốc độ thông thoáng x 100; kèm mức A đến F của giá trị này và "
            "tỷ lệ số đo ở từng mức. Ngưỡng (urban_street_los.toml) CHƯA đối chiếu với HCM. "
            + traffic.PEAK_TEXT.vi
            + " "
            + traffic.FREE_TEXT.vi,
            "Mean speed of the peak hours / free-flow speed x 100; beside it its letter A to F and the share "
            "of readings at each letter. The bands (urban_street_los.toml) are NOT yet compared with the "
            "HCM. " + traffic.PEAK_TEXT.en + " " + traffic.FREE_TEXT.en,
        ),
        traffic.RULE,
        "Highway Capacity Manual 2010, urban streets (bands recalled); urban_street_los.toml",
    ),
    "%",
    Direction.HIGHER,
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return sums of the peak hours and counts of travel times."""
    return traffic.peak_terms(windows, off_peak=not traffic.known_free_flow(windows))


def finish(pooled: Pooled) -> Finished:
    """Return per cent of free-flow speed; the letter and the share of each letter beside it."""
    peak = traffic.peak_of(pooled)
    free = traffic.free_flow(pooled)
    # Speeds are levels below 0, times above: a share of speed is the inverse of one of time.
    value = 100.0 * np.where(peak.is_speed, peak.value / -free, free / peak.time)
    shares = _letter_shares(pooled, free)
    letters = [None if np.isnan(one) else street_scale().letter(one) for one in value.tolist()]
    details = [
        {"los": letter, "share_by_los": share, "peak_readings": int(n)}
        for letter, share, n in zip(letters, shares, peak.readings, strict=True)
    ]
    return Finished(value, details)


def _letter_shares(pooled: Pooled, free: Floats) -> list[Mapping[str, float]]:
    """Return letter -> share of the peak readings of each cell."""
    row, bucket, count = traffic.counts_of(pooled.terms.sketch, in_peak=True)
    bands = street_scale().bands
    level, least = traffic.levels(bucket), free[row]
    percent = np.where(level < 0, 100.0 * level / least, 100.0 * least / level)
    above = np.array([band.above for band in bands[:-1]])
    letter = (percent[:, None] <= above).sum(axis=1)
    table = np.zeros((len(free), len(bands)))
    np.add.at(table, (row, letter), count)
    total = table.sum(axis=1, keepdims=True)
    table = np.divide(table, total, out=np.zeros_like(table), where=total > 0)
    names = [band.letter for band in bands]
    return [dict(zip(names, one, strict=True)) for one in table.tolist()]


RECIPE: Final = ReadingsRecipe(
    INDICATOR,
    traffic.QUANTITIES,
    terms,
    finish,
    (*traffic.PEAK_HOURS, *traffic.FREE_FLOW),
    AreaRule.MEAN,
)
