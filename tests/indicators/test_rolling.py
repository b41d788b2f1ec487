from functools import partial

import numpy as np
import pytest
import talib

from alphamill.indicators.rolling import (
    BLOCK,
    bars_since_max,
    count_below,
    lag_of_max,
    percentile_rank,
    previous,
    previous_max,
    previous_min,
    rolling_max,
    rolling_mean,
    rolling_min,
    rolling_std,
    streak,
    value_ago,
    window_mean,
    window_std,
)

from . import readable
from .samples import closes, reference, worst

TWINS = [
    (rolling_mean, readable.mean, 20),
    (rolling_mean, readable.mean, 1),
    (partial(rolling_std, ddof=1), partial(readable.deviation, ddof=1), 20),
    (partial(rolling_std, ddof=0), partial(readable.deviation, ddof=0), 7),
    (rolling_max, max, 10),
    (rolling_max, max, 1),
    (rolling_min, min, 10),
    (rolling_min, min, 1),
    (percentile_rank, readable.rank, 7),
    (bars_since_max, readable.lag_of_max, 9),
    (bars_since_max, readable.lag_of_max, 1),
]


@pytest.mark.parametrize(("function", "twin", "n_bars"), TWINS)
def test_a_window_equals_its_readable_twin(function, twin, n_bars):
    close = closes()

    ours = function(close, n_bars)

    theirs = readable.windowed(twin, close, n_bars)
    np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=1e-10)


@pytest.mark.parametrize("function", [f for f, _, n in TWINS if n > 1])
@pytest.mark.parametrize("n_rows", [0, 1, 3])
def test_a_series_shorter_than_the_window_is_unknown(function, n_rows):
    assert np.isnan(function(closes(50)[:n_rows], 7)).tolist() == [True] * n_rows


@pytest.mark.parametrize("function", [rolling_mean, rolling_std])
def test_a_long_series_equals_its_parts_to_the_last_bit(function):
    # The kernel works in blocks of rows: a seam must not show, nor depend on where a block began.
    close = closes(3 * BLOCK + 17)

    whole = function(close, 20)

    assert np.array_equal(function(close[700:], 20)[19:], whole[719:])


@pytest.mark.parametrize("function", [rolling_mean, rolling_std, percentile_rank, bars_since_max])
def test_a_nan_makes_unknown_only_the_windows_it_lies_in(function):
    holed = closes(60)
    holed[30] = np.nan

    unknown = np.flatnonzero(np.isnan(function(holed, 5)))

    assert unknown.tolist() == [0, 1, 2, 3, 30, 31, 32, 33, 34]


def test_a_flat_window_has_exactly_its_price_and_no_deviation():
    # TA-Lib's running total keeps a trace of the lively bars: its mean lies above the price and
    # its deviation is 0, so that a price at rest lies "below its lower band".
    lively = 1.1 + 5e-4 * np.random.default_rng(0).standard_normal(1000)
    close = np.append(lively, np.full(40, 1.10001))

    assert (rolling_mean(close, 20)[-20:] == 1.10001).all()
    assert (rolling_std(close, 20)[-20:] == 0.0).all()
    assert (talib.SMA(close, 20)[-20:] != 1.10001).any()


def test_a_deviation_keeps_its_digits_far_from_zero():
    close = 1e7 + np.tile([0.0, 0.001], 30)

    assert rolling_std(close, 10, ddof=0)[-1] == pytest.approx(0.0005, rel=1e-5)


@pytest.mark.parametrize(("function", "inclusive"), [(previous_max, max), (previous_min, min)])
def test_a_previous_window_leaves_out_the_present_bar(function, inclusive):
    close = closes(60)

    ours = function(close, 4)

    assert np.isnan(ours[:4]).all()
    assert ours[4:].tolist() == [inclusive(close[t - 4 : t]) for t in range(4, 60)]


def test_previous_shifts_and_begins_unknown():
    assert previous(np.array([1, 2, 3, 4]), 2).tolist()[2:] == [1.0, 2.0]
    assert np.isnan(previous(np.array([1, 2, 3]), 2)).tolist() == [True, True, False]
    assert np.isnan(previous(np.array([1.0]), 2)).all()


def test_a_value_ago_is_that_of_each_bars_own_lag():
    x, lag = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 2.0, np.nan, 3.0])

    np.testing.assert_array_equal(value_ago(x, lag), [1.0, np.nan, np.nan, 1.0])
    assert value_ago(x[:0], lag[:0]).size == 0


def test_a_streak_equals_its_readable_twin():
    flags = np.random.default_rng(4).random(300) < 0.6

    assert streak(flags).tolist() == readable.streak(flags.tolist())
    assert streak(flags[:0]).size == 0


@pytest.mark.parametrize(
    ("kernel", "extra"),
    [(window_mean, ()), (window_std, (6,)), (count_below, ()), (lag_of_max, ())],
)
def test_compiled_equals_uncompiled(kernel, extra):
    close = closes(BLOCK + 60)
    fast, slow = np.full(close.size, np.nan), np.full(close.size, np.nan)

    kernel(close, 7, *extra, fast)
    getattr(kernel, "py_func", kernel)(close, 7, *extra, slow)

    np.testing.assert_allclose(fast, slow, rtol=0.0, atol=1e-13)


def test_extremes_equal_the_reference_files(shared):
    highest = reference(shared, "spy_max.txt")
    lowest = reference(shared, "spy_min.txt")

    assert worst(rolling_max(highest["close"], 5), highest["max_5"]) == 0.0
    assert worst(rolling_min(lowest["close"], 5), lowest["min_5"]) == 0.0


def test_a_channel_of_extremes_equals_the_reference_file(shared):
    # The file gives part windows in its first 49 rows; the bound includes the present bar.
    file = reference(shared, "spy_with_don50.txt")

    top, bottom = rolling_max(file["high"], 50), rolling_min(file["low"], 50)

    assert worst(top[49:], file["donchian channels 50 top"][49:]) == 0.0
    assert worst(bottom[49:], file["donchian channels 50 bottom"][49:]) == 0.0


def test_the_population_deviation_equals_the_reference_file(shared):
    file = reference(shared, "spy_var.txt")

    assert worst(rolling_std(file["close"], 10, ddof=0) ** 2, file["var"]) < 1e-9
