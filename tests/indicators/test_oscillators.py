import numpy as np
import pytest
import talib

from alphamill.indicators.momentum import macd
from alphamill.indicators.oscillators import (
    cmo,
    connors_rsi,
    coppock,
    kst,
    psychological_line,
    tsi,
    volume_weighted_macd,
    wavetrend,
)
from alphamill.indicators.trend import ema

from . import readable_oscillators as readable
from .oracles import half_units_off, oracle
from .samples import closes, prices
from .test_averages import volumes


def assert_same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=1e-8)


@pytest.mark.parametrize("n_bars", [1, 2, 14])
def test_cmo_equals_its_readable_twin_and_is_0_at_rest(n_bars):
    close = closes()

    ours = cmo(close, n_bars)

    assert_same(ours, readable.cmo(close, n_bars))
    assert (ours[300 + n_bars : 340] == 0.0).all()


def test_cmo_of_a_window_is_talibs_first_value_of_it():
    # TA-Lib smooths as Wilder does from its second value on: its first is the plain sum's.
    close = closes(300)[:120]

    theirs = [talib.CMO(close[t - 14 : t + 1], 14)[-1] for t in range(14, close.size)]

    assert_same(cmo(close, 14)[14:], np.array(theirs))
    assert abs(talib.CMO(close, 14)[40:] - cmo(close, 14)[40:]).min() > 1e-3


@pytest.mark.parametrize("params", [(3, 2, 100), (2, 2, 2), (2, 5, 10)])
def test_connors_rsi_equals_its_readable_twin(params):
    close = closes()

    ours = connors_rsi(close, *params)

    assert_same(ours, readable.connors_rsi(close, *params))
    assert np.isnan(ours).sum() == max(params[0], params[1], params[2] + 1)


def test_connors_rsi_equals_the_reference_file_where_no_close_repeats(shared):
    # At an unchanged close the file lets the streak stand, where Connors has 0. A streak's RSI of
    # 2 bars halves it every bar: 55 bars later nothing of that is left.
    close, theirs = (oracle(shared, "spy_crsi.csv", name) for name in ("close", "crsi"))
    repeats = np.append(False, close[1:] == close[:-1])
    near = np.convolve(repeats, np.ones(55))[: close.size] > 0.0

    ours = connors_rsi(close)

    passed_over = np.where(near, theirs, ours)
    assert half_units_off(passed_over, shared, "spy_crsi.csv", "crsi") < 1.0
    assert (~near & ~np.isnan(theirs)).sum() > 200
    assert abs(ours - theirs)[repeats & ~np.isnan(theirs)].min() > 1.0


def test_connors_rsi_ranks_returns_of_the_traded_price_where_it_is_told():
    # Of the traded price 0.1, 0.05, 0.06, of the adjusted one 0.1, 0.1, 0.08.
    adjusted = np.array([10.0, 11.0, 12.1, 13.068])
    traded = np.array([10.0, 22.0, 16.0, 9.0])

    ours = connors_rsi(adjusted, 2, 2, 2, traded)

    assert ours[3] == pytest.approx((100.0 + 100.0 + 50.0) / 3.0)
    assert connors_rsi(adjusted, 2, 2, 2)[3] == pytest.approx(200.0 / 3.0)


@pytest.mark.parametrize("n_bars", [1, 12, 15])
def test_psychological_line_equals_its_readable_twin_to_the_last_bit(n_bars):
    close = closes()

    ours = psychological_line(close, n_bars)

    np.testing.assert_array_equal(ours, readable.psychological_line(close, n_bars))


def test_kst_equals_its_readable_twin():
    close = closes()

    line, signal = kst(close)

    assert_same(line, readable.kst(close, (10, 15, 20, 30), (10, 10, 10, 15)))
    assert_same(signal, readable.sma(line, 9))
    assert [np.isnan(x).sum() for x in (line, signal)] == [44, 52]


def test_kst_equals_the_reference_file(shared):
    close = oracle(shared, "spy_with_kst.csv", "Close")

    line, signal = kst(close, (5, 10, 15, 25), (5, 5, 5, 10), 9)

    assert half_units_off(line, shared, "spy_with_kst.csv", "kst") < 1.0
    assert half_units_off(signal, shared, "spy_with_kst.csv", "signal") < 1.0


def test_coppock_equals_its_readable_twin():
    close = closes()

    assert_same(coppock(close, 5, 9, 4), readable.coppock(close, 5, 9, 4))


