"""Check numbers of specs/statistics.md, C5, brute force on random intervals, skfolio as oracle."""

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.validation.crossval import CombinatorialPurgedCV, purged_k_fold

TWELVE = np.arange(12)


def trained(cv: CombinatorialPurgedCV) -> list[list[int]]:
    return [train.tolist() for train, _ in cv.split(cv.start)]


@pytest.mark.parametrize(
    ("label", "embargo", "printed"),
    [
        (0, 0, [[8, 9, 10, 11], [4, 5, 6, 7], [0, 1, 2, 3]]),
        (1, 0, [[9, 10, 11], [5, 6], [0, 1, 2]]),
        (0, 1, [[9, 10, 11], [5, 6, 7], [0, 1, 2, 3]]),
    ],
)
def test_twelve_rows_train_on_the_printed_ones(label, embargo, printed):
    assert trained(CombinatorialPurgedCV(TWELVE, TWELVE + label, 3, 2, embargo)) == printed


@pytest.mark.parametrize(
    ("n_groups", "n_test", "n_splits", "n_paths"),
    [(6, 2, 15, 5), (10, 8, 45, 36), (10, 2, 45, 9), (8, 2, 28, 7), (12, 3, 220, 55)],
)
def test_splits_and_paths_have_the_printed_numbers(n_groups, n_test, n_splits, n_paths):
    at = np.arange(40)
    cv = CombinatorialPurgedCV(at, at, n_groups, n_test)

    assert cv.get_n_splits() == len(list(cv.split(at))) == n_splits
    assert cv.paths().shape == (n_paths, n_groups)


