"""What a rule's distances are measured in: average true ranges, or percent of a traded price."""

import numpy as np

from alphamill.core.market import Bars, Floats
from alphamill.core.params import Choice
from alphamill.indicators.memo import memoised
from alphamill.indicators.volatility import atr

ATR_BARS = 14
# Wilder's average forgets in 28 lengths; its first true range needs the close before it.
ATR_WARMUP = 28 * ATR_BARS + 1
UNIT = Choice("atr", ("atr", "percent"), help="average true ranges of 14 bars, or percent of price")


def usual_range(bars: Bars) -> Floats:
    """Return the average true range of 14 bars."""
    return atr(bars.high, bars.low, bars.close, ATR_BARS)


def traded(bars: Bars, price: Floats) -> Floats:
    """Return ``price`` as it was traded, of which a percent may be taken; NaN at 0 and below.

    Prices to which an adjustment added a constant are put back by it; ratio-adjusted ones keep
    their percents.

    Parameters
    ----------
    bars : Bars
    price : ndarray of shape (n_bars,)
        A column of prices of ``bars``.

    Returns
    -------
    ndarray of shape (n_bars,)
        Quote currency.
    """
    if bars.adjusted == "add":
        price = _put_back(price, bars.raw_close, bars.close)
    return _above_zero(price)


@memoised
def _put_back(price: Floats, raw_close: Floats, close: Floats) -> Floats:
    return price + (raw_close - close)


@memoised
def _above_zero(price: Floats) -> Floats:
    return np.where(price > 0.0, price, np.nan)
