import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.nulls import (
    block_permuted_bars,
    noisy_bars,
    random_entries,
    shifted,
    slot_permuted_bars,
)
from alphamill.validation.permutation import p_value

PER_DAY = 6


def market(n: int = 600, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Return open, high, low, close of bars; the first of each day gaps and swings three times."""
    rng = np.random.default_rng(seed)
    swing = np.where(np.arange(n) % PER_DAY == 0, 0.03, 0.01)
    gap, move = 0.5 * swing * rng.standard_normal(n), swing * rng.standard_normal(n)
    close = 100.0 * np.exp(np.cumsum(gap + move))
    open_ = close / np.exp(move)
    high = np.maximum(open_, close) * np.exp(0.004 * rng.random(n))
    low = np.minimum(open_, close) * np.exp(-0.004 * rng.random(n))
    return open_, high, low, close


def slots(n: int = 600) -> np.ndarray:
    return np.arange(n) % PER_DAY * 60


def gaps(prices) -> np.ndarray:
    return np.log(prices[0][1:] / prices[3][:-1])


def inner(prices) -> np.ndarray:
    return np.stack([np.log(p / prices[0]) for p in prices[1:4]])


def clustered(n: int = 3_000) -> tuple[np.ndarray, ...]:
    """Return bars that only move, calm and wild for 100 bars in turn."""
    rng = np.random.default_rng(0)
    swing = np.where(np.arange(n) // 100 % 2 == 0, 0.002, 0.02)
    close = 100.0 * np.exp(np.cumsum(swing * rng.standard_normal(n)))
    open_ = np.append(100.0, close[:-1])
    return open_, np.maximum(open_, close), np.minimum(open_, close), close


def clustering(close: np.ndarray) -> float:
    size = np.abs(np.diff(np.log(close)))
    return float(np.corrcoef(size[:-1], size[1:])[0, 1])


DRAWS = {
    "blocks": lambda prices, rng, **more: block_permuted_bars(prices, 7, rng, **more),
    "slots": lambda prices, rng, **more: slot_permuted_bars(prices, slots(), rng, **more),
}
every_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)


@every_draw
def test_a_draw_keeps_start_end_and_every_gap_and_inner_part(draw):
    prices = market()

    new = draw(prices, np.random.default_rng(1))

    for old, drawn in zip(prices, new[:4], strict=True):
        assert drawn[0] == old[0]
    assert new.close[-1] == pytest.approx(prices[3][-1], rel=1e-11)
    np.testing.assert_allclose(np.sort(gaps(new)), np.sort(gaps(prices)), atol=1e-12)
    np.testing.assert_allclose(inner(new), inner(prices)[:, new.source], atol=1e-12)
    assert np.sort(new.source).tolist() == list(range(600))
    assert np.mean(new.source == np.arange(600)) < 0.1


@every_draw
def test_only_the_test_segment_is_drawn_where_the_training_segment_must_stay(draw):
    prices = market()

    new = draw(prices, np.random.default_rng(1), first=399)

    for old, drawn in zip(prices, new[:4], strict=True):
        np.testing.assert_array_equal(drawn[:400], old[:400])
        assert np.mean(drawn[400:-1] == old[400:-1]) < 0.1
    assert new.close[-1] == pytest.approx(prices[3][-1], rel=1e-11)
    np.testing.assert_allclose(np.sort(gaps(new)[399:]), np.sort(gaps(prices)[399:]), atol=1e-12)
    assert np.sort(new.source[400:]).tolist() == list(range(400, 600))


@every_draw
def test_a_draw_holds_open_and_close_within_high_and_low(draw):
    for seed in range(20):
        open_, _, _, close = market(seed=seed)
        body = (open_, np.maximum(open_, close), np.minimum(open_, close), close)

        new = draw(body, np.random.default_rng(seed))

        assert (new.high >= np.maximum(new.open, new.close)).all()
        assert (new.low <= np.minimum(new.open, new.close)).all()


@every_draw
def test_a_draw_repeats_with_its_seed(draw):
    a, b, c = (draw(market(), np.random.default_rng(seed)).close for seed in (1, 1, 2))

    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


@every_draw
def test_additive_prices_may_be_negative_and_others_not(draw):
    below = tuple(p - 100.0 for p in market())

    new = draw(below, np.random.default_rng(1), additive=True)

    np.testing.assert_allclose(new.high - new.open, (below[1] - below[0])[new.source], atol=1e-9)
    assert new.close[-1] == pytest.approx(below[3][-1], abs=1e-8)
    with pytest.raises(DataError, match="prices above 0, bar .* use additive"):
        draw(below, np.random.default_rng(1))


@every_draw
def test_a_bar_that_is_not_there_cannot_be_the_last_to_stay(draw):
    with pytest.raises(DataError, match="must be one of 600, received 600"):
        draw(market(), np.random.default_rng(0), first=600)


def test_blocks_stay_whole_with_the_gaps_inside_them():
    new = block_permuted_bars(market(), 25, np.random.default_rng(1))

    follows = np.diff(new.source) == 1

    # 599 bars in blocks of 25: 24 or 25 of them, so at most 25 seams.
    assert 15 <= np.count_nonzero(~follows) <= 25
    np.testing.assert_allclose(
        gaps(new)[1:][follows[1:]], gaps(market())[new.source[2:] - 1][follows[1:]], atol=1e-12
    )


def test_seams_of_blocks_do_not_always_fall_in_the_same_places():
    seams = [
        set(np.sort(new.source[1:][np.diff(new.source) != 1]).tolist())
        for new in (block_permuted_bars(market(), 50, np.random.default_rng(s)) for s in (1, 2))
    ]

    assert len(seams[0] & seams[1]) < 6


def test_blocks_keep_volatility_clusters_that_single_bars_lose():
    prices = clustered()

    singly, in_blocks = (
        clustering(block_permuted_bars(prices, size, np.random.default_rng(1)).close)
        for size in (1, 50)
    )

    assert clustering(prices[3]) > 0.3
    assert in_blocks > 0.8 * clustering(prices[3])
    assert abs(singly) < 0.06


def test_slots_keep_the_moves_of_each_time_of_the_day():
    prices = market()

    new = slot_permuted_bars(prices, slots(), np.random.default_rng(1))

    for k in range(PER_DAY):
        at = np.flatnonzero(slots() == 60 * k)
        np.testing.assert_allclose(
            np.sort(inner(new)[2, at]), np.sort(inner(prices)[2, at]), atol=1e-12
        )
        later = at[at > 0] - 1
        np.testing.assert_allclose(
            np.sort(gaps(new)[later]), np.sort(gaps(prices)[later]), atol=1e-12
        )
    assert not np.allclose(gaps(new), gaps(prices)[np.maximum(new.source[1:] - 1, 0)])


def test_a_slot_for_each_bar_leaves_the_market_as_it_was():
    new = slot_permuted_bars(market(), np.arange(600), np.random.default_rng(1))

    np.testing.assert_allclose(new.close, market()[3], rtol=1e-12)
    with pytest.raises(DataError, match=r"slots must be \(600,\)"):
        slot_permuted_bars(market(), np.arange(5), np.random.default_rng(1))


def test_a_shift_keeps_positions_and_their_order_and_breaks_the_alignment():
    rng = np.random.default_rng(0)
    held = np.repeat(rng.choice([-1.0, 0.0, 1.0], 50), 10)
    both = np.stack([held, 2.0 * held], axis=1)

    new = shifted(both, rng, shortest=40)

    lag = int(np.flatnonzero([np.array_equal(np.roll(held, k), new[:, 0]) for k in range(500)])[0])
    assert 40 <= lag <= 460
    np.testing.assert_array_equal(new[:, 1], 2.0 * new[:, 0])


def test_all_shifts_that_are_long_enough_are_drawn_and_no_other():
    rng, x = np.random.default_rng(0), np.arange(8.0)

    firsts = {float(shifted(x, rng, shortest=3)[0]) for _ in range(200)}

    assert firsts == {5.0, 4.0, 3.0}  # shifts of 3, 4 and 5
    with pytest.raises(DataError, match="needs 6 bars, received 5"):
        shifted(np.arange(5.0), rng, shortest=3)


def test_a_rule_that_knows_the_next_move_is_found_by_shifting_and_chance_is_not():
    rng = np.random.default_rng(0)
    moves = rng.standard_normal(400)
    knows, guesses = (
        np.sign(moves + 2.0 * rng.standard_normal(400)),
        np.sign(rng.standard_normal(400)),
    )

    p = [
        p_value(held @ moves, np.array([shifted(held, rng) @ moves for _ in range(199)]))
        for held in (knows, guesses)
    ]

    assert p[0] <= 0.01
    assert p[1] > 0.05


def test_random_entries_keep_number_and_holding_times_and_never_overlap():
    entry, exit_ = np.array([3, 10, 10, 40, 60]), np.array([10, 10, 25, 41, 90])
    entry, exit_ = entry[[3, 0, 1, 2, 4]], exit_[[3, 0, 1, 2, 4]]

    for seed in range(200):
        new = random_entries(entry, exit_, 100, np.random.default_rng(seed))

        assert (new.exit - new.entry).tolist() == (exit_ - entry)[new.source].tolist()
        assert sorted(new.source.tolist()) == [0, 1, 2, 3, 4]
        assert (new.entry[1:] >= np.maximum(new.exit, new.entry + 1)[:-1]).all()
        assert new.entry[0] >= 0
        assert new.exit[-1] <= 99


def test_every_arrangement_is_equally_likely():
    # One trade of two bars and one of one in five bars: entries and exits within 0 .. 4.
    rng = np.random.default_rng(0)
    entry, exit_ = np.array([0, 2]), np.array([2, 3])

    drawn = [random_entries(entry, exit_, 5, rng) for _ in range(6_000)]
    seen, counts = np.unique([(*d.entry, d.source[0]) for d in drawn], axis=0, return_counts=True)

    assert len(seen) == 6  # one free bar in three places, two orders
    assert counts.min() > 880
    assert counts.max() < 1_120


def test_trades_that_fill_the_history_can_only_change_places():
    new = random_entries(np.array([0, 4]), np.array([4, 9]), 10, np.random.default_rng(0))

    assert new.entry.tolist() in ([0, 4], [0, 5])
    assert (
        random_entries(*np.zeros((2, 0), dtype=np.int64), 10, np.random.default_rng(0))[0].size == 0
    )


@pytest.mark.parametrize(
    ("entry", "exit_", "n_bars"),
    [([0, 3], [5, 8], 20), ([5], [4], 20), ([5], [20], 20), ([-1], [4], 20)],
    ids=["overlap", "backwards", "late", "early"],
)
def test_impossible_trades_are_refused(entry, exit_, n_bars):
    with pytest.raises(DataError, match="follow each other within 20 bars"):
        random_entries(np.array(entry), np.array(exit_), n_bars, np.random.default_rng(0))


def test_more_trades_within_single_bars_than_bars_are_refused():
    bars = np.zeros(3, dtype=np.int64)

    with pytest.raises(DataError, match="fill more than 3 bars"):
        random_entries(bars, bars, 3, np.random.default_rng(0))


def test_noise_has_the_size_asked_for_and_keeps_path_and_wicks():
    prices = market(6_000)
    moves = np.diff(np.log(prices[3]))

    new = noisy_bars(prices, 0.2, np.random.default_rng(1))

    for old, drawn in ((prices[0], new[0]), (prices[3], new[3])):
        assert np.log(drawn / old).std() == pytest.approx(0.2 * moves.std(), rel=0.05)
        assert np.abs(np.log(drawn / old).mean()) < 0.01 * moves.std()
    assert np.diff(np.log(new[3])).var() == pytest.approx(moves.var() * 1.08, rel=0.03)
    np.testing.assert_allclose(
        new[1] / np.maximum(new[0], new[3]), prices[1] / np.maximum(prices[0], prices[3])
    )
    np.testing.assert_allclose(
        new[2] / np.minimum(new[0], new[3]), prices[2] / np.minimum(prices[0], prices[3])
    )


def test_no_noise_changes_nothing_and_negative_noise_is_refused():
    np.testing.assert_allclose(noisy_bars(market(), 0.0, np.random.default_rng(0)), market())
    with pytest.raises(DataError, match=r"0 or more, received -0\.1"):
        noisy_bars(market(), -0.1, np.random.default_rng(0))


def test_noise_repeats_with_its_seed():
    a, b, c = (noisy_bars(market(), 0.1, np.random.default_rng(seed))[3] for seed in (1, 1, 2))

    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_columns_of_different_lengths_are_refused():
    open_, high, low, close = market()

    with pytest.raises(DataError, match="four columns of one length"):
        noisy_bars((open_, high, low, close[:-1]), 0.1, np.random.default_rng(0))
