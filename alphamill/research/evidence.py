"""What a passport shows of one candidate beside its verdicts: the whole of the evidence.

All of it is of the chosen cell over the discovery window, unless it says that it is of the grid.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from alphamill.backtest.engine import Result
from alphamill.backtest.metrics import (
    daily_pnl,
    periods_per_year,
    session_last_bars,
    sharpe,
    summary,
)
from alphamill.backtest.state import OPEN_AT_END
from alphamill.core.errors import DataError
from alphamill.core.identity import digest
from alphamill.core.market import Floats, Ints
from alphamill.research.cells import Part, in_sample
from alphamill.research.dearer import dearer_runs
from alphamill.research.plan import Plan
from alphamill.research.sweep import Ground
from alphamill.validation.annualise import annual_sharpe
from alphamill.validation.bootstrap import (
    MeanTest,
    Weights,
    sharpe_interval,
    stationary_weights,
    studentised_mean,
)
from alphamill.validation.drawdown import DrawdownBands, block_bands, trade_order_bands
from alphamill.validation.overfitting import noise_band, probability_of_overfitting
from alphamill.validation.plateau import Plateau, plateau
from alphamill.validation.regime import RegimeRow, regime_of_sessions, regime_rows
from alphamill.validation.splits import walk_forward
from alphamill.validation.statistics import (
    Interval,
    Moments,
    minimum_track_record,
    moments,
    noise_sharpe,
    recognition_power,
)
from alphamill.validation.stress import AS_CHARGED, Stressed
from alphamill.validation.trials import (
    EffectiveTrials,
    average_correlation,
    deflated_by_luck,
    null_variance,
    trials_by_clusters,
    trials_by_correlation,
)
from alphamill.validation.walk import BlockSums, WalkForward

POWER_AT = (0.5, 1.0, 1.5, 2.0)
LEVELS = (0.50, 0.90, 0.95)
# A run gathers this of hundreds of candidates: enough draws to read off a chart, not to split
# hairs. No gate that decides rests on them.
N_DRAWS = 250
# PBO of ten groups is what the specification measured on noise; sixteen take fifty times as long.
_FEWEST_QUARTERS = 3
N_GROUPS, N_BAND_DRAWS, N_BAND_CELLS, N_CLUSTERED = 10, 60, 48, 48


class SharpeRange(NamedTuple):
    """Annualised: as it is, its 90% interval, and with Lo's correction for autocorrelation.

    ``corrected`` is NaN where the sample's autocorrelations add up to what no series has.
    """

    value: float
    interval: Interval
    corrected: float


class WindowRow(NamedTuple):
    """One step of the walk-forward: dates of the test (yyyymmdd), cell chosen, its two Sharpes."""

    first: int
    last: int
    cell: int
    train_sharpe: float
    test_sharpe: float


class Deflated(NamedTuple):
    """The deflated Sharpe ratio and what it was charged.

    The grid's mean correlation (of the quarterly P&L of every cell) says how far the trials of the
    ledger repeat each other, the clusters of a sample of its cells are the other estimate; the
    larger number deflates. ``luck_sharpe`` is what the best of that many would show without an
    edge, a year.
    """

    probability: float
    luck_sharpe: float
    n_ever: int
    mean_correlation: float
    trials: EffectiveTrials


class TrackRecord(NamedTuple):
    """Years seen, and those after which this Sharpe would beat 0, and luck, at 95%."""

    years: float
    against_zero: float
    against_luck: float


class GridOverfitting(NamedTuple):
    """PBO of the cells that traded, beside its band on noise; NaN where there are too few."""

    pbo: float
    band: Interval
    loss_probability: float
    n_groups: int
    n_cells: int


class Power(NamedTuple):
    """How often one true edge of this annual Sharpe would be chosen and recognised."""

    sharpe: float
    recognised: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of one candidate's chosen cell and of its grid.

    Attributes
    ----------
    cell : int
        Row of the part.
    n_sessions, periods_per_year : int, float
    sharpe : SharpeRange
    windows : tuple of WindowRow
    regimes : tuple of RegimeRow
    plateau : Plateau
    stress : tuple of Stressed
        As charged, with twice and three times the costs, and one more tick of slippage.
    by_trade_order, by_blocks : DrawdownBands
        Of the closed trades in other orders, and of resampled session P&L; account currency.
    trade_mean : MeanTest
        Whether the closed trades make money, for a rule chosen beforehand.
    shape : Moments
        Of the session P&L.
    deflated : Deflated
    track_record : TrackRecord
    overfitting : GridOverfitting
    power : tuple of Power
    ambiguous_bar_share : float
        Share of the bars in a position that touched both stop and target.
    cost_share : float
        Fees and slippage over gross wins and losses before costs.
    """

    cell: int
    n_sessions: int
    periods_per_year: float
    sharpe: SharpeRange
    windows: tuple[WindowRow, ...]
    regimes: tuple[RegimeRow, ...]
    plateau: Plateau
    stress: tuple[Stressed, ...]
    by_trade_order: DrawdownBands
    by_blocks: DrawdownBands
    trade_mean: MeanTest
    shape: Moments
    deflated: Deflated
    track_record: TrackRecord
    overfitting: GridOverfitting
    power: tuple[Power, ...]
    ambiguous_bar_share: float
    cost_share: float


