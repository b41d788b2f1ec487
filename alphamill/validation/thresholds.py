"""The thresholds of every gate: two presets in one table, and single ones replaced by the user.

``seed`` holds the values of the seed documents. ``calibrated`` was chosen from the measured size
and power of the gates: few of them decide, the others inform. A threshold of minus infinity (of an
upper limit: infinity) asks nothing; its figure is shown all the same.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, NamedTuple

from alphamill.core.errors import SettingsError

NO_MINIMUM = -math.inf
NO_LIMIT = math.inf

# The bars (15 minutes, 15 years) of which the seed documents ask for 1,000 trades.
_SEED_BARS = 489_234
# Under 30 trades neither a win rate nor a profit factor says anything (specs, statistics C8).
_FEWEST_SEED_TRADES = 30
_CALIBRATED_TRADES_PER_YEAR = 5


def _limit(seed: float, meaning: str, calibrated: float | None = None) -> Any:
    return field(default=seed, metadata={"meaning": meaning, "calibrated": calibrated})


@dataclass(frozen=True)
class ValidityThresholds:
    """Whether there is anything to judge; the share is of exits by stop or target."""

    max_ambiguous_share: float = _limit(
        0.10, "exits in whose bar stop and target were both touched, as a share of all exits"
    )


@dataclass(frozen=True)
class BasicThresholds:
    """Gate 1 of the seed documents; drawdown and win rate are fractions."""

    min_trades: float = _limit(
        1_000.0,
        "trades; `seed`: of 489,234 bars, in proportion to the bars at hand, at least 30; "
        "`calibrated`: or 5 a year where that is more",
        100.0,
    )
    min_sharpe: float = _limit(0.2, "annual Sharpe ratio", NO_MINIMUM)
    min_profit_factor: float = _limit(1.15, "gross profit over gross loss", NO_MINIMUM)
    max_drawdown_frac: float = _limit(0.30, "deepest fall, as a fraction of capital", NO_LIMIT)
    min_win_rate: float = _limit(0.35, "share of trades that made money", NO_MINIMUM)


@dataclass(frozen=True)
class WalkForwardThresholds:
    """Gate 2; Sharpes are annual, ``min_ratio`` is stitched over mean in-sample Sharpe.

    ``min_train_trades`` is how many entries a cell needs in a training window to be chosen there.
    """

    min_train_sharpe: float = _limit(
        0.30, "mean annual Sharpe ratio of the chosen cells in their training windows", NO_MINIMUM
    )
    min_test_sharpe: float = _limit(
        0.15, "annual Sharpe ratio of the stitched test windows; always above 0 as well", 0.0
    )
    min_ratio: float = _limit(0.5, "out-of-sample over mean in-sample Sharpe ratio", NO_MINIMUM)
    min_positive_share: float = _limit(0.5, "share of test windows that made money", NO_MINIMUM)
    min_train_trades: float = _limit(
        10.0, "entries that a cell needs in a training window to be chosen there", 30.0
    )


@dataclass(frozen=True)
class RegimeThresholds:
    """Gate 3; Sharpe ratios are annual, over the sessions of one regime."""

    min_sharpe: float = _limit(0.2, "annual Sharpe ratio in a regime")
    min_regimes: float = _limit(2.0, "regimes in which that is reached")
    worst_sharpe: float = _limit(-0.3, "annual Sharpe ratio in the worst regime")
    min_sessions: float = _limit(63.0, "sessions that a regime needs to be judged (a quarter)")


@dataclass(frozen=True)
class PlateauThresholds:
    """Gate 4, on neighbours in the grid."""

    min_share: float = _limit(0.7, "share of neighbours above half the score of the chosen cell")
    min_median_ratio: float = _limit(0.7, "median score of the neighbours over the chosen cell's")


@dataclass(frozen=True)
class ChanceThresholds:
    """Gate 5: the same search on markets in another order."""

    max_p: float = _limit(0.05, "p-value of the best of the grid against permuted markets")


@dataclass(frozen=True)
class DrawdownThresholds:
    """Bands for risk; never evidence of skill."""

    max_share_deeper: float = _limit(
        0.95, "share of other orders of the same trades that fall deeper than theirs did"
    )


@dataclass(frozen=True)
class LuckThresholds:
    """The maximum over every cell tried on the instrument."""

    max_p: float = _limit(
        0.05, "p-value of the candidate's best cell among all cells and instruments of the run"
    )


@dataclass(frozen=True)
class FdrThresholds:
    """Gate 6: families of strategy and instrument."""

    max_q: float = _limit(0.05, "adjusted p-value over all families tested")


@dataclass(frozen=True)
class DeflatedThresholds:
    """Deflated Sharpe ratio."""

    min_probability: float = _limit(0.95, "probability that the Sharpe ratio is more than luck")


@dataclass(frozen=True)
class OverfittingThresholds:
    """PBO and what belongs beside it."""

    max_pbo: float = _limit(0.2, "probability of backtest overfitting; below its noise band too")
    max_loss_probability: float = _limit(
        0.15, "probability that the in-sample best loses money out of sample"
    )


@dataclass(frozen=True)
class StressThresholds:
    """Net annual Sharpe ratios under higher costs; each must be exceeded."""

    min_sharpe_x2: float = _limit(0.0, "annual Sharpe ratio at twice the costs, to be exceeded")
    min_sharpe_x3: float = _limit(
        NO_MINIMUM, "annual Sharpe ratio at three times the costs, to be exceeded"
    )
    min_sharpe_tick: float = _limit(
        NO_MINIMUM, "annual Sharpe ratio with one more tick of slippage a side, to be exceeded"
    )


@dataclass(frozen=True)
class MultiSymbolThresholds:
    """The documents' second phase: the same strategy on several instruments."""

    min_symbols: float = _limit(2.0, "instruments below which the gate is not asked")
    min_sharpe: float = _limit(0.3, "annual Sharpe ratio on an instrument")
    min_share: float = _limit(0.75, "share of instruments on which that is reached (3 of 4)")
    min_mean_sharpe: float = _limit(0.5, "mean annual Sharpe ratio over the instruments")
    worst_sharpe: float = _limit(-0.2, "annual Sharpe ratio on the worst instrument")
    max_drawdown_frac: float = _limit(0.30, "deepest fall on any, as a fraction of capital")
    max_correlation: float = _limit(0.7, "correlation with each strategy already held")
    max_mean_correlation: float = _limit(0.5, "mean correlation with strategies already held")


