"""Where a factor panel's prices and events come from: the catalog, or the made-up market."""

from dataclasses import dataclass
from pathlib import Path

from alphamill.core.errors import SettingsError
from alphamill.data.catalog import Catalog
from alphamill.data.universe import Universe
from alphamill.factors.events import KINDS, Events, events_of, read_events
from alphamill.factors.frames import panel_of, panel_of_bars
from alphamill.factors.panel import Panel
from alphamill.factors.synthetic import SyntheticMarket


@dataclass(frozen=True)
class StoredMarket:
    """Bars of a catalog, up to their seal, and tables of events in a folder.

    ``assume_delay`` takes the customary delay for tables without publication dates; results say so.
    """

    catalog: Catalog
    events_folder: Path | None = None
    assume_delay: bool = False

    def panel(self, universe: Universe, calendar: str, first: int, last: int) -> Panel:
        """Return the panel of the universe's stored symbols; those without bars are noted."""
        held = [s for s in universe.symbols if self._reaches(s, first, last)]
        if not held:
            raise SettingsError(
                f"the catalog has daily bars of no member of universe {universe.name} between "
                f"{first} and {last}; its members are {list(universe.symbols[:8])}. Ingest them."
            )
        series = [self.catalog.read(symbol, "1d", first, last) for symbol in held]
        return panel_of_bars(series, universe, calendar=calendar)

    def events(self, universe: Universe, kinds: frozenset[str], last: int) -> dict[str, Events]:
        """Return the tables of these kinds that the folder has, as Parquet or CSV."""
        if self.events_folder is None:
            return {}
        found = {}
        for kind in sorted(kinds):
            parquet = self.events_folder / KINDS[kind].file
            path = next((p for p in (parquet, parquet.with_suffix(".csv")) if p.exists()), None)
            if path is not None:
                found[kind] = read_events(path, kind, assume_delay=self.assume_delay)
        return found

    def _reaches(self, symbol: str, first: int, last: int) -> bool:
        entry = self.catalog.find(symbol, "1d")
        if entry is None:
            return False
        sealed = entry.first_sealed_session
        end = entry.last_session if sealed is None else min(entry.last_session, sealed - 1)
        return entry.first_session <= min(last, end) and end >= first


@dataclass(frozen=True)
class MadeUpMarket:
    """The synthetic market of a seed, for any universe."""

    seed: int = 42

    def panel(self, universe: Universe, calendar: str, first: int, last: int) -> Panel:
        """Return the panel of made-up prices; it says that they are."""
        prices = SyntheticMarket(self.seed).prices(universe.symbols, first, last)
        panel = panel_of(prices.assign(close_research=prices["close"]), universe, calendar=calendar)
        return panel.noted(f"made-up prices and events, seed {self.seed}")

    def events(self, universe: Universe, kinds: frozenset[str], last: int) -> dict[str, Events]:
        """Return made-up tables of these kinds."""
        tables = SyntheticMarket(self.seed).events(universe.symbols, last) if kinds else {}
        return {kind: events_of(tables[kind], kind) for kind in sorted(kinds)}
