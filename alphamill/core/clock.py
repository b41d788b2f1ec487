"""Time is an argument: rooms below the edge receive a clock and never build one."""

from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Whoever can say what time it is."""

    def now_ns(self) -> int:
        """Return the present moment, UTC nanoseconds since 1970."""
        ...


@dataclass
class ReplayClock:
    """A clock that stands where it is put, so that any day can be replayed."""

    at_ns: int

    def now_ns(self) -> int:
        return self.at_ns
