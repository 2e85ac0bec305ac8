"""Small files are computed without waiting for a compiler to load.

Nothing heavy may be imported here: this runs before it is known whether kernels are to be compiled.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, TypeVar

from processing.kernels import compilation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_Answer = TypeVar("_Answer")

# About a thousand readings: interpreting them takes a tenth of what loading Numba does.
_BYTES_MAX: Final = 48_000
_PLAIN: Final = frozenset({".csv", ".txt", ".toml"})


def few_readings(files: Iterable[Path]) -> bool:
    """Return whether the files are plain text and small all together; what cannot be looked at is not."""
    size = 0
    for file in files:
        if file.suffix.lower() not in _PLAIN or not file.is_file():
            return False
        size += file.stat().st_size
    return size <= _BYTES_MAX


def answered(files: Iterable[Path], answer: Callable[[], _Answer]) -> _Answer:
    """Return the answer, by interpreted kernels where the files are small.

    Args:
        files: all that is read.
        answer: imports what it needs and computes; it is called again, with compiled kernels, when Python
            raises an ArithmeticError where compiled code would have gone on with infinity or NaN.
    """
    if _kernels_loaded() or not few_readings(files):
        return answer()
    import numpy as np  # noqa: PLC0415 # compiled code does not warn of infinity and NaN either

    before = set(sys.modules)
    compilation.interpret()
    try:
        with np.errstate(all="ignore"):
            return answer()
    except ArithmeticError:
        pass
    finally:
        compilation.compile_again()
        # A process that goes on compiles what it uses next.
        _forget(name for name in set(sys.modules) - before if name.startswith("processing."))
    return answer()


def _forget(names: Iterable[str]) -> None:
    """Unload modules; their packages would hand them out again as attributes."""
    unloaded = {name: sys.modules.pop(name) for name in names}
    for name in unloaded:
        package, _, attribute = name.rpartition(".")
        if package in sys.modules:
            vars(sys.modules[package]).pop(attribute, None)


def _kernels_loaded() -> bool:
    return any(
        name.startswith("processing.kernels.") and name != compilation.__name__ for name in sys.modules
    )
