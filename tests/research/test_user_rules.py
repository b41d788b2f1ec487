"""A user's own rule: named in the project file, swept by path like the built-in ones."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from alphamill.core.clock import ReplayClock
from alphamill.core.errors import DataError
from alphamill.research.chance import chance_test
from alphamill.research.factory import judge
from alphamill.research.pipeline import run as run_path
from alphamill.research.sweep import run_task, sweep
from alphamill.settings.project import load_project
from alphamill.validation.ledger import Ledger
from alphamill.workshop.parallel import Serial, executor
from alphamill.workshop.progress import Silent
from tests.research.grounds import EXITS, ground
from tests.research.test_pipeline import NOON_2026, Tampered

RULE = '''"""Buys every so many bars."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy


def rule(bars: Bars, every: int) -> Signals:
    if every == 5:
        raise ZeroDivisionError("five")
    at = np.arange(len(bars)) % every
    leave = at == every // 2
    return Signals((at == 0).astype(np.int8), leave, leave)


EVERY = Strategy(
    number=1001,
    name="every_so_often",
    archetype="test",
    idea="What is bought often enough goes up.",
    rule=rule,
    space={"every": Int(4, 2, 50, (4, 5, 6), "bars between two entries")},
    warmup=lambda p: int(p["every"]),
)
'''
PROJECT = """
data: {symbols: [ES], timeframe: 1d}
strategies: {files: [rules/my_rule.py], use: [every_so_often, 21]}
sweep: {exits: {stop_loss_atr: [1, 2], take_profit_atr: [1, 3]}, permutations: 0}
gates: {train_quarters: 8}
winners: {carry_unproven: true}
"""
RAISING = RULE.splitlines().index('        raise ZeroDivisionError("five")') + 1


@pytest.fixture
def project(tmp_path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "my_rule.py").write_text(RULE)
    path = tmp_path / "alphamill.yml"
    path.write_text(PROJECT)
    return path


def planned(path):
    return replace(load_project(path, {}).plan(), symbols=("A",), exits=EXITS)


def swept(folder, order, n_workers=1):
    ledger = Ledger(folder / "ledger.db", ReplayClock(1))
    with executor(n_workers) as work:
        run = sweep(order, {"A": ground(1)}, folder / "runs", ledger, work, Silent())
    ledger.close()
    return run


def test_a_rule_of_a_file_is_swept_beside_the_tables_and_may_raise(project, tmp_path):
    run = swept(tmp_path, planned(project))

    assert run.n_cells == (2 + 36) * len(EXITS) == run.n_new_trials
    assert [(f.strategy, dict(f.params), f.reason) for f in run.failed] == [
        (
            "every_so_often",
            {"every": 5},
            "every_so_often: the rule raised ZeroDivisionError: five "
            f"(my_rule.py line {RAISING}). Mend the rule.",
        )
    ]


def test_other_processes_load_it_by_its_path(project, tmp_path):
    alone = swept(tmp_path / "one", planned(project))

    together = swept(tmp_path / "two", planned(project), n_workers=2)

    assert together.run_id == alone.run_id
    assert together.failed == alone.failed
    for path in (alone.folder / "parts").iterdir():
        assert (together.folder / "parts" / path.name).read_bytes() == path.read_bytes()


def test_an_edited_file_is_another_run_and_another_try(project, tmp_path):
    first = swept(tmp_path, planned(project))
    text = (project.parent / "rules" / "my_rule.py").read_text()
    (project.parent / "rules" / "my_rule.py").write_text(text + "\n# A thought.\n")

    second = swept(tmp_path, planned(project))

    assert second.run_id != first.run_id
    assert second.code_version != first.code_version
    # The table's own rule is the old one still.
    assert second.n_new_trials == 2 * len(EXITS)


def test_a_file_that_changes_under_a_running_sweep_stops_it(project, tmp_path):
    run = swept(tmp_path, planned(project))
    (project.parent / "rules" / "my_rule.py").write_text(RULE.replace("every == 5", "every == 6"))

    with pytest.raises(DataError, match=r"my_rule\.py changed while a sweep with its rules was"):
        run_task({"A": ground(1)}, run.tasks[0])


def test_it_is_judged_and_permuted_like_the_others(project, tmp_path):
    order = replace(planned(project), permutations=3)
    run = swept(tmp_path, order)
    grounds = {"A": ground(1)}

    standing = [replace(c, verdicts=()) for c in judge(order, run, grounds, 1, Serial(), Silent())]
    told = chance_test(order, run, grounds, standing, Serial(), Silent())

    assert [(c.strategy_name, c.strategy_id) for c in told] == [
        ("every_so_often", 1001),
        ("RSI2_MeanReversion", 21),
    ]
    assert [c.verdicts[-1].gate for c in told] == ["chance", "chance"]


def test_the_whole_path_from_the_project_file_to_its_winner(project, tmp_path):
    outcome = run_path(
        load_project(project, {}).plan(),
        Tampered(),
        tmp_path / "workspace",
        n_workers=1,
        progress=Silent(),
        clock=ReplayClock(NOON_2026),
    )

    manifest = json.loads((tmp_path / "workspace" / "winners_manifest.json").read_text())
    assert "every_so_often" in {w["strategy_name"] for w in manifest["winners"]}
    assert [(r.symbol, r.strategy) for r in outcome.refused] == [("ES", "every_so_often")]
    assert outcome.refused[0].reason.startswith("FAILED in 1 of its 3 parameter sets")
    assert manifest["winners"][0]["code_version"] == outcome.identity["code"]
