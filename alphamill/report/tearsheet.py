"""The tearsheet of one cell: everything its trades did, in one file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alphamill.backtest.engine import Result
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.metrics import (
    STARTING_EQUITY,
    daily_pnl,
    max_drawdown,
    periods_per_year,
    sharpe,
    summary,
)
from alphamill.backtest.state import OPEN_AT_END
from alphamill.core.market import Bars, Floats, Instrument, Ints
from alphamill.report.charts import (
    Curve,
    equity_with_drawdown,
    price_detail,
    price_overview,
    reason,
)
from alphamill.report.figures import histogram, scatter
from alphamill.report.scales import days_of
from alphamill.report.story import trades_a_year
from alphamill.report.svg import WIDE
from alphamill.report.templating import rendered
from alphamill.report.wording import date, money, number, params, plural
from alphamill.workshop.files import write_atomic


def write_tearsheet(result: Result, title: str, notes: Mapping[str, str], path: Path) -> Path:
    """Write one self-contained page about one backtest; return its path.

    ``notes`` are shown as they are, name and words: strategy, parameters, data, identity.
    """
    write_atomic(path, rendered("tearsheet.html.j2", tearsheet_context(result, title, notes)))
    return path


def tearsheet_context(result: Result, title: str, notes: Mapping[str, str]) -> dict[str, object]:
    """Return what the template shows."""
    sessions, daily = daily_pnl(result)
    closed = result.trades.reason != OPEN_AT_END
    pnl = result.trades.pnl[closed]
    found = plural(len(result.trades), "trade")
    total = Curve("equity", days_of(sessions), np.cumsum(daily), "c-0")
    return {
        "title": title,
        "notes": notes,
        "m": summary(result),
        "currency": result.instrument.currency,
        "rate": trades_a_year(result),
        "span": span_words(result.bars),
        "account": number(STARTING_EQUITY, 0),
        "equity": equity_with_drawdown(
            [total], f"Net profit and loss marked daily, {money(daily.sum())} in all", WIDE
        ),
        "overview": price_overview(
            result.bars, result.trades, f"{result.bars.symbol} close with {found} below", WIDE
        ),
        "detail": price_detail(
            result.bars, result.trades, f"The last trades on {result.bars.symbol}, bar by bar", WIDE
        ),
        "months": months(sessions, daily),
        "years": years(result, sessions, daily),
        "exits": exits(result),
        "spread": histogram(pnl, f"Profit and loss of {plural(pnl.size, 'closed trade')}"),
        "excursions": scatter(
            result.trades.mae[closed],
            result.trades.mfe[closed],
            pnl,
            "Worst against best excursion of each closed trade",
        ),
        "trades": trade_rows(result),
        "stated": conventions(result.bars, result.instrument, result.stack) | result.deviations,
    }


def span_words(bars: Bars) -> str:
    """Return series, first and last trade date and number of bars."""
    if not len(bars):
        return f"{bars.symbol} {bars.timeframe}, no bars"
    first, last = date(bars.session[0]), date(bars.session[-1])
    return f"{bars.symbol} {bars.timeframe}, {first} to {last}, {plural(len(bars), 'bar')}"


@dataclass(frozen=True)
class MonthCell:
    """One month's P&L; ``depth`` 0 to 1 colours it; None where no session fell in it."""

    pnl: float | None
    depth: float


