"""The book's example of specs/statistics.md, C10, and plain twins."""

from itertools import product

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.uniqueness import (
    average_uniqueness,
    draw_probabilities,
    sequential_bootstrap,
)

# Spans [0, 3), [2, 4), [4, 6) of the book, with their last bars.
START, END = np.array([0, 2, 4]), np.array([2, 3, 5])


def test_the_books_labels_have_the_printed_uniqueness():
    np.testing.assert_allclose(average_uniqueness(START, END), [5 / 6, 3 / 4, 1], rtol=1e-12)


def test_the_second_draw_of_the_book_has_the_printed_probabilities():
    np.testing.assert_allclose(
        draw_probabilities(START, END, [1]), [5 / 14, 3 / 14, 6 / 14], rtol=1e-12
    )
    assert draw_probabilities(START, END, []).tolist() == pytest.approx([1 / 3] * 3)


def uniqueness_of(draw: tuple[int, ...]) -> float:
    rows = list(draw)
    return float(average_uniqueness(START[rows], END[rows]).mean())


def probability_of(draw: tuple[int, ...]) -> float:
    steps = [draw_probabilities(START, END, draw[:k])[draw[k]] for k in range(3)]
    return float(np.prod(steps))


def test_three_draws_have_the_printed_mean_uniqueness():
    draws = list(product(range(3), repeat=3))

    unique = np.array([uniqueness_of(d) for d in draws])

    assert round(float(unique.mean()), 5) == 0.64198
    assert round(float(unique @ [probability_of(d) for d in draws]), 5) == 0.70564


def test_twenty_bar_labels_on_each_bar_are_worth_fifty():
    bars = np.arange(1_000)

    found = average_uniqueness(bars, bars + 19)

    assert round(float(found.mean()), 3) == 0.051
    assert found.sum() == pytest.approx(51, abs=0.5)


def plain_uniqueness(start: np.ndarray, end: np.ndarray) -> list[float]:
    alive = {t: np.sum((start <= t) & (t <= end)) for t in range(start.min(), end.max() + 1)}
    spans = zip(start.tolist(), end.tolist(), strict=True)
    return [float(np.mean([1 / alive[t] for t in range(a, b + 1)])) for a, b in spans]


def test_uniqueness_equals_the_plain_count_also_with_gaps_and_far_from_bar_zero():
    rng = np.random.default_rng(1)
    start = 10_000 + rng.integers(0, 500, 60)
    end = start + rng.integers(0, 12, 60)

    np.testing.assert_allclose(
        average_uniqueness(start, end), plain_uniqueness(start, end), rtol=1e-10
    )


def test_labels_far_apart_are_all_their_own():
    assert average_uniqueness(np.array([900, 5]), np.array([903, 5])).tolist() == [1.0, 1.0]
    assert average_uniqueness(np.zeros(0, int), np.zeros(0, int)).size == 0


def test_three_sequential_draws_come_as_often_as_they_should():
    rng = np.random.default_rng(2)
    draws = list(product(range(3), repeat=3))

    found = [tuple(sequential_bootstrap(START, END, 3, rng).tolist()) for _ in range(4_000)]

    shares = [found.count(d) / 4_000 for d in draws]
    np.testing.assert_allclose(shares, [probability_of(d) for d in draws], atol=0.015)


def test_each_draw_follows_the_probabilities_given_those_before_it():
    rng = np.random.default_rng(3)
    start = 70 + np.sort(rng.integers(0, 60, 25))
    end = start + rng.integers(0, 9, 25)

    drawn = sequential_bootstrap(start, end, 40, np.random.default_rng(4))

    uniform = np.random.default_rng(4).random(40)
    for k in range(40):
        heap = np.cumsum(draw_probabilities(start, end, drawn[:k].tolist()))
        assert drawn[k] == np.searchsorted(heap, uniform[k], side="right")


def test_the_sequential_bootstrap_draws_more_unique_labels_than_the_ordinary_one():
    rng = np.random.default_rng(5)
    start = rng.integers(0, 300, 60)
    end = start + 5

    def mean_uniqueness(rows: np.ndarray) -> float:
        return float(average_uniqueness(start[rows], end[rows]).mean())

    chosen = [mean_uniqueness(sequential_bootstrap(start, end, 60, rng)) for _ in range(100)]
    ordinary = [mean_uniqueness(rng.integers(0, 60, 60)) for _ in range(100)]

    assert np.mean(chosen) > np.mean(ordinary) + 0.02


@pytest.mark.parametrize(
    ("start", "end", "complaint"),
    [
        ([0, 5], [1, 4], "label 1 ends at bar 4, before its start 5"),
        ([0, 5], [1], "two lists of bars of one length"),
        ([0.0], [1.0], "types float64 and float64"),
        ([0, 10**18], [5, 10**18], "number the bars instead of passing their stamps"),
    ],
)
def test_intervals_that_are_none_are_refused(start, end, complaint):
    with pytest.raises(DataError, match=complaint):
        average_uniqueness(np.array(start), np.array(end))


def test_a_label_that_was_never_there_cannot_have_been_drawn():
    with pytest.raises(DataError, match="from 0 to 2, received 1 to 3"):
        draw_probabilities(START, END, [1, 3])


def test_no_label_and_no_draw_are_refused():
    with pytest.raises(DataError, match="received 3 and 0"):
        sequential_bootstrap(START, END, 0, np.random.default_rng(0))
    with pytest.raises(DataError, match="received 0 and 5"):
        sequential_bootstrap(START[:0], END[:0], 5, np.random.default_rng(0))
