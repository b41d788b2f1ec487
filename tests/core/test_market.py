"""Bars refuse what is not sound and say what to do; an instrument knows the tick of each day."""

import re
from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Bars, Instrument, Trades, as_of, bar_columns, last_closed

NAN, INF = float("nan"), float("inf")
SOUND = {
    "close_ns": [10, 20, 30],
    "open": [10.0, 11.0, 12.0],
    "high": [11.0, 12.0, 13.0],
    "low": [9.0, 10.0, 11.0],
    "close": [10.5, 11.5, 12.5],
    "volume": [5.0, 0.0, NAN],
    "session": [20240102, 20240102, 20240103],
    "session_end": [False, True, True],
    "minute": [570, 585, 570],
    "cash_minute": [0, 15, 0],
    "sessions_left_in_month": [21, 21, 20],
    "raw_close": [20.5, 21.5, 22.5],
}
ES = {"symbol": "ES", "name": "S&P", "asset_class": "future", "calendar": "CMES"}


def sound(**columns) -> Bars:
    return Bars("ES", "15m", **{**SOUND, **columns})


def spoilt(column: str, at: int, value: float) -> dict[str, list[float]]:
    values = list(SOUND[column])
    values[at] = value
    return {column: values}


# Each breaks one promise; the whole message is asserted, for its words are what a user acts on.
FAULTS = [
    (spoilt(name, at, value), f"ES: {name} must be finite; bar {at} holds {value!r}.")
    for name in ("open", "high", "low", "close", "raw_close")
    for at, value in ((0, NAN), (1, INF), (2, -INF))
]
FAULTS += [
    (spoilt("volume", 2, INF), "ES: volume must be finite or unknown (NaN); bar 2 holds inf."),
    (spoilt("volume", 1, -1.0), "ES: volume must not be negative; bar 1 holds -1.0."),
    (spoilt("high", 1, 9.5), "ES: high must not lie below low; bar 1 holds 9.5."),
    (
        spoilt("close", 0, 11.25),
        "ES: open and close must lie within [low, high]; bar 0 holds 11.25.",
    ),
    (
        spoilt("close", 2, 10.75),
        "ES: open and close must lie within [low, high]; bar 2 holds 10.75.",
    ),
    (spoilt("close_ns", 2, 20), "ES: close_ns must increase; bar 2 holds 20."),
    (spoilt("close_ns", 1, 9), "ES: close_ns must increase; bar 1 holds 9."),
]


@pytest.mark.parametrize(("columns", "message"), FAULTS, ids=[text for _, text in FAULTS])
def test_a_fault_is_refused_with_symbol_bar_value_and_remedy(columns, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)} Re-ingest this symbol\\.$"):
        sound(**columns)


@pytest.mark.parametrize("name", bar_columns()[1:])
@pytest.mark.parametrize(
    ("spoil", "shape"),
    [(lambda c: c[:2], "(2,)"), (lambda c: [c], "(1, 3)"), (lambda c: [[v] for v in c], "(3, 1)")],
    ids=["short", "row", "column"],
)
def test_a_column_of_another_shape_is_refused(name, spoil, shape):
    message = f"ES: column {name} must have shape (3,), received {shape}. Re-ingest this symbol."

    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        sound(**{name: spoil(SOUND[name])})


@pytest.mark.parametrize("low_or_high", [8.75, 12.25])
def test_an_open_outside_the_range_is_refused(low_or_high):
    with pytest.raises(DataError, match=r"open and close must lie within \[low, high\]; bar 1"):
        sound(**spoilt("open", 1, low_or_high))


def test_the_value_shown_is_the_one_at_fault():
    with pytest.raises(DataError, match=r"bar 1 holds 12\.25"):
        sound(**spoilt("open", 1, 12.25))


def test_the_first_of_several_bad_bars_is_named():
    with pytest.raises(DataError, match=r"low must be finite; bar 1 holds nan"):
        sound(low=[9.0, NAN, NAN])


def test_bars_without_range_and_unknown_volume_are_sound():
    still = sound(**{name: [7.0, 7.0, 7.0] for name in ("open", "high", "low", "close")})

    assert still.close.tolist() == [7.0, 7.0, 7.0]
    assert np.isnan(still.volume[2])


def test_negative_prices_are_sound():
    # Additively adjusted futures and oil in April 2020 lie below zero.
    prices = {name: [-p for p in SOUND[name]] for name in ("open", "close")}
    bars = sound(**prices, high=[-9.0, -10.0, -11.0], low=[-11.0, -12.0, -13.0])

    assert bars.close.tolist() == [-10.5, -11.5, -12.5]


@pytest.mark.parametrize("name", bar_columns())
def test_columns_are_own_read_only_copies(name):
    given = np.array(SOUND[name], dtype=sound().__getattribute__(name).dtype)
    bars = sound(**{name: given})
    kept = getattr(bars, name).copy()

    given[:] = 0

    np.testing.assert_array_equal(getattr(bars, name), kept)
    with pytest.raises(ValueError, match="read-only"):
        getattr(bars, name)[0] = kept[0]


def test_columns_have_one_type_whatever_came():
    bars = sound(open=np.array([10, 11, 12]), session_end=[0, 1, 1], minute=[570.0, 585.0, 570.0])

    assert [getattr(bars, n).dtype.kind for n in ("close_ns", "open", "session_end", "minute")] == [
        *("i", "f", "b", "i")
    ]
    assert bars.open.flags.c_contiguous


def test_a_strided_column_becomes_contiguous():
    table = np.array(SOUND["close"] * 2).reshape(2, 3).T

    assert sound(close=table[:, 0]).close.flags.c_contiguous


