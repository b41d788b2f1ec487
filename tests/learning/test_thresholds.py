"""What a selection of signals earns: the fast sums are those of a plain walk through the trades."""

import numpy as np

from alphamill.backtest.metrics import sharpe
from alphamill.learning.thresholds import earned

from .made import rows

ROWS = rows(200)


def walked(selected):
    """Return session P&L and trades of one account that follows the selected signals in turn."""
    daily, n_trades, free = np.zeros(ROWS.n_days), 0, -1
    for k in np.flatnonzero(selected):
        if ROWS.trades.decided[k] >= free:
            daily[ROWS.day[k]] += ROWS.trades.pnl[k]
            n_trades, free = n_trades + 1, ROWS.trades.free[k]
    return daily, n_trades


def test_a_selection_earns_what_a_walk_through_its_trades_earns():
    selected = np.random.default_rng(1).random((5, len(ROWS))) < 0.4

    annual, n_trades = earned(ROWS, selected, ROWS.n_days)

    for k in range(5):
        daily, n = walked(selected[k])
        assert n_trades[k] == n
        np.testing.assert_allclose(annual[k], sharpe(daily, 252.0), rtol=1e-9)


def test_idle_sessions_count():
    selected = np.ones((1, len(ROWS)), dtype=np.bool_)

    once, twice = (earned(ROWS, selected, n * ROWS.n_days)[0][0] for n in (1, 2))

    assert 0.65 < twice / once < 0.72


def test_a_selection_of_nothing_earns_nothing():
    annual, n_trades = earned(ROWS, np.zeros((1, len(ROWS)), dtype=np.bool_), ROWS.n_days)

    assert (annual[0], n_trades[0]) == (0.0, 0)
