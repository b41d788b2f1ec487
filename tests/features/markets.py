"""Markets to try features on: days, quarter hours, and sessions so short that many fit."""

from dataclasses import replace

import numpy as np

from alphamill.core.market import Bars, Floats
from alphamill.features.compute import features
from alphamill.features.table import cross_names, own_names
from alphamill.strategies.contract_markets import (
    PRICES,
    beside,
    daily,
    dated,
    quarter_hours,
)

FOUR = 4


def four_a_session(n_bars: int, seed: int = 5) -> Bars:
    """Return sessions of four quarter hours, some bars missing, the calendar's last among them."""
    rng = np.random.default_rng(seed)
    like = daily(n_bars, seed)
    place = np.flatnonzero(rng.random(2 * n_bars) > 0.06)[:n_bars]
    prices = {name: getattr(like, name) for name in PRICES}
    return dated("FOUR", "15m", prices, like.volume, place, FOUR)


FOURS = four_a_session(1400)
QUARTERS = quarter_hours(3000)
DAYS = daily(1600, 9)
MARKETS = {"fours": FOURS, "quarters": QUARTERS, "days": DAYS}
OTHERS = {"A": beside(FOURS, 0), "B": beside(QUARTERS, 1)}
EVERY = (*own_names(on_request=True), *cross_names(OTHERS))


def values(bars: Bars, names: tuple[str, ...] = EVERY) -> Floats:
    return features(bars, OTHERS, names).values


def usual_size(column: Floats) -> float:
    """Return the root of the mean square, 1 where there is none."""
    known = column[~np.isnan(column)]
    return float(np.sqrt(np.mean(known**2))) or 1.0 if known.size else 1.0


def shifted(bars: Bars, constant: float) -> Bars:
    """Return the bars as a back-adjustment by a constant leaves them."""
    prices = {name: getattr(bars, name) + constant for name in PRICES}
    return replace(bars, **prices, adjusted="add")


def multiplied(bars: Bars, factor: float) -> Bars:
    """Return the bars in another currency."""
    prices = {name: getattr(bars, name) * factor for name in (*PRICES, "raw_close")}
    return replace(bars, **prices)
