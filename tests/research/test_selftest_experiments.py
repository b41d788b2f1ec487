"""Each experiment passes what is right and fails what was broken on purpose."""

from types import SimpleNamespace

import numpy as np
import pytest

from alphamill.backtest.engine import backtest
from alphamill.core.errors import DataError
from alphamill.research.selftest import (
    experiments_engine,
    experiments_labels,
    experiments_search,
    experiments_statistics,
)
from alphamill.research.selftest.table import BY_ID, TABLE
from alphamill.validation.bootstrap import MeanTest, sharpe_interval
from alphamill.validation.crossval import purged_k_fold
from alphamill.validation.permutation import p_value
from alphamill.validation.statistics import Interval, probabilistic_sharpe
from alphamill.validation.superior import superior_ability


def judged(identity, n, whole=False):
    experiment = BY_ID[identity]
    one = BY_ID[experiment.source].one
    return experiment.judge([one(number) for number in range(n)], whole)


def naive_ratio(ratio, n, n_trials, *more):
    return probabilistic_sharpe(ratio, n)


def without_correction(p_values, level):
    return p_values <= level


def without_purge(start, end, n_folds, embargo=0):
    return purged_k_fold(start, start, n_folds)


def narrow(pnl, weights, per_year, level):
    low, high = sharpe_interval(pnl, weights, per_year, level)
    return Interval(low + (high - low) / 4.0, high - (high - low) / 4.0)


def random_signs(trades, rng, n_draws):
    drawn = rng.choice([-1.0, 1.0], (199, trades.size)) @ trades
    return MeanTest(p_value(float(trades.sum()), drawn), Interval(0.0, 0.0))


def anyone_may(start, end, n_groups, n_test_groups):
    """Take rows in any order."""


def no_costs(bars, said, stack, what):
    return backtest(bars, said, stack, experiments_engine.replace(what, commission_bps=0.0))


def alone(gains, weights, mean_block):
    best = int(np.argmax(gains.mean(axis=0) / gains.std(axis=0)))
    return superior_ability(gains[:, [best]], weights, mean_block)


# Experiment, repeats, the module whose name is replaced, the name, and what is put in its place.
BROKEN = [
    ("K4-psr", 400, experiments_statistics, "probabilistic_sharpe", lambda *_: 0.951),
    ("K6", 60, experiments_statistics, "deflated_sharpe", naive_ratio),
    ("K6", 60, experiments_statistics, "deflated_by_luck", naive_ratio),
    ("K7", 20, experiments_statistics, "probability_of_overfitting", lambda *_: _overfit(0.1)),
    ("K8", 60, experiments_statistics, "discoveries", without_correction),
    ("K8", 60, experiments_statistics, "discoveries", lambda p, _: p > 2.0),
    ("K9", 4, experiments_labels, "purged_k_fold", without_purge),
    ("K10", 1, experiments_labels, "CombinatorialPurgedCV", anyone_may),
    ("K11", 2, experiments_engine, "identity_probe_catches", lambda **_: False),
    ("K12", 1, experiments_engine, "planted_leaks", lambda: (11, 12, 0)),
    ("K12", 1, experiments_engine, "planted_leaks", lambda: (12, 12, 1)),
    ("K12", 1, experiments_engine, "planted_leaks", lambda: (11, 11, 0)),
    ("K15", 2, experiments_engine, "backtest", no_costs),
    ("K16", 100, experiments_statistics, "studentised_mean", random_signs),
    ("K17", 20, experiments_statistics, "sharpe_interval", narrow),
    ("K4-spa", 24, experiments_search, "superior_ability", alone),
]


def _overfit(pbo):
    return SimpleNamespace(pbo=pbo)


@pytest.fixture
def one_permutation(monkeypatch):
    # The superior ability test stands beside the permutations and does not read them.
    monkeypatch.setattr(experiments_search, "N_PERMUTED", 1)


@pytest.mark.parametrize(
    ("identity", "n", "module", "name", "broken"), BROKEN, ids=lambda x: x if x is str else None
)
@pytest.mark.usefixtures("one_permutation")
def test_a_broken_part_fails_its_experiment(identity, n, module, name, broken, monkeypatch):
    monkeypatch.setattr(module, name, broken)

    assert not judged(identity, n).passed


# The audit's own tests show that it catches every planted leak.
@pytest.mark.parametrize(
    ("identity", "n"), sorted({(row[0], row[1]) for row in BROKEN if row[0] != "K12"})
)
@pytest.mark.usefixtures("one_permutation")
def test_the_shipped_parts_pass(identity, n):
    assert judged(identity, n).passed


def test_permuted_markets_on_which_the_search_is_not_repeated_fail(monkeypatch):
    monkeypatch.setattr(experiments_search, "N_PERMUTED", 19)
    honest, calls = experiments_search.best_ratio, []

    def searched_once(ground):
        calls.append(1)
        if len(calls) % 20 == 1:
            return honest(ground)
        # The null of one cell: what the search found is not held against what a search finds.
        gains = experiments_search.daily_gains(ground)[:, 22]
        return float(gains.mean() / gains.std() * np.sqrt(252.0))

    monkeypatch.setattr(experiments_search, "best_ratio", searched_once)

    assert not judged("K4-chance", 16).passed


def test_a_ledger_that_forgets_fails(monkeypatch):
    monkeypatch.setattr(experiments_engine.Ledger, "append", lambda *_: None)

    assert not judged("K19", 1).passed


