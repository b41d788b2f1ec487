"""The gates that look beyond one candidate: all cells of an instrument, all families, elsewhere."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.clock import ReplayClock
from alphamill.research.chain import compared, judge_market
from alphamill.research.factory import judge
from alphamill.research.luck import luck_of
from alphamill.research.sweep import sweep
from alphamill.validation.discovery import adjusted
from alphamill.validation.gates import Verdict
from alphamill.validation.ledger import Ledger
from alphamill.validation.maximum import judged, merged
from alphamill.validation.thresholds import GATES
from alphamill.workshop.parallel import Serial
from alphamill.workshop.progress import Silent
from tests.research.grounds import ground, plan

STRATEGIES, DRAWS = (21, 45), 99
ORDER = plan(("A", "B"), STRATEGIES, draws=DRAWS)


def lucky(seed):
    floor = ground(seed)
    return replace(floor, luck=luck_of(floor.bars, floor.instrument, DRAWS, ORDER.seed))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chain")
    grounds = {"A": lucky(1), "B": lucky(2)}
    ledger = Ledger(folder / "ledger.db", ReplayClock(1))
    run = sweep(ORDER, grounds, folder / "runs", ledger, Serial(), Silent())
    alone = judge(ORDER, run, grounds, ledger.count(), Serial(), Silent())
    return run, grounds, compared(ORDER, grounds, alone, run.luck)


def said_by(who, gate):
    return next(v for v in who.verdicts if v.gate == gate)


def test_luck_is_that_of_all_cells_of_the_instrument_charged_for_both(done):
    run, _, candidates = done

    for symbol in "AB":
        own = [c for c in candidates if c.symbol == symbol]
        maxima = [run.luck(symbol, c.strategy_name) for c in own]
        whole = judged(merged(maxima)).p_value
        first = maxima[0].statistic.size
        for who, p in zip(own, (whole[:first], whole[first:]), strict=True):
            told = said_by(who, "luck")
            assert told.p_value == pytest.approx(1.0 - (1.0 - p.min()) ** 2)
            assert f"{p[who.cell]:.4f} for the chosen one" in told.detail
            assert f"the best of {whole.size:,} cells in {DRAWS} draws" in told.detail
            assert told.decides


def test_fdr_adjusts_the_families_of_all_instruments_together(done):
    run, _, candidates = done

    p = np.array([judged(run.luck(c.symbol, c.strategy_name)).best_p for c in candidates])

    assert [said_by(c, "fdr").p_value for c in candidates] == p.tolist()
    q = [1.0 - said_by(c, "fdr").score for c in candidates]
    assert q == pytest.approx(adjusted(p).tolist())
    assert (np.array(q) > p).any()
    assert all("among 4 families" in said_by(c, "fdr").detail for c in candidates)


def test_a_rule_is_set_beside_itself_elsewhere(done):
    _, _, candidates = done

    for who in candidates:
        same = [c for c in candidates if c.strategy_name == who.strategy_name]
        told = said_by(who, "multi_symbol")
        assert told.asked
        assert told.passed == (
            all(c.oos_sharpe >= 0.3 for c in same) and np.mean([c.oos_sharpe for c in same]) >= 0.5
        )


def test_without_draws_luck_and_fdr_are_not_asked_and_nobody_is_proven(done):
    run, grounds, candidates = done
    order = replace(ORDER, decides=("luck",))
    alone = [replace(c, verdicts=()) for c in candidates]

    told = compared(order, grounds, alone, lambda symbol, strategy: None)

    assert {(v.gate, v.asked) for c in told for v in c.verdicts if v.gate != "multi_symbol"} == {
        ("luck", False),
        ("fdr", False),
    }
    assert {(c.failed_gate, c.waits_for, c.stamp) for c in told} == {(None, "luck", "provisional")}


def test_verdicts_stand_in_the_order_of_the_gates(done):
    for who in done[2]:
        gates = [v.gate for v in who.verdicts]
        assert gates == [gate for gate in GATES if gate in gates]
        assert len(gates) == len(set(gates)) == len(GATES) - 2  # chance and holdout are asked apart


def test_a_market_in_memory_is_judged_as_its_stored_sweep(done):
    _, _, stored = done
    grounds = {"A": ground(1), "B": ground(2)}

    found = judge_market(ORDER, grounds, ORDER.seed)

    assert [c.symbol + c.strategy_name for c in found] == [
        c.symbol + c.strategy_name for c in stored
    ]
    for one, other in zip(found, stored, strict=True):
        assert one.verdicts[-1].gate == "holdout"
        assert not one.verdicts[-1].asked
        told = [v for v in one.verdicts if v.gate != "holdout"]
        assert [str(v) for v in told] == [str(v) for v in other.verdicts]


def test_all_that_follows_the_searched_part_is_the_sealed_end(monkeypatch):
    whole = {"A": ground(1, 1_500)}
    searched = replace_bars(whole["A"], 1_200)
    asked = []
    monkeypatch.setattr(
        "alphamill.research.chain.look",
        lambda *args, **given: (
            asked.append((args, given)) or Verdict("holdout", True, 1.0, 0.0, "")
        ),
    )
    order = plan(("A",), (45,), decides=("validity",))

    (who,) = judge_market(order, {"A": searched}, 3, whole)

    assert who.verdicts[-1].passed
    ((_, _, all_of_it, part, cell), given), *more = asked
    assert not more
    assert all_of_it["A"] is whole["A"]
    assert part.symbol == "A"
    assert cell == who.cell
    last = int(searched.sessions[-1])
    assert given == {"n_looks": 1, "first": last + 1}
    # Who failed is not looked at.
    strict = replace(order, decides=("basic",), gates={"basic": {"min_trades": 1e6}})
    (failed,) = judge_market(strict, {"A": searched}, 3, whole)
    assert not failed.verdicts[-1].asked
    assert len(asked) == 1


def replace_bars(floor, n_bars):
    return ground(1, n_bars, bars=floor.bars.head(n_bars))
