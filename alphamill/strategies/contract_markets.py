"""Seeded markets to try rules on, without a calendar: weekdays, sessions of 26 quarter hours.

And what is done to them to find a rule out: cut short, disturbed, robbed of a column.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from alphamill.core.identity import digest
from alphamill.core.market import Bars, Floats, Ints, bar_columns, last_closed

# The rule's own bars first, then those it reads beside them.
Series = tuple[Bars, ...]

MINUTE_NS = 60_000_000_000
BARS_A_SESSION = 26
CASH_OPEN_MINUTE = 9 * 60 + 30
TICK = 0.25
PRICES = ("open", "high", "low", "close")


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


def short_markets() -> tuple[Bars, Bars]:
    """Return new copies of 400 days and 420 quarter hours: short enough to be cut at every bar."""
    return replace(_days(400, 1)), replace(_quarters(420, 2))


def long_markets() -> tuple[Bars, Bars]:
    """Return new copies of 3,200 days and quarter hours: long enough for a long memory."""
    return replace(_days(3200, 7)), replace(_quarters(3200, 8))


def beside(bars: Bars, place: int) -> Bars:
    """Return the ``place``-th series beside ``bars``: half of its moves, and some bars missing."""
    rng = np.random.default_rng(100 + place)
    own = np.cumsum(rng.standard_normal(len(bars)) * 0.008)
    path = np.exp(0.5 * np.log(bars.close / 400.0) + own)
    prices = {name: getattr(bars, name) / bars.close * path * 90.0 for name in PRICES}
    # Rounding must not put an open or a close outside of its own bar.
    prices["high"] = np.maximum(prices["high"], np.maximum(prices["open"], prices["close"]))
    prices["low"] = np.minimum(prices["low"], np.minimum(prices["open"], prices["close"]))
    whole = replace(bars, symbol=f"{bars.symbol}{place}", raw_close=prices["close"], **prices)
    kept = np.flatnonzero(rng.random(len(bars)) > 0.02)
    columns = {name: getattr(whole, name)[kept] for name in bar_columns()}
    return replace(whole, **columns)


def cut(series: Series, start: int, stop: int) -> Series:
    """Return bars ``start`` to ``stop - 1`` and what was known of the others by then."""
    own = series[0].slice(start, stop)
    parts = [own]
    for other in series[1:]:
        known = last_closed(own.close_ns, other.close_ns)
        first, last = (max(int(known[0]), 0), int(known[-1]) + 1) if len(own) else (0, 0)
        parts.append(other.slice(first, last))
    return tuple(parts)


def disturbed(series: Series, n_kept: int) -> Series:
    """Return the series with everything after the first ``n_kept`` bars wildly changed."""
    moment = series[0].close_ns[n_kept - 1]
    rng = np.random.default_rng(n_kept)
    changed = []
    for bars in series:
        wild = np.exp(rng.standard_normal(len(bars)))
        factor = np.where(bars.close_ns <= moment, 1.0, wild)
        prices = {name: getattr(bars, name) * factor for name in PRICES}
        changed.append(
            replace(bars, **prices, raw_close=prices["close"], volume=bars.volume * factor)
        )
    return tuple(changed)


def wider(bars: Bars) -> Bars:
    """Return bars of other highs, lows and opens, and the same closes."""
    return replace(bars, open=bars.low, high=bars.high * 1.01 + 1, low=bars.low * 0.99 - 1)


def closes_only(bars: Bars) -> Bars:
    """Return bars whose open, high and low are their close."""
    return replace(bars, open=bars.close, high=bars.close, low=bars.close)


def volume_turned(bars: Bars) -> Bars:
    """Return bars with the volumes in the reverse order."""
    return replace(bars, volume=bars.volume[::-1])


def volume_unknown(bars: Bars) -> Bars:
    """Return bars of unknown volume."""
    return replace(bars, volume=np.full(len(bars), np.nan))


def content(series: Series) -> str:
    """Return the identity of every column of every series."""
    return digest(*(getattr(bars, name) for bars in series for name in bar_columns()))


def dated(
    symbol: str,
    timeframe: str,
    prices: Mapping[str, Floats],
    volume: Floats,
    place: Ints,
    bars_a_session: int,
) -> Bars:
    """Return bars of open, high, low and close at the given places of consecutive sessions."""
    open_, high, low, close = (prices[name] for name in PRICES)
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
        open_,
        high,
        low,
        close,
        volume,
        session=np.array([int(str(d).replace("-", "")) for d in date], dtype=np.int64),
        session_end=in_session == bars_a_session - 1,
        minute=CASH_OPEN_MINUTE + minutes,
        cash_minute=minutes,
        sessions_left_in_month=20 - session_number % 21,
        raw_close=close,
    )


_days, _quarters = cache(daily), cache(quarter_hours)


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
    columns = zip(PRICES, (open_, high, low, close), strict=True)
    prices = {name: np.round(column / TICK) * TICK for name, column in columns}
    volume = np.round(1000.0 * np.exp(rng.standard_normal(n_bars) * 0.4))
    return dated(symbol, timeframe, prices, volume, place, bars_a_session)
