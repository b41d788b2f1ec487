import numpy as np
import pytest
import talib

from alphamill.indicators.trend import ema, sma
from alphamill.indicators.volatility import (
    atr,
    bollinger,
    donchian,
    keltner,
    opening_range,
    previous_donchian,
    true_range,
)

from . import readable, readable_moves
from .samples import prices, reference, worst


def test_true_range_equals_its_readable_twin():
    _, high, low, close = prices()

    ours = true_range(high, low, close)

    np.testing.assert_allclose(ours, readable.true_range(high, low, close), atol=1e-12)
    assert ours[0] == high[0] - low[0]


def test_true_range_of_a_gap_reaches_to_the_close_before_it():
    high, low = np.array([10.0, 15.0, 6.0]), np.array([9.0, 14.0, 4.0])

    # 15 - 9.5 upwards; 14.5 - 4 downwards.
    assert true_range(high, low, np.array([9.5, 14.5, 5.0])).tolist() == [1.0, 5.5, 10.5]


def test_true_range_of_closes_alone_is_the_change_of_the_close():
    close = np.array([10.0, 12.0, 11.0])

    assert true_range(close, close, close).tolist() == [0.0, 2.0, 1.0]
    assert true_range(close[:0], close[:0], close[:0]).size == 0


def test_average_true_range_equals_its_readable_twin():
    _, high, low, close = prices()

    wanted = readable.rma(readable.true_range(high, low, close), 14)
    np.testing.assert_allclose(atr(high, low, close, 14), wanted, atol=1e-10)


def test_average_true_range_equals_talib_once_the_first_bar_is_forgotten():
    _, high, low, close = prices()

    ours, theirs = atr(high, low, close, 14), talib.ATR(high, low, close, 14)

    assert abs(ours - theirs)[14] > 1e-3
    np.testing.assert_allclose(ours[450:], theirs[450:], rtol=0.0, atol=1e-10)


def test_bollinger_bands_lie_as_many_deviations_away():
    _, _, _, close = prices()

    lower, middle, upper = bollinger(close, 20, 2.5)

    sigma = readable.windowed(lambda w: readable.deviation(w, ddof=1), close, 20)
    np.testing.assert_allclose(upper - middle, 2.5 * sigma, atol=1e-10)
    np.testing.assert_allclose(middle - lower, 2.5 * sigma, atol=1e-10)
    np.testing.assert_array_equal(middle, sma(close, 20))


def test_bollinger_bands_of_the_population_equal_talib():
    _, _, _, close = prices()

    upper, _, lower = talib.BBANDS(close, 20, 2.0, 2.0)

    ours = bollinger(close, 20, 2.0, ddof=0)
    np.testing.assert_allclose(ours.upper, upper, rtol=0.0, atol=1e-10)
    np.testing.assert_allclose(ours.lower, lower, rtol=0.0, atol=1e-10)


def test_keltner_channel_is_a_simple_average_range_around_an_exponential_average():
    _, high, low, close = prices()

    lower, middle, upper = keltner(high, low, close, 20, 10, 1.5)

    reach = 1.5 * readable.windowed(readable.mean, readable.true_range(high, low, close), 10)
    np.testing.assert_allclose((upper - middle)[19:], reach[19:], atol=1e-10)
    np.testing.assert_allclose((middle - lower)[19:], reach[19:], atol=1e-10)
    np.testing.assert_array_equal(middle, ema(close, 20))


def test_average_true_range_equals_the_reference_file(shared):
    # Printed to six decimals of prices printed to two.
    file = reference(shared, "spy_atr_wilder.txt")

    ours = atr(file["high"], file["low"], file["close"], 14)

    assert worst(ours, file["average true range 14"]) < 5.1e-6


def test_true_range_and_its_simple_average_equal_the_reference_files(shared):
    ranges, averages = reference(shared, "spy_tr.txt"), reference(shared, "spy_atr.txt")

    ours = true_range(ranges["high"], ranges["low"], ranges["close"])
    mean = sma(true_range(averages["high"], averages["low"], averages["close"]), 14)

    assert worst(ours, ranges["tr"]) < 1e-12
    assert worst(mean, averages["average true range 14"]) < 5.1e-6


@pytest.mark.parametrize(
    ("bound", "column"),
    [
        ("middle", "moving average 20"),
        ("upper", "bollinger bands® 20 2 top"),
        ("lower", "bollinger bands® 20 2 bottom"),
    ],
)
def test_bollinger_bands_equal_the_reference_file(shared, bound, column):
    # Printed to four decimals; the population's deviation.
    file = reference(shared, "spy_bollinger_bands.txt")

    assert worst(getattr(bollinger(file["close"], 20, 2.0, ddof=0), bound), file[column]) < 6.1e-5


def test_donchian_channel_includes_the_present_bar_and_the_previous_one_does_not():
    _, high, low, _ = prices()

    now, before = donchian(high, low, 10), previous_donchian(high, low, 10)

    np.testing.assert_array_equal(now.upper, readable.windowed(max, high, 10))
    np.testing.assert_array_equal(now.lower, readable.windowed(min, low, 10))
    for one, other in zip(before, now, strict=True):
        np.testing.assert_array_equal(one[1:], other[:-1])


@pytest.mark.parametrize(
    ("bound", "column"), [("upper", "top"), ("middle", "mean"), ("lower", "bottom")]
)
def test_donchian_channel_equals_the_reference_file(shared, bound, column):
    # The file began 49 rows earlier.
    file = reference(shared, "spy_with_don50.txt")

    ours = getattr(donchian(file["high"], file["low"], 50), bound)

    assert worst(ours[49:], file[f"donchian channels 50 {column}"][49:]) < 1e-12


@pytest.mark.parametrize("n_minutes", [1, 15, 40, 500])
def test_opening_range_equals_its_readable_twin(n_minutes):
    _, high, low, _ = prices(120)
    # Sessions of 20 bars, 3 of them before the cash open; bars 40..46 never came.
    place = np.delete(np.arange(127), np.s_[40:47])
    session, minute = 20200101 + place // 20, 15 * (place % 20 - 3)

    lower, _, upper = opening_range(high, low, session, minute, n_minutes)

    twin = readable_moves.opening_range(high, low, list(session), list(minute), n_minutes)
    np.testing.assert_array_equal(np.column_stack([lower, upper]), twin)
    assert np.isnan(upper).all() == (n_minutes == 500)
