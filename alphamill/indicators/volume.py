"""What the units traded add to the price.

Unknown volume (NaN) makes a window unknown; a running total passes over it.
"""

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.momentum import roc
from alphamill.indicators.rolling import previous, rolling_mean
from alphamill.indicators.trend import ema

# Typical prices closer than this share of themselves are one price, summed in another order.
ROUNDING = 1e-12


@memoised
def volume_ratio(volume: Floats, n_bars: int) -> Floats:
    """Return the volume as a multiple of its simple average, the present bar included.

    Parameters
    ----------
    volume : ndarray of shape (n,)
        Units traded.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        At least 0; NaN in the first ``n_bars - 1`` rows and where nothing traded in the window.

    Examples
    --------
    >>> volume_ratio(np.array([1.0, 3.0, 0.0, 0.0]), 2).tolist()
    [nan, 1.5, 0.0, nan]
    """
    usual = rolling_mean(volume, n_bars)
    return _share(volume, usual)


@memoised
def money_flow_volume(high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:
    """Return the volume signed and scaled by where in its range a bar closed.

    Volume x ((close - low) - (high - close)) / (high - low); 0 for a bar without range.

    Parameters
    ----------
    high, low, close, volume : ndarray of shape (n,)
        Prices of one bar each and units traded.

    Returns
    -------
    ndarray of shape (n,)
        Units, in [-volume, volume].

    References
    ----------
    Chaikin's accumulation/distribution, in Achelis (2000), Technical Analysis from A to Z.

    Examples
    --------
    >>> one = np.ones(2)
    >>> money_flow_volume(4 * one, 0 * one, np.array([4.0, 1.0]), 10 * one).tolist()
    [10.0, -5.0]
    """
    place = np.zeros(close.size)
    np.divide((close - low) - (high - close), high - low, out=place, where=high > low)
    return place * volume


@memoised
def accumulation_distribution(high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:
    """Return Chaikin's line: the running total of ``money_flow_volume`` (TA-Lib's ``AD``).

    Its level depends on the first bar; only its changes mean something.

    Parameters
    ----------
    high, low, close, volume : ndarray of shape (n,)
        Prices and units traded, oldest first.

    Returns
    -------
    ndarray of shape (n,)
        Units.

    Examples
    --------
    >>> one = np.ones(2)
    >>> accumulation_distribution(4 * one, 0 * one, np.array([4.0, 1.0]), 10 * one).tolist()
    [10.0, 5.0]
    """
    return np.nancumsum(money_flow_volume(high, low, close, volume))


@memoised
def chaikin_oscillator(
    high: Floats, low: Floats, close: Floats, volume: Floats, fast_bars: int, slow_bars: int
) -> Floats:
    """Return the fast less the slow exponential average of ``accumulation_distribution``.

    The line's level cancels, so it is never formed: the distance of a total from its ``ema`` of
    span n is itself the ``ema`` of (n - 1) / 2 times its changes, begun at 0. So no digit is lost
    to a large total, and in a market at rest the sign stays what it was. Equals TA-Lib's
    ``ADOSC``.

    Parameters
    ----------
    high, low, close, volume : ndarray of shape (n,)
        Prices and units traded, oldest first.
    fast_bars, slow_bars : int
        Spans.

    Returns
    -------
    ndarray of shape (n,)
        Units; NaN in the first max(``fast_bars``, ``slow_bars``) - 1 rows.

    References
    ----------
    Achelis (2000), Technical Analysis from A to Z, Chaikin oscillator.

    Examples
    --------
    >>> one = np.ones(3)
    >>> close = np.array([2.0, 4.0, 4.0])
    >>> chaikin_oscillator(4 * one, 0 * one, close, 10 * one, 1, 3).tolist()
    [nan, nan, 7.5]
    """
    flow = np.nan_to_num(money_flow_volume(high, low, close, volume), nan=0.0)
    flow[:1] = 0.0

    def behind(n_bars: int) -> Floats:
        return ema(0.5 * (n_bars - 1) * flow, n_bars)

    return behind(slow_bars) - behind(fast_bars)


@memoised
def chaikin_money_flow(
    high: Floats, low: Floats, close: Floats, volume: Floats, n_bars: int
) -> Floats:
    """Return the ``money_flow_volume`` of the last bars as a share of their volume.

    Parameters
    ----------
    high, low, close, volume : ndarray of shape (n,)
        Prices and units traded, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        In [-1, 1]; NaN in the first ``n_bars - 1`` rows and where nothing traded.

    References
    ----------
    Achelis (2000), Technical Analysis from A to Z, Chaikin money flow.

    Examples
    --------
    >>> one = np.ones(2)
    >>> chaikin_money_flow(4 * one, 0 * one, np.array([4.0, 2.0]), 10 * one, 2).tolist()
    [nan, 0.5]
    """
    flow = money_flow_volume(high, low, close, volume)
    return _share(rolling_mean(flow, n_bars), rolling_mean(volume, n_bars))


@memoised
def mfi(high: Floats, low: Floats, close: Floats, volume: Floats, n_bars: int) -> Floats:
    """Return the money flow index: the share of the money that moved on rising bars.

    Money is typical price (H + L + C) / 3 x volume; a bar rises or falls by its typical price, and
    one that does neither counts for nothing.

    TA-Lib's ``MFI`` agrees to 1e-9 where money flows. It is not used because it keeps running
    totals and gives 0, the most oversold value, to a window in which none did.

    Parameters
    ----------
    high, low, close, volume : ndarray of shape (n,)
        Prices, above 0, and units traded, oldest first.
    n_bars : int
        Window of changes, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 100]; NaN in the first ``n_bars`` rows and where no money moved.

    References
    ----------
    Quong and Soudack (1989), Volume-Weighted RSI: Money Flow, Stocks & Commodities 7:3.

    Examples
    --------
    >>> price = np.array([1.0, 3.0, 2.0])
    >>> mfi(price, price, price, np.ones(3), 2).tolist()
    [nan, nan, 60.0]
    """
    typical = (high + low + close) / 3.0
    change = typical - previous(typical)
    money = typical * volume * np.sign(np.where(np.abs(change) < ROUNDING * typical, 0.0, change))
    rising = rolling_mean(np.maximum(money, 0.0), n_bars)
    falling = rolling_mean(np.maximum(-money, 0.0), n_bars)
    return 100.0 * _share(rising, rising + falling)


@memoised
def obv(close: Floats, volume: Floats) -> Floats:
    """Return on-balance volume: the running total of volume signed by the change of the close.

    Begins at the first bar's volume (TA-Lib's ``OBV``); only its changes mean something.

    Parameters
    ----------
    close, volume : ndarray of shape (n,)
        Prices and units traded, oldest first.

    Returns
    -------
    ndarray of shape (n,)
        Units.

    References
    ----------
    Granville (1963), New Key to Stock Market Profits.

    Examples
    --------
    >>> obv(np.array([1.0, 2.0, 2.0, 1.0]), np.array([5.0, 3.0, 4.0, 1.0])).tolist()
    [5.0, 8.0, 8.0, 7.0]
    """
    sign = np.sign(close - previous(close))
    sign[:1] = 1.0
    return np.nancumsum(sign * volume)


@memoised
def pvt(close: Floats, volume: Floats, base: Floats | None = None) -> Floats:
    """Return the price volume trend: the running total of volume times the close's relative change.

    Where ``obv`` counts a bar's volume whole, this counts it by how far the close went. Its level
    depends on the first bar; only its changes mean something.

    Parameters
    ----------
    close, volume : ndarray of shape (n,)
        Prices and units traded, oldest first.
    base : ndarray of shape (n,), optional
        What the change is a share of, where not of ``close`` itself: the unadjusted prices of a
        series whose adjustment added a constant.

    Returns
    -------
    ndarray of shape (n,)
        Units; 0 in the first row. A bar that began at a price not above 0, or whose volume is not
        known, adds nothing.

    References
    ----------
    Achelis (2000), Technical Analysis from A to Z, price and volume trend.

    Examples
    --------
    >>> pvt(np.array([10.0, 11.0, 11.0, 5.5]), np.array([5.0, 30.0, 7.0, 2.0])).tolist()
    [0.0, 3.0, 3.0, 2.0]
    """
    return np.nancumsum(roc(close, 1, base) / 100.0 * volume)


def _share(part: Floats, whole: Floats) -> Floats:
    out = np.full(part.size, np.nan)
    np.divide(part, whole, out=out, where=whole > 0.0)
    return out
