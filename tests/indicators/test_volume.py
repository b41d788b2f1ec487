import numpy as np
import pytest
import talib

from alphamill.core.market import Floats
from alphamill.indicators import volume as v
from alphamill.indicators.trend import ema

from . import readable_moves as readable
from .samples import prices, reference, worst

_, HIGH, LOW, CLOSE = prices()
VOLUME = np.random.default_rng(5).integers(0, 900, CLOSE.size).astype(np.float64)
BARS = (HIGH, LOW, CLOSE, VOLUME)


def test_volume_ratio_says_how_many_times_the_usual_traded():
    ratio = v.volume_ratio(np.array([2.0, 2.0, 8.0, np.nan, 4.0, 4.0, 4.0]), 3)

    # 8 of a mean of 4; unknown while the unknown bar is in the window.
    assert ratio[[2, 6]].tolist() == [2.0, 1.0]
    assert np.isnan(ratio[[0, 1, 3, 4, 5]]).all()


def test_money_flow_volume_equals_its_readable_twin():
    ours = v.money_flow_volume(*BARS)

    wanted = readable.closing_place(HIGH, LOW, CLOSE) * VOLUME
    np.testing.assert_allclose(ours, wanted, rtol=0.0, atol=1e-9)


def test_running_totals_equal_talib():
    np.testing.assert_allclose(v.accumulation_distribution(*BARS), talib.AD(*BARS), atol=1e-8)
    np.testing.assert_allclose(v.obv(CLOSE, VOLUME), talib.OBV(CLOSE, VOLUME), atol=0.0)


def test_the_price_volume_trend_counts_a_bar_by_how_far_it_went():
    ours = v.pvt(CLOSE, VOLUME)

    steps = [(CLOSE[t] / CLOSE[t - 1] - 1.0) * VOLUME[t] for t in range(1, CLOSE.size)]
    np.testing.assert_allclose(ours, np.append(0.0, np.cumsum(steps)), rtol=0.0, atol=1e-8)


def test_the_price_volume_trend_takes_its_percent_of_traded_prices_above_zero():
    close, traded = np.array([1.0, 3.0, 4.0, 6.0]), np.array([20.0, -1.0, 40.0, 42.0])
    volume = np.array([5.0, 10.0, 10.0, 10.0])

    # 2 on 20; nothing of a price below 0; 2 on 40.
    assert v.pvt(close, volume, traded).tolist() == [0.0, 1.0, 1.0, 1.5]


def test_running_totals_pass_over_unknown_volume():
    close, holed = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, np.nan, 4.0])

    assert v.obv(close, holed).tolist() == [1.0, 3.0, 3.0, 7.0]
    assert v.accumulation_distribution(close, close - 2, close, holed).tolist() == [1, 3, 3, 7]


@pytest.mark.parametrize(("fast", "slow"), [(3, 10), (8, 20)])
def test_chaikin_oscillator_equals_talib_and_its_definition(fast, slow):
    ours = v.chaikin_oscillator(*BARS, fast, slow)

    line = v.accumulation_distribution(*BARS)
    np.testing.assert_allclose(ours, talib.ADOSC(*BARS, fast, slow), rtol=0.0, atol=1e-8)
    np.testing.assert_allclose(ours, ema(line, fast) - ema(line, slow), rtol=0.0, atol=1e-8)


def test_chaikin_oscillator_keeps_its_sign_through_a_quiet_night():
    close = np.append([2.0, 4.0], np.full(300, 3.0))
    flat = np.append([True, True], np.full(300, False))
    high, low = np.where(flat, 4.0, 3.0), np.where(flat, 0.0, 3.0)

    # Bought once, then nothing: it fades away without crossing 0.
    assert (v.chaikin_oscillator(high, low, close, np.full(302, 1e7), 3, 10)[9:] > 0.0).all()


def test_money_flow_index_equals_its_readable_twin():
    ours = v.mfi(*BARS, 14)

    np.testing.assert_allclose(ours, readable.money_flow(*BARS, 14), rtol=0.0, atol=1e-9)


def test_money_flow_index_equals_talib_where_no_typical_prices_tie():
    bars = (HIGH + 0.01 * np.sqrt(np.arange(HIGH.size)), *BARS[1:])

    ours, theirs = v.mfi(*bars, 14), talib.MFI(*bars, 14)

    np.testing.assert_allclose(ours[:300], theirs[:300], rtol=0.0, atol=1e-9)


def test_money_flow_index_is_100_without_losses_and_unknown_without_flow():
    rising: Floats = np.arange(1.0, 7.0)

    assert v.mfi(rising, rising, rising, rising, 3)[3:].tolist() == [100.0] * 3
    assert v.mfi(-rising + 9, -rising + 9, -rising + 9, rising, 3)[3:].tolist() == [0.0] * 3
    assert np.isnan(v.mfi(rising, rising, rising, np.zeros(6), 3)).all()


def test_chaikin_money_flow_equals_the_reference_file(shared):
    file = reference(shared, "spy_cmf.txt")
    columns = (file[name] for name in ("high", "low", "close", "volume"))

    # The file began 19 rows earlier. Its last bar was still open: it is 1.5e-6 from its prices.
    ours, theirs = v.chaikin_money_flow(*columns, 20)[19:], file["cmf_20"][19:]

    assert worst(ours[:-1], theirs[:-1]) < 1e-14
    assert worst(ours, theirs) < 1.5e-6


def test_on_balance_volume_equals_the_reference_file(shared):
    # Totals of 2e9 printed to seven digits are off by 500 at most, and the volumes, summed up, too.
    file = reference(shared, "spy_with_obv.txt")

    assert worst(v.obv(file["close"], file["volume"]), file["obv"]) < 1500.0


@pytest.mark.parametrize("n_bars", [0, 1, 2])
def test_lines_of_hardly_a_bar_are_unknown(n_bars):
    bars = tuple(column[:n_bars] for column in BARS)

    lines = [v.mfi(*bars, 5), v.chaikin_oscillator(*bars, 3, 10), v.volume_ratio(bars[3], 5)]

    assert all(np.isnan(line).all() and line.size == n_bars for line in lines)
    assert v.obv(bars[2], bars[3]).size == n_bars
