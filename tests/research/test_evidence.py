"""The evidence of a candidate: each figure against its own definition, and what must move it."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.exits import ExitStack
from alphamill.backtest.metrics import daily_pnl
from alphamill.core.market import Instrument
from alphamill.research.cells import in_sample
from alphamill.research.dearer import dearer, dearer_runs
from alphamill.research.evidence import as_json, gather
from alphamill.research.factory import block_sums, rerun
from alphamill.research.sweep import Task, run_task
from alphamill.strategies import find
from alphamill.validation.gates import deflated_gate
from alphamill.validation.overfitting import probability_of_overfitting
from alphamill.validation.splits import walk_forward
from alphamill.validation.statistics import probabilistic_sharpe
from alphamill.validation.stress import AS_CHARGED, ONE_MORE_TICK, THREE_TIMES, TWICE
from alphamill.validation.thresholds import DeflatedThresholds, WalkForwardThresholds
from alphamill.validation.walk import walk_forward_gate
from tests.research.grounds import ground, plan

CONTRACT = Instrument(
    "A", "a contract", "future", "XNYS", 0.25, 50.0, commission_per_side=1.5, slippage_ticks=1.0
)
# Nothing rests in the market, so a dearer fill changes no exit.
NO_LEVELS = (ExitStack(stop_loss_atr=None, take_profit_atr=None, max_bars_held=5),)
# The best cell of a market on which it has 121 trades and a Sharpe ratio of 0.84.
SEED, CELL, EVER = 4, 35, 5_000


def part_of(floor, strategy=21, sets=None, others=None):
    rule = find(strategy)
    named = dict(zip(rule.others, others or {}, strict=True))
    grounds = {"A": floor, **(others or {})}
    return run_task(grounds, Task(0, "A", rule.name, tuple(rule.cells())[:sets], named))


def gathered(floor, part, cell=CELL, ever=EVER, seed=7, others=None):
    order = plan(("A",), (part.strategy,))
    folds = walk_forward(len(floor.blocks), order.train_quarters, order.test_quarters)
    walked = walk_forward_gate(block_sums(floor, part), folds, WalkForwardThresholds())
    return gather(order, {"A": floor, **(others or {})}, part, walked, cell, ever, seed), walked


@pytest.fixture(scope="module")
def floor():
    return ground(SEED)


@pytest.fixture(scope="module")
def part(floor):
    return part_of(floor)


@pytest.fixture(scope="module")
def evidence(floor, part):
    return gathered(floor, part)[0]


def test_the_same_question_has_the_same_answer_and_another_seed_another(floor, part, evidence):
    again, other = gathered(floor, part)[0], gathered(floor, part, seed=8)[0]

    assert as_json(again) == as_json(evidence)
    assert other.sharpe.interval != evidence.sharpe.interval
    assert other.by_blocks.depth.tolist() != evidence.by_blocks.depth.tolist()
    assert other.sharpe.value == evidence.sharpe.value


def test_its_sharpe_is_that_of_the_stored_cell_and_lies_in_its_interval(floor, part, evidence):
    stored = in_sample(part, evidence.n_sessions, evidence.periods_per_year)[CELL]

    assert evidence.sharpe.value == pytest.approx(stored, rel=1e-9)
    assert evidence.plateau.score == pytest.approx(stored, rel=1e-9)
    low, high = evidence.sharpe.interval
    assert low < evidence.sharpe.value < high


def test_higher_costs_are_the_costs_once_more_where_no_exit_moves():
    floor = replace(ground(SEED, exits=NO_LEVELS), instrument=CONTRACT)
    part = part_of(floor, sets=4)
    paid = rerun(find(21), {"A": floor}, part, 1).trades

    runs = dearer_runs(find(21), {"A": floor}, part, 1)

    total = {name: float(daily_pnl(run)[1].sum()) for name, run in runs.items()}
    costs = paid.fees.sum() + paid.slippage.sum()
    assert costs > 0
    assert total[AS_CHARGED] - total[TWICE] == pytest.approx(costs)
    assert total[AS_CHARGED] - total[THREE_TIMES] == pytest.approx(2 * costs)
    # Each trade fills twice; a tick of this contract is worth 12.50.
    assert total[AS_CHARGED] - total[ONE_MORE_TICK] == pytest.approx(2 * len(paid) * 12.5)


def test_a_tick_of_an_instrument_in_basis_points_is_that_of_its_price():
    share = replace(CONTRACT, slippage_ticks=None, slippage_bps=2.0, tick=0.01)

    priced = dearer(share, price=50.0)

    # A cent of 50 is two basis points.
    assert priced[ONE_MORE_TICK].slippage_bps == pytest.approx(4.0)
    assert priced[TWICE].slippage_bps == 4.0
    assert priced[THREE_TIMES].commission_per_side == 4.5
    assert dearer(share, price=0.0)[ONE_MORE_TICK].slippage_bps == 2.0


def test_a_rule_over_two_series_pays_more_on_both_legs():
    own, partner = ground(1), ground(2)
    part = part_of(own, 71, sets=6, others={"B": partner})
    cell = int(np.argmax(part.cells["total_trades"]))
    cheap = {"A": own, "B": replace(partner, instrument=_free(partner.instrument))}

    dear = _totals(dearer_runs(find(71), {"A": own, "B": partner}, part, cell))
    half = _totals(dearer_runs(find(71), cheap, part, cell))

    assert dear[AS_CHARGED] > dear[TWICE] > dear[THREE_TIMES]
    lost, lost_on_one_leg = dear[AS_CHARGED] - dear[TWICE], half[AS_CHARGED] - half[TWICE]
    assert lost == pytest.approx(2 * lost_on_one_leg, rel=0.25)


def _free(instrument):
    return replace(instrument, slippage_bps=0.0, commission_bps=0.0, commission_per_side=0.0)


def _totals(runs):
    return {name: float(daily_pnl(run)[1].sum()) for name, run in runs.items()}


def test_more_trials_ever_deflate_more_and_are_recognised_less(floor, part, evidence):
    fewer = gathered(floor, part, ever=50)[0]

    assert fewer.deflated.probability > evidence.deflated.probability
    assert fewer.deflated.luck_sharpe < evidence.deflated.luck_sharpe
    assert fewer.deflated.trials.by_clusters == evidence.deflated.trials.by_clusters
    for few, many in zip(fewer.power, evidence.power, strict=True):
        assert few.recognised > many.recognised
    recognised = [p.recognised for p in evidence.power]
    assert recognised == sorted(recognised)
    assert [p.sharpe for p in evidence.power] == [0.5, 1.0, 1.5, 2.0]


def test_the_gate_finds_the_same_deflated_sharpe(floor, part, evidence):
    daily = daily_pnl(rerun(find(21), {"A": floor}, part, CELL))[1]

    verdict = deflated_gate(
        float(daily.mean() / daily.std(ddof=1)),
        daily.size,
        evidence.shape,
        EVER,
        evidence.deflated.mean_correlation,
        evidence.deflated.trials.by_clusters,
        DeflatedThresholds(),
    )

    assert verdict.score == pytest.approx(evidence.deflated.probability, rel=1e-9)
    assert 0.0 < verdict.score < 1.0


def test_copies_of_one_cell_are_one_trial(floor, part, evidence):
    alike = replace(part, blocks=np.repeat(part.blocks[CELL][None], part.cells.size, axis=0))

    found = gathered(floor, alike)[0].deflated

    assert found.mean_correlation == pytest.approx(1.0)
    assert found.trials.by_correlation == pytest.approx(1.0)
    assert found.trials.by_correlation < evidence.deflated.trials.by_correlation < EVER


def test_after_the_minimum_track_record_it_is_sure_to_95_percent(evidence):
    record, per_year = evidence.track_record, evidence.periods_per_year
    ratio = evidence.sharpe.value / math.sqrt(per_year)

    sure = probabilistic_sharpe(ratio, record.against_zero * per_year, 0.0, evidence.shape)

    assert record.years == pytest.approx(evidence.n_sessions / per_year)
    assert sure == pytest.approx(0.95)
    assert record.against_luck > record.against_zero


def test_pbo_leaves_out_cells_that_never_trade(floor, part, evidence):
    cells, blocks, entries = part.cells.copy(), part.blocks.copy(), part.entries.copy()
    idle = np.arange(part.cells.size) % 3 == 0
    cells["total_trades"][idle], blocks[idle], entries[idle] = 0, 0.0, 0
    thinned = replace(part, cells=cells, blocks=blocks, entries=entries)
    sums = block_sums(floor, part)
    kept = {f: getattr(sums, f)[~idle] for f in ("total", "squares", "trades")}

    found = gathered(floor, thinned)[0].overfitting

    wanted = probability_of_overfitting(replace(sums, **kept), found.n_groups)
    assert found.n_cells == np.count_nonzero(~idle) < evidence.overfitting.n_cells
    assert (found.pbo, found.loss_probability) == (wanted.pbo, wanted.loss_probability)
    assert 0.0 <= found.band.low < found.band.high <= 1.0


def test_each_test_window_names_its_dates_and_its_cell(floor, part):
    found, walked = gathered(floor, part)

    assert [row.cell for row in found.windows] == walked.chosen.tolist()
    assert [row.test_sharpe for row in found.windows] == walked.test_sharpe.tolist()
    # Eight quarters to train in and four to test: the third year is the first one tested.
    first = floor.sessions[floor.sessions // 10_000 == floor.sessions[0] // 10_000 + 2]
    assert (found.windows[0].first, found.windows[0].last) == (first[0], first[-1])
    for before, after in zip(found.windows, found.windows[1:], strict=False):
        at = np.flatnonzero(floor.sessions == before.last)[0]
        assert floor.sessions[at + 1] == after.first


def test_regimes_add_up_to_what_the_cell_made_once_they_are_known(floor, part, evidence):
    daily = daily_pnl(rerun(find(21), {"A": floor}, part, CELL))[1]
    known = sum(row.n_sessions for row in evidence.regimes)

    assert 0 < known < daily.size
    assert sum(row.total for row in evidence.regimes) == pytest.approx(daily[-known:].sum())


def test_drawdown_bands_hold_the_order_that_happened(floor, part, evidence):
    daily = daily_pnl(rerun(find(21), {"A": floor}, part, CELL))[1]
    equity = np.append(0.0, np.cumsum(daily))

    assert evidence.by_blocks.observed == pytest.approx(
        float((np.maximum.accumulate(equity) - equity).max())
    )
    assert evidence.by_trade_order.levels == evidence.by_blocks.levels == (0.5, 0.9, 0.95)


def test_the_share_of_ambiguous_bars_is_of_bars_in_a_position(floor, part, monkeypatch):
    run = rerun(find(21), {"A": floor}, part, CELL)
    marked = np.zeros(len(run.trades), dtype=bool)
    marked[:3] = True
    doctored = replace(run, trades=replace(run.trades, ambiguous=marked))
    monkeypatch.setattr(
        "alphamill.research.evidence.dearer_runs", lambda *_: {AS_CHARGED: doctored}
    )

    found = gathered(floor, part)[0]

    assert found.ambiguous_bar_share == pytest.approx(3 / run.trades.bars_held.sum())


def test_a_candidate_that_never_trades_has_evidence_and_it_is_none(floor, part):
    blank = replace(
        part,
        params=({"rsi_length": 2, "rsi_overbought": 99, "rsi_oversold": -1},),
        cells=np.zeros(len(part.stacks), part.cells.dtype),
        blocks=np.zeros((len(part.stacks), *part.blocks.shape[1:])),
        entries=np.zeros((len(part.stacks), part.entries.shape[1]), part.entries.dtype),
    )

    found = gathered(floor, blank, cell=0)[0]

    told = as_json(found)
    assert found.sharpe.value == 0.0
    assert found.trade_mean.p_value == 1.0
    assert told["overfitting"]["pbo"] is None
    assert told["track_record"]["against_zero"] is None
    assert found.deflated.probability < 0.05
    json.dumps(told, allow_nan=False)
