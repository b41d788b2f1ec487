"""What can be audited and what comes of it: subjects, the grounds they are tried on, findings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Protocol

import numpy as np

from alphamill.core.market import Floats, Ints
from alphamill.validation.audit_line import Line

Kind = Literal["strategy", "indicator", "feature", "label", "model", "weights"]
How = Literal["missing", "noise", "constant", "nan"]
HOWS: Final[tuple[How, ...]] = ("missing", "noise", "constant", "nan")
# Odd lengths of history: a memory that happens to divide a round one would hide.
LENGTHS: Final = (199, 399, 499, 999, 1999)


class Ground(Protocol):
    """A history to try subjects on, and how its future is taken away or changed."""

    @property
    def name(self) -> str:
        """What a reader calls it."""
        ...

    @property
    def moments(self) -> Ints:
        """The moment at which each row was known, UTC nanoseconds, shape (n_rows,)."""
        ...

    def rows(self, start: int, stop: int) -> Any:
        """Return rows ``start`` to ``stop - 1`` as a subject takes them."""
        ...

    def changed(self, n_kept: int, how: How) -> Any:
        """Return all rows, those from ``n_kept`` on as noise, as a constant or as NaN.

        Raises
        ------
        DataError
            Where such a history cannot be.
        """
        ...


class Traded(NamedTuple):
    """What trading a subject's signals gave.

    ``decided_ns`` and ``filled_ns`` are, for each order, the closes of the bar that decided it and
    of the bar that filled it; ``pnl`` is the profit of each period, the same periods for any delay.
    """

    decided_ns: Ints
    filled_ns: Ints
    pnl: Floats


@dataclass(frozen=True)
class Subject:
    """Something that turns a history into rows, and must not read ahead in it.

    Attributes
    ----------
    kind : Kind
        What it is: the rooms that hold features, labels, models and weights register theirs.
    name, params : str
        What a reader calls it, and the parameters it is tried with.
    call : callable
        Data of a ground -> columns of one row each, in a form `named_columns` takes.
    grounds : tuple of Ground
        A few hundred rows each: they are cut and changed many times.
    files : frozenset of str
        Source files in which a leak is looked for, as code objects name them.
    memory : int, optional
        Rows after which the last row no longer depends on older ones; None where nothing is
        forgotten or nothing was declared.
    long_grounds : tuple of Ground
        A few thousand rows each, for start-up and timing; may be empty.
    reads_ahead : int
        Rows after its own that a row may read: 0 for all but labels, which are known later.
    trades : callable, optional
        (data, delay in rows) -> `Traded`, for what can be traded.
    untried : tuple of str
        What its grounds cannot do to it, and why.
    """

    kind: Kind
    name: str
    call: Callable[[Any], Any]
    grounds: tuple[Ground, ...]
    files: frozenset[str] = frozenset()
    params: str = ""
    memory: int | None = None
    long_grounds: tuple[Ground, ...] = ()
    reads_ahead: int = 0
    trades: Callable[[Any, int], Traded] | None = None
    untried: tuple[str, ...] = ()


@dataclass(frozen=True)
class Effort:
    """How much is tried: cuts a ground, ends of the start-up test, and its lengths of history."""

    n_cuts: int = 60
    n_ends: int = 12
    lengths: tuple[int, ...] = LENGTHS


QUICK: Final = Effort(n_cuts=16, n_ends=4, lengths=())


@dataclass(frozen=True)
class Finding:
    """One column that is not what it should be, at the first bar that shows it.

    Attributes
    ----------
    check : str
        "repeat", a word of `HOWS`, "start-up", "fills" or "delay".
    column : str
        A column of what the subject returns, or "orders".
    row, moment_ns : int
        The bar, and when it closed.
    n_hits, n_tried : int
        At how many of the cuts, ends or orders that were tried.
    said : str
        What was found, in words.
    line : Line or None
        Where the leak is likely to be; None where tracing does not show it.
    """

    check: str
    column: str
    ground: str
    row: int
    moment_ns: int
    n_hits: int
    n_tried: int
    said: str
    line: Line | None = None

    @property
    def moment(self) -> str:
        """Return when the bar closed, UTC, to the minute."""
        return str(np.datetime64(self.moment_ns, "ns").astype("datetime64[m]")).replace("T", " ")


@dataclass(frozen=True)
class Report:
    """What the audit of one subject found.

    Attributes
    ----------
    notes : tuple of str
        What could not be tried, and why.
    n_compared : int
        Values compared; 0 where nothing could be tried.
    start_up : tuple of (int, float)
        Rows of history -> largest difference of a last row from that of the whole history, as a
        part of its column's usual size; 1.0 for another side or flag.
    """

    subject: Subject
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    n_compared: int
    start_up: tuple[tuple[int, float], ...]
