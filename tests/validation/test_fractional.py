"""Check numbers of specs/statistics.md, C10, fractional differencing."""

import math

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.fractional import fractional_difference, fractional_weights


@pytest.mark.parametrize(
    ("d", "printed"),
    [
        (0.4, [1, -0.4, -0.12, -0.064, -0.0416, -0.029952]),
        (0.5, [1, -0.5, -0.125, -0.0625, -0.0390625]),
    ],
)
def test_weights_are_the_printed_ones(d, printed):
    np.testing.assert_allclose(fractional_weights(d)[: len(printed)], printed, rtol=1e-12)


def test_order_one_is_the_first_difference():
    assert fractional_weights(1.0).tolist() == [1.0, -1.0]
    assert fractional_difference(np.array([3.0, 5.0, 4.0]), 1.0)[1:].tolist() == [2.0, -1.0]


@pytest.mark.parametrize(
    ("d", "threshold", "n_terms"),
    [
        (0.4, 1e-3, 55),
        (0.4, 1e-4, 282),
        (0.4, 1e-5, 1_458),
        (0.5, 1e-3, 44),
        (0.5, 1e-4, 200),
        (0.5, 1e-5, 927),
    ],
)
def test_windows_have_the_printed_width(d, threshold, n_terms):
    assert fractional_weights(d, threshold).size == n_terms


def test_the_difference_is_the_weighted_sum_of_the_window():
    x = np.random.default_rng(1).standard_normal(200).cumsum()
    w = fractional_weights(0.4, 1e-3)

    found = fractional_difference(x, 0.4, 1e-3)

    assert np.isnan(found[:54]).all()
    plain = [sum(w[k] * x[t - k] for k in range(55)) for t in range(54, 200)]
    np.testing.assert_allclose(found[54:], plain, rtol=1e-9)


def test_the_past_does_not_change_when_the_future_does():
    x = np.random.default_rng(2).standard_normal(300).cumsum()
    other = np.append(x[:150], np.full(150, 1e6))

    before = fractional_difference(x, 0.5, 1e-3)[:150]

    assert np.array_equal(before, fractional_difference(other, 0.5, 1e-3)[:150], equal_nan=True)


def test_a_gap_is_unknown_for_one_width_and_no_longer():
    x = np.arange(200.0)
    x[100] = np.nan

    found = fractional_difference(x, 0.5, 1e-3)

    assert np.flatnonzero(np.isnan(found)).tolist() == [*range(43), *range(100, 144)]


def test_a_series_shorter_than_the_window_is_unknown():
    assert np.isnan(fractional_difference(np.arange(10.0), 0.4)).all()


@pytest.mark.parametrize(("d", "threshold"), [(0.0, 1e-3), (math.nan, 1e-3), (0.4, 0.0)])
def test_orders_and_thresholds_out_of_range_are_refused(d, threshold):
    with pytest.raises(DataError, match="order from 0 to 10 and a threshold between 0 and 1"):
        fractional_weights(d, threshold)


def test_an_endless_window_is_refused(monkeypatch):
    monkeypatch.setattr("alphamill.validation.fractional._WIDEST", 100)

    with pytest.raises(DataError, match="more than 100 terms down to 0.0001; raise the threshold"):
        fractional_weights(0.4)
