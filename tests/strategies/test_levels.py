from dataclasses import replace

import numpy as np
import pytest

from alphamill.strategies.levels import by_side, reached, sunk_to, unit_size

from .markets import drawn

BARS = drawn([100.0] * 15, [101.0] * 15, [99.0] * 15, [100.0] * 15)


def test_a_unit_is_an_average_range_or_a_percent_of_the_price():
    assert unit_size(BARS, "atr")[14] == pytest.approx(2.0)
    assert np.isnan(unit_size(BARS, "atr")[12])
    assert unit_size(BARS, "percent").tolist() == [1.0] * 15


def test_a_percent_is_taken_of_the_traded_price_where_a_constant_was_added():
    added = replace(BARS, raw_close=np.full(15, 40.0), adjusted="add")
    scaled = replace(BARS, raw_close=np.full(15, 40.0), adjusted="ratio")

    assert unit_size(added, "percent")[0] == pytest.approx(0.4)
    assert unit_size(scaled, "percent")[0] == 1.0


def test_a_level_that_is_reached_is_left():
    price = np.array([0.3, -37.5, 5000.25])

    # The kernel leaves strictly beyond: at the price itself, and not one step before it.
    assert (price > reached(price)).all()
    assert (np.nextafter(price, -np.inf) <= reached(price)).all()
    assert (price < sunk_to(price)).all()
    assert (np.nextafter(price, np.inf) >= sunk_to(price)).all()


def test_a_level_is_that_of_the_side_wanted():
    long, short = np.array([True, False, False]), np.array([False, True, False])

    levels = by_side(long, short, np.full(3, 1.0), np.full(3, 2.0))

    assert levels[:2].tolist() == [1.0, 2.0]
    assert np.isnan(levels[2])