def months(sessions: Ints, pnl: Floats) -> list[tuple[int, list[MonthCell], float]]:
    """Return (year, twelve months, total) for every year with a session."""
    totals: dict[int, float] = {}
    for month, made in zip((sessions // 100).tolist(), pnl.tolist(), strict=True):
        totals[month] = totals.get(month, 0.0) + made
    deepest = max((abs(v) for v in totals.values()), default=0.0) or 1.0
    rows = []
    for year in sorted({month // 100 for month in totals}):
        made_in = [totals.get(year * 100 + m) for m in range(1, 13)]
        cells = [MonthCell(v, abs(v or 0.0) / deepest) for v in made_in]
        rows.append((year, cells, sum(v for v in made_in if v is not None)))
    return rows


@dataclass(frozen=True)
class Year:
    """One calendar year; trades count in the year of their exit."""

    year: int
    pnl: float
    sharpe: float
    drawdown: float
    n_trades: int
    win_rate: float


def years(result: Result, sessions: Ints, pnl: Floats) -> list[Year]:
    """Return every year's P&L, Sharpe, drawdown within the year, closed trades and win rate."""
    closed = result.trades.reason != OPEN_AT_END
    left = result.bars.session[result.trades.exit_bar[closed]] // 10000
    won = result.trades.pnl[closed] > 0
    per_year = periods_per_year(sessions)
    rows = []
    for year in np.unique(sessions // 10000).tolist():
        of_year = pnl[sessions // 10000 == year]
        n = int((left == year).sum())
        rate = float(won[left == year].mean()) if n else float("nan")
        rows.append(
            Year(
                year,
                float(of_year.sum()),
                sharpe(of_year, per_year),
                max_drawdown(np.cumsum(of_year)),
                n,
                rate,
            )
        )
    return rows


@dataclass(frozen=True)
class Exit:
    """How often trades left for one reason, and what they made."""

    reason: str
    count: int
    share: float
    pnl: float
    average: float


def exits(result: Result) -> list[Exit]:
    """Return the exit reasons, most frequent first."""
    codes, counts = np.unique(result.trades.reason, return_counts=True)
    rows = []
    for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
        made = float(result.trades.pnl[result.trades.reason == code].sum())
        rows.append(Exit(reason(code), count, count / len(result.trades), made, made / count))
    return sorted(rows, key=lambda row: (-row.count, row.reason))


@dataclass(frozen=True)
class TradeRow:
    """One trade as the list prints it; moments are the closes of the bars."""

    number: int
    decided: str
    entered: str
    left: str
    side: str
    units: float
    entry_price: float
    exit_price: float
    pnl: float
    fees: float
    mae: float
    mfe: float
    bars_held: int
    reason: str


def trade_rows(result: Result) -> list[TradeRow]:
    """Return every trade in order of entry."""
    t, bars = result.trades, result.bars
    return [
        TradeRow(
            number=i + 1,
            decided=_moment(bars, int(t.decided[i])),
            entered=_moment(bars, int(t.entry_bar[i])),
            left=_moment(bars, int(t.exit_bar[i])),
            side="long" if t.side[i] > 0 else "short",
            units=float(t.units[i]),
            entry_price=float(t.entry_price[i]),
            exit_price=float(t.exit_price[i]),
            pnl=float(t.pnl[i]),
            fees=float(t.fees[i]),
            mae=float(t.mae[i]),
            mfe=float(t.mfe[i]),
            bars_held=int(t.bars_held[i]),
            reason=reason(int(t.reason[i])),
        )
        for i in range(len(t))
    ]


def _moment(bars: Bars, at: int) -> str:
    if bars.timeframe.endswith("d"):
        return date(bars.session[at])
    return str(np.datetime64(int(bars.close_ns[at]), "ns").astype("datetime64[m]")).replace(
        "T", " "
    )


def conventions(bars: Bars, instrument: Instrument, stack: ExitStack) -> dict[str, str]:
    """Return how fills, costs and marks were reckoned."""
    if instrument.slippage_ticks is not None:
        slips = f"{number(instrument.slippage_ticks)} ticks of {instrument.tick:g} a side"
    else:
        slips = f"{number(instrument.slippage_bps)} basis points a side"
    size = (
        f"{number(instrument.notional, 0)} {instrument.currency} bought at each entry"
        if instrument.notional
        else f"one contract, {number(instrument.point_value, 2)} {instrument.currency} a point"
    )
    return {
        "signals": "decided at a bar's close, filled at the next bar's open",
        "exits": params(stack.as_params()) or "the rule's own only",
        "stop and target": "judged at closes only"
        if bars.closes_only
        else "judged inside each bar; both touched in one bar counts as the stop",
        "size": size,
        "commission": f"{number(instrument.commission_per_side)} a side and "
        f"{number(instrument.commission_bps)} basis points",
        "slippage": f"{slips}, on market and stop fills",
        "Sharpe": "daily marked-to-market profit and loss, idle days kept, annualised",
        "percent figures": f"of an account of {number(STARTING_EQUITY, 0)} {instrument.currency}",
    }
