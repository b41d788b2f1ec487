"""Ticks are round, dates are right, and thinning loses no extreme."""

import numpy as np
import pytest

from alphamill.report.scales import (
    bar_ticks,
    date_ticks,
    days_of,
    drawdown,
    fitted,
    round_ticks,
    thin,
)

from .samples import weekdays


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (-3.7, 912.0), (1e-7, 3e-7), (-1e9, -9e8), (99.9, 100.1)]
)
def test_ticks_lie_inside_and_are_evenly_spaced(low: float, high: float):
    ticks = np.array(round_ticks(low, high, 5))

    assert ticks.min() >= low - 1e-12
    assert ticks.max() <= high + 1e-12
    assert 2 <= ticks.size <= 11
    assert np.allclose(np.diff(ticks), ticks[1] - ticks[0])


def test_a_scale_of_one_value_has_a_width():
    scale = fitted(5.0, 5.0, 0.0, 100.0)

    assert scale(5.0) == pytest.approx(50.0)


def test_days_count_leap_years():
    assert days_of(np.array([20000228, 20000301])).tolist() == [11015, 11017]


def test_date_ticks_stand_on_the_first_of_the_month():
    first, last = days_of(np.array([20150310, 20151220])).tolist()

    ticks = date_ticks(first, last, 4)

    assert [label for _, label in ticks] == ["Apr", "Jul", "Oct"]
    assert ticks[0][0] == days_of(np.array([20150401]))[0]


@pytest.mark.parametrize("n", [1, 2, 20, 45, 70, 400, 5_000, 100_000])
def test_dates_never_crowd(n: int):
    assert len(bar_ticks(weekdays(n), 8)) <= 9


def test_a_bar_tick_is_the_first_bar_on_or_after_the_date():
    sessions = np.array([20141230, 20141231, 20150105, 20150106, 20160104])

    assert bar_ticks(sessions, 3)[0] == (2, "2015")


def test_thinning_keeps_ends_and_every_extreme():
    walk = np.cumsum(np.random.default_rng(1).normal(size=50_000))

    kept = thin(walk, 300)

    assert kept.size <= 602
    assert (kept[0], kept[-1]) == (0, 49_999)
    assert walk[kept].max() == walk.max()
    assert walk[kept].min() == walk.min()
    assert (np.diff(kept) > 0).all()


def test_drawdown_counts_a_loss_from_the_start():
    assert drawdown(np.array([-5.0, 3.0, 1.0])).tolist() == [-5.0, 0.0, -2.0]
