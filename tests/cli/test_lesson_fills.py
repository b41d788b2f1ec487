"""The older systems' fills on the command line, and the page whose figures come from it."""

import html
import json
import re
import shlex
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "lesson-fills.md").read_text(encoding="utf-8")
STAMP = "legacy comparison, not tradeable"
OLD = ("--fill", "same_close", "--stop", "close_only")
NASDAQ_21 = ("backtest", "--symbol", "NASDAQ", "--strategy", "21")


def test_the_figures_of_the_page_are_those_of_its_commands(say, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = []
    for line in re.findall(r"^\$ alphamill (.*)$", PAGE, re.MULTILINE):
        argv = shlex.split(line)
        told = say(*argv, "--json")
        assert told.code == 0, told.err
        if argv[0] == "backtest":
            found.append(figures(told.json))

    assert found == re.findall(r"((?: [\d,.-]+ \|){5})$", PAGE, re.MULTILINE)
    assert len(found) == 22


def test_a_comparison_is_stamped_wherever_it_is_shown(say, tmp_path):
    where = ("--workspace", tmp_path)

    told, told_as_json = say(*NASDAQ_21, *OLD, *where), say(*NASDAQ_21, *OLD, *where, "--json")

    stamp = f"{STAMP}: fill same_close, stop close_only, rsi wilder"
    page = (tmp_path / "backtests" / "NASDAQ-RSI2_MeanReversion-legacy.html").read_text()
    assert STAMP in " ".join(told.out.split())
    assert told_as_json.json["stamp"] == stamp
    assert told_as_json.json["tearsheet"].endswith("-legacy.html")
    assert f"<h1>RSI2_MeanReversion on NASDAQ: {stamp}</h1>" in page
    assert "filled at the next bar's open" not in html.unescape(page)


def test_an_honest_backtest_bears_no_stamp(say, tmp_path):
    told = say(*NASDAQ_21, "--workspace", tmp_path, "--json").json

    assert told["stamp"] is None
    assert STAMP not in Path(told["tearsheet"]).read_text()


def test_a_closing_time_is_the_clocks_where_closes_judge_and_the_calendars_elsewhere(say, tmp_path):
    where = ("--workspace", tmp_path)
    days = ("kind=iid", "start=20220103", "end=20220331", "seed=5")
    synthetic = ("--source", "synthetic", "--symbols", "ES", "--timeframe", "15m")
    assert say("ingest", *synthetic, "--options", *days, *where).code == 0
    run = ("backtest", "--symbol", "ES", "--strategy", "21", *where, "--json")
    closing = ("--strategy-params", '{"auto_close_time": "16:00"}')

    old, honest, never = say(*run, *OLD, *closing), say(*run, *closing), say(*run, *OLD)

    assert old.json["stamp"].endswith("auto_close 16:00")
    assert old.json["exit_counts"]["session"] > 3 * honest.json["exit_counts"]["session"] > 0
    assert "session" not in never.json["exit_counts"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--fill", "close"), "fill must be next_open or same_close, received 'close'"),
        (("--stop", "none"), "stop must be touch or close_only, received 'none'"),
        (("--rsi", "none"), "rsi must be wilder or cutler, received 'none'"),
        (("--strategy", "17", "--rsi", "cutler"), "how strategy 21 once read strength"),
        (
            (*OLD, "--strategy-params", json.dumps({"trail_pct": 2.0})),
            "older systems had not a trailing stop",
        ),
        (
            (*OLD, "--strategy-params", json.dumps({"auto_close_time": "session_end"})),
            "auto_close must be a time such as 16:00, received 'session_end'",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_compared_is_refused_in_words(say, stocked, argv, said):
    told = say(*NASDAQ_21, *argv, "--workspace", stocked / "workspace")

    assert told.code == 2
    assert said in told.err


def test_a_rule_over_two_series_cannot_be_compared(say, stocked):
    pair = ("--symbol", "NASDAQ", "--partner", "SP500_CLOSE", "--strategy", "pairs_zscore")

    told = say("backtest", *pair, *OLD, "--workspace", stocked / "workspace")

    assert told.code == 2
    assert "reads several series" in told.err


@pytest.mark.parametrize(
    ("given", "exits"),
    [
        ({"stop_loss_pct": 2.0}, {"stop_loss_atr": None, "stop_loss_pct": 2.0}),
        ({"take_profit_points": 40}, {"take_profit_atr": None, "take_profit_points": 40.0}),
        ({"trail_pct": 3, "break_even_points": 9}, {"trail_pct": 3.0, "break_even_points": 9.0}),
    ],
    ids=str,
)
def test_exits_are_taken_in_percent_and_points(say, stocked, given, exits):
    told = say(
        *NASDAQ_21,
        *("--strategy-params", json.dumps(given)),
        *("--workspace", stocked / "workspace", "--json"),
    ).json

    assert told["params"].items() >= exits.items()
    assert told["total_trades"] > 100


def test_one_distance_in_two_units_is_refused(say, stocked):
    both = json.dumps({"stop_loss_atr": 1.0, "stop_loss_pct": 2.0})

    told = say(*NASDAQ_21, "--strategy-params", both, "--workspace", stocked / "workspace")

    assert told.code == 2
    assert "exits.stop_loss_atr (1.0) and exits.stop_loss_pct (2.0)" in told.err


def figures(told):
    n, net = told["total_trades"], told["total_pnl"]
    gross = net + told["fees"] + told["slippage"]
    ratio = told["sharpe_ratio"]
    return f" {n:,} | {net:,.0f} | {net / n:,.1f} | {gross / n:,.1f} | {ratio:.2f} |"
