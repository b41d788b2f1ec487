"""The splits of a search: who learns from what, and by whom thresholds are chosen."""

import numpy as np
import pytest

from alphamill.learning.folds import DAY_NS, folds_of
from alphamill.learning.rows import TooFewError

from .made import rows

ROWS = rows()
FOLDS = folds_of(ROWS)


def test_ten_pairs_are_tested_and_ten_inner_splits_serve_their_thresholds():
    assert FOLDS.n_outer == 10
    assert len(FOLDS.each) == 20
    assert FOLDS.days.sum() == ROWS.n_days


@pytest.mark.parametrize("fold", FOLDS.each, ids=str)
def test_no_training_trade_meets_a_tested_one_nor_begins_within_two_days_of_its_end(fold):
    start, end = ROWS.start_ns[fold.train, None], ROWS.end_ns[fold.train, None]
    tested_from, tested_to = ROWS.start_ns[fold.test], ROWS.end_ns[fold.test]

    meets = (start <= tested_to) & (end >= tested_from)
    follows = (start > tested_to) & (start <= tested_to + 2 * DAY_NS)

    assert not (meets | follows).any()
    assert fold.train.size > 0.9 * (len(ROWS) - fold.test.size) - 100


@pytest.mark.parametrize("outer", range(10))
def test_a_threshold_is_chosen_by_models_that_saw_neither_the_tested_pair_nor_the_group(outer):
    tested = FOLDS.each[outer].tested

    for group, inner in FOLDS.inner(outer):
        asked = FOLDS.each[inner]
        seen = np.unique(np.searchsorted(FOLDS.edges, asked.train, side="right") - 1)
        assert not set(seen.tolist()) & {*tested, group}
        assert group not in tested


def test_a_group_stands_where_it_is_said_to_among_the_tested_rows():
    for k, fold in enumerate(FOLDS.each):
        for group in fold.tested:
            own = FOLDS.rows_of(group)
            assert fold.test[FOLDS.rows_in(k, group)].tolist() == list(range(own.start, own.stop))


def test_a_set_of_one_kind_of_trade_is_too_small():
    one_kind = rows(strength=0.0)
    object.__setattr__(one_kind, "y", np.ones(len(one_kind), dtype=np.int64))

    with pytest.raises(TooFewError, match="of one kind only"):
        folds_of(one_kind)
