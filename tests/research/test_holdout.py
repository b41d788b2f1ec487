"""The sealed end opened for one candidate: what it costs, who is refused, and what is kept."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.metrics import daily_pnl, periods_per_year, sharpe
from alphamill.core.clock import ReplayClock
from alphamill.core.errors import DataError, GateError, SettingsError
from alphamill.data.catalog import Catalog
from alphamill.data.looks import SealToken, append_look
from alphamill.research import winners
from alphamill.research.factory import rerun
from alphamill.research.holdout import Asker, holdout
from alphamill.research.rebuilt import last_judged, rebuilt
from alphamill.strategies.user import load
from alphamill.validation.holdout import needed_sharpe
from tests.research.grounds import plan
from tests.research.test_pipeline import NOON_2026, WINDOWS, Tampered, ran
from tests.research.test_user_rules import RULE

CLOCK = ReplayClock(NOON_2026)
ADA = Asker("ada", "the first real test")
ANYWAY = replace(ADA, anyway=True)
# In this market the first has an edge and the second has none.
GOOD, BAD, PAIR = "RSI2_MeanReversion", "IBSStrategy", "PairsZScore"


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Return a workspace in which two candidates wait for the sealed end and the others failed."""
    folder = tmp_path_factory.mktemp("holdout")
    own = folder / "own.py"
    own.write_text(RULE)
    base = plan(
        ("ES", "NQ"),
        (21, 45, 71),
        windows=WINDOWS,
        train_quarters=8,
        carry_unproven=True,
        max_memory_mb=500,
        draws=99,
        gates={"basic": {"min_trades": 20}},
        files={"every_so_often": own},
    )
    order = replace(base, strategies=(*base.strategies, *load(own)))
    return folder, ran(folder, order, Tampered(edge_sharpe=4.0))


@pytest.fixture
def done(swept, tmp_path):
    """Return a copy of that workspace to look in, and its run's folder."""
    folder = tmp_path / "own"
    shutil.copytree(swept[0], folder)
    return folder, folder / "runs" / swept[1].run_id


def opened(done, strategy=GOOD, symbol="ES", asker=ADA, **given):
    return holdout(done[0], symbol, strategy, asker, CLOCK, **given)


def log(done):
    return Catalog(done[0]).looks()


def rows(done, change=None):
    """Return the stored candidates of the run by symbol and strategy, changed on disk if asked."""
    path = done[1] / winners.STORED
    document = json.loads(path.read_text())
    by_pair = {(r["symbol"], r["strategy_name"]): r for r in document["candidates"]}
    if change:
        change(by_pair)
        path.write_text(json.dumps(document))
    return by_pair


def manifest_rows(done):
    told = json.loads((done[0] / "winners_manifest.json").read_text())
    return {(r["symbol"], r["strategy_name"]): r for r in told["winners"]}


def set_verdict(row, gate, **changes):
    next(v for v in row["verdicts"] if v["gate"] == gate).update(changes)


# --- one look ----------------------------------------------------------------------------------


def test_an_edge_is_proven_on_sealed_bars_and_the_look_is_logged(done):
    found = opened(done)

    (taken,) = log(done)
    assert (taken.symbol, taken.timeframe, taken.who) == ("ES", "1d", "ada")
    for word in (done[1].name, f"cell {found.candidate.cell}:", GOOD, "the first real test"):
        assert word in taken.why
    assert found.verdict.passed
    assert (found.stamp, found.is_new, found.n_looks) == ("proven", True, 1)
    assert found.candidate.failed_gate is found.candidate.waits_for is None
    assert found.sealed == (taken.first_session, taken.last_session)


def test_only_sealed_sessions_count(done):
    found = opened(done)

    again = rebuilt(done[0], *last_judged(done[0] / "runs", "ES", GOOD))
    (taken,) = log(done)
    first = again.meta["series"]["ES"]["first"]
    bars = Catalog(done[0]).read("ES", "1d", first, token=SealToken(taken))
    grounds = {"ES": replace(again.ground, bars=bars)}
    rule = again.plan.strategies[0]
    sessions, pnl = daily_pnl(rerun(rule, grounds, again.part, found.candidate.cell))
    is_sealed = sessions >= Catalog(done[0]).entry("ES", "1d").first_sealed_session
    # Between the discovery window and the seal lie two windows that may have been looked at.
    assert np.count_nonzero(sessions > again.ground.sessions[-1]) > is_sealed.sum() + 400
    expected = sharpe(pnl[is_sealed], periods_per_year(sessions))
    assert found.verdict.score == pytest.approx(expected, rel=1e-9)
    assert f"{is_sealed.sum()} sealed sessions" in found.verdict.detail


