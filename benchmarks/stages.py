"""An executor that notes where the time of a parallel map goes.

Workers import this file to run their tasks, so it imports nothing that they would not.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from alphamill.workshop.parallel import Executor, Handle


@dataclass
class Spent:
    """Seconds by stage: the parent's by the wall, the workers' of processor time added up."""

    whole: float = 0.0
    handing_over: float = 0.0
    waiting: float = 0.0
    counting: float = 0.0
    in_tasks: float = 0.0
    by_strategy: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TimedTask:
    """A function that returns its seconds beside its answer."""

    run: Callable[[Any, Any], Any]

    def __call__(self, value: Any, task: Any) -> tuple[Any, float]:
        began = time.process_time()
        return self.run(value, task), time.process_time() - began


class TimedExecutor:
    """Another executor, and what the parent waits for and the tasks take."""

    def __init__(self, work: Executor, spent: Spent) -> None:
        self._work, self._spent = work, spent
        self.n_workers = work.n_workers

    def put(self, value: Any) -> Handle[Any]:
        began = time.perf_counter()
        handle = self._work.put(value)
        self._spent.handing_over += time.perf_counter() - began
        return handle

    def map(
        self, fn: Callable[[Any, Any], Any], tasks: Iterable[Any], handle: Handle[Any]
    ) -> Iterator[Any]:
        todo = list(tasks)
        answers = self._work.map(TimedTask(fn), todo, handle)
        for task in todo:
            began = time.perf_counter()
            answer, took = next(answers)
            self._spent.waiting += time.perf_counter() - began
            self._spent.in_tasks += took
            rule = task.strategy
            self._spent.by_strategy[rule] = self._spent.by_strategy.get(rule, 0.0) + took
            yield answer

    def close(self) -> None:
        self._work.close()

    def __enter__(self) -> "TimedExecutor":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
