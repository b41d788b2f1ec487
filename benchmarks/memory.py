"""How much memory a whole tree of processes holds at its highest."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")
EVERY_S = 0.1


class Peak:
    """The highest of what was seen, in MB, of this process and its descendants.

    ``own_share`` is the sum of proportional set sizes (``/proc/PID/smaps_rollup``): a page that two
    processes map counts half in each, so bars mapped by all workers count once. ``resident`` is the
    sum of resident set sizes, which counts them again in every process.
    """

    def __init__(self) -> None:
        self.own_share = self.resident = 0.0
        self.n_processes = 0

    def look(self) -> None:
        """Take one sample."""
        held = [found for pid in descendants(os.getpid()) if (found := _held(pid))]
        self.own_share = max(self.own_share, sum(share for share, _ in held))
        self.resident = max(self.resident, sum(resident for _, resident in held))
        self.n_processes = max(self.n_processes, len(held))


def can_look() -> bool:
    """Return whether this system tells what a process holds."""
    return (PROC / "self" / "smaps_rollup").exists()


@contextmanager
def watched() -> Iterator[Peak]:
    """Sample a tenth of a second apart while the block runs, and once at either end."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(EVERY_S):
            peak.look()

    watcher = threading.Thread(target=watch, daemon=True)
    peak.look()
    watcher.start()
    try:
        yield peak
    finally:
        peak.look()
        over.set()
        watcher.join()


def descendants(pid: int) -> list[int]:
    """Return the process and all that it started, and those started."""
    found = [pid]
    for parent in found:
        for children in (PROC / str(parent)).glob("task/*/children"):
            found += map(int, _read(children).split())
    return found


def _held(pid: int) -> tuple[float, float] | None:
    """Return a process's proportional and resident set size, MB."""
    sizes = {}
    for line in _read(PROC / str(pid) / "smaps_rollup").splitlines():
        name, _, rest = line.partition(":")
        if name in ("Pss", "Rss"):
            sizes[name] = int(rest.split()[0]) * 1024 / 1e6
    return (sizes["Pss"], sizes["Rss"]) if len(sizes) == 2 else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # it has ended
        return ""
