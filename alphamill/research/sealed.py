"""The sealed end of history: looked at once, for who passed all that decides before it."""

from collections.abc import Mapping

from alphamill.backtest.metrics import daily_pnl, periods_per_year
from alphamill.research.cells import Part
from alphamill.research.factory import limits_for, rerun
from alphamill.research.outcome import Candidate
from alphamill.research.plan import Plan
from alphamill.research.sweep import Ground
from alphamill.validation.gates import Verdict, stamped
from alphamill.validation.holdout import holdout_gate


def look(
    plan: Plan,
    grounds: Mapping[str, Ground],
    whole: Mapping[str, Ground],
    part: Part,
    cell: int,
    n_looks: int,
    first: int,
) -> Verdict:
    """Return what one cell earned on the sealed bars.

    Parameters
    ----------
    plan : Plan
    grounds, whole : mapping
        Symbol -> ground of the discovery window, and of all that may be judged. The rule reads both
        as one history, so its warm-up is whole.
    part, cell : Part, int
        The cell that discovery chose; nothing is chosen here.
    n_looks : int
        Looks at these bars so far, this one included; each makes the next one dearer.
    first : int
        The first sealed trade date (yyyymmdd). What lies before it is not judged: the discovery
        window chose the cell, and later windows may have been looked at. A position that is open
        at the seal is marked from there.
    """
    ground = grounds[part.symbol]
    limits = limits_for(plan, ground)
    sessions, pnl = daily_pnl(rerun(plan.strategy(part.strategy), whole, part, cell))
    is_sealed = sessions >= max(first, int(ground.sessions[-1]) + 1)
    verdict = holdout_gate(pnl[is_sealed], periods_per_year(sessions), n_looks, limits.holdout)
    return stamped(verdict, limits)


def still_sealed(plan: Plan, grounds: Mapping[str, Ground], who: Candidate) -> Verdict:
    """Return the verdict of a gate that was not asked, and why."""
    limits = limits_for(plan, grounds[who.symbol])
    why = "the sealed end of history has not been looked at"
    if who.failed_gate:
        why = f"{who.failed_gate} said no, so the seal stays closed"
    return stamped(
        Verdict("holdout", False, float("nan"), limits.holdout.min_sharpe, why, asked=False), limits
    )
