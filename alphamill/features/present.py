"""What the present session has done so far, against its open and the session before."""

from functools import partial

import numpy as np

from alphamill.core.market import Bars, Floats
from alphamill.features.daily import session_atr
from alphamill.features.feature import DERIVED, Feature
from alphamill.features.measures import (
    HL,
    OHL,
    VOLUME,
    at_bars,
    difference,
    flagged,
    of_price,
    price,
    quotient,
)
from alphamill.indicators.candles import ibs
from alphamill.indicators.session import (
    PriorSession,
    prior_session,
    session_extremes,
    session_open,
    session_vwap,
)


def _prior(bars: Bars) -> PriorSession:
    return prior_session(bars.session, bars.high, bars.low, bars.close)


def _session_return(bars: Bars) -> Floats:
    at = price(bars)
    began = prior_session(bars.session, at, at, at).close
    return quotient(bars.close - _prior(bars).close, began)


def _since_open(bars: Bars) -> Floats:
    return of_price(bars, bars.close - session_open(bars.session, bars.open))


def _place(bars: Bars) -> Floats:
    so_far = session_extremes(bars.session, bars.high, bars.low)
    place = ibs(so_far.high, so_far.low, bars.close)
    return np.where(np.isnan(so_far.high), np.nan, place)


def _range_so_far(bars: Bars) -> Floats:
    so_far = session_extremes(bars.session, bars.high, bars.low)
    return quotient(so_far.high - so_far.low, at_bars(bars, session_atr(bars)))


def gap(bars: Bars) -> Floats:
    """Return the session's open less the close of the session before, quote currency."""
    return difference(session_open(bars.session, bars.open), _prior(bars).close)


def _gap_pct(bars: Bars) -> Floats:
    return of_price(bars, gap(bars))


def _gap_in_ranges(bars: Bars) -> Floats:
    return quotient(gap(bars), at_bars(bars, session_atr(bars)))


def _gap_filled(bars: Bars) -> Floats:
    so_far = session_extremes(bars.session, bars.high, bars.low)
    close = _prior(bars).close
    return flagged((so_far.low <= close) & (close <= so_far.high), ~np.isnan(close))


def _from_prior_high(bars: Bars) -> Floats:
    return of_price(bars, bars.close - _prior(bars).high)


def _from_prior_low(bars: Bars) -> Floats:
    return of_price(bars, bars.close - _prior(bars).low)


def _from_vwap(bars: Bars) -> Floats:
    line = session_vwap(bars.session, bars.high, bars.low, bars.close, bars.volume)
    return of_price(bars, bars.close - line)


so_far = partial(Feature, family="session", source=DERIVED)
SESSION = (
    so_far(
        name="session_return",
        meaning="change since the close of the session before, fraction",
        function=_session_return,
        n_sessions=1,
        crosses=True,
    ),
    so_far(
        name="session_open_return",
        meaning="close less the session's open, fraction of the price",
        function=_since_open,
        needs=("open",),
        n_sessions=1,
    ),
    so_far(
        name="session_place",
        meaning="close's place in the session's range so far",
        function=_place,
        needs=HL,
        n_sessions=1,
    ),
    so_far(
        name="session_range_atr",
        meaning="range so far, in mean true ranges of 14 sessions",
        function=_range_so_far,
        needs=HL,
        n_sessions=16,
    ),
    so_far(
        name="gap_pct",
        meaning="session's open less the close before it, fraction of the price",
        function=_gap_pct,
        needs=("open",),
        n_sessions=1,
    ),
    so_far(
        name="gap_atr",
        meaning="that gap, in mean true ranges of 14 sessions",
        function=_gap_in_ranges,
        needs=OHL,
        n_sessions=16,
    ),
    so_far(
        name="gap_filled",
        meaning="1 once the session has traded at the close before it",
        function=_gap_filled,
        needs=HL,
        n_sessions=1,
    ),
    so_far(
        name="pct_from_prior_high",
        meaning="close less the high of the session before, fraction",
        function=_from_prior_high,
        needs=("high",),
        n_sessions=2,
    ),
    so_far(
        name="pct_from_prior_low",
        meaning="close less the low of the session before, fraction",
        function=_from_prior_low,
        needs=("low",),
        n_sessions=2,
    ),
    so_far(
        name="pct_from_vwap",
        meaning="close less the session's average price by volume, fraction",
        function=_from_vwap,
        needs=(*HL, *VOLUME),
        n_sessions=1,
    ),
)
