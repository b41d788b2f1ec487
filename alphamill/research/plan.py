"""What one run is asked to do; the settings room builds it from the project file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.core.strategy import Sides, Strategy


@dataclass(frozen=True)
class Plan:
    """A frozen, checked order for the whole research path.

    ``windows`` maps discovery, ml_validation, portfolio, sealed to fractions of each history
    (adding up to 1) or to (first, last) trade dates yyyymmdd. ``gates`` maps a gate's name to
    its thresholds over the preset. ``carry_unproven`` carries winners that failed a gate, stamped.
    """

    symbols: tuple[str, ...]
    timeframe: str
    strategies: tuple[Strategy, ...]
    exits: tuple[ExitStack, ...] = field(default_factory=exit_grid)
    sides: Sides = "long"
    windows: Mapping[str, float | tuple[int, int]] = field(default_factory=dict)
    gates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    gate_preset: str = "calibrated"
    train_quarters: int = 12
    test_quarters: int = 4
    top_n: int = 10
    carry_unproven: bool = False
    permutations: int = 0
    max_cells: int = 2_000_000
    max_memory_mb: int = 2_000
    instruments: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    seed: int = 7
    project: str = "project"
