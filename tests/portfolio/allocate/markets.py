"""Small markets with known answers."""

import numpy as np
import pandas as pd

from alphamill.portfolio.allocate.universe import Universe, universe

CLASSES = {"A": "stocks", "B": "stocks", "C": "bonds", "D": "bonds", "E": "gold"}


def returns(n_days: int = 300, seed: int = 3, names: str = "ABCDE") -> pd.DataFrame:
    """Return correlated daily returns with volatilities from 0.5 % to 2 %."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((n_days, 1))
    own = rng.standard_normal((n_days, len(names)))
    spread = np.linspace(0.02, 0.005, len(names))
    days = pd.bdate_range("2015-01-01", periods=n_days)
    shared = np.linspace(0.9, 0.1, len(names))
    moves = shared * common + np.sqrt(1.0 - shared**2) * own
    return pd.DataFrame(moves * spread, days, list(names))


def market(n_days: int = 300, seed: int = 3, cash: str = "") -> Universe:
    """Return a market of five names in three classes, signals a trend."""
    return universe(returns(n_days, seed), CLASSES, cash=cash)
