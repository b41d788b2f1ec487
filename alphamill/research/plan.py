"""What one run is asked to do; the settings room builds it from the project file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.core.strategy import Sides, Strategy
from alphamill.data.instruments import PARTNERS
from alphamill.research.outcome import GridCount

# bars: any bar may come anywhere. blocks: two weeks stay together, and with them clusters of
# volatility. slots: each bar stays at its time of the day. test: any bar after the first training
# window, so that what was trained there stands as it was.
Null = Literal["bars", "blocks", "slots", "test"]


@dataclass(frozen=True)
class Plan:
    """A frozen, checked order for the whole research path.

    ``windows`` maps discovery, ml_validation, portfolio, sealed to fractions of each history
    (adding up to 1) or to (first, last) trade dates yyyymmdd. ``gates`` maps a gate's name to
    its thresholds over the preset, ``decides`` the gates that decide (None: those of the preset);
    ``carry_unproven`` carries winners that failed a gate, stamped.
    ``partners`` maps an instrument to the one that rules over two series compare it with.
    ``files`` maps the names of users' strategies to the files they come from. ``n_exits_declared``
    counts the exit combinations that were asked for, equal ones included (0: those of ``exits``).
    ``draws`` is how many resampled histories the luck test takes, ``permutations`` how many
    permuted markets the chance test does; 0 leaves the test out. ``null`` says what is permuted
    there. ``machine`` names the ledger's chain (None: a hash of the host's name).
    """

    symbols: tuple[str, ...]
    timeframe: str
    strategies: tuple[Strategy, ...]
    exits: tuple[ExitStack, ...] = field(default_factory=exit_grid)
    sides: Sides = "long"
    windows: Mapping[str, float | tuple[int, int]] = field(default_factory=dict)
    gates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    gate_preset: str = "calibrated"
    decides: tuple[str, ...] | None = None
    train_quarters: int = 12
    test_quarters: int = 4
    top_n: int = 10
    carry_unproven: bool = False
    permutations: int = 0
    null: Null = "bars"
    draws: int = 0
    max_cells: int = 2_000_000
    max_memory_mb: int = 2_000
    instruments: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    seed: int = 7
    project: str = "project"
    machine: str | None = None
    partners: Mapping[str, str] = field(default_factory=lambda: dict(PARTNERS))
    files: Mapping[str, Path] = field(default_factory=dict)
    n_exits_declared: int = 0

    @property
    def grids(self) -> tuple[GridCount, ...]:
        """Return how many points each grid declares and how many distinct ones are run."""
        n_exits = len(self.exits)
        return (
            *(GridCount(s.name, s.n_declared, sum(1 for _ in s.cells())) for s in self.strategies),
            GridCount("exits", max(self.n_exits_declared, n_exits), n_exits),
        )

    def strategy(self, name: str) -> Strategy:
        """Return the strategy of this name."""
        return next(s for s in self.strategies if s.name == name)
