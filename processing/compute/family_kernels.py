"""The kernel of everything that is known of a window at once."""

from __future__ import annotations

from typing import Final

from domain.text import Text
from processing.compute.forms import GAP, Kernel, parameter

FAMILY_KERNELS: Final = (
    Kernel(
        "facts",
        Text("Mọi nhóm số liệu của cửa sổ trong một lượt", "All families of facts of a window in one pass"),
        "",
        "all_families:facts",
        (
            GAP,
            parameter(
                "liveness_s",
                "một số đo chứng minh sự sống",
                "how long a reading proves life; none: two median steps",
                "s",
            ),
            parameter("p", "phân vị, phần trăm", "percentiles, per cent, several by commas", "%", "50,95,99"),
        ),
        aliases=("window_facts", "all_families", "segments"),
    ),
)
