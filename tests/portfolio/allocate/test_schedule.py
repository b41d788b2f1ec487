"""Decisions fall on the first session of each period, known when it comes."""

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import SettingsError
from alphamill.portfolio.allocate.schedule import decision_rows

DAYS = pd.bdate_range("2018-12-20", "2020-02-10").delete([5, 6, 40, 41, 42])
SESSIONS = np.asarray(DAYS.year * 10_000 + DAYS.month * 100 + DAYS.day)


@pytest.mark.parametrize(
    ("every", "period"), [("weekly", "W"), ("monthly", "M"), ("quarterly", "Q"), ("daily", "D")]
)
def test_rows_are_where_the_calendar_turns(every, period):
    periods = DAYS.to_period(period)

    turns = [i for i in range(1, len(DAYS)) if periods[i] != periods[i - 1]]

    assert decision_rows(SESSIONS, every).tolist() == turns


@pytest.mark.parametrize("every", ["weekly", "monthly", "quarterly", "daily"])
def test_later_days_change_no_earlier_decision(every):
    whole = decision_rows(SESSIONS, every)

    for n in range(1, SESSIONS.size):
        assert decision_rows(SESSIONS[:n], every).tolist() == whole[whole < n].tolist()


def test_another_word_is_refused():
    with pytest.raises(SettingsError, match="'yearly'"):
        decision_rows(SESSIONS, "yearly")
