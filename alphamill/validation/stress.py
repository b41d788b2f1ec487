"""Cost stress: what is left of the chosen cell when trading costs more than was thought."""

from collections.abc import Sequence
from dataclasses import dataclass

from alphamill.core.errors import DataError
from alphamill.validation.gates import Condition, Verdict, missed
from alphamill.validation.thresholds import StressThresholds

AS_CHARGED, TWICE, THREE_TIMES, ONE_MORE_TICK = (
    "as charged",
    "costs x2",
    "costs x3",
    "one more tick",
)


@dataclass(frozen=True)
class Stressed:
    """The chosen cell run again under other costs; ``sharpe`` is annual, of net session P&L."""

    name: str
    sharpe: float
    total_pnl: float


def stress_gate(rows: Sequence[Stressed], limits: StressThresholds) -> Verdict:
    """Judge whether the net Sharpe ratio stays above its bar when costs rise.

    Parameters
    ----------
    rows : sequence of Stressed
        Named "as charged", "costs x2", "costs x3" and "one more tick"; a row that is missing, as
        that of a tick on an instrument without ticks, is not known and fails where it is asked.
    limits : StressThresholds

    Notes
    -----
    The score is the Sharpe ratio at twice the costs. It is in-sample: it asks how thin the edge is
    against costs, not whether it is real, so noise of low turnover passes as often as its gross
    ratio is above 0.
    """
    sharpe = {row.name: row.sharpe for row in rows}
    strangers = sorted(set(sharpe) - {AS_CHARGED, TWICE, THREE_TIMES, ONE_MORE_TICK})
    if strangers:
        raise DataError(
            f"stress rows are named {AS_CHARGED!r}, {TWICE!r}, {THREE_TIMES!r} and "
            f"{ONE_MORE_TICK!r}, received {strangers[0]!r}."
        )
    asked = (
        (TWICE, limits.min_sharpe_x2),
        (THREE_TIMES, limits.min_sharpe_x3),
        (ONE_MORE_TICK, limits.min_sharpe_tick),
    )
    unknown = float("nan")
    failed = missed(
        Condition(f"Sharpe at {name}", sharpe.get(name, unknown), "above", bar)
        for name, bar in asked
    )
    table = ", ".join(f"{row.name} {row.sharpe:.2f}" for row in rows)
    return Verdict(
        "cost_stress",
        not failed,
        sharpe.get(TWICE, unknown),
        limits.min_sharpe_x2,
        "; ".join([*failed, table]),
    )
