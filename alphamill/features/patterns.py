"""What a bar and those before it look like.

A bar without range has neither body nor wicks, and is no doji, hammer or shooting star.
"""

from functools import partial

import numpy as np

from alphamill.core.market import Bars, Flags, Floats
from alphamill.features.feature import Feature
from alphamill.features.measures import HL, OHL, difference, flagged, quotient
from alphamill.indicators.candles import shadows
from alphamill.indicators.rolling import previous, previous_max, previous_min, streak

# Longer runs are one thing to a model, and a live window must end.
LONGEST_STREAK = 20
DOJI_BODY, SMALL_BODY, LONG_WICK, NO_WICK = 0.1, 0.3, 0.6, 0.1


def _known(x: Floats) -> Flags:
    return ~np.isnan(x)


def _inside_bar(bars: Bars) -> Floats:
    high, low = previous(bars.high), previous(bars.low)
    return flagged((bars.high < high) & (bars.low > low), _known(high))


def _outside_bar(bars: Bars) -> Floats:
    high, low = previous(bars.high), previous(bars.low)
    return flagged((bars.high > high) & (bars.low < low), _known(high))


def _bearish(bars: Bars) -> Floats:
    return flagged(bars.close < bars.open)


def _bullish(bars: Bars) -> Floats:
    return flagged(bars.close > bars.open)


def _bear_streak(bars: Bars) -> Floats:
    return _streak(bars.close < bars.open)


def _bull_streak(bars: Bars) -> Floats:
    return _streak(bars.close > bars.open)


def _streak(is_so: Flags) -> Floats:
    out: Floats = np.minimum(streak(is_so), LONGEST_STREAK).astype(np.float64)
    return out


def _lowest(bars: Bars, n_bars: int) -> Floats:
    before = previous_min(bars.low, n_bars - 1)
    return flagged(bars.low < before, _known(before))


def _highest(bars: Bars, n_bars: int) -> Floats:
    before = previous_max(bars.high, n_bars - 1)
    return flagged(bars.high > before, _known(before))


def _of_range(bars: Bars, part: Floats) -> Floats:
    out: Floats = np.nan_to_num(quotient(part, difference(bars.high, bars.low)), nan=0.0)
    return out


def _body(bars: Bars) -> Floats:
    return _of_range(bars, np.abs(bars.close - bars.open))


def _upper_wick(bars: Bars) -> Floats:
    return _of_range(bars, shadows(bars.open, bars.high, bars.low, bars.close).upper)


def _lower_wick(bars: Bars) -> Floats:
    return _of_range(bars, shadows(bars.open, bars.high, bars.low, bars.close).lower)


def _is_doji(bars: Bars) -> Floats:
    return flagged((_body(bars) < DOJI_BODY) & (bars.high > bars.low))


def _is_hammer(bars: Bars) -> Floats:
    small = _body(bars) < SMALL_BODY
    return flagged(small & (_lower_wick(bars) > LONG_WICK) & (_upper_wick(bars) < NO_WICK))


def _is_shooting_star(bars: Bars) -> Floats:
    small = _body(bars) < SMALL_BODY
    return flagged(small & (_upper_wick(bars) > LONG_WICK) & (_lower_wick(bars) < NO_WICK))


shape = partial(Feature, family="patterns")
PATTERNS = (
    shape(
        name="inside_bar",
        meaning="1 within the bar before",
        function=_inside_bar,
        needs=HL,
        n_bars=2,
    ),
    shape(
        name="outside_bar",
        meaning="1 beyond both ends of it",
        function=_outside_bar,
        needs=HL,
        n_bars=2,
    ),
    shape(name="bearish_bar", meaning="1 closed lower", function=_bearish, needs=("open",)),
    shape(name="bullish_bar", meaning="1 closed higher", function=_bullish, needs=("open",)),
    shape(
        name="bear_streak",
        meaning="bearish bars in a row, at most 20",
        function=_bear_streak,
        needs=("open",),
        n_bars=LONGEST_STREAK,
    ),
    shape(
        name="bull_streak",
        meaning="bullish bars in a row, at most 20",
        function=_bull_streak,
        needs=("open",),
        n_bars=LONGEST_STREAK,
    ),
    *(
        shape(
            name=name,
            meaning=f"1 for a new low of {n} bars",
            function=_lowest,
            params={"n_bars": n},
            needs=("low",),
            n_bars=n,
        )
        for name, n in (("n7_bar", 7), ("n10_bar_low", 10))
    ),
    shape(
        name="n10_bar_high",
        meaning="1 for a new high of 10 bars",
        function=_highest,
        params={"n_bars": 10},
        needs=("high",),
        n_bars=10,
    ),
    shape(name="body_pct", meaning="body, share of the range", function=_body, needs=OHL),
    shape(
        name="upper_wick_pct", meaning="wick above, share of it", function=_upper_wick, needs=OHL
    ),
    shape(
        name="lower_wick_pct", meaning="wick below, share of it", function=_lower_wick, needs=OHL
    ),
    shape(name="is_doji", meaning="1 body below 0.1", function=_is_doji, needs=OHL),
    shape(
        name="is_hammer",
        meaning="1 lower wick above 0.6, body below 0.3, upper wick below 0.1",
        function=_is_hammer,
        needs=OHL,
    ),
    shape(
        name="is_shooting_star",
        meaning="1 for its mirror image",
        function=_is_shooting_star,
        needs=OHL,
    ),
)
