"""A sweep to be killed: run as a process, it says "go" when the first cell is under way."""

import sys
from pathlib import Path

from alphamill.core.clock import ReplayClock
from alphamill.research.sweep import sweep
from alphamill.validation.ledger import Ledger
from alphamill.workshop.parallel import executor
from tests.research.grounds import ground, plan

STRATEGIES = (1, 21, 40, 45, 52)


class Announcing:
    """Progress that tells the killer when to take aim."""

    def start(self, label: str, total: int) -> None:
        say("go")

    def advance(self, n: int = 1, note: str = "") -> None:
        say(str(n))

    def finish(self) -> None:
        say("done")


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def main(folder: Path, n_workers: int) -> None:
    grounds = {"A": ground(1), "B": ground(2)}
    ledger = Ledger(folder / "ledger.db", ReplayClock(1))
    with executor(n_workers) as work:
        sweep(plan(strategies=STRATEGIES), grounds, folder / "runs", ledger, work, Announcing())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
