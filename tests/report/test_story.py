"""The sentences of a run: who is nearest, what fell where, what it means."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.report import story

from .samples import candidate, no_trades, nothing_survived, result, success, verdicts


def test_nearest_is_who_passed_most_gates_before_the_first_no():
    far = candidate("A", 1, "far", (2.0, 2.0), verdicts(0.1, 0.9, 0.9, 0.9))
    near = candidate("B", 2, "near", (0.1, 0.1), verdicts(0.9, 0.9, 0.1))
    nearer = candidate("C", 3, "nearer", (0.1, 0.2), verdicts(0.9, 0.9, 0.1))

    found = story.nearest([far, near, nearer], 2)

    assert [c.strategy_name for c in found] == ["nearer", "near"]


def test_nearest_puts_an_unknown_sharpe_last():
    unknown = candidate("A", 1, "unknown", (0.1, 0.0), verdicts(0.1))
    known = candidate("B", 2, "known", (0.1, -3.0), verdicts(0.1))

    found = story.nearest([replace(unknown, oos_sharpe=float("nan")), known])

    assert [c.strategy_name for c in found] == ["known", "unknown"]


def test_fell_at_counts_each_candidate_once_in_the_order_of_the_gates():
    assert story.fell_at(nothing_survived()) == [
        ("basic", 19),
        ("walk_forward", 3),
        ("permutation", 2),
    ]


def test_funnel_widths_are_true_within_a_unit_and_losses_stop_at_its_change():
    steps = story.funnel_steps(success())

    assert [s.lost for s in steps] == [None, 360, None, 14, 7, 1, 0]
    assert steps[2].share == 1.0
    assert steps[3].share == pytest.approx(10 / 24)


def test_trades_a_year_leaves_out_the_one_still_open():
    run = result(2_400, 24)

    rate = story.trades_a_year(run)

    # 2009-01-05 to 2018-03-16 is 3,358 days; 99 trades, the last still open.
    assert rate == pytest.approx(98 / (3358 / 365.25))


def test_trades_a_year_of_an_idle_rule_is_zero():
    assert story.trades_a_year(no_trades()) == 0.0


def test_meaning_compares_the_best_with_luck():
    lost = nothing_survived()
    richer = replace(lost, trials=replace(lost.trials, expected_best_noise_sharpe=1.5))

    assert "1.31 lies above that, yet did not hold" in story.meaning(lost)[0]
    assert "1.31 does not reach that" in story.meaning(richer)[0]


def test_standing_of_a_reloaded_winner_is_its_stamp():
    good = success()
    again = replace(good.candidates[2], oos_pnl=np.array(good.candidates[2].oos_pnl))

    assert story.standing(good, again) == "unproven: permutation"
    assert story.standing(good, good.candidates[0]) == "proven"
    assert story.standing(good, good.candidates[-1]) == "failed: walk forward"


@pytest.mark.parametrize(
    ("luck", "n_proven", "said"),
    [
        (1.05, 2, "Of 2 survivors, 1 reaches in sample the 1.05"),
        (2.00, 2, "Of 2 survivors, none reaches in sample the 2.00"),
        (0.50, 2, "Of 2 survivors, 2 reach in sample the 0.50"),
        (2.00, 1, "The one survivor does not reach in sample the 2.00"),
        (0.50, 1, "The one survivor reaches in sample the 0.50"),
    ],
)
def test_doubt_counts_the_proven_above_luck(luck: float, n_proven: int, said: str):
    good = success()
    trials = replace(good.trials, expected_best_noise_sharpe=luck)

    assert story.doubt(replace(good, trials=trials, winners=good.winners[:n_proven])).startswith(
        said
    )


def test_what_it_took_holds_the_deflated_sharpe():
    assert "deflated Sharpe is 0.41" in dict(story.three_lines(success()))["What it took"]
