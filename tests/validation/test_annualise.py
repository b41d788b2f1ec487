"""Check numbers of specs/statistics.md, C11, and sums of simulated periods."""

import math

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.annualise import annual_sharpe, annualisation_factor, autocorrelation


@pytest.mark.parametrize(
    ("phi", "q", "printed"),
    [(0.1, 12, 3.160), (0.2, 12, 2.879), (0.3, 12, 2.615), (-0.2, 12, 4.171), (0.0, 12, 3.464)],
)
def test_the_factor_of_a_first_order_autoregression_is_the_printed_one(phi, q, printed):
    assert round(annualisation_factor(phi ** np.arange(1, q), q), 3) == printed


@pytest.mark.parametrize(("phi", "printed"), [(0.2, 12.97), (0.0, 15.87)])
def test_the_factor_of_days_is_the_printed_one(phi, printed):
    assert round(annualisation_factor(phi ** np.arange(1, 252), 252), 2) == printed


def test_lags_that_are_not_given_count_as_zero_and_those_beyond_are_not_used():
    assert annualisation_factor(np.array([0.3]), 4) == pytest.approx(4 / math.sqrt(4 + 2 * 3 * 0.3))
    assert annualisation_factor(np.full(9, 0.3), 1) == 1.0
    assert annualisation_factor(np.array([0.3, 0.9]), 2) == pytest.approx(2 / math.sqrt(2.6))


def test_the_factor_annualises_the_ratio_of_sums_of_periods():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(1_200_001)
    months = 0.1 + noise[1:] + 0.5 * noise[:-1]
    years = months.reshape(-1, 12).sum(axis=1)

    factor = annualisation_factor(np.array([0.5 / 1.25]), 12)

    assert months.mean() / months.std() * factor == pytest.approx(
        years.mean() / years.std(), rel=0.01
    )


def test_autocorrelation_is_the_textbook_estimate():
    # Centred -1.5, -0.5, 0.5, 1.5: products 1.25 at lag 1, -1.5 at lag 2, over 5.
    assert autocorrelation(np.array([1.0, 2.0, 3.0, 4.0]), 2).tolist() == [0.25, -0.3]
    assert autocorrelation(np.full(5, 0.1), 2).tolist() == [0.0, 0.0]


def test_annual_sharpe_of_few_lags_is_the_ratio_times_its_factor():
    r = np.array([1.0, 2.0, 3.0, 4.0])

    found = annual_sharpe(r, 12, n_lags=2)

    assert found == pytest.approx(
        r.mean() / r.std(ddof=1) * annualisation_factor(np.array([0.25, -0.3]), 12)
    )


@pytest.mark.parametrize(("phi", "factor"), [(0.2, 12.97), (0.0, 15.87), (-0.2, 19.4)])
def test_annual_sharpe_finds_the_correction_by_itself(phi, factor):
    rng = np.random.default_rng(2)
    r = rng.standard_normal(40_000)
    for t in range(1, r.size):
        r[t] += phi * r[t - 1]
    r += 0.1

    assert annual_sharpe(r, 252) == pytest.approx(r.mean() / r.std() * factor, rel=0.04)


def test_pnl_that_never_moves_has_a_ratio_of_zero():
    assert annual_sharpe(np.zeros(300), 252) == 0.0


@pytest.mark.parametrize("rho", [[1.1], [math.nan], [[0.1]]])
def test_what_is_no_autocorrelation_is_refused(rho):
    with pytest.raises(DataError, match="autocorrelations from -1 to 1"):
        annualisation_factor(np.array(rho), 12)


def test_autocorrelations_that_no_series_has_are_refused():
    # The root would be of 12 - 2 x 11 x 0.9.
    with pytest.raises(DataError, match="no series has these autocorrelations"):
        annualisation_factor(np.array([-0.9]), 12)


@pytest.mark.parametrize("returns", [np.zeros(2), np.full(9, np.nan), np.zeros((3, 3))])
def test_returns_that_give_no_autocorrelation_are_refused(returns):
    with pytest.raises(DataError, match="need more finite returns than that"):
        autocorrelation(returns, 2)