def test_verdict_and_stamp_are_kept_with_the_run_and_in_the_manifest(done):
    before, waiting = rows(done), manifest_rows(done)["ES", GOOD]
    assert (before["ES", GOOD]["stamp"], waiting["stamp"]) == ("provisional", "provisional")

    found = opened(done)

    after = rows(done)
    kept = winners.stored(done[1])
    own = next(s for s in kept if (s.candidate.symbol, s.candidate.strategy_name) == ("ES", GOOD))
    assert own.stamp == "proven"
    assert own.candidate.verdicts[-1] == found.verdict
    assert manifest_rows(done)["ES", GOOD] == waiting | {"stamp": "proven"}
    # Nothing else has moved.
    for pair in set(before) - {("ES", GOOD)}:
        assert after[pair] == before[pair]
    untouched = set(before["ES", GOOD]) - {"verdicts", "stamp"}
    assert all(after["ES", GOOD][k] == before["ES", GOOD][k] for k in untouched)


def test_who_fails_there_is_unproven_and_falls_behind(done):
    # The hopeless one is made to wait for the seal too, and ranks first by its Sharpe ratio.
    def pass_all(by_pair):
        for verdict in by_pair["ES", BAD]["verdicts"]:
            verdict["passed"] = True

    rows(done, pass_all)
    path = done[0] / "winners_manifest.json"
    told = json.loads(path.read_text())
    row = next(r for r in told["winners"] if (r["symbol"], r["strategy_name"]) == ("ES", BAD))
    row.update(stamp="provisional", failed_gate=None, sharpe_ratio=9.0)
    told["winners"].sort(key=lambda r: r is not row)
    path.write_text(json.dumps(told))

    found = opened(done, BAD)

    assert not found.verdict.passed
    assert (found.stamp, found.candidate.failed_gate) == ("unproven", "holdout")
    ranked = manifest_rows(done)
    assert ranked["ES", BAD]["failed_gate"] == "holdout"
    assert ranked["ES", BAD]["rank"] > ranked["ES", GOOD]["rank"]
    assert sorted(r["rank"] for r in ranked.values()) == list(range(1, len(ranked) + 1))


# --- each look is charged ------------------------------------------------------------------------


def test_the_second_candidate_on_a_symbol_needs_more_and_one_elsewhere_does_not(done):
    first, second = opened(done), opened(done, BAD, asker=ANYWAY)
    elsewhere = opened(done, symbol="NQ")

    n = int(first.verdict.detail.split()[0])
    assert first.verdict.threshold == elsewhere.verdict.threshold == 0.0
    assert second.verdict.threshold == pytest.approx(needed_sharpe(2, n, 252.0), rel=0.02)
    assert second.verdict.threshold > 0.4
    assert [o.n_looks for o in (first, second, elsewhere)] == [1, 2, 1]
    assert first.n_left == second.n_left + 1


def test_looks_of_others_at_the_same_days_count_and_at_other_days_or_symbols_do_not(done):
    catalog = Catalog(done[0])
    entry = catalog.entry("ES", "1d")
    first, last = entry.first_sealed_session, entry.last_session
    facts = {"at_ns": NOON_2026, "content_hash": "x", "who": "bob", "why": "curious"}
    for symbol, timeframe, begin, end in (
        ("ES", "15m", last, last + 10_000),
        ("ES", "1h", 20100101, first),
        ("ES", "1d", 20100101, first - 1),
        ("ES", "1d", last + 1, last + 10_000),
        ("NQ", "1d", first, last),
    ):
        facts |= {"symbol": symbol, "timeframe": timeframe}
        facts |= {"first_session": begin, "last_session": end}
        append_look(catalog.folder / "looks.jsonl", **facts)

    found = opened(done)

    assert found.n_looks == 3
    assert "look 3 at them" in found.verdict.detail


def test_a_pair_opens_both_seals_and_both_are_charged(done):
    first = opened(done, symbol="NQ")
    pair = opened(done, PAIR, asker=ANYWAY)
    after = opened(done)

    assert [(taken.symbol, taken.number) for taken in log(done)] == [
        ("NQ", 1), ("ES", 2), ("NQ", 3), ("ES", 4),
    ]  # fmt: skip
    assert first.verdict.threshold == 0.0
    # The NQ bars in it were seen before, and its look at ES is the first of two.
    assert "look 2 at them" in pair.verdict.detail
    assert "look 2 at them" in after.verdict.detail


def test_a_pair_is_judged_from_where_both_are_sealed(done):
    alone = opened(done).verdict.detail.split()[0]
    earlier = Catalog(done[0]).entry("NQ", "1d").first_sealed_session - 10_000
    Catalog(done[0]).seal("NQ", "1d", earlier)

    pair = opened(done, PAIR, asker=ANYWAY)

    assert pair.verdict.detail.startswith(f"{alone} sealed sessions")


# --- the same candidate again --------------------------------------------------------------------


def test_asked_again_it_answers_from_the_run_without_a_look(done):
    first = opened(done)
    opened(done, BAD, asker=ANYWAY)
    before = log(done)
    # Not even the bars are needed any more.
    shutil.rmtree(done[1] / "parts")

    again = opened(done, "21")

    assert log(done) == before
    assert again.verdict == first.verdict
    assert (again.stamp, again.is_new, again.n_looks) == ("proven", False, 2)


