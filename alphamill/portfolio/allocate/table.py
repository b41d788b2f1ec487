"""The table of allocators: what each is, and what it needs to know."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from alphamill.core.market import Floats
from alphamill.portfolio.allocate import hierarchical, plain, signals, solved
from alphamill.portfolio.allocate.sight import Sight


class Rule(NamedTuple):
    """One way to set weights.

    ``by_risk``: it weighs by risk, so names that stand for cash would take nearly everything and
    are left out; ``reads_signals``: it needs signals; ``needs_solver``: it needs skfolio.
    """

    idea: str
    weigh: Callable[[Sight], Floats]
    by_risk: bool = False
    reads_signals: bool = False
    needs_solver: bool = False


RULES: Final[Mapping[str, Rule]] = {
    "equal": Rule("the same weight for all", plain.equal),
    "inverse_volatility": Rule("by 1 / volatility", plain.inverse_volatility, by_risk=True),
    "signal_weighted": Rule(
        "by positive signals, else cash", signals.signal_weighted, reads_signals=True
    ),
    "signal_or_equal": Rule(
        "by positive signals, else equal", signals.signal_or_equal, reads_signals=True
    ),
    "minimum_variance": Rule(
        "least variance, shrunk covariance",
        solved.minimum_variance,
        by_risk=True,
        needs_solver=True,
    ),
    "risk_parity": Rule(
        "equal contributions to variance", solved.risk_parity, by_risk=True, needs_solver=True
    ),
    "hrp": Rule("hierarchical risk parity", hierarchical.hierarchical_risk_parity, by_risk=True),
    "maximum_diversification": Rule(
        "largest diversification ratio",
        solved.maximum_diversification,
        by_risk=True,
        needs_solver=True,
    ),
    "cvar": Rule("mildest worst 5 % of days", solved.least_cvar, by_risk=True, needs_solver=True),
    "sector_rotation": Rule(
        "the best signal of each class", signals.sector_rotation, reads_signals=True
    ),
    "rotation_by_volatility": Rule(
        "the best signal of each class, by 1 / volatility",
        signals.rotation_by_volatility,
        reads_signals=True,
    ),
}

# What a comparison holds unless it is told otherwise; variants of these are offered besides.
COMPARED: Final = (
    "equal",
    "inverse_volatility",
    "signal_weighted",
    "minimum_variance",
    "risk_parity",
    "hrp",
    "maximum_diversification",
    "cvar",
    "sector_rotation",
)
