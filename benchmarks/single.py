"""One backtest with its list of trades and its metrics, from a cold start to a warm one.

A fresh process is given prices and signals in a file; its seconds count from the start of the
interpreter to the last metric. It runs three times: with no compiled code on disk, with what the
first left there, and again inside the second process.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import CLOCK, Findings
from benchmarks.script import Done, Script

ROOT = Path(__file__).resolve().parents[1]
GROUP = "one backtest"
# Name, package, and the module that runs it.
ENGINES = (
    ("Alphamill", "alphamill", "benchmarks.by_alphamill"),
    ("vectorbt", "vectorbt", "benchmarks.by_vectorbt"),
    ("backtesting.py", "backtesting", "benchmarks.by_backtesting"),
    ("backtrader", "backtrader", "benchmarks.by_backtrader"),
    ("pybroker", "pybroker", "benchmarks.by_pybroker"),
)
CACHES = ("ALPHAMILL_CACHE", "NUMBA_CACHE_DIR")


def measure_single(findings: Findings, n_bars: int, n_repeats: int) -> None:
    """Measure every engine that is installed on one RSI cell, its trades compared first."""
    from benchmarks.course import rule_course
    from benchmarks.peers import installed

    course = rule_course(n_bars)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "script.npz"
        script = course.script(course.signals[0])
        np.savez(file, **{name: c for name, c in script._asdict().items() if c is not None})
        expected: list[float] = []
        for name, package, module in ENGINES:
            if installed(findings, package):
                told = _measure_engine(findings, (name, module), file, n_bars, n_repeats)
                expected = expected or told
                if not np.allclose(told, expected, rtol=1e-9, atol=1e-6):
                    raise AssertionError(f"{name} trades {told}, Alphamill {expected}: no time.")
                findings.checks.append(
                    f"{name}, {GROUP}: {told[0]:,.0f} trades, their bars and their P&L equal ours"
                )


def _measure_engine(
    findings: Findings, engine: tuple[str, str], file: Path, n_bars: int, n_repeats: int
) -> list[float]:
    """Add an engine's seconds; return what its trades add up to."""
    cold, disk, warm, told = [], [], [], []
    _run(engine, file, None)  # bytecode is written
    for _ in range(n_repeats):
        with tempfile.TemporaryDirectory() as cache:
            for seconds in (cold, disk):
                began = CLOCK.read()
                told = _run(engine, file, cache)
                seconds.append(CLOCK.read() - began)
            warm.append(told.pop())
    name, note = engine[0], f"{told[0]:,.0f} trades in {n_bars:,} bars, a fresh process"
    findings.add(GROUP, f"{name}: nothing compiled", cold, "s", note)
    findings.add(GROUP, f"{name}: compiled code on disk", disk, "s", note)
    findings.add(GROUP, f"{name}: again, warm", [1e3 * s for s in warm], "ms", "no start")
    return told


def _run(engine: tuple[str, str], file: Path, cache: str | None) -> list[float]:
    caches = dict.fromkeys(CACHES, cache) if cache else {}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.single", engine[1], str(file), CLOCK.name],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **caches},
    )
    told: list[float] = json.loads(done.stdout.splitlines()[-1])
    return told


def main(module: str, file: str, clock: str) -> None:
    """Run one engine and print its sums and the seconds of its second run."""
    warnings.simplefilter("ignore")
    found = np.load(file)
    script = Script(*(found.get(name) for name in Script._fields))
    engine: Any = importlib.import_module(module)
    done = engine.run(script)
    CLOCK.use(clock)
    began = CLOCK.read()
    engine.run(script)
    print(json.dumps([*sums_of(done, script.close.size), CLOCK.read() - began]))


def sums_of(done: Done, n_bars: int) -> list[float]:
    """Return the number of trades over before the last two bars, their bars and their P&L."""
    kept = done.left < n_bars - 2
    pnl = (done.exit - done.entry)[kept].sum()
    return [float(kept.sum()), float(done.entered[kept].sum()), float(done.left[kept].sum()), pnl]


if __name__ == "__main__":
    main(*sys.argv[1:])
