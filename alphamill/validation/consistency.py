"""Whether the same strategy earns on several instruments, and whether it is anything new."""

import math
from collections.abc import Mapping

from alphamill.core.errors import DataError
from alphamill.validation.gates import Condition, Verdict, missed
from alphamill.validation.thresholds import MultiSymbolThresholds


def multi_symbol_gate(
    sharpes: Mapping[str, float],
    drawdowns: Mapping[str, float],
    limits: MultiSymbolThresholds,
    correlations: Mapping[str, float] | None = None,
) -> Verdict:
    """Judge one strategy over several instruments: the documents' second phase.

    Parameters
    ----------
    sharpes, drawdowns : mapping of str to float
        By instrument the annual Sharpe ratio of net P&L, and the deepest fall as a fraction of
        capital; best out of sample.
    limits : MultiSymbolThresholds
    correlations : mapping of str to float, optional
        Of daily P&L with each strategy already held, by name; asked for where given.

    Returns
    -------
    Verdict
        The score is the share of instruments that reach ``min_sharpe``. Not asked with fewer than
        ``min_symbols`` instruments.

    Raises
    ------
    DataError
        Where Sharpe ratios and drawdowns are not of the same instruments.

    Notes
    -----
    Instruments that move together confirm each other less than their number says: on noise the
    gate passes more often the more they are correlated.

    References
    ----------
    Specs, factory 3.2, "Phase 2 multi-symbol".
    """
    if set(drawdowns) != set(sharpes):
        raise DataError(
            f"Sharpe ratios and drawdowns must be of the same instruments, received "
            f"{sorted(sharpes)} and {sorted(drawdowns)}."
        )
    n = len(sharpes)
    if n < max(limits.min_symbols, 1.0):
        detail = f"the strategy ran on {n} instruments, needs {limits.min_symbols:g}"
        return Verdict("multi_symbol", False, math.nan, limits.min_share, detail, asked=False)
    share = sum(ratio >= limits.min_sharpe for ratio in sharpes.values()) / n
    mean = sum(sharpes.values()) / n
    low, deep = _largest({name: -ratio for name, ratio in sharpes.items()}), _largest(drawdowns)
    reached = f"share with a Sharpe of {limits.min_sharpe:g}"
    failed = missed(
        [
            Condition(reached, share, "at least", limits.min_share),
            Condition("mean Sharpe", mean, "at least", limits.min_mean_sharpe),
            Condition(f"Sharpe on {low}", sharpes[low], "at least", limits.worst_sharpe),
            Condition(f"drawdown on {deep}", drawdowns[deep], "at most", limits.max_drawdown_frac),
            *_correlated(correlations or {}, limits),
        ]
    )
    table = ", ".join(f"{name} {ratio:.2f}" for name, ratio in sharpes.items())
    return Verdict("multi_symbol", not failed, share, limits.min_share, "; ".join([*failed, table]))


def _correlated(
    correlations: Mapping[str, float], limits: MultiSymbolThresholds
) -> list[Condition]:
    if not correlations:
        return []
    near = _largest(correlations)
    mean = sum(correlations.values()) / len(correlations)
    return [
        Condition(
            f"correlation with {near}", correlations[near], "at most", limits.max_correlation
        ),
        Condition("mean correlation", mean, "at most", limits.max_mean_correlation),
    ]


def _largest(figures: Mapping[str, float]) -> str:
    """Return the name of the largest figure; one that is not known comes before all."""
    return max(figures, key=lambda name: (math.isnan(figures[name]), figures[name]))
