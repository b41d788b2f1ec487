"""Screening: planted columns are kept, noise is not favoured, and held-out rows decide."""

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.learning import screening
from alphamill.learning.bundle_models import TreeModel
from alphamill.learning.forest import Growth, Learner, binned, grown
from alphamill.learning.screening import Trees, added_losses, screened, usable, worths

from .bundles import FOREST, rows

N, K = 3000, 52
ONES = np.ones(N)


def planted(seed: int, *, alike: int = 1) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Return columns in groups of ``alike``, labels, and the two columns that act together."""
    rng = np.random.default_rng(seed)
    shared = np.repeat(rng.standard_normal((N, K // alike)), alike, axis=1)
    own = rng.standard_normal((N, K))
    x = own if alike == 1 else np.sqrt(0.6) * shared + np.sqrt(0.4) * own
    a, b = alike * rng.choice(K // alike, 2, replace=False)
    p = np.where((x[:, a] > 0) & (x[:, b] > 0), 0.65, 0.45)
    return x, (rng.random(N) < p).astype(np.int8), (a, b)


def noise(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((N, K)), rng.integers(0, 2, N).astype(np.int8)


def columns_of(model: TreeModel) -> Trees:
    return Trees(model.feature, model.cut, model.left, model.right, model.value, model.root)


# Its paths ask a column several times.
DEEP = grown(
    binned(rows(300)),
    Learner(np.arange(300) % 2, np.ones(300), Growth(1.0, 5, None), 0),
    np.arange(300),
    np.arange(2),
    5,
    6,
)


@pytest.mark.parametrize("model", [FOREST, DEEP], ids=["flat", "deep"])
@pytest.mark.parametrize("compiled", [True, False])
def test_added_losses_are_those_of_shuffled_rows(compiled, model):
    rng = np.random.default_rng(2)
    x, y, weight = rows(200), rng.integers(0, 2, 200).astype(float), rng.random(200)
    orders = np.array([rng.permutation(200) for _ in range(3)])
    kernel = added_losses if compiled else getattr(added_losses, "py_func", added_losses)

    found = kernel(columns_of(model), x, y, weight, orders)

    def loss(rows_):
        return np.average((model.predict_proba(rows_)[:, 1] - y) ** 2, weights=weight)

    for j in range(2):
        shuffled = [np.where(np.arange(2) == j, x[order], x) for order in orders]
        assert found[j] == pytest.approx(np.mean([loss(z) for z in shuffled]) - loss(x), abs=1e-15)


def test_worth_is_the_mean_of_what_both_halves_lose(monkeypatch):
    monkeypatch.setattr(screening, "grown", lambda *_: FOREST)
    x, rng = rows(400), np.random.default_rng(3)
    y, weight = (x[:, 0] < 0.3).astype(np.int8), np.repeat([1.0, 7.0], 200)

    both = worths(x, y, weight, seed=3, gap_rows=0)

    halves = []
    for held in (slice(0, 200), slice(200, 400)):
        orders = rng.permuted(np.tile(np.arange(200), (5, 1)), axis=1)
        # Weights that are equal within a half are no weights.
        found = added_losses(columns_of(FOREST), x[held], y[held] + 0.0, np.ones(200), orders)
        halves.append(found)
    np.testing.assert_allclose(both, np.mean(halves, axis=0), atol=1e-15)


def test_no_model_sees_the_rows_it_is_judged_on_nor_those_beside_them(monkeypatch):
    learned = []
    whole = screening.grown
    monkeypatch.setattr(
        screening, "grown", lambda *given: (learned.append(given[2]), whole(*given))[1]
    )
    x, y, _ = planted(0)

    worths(x, y, ONES, seed=0, gap_rows=70)

    # Held out: the first 1,500 rows, then the others.
    assert [(rows_[0], rows_[-1], rows_.size) for rows_ in learned] == [
        (1570, 2999, 1430),
        (0, 1429, 1430),
    ]


@pytest.mark.parametrize("method", ["clustered", "permutation"])
@pytest.mark.parametrize("alike", [1, 4])
def test_planted_columns_are_kept(method, alike):
    hits = 0
    for seed in range(5):
        x, y, both = planted(seed, alike=alike)
        hits += set(both) <= set(screened(x, y, ONES, method=method, seed=seed))

    assert hits == 5


@pytest.mark.slow
@pytest.mark.parametrize("method", ["clustered", "permutation"])
@pytest.mark.parametrize("alike", [1, 4])
def test_planted_columns_are_kept_in_95_of_100(method, alike):
    cases = [(seed, *planted(seed, alike=alike)) for seed in range(40)]

    hits = [
        set(both) <= set(screened(x, y, ONES, method=method, seed=seed))
        for seed, x, y, both in cases
    ]

    assert np.mean(hits) >= 0.95


def test_noise_is_worth_nothing():
    worth = np.array([worths(*noise(s), ONES, seed=s, gap_rows=50) for s in range(6)])

    # In sample every column would be worth something.
    assert 0.4 < (worth > 0).mean() < 0.6
    assert abs(worth.mean()) < 3 * worth.std() / np.sqrt(worth.size)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["clustered", "permutation"])
def test_no_column_of_noise_is_favoured_for_its_place(method):
    kept = np.zeros(K)
    for seed in range(40):
        kept[screened(*noise(seed), ONES, method=method, seed=seed)] += 1

    share = kept.sum() / (40 * K)
    # Chi-square of 51 degrees of freedom, at 1 in 1,000 either way.
    chi2 = ((kept - 40 * share) ** 2).sum() / (40 * share * (1 - share))
    assert 22 < chi2 < 91


def test_no_two_columns_say_the_same_and_no_cluster_gives_three():
    x, y, both = planted(1)
    x[:, 7] = np.exp(x[:, both[0]]) + 0.01 * x[:, 7]  # of nearly the same ranks

    found = screened(x, y, ONES, seed=1)

    ranks = np.argsort(np.argsort(x[:, found], axis=0), axis=0)
    alike = np.abs(np.corrcoef(ranks, rowvar=False) - np.eye(found.size))
    assert alike.max() < 0.7
    assert len({7, both[0]} & set(found)) == 1


def test_two_of_a_cluster_are_taken_by_their_rank_and_none_too_alike():
    alike = np.full((5, 5), 0.5)
    alike[0, 1] = alike[1, 0] = 0.7
    cluster = np.array([1, 1, 1, 1, 2])

    taken = screening._apart(np.array([3, 0, 1, 2, 4]), alike, cluster)

    assert taken.tolist() == [3, 0, 4]
    without_the_first = screening._apart(np.array([0, 1, 2, 3, 4]), alike, cluster)
    assert without_the_first.tolist() == [0, 2, 4]


def test_clusters_gather_columns_of_like_ranks():
    x, _, _ = planted(2, alike=4)

    cluster = screening._clusters(screening._alike(x), 13)

    assert [len(set(four)) for four in cluster.reshape(13, 4)] == [1] * 13
    assert len(set(cluster)) == 13


def test_clusters_do_not_chain():
    # On a line at 0, 1, 2 and 3.4: single linkage would join the first three.
    place = np.array([0.0, 1.0, 2.0, 3.4])
    apart = 0.2 * np.abs(place[:, None] - place)

    cluster = screening._clusters(1 - 2 * apart**2, 2)

    assert cluster[0] == cluster[1] != cluster[2] == cluster[3]


def test_columns_that_do_not_move_are_left_out():
    x, y, _ = planted(3)
    x[:, :4] = 1.0

    assert screened(x, y, ONES, seed=3)[0] >= 4
    assert screened(x, y, ONES, n_features=60, method="permutation", seed=3).tolist() == list(
        range(4, K)
    )


def test_all_are_taken_without_a_method_and_no_more_than_asked_with_one():
    x, y, _ = planted(4)

    assert screened(x, y, ONES, method="none", seed=0).tolist() == list(range(K))
    assert screened(x, y, ONES, 7, "permutation", seed=0).size == 7
    assert screened(x, y, ONES, 7, "clustered", seed=0).size <= 7


def test_equal_seeds_choose_equal_columns():
    x, y = noise(5)

    one, same, other = (screened(x, y, ONES, seed=s).tolist() for s in (1, 1, 2))

    assert one == same
    assert one != other


@pytest.mark.parametrize(("n_features", "method"), [(1, "clustered"), (30, "mdi")])
def test_settings_that_are_none_are_refused(n_features, method):
    with pytest.raises(SettingsError, match="2 features or more and a method"):
        screened(np.zeros((9, 3)), np.zeros(9), np.ones(9), n_features, method, seed=0)


def test_too_few_rows_are_refused():
    x, y, _ = planted(6)

    assert screened(x[:180], y[:180], ONES[:180], seed=0).size > 0
    with pytest.raises(DataError, match="screening needs 180 rows, received 179"):
        screened(x[:179], y[:179], ONES[:179], seed=0)


def test_a_short_half_still_has_four_leaves():
    # With leaves of 50 rows the halves of 40 could not split, and all columns were worth nothing.
    x, y, _ = planted(6)
    y = (x[:, 9] > 0).astype(np.int8)

    worth = worths(x[:180], y[:180], ONES[:180], seed=0, gap_rows=50)

    assert worth.argmax() == 9
    assert worth[9] > 0.01


@pytest.mark.parametrize("n_moving", [0, 1])
def test_of_one_column_or_none_there_is_nothing_to_choose(n_moving):
    x, y, _ = planted(3)
    x[:, n_moving:] = 1.0

    assert screened(x, y, ONES, seed=3).tolist() == list(range(n_moving))


def test_columns_that_say_nothing_are_dropped_with_their_reason():
    n = 100
    good = np.random.default_rng(0).standard_normal(n)
    often, seldom, signed = good**2, good**3, np.where(good > 0, 0.0, good)
    often[:6], seldom[:5] = np.nan, np.inf
    table = {
        "good": good,
        "never": np.full(n, np.nan),
        "flat": np.full(n, 2.5),
        "again": good.copy(),
        "often": often,
        "seldom": seldom,
        "flat but once": np.where(np.arange(n) == 3, np.nan, 7.0),
        "signed": signed,
        "signed again": np.where(good > 0, -0.0, good),
    }

    found = usable(np.column_stack(list(table.values())), list(table))

    assert found.columns.tolist() == [0, 5, 7]
    assert found.dropped == {
        "never": "never known",
        "flat": "always 2.5",
        "again": "the same as good",
        "often": "unknown in 6.0% of the rows",
        "flat but once": "always 7",
        "signed again": "the same as signed",
    }


def test_a_table_without_rows_or_names_is_refused():
    with pytest.raises(DataError, match="one name a column"):
        usable(np.zeros((0, 2)), ["a", "b"])
    with pytest.raises(DataError, match="one name a column"):
        usable(np.zeros((5, 2)), ["a"])
