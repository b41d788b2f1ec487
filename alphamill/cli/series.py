"""Find the bars a command asks for: the workspace's catalog first, then the sample data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alphamill.cli.clock import WallClock
from alphamill.core.errors import DataError, SettingsError

if TYPE_CHECKING:
    from alphamill.core.market import Bars, Instrument
    from alphamill.data.catalog import Catalog

Span = tuple[date | None, date | None]


@dataclass(frozen=True)
class Series:
    """Bars, what they are bars of, and a sentence that says where they came from."""

    bars: "Bars"
    instrument: "Instrument"
    where: str


def find_series(
    workspace: Path,
    symbol: str,
    timeframe: str | None,
    span: Span,
    instruments: Mapping[str, Mapping[str, Any]] | None = None,
) -> Series:
    """Return one series; without a timeframe the only one the catalog holds, or daily.

    A symbol that the catalog lacks and the sample has is taken into the catalog first.
    ``instruments`` are the project file's corrections, by symbol.

    Raises
    ------
    SettingsError
        When neither has it, the timeframe is ambiguous, or no bar lies in the span.
    DataError
        When the sample's series is refused.
    """
    from alphamill.data.catalog import Catalog
    from alphamill.data.instruments import instrument

    first, last = (day and day.isoformat() for day in span)
    # A contract such as ES:201312 is traded as its future is.
    traded = symbol.partition(":")[0]
    catalog = Catalog(workspace)
    wanted, where = _held(catalog, symbol, timeframe)
    bars = catalog.read(symbol, wanted, first, last)
    sealed = catalog.entry(symbol, wanted).first_sealed_session
    if sealed is not None and not last:
        where += f", up to its seal at {sealed}"
    given = instruments or {}
    what = instrument(traded, given.get(symbol, given.get(traded)))
    return Series(bars, what, where)


def _held(catalog: "Catalog", symbol: str, timeframe: str | None) -> tuple[str, str]:
    held = [e.timeframe for e in catalog.entries() if e.symbol == symbol]
    if timeframe is None and len(held) > 1:
        raise SettingsError(f"{symbol}: the catalog holds {held}; choose one with --timeframe.")
    wanted = timeframe or next(iter(held), "1d")
    if wanted not in held:
        _take_from_sample(catalog, symbol, wanted, held)
        return wanted, f"{symbol} {wanted} from the sample data (the catalog did not hold it)"
    return wanted, f"{symbol} {wanted} from {catalog.folder}"


def _take_from_sample(catalog: "Catalog", symbol: str, timeframe: str, held: list[str]) -> None:
    from alphamill.data.ingest import ingest
    from alphamill.data.sources import SOURCES

    sample = SOURCES["sample"]()
    if symbol not in sample.symbols() or timeframe != "1d":
        has = f"holds it at {held} only" if held else "does not hold it"
        raise SettingsError(
            f"{symbol} {timeframe}: the catalog {catalog.folder} {has}, and the sample data have "
            f"no such series. Bring it in with `alphamill ingest --symbols {symbol} "
            f"--timeframe {timeframe} ...`."
        )
    taken = ingest(sample, [symbol], timeframe, catalog, clock=WallClock())
    if taken[0].refused:
        raise DataError(taken[0].refused)
