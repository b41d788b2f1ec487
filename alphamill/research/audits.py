"""What is audited: strategies, indicators and users' files as subjects, and proof that it works.

Rooms that hold features, labels, models or weights return subjects of their own kind in the same
way; `alphamill.validation.audit.audit` takes any of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Final

import numpy as np

from alphamill.backtest.engine import Result, backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.legs import backtest_legs, legs_of
from alphamill.backtest.metrics import session_last_bars
from alphamill.core.market import Bars, Flags, Instrument, Ints, Signals, bar_columns
from alphamill.core.params import Params
from alphamill.core.strategy import WHOLE_HISTORY, Strategy
from alphamill.features.compute import features
from alphamill.features.feature import Feature
from alphamill.features.table import FEATURES, cross_names, split
from alphamill.indicators.indicator import Indicator
from alphamill.strategies.contract_markets import (
    BARS_A_SESSION,
    MINUTE_NS,
    Series,
    beside,
    cut,
    disturbed,
    long_markets,
    short_markets,
)
from alphamill.validation.audit import audit
from alphamill.validation.audit_grounds import ColumnsGround, with_another_future
from alphamill.validation.audit_line import files_of
from alphamill.validation.audit_probe import identity_probe
from alphamill.validation.audit_subject import (
    QUICK,
    Effort,
    Ground,
    How,
    Report,
    Subject,
    Traded,
)
from alphamill.workshop.progress import Progress

# Of no interest here: what is asked is when orders fill, not what they cost.
FREE: Final = Instrument(
    "AUDIT", "audit", "index", "XNYS", tick=0.0, point_value=1.0, slippage_bps=0.0
)
VOLUMES_ONLY: Final = "NaN is tried on volumes only: bars hold no price that is NaN"
# The name of an instrument that stands beside the traded one.
OTHER: Final = "OTHER"
LATER_NS: Final = 5 * MINUTE_NS


@dataclass(frozen=True)
class BarsGround:
    """Bars of one instrument, and of those that a rule reads beside it."""

    series: Series

    @property
    def name(self) -> str:
        return f"{self.series[0].symbol} {self.series[0].timeframe}"

    @property
    def moments(self) -> Ints:
        return self.series[0].close_ns

    def rows(self, start: int, stop: int) -> Series:
        """Return bars ``start`` to ``stop - 1`` and what was known of the others by then."""
        return cut(self.series, start, stop)

    def changed(self, n_kept: int, how: How) -> Series:
        """Return the series with another future; NaN is possible for volumes only.

        Raises
        ------
        DataError
            For NaN where no volume is known: bars hold no price that is NaN.
        """
        if how == "noise":
            return disturbed(self.series, n_kept)
        moment = self.series[0].close_ns[n_kept - 1]
        changed = []
        for bars in self.series:
            names = ("volume",) if how == "nan" else ("open", "high", "low", "close", "volume")
            n_known = int(np.searchsorted(bars.close_ns, moment, side="right"))
            if how == "constant" and not n_known:
                changed.append(bars)
                continue
            columns: dict[str, Any] = with_another_future(
                {name: getattr(bars, name) for name in names}, n_known, how
            )
            if how == "constant":
                columns["raw_close"] = columns["close"]
            changed.append(replace(bars, **columns))
        return tuple(changed)


# --- strategies --------------------------------------------------------------------------------


def strategy_subjects(strategy: Strategy, quick: bool = False) -> Iterator[Subject]:
    """Yield a strategy at its defaults and, unless ``quick``, at the ends of its grid."""
    sets = [strategy.params()]
    if not quick:
        cells = list(strategy.cells())
        sets += [cell for cell in (cells[0], cells[-1]) if cell not in sets]
    short, long = (
        tuple(BarsGround(_beside(strategy, bars)) for bars in markets)
        for markets in (short_markets(), long_markets())
    )
    # A cut market cannot show what a rule lacks: what it needs is not asked for.
    bare = replace(strategy, needs=frozenset())
    for params in sets:
        memory = strategy.warmup(params)
        yield Subject(
            kind="strategy",
            name=strategy.name,
            params=", ".join(f"{name}={value}" for name, value in params.items()),
            call=partial(_said, bare, params),
            grounds=short,
            files=files_of(strategy.rule),
            memory=None if memory == WHOLE_HISTORY else memory,
            long_grounds=long,
            trades=partial(_traded, bare, params),
            untried=(VOLUMES_ONLY,),
        )


def _beside(strategy: Strategy, bars: Bars) -> Series:
    return (bars, *(beside(bars, place) for place in range(len(strategy.others))))


def _said(strategy: Strategy, params: Params, series: Series) -> Any:
    if strategy.others:
        return {"targets": strategy.targets(series[0], series[1:], params, "both")}
    return strategy.signals(series[0], params, "both")


def _traded(strategy: Strategy, params: Params, series: Series, delay: int) -> Traded:
    said = _said(strategy, params, series)
    if isinstance(said, Signals):
        later = Signals(*(_delayed(column, delay) for column in said))
        result = backtest(series[0], later, ExitStack(), FREE, levels=strategy.levels)
    else:
        legs = legs_of([(bars, FREE) for bars in series])
        result = backtest_legs(legs, _delayed(said["targets"], delay))
    return _as_traded(result)


def _as_traded(result: Result) -> Traded:
    closes = result.bars.close_ns
    daily = np.diff(result.equity[session_last_bars(result.bars.session)], prepend=0.0)
    return Traded(closes[result.trades.decided], closes[result.trades.entry_bar], daily)


def _delayed(column: Any, n_bars: int) -> Any:
    if column is None or not n_bars:
        return column
    unknown = np.nan if column.dtype.kind == "f" else 0
    pad = np.full_like(column[:n_bars], unknown)
    return np.concatenate([pad, column[:-n_bars]])


# --- indicators --------------------------------------------------------------------------------


def indicator_subject(row: Indicator) -> Subject:
    """Return a row of the library's table at its customary parameters."""
    memory = row.memory(row.params)
    return Subject(
        kind="indicator",
        name=row.name,
        params=", ".join(f"{name}={value}" for name, value in row.params.items()),
        call=row.values,
        grounds=column_grounds(False),
        files=files_of(row.function),
        memory=None if memory == WHOLE_HISTORY else memory,
        long_grounds=column_grounds(True),
    )


