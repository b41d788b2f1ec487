"""What a finalist's own trades would have earned at other times, and what it makes of noisy prices.

Asked of one fixed cell, for its passport; no gate rests on them, for the cell was chosen on the
same bars. Whether choosing it was luck is what `luck` and `chance` ask.

The real trades and the moved ones are priced alike (`moved`), costs included.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from alphamill.backtest.engine import Result
from alphamill.backtest.legs import backtest_legs
from alphamill.backtest.metrics import daily_pnl, periods_per_year, sharpe
from alphamill.core.errors import MillError
from alphamill.core.identity import digest
from alphamill.core.market import Bars, Ints, Trades
from alphamill.core.strategy import Strategy
from alphamill.research.cells import Part
from alphamill.research.factory import rerun
from alphamill.research.moved import (
    Moves,
    Places,
    bars_of,
    held_at,
    moves_of,
    places_of,
    session_pnl,
    turned,
)
from alphamill.research.permuted import repriced
from alphamill.research.sweep import Ground, legs, targets
from alphamill.validation.nulls import noisy_bars, random_entries, shifted
from alphamill.validation.permutation import p_value

N_DRAWS = 499
N_BLURRED = 40  # runs of the cell at each strength of noise
# Standard deviation of the noise over that of a bar's move from close to close.
NOISE = (0.1, 0.25)
# Of the sessions. A shorter shift would still know what a slow rule knew.
SHORTEST_SHIFT = 0.1
LEVELS = (0.05, 0.50, 0.95)


class NoiseRow(NamedTuple):
    """Annual Sharpe ratios at one strength of noise: 5%, 50% and 95% of ``n_draws``."""

    noise_frac: float
    low: float
    median: float
    high: float
    n_draws: int


@dataclass(frozen=True)
class FinalistNulls:
    """What is left of a cell's Sharpe ratio when its timing, or what it sees, is disturbed.

    Attributes
    ----------
    shift_p : float
        Share of shifts of all its positions, by whole sessions round the end of history, that do
        as well: small where the timing is right.
    random_entry_p : float
        The same of as many trades, as long, at random places: small where the entries are right.
        NaN for a rule over several series, whose trades are not made of one entry.
    noise : tuple of NoiseRow
        The cell is run again on bars with noise on every open and close.
    n_draws : int
        Shifts, and random placings.
    """

    shift_p: float
    random_entry_p: float
    noise: tuple[NoiseRow, ...]
    n_draws: int


def finalist_nulls(
    strategy: Strategy,
    grounds: Mapping[str, Ground],
    part: Part,
    cell: int,
    seed: int,
    n_draws: int = N_DRAWS,
) -> FinalistNulls:
    """Return the nulls of one stored cell; the same whenever they are asked with this seed.

    Parameters
    ----------
    strategy : Strategy
    grounds : mapping
        Symbol -> ground of the discovery window.
    part, cell : Part, int
    seed, n_draws : int

    Notes
    -----
    The positions are shifted by at least a tenth of history either way, each session's bars onto
    the bars of another by their number: the hour stays what it was. Random entries take any bar,
    so those of a rule that is flat at night may hold overnight.

    Noise lets stops and targets be touched more often. On 120 markets without an edge it moved the
    mean Sharpe ratio of a reversion rule by at most 0.015 (standard error 0.01) at a tenth of a
    move; at a quarter by +0.09 with a target alone and -0.11 with a stop alone. Where the rule
    raises on such bars, the draw is the worst there is.

    References
    ----------
    specs, statistics C8; `alphamill.validation.nulls` for each draw.
    """
    ground = grounds[part.symbol]
    per_year = periods_per_year(ground.sessions)
    rngs = {
        what: np.random.default_rng(int(digest(seed, part.symbol, part.strategy, what)[:16], 16))
        for what in ("shift", "entries", "noise")
    }
    if strategy.others:
        shift_p = _shifted_wishes(strategy, grounds, part, cell, rngs["shift"], n_draws)
        random_p = float("nan")
    else:
        trades = rerun(strategy, grounds, part, cell).trades
        moves = moves_of(ground.bars, ground.instrument)
        shift_p = _shift_p(trades, moves, per_year, rngs["shift"], n_draws)
        random_p = _random_entry_p(trades, moves, per_year, rngs["entries"], n_draws)
    noise = tuple(_blurred(strategy, grounds, part, cell, frac, rngs["noise"]) for frac in NOISE)
    return FinalistNulls(shift_p, random_p, noise, n_draws)


def as_json(found: FinalistNulls) -> dict[str, Any]:
    """Return the nulls as plain JSON values; what is not known is null."""
    return {
        "shift_p": found.shift_p,
        "random_entry_p": _known(found.random_entry_p),
        "noise": [{k: _known(v) for k, v in row._asdict().items()} for row in found.noise],
        "n_draws": found.n_draws,
    }


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _shift_p(
    trades: Trades, moves: Moves, per_year: float, rng: np.random.Generator, n_draws: int
) -> float:
    held = held_at(trades, places_of(trades), np.arange(len(trades)), moves)
    drawn = (turned(held, _sessions(moves, rng), moves) for _ in range(n_draws))
    draws = [sharpe(session_pnl(one, moves), per_year) for one in drawn]
    return p_value(sharpe(session_pnl(held, moves), per_year), np.array(draws))


def _sessions(moves: Moves, rng: np.random.Generator) -> Ints:
    """Return which session stands at each session's place after a shift."""
    n = moves.first.size
    shortest = max(1, int(SHORTEST_SHIFT * n))
    return shifted(np.arange(n, dtype=np.float64), rng, shortest).astype(np.int64)


