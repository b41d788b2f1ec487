"""Gates: questions with a threshold. They know numbers and arrays, no strategy and no bar.

Figures that are not known (NaN) fail: a gate is passed by evidence, never by its absence. Where a
gate has nothing to judge it is not asked, and has not passed.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Floats
from alphamill.validation.discovery import draws_needed
from alphamill.validation.permutation import p_value
from alphamill.validation.statistics import Moments
from alphamill.validation.thresholds import (
    BasicThresholds,
    ChanceThresholds,
    DeflatedThresholds,
    FdrThresholds,
    LuckThresholds,
    Thresholds,
    ValidityThresholds,
)
from alphamill.validation.trials import EffectiveTrials, deflated_by_luck, trials_by_correlation


@dataclass(frozen=True)
class Verdict:
    """What a gate answered.

    Attributes
    ----------
    gate : str
    passed : bool
        False where the gate was not asked.
    score, threshold : float
        The figure that is shown and what it must reach; a gate may have further conditions.
    detail : str
        Why, in words and figures.
    decides : bool
        Whether a candidate that fails here is out; otherwise the verdict informs.
    asked : bool
        False where the gate had nothing to judge; ``detail`` then says why.
    p_value : float
        Chance of a score as good from luck alone; NaN where the gate has none.
    """

    gate: str
    passed: bool
    score: float
    threshold: float
    detail: str
    decides: bool = True
    asked: bool = True
    p_value: float = math.nan

    def __str__(self) -> str:
        name = self.gate if self.decides else f"{self.gate} (informs)"
        if not self.asked:
            return f"not asked {name}; {self.detail}"
        mark = "pass" if self.passed else "FAIL"
        return f"{mark} {name}: {self.score:.3f} (needs {self.threshold:.3f}); {self.detail}"


def stamped(verdict: Verdict, limits: Thresholds) -> Verdict:
    """Return the verdict with what the run's thresholds say: whether its gate decides."""
    return replace(verdict, decides=verdict.gate in limits.decides)


Bound = Literal["at least", "at most", "above"]


class Condition(NamedTuple):
    """A figure and its bar. An infinite bar that everything meets asks nothing."""

    name: str
    value: float
    bound: Bound
    bar: float

    @property
    def is_asked(self) -> bool:
        return self.bar != (math.inf if self.bound == "at most" else -math.inf)

    @property
    def holds(self) -> bool:
        """Whether the figure meets its bar; NaN does not."""
        return bool(_meets(self.value, self.bound, self.bar))

    def __str__(self) -> str:
        return f"{self.name} {self.value:.4g}, needs {self.bound} {self.bar:.4g}"


def missed(conditions: Iterable[Condition]) -> list[str]:
    """Return in words the conditions that are asked and do not hold."""
    return [str(c) for c in conditions if c.is_asked and not c.holds]


def validity_gate(
    costs: float, data_accepted: bool, ambiguous_share: float, limits: ValidityThresholds
) -> Verdict:
    """Judge whether there is anything to judge: no figure is worth reading without it.

    Parameters
    ----------
    costs : float
        Commission and slippage that the cell paid, account currency. A backtest without costs is
        refused, however good.
    data_accepted : bool
        Whether the data quality report was accepted.
    ambiguous_share : float
        Exits in whose bar stop and target were both touched, over all exits; which came first
        is not known there, and the stop is assumed.
    limits : ValidityThresholds
    """
    asked = (
        Condition("costs paid", costs, "above", 0.0),
        Condition("data quality accepted", float(data_accepted), "at least", 1.0),
        Condition(
            "share of ambiguous exits", ambiguous_share, "at most", limits.max_ambiguous_share
        ),
    )
    failed = missed(asked)
    detail = "; ".join(failed) or (
        f"costs {costs:,.2f}, data accepted, {ambiguous_share:.1%} of exits ambiguous"
    )
    return Verdict(
        "validity", not failed, float(len(asked) - len(failed)), float(len(asked)), detail
    )


