"""Whether there is a trend, and which way it points."""

from typing import NamedTuple

import numpy as np
import talib

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import column, previous, rolling_mean
from alphamill.indicators.trend import midprice, rma
from alphamill.indicators.volatility import true_range
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


class Directional(NamedTuple):
    """Wilder's directional indicators and their average index; columns of shape (n,), percent."""

    plus: Floats
    minus: Floats
    adx: Floats


class Aroon(NamedTuple):
    """Freshness of the highest high and of the lowest low; columns of shape (n,), percent."""

    up: Floats
    down: Floats


class Vortex(NamedTuple):
    """Upward and downward movement, as multiples of the true range; columns of shape (n,)."""

    plus: Floats
    minus: Floats


class Ichimoku(NamedTuple):
    """The four lines that are known at a close; columns of shape (n,), quote currency."""

    tenkan: Floats
    kijun: Floats
    span_a: Floats
    span_b: Floats


@memoised
def directional(high: Floats, low: Floats, close: Floats, n_bars: int) -> Directional:
    """Return Wilder's +DI, -DI and ADX.

    +DM is the rise of the high where it is positive and exceeds the fall of the low, -DM the
    mirror. +DI = 100 rma(+DM) / rma(true range); DX = 100 |+DI - -DI| / (+DI + -DI);
    ADX = rma(DX). A bar without any range counts 0 for both, and both 0 give DX 0.

    TA-Lib's ``PLUS_DI``, ``MINUS_DI`` and ``ADX`` seed with sums of ``n_bars - 1`` bars and agree
    once the seeds are forgotten; in a market at rest they repeat the last DX instead.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Prices, quote currency, oldest first.
    n_bars : int
        Wilder's length, at least 1.

    Returns
    -------
    Directional
        In [0, 100]; the indicators NaN in the first ``n_bars`` rows, the index in ``n_bars - 1``
        more. The seeds weigh below 1e-12 after 28 x ``n_bars`` rows, for the index after 34 x.

    References
    ----------
    Wilder (1978), New Concepts in Technical Trading Systems, section IV.

    Examples
    --------
    >>> up = np.array([1.0, 2.0, 3.0])
    >>> directional(up + 1, up - 1, up, 1).plus.tolist()
    [nan, 50.0, 50.0]
    """
    rise, fall = high - previous(high), previous(low) - low
    ranges = np.where(np.isnan(rise), np.nan, true_range(high, low, close))
    reach = rma(ranges, n_bars)
    plus_moves = np.where(rise > fall, np.maximum(rise, 0.0), 0.0 * rise)
    minus_moves = np.where(fall > rise, np.maximum(fall, 0.0), 0.0 * fall)
    plus = 100.0 * _share(rma(plus_moves, n_bars), reach)
    minus = 100.0 * _share(rma(minus_moves, n_bars), reach)
    return Directional(plus, minus, rma(100.0 * _share(np.abs(plus - minus), plus + minus), n_bars))


@memoised
def aroon(high: Floats, low: Floats, n_bars: int) -> Aroon:
    """Return Chande's Aroon: how fresh the extremes of the last ``n_bars + 1`` bars are.

    100 where the extreme is the present bar, 0 where it is ``n_bars`` old; of equal extremes the
    latest counts (TA-Lib's ``AROON``, put back on its grid of 100 k / ``n_bars``).

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Age of the oldest bar that counts, at least 2.

    Returns
    -------
    Aroon
        NaN in the first ``n_bars`` rows.

    References
    ----------
    Chande (1995), The Time Price Oscillator, Stocks & Commodities 13:9.

    Examples
    --------
    >>> high = np.array([1.0, 5.0, 2.0, 2.0])
    >>> aroon(high, high - 1, 2).up.tolist()
    [nan, nan, 50.0, 0.0]
    """
    down, up = talib.AROON(column(high), column(low), n_bars)
    # TA-Lib multiplies by a rounded 100 / n: 7 of 14 would be 50 and a little.
    return Aroon(*(100.0 * np.rint(x * n_bars / 100.0) / n_bars for x in (up, down)))


@memoised
def aroon_oscillator(high: Floats, low: Floats, n_bars: int) -> Floats:
    """Return ``aroon`` up less down (TA-Lib's ``AROONOSC``).

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Age of the oldest bar that counts, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        In [-100, 100]; NaN in the first ``n_bars`` rows.

    Examples
    --------
    >>> high = np.array([1.0, 5.0, 2.0, 2.0])
    >>> aroon_oscillator(high, high - 1, 2).tolist()
    [nan, nan, 50.0, -100.0]
    """
    lines = aroon(high, low, n_bars)
    return lines.up - lines.down


