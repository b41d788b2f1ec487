"""Winners: who stays, in which order, with which words; and what is kept over many runs."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.research.outcome import Candidate
from alphamill.research.winners import (
    STORED,
    extract,
    finalists,
    manifest,
    store,
    winners,
    write_manifest,
)
from alphamill.validation.gates import Verdict

NAN, INF = math.nan, math.inf
NAMES = {1: "BollingerBands", 21: "RSI2_MeanReversion", 40: "BuyOn5BarLow", 45: "IBSStrategy"}
GATES = ("basic", "walk_forward", "chance")
# 2024-03-01 12:00 UTC.
AT = 1_709_294_400 * 10**9
METRICS = {
    "total_trades": 120.0,
    "win_rate": 0.55,
    "profit_factor": 1.4,
    "max_drawdown_pct": 12.5,
    "total_pnl_pct": 31.0,
    "avg_bars_held": 4.25,
}
PARAMS = {
    "length": 3,
    "filtered": False,
    "stop_loss_atr": 1.0,
    "take_profit_atr": None,
    "max_bars_held": 20,
    "auto_close_time": None,
}


def candidate(symbol="ES", number=21, oos=1.0, failed=(), **given) -> Candidate:
    metrics = METRICS | given.pop("metrics", {})
    return Candidate(
        **{
            "symbol": symbol,
            "timeframe": "1d",
            "strategy_id": number,
            "strategy_name": NAMES[number],
            "archetype": "mean reversion",
            "n_cells": 720,
            "params": PARAMS,
            "metrics": metrics,
            "in_sample_sharpe": 1.75,
            "oos_sharpe": oos,
            "sessions": np.array([20200102, 20200103]),
            "oos_pnl": np.array([10.0, -2.5]),
            "verdicts": tuple(Verdict(g, g not in failed, 1.0, 0.5, "why") for g in GATES),
            **given,
        }
    )


def identity(*symbols):
    return {s: (f"run-{s}", f"data-{s}", f"code-{s}") for s in symbols}


def who(found):
    return [(c.symbol, c.strategy_id) for c in found]


# --- finalists ---------------------------------------------------------------------------------


def test_the_best_of_each_instrument_are_asked_on():
    found = finalists(
        [
            candidate("ES", 1, 0.5),
            candidate("NQ", 1, 0.1),
            candidate("ES", 21, 0.9),
            candidate("ES", 40, 0.7),
            candidate("NQ", 40, 0.2),
        ],
        top_n=2,
        carry=False,
    )

    assert who(found) == [("ES", 21), ("ES", 40), ("NQ", 40), ("NQ", 1)]


def test_who_failed_a_gate_is_carried_after_all_who_passed_or_not_at_all():
    judged = [
        candidate("ES", 1, 3.0, failed=["basic"]),
        candidate("ES", 21, 0.2),
        candidate("ES", 40, 2.0, failed=["walk_forward"]),
    ]

    assert who(finalists(judged, 10, carry=True)) == [("ES", 21), ("ES", 1), ("ES", 40)]
    assert who(finalists(judged, 2, carry=True)) == [("ES", 21), ("ES", 1)]
    assert who(finalists(judged, 10, carry=False)) == [("ES", 21)]


def test_of_equals_the_lower_number_comes_first():
    judged = [candidate(number=n, oos=0.5) for n in (45, 1, 40)]

    assert who(finalists(judged, 2, carry=False)) == [("ES", 1), ("ES", 40)]


def test_an_unknown_sharpe_comes_last():
    judged = [candidate(number=1, oos=NAN), candidate(number=21, oos=-5.0)]

    assert who(finalists(judged, 2, carry=False)) == [("ES", 21), ("ES", 1)]


@pytest.mark.parametrize("carry", [True, False])
def test_a_cell_that_never_traded_is_nobodys_winner(carry):
    idle = candidate(metrics={"total_trades": 0.0})

    assert finalists([idle], 10, carry) == []
    assert winners([idle], carry, identity("ES")) == ()


# --- winners and their manifest ----------------------------------------------------------------


def test_winners_are_ranked_over_all_instruments_proven_ones_first():
    chosen = [
        candidate("NQ", 1, 0.4),
        candidate("ES", 21, 9.0, failed=["chance"]),
        candidate("ES", 40, 0.6),
    ]

    found = winners(chosen, True, identity("ES", "NQ"))

    assert [(w.rank, w.candidate.symbol, w.stamp) for w in found] == [
        (1, "ES", "proven"),
        (2, "NQ", "proven"),
        (3, "ES", "unproven"),
    ]
    assert (found[1].run_id, found[1].data_hash, found[1].code_version) == (
        "run-NQ",
        "data-NQ",
        "code-NQ",
    )
    assert len(winners(chosen, False, identity("ES", "NQ"))) == 2


def test_the_first_gate_that_failed_is_named():
    both = candidate(failed=["chance", "walk_forward"])

    row = manifest(winners([both], True, identity("ES")), AT)["winners"][0]

    assert (row["stamp"], row["failed_gate"]) == ("unproven", "walk_forward")


def test_a_winner_is_written_with_the_seeds_fields_and_ours():
    row = manifest(winners([candidate()], False, identity("ES")), AT)["winners"][0]

    # The seeds' thirteen in their order (specs, factory 3.4), then ours.
    assert list(row.items()) == [
        ("rank", 1),
        ("symbol", "ES"),
        ("run_id", "run-ES"),
        ("strategy_id", 21),
        ("strategy_name", "RSI2_MeanReversion"),
        ("params", PARAMS),
        ("sharpe_ratio", 1.0),
        ("total_trades", 120),
        ("win_rate", 0.55),
        ("profit_factor", 1.4),
        ("max_drawdown_pct", 12.5),
        ("total_pnl_pct", 31.0),
        ("avg_bars_held", 4.25),
        ("in_sample_sharpe_ratio", 1.75),
        ("stamp", "proven"),
        ("failed_gate", None),
        ("timeframe", "1d"),
        ("n_cells", 720),
        ("data_hash", "data-ES"),
        ("code_version", "code-ES"),
    ]
    assert type(row["total_trades"]) is int


def test_the_manifest_counts_and_groups_its_winners():
    chosen = [candidate("ES", 21, 0.5), candidate("NQ", 1, 0.7), candidate("ES", 40, 0.6)]

    found = manifest(winners(chosen, False, identity("ES", "NQ")), AT)

    assert list(found) == [
        "version",
        "created_at",
        "total_winners",
        "winners_by_instrument",
        "winners",
    ]
    assert (found["version"], found["created_at"]) == ("1.0", "2024-03-01T12:00:00+00:00")
    assert found["total_winners"] == 3
    assert found["winners_by_instrument"] == {
        "NQ": [{"strategy_id": 1, "strategy_name": "BollingerBands", "sharpe_ratio": 0.7}],
        "ES": [
            {"strategy_id": 40, "strategy_name": "BuyOn5BarLow", "sharpe_ratio": 0.6},
            {"strategy_id": 21, "strategy_name": "RSI2_MeanReversion", "sharpe_ratio": 0.5},
        ],
    }


def test_the_file_is_plain_json_without_nan_or_infinity(tmp_path):
    odd = candidate(oos=NAN, in_sample_sharpe=INF, metrics={"profit_factor": INF, "win_rate": NAN})
    path = tmp_path / "new" / "winners_manifest.json"

    write_manifest(path, winners([odd], False, identity("ES")), AT)

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    row = json.loads(path.read_text(), parse_constant=refuse)["winners"][0]
    names = ("sharpe_ratio", "in_sample_sharpe_ratio", "profit_factor", "win_rate")
    assert [row[name] for name in names] == [None] * 4


def test_no_winners_are_an_empty_manifest_and_no_error(tmp_path):
    write_manifest(tmp_path / "m.json", (), AT)

    found = json.loads((tmp_path / "m.json").read_text())
    assert (found["total_winners"], found["winners_by_instrument"], found["winners"]) == (0, {}, [])


# --- over many runs ----------------------------------------------------------------------------


def kept(runs, name, at_ns, judged, carry=True):
    """Store a run as the pipeline does."""
    symbols = {c.symbol for c in judged}
    ids = {s: (name, f"data-{s}", "code") for s in symbols}
    (runs / name).mkdir(parents=True, exist_ok=True)
    store(runs / name, winners(judged, carry, ids), judged, at_ns)


def names_of(found):
    return [(w.rank, w.candidate.symbol, w.candidate.strategy_id, w.run_id) for w in found]


def test_what_was_stored_is_extracted_whole(tmp_path):
    judged = [candidate(oos=0.5), candidate(number=1, failed=["basic"])]
    kept(tmp_path, "r1", 1, judged)

    found = extract(tmp_path, 10)

    expected = winners(judged, True, {"ES": ("r1", "data-ES", "code")})
    assert manifest(found, AT) == manifest(expected, AT)
    for one, other in zip(found, expected, strict=True):
        assert one.candidate.verdicts == other.candidate.verdicts
        assert one.candidate.metrics == other.candidate.metrics
        np.testing.assert_array_equal(one.candidate.sessions, other.candidate.sessions)
        np.testing.assert_array_equal(one.candidate.oos_pnl, other.candidate.oos_pnl)
        assert one.candidate.sessions.dtype == np.int64


def test_odd_numbers_survive_the_store(tmp_path):
    kept(tmp_path, "r1", 1, [candidate(oos=NAN, metrics={"profit_factor": INF})])

    found = extract(tmp_path, 10)[0].candidate

    assert math.isnan(found.oos_sharpe)
    assert found.metrics["profit_factor"] == INF


def test_a_later_run_of_a_few_strategies_does_not_erase_the_others(tmp_path):
    kept(tmp_path, "r1", 1, [candidate(number=1, oos=0.3), candidate(number=21, oos=0.5)])
    kept(tmp_path, "r2", 2, [candidate(number=40, oos=0.4), candidate("NQ", 40, oos=0.2)])

    assert names_of(extract(tmp_path, 10)) == [
        (1, "ES", 21, "r1"),
        (2, "ES", 40, "r2"),
        (3, "ES", 1, "r1"),
        (4, "NQ", 40, "r2"),
    ]


@pytest.mark.parametrize("runs", [("a", "b"), ("b", "a")])
def test_the_latest_judgement_of_a_pair_counts_also_where_it_is_worse(tmp_path, runs):
    # Whatever the runs are called and however good the older one looked.
    older, newer = runs
    kept(tmp_path, older, 1, [candidate(oos=2.0)])
    kept(tmp_path, newer, 2, [candidate(oos=0.5)])

    assert [(w.run_id, w.candidate.oos_sharpe) for w in extract(tmp_path, 10)] == [(newer, 0.5)]


def test_a_winner_that_fails_when_judged_again_is_none_any_more(tmp_path):
    kept(tmp_path, "r1", 1, [candidate(oos=2.0), candidate(number=1)], carry=False)
    kept(tmp_path, "r2", 2, [candidate(oos=2.0, failed=["basic"])], carry=False)

    assert names_of(extract(tmp_path, 10)) == [(1, "ES", 1, "r1")]


def test_a_run_on_other_bars_does_not_erase_a_winner(tmp_path):
    kept(tmp_path, "r1", 1, [candidate(timeframe="15m")])
    kept(tmp_path, "r2", 2, [candidate(timeframe="1d", failed=["basic"])], carry=False)

    assert [w.candidate.timeframe for w in extract(tmp_path, 10)] == ["15m"]


def test_at_most_so_many_of_each_instrument_and_only_those_asked_for(tmp_path):
    judged = [candidate(s, n, n / 100) for s in ("ES", "NQ", "CL") for n in (1, 21, 40)]
    kept(tmp_path, "r1", 1, judged)

    found = extract(tmp_path, 2, ["NQ", "ES"])

    # Equal scores in the order of the symbols; ranks run over all.
    assert [n[:3] for n in names_of(found)] == [
        (1, "ES", 40),
        (2, "NQ", 40),
        (3, "ES", 21),
        (4, "NQ", 21),
    ]
    assert len(extract(tmp_path, 2)) == 6


def test_an_instrument_named_twice_is_asked_once(tmp_path):
    kept(tmp_path, "r1", 1, [candidate()])

    assert len(extract(tmp_path, 10, ["ES", "ES"])) == 1


def test_unproven_winners_can_be_left_out_and_who_waits_comes_after_the_proven(tmp_path):
    waits = candidate("NQ", oos=9.0)
    last = replace(waits.verdicts[-1], passed=False, asked=False)
    waits = replace(waits, verdicts=(*waits.verdicts[:-1], last))
    refused = candidate(number=1, oos=5.0, failed=["basic"])
    kept(tmp_path, "r1", 1, [candidate(oos=0.1), refused, waits])

    assert [w.stamp for w in extract(tmp_path, 10)] == ["proven", "provisional", "unproven"]
    left = extract(tmp_path, 10, include_unproven=False)
    assert [w.stamp for w in left] == ["proven", "provisional"]
    # The better but unproven one takes no place from a proven one.
    assert [w.candidate.strategy_id for w in extract(tmp_path, 1, ["ES"])] == [21]


def test_an_instrument_without_a_winner_gives_none(tmp_path):
    kept(tmp_path, "r1", 1, [candidate(), candidate("NQ", failed=["basic"])], carry=False)

    assert extract(tmp_path, 10, ["NQ"]) == ()


def test_an_instrument_that_was_never_run_is_refused_with_those_that_were(tmp_path):
    kept(tmp_path, "r1", 1, [candidate("NQ"), candidate("ES")])

    with pytest.raises(SettingsError) as caught:
        extract(tmp_path, 10, ["ES", "CL"])

    assert str(caught.value) == "no run judged 'CL'; there are runs of ['ES', 'NQ']."


def test_without_a_run_the_next_step_is_told(tmp_path):
    with pytest.raises(DataError) as caught:
        extract(tmp_path / "runs", 10)

    assert str(caught.value) == (
        "no finished run lies in runs. Run `alphamill run` or `alphamill sweep` first."
    )


@pytest.mark.parametrize("text", ["", '[{"symbol": "ES"'])
def test_a_torn_store_is_refused_with_its_run(tmp_path, text):
    kept(tmp_path, "r1", 1, [candidate()])
    (tmp_path / "r1" / STORED).write_text(text)

    with pytest.raises(DataError, match=r"^r1/candidates\.json: this run's candidates cannot be"):
        extract(tmp_path, 10)


# Named and stamped, but without figures.
BARE = {"symbol": "ES", "timeframe": "1d", "strategy_name": "A", "at_ns": 1, "stamp": "proven"}
BARE |= {"identity": ["r", "d", "c"], "verdicts": [], "sessions": [], "oos_pnl": []}


@pytest.mark.parametrize("text", ['[{"symbol": "ES"}]', "[1]", '{"a": 1}', json.dumps([BARE])])
def test_a_store_of_another_shape_is_refused_too(tmp_path, text):
    kept(tmp_path, "r1", 1, [candidate()])
    (tmp_path / "r1" / STORED).write_text(text)

    with pytest.raises(DataError, match=r"^r1/candidates\.json: this run's candidates cannot be"):
        extract(tmp_path, 10)