def basic(metrics: Mapping[str, float], limits: BasicThresholds) -> Verdict:
    """Judge one cell: trades, Sharpe ratio, profit factor, drawdown, win rate.

    ``metrics`` holds total_trades, sharpe_ratio, profit_factor (infinite without a loss),
    max_drawdown_frac and win_rate. The score is how many of the conditions asked hold. Those that
    the preset does not ask are advice: shown, with the value of the seed documents where missed.
    """
    asked = [c for c in _figures(metrics, limits) if c.is_asked]
    failed = missed(asked)
    said = failed or ["all five conditions hold" if len(asked) == 5 else _plain(asked)]
    usual = {c.name: c for c in _figures(metrics, BasicThresholds())}
    advice = [usual[c.name] for c in _figures(metrics, limits) if not c.is_asked]
    if advice:
        said = [*said, f"not asked: {_plain(advice)}"]
    return Verdict(
        "basic", not failed, float(len(asked) - len(failed)), float(len(asked)), "; ".join(said)
    )


def passes_basic(columns: Mapping[str, Any], limits: BasicThresholds) -> Flags:
    """Return which of many cells pass `basic`; ``columns`` holds its figures as arrays."""
    asked = _asked_for(limits)
    _require(columns, [key for _, key, _, _ in asked])
    passed = np.ones(np.shape(columns["total_trades"]), dtype=np.bool_)
    for name, key, bound, bar in asked:
        if Condition(name, 0.0, bound, bar).is_asked:
            passed &= _meets(np.asarray(columns[key]), bound, bar)
    return passed


def chance_gate(actual: float, draws: Floats, limits: ChanceThresholds) -> Verdict:
    """Judge the best of a grid against the best of the same grid on permuted markets.

    Parameters
    ----------
    actual : float
        Annualised Sharpe ratio of the grid's best cell.
    draws : ndarray of shape (n_draws,)
        The same on each permuted market; infinite where the rule raised there: what it would have
        made of that market is not known, and what is not known must not speak for it.
    limits : ChanceThresholds
    """
    bar = 1.0 - limits.max_p
    if draws.size == 0:
        detail = "no permuted market was asked for"
        return Verdict("chance", False, math.nan, bar, detail, asked=False)
    p = p_value(actual, draws)
    detail = (
        f"p {p:.3f}; best of its grid {actual:.2f}; on {draws.size} permuted markets the best was "
        f"{np.median(draws):.2f} in the middle and {np.max(draws):.2f} at most"
    )
    n_raised = int(np.isinf(draws).sum())
    if n_raised:
        detail += f"; the rule raised on {n_raised} of them, which counts against it"
    detail += _too_few(draws.size, limits.max_p)
    # A gate passes where the score reaches the threshold, so the score is 1 - p.
    return Verdict("chance", p <= limits.max_p, 1.0 - p, bar, detail, p_value=p)


class Tried(NamedTuple):
    """How much was looked at: cells on the instrument, instruments of the run, draws."""

    n_cells: int
    n_instruments: int
    n_draws: int


def luck_gate(best_p: float, chosen_p: float, tried: Tried, limits: LuckThresholds) -> Verdict:
    """Judge the candidate's best cell against the luckiest of every cell tried.

    Parameters
    ----------
    best_p, chosen_p : float
        p-values of `maximum.judged` over all cells of the instrument, of the candidate's best cell,
        which is judged, and of the cell that was chosen, which is shown.
    tried : Tried
    limits : LuckThresholds

    Notes
    -----
    Who looks at n instruments has n chances to be lucky, so p becomes 1 - (1 - p)^n (Sidak 1967,
    Journal of the American Statistical Association 62), and is that also in the verdict. It is
    exact for instruments that have nothing in common, and strict for those that move together.
    """
    n = tried.n_instruments
    p = -math.expm1(n * math.log1p(-best_p)) if best_p < 1.0 else 1.0
    detail = (
        f"p {p:.4f}; {best_p:.4f} for its best cell, {chosen_p:.4f} for the chosen one, against "
        f"the best of {tried.n_cells:,} cells in {tried.n_draws:,} draws"
    )
    if n > 1:
        detail += f", charged for {n:,} instruments"
    # What each instrument may show at most.
    alone = -math.expm1(math.log1p(-limits.max_p) / n) if limits.max_p < 1.0 else 1.0
    detail += _too_few(tried.n_draws, alone)
    bar = 1.0 - limits.max_p
    return Verdict("luck", p <= limits.max_p, 1.0 - p, bar, detail, p_value=p)


