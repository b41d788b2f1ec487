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

    def as_json(self) -> str:
        """Return machine, figures, checks and what was skipped as one JSON document."""
        return json.dumps({"machine": machine(), **asdict(self)}, indent=2)


def timed(work: Callable[[], object], n_repeats: int) -> list[float]:
    """Return the seconds that each repeat of ``work`` took."""
    seconds = []
    for _ in range(n_repeats):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return seconds


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, load, and versions."""
    return {
        "processor": _processor(),
        "cores": cpu_count(),
        "load": [round(load, 2) for load in getloadavg()],
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
