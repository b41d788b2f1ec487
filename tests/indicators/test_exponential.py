import numpy as np
import pytest
import talib

from alphamill.indicators.exponential import dema, smooth_by_volume, t3, tema, vwema, zlema
from alphamill.indicators.rolling import column
from alphamill.indicators.trend import ema

from . import readable_averages
from .oracles import half_units_off, oracle
from .samples import closes

CHAINS = pytest.mark.parametrize(
    ("average", "twin", "more", "n_silent"),
    [
        (dema, readable_averages.dema, (), 2),
        (tema, readable_averages.tema, (), 3),
        (t3, readable_averages.t3, (0.7,), 6),
        (t3, readable_averages.t3, (0.0,), 6),
    ],
)


@CHAINS
@pytest.mark.parametrize("n_bars", [2, 9])
def test_a_chain_equals_its_readable_twin(average, twin, more, n_silent, n_bars):
    close = closes()

    ours = average(close, n_bars, *more)

    np.testing.assert_allclose(ours, twin(close, n_bars, *more), rtol=1e-12)
    assert np.isnan(ours).sum() == n_silent * (n_bars - 1)


@pytest.mark.parametrize("n_bars", [3, 6, 20])
def test_zlema_equals_its_readable_twin(n_bars):
    close = closes()

    np.testing.assert_allclose(
        zlema(close, n_bars), readable_averages.zlema(close, n_bars), rtol=1e-12
    )


def test_zlema_stands_on_a_straight_line_where_ema_lags():
    line = np.arange(200.0)

    assert zlema(line, 21)[-1] == pytest.approx(199.0, abs=1e-6)
    assert ema(line, 21)[-1] == pytest.approx(189.0, abs=1e-5)


@pytest.mark.parametrize(
    ("average", "file", "name"),
    [
        (dema, "spy_dema.txt", "DEMA_5"),
        (tema, "spy_tema.txt", "TEMA_5"),
        (t3, "spy_t3.txt", "T3_5"),
        (zlema, "spy_with_zlema.csv", "ZLEMA5"),
    ],
)
def test_an_average_equals_its_reference_file(shared, average, file, name):
    ours = average(oracle(shared, file, "close"), 5)

    assert half_units_off(ours, shared, file, name) < 1.0


@pytest.mark.parametrize("n_bars", [2, 5, 26])
def test_vwema_equals_its_readable_twin(n_bars):
    close = closes()
    volume = np.random.default_rng(2).integers(0, 4, close.size).astype(np.float64)

    ours = vwema(close, volume, n_bars)

    # The twin's totals shrink together where nothing trades: only a digit is lost.
    np.testing.assert_allclose(
        ours, readable_averages.vwema(close, volume, n_bars), rtol=1e-11, atol=0.0
    )


def test_vwema_of_one_volume_is_ema():
    close = closes()

    for volume in (1.0, 1e9):
        ours = vwema(close, np.full(close.size, volume), 12)
        np.testing.assert_allclose(ours, ema(close, 12), rtol=1e-13)


def test_vwema_keeps_its_value_while_nothing_trades_however_long():
    volume = np.ones(40_000)
    volume[30:] = 0.0
    close = np.append(closes(31)[:31], np.full(39_969, 5.0))

    ours = vwema(close, volume, 2)

    assert (ours[30:] == ours[29]).all()


def test_vwema_is_unknown_until_something_traded():
    close, volume = closes(9)[:9], np.array([0.0, 0.0, np.nan, 0.0, 2.0, 1.0, 0.0, np.nan, 1.0])

    ours = vwema(close, volume, 2)

    assert np.isnan(ours).tolist() == [True] * 4 + [False] * 5
    assert ours[4] == close[4]
    assert ours[7] == ours[6] == ours[5]


def test_a_nan_at_the_start_is_passed_over():
    close = closes(90)
    late = np.append(np.full(7, np.nan), close)

    for average in (dema, tema, t3, zlema):
        np.testing.assert_array_equal(average(late, 4)[7:], average(close, 4))


def test_t3_takes_tillsons_factor_unless_told():
    close = closes()

    np.testing.assert_array_equal(t3(close, 5), talib.T3(close, 5, 0.7))


def test_compiled_smoothing_equals_uncompiled():
    close, volume = column(closes(200)), column(np.arange(200.0) % 3)
    fast, slow = np.zeros(200), np.zeros(200)

    smooth_by_volume(close, volume, 0.3, fast)
    getattr(smooth_by_volume, "py_func", smooth_by_volume)(close, volume, 0.3, slow)

    np.testing.assert_allclose(fast, slow, rtol=1e-13)
