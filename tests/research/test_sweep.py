"""The sweep: every cell, counted once, resumable, the same for any number of workers."""

import numpy as np
import pytest

from alphamill.backtest.tally import tally_by_loop
from alphamill.core.clock import ReplayClock
from alphamill.core.errors import SettingsError
from alphamill.research.budget import memo_bytes
from alphamill.research.cells import joined
from alphamill.research.sweep import run_task, sweep
from alphamill.strategies import find
from alphamill.validation.ledger import Ledger
from alphamill.workshop.parallel import executor
from alphamill.workshop.progress import Silent
from tests.research.grounds import EXITS, ground, plan


@pytest.fixture
def ledger(tmp_path):
    book = Ledger(tmp_path / "ledger.db", ReplayClock(1))
    yield book
    book.close()


def swept(folder, ledger, n_workers=1, order=None, grounds=None):
    grounds = grounds or {"A": ground(1), "B": ground(2)}
    with executor(n_workers) as work:
        return sweep(order or plan(), grounds, folder / "runs", ledger, work, Silent())


def bytes_of(run):
    return {p.name: p.read_bytes() for p in sorted((run.folder / "parts").iterdir())}


def test_every_cell_equals_a_whole_backtest(tmp_path, ledger):
    run = swept(tmp_path, ledger)
    floor = ground(2)

    part = joined(list(run.parts("B", "IBSStrategy")))

    assert part.cells.size == 16 * len(EXITS) == len(part.params) * len(EXITS)
    for k, params in enumerate(part.params):
        signals = find(45).signals(floor.bars, params)
        slow = tally_by_loop(floor.bars, signals, EXITS, floor.instrument, floor.blocks.of_session)
        rows = slice(k * len(EXITS), (k + 1) * len(EXITS))
        assert part.cells["total_trades"][rows].tolist() == slow[0]["total_trades"].tolist()
        np.testing.assert_allclose(part.blocks[rows], slow[1], rtol=1e-9, atol=1e-9)
        assert part.entries[rows].tolist() == slow[2].tolist()


def test_workers_do_not_change_a_byte(tmp_path, ledger):
    alone = swept(tmp_path / "one", ledger)

    together = swept(tmp_path / "two", ledger, n_workers=2)

    assert alone.run_id == together.run_id
    assert bytes_of(alone) == bytes_of(together)


def test_a_resumed_sweep_recomputes_only_what_is_missing(tmp_path, ledger, monkeypatch):
    whole = swept(tmp_path, ledger)
    before = bytes_of(whole)
    lost = sorted(before)[3]
    (whole.folder / "parts" / lost).unlink()
    asked = []
    monkeypatch.setattr(
        "alphamill.research.sweep.run_task", lambda g, t: asked.append(t.number) or run_task(g, t)
    )

    resumed = swept(tmp_path, ledger)

    assert asked == [3]
    assert bytes_of(resumed) == before


def test_each_cell_is_counted_once_for_ever(tmp_path, ledger):
    first = swept(tmp_path / "a", ledger)
    again = swept(tmp_path / "b", ledger)

    assert first.n_cells == 2 * (36 + 4 + 16) * len(EXITS)
    assert first.n_new_trials == first.n_cells == ledger.count()
    assert again.n_new_trials == 0


def test_more_cells_than_the_budget_are_refused_before_the_start(tmp_path, ledger):
    with pytest.raises(SettingsError, match=r"448 cells and the budget is 447.*sweep\.max_cells"):
        swept(tmp_path, ledger, order=plan(max_cells=447))

    assert ledger.count() == 0


def test_a_rule_that_cannot_be_fed_is_refused_with_its_reason(tmp_path, ledger):
    from tests.strategies.markets import from_closes

    closes = ground(1, bars=from_closes(ground(1).bars.close.tolist()))

    run = swept(tmp_path, ledger, grounds={"A": closes}, order=plan(("A",)))

    assert [(r.strategy, "closes only" in r.reason) for r in run.refused] == [
        ("BuyOn5BarLow", True),
        ("IBSStrategy", True),
    ]


def test_other_data_or_costs_make_another_run(tmp_path, ledger):
    one = swept(tmp_path, ledger)

    other_data = swept(tmp_path, ledger, grounds={"A": ground(1), "B": ground(3)})
    other_exits = swept(tmp_path, ledger, order=plan(exits=EXITS[:2]))

    assert len({one.run_id, other_data.run_id, other_exits.run_id}) == 3


def test_memory_cap_is_shared_by_the_workers_and_refused_where_too_small():
    order = plan(max_memory_mb=1_000)

    # A worker's bars and its part of three interpreters stand beside its tables.
    beside = 450_000 * 89 + 3 * 150_000_000 // 2
    tables = 450_000 * (4 * 12 + 400)
    assert memo_bytes(order, 450_000, 2) == 500_000_000 - tables - beside > 16_000_000
    assert memo_bytes(order, 100_000, 8) == 16_000_000
    # More than forty columns would be of no use.
    assert memo_bytes(order, 100_000, 2) == 40 * 8 * 100_000
    with pytest.raises(SettingsError, match=r"max_memory_mb is 1000.*489,234 bars need 1,882"):
        memo_bytes(order, 489_234, 8)