def test_a_kill_after_the_look_costs_one_look_and_not_two(done, monkeypatch):
    read = Catalog.read

    def killed(self, *args, token=None, **given):
        if token is not None:
            raise KeyboardInterrupt
        return read(self, *args, token=token, **given)

    monkeypatch.setattr(Catalog, "read", killed)
    with pytest.raises(KeyboardInterrupt):
        opened(done)
    monkeypatch.undo()
    # It was in the log before a sealed bar was read.
    before = log(done)
    assert [taken.number for taken in before] == [1]
    assert rows(done)["ES", GOOD]["stamp"] == "provisional"
    Catalog(done[0]).open_seal("ES", "1d", "bob", "curious", CLOCK)

    found = opened(done)

    assert log(done)[:1] == before
    assert len(log(done)) == 2
    assert not found.is_new
    assert found.verdict.threshold == 0.0
    assert found.n_looks == 2


def test_a_kill_between_the_verdict_and_the_manifest_is_made_good(done):
    waiting = (done[0] / "winners_manifest.json").read_text()
    opened(done)
    (done[0] / "winners_manifest.json").write_text(waiting)

    opened(done)

    assert manifest_rows(done)["ES", GOOD]["stamp"] == "proven"


def test_a_run_that_is_judged_again_uses_its_look_and_another_cell_does_not(done):
    before = (done[1] / winners.STORED).read_text()
    first = opened(done)
    (done[1] / winners.STORED).write_text(before)

    same = opened(done)

    assert (same.verdict, same.is_new) == (first.verdict, False)
    assert len(log(done)) == 1

    (done[1] / winners.STORED).write_text(before)
    again = rebuilt(done[0], *last_judged(done[0] / "runs", "ES", GOOD))
    # A cell that begins with the same digit, so that names are compared whole.
    cell = first.candidate.cell // 10
    result = rerun(again.plan.strategies[0], again.grounds, again.part, cell)
    figures = {"total_trades": float(len(result.trades)), "total_pnl": float(result.equity[-1])}

    def choose(by_pair):
        row = by_pair["ES", GOOD]
        row["cell"] = cell
        row["metrics"] |= figures

    rows(done, choose)
    another = opened(done)

    assert another.is_new
    assert len(log(done)) == 2
    assert "look 2 at them" in another.verdict.detail


# --- refused, and nothing was looked at ----------------------------------------------------------


def test_who_failed_a_gate_that_decides_is_refused(done):
    with pytest.raises(GateError, match="IBSStrategy on ES: walk_forward said no .*--anyway"):
        opened(done, BAD)

    assert log(done) == []


@pytest.mark.parametrize(
    ("asked", "words", "stamp"),
    [
        (True, "luck said no to it", "unproven"),
        (False, "luck, which decides, has not been asked", "provisional"),
    ],
)
def test_a_look_all_the_same_is_charged_and_makes_nobody_proven(done, asked, words, stamp):
    rows(done, lambda r: set_verdict(r["ES", GOOD], "luck", asked=asked, passed=False))
    with pytest.raises(GateError, match=words):
        opened(done)
    assert log(done) == []

    found = opened(done, asker=ANYWAY)

    assert found.verdict.passed
    assert found.stamp == manifest_rows(done)["ES", GOOD]["stamp"] == stamp
    assert len(log(done)) == 1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"symbol": "EX"}, r"no run judged 'EX'\. The nearest are \['ES'"),
        ({"strategy": "IBS"}, r"no run judged 'IBS' on ES"),
        ({"run": "nope"}, "there is no finished run 'nope'"),
        ({"asker": Asker("  ")}, "must say who"),
    ],
)
def test_names_that_nobody_knows_open_nothing(done, asked, words):
    with pytest.raises(SettingsError, match=words):
        opened(done, **asked)

    assert log(done) == []


def test_bars_that_changed_open_nothing(done):
    catalog = Catalog(done[0])
    bars = catalog.read("ES", "1d")
    close = bars.close.copy()
    close[100] = bars.low[100]
    catalog.write(replace(bars, close=close, raw_close=close), replace=True)

    with pytest.raises(DataError, match="not those that run .* judged"):
        opened(done)

    assert log(done) == []


def test_code_that_changed_opens_nothing(done):
    path = done[1] / "run.json"
    path.write_text(path.read_text().replace('"code_version": "', '"code_version": "0'))

    with pytest.raises(DataError, match="judged by the code that judged the run"):
        opened(done)

    assert log(done) == []


def test_a_users_rule_that_was_taught_the_sealed_years_opens_nothing(done):
    # It says what it said wherever the run could see it.
    own = done[0] / "own.py"
    meta = json.loads((done[1] / "run.json").read_text())
    meta["asked"]["files"]["every_so_often"] = str(own)
    (done[1] / "run.json").write_text(json.dumps(meta))
    own.write_text(own.read_text() + "\n# from 2019 on: buy\n")

    with pytest.raises(DataError, match="judged by the code that judged the run"):
        opened(done, "every_so_often", asker=ANYWAY)

    assert log(done) == []


def test_a_seal_inside_the_discovery_window_opens_nothing(done):
    Catalog(done[0]).seal("ES", "1d", 20120101)

    with pytest.raises(DataError, match="another project has sealed those after 20111230"):
        opened(done)

    assert log(done) == []
