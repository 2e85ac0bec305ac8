"""The faults of a simulated city: their names, how often they happen, how long they last.

`FaultRates` is the one place with probabilities. Episodes have a start and an end and are drawn day by day;
chances fall on single readings or batches. What happened is written to the truth file as it happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """Name of a fault, as the truth file has it.

    Episodes of a gateway:

    - `outage`: without power; nothing is measured.
    - `late_burst`: measures on, but cannot reach the broker; all arrives late, in a burst.
    - `clock_skew`: the clock is wrong by `offset_s`.

    Episodes of a sensor (never of one that reports a state):

    - `sensor_outage`: no readings.
    - `stuck`: the value of the start is repeated.
    - `drift`: the value leaves the truth by `share_per_day` of its level at the start.
    - `wrong_unit`: the device reports in another unit, and says so.
    - `counter_reboot`: a counter begins again at zero; start and end are the same moment.

    Episode of a feeder's site:

    - `supply_interruption`: its customers have no electricity; state, voltage and power are 0.

    Single readings and batches:

    - `dropout`: one reading is lost.
    - `spike`: one reading is `factor` times the truth.
    - `duplicate`: one reading is sent twice.
    - `out_of_order`: the readings of one batch are shuffled.
    """

    OUTAGE = "outage"
    LATE_BURST = "late_burst"
    CLOCK_SKEW = "clock_skew"
    SENSOR_OUTAGE = "sensor_outage"
    STUCK = "stuck"
    DRIFT = "drift"
    WRONG_UNIT = "wrong_unit"
    COUNTER_REBOOT = "counter_reboot"
    SUPPLY_INTERRUPTION = "supply_interruption"
    DROPOUT = "dropout"
    SPIKE = "spike"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"


@dataclass(frozen=True, slots=True)
class FaultRates:
    """How often faults happen.

    Attributes:
        outage: episodes per gateway and day; likewise late_burst and clock_skew.
        sensor_outage: episodes per sensor and day; likewise stuck, drift, wrong_unit and counter_reboot.
        supply_interruption: episodes per feeder and day.
        dropout: chance per reading; likewise spike.
        duplicate: chance per batch; likewise out_of_order.
    """

    outage: float = 0.0
    late_burst: float = 0.0
    clock_skew: float = 0.0
    sensor_outage: float = 0.0
    stuck: float = 0.0
    drift: float = 0.0
    wrong_unit: float = 0.0
    counter_reboot: float = 0.0
    supply_interruption: float = 0.0
    dropout: float = 0.0
    spike: float = 0.0
    duplicate: float = 0.0
    out_of_order: float = 0.0

    def of(self, fault: Fault) -> float:
        """Return the rate of a fault."""
        rate: float = getattr(self, fault.value)
        return rate


RATES: Final = {
    "none": FaultRates(),
    "normal": FaultRates(
        outage=0.08,
        late_burst=0.01,
        clock_skew=0.01,
        sensor_outage=0.04,
        stuck=0.02,
        drift=0.01,
        wrong_unit=0.005,
        counter_reboot=0.02,
        supply_interruption=0.25,
        dropout=0.002,
        spike=0.0002,
        duplicate=0.002,
        out_of_order=0.005,
    ),
    "heavy": FaultRates(
        outage=1.0,
        late_burst=0.2,
        clock_skew=0.3,
        sensor_outage=0.5,
        stuck=0.3,
        drift=0.2,
        wrong_unit=0.1,
        counter_reboot=0.3,
        supply_interruption=2.0,
        dropout=0.02,
        spike=0.003,
        duplicate=0.03,
        out_of_order=0.08,
    ),
}


@dataclass(frozen=True, slots=True)
class Span:
    """How long an episode lasts, seconds, on a logarithmic scale; a share of them is brief.

    Attributes:
        least_s: shortest.
        most_s: longest.
        brief_share: part of the episodes that last from `brief_least_s` to `brief_most_s` instead.
        brief_least_s: shortest of these.
        brief_most_s: longest of these.
    """

    least_s: float
    most_s: float
    brief_share: float = 0.0
    brief_least_s: float = 0.0
    brief_most_s: float = 0.0


# Interruptions are either clearly momentary or clearly sustained: the 5 minutes between them are SAIDI's and
# MAIFI's border, which one interval of the sensor must not decide.
SPANS: Final = {
    Fault.OUTAGE: Span(900, 6 * 3600),
    Fault.LATE_BURST: Span(3 * 3600, 3 * 86_400),
    Fault.CLOCK_SKEW: Span(1800, 6 * 3600),
    Fault.SENSOR_OUTAGE: Span(900, 8 * 3600),
    Fault.STUCK: Span(1800, 8 * 3600),
    Fault.DRIFT: Span(6 * 3600, 2 * 86_400),
    Fault.WRONG_UNIT: Span(1800, 12 * 3600),
    Fault.COUNTER_REBOOT: Span(0, 0),
    Fault.SUPPLY_INTERRUPTION: Span(480, 3 * 3600, brief_share=0.35, brief_least_s=60, brief_most_s=200),
}
GATEWAY_EPISODES: Final = (Fault.OUTAGE, Fault.LATE_BURST, Fault.CLOCK_SKEW)
SENSOR_EPISODES: Final = (
    Fault.SENSOR_OUTAGE,
    Fault.STUCK,
    Fault.DRIFT,
    Fault.WRONG_UNIT,
    Fault.COUNTER_REBOOT,
)
CLOCK_OFFSET_S: Final = (-900.0, 240.0)
DRIFT_SHARE_PER_DAY: Final = (0.15, 0.8)
SPIKE_FACTOR: Final = (4.0, 30.0)
