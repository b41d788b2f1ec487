"""From the file to the order that the research room takes."""

import dataclasses
import re

import pytest

from alphamill.core.errors import SettingsError
from alphamill.research.plan import Plan
from alphamill.settings.project import load_project, parse_project, sample_project
from alphamill.settings.template import template


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

    shown = parse_project(template().encode(), "t", {}).model_dump(exclude_unset=True)
    known = parse_project(b"", "t", {}).model_dump()
    assert set(keys(known)) == set(keys(shown))

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
        "test_quarters",
    ]


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
strategies: {use: [ma_cross, 21, 17], sides: both}
sweep: {permutations: 5, max_cells: 9, max_memory_mb: 64, seed: 3,
        exits: {stop_loss_atr: [1, null], take_profit_atr: [2], max_bars_held: [5, null]}}
windows: {discovery: 0.4, ml_validation: 0.2, portfolio: 0.2, sealed: 0.2}
gates: {preset: seed, train_quarters: 8, test_quarters: 2, thresholds: {basic: {min_trades: 5}}}
winners: {top_n: 3, carry_unproven: true}
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
    }


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
        ("sweep: {exits: {stop_loss_atr: [-1]}}", "stop_loss_atr must be above 0"),
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
