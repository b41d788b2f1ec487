"""Oscillators of the closes: which way the price went lately, and how one-sidedly.

Where nothing moved, an index between two ends rests in its middle.
"""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.averages import wma
from alphamill.indicators.exponential import vwema
from alphamill.indicators.memo import memoised
from alphamill.indicators.momentum import Macd, roc, rsi
from alphamill.indicators.rolling import percentile_rank, previous, rolling_mean, streak
from alphamill.indicators.trend import ema, ema_from_mean, sma

# A deviation below this share of the price is one price, smoothed in another order.
ROUNDING = 1e-12


class Kst(NamedTuple):
    """Know sure thing and its signal line; columns of shape (n,), percent."""

    line: Floats
    signal: Floats


class Tsi(NamedTuple):
    """True strength index and its signal line; columns of shape (n,), in [-100, 100]."""

    line: Floats
    signal: Floats


class WaveTrend(NamedTuple):
    """Wave trend and its signal line; columns of shape (n,), without unit."""

    line: Floats
    signal: Floats


@memoised
def cmo(x: Floats, n_bars: int) -> Floats:
    """Return Chande's momentum oscillator: 100 (gains - losses) / (gains + losses).

    Plain sums over the window, as Chande has it. TA-Lib's ``CMO`` smooths both as Wilder does, is
    2 RSI - 100, and equals this one in its first row only.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of changes, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        In [-100, 100], 0 where nothing moved; NaN in the first ``n_bars`` rows.

    References
    ----------
    Chande and Kroll (1994), The New Technical Trader, chapter 5.

    Examples
    --------
    >>> cmo(np.array([10.0, 13.0, 12.0, 12.0, 12.0]), 2).tolist()
    [nan, nan, 50.0, -100.0, 0.0]
    """
    change = x - previous(x)
    up = rolling_mean(np.maximum(change, 0.0), n_bars)
    down = rolling_mean(np.maximum(-change, 0.0), n_bars)
    return _share(up - down, up + down)


@memoised
def connors_rsi(
    x: Floats,
    rsi_bars: int = 3,
    streak_bars: int = 2,
    rank_bars: int = 100,
    base: Floats | None = None,
) -> Floats:
    """Return Connors' index: the mean of three ways to be oversold.

    They are the ``rsi`` of the price, the ``rsi`` of its streak (bars in a row up, or down
    counted below 0; an unchanged close is 0), and the share of the ``rank_bars`` returns before
    that lie below the present one.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    rsi_bars, streak_bars : int
        Wilder's lengths.
    rank_bars : int
        How many returns the present one is compared with.
    base : ndarray of shape (n,), optional
        What returns are a share of, where not of ``x`` itself (see ``roc``).

    Returns
    -------
    ndarray of shape (n,)
        In [0, 100]; NaN in the first ``rank_bars`` + 1 rows, or in as many as Wilder's lengths if
        they are longer, and where one of the returns is of a price not above 0.

    References
    ----------
    Connors and Alvarez (2012), An Introduction to ConnorsRSI.

    Examples
    --------
    >>> connors_rsi(np.array([10.0, 11.0, 10.5, 10.6]), 2, 2, 2).round(2).tolist()
    [nan, nan, nan, 64.01]
    """
    change = x - previous(x)
    run = (streak(change > 0.0) - streak(change < 0.0)).astype(np.float64)
    rank = percentile_rank(roc(x, 1, base), rank_bars + 1)
    out: Floats = (rsi(x, rsi_bars) + rsi(run, streak_bars) + rank) / 3.0
    return out


@memoised
def psychological_line(x: Floats, n_bars: int) -> Floats:
    """Return the percentage of the last bars that closed higher than the bar before.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of changes, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        A multiple of 100 / ``n_bars``; an unchanged close counts as not higher. NaN in the first
        ``n_bars`` rows.

    References
    ----------
    Nippon Technical Analysts Association (1989), Analysis of Stock Prices in Japan.

    Examples
    --------
    >>> psychological_line(np.array([1.0, 2.0, 3.0, 3.0]), 2).tolist()
    [nan, nan, 100.0, 50.0]
    """
    higher = np.where(x > previous(x), 1.0, 0.0)
    higher[:1] = np.nan
    # A count, so that equal shares are equal to the last bit.
    count: Floats = np.rint(n_bars * rolling_mean(higher, n_bars))
    return 100.0 * count / n_bars


@memoised
def kst(
    x: Floats,
    change_bars: tuple[int, int, int, int] = (10, 15, 20, 30),
    mean_bars: tuple[int, int, int, int] = (10, 10, 10, 15),
    signal_bars: int = 9,
    base: Floats | None = None,
) -> Kst:
    """Return Pring's know sure thing: four smoothed rates of change, weighted 1, 2, 3, 4.

    All averages are simple ones. The defaults are Pring's for days.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    change_bars, mean_bars : tuple of 4 int
        Over how many bars each ``roc`` goes, and each is averaged.
    signal_bars : int
        Window of the signal line.
    base : ndarray of shape (n,), optional
        What the changes are a percent of, where not of ``x`` itself (see ``roc``).

    Returns
    -------
    Kst
        NaN in the first max(change + mean) - 1 rows, the signal in ``signal_bars`` - 1 more, and
        where a window holds the change of a price not above 0.

    References
    ----------
    Pring (1992), Rate of Change, Stocks & Commodities 10:8.

    Examples
    --------
    >>> kst(np.array([1.0, 2.0, 4.0]), (1, 1, 1, 1), (1, 1, 1, 2), 1).line.tolist()
    [nan, nan, 1000.0]
    """
    line = np.zeros(x.size)
    for weight, (change, mean) in enumerate(zip(change_bars, mean_bars, strict=True), start=1):
        line += weight * sma(roc(x, change, base), mean)
    return Kst(line, sma(line, signal_bars))


