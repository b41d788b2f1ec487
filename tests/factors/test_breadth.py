"""Breadth by hand."""

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.factors.breadth import breadth
from tests.factors.panels import closes, random_panel


def test_breadth_by_hand():
    panel = closes([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [1.0, 2.0, 2.0], [5.0, 5.0, 5.0])

    told = breadth(panel, ma_window=2)

    assert np.array_equal(told["fraction_above_ma_2"], [np.nan, 0.5, 0.25], equal_nan=True)
    assert told["count_total"].tolist() == [0, 4, 4]
    assert told["net_advances"].tolist() == [0, 1, 0]
    assert told["ad_line"].tolist() == [0, 1, 1]
    assert told["risk_on_ratio"].tolist() == pytest.approx([0.5, 2 / 3, 0.5])
    assert told["risk_on_off_score"].tolist() == pytest.approx([0.0, 1 / 3, 0.0])
    assert told["risk_on_off_score_10d"].iloc[1] == pytest.approx(2 / 11 / 3)


def test_a_price_at_rest_is_never_above_its_mean():
    panel = closes([0.1] * 9, [7.3] * 9)

    assert breadth(panel, ma_window=3)["count_above_ma"].sum() == 0


def test_breadth_reads_no_future():
    panel = random_panel(n_dates=120)

    whole = breadth(panel)

    assert whole[:80].equals(breadth(panel.rows(0, 80)))


def test_who_is_no_member_is_not_counted():
    panel = random_panel(n_dates=120, gaps=0.0)

    assert breadth(panel)["count_total"].max() <= panel.member.sum(axis=1).max()


def test_an_average_of_nothing_is_refused():
    with pytest.raises(SettingsError, match="ma_window must be at least 1, received 0"):
        breadth(closes([1.0]), ma_window=0)
