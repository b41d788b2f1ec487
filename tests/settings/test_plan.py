"""From the file to the order that the research room takes."""

import dataclasses
import re

import pytest

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.core.errors import SettingsError
from alphamill.data.instruments import PARTNERS
from alphamill.research.outcome import GridCount
from alphamill.research.plan import Plan
from alphamill.settings.project import load_project, parse_project, sample_project
from alphamill.settings.template import template
from alphamill.settings.yaml_file import read_yaml


def plan(text: str) -> Plan:
    return parse_project(text.encode(), "p.yml", {}).plan()


def test_the_template_loads_and_is_the_built_in_sample(tmp_path):
    path = tmp_path / "alphamill.yml"
    path.write_text(template())

    assert load_project(path, {}) == sample_project()


def test_the_template_explains_every_key_of_every_block():
    def keys(value, where=()):
        for key, inner in value.items():
            yield (*where, key)
            if isinstance(inner, dict):
                yield from keys(inner, (*where, key))

    shown = {w for w in read_yaml(template().encode(), "t", {}).lines if all_text(w)}
    known = parse_project(b"", "t", {}).model_dump()
    assert set(keys(known)) == shown - {()}

    lines = template().splitlines()
    bare = [
        line
        for before, line in zip(lines, lines[1:], strict=False)
        if ":" in line
        and not line.strip().startswith("#")
        and not line.rstrip().endswith(":")
        and not before.strip().startswith("#")
    ]
    # Keys that share the comment above their group.
    assert [line.split(":")[0].strip() for line in bare] == [
        "stop_loss_atr",
        "take_profit_atr",
        "max_bars_held",
        "stop_loss_points",
        "take_profit_pct",
        "take_profit_points",
        "trail_pct",
        "trail_points",
        "break_even_pct",
        "break_even_points",
        "test_quarters",
    ]


def all_text(where):
    """Return whether a place of the file is a key of a block, and no item of a list."""
    return all(isinstance(part, str) for part in where)


def test_defaults_named_in_the_template_are_the_defaults():
    known = parse_project(b"", "t", {})
    text = template()
    for block, key in [("sweep", "seed"), ("sweep", "max_cells"), ("winners", "top_n")]:
        said = re.search(rf"Default: (\d+)[^\n]*\n  {key}:", text)
        assert int(said[1]) == getattr(getattr(known, block), key)


def test_the_sample_is_ten_strategies_on_every_series_within_its_budget():
    asked = sample_project().plan()

    assert [s.number for s in asked.strategies] == [1, 2, 5, 17, 19, 21, 37, 40, 45, 52]
    assert len(asked.symbols) == 30
    assert asked.carry_unproven
    sets = sum(1 for s in asked.strategies for _ in s.cells())
    assert len(asked.symbols) * sets * len(asked.exits) <= asked.max_cells


def test_every_key_reaches_the_plan():
    got = plan(
        """
project: p
data: {symbols: [WTI, SP500, WTI], timeframe: 1h}
instruments: {WTI: {commission_bps: 3.0}}
strategies: {use: [ma_cross, 21, 17], sides: both, partners: {WTI: SP500, ES: RTY}}
sweep: {permutations: 5, permute: blocks, max_cells: 9, max_memory_mb: 64, seed: 3,
        exits: {stop_loss_atr: [1, null], take_profit_atr: [2], max_bars_held: [5, null]}}
windows: {discovery: 0.4, ml_validation: 0.2, portfolio: 0.2, sealed: 0.2}
gates: {preset: seed, decides: [basic, luck], draws: 99, train_quarters: 8, test_quarters: 2,
        thresholds: {basic: {min_trades: 5}}}
winners: {top_n: 3, carry_unproven: true}
run: {machine: desk 2}
"""
    )

    kept = {f.name: getattr(got, f.name) for f in dataclasses.fields(got)}
    assert [s.number for s in kept.pop("strategies")] == [17, 21]
    stacks = [(s.stop_loss_atr, s.take_profit_atr, s.max_bars_held) for s in kept.pop("exits")]
    assert stacks == [(1.0, 2.0, 5), (1.0, 2.0, None), (None, 2.0, 5), (None, 2.0, None)]
    assert kept == {
        "symbols": ("WTI", "SP500"),
        "timeframe": "1h",
        "sides": "both",
        "windows": {"discovery": 0.4, "ml_validation": 0.2, "portfolio": 0.2, "sealed": 0.2},
        "gates": {"basic": {"min_trades": 5.0}},
        "gate_preset": "seed",
        "decides": ("basic", "luck"),
        "draws": 99,
        "null": "blocks",
        "train_quarters": 8,
        "test_quarters": 2,
        "top_n": 3,
        "carry_unproven": True,
        "permutations": 5,
        "max_cells": 9,
        "max_memory_mb": 64,
        "instruments": {"WTI": {"commission_bps": 3.0}},
        "seed": 3,
        "project": "p",
        "machine": "desk 2",
        "partners": {**PARTNERS, "WTI": "SP500", "ES": "RTY"},
        "files": {},
        "n_exits_declared": 4,
    }


def test_equal_exit_combinations_are_run_once_and_counted():
    got = plan("sweep: {exits: {stop_loss_atr: [1, 1.0, null], take_profit_atr: [2, 3]}}")

    assert len(got.exits) == 4
    assert got.n_exits_declared == 6
    assert got.grids[-1] == GridCount("exits", 6, 4)


