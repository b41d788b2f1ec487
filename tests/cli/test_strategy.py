"""A user writes a strategy, has it checked, runs it, and sees what the table holds."""

import json
from pathlib import Path

import pytest

from alphamill.strategies import STRATEGIES
from alphamill.strategies.contract import CHECKS
from alphamill.strategies.user import load

PEEKS = """\
import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy


def rule(bars: Bars, length: int) -> Signals:
    never = np.zeros(len(bars), dtype=np.bool_)
    return Signals((bars.close > np.append(bars.close, 0.0).mean()).astype(np.int8), never, never)


PEEKS = Strategy(
    number=1001,
    name="peeks",
    archetype="test",
    idea="It knows the mean of what has not happened.",
    rule=rule,
    space={"length": Int(5, 2, 50, (), "unread")},
    warmup=lambda p: 5,
)
"""


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def mine(say) -> Path:
    assert say("strategy", "new", "my_idea").code == 0
    return Path("my_idea.py")


# --- new ---------------------------------------------------------------------------------------


def test_a_new_strategy_keeps_every_promise_as_it_stands(say, mine):
    told = say("strategy", "check", mine)

    assert told.code == 0, told.out
    assert told.out.splitlines() == [
        "1000 my_idea",
        *(f"  ok      {check.promise}" for check in CHECKS),
    ]


def test_a_new_strategy_goes_where_it_is_asked_to_and_numbers_on(say):
    say("strategy", "new", "one", "--folder", "rules/mine")
    told = say("strategy", "new", "two", "--folder", "rules/mine", "--json").json

    assert told == {"path": "rules/mine/two.py"}
    assert [load(Path(f"rules/mine/{name}.py"))[0].number for name in ("one", "two")] == [
        1000,
        1001,
    ]


def test_a_file_that_exists_is_never_replaced(say, mine):
    before = mine.read_bytes()

    told = say("strategy", "new", "my_idea")

    assert (told.code, told.out) == (2, "")
    assert "my_idea.py exists. Give another name or another --folder." in told.err
    assert mine.read_bytes() == before


def test_a_name_outside_of_snake_case_writes_nothing(say, tmp_path):
    told = say("strategy", "new", "../MyIdea")

    assert told.code == 2
    assert "must be in snake case, received '../MyIdea'. Write it as 'my_idea'" in told.err
    assert list(tmp_path.iterdir()) == []


# --- check -------------------------------------------------------------------------------------


def test_a_peek_is_a_broken_promise_and_the_researchers_to_mend(say):
    Path("peeks.py").write_text(PEEKS)

    told = say("strategy", "check", "peeks.py")

    assert told.code == 4
    assert "BROKEN  it says the same when later bars are missing: the first" in told.out
    assert told.err.startswith("gate: peeks.py: ")
    assert told.err.endswith("promises are broken.\n")


def test_with_json_each_promise_is_an_answer(say):
    Path("peeks.py").write_text(PEEKS)

    told = say("strategy", "check", "peeks.py", "--json")

    promises = {p["promise"]: p for p in told.json[0]["promises"]}
    assert told.code == 4
    assert (told.json[0]["number"], told.json[0]["name"]) == (1001, "peeks")
    assert len(promises) == len(CHECKS)
    assert not promises["it says the same when later bars are missing"]["kept"]
    # It leaves by the stack alone: said, and no broken promise.
    leaves = promises["it leaves every side it declares"]
    assert leaves["kept"]
    assert leaves["said"].startswith("long is left on none")


def test_a_rule_that_raises_is_named_with_its_line_and_asked_nothing_more(say):
    Path("peeks.py").write_text(PEEKS.replace("np.append(bars.close, 0.0).mean()", "bars.closing"))

    told = say("strategy", "check", "peeks.py")

    assert told.code == 4
    assert "'closing' (peeks.py line 10). Mend the rule." in told.out
    assert f"the other {len(CHECKS) - 2} were not asked" in told.out
    assert told.err == (
        f"gate: peeks.py: 1 promises are broken, and {len(CHECKS) - 2} were not asked.\n"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = (\n", "settings: my.py line 1: '(' was never closed. Correct the line."),
        ("import nowhere\n", "settings: my.py line 1: No module named 'nowhere'. Install it"),
        ("x = 1\n", "settings: my.py holds no Strategy at its top level. Begin with a file"),
        (PEEKS.replace("1001", "45"), "settings: my.py line 13: peeks has the number 45, which is"),
    ],
)
@pytest.mark.parametrize(
    "argv", [("strategy", "check"), ("backtest", "--symbol", "SP500", "--strategy-file")]
)
def test_a_file_that_cannot_be_loaded_is_one_message_with_its_line(argv, text, words, say):
    Path("my.py").write_text(text)

    told = say(*argv, "my.py")

    assert told.code == 2
    assert told.err.startswith(words)
    assert told.out == ""


