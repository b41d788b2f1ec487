import numpy as np
import pytest
import talib

from alphamill.indicators.channels import (
    acceleration_bands,
    chande_kroll_stop,
    chandelier_exit,
    envelope,
    linear_regression_channel,
    squeeze,
    supertrend,
)
from alphamill.indicators.trend import ema_from_mean, sma
from alphamill.indicators.volatility import bollinger, true_range

from . import readable
from .oracles import half_unit, half_units_off, oracle
from .samples import prices

_, HIGH, LOW, CLOSE = prices()
BARS = (HIGH, LOW, CLOSE)


def bars_of(shared, file):
    return [oracle(shared, file, name) for name in ("high", "low", "close")]


def test_supertrend_equals_the_reference_file(shared):
    # The file writes 0 where it does not know yet.
    file = "dwac_supertrend.txt"
    theirs = oracle(shared, file, "super")

    line, side = supertrend(*bars_of(shared, file), 10, 3.0)

    known = theirs != 0.0
    assert np.array_equal(known, ~np.isnan(line))
    assert (np.abs(line - theirs) <= half_unit(shared, file, "super"))[known].all()
    assert np.count_nonzero(np.diff(side[known])) == 3


def test_supertrend_turns_only_at_a_close_beyond_its_line():
    line, side = supertrend(*BARS, 7, 1.5)

    turns = np.flatnonzero(side[1:] * side[:-1] < 0) + 1
    assert turns.size > 20
    # Up from below the old line, down from above it; the line never crosses the close otherwise.
    assert (np.sign(CLOSE[turns] - line[turns - 1]) == side[turns]).all()
    assert (np.sign(CLOSE - line) == side)[6:].mean() > 0.99
    held = side[1:] == side[:-1]
    assert (np.diff(line) * side[1:] >= 0.0)[6:][held[6:]].all()


def test_supertrend_worked_by_hand():
    # One-bar ranges, bands 2 of them around the middle; * is a band that held.
    #   bar   middle  range  lower  upper  close  line
    #   0      9.5     1      7.5   11.5   10     11.5  short from the start
    #   1     12.5     3      7.5*  11.5*  13      7.5  closes above 11.5: long
    #   2     12       1.5    9     15     12      9    13 was above the upper band: it is let go
    #   3      8       4      9*    15*     8     15    closes below 9: short
    high, low = np.array([10.0, 13.0, 12.5, 8.0]), np.array([9.0, 12.0, 11.5, 8.0])
    close = np.array([10.0, 13.0, 12.0, 8.0])

    line, side = supertrend(high, low, close, 1, 2.0)

    assert line.tolist() == [11.5, 7.5, 9.0, 15.0]
    assert side.tolist() == [-1, 1, 1, -1]


@pytest.mark.parametrize("ddof", [0, 2])
def test_a_regression_channel_equals_numpys_polyfit(ddof):
    lower, middle, upper = linear_regression_channel(CLOSE, 15, 1.5, ddof)

    for t in range(14, 300):
        window, place = CLOSE[t - 14 : t + 1], np.arange(15.0)
        line = np.polyval(np.polyfit(place, window, 1), place)
        spread = np.sqrt(np.sum((window - line) ** 2) / (15 - ddof))
        wanted = [line[-1] - 1.5 * spread, line[-1], line[-1] + 1.5 * spread]
        assert [lower[t], middle[t], upper[t]] == pytest.approx(wanted, abs=1e-9)


def test_a_regression_channel_of_a_market_at_rest_is_its_price():
    lower, _, upper = linear_regression_channel(np.full(30, 0.1), 10, 2.0)

    assert (lower[9:] == 0.1).all()
    assert (upper[9:] == 0.1).all()


