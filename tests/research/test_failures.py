"""A rule that raises costs its own cells and nothing else, and is never passed over in silence."""

import json
from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.clock import ReplayClock
from alphamill.core.market import Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.research import results, winners
from alphamill.research.cells import read_failed, read_part
from alphamill.research.chance import chance_test
from alphamill.research.factory import judge
from alphamill.research.outcome import Failure, GridCount, grid_lines
from alphamill.research.pipeline import raised
from alphamill.research.pipeline import run as run_path
from alphamill.research.sweep import sweep
from alphamill.strategies import find
from alphamill.validation.ledger import Ledger
from alphamill.workshop.parallel import Serial
from alphamill.workshop.progress import Silent
from tests.research.grounds import EXITS, ground, plan
from tests.research.test_pipeline import NOON_2026, WINDOWS, Tampered


def stumbles(bars, length, width):
    if length in (3, 5) or (length == 7 and bars.close[700] != ground(1).bars.close[700]):
        raise KeyError("the missing column")
    enter = (np.arange(len(bars)) % (length * width) == 0).astype(np.int8)
    leave = np.arange(len(bars)) % (length * width) == length
    return Signals(enter, leave, leave)


def strategy(name="Stumbles", lengths=(2, 3, 4, 5)) -> Strategy:
    return Strategy(
        number=901,
        name=name,
        archetype="test",
        idea="What stumbles gets up.",
        rule=stumbles,
        space={"length": Int(2, 1, 9, lengths), "width": Int(2, 1, 9, (2, 3, 4, 5, 6))},
        warmup=lambda p: 10,
    )


@pytest.fixture(autouse=True)
def in_the_table(monkeypatch):
    known = {"Stumbles": strategy(), "Falls": strategy("Falls", (3, 5)), "Slips": SLIPS}
    monkeypatch.setattr("alphamill.research.rules.find", lambda name: known.get(name) or find(name))


SLIPS = strategy("Slips", (7,))
ORDER = plan(("A",), (21,))
ORDER = replace(ORDER, strategies=(*ORDER.strategies, strategy(), strategy("Falls", (3, 5))))
WHY = r"Stumbles: the rule raised KeyError: 'the missing column' (test_failures.py line {}). "
WHY += "Mend the rule."


def swept(folder, order=ORDER):
    ledger = Ledger(folder / "ledger.db", ReplayClock(1))
    run = sweep(order, {"A": ground(1)}, folder / "runs", ledger, Serial(), Silent())
    counted = ledger.count()
    ledger.close()
    return run, counted


def test_the_other_sets_and_strategies_run_and_the_failed_ones_are_named(tmp_path):
    run, counted = swept(tmp_path)

    own = [f for f in run.failed if f.strategy == "Stumbles"]
    widths = (2, 3, 4, 5, 6)
    assert [dict(f.params) for f in own] == [
        {"length": n, "width": w} for n in (3, 5) for w in widths
    ]
    assert {(f.symbol, f.reason) for f in own} == {("A", WHY.format(LINE))}
    assert len(run.failed) == 20
    # No trial was run where nothing was seen.
    assert run.n_cells == counted == run.n_new_trials == (36 + 10) * len(EXITS)
    kept = [p for part in run.parts("A", "Stumbles") for p in part.params]
    assert kept == [{"length": n, "width": w} for n in (2, 4) for w in widths]


LINE = stumbles.__code__.co_firstlineno + 2


def test_a_resumed_sweep_says_the_same(tmp_path):
    run, _ = swept(tmp_path)
    lost = sorted((run.folder / "parts").iterdir())[-1]
    lost.unlink()

    again, counted = swept(tmp_path)

    assert again.failed == run.failed
    assert (again.run_id, again.n_cells, counted) == (run.run_id, run.n_cells, run.n_cells)
    assert again.n_new_trials == 0


def test_a_part_without_a_single_cell_is_stored_and_read(tmp_path):
    run, _ = swept(tmp_path)
    path = sorted((run.folder / "parts").iterdir())[-1]

    part = read_part(path)

    assert (part.strategy, part.params, part.stacks) == ("Falls", (), ())
    assert (part.cells.shape, part.blocks.shape[0], part.entries.shape[0]) == ((0,), 0, 0)
    assert part.failed == read_failed(path) == run.failed[-10:]


