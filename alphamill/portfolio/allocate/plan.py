"""How allocators are compared: when they decide, on which past, and by which cross-validation."""

from dataclasses import dataclass

from alphamill.core.errors import SettingsError
from alphamill.portfolio.allocate.hold import Terms
from alphamill.portfolio.allocate.schedule import EVERY


@dataclass(frozen=True)
class Plan:
    """One plan for all allocators, so that they differ in nothing else.

    Attributes
    ----------
    every : str
        daily, weekly, monthly or quarterly: decided at the close of each period's first session.
    window : int
        Days of history before the first decision; each decision sees the last so many.
    expanding : bool
        Each decision sees the whole history instead.
    terms : Terms
        Costs, lag and drift band.
    n_groups, n_test_groups, embargo : int
        Of the combinatorial validation; embargo in days.
    draws, seed, level : int, int, float
        Resampled histories behind the intervals, their seed and coverage.
    """

    every: str = "monthly"
    window: int = 252
    expanding: bool = False
    terms: Terms = Terms()
    n_groups: int = 6
    n_test_groups: int = 2
    embargo: int = 5
    draws: int = 1_000
    seed: int = 7
    level: float = 0.90

    def __post_init__(self) -> None:
        faults = {
            f"every must be one of {list(EVERY)}": self.every in EVERY,
            "window must be at least 2 days": self.window >= 2,
            "costs must be 0 or more basis points": self.terms.cost_bps >= 0.0,
            "lag must be 0 or more sessions": self.terms.lag >= 0,
            "the drift band must be above 0": (self.terms.drift_band or 1.0) > 0.0,
            "1 <= n_test_groups < n_groups": 1 <= self.n_test_groups < self.n_groups,
            "draws must be at least 100": self.draws >= 100,
            "level must lie between 0 and 1": 0.0 < self.level < 1.0,
        }
        broken = [words for words, holds in faults.items() if not holds]
        if broken:
            raise SettingsError(f"plan of the comparison: {'; '.join(broken)}. Received {self}.")
