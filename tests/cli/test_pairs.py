"""Rules over two series, and rules that raise, as the command line tells of them."""

import pytest

from alphamill.backtest.legs import backtest_legs, legs_of
from alphamill.backtest.metrics import summary
from alphamill.data.catalog import Catalog
from alphamill.data.instruments import instrument
from alphamill.strategies import find

PAIR = ("backtest", "--symbol", "NASDAQ", "--strategy", "pairs_zscore")
SWEEP = ("sweep", "--symbols", "NASDAQ", "SP500_CLOSE", "--workers", "1")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(stocked, monkeypatch):
    monkeypatch.chdir(stocked)


def test_a_pair_is_what_the_loop_over_legs_returns(say, stocked):
    told = say(*PAIR, "--partner", "SP500_CLOSE", "--sides", "both", "--json").json

    catalog = Catalog(stocked / "workspace")
    first, other = (catalog.read(symbol, "1d") for symbol in ("NASDAQ", "SP500_CLOSE"))
    legs = legs_of([(bars, instrument(bars.symbol)) for bars in (first, other)])
    wanted = find(71).targets(first, [other], find(71).params(), "both")
    expected = summary(backtest_legs(legs, wanted))
    assert told["total_trades"] == expected.total_trades > 20
    assert told["total_pnl"] == expected.total_pnl
    assert told["params"]["partner"] == "SP500_CLOSE"
    assert told["params"]["stop_loss_atr"] is None


def test_the_partner_is_the_projects_where_no_flag_names_one(say, tmp_path):
    project = tmp_path / "p.yml"
    project.write_text("strategies: {partners: {NASDAQ: SP500_CLOSE}}")

    told = say(*PAIR, "--project", project)

    assert told.code == 0, told.err
    assert "PairsZScore on NASDAQ and SP500_CLOSE" in told.out


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (PAIR, "PairsZScore reads partner beside NASDAQ, and none is named. Name it with"),
        ((*PAIR[:-1], "21", "--partner", "SP500_CLOSE"), "reads one series; leave --partner out"),
        (
            (*PAIR, "--partner", "SP500_CLOSE", "--strategy-params", '{"stop_loss_atr": 1}'),
            "PairsZScore says itself when to leave; --strategy-params holds the exits",
        ),
    ],
)
def test_what_cannot_be_a_pair_is_refused_with_the_remedy(say, argv, why):
    told = say(*argv)

    assert told.code == 2
    assert why in told.err


def test_a_sweep_says_what_it_refused_what_failed_and_what_was_redundant(say, tmp_path):
    (tmp_path / "falls.py").write_text(FALLS)
    project = tmp_path / "p.yml"
    project.write_text("strategies: {files: [falls.py]}")

    told = say(*SWEEP, "--project", project, "--strategies", "71", "41", "falls")

    assert told.code == 0, told.err
    assert "parameter sets: 92 declared, 68 run (ThreeBarLow 72: 48)" in told.out
    assert "exits: 20 declared, 20 run" in told.out
    body = " ".join(told.out[told.out.index("5 not judged, or never traded") :].split())
    # What failed comes before what was refused.
    assert body.index("FAILED in 2 of its 2") < body.index("reads a partner beside NASDAQ")
    # The words of the rule are no markup of the console.
    assert "ValueError: [/red] is" in body
    assert "falls.py line 6" in body


FALLS = """from alphamill.core.params import Int
from alphamill.core.strategy import Strategy


def rule(bars, length):
    raise ValueError("[/red] is no colour")


FALLS = Strategy(
    1001, "falls", "test", "It pays.", rule, {"length": Int(2, 1, 9, (2, 3))}, lambda p: 9
)
"""


def test_a_backtest_of_a_rule_that_raises_names_its_line_and_shows_no_traceback(say, tmp_path):
    (tmp_path / "falls.py").write_text(FALLS)
    project = tmp_path / "p.yml"
    project.write_text("strategies: {files: [falls.py]}")

    told = say(*PAIR[:-1], "falls", "--project", project)

    assert told.code == 4
    assert "falls: the rule raised ValueError: [/red] is no colour (falls.py line 6)" in told.err
    assert "Traceback" not in told.err