@cache
def column_grounds(is_long: bool) -> tuple[Ground, ...]:
    """Return the markets of the contract as columns: those of bars and three made from them."""
    return tuple(_columns_of(bars) for bars in (long_markets() if is_long else short_markets()))


def _columns_of(bars: Bars) -> ColumnsGround:
    rng = np.random.default_rng(len(bars))
    place = np.arange(len(bars), dtype=np.float64)
    columns = {name: getattr(bars, name) for name in bar_columns()}
    columns["other"] = bars.close + 3.0 * rng.standard_normal(len(bars))
    columns["flag"] = bars.close > np.median(bars.close)
    columns["lag"] = np.floor(0.75 * place)
    name = f"{bars.symbol} {bars.timeframe}"
    return ColumnsGround(name, columns, bars.close_ns, frozenset({"session_end"}))


def feature_subject(row: Feature) -> Subject:
    """Return a row of the features' table."""
    memory = max(row.n_bars, row.n_sessions * BARS_A_SESSION + 1)
    short, long = (
        tuple(BarsGround((bars,)) for bars in markets)
        for markets in (short_markets(), long_markets())
    )
    return Subject(
        kind="feature",
        name=row.name,
        params=", ".join(f"{name}={value}" for name, value in row.params.items()),
        call=lambda series: {row.name: row.column(series[0])},
        grounds=short,
        files=files_of(row.function),
        memory=None if row.n_bars == WHOLE_HISTORY else memory,
        long_grounds=long,
        untried=(VOLUMES_ONLY,),
    )


