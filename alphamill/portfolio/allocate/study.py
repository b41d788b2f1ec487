"""A whole study: which names in which classes, which allocators, on which terms."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from alphamill.core.errors import SettingsError
from alphamill.portfolio.allocate.allocator import FALLBACKS, Allocator, rule_of
from alphamill.portfolio.allocate.caps import Limits
from alphamill.portfolio.allocate.evaluate import ALONE, BENCHMARK, Comparison, Row, Work, compare
from alphamill.portfolio.allocate.fixed import Fixed
from alphamill.portfolio.allocate.plan import Plan
from alphamill.portfolio.allocate.table import COMPARED
from alphamill.portfolio.allocate.universe import Universe, returns_of, universe


@dataclass(frozen=True)
class Study:
    """What is compared; prices come separately.

    Attributes
    ----------
    title : str
    classes : mapping of name to class
        The names of the study, in order; without any, all columns of the prices, unclassed.
    cash : str
        Name whose return cash earns and that rules by risk leave out; empty for none.
    allocators : tuple of str
        Names of `RULES`; equal weight is always there, as the benchmark.
    benchmarks : mapping of name to fixed weights by name
    limits : Limits
        Of every allocator but the benchmarks.
    fallbacks : tuple of str
    plan : Plan
    """

    title: str = "allocation"
    classes: Mapping[str, str] = field(default_factory=dict)
    cash: str = ""
    allocators: tuple[str, ...] = COMPARED
    benchmarks: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    limits: Limits = Limits(per_name=0.4)
    fallbacks: tuple[str, ...] = FALLBACKS
    plan: Plan = Plan()

    def __post_init__(self) -> None:
        for name in (*self.allocators, *self.fallbacks):
            rule_of(name)

    def universe(self, prices: pd.DataFrame, signals: pd.DataFrame | None = None) -> Universe:
        """Return the study's names of ``prices``.

        Raises
        ------
        SettingsError
            When the prices lack a name of the study.
        DataError
            As `returns_of` and `universe`.
        """
        returns, notes = returns_of(self._chosen(prices))
        return universe(returns, self.classes, signals, self.cash, notes)

    def universe_of_returns(
        self, returns: pd.DataFrame, signals: pd.DataFrame | None = None
    ) -> Universe:
        """Return the study's names of ``returns``, such as daily returns of strategies."""
        return universe(self._chosen(returns), self.classes, signals, self.cash)

    def _chosen(self, given: pd.DataFrame) -> pd.DataFrame:
        absent = [name for name in self.classes if name not in given.columns]
        if absent:
            raise SettingsError(
                f"{self.title}: the data lack {absent}; they hold "
                f"{list(map(str, given.columns))}. Add them, or take them out of the classes."
            )
        return given[list(self.classes)] if self.classes else given

    def estimators(self) -> dict[str, Allocator]:
        """Return the allocators by name, equal weight first."""
        cash_like = (self.cash,) if self.cash else ()
        names = dict.fromkeys((BENCHMARK, *self.allocators))
        return {
            name: Allocator(
                name,
                per_name=self.limits.per_name,
                per_class=dict(self.limits.per_class),
                budget=self.limits.budget,
                cash_like=cash_like,
                fallbacks=self.fallbacks,
            )
            for name in names
        }

    def run(self, market: Universe, work: Work = ALONE) -> Comparison:
        """Return the comparison of the study's allocators on ``market``."""
        beside = {name: Fixed(dict(weights)) for name, weights in self.benchmarks.items()}
        return compare(market, self.estimators(), self.plan, beside, work)


def as_values(found: Comparison, study: Study) -> dict[str, Any]:
    """Return a comparison as plain values, for JSON; what is not known is NaN."""
    sessions = found.sessions
    return {
        "study": study.title,
        "names": list(found.market.names),
        "classes": dict(found.market.classes),
        "cash": found.market.cash,
        "signals": found.market.signals_are,
        "notes": list(found.market.notes),
        "plan": asdict(found.plan),
        "limits": asdict(study.limits),
        "first": int(sessions[0]),
        "last": int(sessions[-1]),
        "n_days": int(sessions.size),
        "n_decisions": int(found.rows[0].walk.decided.size),
        "periods_per_year": found.per_year,
        "block_days": found.block,
        "luck": None if found.luck is None else asdict(found.luck),
        "rows": [_row(found, row) for row in found.rows],
    }


def _row(found: Comparison, row: Row) -> dict[str, Any]:
    names, walked = found.market.names, row.walk
    told = [
        {"decided": int(found.market.sessions[d]), "used": f.used, "reason": f.reason}
        for d, f in zip(walked.decided.tolist(), walked.fallbacks, strict=True)
        if f is not None
    ]
    return {
        "allocator": row.name,
        "is_compared": row.is_compared,
        **asdict(row.figures),
        "sharpe_interval": list(row.sharpe_interval),
        "difference": None
        if row.difference is None
        else {
            "sharpe": row.difference.sharpe,
            "sharpe_interval": list(row.difference.sharpe_interval),
            "mean_return": row.difference.mean_return,
            "mean_interval": list(row.difference.mean_interval),
        },
        "paths": asdict(row.paths),
        "weights": dict(zip(names, walked.targets[-1].tolist(), strict=True)),
        "fallback_decisions": told,
    }
