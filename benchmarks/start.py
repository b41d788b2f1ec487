"""How long a user waits before anything happens: imports, help, and compiled code."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Findings, timed

ROOT = Path(__file__).resolve().parents[1]
IMPORT = [sys.executable, "-c", "import alphamill"]
NOTHING = [sys.executable, "-c", "pass"]
FIRST_TASK = "from benchmarks.speed import first_task; print(first_task({}, {!r}))"


def measure_imports(findings: Findings, n_repeats: int) -> None:
    """Measure fresh processes, the interpreter's own start included."""
    for command in (IMPORT, _help()):
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)  # bytecode is written
    for name, command, note in (
        ("python, nothing else", NOTHING, ""),
        ("import alphamill", IMPORT, "goal 0.4 s"),
        ("alphamill --help", _help(), "goal 0.5 s"),
    ):

        def run(command: list[str] = command) -> None:
            subprocess.run(command, check=True, capture_output=True, cwd=ROOT)

        findings.add("start", name, timed(run, n_repeats), "s", note)


def measure_compile(findings: Findings, n_bars: int, n_repeats: int) -> None:
    """Measure a process's first small task with an empty cache of compiled code, and again."""
    cold, hot = [], []
    for _ in range(n_repeats):
        with tempfile.TemporaryDirectory() as folder:
            cold.append(_first_task(folder, n_bars, findings.clock))
            hot.append(_first_task(folder, n_bars, findings.clock))
    note = f"1 set x 20 stacks x {n_bars:,} bars"
    findings.add("start", "first task, empty cache (compiles)", cold, "s", note)
    findings.add("start", "first task, compiled code from disk", hot, "s", note)


def _first_task(cache: str, n_bars: int, clock: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_TASK.format(n_bars, clock)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "ALPHAMILL_CACHE": cache},
    )
    return float(done.stdout)


def _help() -> list[str]:
    script = Path(sys.executable).with_name("alphamill")
    if script.exists():
        return [str(script), "--help"]
    return [sys.executable, "-m", "alphamill.cli.main", "--help"]
