"""Bars of a LEAN data folder: ``<kind>/<market>/<daily|hour|minute>/...``, zips of headerless text.

Equity prices are stored times 10,000, all others as they are. A daily or hourly row begins with
``yyyyMMdd HH:mm``, a minute row with milliseconds since midnight of the date in its file's name;
both are the bar's *open* in the data's time zone: the exchange's for equities, UTC for the rest
(``market-hours/market-hours-database.json`` in the folder overrules that). Quotes have a bid and
an ask side; they become their middle, with unknown volume.

Map files say which ticker a company had when: a zip named by today's ticker may begin with another
company's bars. Factor files hold a price and a split factor that are in force up to their date.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Flags, Ints
from alphamill.data.lean_rows import (
    TRADE,
    Rows,
    contracts_in,
    joined,
    read_factors,
    read_map,
    read_zip,
)
from alphamill.data.raw import RawSeries
from alphamill.data.transform.adjust import ratios

RESOLUTIONS: Final = {"1d": "daily", "1h": "hour", "1m": "minute"}
ZONES: Final = {
    "equity": "America/New_York",
    "forex": "UTC",
    "cfd": "UTC",
    "crypto": "UTC",
    "future": "UTC",
}
_EQUITY_SCALE = 10_000.0
_EVER = 99_991_231


class _Place(NamedTuple):
    """Where a ticker's bars lie."""

    kind: str
    market: str
    folder: Path


class _Stretch(NamedTuple):
    """Dates (yyyymmdd, both inclusive) on which a company had a ticker."""

    ticker: str
    first: int
    last: int


