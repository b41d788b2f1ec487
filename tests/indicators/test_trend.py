import numpy as np
import pytest
import talib

from alphamill.indicators.trend import (
    crosses_above,
    crosses_below,
    ema,
    ema_from_mean,
    midpoint,
    midprice,
    rma,
    sma,
    smooth,
)

from . import readable
from .oracles import half_units_off, oracle
from .samples import closes, reference, worst


@pytest.mark.parametrize(
    ("function", "twin"),
    [(ema, readable.ema), (ema_from_mean, readable.ema_from_mean), (rma, readable.rma)],
)
@pytest.mark.parametrize("n_bars", [2, 14])
@pytest.mark.parametrize("n_unknown", [0, 5])
def test_an_exponential_average_equals_its_readable_twin(function, twin, n_bars, n_unknown):
    close = closes()
    close[:n_unknown] = np.nan

    np.testing.assert_allclose(function(close, n_bars), twin(close, n_bars), rtol=0.0, atol=1e-10)


def test_the_two_seeds_differ_and_are_forgotten_after_14_spans():
    close = closes()

    apart = np.abs(ema(close, 10) - ema_from_mean(close, 10))

    assert apart[9] > 0.1
    assert apart[140:].max() < 1e-11 < apart[100]


def test_wilders_seed_is_forgotten_after_28_lengths():
    close = closes()
    moved = close.copy()
    moved[0] += 50.0

    apart = np.abs(rma(close, 10) - rma(moved, 10))

    assert apart[9] == pytest.approx(5.0)
    assert apart[290] < 5e-11 < apart[200]


@pytest.mark.parametrize("function", [sma, ema, ema_from_mean, rma])
@pytest.mark.parametrize("n_rows", [0, 1, 4])
def test_an_average_without_its_rows_is_unknown(function, n_rows):
    assert np.isnan(function(closes(50)[:n_rows], 5)).tolist() == [True] * n_rows


@pytest.mark.parametrize("function", [ema, rma])
def test_a_nan_inside_makes_the_rest_unknown(function):
    holed = closes(60)
    holed[30] = np.nan

    assert np.isnan(function(holed, 5)).tolist() == [True] * 4 + [False] * 26 + [True] * 30


@pytest.mark.parametrize("function", [sma, ema, rma])
def test_an_average_of_a_price_at_rest_is_that_price(function):
    assert (function(np.full(50, 0.1), 5)[4:] == 0.1).all()


def test_averages_equal_talib():
    close = closes()

    np.testing.assert_allclose(sma(close, 20), talib.SMA(close, 20), rtol=0.0, atol=1e-10)
    np.testing.assert_allclose(ema_from_mean(close, 20), talib.EMA(close, 20), atol=0.0)


def test_compiled_equals_uncompiled():
    close = closes()
    fast, slow = np.zeros(close.size), np.zeros(close.size)

    smooth(close, 0.1, 3, 99.0, fast)
    getattr(smooth, "py_func", smooth)(close, 0.1, 3, 99.0, slow)

    np.testing.assert_allclose(fast, slow, rtol=0.0, atol=1e-12)


def test_a_crossing_needs_both_bars_known():
    x = np.array([3.0, 1.0, 3.0, np.nan, 3.0, 2.0, 3.0, 4.0])
    level = np.full(8, 2.0)

    # Row 0 has no bar before it, row 4 an unknown one; equality on the bar before is "not above".
    assert np.flatnonzero(crosses_above(x, level)).tolist() == [2, 6]
    assert np.flatnonzero(crosses_below(-x, -level)).tolist() == [2, 6]
    assert not crosses_above(x, np.full(8, np.nan)).any()
    assert np.flatnonzero(crosses_above(x, 2.0)).tolist() == [2, 6]
    assert np.flatnonzero(crosses_below(-x, -2.0)).tolist() == [2, 6]


def test_averages_equal_the_reference_file(shared):
    # Printed to 0.01, of closes that were themselves rounded to 0.01: 0.005 each at most.
    file = reference(shared, "spy_with_indicators.txt")

    assert worst(sma(file["close"], 14), file["sma14"]) < 0.01
    assert worst(ema_from_mean(file["close"], 14), file["ema14"]) < 0.01


def test_the_average_seeded_with_a_mean_equals_the_reference_file(shared):
    file = reference(shared, "spy_ema.csv")

    assert worst(ema_from_mean(file["close"], 14), file["ema14"]) < 1e-12
    assert worst(ema(file["close"], 14)[196:], file["ema14"][196:]) < 1e-10


def test_the_middle_of_extremes_equals_the_reference_files(shared):
    of_closes, of_bars = "spy_midpoint.txt", "spy_midprice.txt"
    high, low = (oracle(shared, of_bars, name) for name in ("high", "low"))

    point = midpoint(oracle(shared, of_closes, "close"), 5)

    assert half_units_off(point, shared, of_closes, "midpoint_5") <= 1.0
    assert half_units_off(midprice(high, low, 5), shared, of_bars, "midprice_5") <= 1.0
