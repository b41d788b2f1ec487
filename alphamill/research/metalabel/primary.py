"""A winner of the manifest as what its signals need: rule, cell, bars and windows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alphamill.backtest.exits import ExitStack
from alphamill.core.errors import DataError, GateError, SettingsError
from alphamill.core.market import Bars, Signals
from alphamill.core.params import Params
from alphamill.core.strategy import Strategy
from alphamill.data.calendar import schedule
from alphamill.data.catalog import Catalog
from alphamill.learning.dataset import Primary
from alphamill.research.metalabel.traded import Traded
from alphamill.research.outcome import Candidate
from alphamill.research.rebuilt import Rebuilt, last_judged, rebuilt
from alphamill.validation.splits import Windows, windows

REMEDY = "Write the manifest again with `alphamill winners`."


class NoEntriesError(GateError):
    """The rule asks for no entries, so there is nothing a model could veto: skip it."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """A winner as its run chose it.

    Attributes
    ----------
    catalog : Catalog
    again : Rebuilt
        Its run's plan, cells, bars of the discovery window, and backtest; the figures are those
        that the run stored.
    windows : Windows
        The cut of its own history.
    """

    catalog: Catalog
    again: Rebuilt
    windows: Windows

    @property
    def candidate(self) -> Candidate:
        return self.again.stored.candidate

    @property
    def strategy(self) -> Strategy:
        return self.again.plan.strategies[0]

    @property
    def cell(self) -> tuple[Params, ExitStack]:
        """Return the parameters and the exit stack."""
        return self.again.part.params_of(self.candidate.cell)

    @property
    def primary(self) -> Primary:
        who = self.candidate
        return Primary(
            who.symbol, who.timeframe, who.strategy_name, who.strategy_id, dict(who.params)
        )

    def signals(self, bars: Bars) -> Signals:
        """Return what the rule says over any bars of its instrument."""
        return self.strategy.signals(bars, self.cell[0], self.again.plan.sides)

    def traded(self, bars: Bars | None = None) -> Traded:
        """Return the winner on some bars of its instrument; on its discovery window otherwise."""
        ground = self.again.ground
        bars = ground.bars if bars is None else bars
        stack, levels = self.cell[1], self.strategy.levels
        return Traded(bars, self.signals(bars), stack, ground.instrument, levels)


def chosen(workspace: Path, row: Mapping[str, Any]) -> Chosen:
    """Return a winner by its row of the manifest.

    Parameters
    ----------
    workspace : Path
    row : mapping
        A row of ``winners`` in a manifest. Where it names no run, as in a manifest of the older
        systems, the run counts that judged the pair last; its cell must be the row's.

    Raises
    ------
    NoEntriesError
        For a rule over several series: it says what to hold of each, and has no ``enter``.
    SettingsError
        For a row that names another cell than the one its run chose.
    DataError
        When bars, cells, code or windows are no longer those of the run.
    """
    lacking = [name for name in ("symbol", "strategy_name", "params") if name not in row]
    if lacking:
        raise SettingsError(
            f"a winner must have symbol, strategy_name and params, and {lacking} are missing in "
            f"{dict(row)}. {REMEDY}"
        )
    run = row.get("run_id")
    folder, stored = last_judged(workspace / "runs", row["symbol"], row["strategy_name"], run)
    _require_cell(row, stored.candidate, folder.name)
    again = rebuilt(workspace, folder, stored)
    strategy, symbol = again.plan.strategies[0], stored.candidate.symbol
    if strategy.others:
        raise NoEntriesError(
            f"{symbol} {strategy.name}: a veto needs entries, and a rule over several series has "
            "none: it says what to hold of each. Trade it as it is."
        )
    catalog = Catalog(workspace)
    return Chosen(catalog, again, _cut(catalog, again))


def _require_cell(row: Mapping[str, Any], who: Candidate, run_id: str) -> None:
    told, kept = dict(row["params"]), dict(who.params)
    if row.get("run_id") is None:
        # An older manifest knows its own parameters only, and a wall clock for the session's end.
        told = {name: value for name, value in told.items() if name in kept}
        if told.get("auto_close_time") is not None:
            told["auto_close_time"] = "session_end"
        kept = {name: kept[name] for name in told}
    timeframe = row.get("timeframe", who.timeframe)
    if (told, timeframe) != (kept, who.timeframe):
        raise SettingsError(
            f"{who.symbol} {who.strategy_name}: run {run_id} chose {kept} on {who.timeframe} bars, "
            f"and the manifest says {told} on {timeframe}. {REMEDY}"
        )


def _cut(catalog: Catalog, again: Rebuilt) -> Windows:
    """Return the windows of the run, which later bars may have moved since."""
    who, series = again.stored.candidate, again.meta["series"]
    at = who.symbol, who.timeframe
    entry = catalog.entry(*at)
    calendar = again.ground.instrument.calendar
    days = schedule(calendar, entry.first_session, entry.last_session).session
    cut = windows(days, again.plan.windows or None)
    first, last = cut.discovery.first, cut.discovery.last
    if catalog.content_hash(*at, first, last) != series[who.symbol]["data_hash"]:
        raise DataError(
            f"{who.symbol} {who.timeframe}: run {again.folder.name} chose its winners from "
            f"{series[who.symbol]['first']} to {series[who.symbol]['last']}, and by its windows "
            f"that would now be {first} to {last}: there are other bars since. Run it again, or "
            "give windows by date, which stay where they are."
        )
    return cut
