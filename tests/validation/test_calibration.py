"""Size and power of any choice of gates, from patterns of what each candidate passed."""

import json
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binomtest

from alphamill.core.errors import DataError, SettingsError
from alphamill.validation.calibration import (
    Calibration,
    Setting,
    largest,
    load,
    proportion_interval,
)
from alphamill.validation.thresholds import DECIDES, GATES

A, B, C = 0b001, 0b010, 0b100
NOISE = Setting("K1", "iid", detail="45 cells")
EDGE = Setting("K3-2.0", "iid", edge_sharpe=2.0)
SEED = Setting("K1-seed", "iid", preset="seed")
# Five noise markets of several candidates, four planted ones of one.
MADE = Calibration.from_patterns(
    ("a", "b", "c"),
    {
        NOISE: [[A, B], [A | B, A, C], [A | B, C], [], [0, C]],
        EDGE: [[A | B | C], [A | B | C], [A | C], [0]],
        SEED: [[A]],
    },
)


@pytest.mark.parametrize(
    ("decides", "noise", "edge"),
    [
        ("a", 3, 3),
        ("b", 3, 2),
        ("c", 3, 3),
        ("ab", 2, 2),
        ("ac", 0, 3),
        ("bc", 0, 2),
        ("abc", 0, 2),
    ],
)
def test_a_market_counts_where_one_candidate_passes_all_gates_that_decide(decides, noise, edge):
    rates = MADE.size_and_power(set(decides))

    assert [r.setting for r in rates] == [NOISE, EDGE]
    assert [(r.n_survived, r.n_markets) for r in rates] == [(noise, 5), (edge, 4)]
    assert [r.share for r in rates] == [noise / 5, edge / 4]


def test_equal_markets_are_counted_together_and_only_the_largest_patterns_kept():
    noise = MADE.experiments[0]

    assert noise.markets == ((1, ()), (1, (A, B)), (2, (A | B, C)), (1, (C,)))


def test_what_is_kept_answers_every_choice_as_all_patterns_would():
    gates = tuple("abcdef")
    rng = np.random.default_rng(5)
    markets = [rng.integers(0, 64, rng.integers(0, 9)).tolist() for _ in range(200)]
    made = Calibration.from_patterns(gates, {NOISE: markets})

    for n in range(1, 7):
        for decides in combinations(range(6), n):
            mask = sum(1 << k for k in decides)
            survived = sum(any(p & mask == mask for p in each) for each in markets)
            [rate] = made.size_and_power({gates[k] for k in decides})
            assert rate.n_survived == survived


def test_patterns_of_another_preset_say_nothing():
    [rate] = MADE.size_and_power({"a"}, "seed")

    assert (rate.setting, rate.n_survived) == (SEED, 1)
    assert MADE.size_and_power({"a"}, "strict") == ()


@pytest.mark.parametrize("decides", [{"a", "luck"}, set()])
def test_a_gate_that_was_not_measured_is_refused(decides):
    with pytest.raises(SettingsError, match=r"at least one of a, b, c; received (\['luck'\]|none)"):
        MADE.size_and_power(decides)


def test_a_saved_calibration_is_read_back_the_same(tmp_path):
    MADE.save(tmp_path / "calibration.json")

    assert load(tmp_path / "calibration.json") == MADE
    told = json.loads((tmp_path / "calibration.json").read_text())
    assert told["gates"] == ["a", "b", "c"]
    assert told["experiments"][1]["markets"] == [[1, [0]], [1, [A | C]], [2, [A | B | C]]]
    assert told["experiments"][1]["n_markets"] == 4


def test_where_nothing_was_measured_nothing_is_said(tmp_path):
    nothing = load(tmp_path / "absent.json")

    assert nothing == Calibration()
    assert nothing.size_and_power({"luck"}) == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"n_markets": 5', '"n_markets": 6', "K1: 5 of 6 markets"),
        ("[[1, []]", "[[0, []]", "K1: 4 of 5 markets"),
        ("[3, 4]", "[3, 8]", r"holds \[2, \[3, 8\]\] of K1"),
        ('"preset": "seed", ', "", "'preset'"),
        ("[[1, [1]]]", "[[1, 1]]", "cannot be read"),
        ("{", "", "cannot be read"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, old, new, words):
    path = tmp_path / "calibration.json"
    MADE.save(path)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))

    with pytest.raises(DataError, match=words):
        load(path)


@pytest.mark.parametrize("markets", [[], [[8]], [[-1]]])
def test_markets_that_cannot_be_are_refused(markets):
    with pytest.raises(DataError, match="K1"):
        Calibration.from_patterns(("a", "b", "c"), {NOISE: markets})


def test_only_patterns_that_no_other_contains_are_the_largest():
    assert largest([A, A | B, B, C, C, 0]) == (A | B, C)
    assert largest([]) == ()


@pytest.mark.parametrize(("hits", "n"), [(0, 1000), (41, 1000), (1000, 1000), (1, 3), (181, 200)])
@pytest.mark.parametrize("confidence", [0.99, 0.9])
def test_bounds_are_those_of_scipy(hits, n, confidence):
    exact = binomtest(hits, n).proportion_ci(confidence, "exact")

    assert proportion_interval(hits, n, confidence) == pytest.approx((exact.low, exact.high))
    assert MADE.size_and_power({"a"})[0].interval == proportion_interval(3, 5)


def test_what_is_shipped_was_measured_with_the_gates_that_are_shipped():
    shipped = load()

    assert set(shipped.gates) <= set(GATES)
    for preset, decides in DECIDES.items():
        for rate in shipped.size_and_power(decides, preset):
            assert 0.0 <= rate.interval.low <= rate.share <= rate.interval.high <= 1.0
