from alphamill.strategies.reversion.moving_average_envelope import MOVING_AVERAGE_ENVELOPE

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken


def one_beyond(close):
    return drawn(close, [c + 1 for c in close], [c - 1 for c in close], close)


def test_moving_average_envelope_in_percent_worked_by_hand():
    # Mean of 3, 10 % of the close on either side.
    # bar   close   mean   lower   upper
    #  2     100    100     90      110
    #  3      85     95     86.5    103.5    85 lies below
    #  4     100     95     85      105      100 >= 95 leaves a long
    #  5      95     93.3                    95 >= 93.3
    #  6     120    105     93      117      120 lies above
    #  7      98    104.3                    98 <= 104.3 leaves a short
    bars = one_beyond([100.0, 100.0, 100.0, 85.0, 100.0, 95.0, 120.0, 98.0])
    given = {"mae_length": 3, "mae_envelope_pct": 10, "unit": "percent"}

    assert spoken(MOVING_AVERAGE_ENVELOPE, bars, **given) == {
        "long": [3],
        "short": [6],
        "leave_long": [2, 4, 5, 6],
        "leave_short": [2, 3, 7],
    }


def test_moving_average_envelope_in_ranges_worked_by_hand():
    # Ranges of 2, then a bar that falls from 100 to 91 with a low of 90: a true range of 10, an
    # average of 2 + 8 / 14 = 2.571. Mean of 3: 97. Two ranges below: 91.86, three: 89.29.
    # Span 3 instead: 100 - 9 / 2 = 95.5; one range below: 92.9, two: 90.36.
    bars = one_beyond([*[100.0] * 15, 91.0])

    def bought(n_ranges, mae_type):
        given = {"mae_length": 3, "mae_envelope_pct": n_ranges, "mae_type": mae_type}
        return spoken(MOVING_AVERAGE_ENVELOPE, bars, **given)["long"]

    assert [bought(n, "sma") for n in (2.0, 3.0)] == [[15], []]
    assert [bought(n, "ema") for n in (1.0, 2.0)] == [[15], []]


def test_moving_average_envelope_declares_the_bars_that_its_averages_need_to_forget():
    for length in (20, 200):
        params = MOVING_AVERAGE_ENVELOPE.params({"mae_length": length, "mae_type": "ema"})

        needed = max(bars_to_forget(2 / (length + 1)), bars_to_forget(1 / 14))
        assert MOVING_AVERAGE_ENVELOPE.warmup(params) > needed
