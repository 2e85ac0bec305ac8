"""Where the work of partitions is done; results come in the order of the partitions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Partition = TypeVar("_Partition")
_Result = TypeVar("_Result")


class Executor(Protocol):
    """Applies a job to partitions that do not depend on each other."""

    def map(self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]) -> list[_Result]:
        """Return job(partition) of every partition, in order; the first error is raised."""
        ...

    def close(self) -> None:
        """Wait for what runs, and end what was started."""
        ...


class InlineExecutor:
    """One after the other, in the caller's thread."""

    def map(self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]) -> list[_Result]:
        """Return job(partition) of every partition, in order; the first error is raised."""
        return [job(partition) for partition in partitions]

    def close(self) -> None:
        """Nothing runs, so there is nothing to end."""


class ThreadExecutor:
    """On threads: kernels release the interpreter's lock, so they run side by side."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="processing")

    def map(self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]) -> list[_Result]:
        """Return job(partition) of every partition, in order; the first error is raised."""
        return list(self._pool.map(job, partitions))

    def close(self) -> None:
        """Wait for what runs, and end the threads."""
        self._pool.shutdown(cancel_futures=True)


def executor_of(threads: int) -> InlineExecutor | ThreadExecutor:
    """Return the executor for so many threads."""
    return InlineExecutor() if threads == 1 else ThreadExecutor(threads)