def random_intervals(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    start = np.sort(rng.integers(0, 400, 90))
    return start, start + rng.integers(0, 25, 90) ** 2 // 20


@pytest.mark.parametrize("seed", range(12))
def test_training_rows_are_exactly_those_that_no_test_row_reaches(seed):
    rng = np.random.default_rng(seed)
    start, end = random_intervals(rng)
    embargo = int(rng.integers(0, 15))
    cv = CombinatorialPurgedCV(start, end, 6, int(rng.integers(1, 4)), embargo)

    for (train, test), groups in zip(cv.split(start), cv.tested_groups(), strict=True):
        assert np.all(np.diff(test) > 0)
        assert trained_by_brute_force(cv, test, groups) == train.tolist()


def trained_by_brute_force(cv, test, groups):
    """Ask each row about each test row, and about the end of each run of test groups."""
    last = [g for g in groups if g + 1 not in groups]
    first = [g for g in groups if g - 1 not in groups]
    blocks = [np.arange(cv.edges[a], cv.edges[b + 1]) for a, b in zip(first, last, strict=True)]
    kept = []
    for i in range(cv.start.size):
        meets = any(cv.start[i] <= cv.end[j] and cv.end[i] >= cv.start[j] for j in test)
        ends = [max(cv.end[j] for j in block) for block in blocks]
        embargoed = any(e < cv.start[i] <= e + cv.embargo for e in ends)
        kept += [] if meets or embargoed or i in test else [i]
    return kept


def test_each_group_is_whole_and_rows_of_one_date_stay_together():
    start = np.repeat(np.arange(10), 7)
    cv = CombinatorialPurgedCV(start, start, 4, 2)

    tests = [test for _, test in cv.split(start)]

    assert np.bincount(np.concatenate(tests)).tolist() == [3] * 70
    dates = [set(start[a:b].tolist()) for a, b in zip(cv.edges, cv.edges[1:], strict=False)]
    assert sum(len(d) for d in dates) == len(set.union(*dates)) == 10


def test_first_and_last_group_tested_leave_the_middle_to_train_on():
    # The seed removed the span between them and trained this split on 0 of 750 rows.
    days = np.arange(1_250)
    cv = CombinatorialPurgedCV(days, days, 5, 2, embargo=3)

    rows = {pair: len(t) for pair, t in zip(cv.tested_groups(), trained(cv), strict=True)}

    assert rows[(0, 4)] == 747
    assert rows[(3, 4)] == 750
    assert rows[(0, 1)] == 747
    assert rows[(0, 2)] == 744


@pytest.mark.parametrize(
    ("n", "n_groups", "n_test", "purge", "embargo"),
    [(60, 6, 2, 3, 0), (60, 5, 3, 2, 4), (100, 10, 8, 0, 6), (48, 4, 2, 1, 1)],
)
def test_fixed_labels_split_as_in_skfolio(n, n_groups, n_test, purge, embargo):
    skfolio = pytest.importorskip("skfolio.model_selection")
    rows = np.arange(n)
    ours = CombinatorialPurgedCV(rows, rows + purge, n_groups, n_test, embargo)
    theirs = skfolio.CombinatorialPurgedCV(
        n_folds=n_groups, n_test_folds=n_test, purged_size=purge, embargo_size=embargo
    )

    pairs = list(zip(ours.split(rows), theirs.split(rows.reshape(-1, 1)), strict=True))

    assert len(pairs) == ours.get_n_splits()
    for (train, test), (their_train, their_test) in pairs:
        assert train.tolist() == sorted(their_train.tolist())
        assert test.tolist() == np.concatenate(their_test).tolist()


def test_stitched_paths_hold_each_row_once_from_the_split_that_tested_it():
    start, end = random_intervals(np.random.default_rng(3))
    cv = CombinatorialPurgedCV(start, end, 6, 2)
    predictions = [1_000.0 * k + test for k, (_, test) in enumerate(cv.split(start))]

    paths = cv.stitched(predictions)

    assert paths.shape == (5, 90)
    assert np.all(paths % 1_000 == np.arange(90))
    # Over all paths each prediction is used exactly once.
    assert sorted(paths.ravel().tolist()) == sorted(np.concatenate(predictions).tolist())


def test_stitching_what_does_not_fit_the_splits_is_refused():
    cv = CombinatorialPurgedCV(TWELVE, TWELVE, 3, 2)

    with pytest.raises(DataError, match=r"3 arrays.*\[8, 8, 8\]\.\.\., received \[8, 8\]\.\.\."):
        cv.stitched([np.zeros(8)] * 2)


def test_a_k_fold_tests_each_row_once_and_works_in_scikit_learn():
    selection = pytest.importorskip("sklearn.model_selection")
    linear = pytest.importorskip("sklearn.linear_model")
    x = np.arange(40.0).reshape(-1, 1)
    cv = purged_k_fold(np.arange(40), np.arange(40) + 2, 4, embargo=1)

    predicted = selection.cross_val_predict(linear.LinearRegression(), x, 2.0 * x[:, 0], cv=cv)

    np.testing.assert_allclose(predicted, 2.0 * x[:, 0])
    np.testing.assert_allclose(cv.stitched(np.split(predicted, 4)), predicted[None])


def nearest_hit_rate(purged: bool) -> float:
    """Return how often a nearest neighbour in price knows a 40-bar label of a random walk."""
    rates = []
    for seed in range(15):
        walk = np.cumsum(np.random.default_rng(seed).standard_normal(640))
        rows, rises = np.arange(600), walk[40:] > walk[:-40]
        x = np.column_stack([walk[:600], np.linspace(0, 30, 600)])
        cv = purged_k_fold(rows, rows + 40 * purged, 30, embargo=40 * purged)
        for train, test in cv.split(rows):
            gap = np.abs(x[test, None] - x[None, train]).sum(axis=2)
            rates.append(np.mean(rises[train[gap.argmin(axis=1)]] == rises[test]))
    return float(np.mean(rates))


def test_purging_closes_the_leak_of_overlapping_labels():
    # K9 with a nearest neighbour in place of a forest.
    assert nearest_hit_rate(purged=False) >= 0.70
    assert 0.40 <= nearest_hit_rate(purged=True) <= 0.60


def test_the_callers_intervals_stay_the_callers():
    start = np.arange(12)
    cv = purged_k_fold(start, start, 3)

    start[:] = 99

    assert cv.start.tolist() == list(range(12))


@pytest.mark.parametrize(
    ("start", "end", "complaint"),
    [
        ([0, 2, 1], [3, 3, 3], "row 2 runs from 1 to 3. Sort the rows"),
        ([0, 1, 2], [0, 0, 2], "row 1 runs from 1 to 0"),
        ([0, 1], [0, 1, 2], "two lists of whole numbers of one length"),
        ([0.0, 1.0], [0.0, 1.0], "types float64 and float64"),
        ([0, 0, 1], [0, 0, 1], "3 rows with 2 different starts"),
        ([0, 1], [0, 1], "2 rows with 2 different starts"),
        ([], [], "whole numbers"),
    ],
)
def test_intervals_that_cannot_be_split_are_refused(start, end, complaint):
    with pytest.raises(DataError, match=complaint):
        purged_k_fold(np.array(start), np.array(end), 3)


@pytest.mark.parametrize(("n_groups", "n_test", "embargo"), [(3, 3, 0), (3, 0, 0), (3, 1, -1)])
def test_groups_that_leave_nothing_are_refused(n_groups, n_test, embargo):
    with pytest.raises(SettingsError, match="at least one group to test and one to train on"):
        CombinatorialPurgedCV(TWELVE, TWELVE, n_groups, n_test, embargo)


def test_an_emptied_training_set_is_refused():
    cv = purged_k_fold(TWELVE, TWELVE + 12, 3)

    with pytest.raises(DataError, match=r"nothing is left to train on when groups \(0,\)"):
        list(cv.split(TWELVE))


def test_rows_that_are_not_the_labels_are_refused():
    with pytest.raises(DataError, match="one row a label, 12, received 11"):
        next(purged_k_fold(TWELVE, TWELVE, 3).split(TWELVE[1:]))
