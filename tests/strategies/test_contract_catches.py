"""Broken strategies, for each promise: a contract that catches none of them is worth nothing."""

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import WHOLE_HISTORY, Strategy
from alphamill.indicators.rolling import previous
from alphamill.indicators.trend import ema, sma
from alphamill.strategies.contract import CHECKS, answers, broken
from alphamill.strategies.contract_markets import beside, cut, disturbed, quarter_hours

SPACE = {"n_bars": Int(5, 2, 50, (5, 10), "bars of the mean")}
LIMITS = "its parameters lie within their limits and each set stands once"
SHAPE = "it gives one row a bar, of the declared types"
WANTS = "it wants every side it declares"
LEAVES = "it leaves every side it declares"
MISSING = "it says the same when later bars are missing"
DIFFERENT = "it says the same when later bars are different"
WARMUP = "its warm-up is long enough"
TOO_LONG = "its warm-up is short enough to be tried"
FIRST = "it does not enter on a first bar"
SILENT = "it keeps silent when its indicators are unknown"
PURE = "it changes nothing and remembers nothing"
UNDECLARED = "it reads no column that it does not declare"
NEEDLESS = "it reads every column that it declares"
EQUALS = "sets that stand for others say what they say"
WORDS = "it says why it should pay and what its parameters are"


def said(enter, leave=None, floor=None) -> Signals:
    enter = np.asarray(enter)
    leave = np.zeros(enter.size, dtype=np.bool_) if leave is None else leave
    never = np.zeros(enter.size, dtype=np.bool_)
    return Signals(enter.astype(np.int8), leave, never, floor)


def sound(bars: Bars, n_bars: int) -> Signals:
    mean = sma(bars.close, n_bars)
    return said(bars.close > mean, bars.close < mean)


def peeks(bars: Bars, n_bars: int) -> Signals:
    return said(np.append(bars.close[1:], np.inf)[: len(bars)] > sma(bars.close, n_bars))


def knows_the_whole_sample(bars: Bars, n_bars: int) -> Signals:
    return said(bars.close > np.append(bars.close, 0.0).mean())


def takes_unknown_for_yes(bars: Bars, n_bars: int) -> Signals:
    return said(~(bars.close <= sma(bars.close, n_bars)))


def leaves_on_the_unknown(bars: Bars, n_bars: int) -> Signals:
    mean = sma(bars.close, n_bars)
    return said(bars.close > mean, ~(bars.close > mean))


def looks_one_bar_further_back(bars: Bars, n_bars: int) -> Signals:
    return said(sma(bars.close, n_bars) > previous(sma(bars.close, n_bars)))


def remembers_for_long(bars: Bars, n_bars: int) -> Signals:
    return said(bars.close > ema(bars.close, n_bars))


def reads_the_high(bars: Bars, n_bars: int) -> Signals:
    return said(bars.close > 0.999 * bars.high)


def reads_the_volume(bars: Bars, n_bars: int) -> Signals:
    return said(bars.volume > 1000.0)


def writes(bars: Bars, n_bars: int) -> Signals:
    bars.close.flags.writeable = True
    bars.close[:1] = 1.0
    return said(bars.close > sma(bars.close, n_bars))


def goes_short(bars: Bars, n_bars: int) -> Signals:
    return said(-(bars.close > sma(bars.close, n_bars)).astype(np.int8))


def leaves_shorts(bars: Bars, n_bars: int) -> Signals:
    signals = sound(bars, n_bars)
    return signals._replace(leave_short=signals.leave_long)


def gives_a_row_too_many(bars: Bars, n_bars: int) -> Signals:
    return said(np.zeros(len(bars) + 1))


def gives_nothing_on_no_bar(bars: Bars, n_bars: int) -> Signals:
    return sound(bars, n_bars) if len(bars) else said(np.zeros(1))


def gives_whole_numbers(bars: Bars, n_bars: int) -> Signals:
    return sound(bars, n_bars)._replace(enter=np.zeros(len(bars), dtype=np.int64))


def gives_a_list(bars: Bars, n_bars: int) -> Signals:
    return sound(bars, n_bars)._replace(leave_long=[False] * len(bars))


def wants_two(bars: Bars, n_bars: int) -> Signals:
    return said(2 * (bars.close > sma(bars.close, n_bars)))


def never_speaks(bars: Bars, n_bars: int) -> Signals:
    return said(sma(bars.close, n_bars) < 0.0)


def never_leaves(bars: Bars, n_bars: int) -> Signals:
    return said(bars.close > sma(bars.close, n_bars))


def raises(bars: Bars, n_bars: int) -> Signals:
    return said(bars.close > bars.closing)