@dataclass(frozen=True)
class HoldoutThresholds:
    """The sealed end of history."""

    min_sharpe: float = _limit(0.0, "annual Sharpe ratio on the sealed bars, to be exceeded")
    first_look_size: float = _limit(
        0.5, "chance that luck passes the first look; the k-th is charged a k-th of it"
    )


@dataclass(frozen=True)
class Thresholds:
    """All gates' thresholds of one run, by gate, and which gates ``decide``."""

    validity: ValidityThresholds = ValidityThresholds()
    basic: BasicThresholds = BasicThresholds()
    walk_forward: WalkForwardThresholds = WalkForwardThresholds()
    regime: RegimeThresholds = RegimeThresholds()
    plateau: PlateauThresholds = PlateauThresholds()
    chance: ChanceThresholds = ChanceThresholds()
    drawdown: DrawdownThresholds = DrawdownThresholds()
    luck: LuckThresholds = LuckThresholds()
    fdr: FdrThresholds = FdrThresholds()
    deflated_sharpe: DeflatedThresholds = DeflatedThresholds()
    overfitting: OverfittingThresholds = OverfittingThresholds()
    cost_stress: StressThresholds = StressThresholds()
    multi_symbol: MultiSymbolThresholds = MultiSymbolThresholds()
    holdout: HoldoutThresholds = HoldoutThresholds()
    decides: frozenset[str] = frozenset()


# In the order in which they are asked.
GATES = tuple(f.name for f in fields(Thresholds) if f.name != "decides")

DECIDES = {
    "seed": frozenset({"basic", "walk_forward", "regime", "plateau", "chance", "fdr"}),
    "calibrated": frozenset({"validity", "basic", "walk_forward", "luck", "holdout"}),
}


