"""What a row of the comparison says: figures of one allocator, and how sure they are."""

import math
from dataclasses import dataclass

import numpy as np

from alphamill.backtest.metrics import sharpe, sortino
from alphamill.core.market import Floats
from alphamill.portfolio.allocate.walk import Combined, Walk, share_of_fallbacks
from alphamill.validation.bootstrap import Weights, block_length, mean_interval
from alphamill.validation.permutation import p_value
from alphamill.validation.statistics import Interval, sharpe_from_sums

TAIL = 0.05
# Volatility that clusters makes a Sharpe ratio less sure than the linear rule knows.
SHORTEST_BLOCK = 10.0


@dataclass(frozen=True)
class Figures:
    """Of the judged days, after costs; fractions, annual where they are rates.

    Attributes
    ----------
    annual_return : float
        Compound.
    volatility, sharpe, sortino : float
        Of daily returns, annualised; no risk-free rate is taken off.
    max_drawdown : float
        Deepest fall from a peak, 0 or more, as a part of the peak.
    cvar : float
        Mean loss of the worst 5 % of days, positive for a loss.
    turnover : float
        Value bought and sold a year over equity: the first purchase of everything counts 1.
    cost : float
        A year, over equity.
    cash : float
        Mean part of equity that was not invested.
    effective_n : float
        Mean of 1 / sum of squared shares of what is invested; 0 where nothing ever is.
    fallbacks : float
        Share of the decisions that were not answered as asked.
    """

    annual_return: float
    volatility: float
    sharpe: float
    sortino: float
    max_drawdown: float
    cvar: float
    turnover: float
    cost: float
    cash: float
    effective_n: float
    fallbacks: float


@dataclass(frozen=True)
class Paths:
    """The combinatorial validation of one allocator.

    Attributes
    ----------
    sharpe : tuple of float, one a path
        Annualised, after costs. Paths share splits: their spread is no standard error.
    above : float
        Share of the paths on which it shows a higher ratio than equal weight.
    fallbacks : float
    """

    sharpe: tuple[float, ...]
    above: float
    fallbacks: float

    @property
    def median(self) -> float:
        return float(np.median(self.sharpe))


@dataclass(frozen=True)
class Difference:
    """An allocator less equal weight on the same days, resampled together."""

    sharpe: float
    sharpe_interval: Interval
    mean_return: float  # a year, arithmetic
    mean_interval: Interval


@dataclass(frozen=True)
class Luck:
    """What the best of all compared shows when none is better than equal weight.

    Attributes
    ----------
    n_compared : int
        Allocators beside the benchmark, all of them charged.
    best : str
        The one with the largest Sharpe ratio over equal weight's.
    difference : float
        Its Sharpe ratio less equal weight's.
    expected : float
        Mean of the largest difference over resampled histories in which all true ones are 0;
        they are resampled together, so allocators that are alike count as what they are.
    p_value : float
        Share of those histories whose largest difference reaches ``difference``.
    """

    n_compared: int
    best: str
    difference: float
    expected: float
    p_value: float


def figures(walked: Walk, per_year: float) -> Figures:
    """Return the figures of one walk; ``per_year`` are sessions a year."""
    net, days = walked.net, walked.held
    judged = slice(walked.first, None)
    years = net.size / per_year
    # What is held into the first judged day is nothing: its trade comes at that day's close.
    held = days.weights[walked.first + 1 :]
    return Figures(
        annual_return=float(np.prod(1.0 + net)) ** (1.0 / years) - 1.0,
        volatility=float(net.std(ddof=1)) * math.sqrt(per_year),
        sharpe=sharpe(net, per_year),
        sortino=sortino(net, per_year),
        max_drawdown=deepest_fall(net),
        cvar=mean_tail_loss(net),
        turnover=float(days.traded[judged].sum()) / years,
        cost=float(days.cost[judged].sum()) / years,
        cash=float(1.0 - held.sum(axis=1).mean()),
        effective_n=_effective_names(held),
        fallbacks=share_of_fallbacks(walked.fallbacks),
    )


