import json

import pytest

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.metrics import summary
from alphamill.cli.backtest import parsed_params
from alphamill.data.catalog import Catalog
from alphamill.data.instruments import instrument
from alphamill.strategies import find


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(stocked, monkeypatch):
    monkeypatch.chdir(stocked)


def test_the_answer_is_what_the_engine_returns_for_the_same_cell(say, stocked):
    params = {"rsi_length": 3, "rsi_oversold": 5, "stop_loss_atr": 2.0, "max_bars_held": 4}

    told = say(
        *("backtest", "--symbol", "NASDAQ", "--strategy", "rsi2_mean_reversion_bt"),
        *("--start", "2003-01-01", "--end", "2010-12-31", "--sides", "both"),
        *("--strategy-params", json.dumps(params), "--json"),
    ).json

    bars = Catalog(stocked / "workspace").read("NASDAQ", "1d", "2003-01-01", "2010-12-31")
    strategy = find(21)
    chosen = strategy.params({"rsi_length": 3, "rsi_oversold": 5})
    stack = ExitStack(stop_loss_atr=2.0, max_bars_held=4)
    expected = summary(
        backtest(bars, strategy.signals(bars, chosen, "both"), stack, instrument("NASDAQ"))
    )
    assert told["total_trades"] == expected.total_trades > 20
    assert told["total_pnl"] == expected.total_pnl
    assert (told["start_date"], told["end_date"]) == (20030102, 20101231)


def test_the_tearsheet_lies_where_it_was_asked_for(say, stocked):
    told = say(
        *("backtest", "--symbol", "NASDAQ", "--strategy", "17"),
        *("--output", "pages/one.html"),
    )

    assert "tearsheet: pages/one.html" in told.out
    assert "MACross on NASDAQ" in (stocked / "pages" / "one.html").read_text()


def test_a_symbol_the_catalog_lacks_is_taken_from_the_sample_and_said_so(say, tmp_path):
    argv = ("backtest", "--symbol", "WTI", "--strategy", "17", "--workspace", tmp_path)

    first, second = say(*argv), say(*argv)

    assert "WTI 1d from the sample data" in first.err
    assert f"WTI 1d from {tmp_path / 'catalog'}" in second.err
    assert first.out == second.out


def test_instruments_and_workspace_come_from_the_project_file(say, tmp_path):
    days = [f"2020-01-{day:02d},{40 + day % 5}.0" for day in (*range(2, 4), *range(6, 11))]
    (tmp_path / "OIL.csv").write_text("\n".join(["date,close", *days]) + "\n")
    project = tmp_path / "p.yml"
    project.write_text(
        f"data: {{source: csv, options: {{path: '{tmp_path / 'OIL.csv'}'}}, symbols: [OIL]}}\n"
        "instruments: {OIL: {asset_class: equity, calendar: XNYS}}\n"
        f"run: {{workspace: '{tmp_path / 'mine'}'}}\n"
    )
    assert say("ingest", "--project", project).code == 0

    argv = ("backtest", "--symbol", "OIL", "--strategy", "21")

    assert say(*argv, "--project", project).code == 0
    assert (tmp_path / "mine" / "backtests" / "OIL-RSI2_MeanReversion.html").is_file()
    without = say(*argv, "--workspace", tmp_path / "mine")
    assert without.code == 2
    assert "instrument must be in the table, received 'OIL'" in without.err


def test_bars_beyond_the_seal_are_not_shown(say, stocked):
    sealed = Catalog(stocked / "workspace").entry("NASDAQ", "1d").first_sealed_session

    told = say("backtest", "--symbol", "NASDAQ", "--strategy", "17", "--json")

    assert told.json["end_date"] < sealed
    assert f"up to its seal at {sealed}" in told.err


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"stop_loss_atr": None}, "stop_loss_atr", None),
        ({"auto_close_time": "16:00"}, "session_exit", True),
        ({"auto_close_time": None}, "session_exit", False),
        ({"max_bars_held": 7}, "max_bars_held", 7),
        ({}, "take_profit_atr", 1.0),
    ],
)
def test_exits_among_the_parameters_go_to_the_exit_stack(given, field, value):
    params, stack = parsed_params(find(21), json.dumps({"rsi_length": 4, **given}))

    assert params["rsi_length"] == 4
    assert getattr(stack, field) == value
