"""How kernels are compiled: one policy, here and nowhere else."""

from typing import Final

import numba


def _cache_is_possible() -> bool:
    """Return whether numba finds a place for the machine code of this folder's functions.

    It tries NUMBA_CACHE_DIR, __pycache__ beside the source and the user's cache folder, and raises on the
    first decorated function when none can be written, as in a container with a read-only file system. Kernels
    are then compiled anew in every process, which costs seconds and is better than not starting.
    """

    def probe() -> None:
        """Be decorated, never called."""

    try:
        numba.njit(cache=True)(probe)
    except RuntimeError:
        return False
    return True


CACHED: Final = _cache_is_possible()

# cache: a process starts with what an earlier one compiled; numba keys it by a hash of the source file.
# nogil: the executor runs kernels of different sensors in threads.
# error_model: division by zero gives inf or NaN as in numpy, not an exception.
# No fastmath: NaN means "no value", and the same input must give the same bits.
# No parallel=True: prange aborts the process when two threads enter it (workqueue layer), and a pool of
# threads over sensors scales as well.
kernel: Final = numba.njit(cache=CACHED, nogil=True, error_model="numpy")
