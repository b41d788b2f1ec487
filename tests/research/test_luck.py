"""The luck test in a sweep: one maximum over all cells, kept by part, drift taken off."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.lanes import tally
from alphamill.backtest.metrics import daily_pnl
from alphamill.backtest.table import market_of
from alphamill.core.clock import ReplayClock
from alphamill.core.market import Signals
from alphamill.research.cells import joined
from alphamill.research.luck import LEAST_TRADES, held_pnl, luck_of, maximum_of
from alphamill.research.sweep import sweep
from alphamill.strategies import find
from alphamill.validation.ledger import Ledger
from alphamill.validation.maximum import chunk_maximum, merged, skill
from alphamill.workshop.parallel import executor
from alphamill.workshop.progress import Silent
from tests.research.grounds import EXITS, ground, plan

DRAWS = 50
ORDER = plan(draws=DRAWS)


def lucky_ground(seed):
    floor = ground(seed)
    return replace(floor, luck=luck_of(floor.bars, floor.instrument, DRAWS, ORDER.seed))


def swept(folder, n_workers=1):
    grounds = {"A": lucky_ground(1), "B": lucky_ground(2)}
    with executor(n_workers) as work:
        ledger = Ledger(folder / "ledger.db", ReplayClock(1))
        return sweep(ORDER, grounds, folder / "runs", ledger, work, Silent())


def test_parts_hold_what_the_whole_grid_shows(tmp_path):
    run, floor = swept(tmp_path), lucky_ground(2)
    part = joined(list(run.parts("B", "IBSStrategy")))

    daily, exposure, n_trades = [], [], []
    for params in part.params:
        for stack in EXITS:
            result = backtest(
                floor.bars, find(45).signals(floor.bars, params), stack, floor.instrument
            )
            daily.append(daily_pnl(result)[1])
            trades = result.trades
            exposure.append((trades.side * trades.bars_held).sum() / len(floor.bars))
            n_trades.append(part.cells["total_trades"][len(n_trades)])
    gains = skill(np.column_stack(daily), np.array(exposure), floor.luck.held)
    takes_part = np.array(n_trades) >= LEAST_TRADES
    expected = chunk_maximum(gains, floor.luck.weights, takes_part)

    assert 0 < takes_part.sum() < takes_part.size
    np.testing.assert_allclose(part.luck.statistic, expected.statistic, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(part.luck.largest, expected.largest, rtol=1e-4)


def test_a_candidates_luck_is_read_without_its_cells(tmp_path):
    run = swept(tmp_path)

    alone = run.luck("A", "RSI2_MeanReversion")
    part = joined(list(run.parts("A", "RSI2_MeanReversion")))
    several = merged([run.luck("A", name) for name in ("RSI2_MeanReversion", "IBSStrategy")])

    assert alone.statistic.tolist() == part.luck.statistic.tolist()
    assert alone.largest.tolist() == part.luck.largest.tolist()
    assert (several.largest >= alone.largest).all()
    assert (several.largest > alone.largest).any()


def test_workers_do_not_change_a_byte_of_it(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    runs = swept(tmp_path / "one"), swept(tmp_path / "two", n_workers=2)

    one, two = ({p.name: p.read_bytes() for p in (r.folder / "parts").iterdir()} for r in runs)
    assert one == two


def test_draws_and_seed_belong_to_the_question(tmp_path):
    assert swept(tmp_path).run_id != _asked(tmp_path, replace(ORDER, draws=0))
    assert _asked(tmp_path, replace(ORDER, seed=8)) != _asked(tmp_path, ORDER)
    without = [replace(ORDER, draws=0, seed=seed) for seed in (7, 8)]
    assert _asked(tmp_path, without[0]) == _asked(tmp_path, without[1])


def _asked(folder, order):
    few = replace(order, symbols=("A",), strategies=(find(45),))
    with executor(1) as work:
        ledger = Ledger(folder / "ledger.db", ReplayClock(1))
        return sweep(few, {"A": ground(1)}, folder / "runs", ledger, work, Silent()).run_id


@pytest.mark.parametrize("side", [1, -1])
def test_holding_all_the_time_is_no_skill_however_the_market_drifts(side):
    floor = ground(3)
    trend = np.exp(side * 0.002 * np.arange(len(floor.bars)))
    moved = {name: getattr(floor.bars, name) * trend for name in ("open", "high", "low", "close")}
    bars = replace(floor.bars, raw_close=moved["close"], **moved)
    always = np.full(len(bars), side, dtype=np.int8)
    never = np.zeros(len(bars), dtype=np.bool_)
    stack = (ExitStack(None, None, 5),)
    table = market_of(bars, stack, floor.instrument, floor.blocks.of_session, short=True)
    found = tally(table, Signals(always, never, never))
    luck = luck_of(bars, floor.instrument, DRAWS, 1)

    matched = maximum_of(luck, len(bars), [found], is_hedged=False)
    raw = maximum_of(luck, len(bars), [found], is_hedged=True)

    assert found.cells["total_trades"] > LEAST_TRADES
    assert raw.statistic[0] > 3.0
    assert matched.statistic[0] < 0.5


def test_holding_earns_every_session_what_the_closes_moved():
    floor = ground(4, n_bars=5)
    bars = floor.bars

    held = held_pnl(bars, floor.instrument)

    before = np.append(bars.open[0], bars.close[:-1])
    np.testing.assert_allclose(held, 100_000.0 * (bars.close / before - 1.0))


def test_without_draws_nothing_is_asked():
    floor = ground(1)

    assert luck_of(floor.bars, floor.instrument, 0, 7) is None