@dataclass
class LeanSource:
    """Equities, forex, crypto and futures of one LEAN data folder.

    Attributes
    ----------
    root : Path
        The folder that holds ``equity``, ``forex``, ...
    adjusted : bool
        Apply factor files: prices by both factors (``adjusted="ratio"``), volume by the split
        factor, with the traded close in ``raw_close``. An equity without a factor file stays as
        traded.
    market : str or None
        Which market, where several hold one ticker.
    """

    root: Path
    adjusted: bool = True
    market: str | None = None
    name: str = field(default="lean", init=False)

    def __post_init__(self) -> None:
        self.root = Path(self.root)
        if not self.root.is_dir():
            raise SettingsError(
                f"{self.root}: must be a LEAN data folder with equity, forex, crypto or future "
                "in it, received no folder. Correct the path."
            )

    def symbols(self) -> list[str]:
        """Return all tickers in upper case; a future is one (``contracts`` lists its months)."""
        found = set()
        for resolution in RESOLUTIONS.values():
            for kind in ZONES:
                for path in self.root.glob(f"{kind}/*/{resolution}/*"):
                    if path.is_dir() or path.suffix == ".zip":
                        found.add(path.name.removesuffix(".zip").split("_")[0].upper())
        return sorted(found)

    def contracts(self, symbol: str, timeframe: str = "1m") -> list[str]:
        """Return the contracts of a future as ``fetch`` takes them, such as ``ES:201312``."""
        place = self._place(symbol, timeframe)
        months = [contracts_in(path) for path in _zips(place, symbol.lower(), timeframe)]
        return [f"{symbol.upper()}:{month}" for month in sorted(set[int]().union(*months))]

    def fetch(self, symbol: str, timeframe: str) -> RawSeries:
        """Return one series, stamped by session (daily) or by the bar's open.

        ``ES`` is the front month, unadjusted: the contract with most volume on the trade date
        before, never an earlier month than the day before. ``ES:201312`` is one contract; joined
        and adjusted series are made from those by ``alphamill.data.transform.roll``.

        Raises
        ------
        SettingsError
            For a symbol or timeframe that is not there.
        DataError
            Naming file, row, column, value and remedy.
        """
        ticker, _, month = symbol.partition(":")
        place = self._place(ticker, timeframe)
        rows, where, notes = self._read(place, ticker.lower(), timeframe)
        zone = self._zone(place, ticker)
        if place.kind == "future":
            rows, said = _one_contract(symbol, month, rows) if month else _front(rows, zone)
            notes.append(said)
        elif month:
            raise SettingsError(f"{symbol}: only futures have contracts. Ask for {ticker}.")
        if not rows.line.size:
            raise DataError(
                f"{symbol} ({where}): must hold bars, received none ({'; '.join(notes)}). "
                "Download the folder again."
            )
        frame, is_adjusted = self._frame(place, ticker.lower(), rows, notes)
        if "*" not in where:  # else a line would not say in which of the files
            frame["line"] = rows.line
        frame.index = _stamps(rows.local_ns, timeframe, zone, f"{symbol} ({where})")
        return RawSeries(
            symbol=symbol,
            timeframe=timeframe,
            frame=frame,
            stamps="session" if timeframe == "1d" else "open",
            where=f"{where} [{'; '.join(notes)}]" if notes else where,
            adjusted="ratio" if is_adjusted else "none",
        )

    def _place(self, symbol: str, timeframe: str) -> _Place:
        if timeframe not in RESOLUTIONS:
            raise SettingsError(
                f"a LEAN folder has bars of {list(RESOLUTIONS)}, received a request for "
                f"{timeframe!r}. Ask for 1m, and resample."
            )
        if not re.fullmatch(r"\w[\w.\-]*", symbol):
            raise SettingsError(f"a LEAN ticker must be a plain name, received {symbol!r}.")
        folders = [
            _Place(kind, folder.parent.name, folder)
            for kind in ZONES
            for folder in sorted(self.root.glob(f"{kind}/*/{RESOLUTIONS[timeframe]}"))
            if self.market in (None, folder.parent.name)
        ]
        found = [place for place in folders if _zips(place, symbol.lower(), timeframe)]
        if len(found) > 1:
            raise SettingsError(
                f"{symbol}: must be in one market, received "
                f"{[f'{p.kind}/{p.market}' for p in found]!r}. Choose by the option market."
            )
        if not found:
            raise SettingsError(
                f"{self.root}: holds no {timeframe} bars of {symbol!r}. It has {self.symbols()!r}; "
                "check the spelling, the market and the timeframe."
            )
        return found[0]

    def _read(self, place: _Place, ticker: str, timeframe: str) -> tuple[Rows, str, list[str]]:
        """Return the rows of the company behind ``ticker``, where they came from, and notes."""
        parts, files, notes = [], [], list[str]()
        stretches = self._stretches(place, ticker)
        for stretch in reversed(stretches):
            zips = _zips(place, stretch.ticker, timeframe)
            if not zips:
                notes.append(
                    f"begins after {stretch.last}: the folder lacks the bars under its earlier "
                    f"ticker {stretch.ticker.upper()}"
                )
                break
            rows = joined([read_zip(path, is_minute=timeframe == "1m") for path in zips])
            dates = rows.dates
            parts.append(rows.take(_within(dates, [stretch])))
            files += zips
            its = [s for s in stretches if s.ticker == stretch.ticker]
            n_foreign = int((~_within(dates, its)).sum())
            if n_foreign:
                notes.append(f"left out {n_foreign} bars of another company under its ticker")
        several = place.kind == "future" or len(set(files)) > 1
        where = files[-1].parent / "*.zip" if several else files[0]
        return joined(parts[::-1]), where.relative_to(self.root).as_posix(), notes

    def _stretches(self, place: _Place, ticker: str) -> list[_Stretch]:
        if place.kind != "equity":
            return [_Stretch(ticker, 0, _EVER)]
        rows = read_map(self._table_of(place, "map_files", ticker))
        if not rows:
            return [_Stretch(ticker, 0, _EVER)]
        # The first row dates the listing; every row's ticker held up to and including its date.
        out = [_Stretch(rows[0][1], rows[0][0], rows[0][0])]
        for date, name in rows[1:]:
            if name == out[-1].ticker:
                out[-1] = out[-1]._replace(last=date)
            else:
                out.append(_Stretch(name, out[-1].last + 1, date))
        return out

    def _frame(
        self, place: _Place, ticker: str, rows: Rows, notes: list[str]
    ) -> tuple[pd.DataFrame, bool]:
        frame = pd.DataFrame(rows.values, columns=list(TRADE))
        if place.kind != "equity":
            return frame, False
        prices = list(TRADE[:4])
        frame[prices] /= _EQUITY_SCALE
        path = self._table_of(place, "factor_files", ticker)
        if not self.adjusted or not path.exists():
            notes.append("prices as traded" + (", no factor file" if self.adjusted else ""))
            return frame, False
        ratio, split = ratios(read_factors(path), rows.dates)
        frame["raw_close"] = frame["close"]
        frame[prices] = frame[prices].to_numpy() * ratio[:, np.newaxis]
        frame["volume"] /= split
        notes.append("adjusted by its factor file")
        return frame, True

    def _table_of(self, place: _Place, folder: str, ticker: str) -> Path:
        return self.root / place.kind / place.market / folder / f"{ticker}.csv"

    def _zone(self, place: _Place, ticker: str) -> str:
        path = self.root / "market-hours" / "market-hours-database.json"
        if not path.exists():
            return ZONES[place.kind]
        try:
            entries = {k.lower(): e for k, e in json.loads(path.read_bytes())["entries"].items()}
            market = f"{place.kind}-{place.market}-"
            entry = entries.get(market + ticker.lower()) or entries.get(market + "[*]")
            return str(entry["dataTimeZone"]) if entry else ZONES[place.kind]
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as e:
            raise DataError(
                f"{path}: must be LEAN's table of market hours, received {e!r}. "
                "Download this file again."
            ) from e


