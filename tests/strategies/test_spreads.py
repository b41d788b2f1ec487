"""Prices on one clock, hedge ratios against their readable twins, targets against a memory."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.strategies.contract_markets import daily, quarter_hours
from alphamill.strategies.spreads import (
    Spread,
    kalman_spread,
    log_paths,
    regression_spread,
    targets,
)

NAN = float("nan")


def walks(n=300, seed=5):
    """Return two log paths that share most of their moves."""
    rng = np.random.default_rng(seed)
    shared, own = rng.standard_normal((2, n)) * 0.01
    return np.cumsum(0.8 * shared + own * 0.3), np.cumsum(shared)


def regressed(y, x, n_bars):
    """Return what `regression_spread` returns, by numpy's own least squares."""
    score, hedge = np.full((2, y.size), NAN)
    for t in range(n_bars - 1, y.size):
        of_y, of_x = y[t - n_bars + 1 : t + 1], x[t - n_bars + 1 : t + 1]
        slope, level = np.polyfit(of_x, of_y, 1)
        left = of_y - slope * of_x - level
        score[t], hedge[t] = left[-1] / left.std(ddof=1), slope
    return Spread(score, hedge)


def filtered(y, x, delta, noise):
    """Return what `kalman_spread` returns, by Chan's matrices."""
    y, x = 100 * np.exp(y - y[0]), 100 * np.exp(x - x[0])
    state, covariance = np.array([1.0, 0.0]), np.zeros((2, 2))
    score, hedge = np.full((2, y.size), NAN)
    for t in range(y.size):
        seen = np.array([x[t], 1.0])
        covariance = covariance + delta / (1 - delta) * np.eye(2)
        error = y[t] - seen @ state
        variance = seen @ covariance @ seen + noise
        gain = covariance @ seen / variance
        state = state + gain * error
        covariance = covariance - np.outer(gain, seen) @ covariance
        score[t], hedge[t] = error / np.sqrt(variance), state[0] * x[t] / y[t]
    return Spread(score, hedge)


def remembered(score, hedge, enter, leave):
    """Return the position that a rule with a memory would be in at each close."""
    held, out = np.zeros(2), []
    for z, ratio in zip(score, hedge, strict=True):
        side = held[0]
        if (side > 0 and z >= -leave) or (side < 0 and z <= leave):
            held = np.zeros(2)
        if side >= 0 and z >= enter:
            held = np.array([-1.0, ratio])
        if side <= 0 and z <= -enter:
            held = np.array([1.0, -ratio])
        out.append(held)
    return np.array(out)


def carried(wanted):
    """Return targets with each NaN taken from the row before, flat at the start."""
    out, last = [], np.zeros(2)
    for row in wanted:
        last = np.where(np.isnan(row), last, row)
        out.append(last)
    return np.array(out)


@pytest.mark.parametrize("n_bars", [3, 7, 40])
def test_the_regression_is_the_least_squares_line_of_each_window(n_bars):
    y, x = walks()

    found, twin = regression_spread(y, x, n_bars), regressed(y, x, n_bars)

    np.testing.assert_allclose(found.score, twin.score, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.hedge, twin.hedge, rtol=1e-9)


@pytest.mark.parametrize("delta", [1e-7, 1e-4, 0.05])
def test_the_filter_is_chans(delta):
    y, x = walks()

    found, twin = kalman_spread(y, x, delta, 1e-3), filtered(y, x, delta, 1e-3)

    np.testing.assert_allclose(found.score, twin.score, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.hedge, twin.hedge, rtol=1e-8)


def test_an_unknown_price_silences_its_windows_and_teaches_the_filter_nothing():
    y, x = walks(60)
    holed = x.copy()
    holed[20] = NAN
    without = np.delete(y, 20), np.delete(x, 20)

    found, filter_found = regression_spread(y, holed, 5), kalman_spread(y, holed, 1e-4, 1e-3)

    assert np.flatnonzero(np.isnan(found.score)).tolist() == [0, 1, 2, 3, *range(20, 25)]
    assert np.isnan(filter_found.score[20])
    shorter = kalman_spread(*without, 1e-4, 1e-3).score
    assert np.delete(filter_found.score, 20).tolist() == shorter.tolist()


def test_a_series_against_itself_and_a_partner_that_stands_still_say_nothing():
    y, x = walks(60)

    assert np.isnan(regression_spread(y, y, 20).score).all()
    assert np.isnan(regression_spread(y, 3.0 * y + 1.0, 20).score).all()
    assert np.isnan(regression_spread(y, np.full(60, 2.0), 20).score).all()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("enter", "leave"), [(1.5, 0.5), (1.0, 0.0), (0.6, 0.5)])
def test_targets_carried_forward_are_the_positions_of_a_rule_with_a_memory(seed, enter, leave):
    rng = np.random.default_rng(seed)
    score = np.round(rng.standard_normal(300).cumsum() * 0.4 % 6.0 - 3.0, 1)
    one = np.ones(300)

    wanted = targets(Spread(score, one), enter, leave)

    # A rule that starts where the spread is rich already is in; both are after its first return.
    assert carried(wanted).tolist() == remembered(score, one, enter, leave).tolist()


def test_the_hedge_is_that_of_the_entry_until_the_next_one():
    score = np.array([0.0, 2.0, 3.0, 1.0, 2.0, 0.0])
    hedge = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])

    wanted = targets(Spread(score, hedge), 2.0, 0.5)

    # Bar 2 says nothing; bar 4 comes to 2 anew and hedges anew.
    expected = [[0, 0], [-1, 0.2], [NAN, NAN], [NAN, NAN], [-1, 0.5], [0, 0]]
    np.testing.assert_array_equal(wanted, expected)


def test_a_partner_is_read_at_its_last_closed_bar():
    bars, partner = daily(50, 1), daily(50, 2)
    # It closes an hour later, so a bar of the same day is not known yet.
    late = replace(partner, close_ns=partner.close_ns + 3_600_000_000_000)

    (own, same), (_, before) = log_paths(bars, partner), log_paths(bars, late)

    np.testing.assert_allclose(np.diff(own), np.diff(np.log(bars.close)), atol=1e-12)
    np.testing.assert_allclose(np.diff(same), np.diff(np.log(partner.close)), atol=1e-12)
    assert np.isnan(before[0])
    assert before[1:].tolist() == same[:-1].tolist()


def test_a_roll_of_added_prices_is_no_move():
    bars = daily(40, 3)
    # Contract B is 50 dearer than A and is traded from bar 20 on: A's prices are lifted by 50.
    raw = bars.close - np.where(np.arange(40) < 20, 50.0, 0.0)
    added = replace(bars, raw_close=raw, adjusted="add")

    own, _ = log_paths(added, bars)

    moves = np.diff(bars.close) / raw[:-1]
    np.testing.assert_allclose(np.diff(own), np.log1p(moves), atol=1e-12)


def test_a_price_of_nothing_is_unknown_on_both_of_its_moves():
    bars = quarter_hours(30)
    raw = bars.close.copy()
    raw[10] = -3.0
    added = replace(bars, raw_close=raw, adjusted="add")

    own, _ = log_paths(added, bars)

    assert np.flatnonzero(np.isnan(own)).tolist() == [10, 11]
