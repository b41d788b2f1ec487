"""From cells to judged candidates: the choice is made in training, the verdict out of it."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.metrics import daily_pnl
from alphamill.core.clock import ReplayClock
from alphamill.core.errors import DataError
from alphamill.research.cells import joined, write_part
from alphamill.research.factory import block_sums, judge, rerun
from alphamill.research.sweep import sweep
from alphamill.strategies import find
from alphamill.validation.ledger import Ledger
from alphamill.validation.splits import walk_forward
from alphamill.workshop.parallel import Serial
from alphamill.workshop.progress import Silent
from tests.research.grounds import ALONE, ground, plan

ORDER = plan(("A",), (21, 45))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("factory")
    grounds = {"A": ground(1)}
    ledger = Ledger(folder / "ledger.db", ReplayClock(1))
    run = sweep(ORDER, grounds, folder / "runs", ledger, Serial(), Silent())
    ledger.close()
    return grounds, run, judge(ORDER, run, grounds, 1, Serial(), Silent())


def test_one_candidate_for_each_pair_meets_every_gate(done):
    _, run, candidates = done

    assert [(c.symbol, c.strategy_id) for c in candidates] == [("A", 21), ("A", 45)]
    assert [tuple(v.gate for v in c.verdicts) for c in candidates] == [ALONE] * 2
    assert sum(c.n_cells for c in candidates) == run.n_cells


def test_stitched_pnl_is_that_of_the_cell_chosen_before_each_test_window(done):
    grounds, run, candidates = done
    floor, part = grounds["A"], joined(list(run.parts("A", "IBSStrategy")))
    sums = block_sums(floor, part)
    folds = walk_forward(len(floor.blocks), 8, 4)
    expected = []
    for fold in folds:
        cell, _ = sums.best(fold.train, 10)
        daily = daily_pnl(rerun(find(45), grounds, part, cell))[1]
        expected += daily[
            floor.blocks.edges[fold.test_start] : floor.blocks.edges[fold.test_stop]
        ].tolist()

    assert candidates[1].oos_pnl.tolist() == expected
    assert candidates[1].sessions[0] == floor.sessions[floor.blocks.edges[8]]
    assert candidates[1].sessions.size == floor.sessions.size - floor.blocks.edges[8]


def test_prices_of_the_last_test_window_cannot_change_earlier_choices(done, tmp_path):
    grounds, _, candidates = done
    floor = grounds["A"]
    start = int(floor.blocks.edges[-5])
    bars, factor = floor.bars, np.ones(len(floor.bars))
    factor[start:] = 1.0 + 0.3 * np.sin(np.arange(len(bars) - start))
    changed = replace(
        bars,
        **{n: getattr(bars, n) * factor for n in ("open", "high", "low", "close", "raw_close")},
    )
    other = {"A": replace(floor, bars=changed, data_hash="other")}
    ledger = Ledger(tmp_path / "ledger.db", ReplayClock(1))
    run = sweep(ORDER, other, tmp_path / "runs", ledger, Serial(), Silent())
    ledger.close()

    redone = judge(ORDER, run, other, 1, Serial(), Silent())

    n_before = int(np.searchsorted(redone[0].sessions, floor.sessions[start]))
    for now, before in zip(redone, candidates, strict=True):
        assert now.oos_pnl[:n_before].tolist() == before.oos_pnl[:n_before].tolist()
    assert redone[0].oos_pnl[n_before:].tolist() != candidates[0].oos_pnl[n_before:].tolist()


def test_a_stored_cell_that_a_fresh_run_does_not_confirm_is_refused(done, tmp_path):
    grounds, run, _ = done
    for path in (run.folder / "parts").iterdir():
        (tmp_path / "parts").mkdir(exist_ok=True)
        (tmp_path / "parts" / path.name).write_bytes(path.read_bytes())
    for k, one in enumerate(run.parts("A", "RSI2_MeanReversion")):
        one.cells["total_pnl"] += 1.0
        write_part(tmp_path / "parts" / f"{k:06d}.parquet", one)

    with pytest.raises(DataError, match="a fresh run gives .* Delete this run's folder"):
        judge(ORDER, replace(run, folder=tmp_path), grounds, 1, Serial(), Silent())