@memoised
def coppock(
    x: Floats,
    short_bars: int = 11,
    long_bars: int = 14,
    mean_bars: int = 10,
    base: Floats | None = None,
) -> Floats:
    """Return Coppock's curve: the ``wma`` of two rates of change together.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first; Coppock took months.
    short_bars, long_bars : int
        Over how many bars each ``roc`` goes.
    mean_bars : int
        Window of the average.
    base : ndarray of shape (n,), optional
        What the changes are a percent of, where not of ``x`` itself (see ``roc``).

    Returns
    -------
    ndarray of shape (n,)
        Percent; NaN in the first max(short, long) + ``mean_bars`` - 1 rows, and where the window
        holds the change of a price not above 0.

    References
    ----------
    Coppock (1965), Practical Relative Strength Charting, Trendex.

    Examples
    --------
    >>> coppock(np.array([1.0, 2.0, 4.0]), 1, 2, 1).tolist()
    [nan, nan, 400.0]
    """
    return wma(roc(x, short_bars, base) + roc(x, long_bars, base), mean_bars)


@memoised
def tsi(x: Floats, long_bars: int = 25, short_bars: int = 13, signal_bars: int = 7) -> Tsi:
    """Return Blau's true strength index: 100 x smoothed changes / smoothed absolute changes.

    Changes are averaged exponentially over ``long_bars`` and the result over ``short_bars``; all
    averages are seeded with means.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    long_bars, short_bars, signal_bars : int
        Spans, at least 2.

    Returns
    -------
    Tsi
        0 where nothing ever moved; NaN in the first long + short - 1 rows, the signal in
        ``signal_bars`` - 1 more.

    References
    ----------
    Blau (1991), True Strength Index, Stocks & Commodities 9:11.

    Examples
    --------
    >>> tsi(np.array([1.0, 2.0, 4.0, 3.0, 6.0]), 2, 2, 2).line.round(2).tolist()
    [nan, nan, nan, 50.0, 74.55]
    """
    change = x - previous(x)

    def smoothed(moves: Floats) -> Floats:
        return ema_from_mean(ema_from_mean(moves, long_bars), short_bars)

    line = _share(smoothed(change), smoothed(np.abs(change)))
    return Tsi(line, ema_from_mean(line, signal_bars))


@memoised
def wavetrend(
    high: Floats, low: Floats, close: Floats, channel_bars: int, average_bars: int
) -> WaveTrend:
    """Return LazyBear's wave trend: a smoothed ``cci`` with exponential averages.

    index = (TP - ema TP) / (0.015 x ema |TP - ema TP|), both over ``channel_bars``, TP the typical
    price (H + L + C) / 3; line = ema(index, average); signal = sma(line, 4). Each average is
    seeded with its first known value.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    channel_bars, average_bars : int
        Spans, at least 1.

    Returns
    -------
    WaveTrend
        The index is 0 at rest. NaN in the first 2 ``channel_bars`` + ``average_bars`` - 3 rows,
        the signal in 3 more.

    References
    ----------
    LazyBear (2014), WaveTrend Oscillator, TradingView.

    Examples
    --------
    >>> price = np.array([3.0, 3.0, 6.0])
    >>> wavetrend(price, price, price, 2, 1).line.round(4).tolist()
    [nan, nan, 100.0]
    """
    typical = (high + low + close) / 3.0
    off = typical - ema(typical, channel_bars)
    spread = ema(np.abs(off), channel_bars)
    index = np.where(np.isnan(spread), np.nan, 0.0)
    np.divide(off, 0.015 * spread, out=index, where=spread > ROUNDING * np.abs(typical))
    line = ema(index, average_bars)
    return WaveTrend(line, sma(line, 4))


@memoised
def volume_weighted_macd(
    close: Floats, volume: Floats, fast_bars: int, slow_bars: int, signal_bars: int
) -> Macd:
    """Return Dormeier's ``macd`` of averages weighted by volume.

    line = vwema(fast) - vwema(slow); signal = ema(line, signal); histogram = line - signal. With
    one volume on all bars it is ``macd``.

    Parameters
    ----------
    close, volume : ndarray of shape (n,)
        Prices and units traded, oldest first. Unknown volume (NaN) counts as none.
    fast_bars, slow_bars, signal_bars : int
        Spans.

    Returns
    -------
    Macd
        NaN in as many rows as ``macd``, and until something traded.

    References
    ----------
    Dormeier (2011), Investing with Volume Analysis, chapter 15.

    Examples
    --------
    >>> close, volume = np.array([4.0, 4.0, 8.0]), np.array([1.0, 1.0, 4.0])
    >>> volume_weighted_macd(close, volume, 1, 2, 2).line.round(3).tolist()
    [nan, 0.0, 0.444]
    """
    line = vwema(close, volume, fast_bars) - vwema(close, volume, slow_bars)
    signal = ema(line, signal_bars)
    return Macd(line, signal, line - signal)


def _share(part: Floats, whole: Floats) -> Floats:
    """Return 100 x part / whole, 0 where the whole is 0."""
    out = np.where(np.isnan(whole), np.nan, 0.0)
    np.divide(part, whole, out=out, where=whole > 0.0)
    # Two sums rounded each on its own may part by their last bits.
    return 100.0 * np.clip(out, -1.0, 1.0)
