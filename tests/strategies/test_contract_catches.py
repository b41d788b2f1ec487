"""Broken rules, one for each clause: a contract that catches none of them is worth nothing."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import previous
from alphamill.indicators.trend import ema, sma

from . import contract
from .markets import daily

BARS = daily(400)
SPACE = {"n_bars": Int(5, 2, 50, (5, 10))}


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
    bars.close[0] += 1.0
    return said(bars.close > sma(bars.close, n_bars))


def goes_short(bars: Bars, n_bars: int) -> Signals:
    return said(-(bars.close > sma(bars.close, n_bars)).astype(np.int8))


def gives_a_row_too_many(bars: Bars, n_bars: int) -> Signals:
    return said(np.zeros(len(bars) + 1))


def gives_whole_numbers(bars: Bars, n_bars: int) -> Signals:
    return sound(bars, n_bars)._replace(enter=np.zeros(len(bars), dtype=np.int64))


def never_leaves(bars: Bars, n_bars: int) -> Signals:
    return said(bars.close > sma(bars.close, n_bars))


CALLS: list[int] = []


def remembers(bars: Bars, n_bars: int) -> Signals:
    CALLS.append(1)
    return said(np.full(len(bars), len(CALLS) % 2))


def broken(rule) -> Strategy:
    return Strategy(99, "X", "x", "X.", rule, SPACE, warmup=lambda p: int(p["n_bars"]))


CUTS = range(0, 400, 7)
WITH_CUTS = (contract.future, contract.disturbed_future, contract.warm_up)


def faults(clause, strategy: Strategy) -> list[str]:
    cuts = (CUTS,) if clause in WITH_CUTS else ()
    return list(clause(strategy, daily(400), strategy.params(), *cuts))


@pytest.mark.parametrize(
    ("clause", "rule"),
    [
        (contract.future, peeks),
        (contract.future, knows_the_whole_sample),
        (contract.disturbed_future, peeks),
        (contract.disturbed_future, knows_the_whole_sample),
        (contract.warm_up, looks_one_bar_further_back),
        (contract.warm_up, remembers_for_long),
        (contract.warm_up, knows_the_whole_sample),
        (contract.silence, takes_unknown_for_yes),
        (contract.silence, leaves_on_the_unknown),
        (contract.silence, reads_the_high),
        (contract.needs, reads_the_high),
        (contract.needs, reads_the_volume),
        (contract.untouched, writes),
        (contract.untouched, remembers),
        (contract.shapes, goes_short),
        (contract.shapes, gives_a_row_too_many),
        (contract.shapes, gives_whole_numbers),
    ],
)
def test_a_broken_rule_is_caught(clause, rule):
    assert faults(clause, broken(rule))


@pytest.mark.parametrize(
    "clause",
    [*WITH_CUTS, contract.silence, contract.needs, contract.untouched, contract.shapes],
)
def test_a_sound_rule_passes(clause):
    assert faults(clause, broken(sound)) == []


def test_a_rule_that_never_leaves_or_never_goes_short_is_caught():
    both = replace(broken(sound), sides="both")

    assert list(contract.speaks(broken(sound), [BARS], {"n_bars": 5})) == []
    assert list(contract.speaks(broken(never_leaves), [BARS], {"n_bars": 5}))
    assert list(contract.speaks(both, [BARS], {"n_bars": 5}))


def test_a_needless_need_is_caught():
    assert list(
        contract.uses_needs(replace(broken(sound), needs={"ohlc"}), BARS, {"n_bars": 5})
    ) == ["it declares ohlc and does not read it"]


@pytest.mark.parametrize(
    "canonical",
    [
        lambda p: {"n_bars": 50 if p["n_bars"] == 5 else 5},
        lambda p: None,
        lambda p: {"n_bars": 10},
    ],
)
def test_sets_that_do_not_stand_for_themselves_are_caught(canonical):
    assert list(contract.parameters(replace(broken(sound), canonical=canonical)))


def test_a_set_that_stands_for_another_one_is_caught():
    strategy = replace(broken(sound), canonical=lambda p: {"n_bars": 10})

    assert list(contract.equals_stand(strategy, BARS)) == ["{'n_bars': 5} is not {'n_bars': 10}"]
