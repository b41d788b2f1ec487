import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.bootstrap import stationary_rows, stationary_weights
from alphamill.validation.maximum import Maximum, chunk_maximum, judged, merged, skill
from alphamill.validation.permutation import p_value

N_SESSIONS = 500


def slow_twin(gains: np.ndarray, rows: np.ndarray) -> Maximum:
    """Return the same cell by cell and draw by draw, from resampled histories."""

    def t(x: np.ndarray) -> np.ndarray:
        return np.sqrt(x.shape[0]) / x.std(axis=0, ddof=1)

    moved = [(gains[row].mean(axis=0) - gains.mean(axis=0)) * t(gains[row]) for row in rows]
    return Maximum(gains.mean(axis=0) * t(gains), np.max(moved, axis=1))


def positions(rng: np.random.Generator, n_cells: int) -> np.ndarray:
    """Return positions of related rules: signs of slow sums of noise, three neighbours alike."""
    driver = np.cumsum(rng.standard_normal((N_SESSIONS, n_cells // 3)), axis=0)
    nearby = np.repeat(driver, 3, axis=1) + rng.standard_normal((N_SESSIONS, n_cells))
    return np.sign(nearby) * (rng.random((N_SESSIONS, n_cells)) < 0.5)


def false_finds(market_of, n_markets: int, seed: int) -> float:
    """Return the share of markets in which the best of 45 rules without skill passes at 5 %."""
    rng, found = np.random.default_rng(seed), []
    weights = stationary_weights(N_SESSIONS, 399, 5.0, rng)
    for _ in range(n_markets):
        held, market = positions(rng, 45), market_of(rng)
        gains = skill(held * market[:, None], held.mean(axis=0), market)
        found.append(judged(chunk_maximum(gains, weights)).best_p <= 0.05)
    return float(np.mean(found))


def garch(rng: np.random.Generator) -> np.ndarray:
    z, variance, out = rng.standard_normal(N_SESSIONS), 1.0, np.empty(N_SESSIONS)
    for t in range(N_SESSIONS):
        out[t] = np.sqrt(variance) * z[t]
        variance = 0.05 + 0.10 * out[t] ** 2 + 0.85 * variance
    return out


def test_the_streamed_maximum_equals_its_slow_twin():
    rng = np.random.default_rng(0)
    gains = rng.standard_normal((80, 7)) * [1, 5, 1, 0.01, 1, 100, 1] + 0.05
    rows = stationary_rows(80, 50, 4.0, np.random.default_rng(1))
    weights = stationary_weights(80, 50, 4.0, np.random.default_rng(1))

    fast, slow = chunk_maximum(gains, weights), slow_twin(gains, rows)

    np.testing.assert_allclose(fast.statistic, slow.statistic, rtol=1e-12)
    np.testing.assert_allclose(fast.largest, slow.largest, rtol=1e-5)


def test_chunks_of_any_width_give_the_maximum_of_the_whole():
    gains = np.random.default_rng(0).standard_normal((60, 1_300)).astype(np.float32)
    weights = stationary_weights(60, 99, 3.0, np.random.default_rng(1))

    whole = chunk_maximum(gains, weights)
    parts = merged(chunk_maximum(gains[:, a : a + 100], weights) for a in range(0, 1_300, 100))

    np.testing.assert_allclose(parts.statistic, whole.statistic, rtol=1e-12)
    np.testing.assert_allclose(parts.largest, whole.largest, rtol=1e-5)
    np.testing.assert_array_equal(judged(parts).p_value, judged(whole).p_value)


def test_each_p_value_counts_the_draws_whose_maximum_reaches_the_cell():
    rng = np.random.default_rng(0)
    gains = rng.standard_normal((100, 30)) + 0.15
    whole = chunk_maximum(gains, stationary_weights(100, 199, 2.0, rng))

    verdict = judged(whole)

    expected = [p_value(t, whole.largest) for t in whole.statistic]
    np.testing.assert_allclose(verdict.p_value, np.where(whole.statistic > 0, expected, 1.0))
    assert verdict.best == np.argmax(whole.statistic)
    assert verdict.best_p == verdict.p_value.min() < 1.0


def test_a_draw_that_equals_the_statistic_reaches_it():
    verdict = judged(Maximum(np.array([2.0, 1.0, 3.0]), np.array([1.0, 2.0, 2.5])))

    assert verdict.p_value.tolist() == [0.75, 1.0, 0.25]
    assert (verdict.best, verdict.best_p) == (2, 0.25)


def test_skill_is_what_the_mean_exposure_did_not_earn():
    market = np.array([1.0, -2.0, 3.0, 2.0])
    held = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 0.0], [1.0, 0.0]])

    left = skill(held * market[:, None], held.mean(axis=0), market)

    # Always long has no skill in any session; the other is flat on average: all is skill.
    assert left.T.tolist() == [[0.0, 0.0, 0.0, 0.0], [1.0, 2.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    "market_of",
    [
        lambda rng: rng.standard_normal(N_SESSIONS),
        garch,
        lambda rng: rng.standard_t(4, N_SESSIONS),
        # 2.5 of annual Sharpe from drift alone.
        lambda rng: rng.standard_normal(N_SESSIONS) + 0.16,
    ],
    ids=["iid", "garch", "t4", "drift"],
)
def test_of_200_markets_without_skill_about_five_percent_have_a_find(market_of):
    # 99 % bounds of 5 % of 200: 1.5 to 9.5 %; conservative is allowed.
    assert 0.005 <= false_finds(market_of, 200, seed=3) <= 0.095


def test_without_taking_the_drift_out_drift_passes_for_skill():
    rng, found = np.random.default_rng(3), []
    weights = stationary_weights(N_SESSIONS, 199, 5.0, rng)

    for _ in range(40):
        long_only = np.abs(positions(rng, 45))
        market = rng.standard_normal(N_SESSIONS) + 0.16
        pnl = long_only * market[:, None]
        left = skill(pnl, long_only.mean(axis=0), market)
        found.append([judged(chunk_maximum(g, weights)).best_p <= 0.05 for g in (pnl, left)])

    raw, without_drift = np.mean(found, axis=0)
    assert raw > 0.5
    assert without_drift <= 0.2


def test_a_planted_cell_is_found_among_300_and_only_that_cell():
    rng, best, named = np.random.default_rng(4), [], []
    weights = stationary_weights(1_250, 399, 5.0, rng)

    for _ in range(30):
        gains = rng.standard_normal((1_250, 300)).astype(np.float32)
        gains[:, 123] += 0.16  # 2.5 a year, 5 years: t of 5.7
        verdict = judged(chunk_maximum(gains, weights))
        best.append(verdict.best == 123 and verdict.best_p <= 0.05)
        named.append(np.count_nonzero(verdict.p_value <= 0.05))

    assert np.mean(best) >= 0.9
    assert np.mean(named) <= 1.2


def test_many_small_wins_and_rare_large_losses_do_not_pass_for_skill():
    rng, found = np.random.default_rng(1), []
    weights = stationary_weights(800, 199, 5.0, rng)

    for _ in range(100):
        gains = np.zeros((800, 30))
        gains[:100] = np.where(rng.random((100, 30)) < 0.1, -9.0, 1.0)
        gains = rng.permuted(gains + 0.1 * rng.standard_normal((800, 30)) * (gains != 0), axis=0)
        found.append(judged(chunk_maximum(gains, weights)).best_p <= 0.05)

    # With the deviation of the whole history it would be most of them.
    assert np.mean(found) <= 0.11


def test_cells_with_too_few_trades_take_no_part():
    rng = np.random.default_rng(0)
    gains = rng.standard_normal((200, 4)) + 0.3
    gains[:, 2] = 0.0
    gains[[5, 90], 2] = 1.0, -100.0
    weights = stationary_weights(200, 199, 2.0, rng)
    asked = np.array([True, True, False, True])

    whole = chunk_maximum(gains, weights, asked)

    np.testing.assert_array_equal(whole.largest, chunk_maximum(gains[:, asked], weights).largest)
    assert judged(whole).p_value[2] == 1.0
    assert chunk_maximum(gains, weights).largest.max() > 2 * whole.largest.max()
    with pytest.raises(DataError, match=r"takes_part must be \(4,\)"):
        chunk_maximum(gains, weights, asked[:3])


def test_copies_of_one_cell_cost_nothing():
    rng = np.random.default_rng(0)
    one = rng.standard_normal((300, 1)) + 0.12
    weights = stationary_weights(300, 999, 3.0, rng)

    alone = judged(chunk_maximum(one, weights)).best_p
    copied = judged(chunk_maximum(np.repeat(one, 200, axis=1), weights)).best_p
    noisy = judged(chunk_maximum(np.hstack([one, rng.standard_normal((300, 199))]), weights))

    assert copied == pytest.approx(alone, abs=0.002)
    assert noisy.p_value[0] > 3 * alone


def test_cells_that_never_move_show_nothing_and_do_not_disturb_the_rest():
    rng = np.random.default_rng(0)
    moving = rng.standard_normal((50, 3)) + 0.3
    weights = stationary_weights(50, 99, 2.0, rng)
    flat = np.hstack([np.zeros((50, 1)), np.full((50, 1), 0.1), moving])

    whole, alone = chunk_maximum(flat, weights), chunk_maximum(moving, weights)

    np.testing.assert_array_equal(whole.largest, alone.largest)
    assert judged(whole).p_value[:2].tolist() == [1.0, 1.0]
    assert judged(chunk_maximum(flat[:, :2], weights)).best_p == 1.0


def test_an_empty_chunk_adds_nothing_and_an_empty_grid_is_refused():
    rng = np.random.default_rng(0)
    weights = stationary_weights(50, 99, 2.0, rng)
    some, none = (chunk_maximum(rng.standard_normal((50, k)), weights) for k in (3, 0))

    np.testing.assert_array_equal(merged([none, some]).largest, some.largest)
    with pytest.raises(DataError, match="at least one cell"):
        judged(none)


def test_what_does_not_fit_is_refused():
    weights = np.ones((9, 5), dtype=np.float32)
    holed = np.zeros((5, 2))
    holed[4, 1] = np.inf

    with pytest.raises(DataError, match="session 4 of cell 1 is not"):
        chunk_maximum(holed, weights)
    with pytest.raises(DataError, match=r"received \(6, 2\) and \(9, 5\)"):
        chunk_maximum(np.zeros((6, 2)), weights)
    with pytest.raises(DataError, match=r"received numbers \[3, 4\]"):
        merged([Maximum(np.zeros(1), np.zeros(k)) for k in (3, 4)])
    with pytest.raises(DataError, match=r"received \(5, 2\), \(5,\) and \(3,\)"):
        skill(holed, np.zeros(3), np.zeros(5))