def raises_on_29_bars(bars: Bars, n_bars: int) -> Signals:
    return sound(bars, n_bars) if len(bars) != 29 else said(bars.close[29])


CALLS: list[int] = []


def remembers(bars: Bars, n_bars: int) -> Signals:
    CALLS.append(1)
    return said(np.full(len(bars), len(CALLS) % 2))


def strategy_of(rule, **given) -> Strategy:
    declared = {"warmup": lambda p: int(p["n_bars"])} | given
    return Strategy(1099, "X", "x", "X.", rule, SPACE, **declared)


SOUND = strategy_of(sound)


def faults(strategy: Strategy) -> dict[str, str]:
    return {a.check.promise: a.said for a in answers(strategy) if a.said}


def test_a_sound_strategy_keeps_every_promise():
    assert faults(SOUND) == {}
    assert list(broken(SOUND)) == []
    assert len(list(answers(SOUND))) == len(CHECKS)


@pytest.mark.parametrize(
    ("promise", "rule", "words"),
    [
        (SHAPE, gives_a_row_too_many, r"enter must have one row a bar \(400\), received \(401,\)"),
        (SHAPE, gives_nothing_on_no_bar, r"one row a bar \(0\), received \(1,\)"),
        (SHAPE, gives_whole_numbers, "enter must be int8, received int64 on 1d bars"),
        (SHAPE, gives_a_list, "leave_long must be bool, received list"),
        (SHAPE, wants_two, r"enter must hold -1, 0 and 1, received \[0, 2\]"),
        (SHAPE, goes_short, "a long-only strategy speaks of shorts"),
        (SHAPE, leaves_shorts, "a long-only strategy speaks of shorts"),
        (SHAPE, raises, r"'closing' \(test_contract_catches.py line \d+\). Mend the rule"),
        (MISSING, raises_on_29_bars, r"size 29 \(test_contract_catches.py line \d+\). Mend the"),
        (WANTS, never_speaks, "long is asked for on none"),
        (LEAVES, never_leaves, "long is left on none"),
        (MISSING, peeks, "the first 20 bars alone say something else on 1d bars"),
        (MISSING, knows_the_whole_sample, "bars alone say something else"),
        (DIFFERENT, peeks, r"other bars after \d+ change what was said"),
        (DIFFERENT, knows_the_whole_sample, "change what was said"),
        (WARMUP, looks_one_bar_further_back, r"5 bars before bar \d+ are not enough"),
        (WARMUP, remembers_for_long, r"\d+ bars before bar \d+ are not enough"),
        (WARMUP, knows_the_whole_sample, "are not enough"),
        (FIRST, takes_unknown_for_yes, "the first bar alone makes it enter"),
        (SILENT, takes_unknown_for_yes, "it speaks when sma is NaN on 1d bars"),
        (SILENT, leaves_on_the_unknown, "it speaks when sma is NaN on 1d bars"),
        (PURE, writes, "it changes its bars"),
        (PURE, remembers, "a second call says something else"),
        (UNDECLARED, reads_the_high, "it reads ohlc and does not declare it"),
        (UNDECLARED, reads_the_volume, "it reads volume and does not declare it"),
    ],
)
def test_a_broken_rule_is_caught(promise, rule, words):
    found = faults(strategy_of(rule))

    assert promise in found
    assert re.search(words, found[promise]), found[promise]


@pytest.mark.parametrize(
    ("promise", "given", "words"),
    [
        (LIMITS, {"space": {"n_bars": Int(5, 2, 50, (5, 60), "n")}}, r"lie in \[2, 50\], received"),
        (LIMITS, {"space": {"n_bars": Int(1, 2, 50, (5, 6), "n")}}, r"lie in \[2, 50\], received"),
        (LIMITS, {"space": {"n_bars": Int(5, 2, 50, (5, 5), "n")}}, "a value twice in its grid"),
        (LIMITS, {"canonical": lambda p: {"n_bars": 15 - p["n_bars"]}}, "which it gave itself"),
        (LIMITS, {"canonical": lambda p: None}, "the grid has 0 sets"),
        (LIMITS, {"canonical": lambda p: {"n_bars": 10}}, "another set for the defaults"),
        (LIMITS, {"canonical": lambda p: p["nbars"]}, r"KeyError: 'nbars' \(test_contract_catc"),
        (LIMITS, {"warmup": lambda p: 0}, "warmup is 0 for"),
        (WANTS, {"sides": "both"}, "short is asked for on none"),
        (TOO_LONG, {"warmup": lambda p: 5000}, "5,000 bars are more than the 3,200"),
        (NEEDLESS, {"needs": frozenset({"ohlc"})}, "it declares ohlc and does not read it"),
        (NEEDLESS, {"needs": frozenset({"volume"})}, "it declares volume and does not read it"),
        (WORDS, {"idea": "It pays"}, "one sentence with its full stop, received 'It pays'"),
        (WORDS, {"idea": "It pays. It does."}, "one sentence"),
        (WORDS, {"space": {"n_bars": Int(5, 2, 50, (5, 10))}}, "parameter n_bars has no help"),
    ],
)
def test_a_broken_declaration_is_caught(promise, given, words):
    found = faults(replace(SOUND, **given))

    assert promise in found
    assert re.search(words, found[promise]), found[promise]