def test_a_slice_keeps_every_column_and_every_word():
    whole = replace(sound(), adjusted="ratio", closes_only=True)

    cut = whole.slice(1, 3)

    assert (cut.symbol, cut.timeframe, cut.adjusted, cut.closes_only) == ("ES", "15m", "ratio", 1)
    for name in bar_columns():
        np.testing.assert_array_equal(getattr(cut, name), getattr(whole, name)[1:3])


def test_the_head_is_what_was_known_at_that_close():
    assert len(sound()) == 3
    assert len(sound().head(2)) == 2
    assert sound().head(2).close_ns.tolist() == [10, 20]
    assert len(sound().head(0)) == 0


# --- instruments -------------------------------------------------------------------------------


def contract(**given) -> Instrument:
    return Instrument(**{**ES, "tick": 0.25, "point_value": 50.0, "slippage_ticks": 1.0, **given})


@pytest.mark.parametrize(
    ("ticks", "bps", "received"),
    [(None, None, "None and None"), (1.0, 2.0, "1.0 and 2.0"), (0.0, 0.0, "0.0 and 0.0")],
)
def test_exactly_one_slippage_is_asked_for(ticks, bps, received):
    with pytest.raises(SettingsError) as caught:
        contract(slippage_ticks=ticks, slippage_bps=bps)

    assert str(caught.value) == (
        f"ES: give exactly one of slippage_ticks and slippage_bps, received {received}."
    )


@pytest.mark.parametrize(
    "given",
    [
        {"tick": -0.25},
        {"point_value": 0.0},
        {"point_value": -5.0},
        {"point_value": INF},
        {"tick": NAN},
    ],
)
def test_a_negative_tick_or_a_worthless_point_is_refused(given):
    with pytest.raises(SettingsError, match=r"ES: tick must be >= 0 and point_value > 0, received"):
        contract(**given)


COSTS = ("commission_per_side", "commission_bps", "slippage_ticks", "slippage_bps", "margin")


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize("value", [-0.5, NAN, INF, "1"])
def test_a_cost_is_a_number_of_at_least_0(name, value):
    with pytest.raises(SettingsError) as caught:
        contract(**{"slippage_ticks": None if name == "slippage_bps" else 1.0, name: value})

    assert str(caught.value) == (
        f"ES: {name} must be a number of at least 0, received {value!r}. "
        "Correct it under instruments."
    )


def test_slippage_in_ticks_of_nothing_would_be_free_and_is_refused():
    with pytest.raises(SettingsError, match=r"ES: slippage in ticks needs a tick above 0"):
        contract(tick=0.0, slippage_ticks=1.0)
    assert contract(tick=0.0, slippage_ticks=0.0).tick == 0.0


def test_a_term_in_words_is_refused():
    with pytest.raises(SettingsError, match=r"ES: tick must be >= 0 .* received '0\.25' and 50\.0"):
        contract(tick="0.25")


def test_ticks_follow_their_dates():
    # 1 point to the end of 2009 and before, 0.5 from 2010, 0.25 from 2022 on.
    dated = contract(tick_history=((20000101, 1.0), (20100104, 0.5), (20220103, 0.25)))
    sessions = np.array([19990101, 20000101, 20100103, 20100104, 20220102, 20220103, 20300101])

    assert dated.ticks(sessions).tolist() == [1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25]


def test_a_tick_without_history_holds_on_every_day():
    assert contract().ticks(np.array([19990101, 20240102])).tolist() == [0.25, 0.25]


def test_trades_count_themselves_and_name_their_columns_in_order():
    names = Trades.columns()

    assert names[:4] == ("decided", "entry_bar", "exit_bar", "side")
    assert len(Trades(**{name: np.zeros(3) for name in names})) == 3


def test_a_history_of_ticks_out_of_order_is_refused():
    with pytest.raises(SettingsError, match=r"ES: the dates of tick_history must rise, received"):
        contract(tick_history=((20200101, 0.5), (20100101, 1.0)))


# --- two clocks --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_the_last_closed_bar_is_the_last_that_does_not_close_later(seed):
    rng = np.random.default_rng(seed)
    own, other = (np.unique(rng.integers(0, 60, n)) for n in rng.integers(0, 40, 2))

    found = last_closed(own, other)

    assert found.dtype == np.int64
    assert found.tolist() == [sum(int(o) <= int(moment) for o in other) - 1 for moment in own]


def test_a_bar_that_closes_at_the_same_moment_has_closed_and_one_later_has_not():
    assert last_closed(np.array([10]), np.array([10])).tolist() == [0]
    assert last_closed(np.array([10]), np.array([11])).tolist() == [-1]


def test_later_bars_of_the_other_series_change_no_earlier_row():
    own, other = np.arange(0, 100, 10), np.arange(3, 103, 7)
    whole = last_closed(own, other)

    for n_seen in range(other.size):
        moved = np.append(other[:n_seen], other[n_seen:] + 3)
        known = own < other[n_seen]

        assert last_closed(own, other[:n_seen])[known].tolist() == whole[known].tolist()
        assert last_closed(own, moved)[known].tolist() == whole[known].tolist()


def test_what_had_not_closed_is_unknown():
    seen = as_of(np.array([5.0, 6.0]), np.array([-1, 1, 0]))

    np.testing.assert_array_equal(seen, [np.nan, 6.0, 5.0])
    np.testing.assert_array_equal(as_of(np.empty(0), np.array([-1, -1])), [np.nan, np.nan])
