"""Continuous futures from hand-made contracts."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import bar_columns
from alphamill.data.calendar import to_bars
from alphamill.data.instruments import instrument
from alphamill.data.raw import RawSeries
from alphamill.data.transform.roll import Contract, Crossover, DaysBeforeExpiry, continuous

# Five sessions of July 2025: Monday the 7th to Friday the 11th.
DAYS = ["2025-07-07", "2025-07-08", "2025-07-09", "2025-07-10", "2025-07-11"]


def month(name, close, expiry, volume=10.0, days=DAYS, interest=None):
    price = np.asarray(close, dtype=float)
    table = pd.DataFrame(
        {"open": price, "high": price + 1, "low": price - 1, "close": price, "volume": volume},
        index=pd.DatetimeIndex(days),
    )
    bars = to_bars(RawSeries("ES", "1d", table, "session", name), instrument("ES"))
    held = None if interest is None else np.asarray(interest, dtype=float)
    return Contract(dataclasses.replace(bars, symbol=name), expiry, held)


OLD = month("ESU5", [100, 101, 102, 103, 104], 20250711)
NEW = month("ESZ5", [110, 112, 114, 116, 118], 20251219)


def test_the_roll_is_decided_at_a_close_and_done_in_the_next_session():
    # Two days before the 11th is the 9th: decided at its close (102 and 114), done on the 10th.
    out = continuous("ES", [NEW, OLD], DaysBeforeExpiry(2), "none")

    assert out.bars.close.tolist() == [100, 101, 102, 116, 118]
    (roll,) = out.rolls
    assert (roll.decided, roll.session, roll.old, roll.new) == (
        *(20250709, 20250710),
        *("ESU5", "ESZ5"),
    )
    assert (roll.old_close, roll.new_close, roll.gap) == (102, 114, 12)


def test_back_adjustment_adds_the_gap_to_what_came_before():
    # 114 - 102 = 12; the day's change over the roll is the new contract's own, 114 to 116.
    out = continuous("ES", [OLD, NEW], DaysBeforeExpiry(2), "add").bars

    assert out.close.tolist() == [112, 113, 114, 116, 118]
    assert (out.open[0], out.high[0], out.low[0]) == (112, 113, 111)
    assert out.raw_close.tolist() == [100, 101, 102, 116, 118]
    assert out.adjusted == "add"


def test_ratio_adjustment_multiplies_by_the_quotient():
    out = continuous("ES", [OLD, NEW], DaysBeforeExpiry(2), "ratio").bars

    assert out.close.tolist() == pytest.approx([100 * 114 / 102, 101 * 114 / 102, 114, 116, 118])
    assert (out.raw_close[0], out.adjusted) == (100, "ratio")


def test_gaps_of_several_rolls_add_up():
    # First roll decided on the 7th: 210 - 200 = 10; second on the 9th: 325 - 220 = 105.
    chain = [
        month("A", [200, 201, 202, 203, 204], 20250708),
        month("B", [210, 215, 220, 225, 230], 20250710),
        month("C", [315, 320, 325, 330, 335], 20250912),
    ]

    out = continuous("ES", chain, DaysBeforeExpiry(1), "add")

    assert out.bars.close.tolist() == [200 + 10 + 105, 215 + 105, 220 + 105, 330, 335]
    assert [roll.gap for roll in out.rolls] == [10, 105]


def test_volume_is_the_held_contract_s():
    old = month("ESU5", OLD.bars.close, 20250711, volume=[9, 9, 9, 4, 1])
    new = month("ESZ5", NEW.bars.close, 20251219, volume=[1, 8, 10, 20, 30])

    out = continuous("ES", [old, new], Crossover("volume"), "none")

    # The new contract's volume is greater for the first time on the 9th.
    assert [(roll.decided, roll.session) for roll in out.rolls] == [(20250709, 20250710)]
    assert out.bars.volume.tolist() == [9, 9, 9, 20, 30]


def test_open_interest_decides_where_it_is_asked_to():
    old = month("ESU5", OLD.bars.close, 20250711, interest=[50, 40, 30, 20, 10])
    new = month("ESZ5", NEW.bars.close, 20251219, interest=[5, 45, 50, 60, 70])

    out = continuous("ES", [old, new], Crossover("open_interest"), "none")

    assert [roll.decided for roll in out.rolls] == [20250708]


def test_a_contract_that_was_left_is_not_held_again():
    old = month("ESU5", OLD.bars.close, 20250711, volume=[1, 99, 99, 99, 99])
    new = month("ESZ5", NEW.bars.close, 20251219, volume=[5, 5, 5, 5, 5])

    out = continuous("ES", [old, new], Crossover("volume"), "none")

    assert len(out.rolls) == 1
    assert out.bars.close.tolist() == [100, 112, 114, 116, 118]


def test_a_contract_that_is_never_overtaken_is_left_at_its_expiry():
    old = month("ESU5", [100, 101, 102], 20250709, volume=99.0, days=DAYS[:3])
    new = month("ESZ5", NEW.bars.close, 20251219, volume=np.nan)

    out = continuous("ES", [old, new], Crossover("volume"), "add")

    assert [roll.decided for roll in out.rolls] == [20250709]
    assert out.bars.close[-2:].tolist() == [116, 118]


def test_a_roll_waits_for_a_session_on_which_both_traded():
    new = month("ESZ5", [110, 112, 116, 118], 20251219, days=[d for d in DAYS if d[-2:] != "09"])

    out = continuous("ES", [OLD, new], DaysBeforeExpiry(2), "none")

    assert [roll.decided for roll in out.rolls] == [20250710]


def test_contracts_that_never_met_are_refused():
    old = month("ESU5", [100, 101], 20250708, days=DAYS[:2])
    new = month("ESZ5", [114, 116, 118], 20251219, days=DAYS[2:])

    with pytest.raises(DataError, match=r"ESU5 and ESZ5 must both trade.*20250708; there is none"):
        continuous("ES", [old, new], DaysBeforeExpiry(5))


def minutes(name, opens, close):
    price = np.asarray(close, dtype=float)
    columns = dict.fromkeys(("open", "high", "low", "close"), price) | {"volume": 1.0}
    table = pd.DataFrame(columns, index=pd.DatetimeIndex(opens, tz="UTC"))
    bars = to_bars(RawSeries("ES", "1m", table, "open", name), instrument("ES"))
    return dataclasses.replace(bars, symbol=name)


def test_the_gap_is_read_at_the_last_moment_both_traded():
    # Tuesday the 8th: the old contract trades at 19:00 (101) and 20:59 (150), the new one at 19:00
    # only (112). The gap is 112 - 101 = 11, not 112 - 150.
    old = minutes("ESU5", ["2025-07-08 19:00", "2025-07-08 20:59"], [101, 150])
    new = minutes("ESZ5", ["2025-07-08 19:00", "2025-07-09 19:00"], [112, 113])

    out = continuous(
        "ES", [Contract(old, 20250709), Contract(new, 20251219)], DaysBeforeExpiry(1), "add"
    )

    assert out.rolls[0].gap == 11
    assert out.bars.close.tolist() == [112, 161, 113]


@pytest.mark.parametrize("rule", [DaysBeforeExpiry(2), Crossover("volume")])
def test_what_is_held_never_depends_on_later_sessions(rule):
    rng = np.random.default_rng(3)
    days = pd.bdate_range("2025-03-03", "2025-04-10")
    chain = [
        month(f"M{k}", 100 + rng.normal(size=len(days)).cumsum(), expiry, volume, days)
        for k, (expiry, volume) in enumerate(
            zip((20250314, 20250331, 20250620), rng.uniform(1, 9, (3, len(days))), strict=True)
        )
    ]
    whole = continuous("ES", chain, rule, "none").bars

    for n_seen in range(2, len(days)):
        seen = [dataclasses.replace(c, bars=c.bars.head(n_seen)) for c in chain]
        part = continuous("ES", seen, rule, "none").bars
        assert all(
            np.array_equal(getattr(part, c), getattr(whole.head(n_seen), c)) for c in bar_columns()
        )


def test_changes_of_the_past_do_not_move_with_later_rolls():
    chain = [
        month("A", [200, 201, 202, 203, 204], 20250708),
        month("B", [210, 215, 220, 225, 230], 20250710),
        month("C", [315, 320, 325, 330, 335], 20250912),
    ]
    before = continuous("ES", chain[:2], DaysBeforeExpiry(1), "add").bars.close
    after = continuous("ES", chain, DaysBeforeExpiry(1), "add").bars.close

    assert np.diff(before[:3]).tolist() == np.diff(after[:3]).tolist()
    assert before[0] != after[0]


def test_a_ratio_of_prices_that_are_not_positive_is_refused():
    # Oil closed below zero in April 2020; a quotient with it means nothing.
    old = month("CLK", [5, 1, -37, 10, 12], 20250711)

    with pytest.raises(DataError, match=r"closes above 0; at the roll of 20250709 they are -37"):
        continuous("CL", [old, NEW], DaysBeforeExpiry(2), "ratio")
    assert continuous("CL", [old, NEW], DaysBeforeExpiry(2), "add").bars.close[2] == 114


@pytest.mark.parametrize(
    ("contracts", "rule", "error", "message"),
    [
        ([], DaysBeforeExpiry(), DataError, "needs contracts that have bars"),
        ([OLD, NEW], Crossover("open_interest"), SettingsError, r"\['ESU5'\] have none"),
        (
            [OLD, dataclasses.replace(NEW, bars=dataclasses.replace(NEW.bars, adjusted="add"))],
            DaysBeforeExpiry(),
            DataError,
            "unadjusted",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(contracts, rule, error, message):
    with pytest.raises(error, match=message):
        continuous("ES", contracts, rule)
