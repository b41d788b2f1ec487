import numpy as np
import pytest
import talib

from alphamill.indicators.averages import (
    alma,
    hma,
    swma,
    trima,
    vwma,
    window_by_volume,
    window_weighted,
    wma,
)
from alphamill.indicators.rolling import BLOCK, column

from . import readable_averages
from .oracles import half_units_off, oracle
from .samples import closes

LENGTHS = pytest.mark.parametrize("n_bars", [2, 5, 6, 21])


def volumes(n_bars: int = 700) -> np.ndarray:
    """Return volumes with bars, and one window of 30, in which nothing traded."""
    rng = np.random.default_rng(4)
    traded = rng.integers(0, 3, n_bars) * rng.integers(1, 900, n_bars).astype(np.float64)
    traded[400:430] = 0.0
    return traded


def close_to(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return np.allclose(ours, theirs, rtol=1e-12, atol=0.0, equal_nan=True)


@LENGTHS
def test_wma_equals_its_readable_twin_and_talib(n_bars):
    close = closes()

    assert close_to(wma(close, n_bars), readable_averages.wma(close, n_bars))
    assert close_to(wma(close, n_bars), talib.WMA(close, n_bars))


def test_wma_equals_the_reference_file(shared):
    # Cut off, not rounded, at four decimals, and in three rows of 17 rounded at two.
    close, theirs = (oracle(shared, "spx_lwma.csv", name) for name in ("Close", "LWMA"))

    off = np.abs(wma(close, 6) - theirs)[5:]

    assert off.max() < 1e-3
    assert (off < 1e-4).sum() == 14


def test_swma_weighs_the_middle_twice():
    close = closes()

    assert close_to(swma(close), readable_averages.weighted(close, [1, 2, 2, 1]))


@LENGTHS
def test_trima_equals_its_readable_twin_and_talib(n_bars):
    close = closes()

    assert close_to(trima(close, n_bars), readable_averages.trima(close, n_bars))
    assert close_to(trima(close, n_bars), talib.TRIMA(close, n_bars))


def test_trima_equals_the_reference_file(shared):
    close = oracle(shared, "spy_trima.txt", "close")

    for n_bars in (5, 6):
        ours = trima(close, n_bars)
        assert half_units_off(ours, shared, "spy_trima.txt", f"TRIMA_{n_bars}") < 1.0


@pytest.mark.parametrize(("offset", "sharpness"), [(0.85, 6.0), (0.0, 3.0), (1.0, 9.0)])
def test_alma_equals_its_readable_twin(offset, sharpness):
    close = closes()

    ours = alma(close, 9, offset, sharpness)

    assert close_to(ours, readable_averages.alma(close, 9, offset, sharpness))


def test_alma_equals_the_reference_file(shared):
    ours = alma(oracle(shared, "spy_alma.txt", "close"), 9)

    assert half_units_off(ours, shared, "spy_alma.txt", "ALMA") < 1.0


@pytest.mark.parametrize("n_bars", [2, 9, 15, 16])
def test_hma_equals_its_readable_twin(n_bars):
    close = closes()

    ours = hma(close, n_bars)

    np.testing.assert_allclose(ours, readable_averages.hma(close, n_bars), rtol=1e-12)
    assert np.isnan(ours).sum() == n_bars + int(n_bars**0.5) - 2


def test_hma_equals_talibs_weighted_averages_of_each_other():
    close = closes()

    lead = 2.0 * talib.WMA(close, 10) - talib.WMA(close, 20)

    assert close_to(hma(close, 20), talib.WMA(lead, 4))


@LENGTHS
def test_vwma_equals_its_readable_twin_and_is_unknown_without_trade(n_bars):
    close, volume = closes(), volumes()

    ours = vwma(close, volume, n_bars)

    assert close_to(ours, readable_averages.vwma(close, volume, n_bars))
    assert np.isnan(ours[400 + n_bars - 1 : 430]).all()


def test_vwma_equals_the_reference_file(shared):
    file = "spy_with_vwma.csv"

    ours = vwma(*(oracle(shared, file, name) for name in ("close", "volume")), 20)

    assert half_units_off(ours, shared, file, "VWMA20") < 1.0


def test_averages_of_a_price_at_rest_are_that_price_to_the_last_bit():
    close = np.append(closes()[:50], np.full(60, 0.1))

    for ours in (
        wma(close, 20),
        swma(close),
        trima(close, 20),
        alma(close, 20),
        hma(close, 20),
        vwma(close, np.full(110, 3.7), 20),
    ):
        assert (ours[75:] == 0.1).all()


def test_averages_forget_a_nan_that_left_the_window():
    close, volume = closes(60), np.ones(60)
    close[20] = volume[40] = np.nan

    assert np.flatnonzero(np.isnan(wma(close, 5))).tolist() == [0, 1, 2, 3, *range(20, 25)]
    assert np.isnan(vwma(closes(60), volume, 5))[40:46].tolist() == [True] * 5 + [False]


def test_compiled_windows_equal_uncompiled():
    # Longer than a block, so that its seam is crossed.
    x, volume = column(closes(BLOCK + 90)), column(volumes(BLOCK + 90))
    weight = column(np.array([0.5, 0.3, 0.2]))
    fast, slow = np.zeros((2, x.size)), np.zeros((2, x.size))

    window_weighted(x, weight, fast[0])
    window_by_volume(x, volume, 7, fast[1])
    getattr(window_weighted, "py_func", window_weighted)(x, weight, slow[0])
    getattr(window_by_volume, "py_func", window_by_volume)(x, volume, 7, slow[1])

    np.testing.assert_allclose(fast, slow, rtol=0.0, atol=1e-11)
