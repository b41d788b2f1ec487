"""What a filter on scored trades kept, and what it was worth: figures of specs/factory.md 8.1."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from alphamill.backtest.metrics import max_drawdown, periods_per_year, profit_factor, sharpe
from alphamill.core.errors import SettingsError
from alphamill.core.market import Flags, Floats, Ints
from alphamill.data.calendar import DAY_NS, schedule
from alphamill.data.quality.table import yyyymmdd
from alphamill.learning.bundle import passes
from alphamill.learning.trade_files import HeldOutTrades
from alphamill.validation.audit_probe import area_under_curve

Definition = Literal["per_trade", "active_days", "calendar_days", "sessions"]


@dataclass(frozen=True)
class TradeFigures:
    """Figures of some trades; of no trades all are 0 but ``profit_factor``, which is NaN.

    Attributes
    ----------
    n_trades : int
    win_rate : float
        Share of trades with a net P&L above 0.
    total_pnl : float
        Net, account currency.
    sharpe : float
        Annual Sharpe ratio of the returns by the ``per_trade`` definition of `trade_sharpe`.
    profit_factor : float
        Sum of gains over sum of losses of the returns; infinite without losses.
    total_return, max_drawdown_frac : float
        Of an account that puts all it has into every trade, one after the other.
    max_drawdown : float
        Deepest fall of the summed net P&L from a peak, the start included, account currency.
    """

    n_trades: int
    win_rate: float
    total_pnl: float
    sharpe: float
    profit_factor: float
    total_return: float
    max_drawdown_frac: float
    max_drawdown: float


@dataclass(frozen=True)
class Filtered:
    """All trades beside those that a threshold kept.

    ``auc`` is that of the scores for the label; ``kept_share`` and ``precision`` (share of kept
    trades that won) lie from 0 to 1, ``recall`` is the share of winners that were kept; ``f1`` is
    their harmonic mean. ``improvement`` is kept over unfiltered Sharpe ratio, NaN unless the
    latter is above 0, for a ratio to a loss says nothing.
    """

    threshold: float
    unfiltered: TradeFigures
    kept: TradeFigures
    kept_share: float
    auc: float
    precision: float
    recall: float
    f1: float
    improvement: float
    pnl_by_year: Mapping[int, float]


def filtered(trades: HeldOutTrades, threshold: float = 0.5, n_years: int = 4) -> Filtered:
    """Return what remains of the trades whose score reaches ``threshold``.

    Parameters
    ----------
    threshold : float
        Between 0 and 1.
    n_years : int
        Length of the held-out window, for the Sharpe ratios.

    Raises
    ------
    SettingsError
        For a threshold outside (0, 1) or no whole year.
    """
    if not 0 < threshold < 1:
        raise SettingsError(
            f"threshold must lie between 0 and 1, received {threshold!r}. A bundle's stands under "
            "Prod_Threshold."
        )
    keep = passes(trades.score, threshold)
    unfiltered, kept = (
        figures(trades.returns[rows], trades.pnl[rows], n_years)
        for rows in (np.ones_like(keep), keep)
    )
    n_won = int((trades.won & keep).sum())
    precision, recall = _over(n_won, int(keep.sum())), _over(n_won, int(trades.won.sum()))
    years = np.unique(trades.day // 10_000)
    return Filtered(
        threshold=threshold,
        unfiltered=unfiltered,
        kept=kept,
        kept_share=_over(int(keep.sum()), len(trades)),
        auc=area_under_curve(trades.score, trades.won),
        precision=precision,
        recall=recall,
        f1=_over(2 * precision * recall, precision + recall),
        improvement=kept.sharpe / unfiltered.sharpe if unfiltered.sharpe > 0 else math.nan,
        pnl_by_year={
            int(year): float(trades.pnl[keep & (trades.day // 10_000 == year)].sum())
            for year in years
        },
    )


def figures(returns: Floats, pnl: Floats, n_years: int) -> TradeFigures:
    """Return the figures of trades in order of entry.

    Parameters
    ----------
    returns, pnl : ndarray of shape (n_trades,)
        Fractions of the entry price; net account currency.
    n_years : int
        Length of the window in which they were sought.

    Raises
    ------
    SettingsError
        When ``n_years`` is below 1.
    """
    equity = np.cumprod(1.0 + returns)
    gain, loss = float(returns[returns > 0].sum()), float(-returns[returns < 0].sum())
    peak = np.maximum(np.maximum.accumulate(equity), 1.0)
    return TradeFigures(
        n_trades=int(returns.size),
        win_rate=_over(int((pnl > 0).sum()), pnl.size),
        total_pnl=float(pnl.sum()),
        sharpe=per_trade_sharpe(returns, n_years),
        profit_factor=profit_factor(gain, loss),
        total_return=float(equity[-1]) - 1.0 if equity.size else 0.0,
        max_drawdown_frac=float((1.0 - equity / peak).max(initial=0.0)),
        max_drawdown=max_drawdown(np.cumsum(pnl)),
    )


def per_trade_sharpe(returns: Floats, n_years: int) -> float:
    """Return mean / population deviation x sqrt(whole trades a year), of trades.

    The documents' ratio: ``n_trades // n_years`` periods a year. It grows with the number of trades
    and knows neither idle days nor overlap; 0 for fewer than two trades.

    References
    ----------
    specs/factory.md 4.6 (6) and 8.1 (a).

    Examples
    --------
    >>> round(per_trade_sharpe(np.array([0.03, -0.01, 0.03, -0.01]), 1), 9)
    1.0
    """
    if n_years < 1:
        raise SettingsError(f"n_years must be 1 or more, received {n_years!r}.")
    n = returns.size
    if n < 2:
        return 0.0
    # `sharpe` has the sample's deviation; the documents take the population's.
    return sharpe(returns, (n // n_years) * n / (n - 1))


def trade_sharpe(
    trades: HeldOutTrades, keep: Flags, definition: Definition = "sessions", n_years: int = 4
) -> float:
    """Return the annual Sharpe ratio of the kept trades' returns by a definition's name.

    Parameters
    ----------
    keep : ndarray of shape (n_trades,), bool
    definition : str
        ``sessions``: sums of each session of the exchange from the first to the last candidate,
        idle ones as 0 (the right one). The documents': ``per_trade`` (`per_trade_sharpe`);
        ``active_days``, local days with at least one candidate, x sqrt(252); ``calendar_days``,
        every day between the first and the last kept trade, weekends too, x sqrt(252).
    n_years : int
        For ``per_trade``.

    Raises
    ------
    SettingsError
        For an unknown definition.

    References
    ----------
    specs/factory.md 4.4, "two day-counts coexist", and 8.3.
    """
    if definition not in get_args(Definition):
        raise SettingsError(
            f"definition must be one of {list(get_args(Definition))}, received {definition!r}."
        )
    returns = np.where(keep, trades.returns, 0.0)
    if definition == "per_trade" or not keep.any():
        return per_trade_sharpe(trades.returns[keep], n_years)
    if definition == "active_days":
        return sharpe(_daily(trades.day, returns, np.unique(trades.day)), 252)
    if definition == "calendar_days":
        day = trades.day[keep]
        return sharpe(
            _daily(day, returns[keep], schedule("24/7", int(day[0]), int(day[-1])).session), 252
        )
    # The last session may close after a weekend or holidays.
    plan = schedule(
        trades.instrument.calendar,
        int(trades.day[0]),
        int(yyyymmdd(trades.entry_ns[-1:] + 7 * DAY_NS)[0]),
    )
    at = np.searchsorted(plan.close_ns, trades.entry_ns)
    held = plan.session[at]
    inside = plan.session[at[0] : at[-1] + 1]
    return sharpe(_daily(held, returns, inside), periods_per_year(inside))


def _daily(day: Ints, returns: Floats, days: Ints) -> Floats:
    """Return the sum of each of ``days``, which rise and hold every ``day``."""
    at = np.searchsorted(days, day)
    return np.bincount(at, weights=returns, minlength=days.size).astype(np.float64)


def _over(a: float, b: float) -> float:
    return a / b if b else 0.0
