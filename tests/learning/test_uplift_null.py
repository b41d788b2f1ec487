"""A score against itself at other times: the plain loop, its size on noise, and its power."""

import numpy as np
import pytest

from alphamill.backtest.metrics import periods_per_year
from alphamill.core.errors import DataError
from alphamill.learning.labels import SignalTrades, signal_trades
from alphamill.learning.position import taken
from alphamill.learning.uplift import over_bars, vetoed
from alphamill.learning.uplift_null import UpliftNull, uplift_null

from .test_uplift import FREE, HOLD_TWO, market

N_SESSIONS = 260
DAYS = np.busday_offset("2022-01-03", np.arange(N_SESSIONS))
SESSIONS = np.char.replace(np.datetime_as_string(DAYS), "-", "").astype(np.int64)


def signals(seed: int, n: int = 120, runs: int = 3) -> SignalTrades:
    """Return trades of like fortune in runs, a bar a session, many of them overlapping."""
    rng = np.random.default_rng(seed)
    decided = np.sort(rng.choice(N_SESSIONS - 12, n, replace=False))
    held = rng.integers(1, 6, n)
    pnl = np.repeat(rng.standard_normal(n // runs + 1), runs)[:n] + rng.standard_normal(n)
    leave, ones, zeros = decided + held, np.ones(n), np.zeros(n)
    side = ones.astype(np.int64)
    return SignalTrades(
        decided, side, decided + 1, leave, leave, leave, ones, ones, ones, pnl, zeros, held,
        side, ones.astype(bool),
    )  # fmt: skip


def scores(seed: int, n: int = 120, memory: float = 0.8) -> np.ndarray:
    """Return scores that know nothing and change slowly."""
    draws = np.random.default_rng(seed).standard_normal(n)
    for i in range(1, n):
        draws[i] = memory * draws[i - 1] + (1 - memory**2) ** 0.5 * draws[i]
    return 1.0 / (1.0 + np.exp(-draws))


def null(trades: SignalTrades, score: np.ndarray, n_draws: int = 1_000) -> UpliftNull:
    booked = SESSIONS[trades.exit_bar]
    rng = np.random.default_rng(0)
    return uplift_null(trades, score, 0.5, booked, SESSIONS, n_draws, rng)


def by_hand(trades: SignalTrades, kept: list[bool]) -> tuple[float, float]:
    """Return net P&L and annual Sharpe ratio of the P&L by session, in plain loops."""
    traded = taken(trades, np.array(kept))
    daily = [0.0] * N_SESSIONS
    for i, bar in enumerate(trades.exit_bar.tolist()):
        daily[bar] += float(trades.pnl[i]) if traded[i] else 0.0
    mean = sum(daily) / N_SESSIONS
    spread = sum((d - mean) ** 2 for d in daily) / (N_SESSIONS - 1)
    return sum(daily), mean / spread**0.5 * periods_per_year(SESSIONS) ** 0.5


def test_every_shift_equals_the_plain_loop():
    trades, score = signals(1, n=15), scores(2, n=15)
    kept = [s >= 0.5 for s in score.tolist()]
    alone = by_hand(trades, [True] * 15)

    found = null(trades, score)

    moved = [by_hand(trades, kept[-s:] + kept[:-s]) for s in range(1, 15)]
    here = by_hand(trades, kept)
    assert (found.n_signals, found.n_kept) == (15, sum(kept))
    assert found.profit == pytest.approx(here[0] - alone[0])
    assert found.sharpe == pytest.approx(here[1] - alone[1])
    assert found.profit_draws == pytest.approx([m[0] - alone[0] for m in moved])
    assert found.p_profit == (1 + sum(m[0] >= here[0] for m in moved)) / 15
    assert found.p_sharpe == (1 + sum(m[1] >= here[1] for m in moved)) / 15


def test_the_uplift_is_what_the_kernel_makes_under_the_same_veto():
    bars, asked = market(seed=6, n_bars=400)
    trades = signal_trades(bars, asked, HOLD_TWO, FREE)
    score = scores(9, n=len(trades))
    kept = over_bars(trades.decided, score >= 0.5, len(bars))

    booked = bars.session[trades.exit_bar]
    rng = np.random.default_rng(0)
    found = uplift_null(trades, score, 0.5, booked, bars.session, 99, rng)

    pnl = [
        vetoed(bars, asked, keep, HOLD_TWO, FREE).trades.pnl.sum()
        for keep in (over_bars(trades.decided, score >= 0, len(bars)), kept)
    ]
    assert found.profit == pytest.approx(pnl[1] - pnl[0])


def test_on_noise_p_values_come_as_often_as_they_say():
    found = [null(signals(seed), scores(seed + 5_000)) for seed in range(400)]

    # 99.9 % of draws of a binomial with 400 trials lie within these.
    for level, fewest, most in ((0.05, 7, 36), (0.2, 55, 107), (0.5, 167, 233)):
        assert fewest <= sum(f.p_profit <= level for f in found) <= most
        assert fewest <= sum(f.p_sharpe <= level for f in found) <= most


def test_a_score_that_knows_is_told_from_one_that_does_not():
    found = []
    for seed in range(20):
        trades = signals(seed)
        knowing = 1.0 / (1.0 + np.exp(-(trades.pnl + scores(seed + 900) - 0.5)))
        found.append(null(trades, knowing))

    assert np.median([f.p_profit for f in found]) < 0.02
    assert np.median([f.p_sharpe for f in found]) < 0.02
    assert min(f.profit for f in found) > 0


@pytest.mark.parametrize("value", [0.1, 0.9, np.nan])
def test_a_veto_that_keeps_all_or_nothing_proves_nothing(value: float):
    found = null(signals(3), np.full(120, value))

    assert (found.p_profit, found.p_sharpe) == (1.0, 1.0)


def test_the_threshold_is_rounded_as_live_rounds_it():
    score = np.full(120, 0.5 - 1e-12)

    assert null(signals(3), score).n_kept == 120


def test_of_many_signals_so_many_different_shifts_are_drawn_as_asked():
    trades, score = signals(7), scores(8)
    every, some = null(trades, score), null(trades, score, n_draws=20)

    assert (every.profit_draws.size, some.profit_draws.size) == (119, 20)
    assert np.isin(some.profit_draws, every.profit_draws).all()
    assert np.array_equal(some.profit_draws, null(trades, score, n_draws=20).profit_draws)
    assert (some.profit, some.sharpe) == (every.profit, every.sharpe)


def test_no_draw_is_the_score_where_it_stands():
    found = null(signals(7), scores(8), n_draws=118)

    assert found.profit not in found.profit_draws


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_signals_to_move_prove_nothing(n: int):
    assert null(signals(3, n=n), scores(3, n=n)).p_profit == 1.0


def test_an_exit_outside_the_sessions_is_refused():
    trades = signals(3)
    booked = SESSIONS[trades.exit_bar].copy()
    booked[4] = 20230102

    with pytest.raises(DataError, match="signal 4 is booked on 20230102. Pass all trade dates"):
        uplift_null(trades, scores(1), 0.5, booked, SESSIONS, 9, np.random.default_rng(0))


def test_scores_of_other_signals_are_refused():
    with pytest.raises(DataError, match=r"one row a signal, 120, received \(7,\)"):
        null(signals(3), scores(1, n=7))
