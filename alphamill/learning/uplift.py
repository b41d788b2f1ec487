"""What a veto on signals is worth: the rule with it beside the rule without, paths, and luck.

Filtered trades are no subset of the unfiltered ones: a vetoed signal leaves the rule flat, and it
may take one that it would have slept through. So the kernel runs again for every veto.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alphamill.backtest.engine import Result, backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.metrics import (
    daily_pnl,
    max_drawdown,
    periods_per_year,
    profit_factor,
    sharpe,
)
from alphamill.backtest.state import OPEN_AT_END
from alphamill.core.errors import DataError
from alphamill.core.market import Bars, Flags, Floats, Instrument, Ints, Signals
from alphamill.core.strategy import Levels

Span = tuple[int, int]


def vetoed(
    bars: Bars,
    signals: Signals,
    keep: Flags,
    stack: ExitStack,
    instrument: Instrument,
    *,
    levels: Levels = "close",
) -> Result:
    """Return the backtest of a rule whose entries a veto may forbid; its leaves stay.

    Parameters
    ----------
    bars, signals, stack, instrument, levels
        As `backtest` takes them.
    keep : ndarray of shape (n_bars,), bool
        Whether an entry decided at this bar's close is allowed; see `over_bars`.

    Raises
    ------
    DataError
        When ``keep`` has not one row a bar.
    """
    if keep.shape != (len(bars),):
        raise DataError(
            f"{bars.symbol}: a veto must have one row a bar, {len(bars)}, received {keep.shape}. "
            "Spread a veto on signals over the bars with over_bars."
        )
    enter = np.where(keep, signals.enter, 0).astype(np.int8)
    return backtest(bars, signals._replace(enter=enter), stack, instrument, levels=levels)


def over_bars(decided: Ints, keep: Flags, n_bars: int) -> Flags:
    """Return a veto on signals as one on bars: True at the bars where a kept one is decided.

    Examples
    --------
    >>> over_bars(np.array([0, 2]), np.array([False, True]), 4).tolist()
    [False, False, True, False]
    """
    allowed = np.zeros(n_bars, dtype=np.bool_)
    allowed[decided] = keep
    return allowed


@dataclass(frozen=True, eq=False)
class Figures:
    """What a backtest made in one window of trade dates.

    Attributes
    ----------
    n_trades : int
        Entered and left inside the window. One that is still open at its end is counted in the
        P&L and left out of ``n_trades``, ``win_rate`` and ``profit_factor``.
    win_rate : float
        Share of them with a net P&L above 0; NaN without a trade.
    net_profit : float
        Marked to market from the last close before the window to its last, account currency.
    sharpe : float
        Of daily marked-to-market P&L, idle sessions as 0, annualised by the window's sessions.
    profit_factor : float
        Of closed trades; infinite without losses, NaN without trades.
    max_drawdown : float
        Deepest fall of ``daily`` summed, the window's start included, account currency.
    pnl_by_year : mapping of int to float
        Sum of ``daily`` in each calendar year of trade dates.
    daily : ndarray of shape (n_sessions,)
    sessions : ndarray of shape (n_sessions,)
        Trade dates yyyymmdd, rising.
    """

    n_trades: int
    win_rate: float
    net_profit: float
    sharpe: float
    profit_factor: float
    max_drawdown: float
    pnl_by_year: Mapping[int, float]
    daily: Floats
    sessions: Ints


def figures_of(result: Result, first: int, last: int) -> Figures:
    """Return a backtest's figures over the sessions from ``first`` to ``last``, both included.

    Parameters
    ----------
    result : Result
        May begin before the window (warm-up) and end after it.
    first, last : int
        Trade dates yyyymmdd.

    Raises
    ------
    DataError
        When the bars hold no session of the window.
    """
    sessions, daily = daily_pnl(result)
    inside = (sessions >= first) & (sessions <= last)
    if not inside.any():
        raise DataError(
            f"{result.bars.symbol}: no session from {first} to {last}; the bars hold "
            f"{_ends(sessions)}. Give the window in trade dates yyyymmdd of these bars."
        )
    sessions, daily = sessions[inside], daily[inside]
    trades, session = result.trades, result.bars.session
    closed = (
        (trades.reason != OPEN_AT_END)
        & (session[trades.entry_bar] >= first)
        & (session[trades.exit_bar] <= last)
    )
    pnl = trades.pnl[closed]
    return Figures(
        n_trades=int(pnl.size),
        win_rate=float(np.mean(pnl > 0)) if pnl.size else math.nan,
        net_profit=float(daily.sum()),
        sharpe=sharpe(daily, periods_per_year(sessions)),
        profit_factor=profit_factor(float(pnl[pnl > 0].sum()), float(-pnl[pnl < 0].sum())),
        max_drawdown=max_drawdown(np.cumsum(daily)),
        pnl_by_year={
            int(year): float(daily[sessions // 10_000 == year].sum())
            for year in np.unique(sessions // 10_000)
        },
        daily=daily,
        sessions=sessions,
    )


@dataclass(frozen=True)
class Uplift:
    """The rule alone beside the rule with a veto, over the same sessions."""

    baseline: Figures
    filtered: Figures

    @property
    def profit(self) -> float:
        return self.filtered.net_profit - self.baseline.net_profit

    @property
    def sharpe(self) -> float:
        return self.filtered.sharpe - self.baseline.sharpe

    @property
    def improvement(self) -> float:
        """Filtered over baseline Sharpe ratio; NaN unless the latter is above 0."""
        if not self.baseline.sharpe > 0:
            return math.nan
        return self.filtered.sharpe / self.baseline.sharpe


@dataclass(frozen=True, eq=False)
class PathUplifts:
    """What cross-validated vetoes add to the rule on the history they were learned from.

    Whoever chose the model by these same splits has seen them: they can refuse, not prove.

    Attributes
    ----------
    baseline : Figures
        The rule alone over the whole history.
    paths : tuple of Figures
        The rule with each path's veto, whose scores are all out of fold.
    group_profit, group_sharpe : ndarray of shape (n_paths, n_groups)
        Filtered minus baseline in each group's sessions. Entry (p, g) is another split's score for
        group g, so the entries are every group x split once; paths share splits, so they are
        correlated.
    """

    baseline: Figures
    paths: tuple[Figures, ...]
    group_profit: Floats
    group_sharpe: Floats

    @property
    def profit(self) -> Floats:
        """Net profit that each path adds over the whole history, shape (n_paths,)."""
        return np.array([p.net_profit - self.baseline.net_profit for p in self.paths])

    @property
    def sharpe(self) -> Floats:
        """Sharpe ratio that each path adds over the whole history, shape (n_paths,)."""
        return np.array([p.sharpe - self.baseline.sharpe for p in self.paths])

    @property
    def median_sharpe(self) -> float:
        """Middle of the Sharpe ratios added, over every group x split."""
        return float(np.median(self.group_sharpe))

    @property
    def share_above(self) -> float:
        """Share of group x split to which the veto added Sharpe ratio."""
        return float(np.mean(self.group_sharpe > 0))

    def quantiles(self, levels: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> Floats:
        """Return quantiles of the Sharpe ratios added, over every group x split."""
        return np.asarray(np.quantile(self.group_sharpe, levels), dtype=np.float64)


def cpcv_uplifts(
    run: Callable[[Flags], Result], keeps: Flags, spans: Sequence[Span]
) -> PathUplifts:
    """Return what each path of a combinatorial cross-validation adds to the rule.

    Parameters
    ----------
    run : callable
        Which signals are kept, (n_signals,) -> the backtest under that veto.
    keeps : ndarray of shape (n_paths, n_signals), bool
        Each path's out-of-fold decisions: `CombinatorialPurgedCV.stitched` of the scores, against
        the threshold that each split may know.
    spans : sequence of (first, last)
        Trade dates of each group, both included, rising and apart; see `group_spans`.

    Raises
    ------
    DataError
        For spans that overlap or stand out of order, or no path.

    Notes
    -----
    A position may be carried from one group into the next, so the groups of a path touch at
    their edges; it is one account that goes through the whole history.
    """
    _require_apart(spans)
    if keeps.ndim != 2 or not keeps.shape[0]:
        raise DataError(
            f"keeps must be one row a path and one column a signal, received {keeps.shape}. "
            "Stitch the scores of the splits to paths first."
        )
    whole = spans[0][0], spans[-1][1]
    alone = run(np.ones(keeps.shape[1], dtype=np.bool_))
    baseline = figures_of(alone, *whole)
    apart = [figures_of(alone, *span) for span in spans]
    paths, profit, ratio = (
        [],
        np.empty((len(keeps), len(spans))),
        np.empty((len(keeps), len(spans))),
    )
    for p, keep in enumerate(keeps):
        result = run(keep)
        paths.append(figures_of(result, *whole))
        for g, (span, without) in enumerate(zip(spans, apart, strict=True)):
            found = Uplift(without, figures_of(result, *span))
            profit[p, g], ratio[p, g] = found.profit, found.sharpe
    return PathUplifts(baseline, tuple(paths), profit, ratio)


def group_spans(decided_session: Ints, edges: Ints, sessions: Ints) -> tuple[Span, ...]:
    """Return the trade dates of each group of signals: they part the whole window.

    Parameters
    ----------
    decided_session : ndarray of shape (n_signals,)
        Trade date at whose bar each signal is decided, rising.
    edges : ndarray of shape (n_groups + 1,)
        `CombinatorialPurgedCV.edges`: group g holds the signals from edges[g] up to edges[g + 1].
    sessions : ndarray of shape (n_sessions,)
        Every trade date of the window, rising.

    Returns
    -------
    tuple of (first, last)
        A group begins with the session of its first signal, the first one with the window, and
        ends the session before the next begins.

    Raises
    ------
    DataError
        When two groups begin in one session.
    """
    begins = np.searchsorted(sessions, decided_session[edges[1:-1]])
    starts, stops = np.append(0, begins), np.append(begins, sessions.size)
    if (starts >= stops).any():
        raise DataError(
            f"each group needs a session of its own, received {starts.size} groups beginning at "
            f"sessions {sessions[starts].tolist()}. Use fewer groups or more signals."
        )
    return tuple(
        (int(sessions[a]), int(sessions[b - 1])) for a, b in zip(starts, stops, strict=True)
    )


def _require_apart(spans: Sequence[Span]) -> None:
    dates = [date for span in spans for date in span]
    if not dates or any(
        last < first or (i and first <= spans[i - 1][1]) for i, (first, last) in enumerate(spans)
    ):
        raise DataError(
            "spans must be trade dates (first, last) of groups, rising and apart, received "
            f"{list(spans)}. Make them with group_spans."
        )


def _ends(sessions: Ints) -> str:
    return f"{sessions[0]} to {sessions[-1]}" if sessions.size else "none"
