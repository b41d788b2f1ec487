"""Real daily series that lie inside two installed packages: no key, no network, no download.

``arch`` brings the S&P 500 and the Nasdaq Composite (open to volume, 1999-2018) and closes of WTI
crude oil (1986-2019) and the VIX (2014-2019). ``skfolio`` brings closes to 2022: 20 US stocks and
the S&P 500 from 1990, five factor ETFs from 2014. The two S&P 500 differ in what they know, so
they have two names: ``SP500`` and ``SP500_CLOSE``.

Importing either package costs one to two seconds for numba, scipy and scikit-learn, none of which
a price table needs, so their data files are read in place; a test holds the result against the
packages' own loaders.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Adjusted
from alphamill.data.raw import RawSeries


@dataclass(frozen=True)
class Shipped:
    """A column of a data file in a package; ``has_ohlcv`` says that the whole bar is there."""

    package: str
    path: str
    column: str
    has_ohlcv: bool = False
    adjusted: Adjusted = "none"


def _stock(symbol: str) -> Shipped:
    return Shipped("skfolio", "datasets/data/sp500_dataset.csv.gz", symbol, adjusted="ratio")


def _fund(symbol: str) -> Shipped:
    return Shipped("skfolio", "datasets/data/factors_dataset.csv.gz", symbol, adjusted="ratio")


_STOCKS = "AAPL AMD BAC BBY CVX GE HD JNJ JPM KO LLY MRK MSFT PEP PFE PG RRC UNH WMT XOM"
_FUNDS = "MTUM QUAL SIZE USMV VLUE"

SHIPPED: Final[Mapping[str, Shipped]] = {
    "SP500": Shipped("arch", "data/sp500/sp500.csv.gz", "Close", has_ohlcv=True),
    "NASDAQ": Shipped("arch", "data/nasdaq/nasdaq.csv.gz", "Close", has_ohlcv=True),
    "WTI": Shipped("arch", "data/wti/wti.csv.gz", "DCOILWTICO"),
    "VIX": Shipped("arch", "data/vix/vix.csv.gz", "vix"),
    "SP500_CLOSE": Shipped("skfolio", "datasets/data/sp500_index.csv.gz", "SP500"),
    **{symbol: _stock(symbol) for symbol in _STOCKS.split()},
    **{symbol: _fund(symbol) for symbol in _FUNDS.split()},
}


@dataclass
class SampleSource:
    """The series of ``SHIPPED``, daily."""

    name: str = field(default="sample", init=False)

    def symbols(self) -> list[str]:
        """Return all symbols: indices, oil and volatility first, then stocks, then funds."""
        return list(SHIPPED)

    def fetch(self, symbol: str, timeframe: str = "1d") -> RawSeries:
        """Return one series; its frame also has ``line``, the 1-based line of the file.

        Days without a price (holidays of the data's publisher) are dropped and counted as D06.

        Raises
        ------
        SettingsError
            For an unknown symbol or timeframe, and when the package is not installed.
        DataError
            When the package does not hold the file or column as known here.
        """
        shipped = _known(symbol, timeframe)
        table = read_shipped(shipped)
        wanted = ["Open", "High", "Low", "Close", "Volume"] if shipped.has_ohlcv else []
        absent = [name for name in (*wanted, shipped.column) if name not in table.columns]
        if absent:
            raise DataError(
                f"{_file(shipped)}: must have the columns {absent}, received "
                f"{list(table.columns)[:8]}. {_remedy(shipped.package)}"
            )
        close = table[shipped.column].to_numpy(dtype=np.float64)
        columns = {
            name.lower(): table[name].to_numpy(dtype=np.float64) if wanted else close
            for name in ("Open", "High", "Low")
        }
        columns["close"] = close
        unknown = np.full(close.size, np.nan)
        columns["volume"] = (
            table["Volume"].to_numpy(dtype=np.float64) if shipped.has_ohlcv else unknown
        )
        if shipped.adjusted == "ratio":
            columns["raw_close"] = close
        index = pd.DatetimeIndex(table.index, name="session").as_unit("ns")
        frame = pd.DataFrame(columns, index=index)
        frame["line"] = np.arange(2, close.size + 2)
        priced = ~np.isnan(close)
        n_unpriced = int((~priced).sum())
        return RawSeries(
            symbol=symbol,
            timeframe=timeframe,
            frame=frame[priced],
            stamps="session",
            where=_where(shipped),
            closes_only=not shipped.has_ohlcv,
            adjusted=shipped.adjusted,
            repairs={"D06": n_unpriced} if n_unpriced else {},
        )


def read_shipped(shipped: Shipped) -> pd.DataFrame:
    """Return the whole data file of a series as the package's own loader returns it.

    Raises
    ------
    SettingsError
        When the package is not installed.
    DataError
        When its file is not where versions known here keep it.
    """
    spec = find_spec(shipped.package)
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(
            f"the sample source needs the package {shipped.package}, which is not installed. "
            'Run `pip install "alphamill[sample]"`.'
        )
    path = Path(spec.submodule_search_locations[0], *shipped.path.split("/"))
    try:
        return _table(path).copy()
    except (OSError, EOFError, KeyError, ValueError) as e:
        raise DataError(
            f"{_file(shipped)}: must be a table with a column Date, received {e!r}. "
            f"{_remedy(shipped.package)}"
        ) from e


@lru_cache(maxsize=8)
def _table(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path)
    table = table.set_index(pd.DatetimeIndex(pd.to_datetime(table.pop("Date")), name="Date"))
    # The publishers write "." for a day without a price.
    numbers: pd.DataFrame = table.apply(pd.to_numeric, errors="coerce")
    return numbers


def _known(symbol: str, timeframe: str) -> Shipped:
    if timeframe != "1d":
        raise SettingsError(
            f"the sample source has daily bars, received a request for {timeframe!r}. Ask for 1d."
        )
    if symbol not in SHIPPED:
        near = get_close_matches(symbol.upper(), SHIPPED, n=3, cutoff=0.5) or list(SHIPPED)
        raise SettingsError(
            f"the sample source has no {symbol!r}; nearest are {near}. Choose one of these."
        )
    return SHIPPED[symbol]


def _file(shipped: Shipped) -> str:
    return f"{shipped.package}/{shipped.path}"


def _where(shipped: Shipped) -> str:
    notes = [f"{shipped.package} {version(shipped.package)}"]
    if shipped.adjusted == "ratio":
        notes.append("adjusted closes; raw closes are not known and repeat them")
    return f"{_file(shipped)} [{'; '.join(notes)}]"


def _remedy(package: str) -> str:
    return f'Reinstall {package}: `pip install --force-reinstall "alphamill[sample]"`.'
