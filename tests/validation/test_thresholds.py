import math
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest

from alphamill.core.errors import SettingsError
from alphamill.validation.thresholds import (
    DECIDES,
    GATES,
    TABLE,
    BasicThresholds,
    Thresholds,
    markdown,
    thresholds,
)


def test_seed_thresholds_scale_the_thousand_trades_with_the_bars():
    assert thresholds("seed", 489_234, 15).basic == BasicThresholds()
    assert thresholds("seed", 244_617, 7.5).basic.min_trades == 500
    assert thresholds("seed", 4_780, 19).basic.min_trades == 30


def test_calibrated_thresholds_ask_for_five_trades_a_year_and_never_under_a_hundred():
    assert thresholds("calibrated", 4_780, 30).basic.min_trades == 150
    assert thresholds("calibrated", 489_234, 4).basic.min_trades == 100


def test_the_calibrated_preset_asks_for_trades_and_a_stitched_profit_only():
    chosen = thresholds("calibrated", 489_234, 15)

    ratios = {k: v for k, v in asdict(chosen.basic).items() if k != "min_trades"}
    assert {k for k, v in ratios.items() if math.isfinite(v)} == set()
    walked = asdict(chosen.walk_forward)
    finite = {k: v for k, v in walked.items() if math.isfinite(v)}
    assert finite == {"min_test_sharpe": 0.0, "min_train_trades": 30.0}


def test_the_seed_preset_is_the_default_of_every_gate_but_for_the_trades():
    chosen = thresholds("seed", 489_234, 15)

    assert chosen == replace(Thresholds(), decides=DECIDES["seed"])


@pytest.mark.parametrize(
    ("preset", "decides"),
    [
        ("seed", {"basic", "walk_forward", "regime", "plateau", "chance", "fdr"}),
        ("calibrated", {"validity", "basic", "walk_forward", "luck", "holdout"}),
    ],
)
def test_each_preset_names_the_gates_that_decide(preset, decides):
    assert thresholds(preset, 1_000, 1).decides == decides


def test_the_user_can_make_any_gate_decide():
    for gate in GATES:
        assert thresholds("calibrated", 1_000, 1, decides=[gate]).decides == {gate}


@pytest.mark.parametrize(
    ("decides", "complaint"),
    [
        (["lucky"], "gates.decides has no gate 'lucky'; the gates are validity, basic, walk_"),
        ([], "must name at least one gate, received none"),
    ],
)
def test_wrong_deciding_gates_are_refused(decides, complaint):
    with pytest.raises(SettingsError, match=complaint):
        thresholds("seed", 1_000, 1, decides=decides)


def test_gates_stand_in_the_order_of_the_chain():
    assert ", ".join(GATES) == (
        "validity, basic, walk_forward, regime, plateau, chance, drawdown, luck, fdr, "
        "deflated_sharpe, overfitting, cost_stress, multi_symbol, holdout"
    )


def test_single_thresholds_can_be_replaced():
    chosen = thresholds(
        "calibrated",
        489_234,
        15,
        {"basic": {"min_trades": 10}, "walk_forward": {"min_ratio": 0.7}, "luck": {"max_p": 0.01}},
    )

    assert chosen.basic == replace(thresholds("calibrated", 1, 1).basic, min_trades=10.0)
    assert chosen.walk_forward.min_ratio == 0.7
    assert chosen.walk_forward.min_test_sharpe == 0.0
    assert chosen.luck.max_p == 0.01


def test_every_threshold_of_the_table_can_be_replaced_and_is_nowhere_else():
    for row in TABLE:
        chosen = thresholds("seed", 489_234, 15, {row.gate: {row.threshold: -7.0}})

        changed = getattr(getattr(chosen, row.gate), row.threshold)
        assert changed == -7.0
        assert row.seed != -7.0 != row.calibrated
    assert len(TABLE) == sum(len(fields(getattr(Thresholds(), gate))) for gate in GATES)


def test_the_table_shows_what_the_presets_give():
    # Of the documents' own number of bars and a history too short for 5 trades a year to matter.
    seed, calibrated = thresholds("seed", 489_234, 15), thresholds("calibrated", 489_234, 15)

    for row in TABLE:
        assert getattr(getattr(seed, row.gate), row.threshold) == row.seed
        assert getattr(getattr(calibrated, row.gate), row.threshold) == row.calibrated


def test_the_page_of_the_gates_holds_the_table_as_it_is():
    page = (Path(__file__).parents[2] / "docs" / "gates.md").read_text()

    found = page[page.index("| Gate | Threshold |") :].split("\n\n")[0]
    assert found == markdown(), (
        "paste what alphamill.validation.thresholds.markdown() returns into docs/gates.md"
    )


@pytest.mark.parametrize(
    ("preset", "asked", "complaint"),
    [
        ("strict", {}, r"one of \['calibrated', 'seed'\], received 'strict'"),
        ("seed", {"basics": {}}, "no gate 'basics'"),
        ("seed", {"basic": {"min_trade": 5}}, "no 'min_trade'; it has min_trades"),
        ("seed", {"basic": {"min_trades": "many"}}, "must be a number, received 'many'"),
        ("seed", {"basic": {"min_trades": math.nan}}, "must be a number, received nan"),
    ],
)
def test_wrong_thresholds_are_refused(preset, asked, complaint):
    with pytest.raises(SettingsError, match=complaint):
        thresholds(preset, 1_000, 1, asked)
