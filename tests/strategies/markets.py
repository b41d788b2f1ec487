"""Daily bars with the prices of a worksheet."""

from dataclasses import replace

import numpy as np

from alphamill.core.market import Bars
from alphamill.strategies.contract_markets import PRICES, dated


def drawn(
    open_: list[float], high: list[float], low: list[float], close: list[float], symbol: str = "DRW"
) -> Bars:
    """Return daily bars of these prices."""
    columns = (np.array(column, dtype=np.float64) for column in (open_, high, low, close))
    prices = dict(zip(PRICES, columns, strict=True))
    n_bars = len(close)
    return dated(symbol, "1d", prices, np.full(n_bars, 1000.0), np.arange(n_bars), 1)


def from_closes(close: list[float]) -> Bars:
    """Return daily bars that know closes only."""
    return replace(drawn(close, close, close, close), closes_only=True)