def test_trials_are_counted_after_results_were_deleted():
    found = judged("K19", 1)

    assert found.passed
    assert found.figure == 84.0


# Records just within and just beyond each stated bound.
BOUNDS = [
    ("K13", [[0.1, 0, 0, 0], [-0.1, 0, 0, 0]] * 100, [[0.1, 0, 0, 0], [0.09, 0, 0, 0]] * 100),
    (
        "K13-planted",
        [[3, 1, 0.8, 0.5]] * 160 + [[0, 0, 0.8, 0.5]] * 40,
        [[3, 1, 0.8, 0.5]] * 159 + [[0, 0, 0.8, 0.5]] * 41,
    ),
    ("K13-planted", [[3, 1, 0.8, 0.5]] * 200, [[3, 1, 0.79, 0.5]] * 200),
    ("K13-full", [[0.1, 0, 0, 0], [-0.1, 0, 0, 0]] * 10, [[0.1, 0, 0, 0], [0.09, 0, 0, 0]] * 10),
    ("K18", [[0.03, 0.01]], [[0.01, 0.031]]),
    (
        "K13",
        [[1.0, 1.0, 0.5, 0.5]] * 13 + [[-13 / 187, 0.0, 0.5, 0.5]] * 187,
        [[1.0, 1.0, 0.5, 0.5]] * 14 + [[-14 / 186, 0.0, 0.5, 0.5]] * 186,
    ),
    ("K1", [[1, 0.0, 1]] * 66 + [[0, 1.0, 1]] * 934, [[1, 0.0, 1]] * 67 + [[0, 1.0, 1]] * 933),
    ("K1-seed", [[0, 1.0]] * 1_000, [[2, 0.0]] * 67 + [[0, 1.0]] * 933),
    ("K2-t4", [[3, 0.0, 1]] * 66 + [[0, 1.0]] * 934, [[1, 0.0, 1]] * 67 + [[0, 1.0]] * 933),
    ("K3-1.0", [[1, 0.0]] * 10 + [[0, 1.0]] * 190, [[1, 0.0]] * 9 + [[0, 1.0]] * 191),
    ("K3-1.5", [[1, 0.0]] * 100 + [[0, 1.0]] * 100, [[1, 0.0]] * 99 + [[0, 1.0]] * 101),
    ("K3-2.0", [[1, 0.0]] * 180 + [[0, 1.0]] * 20, [[1, 0.0]] * 179 + [[0, 1.0]] * 21),
    ("K4-gates", [[0, 1.0, 1]] * 1_000, [[0, 1.0, 1 << 7]] * 67 + [[0, 1.0, 1]] * 933),
    ("K4-chance", [[1.0, 0.0]] * 33 + [[0.0, 0.0]] * 967, [[1.0, 0.0]] * 67 + [[0.0, 0.0]] * 933),
    ("K4-spa", [[1.0, 0.0]] * 1_000, [[0.0, 1.0]] * 67 + [[0.0, 0.0]] * 933),
    ("K4-psr", [[1.0]] * 50 + [[0.0]] * 950, [[0.0]] * 1_000),
    ("K6", [[1.0, 0.0]] * 5 + [[0.0, 0.0]] * 1_995, [[0.0, 1.0]] * 6 + [[0.0, 0.0]] * 1_994),
    ("K7", [[0.39], [0.69]] * 100, [[0.40], [0.69]] * 100),
    ("K7", [[0.34], [0.64]] * 100, [[0.5]] * 200),
    ("K8", [[0.054, 0.6]] * 500, [[0.056, 0.6]] * 500),
    ("K8", [[0.0, 0.41]] * 500, [[0.0, 0.39]] * 500),
    ("K9", [[0.71, 0.56]] * 15, [[0.69, 0.56]] * 15),
    ("K9", [[0.71, 0.44]] * 15, [[0.71, 0.58]] * 15),
    ("K10", [[1.0, 0.81, 0.5]] * 15, [[1.0, 0.79, 0.5]] * 15),
    ("K15", [[0.004, -0.004, 0.0]], [[0.0, 0.0, -0.006]]),
    ("K17", [[0.87, 0.93, 0.90]] * 1_000, [[0.87, 0.95, 0.90]] * 1_000),
    ("K19", [[48, 36, 48, 48, 84]], [[48, 36, 48, 96, 132]]),
]


@pytest.mark.parametrize(("identity", "good", "bad"), BOUNDS)
def test_a_full_run_passes_within_its_bound_and_not_beyond(identity, good, bad):
    judge = BY_ID[identity].judge

    assert judge(good, True).passed
    assert not judge(bad, True).passed


def test_every_experiment_that_runs_is_broken_or_bounded_here():
    tried = {row[0] for row in BROKEN} | {row[0] for row in BOUNDS}
    compared = {e.id for e in TABLE if e.id.startswith("K3-seed")}
    alike = {f"K2-{kind}" for kind in ("garch", "drift", "season")}

    assert {e.id for e in TABLE if e.judge} == tried | compared | alike
    assert all(BY_ID[i].judge([[1, 0.0]] * 200, True).passed is None for i in compared)


def test_shuffled_rows_are_refused_by_the_splitter_itself():
    with pytest.raises(DataError, match="order of their starts"):
        experiments_labels.CombinatorialPurgedCV(np.array([2, 0, 1]), np.array([3, 1, 2]), 3, 1)