# --- backtest ----------------------------------------------------------------------------------

BACKTEST = ("backtest", "--symbol", "NASDAQ", "--start", "2003-01-01", "--end", "2010-12-31")


def test_a_backtest_runs_the_only_strategy_of_a_file(say, mine, stocked):
    where = ("--workspace", stocked / "workspace", "--output", "page.html")

    told = say(*BACKTEST, "--strategy-file", mine, *where, "--json")

    assert (told.json["strategy_id"], told.json["strategy_name"]) == (1000, "my_idea")
    assert told.json["total_trades"] > 20
    assert "my_idea on NASDAQ" in Path("page.html").read_text()


def test_a_file_of_several_asks_which_and_takes_parameters(say, mine, stocked):
    extra = "from dataclasses import replace\nOTHER = replace(MY_IDEA, number=1001, name='other')\n"
    mine.write_text(mine.read_text() + extra)
    given = ("--strategy-file", mine, "--workspace", stocked / "workspace")

    unnamed = say(*BACKTEST, *given)
    named = say(*BACKTEST, *given, "--strategy", "other", "--strategy-params", '{"width": 1.5}')
    numbered = say(*BACKTEST, *given, "--strategy", "1001", "--json")

    assert unnamed.code == 2
    assert "my_idea.py holds ['my_idea', 'other']; choose one with --strategy." in unnamed.err
    assert named.code == 0, named.err
    assert numbered.json["strategy_name"] == "other"


def test_a_strategy_file_does_not_hide_the_table(say, mine, stocked):
    where = ("--strategy-file", mine, "--workspace", stocked / "workspace")

    assert say(*BACKTEST, *where, "--strategy", "21", "--json").json["strategy_id"] == 21


# --- strategies --------------------------------------------------------------------------------


def test_the_list_tells_of_every_strategy_what_it_is(say):
    listed = say("strategies", "--json").json

    assert [row["number"] for row in listed] == [s.number for s in STRATEGIES]
    by_number = {row["number"]: row for row in listed}
    # Of 72 points, those in which an unread filter differs are one.
    assert by_number[41] == {
        "number": 41,
        "name": "ThreeBarLow",
        "archetype": "mean reversion",
        "params": ["lookback_entry", "lookback_exit", "ma_period", "use_ma_filter"],
        "sets": 48,
        "grid_points": 72,
        "needs": ["ohlc"],
        "sides": "long",
        "idea": next(s.idea for s in STRATEGIES if s.number == 41),
    }
    assert by_number[1]["needs"] == ["closes"]


def test_the_list_for_a_reader_counts_sets_and_points(say):
    listed = say("strategies", "--json").json
    n_sets, n_points = (sum(row[key] for row in listed) for key in ("sets", "grid_points"))

    lines = say("strategies").out.splitlines()

    assert lines[0] == (
        f"{len(listed)} strategies, {n_sets:,} parameter sets of {n_points:,} grid points"
    )
    assert n_sets < n_points
    assert any(line.split()[:2] == ["69", "ibs"] for line in lines)


def test_one_strategy_is_shown_with_its_parameters(say):
    told = say("strategies", "ibs")
    space = say("strategies", "69", "--json").json["params"]

    assert told.out.startswith("69 ibs\n")
    assert "ibs_exit_low: float in [0.0, 1.0], default 0.8; grid [0.65, 0.8]." in told.out
    assert space["start_time1"] == {
        "kind": "time",
        "default": "0000",
        "grid": [],
        "help": "start",
    }


def test_the_report_of_trades_says_why_there_is_none(say):
    told = say("strategies", "vwap_reversion", "--trades")
    counts = say("strategies", "24", "--trades", "--json").json[0]

    reason = "VWAPReversion needs intraday bars; SP500 has 1d"
    assert counts["SP500 1d"] == {"at_defaults": None, "most": None, "reason": reason}
    assert counts["ES 15m"]["most"] >= counts["ES 15m"]["at_defaults"] > 100
    assert f"24 VWAPReversion on SP500 1d: {reason}" in told.out


def test_a_folder_for_the_report_without_the_report_is_refused(say, tmp_path):
    told = say("strategies", "--lean", tmp_path)

    assert told.code == 2
    assert "--lean names a market of --trades" in told.err
    assert json.loads(say("strategies", "21", "--json").out)["number"] == 21
