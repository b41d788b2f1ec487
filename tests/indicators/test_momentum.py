import numpy as np
import pytest
import talib

from alphamill.indicators.momentum import macd, rsi

from . import readable
from .samples import closes, reference, worst

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
