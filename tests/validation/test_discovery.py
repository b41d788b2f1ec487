"""Check numbers of specs/statistics.md, C7, and the step-up definition as a plain loop."""

import math

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.discovery import (
    adjusted,
    discoveries,
    draws_needed,
    false_discovery_estimate,
    null_share,
    p_histogram,
)

PAPER = np.array(
    [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]
)


@pytest.mark.parametrize(("method", "n_found"), [("bh", 4), ("by", 3)])
def test_the_papers_fifteen_give_the_printed_discoveries(method, n_found):
    order = np.random.default_rng(1).permutation(15)

    found = discoveries(PAPER[order], 0.05, method)

    assert found[np.argsort(order)].tolist() == [True] * n_found + [False] * (15 - n_found)


def test_the_papers_adjusted_values_are_the_printed_ones():
    assert adjusted(PAPER)[:4].round(6).tolist() == [0.0015, 0.0030, 0.0095, 0.035625]
    assert round(float(adjusted(PAPER, "by")[0] / adjusted(PAPER)[0]), 5) == 3.31823


def plain_step_up(p: np.ndarray, level: float) -> set[int]:
    order = np.argsort(p, kind="stable")
    passing = [i for i in range(1, p.size + 1) if p[order[i - 1]] <= i * level / p.size]
    return set(order[: max(passing, default=0)].tolist())


@pytest.mark.parametrize("seed", range(20))
def test_discoveries_equal_the_step_up_definition(seed):
    p = 1.0 - np.random.default_rng(seed).random(40) ** 0.2

    assert set(np.flatnonzero(discoveries(p, 0.2)).tolist()) == plain_step_up(p, 0.2)


def test_adjusted_values_rise_with_the_p_values():
    p = np.sort(1.0 - np.random.default_rng(2).random(200))

    assert np.all(np.diff(adjusted(p)) >= 0.0)


def test_a_p_value_exactly_at_its_step_is_a_discovery():
    # 0.05 / 11 x 11 is a hair above 0.05.
    p = np.append(0.05 / 11, np.full(10, 0.9))

    assert np.flatnonzero(discoveries(p)).tolist() == [0]


def test_bh_keeps_the_rate_with_true_edges_among_nulls():
    # K8: 900 nulls and 100 true ones at z 3, 500 repeats: at most 5.5 % of the found are false.
    from scipy.special import ndtr

    rng, shares = np.random.default_rng(8), []
    for _ in range(500):
        z = rng.standard_normal(1_000)
        z[:100] += 3.0
        found = discoveries(np.asarray(ndtr(-z)), 0.05)
        shares.append(found[100:].sum() / max(found.sum(), 1))

    assert 0.035 <= np.mean(shares) <= 0.055


@pytest.mark.parametrize(("n", "draws"), [(100, 1_999), (1_000, 19_999), (10_000, 199_999)])
def test_draws_needed_are_the_printed_ones_and_just_enough(n, draws):
    p = np.full(n, 0.5)

    p[0] = 1.0 / (draws + 1)
    assert draws_needed(n) == draws
    assert discoveries(p).sum() == 1
    p[0] = 1.0 / draws
    assert discoveries(p).sum() == 0


@pytest.mark.parametrize(("n", "level"), [(0, 0.05), (10, 0.0), (10, 1.0), (10, math.nan)])
def test_draws_for_no_test_or_no_level_are_refused(n, level):
    with pytest.raises(DataError, match="at least one test at a level between 0 and 1"):
        draws_needed(n, level)


def test_null_share_finds_the_mixture():
    rng = np.random.default_rng(4)
    p = 1.0 - np.append(rng.random(7_000), 1.0 - 0.01 * rng.random(3_000))

    assert null_share(p) == pytest.approx(0.7, abs=0.02)
    # 70 nulls lie below 0.01, beside the 3,000.
    assert false_discovery_estimate(p, 0.01) == pytest.approx(70 / 3_070, abs=0.002)


def test_null_share_counts_one_more_and_never_exceeds_one():
    assert null_share(np.array([0.01, 0.02, 0.03, 0.6, 0.7, 0.5, 0.1, 0.1])) == 0.75
    assert null_share(np.full(9, 0.9)) == 1.0
    with pytest.raises(DataError, match="above must lie between 0 and 1"):
        null_share(PAPER, 1.0)


def test_the_false_discovery_estimate_of_nothing_found_is_unknown():
    assert math.isnan(false_discovery_estimate(np.array([0.5, 0.6]), 0.05))
    assert false_discovery_estimate(np.array([0.05, 0.9]), 0.05) == pytest.approx(0.1)


def test_the_histogram_counts_each_right_edge_in_its_bin():
    p = np.arange(1, 21) / 20.0

    found = p_histogram(p)

    assert found.counts.tolist() == [1] * 20
    assert found.edges.tolist() == [k / 20 for k in range(21)]
    assert p_histogram(np.append(p, 0.0501)).counts[:3].tolist() == [1, 2, 1]


@pytest.mark.parametrize("bad", [0.0, -0.1, 1.1, math.nan])
def test_a_p_value_outside_its_range_is_refused_and_the_remedy_given(bad):
    with pytest.raises(DataError, match=r"entry 1 is .*take \(1 \+ hits\) / \(1 \+ draws\)"):
        adjusted(np.array([0.5, bad]))


@pytest.mark.parametrize("empty", [np.zeros(0), np.full((2, 2), 0.5)])
def test_no_list_of_p_values_is_refused(empty):
    with pytest.raises(DataError, match="a list of at least one"):
        p_histogram(empty)
