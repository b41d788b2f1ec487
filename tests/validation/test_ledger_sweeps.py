"""K19: real sweeps, results deleted, other grids, restarts, people: the ledger counts them all."""

import shutil
from dataclasses import replace

import pytest

from alphamill.core.clock import ReplayClock
from alphamill.core.market import bar_columns
from alphamill.research.sweep import run_task, sweep
from alphamill.validation.ledger import Ledger
from alphamill.workshop.parallel import executor
from alphamill.workshop.progress import Silent
from tests.research.grounds import EXITS, ground, plan

# IBSStrategy (45) has 16 parameter sets, BuyOn5BarLow (40) has 4.
WHOLE = ground(1, 900)


def ledger_of(folder, machine="ada"):
    return Ledger(folder / "ledger.db", ReplayClock(1), machine=machine)


@pytest.fixture
def ledger(tmp_path):
    book = ledger_of(tmp_path)
    yield book
    book.close()


def swept(folder, ledger, strategies=(45,), exits=EXITS[:2], floor=WHOLE):
    order = plan(("A",), strategies, exits=exits)
    grounds = {"A": replace(floor, stacks=tuple(exits))}
    with executor(1) as work:
        return sweep(order, grounds, folder / "runs", ledger, work, Silent())


def part_of(first, last):
    """Return the ground of some of the bars."""
    columns = {name: getattr(WHOLE.bars, name)[first:last] for name in bar_columns()}
    return ground(1, bars=replace(WHOLE.bars, **columns))


def test_a_sweep_whose_results_were_deleted_still_counts_beside_another_grid(tmp_path, ledger):
    first = swept(tmp_path, ledger, exits=EXITS[:2])
    shutil.rmtree(tmp_path / "runs")

    second = swept(tmp_path, ledger, exits=EXITS[2:])

    assert not first.folder.exists()
    assert first.n_new_trials == second.n_new_trials == 16 * 2
    assert ledger.count("A", "IBSStrategy") == ledger.count() == 16 * 4
    assert ledger.verify() == []


def test_a_grid_that_overlaps_a_deleted_one_adds_only_what_is_new(tmp_path, ledger):
    swept(tmp_path, ledger, exits=EXITS[:3])
    shutil.rmtree(tmp_path / "runs")

    again = swept(tmp_path, ledger, exits=EXITS[1:])

    assert again.n_new_trials == 16
    assert ledger.count() == 16 * 4


def test_strategies_and_runs_add_up_and_the_same_run_again_adds_nothing(tmp_path, ledger):
    runs = [swept(tmp_path, ledger, (45,)), swept(tmp_path, ledger, (40, 45))]
    shutil.rmtree(tmp_path / "runs")
    runs.append(swept(tmp_path, ledger, (45, 40)))

    assert [run.n_new_trials for run in runs] == [16 * 2, 4 * 2, 0]
    assert {c.name: c.trials for c in ledger.totals("strategy")} == {
        "BuyOn5BarLow": 4 * 2,
        "IBSStrategy": 16 * 2,
    }


def test_sessions_that_overlap_are_the_same_data_and_others_are_not(tmp_path, ledger):
    first = swept(tmp_path, ledger, floor=part_of(0, 400))
    longer = swept(tmp_path, ledger, floor=part_of(100, 600))
    apart = swept(tmp_path, ledger, floor=part_of(600, 900))
    whole = swept(tmp_path, ledger)

    assert len({run.run_id for run in (first, longer, apart, whole)}) == 4
    assert [r.n_new_trials for r in (first, longer, apart, whole)] == [32, 0, 32, 0]


def test_a_sweep_that_broke_off_counts_what_ran_and_no_more_after_its_restart(
    tmp_path, ledger, monkeypatch
):
    def breaks(grounds, task):
        if task.strategy == "BuyOn5BarLow":
            raise KeyboardInterrupt
        return run_task(grounds, task)

    with monkeypatch.context() as broken:
        broken.setattr("alphamill.research.sweep.run_task", breaks)
        with pytest.raises(KeyboardInterrupt):
            swept(tmp_path, ledger, (45, 40))
    assert ledger.count() == 16 * 2

    ledger.close()
    restarted = ledger_of(tmp_path)
    assert swept(tmp_path, restarted, (45, 40)).n_new_trials == 4 * 2
    assert restarted.count() == (16 + 4) * 2
    assert restarted.verify() == []
    restarted.close()


def test_two_people_who_sweep_the_same_data_share_their_trials(tmp_path, ledger):
    other = ledger_of(tmp_path / "bob", "bob")
    swept(tmp_path, ledger, (45, 40), EXITS[:2])
    # On less of the same history, and with more exits.
    swept(tmp_path / "bob", other, (45,), EXITS, part_of(0, 700))
    assert (ledger.count(), other.count()) == (20 * 2, 16 * 4)
    other.export(tmp_path / "bob.jsonl")
    other.close()

    ledger.merge(tmp_path / "bob.jsonl")

    assert ledger.count() == 16 * 4 + 4 * 2
    assert {c.name: c.trials for c in ledger.totals("machine")} == {"ada": 20 * 2, "bob": 16 * 4}
