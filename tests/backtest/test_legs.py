"""Several legs: a hand-worked spread, the plain account as twin, and one leg as the old loop."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.cell import cell_of
from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.legs import backtest_legs, legs_of
from alphamill.backtest.metrics import summary
from alphamill.backtest.state import OPEN_AT_END, RULE
from alphamill.backtest.tally import tally_by_loop
from alphamill.core.errors import DataError
from alphamill.core.market import Instrument, Signals

from ..strategies.markets import drawn
from .markets import random_market
from .readable_legs import QUARTER_NS, by_account

NAN = float("nan")
# Ten dollars a point, a tick of 0.25, one tick of slippage, three dollars a side.
CONTRACT = Instrument(
    "CON", "contract", "future", "XNYS", 0.25, 10.0, slippage_ticks=1.0, commission_per_side=3.0
)
# A thousand dollars a trade, no costs.
SHARE = Instrument("SHR", "share", "equity", "XNYS", 0.01, 1.0, notional=1_000.0, slippage_bps=0.0)


def level(prices, symbol="DRW"):
    return drawn(prices, prices, prices, prices, symbol)


# --- worked by hand ----------------------------------------------------------------------------

OWN = level([100.0, 100.0, 102.0, 101.0, 99.0, 98.0, 98.0], "CON")
PARTNER = level([50.0, 50.0, 55.0, 50.0, 40.0, 50.0, 50.0], "SHR")


def spread(targets, series=((OWN, CONTRACT), (PARTNER, SHARE))):
    return backtest_legs(legs_of(series), np.array(targets, dtype=np.float64))


def test_a_spread_worked_by_hand():
    # Close 0: buy one contract and, its money being 100 x 10 = 1000, half of a thousand dollars of
    # shares short. Open 1: bought at 100.25 for 3; 500 / 50 = 10 shares sold at 50.
    # Close 1: 10 x -0.25 - 3 = -5.5.   Close 2: 10 x 1.75 - 3 - 10 x 5 = -35.5.
    # Close 2: flat. Open 3: sold at 100.75 for 3: 10 x 0.5 - 6 = -1; shares back at 50: 0.
    # Close 3: sell one, half a thousand dollars long of shares at 1010 / 1000: 0.505.
    # Open 4: sold at 98.75 for 3, 505 / 40 = 12.625 shares at 40.  Close 4: 10 x -0.25 - 3 = -5.5.
    # Close 5: 10 x 0.75 - 3 + 12.625 x 10 = 130.75.  The end, bar 6: bought back at 98.25 for 3,
    # 10 x 0.5 - 6 + 126.25 = 125.25.
    result = spread(
        [[1, -0.5], [NAN, NAN], [0, 0], [-1, 0.5], [NAN, NAN], [NAN, NAN], [NAN, NAN]],
    )

    made = result.equity - np.array([0.0, 0.0, 0.0, -1.0, -1.0, -1.0, -1.0])
    np.testing.assert_allclose(made, [0.0, -5.5, -35.5, 0.0, -5.5, 130.75, 125.25])
    trades = result.trades
    assert trades.decided.tolist() == [0, 3]
    assert trades.entry_bar.tolist() == [1, 4]
    assert trades.exit_bar.tolist() == [3, 6]
    assert trades.side.tolist() == [1, -1]
    assert trades.units.tolist() == [1.0, 1.0]
    assert trades.entry_price.tolist() == [100.25, 98.75]
    assert trades.exit_price.tolist() == [100.75, 98.25]
    np.testing.assert_allclose(trades.pnl, [-1.0, 125.25])
    assert trades.fees.tolist() == [6.0, 6.0]
    assert trades.slippage.tolist() == [5.0, 5.0]
    assert trades.bars_held.tolist() == [2, 3]
    assert trades.reason.tolist() == [RULE, OPEN_AT_END]
    # Before costs at closes: -2.5, 17.5 - 50; then -2.5, 7.5 + 126.25, and 131.25 at the end.
    np.testing.assert_allclose(trades.mae, [-32.5, -2.5])
    np.testing.assert_allclose(trades.mfe, [5.0, 133.75])


def test_a_turn_is_two_trades_with_the_costs_of_each():
    turned = spread([[1, -0.5], [NAN, NAN], [-1, 0.5], [NAN, NAN], [0, 0], [NAN, NAN], [NAN, NAN]])

    # Open 3 sells both contracts at 100.75; open 5 buys one back at 98.25.
    trades = turned.trades
    assert trades.decided.tolist() == [0, 2]
    assert [trades.exit_bar[0], trades.entry_bar[1], trades.exit_bar[1]] == [3, 3, 5]
    assert [trades.exit_price[0], trades.entry_price[1]] == [100.75, 100.75]
    assert trades.fees.tolist() == [6.0, 6.0]
    # Shares: 10 short from 50 to 50; then half of 1020 dollars at 50, 10.2 shares, to 50.
    np.testing.assert_allclose(trades.pnl, [-1.0, 10 * 2.5 - 6.0], atol=1e-9)


def test_a_larger_hedge_buys_the_difference_and_a_smaller_one_sells_its_share():
    # Short 10 shares at 50; at open 2 another quarter of 1000 dollars at 55; at open 4 four fifths
    # of the 14.545 shares go at 40, the rest at 50.
    result = spread(
        [[0, -0.5], [0, -0.75], [NAN, NAN], [0, -0.15], [0, 0], [NAN, NAN], [NAN, NAN]],
        ((level([100.0] * 7), CONTRACT), (PARTNER, SHARE)),
    )

    more = 250 / 55
    first = 10 * (50 - 40) + more * (55 - 40)
    assert len(result.trades) == 1
    assert result.equity[4] == pytest.approx(first)
    assert result.equity[6] == pytest.approx(first - 0.2 * (10 + more) * 10)
    # At worst the shares stood at 55 (close 2, the larger hedge just sold), at best at 40.
    assert result.trades.mae.tolist() == pytest.approx([-50.0])
    assert result.trades.mfe.tolist() == pytest.approx([first])


def test_a_trade_keeps_the_price_and_size_of_its_first_fill():
    result = spread([[1, 0], [2, 0], [NAN, NAN], [0, 0], *[[NAN, NAN]] * 3])

    # One at 100.25, one more at 102.25, both sold at 98.75 with four fees.
    assert result.trades.entry_price.tolist() == [100.25]
    assert result.trades.units.tolist() == [1.0]
    assert result.trades.fees.tolist() == [12.0]
    assert result.trades.pnl.tolist() == pytest.approx([10 * (98.75 * 2 - 202.5) - 12])


def test_each_leg_fills_at_its_own_next_open():
    # The partner has no bar at close 1 and none with volume at bar 2: its order waits for bar 3.
    bars = replace(PARTNER, volume=np.array([5.0, 5.0, 0.0, 5.0, 5.0, 5.0, 5.0]))
    kept = np.array([0, 2, 3, 4, 5, 6])
    missing = replace(
        bars, **{n: getattr(bars, n)[kept] for n in COLUMNS if getattr(bars, n).size == 7}
    )
    targets = [[1, -1], *[[NAN, NAN]] * 3, [0, 0], *[[NAN, NAN]] * 2]

    result = spread(targets, ((OWN, CONTRACT), (missing, SHARE)))

    # Sold at 50 (open 3), bought back at 50 (open 5); marked at 40 at close 4.
    trades = result.trades
    assert trades.mfe.tolist() == pytest.approx([10 * -1.25 + 200])
    assert [trades.entry_bar[0], trades.exit_bar[0]] == [1, 5]
    assert result.equity[2] == pytest.approx(10 * 1.75 - 3)
    assert result.equity[4] == pytest.approx(10 * -1.25 - 3 + 20 * 10)


COLUMNS = ("close_ns", "open", "high", "low", "close", "volume", "raw_close", "session")
COLUMNS += ("session_end", "minute", "cash_minute", "sessions_left_in_month")


def test_an_open_that_came_before_the_decision_is_never_a_fill():
    # The partner's days close an hour later, so bar 1 was open for 23 hours at close 1 of the first
    # and the order of close 0 may not have it; it opened after close 0, which it may.
    late = replace(PARTNER, close_ns=PARTNER.close_ns + 3_600_000_000_000)
    targets = [[0, 1], [NAN, NAN], [NAN, NAN], [0, 0], *[[NAN, NAN]] * 3]

    result = spread(targets, ((OWN, CONTRACT), (late, SHARE)))

    # No price of the partner was known at close 0: the wish could not be sized.
    assert len(result.trades) == 0
    targets[1] = [0, 1]
    result = spread(targets, ((OWN, CONTRACT), (late, SHARE)))
    # Close 1 is followed by the opens of bars 2 (55) and, for close 3, 4 (40).
    assert result.equity[-1] == pytest.approx(1_000 * (40 / 55 - 1))
    # Bar 2 closes an hour after the first leg's bar 2, whose close does not know it.
    assert result.trades.entry_bar.tolist() == [3]


def test_a_trade_begins_with_whichever_leg_fills_first():
    waits = replace(OWN, volume=np.array([5.0, 0.0, 0.0, 5.0, 5.0, 5.0, 5.0]))

    trades = spread(
        [[1, -1], *[[NAN, NAN]] * 3, [0, 0], *[[NAN, NAN]] * 2],
        ((waits, CONTRACT), (PARTNER, SHARE)),
    ).trades

    # 20 shares sold at open 1, at 55 at close 2; the contract is bought at open 3.
    assert (trades.entry_bar.tolist(), trades.entry_price.tolist()) == ([1], [101.25])
    assert trades.mae.tolist() == pytest.approx([-100.0])


def test_a_short_bar_opened_when_the_one_before_it_closed():
    # The session's last quarter of an hour is cut to five minutes.
    minutes = np.array([15, 30, 35, 50, 65, 80, 95])
    bars = [
        replace(series, timeframe="15m", close_ns=minutes * 60_000_000_000)
        for series in (OWN, PARTNER)
    ]
    targets = [[NAN, NAN], [0, 1], [0, 0], *[[NAN, NAN]] * 4]

    result = spread(targets, tuple(zip(bars, (CONTRACT, SHARE), strict=True)))

    # Bought at the open of the short bar, sold at that of the next.
    assert (result.trades.entry_bar.tolist(), result.trades.exit_bar.tolist()) == ([2], [3])


def test_a_hedge_without_a_price_leaves_the_first_leg_alone():
    broken = replace(PARTNER, raw_close=np.array([-1.0, -1.0, 55.0, 50.0, 40.0, 50.0, 50.0]))
    future = replace(CONTRACT, slippage_ticks=0.0)
    targets = [[1, -1], [NAN, NAN], [1, -1], *[[NAN, NAN]] * 4]

    result = spread(targets, ((OWN, future), (broken, future)))

    assert result.trades.decided.tolist() == [2]


def test_targets_of_another_shape_or_without_a_bound_are_refused():
    with pytest.raises(DataError, match=r"shape \(7, 2\); received \(6, 2\) with 0 infinite"):
        spread([[0, 0]] * 6)
    with pytest.raises(DataError, match="with 1 infinite. Mend the rule"):
        spread([[0, np.inf], *[[0, 0]] * 6])


# --- the twin: a plain account of cash -------------------------------------------------------


def market(seed):
    """Return two series that overlap as they like, and targets that say much."""
    rng = np.random.default_rng(seed)
    one, two = random_market(2 * seed), random_market(2 * seed + 1)
    kept = np.flatnonzero(rng.random(len(two.bars)) < 0.9)
    shift = (
        int(rng.choice([0, 0, 300, -300])) * 1_000_000_000 + int(rng.integers(-9, 9)) * QUARTER_NS
    )
    other = replace(two.bars, **{n: getattr(two.bars, n)[kept] for n in COLUMNS})
    other = replace(other, close_ns=other.close_ns + shift + 10**15)
    bars = replace(one.bars, close_ns=one.bars.close_ns + 10**15)
    targets = rng.choice([NAN, 0.0, 1.0, -1.0], (len(bars), 1), p=[0.6, 0.16, 0.12, 0.12])
    hedge = np.where(rng.random((len(bars), 1)) < 0.1, 0.0, rng.uniform(-1.5, 0.5, (len(bars), 1)))
    return ((bars, one.instrument), (other, two.instrument)), np.hstack([targets, targets * hedge])


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_random_spreads_are_those_of_a_plain_account(first):
    n_trades = 0
    for seed in range(first, first + 50):
        series, targets = market(seed)
        pnl, equity = by_account(series, targets)

        result = backtest_legs(legs_of(series), targets)

        scale = max(1.0, np.abs(equity).max())
        np.testing.assert_allclose(result.equity, equity, atol=1e-8 * scale, err_msg=str(seed))
        np.testing.assert_allclose(result.trades.pnl, pnl, atol=1e-8 * scale, err_msg=str(seed))
        assert result.trades.pnl.sum() == pytest.approx(result.equity[-1], abs=1e-8 * scale)
        n_trades += len(pnl)
    assert n_trades > 500


@pytest.mark.parametrize("seed", range(60))
def test_prices_after_a_close_change_nothing_before_it(seed):
    series, targets = market(seed)
    whole = backtest_legs(legs_of(series), targets)
    cut = len(series[0][0]) // 2
    moment = series[0][0].close_ns[cut - 1]
    changed = []
    for bars, what in series:
        later = np.where(bars.close_ns > moment, 2.0, 1.0)
        prices = {
            n: getattr(bars, n) * later for n in ("open", "high", "low", "close", "raw_close")
        }
        changed.append((replace(bars, **prices), what))

    other = backtest_legs(legs_of(changed), targets)

    np.testing.assert_array_equal(other.equity[:cut], whole.equity[:cut])
    closed = whole.trades.exit_bar < cut
    assert other.trades.pnl[: closed.sum()].tolist() == whole.trades.pnl[closed].tolist()


# --- one leg is the loop of single series -------------------------------------------------------


@pytest.mark.parametrize("seed", range(80))
def test_one_leg_is_the_loop_of_one_series_without_exits(seed):
    what = random_market(seed)
    bars = replace(what.bars, volume=np.full(len(what.bars), 5.0))
    wanted = np.random.default_rng(seed).choice([-1.0, 0.0, 1.0], len(bars), p=[0.2, 0.3, 0.5])
    signals = Signals(wanted.astype(np.int8), wanted <= 0, wanted >= 0)
    old = backtest(bars, signals, ExitStack(None, None, None), what.instrument)

    new = backtest_legs(legs_of([(bars, what.instrument)]), wanted[:, None])

    scale = max(1.0, np.abs(old.equity).max())
    np.testing.assert_allclose(new.equity, old.equity, atol=1e-9 * scale)
    for name in ("decided", "entry_bar", "exit_bar", "side", "bars_held", "reason"):
        assert getattr(new.trades, name).tolist() == getattr(old.trades, name).tolist(), name
    for name in ("units", "entry_price", "exit_price", "pnl", "fees", "slippage"):
        found, expected = getattr(new.trades, name), getattr(old.trades, name)
        np.testing.assert_allclose(found, expected, atol=1e-9 * scale, err_msg=name)


# --- what the sweep keeps ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_the_row_of_a_backtest_is_that_of_the_slow_tally(seed):
    what = random_market(seed)
    sessions = np.unique(what.bars.session)
    block = np.arange(sessions.size) // 3
    given = what.bars, what.signals
    expected = tally_by_loop(*given, (what.stack,), what.instrument, block, levels=what.levels)

    found = cell_of(backtest(*given, what.stack, what.instrument, levels=what.levels), block)

    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


def test_a_spread_has_every_figure_of_a_backtest():
    result = spread(
        [[1, -0.5], [NAN, NAN], [0, 0], [-1, 0.5], [NAN, NAN], [NAN, NAN], [NAN, NAN]],
    )

    figures = summary(result)

    assert (figures.total_trades, figures.losing_trades) == (1, 1)
    assert figures.total_pnl == pytest.approx(124.25)
    assert figures.exit_counts == {"rule": 1, "open_at_end": 1}
