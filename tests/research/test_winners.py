"""Winners: who may stay, in which order, under which stamp, and what the manifest says."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.research.outcome import Candidate
from alphamill.research.winners import (
    extract,
    finalists,
    manifest,
    store,
    winners,
    write_manifest,
)
from alphamill.validation.gates import Verdict

SEED_KEYS = [
    "rank",
    "symbol",
    "run_id",
    "strategy_id",
    "strategy_name",
    "params",
    "sharpe_ratio",
    "total_trades",
    "win_rate",
    "profit_factor",
    "max_drawdown_pct",
    "total_pnl_pct",
    "avg_bars_held",
]
IDENTITY = {"ES": ("run1", "hash1", "code1"), "NQ": ("run1", "hash2", "code1")}


def candidate(symbol="ES", number=21, oos=1.0, failed=None, trades=100.0, **given) -> Candidate:
    verdicts = tuple(
        Verdict(gate, gate != failed, 0.0, 0.0, "") for gate in ("basic", "walk_forward")
    )
    metrics = {
        "total_trades": trades,
        "win_rate": 0.6,
        "profit_factor": math.inf,
        "max_drawdown_pct": 7.5,
        "total_pnl_pct": 20.0,
        "avg_bars_held": 4.0,
    }
    whole = {
        "symbol": symbol,
        "timeframe": "1d",
        "strategy_id": number,
        "strategy_name": f"S{number}",
        "archetype": "mean reversion",
        "n_cells": 8,
        "params": {"n": 2, "stop_loss_atr": None},
        "metrics": metrics,
        "in_sample_sharpe": 2.0,
        "oos_sharpe": oos,
        "sessions": np.array([20200102, 20200103]),
        "oos_pnl": np.array([1.0, -0.5]),
        "verdicts": verdicts,
    }
    return Candidate(**(whole | given))


FAILED_BUT_BETTER = candidate(number=1, oos=3.0, failed="walk_forward")
PASSED = candidate(number=21, oos=1.0)
OTHER = candidate("NQ", number=45, oos=2.0)
NEVER_TRADED = candidate(number=2, oos=0.0, trades=0.0, failed="basic")
ALL = (FAILED_BUT_BETTER, PASSED, OTHER, NEVER_TRADED)


def named(chosen):
    return [(c.symbol, c.strategy_id) for c in chosen]


def test_without_carrying_only_those_that_passed_stay():
    assert named(finalists(ALL, 10, carry=False)) == [("ES", 21), ("NQ", 45)]


def test_carried_ones_come_after_all_that_passed_and_never_without_a_trade():
    assert named(finalists(ALL, 10, carry=True)) == [("ES", 21), ("ES", 1), ("NQ", 45)]


def test_each_instrument_has_its_own_places():
    assert named(finalists(ALL, 1, carry=True)) == [("ES", 21), ("NQ", 45)]


def test_equals_are_ordered_by_number():
    pair = [candidate(number=9), candidate(number=3)]

    assert named(finalists(pair, 10, carry=False)) == [("ES", 3), ("ES", 9)]


def test_winners_are_ranked_over_all_instruments_and_stamped():
    chosen = winners(ALL, True, IDENTITY)

    assert [(w.rank, w.candidate.strategy_id, w.stamp) for w in chosen] == [
        (1, 45, "proven"),
        (2, 21, "proven"),
        (3, 1, "unproven"),
    ]
    assert chosen[0].data_hash == "hash2"


def test_a_finalist_that_failed_the_last_question_is_no_winner_unless_carried():
    fallen = replace(PASSED, verdicts=(*PASSED.verdicts, Verdict("chance", False, 0.5, 0.95, "")))

    assert winners([fallen], False, IDENTITY) == ()
    assert winners([fallen], True, IDENTITY)[0].stamp == "unproven"


def test_the_manifest_has_the_seeds_fields_first_and_the_identity_after():
    told = manifest(winners(ALL, True, IDENTITY), at_ns=1_577_923_200_000_000_000)

    assert list(told) == [
        "version",
        "created_at",
        "total_winners",
        "winners_by_instrument",
        "winners",
    ]
    assert (told["version"], told["total_winners"]) == ("1.0", 3)
    assert told["created_at"] == "2020-01-02T00:00:00+00:00"
    assert told["winners_by_instrument"]["NQ"] == [
        {"strategy_id": 45, "strategy_name": "S45", "sharpe_ratio": 2.0}
    ]
    row = told["winners"][2]
    assert list(row)[: len(SEED_KEYS)] == SEED_KEYS
    assert row["sharpe_ratio"] == 3.0
    assert row["in_sample_sharpe_ratio"] == 2.0
    assert (row["stamp"], row["failed_gate"]) == ("unproven", "walk_forward")
    assert row["run_id"] == "run1"


def test_the_manifest_is_strict_json(tmp_path):
    write_manifest(tmp_path / "new" / "m.json", winners(ALL, True, IDENTITY), 0)

    def refuse(word):
        raise AssertionError(word)

    told = json.loads((tmp_path / "new" / "m.json").read_text(), parse_constant=refuse)
    assert told["winners"][0]["profit_factor"] is None


def stored(folder, run, candidates, at_ns, carry=True):
    chosen = winners(candidates, carry, IDENTITY)
    (folder / run).mkdir(parents=True)
    store(folder / run, chosen, candidates, at_ns)


def test_a_later_run_of_other_strategies_erases_nothing(tmp_path):
    stored(tmp_path, "a", ALL, 1)
    stored(tmp_path, "b", [candidate(number=17, oos=0.5)], 2)

    assert named(w.candidate for w in extract(tmp_path, 10)) == [
        ("NQ", 45),
        ("ES", 21),
        ("ES", 17),
        ("ES", 1),
    ]


def test_the_latest_judgement_of_a_pair_counts(tmp_path):
    stored(tmp_path, "z", [candidate(oos=1.0)], 1)
    stored(tmp_path, "a", [candidate(oos=0.25)], 2)

    (winner,) = extract(tmp_path, 10)

    assert winner.candidate.oos_sharpe == 0.25
    assert winner.candidate.oos_pnl.tolist() == [1.0, -0.5]
    assert winner.candidate.verdicts == PASSED.verdicts


def test_a_winner_that_fails_when_judged_again_is_withdrawn(tmp_path):
    stored(tmp_path, "a", [candidate()], 1)
    stored(tmp_path, "b", [candidate(failed="basic")], 2, carry=False)

    assert extract(tmp_path, 10) == ()


def test_extraction_keeps_to_the_instruments_and_places_asked_for(tmp_path):
    stored(tmp_path, "a", ALL, 1)

    assert named(w.candidate for w in extract(tmp_path, 1, ["ES"])) == [("ES", 21)]
    assert len(extract(tmp_path, 10, include_unproven=False)) == 2


def test_what_was_never_run_is_refused_in_words(tmp_path):
    with pytest.raises(DataError, match=r"no finished run .* Run `alphamill run`"):
        extract(tmp_path, 10)
    stored(tmp_path, "a", ALL, 1)
    with pytest.raises(SettingsError, match=r"no run judged 'CL'; there are runs of \['ES', 'NQ'"):
        extract(tmp_path, 10, ["CL"])
    (tmp_path / "a" / "candidates.json").write_text("{")
    with pytest.raises(DataError, match=r"a/candidates\.json: .* Run it again"):
        extract(tmp_path, 10)
