"""One worker of the hunt: it lives in a copy of the tree, and forks once for each mutant.

What takes long to import and is not mutated is imported before the fork; the mutated room never
is. A line of JSON comes in for each mutant (path, source, tests, seconds), a verdict goes out.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import alphamill.core.market
import alphamill.core.params
import alphamill.indicators.volatility
import alphamill.workshop.compiled  # noqa: F401

MUTATED = "alphamill.backtest"
OPTIONS = ("-x", "-q", "--assert=plain", "-o", "addopts=", "-p", "no:cacheprovider")


def main() -> None:
    """Answer until the input ends."""
    already = [name for name in sys.modules if name.startswith(MUTATED)]
    assert not already, f"{already} would not be read again"
    for number, line in enumerate(sys.stdin):
        asked = json.loads(line)
        file = Path(asked["path"])
        right = file.read_text(encoding="utf-8")
        file.write_text(asked["source"], encoding="utf-8")
        # Bytecode is believed by size and second: each mutant has a second of its own.
        os.utime(file, (number, number))
        began = time.perf_counter()
        verdict = verdict_of(asked["tests"], asked["seconds"])
        file.write_text(right, encoding="utf-8")
        answer = {"verdict": verdict, "took_s": round(time.perf_counter() - began, 2)}
        answer["log"] = Path("mutant.log").read_text(encoding="utf-8", errors="replace")[-2000:]
        print(json.dumps(answer), flush=True)  # noqa: T201


def verdict_of(tests: Sequence[str], seconds: int) -> str:
    """Return what the tests say of the tree as it stands: passed, failed or timeout."""
    child = os.fork()
    if child == 0:
        signal.alarm(seconds)  # ends the process: a mutant may loop for ever
        log = os.open("mutant.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os._exit(pytest.main([*OPTIONS, *tests]))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "timeout" if os.WTERMSIG(status) == signal.SIGALRM else "failed"
    return "passed" if os.WEXITSTATUS(status) == pytest.ExitCode.OK else "failed"


if __name__ == "__main__":
    main()
