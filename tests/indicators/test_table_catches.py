"""The batteries themselves: each must refuse the fault it is there for."""

import numpy as np
import pytest

from alphamill.core.strategy import WHOLE_HISTORY
from alphamill.indicators.indicator import Indicator, always
from alphamill.indicators.rolling import rolling_mean
from alphamill.indicators.trend import ema

from . import test_table as batteries

PREFIX = batteries.test_a_prefix_of_the_bars_gives_a_prefix_of_the_values
FUTURE = batteries.test_another_future_leaves_the_past_as_it_was
ENOUGH = batteries.test_the_declared_memory_is_enough_for_the_last_value
TIGHT = batteries.test_a_shorter_memory_is_not_enough_for_the_last_value
NEEDED = batteries.test_what_claims_the_whole_history_needs_it
RETURNED = batteries.test_values_are_read_only_as_long_as_the_bars_and_finite_where_known
UNTOUCHED = batteries.test_inputs_are_left_as_they_were


def faulty(function, n_bars=1, fades=False):
    return Indicator("faults", function, ("close",), {}, always(n_bars), "none", fades)


def peeks(x):
    return np.append(x[1:], x[-1:])


def knows_how_many_bars_will_come(x):
    return x + x.size


def centres_on_all(x):
    return x - x.mean() if x.size else x


def runs_a_total(x):
    # A mean of 20 from running totals: right but for its last bits, which never forget.
    total = np.cumsum(np.append(0.0, x))
    return np.append(np.full(min(19, x.size), np.nan), (total[20:] - total[:-20]) / 20.0)


def divides_by_nothing(x):
    with np.errstate(divide="ignore"):
        out = 1.0 / (x - x[:1])
    out.flags.writeable = False
    return out


def rounds(x):
    out = x.astype(np.float32)
    out.flags.writeable = False
    return out


def scribbles(x):
    x[-1:] = 0.0
    return x


@pytest.mark.parametrize(
    ("battery", "row"),
    [
        (PREFIX, faulty(peeks)),
        (PREFIX, faulty(centres_on_all)),
        (PREFIX, faulty(knows_how_many_bars_will_come)),
        (FUTURE, faulty(peeks)),
        (FUTURE, faulty(centres_on_all)),
        (RETURNED, faulty(np.copy)),
        (RETURNED, faulty(divides_by_nothing)),
        (RETURNED, faulty(rounds)),
        (UNTOUCHED, faulty(scribbles)),
        (NEEDED, faulty(lambda x: rolling_mean(x, 50), WHOLE_HISTORY)),
    ],
)
def test_a_battery_refuses(battery, row):
    with pytest.raises(AssertionError):
        battery(row)


@pytest.mark.parametrize(
    ("battery", "row"),
    [
        (ENOUGH, faulty(lambda x: rolling_mean(x, 20), 19)),
        (ENOUGH, faulty(runs_a_total, 20)),
        (ENOUGH, faulty(lambda x: ema(x, 20), 200, fades=True)),
        (TIGHT, faulty(lambda x: rolling_mean(x, 20), 21)),
        (TIGHT, faulty(lambda x: ema(x, 20), 560, fades=True)),
    ],
)
def test_a_battery_refuses_a_wrong_memory(battery, row):
    with pytest.raises(AssertionError):
        battery(row, {})


def test_the_batteries_accept_what_is_sound():
    sound = faulty(lambda x: rolling_mean(x, 20), 20)

    for battery in (PREFIX, FUTURE, RETURNED, UNTOUCHED):
        battery(sound)
    for battery in (ENOUGH, TIGHT):
        battery(sound, {})


def test_a_function_without_a_row_is_noticed(monkeypatch):
    def forgotten():
        """Be public and in no row."""

    forgotten.__module__ = "alphamill.indicators.risk"
    monkeypatch.setattr("alphamill.indicators.risk.forgotten", forgotten, raising=False)

    with pytest.raises(AssertionError):
        batteries.test_the_table_holds_every_public_function_once()
