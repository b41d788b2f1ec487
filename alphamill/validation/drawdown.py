"""How deep it could have gone: drawdowns of the same P&L in another order.

For risk: how much to hold, when to stop. Never as proof of skill: whatever the order, trades of a
lucky rule add up to the same profit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats
from alphamill.validation.bootstrap import stationary_rows
from alphamill.validation.gates import Verdict
from alphamill.validation.thresholds import DrawdownThresholds

LEVELS = (0.50, 0.90, 0.95, 0.99)

# Working arrays of one piece of a long resampling stay near 10 MB.
_PIECE = 1_000_000


@dataclass(frozen=True, eq=False)
class DrawdownBands:
    """Drawdowns of other orders, in the currency of the P&L.

    Attributes
    ----------
    observed : float
        That of the order that happened.
    levels : tuple of float
        Shares of the draws.
    depth : float64 of shape (n_levels,)
        Drawdown that this share of draws does not exceed.
    share_deeper : float
        Share of draws that fell deeper than what was observed; far from a half, the order that
        happened was kind (near 1) or unkind (near 0).
    """

    observed: float
    levels: tuple[float, ...]
    depth: Floats
    share_deeper: float


def trade_order_bands(
    trades: Floats,
    rng: np.random.Generator,
    n_draws: int = 2_000,
    levels: Sequence[float] = LEVELS,
) -> DrawdownBands:
    """Return how deep the same trades fall in other orders.

    Parameters
    ----------
    trades : ndarray of shape (n_trades,)
        Profit of each trade in account currency, finite, in order of exit.
    rng : numpy.random.Generator
    n_draws : int
    levels : sequence of float
        Between 0 and 1.

    Returns
    -------
    DrawdownBands
        Depth from the highest point so far, the start included. 0 without a trade.

    Raises
    ------
    DataError

    Notes
    -----
    Total, mean, Sharpe ratio, win rate and profit factor are the same in every order, so no test
    of them can be built on it. Losing streaks that come from the market are broken up, and what
    trades lose while they are open is not seen: the figure is too small where losses cluster.
    `block_bands` keeps both.

    References
    ----------
    Masters (2018), Testing and Tuning Market Trading Systems, on bounding drawdown; specs,
    statistics C0 and C8.
    """

    def shuffled(n_rows: int) -> Floats:
        return rng.permuted(np.tile(trades, (n_rows, 1)), axis=1)

    return _bands(trades, shuffled, n_draws, levels)


def block_bands(
    pnl: Floats,
    mean_block: float,
    rng: np.random.Generator,
    n_draws: int = 2_000,
    levels: Sequence[float] = LEVELS,
) -> DrawdownBands:
    """Return how deep resampled histories of the session P&L fall.

    Parameters
    ----------
    pnl : ndarray of shape (n_sessions,)
        Marked to market, account currency, finite; sessions without a position as 0.
    mean_block : float
        Sessions; long enough to hold a bad stretch, see `bootstrap.block_length`, which looks at
        means and gives too little where volatility clusters.
    rng, n_draws, levels
        As `trade_order_bands`.

    Returns
    -------
    DrawdownBands

    Raises
    ------
    DataError

    Notes
    -----
    The mean is resampled too, but around the one observed: if that was found by a search, the
    drawdowns to come are deeper than these.

    References
    ----------
    Politis and Romano (1994), The Stationary Bootstrap, JASA 89(428).
    """

    def resampled(n_rows: int) -> Floats:
        return pnl[stationary_rows(pnl.size, n_rows, mean_block, rng)]

    return _bands(pnl, resampled, n_draws, levels)


def drawdown_gate(
    trade_order: DrawdownBands, blocks: DrawdownBands, limits: DrawdownThresholds
) -> Verdict:
    """Say whether the order of the trades was kind: how much deeper it could have gone.

    Passes where not too many orders of the same trades fall deeper than theirs did. For risk,
    never as proof of skill: noise passes as often as an edge, by construction.

    Parameters
    ----------
    trade_order, blocks : DrawdownBands
        From `drawdown.trade_order_bands`, which is judged, and `drawdown.block_bands` of the
        session P&L, which is shown and keeps losing streaks together.
    limits : DrawdownThresholds
    """
    score, bar = 1.0 - trade_order.share_deeper, 1.0 - limits.max_share_deeper
    deep = " and ".join(
        f"{band.depth[0]:,.0f} to {band.depth[-1]:,.0f} {name}"
        for name, band in (("in other orders of the trades", trade_order), ("in blocks", blocks))
    )
    detail = (
        f"fell {blocks.observed:,.0f}; {blocks.levels[0]:.0%} to {blocks.levels[-1]:.0%} of draws "
        f"fall at most {deep}; {trade_order.share_deeper:.0%} of orders fall deeper"
    )
    return Verdict("drawdown", score >= bar, score, bar, detail)


def _bands(
    pnl: Floats, draw: Callable[[int], Floats], n_draws: int, levels: Sequence[float]
) -> DrawdownBands:
    if pnl.ndim != 1 or not np.isfinite(pnl).all():
        raise DataError(f"drawdowns need one series of finite P&L, received shape {pnl.shape}.")
    if n_draws < 1 or len(levels) == 0 or not all(0.0 < level < 1.0 for level in levels):
        raise DataError(
            f"drawdown bands need a draw and levels between 0 and 1, received {n_draws} draws "
            f"and {tuple(levels)}."
        )
    if pnl.size == 0:
        return DrawdownBands(0.0, tuple(levels), np.zeros(len(levels)), 0.0)
    per_piece = max(1, _PIECE // pnl.size)
    drawn = np.concatenate(
        [_depths(draw(min(per_piece, n_draws - start))) for start in range(0, n_draws, per_piece)]
    )
    observed = float(_depths(pnl[None, :])[0])
    # Another order of the same sums differs in its last bit.
    deeper = float(np.mean(drawn > observed * (1.0 + 1e-9)))
    return DrawdownBands(observed, tuple(levels), np.quantile(drawn, levels), deeper)


def _depths(pnl: Floats) -> Floats:
    equity = np.cumsum(pnl, axis=1)
    peak = np.maximum(np.maximum.accumulate(equity, axis=1), 0.0)
    return np.asarray((peak - equity).max(axis=1))
