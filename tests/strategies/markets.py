"""Seeded markets to try rules on, without a calendar: weekdays, sessions of 26 quarter hours."""

from dataclasses import replace

import numpy as np

from alphamill.core.market import Bars, Floats, Ints, bar_columns

MINUTE_NS = 60_000_000_000
DAY_NS = 24 * 60 * MINUTE_NS
BARS_A_SESSION = 26
CASH_OPEN_MINUTE = 9 * 60 + 30
TICK = 0.25


def daily(n_bars: int, seed: int = 1) -> Bars:
    """Return daily bars: a wandering price with gaps, lively weeks and bars without range."""
    rng = np.random.default_rng(seed)
    gaps = rng.standard_normal(n_bars) * 0.006
    return _bars("DAY", "1d", rng, gaps, np.arange(n_bars), bars_a_session=1)


def quarter_hours(n_bars: int, seed: int = 2) -> Bars:
    """Return 15-minute bars in sessions: gaps overnight, a quiet noon, some bars missing."""
    rng = np.random.default_rng(seed)
    place = np.flatnonzero(rng.random(2 * n_bars) > 0.03)[:n_bars]
    opens = np.append(True, np.diff(place // BARS_A_SESSION) > 0)
    gaps = np.where(opens, rng.standard_normal(n_bars) * 0.01, 0.0)
    return _bars("QTR", "15m", rng, gaps, place, BARS_A_SESSION)


def drawn(
    open_: list[float], high: list[float], low: list[float], close: list[float], symbol: str = "DRW"
) -> Bars:
    """Return daily bars with the prices of a worksheet."""
    columns = [np.array(column, dtype=np.float64) for column in (open_, high, low, close)]
    return _dated(symbol, "1d", columns, np.full(len(close), 1000.0), np.arange(len(close)), 1)


def from_closes(close: list[float]) -> Bars:
    """Return daily bars that know closes only."""
    return replace(drawn(close, close, close, close), closes_only=True)


def columns_of(bars: Bars) -> tuple[Floats | Ints, ...]:
    """Return every per-bar column, for digests and comparisons."""
    return tuple(getattr(bars, name) for name in bar_columns())


def _bars(
    symbol: str,
    timeframe: str,
    rng: np.random.Generator,
    gaps: Floats,
    place: Ints,
    bars_a_session: int,
) -> Bars:
    n_bars = gaps.size
    # Volatility wanders, and one bar in twenty stands still: ties and bars without range.
    sigma = 0.008 * np.exp(0.5 * np.sin(np.arange(n_bars) / 17.0))
    still = rng.random(n_bars) < 0.05
    moves = np.where(still, 0.0, rng.standard_t(4, n_bars) * sigma)
    log_close = np.cumsum(moves + gaps)
    # Pulled home, so that three thousand bars stay on one scale.
    log_close -= 0.9 * np.linspace(0.0, log_close[-1], n_bars)
    close = 400.0 * np.exp(log_close)
    open_ = np.where(still, close, close * np.exp(-moves))
    wicks = np.where(still, 0.0, np.abs(rng.standard_normal((2, n_bars))) * sigma * 0.6)
    high = np.maximum(open_, close) * np.exp(wicks[0])
    low = np.minimum(open_, close) * np.exp(-wicks[1])
    prices = [np.round(column / TICK) * TICK for column in (open_, high, low, close)]
    volume = np.round(1000.0 * np.exp(rng.standard_normal(n_bars) * 0.4))
    return _dated(symbol, timeframe, prices, volume, place, bars_a_session)


def _dated(
    symbol: str,
    timeframe: str,
    prices: list[Floats],
    volume: Floats,
    place: Ints,
    bars_a_session: int,
) -> Bars:
    session_number, in_session = np.divmod(place, bars_a_session)
    # Five sessions a week from Monday, 1 January 2018; months of 21 sessions.
    day = session_number + 2 * (session_number // 5)
    date = np.datetime64("2018-01-01") + day
    minutes = np.full(place.size, 0) if bars_a_session == 1 else in_session * 15
    length = 390 if bars_a_session == 1 else 15
    close_ns = date.astype("datetime64[ns]").astype(np.int64) + MINUTE_NS * (
        CASH_OPEN_MINUTE + minutes + length
    )
    return Bars(
        symbol,
        timeframe,
        close_ns,
        *prices,
        volume=volume,
        session=np.array([int(str(d).replace("-", "")) for d in date], dtype=np.int64),
        session_end=in_session == bars_a_session - 1,
        minute=CASH_OPEN_MINUTE + minutes,
        cash_minute=minutes,
        sessions_left_in_month=20 - session_number % 21,
        raw_close=prices[3],
    )
