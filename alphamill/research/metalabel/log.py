"""The run's log: a stamped line for each step of each winner, whoever works on it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from alphamill.core.clock import Clock
from alphamill.workshop.files import append_line, locked

# A line of progress every so many units.
EVERY = 60


@dataclass
class Logged:
    """A winner's voice in ``pipeline.log``; also what its search reports its progress to."""

    path: Path
    key: str
    clock: Clock
    label: str = ""
    total: int = 0
    done: int = 0
    began_ns: int = field(default=0)

    def say(self, text: str) -> None:
        """Append a line."""
        moment = datetime.fromtimestamp(self.clock.now_ns() / 1e9, UTC)
        with locked(self.path.with_suffix(".lock")):
            append_line(self.path, f"{moment:%Y-%m-%d %H:%M:%S} {self.key}: {text}")

    def start(self, label: str, total: int) -> None:
        """Begin a stretch of work."""
        self.label, self.total, self.done = label, total, 0
        self.began_ns = self.clock.now_ns()

    def advance(self, n: int = 1, note: str = "") -> None:
        """Count units, and say so every now and then."""
        self.done += n
        if self.done % EVERY == 0 or self.done == self.total:
            passed = (self.clock.now_ns() - self.began_ns) / 1e9
            left = passed / self.done * (self.total - self.done)
            said = f"{self.label} {self.done} of {self.total}, about {left:.0f} s left"
            self.say(f"{said}; {note}" if note else said)

    def finish(self) -> None:
        """Say nothing."""