def _random_entry_p(
    trades: Trades, moves: Moves, per_year: float, rng: np.random.Generator, n_draws: int
) -> float:
    own = places_of(trades)
    actual = held_at(trades, own, np.arange(len(trades)), moves)
    inside = own.stop - own.left
    draws = np.empty(n_draws)
    for k in range(n_draws):
        # Nothing is decided before the first close, so the first open is not to be had.
        drawn = random_entries(own.start - 1, own.stop - 1, moves.gap.size, rng)
        stop = drawn.exit + 1
        at = Places(drawn.entry + 1, stop, stop - inside[drawn.source])
        draws[k] = sharpe(session_pnl(held_at(trades, at, drawn.source, moves), moves), per_year)
    return p_value(sharpe(session_pnl(actual, moves), per_year), draws)


def _shifted_wishes(
    strategy: Strategy,
    grounds: Mapping[str, Ground],
    part: Part,
    cell: int,
    rng: np.random.Generator,
    n_draws: int,
) -> float:
    """Return the p of a shift where exposures to several series are wanted: they are shifted."""
    ground, *others = (grounds[name] for name in (part.symbol, *part.others.values()))
    wanted = targets(strategy, ground, others, part.params_of(cell)[0])
    there, moves = legs(ground, *others), moves_of(ground.bars, ground.instrument)
    drawn = (wanted[bars_of(_sessions(moves, rng), moves)] for _ in range(n_draws))
    draws = [_sharpe_of(backtest_legs(there, wishes)) for wishes in drawn]
    return p_value(_sharpe_of(backtest_legs(there, wanted)), np.array(draws))


def _blurred(
    strategy: Strategy,
    grounds: Mapping[str, Ground],
    part: Part,
    cell: int,
    noise_frac: float,
    rng: np.random.Generator,
) -> NoiseRow:
    draws = []
    for _ in range(N_BLURRED):
        noisy = {s: replace(g, bars=_noisy(g.bars, noise_frac, rng)) for s, g in grounds.items()}
        try:
            draws.append(_sharpe_of(rerun(strategy, noisy, part, cell)))
        except MillError:
            draws.append(-np.inf)
    # No value between two draws: one of them may be infinite.
    low, median, high = np.quantile(draws, LEVELS, method="inverted_cdf").tolist()
    return NoiseRow(noise_frac, low, median, high, N_BLURRED)


def _noisy(bars: Bars, noise_frac: float, rng: np.random.Generator) -> Bars:
    prices = bars.open, bars.high, bars.low, bars.close
    # A price of 0 or below has no logarithm, and has been seen.
    additive = bars.adjusted == "add" or bool(bars.low.min() <= 0.0)
    return repriced(bars, noisy_bars(prices, noise_frac, rng, additive), bars.volume)


def _sharpe_of(result: Result) -> float:
    sessions, pnl = daily_pnl(result)
    return sharpe(pnl, periods_per_year(sessions))
