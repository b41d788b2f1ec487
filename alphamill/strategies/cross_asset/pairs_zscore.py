"""71 PairsZScore: a price is compared with what its partner's price says it should be."""

from alphamill.core.market import Bars, Floats
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.strategies.sets import ordered
from alphamill.strategies.spreads import log_paths, regression_spread, targets


def rule(bars: Bars, partner: Bars, pz_length: int, pz_entry: float, pz_exit: float) -> Floats:
    spread = regression_spread(*log_paths(bars, partner), pz_length)
    return targets(spread, pz_entry, pz_exit)


PAIRS_ZSCORE = Strategy(
    number=71,
    name="PairsZScore",
    archetype="cross-asset",
    idea="Two prices driven by the same cause come back to each other when one runs ahead.",
    rule=rule,
    space={
        "pz_length": Int(20, 5, 500, (20, 60, 120), "bars of the regression and its deviation"),
        "pz_entry": Float(2.0, 0.1, 10.0, (1.5, 2.0, 2.5), "enter this many deviations away"),
        "pz_exit": Float(0.5, 0.0, 10.0, (0.0, 0.5), "leave this many deviations away"),
    },
    # What is said depends on whether it was so one bar before.
    warmup=lambda p: int(p["pz_length"]) + 1,
    sides="both",
    canonical=ordered("pz_exit", "pz_entry"),
    others=("partner",),
)
