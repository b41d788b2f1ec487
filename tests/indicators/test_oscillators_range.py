import numpy as np
import pytest
import talib

from alphamill.indicators.momentum import williams_r
from alphamill.indicators.oscillators_range import (
    fisher,
    premier_stochastic,
    raw_stochastic,
    stochastic,
    stochastic_momentum,
    transform,
)
from alphamill.indicators.rolling import column

from . import readable_oscillators as readable
from .oracles import half_units_off, oracle
from .samples import prices, worst


def assert_same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=1e-9)


@pytest.mark.parametrize("n_bars", [1, 2, 14])
def test_raw_stochastic_equals_its_readable_twin(n_bars):
    _, high, low, close = prices()

    ours = raw_stochastic(high, low, close, n_bars)

    assert_same(ours, 100.0 * readable.place(close, low, high, n_bars, np.nan))
    assert_same(ours - 100.0, williams_r(high, low, close, n_bars))


def test_raw_stochastic_equals_talib_where_the_price_moves():
    _, high, low, close = (x[:300] for x in prices())

    theirs, _ = talib.STOCHF(high, low, close, 14, 1, 0)

    assert_same(raw_stochastic(high, low, close, 14), theirs)


def test_stochastic_equals_talib_where_the_price_moves():
    _, high, low, close = (x[:300] for x in prices())

    k, d = stochastic(high, low, close, 12, 3, 5)

    theirs = talib.STOCH(high, low, close, 12, 3, 0, 5, 0)
    assert_same(k[17:], theirs[0][17:])
    assert_same(d, theirs[1])
    assert np.isnan(k).sum() == 13


def test_stochastic_knows_nothing_of_windows_without_a_range_and_all_that_average_them():
    _, high, low, close = prices()

    k, d = stochastic(high, low, close, 10, 3, 5)

    assert np.isnan(k[309:342]).all()
    assert np.isnan(d[309:346]).all()
    assert not np.isnan(np.concatenate([k[[308, 342]], d[[308, 346]]])).any()


def test_stochastic_equals_the_reference_file(shared):
    # Worked out in single precision: 2^-24 of 210 in a range of 3 is 4e-4 of 100.
    file = "spy_with_stoch12k3.txt"
    high, low, close = (oracle(shared, file, name) for name in ("High", "Low", "Close"))

    k, d = stochastic(high, low, close, 12, 3, 5)

    assert worst(k, oracle(shared, file, "Stochastics 12 %K 3")) < 4e-4
    assert worst(d, oracle(shared, file, "%D 5")) < 4e-4


@pytest.mark.parametrize("params", [(8, 5), (2, 2)])
def test_premier_stochastic_equals_its_readable_twin_at_rest_too(params):
    _, high, low, close = prices()

    ours = premier_stochastic(high, low, close, *params)

    assert_same(ours, readable.premier_stochastic(high, low, close, *params))
    assert np.isnan(ours).sum() == params[0] + 2 * params[1] - 3


def test_premier_stochastic_equals_the_reference_file(shared):
    columns = (oracle(shared, "spy_pso.csv", name) for name in ("high", "low", "close"))

    assert half_units_off(premier_stochastic(*columns), shared, "spy_pso.csv", "pso") < 1.0


@pytest.mark.parametrize("params", [(13, 25, 2), (1, 2, 3)])
def test_stochastic_momentum_equals_its_readable_twin(params):
    _, high, low, close = prices()

    line, signal = stochastic_momentum(high, low, close, *params, 9)

    assert_same(line, readable.stochastic_momentum(high, low, close, *params))
    assert_same(signal, readable.ema_from_mean(line, 9))
    assert np.isnan(line).sum() == sum(params) - 3


def test_stochastic_momentum_is_100_at_the_top_of_every_range():
    close = np.arange(1.0, 60.0)

    assert (
        stochastic_momentum(close, close - 1.0, close, 5, 9, 3, 2).line[14:].tolist() == [100] * 45
    )
    assert stochastic_momentum(close + 1.0, close, close, 1, 9, 3, 2).line[-1] == -100.0


@pytest.mark.parametrize("n_bars", [2, 10])
def test_fisher_equals_its_readable_twin_at_rest_too(n_bars):
    _, high, low, _ = prices()

    assert_same(fisher(high, low, n_bars), readable.fisher(high, low, n_bars))


def test_fisher_equals_the_reference_file(shared):
    file = "spy_with_fisher.txt"

    ours = fisher(*(oracle(shared, file, name) for name in ("High", "Low")))

    assert half_units_off(ours, shared, file, "Fisher Transform 10") < 1.0


def test_fisher_is_kept_from_infinity():
    # For ever at the top v would be 1: it is kept at 0.999, and f comes to 2 atanh(0.999).
    rising = np.arange(400.0)

    assert fisher(rising, rising, 10)[-1] == pytest.approx(2.0 * np.arctanh(0.999))
    assert fisher(-rising, -rising, 10)[-1] == pytest.approx(-2.0 * np.arctanh(0.999))


def test_compiled_transform_equals_uncompiled():
    place = column(np.random.default_rng(5).random(200))
    fast, slow = np.zeros(200), np.zeros(200)

    transform(place, fast)
    getattr(transform, "py_func", transform)(place, slow)

    np.testing.assert_allclose(fast, slow, rtol=0.0, atol=1e-12)
