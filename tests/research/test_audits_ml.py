"""A user's own model, label and splits are asked, and each common mistake in them is found."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError
from alphamill.research.audit_rows import QUARTER_NS, Labelled, made_up_trades
from alphamill.research.audits_ml import (
    label_subject,
    meeting,
    model_subject,
    out_of_fold_report,
    split_report,
)
from alphamill.research.ml_leaks.walk import fitted, steps
from alphamill.validation.audit import audit
from alphamill.validation.audit_subject import QUICK, Effort
from alphamill.validation.crossval import CombinatorialPurgedCV, purged_k_fold
from alphamill.validation.labels import Barriers, triple_barrier
from alphamill.validation.uniqueness import average_uniqueness

TABLE = made_up_trades()


def found(subject):
    return audit(subject, QUICK).findings


# --- models ------------------------------------------------------------------------------------


def trained_on_open_trades(table):
    out = np.full(len(table), np.nan)
    for begin in range(80, len(table), 40):
        train = table.start < table.start[begin]
        block = slice(begin, begin + 40)
        out[block] = fitted(table.x[train], table.y[train])(table.x[block])
    return out


def test_training_on_trades_that_are_still_open_is_caught_at_its_line():
    findings = found(model_subject(trained_on_open_trades))

    assert {f.line.text for f in findings} == {
        "out[block] = fitted(table.x[train], table.y[train])(table.x[block])"
    }


def test_only_changed_outcomes_of_open_trades_show_it():
    subject = model_subject(trained_on_open_trades)
    whole_rows = tuple(ground for ground in subject.grounds if not ground.is_sharp)

    assert len(whole_rows) == 1
    assert found(replace(subject, grounds=whole_rows)) == ()


def weighted(table, weight):
    out = np.full(len(table), np.nan)
    for train, block in steps(table):
        out[block] = np.average(table.y[train], weights=weight[train])
    return out


def uniqueness_of(table):
    return average_uniqueness(table.start // QUARTER_NS, table.end // QUARTER_NS)


def test_uniqueness_of_ended_trades_knows_nothing_of_later_ones():
    assert found(model_subject(lambda table: weighted(table, uniqueness_of(table)))) == ()


def test_weights_that_know_how_many_trades_will_come_are_caught():
    def scaled_by_all(table):
        return {"weight": uniqueness_of(table) / uniqueness_of(table).mean()}

    findings = found(model_subject(scaled_by_all, kind="weights"))

    assert {f.column for f in findings} == {"weight"}


def test_a_users_own_rows_are_the_ground():
    table = TABLE.slice(0, 150)
    subject = model_subject(lambda rows: rows.x.sum(axis=0) + rows.x, table, name="mine")

    findings = found(subject)

    assert subject.name == "mine"
    assert {ground.moments.size for ground in subject.grounds} == {150}
    assert {f.column for f in findings} == {f"value[{i}]" for i in range(8)}


def test_a_feature_that_is_known_at_the_decision_is_not_accused():
    assert found(model_subject(lambda table: table.x.cumsum(axis=0), kind="feature")) == ()


# --- labels ------------------------------------------------------------------------------------


def barriers_from(width, bars, n_bars=10):
    events = np.arange(len(bars))
    return triple_barrier(bars.close, events, Barriers(width, width, n_bars))


def spread(bars):
    return 2.0 * pd.Series(bars.close).pct_change().rolling(20).std().to_numpy() + 1e-4


def honest_label(bars):
    return barriers_from(spread(bars), bars)


def label_by_later_volatility(bars):
    width = pd.Series(spread(bars)).shift(-20).to_numpy()
    return barriers_from(width, bars)


def test_a_label_may_read_the_bars_that_it_declares_and_no_more():
    assert found(label_subject(honest_label, 10)) == ()
    assert {f.column for f in found(label_subject(honest_label, 9))} >= {"label", "end"}


def test_barriers_from_later_volatility_are_caught():
    findings = found(label_subject(label_by_later_volatility, 10))

    assert findings
    assert all(
        f.line.text.startswith("width = pd.Series(spread(bars)).shift(-20)") for f in findings
    )


# --- splits ------------------------------------------------------------------------------------


def folds_without_purge(table):
    yield from purged_k_fold(table.start, table.start, 5).split(table.x)


def purged_on_one_side(table):
    row = np.arange(len(table))
    # Rows after the test are kept though the last tests are open then.
    return [
        (row[(table.end < table.start[test].min()) | (row > test.max())], test)
        for test in np.array_split(row, 5)
    ]


def masks(table):
    for _, test in purged_on_one_side(table):
        yield ~np.isin(np.arange(len(table)), test), test


@pytest.mark.parametrize(
    ("folds", "n_hits", "line"),
    [
        (folds_without_purge, 5, "yield from purged_k_fold(table.start, table.start, 5)"),
        (purged_on_one_side, 4, "return ["),
        (masks, 5, "yield ~np.isin(np.arange(len(table)), test), test"),
    ],
)
def test_training_on_labels_that_a_test_shares_is_caught_at_its_line(folds, n_hits, line):
    (finding,) = split_report(folds).findings

    assert (finding.check, finding.n_hits, finding.n_tried) == ("purge", n_hits, 5)
    assert finding.line.text.startswith(line)
    assert finding.line.file == "test_audits_ml.py"


def test_purged_splits_of_the_house_are_not_accused():
    def purged(table):
        return CombinatorialPurgedCV(table.start, table.end, 5, 2, 10 * QUARTER_NS).split(table.x)

    report = split_report(purged)

    assert report.findings == ()
    assert report.n_compared > 500


def test_a_finding_names_two_rows_whose_labels_meet():
    (finding,) = split_report(folds_without_purge).findings

    i, j = (int(word) for word in finding.said.replace(",", "").split() if word.isdigit())
    assert finding.row == i
    assert finding.moment_ns == TABLE.start[i]
    assert TABLE.start[i] <= TABLE.end[j]
    assert TABLE.start[j] <= TABLE.end[i]


def test_rows_that_meet_equal_those_found_one_by_one():
    rng = np.random.default_rng(5)
    for n_tests in (0, 1, 7, 60):
        test, train = np.split(rng.permutation(len(TABLE)), [n_tests])
        slow = [
            any(TABLE.start[i] <= TABLE.end[j] and TABLE.start[j] <= TABLE.end[i] for j in test)
            for i in train
        ]
        assert meeting(TABLE, train, test).tolist() == slow


def test_intervals_that_touch_meet_for_both_ends_are_included():
    start, end = np.array([10, 20, 31]), np.array([20, 30, 40])
    table = Labelled(np.ones((3, 1)), np.ones(3), np.ones(3), start, end)

    assert meeting(table, np.array([0, 2]), np.array([1])).tolist() == [True, False]


def test_no_split_is_no_success():
    with pytest.raises(DataError, match="nothing must give splits, received none"):
        split_report(lambda table: [], name="nothing")


# --- out-of-fold scores ------------------------------------------------------------------------


def out_of_fold(cv, table):
    out = np.full(len(table), np.nan)
    for train, test in cv(table):
        out[test] = fitted(table.x[train], table.y[train])(table.x[test])
    return out


def purged_folds(table):
    return purged_k_fold(table.start, table.end, 5).split(table.x)


def in_sample(table):
    return [(np.arange(len(table)), np.arange(len(table)))]


def shuffled(table):
    parts = np.array_split(np.random.default_rng(1).permutation(len(table)), 5)
    return [(np.setdiff1d(np.arange(len(table)), test), test) for test in parts]


@pytest.mark.parametrize(
    ("cv", "share"), [(in_sample, 1.0), (shuffled, 0.9), (folds_without_purge, 0.1)]
)
def test_scores_that_know_labels_of_trades_open_together_are_caught(cv, share):
    (finding,) = out_of_fold_report(partial(out_of_fold, cv), TABLE, name="scores").findings

    assert (finding.check, finding.column) == ("overlap", "value")
    assert finding.n_tried == 60
    assert finding.n_hits >= share * finding.n_tried


def test_purged_out_of_fold_scores_are_not_accused_though_they_know_later_trades():
    scores = partial(out_of_fold, purged_folds)

    assert out_of_fold_report(scores, name="scores").findings == ()
    assert found(model_subject(scores, name="scores"))


def test_as_many_rows_are_tried_as_the_effort_has_cuts():
    calls = []

    def scores(table):
        calls.append(len(table))
        return {"a": table.x[:, 0], "b": table.x[:, 1]}

    report = out_of_fold_report(scores, effort=Effort(n_cuts=7))

    assert len(calls) == 8
    assert (report.findings, report.n_compared) == ((), 14)