def fdr_gate(
    own_p: float, adjusted_p: float, n_families: int, n_draws: int, limits: FdrThresholds
) -> Verdict:
    """Judge a family (strategy and instrument) among all families tested.

    Parameters
    ----------
    own_p : float
        Of the family by itself, charged for all of its cells; the verdict's ``p_value``, of which a
        histogram over all families shows how much noise is among them.
    adjusted_p : float
        From `discovery.adjusted` over the p-values of *all* families, those that failed earlier
        gates included.
    n_families, n_draws : int
        Families tested, and draws behind each p-value.
    limits : FdrThresholds
    """
    detail = f"p {own_p:.4f}, adjusted {adjusted_p:.4f} among {n_families:,} families"
    if n_draws < draws_needed(n_families, limits.max_q):
        detail += (
            f"; {n_draws:,} draws are too few for a single one of them to be found, "
            f"{draws_needed(n_families, limits.max_q):,} would do"
        )
    # An adjusted value that is the level but for rounding is at the level.
    passed = adjusted_p <= limits.max_q * (1.0 + 1e-12)
    score, bar = 1.0 - adjusted_p, 1.0 - limits.max_q
    return Verdict("fdr", passed, score, bar, detail, p_value=own_p)


def deflated_gate(
    sharpe: float,
    n_periods: int,
    shape: Moments,
    n_ever: int,
    mean_correlation: float,
    n_clusters: int,
    limits: DeflatedThresholds,
) -> Verdict:
    """Judge the chosen cell by the deflated Sharpe ratio with the ledger's count of trials.

    Parameters
    ----------
    sharpe : float
        Per period, of the chosen cell.
    n_periods : int
    shape : Moments
        Of its returns.
    n_ever : int
        Cells ever tried on this data by the ledger, this run's included.
    mean_correlation, n_clusters : float, int
        Of the cells at hand; see `trials.average_correlation` and `trials.trials_by_clusters`.
        The larger number of independent trials that follows deflates.
    limits : DeflatedThresholds
    """
    trials = EffectiveTrials(trials_by_correlation(n_ever, mean_correlation), n_clusters)
    probability = deflated_by_luck(sharpe, n_periods, trials.larger, shape)
    detail = (
        f"probability {probability:.3f} with {trials.larger:,.0f} independent trials of "
        f"{n_ever:,} ever made (by correlation {trials.by_correlation:,.0f}, clusters "
        f"{trials.by_clusters:,})"
    )
    return Verdict(
        "deflated_sharpe",
        probability >= limits.min_probability,
        probability,
        limits.min_probability,
        detail,
        p_value=1.0 - probability,
    )


def _too_few(n_draws: int, max_p: float) -> str:
    """Return a warning where no p-value of so many draws can be small enough."""
    least = 1.0 / (1.0 + n_draws)
    return "" if least <= max_p else f"; {n_draws} draws show no p below {least:.3f}"


def _plain(conditions: Iterable[Condition]) -> str:
    """Return the figures, with the bar where it is missed."""
    return ", ".join(
        f"{c.name} {c.value:.4g}" + ("" if c.holds else f" (documents: {c.bound} {c.bar:.4g})")
        for c in conditions
    )


def _meets(value: Any, bound: Bound, bar: float) -> Any:
    if bound == "above":
        return value > bar
    return value <= bar if bound == "at most" else value >= bar


def _asked_for(limits: BasicThresholds) -> tuple[tuple[str, str, Bound, float], ...]:
    """Return (name, key of the metric, bound, threshold)."""
    return (
        ("trades", "total_trades", "at least", limits.min_trades),
        ("Sharpe", "sharpe_ratio", "at least", limits.min_sharpe),
        ("profit factor", "profit_factor", "at least", limits.min_profit_factor),
        ("drawdown", "max_drawdown_frac", "at most", limits.max_drawdown_frac),
        ("win rate", "win_rate", "at least", limits.min_win_rate),
    )


def _figures(metrics: Mapping[str, float], limits: BasicThresholds) -> list[Condition]:
    asked = _asked_for(limits)
    _require(metrics, [key for _, key, _, _ in asked])
    return [Condition(name, float(metrics[key]), bound, bar) for name, key, bound, bar in asked]


def _require(columns: Mapping[str, Any], keys: Iterable[str]) -> None:
    missing = sorted(set(keys) - set(columns))
    if missing:
        raise DataError(f"the basic gate needs {missing}, received {sorted(columns)}.")