def crossing_subject(row: Feature, symbol: str = OTHER) -> Subject:
    """Return a row of the features' table as it is offered of another instrument."""
    name = f"{symbol}_{row.name}"
    return Subject(
        kind="feature",
        name=name,
        params=", ".join(f"{name}={value}" for name, value in row.params.items()),
        call=lambda series: {name: features(series[0], {symbol: series[1]}, (name,)).column(name)},
        grounds=crossing_grounds(),
        files=files_of(row.function, features),
        untried=(VOLUMES_ONLY, "start-up of another instrument's feature is tried as its own"),
    )


@cache
def crossing_grounds() -> tuple[Ground, ...]:
    """Return each short market beside one of the same clock, and beside a slower, later one.

    The slower one closes inside the bars: what is nearest in time is then a bar of the future.
    """
    grounds = []
    for bars in short_markets():
        other = beside(bars, 0)
        same = _only(bars, np.isin(bars.close_ns, other.close_ns))
        slower = _only(other, np.arange(len(other)) % 2 == 0)
        later = replace(slower, close_ns=slower.close_ns + LATER_NS)
        grounds += [BarsGround((same, other)), BarsGround((bars, later))]
    return tuple(grounds)


def _only(bars: Bars, kept: Flags) -> Bars:
    columns: dict[str, Any] = {name: getattr(bars, name)[kept] for name in bar_columns()}
    return replace(bars, **columns)


def feature_subjects(names: Sequence[str] | None = None) -> Iterator[Subject]:
    """Yield the named features, ``<symbol>_<feature>`` among them, or all own and crossing ones.

    Raises
    ------
    SettingsError
        For an unknown name, with the nearest ones.
    """
    all_names = (*(row.name for row in FEATURES), *cross_names([OTHER]))
    # All names are looked up before the first is tried.
    for symbol, row in [split(name) for name in (all_names if names is None else names)]:
        yield crossing_subject(row, symbol) if symbol else feature_subject(row)


def audited(subjects: Sequence[Subject], effort: Effort, progress: Progress) -> Iterator[Report]:
    """Yield the report of each subject in order."""
    progress.start("audit", len(subjects))
    for subject in subjects:
        yield audit(subject, effort)
        progress.advance(note=subject.name)
    progress.finish()


# --- proof that the audit works ----------------------------------------------------------------


def planted_leaks() -> tuple[int, int, int]:
    """Audit the planted mistakes and their honest twins (experiment K12).

    Returns
    -------
    tuple of int
        Leaks caught, leaks planted, twins accused.
    """
    from alphamill.research.leaks import PLANTED

    caught = sum(leaks(strategy_subjects(pair.leaking, quick=True)) for pair in PLANTED)
    accused = sum(leaks(strategy_subjects(pair.clean, quick=True)) for pair in PLANTED)
    return caught, len(PLANTED), accused


def leaks(subjects: Iterable[Subject]) -> bool:
    """Return whether a quick audit finds anything in one of the subjects."""
    return any(audit(subject, QUICK).findings for subject in subjects)


def identity_probe_catches(seed: int = 11, n_rows: int = 500) -> bool:
    """Return whether the probe refuses all disguises of a label and no honest feature (K11).

    Two labels, a side and a return, read five rows ahead. The disguises are the label, the label
    of a row later and of a row earlier, and the label with as much noise; the honest features are
    noise and the last five rows' own return.
    """
    rng = np.random.default_rng(seed)
    horizon = 5
    walk = np.cumsum(rng.standard_normal(n_rows + horizon))
    change = walk[horizon:] - walk[:-horizon]
    past = np.append(np.full(horizon, np.nan), change[:-horizon])
    for label in (np.sign(change), change):
        disguises = {
            "the label": label,
            "the label of a row later": np.append(label[1:], np.nan),
            "the label of a row earlier": np.append(np.nan, label[:-1]),
            "the label and noise": label + label.std() * rng.standard_normal(n_rows),
        }
        honest = {"noise": rng.standard_normal(n_rows), "the past return": past}
        found = identity_probe(disguises | honest, label, horizon)
        if {one.feature for one in found} != set(disguises):
            return False
    return True
