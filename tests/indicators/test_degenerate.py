"""Bars that say nothing, or nonsense: no row of the table raises, warns or says infinity."""

import numpy as np
import pytest

from alphamill.indicators.indicator import Column
from alphamill.indicators.table import INDICATORS

from .markets import Columns, market

N_BARS = 90
PRICES = ("open", "high", "low", "close", "other")


def bars(**columns: Column | float) -> Columns:
    """Return ordinary bars with some columns replaced by one value or by another column."""
    usual = market(7, N_BARS, 15, 0.01, start=10_000, step=20)
    return usual | {name: np.full(N_BARS, value) for name, value in columns.items()}


def moved_by(step: float) -> Columns:
    usual = bars()
    return usual | {name: usual[name] + step for name in PRICES}


DEGENERATE = {
    "nothing_moves": bars(**dict.fromkeys(PRICES, 0.1), volume=5.0),
    "nothing_moves_or_trades": bars(**dict.fromkeys(PRICES, 0.1), volume=0.0),
    "nothing_trades": bars(volume=0.0),
    "volume_is_unknown": bars(volume=np.nan),
    "closes_only": bars() | dict.fromkeys(("open", "high", "low"), bars()["close"]),
    "all_prices_are_0": bars(**dict.fromkeys(PRICES, 0.0)),
    "prices_cross_0": moved_by(-100.0),
    "prices_are_below_0": moved_by(-1000.0),
    "prices_are_huge": moved_by(1e12),
}


@pytest.mark.parametrize("row", INDICATORS, ids=lambda row: row.name)
@pytest.mark.parametrize("columns", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_bars_give_no_infinity_and_no_warning(row, columns):
    # Warnings are errors in all tests.
    for n_bars in (0, 1, 2, 3, N_BARS):
        given = {name: column[:n_bars] for name, column in columns.items()}

        values = row.values(given)

        assert [x.size for x in values] == [n_bars] * len(values)
        assert not any(np.isinf(x).any() for x in values)