def test_coppock_equals_the_reference_file(shared):
    ours = coppock(oracle(shared, "spy_coppock_curve.csv", "Close"))

    assert half_units_off(ours, shared, "spy_coppock_curve.csv", "CoppockCurve") < 1.0


def test_changes_are_a_percent_of_the_traded_price_where_they_are_told():
    adjusted, traded = np.array([1.0, 2.0, 3.0]), np.array([50.0, 100.0, 7.0])

    assert coppock(adjusted, 1, 2, 1, traded)[2] == pytest.approx(1.0 + 4.0)
    line, _ = kst(adjusted, (1, 1, 1, 1), (1, 1, 1, 2), 1, traded)
    assert line[2] == pytest.approx((1.0 + 2.0 + 3.0) * 1.0 + 4.0 * (2.0 + 1.0) / 2.0)


@pytest.mark.parametrize("spans", [(25, 13), (2, 5)])
def test_tsi_equals_its_readable_twin(spans):
    close = closes()

    line, signal = tsi(close, *spans, 7)

    assert_same(line, readable.tsi(close, *spans))
    assert_same(signal, readable.ema_from_mean(line, 7))


def test_tsi_equals_the_reference_file(shared):
    line, signal = tsi(oracle(shared, "spy_tsi.csv", "close"))

    assert half_units_off(line, shared, "spy_tsi.csv", "TSI_25_13") < 1.0
    assert half_units_off(signal, shared, "spy_tsi.csv", "Signal_7") < 1.0


@pytest.mark.parametrize("spans", [(10, 21), (1, 3), (4, 1)])
def test_wavetrend_equals_its_readable_twin_before_the_quiet_stretch(spans):
    # Where the price rests, the twin divides what rounding leaves by what rounding leaves.
    _, high, low, close = (x[:300] for x in prices())

    line, signal = wavetrend(high, low, close, *spans)

    assert_same(line, readable.wavetrend((high + low + close) / 3.0, *spans))
    assert_same(signal, readable.sma(line, 4))
    assert np.isnan(line).sum() == 2 * spans[0] + spans[1] - 3


def test_wavetrend_measures_in_mean_distances_from_the_average():
    # Alone after a flat start, 6 above: e = 2/3 of the way, so 2 away, and a mean of 2/3 x 2.
    price = np.array([3.0, 3.0, 3.0, 9.0])

    line, _ = wavetrend(price, price, price, 2, 1)

    assert line[3] == pytest.approx(2.0 / (0.015 * 4.0 / 3.0))


def test_wavetrend_comes_to_0_in_a_long_rest():
    # The distance shrinks with its own mean; what is then left of both is rounding.
    price = np.append(closes()[:100], np.full(600, 101.3))

    line, signal = wavetrend(price, price, price, 10, 21)

    assert abs(line[-1]) < 1e-6
    assert abs(signal[-1]) < 1e-6
    assert abs(line[:400]).max(where=~np.isnan(line[:400]), initial=0.0) < 300.0


@pytest.mark.parametrize("scale", [1e-8, 1e6])
def test_wavetrend_does_not_depend_on_the_size_of_prices(scale):
    columns = prices()[1:]

    ours = wavetrend(*(scale * x for x in columns), 10, 21)

    np.testing.assert_allclose(ours, wavetrend(*columns, 10, 21), rtol=0.0, atol=1e-6)


def test_volume_weighted_macd_is_macd_where_all_bars_trade_the_same():
    close = closes()

    ours = volume_weighted_macd(close, np.full(close.size, 250.0), 12, 26, 9)

    for one, other in zip(ours, macd(close, 12, 26, 9), strict=True):
        assert_same(one, other)


def test_volume_weighted_macd_equals_quotients_of_averages():
    close, volume = closes(), volumes() + 1.0

    line, signal, histogram = volume_weighted_macd(close, volume, 12, 26, 9)

    fast, slow = (ema(close * volume, n) / ema(volume, n) for n in (12, 26))
    assert_same(line, fast - slow)
    assert_same(signal, ema(fast - slow, 9))
    assert_same(histogram, line - signal)


def test_volume_weighted_macd_rests_where_nothing_ever_trades():
    close, volume = closes(), np.zeros(700)
    volume[20:40] = 5.0

    line = volume_weighted_macd(close, volume, 3, 6, 2).line

    assert (line[40:] == line[39]).all()
    assert all(np.isnan(x).all() for x in volume_weighted_macd(close, np.zeros(700), 3, 6, 2))
