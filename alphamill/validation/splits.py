"""Where history is cut: quarter blocks, walk-forward folds, and the four windows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Flags, Ints

WINDOWS = ("discovery", "ml_validation", "portfolio", "sealed")

# A window judges what the windows before it chose, so it must be long enough to say something.
# On 20 years: discovery 12 (its winner is deflated by thousands of trials and needs the most),
# 2 for thresholds that are only confirmed, 2 for the choice and the test of a portfolio, and 4
# sealed, in which an edge of Sharpe 1 is seen at 95 % confidence 64 % of the time (2 years: 41 %).
DEFAULT_WINDOWS: Mapping[str, float] = {
    "discovery": 0.6,
    "ml_validation": 0.1,
    "portfolio": 0.1,
    "sealed": 0.2,
}


@dataclass(frozen=True, eq=False)
class Blocks:
    """Calendar quarters of a list of sessions, those without a session left out.

    Attributes
    ----------
    of_session : int64 of shape (n_sessions,)
        Block of each session, rising from 0.
    edges : int64 of shape (n_blocks + 1,)
        Block b holds the sessions edges[b] to edges[b + 1] - 1.
    n_sessions : int64 of shape (n_blocks,)
    labels : tuple of str
        For example ``"2015Q3"``.
    """

    of_session: Ints
    edges: Ints
    n_sessions: Ints
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Fold:
    """Blocks to choose in and the next ones to be judged by; the stops are not included."""

    train_start: int
    train_stop: int
    test_start: int
    test_stop: int

    @property
    def train(self) -> slice:
        return slice(self.train_start, self.train_stop)

    @property
    def test(self) -> slice:
        return slice(self.test_start, self.test_stop)


@dataclass(frozen=True)
class Window:
    """Sessions ``start`` to ``stop - 1`` of the history, trade dates ``first`` to ``last``."""

    name: str
    start: int
    stop: int
    first: int
    last: int

    @property
    def sessions(self) -> slice:
        return slice(self.start, self.stop)

    def __len__(self) -> int:
        return self.stop - self.start

    def holds(self, session: Ints) -> Flags:
        """Return which of the trade dates lie inside."""
        return (session >= self.first) & (session <= self.last)


@dataclass(frozen=True)
class Windows:
    """Four disjoint stretches of history in the order of time.

    Raises
    ------
    SettingsError
        When two of them overlap or stand in the wrong order.
    """

    discovery: Window
    ml_validation: Window
    portfolio: Window
    sealed: Window

    def __post_init__(self) -> None:
        for earlier, later in zip(self.all(), self.all()[1:], strict=False):
            if earlier.last >= later.first:
                raise SettingsError(
                    f"windows.{later.name} must begin after windows.{earlier.name} ends: "
                    f"{earlier.name} ends {earlier.last} and {later.name} begins {later.first}. "
                    "Whatever is chosen must be chosen before the data that judge it."
                )

    def all(self) -> tuple[Window, ...]:
        return self.discovery, self.ml_validation, self.portfolio, self.sealed


def quarter_blocks(session: Ints) -> Blocks:
    """Return the calendar quarters of sessions.

    Parameters
    ----------
    session : int64 of shape (n_sessions,)
        Trade dates yyyymmdd, each once, rising.

    Raises
    ------
    DataError
        For an empty list or one that does not rise.

    Examples
    --------
    >>> quarter_blocks(np.array([20200330, 20200331, 20200401])).n_sessions.tolist()
    [2, 1]
    """
    session = np.asarray(session, dtype=np.int64)
    if session.size == 0:
        raise DataError("quarter blocks need at least one session, received none.")
    falls = np.flatnonzero(np.diff(session) <= 0)
    if falls.size:
        at = int(falls[0])
        raise DataError(
            f"sessions must rise, each trade date once: entry {at + 1} is {session[at + 1]} after "
            f"{session[at]}. Pass one row a session, not one a bar."
        )
    quarter = session // 10_000 * 4 + (session // 100 % 100 - 1) // 3
    begins = np.append(0, np.flatnonzero(np.diff(quarter)) + 1)
    edges = np.append(begins, session.size).astype(np.int64)
    n_sessions = np.diff(edges)
    return Blocks(
        np.repeat(np.arange(n_sessions.size, dtype=np.int64), n_sessions),
        edges,
        n_sessions,
        tuple(f"{q // 4}Q{q % 4 + 1}" for q in quarter[begins].tolist()),
    )


def walk_forward(n_blocks: int, train: int, test: int, anchored: bool = False) -> list[Fold]:
    """Return folds of ``train`` blocks to choose in and ``test`` blocks to be judged by.

    The tests tile everything after the first training window, without gap or overlap; the last
    one is shorter where the blocks do not divide. Anchored training windows all begin at block 0
    and grow.

    Examples
    --------
    >>> [(f.train_start, f.train_stop, f.test_stop) for f in walk_forward(9, 4, 2)]
    [(0, 4, 6), (2, 6, 8), (4, 8, 9)]
    """
    if train < 1 or test < 1:
        raise SettingsError(
            f"walk-forward windows must hold at least one block, received train {train!r} and "
            f"test {test!r}."
        )
    if n_blocks <= train:
        raise SettingsError(
            f"a walk-forward with {train} training blocks needs at least {train + 1} blocks, and "
            f"the discovery window holds {n_blocks}; shorten gates.train_quarters or load more "
            "history."
        )
    return [
        Fold(0 if anchored else stop - train, stop, stop, min(stop + test, n_blocks))
        for stop in range(train, n_blocks, test)
    ]


def next_training(folds: Sequence[Fold]) -> slice:
    """Return the blocks in which to choose for the time after the last test."""
    stop = folds[-1].test_stop
    anchored = len(folds) > 1 and folds[1].train_start == folds[0].train_start
    if anchored:
        return slice(folds[0].train_start, stop)
    return slice(stop - (folds[0].train_stop - folds[0].train_start), stop)


def windows(session: Ints, wanted: Mapping[str, float | tuple[int, int]] | None = None) -> Windows:
    """Cut a history into discovery, ml_validation, portfolio and sealed.

    Parameters
    ----------
    session : int64 of shape (n_sessions,)
        All trade dates yyyymmdd of the history, rising.
    wanted : mapping, optional
        For each window its fraction of the history (together 1), or its first and last trade date,
        both included. By default `DEFAULT_WINDOWS`. Fractions are cut at the nearest
        edge of a quarter, and each window gets at least one; dates must be quarter edges.

    Raises
    ------
    SettingsError
        For a missing or unknown window, fractions mixed with dates or not adding up to 1, dates
        that overlap, are inverted or cut a quarter, and a window without a session.
    """
    asked = dict(DEFAULT_WINDOWS if wanted is None else wanted)
    if set(asked) != set(WINDOWS):
        raise SettingsError(f"windows must name {', '.join(WINDOWS)}, received {sorted(asked)}.")
    blocks = quarter_blocks(session)
    by_date = {name: tuple(v) for name, v in asked.items() if isinstance(v, (tuple, list))}
    if not by_date:
        fractions = {
            name: float(v) for name, v in asked.items() if not isinstance(v, (tuple, list))
        }
        return _by_fraction(session, blocks, fractions)
    if len(by_date) < len(WINDOWS):
        raise SettingsError(
            f"windows must be all fractions or all dates, received dates for {sorted(by_date)} "
            "only."
        )
    return Windows(**{name: _by_date(session, name, by_date[name]) for name in WINDOWS})


def _by_fraction(session: Ints, blocks: Blocks, fractions: Mapping[str, float]) -> Windows:
    sizes = [fractions[name] for name in WINDOWS]
    if any(not 0.0 < size < 1.0 for size in sizes) or not math.isclose(sum(sizes), 1.0):
        raise SettingsError(
            f"the fractions of windows must each lie between 0 and 1 and add up to 1, received "
            f"{dict(fractions)}."
        )
    n_windows = len(WINDOWS)
    if len(blocks) < n_windows:
        raise SettingsError(
            f"{n_windows} windows need at least {n_windows} calendar quarters, and the history "
            f"{session[0]} to {session[-1]} has {len(blocks)}; load more history."
        )
    cuts = [0]
    for place, share in enumerate(np.cumsum(sizes[:-1]), start=1):
        nearest = int(np.argmin(np.abs(blocks.edges - share * session.size)))
        # At least one quarter for each window, those still to come included.
        cuts.append(min(max(nearest, cuts[-1] + 1), len(blocks) - n_windows + place))
    at = blocks.edges[[*cuts, len(blocks)]]
    return Windows(
        **{name: _window(session, name, at[k], at[k + 1]) for k, name in enumerate(WINDOWS)}
    )


def _by_date(session: Ints, name: str, dates: tuple[object, ...]) -> Window:
    if len(dates) != 2 or not all(isinstance(day, (int, np.integer)) for day in dates):
        raise SettingsError(
            f"windows.{name} must be (first, last) as yyyymmdd, received {dates!r}."
        )
    first, last = (int(str(day)) for day in dates)
    if first > last:
        raise SettingsError(f"windows.{name} ends before it begins: {first} to {last}.")
    if first % 10_000 not in _FIRST_DAYS or last % 10_000 not in _LAST_DAYS:
        raise SettingsError(
            f"windows.{name} must begin on the first and end on the last day of a calendar "
            f"quarter (such as 20100101 to 20211231), received {first} to {last}; results are "
            "kept by quarter."
        )
    start, stop = np.searchsorted(session, [first, last + 1])
    if start == stop:
        raise SettingsError(
            f"windows.{name} {first} to {last} holds no session; the history runs from "
            f"{session[0]} to {session[-1]}."
        )
    return _window(session, name, start, stop)


_FIRST_DAYS = (101, 401, 701, 1001)
_LAST_DAYS = (331, 630, 930, 1231)


def _window(session: Ints, name: str, start: np.int64, stop: np.int64) -> Window:
    return Window(name, int(start), int(stop), int(session[start]), int(session[stop - 1]))
