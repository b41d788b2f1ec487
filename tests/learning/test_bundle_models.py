"""Models of plain arrays: by hand, against scikit-learn, and refused when they are no models."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.learning.bundle_models import (
    LEAF,
    LogisticModel,
    TreeModel,
    arrays_of,
    kind_of,
    model_of,
)
from alphamill.learning.bundle_sklearn import from_sklearn

from .bundles import FOREST, rows

LINE = LogisticModel(
    centre=np.array([0.5, 50.0]), scale=np.array([0.5, 25.0]), slope=np.array([2.0, -1.0]),
    intercept=0.25,
)  # fmt: skip


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((0.1, 5.0), (0.9 + 0.8) / 2),
        ((0.2, 10.0), (0.9 + 0.8) / 2),  # what equals the cut goes left
        ((0.3, 10.0), (0.3 + 0.8) / 2),
        ((0.6, 5.0), (0.3 + 0.4) / 2),
        ((0.1, 11.0), (0.9 + 0.1) / 2),
    ],
)
def test_a_forest_averages_the_leaves_that_a_row_reaches(row, expected):
    found = FOREST.predict_proba(np.array([row]))

    assert found[0] == pytest.approx([1 - expected, expected])


def test_boosted_trees_sum_log_odds_above_their_base():
    boosted = replace(FOREST, boosted=True, base=-1.0)

    found = boosted.predict_proba(np.array([[0.1, 5.0]]))[0, 1]

    assert found == pytest.approx(1 / (1 + np.exp(1.0 - 0.9 - 0.8)))


def test_a_logistic_model_standardises_first():
    found = LINE.predict_proba(np.array([[1.0, 100.0]]))[0, 1]

    # 2 x (0.5 / 0.5) - 1 x (50 / 25) + 0.25.
    assert found == pytest.approx(1 / (1 + np.exp(-0.25)))


def test_far_log_odds_are_certain_and_without_a_warning():
    steep = replace(LINE, slope=np.array([0.0, 1e6]))

    assert steep.predict_proba(np.array([[0.0, 0.0], [0.0, 100.0]]))[:, 1].tolist() == [0.0, 1.0]


def test_rows_are_rounded_to_32_bits_where_the_trees_were_grown_so():
    # In 32 bits 0.2 lies above the cut at 0.2.
    at_the_cut = np.array([[0.2, 11.0]])

    assert FOREST.predict_proba(at_the_cut)[0, 1] == pytest.approx((0.9 + 0.1) / 2)
    rounded = replace(FOREST, single=True).predict_proba(at_the_cut)
    assert rounded[0, 1] == pytest.approx((0.3 + 0.1) / 2)


def stumps(n_trees: int) -> TreeModel:
    rng = np.random.default_rng(n_trees)
    first = 3 * np.arange(n_trees)
    feature = np.tile([1, LEAF, LEAF], n_trees)
    return TreeModel(
        feature=feature,
        cut=100 * rng.random(3 * n_trees),
        left=np.where(feature == LEAF, LEAF, np.repeat(first, 3) + 1),
        right=np.where(feature == LEAF, LEAF, np.repeat(first, 3) + 2),
        value=rng.random(3 * n_trees),
        root=first,
        n_features=2,
    )


# As many as make numpy's own sum of one column take another order than that of many.
@pytest.mark.parametrize("model", [stumps(300), replace(stumps(300), boosted=True), LINE])
def test_a_row_is_answered_alike_alone_and_among_others(model):
    x = rows(97)
    together = model.predict_proba(x)

    alone = np.vstack([model.predict_proba(x[i : i + 1]) for i in range(97)])

    assert np.array_equal(alone, together)
    assert model.predict_proba(x[:0]).shape == (0, 2)


def test_rows_in_chunks_are_the_rows_at_once(monkeypatch):
    whole = FOREST.predict_proba(rows())

    monkeypatch.setattr("alphamill.learning.bundle_models.CELLS", 14)

    assert np.array_equal(FOREST.predict_proba(rows()), whole)


# --- scikit-learn's own answers ----------------------------------------------------------------


def classifiers():
    ensemble = pytest.importorskip("sklearn.ensemble")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return (
        ensemble.RandomForestClassifier(
            60, max_depth=6, max_samples=0.64, class_weight="balanced_subsample", random_state=1
        ),
        ensemble.RandomForestClassifier(20, min_samples_leaf=20, bootstrap=False, random_state=1),
        ensemble.ExtraTreesClassifier(20, random_state=1),
        ensemble.GradientBoostingClassifier(n_estimators=40, learning_rate=0.05, random_state=1),
        LogisticRegression(class_weight="balanced"),
        make_pipeline(StandardScaler(), LogisticRegression(C=0.1)),
    )


@pytest.mark.parametrize("i", range(6))
def test_answers_are_those_of_scikit_learn(i):
    classifier = classifiers()[i]
    rng = np.random.default_rng(i)
    x = rng.normal(size=(500, 8)) * 10.0 ** np.arange(-4, 4)
    y = (x[:, 3] * 10 + rng.normal(size=500) > 0.5).astype(int)
    classifier.fit(x[:300], y[:300])

    found = from_sklearn(classifier).predict_proba(x)

    assert np.abs(found - classifier.predict_proba(x)).max() < 1e-14
    assert np.ptp(found[:, 1]) > 0.3


def test_an_estimator_that_is_not_known_or_of_other_classes_is_refused():
    ensemble = pytest.importorskip("sklearn.ensemble")
    from sklearn.linear_model import LogisticRegression

    x, y = rows(60), np.arange(60) % 3
    wrong = {
        "no form of plain arrays": ensemble.AdaBoostClassifier(n_estimators=3).fit(x, y > 0),
        "the classes 0 and 1": ensemble.RandomForestClassifier(3).fit(x, y),
        "received a LogisticRegression": LogisticRegression(max_iter=10_000).fit(x, y),
        "an init of": ensemble.GradientBoostingClassifier(
            n_estimators=2, init=LogisticRegression(max_iter=10_000)
        ).fit(x, (y > 0).astype(int)),
        "of None": object(),
    }
    wrong["no form of plain arrays"].classes_ = np.array([0, 1])

    for message, estimator in wrong.items():
        with pytest.raises(DataError, match=message):
            from_sklearn(estimator)


# --- what is stored and what is refused --------------------------------------------------------


@pytest.mark.parametrize("model", [replace(FOREST, boosted=True, base=0.5, single=True), LINE])
def test_a_model_is_its_arrays_and_back(model):
    again = model_of(kind_of(model), arrays_of(model))

    assert np.array_equal(again.predict_proba(rows()), model.predict_proba(rows()))
    assert {n: a.tolist() for n, a in arrays_of(again).items()} == {
        n: a.tolist() for n, a in arrays_of(model).items()
    }


def at(name: str, i: int, value: float) -> dict[str, np.ndarray]:
    column = np.array(getattr(FOREST, name))
    column[i] = value
    return {name: column}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (at("left", 0, 0), "node 0 has a child outside its tree"),
        (at("right", 4, 3), "node 4 has a child outside its tree"),
        (at("right", 0, 3), "node 0 has a child outside its tree"),
        (at("right", 3, 8), "node 3 has a child outside its tree"),
        (at("feature", 3, 2), "asks a feature outside 0 to 1"),
        (at("feature", 3, -2), "asks a feature outside 0 to 1"),
        (at("value", 1, np.nan), "a value or a cut is not finite"),
        (at("cut", 0, np.inf), "a value or a cut is not finite"),
        (at("value", 1, 1.1), "holds no probability"),
        ({"value": np.zeros(7)}, "columns have lengths"),
        ({"root": np.array([0, 0])}, "roots do not rise from 0"),
        ({"root": np.array([1, 3])}, "roots do not rise from 0"),
        ({"root": np.array([0, 8])}, "tree 1 starts behind the last of 8 nodes"),
    ],
)
def test_arrays_that_are_no_trees_are_refused(changed, fault):
    with pytest.raises(DataError, match=fault):
        replace(FOREST, **changed)


def test_a_logistic_model_that_cannot_answer_is_refused():
    with pytest.raises(DataError, match="one finite centre"):
        replace(LINE, slope=np.array([1.0]))
    with pytest.raises(DataError, match="one finite centre"):
        replace(LINE, intercept=np.nan)
    with pytest.raises(DataError, match="scales must be above 0"):
        replace(LINE, scale=np.array([1.0, 0.0]))


def test_columns_are_own_copies_and_read_only():
    cut = np.array(FOREST.cut)
    model = replace(FOREST, cut=cut)
    cut[0] = 99.0

    assert model.cut[0] == 0.2
    with pytest.raises(ValueError, match="read-only"):
        model.cut[0] = 1.0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_row_with_an_unknown_value_is_refused_by_its_place(bad):
    x = rows(5)
    x[3, 1] = bad

    with pytest.raises(DataError, match="row 3, column 1"):
        FOREST.predict_proba(x)
    with pytest.raises(DataError, match=r"2 features, received shape \(5, 1\)"):
        FOREST.predict_proba(x[:, :1])


def test_other_models_and_other_names_are_refused():
    with pytest.raises(DataError, match="plain arrays, received a dict"):
        kind_of({})
    with pytest.raises(DataError, match="received 'forest'"):
        model_of("forest", arrays_of(FOREST))
    with pytest.raises(DataError, match="received 'logistic' with"):
        model_of("logistic", arrays_of(FOREST))
