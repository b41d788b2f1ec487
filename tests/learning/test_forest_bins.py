"""Features as codes: what a code means, and how many rows share one."""

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.learning.forest_bins import binned


@pytest.mark.parametrize("n_bins", [2, 3, 17, 256])
def test_a_code_is_at_most_c_where_the_feature_is_at_most_its_cut(n_bins):
    x = np.random.default_rng(0).standard_normal((1000, 5))
    x[:, 4] = 7.0
    x[:500, 1] = 0.0
    x[:, 2] *= 3e307
    # No number lies between these two: the lower one itself is the cut.
    x[:, 3] = np.where(np.arange(1000) % 2, 1.0, np.nextafter(1.0, 2.0))

    data = binned(x, n_bins, rows=np.arange(600))

    for column, codes, cuts in zip(x.T, data.codes, data.cuts, strict=True):
        assert (np.diff(cuts) > 0).all()
        assert cuts.size < n_bins
        for c, cut in enumerate(cuts):
            assert np.array_equal(codes <= c, column <= cut)


def test_few_values_are_all_parted_halfway():
    assert binned(np.array([[3.0], [1.0], [1.0], [7.0]])).cuts[0].tolist() == [2.0, 5.0]


def test_bins_grow_from_both_ends_to_the_middle():
    x = np.random.default_rng(0).lognormal(size=(6400, 1))

    held = np.bincount(binned(x, 64).codes[0])

    # Half spread evenly, half between equal steps of an angle: (1 - cos(pi / 64)) / 4 at the end.
    assert held.size == 64
    assert (np.diff(held[:32]) >= 0).all()
    assert np.abs(held - held[::-1]).max() <= 1
    assert held[0] == round(6400 * (0.5 / 64 + (1 - np.cos(np.pi / 64)) / 4))


def test_a_value_that_overfills_its_bin_leaves_the_others_to_the_others():
    x = np.where(np.arange(1000) < 600, 0.0, 1.0 + np.arange(1000))[:, None]

    held = np.bincount(binned(x, 11).codes[0])

    assert held[0] == 600
    assert held.size == 11
    assert held[1:].min() > 20
    assert held[1:].max() < 50


def test_cuts_come_from_the_given_rows():
    x = np.arange(100.0)[:, None]

    few = binned(x, 4, rows=np.arange(8))

    assert few.cuts[0].tolist() == binned(x[:8], 4).cuts[0].tolist() == [1.5, 3.5, 5.5]


@pytest.mark.parametrize(
    ("x", "n_bins", "error", "words"),
    [
        (np.array([[1.0], [np.nan]]), 8, DataError, "received nan in row 1, column 0"),
        (np.array([[np.inf], [1.0]]), 8, DataError, "received inf in row 0"),
        (np.empty((0, 2)), 8, DataError, "rows and columns"),
        (np.ones((3, 2)), 257, SettingsError, "n_bins must lie in"),
    ],
)
def test_features_that_cannot_be_binned_are_refused(x, n_bins, error, words):
    with pytest.raises(error, match=words):
        binned(x, n_bins)
