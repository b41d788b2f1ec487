import json
import re

import pytest

from alphamill import __version__
from alphamill.cli import run
from alphamill.cli.main import COMMANDS
from alphamill.core.errors import GateError


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(stocked, monkeypatch):
    monkeypatch.chdir(stocked)


BACKTEST = ("backtest", "--symbol", "NASDAQ", "--strategy", "21")


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("backtest", "--symbol", "NASDAQ", "--strategy", "nonsense"), 2, "'nonsense'"),
        (("backtest", "--symbol", "NASDAQ", "--strategy", "99"), 2, "number 99"),
        (("backtest", "--symbol", "NOSUCH", "--strategy", "21"), 2, "'?NOSUCH'?"),
        (("backtest", "--symbol", "ES", "--strategy", "21"), 2, "alphamill ingest --symbols ES"),
        (("backtest", "--symbol", "NASDAQ"), 2, "Missing option '--strategy'"),
        ((*BACKTEST, "--strategy-params", "{rsi: 2}"), 2, "must be JSON, received '{rsi: 2}'"),
        ((*BACKTEST, "--strategy-params", "[2]"), 2, "must be a JSON object"),
        ((*BACKTEST, "--strategy-params", '{"rsi_len": 2}'), 2, "no parameter 'rsi_len'"),
        ((*BACKTEST, "--strategy-params", '{"rsi_length": -1}'), 2, "must lie in"),
        ((*BACKTEST, "--strategy-params", '{"stop_loss_atr": "x"}'), 2, "a number or null"),
        ((*BACKTEST, "--strategy-params", '{"stop_loss_atr": -1}'), 2, "must be above 0 or null"),
        ((*BACKTEST, "--strategy-params", '{"auto_close_time": "16:00"}'), 2, "session"),
        ((*BACKTEST, "--start", "yesterday"), 2, "--start must be a day .*'yesterday'"),
        ((*BACKTEST, "--start", "2012-02-01", "--end", "2012-01-01"), 2, "must not lie after"),
        ((*BACKTEST, "--start", "1950-01-01", "--end", "1950-12-31"), 2, "1999"),
        ((*BACKTEST, "--sides", "short"), 2, "--sides must be long or both"),
        ((*BACKTEST, "--timeframe", "7m"), 2, "--timeframe must be one of"),
        (("backtest", "--symbol", "SP500_CLOSE", "--strategy", "45"), 3, "has closes only"),
        (("run", "--project", "absent.yml"), 2, "absent.yml: the project file cannot be read"),
        (("sweep", "--strategies", "999"), 2, "number 999"),
        (("sweep", "--symbols", "NASDAQ", "--start", "2010-01-01"), 2, "given together"),
        (("sweep", "--symbols", "NASDAQ", "--workers", "0"), 2, "--workers"),
        (("sweep", "results", "--export", "xls"), 2, "'xls'"),
        (("sweep", "results", "--export", "csv", "--run", "abc"), 2, "no run 'abc'"),
        (("sweep", "results", "--export", "csv", "--workspace", "empty"), 3, "no run lies in runs"),
        (("winners", "--workspace", "empty"), 3, "no finished run"),
        (("winners", "--instruments", "ZZ"), 2, "no run judged 'ZZ'"),
        (("winners", "--top-n", "0"), 2, "--top-n"),
        (("ledger", "show", "--workspace", "empty"), 2, "there is no ledger yet"),
        (("ingest", "--source", "csv", "--path", "absent.csv", "--symbol", "ES"), 3, "absent.csv"),
        (("ingest", "--source", "ftp"), 2, "data.source must be one of .*'ftp'"),
        (("ingest", "--source", "sample", "--options", "seed=3"), 2, "seed"),
        (("ingest", "--source", "sample", "--options", "seed"), 2, "--options must be name=value"),
        (("ingest", "--source", "sample", "--symbols", "GOLD"), 2, "GOLD"),
        (("data", "inspect", "ZZ"), 2, "'ZZ'"),
        (("data", "export", "NASDAQ", "--output", "x.xls"), 2, "csv or parquet"),
        (("phase1", "--symbol", "NASDAQ", "--timeframe", "daily", "--end", "soon"), 2, "--end"),
        (("strategies", "999"), 2, "number 999"),
        (("nonsense",), 2, "No such command 'nonsense'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)  # fmt: skip
def test_a_wrong_input_is_one_message_and_an_exit_code(argv, code, said, say):
    told = say(*argv)

    assert told.code == code
    assert told.out == ""
    assert re.search(said, " ".join(told.err.split())), told.err


def test_a_message_begins_with_who_must_act(say):
    assert say("strategies", "999").err.startswith("settings: no strategy has the number 999")
    assert say("winners", "--workspace", "empty").err.startswith("data: no finished run")


def test_a_file_that_exists_is_not_overwritten_unasked(say):
    assert say("init", "mine.yml").code == 0
    assert say("init", "mine.yml").code == 2
    assert say("init", "mine.yml", "--force").code == 0


def test_an_output_that_cannot_be_written_is_a_setting_to_correct(say, stocked):
    (stocked / "a-file").write_text("")

    told = say(*BACKTEST, "--output", "a-file/page.html")

    assert told.code == 2
    assert "a-file" in told.err


def test_every_class_of_error_has_its_exit_code(say, monkeypatch):
    monkeypatch.setattr(run, "workers_of", _raise(GateError("not yet")))

    told = say("run")

    assert (told.code, told.err) == (4, "gate: not yet\n")


def test_an_interrupt_says_how_to_resume(say, monkeypatch):
    monkeypatch.setattr(run, "workers_of", _raise(KeyboardInterrupt()))

    told = say("run")

    assert told.code == 130
    assert told.err.endswith("interrupted; resume with the same command\n")


def test_a_fault_of_ours_is_not_dressed_up_as_the_users(say, monkeypatch):
    monkeypatch.setattr(run, "workers_of", _raise(ZeroDivisionError()))

    with pytest.raises(ZeroDivisionError):
        say("run")


def test_version(say):
    assert say("--version").out == f"alphamill {__version__}\n"


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_every_command_has_help(row, say):
    told = say(row.name, "--help")

    assert told.code == 0
    assert "Usage: alphamill" in told.out


@pytest.mark.parametrize(
    "argv",
    [
        BACKTEST,
        ("strategies",),
        ("strategies", "21"),
        ("indicators",),
        ("indicators", "rsi"),
        ("data", "list"),
        ("data", "inspect", "NASDAQ"),
        ("data", "export", "NASDAQ", "--output", "n.csv"),
        ("ledger", "show"),
        ("ledger", "verify"),
        ("ledger", "export", "trials.csv"),
        ("winners",),
        ("sweep", "results", "--export", "csv"),
        ("ingest", "--source", "sample", "--symbols", "NASDAQ"),
        ("sweep", "--project", "carry.yml", "--symbols", "NASDAQ", "--strategies", "17"),
        ("init", "json.yml", "--force"),
    ],
    ids=" ".join,
)
def test_with_json_standard_output_holds_the_answer_only(argv, say):
    told = say(*argv, "--json")

    assert told.code == 0, told.err
    assert json.loads(told.out) is not None


def _raise(error):
    def raising(*_args):
        raise error

    return raising
