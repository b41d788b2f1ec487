"""The mistakes planted around models are caught at their line, and their honest twins are not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alphamill.research import ml_leaks
from alphamill.research.audit_rows import made_up_trades
from alphamill.research.audits import crossing_grounds
from alphamill.research.ml_leaks import PLANTED_ML
from alphamill.research.ml_leaks.nearest_bar import NEAREST_BAR
from alphamill.research.ml_leaks.proof import planted_ml_leaks
from alphamill.research.ml_leaks.shuffled_folds import SHUFFLED_FOLDS
from alphamill.research.ml_leaks.walk import EVERY, FIRST, fitted, steps
from alphamill.research.selftest.experiments_engine import judge_leak

PAIRS = pytest.mark.parametrize("pair", PLANTED_ML, ids=lambda pair: pair.name)
OF_TRADES = [pair for pair in PLANTED_ML if pair not in (SHUFFLED_FOLDS, NEAREST_BAR)]
SHARED = {"__init__", "planted", "proof", "walk"}


def test_six_mistakes_are_planted_each_in_a_file_of_its_name():
    files = {path.stem for path in Path(ml_leaks.__file__).parent.glob("*.py")} - SHARED

    assert sorted(pair.name for pair in PLANTED_ML) == sorted(files)
    assert len(files) == 6


@PAIRS
def test_a_planted_leak_is_caught_and_its_line_is_shown(pair):
    report = pair.ask(pair.leaking)

    assert report.findings
    assert {(f.line.file, f.line.text) for f in report.findings} == {(f"{pair.name}.py", pair.line)}


@PAIRS
def test_the_twin_of_a_leak_is_asked_as_much_and_not_accused(pair):
    report = pair.ask(pair.clean)

    assert (report.findings, report.notes) == ((), ())
    assert report.n_compared > 1_000


@pytest.mark.parametrize("pair", OF_TRADES, ids=lambda pair: pair.name)
def test_the_twin_says_something_else_of_most_trades_and_so_could_be_accused(pair):
    said = pair.clean(made_up_trades())

    column = said if isinstance(said, np.ndarray) else next(iter(said.values()))
    known = column[FIRST:]
    assert not np.isnan(known.astype(float)).any()
    assert np.unique(known).size > 1


def test_the_twin_of_the_nearest_bar_reads_the_other_instrument():
    own, other = crossing_grounds()[0].series

    assert np.unique(NEAREST_BAR.clean(own, other)).size > 100


def test_only_the_feature_that_is_known_too_late_is_named():
    (pair,) = (pair for pair in PLANTED_ML if pair.name == "bars_held")

    assert {f.column for f in pair.ask(pair.leaking).findings} == {"minutes_held"}


@pytest.mark.slow
def test_the_experiment_counts_six_of_six_and_nobody_accused():
    assert planted_ml_leaks() == (6, 6, 0)


def test_the_experiment_would_notice_what_is_missed_and_who_is_accused(monkeypatch):
    first, second = PLANTED_ML[:2]
    swapped = replace(first, leaking=first.clean, clean=first.leaking)
    monkeypatch.setattr(ml_leaks, "PLANTED_ML", (swapped, second))

    assert planted_ml_leaks() == (1, 2, 1)


@pytest.mark.parametrize(
    ("of_models", "is_right"),
    [((6, 6, 0), True), ((5, 6, 0), False), ((6, 6, 1), False), ((5, 5, 0), False)],
)
def test_k12_asks_for_all_six_and_no_twin(of_models, is_right):
    judged = judge_leak([[12, 12, 0, *of_models]], whole=True)

    caught, planted, accused = of_models
    assert judged.passed == is_right
    assert judged.told.endswith(f"of models {caught} of {planted} and {accused} of {planted}")


# --- what the pairs share ----------------------------------------------------------------------


def test_a_block_is_predicted_by_trades_that_had_ended_when_it_began():
    table = made_up_trades()
    blocks = list(steps(table))

    for train, block in blocks:
        assert table.end[train].max() <= table.start[block].min()
        # Not fewer than those either.
        assert table.end[~train].min() > table.start[block].min()
    rows = np.concatenate([np.arange(len(table))[block] for _, block in blocks])
    assert np.array_equal(rows, np.arange(FIRST, len(table)))
    assert len(blocks) == -(-(len(table) - FIRST) // EVERY)


def test_the_shared_model_is_a_ridge_regression_of_the_label():
    table = made_up_trades()
    x, y = table.x, table.y
    penalised = np.vstack([x - x.mean(axis=0), np.sqrt(10.0) * np.eye(x.shape[1])])
    target = np.append(y - y.mean(), np.zeros(x.shape[1]))

    weights = np.linalg.lstsq(penalised, target, rcond=None)[0]

    expected = y.mean() + (x - x.mean(axis=0)) @ weights
    assert np.allclose(fitted(x, y)(x), expected, rtol=1e-9)
