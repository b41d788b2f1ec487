"""What a single bar, or a bar and the one before it, looks like."""

from difflib import get_close_matches
from typing import NamedTuple

import numpy as np
import talib
from numpy.typing import NDArray
from talib import abstract

from alphamill.core.errors import SettingsError
from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import column, previous
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# TA-Lib's candle patterns by the names `pattern` takes: `doji`, `hammer`, `3whitesoldiers` ...
PATTERNS = tuple(n.removeprefix("CDL").lower() for n in dir(talib) if n.startswith("CDL"))
# TA-Lib decides by running totals of ranges, whose last bits depend on where the data began: ties
# with a usual body would fall either way. Whole numbers of this part of a price add up exactly.
PRICE_QUANTUM = 1e-8


class Shadows(NamedTuple):
    """What of a bar lies above and below its body; columns of shape (n_bars,)."""

    upper: Floats
    lower: Floats


class Candles(NamedTuple):
    """Prices of smoothed bars; columns of shape (n_bars,), quote currency."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats


@memoised
def ibs(high: Floats, low: Floats, close: Floats) -> Floats:
    """Return the internal bar strength: where in its range a bar closed.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Prices of one bar each, quote currency.

    Returns
    -------
    ndarray of shape (n_bars,)
        0 for a close at the low, 1 at the high, 0.5 for a bar without range.

    Examples
    --------
    >>> ibs(np.array([4.0, 3.0]), np.array([2.0, 3.0]), np.array([2.5, 3.0])).tolist()
    [0.25, 0.5]
    """
    out = np.full(close.size, 0.5)
    np.divide(close - low, high - low, out=out, where=high > low)
    return out


@memoised
def body_share(open_: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    """Return how much of a bar's range lies between its open and its close.

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n_bars,)
        Prices, quote currency.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [0, 1]; NaN for a bar without range.

    Examples
    --------
    >>> body_share(np.array([2.0]), np.array([4.0]), np.array([0.0]), np.array([3.0])).tolist()
    [0.25]
    """
    out = np.full(close.size, np.nan)
    np.divide(np.abs(close - open_), high - low, out=out, where=high > low)
    return out


@memoised
def shadows(open_: Floats, high: Floats, low: Floats, close: Floats) -> Shadows:
    """Return how far a bar reached beyond its body, above and below.

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n_bars,)
        Prices, quote currency.

    Returns
    -------
    Shadows
        Quote currency, at least 0.

    Examples
    --------
    >>> shadows(np.array([2.0]), np.array([4.0]), np.array([0.5]), np.array([3.0])).lower.tolist()
    [1.5]
    """
    return Shadows(high - np.maximum(open_, close), np.minimum(open_, close) - low)


@memoised
def engulfing(open_: Floats, close: Floats) -> NDArray[np.int8]:
    """Return where a bar's body covers the opposite body before it.

    Bullish: close > open after a bar with close < open, with open <= previous close and
    close >= previous open. Bearish is the mirror. Both ends may be equal; TA-Lib's
    ``CDLENGULFING`` wants one of them strictly beyond.

    Parameters
    ----------
    open_, close : ndarray of shape (n_bars,)
        Prices, quote currency, oldest first.

    Returns
    -------
    ndarray of shape (n_bars,), int8
        1 bullish, -1 bearish, 0 neither; 0 in the first row.

    Examples
    --------
    >>> engulfing(np.array([9.0, 7.0, 10.0]), np.array([8.0, 10.0, 7.0])).tolist()
    [0, 1, -1]
    """
    opened, closed = previous(open_), previous(close)
    up = (close > open_) & (closed < opened) & (open_ <= closed) & (close >= opened)
    down = (close < open_) & (closed > opened) & (open_ >= closed) & (close <= opened)
    return up.astype(np.int8) - down.astype(np.int8)


@memoised
def heikin_ashi(open_: Floats, high: Floats, low: Floats, close: Floats) -> Candles:
    """Return Heikin-Ashi bars: each opens in the middle of the one before.

    close = (O + H + L + C) / 4; open = middle of the previous smoothed open and close, at first
    of O and C; high and low reach to the smoothed open and close. The seed halves with each bar:
    after 50 its weight lies below 1e-15.

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n_bars,)
        Prices, oldest first.

    Returns
    -------
    Candles
        Known from the first row on.

    References
    ----------
    Valcu (2004), Using the Heikin-Ashi Technique, Stocks & Commodities 22:2.

    Examples
    --------
    >>> price = np.array([4.0, 8.0])
    >>> heikin_ashi(price, price + 1, price - 1, price).open.tolist()
    [4.0, 4.0]
    """
    middle = (open_ + high + low + close) / 4.0
    start = np.empty(close.size)
    halve(column((open_ + close) / 2.0), column(middle), start)
    top, bottom = np.maximum(start, middle), np.minimum(start, middle)
    return Candles(start, np.maximum(high, top), np.minimum(low, bottom), middle)


@memoised
def pattern(
    name: str, open_: Floats, high: Floats, low: Floats, close: Floats
) -> NDArray[np.int32]:
    """Return where TA-Lib sees the candle pattern ``name``.

    Prices are rounded to whole hundred-millionths first, so that a tie with the usual body of the
    last bars is decided by these bars alone.

    Parameters
    ----------
    name : str
        One of ``PATTERNS``: TA-Lib's name without ``CDL``, in lower case.
    open_, high, low, close : ndarray of shape (n_bars,)
        Prices, oldest first.

    Returns
    -------
    ndarray of shape (n_bars,), int32
        100 bullish, -100 bearish, 0 neither, also in the first rows, which the pattern needs.
        TA-Lib grades two: 80 for an ``engulfing`` with an equal end, 200 for a confirmed
        ``hikkake``.

    Raises
    ------
    SettingsError
        When there is no such pattern.

    Examples
    --------
    >>> close = np.append(np.arange(20.0), 17.0)
    >>> open_ = np.append(np.arange(20.0) - 1, 19.5)
    >>> pattern("engulfing", open_, np.maximum(open_, close), np.minimum(open_, close), close)[-1]
    np.int32(-100)
    """
    if name not in PATTERNS:
        near = get_close_matches(name, PATTERNS, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Choose one of {', '.join(PATTERNS)}."
        raise SettingsError(f"candle pattern must be one of TA-Lib's, received {name!r}. {hint}")
    bars = (column(np.rint(x / PRICE_QUANTUM)) for x in (open_, high, low, close))
    found: NDArray[np.int32] = getattr(talib, f"CDL{name.upper()}")(*bars)
    return found


def pattern_bars(name: str) -> int:
    """Return how many last bars decide what `pattern` says of the present one.

    TA-Lib's own look-back, itself included, and for a hikkake the three bars that may confirm it.

    Examples
    --------
    >>> pattern_bars("doji")
    11
    """
    waits = 3 if name.startswith("hikkake") else 0
    return int(getattr(abstract, f"CDL{name.upper()}").lookback) + 1 + waits


@jit
def halve(first: Floats, middle: Floats, out: Floats) -> None:
    for t in range(middle.size):
        out[t] = (out[t - 1] + middle[t - 1]) / 2.0 if t else first[t]
