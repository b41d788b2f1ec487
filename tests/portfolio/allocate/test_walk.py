"""Walk-forward reads the past only; the combinatorial validation reads its training days only."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.portfolio.allocate.allocator import Allocator
from alphamill.portfolio.allocate.fixed import Fixed
from alphamill.portfolio.allocate.hold import Terms, held
from alphamill.portfolio.allocate.plan import Plan
from alphamill.portfolio.allocate.universe import universe
from alphamill.portfolio.allocate.walk import combined, decisions, walk

from .markets import CLASSES, market, returns

PLAN = Plan(every="monthly", window=60, n_groups=4, draws=100)


def moved_after(row):
    """Return the market with every return after ``row`` another, in size and sign."""
    frame = returns()
    frame.iloc[row + 1 :] = -3.0 * frame.iloc[row + 1 :].to_numpy() + 0.01
    return universe(frame, CLASSES)


@pytest.mark.parametrize("name", ["equal", "inverse_volatility", "signal_weighted", "hrp"])
@pytest.mark.parametrize("lag", [0, 1])
def test_what_comes_after_a_day_changes_nothing_up_to_it(name, lag):
    plan = replace(PLAN, terms=Terms(lag=lag))
    row = int(decisions(market(), plan)[4])

    before, after = (walk(m, Allocator(name), plan) for m in (market(), moved_after(row)))

    known = before.decided <= row
    np.testing.assert_array_equal(before.targets[known], after.targets[known])
    np.testing.assert_array_equal(before.held.net[: row + 1], after.held.net[: row + 1])
    np.testing.assert_array_equal(before.held.weights[: row + 2], after.held.weights[: row + 2])
    later = before.targets[~known][-1] - after.targets[~known][-1]
    assert np.abs(later).max() > 0.0 or name == "equal"


def test_a_decision_reads_the_day_it_is_made_on_and_is_traded_a_session_later():
    row = int(decisions(market(), PLAN)[4])

    one, other = (
        walk(m, Allocator("inverse_volatility"), PLAN) for m in (market(), moved_after(row - 1))
    )

    at = one.decided.tolist().index(row)
    assert not np.array_equal(one.targets[at], other.targets[at])
    assert one.held.traded[row + 1] > 0.0 == one.held.traded[row]
    np.testing.assert_allclose(one.held.weights[row + 2], one.targets[at])


@pytest.mark.parametrize("expanding", [False, True])
def test_weights_are_those_of_the_window_before(expanding):
    plan = replace(PLAN, expanding=expanding)

    found = walk(market(), Allocator("inverse_volatility"), plan)

    for d, target in zip(found.decided, found.targets, strict=True):
        past = returns().iloc[: d + 1] if expanding else returns().iloc[d - 59 : d + 1]
        np.testing.assert_allclose(target, (1 / past.std()) / (1 / past.std()).sum())
    assert found.first == found.decided[0] + 1
    assert found.decided[0] >= 59


def test_what_is_kept_as_cash_earns_what_the_cash_name_earns():
    made = market(cash="E")

    found = walk(made, Fixed({"A": 0.5}), replace(PLAN, terms=Terms(0.0)))

    day = found.first + 1
    expected = 0.5 * made.returns["A"].iloc[day] + 0.5 * made.returns["E"].iloc[day]
    assert found.held.net[day] == pytest.approx(expected)
    assert found.held.net[3] == made.returns["E"].iloc[3]


def test_too_short_a_history_says_so():
    with pytest.raises(DataError, match="hold no monthly decision after a window of 290"):
        walk(market(), Allocator(), replace(PLAN, window=290))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"every": "yearly"}, "every must be"),
        ({"window": 1}, "window"),
        ({"terms": Terms(-1.0)}, "costs"),
        ({"terms": Terms(lag=-1)}, "lag"),
        ({"terms": Terms(drift_band=-0.1)}, "drift band"),
        ({"n_test_groups": 6}, "n_test_groups"),
        ({"draws": 10}, "draws"),
        ({"level": 1.0}, "level"),
    ],
)
def test_a_plan_out_of_limits_is_refused(change, words):
    with pytest.raises(SettingsError, match=words):
        Plan(**change)


# --- combinatorial -----------------------------------------------------------------------------


def test_with_fixed_weights_every_path_is_the_same_history():
    made, weights = market(), {"A": 0.5, "C": 0.5}

    found = combined(made, Fixed(weights), replace(PLAN, terms=Terms(0.0)), first=61)

    # Bought anew where a block begins, so a path is the plain account but for those trades.
    target = np.array([0.5, 0.0, 0.5, 0.0, 0.0])
    rows = [60, *(d + 1 for d in range(61, 298) if _turns(made, d))]
    plain = held(made.returns.to_numpy(), dict.fromkeys(rows, target), Terms(0.0)).net[61:]
    assert found.paths.shape == (3, 239)
    assert np.ptp(found.paths, axis=0).max() < 1e-3
    np.testing.assert_allclose(found.paths.mean(axis=0), plain, atol=1e-3)


def _turns(made, d):
    return made.returns.index[d].month != made.returns.index[d - 1].month


class Watching(Allocator):
    """Remembers the days of each fit."""

    seen: list[pd.Index] = []

    def fit(self, X, y=None, *, classes=None, signals=None):  # noqa: N803
        self.seen.append(X.index)
        return super().fit(X, classes=classes, signals=signals)


def test_training_leaves_out_the_embargo_and_the_reach_of_a_trade(monkeypatch):
    monkeypatch.setattr(Watching, "seen", [])

    combined(market(), Watching(), replace(PLAN, n_test_groups=1, embargo=7), first=60)

    # The second of four groups of 60 days is tested: 60 to 119.
    days = market().returns.index[60:]
    expected = [*range(59), *range(120 + 1 + 7, 240)]
    assert len(Watching.seen) == 4
    pd.testing.assert_index_equal(Watching.seen[1], days[expected])


def test_no_split_trains_on_a_day_that_it_tests(monkeypatch):
    monkeypatch.setattr(Watching, "seen", [])

    combined(market(), Watching(), PLAN, first=60)

    groups = np.array_split(np.arange(60, 300), 4)
    for seen, pair in zip(Watching.seen, combinations(range(4), 2), strict=True):
        tested = market().returns.index[np.concatenate([groups[g] for g in pair])]
        assert not seen.isin(tested).any()
        assert seen.size > 90


def test_rules_that_read_signals_are_asked_at_each_decision_and_others_once():
    plain, signalled = (
        combined(market(), Allocator(name), PLAN, first=130) for name in ("hrp", "signal_weighted")
    )

    assert len(plain.fallbacks) == 6
    assert len(signalled.fallbacks) > 20
