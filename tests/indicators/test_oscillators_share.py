import numpy as np
import pytest

from alphamill.indicators.oscillators_share import (
    laguerre_rsi,
    pass_through,
    relative_volatility_index,
)
from alphamill.indicators.rolling import column

from . import readable_oscillators as readable
from .samples import closes


@pytest.mark.parametrize("params", [(10, 14), (2, 3)])
def test_relative_volatility_index_equals_its_readable_twin(params):
    close = closes()

    ours = relative_volatility_index(close, *params)

    np.testing.assert_allclose(
        ours, readable.relative_volatility(close, *params), rtol=0.0, atol=1e-9
    )
    assert np.isnan(ours).sum() == sum(params) - 2


def test_relative_volatility_index_is_100_on_the_rise_0_on_the_fall_and_50_at_rest():
    rising = np.arange(1.0, 40.0)

    assert relative_volatility_index(rising, 5, 3)[6:].tolist() == [100.0] * 33
    assert relative_volatility_index(-rising, 5, 3)[6:].tolist() == [0.0] * 33
    assert relative_volatility_index(np.full(9, 0.1), 3, 2)[3:].tolist() == [50.0] * 6


@pytest.mark.parametrize("damping", [0.0, 0.5, 0.8])
def test_laguerre_rsi_equals_its_readable_twin(damping):
    close = closes()

    ours = laguerre_rsi(close, damping)

    np.testing.assert_allclose(ours, readable.laguerre_rsi(close, damping), rtol=0.0, atol=1e-4)
    np.testing.assert_allclose(
        ours[:300], readable.laguerre_rsi(close[:300], damping), rtol=0.0, atol=1e-9
    )


def test_laguerre_rsi_is_100_on_the_rise_0_on_the_fall_and_50_at_rest():
    rising = np.arange(1.0, 40.0)

    assert laguerre_rsi(rising)[5:].tolist() == [100.0] * 34
    assert laguerre_rsi(-rising)[5:].tolist() == [0.0] * 34
    assert laguerre_rsi(np.full(9, 0.1)).tolist() == [50.0] * 9


@pytest.mark.parametrize("scale", [1e-8, 1e6])
def test_laguerre_rsi_does_not_depend_on_the_size_of_prices(scale):
    close = closes()

    np.testing.assert_allclose(laguerre_rsi(scale * close), laguerre_rsi(close), atol=1e-3)


def test_laguerre_rsi_passes_over_nan():
    late = laguerre_rsi(np.append([np.nan, np.nan], closes(50)))

    np.testing.assert_array_equal(late[2:], laguerre_rsi(closes(50)))


def test_compiled_filter_equals_uncompiled():
    x = column(closes(200))
    fast, slow = np.zeros(200), np.zeros(200)

    pass_through(x, 0.7, fast)
    getattr(pass_through, "py_func", pass_through)(x, 0.7, slow)

    np.testing.assert_allclose(fast, slow, rtol=0.0, atol=1e-9)
