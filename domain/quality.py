"""Quality of one reading: QARTOD flags and the device states of Thông tư 10/2021/TT-BTNMT."""

from enum import IntEnum
from typing import Final


class Flag(IntEnum):
    """QARTOD primary flags."""

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


class DeviceState(IntEnum):
    """State of the device when it measured: "00", "01", "02" in payloads."""

    MEASURING = 0
    CALIBRATING = 1
    FAULT = 2


# A reading counts in indicators when the device measured and the flag does not condemn it.
COUNTING_FLAGS: Final = frozenset({Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT})
