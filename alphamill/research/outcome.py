"""What a run returns and the report shows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from alphamill.backtest.engine import Result
from alphamill.core.market import Floats, Ints
from alphamill.core.params import Value
from alphamill.data.raw import Finding
from alphamill.validation.gates import Verdict
from alphamill.validation.thresholds import GATES


@dataclass(frozen=True)
class FunnelStep:
    """How many are left after a step."""

    label: str
    count: int
    unit: str  # "cells" or "candidates"


@dataclass(frozen=True)
class Candidate:
    """One strategy on one instrument: its best cell and what every gate said.

    ``sessions`` (yyyymmdd) and ``oos_pnl`` are the stitched out-of-sample P&L by trade date in
    account currency; Sharpes are annualised from daily marked-to-market P&L; ``cell`` is the row
    of its chosen cell among those tried.
    """

    symbol: str
    timeframe: str
    strategy_id: int
    strategy_name: str
    archetype: str
    n_cells: int
    params: Mapping[str, Value | None]
    metrics: Mapping[str, float]
    in_sample_sharpe: float
    oos_sharpe: float
    sessions: Ints
    oos_pnl: Floats
    verdicts: tuple[Verdict, ...]
    cell: int = -1

    @property
    def pair(self) -> tuple[str, str]:
        """Return what it is: an instrument's symbol and a strategy's name."""
        return self.symbol, self.strategy_name

    @property
    def failed_gate(self) -> str | None:
        """Return the first gate that decides and said no."""
        return next((v.gate for v in self._deciding() if v.asked and not v.passed), None)

    @property
    def waits_for(self) -> str | None:
        """Return the first gate that decides and was not asked, where none said no."""
        if self.failed_gate:
            return None
        return next((v.gate for v in self._deciding() if not v.asked), None)

    @property
    def stamp(self) -> str:
        """Return what may be said of it: proven, provisional (a gate still waits), unproven."""
        if self.failed_gate:
            return "unproven"
        return "provisional" if self.waits_for else "proven"

    @property
    def distance(self) -> tuple[int, float, str, int]:
        """Return a key that puts first who came furthest: gates passed in a row, then Sharpe."""
        passed = [v.passed for v in self._deciding()]
        came = passed.index(False) if False in passed else len(passed)
        behind = -self.oos_sharpe if math.isfinite(self.oos_sharpe) else math.inf
        return -came, behind, self.symbol, self.strategy_id

    def _deciding(self) -> list[Verdict]:
        return [v for v in self.verdicts if v.decides]

    def told(self, *more: Verdict) -> "Candidate":
        """Return the candidate with further verdicts, all in the order of the gates."""
        verdicts = sorted((*self.verdicts, *more), key=lambda v: GATES.index(v.gate))
        return replace(self, verdicts=tuple(verdicts))


@dataclass(frozen=True)
class Winner:
    """A candidate that passed, or was carried on and is stamped ``unproven``."""

    rank: int
    candidate: Candidate
    stamp: str  # of its candidate
    run_id: str
    data_hash: str
    code_version: str

    @property
    def survived(self) -> bool:
        """Whether no gate that decides said no; one may still wait."""
        return self.stamp != "unproven"


@dataclass(frozen=True)
class Heatmap:
    """Annualised in-sample Sharpe over two parameters of the best winner, best over the rest."""

    x_name: str
    y_name: str
    x_values: tuple[Value | None, ...]
    y_values: tuple[Value | None, ...]
    sharpe: Floats  # shape (len(y_values), len(x_values)); NaN where no cell exists


@dataclass(frozen=True)
class Refusal:
    """What was not run, and why."""

    symbol: str
    strategy: str
    reason: str


@dataclass(frozen=True)
class Failure:
    """A parameter set whose rule raised, and what it said."""

    symbol: str
    strategy: str
    params: Mapping[str, Value]
    reason: str


@dataclass(frozen=True)
class GridCount:
    """Points of a declared grid, and those that are left without equal and impossible ones."""

    name: str  # a strategy's, or "exits"
    declared: int
    run: int


def grid_lines(grids: Sequence[GridCount]) -> dict[str, str]:
    """Return what a page and a console say about the points that were declared and are run.

    Examples
    --------
    >>> grid_lines([GridCount("MACD", 80, 75), GridCount("Aroon", 4, 4), GridCount("exits", 4, 4)])
    {'parameter sets': '84 declared, 79 run (MACD 80: 75)', 'exits': '4 declared, 4 run'}
    """
    own = [grid for grid in grids if grid.name != "exits"]
    fewer = ", ".join(f"{g.name} {g.declared:,}: {g.run:,}" for g in own if g.run < g.declared)
    declared, run = sum(g.declared for g in own), sum(g.run for g in own)
    lines = {
        "parameter sets": f"{declared:,} declared, {run:,} run" + (f" ({fewer})" if fewer else "")
    }
    return lines | {
        g.name: f"{g.declared:,} declared, {g.run:,} run" for g in grids if g.name == "exits"
    }


@dataclass(frozen=True)
class Trials:
    """How often we looked: cells of this run, cells new to the ledger, cells ever tried."""

    this_run: int
    new: int
    ever: int
    expected_best_noise_sharpe: float
    deflated_sharpe: float | None


@dataclass(frozen=True)
class RunOutcome:
    """Everything the page shows; ``best`` is the first winner's (or nearest candidate's) run."""

    run_id: str
    project: str
    funnel: tuple[FunnelStep, ...]
    candidates: tuple[Candidate, ...]
    winners: tuple[Winner, ...]
    best: Candidate | None
    best_result: Result | None
    heatmap: Heatmap | None
    refused: tuple[Refusal, ...]
    quality: tuple[Finding, ...]
    trials: Trials
    windows: Mapping[str, Mapping[str, str]]
    identity: Mapping[str, str]
    budget: Mapping[str, str]
    stages: Mapping[str, float]
    survivorship: str
    failed: tuple[Failure, ...] = ()
    grids: tuple[GridCount, ...] = ()