@memoised
def vortex(high: Floats, low: Floats, close: Floats, n_bars: int) -> Vortex:
    """Return the vortex indicator of Botes and Siepman.

    Sums of the distances from high to previous low, and from low to previous high, each over the
    sum of true ranges.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    Vortex
        NaN in the first ``n_bars`` rows and where the window has no range.

    References
    ----------
    Botes and Siepman (2010), The Vortex Indicator, Stocks & Commodities 28:1.

    Examples
    --------
    >>> high = np.array([2.0, 4.0])
    >>> vortex(high, high - 1, high, 1).plus.tolist()
    [nan, 1.5]
    """
    walked = rolling_mean(true_range(high, low, close), n_bars)
    lines = []
    for move in (np.abs(high - previous(low)), np.abs(low - previous(high))):
        out = np.full(close.size, np.nan)
        np.divide(rolling_mean(move, n_bars), walked, out=out, where=walked > 0.0)
        lines.append(out)
    return Vortex(*lines)


@memoised
def ichimoku(
    high: Floats, low: Floats, tenkan_bars: int, kijun_bars: int, span_bars: int = 52
) -> Ichimoku:
    """Return the lines of Ichimoku Kinko Hyo that look back only.

    Each base line is the middle of the highest high and the lowest low of its bars. The spans are
    those of ``kijun_bars`` ago: the cloud as it is drawn *under the present bar*. The lagging line
    (chikou) is the close drawn into the past; it is left out, for at its place it is the future.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    tenkan_bars, kijun_bars, span_bars : int
        Windows of the fast line, the slow line and the second span; the slow one displaces both.

    Returns
    -------
    Ichimoku
        NaN until the windows are full; the spans ``kijun_bars`` later.

    References
    ----------
    Hosoda (1969), Ichimoku Kinko Hyo, volume 1.

    Examples
    --------
    >>> high = np.array([2.0, 4.0, 6.0, 8.0])
    >>> ichimoku(high, high - 2, 1, 2, 2).span_a.tolist()
    [nan, nan, nan, 2.5]
    """
    tenkan, kijun = (midprice(high, low, n) for n in (tenkan_bars, kijun_bars))
    span_a = previous((tenkan + kijun) / 2.0, kijun_bars)
    return Ichimoku(tenkan, kijun, span_a, previous(midprice(high, low, span_bars), kijun_bars))


@memoised
def parabolic_sar(high: Floats, low: Floats, start: float, step: float, limit: float) -> Floats:
    """Return Wilder's parabolic stop and reverse.

    Below the lows it is the stop of a long, above the highs that of a short. Each bar it moves
    towards the extreme of the move by a factor that begins at ``start`` and grows by ``step`` with
    each new extreme up to ``limit``; it never enters the last two bars. A bar that touches it
    turns it to the extreme of the move that ended.

    Begins short where the second bar's low fell by more than its high rose, else long, at the
    first bar's far end, as TA-Lib does. It depends on its first bar for ever. TA-Lib's ``SAREXT``
    agrees where prices are positive; it marks shorts by a minus sign, which a price below 0 undoes.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    start, step, limit : float
        Acceleration factor: first value, growth, and ceiling.

    Returns
    -------
    ndarray of shape (n,)
        The level that held during each bar; NaN in the first row.

    References
    ----------
    Wilder (1978), New Concepts in Technical Trading Systems, section II.

    Examples
    --------
    >>> high = np.array([10.0, 11.0, 12.0, 12.0])
    >>> parabolic_sar(high, high - 1, 0.02, 0.02, 0.2).round(4).tolist()
    [nan, 9.0, 9.04, 9.1584]
    """
    out = np.full(high.size, np.nan)
    if high.size > 1:
        follow(column(high), column(low), start, step, limit, out)
    return out


def _share(part: Floats, whole: Floats) -> Floats:
    out = np.where(np.isnan(whole), np.nan, 0.0)
    np.divide(part, whole, out=out, where=whole > 0.0)
    return out


@jit
def follow(high: Floats, low: Floats, start: float, step: float, limit: float, out: Floats) -> None:
    fell, rose = low[0] - low[1], high[1] - high[0]
    is_long = not (fell > 0.0 and fell > rose)
    level = low[0] if is_long else high[0]
    extreme = high[1] if is_long else low[1]
    factor = min(start, limit)
    for t in range(1, high.size):
        before = t - 1 if t > 1 else t
        lowest, highest = min(low[before], low[t]), max(high[before], high[t])
        touched = low[t] <= level if is_long else high[t] >= level
        if touched:
            # The turn: from the extreme of the move that ended, outside the last two bars.
            is_long = not is_long
            level = min(extreme, lowest) if is_long else max(extreme, highest)
            factor = min(start, limit)
            extreme = high[t] if is_long else low[t]
            out[t] = level
        else:
            out[t] = level
            if is_long and high[t] > extreme:
                extreme = high[t]
                factor = min(factor + step, limit)
            elif not is_long and low[t] < extreme:
                extreme = low[t]
                factor = min(factor + step, limit)
        level += factor * (extreme - level)
        level = min(level, lowest) if is_long else max(level, highest)
