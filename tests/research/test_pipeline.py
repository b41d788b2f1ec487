"""The whole path on a synthetic market: what may be seen, what is counted, what is written."""

import json
from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.clock import ReplayClock
from alphamill.core.errors import DataError, SettingsError
from alphamill.data.catalog import Catalog
from alphamill.data.sources.synthetic import Synthetic
from alphamill.report.page import write_page
from alphamill.research import results
from alphamill.research.pipeline import never_traded, run
from alphamill.research.prepare import prepare
from alphamill.workshop.parallel import Serial
from alphamill.workshop.progress import Silent
from tests.research.grounds import plan

WINDOWS = {"discovery": 0.6, "ml_validation": 0.1, "portfolio": 0.1, "sealed": 0.2}
NOON_2026 = 1_790_000_000_000_000_000
ORDER = plan(
    ("ES", "CL"),
    (21, 45),
    windows=WINDOWS,
    train_quarters=8,
    carry_unproven=True,
    permutations=9,
    max_memory_mb=500,
)


class Tampered:
    """The synthetic source with every price from a date on changed."""

    name = "synthetic"

    def __init__(self, first_changed=None, edge_sharpe=0.0):
        self.source = Synthetic(seed=3, start=20080102, end=20201231, edge_sharpe=edge_sharpe)
        self.first_changed = first_changed

    def symbols(self):
        return self.source.symbols()

    def fetch(self, symbol, timeframe):
        raw = self.source.fetch(symbol, timeframe)
        if self.first_changed is None:
            return raw
        frame = raw.frame.copy()
        late = frame.index >= self.first_changed
        prices = [c for c in ("open", "high", "low", "close", "raw_close") if c in frame]
        # Twice a price is on the grid as well.
        frame.loc[late, prices] *= 2.0
        return replace(raw, frame=frame)


