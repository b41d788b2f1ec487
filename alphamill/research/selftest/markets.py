"""Simulated markets for the chain's experiments, and the one search that is made of each.

Every market has ten years of daily bars (hourly ones for the intraday season) in which the chain
may search, and a sealed end of two and a half years after them. Symbol and costs are those of the
S&P 500 index in the table of instruments: 1 basis point of commission and 2 of slippage a side.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from alphamill.backtest.exits import ExitStack
from alphamill.core.errors import SettingsError
from alphamill.core.identity import digest
from alphamill.core.market import Bars
from alphamill.core.params import Value
from alphamill.core.strategy import Strategy
from alphamill.data.instruments import instrument
from alphamill.data.sources.synthetic import Process, bars
from alphamill.research.plan import Plan
from alphamill.research.sweep import Ground
from alphamill.strategies import find
from alphamill.validation.splits import quarter_blocks

Noise = Literal["iid", "garch", "t4", "drift", "season"]

SYMBOL: Final = "SP500"
FIRST, LAST_SEARCHED, LAST = 20000103, 20091231, 20120629
SEARCHED_YEARS, SEALED_YEARS = 10.0, 2.5
# Of every symbol the synthetic source has no level of its own for.
ANNUAL_VOLATILITY: Final = 0.20
DRIFT: Final = 0.10  # a year
NOISE: Final[Mapping[Noise, Process]] = {
    "iid": Process("iid"),
    "garch": Process("garch"),
    "t4": Process("t4"),
    "drift": Process("drift", drift_sharpe=DRIFT / ANNUAL_VOLATILITY),
    "season": Process("season"),
}

STACK: Final = ExitStack(stop_loss_atr=3.0, take_profit_atr=None, max_bars_held=20)
PLANTED_IN: Final = "RSI2_MeanReversion"
PLANTED: Final[Mapping[str, Value]] = {
    "rsi_length": 2,
    "rsi_oversold": 20,
    "rsi_overbought": 65,
}
# The synthetic source plants its edge for a plain rule before costs; these strengths give the
# planted cell, which no other cell of the plan exceeds, that annual Sharpe ratio net of costs.
# Simulated on 500 markets each, standard error 0.013.
STRENGTH: Final[Mapping[float, float]] = {1.0: 1.15, 1.5: 1.675, 2.0: 2.21}
HORIZON_BARS: Final = 3
MEMO_BYTES: Final = 100_000_000
# Noise of planted markets is not that of the noise markets.
PLANTED_SEEDS: Final = 2_000_000


class Simulated(NamedTuple):
    """One market: its name, all its bars, and the last trade date that may be searched."""

    name: str
    bars: Bars
    last_searched: int


def noise_market(kind: Noise, number: int) -> Simulated:
    """Return market ``number`` of a kind in which there is nothing to find.

    Raises
    ------
    SettingsError
        For an unknown kind.
    """
    if kind not in NOISE:
        raise SettingsError(f"a noise market is one of {list(NOISE)}, received {kind!r}.")
    return _made(f"{kind} {number}", NOISE[kind], number)


def planted_market(sharpe: float, number: int) -> Simulated:
    """Return an iid market with an edge in its price path.

    What fell over three sessions tends to rise in the next one, and the reverse; every rule near
    "buy after a fall" shares it. The planted cell has an expected annual Sharpe ratio of
    ``sharpe`` net of costs, and holding has none.

    Raises
    ------
    SettingsError
        For a ratio that has not been measured.
    """
    if sharpe not in STRENGTH:
        raise SettingsError(
            f"an edge of Sharpe ratio {list(STRENGTH)} can be planted, received {sharpe!r}."
        )
    process = Process("iid", edge_sharpe=STRENGTH[sharpe], horizon_bars=HORIZON_BARS)
    return _made(f"planted {sharpe} {number}", process, PLANTED_SEEDS + number)


@lru_cache(maxsize=1)
def search() -> tuple[Strategy, ...]:
    """Return the strategies of the plan: 48 + 36 + 16 = 100 cells with its one exit stack.

    The planted rule's grid is moved so that the planted cell has neighbours on both sides of both
    its thresholds. The others are a momentum and a second reversion rule that trade often
    enough to be judged.
    """
    planted = find(PLANTED_IN)
    wider = {"rsi_oversold": (10, 15, 20, 25), "rsi_overbought": (55, 60, 65, 70)}
    space = dict(planted.space)
    for name, values in wider.items():
        param: Any = space[name]
        space[name] = replace(param, grid=values)
    return (
        replace(planted, space=space),
        find("WilliamsPercentR"),
        find("MovingAverageEnvelope"),
    )


def plan_for(market: Simulated, **asked: Any) -> Plan:
    """Return the plan that is run on a market; ``asked`` replaces fields of it."""
    given: dict[str, Any] = {"strategies": search(), "exits": (STACK,), "project": "selftest"}
    return Plan((SYMBOL,), market.bars.timeframe, **(given | asked))


def ground_of(market: Simulated, whole: bool = False) -> Ground:
    """Return the part of a market that may be searched, or with its sealed end, for the sweep."""
    stop = market.bars.session[-1] if whole else market.last_searched
    n_bars = int(np.searchsorted(market.bars.session, stop, side="right"))
    seen = market.bars.head(n_bars)
    sessions = np.unique(seen.session)
    identity = digest(market.name, n_bars)
    blocks = quarter_blocks(sessions)
    what = instrument(SYMBOL)
    return Ground(seen, what, sessions, blocks, (STACK,), "long", identity, MEMO_BYTES)


def _made(name: str, process: Process, seed: int) -> Simulated:
    timeframe = "1h" if process.kind == "season" else "1d"
    made = bars(SYMBOL, timeframe, process, start=FIRST, end=LAST, seed=seed)
    return Simulated(name, made, LAST_SEARCHED)
