"""A winner found again by its row of the manifest: the same cell, bars and windows, or a word."""

import json
from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.data.catalog import Catalog
from alphamill.research import results
from alphamill.research.metalabel.primary import NoEntriesError, chosen
from alphamill.research.prepare import prepare
from alphamill.workshop.parallel import Serial
from tests.research.metalabel.conftest import ORDER, PAIRS, RSI, row, swept

BY_DATE = {
    "discovery": (20090101, 20141231),
    "ml_validation": (20150101, 20161231),
    "portfolio": (20170101, 20171231),
    "sealed": (20180101, 20201231),
}


def rewritten(folder, change):
    """Change what the run's file says was asked."""
    (path,) = (folder / "runs").glob(f"*/{results.META}")
    meta = json.loads(path.read_text())
    change(meta["asked"])
    path.write_text(json.dumps(meta))


def test_it_is_the_cell_of_the_manifest_with_the_bars_of_its_run(workspace):
    told = row(workspace)

    who = chosen(workspace, told)

    primary = who.primary
    assert (primary.symbol, primary.timeframe, primary.strategy) == ("ES", "1d", RSI)
    assert (primary.strategy_id, dict(primary.params)) == (21, told["params"])
    assert {**who.cell[0], **who.cell[1].as_params()} == told["params"]
    assert who.again.folder.name == told["run_id"]
    bars = who.again.ground.bars
    assert int(bars.session[-1]) <= who.windows.discovery.last < who.windows.ml_validation.first


def test_its_signals_are_those_of_its_run_and_of_both_sides(workspace):
    who = chosen(workspace, row(workspace))

    said = who.signals(who.again.ground.bars)

    asks = np.zeros(len(who.again.ground.bars), dtype=np.int8)
    trades = who.again.result.trades
    asks[trades.decided] = trades.side
    assert np.array_equal(said.enter[trades.decided], asks[trades.decided])
    assert set(said.enter.tolist()) == {-1, 0, 1}


def test_windows_are_those_the_run_was_prepared_with(workspace):
    prepared = prepare(ORDER, Catalog(workspace), Serial())

    assert chosen(workspace, row(workspace)).windows == prepared.windows["ES"]


def test_windows_by_date_are_remembered(tmp_path):
    order = replace(ORDER, symbols=("ES",), windows=BY_DATE, strategies=ORDER.strategies[:1])
    folder = swept(tmp_path, order)

    cut = chosen(folder, row(folder)).windows

    assert (cut.discovery.first // 10_000, cut.ml_validation.last // 10_000) == (2009, 2016)
    rewritten(folder, lambda asked: asked.pop("windows"))
    with pytest.raises(DataError, match="ES 1d: .* by its windows that would now be 2008"):
        chosen(folder, row(folder))


def test_a_run_that_did_not_say_its_windows_took_the_usual_cut(copied):
    before = chosen(copied, row(copied)).windows

    rewritten(copied, lambda asked: asked.pop("windows"))

    assert chosen(copied, row(copied)).windows == before


def test_a_history_that_has_grown_moves_fractions_and_is_refused(copied):
    catalog = Catalog(copied)
    bars = catalog.read("ES", "1d", 20080101, 20101231)
    later = bars.close_ns + 5_000 * 86_400_000_000_000
    catalog.write(replace(bars, close_ns=later, session=bars.session + 140_000))

    with pytest.raises(DataError, match="there are other bars since. Run it again"):
        chosen(copied, row(copied))


def test_a_pair_has_no_entries_to_veto(workspace):
    with pytest.raises(NoEntriesError, match="NQ PairsZScore: a veto needs entries"):
        chosen(workspace, row(workspace, PAIRS, "NQ"))


def test_a_row_without_a_run_is_the_last_one_of_its_pair(workspace):
    told = row(workspace)
    seeds = {"symbol": "ES", "strategy_name": RSI, "strategy_id": 21}
    own = {k: v for k, v in told["params"].items() if k != "atr_length"} | {"bars": 3}

    who = chosen(workspace, {**seeds, "params": own})

    assert who.again.folder.name == told["run_id"]
    assert dict(who.primary.params) == told["params"]


@pytest.mark.parametrize("run", ["its own", None])
def test_another_cell_than_its_run_chose_is_refused(workspace, run):
    told = row(workspace)
    other = {**told["params"], "rsi_length": told["params"]["rsi_length"] + 1}
    asked = {**told, "params": other, "run_id": run and told["run_id"]}

    with pytest.raises(SettingsError, match=f"{RSI}: run {told['run_id']} chose .* manifest says"):
        chosen(workspace, asked)


def test_a_closing_time_of_the_seeds_means_the_sessions_end(workspace):
    told = row(workspace)
    timed = {**told["params"], "auto_close_time": "16:00"}

    with pytest.raises(SettingsError, match="auto_close_time"):
        chosen(workspace, {**told, "params": timed, "run_id": None})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"run_id": "nowhere"}, "there is no finished run 'nowhere'"),
        ({"timeframe": "15m"}, "on 1d bars, and the manifest says .* on 15m"),
        ({"symbol": "CL"}, "'CL'"),
    ],
)
def test_a_row_that_fits_nothing_is_refused(workspace, change, words):
    with pytest.raises(SettingsError, match=words):
        chosen(workspace, {**row(workspace), **change})


def test_a_row_that_lacks_its_cell_is_refused(workspace):
    with pytest.raises(SettingsError, match=r"\['params'\] are missing"):
        chosen(workspace, {"symbol": "ES", "strategy_name": RSI})
