"""Small series for the catalog: values depend on the date only, so that two cuts agree."""

import numpy as np

from alphamill.core.market import Bars, bar_columns
from alphamill.data.calendar import schedule


def daily(first: int, last: int, symbol: str = "SP500", seed: int = 3) -> Bars:
    whole = schedule("XNYS", 20180101, 20231231)
    close = 100.0 + np.random.default_rng(seed).standard_normal(len(whole)).cumsum()
    rows = (whole.session >= first) & (whole.session <= last)
    return bars_at(symbol, "1d", whole.session[rows], whole.close_ns[rows], close[rows])


def hourly(first: int, last: int) -> Bars:
    whole = schedule("XNYS", first, last)
    session = np.repeat(whole.session, 3)
    close_ns = (whole.open_ns[:, None] + np.array([1, 2, 3]) * 3_600_000_000_000).ravel()
    return bars_at("ES", "1h", session, close_ns, 100.0 + np.arange(session.size))


def bars_at(symbol, timeframe, session, close_ns, close) -> Bars:
    n_bars = session.size
    volume = np.where(session % 5, 1000.0, np.nan)
    return Bars(
        symbol,
        timeframe,
        close_ns=close_ns,
        open=close,
        high=close + 1,
        low=close - 1,
        close=close,
        volume=volume,
        session=session,
        session_end=np.ones(n_bars, dtype=np.bool_),
        minute=np.full(n_bars, 570),
        cash_minute=np.zeros(n_bars),
        sessions_left_in_month=np.zeros(n_bars),
        raw_close=close,
    )


def same(a: Bars, b: Bars) -> bool:
    columns = [np.array_equal(getattr(a, n), getattr(b, n), equal_nan=True) for n in bar_columns()]
    flags = [getattr(a, n) == getattr(b, n) for n in ("symbol", "timeframe", "adjusted")]
    return all(columns) and all(flags) and a.closes_only == b.closes_only
