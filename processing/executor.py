"""Where the work of partitions is done; results come in the order of the partitions.

Whoever asks does not see which executor does the work: in the caller's thread, on threads (kernels release
the interpreter's lock), in processes of this machine, or on the workers of a Dask cluster. For processes and
Dask a job is a function of a module, and partitions and results can be pickled.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from enum import StrEnum
from importlib import import_module
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_Partition = TypeVar("_Partition")
_Result = TypeVar("_Result")

# Handed to the workers ahead of the results that are taken: enough to keep hundreds of workers busy, and not
# a year's partitions at once.
_AHEAD_MAX: Final = 1024
_DASK_WAIT_S: Final = 30


class Kind(StrEnum):
    """The executors by name."""

    INLINE = "inline"
    THREADS = "threads"
    PROCESSES = "processes"
    DASK = "dask"


class MissingClusterError(RuntimeError):
    """Dask was asked for and is not installed."""

    def __init__(self) -> None:
        super().__init__("executor dask: dask is not installed; install nhip with the extra `cluster`")


class _Future(Protocol):
    def result(self) -> Any: ...  # noqa: ANN401 # whatever the job returns
    def cancel(self) -> Any: ...  # noqa: ANN401 # libraries differ in what they return


class Executor(Protocol):
    """Applies a job to partitions that do not depend on each other."""

    def map(self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]) -> list[_Result]:
        """Return job(partition) of every partition, in order; the first error is raised."""
        ...

    def stream(
        self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]
    ) -> Iterator[_Result]:
        """Yield what `map` returns as soon as it is there; leaving early cancels what has not begun."""
        ...

    def close(self) -> None:
        """Wait for what runs, and end what was started."""
        ...


class InlineExecutor:
    """One after the other, in the caller's thread."""

    def map(self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]) -> list[_Result]:
        """Return job(partition) of every partition, in order; the first error is raised."""
        return [job(partition) for partition in partitions]

    def stream(
        self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]
    ) -> Iterator[_Result]:
        """Yield job(partition) of every partition."""
        for partition in partitions:
            yield job(partition)

    def close(self) -> None:
        """Nothing runs, so there is nothing to end."""


class ThreadExecutor:
    """On threads: kernels release the interpreter's lock, so they run side by side."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="processing")

    def map(self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]) -> list[_Result]:
        """Return job(partition) of every partition, in order; the first error is raised."""
        return list(self._pool.map(job, partitions))

    def stream(
        self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]
    ) -> Iterator[_Result]:
        """Yield what `map` returns as soon as it is there."""
        return _in_order(lambda partition: self._pool.submit(job, partition), partitions)

    def close(self) -> None:
        """Wait for what runs, and end the threads."""
        self._pool.shutdown(cancel_futures=True)


class ProcessExecutor:
    """In processes of this machine, started afresh: a forked one would inherit threads, locks and sockets."""

    def __init__(self, processes: int) -> None:
        self._pool = ProcessPoolExecutor(
            processes, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare_worker
        )

    def map(self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]) -> list[_Result]:
        """Return job(partition) of every partition, in order; the first error is raised."""
        return list(self.stream(job, partitions))

    def stream(
        self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]
    ) -> Iterator[_Result]:
        """Yield what `map` returns as soon as it is there."""
        return _in_order(lambda partition: self._pool.submit(job, partition), partitions)

    def close(self) -> None:
        """Wait for what runs, and end the processes."""
        self._pool.shutdown(cancel_futures=True)


class DaskExecutor:
    """On Dask workers: those of a given scheduler, or two processes and more of this machine."""

    def __init__(self, workers: int, scheduler: str | None = None) -> None:
        """Connect to `scheduler` (`tcp://host:8786`), or start `workers` on this machine.

        Raises:
            MissingClusterError: dask is not installed.
        """
        try:
            # An extra that has no types everywhere, and that costs half a second.
            distributed: Any = import_module("distributed")
        except ImportError as error:
            raise MissingClusterError from error
        self._cluster: Any = None
        if scheduler is None:
            self._cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                # A page nobody asked for would be one more open port.
                dashboard_address=None,
                host="127.0.0.1",
            )
        self._client: Any = distributed.Client(
            self._cluster or scheduler, set_as_default=False, timeout=_DASK_WAIT_S
        )

    def map(self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]) -> list[_Result]:
        """Return job(partition) of every partition, in order; the first error is raised."""
        return list(self.stream(job, partitions))

    def stream(
        self, job: Callable[[_Partition], _Result], partitions: Iterable[_Partition]
    ) -> Iterator[_Result]:
        """Yield what `map` returns as soon as it is there."""

        def submit(partition: _Partition) -> _Future:
            # pure: Dask would otherwise not run a job again that it has run on an equal partition.
            future: _Future = self._client.submit(job, partition, pure=False)
            return future

        return _in_order(submit, partitions)

    def close(self) -> None:
        """Leave the scheduler; end the workers that were started here."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def _in_order(submit: Callable[[_Partition], _Future], partitions: Iterable[_Partition]) -> Iterator[Any]:
    """Yield results in the order of the partitions, some of which are always under way."""
    waiting: deque[_Future] = deque()
    try:
        for partition in partitions:
            waiting.append(submit(partition))
            if len(waiting) >= _AHEAD_MAX:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _prepare_worker() -> None:
    """Leave Ctrl-C to the process that gives the work, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, name="follow-parent", daemon=True).start()


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    with suppress(OSError):
        wait([parent.sentinel])
    # A killed parent says nothing, and a worker that waits for work would wait for ever. PostgreSQL takes
    # back what the unfinished transaction has written.
    os._exit(1)


def executor_of(threads: int) -> InlineExecutor | ThreadExecutor:
    """Return the executor for so many threads."""
    return InlineExecutor() if threads == 1 else ThreadExecutor(threads)


def open_executor(kind: Kind, workers: int, scheduler: str | None = None) -> Executor:
    """Return an executor of this kind with so many workers.

    Args:
        kind: which.
        workers: threads or processes; not asked for `INLINE` and for a given scheduler.
        scheduler: address of a Dask scheduler; only for `DASK`.

    Raises:
        MissingClusterError: dask is not installed.
    """
    if kind is Kind.THREADS:
        return ThreadExecutor(workers)
    if kind is Kind.PROCESSES:
        return ProcessExecutor(workers)
    if kind is Kind.DASK:
        return DaskExecutor(workers, scheduler)
    return InlineExecutor()
