import pytest

from alphamill.cli import gates
from alphamill.validation import calibration
from alphamill.validation.calibration import Calibration, Setting
from alphamill.validation.thresholds import GATES, TABLE

LUCK, HOLDOUT, FDR = (1 << GATES.index(gate) for gate in ("luck", "holdout", "fdr"))
USUAL = sum(1 << GATES.index(g) for g in ("validity", "basic", "walk_forward", "luck", "holdout"))
MADE = Calibration.from_patterns(
    GATES,
    {
        Setting("K1", "iid", detail="45 cells"): [[LUCK], [FDR, LUCK | HOLDOUT], [USUAL], []],
        Setting("K3-2.0", "edge", edge_sharpe=2.0): [[USUAL | FDR], [LUCK | HOLDOUT]],
    },
)


@pytest.fixture
def measured(monkeypatch):
    monkeypatch.setattr(calibration, "load", lambda: MADE)


def test_the_table_holds_every_threshold_and_says_who_decides(say, measured):
    told = say("gates", "--json").json

    assert [(row["gate"], row["threshold"]) for row in told["gates"]] == [r[:2] for r in TABLE]
    assert told["decides"] == ["validity", "basic", "walk_forward", "luck", "holdout"]
    assert {row["gate"] for row in told["gates"] if row["decides"]} == set(told["decides"])
    trades = next(row for row in told["gates"] if row["threshold"] == "min_trades")
    assert (trades["seed"], trades["calibrated"]) == (1_000.0, 100.0)


def test_size_and_power_are_those_of_the_gates_that_decide(say, measured):
    usual = say("gates", "--json").json
    asked = say("gates", "--decide", "luck", "holdout", "--json").json

    assert [row["n_survived"] for row in usual["size_and_power"]] == [1, 1]
    assert usual["of_the_preset"] == []
    assert asked["decides"] == ["luck", "holdout"]
    assert [(r["id"], r["n_survived"], r["n_markets"]) for r in asked["size_and_power"]] == [
        ("K1", 2, 4),
        ("K3-2.0", 2, 2),
    ]
    assert [row["share"] for row in asked["of_the_preset"]] == [0.25, 0.5]


def test_a_reader_sees_shares_bounds_and_the_preset_beside_them(say, measured):
    text = say("gates", "--decide", "luck", "holdout").out

    assert "preset calibrated; luck, holdout decide, the others inform" in text
    noise = next(line for line in text.splitlines() if line.startswith("K1"))
    assert " ".join(noise.split()) == "K1 iid 45 cells - 4 50.0% 2.9% to 97.1% 25.0%"
    edge = next(line for line in text.splitlines() if line.startswith("K3"))
    assert " ".join(edge.split()) == "K3-2.0 edge 2.00 2 100.0% 7.1% to 100.0% 50.0%"
    wins = next(line for line in text.splitlines() if "min_win_rate" in line)
    assert wins.split()[:5] == ["basic", "no", "min_win_rate", "0.35", "none"]


def test_a_gate_that_was_not_measured_is_named_beside_the_shares_of_the_others(say, monkeypatch):
    alone = Calibration.from_patterns(("luck", "fdr"), {Setting("K1", "iid"): [[0b01], [0b11]]})
    monkeypatch.setattr(calibration, "load", lambda: alone)
    argv = ("gates", "--decide", "fdr", "multi_symbol")

    told = say(*argv, "--json").json

    assert [row["n_survived"] for row in told["size_and_power"]] == [1]
    assert (told["not_measured"], told["of_the_preset"]) == (["multi_symbol"], [])
    assert "not measured: multi_symbol; the shares are at most these" in say(*argv).out
    only = say("gates", "--decide", "multi_symbol", "--json").json
    assert (only["size_and_power"], only["not_measured"]) == ([], [])


def test_where_nothing_was_measured_that_is_said(say, monkeypatch):
    monkeypatch.setattr(calibration, "load", Calibration)

    told = say("gates", "--preset", "seed")

    assert told.code == 0
    assert gates.NOT_MEASURED in " ".join(told.out.split())
    assert told.out.startswith("preset seed; basic, walk_forward, regime, plateau, chance, fdr")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--preset", "strict"), "'strict'"),
        (("--decide", "luck", "fortune"), "no gate 'fortune'; the gates are validity"),
    ],
)
def test_what_is_no_preset_or_gate_is_refused(say, argv, said):
    told = say("gates", *argv)

    assert told.code == 2
    assert said in told.err
