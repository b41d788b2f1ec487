"""The toy of specs/statistics.md, C10, hand-worked rows, and a plain twin."""

import math

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.labels import UNKNOWN, Barriers, triple_barrier

TOY = np.array([100, 100.5, 101.2, 102.1, 101, 99, 98.1, 97.9, 98.5, 99.5])
TWO_PERCENT = Barriers(0.02, 0.02, 3)


def one(prices, barriers=TWO_PERCENT, **given):
    found = triple_barrier(np.array(prices, dtype=float), np.array([0]), barriers, **given)
    return found.label[0], found.end[0], found.return_frac[0]


def test_the_toy_touches_the_printed_barriers():
    found = triple_barrier(TOY, np.array([0, 3, 6]), TWO_PERCENT)

    assert found.end.tolist() == [3, 5, 9]
    assert found.label.tolist() == [1.0, -1.0, 0.0]
    assert np.sign(found.return_frac).tolist() == [1.0, -1.0, 1.0]
    assert (100 * found.return_frac).round(3).tolist() == [2.1, -3.036, 1.427]


def test_events_without_all_their_bars_are_unknown_even_when_touched():
    close = np.array([100.0, 100.0, 100.0, 110.0])

    found = triple_barrier(close, np.array([0, 1, 2, 3]), TWO_PERCENT)

    assert found.label.tolist()[:1] == [1.0]
    assert np.isnan(found.label[1:]).all()
    assert np.isnan(found.return_frac[1:]).all()
    assert found.end.tolist() == [3, UNKNOWN, UNKNOWN, UNKNOWN]


def test_the_events_own_bar_touches_nothing():
    label = one([100, 100, 100, 100], high=np.array([110.0] + [100.5] * 3), low=np.full(4, 99.5))

    assert label == (0.0, 3, 0.0)


def test_a_bar_that_touches_both_barriers_is_a_loss():
    high, low = np.array([100.0, 103, 100, 100]), np.array([100.0, 97, 100, 100])

    assert one([100] * 4, high=high, low=low) == (-1.0, 1, -0.02)
    assert one([100] * 4, high=high, low=low, side=-1) == (-1.0, 1, -0.02)


def test_highs_and_lows_are_touched_where_closes_are_not():
    close, low = [100, 101, 101, 101], np.array([100.0, 100, 100, 100])
    high = np.array([100.0, 101, 102.5, 101])

    assert one(close)[:2] == (0.0, 3)
    assert one(close, high=high, low=low) == (1.0, 2, 0.02)


def test_a_short_profits_below():
    fall = [100, 99, 97, 97]

    assert one(fall, side=-1) == (1.0, 2, pytest.approx(0.03))
    assert one(fall, side=1) == (-1.0, 2, pytest.approx(-0.03))
    assert one([100, 101, 103, 103], side=-1) == (-1.0, 2, pytest.approx(-0.03))


def test_a_barrier_is_touched_when_reached():
    assert one([100, 125, 100, 100], Barriers(0.25, 0.25, 3))[:2] == (1.0, 1)
    assert one([100, 75, 100, 100], Barriers(0.25, 0.25, 3))[:2] == (-1.0, 1)


def test_a_barrier_at_infinity_is_never_touched_and_an_unknown_one_gives_no_label():
    profit = np.array([math.inf, math.nan, 0.02])
    close = np.array([100.0, 150.0, 150.0, 150.0])

    found = triple_barrier(close, np.zeros(3, int), Barriers(profit, 0.02, 3))

    np.testing.assert_array_equal(found.label, [0.0, np.nan, 1.0])
    assert found.end.tolist() == [3, UNKNOWN, 1]


def plain(bars, event, up, down, side):
    """Return label, end and return within 19 bars of (close, high, low)."""
    entry = bars[event, 0]
    for t in range(event + 1, event + 20):
        moves = sorted(side * (p / entry - 1.0) for p in bars[t, 1:])
        if moves[0] <= -down:
            return -1.0, t, -down
        if moves[1] >= up:
            return 1.0, t, up
    return 0.0, event + 19, side * (bars[event + 19, 0] / entry - 1.0)


def test_labels_equal_the_plain_search_on_random_bars():
    rng = np.random.default_rng(3)
    close = 100.0 * np.exp(0.01 * rng.standard_normal(400).cumsum())
    high, low = close * (1 + 0.01 * rng.random(400)), close * (1 - 0.01 * rng.random(400))
    events = rng.permutation(380)[:200]
    up, down = 0.01 + 0.05 * rng.random((2, 200))
    side = rng.choice([-1, 1], 200)

    found = triple_barrier(close, events, Barriers(up, down, 19), side, high, low)

    bars, rows = np.column_stack([close, high, low]), zip(events, up, down, side, strict=True)
    np.testing.assert_allclose(np.array(found).T, [plain(bars, *r) for r in rows], rtol=1e-12)
    assert {-1.0, 0.0, 1.0} == set(found.label.tolist())


def test_a_label_is_known_at_its_end():
    rng = np.random.default_rng(4)
    close = 100.0 * np.exp(0.01 * rng.standard_normal(200).cumsum())
    events = np.arange(150)
    whole = triple_barrier(close, events, Barriers(0.03, 0.03, 20))

    for k in range(0, 150, 7):
        other = close.copy()
        other[whole.end[k] + 1 :] = 1.0
        again = triple_barrier(other, events[k : k + 1], Barriers(0.03, 0.03, 20))
        assert (again.label[0], again.end[0]) == (whole.label[k], whole.end[k])


@pytest.mark.parametrize(
    ("barriers", "side"),
    [
        (Barriers(0.0, 0.02, 3), 1),
        (Barriers(0.02, -0.02, 3), 1),
        (Barriers(0.02, 0.02, 0), 1),
        (TWO_PERCENT, 0),
        (TWO_PERCENT, 2),
    ],
)
def test_impossible_barriers_and_sides_are_refused(barriers, side):
    with pytest.raises(DataError, match="distances above 0 and sides of 1 or -1"):
        one([100] * 5, barriers, side=side)


@pytest.mark.parametrize("event", [-1, 10])
def test_an_event_outside_the_history_is_refused(event):
    with pytest.raises(DataError, match=r"bars from 0 to 9, received"):
        triple_barrier(TOY, np.array([event]), TWO_PERCENT)


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan, math.inf])
def test_prices_that_are_not_positive_are_refused(price):
    with pytest.raises(DataError, match="bar 2 has"):
        one([100, 100, price, 100, 100])


def test_a_high_without_a_low_is_refused_and_so_are_other_lengths():
    with pytest.raises(DataError, match="both high and low or neither"):
        one([100] * 5, high=np.full(5, 100.0))
    with pytest.raises(DataError, match=r"one length, received close \(5,\), high \(4,\)"):
        one([100] * 5, high=np.full(4, 100.0), low=np.full(5, 100.0))


def test_no_event_has_no_label():
    assert triple_barrier(TOY, np.zeros(0, int), TWO_PERCENT).label.size == 0
