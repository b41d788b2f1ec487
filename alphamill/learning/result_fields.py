"""One winner's row in the file of meta-label results, under the seed documents' field names."""

import math
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from alphamill.learning.criteria import MetaVerdict
from alphamill.learning.dataset import Primary
from alphamill.learning.uplift import Figures, Uplift

Left = Literal["failed", "skipped"]

_OF_BOTH: Final = ("sharpe", "trades", "win_rate", "profit_factor", "net_profit", "max_drawdown")
FIELDS: Final = (
    "status",
    "reason",
    "symbol",
    "strategy_id",
    "strategy_name",
    *(f"baseline_{name}" for name in _OF_BOTH),
    *(f"ml_{name}" for name in _OF_BOTH),
    "improvement_factor",
    "cpcv_sharpe",
    "deflated_sharpe",
    "threshold",
    "n_features",
    "features",
    "answer",
    "enhanced",
    "told",
    "criteria",
)


class Learned(NamedTuple):
    """What training says of the chosen model: nothing of it comes from the validation window.

    ``cpcv_sharpe`` is the annual Sharpe ratio of the chosen trial's out-of-fold trades;
    ``deflated_sharpe`` the probability that it is more than the luck of all trials.
    """

    cpcv_sharpe: float
    deflated_sharpe: float
    threshold: float
    features: tuple[str, ...]


def report_fields(
    primary: Primary, verdict: MetaVerdict, uplift: Uplift, learned: Learned
) -> dict[str, Any]:
    """Return the row of a winner whose model was judged; JSON-safe, None for what is no number."""
    criteria = [
        {
            "name": c.name,
            "value": finite(c.value),
            "bound": c.bound,
            "threshold": finite(c.threshold),
            "asked": c.asked,
            "passed": c.passed,
            "asker": c.asker,
            "told": c.told,
        }
        for c in verdict.criteria
    ]
    return _row(
        primary,
        {
            "status": "completed",
            **_figures("baseline", uplift.baseline),
            **_figures("ml", uplift.filtered),
            "improvement_factor": finite(uplift.improvement),
            "cpcv_sharpe": finite(learned.cpcv_sharpe),
            "deflated_sharpe": finite(learned.deflated_sharpe),
            "threshold": finite(learned.threshold),
            "n_features": len(learned.features),
            "features": list(learned.features),
            "answer": verdict.answer,
            "enhanced": verdict.enhanced,
            "told": verdict.told,
            "criteria": criteria,
        },
    )


def fields_without(primary: Primary, status: Left, reason: str) -> dict[str, Any]:
    """Return the row of a winner without a judged model: the same fields, all None but the why."""
    return _row(primary, {"status": status, "reason": reason, "enhanced": False})


def enhanced_name(strategy: str) -> str:
    """Return what a strategy is called with its model.

    Examples
    --------
    >>> enhanced_name("rsi2")
    'rsi2_ML'
    """
    return f"{strategy}_ML"


def _row(primary: Primary, known: Mapping[str, Any]) -> dict[str, Any]:
    who = {
        "symbol": primary.symbol,
        "strategy_id": primary.strategy_id,
        "strategy_name": primary.strategy,
    }
    return {name: {**who, **known}.get(name) for name in FIELDS}


def _figures(whose: str, figures: Figures) -> dict[str, float | int | None]:
    values = (
        finite(figures.sharpe),
        figures.n_trades,
        finite(figures.win_rate),
        finite(figures.profit_factor),
        finite(figures.net_profit),
        finite(figures.max_drawdown),
    )
    return {f"{whose}_{name}": value for name, value in zip(_OF_BOTH, values, strict=True)}


def finite(value: float) -> float | None:
    """Return a number as JSON can hold it: None for NaN and infinity."""
    return float(value) if math.isfinite(value) else None
