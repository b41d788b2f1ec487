"""Walk-forward: weights from the past only, held until the next decision."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.portfolio.allocate.allocator import Fallback, Weigher
from alphamill.portfolio.allocate.hold import Held, held
from alphamill.portfolio.allocate.plan import Plan
from alphamill.portfolio.allocate.schedule import decision_rows
from alphamill.portfolio.allocate.universe import Universe
from alphamill.validation.crossval import CombinatorialPurgedCV


@dataclass(frozen=True, eq=False)
class Walk:
    """One allocator through history.

    Attributes
    ----------
    decided : int64 of shape (n_decisions,)
        Rows of the universe at whose close weights were set; traded ``lag`` rows later.
    targets : float64 of shape (n_decisions, n_names)
    fallbacks : tuple of Fallback or None, one a decision
    first : int
        Row of the first trade: from here on days are judged, and the same for all allocators.
    held : Held
        Of every row of the universe; nothing is held before ``first``.
    """

    decided: Ints
    targets: Floats
    fallbacks: tuple[Fallback | None, ...]
    first: int
    held: Held

    @property
    def net(self) -> Floats:
        """Return the judged days' returns after costs."""
        return self.held.net[self.first :]


def walk(market: Universe, allocator: Weigher, plan: Plan) -> Walk:
    """Return what the allocator would have earned, every weight from days before it was held.

    A decision at the close of row d sees returns and signals up to and with d, is traded at the
    close of row d + lag, and earns from the row after that.

    Raises
    ------
    DataError
        Where the history holds no decision after its first window.
    """
    decided = decisions(market, plan)
    targets, fallbacks = [], []
    for d in decided.tolist():
        seen = slice(0 if plan.expanding else d + 1 - plan.window, d + 1)
        allocator.fit(
            market.returns.iloc[seen], classes=market.classes, signals=market.signals.iloc[d]
        )
        targets.append(allocator.weights_)
        fallbacks.append(allocator.fallback_)
    trades = dict(zip((decided + plan.terms.lag).tolist(), targets, strict=True))
    days = held(market.matrix, trades, plan.terms, market.cash_returns)
    return Walk(decided, np.array(targets), tuple(fallbacks), int(min(trades)), days)


def decisions(market: Universe, plan: Plan) -> Ints:
    """Return the rows of the decisions: with a whole window before, and a day to earn after."""
    rows = decision_rows(market.sessions, plan.every)
    # Row 0 is a return too: a window that ends with row d begins with row d + 1 - window.
    rows = rows[(rows + 1 >= plan.window) & (rows + plan.terms.lag < len(market.returns) - 1)]
    if not rows.size:
        raise DataError(
            f"{len(market.returns)} days hold no {plan.every} decision after a window of "
            f"{plan.window} days. Give more history, or a shorter window."
        )
    return rows


@dataclass(frozen=True, eq=False)
class Combined:
    """One allocator over every combination of training and test groups.

    Attributes
    ----------
    paths : float64 of shape (n_paths, n_days)
        Returns after costs; each path goes through the judged days once.
    fallbacks : tuple of Fallback or None
        One a fit.
    """

    paths: Floats
    fallbacks: tuple[Fallback | None, ...]


def combined(market: Universe, allocator: Weigher, plan: Plan, first: int) -> Combined:
    """Return the allocator's combinatorial purged validation over the rows from ``first`` on.

    In each split weights are set on the training days, which may lie after the test days, and
    held over each test block at the plan's schedule. Rules that read signals read those of each
    decision's close. Training days within ``embargo`` after a test block are left out, and those
    whose day reaches into one by the lag of the trades.
    """
    at = np.arange(len(market.returns) - first)
    reach = at + plan.terms.lag
    cv = CombinatorialPurgedCV(at, reach, plan.n_groups, plan.n_test_groups, plan.embargo)
    kept: list[Floats] = []
    fallbacks: list[Fallback | None] = []
    for train, test in cv.split(at):
        weights = _Weights(market, allocator, first + train)
        blocks = np.split(first + test, np.flatnonzero(np.diff(test) > 1) + 1)
        kept.append(np.concatenate([_block_returns(weights, b, plan) for b in blocks]))
        fallbacks += weights.fallbacks
    return Combined(cv.stitched(kept), tuple(fallbacks))


class _Weights:
    """The allocator as fitted on one training set, asked again only where signals change it."""

    def __init__(self, market: Universe, allocator: Weigher, train: Ints) -> None:
        self.market, self.allocator = market, allocator
        self.past = market.returns.iloc[train]
        self.fallbacks: list[Fallback | None] = []

    def at(self, row: int) -> Floats:
        """Return the weights of a decision at the close of ``row``."""
        if self.allocator.reads_signals or not self.fallbacks:
            self.allocator.fit(
                self.past, classes=self.market.classes, signals=self.market.signals.iloc[row]
            )
            self.fallbacks.append(self.allocator.fallback_)
            self.kept = self.allocator.weights_
        return self.kept


def _block_returns(weights: _Weights, block: Ints, plan: Plan) -> Floats:
    """Return the days of one test block; the first trade's costs are the first day's."""
    market, lag = weights.market, plan.terms.lag
    begin, end = int(block[0]), int(block[-1])
    rows = decision_rows(market.sessions[begin : end + 1], plan.every) + begin
    # What is held when the block begins was decided early enough to be traded at the close before.
    decided = [begin - 1 - lag, *(rows[rows + lag < end].tolist())]
    trades = {d + lag - (begin - 1): weights.at(d) for d in decided}
    span = slice(begin - 1, end + 1)
    found = held(market.matrix[span], trades, plan.terms, market.cash_returns[span])
    net = found.net[1:].copy()
    net[0] = (1.0 + found.net[0]) * (1.0 + net[0]) - 1.0
    return net


def share_of_fallbacks(fallbacks: Sequence[Fallback | None]) -> float:
    """Return how many of the decisions were not answered as asked."""
    return sum(f is not None for f in fallbacks) / max(len(fallbacks), 1)
