import numpy as np
import pytest
from scipy.stats import norm

from alphamill.indicators.risk import (
    drawdown,
    rolling_drawdown,
    sharpe_ratio,
    sortino_ratio,
    value_at_risk,
)

from . import readable
from .oracles import half_units_off, oracle
from .samples import closes

CLOSE = closes()
RETURNS = np.append(np.nan, CLOSE[1:] / CLOSE[:-1] - 1.0)


def test_the_sharpe_ratio_equals_the_reference_file(shared):
    # The file began ten bars earlier; its last bar was still open when it was written.
    file = "spy_sr.txt"
    theirs = oracle(shared, file, "sr_10")

    ours = sharpe_ratio(oracle(shared, file, "close"), 10, ddof=0)

    np.testing.assert_allclose(ours[10:-1], theirs[10:-1], rtol=0.0, atol=1e-12)
    assert abs(ours[-1] - theirs[-1]) < 6e-5


@pytest.mark.parametrize("rate", ["0", "0.01"])
def test_the_sortino_ratio_equals_the_reference_file(shared, rate):
    # Its returns are printed to ten decimals; the ratio is 4e-10 from its own quotient.
    file = "spy_sortino.csv"

    ours = sortino_ratio(oracle(shared, file, "close"), 15, float(rate))

    assert half_units_off(ours, shared, file, f"sortino_rf_{rate}_period_15") <= 8.0


def test_ratios_of_a_market_at_rest_are_unknown():
    assert np.isnan(sharpe_ratio(np.full(40, 0.1), 10)).all()
    assert np.isnan(sortino_ratio(1.01 ** np.arange(40.0), 10)).all()


def test_a_riskless_rate_is_taken_from_every_return():
    ours = sharpe_ratio(CLOSE[:200], 20, rate=0.001)

    mean = readable.windowed(readable.mean, RETURNS[:200] - 0.001, 20)
    spread = readable.windowed(lambda w: readable.deviation(w, 1), RETURNS[:200], 20)
    np.testing.assert_allclose(ours, mean / spread, rtol=0.0, atol=1e-9)


@pytest.mark.parametrize("confidence", [0.9, 0.99])
def test_value_at_risk_equals_scipys_normal_law(confidence):
    ours = value_at_risk(CLOSE[:300], 50, confidence)

    for t in range(50, 300):
        window = RETURNS[t - 49 : t + 1]
        wanted = norm.ppf(1.0 - confidence, window.mean(), window.std(ddof=1))
        assert ours[t] == pytest.approx(wanted, abs=1e-12)


def test_value_at_risk_is_undercut_as_often_as_it_says():
    walk = np.cumprod(1.0 + 0.01 * np.random.default_rng(1).standard_normal(20_000))

    limit = value_at_risk(walk, 250, 0.95)[250:-1]

    assert np.mean((walk[1:] / walk[:-1] - 1.0)[250:] < limit) == pytest.approx(0.05, abs=0.005)


def test_drawdowns_equal_their_readable_twins():
    def deepest(window):
        rows = range(len(window))
        return max(1.0 - window[b] / window[a] for a in rows for b in rows if a <= b)

    so_far = [1.0 - CLOSE[t] / max(CLOSE[: t + 1]) for t in range(200)]
    np.testing.assert_allclose(drawdown(CLOSE[:200]), so_far, rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(
        rolling_drawdown(CLOSE[:200], 15), readable.windowed(deepest, CLOSE[:200], 15), atol=1e-12
    )


def test_a_drawdown_within_a_window_is_unknown_beside_a_nan_or_a_price_below_zero():
    holed = np.array([4.0, 3.0, np.nan, 5.0, 6.0, -1.0, 2.0, 3.0])

    assert np.isnan(rolling_drawdown(holed, 2)).tolist() == [
        True, False, True, True, False, False, True, False,
    ]  # fmt: skip
