"""One seam for parallel work: put a value once, map a function over tasks, close.

``with executor(n_workers) as work: handle = work.put(bars); work.map(run_cell, cells, handle)``.
The answer never depends on the engine or on the number of workers: results come in the order of
the tasks, and the value is read-only for whoever receives it.

The files written here are read back by our own workers and by nobody else: they lie in a private
folder (mode 700) made by this process and removed by it, so nothing pickled outside is ever loaded.
"""

import contextlib
import os
import pickle
import shutil
import signal
import tempfile
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from alphamill.core.errors import MillError, SettingsError
from alphamill.workshop.memory import keep_freed_memory

V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)
T = TypeVar("T")
R = TypeVar("R")

# Libraries that start threads of their own read these when they are imported.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMBA_NUM_THREADS",
    ),
    "1",
)


class Handle(Protocol[V_co]):
    """A claim ticket for a value that was put; cheap to send to a worker."""

    def open(self) -> V_co:
        """Return the value; its arrays are read-only."""
        ...


class Executor(Protocol):
    """Whoever can run a function over many tasks."""

    n_workers: int

    def put(self, value: V) -> Handle[V]:
        """Take a picklable value that every task needs; it must not change afterwards."""
        ...

    def map(self, fn: Callable[[V, T], R], tasks: Iterable[T], handle: Handle[V]) -> Iterator[R]:
        """Yield ``fn(value, task)`` for each task, in the order of the tasks."""
        ...

    def close(self) -> None:
        """Let workers and files go; a second call does nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


def executor(n_workers: int) -> Executor:
    """Return the executor for ``n_workers`` processes: 1 is this process, more are loky's.

    Examples
    --------
    >>> with executor(1) as work:
    ...     list(work.map(pow, [1, 2, 3], work.put(2)))
    [2, 4, 8]
    """
    if n_workers < 1:
        raise SettingsError(
            f"the number of workers must be at least 1, received {n_workers!r}; "
            "give the number of cores to use."
        )
    return Serial() if n_workers == 1 else Loky(n_workers)


class Serial:
    """Everything in this process, one task after another."""

    n_workers = 1

    def put(self, value: V) -> Handle[V]:
        return _Kept(_read_only(value))

    def map(self, fn: Callable[[V, T], R], tasks: Iterable[T], handle: Handle[V]) -> Iterator[R]:
        from threadpoolctl import threadpool_limits

        keep_freed_memory()
        value = handle.open()
        # As in a worker: a matrix product in two threads differs in its last bits.
        with threadpool_limits(1):
            for task in tasks:
                yield fn(value, task)

    def close(self) -> None:
        """Nothing to let go."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Threads(Serial):
    """Threads of this process, for work that is spent in compiled code without Python's lock.

    Parameters
    ----------
    n_workers : int
    """

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers

    def put(self, value: V) -> Handle[V]:
        # Not read-only as elsewhere: compiled code would be compiled a second time for that.
        return _Kept(value)

    def map(self, fn: Callable[[V, T], R], tasks: Iterable[T], handle: Handle[V]) -> Iterator[R]:
        if self.n_workers == 1:
            yield from super().map(fn, tasks, handle)
            return
        from threadpoolctl import threadpool_limits

        keep_freed_memory()
        value = handle.open()
        with threadpool_limits(1), ThreadPoolExecutor(self.n_workers) as pool:
            yield from pool.map(partial(fn, value), tasks)


