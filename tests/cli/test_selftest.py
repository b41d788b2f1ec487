import json

import pytest

from alphamill.research.selftest import experiments_statistics
from alphamill.research.selftest.table import TABLE
from alphamill.validation.calibration import load

FEW = ("selftest", "--smoke", "--workers", 1)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_answer_is_one_json_document_of_experiments(say):
    told = say(*FEW, "--only", "K7", "K8", "K14", "--json")

    assert told.code == 0, told.err
    assert set(told.json) == {"level", "code", "passed", "experiments"}
    assert (told.json["level"], told.json["passed"]) == ("smoke", True)
    first, second, declared = told.json["experiments"]
    assert {"id", "name", "figure", "bound", "passed"} <= set(first)
    assert (first["id"], first["passed"], first["n"]) == ("K7", True, 20)
    assert first["figure"] == pytest.approx(0.5, abs=0.15)
    assert second["id"] == "K8"
    assert (declared["passed"], declared["figure"], declared["n"]) == (None, None, 0)
    assert "joins with portfolio selection" in declared["told"]


def test_a_broken_statistic_ends_with_exit_code_1_and_is_named(say, monkeypatch):
    monkeypatch.setattr(experiments_statistics, "discoveries", lambda p, level: p <= level)

    told = say(*FEW, "--only", "K7", "K8")
    as_json = say(*FEW, "--only", "K7", "K8", "--json")

    assert (told.code, as_json.code) == (1, 1)
    assert "1 of 2 experiments passed; failed: K8" in told.out
    assert "FAILED" in told.out
    assert "Traceback" not in told.err
    assert [one["passed"] for one in as_json.json["experiments"]] == [True, False]


def test_nothing_run_is_not_a_pass(say):
    told = say(*FEW, "--only", "K13")

    assert told.code == 1
    assert "0 of 0 experiments passed" in told.out


def test_page_and_calibration_are_written_where_asked(say, tmp_path):
    told = say(
        *FEW, "--only", "K3-2.0", "K7", "--page", "deep/page.md", "--calibration", "found.json"
    )

    assert "deep/page.md written" in told.err
    assert "| K7 | PBO of 50 noise cells |" in (tmp_path / "deep" / "page.md").read_text()
    kept = load(tmp_path / "found.json")
    assert [(e.setting.id, e.setting.edge_sharpe, e.n_markets) for e in kept.experiments] == [
        ("K3-2.0", 2.0, 2)
    ]
    assert kept.size_and_power(["validity"])[0].share == 1.0
    stored = json.loads((tmp_path / "workspace" / "selftest" / "K7.json").read_bytes())
    assert sum(len(chunk) for chunk in stored["chunks"].values()) == 20


def test_two_levels_and_strangers_are_refused(say):
    both = say("selftest", "--quick", "--full")
    strange = say(*FEW, "--only", "K21")
    none = say(*FEW, "--only", "K7", "--calibration", "found.json")

    assert (both.code, strange.code, none.code) == (2, 2, 2)
    assert "give one of --smoke, --quick and --full" in both.err
    assert "received 'K21'; there are K1," in strange.err
    assert "none of K1 to K3 was run" in none.err


def test_the_smallest_self_test_runs_every_kind_of_experiment_and_passes(say):
    told = say(*FEW, "--json")

    assert told.code == 0, told.out
    ran = [one["id"] for one in told.json["experiments"] if one["n"]]
    assert ran == [e.id for e in TABLE if e.repeats.smoke]
    assert len(ran) >= 15
