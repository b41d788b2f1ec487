import numpy as np

from alphamill.indicators.candles import body_share, engulfing, ibs, shadows

from . import readable
from .samples import prices, reference, worst


def test_internal_bar_strength_says_where_in_its_range_a_bar_closed():
    high, low = np.array([12.0, 12.0, 12.0, 5.0]), np.array([10.0, 10.0, 10.0, 5.0])

    assert ibs(high, low, np.array([10.0, 11.5, 12.0, 5.0])).tolist() == [0.0, 0.75, 1.0, 0.5]


def test_internal_bar_strength_equals_the_reference_file(shared):
    file = reference(shared, "spy_with_ibs.csv")

    assert worst(ibs(file["high"], file["low"], file["close"]), file["ibs"]) < 1e-15


def test_body_share_counts_both_colours_and_knows_nothing_of_a_bar_without_range():
    open_, close = np.array([10.0, 13.0, 5.0]), np.array([13.0, 10.0, 5.0])

    share = body_share(open_, np.array([14.0, 14.0, 5.0]), np.array([10.0, 10.0, 5.0]), close)

    assert share[:2].tolist() == [0.75, 0.75]
    assert np.isnan(share[2])


def test_engulfing_equals_its_readable_twin():
    open_, _, _, close = prices()

    ours = engulfing(open_, close)

    assert ours.tolist() == readable.engulfing(open_, close)
    assert {-1, 0, 1} == set(ours.tolist())


def test_engulfing_equals_the_reference_file_where_one_end_lies_beyond(shared):
    # The file wants one end strictly beyond and calls a bar without body white; we need a body.
    file = reference(shared, "spy_candle_patterns.txt")
    open_, close = file["open"], file["close"]
    moved = np.append(False, (open_ != close)[:-1]) & (open_ != close)
    twins = np.append(False, (open_[1:] == close[:-1]) & (close[1:] == open_[:-1]))

    like = moved & ~twins & ~np.isnan(file["cdlengulfing"])

    ours, theirs = engulfing(open_, close)[like], np.sign(file["cdlengulfing"][like])

    assert (theirs != 0).sum() > 20
    np.testing.assert_array_equal(ours, theirs)


def test_shadows_and_body_make_up_the_range_of_either_colour():
    open_, high, low, close = (
        np.array([10.0, 13.0]),
        np.full(2, 15.0),
        np.full(2, 9.0),
        [13.0, 10.0],
    )

    upper, lower = shadows(open_, high, low, np.array(close))

    assert (upper.tolist(), lower.tolist()) == ([2.0, 2.0], [1.0, 1.0])


def test_shadows_equal_their_readable_twin():
    open_, high, low, close = prices()

    ours = shadows(open_, high, low, close)

    for t in range(close.size):
        top, bottom = max(open_[t], close[t]), min(open_[t], close[t])
        assert (ours.upper[t], ours.lower[t]) == (high[t] - top, bottom - low[t])
    assert ours.upper.min() == ours.lower.min() == 0.0
