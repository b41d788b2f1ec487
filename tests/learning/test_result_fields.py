"""The row of a winner in the file of results: the seeds' names, and what JSON can say."""

import json
import math

import numpy as np

from alphamill.learning.criteria import judged
from alphamill.learning.dataset import Primary
from alphamill.learning.result_fields import FIELDS, Learned, fields_without, report_fields
from alphamill.learning.uplift import Figures, Uplift

WHO = Primary("ES", "15m", "rsi2", 21, {})
SEEDS = {
    "status", "symbol", "strategy_id", "strategy_name", "baseline_sharpe", "ml_sharpe",
    "baseline_trades", "ml_trades", "baseline_win_rate", "ml_win_rate", "baseline_profit_factor",
    "ml_profit_factor", "improvement_factor", "cpcv_sharpe", "deflated_sharpe", "threshold",
    "features",
}  # fmt: skip


def row(profit_factor: float = 1.4, alone: float = 1.45) -> dict[str, object]:
    sessions, daily = np.arange(20220101, 20220129), np.ones(28)
    whole = {2022: 28.0}
    rule = Figures(1_234, 0.51, 28.0, alone, 1.1, 9.0, whole, daily, sessions)
    kept = Figures(487, 0.6, 28.0, 3.12, profit_factor, 5.0, whole, daily, sessions)
    uplift = Uplift(rule, kept)
    return report_fields(WHO, judged(uplift, 0.01, 0.2), uplift, Learned(3.24, 0.87, 0.55, ("a",)))


def test_a_judged_winner_has_every_field_of_the_documents():
    found = row()

    assert set(found) >= SEEDS
    assert (found["status"], found["symbol"], found["strategy_id"]) == ("completed", "ES", 21)
    assert (found["baseline_trades"], found["ml_trades"]) == (1_234, 487)
    assert (found["baseline_sharpe"], found["ml_sharpe"]) == (1.45, 3.12)
    assert found["improvement_factor"] == 3.12 / 1.45
    assert (found["n_features"], found["features"], found["threshold"]) == (1, ["a"], 0.55)
    assert (found["answer"], found["enhanced"]) == ("ML adds nothing: trade the rule", False)
    assert [c["name"] for c in found["criteria"] if not c["passed"]] == [
        "every year",
        "no single year",
    ]


def test_what_is_no_number_is_null():
    found = row(profit_factor=math.inf, alone=-1.0)

    assert found["ml_profit_factor"] is found["improvement_factor"] is None
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_winner_that_was_not_judged_has_the_same_fields_and_a_reason():
    found = fields_without(WHO, "skipped", "41 signals, needs 300")

    assert tuple(found) == tuple(row()) == FIELDS
    assert (found["status"], found["reason"]) == ("skipped", "41 signals, needs 300")
    assert (found["enhanced"], found["ml_sharpe"], found["criteria"]) == (False, None, None)
