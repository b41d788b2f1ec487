import numpy as np
import pytest
import talib

from alphamill.indicators.momentum import (
    cci,
    log_return,
    macd,
    momentum,
    roc,
    rsi,
    stochastic_rsi,
    williams_r,
)

from . import readable, readable_moves
from .oracles import half_units_off, oracle
from .samples import closes, prices, reference, worst

STOCKCHARTS_CLOSES = [
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826,
    45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439,
    46.2122, 46.2521, 45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672,
    43.4205, 42.6628, 43.1314,
]  # fmt: skip
STOCKCHARTS_RSI = [
    70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99,
    41.46, 41.87, 45.46, 37.30, 33.08, 37.77,
]  # fmt: skip


@pytest.mark.parametrize("n_bars", [1, 2, 14])
def test_rsi_equals_its_readable_twin(n_bars):
    close = closes()

    np.testing.assert_allclose(rsi(close, n_bars), readable.rsi(close, n_bars), atol=1e-10)


def test_rsi_equals_talib_where_the_price_moves():
    close = closes()

    np.testing.assert_allclose(rsi(close, 14), talib.RSI(close, 14), rtol=0.0, atol=1e-10)


def test_rsi_is_100_without_losses_0_without_gains_and_50_without_either():
    rising = np.arange(1.0, 9.0)

    assert rsi(rising, 3)[3:].tolist() == [100.0] * 5
    assert rsi(-rising, 3)[3:].tolist() == [0.0] * 5
    assert rsi(np.full(8, 0.1), 3)[3:].tolist() == [50.0] * 5
    assert talib.RSI(np.full(8, 0.1), 3)[-1] == 0.0


def test_rsi_keeps_its_value_through_a_quiet_night():
    close = np.append([1.0, 1.003, 1.001], np.full(60, 1.001))

    # Gains 0.003 and losses 0.002, halved every bar: 60 % for ever.
    assert rsi(close, 2)[2:] == pytest.approx(60.0, rel=1e-9)


def test_rsi_of_too_few_closes_is_unknown():
    assert np.isnan(rsi(closes(50)[:3], 3)).all()
    assert rsi(np.empty(0), 3).size == 0


def test_macd_equals_its_readable_twin():
    close = closes()

    line, signal, histogram = macd(close, 12, 26, 9)

    wanted = readable.ema(close, 12) - readable.ema(close, 26)
    np.testing.assert_allclose(line, wanted, atol=1e-10)
    np.testing.assert_allclose(signal, readable.ema(wanted, 9), atol=1e-10)
    np.testing.assert_allclose(histogram, wanted - readable.ema(wanted, 9), atol=1e-10)


def test_macd_is_unknown_until_its_averages_have_their_rows():
    line, signal, histogram = macd(closes(60), 12, 26, 9)

    assert [np.isnan(x).sum() for x in (line, signal, histogram)] == [25, 33, 33]


def test_macd_equals_talib_once_the_seeds_are_forgotten():
    close = closes()

    for ours, theirs in zip(macd(close, 12, 26, 9), talib.MACD(close, 12, 26, 9), strict=True):
        np.testing.assert_allclose(ours[500:], theirs[500:], rtol=0.0, atol=1e-10)


def test_rsi_equals_the_stockcharts_sheet():
    ours = rsi(np.array(STOCKCHARTS_CLOSES), 14)

    assert ours[14:].round(2).tolist() == STOCKCHARTS_RSI


def test_rsi_equals_the_reference_file(shared):
    # Printed to five decimals.
    file = reference(shared, "spy_with_indicators.txt")

    assert worst(rsi(file["close"], 14), file["rsi 14 wilder"]) < 5.1e-6


def test_macd_equals_the_reference_file(shared):
    # Printed to five decimals where it exceeds 10, from row 179 on. Its seeds are means: 80 rows
    # later the difference is forgotten. Its signal line is 5.9e-6 from TA-Lib's too.
    file = reference(shared, "spy_with_macd.txt")

    ours = macd(file["close"], 12, 26, 9)

    assert worst(ours.line[259:], file["macd"][259:]) < 5.1e-6
    assert worst(ours.signal[259:], file["signal"][259:]) < 6e-6
    assert worst(ours.histogram[259:], file["histogram"][259:]) < 6e-6


@pytest.mark.parametrize("n_bars", [2, 14])
def test_stochastic_rsi_equals_its_readable_twin(n_bars):
    close = closes()
    strength = rsi(close, n_bars)

    ours = stochastic_rsi(close, n_bars, 9)

    wanted = 100.0 * readable_moves.place(strength, strength, strength, 9)
    np.testing.assert_allclose(ours, wanted, rtol=0.0, atol=1e-7)
    assert np.isnan(ours[: n_bars + 8]).all()
    assert np.isfinite(ours[n_bars + 8])


