"""The passport of a stored candidate: the same figures again, or a word why not."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alphamill.core.clock import ReplayClock
from alphamill.core.errors import DataError, SettingsError
from alphamill.data.catalog import Catalog
from alphamill.research import winners
from alphamill.research.passport import as_json, passport
from alphamill.strategies.user import load
from alphamill.validation.ledger import Ledger, Stacks, TrialSet
from tests.research.grounds import plan
from tests.research.test_pipeline import NOON_2026, WINDOWS, ran
from tests.research.test_user_rules import RULE

CLOCK = ReplayClock(NOON_2026)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "passport.md"


def order(own: Path):
    """Return a plan that differs from the defaults in all that a passport must remember."""
    base = plan(
        ("ES", "NQ"),
        (21, 40, 71),
        windows=WINDOWS,
        train_quarters=8,
        test_quarters=2,
        carry_unproven=True,
        max_memory_mb=500,
        sides="both",
        instruments={"ES": {"slippage_ticks": 3.0}},
        files={"every_so_often": own},
    )
    return replace(base, strategies=(*base.strategies, *load(own)))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("passports")
    own = folder / "own.py"
    own.write_text(RULE)
    return folder, ran(folder, order(own))


def shown(done, symbol="ES", strategy="RSI2_MeanReversion", **given):
    return passport(done[0], symbol, strategy, CLOCK, **given)


@pytest.fixture
def copied(done, tmp_path):
    """Return a copy of the workspace to spoil."""
    folder = tmp_path / "spoilt"
    shutil.copytree(done[0], folder)
    return folder, done[1]


@pytest.mark.parametrize("who", ["RSI2_MeanReversion", "PairsZScore", "every_so_often"])
def test_it_shows_what_the_run_found(done, who):
    outcome = done[1]
    judged = next(c for c in outcome.candidates if (c.symbol, c.strategy_name) == ("ES", who))

    found = shown(done, strategy=who)

    assert found.run_id == outcome.run_id
    assert [(v.gate, v.passed) for v in found.candidate.verdicts] == [
        (v.gate, v.passed) for v in judged.verdicts
    ]
    assert found.candidate.oos_pnl.tolist() == judged.oos_pnl.tolist()
    assert found.evidence.sharpe.value == pytest.approx(judged.in_sample_sharpe)
    assert found.result.equity[-1] == pytest.approx(judged.metrics["total_pnl"])
    assert found.result.instrument.slippage_ticks == 3.0
    assert found.sides == "both"


def test_its_windows_are_those_of_the_plan(done):
    found = shown(done)

    # Two quarters each; the years after the second of discovery, 2008 to about 2015.
    assert [str(w.first)[:6] for w in found.evidence.windows[:3]] == ["201001", "201007", "201101"]


def test_it_says_why_the_strategy_should_pay(done):
    assert shown(done, strategy="1001").idea == "What is bought often enough goes up."


@pytest.mark.parametrize("name", ["21", "rsi2_mean_reversion", "RSI2_MeanReversion_bt"])
def test_a_strategy_is_found_by_number_and_however_it_is_spelt(done, name):
    assert shown(done, strategy=name).candidate.strategy_id == 21


def test_the_seal_stays_closed_and_nothing_is_tried(done):
    catalog, ledger = Catalog(done[0]), Ledger(done[0] / "ledger.db", CLOCK)
    before = catalog.looks(), ledger.count()

    found = shown(done)

    assert (catalog.looks(), ledger.count()) == before
    assert found.evidence.deflated.n_ever == before[1]
    sealed = catalog.entry("ES", "1d").first_sealed_session
    assert found.result.bars.session[-1] < sealed
    assert int(found.identity["sessions"].split(" to ")[1]) < sealed


def test_trials_that_came_later_are_charged(copied):
    folder, _ = copied
    before = shown(copied)
    span, asked = (20080102, 20141231), ("long", "code", "run")
    more = [
        TrialSet("ES", "1d", *span, "another", {"n": n}, Stacks([{}]), *asked) for n in range(900)
    ]
    ledger = Ledger(folder / "ledger.db", CLOCK)
    ledger.append(more)
    ledger.close()

    after = shown(copied)

    assert after.evidence.deflated.n_ever == before.evidence.deflated.n_ever + 900
    assert after.evidence.deflated.probability < before.evidence.deflated.probability


def test_a_ledger_that_is_gone_charges_the_cells_at_hand_all_the_same(copied):
    (copied[0] / "ledger.db").unlink()

    found = shown(copied)

    assert found.evidence.deflated.n_ever == found.candidate.n_cells > 0


def test_the_run_that_judged_last_counts_unless_one_is_named(copied):
    folder, first = copied
    again = plan(("ES",), (21,), windows=WINDOWS, train_quarters=8, max_memory_mb=500)
    later = ran(folder, again)
    stored = folder / "runs" / later.run_id / winners.STORED
    rows = json.loads(stored.read_text())
    for row in rows["candidates"]:
        row["at_ns"] += 1
    stored.write_text(json.dumps(rows))

    assert later.run_id != first.run_id
    assert shown(copied).run_id == later.run_id
    assert shown(copied, run=first.run_id).run_id == first.run_id
    assert shown(copied, strategy="40").run_id == first.run_id


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"symbol": "EX"}, r"no run judged 'EX'\. The nearest are \['ES'"),
        ({"strategy": "BuyOn5Bars"}, r"no run judged 'BuyOn5Bars' on ES\. .*'BuyOn5BarLow'"),
        ({"run": "nope"}, r"there is no finished run 'nope'\. The nearest are \["),
    ],
)
def test_what_is_not_there_is_answered_with_the_nearest(done, asked, words):
    with pytest.raises(SettingsError, match=words):
        shown(done, **asked)


def test_a_pair_that_a_run_refused_is_answered_with_its_reason(copied):
    folder, outcome = copied
    stored = folder / "runs" / outcome.run_id / winners.STORED
    rows = json.loads(stored.read_text())
    rows["refused"] = [{"symbol": "ES", "strategy": "IBSStrategy", "reason": "closes only"}]
    stored.write_text(json.dumps(rows))

    with pytest.raises(SettingsError, match=f"Run {outcome.run_id} refused it: closes only"):
        shown(copied, strategy="ibs_strategy")


def test_without_a_run_there_is_nothing_to_show(tmp_path):
    with pytest.raises(DataError, match="no finished run lies in runs"):
        passport(tmp_path, "ES", "21", CLOCK)


def test_other_bars_than_those_judged_are_refused(copied):
    catalog = Catalog(copied[0])
    bars = catalog.read("ES", "1d")
    close = bars.close.copy()
    close[100] = (bars.low[100] + bars.high[100]) / 2
    catalog.write(replace(bars, close=close, raw_close=close), replace=True)

    with pytest.raises(DataError, match="not those that run .* judged"):
        shown(copied)


def test_figures_that_the_code_of_today_does_not_give_are_refused(copied):
    folder, outcome = copied
    stored = folder / "runs" / outcome.run_id / winners.STORED
    rows = json.loads(stored.read_text())
    for row in rows["candidates"]:
        row["metrics"]["total_pnl"] += 1.0
    stored.write_text(json.dumps(rows))

    with pytest.raises(DataError, match="the code of today gives"):
        shown(copied)


def test_a_run_that_does_not_say_what_was_asked_is_refused(copied):
    folder, outcome = copied
    path = folder / "runs" / outcome.run_id / "run.json"
    meta = json.loads(path.read_text())
    del meta["asked"]
    path.write_text(json.dumps(meta))

    with pytest.raises(DataError, match=r"run\.json does not say what was asked"):
        shown(copied)


def test_stored_cells_that_are_gone_or_damaged_are_named(copied):
    folder, outcome = copied
    parts = sorted((folder / "runs" / outcome.run_id / "parts").glob("*.parquet"))
    parts[0].write_bytes(b"not a table")
    with pytest.raises(DataError, match=parts[0].name):
        shown(copied)

    for path in parts:
        path.unlink()
    with pytest.raises(DataError, match="holds no cells of RSI2_MeanReversion on ES any more"):
        shown(copied)


def test_the_json_is_plain_the_same_again_and_every_key_is_documented(done):
    told = as_json(shown(done))

    assert as_json(shown(done)) == told
    json.dumps(told, allow_nan=False)
    assert len(told["trades"]) == told["metrics"]["total_trades"] + sum(
        t["reason"] == "open_at_end" for t in told["trades"]
    )
    assert np.shape(told["heatmap"]["sharpe"]) == (
        len(told["heatmap"]["y_values"]),
        len(told["heatmap"]["x_values"]),
    )
    documented = set(re.findall(r"`(\w+)`", DOCS.read_text()))
    keys = {*told, *told["evidence"], *told["verdicts"][0], *told["trades"][0], *told["heatmap"]}
    keys |= {*told["nulls"], *told["nulls"]["noise"][0]}
    assert keys - documented == set()