def test_what_has_cells_is_judged_and_what_has_none_is_not(tmp_path):
    run, _ = swept(tmp_path)

    candidates = judge(ORDER, run, {"A": ground(1)}, 1, Serial(), Silent())

    assert [(c.strategy_name, c.n_cells) for c in candidates] == [
        ("RSI2_MeanReversion", 36 * len(EXITS)),
        ("Stumbles", 10 * len(EXITS)),
    ]


def test_failures_stand_beside_refusals_once_for_each_rule(tmp_path):
    run, _ = swept(tmp_path)

    told = raised(run)

    assert [(r.symbol, r.strategy) for r in told] == [("A", "Stumbles"), ("A", "Falls")]
    assert told[0].reason == (
        f'FAILED in 10 of its 20 parameter sets, first with {{"length":3,"width":2}}: '
        f"{WHY.format(LINE)}"
    )
    assert told[1].reason.startswith("FAILED in 10 of its 10 parameter sets")


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_and_a_lack_of_memory_still_stop(tmp_path, monkeypatch, error):
    def stop(bars, **params):
        raise error

    monkeypatch.setattr(
        "alphamill.research.rules.find", lambda name: replace(strategy(), rule=stop)
    )

    with pytest.raises(error):
        swept(tmp_path, replace(ORDER, strategies=(strategy(),)))


def test_a_rule_that_returns_nonsense_fails_as_one_that_raises(tmp_path, monkeypatch):
    broken = replace(strategy(), rule=lambda bars, **p: None)
    monkeypatch.setattr("alphamill.research.rules.find", lambda name: broken)

    run, counted = swept(tmp_path, replace(ORDER, strategies=(broken,)))

    assert counted == run.n_cells == 0
    assert {f.reason for f in run.failed} == {
        "Stumbles: a rule must return Signals, received NoneType. Mend the rule."
    }


def test_a_rule_that_raises_on_a_permuted_market_does_not_pass_by_it(tmp_path):
    # Its length of 7 holds on the market as it was, and on no other.
    order = replace(plan(("A",), (21,), permutations=3), strategies=(SLIPS,))
    run, _ = swept(tmp_path, order)
    grounds = {"A": ground(1)}
    standing = [replace(c, verdicts=()) for c in judge(order, run, grounds, 1, Serial(), Silent())]

    (told,) = chance_test(order, run, grounds, standing, Serial(), Silent())

    verdict = told.verdicts[-1]
    assert (verdict.gate, verdict.passed, verdict.score) == ("chance", False, 0.0)
    assert "the rule raised on 3 of them, which counts against it" in verdict.detail


def test_the_whole_path_tells_of_failures_in_every_place(tmp_path):
    order = replace(
        ORDER,
        symbols=("ES",),
        windows=WINDOWS,
        carry_unproven=True,
        max_memory_mb=500,
        n_exits_declared=9,
    )

    outcome = run_path(
        order, Tampered(), tmp_path, n_workers=1, progress=Silent(), clock=ReplayClock(NOON_2026)
    )

    folder = tmp_path / "runs" / outcome.run_id
    stored = json.loads((folder / winners.STORED).read_text())
    meta = json.loads((folder / results.META).read_text())
    assert [r.strategy for r in outcome.refused] == ["Stumbles", "Falls"]
    assert len(outcome.failed) == len(stored["failed"]) == meta["n_failed_sets"] == 20
    assert Failure(**stored["failed"][0]) == outcome.failed[0]
    assert [r["strategy"] for r in stored["refused"]] == ["Stumbles", "Falls"]
    assert outcome.grids == (
        GridCount("RSI2_MeanReversion", 36, 36),
        GridCount("Stumbles", 20, 20),
        GridCount("Falls", 10, 10),
        GridCount("exits", 9, 4),
    )
    assert outcome.budget["exits"] == "9 declared, 4 run"
    assert meta["grids"]["exits"] == [9, 4]
    assert len(results.table(folder)) == 46 * len(EXITS)


def test_redundant_points_are_counted_by_strategy_and_in_all():
    order = plan(("A",), (14, 21, 41))

    assert grid_lines(order.grids) == {
        "parameter sets": ("135 declared, 93 run (DojiReversal 27: 9, ThreeBarLow 72: 48)"),
        "exits": "4 declared, 4 run",
    }
