import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.validation.splits import (
    DEFAULT_WINDOWS,
    Fold,
    next_training,
    quarter_blocks,
    walk_forward,
    windows,
)


def weekdays(first: str, last: str) -> np.ndarray:
    days = np.arange(first, np.datetime64(last) + 1, dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    return np.array([int(str(day).replace("-", "")) for day in days])


TWENTY_YEARS = weekdays("2005-01-01", "2024-12-31")


def test_blocks_are_calendar_quarters_and_skip_the_empty_ones():
    session = np.array([20191231, 20200102, 20200331, 20200401, 20201001, 20201231])

    blocks = quarter_blocks(session)

    assert blocks.of_session.tolist() == [0, 1, 1, 2, 3, 3]
    assert blocks.edges.tolist() == [0, 1, 3, 4, 6]
    assert blocks.n_sessions.tolist() == [1, 2, 1, 2]
    assert blocks.labels == ("2019Q4", "2020Q1", "2020Q2", "2020Q4")
    assert len(blocks) == 4


def test_blocks_agree_with_a_plain_loop_over_twenty_years():
    blocks, names = quarter_blocks(TWENTY_YEARS), []

    for day in TWENTY_YEARS.tolist():
        names.append(f"{day // 10_000}Q{(day // 100 % 100 + 2) // 3}")

    assert [blocks.labels[b] for b in blocks.of_session] == names
    assert len(blocks) == 80


@pytest.mark.parametrize("session", [[20200102, 20200102], [20200103, 20200102]])
def test_blocks_refuse_bars_instead_of_sessions(session):
    with pytest.raises(DataError, match="entry 1 is 20200102 .* one row a session"):
        quarter_blocks(np.array(session))


def test_blocks_of_nothing_are_refused():
    with pytest.raises(DataError, match="at least one session"):
        quarter_blocks(np.array([], dtype=np.int64))


@pytest.mark.parametrize("anchored", [False, True])
@pytest.mark.parametrize(("n", "train", "test"), [(60, 12, 4), (61, 12, 4), (5, 4, 9), (7, 1, 1)])
def test_tests_tile_what_follows_the_first_training_and_come_after_their_own(
    n, train, test, anchored
):
    folds = walk_forward(n, train, test, anchored)

    tested = [b for fold in folds for b in range(n)[fold.test]]
    assert tested == list(range(train, n))
    for fold in folds:
        assert fold.train.stop == fold.test.start
        assert fold.train.start == (0 if anchored else fold.train.stop - train)


def test_a_history_without_room_for_a_test_is_refused():
    with pytest.raises(SettingsError, match="needs at least 13 blocks, .* holds 12"):
        walk_forward(12, 12, 4)


@pytest.mark.parametrize(("train", "test"), [(0, 1), (4, 0)])
def test_empty_walk_forward_windows_are_refused(train, test):
    with pytest.raises(SettingsError, match="at least one block"):
        walk_forward(10, train, test)


def test_the_next_training_window_ends_where_the_data_end():
    assert next_training(walk_forward(10, 4, 2)) == slice(6, 10)
    assert next_training(walk_forward(10, 4, 2, anchored=True)) == slice(0, 10)
    assert next_training([Fold(0, 4, 4, 6)]) == slice(2, 6)


def test_default_windows_are_disjoint_ordered_whole_and_cut_at_quarters():
    cut = windows(TWENTY_YEARS)

    edges = set(quarter_blocks(TWENTY_YEARS).edges.tolist())
    bounds = [(w.start, w.stop) for w in cut.all()]
    assert bounds[0][0] == 0
    assert bounds[-1][1] == TWENTY_YEARS.size
    assert all(a[1] == b[0] for a, b in zip(bounds, bounds[1:], strict=False))
    assert {place for pair in bounds for place in pair} <= edges
    years = [(w.first // 10_000, w.last // 10_000) for w in cut.all()]
    assert years == [(2005, 2016), (2017, 2018), (2019, 2020), (2021, 2024)]


def test_default_fractions_add_up_to_one():
    assert sum(DEFAULT_WINDOWS.values()) == pytest.approx(1.0)


def test_a_window_holds_its_sessions_and_no_other():
    cut = windows(TWENTY_YEARS)

    for window in cut.all():
        inside = np.flatnonzero(window.holds(TWENTY_YEARS))
        assert inside.tolist() == list(range(window.start, window.stop))
        assert len(window) == inside.size


@pytest.mark.parametrize("last", ["2005-12-31", "2006-08-15"])
def test_short_histories_give_every_window_a_quarter(last):
    cut = windows(weekdays("2005-01-01", last))

    assert all(len(window) > 0 for window in cut.all())


def test_three_quarters_are_too_few():
    with pytest.raises(SettingsError, match="at least 4 calendar quarters, .* has 3"):
        windows(weekdays("2005-01-01", "2005-09-30"))


SEEDS = {
    "discovery": (20100101, 20211231),
    "ml_validation": (20220101, 20221231),
    "portfolio": (20230101, 20231231),
    "sealed": (20240101, 20241231),
}


def test_dates_of_the_seeds_are_taken_with_their_last_day():
    cut = windows(TWENTY_YEARS, SEEDS)

    found = [(w.first, w.last) for w in cut.all()]
    assert found[0] == (20100101, 20211231)
    assert found[1:] == [(20220103, 20221230), (20230102, 20231229), (20240101, 20241231)]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"ml_validation": (20211001, 20221231)}, "ml_validation must begin after .*discovery"),
        ({"sealed": (20050101, 20091231)}, "sealed must begin after .*portfolio"),
        ({"portfolio": (20231231, 20230101)}, "ends before it begins: 20231231 to 20230101"),
        ({"sealed": (20250101, 20251231)}, "holds no session; the history runs from 20050103"),
        ({"discovery": (20100115, 20211231)}, "first and end on the last day of a calendar"),
        ({"discovery": (20100101, 20211130)}, "first and end on the last day of a calendar"),
        ({"sealed": 0.2}, "all fractions or all dates"),
        ({"sealed": (20240101,)}, "must be .first, last. as yyyymmdd"),
    ],
)
def test_wrong_dates_are_refused(change, complaint):
    with pytest.raises(SettingsError, match=complaint):
        windows(TWENTY_YEARS, SEEDS | change)


@pytest.mark.parametrize("share", [0.0, 0.9, -0.1, 1.5])
def test_wrong_fractions_are_refused(share):
    with pytest.raises(SettingsError, match="add up to 1"):
        windows(TWENTY_YEARS, {**DEFAULT_WINDOWS, "sealed": share})


def test_a_forgotten_or_invented_window_is_refused():
    with pytest.raises(SettingsError, match="must name discovery, ml_validation"):
        windows(TWENTY_YEARS, {"discovery": 0.5, "seal": 0.5})
