"""How kernels are compiled: one policy, here and nowhere else."""

from typing import Final

import numba

# cache: a process starts with what an earlier one compiled; numba keys it by a hash of the source file.
# nogil: the executor runs kernels of different sensors in threads.
# error_model: division by zero gives inf or NaN as in numpy, not an exception.
# No fastmath: NaN means "no value", and the same input must give the same bits.
# No parallel=True: prange aborts the process when two threads enter it (workqueue layer), and a pool of
# threads over sensors scales as well.
kernel: Final = numba.njit(cache=True, nogil=True, error_model="numpy")
