"""Oscillators of the range: where between the lowest low and the highest high the price stands."""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import column, rolling_max, rolling_min
from alphamill.indicators.trend import ema_from_mean, sma
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


class Stochastic(NamedTuple):
    """Smoothed place in the range and its average; columns of shape (n,), in [0, 100]."""

    k: Floats
    d: Floats


class MomentumIndex(NamedTuple):
    """Stochastic momentum and its signal line; columns of shape (n,), in [-100, 100]."""

    line: Floats
    signal: Floats


@memoised
def raw_stochastic(high: Floats, low: Floats, close: Floats, n_bars: int) -> Floats:
    """Return where in the range of the last bars the close stands, in percent from the bottom.

    100 (close - min low) / (max high - min low): ``williams_r`` + 100, and the RSV of KDJ charts.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first; leading NaN are passed over.
    n_bars : int
        Window, the present bar included, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 100]; NaN in the first ``n_bars - 1`` rows and where the window has no range.

    References
    ----------
    Lane (1984), Lane's Stochastics, Stocks & Commodities 2:3.

    Examples
    --------
    >>> close = np.array([1.0, 5.0, 4.0])
    >>> raw_stochastic(close, close, close, 3).tolist()
    [nan, nan, 75.0]
    """
    highest, lowest = rolling_max(high, n_bars), rolling_min(low, n_bars)
    out = np.full(close.size, np.nan)
    np.divide(close - lowest, highest - lowest, out=out, where=highest > lowest)
    return 100.0 * out


@memoised
def stochastic(
    high: Floats,
    low: Floats,
    close: Floats,
    k_bars: int = 14,
    smooth_bars: int = 3,
    d_bars: int = 3,
) -> Stochastic:
    """Return Lane's stochastic: where in the range of the last bars the close stands.

    %K is ``raw_stochastic`` averaged simply over ``smooth_bars``, %D its average over ``d_bars``.
    ``smooth_bars`` 1 is the fast form.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    k_bars, smooth_bars, d_bars : int
        Windows, at least 1.

    Returns
    -------
    Stochastic
        NaN in the first ``k_bars`` + ``smooth_bars`` - 2 rows, %D in ``d_bars`` - 1 more, and
        where one of the averaged windows has no range.

    References
    ----------
    Lane (1984), Lane's Stochastics, Stocks & Commodities 2:3.

    Examples
    --------
    >>> close = np.array([1.0, 5.0, 4.0, 3.0])
    >>> stochastic(close, close, close, 3, 2, 1).k.tolist()
    [nan, nan, nan, 37.5]
    """
    k = sma(raw_stochastic(high, low, close, k_bars), smooth_bars)
    return Stochastic(k, sma(k, d_bars))


@memoised
def premier_stochastic(
    high: Floats, low: Floats, close: Floats, k_bars: int = 8, smooth_bars: int = 5
) -> Floats:
    """Return Leibfarth's premier stochastic: the stochastic, smoothed and pressed to its ends.

    (e^s - 1) / (e^s + 1), s the twice exponentially smoothed 0.1 x (%K - 50). The averages are
    seeded with means.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    k_bars : int
        Window of the fast %K.
    smooth_bars : int
        Span of both averages, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        In [-1, 1]; NaN in the first ``k_bars`` + 2 ``smooth_bars`` - 3 rows. A window without
        range counts as its middle.

    References
    ----------
    Leibfarth (2008), Premier Stochastic Oscillator, Stocks & Commodities 26:8.

    Examples
    --------
    >>> close = np.array([1.0, 5.0, 9.0, 12.0])
    >>> premier_stochastic(close, close, close, 2, 2).round(4).tolist()
    [nan, nan, nan, 0.9866]
    """
    place = _or_middle(raw_stochastic(high, low, close, k_bars), k_bars - 1)
    off = ema_from_mean(ema_from_mean(0.1 * (place - 50.0), smooth_bars), smooth_bars)
    return np.tanh(0.5 * off)


@memoised
def stochastic_momentum(
    high: Floats,
    low: Floats,
    close: Floats,
    range_bars: int = 13,
    long_bars: int = 25,
    short_bars: int = 2,
    signal_bars: int = 9,
) -> MomentumIndex:
    """Return Blau's stochastic momentum index: how far from the middle of its range the close is.

    100 x smoothed (close - middle) / smoothed half range, of the highest high and the lowest low
    over ``range_bars``; both smoothed exponentially over ``long_bars`` and the result over
    ``short_bars``, seeded with means.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    range_bars : int
        Window of the range, at least 1.
    long_bars, short_bars, signal_bars : int
        Spans, at least 2.

    Returns
    -------
    MomentumIndex
        0 where no window has had a range; NaN in the first range + long + short - 3 rows, the
        signal in ``signal_bars`` - 1 more.

    References
    ----------
    Blau (1993), Stochastic Momentum, Stocks & Commodities 11:1.

    Examples
    --------
    >>> close = np.array([1.0, 5.0, 4.0, 3.0])
    >>> stochastic_momentum(close, close, close, 2, 2, 2, 2).line.round(2).tolist()
    [nan, nan, nan, 33.33]
    """
    highest, lowest = rolling_max(high, range_bars), rolling_min(low, range_bars)

    def smoothed(x: Floats) -> Floats:
        return ema_from_mean(ema_from_mean(x, long_bars), short_bars)

    reach = smoothed(0.5 * (highest - lowest))
    line = np.where(np.isnan(reach), np.nan, 0.0)
    np.divide(smoothed(close - 0.5 * (highest + lowest)), reach, out=line, where=reach > 0.0)
    line = 100.0 * np.clip(line, -1.0, 1.0)
    return MomentumIndex(line, ema_from_mean(line, signal_bars))


@memoised
def fisher(high: Floats, low: Floats, n_bars: int = 10) -> Floats:
    """Return Ehlers' Fisher transform of where the middle of the bar stands in its range.

    v = 0.66 (place - 0.5) + 0.67 v before, within 0.999 of 0;
    f = 0.5 ln((1 + v) / (1 - v)) + 0.5 f before. The place, 0 to 1, is that of (H + L) / 2 among
    its last values. Its signal line is ``previous(fisher)``. Ehlers' listing takes a v beyond
    0.99 as 0.999; here it is only kept from 1.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 2. After 80 rows more the start weighs below 1e-12.

    Returns
    -------
    ndarray of shape (n,)
        In [-7.6, 7.6]; NaN in the first ``n_bars`` - 1 rows. A window without range counts as its
        middle.

    References
    ----------
    Ehlers (2002), Using the Fisher Transform, Stocks & Commodities 20:11.

    Examples
    --------
    >>> high = np.array([1.0, 5.0, 4.0])
    >>> fisher(high, high, 2).round(4).tolist()
    [nan, 0.3428, 0.0621]
    """
    middle = (high + low) / 2.0
    place = _or_middle(raw_stochastic(middle, middle, middle, n_bars), n_bars - 1)
    out = np.full(high.size, np.nan)
    transform(column(place / 100.0), out)
    return out


def _or_middle(place: Floats, n_rows: int) -> Floats:
    """Put 50 where a full window has no range."""
    full = np.arange(place.size) >= n_rows
    return np.where(full & np.isnan(place), 50.0, place)


@jit
def transform(place: Floats, out: Floats) -> None:
    value, line = 0.0, 0.0
    for t in range(place.size):
        if np.isnan(place[t]):
            continue
        value = 0.66 * (place[t] - 0.5) + 0.67 * value
        value = min(max(value, -0.999), 0.999)
        line = 0.5 * np.log((1.0 + value) / (1.0 - value)) + 0.5 * line
        out[t] = line