def test_a_set_that_stands_for_one_that_says_something_else_is_caught():
    space = {"n_bars": Int(10, 2, 50, (5, 10), "bars")}

    found = faults(replace(SOUND, space=space, canonical=lambda p: {"n_bars": 10}))

    assert found[EQUALS].startswith("canonical gives {'n_bars': 10} for {'n_bars': 5}, which says")


def test_whole_history_is_believed():
    whole = strategy_of(remembers_for_long, warmup=lambda p: WHOLE_HISTORY)

    assert WARMUP not in faults(whole)


def test_a_sentence_may_hold_a_number_with_a_point():
    assert faults(replace(SOUND, idea="Half, or 0.5, of it comes back.")) == {}


def test_what_is_broken_is_said_with_its_remedy():
    found = list(broken(strategy_of(peeks)))

    assert found[0].startswith(f"{MISSING}: the first 20 bars alone say something else on 1d bars")
    assert found[0].endswith(
        "Row t may read bars up to t only: no negative shift, no mean or extreme of a whole column."
    )


def test_advice_is_given_and_is_not_broken():
    lines = [str(a) for a in answers(strategy_of(never_leaves)) if a.check.promise == LEAVES]

    assert list(broken(strategy_of(never_leaves))) == []
    assert lines[0].startswith("note    it leaves every side it declares: long is left on none")


def test_nothing_more_is_asked_of_a_rule_that_cannot_be_called():
    assert [a.check.promise for a in answers(strategy_of(raises))] == [LIMITS, SHAPE]
    assert [a.check.promise for a in answers(strategy_of(writes))] == [LIMITS, SHAPE, PURE]


def test_a_fault_of_ours_is_not_dressed_up_as_the_authors(monkeypatch):
    monkeypatch.setattr(
        "alphamill.strategies.contract_clauses.short_markets", partial(divmod, 1, 0)
    )

    with pytest.raises(ZeroDivisionError):
        list(answers(SOUND))


# --- rules over several series -----------------------------------------------------------------


def pair(bars, partner, n_bars):
    ahead = np.searchsorted(partner.close_ns, bars.close_ns, side="right") - 1
    close = np.where(ahead < 0, np.nan, partner.close[np.maximum(ahead, 0)])
    score = np.where(close > 89.0, 1.0, np.where(close < 88.0, -1.0, 0.0))
    return np.column_stack([score, -score])


def pair_by_place(bars, partner, n_bars):
    close = np.append(partner.close, np.full(len(bars), 88.5))[: len(bars)]
    score = np.where(close > 89.0, 1.0, np.where(close < 88.0, -1.0, 0.0))
    return np.column_stack([score, -score])


PAIR = replace(strategy_of(pair), others=("partner",), sides="both", warmup=lambda p: 1)


def test_a_sound_rule_over_two_series_keeps_every_promise():
    assert faults(PAIR) == {}


def test_a_partner_read_by_its_place_is_read_from_the_future():
    assert {MISSING, DIFFERENT} <= faults(replace(PAIR, rule=pair_by_place)).keys()


def test_a_rule_over_two_series_must_give_targets():
    assert (
        "targets must have one row a bar"
        in faults(replace(PAIR, rule=lambda bars, partner, n_bars: sound(bars, n_bars)))[SHAPE]
    )


def test_a_partner_is_cut_and_disturbed_by_time():
    bars = quarter_hours(300)
    partner = beside(bars, 0)
    assert len(partner) < len(bars)

    for stop in range(20, 300, 7):
        own, known = cut((bars, partner), stop - 10, stop)
        _, other = disturbed((bars, partner), stop)
        before = int((partner.close_ns <= bars.close_ns[stop - 1]).sum())

        assert len(own) == 10
        assert known.close_ns[-1] <= own.close_ns[-1] < partner.close_ns[before]
        assert known.close_ns[0] <= own.close_ns[0]
        assert known.close_ns[-1] == partner.close_ns[before - 1]
        assert np.array_equal(other.close[:before], partner.close[:before])
        assert not np.isclose(other.close[before:], partner.close[before:]).any()
