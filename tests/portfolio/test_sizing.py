"""Sizing: each method by hand, and never a unit more than the line gives."""

import math

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.portfolio.sizing import Odds, Sizing, kelly, units_per_currency, whole_units

NAN = math.nan


def odds(
    volatility: float = NAN, at_risk: float = NAN, probability: float = NAN, payoff: float = NAN
) -> Odds:
    return Odds(*(np.array([v]) for v in (volatility, at_risk, probability, payoff)))


def units(sizing: Sizing, known: Odds, equity: float) -> int:
    return whole_units(float(units_per_currency(sizing, known)[0]), equity, sizing.max_units)


@pytest.mark.parametrize(
    ("sizing", "known", "expected"),
    [
        (Sizing(), odds(), 1),
        # 10,000 a year; 300 x sqrt(256) = 4,800 a year and unit.
        (Sizing("volatility_target", 0.1, sessions_a_year=256), odds(volatility=300.0), 2),
        (Sizing("volatility_target", 0.1), odds(at_risk=300.0), 0),
        # 1,000 to lose, 300 a unit.
        (Sizing("fixed_fraction", 0.01), odds(at_risk=300.0), 3),
        (Sizing("fixed_fraction", 0.01), odds(at_risk=1001.0), 0),
        (Sizing("fixed_fraction", 0.01), odds(at_risk=0.0), 0),
        (Sizing("fixed_fraction", 0.01), odds(), 0),
        (Sizing("fixed_fraction", 0.01, max_units=2), odds(at_risk=300.0), 2),
        # p - (1 - p) / b = 0.6 - 0.4 / 2 = 0.4; half of it is 20,000, the cap 5,000.
        (Sizing("kelly", 0.9), odds(at_risk=1000.0, probability=0.6, payoff=2.0), 20),
        (Sizing("kelly", 0.05), odds(at_risk=1000.0, probability=0.6, payoff=2.0), 5),
        (Sizing("kelly", 0.9, 1.0), odds(at_risk=1000.0, probability=0.6, payoff=2.0), 40),
        # An edge below zero is no bet, not a bet against it.
        (Sizing("kelly", 0.9), odds(at_risk=1000.0, probability=0.3, payoff=2.0), 0),
        (Sizing("kelly", 0.9), odds(at_risk=1000.0, payoff=2.0), 0),
    ],
)
def test_units_on_an_equity_of_100_000(sizing, known, expected):
    assert units(sizing, known, 100_000.0) == expected


def test_float_noise_costs_no_contract_and_nothing_else_gains_one():
    line = Sizing("fixed_fraction", 0.01)

    assert units(line, odds(at_risk=0.1), 1.0 - 1e-12) == 0
    assert [units(line, odds(at_risk=r), 100_000.0) for r in (1000 / 3, 1000 / 7)] == [3, 7]
    assert units(line, odds(at_risk=250.0), 99_999.0) == 3


def test_a_ruined_account_takes_nothing_but_one_lot_does_not_look():
    assert units(Sizing("fixed_fraction", 0.01), odds(at_risk=1.0), -5000.0) == 0
    assert units(Sizing(), odds(), -5000.0) == 1


def test_kelly_is_unknown_where_the_odds_are():
    fractions = kelly(np.array([0.6, 0.6, NAN]), np.array([1.0, 0.0, 1.0]))

    np.testing.assert_allclose(fractions, [0.2, NAN, NAN], atol=1e-15)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"method": "martingale"}, "sizing.method must be one of one_lot, .* 'martingale'"),
        ({"frac": 0.0}, "sizing.frac must be above 0, received 0.0"),
        ({"multiple": -1.0}, "sizing.multiple must be above 0"),
        ({"max_units": 0}, "sizing.max_units must be a whole number from 1, received 0"),
    ],
)
def test_a_sizing_that_cannot_be_is_refused(given, message):
    with pytest.raises(SettingsError, match=message):
        Sizing(**given)
