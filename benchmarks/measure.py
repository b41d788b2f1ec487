"""A figure: the median of some repeats with its spread, or a ratio of two of them."""

import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from os import cpu_count, getloadavg
from pathlib import Path
from typing import Any

PACKAGES = (
    "alphamill",
    "numba",
    "numpy",
    "pandas",
    "ta-lib",
    "vectorbt",
    "vectorbt-rust",
    "backtesting",
    "backtrader",
    "lib-pybroker",
)


@dataclass(frozen=True)
class Figure:
    """What was measured; ``low`` and ``high`` are the extremes of ``n_repeats``."""

    group: str
    name: str
    median: float
    low: float
    high: float
    unit: str
    n_repeats: int
    note: str = ""


@dataclass
class Findings:
    """Everything one run found; ``skipped`` says what it could not measure, and why."""

    clock: str = "wall"
    figures: list[Figure] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(
        self, group: str, name: str, values: Sequence[float], unit: str, note: str = ""
    ) -> None:
        """Keep the median of ``values`` and their extremes."""
        self.figures.append(
            Figure(
                group,
                name,
                statistics.median(values),
                min(values),
                max(values),
                unit,
                len(values),
                note,
            )
        )

    def skip(self, why: str) -> None:
        """Say once what is not measured, and why."""
        if why not in self.skipped:
            self.skipped.append(why)

    def as_json(self) -> str:
        """Return machine, figures, checks and what was skipped as one JSON document."""
        return json.dumps({"machine": machine(), **asdict(self)}, indent=2)


class Clock:
    """Reads seconds: of the wall, or of the processor this process and its finished children got.

    On a machine that others use, only the second says what one core's work costs. Work of several
    processes at once is always timed by the wall.
    """

    def __init__(self) -> None:
        self.use("wall")

    def use(self, name: str) -> None:
        """Read "wall" or "cpu" from now on."""
        self.name = name
        self.read = _cpu_seconds if name == "cpu" else time.perf_counter


def _cpu_seconds() -> float:
    import resource  # not on Windows

    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


CLOCK = Clock()


def timed(work: Callable[[], object], n_repeats: int) -> list[float]:
    """Return the seconds that each repeat of ``work`` took."""
    seconds = []
    for _ in range(n_repeats):
        began = CLOCK.read()
        work()
        seconds.append(CLOCK.read() - began)
    return seconds


def busy_share(seconds: float = 0.2) -> float:
    """Return the part of a core that this process gets when it asks for all of it."""
    began, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        pass
    return (time.process_time() - cpu) / (time.perf_counter() - began)


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, load, and versions."""
    return {
        "processor": _processor(),
        "cores": cpu_count(),
        "load": [round(load, 2) for load in getloadavg()],
        "share of a core": round(busy_share(), 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version for name in PACKAGES if (version := _version(name))},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
