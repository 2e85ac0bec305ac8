"""Which kernels there are; their functions are imported when called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processing.compute.family_kernels import FAMILY_KERNELS
from processing.compute.quality_kernels import QUALITY_KERNELS
from processing.compute.service_kernels import SERVICE_KERNELS
from processing.compute.signal_kernels import SIGNAL_KERNELS

if TYPE_CHECKING:
    from processing.compute.forms import Kernel

_ALL: Final = FAMILY_KERNELS + SIGNAL_KERNELS + QUALITY_KERNELS + SERVICE_KERNELS
KERNELS: Final = {kernel.name: kernel for kernel in _ALL}
ALIASES: Final = {alias: kernel.name for kernel in _ALL for alias in kernel.aliases}


def kernel_named(name: str) -> Kernel | None:
    """Return the kernel of a name or alias, whatever its case and its hyphens."""
    plain = name.lower().replace("-", "_").replace(" ", "_")
    return KERNELS.get(plain) or KERNELS.get(ALIASES.get(plain, ""))