def ran(folder, order=ORDER, source=None):
    return run(
        order,
        source or Tampered(),
        folder,
        n_workers=1,
        progress=Silent(),
        clock=ReplayClock(NOON_2026),
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    return folder, ran(folder)


def told(outcome):
    return [
        (c.symbol, c.strategy_id, dict(c.params), c.oos_sharpe, c.oos_pnl.tolist())
        for c in outcome.candidates
    ]


def test_the_funnel_begins_with_every_cell_and_only_narrows(done):
    _, outcome = done
    counts = [step.count for step in outcome.funnel]

    assert counts[0] == outcome.trials.this_run == 2 * (36 + 16) * 4
    assert counts[1] == len(outcome.candidates) == 4
    assert counts[1:] == sorted(counts[1:], reverse=True)
    assert counts[-1] == sum(w.stamp == "proven" for w in outcome.winners)


def test_the_manifest_lies_in_the_workspace(done):
    folder, outcome = done

    manifest = json.loads((folder / "winners_manifest.json").read_text())

    assert manifest["total_winners"] == len(outcome.winners) > 0
    assert {w["run_id"] for w in manifest["winners"]} == {outcome.run_id}
    assert {w["stamp"] for w in manifest["winners"]} <= {"proven", "unproven"}


def test_nothing_of_the_sealed_part_is_read(done):
    folder, outcome = done
    catalog = Catalog(folder)

    sealed = catalog.entry("ES", "1d").first_sealed_session

    assert catalog.looks() == []
    assert catalog.read("ES", "1d").session[-1] < sealed
    assert outcome.windows["ES"]["sealed"].startswith(f"{sealed // 10000}-")


def test_what_comes_after_the_discovery_window_changes_no_candidate(done, tmp_path):
    _, outcome = done
    first = max(w["ml_validation"][:10] for w in outcome.windows.values())

    changed = ran(tmp_path, source=Tampered(first))

    assert told(changed) == told(outcome)
    assert changed.run_id == outcome.run_id


def test_a_change_inside_the_discovery_window_makes_another_run(done, tmp_path):
    _, outcome = done

    changed = ran(tmp_path, source=Tampered("2012-01-01"))

    assert changed.run_id != outcome.run_id
    assert told(changed) != told(outcome)


def test_the_same_again_is_the_same_run_and_no_new_trial(tmp_path):
    first, again = ran(tmp_path), ran(tmp_path)

    assert again.run_id == first.run_id
    assert (first.trials.new, again.trials.new) == (first.trials.this_run, 0)
    assert told(again) == told(first)


def test_the_chance_test_asks_everyone_who_still_stands_whatever_the_places(tmp_path):
    order = replace(ORDER, decides=("walk_forward", "chance"), top_n=1)
    outcome = ran(tmp_path, order, Tampered(edge_sharpe=4.0))

    said = [{v.gate: v for v in c.verdicts} for c in outcome.candidates]
    asked = [verdicts["chance"].asked for verdicts in said]
    assert sum(asked) > len(outcome.winners) > 0
    assert asked == [verdicts["walk_forward"].passed for verdicts in said]


def test_only_proven_winners_without_carrying(tmp_path):
    outcome = ran(tmp_path, replace(ORDER, carry_unproven=False))

    assert all(w.stamp == "proven" for w in outcome.winners)


def test_nothing_survived_is_a_whole_outcome(tmp_path):
    strict = replace(
        ORDER, carry_unproven=False, gates={"basic": {"min_sharpe": 99.0}}, permutations=0
    )

    outcome = ran(tmp_path, strict)

    assert outcome.winners == ()
    assert outcome.best is not None
    page = write_page(outcome, tmp_path / "page.html").read_text()
    assert "Nothing survived" in page


def test_a_short_history_is_refused_and_named(tmp_path):
    with pytest.raises(DataError, match=r"ES: insufficient history.*has 31 quarters"):
        ran(tmp_path, replace(ORDER, train_quarters=31))


def test_a_currency_without_a_rate_is_refused(tmp_path):
    foreign = replace(ORDER, instruments={"CL": {"currency": "EUR"}})

    outcome = ran(tmp_path, foreign)

    assert [(r.symbol, "no rate is given" in r.reason) for r in outcome.refused] == [("CL", True)]
    assert {c.symbol for c in outcome.candidates} == {"ES"}


def test_a_discovery_window_past_an_older_seal_is_refused(done):
    folder, _ = done
    longer = {"discovery": 0.85, "ml_validation": 0.05, "portfolio": 0.05, "sealed": 0.05}

    with pytest.raises(SettingsError, match=r"sealed from .* on by an earlier project"):
        prepare(replace(ORDER, windows=longer), Catalog(folder), Serial())


def test_the_table_of_results_has_a_row_a_cell_and_the_verdicts_of_those_judged(done):
    folder, outcome = done
    rows = results.table(folder / "runs" / outcome.run_id)

    assert len(rows) == outcome.trials.this_run
    for c in outcome.candidates:
        at = rows[(rows.symbol == c.symbol) & (rows.strategy_id == c.strategy_id)]
        judged = at[at.passed_walkforward.notna()]
        assert json.loads(judged.params.item()) == dict(c.params)
        assert judged.total_trades.item() == c.metrics["total_trades"]
        assert judged.sharpe_ratio.item() == pytest.approx(c.in_sample_sharpe, rel=1e-9)
        assert judged.passed_all_filters.item() == (c.failed_gate is None)
        for name in ("total_pnl", "profit_factor", "win_rate", "max_drawdown_pct", "avg_win"):
            assert judged[name].item() == pytest.approx(c.metrics[name], rel=1e-9)


def test_stages_windows_and_identity_are_told(done):
    folder, outcome = done
    meta = json.loads((folder / "runs" / outcome.run_id / results.META).read_text())

    assert (meta["workers"], meta["runtime_seconds"]) == (1, outcome.stages["sweep"])

    assert list(outcome.stages) == ["ingest", "sweep", "gates", "chance test"]
    assert list(outcome.windows["CL"]) == list(WINDOWS)
    edges = [part for text in outcome.windows["CL"].values() for part in text.split(" to ")]
    assert edges == sorted(edges)
    assert outcome.identity["run"] == outcome.run_id
    assert np.isfinite(outcome.trials.expected_best_noise_sharpe)


def test_a_discovery_window_by_date_begins_where_it_says(done):
    folder, _ = done
    dates = {
        "discovery": (20100101, 20141231),
        "ml_validation": (20150101, 20151231),
        "portfolio": (20160101, 20161231),
        "sealed": (20170101, 20201231),
    }

    bars = prepare(replace(ORDER, windows=dates), Catalog(folder), Serial()).grounds["ES"].bars

    assert 20100101 <= bars.session[0] <= 20100105
    assert 20141229 <= bars.session[-1] <= 20141231


def test_a_strategy_that_never_traded_is_named(done):
    _, outcome = done
    quiet = replace(outcome.candidates[0], metrics={"total_trades": 0.0})

    (named,) = never_traded([quiet, *outcome.candidates])

    assert (named.symbol, named.strategy) == (quiet.symbol, quiet.strategy_name)
    assert named.reason == "never traded in any of its 144 cells"