def gather(
    plan: Plan,
    grounds: Mapping[str, Ground],
    part: Part,
    walked: WalkForward,
    cell: int,
    trials_ever: int,
    seed: int,
) -> Evidence:
    """Return the evidence for one candidate; the same whenever it is asked.

    Parameters
    ----------
    plan : Plan
    grounds : mapping
        Symbol -> ground; those of the other series that the rule reads, too.
    part : Part
        All cells of the candidate.
    walked : WalkForward
    cell : int
        The row that stands for the candidate.
    trials_ever : int
        What the ledger counts.
    seed : int

    Notes
    -----
    Takes about 60 ms on 3,000 daily sessions and 720 cells; on intraday bars the four runs of the
    cell come on top.
    """
    ground = grounds[part.symbol]
    per_year = periods_per_year(ground.sessions)
    runs = dearer_runs(plan.strategy(part.strategy), grounds, part, cell)
    charged = runs[AS_CHARGED]
    daily = daily_pnl(charged)[1]
    closed = charged.trades.pnl[charged.trades.reason != OPEN_AT_END]
    rng = np.random.default_rng(int(digest(seed, part.symbol, part.strategy)[:16], 16))
    mean_block = _mean_block(daily.size)
    deflated = _deflated(part, daily, per_year, trials_ever, rng)
    measured = summary(charged)
    n_held = int(charged.trades.bars_held.sum())
    return Evidence(
        cell=cell,
        n_sessions=daily.size,
        periods_per_year=per_year,
        sharpe=_sharpe(daily, per_year, seed),
        windows=_windows(plan, ground, walked),
        regimes=regime_rows(daily, _regimes(ground), per_year),
        plateau=plateau(_points(part), in_sample(part, daily.size, per_year), cell),
        stress=tuple(_stressed(name, run, per_year) for name, run in runs.items()),
        by_trade_order=trade_order_bands(closed, rng, N_DRAWS, LEVELS),
        by_blocks=block_bands(daily, mean_block, rng, N_DRAWS, LEVELS),
        trade_mean=studentised_mean(closed, rng, N_DRAWS),
        shape=moments(daily),
        deflated=deflated,
        track_record=_track_record(daily, per_year, deflated),
        overfitting=_overfitting(ground, part, per_year, rng),
        power=_power(daily.size, per_year, deflated),
        ambiguous_bar_share=int(charged.trades.ambiguous.sum()) / n_held if n_held else 0.0,
        cost_share=measured.cost_share,
    )


def as_json(evidence: Evidence) -> dict[str, Any]:
    """Return the evidence as plain JSON values; what is infinite or not known is null."""
    plain: dict[str, Any] = _plain(asdict(evidence))
    return plain


def _stressed(name: str, run: Result, per_year: float) -> Stressed:
    daily = daily_pnl(run)[1]
    return Stressed(name, sharpe(daily, per_year), float(daily.sum()))


def _sharpe(daily: Floats, per_year: float, seed: int) -> SharpeRange:
    try:
        corrected = annual_sharpe(daily, round(per_year))
    except DataError:
        # The first lags of a P&L that alternates can add up to less than no variance.
        corrected = math.nan
    interval = sharpe_interval(daily, _weights(daily.size, seed), per_year)
    return SharpeRange(sharpe(daily, per_year), interval, corrected)


@lru_cache(maxsize=1)
def _weights(n_sessions: int, seed: int) -> Weights:
    # The same resampled histories for all candidates of an instrument; they cost the most.
    rng = np.random.default_rng(seed)
    return stationary_weights(n_sessions, N_DRAWS, _mean_block(n_sessions), rng)