AXES = {
    "stop_loss_pct: [1, 2]": ("stop_loss_pct", [1.0, 2.0]),
    "take_profit_points: [3]": ("take_profit_points", [3.0]),
    "trail_atr: [null, 2.5]": ("trail_atr", [None, 2.5]),
    "break_even_pct: [0.5]": ("break_even_pct", [0.5]),
    "atr_length: [10, 20]": ("atr_length", [10, 20]),
    "max_bars_held: [null, 4]": ("max_bars_held", [None, 4]),
}


@pytest.mark.parametrize("text", AXES)
def test_every_axis_of_exits_is_given_by_its_name(text):
    name, values = AXES[text]
    given = ["stop_loss_atr: [1.5]"] if not name.startswith("stop_loss") else []
    given += ["take_profit_atr: [1.5]"] if not name.startswith("take_profit") else []

    exits = plan(f"sweep: {{exits: {{{', '.join([*given, text])}}}}}").exits

    assert [getattr(stack, name) for stack in exits] == values
    # The other unit of the same exit is not laid over it.
    assert all(stack.stop_loss_atr == (None if "stop_loss" in name else 1.5) for stack in exits)


def test_one_exit_in_two_units_is_one_axis():
    text = "sweep: {exits: {stop_loss_atr: [1], stop_loss_pct: [2, 3], take_profit_atr: [null]}}"

    exits = plan(text).exits

    assert [(s.stop_loss_atr, s.stop_loss_pct) for s in exits] == [(1, None), (None, 2), (None, 3)]


def test_the_default_is_the_specifications_grid_with_whatever_else_is_set():
    assert plan("").exits == exit_grid()
    quiet = plan("sweep: {exits: {session_exit: true}}").exits
    assert quiet == exit_grid(session_exit=True)


def test_single_stacks_stand_alone_or_beside_the_axes():
    one = "stacks: [{stop_loss_pct: 2, max_bars_held: 5}, {trail_atr: 3, atr_length: 20}]"
    expected = (
        ExitStack(None, None, 5, stop_loss_pct=2.0),
        ExitStack(None, None, None, trail_atr=3.0, atr_length=20),
    )

    assert plan(f"sweep: {{exits: {{{one}}}}}").exits == expected
    beside = plan(f"sweep: {{exits: {{{one}, stop_loss_atr: [1], take_profit_atr: [1]}}}}").exits
    assert beside == (ExitStack(1.0, 1.0, 20), *expected)
    flat = plan(f"sweep: {{exits: {{{one}, session_exit: true}}}}").exits
    assert [stack.session_exit for stack in flat] == [True, True]


def test_a_grid_of_the_file_replaces_the_declared_one():
    got = plan("strategies: {use: [21], grids: {rsi2_mean_reversion: {rsi_length: [2, 5]}}}")

    assert {cell["rsi_length"] for cell in got.strategies[0].cells()} == {2, 5}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data: {source: yahoo}", "data.source must be one of .*'yahoo'"),
        ("data: {source: cvs}", "Did you mean 'csv'"),
        ("strategies: {use: [rsi3]}", "rsi3"),
        ("strategies: {use: [17], grids: {21: {}}}", "a key must be text"),
        ("strategies: {use: [17], grids: {MACD: {}}}", "'MACD', which strategies.use does not"),
        ("strategies: {grids: {MACD: {fast: [1]}}}", "MACD has no parameter 'fast'"),
        ("strategies: {grids: {MACD: {macd_fast: [-1]}}}", "grids.MACD.macd_fast must lie in"),
        ("strategies: {partners: {ES: NQQ}}", "instrument must be in the table, received 'NQQ'"),
        ("strategies: {partners: {SPX: ES}}", "instrument must be in the table, received 'SPX'"),
        ("sweep: {exits: {stop_loss_atr: [-1]}}", "stop_loss_atr must be above 0"),
        ("sweep: {exits: {stop_loss_pct: []}}", "p.yml line 1: sweep.exits.stop_loss_pct"),
        ("sweep: {exits: {stop_loss: [1]}}", "unknown key 'stop_loss' in sweep.exits; it"),
        ("sweep: {exits: {stacks: [{stop: 1}]}}", "unknown key 'stop' in sweep.exits.stacks.0; it"),
        ("sweep: {exits: {stacks: [{trail_atr: 1, trail_pct: 1}]}}", "A distance has one unit"),
        ("gates: {preset: strict}", "gates.preset must be one of"),
        ("gates: {thresholds: {walkforward: {}}}", "no gate 'walkforward'"),
        ("gates: {thresholds: {basic: {trades: 1}}}", "trades"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused_before_anything_runs(text, said):
    with pytest.raises(SettingsError, match=said):
        plan(text)


def test_a_missing_file_is_named_with_what_to_do(tmp_path):
    with pytest.raises(SettingsError, match="absent.yml: .*cannot be read.*`alphamill init`"):
        load_project(tmp_path / "absent.yml", {})


def test_the_meta_block_becomes_the_order():
    meta = b"meta: {random_trials: 5, features: [ibs], criteria: {min_trades: 60}}"

    order = parse_project(b"sweep: {seed: 3}\n" + meta, "p.yml", {}).order()

    assert (order.budget.n_random, order.budget.n_bayes, order.budget.seed) == (5, 300, 3)
    assert (order.names, order.limits.min_trades, order.limits.min_sharpe) == (("ibs",), 60, 2.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [(b"meta: {features: [ibbs]}", "ibs"), (b"meta: {criteria: {min_sharp: 1}}", "min_sharpe")],
)
def test_a_feature_or_criterion_that_is_none_is_refused_with_the_nearest(text, said):
    with pytest.raises(SettingsError, match=said):
        parse_project(text, "p.yml", {}).order()