def test_stochastic_rsi_equals_talib_where_the_price_moves():
    close = closes()[:300]

    theirs, _ = talib.STOCHRSI(close, 14, 14, 1, 0)

    known = ~np.isnan(theirs)
    np.testing.assert_allclose(stochastic_rsi(close, 14, 14)[known], theirs[known], atol=1e-8)


def test_stochastic_rsi_is_unknown_in_a_quiet_night():
    # The index rests at 60 but for its last bits: they are no range to stand in.
    close = np.append([1.0, 1.003, 1.001], np.full(60, 1.001))

    assert np.isnan(stochastic_rsi(close, 2, 5)).all()


def test_williams_r_equals_its_readable_twin_and_knows_nothing_without_a_range():
    _, high, low, close = prices()

    ours = williams_r(high, low, close, 14)

    wanted = 100.0 * (readable_moves.place(close, low, high, 14) - 1.0)
    np.testing.assert_allclose(ours, wanted, rtol=0.0, atol=1e-9)
    assert np.isnan(ours[:13]).all()
    assert np.isnan(ours[313:340]).all()
    assert np.nanmin(ours) >= -100.0
    assert np.nanmax(ours) <= 0.0


def test_williams_r_equals_the_reference_file(shared):
    # Printed to five decimals, of prices that were rounded to 0.01 afterwards.
    file = reference(shared, "spy_with_williamsR14.txt")

    ours = williams_r(file["high"], file["low"], file["close"], 14)

    assert worst(ours, file["williams %r 14"]) < 4e-4


@pytest.mark.parametrize("n_bars", [2, 20])
def test_cci_equals_its_readable_twin_and_is_0_at_rest(n_bars):
    _, high, low, close = prices()

    ours = cci(high, low, close, n_bars)

    np.testing.assert_allclose(
        ours, readable_moves.cci(high, low, close, n_bars), rtol=0.0, atol=1e-8
    )
    assert (ours[320:340] == 0.0).all()
    lively = slice(n_bars, 300)
    theirs = talib.CCI(high, low, close, n_bars)
    np.testing.assert_allclose(ours[lively], theirs[lively], rtol=0.0, atol=1e-8)


def test_cci_equals_the_reference_file(shared):
    # Printed to five decimals, of prices that were rounded to 0.01 afterwards.
    file = reference(shared, "spy_with_cci.txt")

    ours = cci(file["high"], file["low"], file["close"], 14)

    assert worst(ours, file["commodity channel index (cci) 14"]) < 2.3e-3


def test_changes_equal_talib():
    close = closes()

    np.testing.assert_allclose(momentum(close, 10), talib.MOM(close, 10), rtol=0.0, atol=0.0)
    np.testing.assert_allclose(roc(close, 10), talib.ROC(close, 10), rtol=0.0, atol=1e-11)


def test_rate_of_change_is_a_percent_of_a_traded_price_above_0():
    close, traded = np.array([1.0, 2.0, 3.0, 4.0]), np.array([50.0, -1.0, 0.0, 60.0])

    # 2 on 50; the price it began at is then below 0.
    assert roc(close, 2, traded)[2] == 4.0
    assert np.isnan(roc(close, 2, traded)[3])
    assert np.isnan(roc(-close, 2)).all()


def test_changes_equal_the_reference_files(shared):
    # Printed to six or seven digits, of closes that were rounded to 0.01 afterwards.
    change, percent = (
        reference(shared, file) for file in ("spy_with_roc50.txt", "spy_with_rocp50.txt")
    )

    assert worst(momentum(change["close"], 50), change["rate of change 50"]) < 1.6e-5
    assert worst(roc(percent["close"], 50), percent["rate of change % 50"]) < 1.1e-5


def test_a_rate_of_change_equals_the_reference_file_of_ratios(shared):
    file = "spy_rocr.txt"

    ratio = 1.0 + roc(oracle(shared, file, "close"), 5) / 100.0

    assert half_units_off(ratio, shared, file, "rocr_5") <= 1.0


def test_a_logarithmic_return_equals_the_reference_file(shared):
    file = "spy_logr14.txt"

    ours = log_return(oracle(shared, file, "close"), 14)

    # Worked out in single precision: a ratio near 1 is known to 6e-8 there.
    assert worst(ours, oracle(shared, file, "logr14")) < 1e-7


def test_logarithmic_returns_add_up_and_need_prices_above_zero():
    close = closes(60)

    total = np.nancumsum(log_return(close))

    np.testing.assert_allclose(total[10:] - total[:-10], log_return(close, 10)[10:], atol=1e-12)
    assert np.isnan(log_return(-close)).all()
