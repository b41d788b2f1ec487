import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from alphamill.core.errors import MillError, SettingsError
from alphamill.workshop.parallel import Executor, Loky, Serial, Threads, executor


@dataclass(frozen=True)
class Market:
    name: str
    close: np.ndarray
    empty: np.ndarray


def market() -> Market:
    return Market("T", np.arange(50_000, dtype=np.float64), np.empty(0))


def sum_to(value: Market, stop: int) -> tuple[str, float]:
    return value.name, float(value.close[:stop].sum()) + value.empty.size


def slow_first(value: int, task: int) -> int:
    time.sleep(0.3 if task == 0 else 0.0)
    return value + task


def write_into(value: Market, task: int) -> None:
    value.close[task] = 1.0


def refuse(value: int, task: int) -> int:
    if task == 3:
        raise SettingsError("task 3 is not allowed")
    return task


def die(value: int, task: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return task


def threads(value: int, task: int) -> tuple[str | None, str | None]:
    return os.environ.get("OMP_NUM_THREADS"), os.environ.get("NUMBA_NUM_THREADS")


def doze(value: int, task: int) -> int:
    time.sleep(60.0)
    return os.getpid()


both = pytest.mark.parametrize("n_workers", [1, 2])


def test_results_are_the_same_for_one_worker_and_two():
    stops = [0, 10, 49_999, 3]
    by_hand = [("T", float(n * (n - 1) // 2)) for n in stops]

    for n_workers in (1, 2):
        with executor(n_workers) as work:
            assert list(work.map(sum_to, stops, work.put(market()))) == by_hand


def test_results_come_in_task_order_although_the_first_task_is_the_slowest():
    with Loky(2) as work:
        assert list(work.map(slow_first, range(12), work.put(100))) == list(range(100, 112))


def whose(value: object, task: int) -> tuple[int, int]:
    time.sleep(0.02)
    return id(value), threading.get_ident()


def test_threads_share_the_value_itself_and_answer_in_task_order():
    mine = market()

    with Threads(2) as work:
        assert list(work.map(slow_first, range(12), work.put(100))) == list(range(100, 112))
        told = list(work.map(whose, range(4), work.put(mine)))

    assert {value for value, _ in told} == {id(mine)}
    assert len({thread for _, thread in told} - {threading.get_ident()}) == 2


@both
def test_a_task_cannot_write_into_the_shared_value(n_workers):
    with executor(n_workers) as work, pytest.raises(ValueError, match="read-only"):
        list(work.map(write_into, [0], work.put(market())))


def test_serial_leaves_the_callers_array_writable():
    mine = market()

    Serial().put(mine)

    mine.close[0] = 7.0
    assert mine.close[0] == 7.0


@both
def test_an_exception_reaches_the_caller_after_the_results_before_it(n_workers):
    with executor(n_workers) as work:
        results = work.map(refuse, range(6), work.put(0))

        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(SettingsError, match="task 3"):
            next(results)


def test_an_executor_can_map_again_after_an_exception():
    with Loky(2) as work:
        handle = work.put(0)
        with pytest.raises(SettingsError):
            list(work.map(refuse, range(6), handle))

        assert list(work.map(slow_first, [1, 2], handle)) == [1, 2]


@both
def test_tasks_are_drawn_no_further_than_the_look_ahead(n_workers):
    drawn = []
    work = Serial() if n_workers == 1 else Loky(n_workers, ahead=3)

    with work:
        results = work.map(slow_first, (drawn.append(i) or i for i in range(1_000)), work.put(0))
        for _ in range(5):
            next(results)

    assert len(drawn) <= 5 + n_workers * 3


def test_threads_of_libraries_are_pinned_to_one_in_workers():
    with Loky(2) as work:
        assert set(work.map(threads, range(4), work.put(0))) == {("1", "1")}


def test_a_dead_worker_is_named_and_the_remedy_given():
    with Loky(2) as work, pytest.raises(MillError, match=r"worker.*died.*run again, with fewer"):
        list(work.map(die, range(4), work.put(0)))


def test_files_are_gone_after_close_and_private_before():
    work = Loky(2)
    path = Path(work.put(market()).path)

    assert path.parent.stat().st_mode & 0o077 == 0
    work.close()
    work.close()

    assert not path.parent.exists()


def test_close_does_not_wait_for_tasks_under_way():
    started = time.monotonic()

    with Loky(2) as work:
        results = work.map(doze, range(4), work.put(0))
        with pytest.raises(KeyboardInterrupt):
            interrupt_soon(results)

    assert time.monotonic() - started < 20.0


def interrupt_soon(results) -> None:
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    signal.setitimer(signal.ITIMER_REAL, 1.5)
    next(results)


SCRIPT = """
import os, sys, time
from alphamill.workshop.parallel import Loky

def report(folder, task):
    open(os.path.join(folder, str(os.getpid())), "w").close()
    time.sleep(60)

with Loky(2) as work:
    handle = work.put(sys.argv[1])
    print(handle.path, flush=True)
    list(work.map(report, range(8), handle))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_and_files_are_gone_when_the_parent_is_ended(tmp_path, number):
    with script_at_work(tmp_path) as (parent, stored, pids):
        parent.send_signal(number)
        parent.wait(timeout=10)

    wait_until(lambda: not any(alive(pid) for pid in pids))
    wait_until(lambda: not stored.exists())


def test_ctrl_c_in_the_terminal_is_answered_by_the_parent_alone(tmp_path):
    with script_at_work(tmp_path) as (parent, _, pids):
        os.killpg(parent.pid, signal.SIGINT)
        _, said = parent.communicate(timeout=10)

    assert said.count("Traceback") == 1
    assert not any(alive(pid) for pid in pids)


@contextlib.contextmanager
def script_at_work(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Path, list[int]]]:
    (folder / "run.py").write_text(textwrap.dedent(SCRIPT))
    (folder / "pids").mkdir()
    command = [sys.executable, str(folder / "run.py"), str(folder / "pids")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, start_new_session=True, **pipes) as parent:
        stored = Path(parent.stdout.readline().strip())
        wait_until(lambda: len(list((folder / "pids").iterdir())) == 2)
        yield parent, stored, [int(p.name) for p in (folder / "pids").iterdir()]


def wait_until(condition, limit_s: float = 15.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().split()[2] != "Z"


def test_no_worker_at_all_is_a_settings_error():
    with pytest.raises(SettingsError, match="at least 1, received 0"):
        executor(0)


def test_both_executors_satisfy_the_port():
    ports: list[Executor] = [Serial(), Loky(2)]

    assert [type(p).__name__ for p in ports] == ["Serial", "Loky"]
