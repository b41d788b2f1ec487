"""LEAN's MACDTrendAlgorithm to the cent, by a readable account and through the weights loop.

The recipe (specification of oracles, D4): daily SPY 2004 to 2014, $100,000. After each close
d = (macd - signal) / fast EMA; flat and d > 0.0025 buys 99.75% of equity at that close, long and
d < -0.0025 sells everything. Whole shares, reduced until shares x close + fee fit; fills at the
next open; $0.005 a share, at least $1, at most 0.5% of the value.
"""

import math
from pathlib import Path

import numpy as np
import pytest

from alphamill.core.market import Floats

from .lean_data import Daily, adjusted_daily

CASH, PART, EDGE = 100_000.0, 0.9975, 0.0025
END_EQUITY, FEES, N_FILLS, DRAWDOWN = 137_751.04, 468.54, 84, 0.34892


@pytest.fixture(scope="module")
def spy(shared: Path) -> Daily:
    return adjusted_daily(shared, "spy", 20040101, 20141231)


def test_readable_account_reproduces_lean(spy: Daily) -> None:
    equity, fees, n_fills = readable_account(spy, trend(spy.close))

    assert (round(equity[-1], 2), round(fees, 2), n_fills) == (END_EQUITY, FEES, N_FILLS)
    assert drawdown(equity) == pytest.approx(DRAWDOWN, abs=5e-6)


def test_weights_loop_reproduces_lean(spy: Daily) -> None:
    from alphamill.backtest.weights import Charges, run_weights

    result = run_weights(
        spy.open[:, None],
        spy.close[:, None],
        wanted_weights(trend(spy.close))[:, None],
        cash=CASH,
        charges=Charges(per_unit=0.005, minimum=1.0, cap_frac=0.005),
        whole_units=True,
    )

    assert round(float(result.equity[-1]), 2) == END_EQUITY
    assert round(float(result.fees.sum()), 2) == FEES
    assert int(result.n_fills.sum()) == N_FILLS
    assert drawdown(result.equity) == pytest.approx(DRAWDOWN, abs=5e-6)


def test_weights_loop_equals_the_readable_account_on_every_day(spy: Daily) -> None:
    from alphamill.backtest.weights import Charges, run_weights

    expected, _, _ = readable_account(spy, trend(spy.close))
    result = run_weights(
        spy.open[:, None],
        spy.close[:, None],
        wanted_weights(trend(spy.close))[:, None],
        cash=CASH,
        charges=Charges(per_unit=0.005, minimum=1.0, cap_frac=0.005),
        whole_units=True,
    )

    np.testing.assert_allclose(result.equity, expected, rtol=0, atol=1e-6)


def readable_account(spy: Daily, strength: Floats) -> tuple[Floats, float, int]:
    cash, shares, ordered, fees, n_fills = CASH, 0, 0, 0.0, 0
    equity = np.empty(spy.close.size)
    for t in range(spy.close.size):
        if ordered:
            fee = fee_of(ordered, spy.open[t])
            cash -= ordered * spy.open[t] + fee
            shares, fees, n_fills, ordered = shares + ordered, fees + fee, n_fills + 1, 0
        equity[t] = cash + shares * spy.close[t]
        if shares == 0 and strength[t] > EDGE:
            target = PART * equity[t]
            ordered = math.floor(target / spy.close[t])
            while ordered * spy.close[t] + fee_of(ordered, spy.close[t]) > target:
                ordered -= 1
        elif shares > 0 and strength[t] < -EDGE:
            ordered = -shares
    return equity, fees, n_fills


def fee_of(shares: int, price: float) -> float:
    return float(min(max(1.0, 0.005 * abs(shares)), 0.005 * abs(shares) * price))


def wanted_weights(strength: Floats) -> Floats:
    """Return the weight decided at each close: 0.9975, 0, or NaN for "leave it alone"."""
    wanted, is_long = np.full(strength.size, np.nan), False
    for t, value in enumerate(strength):
        if not is_long and value > EDGE:
            wanted[t], is_long = PART, True
        elif is_long and value < -EDGE:
            wanted[t], is_long = 0.0, False
    return wanted


def trend(close: Floats) -> Floats:
    fast, slow = seeded_ema(close, 12), seeded_ema(close, 26)
    macd = fast - slow
    signal = np.full(close.size, np.nan)
    signal[25:] = seeded_ema(macd[25:], 9)
    return (macd - signal) / fast


def seeded_ema(values: Floats, n_bars: int) -> Floats:
    """Return the exponential average seeded with the mean of the first ``n_bars``."""
    out = np.full(values.size, np.nan)
    out[n_bars - 1] = values[:n_bars].mean()
    for t in range(n_bars, values.size):
        out[t] = out[t - 1] + 2.0 / (n_bars + 1) * (values[t] - out[t - 1])
    return out


def drawdown(equity: Floats) -> float:
    peak = np.maximum.accumulate(np.append(CASH, equity))[1:]
    return float((1.0 - equity / peak).max())
