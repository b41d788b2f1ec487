import pytest

from alphamill.strategies.reversion.double7s import DOUBLE7S, stands_for

from ..markets import from_closes
from ..worksheet import spoken

# The rule asks for a mean of 200 closes: 196 bars at 10 come before the bars of interest.
PLATEAU = [10.0] * 196


def test_double7s_worked_by_hand():
    # bar   close  last three   mean of 200
    # 198    22    20 21 22     unknown       high
    # 199    21    21 22 21     10.22         low, though it ties with an older close; above mean
    # 200    20    22 21 20     10.27         low, above the mean
    # 201    23    21 20 23     10.335        high
    # 202     5    20 23  5     10.31         low, but below the mean
    # 203     6    23  5  6     10.29         neither
    # 204     7     5  6  7     10.275        high, below the mean
    bars = from_closes([*PLATEAU, 20, 21, 22, 21, 20, 23, 5, 6, 7])

    said = spoken(DOUBLE7S, bars, percentile_window=3)

    assert {what: [bar for bar in told if bar >= 198] for what, told in said.items()} == {
        "long": [199, 200],
        "short": [204],
        "leave_long": [198, 201, 204],
        "leave_short": [199, 200, 202],
    }
    assert said["long"] == [199, 200]


def test_double7s_percents_are_real_choices_in_long_windows():
    # 21 closes, 20 others: one lower close is 5 %. Bar 215 still sees one 10, bar 217 the 20.
    bars = from_closes([*PLATEAU, *[30.0] * 20, 20.0, 21.0])

    assert spoken(DOUBLE7S, bars, percentile_window=21, entry_pct=5)["long"] == [215, 216, 217]
    assert spoken(DOUBLE7S, bars, percentile_window=21, entry_pct=4)["long"] == [216]


@pytest.mark.parametrize("window", [5, 7, 10])
def test_double7s_keeps_one_set_for_each_window_of_the_grid(window):
    sets = [cell for cell in DOUBLE7S.cells() if cell["percentile_window"] == window]

    assert sets == [{"percentile_window": window, "entry_pct": 5, "exit_pct": 95}]


@pytest.mark.parametrize("n_steps", [1, 6, 9, 20, 50, 99, 100, 120, 249])
def test_percents_that_reach_as_many_steps_have_one_that_stands_for_them(n_steps):
    standing = {p: stands_for(p, 5, n_steps) for p in range(50)}

    steps = {p: p * n_steps // 100 for p in range(50)}
    assert {steps[s] for s in standing.values()} == set(steps.values())
    assert all(steps[p] == steps[s] and stands_for(s, 5, n_steps) == s for p, s in standing.items())
    assert len(set(standing.values())) == len(set(steps.values()))
    assert standing[5] == 5
