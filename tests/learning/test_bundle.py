"""What a bundle says of a row, and that no doubt ever becomes a trade."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.core.identity import digest
from alphamill.learning.bundle import REPLAY_ROWS, Replay, replay_of

from .bundles import BEFORE_NS, EXPIRES_NS, FOREST, bundle, identity, rows

DEFINED = digest("features")
GOOD = {"ibs": 0.1, "rsi_2": 5.0}  # scores 0.85


def test_a_score_from_the_threshold_on_is_a_trade():
    answer = bundle().score(GOOD, BEFORE_NS, DEFINED)

    assert (answer.trade, answer.reason, answer.score) == (True, "trade", pytest.approx(0.85))
    assert bundle(threshold=0.85).score(GOOD, BEFORE_NS, DEFINED).trade


def test_a_score_below_the_threshold_is_none():
    answer = bundle(threshold=0.86).score(GOOD, BEFORE_NS, DEFINED)

    assert (answer.trade, answer.reason) == (False, "below threshold")
    assert answer.detail == "0.85 < 0.86"


@pytest.mark.parametrize(("above", "trade"), [(1e-12, True), (1e-8, False)])
def test_scores_are_rounded_before_the_threshold(above, trade):
    assert bundle(threshold=0.85 + above).score(GOOD, BEFORE_NS, DEFINED).trade is trade


def test_features_count_by_name_and_not_by_order_or_number():
    row = {"volume": np.nan, "rsi_2": np.float64(5.0), "ibs": 0.1}

    assert bundle().score(row, BEFORE_NS, DEFINED).score == pytest.approx(0.85)
    turned = bundle(features=("rsi_2", "ibs")).score(row, BEFORE_NS, DEFINED)
    # ibs and rsi_2 change places: (5, 0.1) reaches 0.3 and 0.4.
    assert turned.score == pytest.approx(0.35)


@pytest.mark.parametrize(
    ("row", "now_ns", "defined", "reason", "detail"),
    [
        ({"ibs": 0.1}, BEFORE_NS, DEFINED, "missing feature", "rsi_2, 1 in all"),
        ({}, BEFORE_NS, DEFINED, "missing feature", "ibs, 2 in all"),
        (GOOD | {"ibs": np.nan}, BEFORE_NS, DEFINED, "unknown feature value", "ibs is nan"),
        (GOOD | {"rsi_2": -np.inf}, BEFORE_NS, DEFINED, "unknown feature value", "rsi_2 is -inf"),
        (GOOD | {"rsi_2": None}, BEFORE_NS, DEFINED, "unknown feature value", "rsi_2 is None"),
        (GOOD, EXPIRES_NS, DEFINED, "stale bundle", "it expired at 2026-01-01T00:00:00 UTC"),
        (GOOD, BEFORE_NS, digest("other"), "other features", "the model learned"),
        (GOOD, BEFORE_NS, "", "other features", "the model learned"),
    ],
)
def test_a_doubt_is_no_trade_with_its_name(row, now_ns, defined, reason, detail):
    answer = bundle().score(row, now_ns, defined)

    assert (answer.trade, answer.reason) == (False, reason)
    assert detail in answer.detail
    assert np.isnan(answer.score)


@pytest.mark.parametrize("off", [2e-12, np.nan])
def test_stored_scores_that_do_not_come_out_here_are_no_trade(off):
    replay = bundle().replay
    wrong = Replay(replay.rows, replay.scores + np.where(np.arange(100) == 57, off, 0.0))

    answer = bundle(replay=wrong).score(GOOD, BEFORE_NS, DEFINED)

    assert (answer.trade, answer.reason) == (False, "replay differs")
    assert bundle().replay_error == 0.0


@pytest.mark.parametrize("answered", [np.nan, 1.5, -0.1])
def test_an_answer_that_is_no_probability_is_no_trade(monkeypatch, answered):
    made = bundle()
    assert made.replay_error == 0.0
    monkeypatch.setattr(type(FOREST), "predict_proba", lambda _, x: np.array([[0.0, answered]]))

    answer = made.score(GOOD, BEFORE_NS, DEFINED)

    assert (answer.trade, answer.reason) == (False, "no probability")


# --- what belongs together ---------------------------------------------------------------------


def test_metadata_speak_of_the_bundle_itself():
    metadata = bundle(metadata=bundle().metadata | {"Prod_Threshold": 0.9}).metadata

    assert metadata["Symbol"] == "ES"
    assert metadata["Prod_Threshold"] == 0.55
    assert metadata["Features"] == ["ibs", "rsi_2"]
    assert (metadata["Sharpe"], metadata["Deflated_Sharpe"]) == (0.9413, None)
    with pytest.raises(TypeError):
        metadata["Sharpe"] = 9.0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"features": ("ibs",)}, "features must be 2 different names"),
        ({"features": ("ibs", "ibs")}, "features must be 2 different names"),
        ({"threshold": 0.0}, "threshold must be a number between 0 and 1"),
        ({"threshold": 1.0}, "threshold must be a number between 0 and 1"),
        ({"threshold": float("nan")}, "threshold must be a number between 0 and 1"),
        ({"symbol": "../ES"}, "symbol must be letters"),
        ({"symbol": ""}, "symbol must be letters"),
        ({"replay": Replay(np.zeros((3, 2)), np.zeros(2))}, "replay must be finite rows"),
        ({"replay": Replay(np.zeros((0, 2)), np.zeros(0))}, "replay must be finite rows"),
        ({"metadata": {"Sharpe": 1.0}}, "metadata must be results under"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(changed, message):
    with pytest.raises(SettingsError, match=message):
        bundle(**changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"bars": "abc"},
        {"features": digest("x").upper()},
        {"labels": None},
        {"cv_plan": ""},
        {"n_trials": 0},
        {"n_trials": 1.5},
        {"expires_ns": -1},
        {"windows": {"train": (20201231, 20110103)}},
        {"windows": {"train": ("2011", "2020")}},
    ],
)
def test_an_identity_that_says_nothing_is_refused(changed):
    with pytest.raises(SettingsError, match=f"identity.{next(iter(changed))}"):
        identity(**changed)


def test_replay_keeps_a_hundred_rows_from_the_first_to_the_last():
    x = rows(1_000)
    scores = np.arange(1_000) / 1_000

    kept = replay_of(x, scores)

    assert kept.scores.size == REPLAY_ROWS == 100
    assert (kept.scores[0], kept.scores[-1]) == (0.0, 0.999)
    assert np.array_equal(kept.rows, x[(kept.scores * 1_000).round().astype(int)])
    assert replay_of(x[:7], scores[:7]).scores.tolist() == scores[:7].tolist()


def test_a_bundle_and_its_identity_do_not_change():
    made = bundle()

    with pytest.raises(AttributeError):
        made.threshold = 0.1
    with pytest.raises(TypeError):
        made.identity.windows["train"] = (0, 0)
    assert replace(made, threshold=0.7).metadata["Prod_Threshold"] == 0.7
