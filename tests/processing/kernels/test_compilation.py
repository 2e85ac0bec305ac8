"""The compile policy holds where there is nowhere to keep compiled code."""

from __future__ import annotations

import os
import subprocess
import sys


def test_kernels_run_where_no_cache_folder_can_be_written() -> None:
    """As in a container with a read-only file system: slower to start, not broken."""
    program = (
        "import numpy\n"
        "from processing.kernels import air, compilation\n"
        "print(compilation.cache_is_possible(), air.trailing_mean(numpy.ones(9), 8, 6)[-1])"
    )
    nowhere = {"NUMBA_CACHE_DIR": "/proc/nowhere", "NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.split() == ["False", "1.0"]