def _zips(place: _Place, ticker: str, timeframe: str) -> list[Path]:
    """Return a ticker's zips by date: of trades, or of quotes where there are no trades."""
    # Quotes of futures hold no volume, without which no front month can be told.
    ticks = ("_trade",) if place.kind == "future" else ("_trade", "_quote")
    for tick in ticks if timeframe == "1m" else ("", *ticks):
        by_day = (place.folder / ticker).glob(f"*{tick}.zip") if timeframe == "1m" else ()
        found = sorted(by_day) or [place.folder / f"{ticker}{tick}.zip"]
        if found[0].is_file():
            return found
    return []


def _within(dates: Ints, stretches: list[_Stretch]) -> Flags:
    inside = [(dates >= s.first) & (dates <= s.last) for s in stretches]
    return np.asarray(np.logical_or.reduce(inside), dtype=np.bool_)


def _one_contract(symbol: str, month: str, rows: Rows) -> tuple[Rows, str]:
    its = rows.contract.astype(str) == month
    if not its.any():
        has = sorted(set(rows.contract.tolist()))
        raise SettingsError(f"{symbol}: the folder has the contracts {has}. Choose one of these.")
    return rows.take(its), f"contract {month}"


def _front(rows: Rows, zone: str) -> tuple[Rows, str]:
    """Return the rows of the month that was traded most on the trade date before.

    The volume of the day itself is not known before its close. The first date has none before it
    and takes its own.
    """
    # All Globex products open at 17:00 Chicago or later, for the trade date that follows.
    wall = pd.DatetimeIndex(rows.local_ns.view("M8[ns]")).tz_localize(zone)
    trade_date = (wall.tz_convert("America/Chicago") + pd.Timedelta(hours=7)).date.astype("M8[D]")
    dates, day = np.unique(trade_date, return_inverse=True)
    months, contract = np.unique(rows.contract, return_inverse=True)
    volume = np.zeros((dates.size, months.size))
    np.add.at(volume, (day, contract), rows.values[:, 4])
    held = np.zeros(dates.size, dtype=np.int64)
    now = 0
    for k in range(dates.size):
        now = max(now, int(volume[max(k - 1, 0)].argmax()))
        if volume[k, now] <= 0:  # expired: what still trades is known before the open
            now += int(volume[k, now:].argmax())
        held[k] = now
    n_rolls = int((np.diff(held) != 0).sum())
    return rows.take(contract == held[day]), f"front month by volume, {n_rolls} rolls, unadjusted"


def _stamps(local_ns: Ints, timeframe: str, zone: str, where: str) -> pd.DatetimeIndex:
    wall = pd.DatetimeIndex(local_ns.view("M8[ns]"))
    if timeframe == "1d":
        return wall.normalize().rename("session")
    try:
        return wall.tz_localize(zone).tz_convert("UTC").rename("open")
    except ValueError as e:  # an hour that a change to or from daylight saving skips or doubles
        raise DataError(
            f"{where}: stamps must exist once on the clock of {zone}, received {str(e)!r}. "
            "Correct dataTimeZone in market-hours-database.json."
        ) from e
