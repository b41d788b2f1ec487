"""Labels by hand: sessions of the calendar, what can be traded, and ends of symbols."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.factors.forward import executable_entry, forward_returns, label_name
from tests.factors.panels import closes, grid

NAN = np.nan


def steps():
    close = np.array([[10.0, 12.0, 15.0, 30.0, 33.0]]).T
    return grid({"close": close, "open": close - 1.0})


def test_a_label_of_the_close_and_the_ones_that_can_be_traded():
    panel = steps()

    told = {
        entry: forward_returns(panel, 2, return_type="simple", entry=entry)[:, 0]
        for entry in ("close", "next_close", "next_open")
    }

    assert told["close"][:3].tolist() == pytest.approx([0.5, 1.5, 1.2])
    # Decided at 10, bought at 12 (open 11), sold at 30 (open 29): F21.
    assert told["next_close"][:2].tolist() == pytest.approx([1.5, 1.2])
    assert told["next_open"][:2].tolist() == pytest.approx([29 / 11 - 1, 32 / 14 - 1])
    assert [int(np.isnan(values).sum()) for values in told.values()] == [2, 3, 3]


def test_log_labels_of_steady_growth_are_the_specifications():
    panel = closes(list(100.0 * np.exp(0.001 * np.arange(60))))

    for entry in ("close", "next_close"):
        told = forward_returns(panel, 20, entry=entry)[:, 0]
        assert told[~np.isnan(told)] == pytest.approx(0.020)


def test_a_gap_does_not_stretch_the_label():
    panel = closes([10.0, NAN, 20.0, 40.0, 80.0])

    told = forward_returns(panel, 2, return_type="simple", entry="close")[:, 0]

    # By the symbol's own rows the first label would reach 40.
    assert told[0] == pytest.approx(1.0)
    assert np.isnan(told[1])


def test_who_leaves_the_universe_is_sold_at_its_price_and_who_is_no_member_has_no_label():
    panel = closes([10.0, 11.0, 12.0, 13.0])
    panel = replace(panel, member=np.array([[False], [True], [False], [False]]))

    told = forward_returns(panel, 1, return_type="simple", entry="close")[:, 0]

    assert np.array_equal(np.isnan(told), [True, False, True, True])
    assert told[1] == pytest.approx(12 / 11 - 1)


def test_who_ends_gives_what_its_holders_got():
    panel = closes([10.0, 20.0, NAN, NAN], [1.0, 1.0, 1.0, 1.0])

    told = forward_returns(panel, 2, return_type="simple", entry="close", delisting={"S00": -0.3})[
        :, 0
    ]

    # 20 at the end, 14 paid out.
    assert told[:2].tolist() == pytest.approx([14 / 10 - 1, 14 / 20 - 1])
    one = forward_returns(panel, 1, entry="close", return_type="simple", delisting={"S00": -0.3})
    assert one[0, 0] == pytest.approx(20 / 10 - 1)
    assert np.isnan(forward_returns(panel, 2, entry="close")[:, 0]).all()


def test_opens_are_traded_where_they_are_known():
    assert executable_entry(steps()) == "next_open"
    assert executable_entry(closes([1.0])) == "next_close"


def test_one_name_for_every_label():
    assert label_name(5) == "fwd_return_5d"


@pytest.mark.parametrize(
    ("horizon", "options", "message"),
    [
        (0, {}, "at least 1, received 0"),
        (-20, {}, "a factor"),
        (5, {"return_type": "percent"}, "return_type must be one of .*'percent'"),
        (5, {"entry": "open"}, "entry must be one of"),
        (5, {"delisting": {"ZZZ": 0.0}, "entry": "close"}, "has no 'ZZZ'"),
        (5, {"delisting": {"S00": -1.0}}, "all was lost"),
    ],
)
def test_what_makes_no_label_is_refused(horizon, options, message):
    with pytest.raises(SettingsError, match=message):
        forward_returns(steps(), horizon, **options)


def test_opens_that_are_not_there_are_refused():
    with pytest.raises(SettingsError, match="Ask for entry 'next_close'"):
        forward_returns(closes([1.0, 2.0]), 1, entry="next_open")
