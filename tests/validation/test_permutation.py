import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.permutation import p_value, permuted_bars, permuted_closes


def market(seed: int = 0, n: int = 400) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(0.01 * rng.standard_normal(n)))
    open_ = np.append(100.0, close[:-1]) * np.exp(0.003 * rng.standard_normal(n))
    high = np.maximum(open_, close) * np.exp(0.004 * rng.random(n))
    low = np.minimum(open_, close) * np.exp(-0.004 * rng.random(n))
    return open_, high, low, close


def trending(n: int = 600) -> np.ndarray:
    moves = np.random.default_rng(3).standard_normal(n)
    for t in range(1, n):
        moves[t] += 0.5 * moves[t - 1]
    return 100.0 * np.exp(np.cumsum(0.01 * moves))


def follow(close: np.ndarray) -> float:
    """Return the mean over the deviation of holding in the direction of the last move."""
    moves = np.diff(np.log(close))
    pnl = np.sign(moves[:-1]) * moves[1:]
    return float(pnl.mean() / pnl.std())


def test_start_and_end_are_kept():
    bars = market()

    new = permuted_bars(*bars, np.random.default_rng(1))

    for old, drawn in zip(bars, new, strict=False):
        assert drawn[0] == pytest.approx(old[0], rel=1e-12)
    assert new.close[-1] == pytest.approx(bars[3][-1], rel=1e-12)
    assert not np.allclose(new.close[1:-1], bars[3][1:-1])


def test_gaps_and_inner_parts_are_the_old_ones_in_another_order():
    open_, high, low, close = market()

    new = permuted_bars(open_, high, low, close, np.random.default_rng(1))

    gaps = np.sort(np.log(open_[1:] / close[:-1]))
    np.testing.assert_allclose(np.sort(np.log(new.open[1:] / new.close[:-1])), gaps, atol=1e-12)
    for old, drawn in ((high, new.high), (low, new.low), (close, new.close)):
        np.testing.assert_allclose(drawn / new.open, (old / open_)[new.source], rtol=1e-12)
    assert np.sort(new.source).tolist() == list(range(400))
    assert new.source[0] == 0


def test_gaps_are_shuffled_apart_from_inner_parts():
    open_, high, low, close = market()

    new = permuted_bars(open_, high, low, close, np.random.default_rng(1))

    old_gap = np.append(0.0, np.log(open_[1:] / close[:-1]))
    gap = np.append(0.0, np.log(new.open[1:] / new.close[:-1]))
    assert not np.allclose(gap, old_gap[new.source])
    assert not np.allclose(gap, old_gap)


def test_every_bar_holds_its_open_and_close():
    for seed in range(50):
        open_, _, _, close = market(seed)
        high, low = np.maximum(open_, close), np.minimum(open_, close)

        new = permuted_bars(open_, high, low, close, np.random.default_rng(seed))

        assert (new.high >= np.maximum(new.open, new.close)).all()
        assert (new.low <= np.minimum(new.open, new.close)).all()


def test_closes_keep_start_end_and_moves():
    close = trending()

    new = permuted_closes(close, np.random.default_rng(1))

    assert new[[0, -1]] == pytest.approx(close[[0, -1]], rel=1e-12)
    moves = np.sort(np.diff(np.log(close)))
    np.testing.assert_allclose(np.sort(np.diff(np.log(new))), moves, atol=1e-12)
    assert not np.allclose(new, close)


def test_additive_prices_may_be_negative_and_keep_their_differences():
    open_, high, low, close = (p - 100.0 for p in market())

    new = permuted_bars(open_, high, low, close, np.random.default_rng(1), additive=True)

    assert new.close[-1] == pytest.approx(close[-1], abs=1e-9)
    np.testing.assert_allclose(new.high - new.open, (high - open_)[new.source], atol=1e-9)


def test_a_price_at_or_below_zero_is_refused_for_log_returns():
    with pytest.raises(DataError, match=r"bar 1 has -2\.0; use additive"):
        permuted_closes(np.array([1.0, -2.0, 3.0]), np.random.default_rng(0))


def test_nothing_to_permute_is_refused_and_one_bar_stays():
    one = np.array([5.0])

    assert permuted_bars(one, one, one, one, np.random.default_rng(0)).close == pytest.approx(one)
    with pytest.raises(DataError, match="at least one bar"):
        permuted_closes(np.array([]), np.random.default_rng(0))


def test_the_same_seed_gives_the_same_market_and_another_another():
    draws = [permuted_bars(*market(), np.random.default_rng(s)).close for s in (1, 1, 2)]

    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_the_statistic_changes_under_the_null_draw_and_a_trend_is_found():
    close, rng = trending(), np.random.default_rng(1)

    draws = np.array([follow(permuted_closes(close, rng)) for _ in range(199)])

    # What a shuffled trade list cannot do (specs, statistics C0): the figure itself moves.
    assert draws.std() > 0.01
    assert p_value(follow(close), draws) == 1 / 200


def test_on_markets_without_memory_five_percent_are_called_significant():
    rng, p = np.random.default_rng(2), []

    for _ in range(400):
        close = 100.0 * np.exp(np.cumsum(0.01 * rng.standard_normal(120)))
        draws = np.array([follow(permuted_closes(close, rng)) for _ in range(19)])
        p.append(p_value(follow(close), draws))

    # 99 % bounds of a share of 5 % in 400.
    assert 0.022 <= np.mean(np.array(p) <= 0.05) <= 0.078


def test_p_is_never_zero_and_unknown_figures_prove_nothing():
    assert p_value(9.0, np.zeros(99)) == 0.01
    assert p_value(0.0, np.zeros(99)) == 1.0
    assert p_value(float("nan"), np.zeros(99)) == 1.0
    assert p_value(1.0, np.array([np.nan, 2.0, 0.0])) == 0.5
