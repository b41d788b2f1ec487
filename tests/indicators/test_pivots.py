import numpy as np
import pytest

from alphamill.indicators.pivots import (
    camarilla_pivots,
    classic_pivots,
    fibonacci_pivots,
    pivot_high,
    pivot_low,
    zigzag,
)

from .oracles import oracle
from .samples import prices

_, HIGH, LOW, CLOSE = prices()


def test_pivots_equal_the_reference_file(shared):
    # The file writes 1 for a high, -1 for a low, 2 for both, at the bar that makes them known.
    file = "spy_pivot_pnt_hl.txt"
    high, low, theirs = (oracle(shared, file, name) for name in ("high", "low", "pphl"))

    tops, bottoms = ~np.isnan(pivot_high(high, 10)), ~np.isnan(pivot_low(low, 10))

    assert np.count_nonzero(theirs) == 14
    np.testing.assert_array_equal(np.where(tops & bottoms, 2.0, 1.0 * tops - bottoms), theirs)


@pytest.mark.parametrize("n_bars", [1, 2, 7])
def test_a_pivot_stands_out_from_the_bars_on_both_sides(n_bars):
    ours = pivot_high(HIGH, n_bars)

    for t in range(HIGH.size):
        top = t - n_bars
        around = [HIGH[u] for u in range(top - n_bars, t + 1) if u != top and u >= 0]
        is_pivot = top >= n_bars and HIGH[top] > max(around)
        assert ours[t] == pytest.approx(HIGH[top] if is_pivot else np.nan, nan_ok=True)
    np.testing.assert_array_equal(pivot_low(-HIGH, n_bars), -ours)


def test_equal_highs_make_no_pivot():
    assert np.isnan(pivot_high(np.array([1.0, 5.0, 5.0, 1.0, 0.0]), 1)).all()


def test_the_turning_points_of_a_zigzag_equal_the_reference_file(shared):
    # The file draws them into the past, where they were: we knew them later, at these very bars.
    file = "spy_zigzag.csv"
    high, low, theirs = (oracle(shared, file, name) for name in ("high", "low", "zigzag"))

    price, age, side = zigzag(high, low, 5.0, 10)

    known = np.flatnonzero(side)
    where = (known - age[known]).astype(int)
    drawn = np.full(high.size, np.nan)
    drawn[where] = price[known]
    np.testing.assert_array_equal(drawn, theirs)
    assert np.count_nonzero(~np.isnan(theirs)) == 15


def test_a_zigzag_shows_a_point_only_once_the_price_has_gone_away_from_it():
    price, age, side = zigzag(HIGH, LOW, 3.0)

    news = np.flatnonzero(np.diff(side, prepend=0))
    assert news.size > 20
    for t in news:
        # A bar that turns the zigzag is judged by that, whatever else it reached.
        since = slice(t - int(age[t]), t)
        if side[t] > 0:
            assert price[t] == max(HIGH[since]) == HIGH[since.start]
            assert LOW[t] <= price[t] * 0.97
        else:
            assert price[t] == min(LOW[since]) == LOW[since.start]
            assert HIGH[t] >= price[t] * 1.03
    assert (np.diff(age)[np.diff(side) == 0][50:] == 1.0).all()


def test_levels_of_the_session_before_worked_by_hand():
    # High 12, low 8, close 11: typical price 31 / 3, range 4.
    session = np.array([1, 1, 2])
    high, low, close = np.array([12.0, 11, 99]), np.array([9.0, 8, 1]), np.array([9.0, 11, 50])
    bars, middle = (session, high, low, close), 31.0 / 3.0

    classic, fibonacci, camarilla = (
        [float(level[2]) for level in levels(*bars)]
        for levels in (classic_pivots, fibonacci_pivots, camarilla_pivots)
    )

    assert classic == pytest.approx(
        [8 - 2 * (12 - middle), middle - 4, 2 * middle - 12, middle, 2 * middle - 8, middle + 4,
         12 + 2 * (middle - 8)]
    )  # fmt: skip
    assert fibonacci == pytest.approx(
        [middle + 4 * step for step in (-1.0, -0.618, -0.382, 0.0, 0.382, 0.618, 1.0)]
    )
    steps = [4 * 1.1 / part for part in (4, 6, 12)]
    assert camarilla == pytest.approx(
        [*(11 - s for s in steps), middle, *(11 + s for s in reversed(steps))]
    )
    assert np.isnan(np.array(classic_pivots(*bars))[:, :2]).all()
