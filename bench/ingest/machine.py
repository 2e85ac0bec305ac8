"""The conditions under which figures were measured."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def conditions() -> dict[str, str]:
    """Return machine, time and load by name."""
    model = "?"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory_kib = Path("/proc/meminfo").read_text(encoding="ascii").split()[1]
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return {
        "measured": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{model}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{int(memory_kib) / 2**20:.0f} GiB",
        "system": platform.platform(),
        "Python": platform.python_version(),
        "load average": load,
    }