def _mean_block(n_sessions: int) -> float:
    """Return the cube root of the sessions, three weeks or so: volatility remembers that long."""
    return max(1.0, math.cbrt(n_sessions))


def _regimes(ground: Ground) -> Ints:
    return _labels(ground.bars.close[session_last_bars(ground.bars.session)].tobytes())


@lru_cache(maxsize=4)
def _labels(closes: bytes) -> Ints:
    # By content: a ground as a key would keep its bars in memory.
    return regime_of_sessions(np.frombuffer(closes))


def _windows(plan: Plan, ground: Ground, walked: WalkForward) -> tuple[WindowRow, ...]:
    folds = walk_forward(len(ground.blocks), plan.train_quarters, plan.test_quarters)
    edges = ground.blocks.edges
    return tuple(
        WindowRow(
            int(ground.sessions[edges[fold.test_start]]),
            int(ground.sessions[edges[fold.test_stop] - 1]),
            int(chosen),
            float(train),
            float(test),
        )
        for fold, chosen, train, test in zip(
            folds, walked.chosen, walked.train_sharpe, walked.test_sharpe, strict=True
        )
    )


def _points(part: Part) -> list[dict[str, Any]]:
    """Return every cell's parameters and exits, all with the same names."""
    # A stack names percents and points only where it has them.
    exits = [stack.as_params() for stack in part.stacks]
    names = dict.fromkeys(name for stack in exits for name in stack)
    filled = [{name: stack.get(name) for name in names} for stack in exits]
    return [{**params, **stack} for params in part.params for stack in filled]


def _deflated(
    part: Part, daily: Floats, per_year: float, trials_ever: int, rng: np.random.Generator
) -> Deflated:
    # Quarters tell how alike the cells are; their days are not stored.
    quarterly = part.blocks[:, :, 0].T
    n_ever = max(trials_ever, 1)
    sample = rng.permutation(part.cells.size)[:N_CLUSTERED]
    rho, n_clusters = 0.0, 1
    if quarterly.shape[0] >= _FEWEST_QUARTERS:
        # Of copies of one cell it is 1, or the next number above.
        rho = min(1.0, average_correlation(quarterly))
        n_clusters = trials_by_clusters(quarterly[:, sample])
    trials = EffectiveTrials(trials_by_correlation(n_ever, rho), n_clusters)
    luck = noise_sharpe(trials.larger, null_variance(daily.size)) * math.sqrt(per_year)
    probability = deflated_by_luck(sharpe(daily, 1.0), daily.size, trials.larger, moments(daily))
    return Deflated(probability, luck, trials_ever, rho, trials)


def _power(n_sessions: int, per_year: float, deflated: Deflated) -> tuple[Power, ...]:
    n_trials = max(1, round(deflated.trials.larger))
    return tuple(Power(s, recognition_power(s, n_sessions, per_year, n_trials)) for s in POWER_AT)


def _track_record(daily: Floats, per_year: float, deflated: Deflated) -> TrackRecord:
    ratio, shape = sharpe(daily, 1.0), moments(daily)
    luck = deflated.luck_sharpe / math.sqrt(per_year)
    return TrackRecord(
        daily.size / per_year,
        minimum_track_record(ratio, 0.0, shape) / per_year,
        minimum_track_record(ratio, luck, shape) / per_year,
    )


def _overfitting(
    ground: Ground, part: Part, per_year: float, rng: np.random.Generator
) -> GridOverfitting:
    traded = np.flatnonzero(part.cells["total_trades"] > 0)
    n_groups = min(N_GROUPS, len(ground.blocks) // 2 * 2)
    if traded.size < 2 or n_groups < 2:
        return GridOverfitting(math.nan, Interval(math.nan, math.nan), math.nan, 0, traded.size)
    found = probability_of_overfitting(_sums(ground, part, traded, per_year), n_groups)
    few = np.sort(rng.permutation(traded)[:N_BAND_CELLS])
    band = noise_band(_sums(ground, part, few, per_year), rng, n_groups, N_BAND_DRAWS)
    return GridOverfitting(found.pbo, band, found.loss_probability, n_groups, traded.size)


def _sums(ground: Ground, part: Part, cells: Ints, per_year: float) -> BlockSums:
    return BlockSums(
        part.blocks[cells, :, 0],
        part.blocks[cells, :, 1],
        part.entries[cells].astype(np.int64),
        ground.blocks.n_sessions,
        per_year,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