def paths(found: Combined, benchmark: Combined, per_year: float) -> Paths:
    """Return what the combinatorial validation says of one allocator."""
    own = [sharpe(net, per_year) for net in found.paths]
    other = [sharpe(net, per_year) for net in benchmark.paths]
    above = float(np.mean(np.array(own) > np.array(other)))
    return Paths(tuple(own), above, share_of_fallbacks(found.fallbacks))


def difference(
    net: Floats, benchmark: Floats, weights: Weights, per_year: float, level: float
) -> Difference:
    """Return the paired difference to the benchmark and its intervals (percentile method)."""
    excess = net - benchmark
    drawn = _sharpes(net, weights, per_year) - _sharpes(benchmark, weights, per_year)
    low, high = np.quantile(drawn, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    mean = mean_interval(excess, weights, level)
    return Difference(
        sharpe(net, per_year) - sharpe(benchmark, per_year),
        Interval(float(low), float(high)),
        float(excess.mean()) * per_year,
        Interval(mean.low * per_year, mean.high * per_year),
    )


def luck(
    nets: dict[str, Floats], benchmark: Floats, weights: Weights, per_year: float
) -> Luck | None:
    """Return what the best of the compared owes to their number; None where there are none.

    References
    ----------
    White (2000), A Reality Check for Data Snooping, Econometrica 68(5), with the difference of
    Sharpe ratios for the mean; Ledoit and Wolf (2008), as `sharpe_interval`.
    """
    if not nets:
        return None
    base, base_drawn = sharpe(benchmark, per_year), _sharpes(benchmark, weights, per_year)
    found = {name: sharpe(net, per_year) - base for name, net in nets.items()}
    # Centred at what was observed: no true difference is left.
    drawn = [
        _sharpes(net, weights, per_year) - base_drawn - found[name] for name, net in nets.items()
    ]
    largest = np.max(drawn, axis=0)
    best = max(found, key=lambda name: found[name])
    return Luck(len(nets), best, found[best], float(largest.mean()), p_value(found[best], largest))


def mean_block(nets: list[Floats]) -> float:
    """Return one mean block for all rows of a comparison, so that they are resampled together.

    The longest that any row's Sharpe ratio asks for, at least 10 days: `block_length` of its
    influence function z - SR (z^2 - 1) / 2, z the standardised returns, whose mean moves as the
    ratio does.

    References
    ----------
    Lo (2002), as `sharpe_error`, for the influence function; Ledoit and Wolf (2008), as
    `sharpe_interval`.
    """
    wanted = []
    for net in nets:
        ratio = float(net.mean() / net.std())
        z = (net - net.mean()) / net.std()
        wanted.append(block_length(z - ratio * (np.square(z) - 1.0) / 2.0))
    return max(SHORTEST_BLOCK, *wanted)


def deepest_fall(net: Floats) -> float:
    """Return the deepest fall of wealth from its peak as a part of the peak, the start included.

    Examples
    --------
    >>> deepest_fall(np.array([0.25, -0.2, -0.5, 0.1]))
    0.6
    """
    wealth = np.append(1.0, np.cumprod(1.0 + net))
    return float((1.0 - wealth / np.maximum.accumulate(wealth)).max())


def mean_tail_loss(net: Floats, tail: float = TAIL) -> float:
    """Return the mean loss of the worst part of the days; the last day of it counts in part.

    Examples
    --------
    >>> mean_tail_loss(np.array([-0.04, -0.02, 0.0, 0.01]), tail=0.375)
    0.03333333333333333
    """
    worst, n = np.sort(net), tail * net.size
    whole = int(n)
    total = worst[:whole].sum() + (n - whole) * (worst[whole] if whole < net.size else 0.0)
    return -float(total) / n


def _sharpes(net: Floats, weights: Weights, per_year: float) -> Floats:
    return sharpe_from_sums(weights @ net, weights @ np.square(net), net.size, per_year)


def _effective_names(held: Floats) -> float:
    total = held.sum(axis=1)
    invested = total > 0.0
    if not invested.any():
        return 0.0
    share = held[invested] / total[invested, None]
    return float((1.0 / np.square(share).sum(axis=1)).mean())