class Row(NamedTuple):
    """One threshold with its value in both presets."""

    gate: str
    threshold: str
    meaning: str
    seed: float
    calibrated: float


def _row(gate: str, limit: Field[Any]) -> Row:
    seed, calibrated = getattr(getattr(_DEFAULTS, gate), limit.name), limit.metadata["calibrated"]
    meaning = limit.metadata["meaning"]
    return Row(gate, limit.name, meaning, seed, seed if calibrated is None else calibrated)


_DEFAULTS = Thresholds()
TABLE = tuple(_row(gate, limit) for gate in GATES for limit in fields(getattr(_DEFAULTS, gate)))


def thresholds(
    preset: str,
    n_bars: int,
    years: float,
    overrides: Mapping[str, Mapping[str, float]] | None = None,
    decides: Collection[str] | None = None,
) -> Thresholds:
    """Return the thresholds of a preset, with single ones replaced.

    Parameters
    ----------
    preset : str
        ``seed``: those of the seed documents, the 1,000 trades scaled to ``n_bars`` from the
        489,234 bars they were meant for, at least 30. ``calibrated``: what decides was chosen
        from measured size and power; at least 100 trades, or 5 a year where that is more.
    n_bars, years : int, float
        Length of the history that is judged.
    overrides : mapping, optional
        By gate and threshold; see `TABLE`. Infinities switch a condition off.
    decides : collection of str, optional
        Gates that decide; by default those of the preset.

    Raises
    ------
    SettingsError
        For a preset, gate or threshold that does not exist, a value that is no number, or no gate
        that decides.
    """
    if preset not in DECIDES:
        raise SettingsError(f"gates.preset must be one of {sorted(DECIDES)}, received {preset!r}.")
    asked = overrides or {}
    _known("gates.thresholds", asked)
    chosen = DECIDES[preset] if decides is None else frozenset(decides)
    _known("gates.decides", chosen)
    if not chosen:
        raise SettingsError(
            "gates.decides must name at least one gate, received none: everything would pass."
        )
    values = _values(preset, n_bars, years)
    found = {
        gate: _overridden(
            gate, replace(getattr(_DEFAULTS, gate), **values[gate]), asked.get(gate, {})
        )
        for gate in GATES
    }
    return Thresholds(**found, decides=chosen)


def markdown() -> str:
    """Return `TABLE` as it stands in docs/gates.md."""
    lines = ["| Gate | Threshold | Meaning | `seed` | `calibrated` |", "|---|---|---|---|---|"]
    lines += [
        f"| `{row.gate}` | `{row.threshold}` | {row.meaning} | {_shown(row.seed)} | "
        f"{_shown(row.calibrated)} |"
        for row in TABLE
    ]
    return "\n".join(lines)


def _values(preset: str, n_bars: int, years: float) -> dict[str, dict[str, float]]:
    values: dict[str, dict[str, float]] = {gate: {} for gate in GATES}
    for row in TABLE:
        values[row.gate][row.threshold] = row.seed if preset == "seed" else row.calibrated
    at_least = values["basic"]["min_trades"]
    values["basic"]["min_trades"] = float(
        max(_FEWEST_SEED_TRADES, round(at_least * n_bars / _SEED_BARS))
        if preset == "seed"
        else max(at_least, round(years * _CALIBRATED_TRADES_PER_YEAR))
    )
    return values


def _shown(value: float) -> str:
    return f"{value:,g}" if math.isfinite(value) else "none"


def _known(where: str, asked: Collection[str]) -> None:
    strangers = sorted(set(asked) - set(GATES))
    if strangers:
        raise SettingsError(
            f"{where} has no gate {strangers[0]!r}; the gates are {', '.join(GATES)}."
        )


def _overridden(gate: str, limits: Any, asked: Mapping[str, float]) -> Any:
    known = [f.name for f in fields(limits)]
    for name, value in asked.items():
        if name not in known:
            raise SettingsError(
                f"gates.thresholds.{gate} has no {name!r}; it has {', '.join(known)}."
            )
        if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
            raise SettingsError(
                f"gates.thresholds.{gate}.{name} must be a number, received {value!r}."
            )
    return replace(limits, **{name: float(value) for name, value in asked.items()})