def test_an_envelope_lies_a_share_of_the_average_away_on_either_side_of_zero():
    for sign in (1.0, -1.0):
        lower, middle, upper = envelope(sign * CLOSE, 10, 2.0)

        np.testing.assert_array_equal(middle, sma(sign * CLOSE, 10))
        np.testing.assert_allclose(upper - middle, 0.02 * sma(CLOSE, 10), atol=1e-12)
        np.testing.assert_allclose(middle - lower, 0.02 * sma(CLOSE, 10), atol=1e-12)


def test_acceleration_bands_equal_the_reference_file(shared):
    # Its prices are rounded to 0.01 and its bounds were worked out before: 7.4e-5 at most, where
    # half a unit is 5e-5. TA-Lib says what we say.
    file = "spy_acceleration_bands_20_4.txt"

    ours = acceleration_bands(*bars_of(shared, file), 20, 4.0)

    assert half_units_off(ours.middle, shared, file, "middleband") <= 1.0
    assert half_units_off(ours.upper, shared, file, "upperband") <= 1.5
    assert half_units_off(ours.lower, shared, file, "lowerband") <= 1.5


def test_acceleration_bands_equal_talib():
    theirs = talib.ACCBANDS(*BARS, 20)

    for mine, other in zip(acceleration_bands(*BARS, 20), theirs[::-1], strict=True):
        np.testing.assert_allclose(mine, other, rtol=0.0, atol=1e-10)


def test_chandelier_stops_hang_from_the_extremes():
    of_long, of_short = chandelier_exit(*BARS, 12, 2.5)

    reach = 2.5 * readable.rma(readable.true_range(*BARS), 12)
    np.testing.assert_allclose(of_long, readable.windowed(max, HIGH, 12) - reach, atol=1e-10)
    np.testing.assert_allclose(of_short, readable.windowed(min, LOW, 12) + reach, atol=1e-10)


def test_stops_of_chande_and_kroll_equal_the_reference_file(shared):
    # The file calls the stop that hangs from the highs, under a long, the short stop.
    file = "spy_with_ChandeKrollStop.csv"

    ours = chande_kroll_stop(*bars_of(shared, file), 5, 2.0, 3)

    assert half_units_off(ours.of_long, shared, file, "short_stop") <= 1.0
    assert half_units_off(ours.of_short, shared, file, "long_stop") <= 1.0


def test_a_squeeze_equals_the_reference_file(shared):
    file = "spy_sm.csv"
    high, low, close = bars_of(shared, file)
    theirs = oracle(shared, file, "squeeze on")

    is_on, _ = squeeze(high, low, close, 20, 2.0, 1.5)

    # The file knows a bar later than we do, and writes -1 until then.
    assert 100 < (theirs == 1.0).sum() < 200
    np.testing.assert_array_equal(np.where(is_on[20:] == 1.0, 1.0, -1.0), theirs[20:])


def test_the_two_channels_of_a_squeeze_equal_the_reference_file(shared):
    file = "spy_sm.csv"
    high, low, close = bars_of(shared, file)

    bands = bollinger(close, 20, 2.0, ddof=0)
    centre = ema_from_mean((high + low + close) / 3.0, 20)
    reach = 1.5 * sma(true_range(high, low, close), 20)

    assert half_units_off(bands.upper, shared, file, "bb high") <= 1.0
    assert half_units_off(bands.lower, shared, file, "bb low") <= 1.0
    assert half_units_off(centre + reach, shared, file, "kc high") <= 1.0
    assert half_units_off(centre - reach, shared, file, "kc low") <= 1.0


def test_the_momentum_of_a_squeeze_is_the_end_of_a_line_through_distances():
    _, momentum = squeeze(*BARS, 8, 2.0, 1.5)

    extremes = (readable.windowed(max, HIGH, 8) + readable.windowed(min, LOW, 8)) / 2.0
    away = CLOSE - (extremes + readable.windowed(readable.mean, CLOSE, 8)) / 2.0
    wanted = talib.LINEARREG(away, 8)
    np.testing.assert_allclose(momentum, wanted, rtol=0.0, atol=1e-9)
    assert np.isnan(momentum).sum() == 14
