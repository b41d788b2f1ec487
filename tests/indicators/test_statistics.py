import numpy as np
import pandas as pd
import pytest

from alphamill.indicators.statistics import (
    mean_deviation,
    rolling_kurtosis,
    rolling_median,
    rolling_quantile,
    rolling_skew,
    rolling_var,
    zscore,
)

from . import readable
from .oracles import oracle
from .samples import closes

CLOSE = closes()
# pandas keeps running sums, which lose digits where a flat stretch follows lively bars.
LIVELY = slice(0, 300)


def pandas_window(n_bars):
    return pd.Series(CLOSE[LIVELY]).rolling(n_bars)


@pytest.mark.parametrize("ddof", [0, 1])
def test_a_zscore_equals_pandas(ddof):
    window = pandas_window(20)

    ours = zscore(CLOSE[LIVELY], 20, ddof)

    wanted = (CLOSE[LIVELY] - window.mean()) / window.std(ddof=ddof)
    np.testing.assert_allclose(ours, wanted, rtol=0.0, atol=1e-9)


def test_a_zscore_is_unknown_in_a_market_at_rest():
    lively = 1.1 + 5e-4 * np.random.default_rng(0).standard_normal(100)

    z = zscore(np.append(lively, np.full(40, 1.10001)), 20)

    assert np.isnan(z[-21:]).all()
    assert np.isfinite(z[19:100]).all()


def test_the_variance_equals_the_reference_file(shared):
    file = "spy_var.txt"

    ours = rolling_var(oracle(shared, file, "close"), 10, ddof=0)

    # Its author kept sums of squares of whole prices: 1e-10 of a variance of 5 is rounding.
    np.testing.assert_allclose(ours[9:], oracle(shared, file, "var")[9:], rtol=0.0, atol=2e-10)


@pytest.mark.parametrize("n_bars", [4, 20, 61])
def test_moments_equal_pandas(n_bars):
    window = pandas_window(n_bars)

    for ours, wanted in [
        (rolling_var(CLOSE[LIVELY], n_bars), window.var()),
        (rolling_skew(CLOSE[LIVELY], n_bars), window.skew()),
        (rolling_kurtosis(CLOSE[LIVELY], n_bars), window.kurt()),
    ]:
        np.testing.assert_allclose(ours, wanted, rtol=1e-7, atol=1e-7)


def test_moments_keep_their_digits_far_from_zero():
    near = closes(100)

    np.testing.assert_allclose(rolling_skew(near + 1e6, 20), rolling_skew(near, 20), atol=1e-6)


def test_the_mean_deviation_equals_its_readable_twin():
    def spread(window):
        return readable.mean([abs(v - readable.mean(window)) for v in window])

    ours = mean_deviation(CLOSE, 9)

    np.testing.assert_allclose(ours, readable.windowed(spread, CLOSE, 9), rtol=0.0, atol=1e-12)
    assert (ours[310:340] == 0.0).all()


@pytest.mark.parametrize("n_bars", [1, 2, 7, 20])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.83, 1.0])
def test_a_quantile_equals_numpy(n_bars, share):
    ours = rolling_quantile(CLOSE, n_bars, share)

    wanted = readable.windowed(lambda w: float(np.quantile(w, share)), CLOSE, n_bars)
    np.testing.assert_allclose(ours, wanted, rtol=0.0, atol=1e-12)


def test_a_quantile_is_unknown_only_while_a_nan_lies_in_the_window():
    holed = closes(60)
    holed[[0, 1, 30]] = np.nan

    ours = rolling_median(holed, 5)

    assert np.flatnonzero(np.isnan(ours)).tolist() == [0, 1, 2, 3, 4, 5, 30, 31, 32, 33, 34]
    assert ours[40] == np.median(holed[36:41])


def test_the_share_of_a_window_below_its_median_is_a_half():
    median = rolling_median(CLOSE, 21)

    for t in range(20, 300):
        below = np.mean(CLOSE[t - 20 : t + 1] < median[t])
        assert below <= 0.5 <= below + np.mean(CLOSE[t - 20 : t + 1] == median[t])
