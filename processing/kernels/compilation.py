"""How kernels are compiled: one policy, here and nowhere else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_Kernel = TypeVar("_Kernel", bound="Callable[..., Any]")

_interpreted = False


def interpret() -> None:
    """Leave the kernels of modules that are imported from now on as the Python that they are written in.

    Loading Numba and a kernel's machine code takes the better part of a second, in which Python itself gets
    through some thousand readings. The bits are the same; what differs is that Python raises an
    ArithmeticError where compiled code divides by zero.
    """
    global _interpreted  # noqa: PLW0603 # of the process: a module holds one form of its kernels
    _interpreted = True


def compile_again() -> None:
    """Compile the kernels of modules that are imported from now on."""
    global _interpreted  # noqa: PLW0603 # as above
    _interpreted = False


def kernel(function: _Kernel) -> _Kernel:
    """Return the function compiled by the policy of all kernels: by its first call for each set of types."""
    return function if _interpreted else cast("_Kernel", _compiler()(function))


@cache
def _compiler() -> Callable[[Callable[..., Any]], object]:
    import numba  # noqa: PLC0415 # not loaded where kernels are interpreted

    # cache: a process starts with what an earlier one compiled; numba keys it by a hash of the source file.
    # nogil: the executor runs kernels of different sensors in threads.
    # error_model: division by zero gives inf or NaN as in numpy, not an exception.
    # No fastmath: NaN means "no value", and the same input must give the same bits.
    # No parallel=True: prange aborts the process when two threads enter it (workqueue layer), and a pool of
    # threads over sensors scales as well.
    return numba.njit(cache=cache_is_possible(), nogil=True, error_model="numpy")


@cache
def cache_is_possible() -> bool:
    """Return whether numba finds a place for the machine code of this folder's functions.

    It tries NUMBA_CACHE_DIR, __pycache__ beside the source and the user's cache folder, and raises on the
    first decorated function when none can be written, as in a container with a read-only file system. Kernels
    are then compiled anew in every process, which costs seconds and is better than not starting.
    """
    import numba  # noqa: PLC0415 # as above

    def probe() -> None:
        """Be decorated, never called."""

    try:
        numba.njit(cache=True)(probe)
    except RuntimeError:
        return False
    return True
