from datetime import date

import pytest

from alphamill.core.errors import SettingsError
from alphamill.settings.spans import windows_between


def test_fifteen_years_are_cut_as_the_default_fractions_say():
    # 60 quarters: 36, 6, 6 and 12.
    assert windows_between(date(2010, 1, 1), date(2024, 12, 31)) == {
        "discovery": (20100101, 20181231),
        "ml_validation": (20190101, 20200630),
        "portfolio": (20200701, 20211231),
        "sealed": (20220101, 20241231),
    }


def test_parts_of_quarters_at_both_ends_are_left_out():
    cut = windows_between(date(2010, 1, 2), date(2015, 3, 30))

    assert cut["discovery"][0] == 20100401
    assert cut["sealed"][1] == 20141231


def test_each_window_gets_a_quarter_of_the_shortest_span():
    cut = windows_between(date(2020, 1, 1), date(2020, 12, 31))

    assert [first for first, _ in cut.values()] == [20200101, 20200401, 20200701, 20201001]


def test_a_span_shorter_than_four_quarters_is_refused():
    with pytest.raises(SettingsError, match="at least 4 whole calendar quarters.*received 3"):
        windows_between(date(2020, 1, 1), date(2020, 12, 30))