class Loky:
    """Worker processes on this machine; arrays reach them through memory-mapped files.

    Parameters
    ----------
    n_workers : int
        Processes to start, when the first task comes.
    ahead : int
        Tasks per worker that may be under way or finished and not yet taken by the consumer;
        it bounds memory when the consumer is slower than the workers.
    """

    def __init__(self, n_workers: int, ahead: int = 4) -> None:
        self.n_workers = n_workers
        self.ahead = ahead
        self._pool: Any = None
        self._folder: Path | None = None
        self._n_put = 0
        self._pending: deque[Any] = deque()

    def put(self, value: V) -> Handle[V]:
        import joblib

        if self._folder is None:
            self._folder = _private_folder()
        path = self._folder / f"value-{self._n_put}.joblib"
        self._n_put += 1
        try:
            joblib.dump(value, path)
        except OSError as e:
            raise MillError(
                f"the data for the workers could not be written to {path}: {e}. Free some space, "
                "point TMPDIR to a larger disk, or use one worker."
            ) from e
        return _Stored(str(path))

    def map(self, fn: Callable[[V, T], R], tasks: Iterable[T], handle: Handle[V]) -> Iterator[R]:
        pool = self._started()
        pending: deque[Any] = deque()
        self._pending = pending
        waiting = iter(tasks)
        try:
            with _death_of_a_worker_explained(self.n_workers):
                for task in waiting:
                    pending.append(pool.submit(_call, fn, handle, task))
                    if len(pending) >= self.n_workers * self.ahead:
                        break
                while pending:
                    # Taken before the next is sent: the window never grows beyond its bound.
                    result = pending[0].result()
                    pending.popleft()
                    for task in waiting:
                        pending.append(pool.submit(_call, fn, handle, task))
                        break
                    yield result
        finally:
            for future in pending:
                future.cancel()

    def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            if any(not future.done() for future in self._pending):
                # Not shutdown(kill_workers=True): with tasks still queued it fails in loky's own
                # thread with a KeyError (loky 3.6). A pool whose workers died ends cleanly.
                for process in list(pool._processes.values()):
                    process.terminate()
            with warnings.catch_warnings():
                # Without pgrep loky warns that grandchildren may live; ours have none.
                warnings.simplefilter("ignore")
                pool.shutdown(wait=True)
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
            _tracker().unregister(str(folder), "folder")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _started(self) -> Any:
        if self._pool is None:
            from joblib.externals.loky import ProcessPoolExecutor

            self._pool = ProcessPoolExecutor(
                max_workers=self.n_workers,
                initializer=_begin_worker,
                initargs=(os.getpid(),),
                env=ONE_THREAD,
            )
        return self._pool


@dataclass(frozen=True)
class _Kept:
    value: Any

    def open(self) -> Any:
        return self.value


@dataclass(frozen=True)
class _Stored:
    path: str

    def open(self) -> Any:
        return _mapped(self.path)


@lru_cache(maxsize=4)
def _mapped(path: str) -> Any:
    import joblib

    return joblib.load(path, mmap_mode="r")


def _read_only(value: Any) -> Any:
    # A round trip with out-of-band buffers copies no array and hands back read-only views, so a
    # task that writes into its input fails here as it would in a worker.
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(body, buffers=[buffer.raw().toreadonly() for buffer in buffers])


def _call(fn: Callable[[Any, Any], Any], handle: Handle[Any], task: Any) -> Any:
    return fn(handle.open(), task)


def _begin_worker(parent: int) -> None:
    keep_freed_memory()
    # Ctrl-C reaches the whole terminal group; the parent decides, workers do not answer it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_leave_with_parent, args=(parent,), daemon=True).start()


def _leave_with_parent(parent: int) -> None:
    # A parent that was killed cannot dismiss anybody; an orphan gets another parent id.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


@contextlib.contextmanager
def _death_of_a_worker_explained(n_workers: int) -> Iterator[None]:
    from joblib.externals.loky import BrokenProcessPool

    try:
        yield
    except BrokenProcessPool as e:
        raise MillError(
            f"one of {n_workers} worker processes died ({_first_line(e)}); most often the system "
            "ended it for want of memory. What was finished is kept: run again, with fewer workers."
        ) from e


def _first_line(e: BaseException) -> str:
    return next(iter(str(e).splitlines()), type(e).__name__).strip()


def _private_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="alphamill-"))
    # Should this process be killed, loky's tracker process removes the folder after it.
    _tracker().register(str(folder), "folder")
    return folder


def _tracker() -> Any:
    from joblib.externals.loky.backend import resource_tracker

    return resource_tracker
