"""Rules over two series in the research room: swept, judged, permuted together, or refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.cell import cell_of
from alphamill.backtest.legs import NO_EXITS, backtest_legs, legs_of
from alphamill.core.clock import ReplayClock
from alphamill.core.market import bar_columns
from alphamill.data.instruments import FACTORY_SYMBOLS, PARTNERS
from alphamill.research import results
from alphamill.research.cells import joined
from alphamill.research.chance import chance_test, together
from alphamill.research.factory import judge, rerun
from alphamill.research.partners import others_of
from alphamill.research.pipeline import run as run_path
from alphamill.research.sweep import sweep
from alphamill.strategies import find
from alphamill.strategies.contract_markets import daily
from alphamill.validation.ledger import Ledger
from alphamill.workshop.parallel import Serial, executor
from alphamill.workshop.progress import Silent
from tests.research.grounds import ALONE, EXITS, ground, plan
from tests.research.test_pipeline import NOON_2026, WINDOWS, Tampered

ORDER = plan(("A", "B"), (71, 21), partners={"A": "B", "B": "A"}, sides="both")


def both(seed):
    return replace(ground(seed), sides="both")


def swept(folder, order=ORDER, grounds=None, n_workers=1):
    ledger = Ledger(folder / "ledger.db", ReplayClock(1))
    with executor(n_workers) as work:
        floors = grounds or {"A": both(1), "B": both(2)}
        done = sweep(order, floors, folder / "runs", ledger, work, Silent())
    ledger.close()
    return done


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    grounds = {"A": both(1), "B": both(2)}
    return grounds, swept(folder, grounds=grounds), folder


def test_a_cell_of_two_series_is_one_parameter_set_without_exits(done):
    grounds, run, _ = done

    part = joined(list(run.parts("A", "PairsZScore")))

    assert part.stacks == (NO_EXITS,)
    assert part.others == {"partner": "B"}
    assert part.cells.size == len(part.params) == 18
    assert part.cell(0) == {**part.params[0], "partner": "B", **NO_EXITS.as_params()}
    assert run.n_cells == 2 * (18 + 36 * len(EXITS))
    floor, other = grounds["A"], grounds["B"]
    legs = legs_of([(g.bars, g.instrument) for g in (floor, other)])
    for row, params in enumerate(part.params):
        wanted = find(71).targets(floor.bars, [other.bars], params, "both")
        cells, blocks, *_ = cell_of(backtest_legs(legs, wanted), floor.blocks.of_session)
        assert part.cells[row].tobytes() == cells[0].tobytes()
        assert part.blocks[row].tolist() == blocks[0].tolist()


def test_workers_change_no_byte_of_a_cell_of_two_series(done, tmp_path):
    _, alone, _ = done

    beside = swept(tmp_path, n_workers=2)

    assert beside.run_id == alone.run_id
    for path in (alone.folder / "parts").iterdir():
        assert (beside.folder / "parts" / path.name).read_bytes() == path.read_bytes()


def test_another_partner_is_another_run_and_other_trials(done, tmp_path):
    _, run, _ = done
    grounds = {"A": both(1), "B": both(2), "C": both(3)}
    names = ("A", "B", "C")
    order = replace(ORDER, symbols=names, partners={"A": "B", "B": "A"})
    first = swept(tmp_path, order, grounds)

    second = swept(tmp_path, replace(order, partners={"A": "C", "B": "A"}), grounds)

    assert len({run.run_id, first.run_id, second.run_id}) == 3
    assert second.n_new_trials == 18


def test_a_candidate_of_two_series_meets_every_gate(done):
    grounds, run, _ = done

    candidates = judge(ORDER, run, grounds, 1, Serial(), Silent())

    pairs = [c for c in candidates if c.strategy_id == 71]
    assert [(c.symbol, c.params["partner"]) for c in pairs] == [("A", "B"), ("B", "A")]
    assert [tuple(v.gate for v in c.verdicts) for c in pairs] == [ALONE] * 2
    part = joined(list(run.parts("A", "PairsZScore")))
    cell = next(k for k in range(18) if part.cell(k) == dict(pairs[0].params))
    whole = rerun(find(71), grounds, part, cell)
    assert pairs[0].metrics["total_pnl"] == whole.equity[-1] != 0.0
    assert pairs[0].metrics["total_trades"] > 20


# --- permuted together -------------------------------------------------------------------------


def test_two_series_permuted_together_move_together_and_in_another_order():
    grounds = both(1), both(2)

    one, two = together(grounds, 5)

    # Each bar's inner part lies on the same new day in both.
    inner = [[np.log(g.bars.close / g.bars.open) for g in gs] for gs in (grounds, (one, two))]
    before, after = (np.round(np.column_stack(pair), 9) for pair in inner)
    assert sorted(map(tuple, after[1:].tolist())) == sorted(map(tuple, before[1:].tolist()))
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(one.bars.close_ns, grounds[0].bars.close_ns)


def test_only_what_both_have_is_permuted():
    first = both(1)
    kept = np.delete(np.arange(1_500), [3, 700])
    shorter = {n: getattr(both(2).bars, n)[kept] for n in bar_columns()}
    second = replace(both(2), bars=replace(both(2).bars, **shorter))

    one, two = together((first, second), 5)

    assert len(one.bars) == len(two.bars) == 1_498
    assert one.bars.close_ns.tolist() == two.bars.close_ns.tolist()
    assert one.blocks.of_session.size == 1_498


def bound(seed, pull):
    """Return a market and its twin that strays from it and is pulled back by ``pull`` a day."""
    first = both(seed)
    rng, gap, apart = np.random.default_rng(seed), 0.0, []
    for shock in rng.standard_normal(1_500) * 0.01:
        gap = gap * (1.0 - pull) + shock
        apart.append(gap)
    names = ("open", "high", "low", "close", "raw_close")
    factor = np.exp(np.array(apart))
    columns = {n: getattr(first.bars, n) * factor for n in names}
    columns["open"] = np.append(columns["open"][0], columns["close"][:-1])
    columns["high"] = np.maximum(columns["high"], columns["open"])
    columns["low"] = np.minimum(columns["low"], columns["open"])
    return first, replace(first, bars=replace(first.bars, **columns), data_hash=f"twin {pull}")


def chance_of(folder, pull):
    first, second = bound(4, pull)
    grounds = {"A": second, "B": first}
    order = plan(("A",), (71,), partners={"A": "B"}, sides="both", permutations=19)
    run = swept(folder, order, grounds)
    candidates = tuple(
        replace(c, verdicts=()) for c in judge(order, run, grounds, 1, Serial(), Silent())
    )
    (told,) = chance_test(order, run, grounds, candidates, Serial(), Silent())
    return told.verdicts[-1]


def test_a_spread_that_comes_back_is_told_from_one_that_wanders(tmp_path):
    bound_one, wandering = chance_of(tmp_path / "a", 0.2), chance_of(tmp_path / "b", 0.0)

    assert (bound_one.gate, bound_one.passed, bound_one.score) == ("chance", True, 1 - 1 / 20)
    assert not wandering.passed


def test_series_that_share_few_bars_are_not_permuted_and_do_not_pass(tmp_path):
    first, second = bound(4, 0.2)
    late = replace(first.bars, close_ns=first.bars.close_ns + np.where(np.arange(1_500) % 4, 0, 60))
    grounds = {"A": second, "B": replace(first, bars=late)}
    order = plan(("A",), (71,), partners={"A": "B"}, sides="both", permutations=19)
    run = swept(tmp_path, order, grounds)
    standing = [replace(c, verdicts=()) for c in judge(order, run, grounds, 1, Serial(), Silent())]

    (told,) = chance_test(order, run, grounds, standing, Serial(), Silent())

    verdict = told.verdicts[-1]
    assert not verdict.passed
    assert not verdict.asked
    assert verdict.detail.startswith("75% of its bars close together with those of B")


# --- refused -----------------------------------------------------------------------------------

SERIES = {"A": daily(300, 1), "B": daily(300, 2), "SHORT": daily(200, 3)}
REFUSED = [
    ({}, "and none is named; name one under strategies.partners"),
    ({"A": "NQ"}, "and NQ is not among the series of this run; add it to data.symbols or name"),
    ({"A": "SHORT"}, "and the bars of SHORT end 140 days earlier; give windows by date"),
]


@pytest.mark.parametrize(("partners", "why"), REFUSED)
def test_a_rule_without_its_partner_is_refused_with_its_reason(partners, why):
    others, said = others_of(partners, SERIES, "A", find(71))

    assert others == {}
    assert said.startswith(f"PairsZScore reads a partner beside A, {why}")


def test_a_partner_in_the_run_is_taken_and_a_single_series_asks_for_none():
    assert others_of({"A": "B"}, SERIES, "A", find(71)) == ({"partner": "B"}, None)
    assert others_of({}, SERIES, "A", find(21)) == ({}, None)


def test_a_rule_over_three_series_is_refused():
    three = replace(find(71), others=("one", "two"))

    assert others_of({"A": "B"}, SERIES, "A", three) == (
        {},
        "PairsZScore reads 2 other series; one can be named",
    )


def test_a_refusal_of_the_sweep_names_the_instrument(tmp_path):
    run = swept(tmp_path, plan(("A", "B"), (71, 21), partners={"A": "B"}, sides="both"))

    assert [(r.symbol, r.strategy) for r in run.refused] == [("B", "PairsZScore")]
    assert {(t.symbol, t.strategy) for t in run.tasks} == {
        ("A", "PairsZScore"),
        ("A", "RSI2_MeanReversion"),
        ("B", "RSI2_MeanReversion"),
    }


# --- the whole path ----------------------------------------------------------------------------


def test_the_whole_path_runs_a_pair_to_its_winner_and_its_results(tmp_path):
    order = plan(
        ("ES", "NQ"),
        (71, 72),
        windows=WINDOWS,
        train_quarters=8,
        carry_unproven=True,
        permutations=3,
        sides="both",
    )

    outcome = run_path(
        order,
        Tampered(),
        tmp_path,
        n_workers=1,
        progress=Silent(),
        clock=ReplayClock(NOON_2026),
    )

    assert outcome.refused == ()
    assert {(c.symbol, c.params["partner"]) for c in outcome.candidates} == {
        ("ES", "NQ"),
        ("NQ", "ES"),
    }
    manifest = json.loads((tmp_path / "winners_manifest.json").read_text())
    assert {w["params"]["partner"] for w in manifest["winners"]} == {"ES", "NQ"}
    best = outcome.winners[0].candidate
    assert outcome.best_result.equity[-1] == best.metrics["total_pnl"]
    rows = results.table(tmp_path / "runs" / outcome.run_id)
    assert len(rows) == 2 * (18 + 12)
    assert rows["passed_walkforward"].notna().sum() == 4


def test_the_built_in_pairs_are_futures_of_the_table_and_no_one_is_its_own():
    assert {*PARTNERS, *PARTNERS.values()} <= set(FACTORY_SYMBOLS)
    assert all(symbol != partner for symbol, partner in PARTNERS.items())
    assert (PARTNERS["HG"], PARTNERS["6A"], PARTNERS["YM"]) == ("SI", "6E", "RTY")
