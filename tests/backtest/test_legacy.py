"""The older systems' fills: worked by hand, against their twin, and kept out of everything else."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import alphamill
from alphamill.backtest.costs import terms_of
from alphamill.backtest.engine import backtest, rules_of, script_of, tape_of, trades_of
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.legacy import (
    STAMP,
    How,
    Quirks,
    backtest_legacy,
    cutler_rsi,
    cutler_rule,
    run,
)
from alphamill.backtest.metrics import summary
from alphamill.backtest.state import OPEN_AT_END, TRADE
from alphamill.core.errors import SettingsError
from alphamill.data.instruments import FACTORY_SYMBOLS, instrument
from alphamill.data.sources.synthetic import bars as noise
from alphamill.strategies import find
from alphamill.strategies.contract_markets import daily

from .fixtures_legacy import FILL, LEGACY_FIXTURES, OLD, STOP
from .markets import Market, random_market
from .readable_legacy import Walk
from .test_timeline import differences
from .ways import rows_of
from .worksheet import FREE, NOTHING, Fixture, mirrored, tape

N_MARKETS = 400
CASES = (
    *LEGACY_FIXTURES,
    *((mirrored(case), quirks) for case, quirks in LEGACY_FIXTURES if not case.is_one_sided),
)
every_fixture = pytest.mark.parametrize(
    ("case", "quirks"), CASES, ids=lambda x: getattr(x, "name", "")
)


def by_legacy(cell, quirks):
    result = backtest_legacy(cell.bars, cell.signals, cell.stack, cell.instrument, quirks)
    return rows_of(result.trades), result.equity.tolist()


def by_twin(cell, quirks):
    return Walk(cell.bars, cell.signals, cell.stack, cell.instrument, quirks).run()


@every_fixture
def test_fixture_gives_the_hand_worked_trades(case: Fixture, quirks: Quirks):
    assert differences(case, by_legacy(case, quirks)) == []


@every_fixture
def test_the_twin_gives_the_hand_worked_trades(case: Fixture, quirks: Quirks):
    asked = {"bars_held", "slippage", "ambiguous"}
    told = [{k: v for k, v in row.items() if k not in asked} for row in case.trades]

    assert differences(replace(case, trades=tuple(told)), by_twin(case, quirks)) == []


def test_every_quirk_has_fixtures_and_names_are_unique():
    names = [case.name for case, _ in CASES]

    assert {(q.fill, q.stop, q.auto_close is None) for _, q in CASES} == {
        ("same_close", "close_only", True),
        ("same_close", "close_only", False),
        ("same_close", "touch", True),
        ("next_open", "close_only", True),
    }
    assert len(set(names)) == len(names)
    assert max(len(case.bars) for case, _ in CASES) <= 40


@pytest.mark.parametrize("quirks", [OLD, replace(OLD, auto_close="01:10"), FILL, STOP], ids=str)
def test_random_markets_run_as_in_the_twin(quirks):
    parted, n_trades = {}, 0
    for seed in range(N_MARKETS):
        market = plain(random_market(seed))
        expected, given = by_twin(market, quirks), by_legacy(market, quirks)
        n_trades += len(given[0])
        difference = first_difference(expected, given)
        if difference:
            parted[seed] = difference

    assert parted == {}
    assert n_trades > 2_000


def test_without_quirks_the_loop_trades_as_the_engine():
    parted, n_trades = [], 0
    for seed in range(N_MARKETS):
        market = plain(random_market(seed))
        # A close that leaves does not turn round here: longs only.
        longs = market.signals._replace(enter=np.maximum(market.signals.enter, 0))
        honest = backtest(market.bars, longs, market.stack, market.instrument)
        closed = [row for row in rows_of(honest.trades) if row["reason"] != "open_at_end"]
        n_trades += len(closed)
        if by_loop(replace(market, signals=longs)) != closed:
            parted.append(seed)

    assert parted == []
    assert n_trades > 2_000


def test_another_index_alone_is_filled_by_the_engine():
    market = random_market(3)
    cell = market.bars, market.signals, market.stack, market.instrument

    honest, told = backtest(*cell), backtest_legacy(*cell, Quirks(rsi="cutler"))

    assert told.equity.tolist() == honest.equity.tolist()
    assert rows_of(told.trades) == rows_of(honest.trades)
    assert told.quirks.stamp == f"{STAMP}: fill next_open, stop touch, rsi cutler"


def test_a_result_says_that_it_is_not_tradeable():
    bars, signals = tape("100 101 99 100 long\n100 101 99 100")

    result = backtest_legacy(bars, signals, NOTHING, FREE, replace(OLD, auto_close="16:00"))

    assert result.quirks.stamp == (
        "legacy comparison, not tradeable: fill same_close, stop close_only, rsi wilder, "
        "auto_close 16:00"
    )
    assert not result.quirks.is_honest
    assert Quirks().is_honest


def test_a_result_is_summed_up_like_any_other():
    market = plain(random_market(5))
    result = backtest_legacy(market.bars, market.signals, market.stack, market.instrument, OLD)

    told = summary(result)

    assert told.total_trades == len(result.trades) > 5
    assert told.total_pnl == pytest.approx(result.trades.pnl.sum(), abs=1e-6)
    assert told.slippage == pytest.approx(result.trades.slippage.sum(), abs=1e-6)
    assert OPEN_AT_END not in result.trades.reason


@pytest.mark.parametrize(
    ("stack", "levels", "said"),
    [
        (NOTHING, "touch", "levels that rest as orders"),
        (replace(NOTHING, trail_atr=2.0), "close", "a trailing stop"),
        (replace(NOTHING, break_even_pct=1.0), "close", "a break-even stop"),
        (replace(NOTHING, session_exit=True), "close", "the calendar's session exit"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
@pytest.mark.parametrize("quirks", [OLD, FILL, STOP], ids=str)
def test_what_the_older_systems_had_not_is_refused(stack, levels, said, quirks):
    bars, signals = tape("100 101 99 100 long\n100 101 99 100")

    with pytest.raises(SettingsError, match=f"FIX: {STAMP}.* had not {said}. Leave it out"):
        backtest_legacy(bars, signals, stack, FREE, quirks, levels=levels)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"fill": "close"}, "fill must be next_open or same_close, received 'close'"),
        ({"stop": "low"}, "stop must be touch or close_only, received 'low'"),
        ({"rsi": "sma"}, "rsi must be wilder or cutler, received 'sma'"),
        ({"stop": "close_only", "auto_close": "24:00"}, "such as 16:00, received '24:00'"),
        ({"stop": "close_only", "auto_close": "session_end"}, "such as 16:00, received 'session"),
        ({"auto_close": "16:00"}, "judged at closes; set stop to close_only, received 'touch'"),
    ],
    ids=str,
)
def test_other_words_are_refused(given, said):
    with pytest.raises(SettingsError, match=said):
        Quirks(**given)


def test_nothing_else_in_the_house_knows_of_it():
    package = Path(alphamill.__file__).parent
    readers = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"backtest(\.| import .*)legacy", path.read_text())
    }

    assert readers == {"cli/backtest.py"}


# --- what a fill earns where there is nothing to earn ------------------------------------------


def test_noise_pays_the_older_stop_and_no_honest_fill():
    markets = [(noise(symbol, "1d", n_bars=5_000), symbol) for symbol in FACTORY_SYMBOLS]

    honest, fill, stop, both = (earned(markets, quirks) for quirks in (Quirks(), FILL, STOP, OLD))

    # Docs/lesson-fills.md prints these.
    assert (mean_and_error(honest), mean_and_error(fill)) == ((-0.005, 0.014), (-0.001, 0.014))
    assert (mean_and_error(stop), mean_and_error(both)) == ((0.131, 0.016), (0.128, 0.016))
    assert min(sharpe_ratios(markets, OLD)) > 0


def earned(markets, quirks):
    """Return each trade's P&L before costs over its market's average range of a bar."""
    found = []
    for bars, symbol in markets:
        trades = older(bars, symbol, quirks).trades
        one_range = np.mean(bars.high - bars.low) * instrument(symbol).point_value
        found.append((trades.pnl + trades.fees + trades.slippage) / one_range)
    return np.concatenate(found)


def mean_and_error(x):
    return round(float(x.mean()), 3), round(float(x.std() / np.sqrt(x.size)), 3)


def sharpe_ratios(markets, quirks):
    return [summary(older(*market, quirks)).sharpe_ratio for market in markets]


def older(bars, symbol, quirks):
    rule = find(21)
    signals = rule.signals(bars, rule.params())
    return backtest_legacy(bars, signals, ExitStack(), instrument(symbol), quirks)


# --- Cutler's index, with its fault ------------------------------------------------------------


def test_the_index_is_of_plain_means_and_unknown_without_a_loss():
    closes = np.array([10.0, 11.0, 9.0, 8.0, 8.0, 9.5, 10.0])

    index = cutler_rsi(closes, 2)

    # Changes +1 -2 -1 0 +1.5 +0.5: pairs 1:2, 0:3, 0:1, 1.5:0, 2:0.
    np.testing.assert_allclose(index, [np.nan, np.nan, 100 / 3, 0, 0, np.nan, np.nan])


def test_the_index_of_too_few_bars_is_unknown():
    assert np.isnan(cutler_rsi(np.array([1.0, 2.0, 1.0]), 3)).all()
    assert cutler_rsi(np.empty(0), 2).size == 0


def test_a_loss_long_past_leaves_no_trace_in_the_window():
    # A running sum would keep rounding of 1e9 and hide the fault.
    closes = np.array([1e9, 1.1, 1.2, 1.3, 1.4])

    assert np.isnan(cutler_rsi(closes, 2)[3:]).all()


def test_strategy_21_stays_in_after_two_rises_as_it_once_did():
    bars = worked([100, 98, 96, 97, 98, 99, 98.5, 100])

    signals = cutler_rule(bars, 2, 10, 65)
    result = backtest_legacy(bars, signals, ExitStack(None, None, 20), FREE, OLD)

    # Index: -, -, 0, 33, none, none, 67, 75. Two rises are no value; the first fall sells.
    assert signals.enter.tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert signals.leave_long.tolist() == [False] * 6 + [True] * 2
    assert [(t["entry_bar"], t["exit_bar"], t["pnl"]) for t in rows_of(result.trades)] == [
        (2, 6, 25.0)
    ]


def test_the_index_upside_down_sells_short():
    closes = np.array([100, 102, 104, 103, 103.5, 101])

    falls, rises = (
        cutler_rule(worked(200 - closes), 2, 10, 65),
        cutler_rule(worked(closes), 2, 5, 65),
    )

    assert falls.enter.tolist() == [0, 0, 1, 0, 0, 0]
    # Upside down the fault strikes: without a loss there is no value to be above 95.
    assert rises.enter.tolist() == [0, 0, 0, 0, 0, 0]
    assert rises.leave_short.tolist() == [False, False, False, False, True, True]


def worked(closes):
    bars = daily(len(closes))
    columns = dict.fromkeys(("open", "high", "low", "close", "raw_close"), np.array(closes))
    return replace(bars, **columns)


def plain(market: Market) -> Market:
    """Return the market with what the older systems had: stop, target and time."""
    away = {f"{e}_{u}": None for e, u in product(("trail", "break_even"), ("atr", "pct", "points"))}
    return replace(market, stack=replace(market.stack, session_exit=False, **away), levels="close")


def by_loop(cell: Market):
    n_bars = len(cell.bars)
    never = np.full(n_bars, np.inf)
    how = How(False, False, never, never, np.zeros(n_bars, dtype=np.bool_))
    record, equity = np.empty(n_bars, dtype=TRADE), np.empty(n_bars)
    n_trades = run(
        tape_of(cell.bars, cell.instrument),
        script_of(cell.bars, cell.signals, cell.stack),
        rules_of(cell.bars, cell.stack, cell.instrument, "close"),
        terms_of(cell.instrument),
        how,
        record,
        equity,
    )
    return rows_of(trades_of(record[:n_trades]))


def first_difference(expected, given):
    """Return where two answers part, or an empty text."""
    for i, (ours, theirs) in enumerate(zip(expected[0], given[0], strict=False)):
        unequal = [n for n, v in ours.items() if theirs[n] != (v if n == "reason" else close_to(v))]
        if unequal:
            return f"trade {i}: {[(n, ours[n], theirs[n]) for n in unequal]} in {ours}"
    if len(expected[0]) != len(given[0]):
        return f"{len(expected[0])} trades, not {len(given[0])}"
    return "" if given[1] == close_to(expected[1]) else f"equity: {expected[1]}, {given[1]}"


def close_to(value):
    return pytest.approx(value, rel=1e-9, abs=1e-6)
