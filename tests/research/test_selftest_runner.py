"""The runner: chunks are kept, a kill loses little, and nothing passes that was not run."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.research.selftest import runner
from alphamill.research.selftest.experiments import (
    Experiment,
    Judged,
    Repeats,
    fewest_hits,
    generator,
    most_hits,
    share,
    sized,
)
from alphamill.research.selftest.page import calibration, page
from alphamill.research.selftest.runner import Found, Outcome, chosen, selftest
from alphamill.research.selftest.table import TABLE
from alphamill.workshop.progress import Silent

ROOT = Path(__file__).resolve().parents[2]
RAN: list[int] = []


def drawn(number: int) -> list[float]:
    RAN.append(number)
    return [float(generator("X1", number).random() < 0.5)]


def stops_at_seven(number: int) -> list[float]:
    if number == 7:
        raise KeyboardInterrupt
    return drawn(number)


def judged(records, whole) -> Judged:
    return share(int(np.sum(records)), len(records), most=1.0)


def experiment(one=drawn, **other) -> Experiment:
    given = {
        "id": "X1",
        "name": "coins",
        "bound": "any share",
        "repeats": Repeats(4, 10, 20),
        "one": one,
        "judge": judged,
        "chunk": 3,
    }
    return Experiment(**(given | other))


def ran(workspace, level="full", table=None, n_workers=1, only=()) -> tuple[Found, list[int]]:
    RAN.clear()
    table = table or [experiment()]
    found = selftest(
        level, workspace, only=only, n_workers=n_workers, progress=Silent(), table=table
    )
    return found, list(RAN)


def test_an_interrupted_run_goes_on_after_its_last_whole_chunk(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        ran(tmp_path, table=[experiment(stops_at_seven)])

    resumed, which = ran(tmp_path)

    # Chunks of three: 0 to 5 were kept, 6 was lost with its chunk.
    assert which == list(range(6, 20))
    whole, _ = ran(tmp_path / "elsewhere")
    assert resumed == whole


def test_a_killed_process_goes_on_from_what_it_had_kept(tmp_path):
    command = [sys.executable, "-c", "from alphamill.cli.main import main; main()"]
    asked = ["selftest", "--full", "--only", "K6", "--workers", "1", "--workspace", str(tmp_path)]
    stored = tmp_path / "selftest" / "K6.json"
    victim = subprocess.Popen([*command, *asked], cwd=ROOT, stderr=subprocess.DEVNULL)
    while victim.poll() is None and not stored.exists():
        time.sleep(0.01)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    kept = json.loads(stored.read_bytes())["chunks"]

    found, _ = ran(tmp_path, level="smoke", table=TABLE, only=["K6"])

    assert 0 < len(kept) < 20
    assert json.loads(stored.read_bytes())["chunks"]["0"] == kept["0"]
    assert found.records["K6"][:100] == kept["0"]


def test_a_longer_level_begins_where_a_shorter_one_ended(tmp_path):
    short, first = ran(tmp_path, level="quick")

    long, then = ran(tmp_path, level="full")

    # The tenth repeat stood alone in its chunk, which is run again to its end.
    assert (first, then) == (list(range(10)), list(range(9, 20)))
    assert long.records["X1"][:10] == short.records["X1"]
    assert ran(tmp_path, level="smoke") == (ran(tmp_path / "other", level="smoke")[0], [])


def test_other_code_starts_anew(tmp_path, monkeypatch):
    ran(tmp_path)
    monkeypatch.setattr(runner, "code_version", lambda: "other")

    _, which = ran(tmp_path)

    assert which == list(range(20))


def test_a_damaged_store_costs_time_and_nothing_else(tmp_path):
    whole, _ = ran(tmp_path)
    stored = tmp_path / "selftest" / "X1.json"
    stored.write_bytes(stored.read_bytes()[:-9])

    again, which = ran(tmp_path)

    assert again == whole
    assert which == list(range(20))


def test_the_answer_does_not_depend_on_the_number_of_workers(tmp_path):
    only = ["K7", "K8"]
    alone, _ = ran(tmp_path / "1", "smoke", TABLE, 1, only)

    together, _ = ran(tmp_path / "2", "smoke", TABLE, 2, only)

    assert alone == together
    assert [one.n for one in alone.experiments] == [20, 100]


def test_records_of_another_experiment_are_read_and_run_where_they_are_missing(tmp_path):
    reader = experiment(None, id="X2", records_of="X1", repeats=Repeats(0, 5, 20))

    alone, which = ran(tmp_path, level="quick", table=[experiment(), reader], only=["X2"])

    assert which == list(range(5))
    assert [(one.id, one.n) for one in alone.experiments] == [("X2", 5)]


def test_what_is_not_run_has_not_passed(tmp_path):
    declared = experiment(None, id="X3", repeats=Repeats(0, 0, 0), declared="joins later")

    found, _ = ran(tmp_path, table=[declared])
    beside, _ = ran(tmp_path, table=[experiment(), declared])
    later, _ = ran(tmp_path, level="quick", table=[experiment(repeats=Repeats(0, 0, 9))])

    assert found.experiments[0].passed is None
    assert found.experiments[0].told == "joins later"
    assert not found.passed
    assert beside.passed
    assert (later.experiments[0].told, later.passed) == (
        "not at this level; --full runs it 9 times",
        False,
    )


def test_one_failure_fails_the_whole():
    good, bad, unknown = (Outcome("X", "", 0.0, "", passed, "") for passed in (True, False, None))

    assert Found("quick", "", (good, unknown), {}).passed
    assert not Found("quick", "", (good, bad, good), {}).passed


def test_identities_are_chosen_by_their_beginning_and_strangers_refused():
    assert [e.id for e in chosen(TABLE, ["k2", "K6"])] == [
        "K2-garch",
        "K2-t4",
        "K2-drift",
        "K2-season",
        "K6",
    ]
    assert chosen(TABLE, []) == list(TABLE)
    with pytest.raises(SettingsError, match="--only must name experiments, received 'K99'"):
        chosen(TABLE, ["K99", "K1"])


def test_every_experiment_of_the_specification_stands_in_the_table_once():
    identities = [e.id for e in TABLE]

    assert len(set(identities)) == len(identities)
    assert {i.partition("-")[0] for i in identities} == {f"K{k}" for k in range(1, 21)}
    assert {e.id for e in TABLE if e.declared} == {"K5", "K14", "K20"}
    assert sum(e.repeats.quick > 0 for e in TABLE) >= 8
    assert all((e.one is None) == bool(e.declared or e.records_of) for e in TABLE)
    assert {e.records_of for e in TABLE if e.records_of} <= set(identities)


def test_bounds_of_binomial_counts_are_the_least_that_chance_explains():
    # P(more than 6 of 40 at 5 %) = 0.0034 and more than 5 = 0.014; at 90 % of 200 likewise.
    assert (most_hits(0.05, 40), fewest_hits(0.9, 200)) == (6, 170)
    assert [sized(h, 1_000, whole=True).passed for h in (0, 66, 67)] == [True, True, False]
    assert [sized(h, 1_000, True, exact=True).passed for h in (32, 33)] == [False, True]
    assert [sized(h, 40, whole=False).passed for h in (6, 7)] == [True, False]


def test_the_page_holds_every_row_its_mark_and_the_trade_off():
    markets = [[1, 0.03, 0b1], [0, 0.2, 0b11], [0, 1.0, 0b0], [0, 0.06, 0b1, 0b10]]
    rows = (
        Outcome("K1", "noise", 0.25, "at most 6.6 %", False, "25% of 4", 4),
        Outcome("K5", "mutants", 0.0, "fails", None, "elsewhere"),
        Outcome("K3-seed-1.0", "documents", 0.0, "", None, "0% of 200", 200),
    )

    text = page(Found("full", "c0de", rows, {"K1": markets, "K6": [[0.0, 0.0]]}))

    assert "| K1 | noise | at most 6.6 % | 25% of 4 | FAILED |" in text
    assert "| K5 | mutants | fails | elsewhere | not run |" in text
    assert "| 0% of 200 | shown |" in text
    assert "on 4 simulated markets" in text
    # Luck asked at 1, 2.5, 5, 10 and 20 %.
    assert "| K1 | 0.0% | 0.0% | 25.0% | 50.0% | 75.0% |" in text
    assert "| K6 |" not in text


def test_the_calibration_keeps_each_markets_patterns_by_what_was_simulated():
    records = {
        "K2-drift": [[0, 1.0, 0b101, 0b11], [1, 0.01, 0b111]],
        "K3-seed-1.5": [[0, 1.0, 0b1]],
        "K6": [[0.0, 0.0]],
    }

    kept = calibration(Found("full", "", (), records))

    drift, planted = kept.experiments
    assert (drift.setting.kind, drift.setting.edge_sharpe, drift.n_markets) == ("drift", 0.0, 2)
    assert (planted.setting.preset, planted.setting.edge_sharpe) == ("seed", 1.5)
    assert dict((patterns, n) for n, patterns in drift.markets) == {(3, 5): 1, (7,): 1}
    with pytest.raises(SettingsError, match="none of K1 to K3 was run"):
        calibration(Found("full", "", (), {"K6": [[0.0, 0.0]]}))
