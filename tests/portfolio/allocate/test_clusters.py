"""The tree puts together what moves together."""

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError
from alphamill.portfolio.allocate.clusters import tree


def families():
    """Return returns of a1 b1 a2 b2 a3 b3: two families, shuffled."""
    rng = np.random.default_rng(7)
    common = rng.standard_normal((500, 2))
    return common[:, [0, 1] * 3] + 0.5 * rng.standard_normal((500, 6))


def test_families_stand_side_by_side():
    order = tree(families()).order.tolist()

    assert {frozenset(order[:3]), frozenset(order[3:])} == {
        frozenset({0, 2, 4}),
        frozenset({1, 3, 5}),
    }


def test_correlations_are_those_of_pandas():
    found = tree(families())

    np.testing.assert_allclose(found.correlation, pd.DataFrame(families()).corr())
    assert found.links.shape == (5, 4)


def test_one_name_is_a_tree_and_what_never_moves_is_none():
    assert tree(families()[:, :1]).order.tolist() == [0]
    with pytest.raises(DataError, match=r"never move: \[1\]"):
        tree(np.column_stack([np.arange(5.0), np.ones(5)]))
