"""Words of the self-test: an experiment, its repeats, and the bounds that judge its figure.

A repeat is numbered, and its number is its seed: any chunk of repeats may run in any process, now
or after a restart, and the answer is the same.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from zlib import crc32

import numpy as np
from scipy.special import bdtr

from alphamill.validation.calibration import CONFIDENCE, proportion_interval
from alphamill.validation.statistics import Interval

Level = Literal["smoke", "quick", "full"]
LEVELS: tuple[Level, ...] = ("smoke", "quick", "full")
# What one repeat found; numbers, so that a store of them is plain JSON.
Record = Sequence[float]
SEED = 4


class Repeats(NamedTuple):
    """How often an experiment is repeated at each level; 0 leaves it out."""

    smoke: int
    quick: int
    full: int

    def at(self, level: Level) -> int:
        """Return the repeats of one level."""
        return int(self[LEVELS.index(level)])


@dataclass(frozen=True)
class Judged:
    """A figure in a number and in words, and whether it was what it had to be (None: nothing).

    ``interval`` is its 99 % interval where it is a proportion.
    """

    figure: float
    told: str
    passed: bool | None
    interval: Interval = Interval(math.nan, math.nan)


@dataclass(frozen=True)
class Experiment:
    """One row of the table.

    Attributes
    ----------
    id, name : str
        As in the specification, such as K6.
    bound : str
        What the figure must be, in words.
    repeats : Repeats
    one : callable, optional
        The repeat of a number (from 0), in one process and from its number alone. None: nothing
        is run here, and ``declared`` says where it is shown instead.
    judge : callable, optional
        Of all records, and of whether they are those of a full run: bounds that the
        specification states for a full run get the allowance of chance for a shorter one.
    chunk : int
        Repeats that are run, stored and lost together.
    records_of : str
        The experiment whose records are read instead of own ones.
    declared : str
    """

    id: str
    name: str
    bound: str
    repeats: Repeats
    one: Callable[[int], Record] | None = None
    judge: Callable[[Sequence[Record], bool], Judged] | None = None
    chunk: int = 1
    records_of: str = ""
    declared: str = ""

    @property
    def source(self) -> str:
        """Return whose records are judged."""
        return self.records_of or self.id


def generator(name: str, number: int) -> np.random.Generator:
    """Return the random numbers of one repeat of an experiment."""
    return np.random.default_rng([SEED, crc32(name.encode()), number])


def most_hits(rate: float, n: int, confidence: float = CONFIDENCE) -> int:
    """Return the most hits of ``n`` that a true ``rate`` explains: P(more) <= 1 - confidence.

    Examples
    --------
    >>> most_hits(0.05, 1_000), most_hits(0.05, 40)
    (67, 6)
    """
    hits = np.arange(n + 1)
    return int(np.argmax(bdtr(hits, n, rate) >= confidence))


def fewest_hits(rate: float, n: int, confidence: float = CONFIDENCE) -> int:
    """Return the fewest hits of ``n`` that a true ``rate`` explains: P(fewer) <= 1 - confidence.

    Examples
    --------
    >>> fewest_hits(0.9, 200), fewest_hits(0.05, 1_000)
    (170, 35)
    """
    return n - most_hits(1.0 - rate, n, confidence)


def share(hits: int, n: int, least: float = 0.0, most: float = 1.0, what: str = "") -> Judged:
    """Judge a number of hits that must lie between two shares of all repeats, both included."""
    interval = proportion_interval(hits, n)
    told = (
        f"{hits / n:.1%} of {n:,}{what} (99 % interval {interval.low:.1%} to {interval.high:.1%})"
    )
    return Judged(hits / n, told, least * n - 1e-9 <= hits <= most * n + 1e-9, interval)


def slack(deviation: float, n: int, n_full: int) -> float:
    """Return what the bound of a mean gives way when fewer repeats than the full ones were made.

    The half width of the 99 % interval of a mean of ``n``, less that of a mean of ``n_full``,
    which the specification's bound already holds.
    """
    return 2.576 * deviation * (1.0 / math.sqrt(n) - 1.0 / math.sqrt(max(n, n_full)))


def sized(hits: int, n: int, whole: bool, what: str = "", exact: bool = False) -> Judged:
    """Judge how often a test at 5 % rejected noise.

    A full run must lie within the specification's 3.3 % to 6.6 % (only the upper one where the
    test is conservative, ``exact`` False), a shorter one within what a true 5 % explains.
    """
    most = 0.066 if whole else most_hits(0.05, n) / n
    least = 0.033 if whole else fewest_hits(0.05, n) / n
    return share(hits, n, least if exact else 0.0, most, what)
