"""All allocators on the same days: walk-forward and combinatorial validation in one table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from alphamill.backtest.metrics import periods_per_year
from alphamill.core.errors import SettingsError
from alphamill.core.market import Ints
from alphamill.portfolio.allocate.allocator import Weigher
from alphamill.portfolio.allocate.fixed import Fixed
from alphamill.portfolio.allocate.plan import Plan
from alphamill.portfolio.allocate.standing import (
    Difference,
    Figures,
    Luck,
    Paths,
    difference,
    figures,
    luck,
    mean_block,
    paths,
)
from alphamill.portfolio.allocate.universe import Universe
from alphamill.portfolio.allocate.walk import Combined, Walk, combined, walk
from alphamill.validation.bootstrap import sharpe_interval, stationary_weights
from alphamill.validation.statistics import Interval
from alphamill.workshop.parallel import executor
from alphamill.workshop.progress import Progress, Silent

BENCHMARK: Final = "equal"


@dataclass(frozen=True, eq=False)
class Row:
    """One allocator of the comparison.

    Attributes
    ----------
    name : str
    is_compared : bool
        Charged as one of the tries; the benchmark and fixed weights are not.
    figures : Figures
        Walk-forward.
    sharpe_interval : Interval
        For an allocator chosen beforehand; the best of several is lifted by luck.
    difference : Difference or None
        To equal weight, None for itself.
    paths : Paths
        Combinatorial validation.
    walk : Walk
    """

    name: str
    is_compared: bool
    figures: Figures
    sharpe_interval: Interval
    difference: Difference | None
    paths: Paths
    walk: Walk


@dataclass(frozen=True, eq=False)
class Comparison:
    """Allocators on the same days and terms; the benchmark stands first.

    Attributes
    ----------
    market : Universe
    plan : Plan
    rows : tuple of Row
    luck : Luck or None
        None where nothing is compared with the benchmark.
    first : int
        Row of the universe from which days are judged.
    per_year : float
        Sessions a year.
    block : float
        Mean block of the resampled histories, in days.
    """

    market: Universe
    plan: Plan
    rows: tuple[Row, ...]
    luck: Luck | None
    first: int
    per_year: float
    block: float

    @property
    def sessions(self) -> Ints:
        """Return the judged trade dates."""
        return self.market.sessions[self.first :]

    def row(self, name: str) -> Row:
        """Return one allocator's row."""
        return next(row for row in self.rows if row.name == name)


@dataclass(frozen=True)
class Work:
    """How a comparison is run; its answer does not depend on it.

    ``n_workers`` processes; ``progress`` hears each allocator when it is done.
    """

    n_workers: int = 1
    progress: Progress = field(default_factory=Silent)


ALONE: Final = Work()


def compare(
    market: Universe,
    allocators: Mapping[str, Weigher],
    plan: Plan,
    benchmarks: Mapping[str, Fixed] | None = None,
    work: Work = ALONE,
) -> Comparison:
    """Return all allocators in one table, each judged on the same days.

    Parameters
    ----------
    market : Universe
    allocators : mapping of name to estimator
        One must be named ``equal``: the benchmark of every difference.
    plan : Plan
    benchmarks : mapping of name to Fixed, optional
        Shown beside, not charged as tries.
    work : Work

    Raises
    ------
    SettingsError
        Without a benchmark, or where a name comes twice.
    DataError
        For too short a history.
    """
    beside = dict(benchmarks or {})
    if BENCHMARK not in allocators or set(beside) & set(allocators):
        raise SettingsError(
            f"a comparison needs an allocator named {BENCHMARK!r}, its benchmark, and names that "
            f"come once, received {list(allocators)} and {list(beside)}."
        )
    order = [BENCHMARK, *(name for name in allocators if name != BENCHMARK)]
    everyone = {**{name: allocators[name] for name in order}, **beside}
    ground = _Ground(market, everyone, plan)
    found: dict[str, tuple[Walk, Combined]] = {}
    work.progress.start("allocators", len(everyone))
    with executor(work.n_workers) as at_work:
        judged = at_work.map(_judged, list(everyone), at_work.put(ground))
        for name, both in zip(everyone, judged, strict=True):
            found[name] = both
            work.progress.advance(note=name)
    work.progress.finish()
    return _table(ground, found, order[1:])


class _Ground(NamedTuple):
    """What every worker needs."""

    market: Universe
    everyone: dict[str, Any]
    plan: Plan


def _judged(ground: _Ground, name: str) -> tuple[Walk, Combined]:
    allocator = ground.everyone[name]
    walked = walk(ground.market, allocator, ground.plan)
    return walked, combined(ground.market, allocator, ground.plan, walked.first)


def _table(
    ground: _Ground, found: Mapping[str, tuple[Walk, Combined]], tried: list[str]
) -> Comparison:
    market, _, plan = ground
    base, base_paths = found[BENCHMARK]
    per_year = periods_per_year(market.sessions[base.first :])
    nets = {name: walked.net for name, (walked, _) in found.items()}
    block = mean_block([net for net in nets.values() if np.ptp(net) > 0.0])
    rng = np.random.default_rng(plan.seed)
    drawn = stationary_weights(base.net.size, plan.draws, block, rng)
    rows = [
        Row(
            name=name,
            is_compared=name in tried,
            figures=figures(walked, per_year),
            sharpe_interval=sharpe_interval(walked.net, drawn, per_year, plan.level),
            difference=None
            if name == BENCHMARK
            else difference(walked.net, base.net, drawn, per_year, plan.level),
            paths=paths(in_paths, base_paths, per_year),
            walk=walked,
        )
        for name, (walked, in_paths) in found.items()
    ]
    return Comparison(
        market=market,
        plan=plan,
        rows=tuple(rows),
        luck=luck({name: nets[name] for name in tried}, base.net, drawn, per_year),
        first=base.first,
        per_year=per_year,
        block=block,
    )
