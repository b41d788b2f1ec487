"""One formula each: what a backtest earned, risked and paid."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alphamill.backtest.engine import Result
from alphamill.backtest.state import OPEN_AT_END, REASONS
from alphamill.core.market import Floats, Ints

# Only scales the percent figures; P&L is per contract or per fixed notional.
STARTING_EQUITY = 100_000.0


@dataclass(frozen=True)
class Metrics:
    """What a report prints of one cell.

    Money in account currency; ``sharpe_ratio`` and ``sortino_ratio`` annualised from daily
    marked-to-market P&L, days without a position counted as 0; ``profit_factor`` is infinite
    without losses and NaN without trades; trade statistics leave out a trade still open at the
    end, ``total_pnl`` includes it. ``turnover`` is traded value a year over the starting equity;
    ``cost_share`` is fees plus slippage over the gross profit of winning and losing trades before
    costs in absolute value.
    """

    total_bars: int
    total_trades: int
    winning_trades: int
    losing_trades: int
    win_rate: float
    total_pnl: float
    total_pnl_pct: float
    avg_pnl_per_trade: float
    avg_win: float
    avg_loss: float
    largest_win: float
    largest_loss: float
    sharpe_ratio: float
    sortino_ratio: float
    max_drawdown: float
    max_drawdown_pct: float
    profit_factor: float
    expectancy: float
    turnover: float
    exposure: float
    cost_share: float
    fees: float
    slippage: float
    avg_bars_held: float
    max_bars_held: int
    min_bars_held: int
    exit_counts: Mapping[str, int]
    ambiguous_share: float


def summary(result: Result) -> Metrics:
    """Return every metric of one backtest."""
    trades = result.trades
    closed = trades.reason != OPEN_AT_END
    pnl, held = trades.pnl[closed], trades.bars_held[closed]
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    sessions, daily = daily_pnl(result)
    days = periods_per_year(sessions)
    drop = max_drawdown(np.cumsum(daily))
    costs = float(trades.fees.sum() + trades.slippage.sum())
    gross = float(np.abs(trades.pnl + trades.fees + trades.slippage).sum())
    return Metrics(
        total_bars=len(result.bars),
        total_trades=pnl.size,
        winning_trades=wins.size,
        losing_trades=losses.size,
        win_rate=_over(wins.size, pnl.size),
        total_pnl=float(result.equity[-1]) if result.equity.size else 0.0,
        total_pnl_pct=100 * float(result.equity[-1]) / STARTING_EQUITY if result.equity.size else 0,
        avg_pnl_per_trade=_over(float(pnl.sum()), pnl.size),
        avg_win=_over(float(wins.sum()), wins.size),
        avg_loss=_over(float(losses.sum()), losses.size),
        largest_win=float(wins.max(initial=0.0)),
        largest_loss=float(losses.min(initial=0.0)),
        sharpe_ratio=sharpe(daily, days),
        sortino_ratio=sortino(daily, days),
        max_drawdown=drop,
        max_drawdown_pct=100 * drawdown_frac(np.cumsum(daily)),
        profit_factor=profit_factor(float(wins.sum()), float(-losses.sum())),
        expectancy=_over(float(pnl.sum()), pnl.size),
        turnover=_turnover(result, sessions.size / days if days else 0.0),
        exposure=_over(int(trades.bars_held.sum()), len(result.bars)),
        cost_share=_over(costs, gross),
        fees=float(trades.fees.sum()),
        slippage=float(trades.slippage.sum()),
        avg_bars_held=_over(int(held.sum()), held.size),
        max_bars_held=int(held.max(initial=0)),
        min_bars_held=int(held.min()) if held.size else 0,
        exit_counts={
            name: int((trades.reason == code).sum())
            for code, name in enumerate(REASONS)
            if (trades.reason == code).any()
        },
        ambiguous_share=_over(int(trades.ambiguous.sum()), pnl.size),
    )


def daily_pnl(result: Result) -> tuple[Ints, Floats]:
    """Return (trade dates yyyymmdd, marked-to-market net P&L of each), one row a session."""
    last = session_last_bars(result.bars.session)
    marks = result.equity[last]
    return result.bars.session[last], np.diff(marks, prepend=0.0)


def session_last_bars(session: Ints) -> Ints:
    """Return the index of each session's last bar in the data."""
    if session.size == 0:
        return np.empty(0, dtype=np.int64)
    return np.append(np.flatnonzero(np.diff(session)), session.size - 1)


def periods_per_year(sessions: Ints) -> float:
    """Return sessions a year as this series has them: about 252, 260 or 365 by the market.

    Taken from the calendar the data follow; under half a year of data it is 252 (or 365 where
    weekends trade), because a short span would measure its own holidays.
    """
    if sessions.size < 2:
        return 252.0
    years = (_ordinal(int(sessions[-1])) - _ordinal(int(sessions[0])) + 1) / 365.25
    if years < 0.5:
        on_weekends = any((_ordinal(int(day)) + 3) % 7 > 4 for day in sessions)
        return 365.0 if on_weekends else 252.0
    return float(sessions.size / years)


def sharpe(pnl: Floats, per_year: float) -> float:
    """Return mean / std (ddof 1) x sqrt(per_year); 0 where the P&L never moves."""
    if pnl.size < 2:
        return 0.0
    variance = float(pnl.var(ddof=1))
    # Below this the difference is rounding: the same P&L every period.
    if variance <= 1e-12 * float(np.mean(pnl**2)):
        return 0.0
    return float(pnl.mean()) / math.sqrt(variance) * math.sqrt(per_year)


def sortino(pnl: Floats, per_year: float) -> float:
    """Return mean / downside deviation over all periods, annualised; 0 without a losing one."""
    if pnl.size < 2:
        return 0.0
    downside = math.sqrt(float(np.mean(np.minimum(pnl, 0.0) ** 2)))
    return float(pnl.mean()) / downside * math.sqrt(per_year) if downside > 0 else 0.0


def max_drawdown(equity: Floats) -> float:
    """Return the deepest fall from a peak, the start (0) included, in account currency."""
    if equity.size == 0:
        return 0.0
    peak = np.maximum(np.maximum.accumulate(equity), 0.0)
    return float((peak - equity).max())


def drawdown_frac(equity: Floats) -> float:
    """Return the deepest fall over the peak account value of its time."""
    if equity.size == 0:
        return 0.0
    account = STARTING_EQUITY + equity
    peak = np.maximum(np.maximum.accumulate(account), STARTING_EQUITY)
    return float((1.0 - account / peak).max())


def profit_factor(gross_win: float, gross_loss: float) -> float:
    """Return wins over losses; infinite without losses, NaN without either."""
    if gross_loss > 0:
        return gross_win / gross_loss
    return math.inf if gross_win > 0 else math.nan


def _turnover(result: Result, years: float) -> float:
    t = result.trades
    traded = t.units * (np.abs(t.entry_price) + np.abs(t.exit_price))
    value = float(traded.sum()) * result.instrument.point_value
    return _over(_over(value, years), STARTING_EQUITY)


def _over(a: float, b: float) -> float:
    return a / b if b else 0.0


def _ordinal(session: int) -> int:
    date = np.datetime64(f"{session // 10000:04d}-{session // 100 % 100:02d}-{session % 100:02d}")
    return int(date.astype("datetime64[D]").astype(np.int64))
