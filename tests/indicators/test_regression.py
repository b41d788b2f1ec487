import numpy as np
import pandas as pd
import pytest
import talib

from alphamill.indicators.regression import (
    linear_regression,
    rolling_beta,
    rolling_correlation,
    rolling_covariance,
    time_series_forecast,
)

from .samples import closes

X, Y = closes(), closes(seed=12)
LIVELY = slice(0, 300)


@pytest.mark.parametrize("n_bars", [2, 5, 50])
def test_a_line_equals_talib(n_bars):
    line = linear_regression(X, n_bars)

    np.testing.assert_allclose(line.value, talib.LINEARREG(X, n_bars), rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(line.slope, talib.LINEARREG_SLOPE(X, n_bars), rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(
        time_series_forecast(X, n_bars), talib.TSF(X, n_bars), rtol=0.0, atol=1e-9
    )


def test_a_line_explains_what_numpy_says_and_leaves_the_rest():
    line = linear_regression(X[LIVELY], 12)

    for t in range(11, 300):
        window, place = X[t - 11 : t + 1], np.arange(12.0)
        slope, start = np.polyfit(place, window, 1)
        rest = float(np.sum((window - start - slope * place) ** 2))
        assert line.residual[t] == pytest.approx(rest, abs=1e-9)
        share = 1.0 - rest / np.sum((window - window.mean()) ** 2)
        assert line.r_squared[t] == pytest.approx(share, abs=1e-9)


def test_a_line_through_prices_at_rest_is_flat_and_explains_nothing():
    line = linear_regression(X, 20)

    assert (line.slope[320:340] == 0.0).all()
    assert (line.value[320:340] == X[320]).all()
    assert np.isnan(line.r_squared[320:340]).all()


def test_a_line_keeps_its_digits_far_from_zero():
    # TA-Lib sums whole prices: 1e7 from zero it has lost half of its digits.
    ours = linear_regression(X + 1e7, 20).slope

    np.testing.assert_allclose(ours, linear_regression(X, 20).slope, rtol=0.0, atol=1e-9)


@pytest.mark.parametrize("n_bars", [3, 20])
def test_pairs_equal_pandas(n_bars):
    one, other = pd.Series(X[LIVELY]), pd.Series(Y[LIVELY])

    for ours, wanted in [
        (rolling_covariance(X[LIVELY], Y[LIVELY], n_bars), one.rolling(n_bars).cov(other)),
        (
            rolling_covariance(X[LIVELY], Y[LIVELY], n_bars, ddof=0),
            one.rolling(n_bars).cov(other, ddof=0),
        ),
        (rolling_correlation(X[LIVELY], Y[LIVELY], n_bars), one.rolling(n_bars).corr(other)),
    ]:
        np.testing.assert_allclose(ours, wanted, rtol=0.0, atol=1e-8)


def test_a_beta_is_the_slope_of_numpys_line():
    ours = rolling_beta(X[LIVELY], Y[LIVELY], 15)

    wanted = [np.polyfit(Y[t - 14 : t + 1], X[t - 14 : t + 1], 1)[0] for t in range(14, 300)]
    assert np.isnan(ours[:14]).all()
    np.testing.assert_allclose(ours[14:], wanted, rtol=0.0, atol=1e-8)


def test_a_correlation_is_exactly_bounded_and_unknown_beside_a_series_at_rest():
    np.testing.assert_allclose(rolling_correlation(X, -3.0 * X, 10)[9:300], -1.0, atol=1e-12)
    assert np.nanmin(rolling_correlation(X, -3.0 * X, 10)) >= -1.0
    assert np.isnan(rolling_correlation(X, Y, 10)[310:339]).all()
    assert np.isnan(rolling_beta(Y, X, 10)[310:339]).all()
