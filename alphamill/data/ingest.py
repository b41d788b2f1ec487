"""From a source into the catalog: fetched, judged, mended and counted, or refused with a reason."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from alphamill.core.clock import Clock
from alphamill.core.errors import DataError, MillError, SettingsError
from alphamill.core.identity import canonical_json
from alphamill.core.market import Adjusted, Bars, Instrument, Ints
from alphamill.data.calendar import frame as table_of
from alphamill.data.calendar import minutes_of, outside, schedule, to_bars
from alphamill.data.catalog import Catalog
from alphamill.data.instruments import instrument
from alphamill.data.quality import admit
from alphamill.data.quarantine import record_of
from alphamill.data.raw import Finding, RawSeries, Source
from alphamill.workshop.files import append_line, locked, write_atomic, write_parquet_atomic
from alphamill.workshop.progress import Progress, Silent

# Bars outside the sessions are dropped; where so much of a session is then missing, it is the
# stamps that are wrong and not the bars.
MAX_OUTSIDE_FRAC = 0.05
MIN_SESSION_FRAC = 0.5


@dataclass(frozen=True)
class Ingested:
    """What became of one symbol.

    ``refused`` is the reason why nothing was written, and ``exit_code`` who must act; otherwise
    ``content_hash`` names the stored series. ``repairs`` counts rows by rule.
    """

    symbol: str
    timeframe: str
    n_bars: int = 0
    first_session: int | None = None
    last_session: int | None = None
    content_hash: str = ""
    repairs: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    refused: str | None = None
    exit_code: int = 0


@dataclass(frozen=True)
class Inspection:
    """What ``alphamill data inspect`` says about a stored series, its sealed part included.

    ``coverage_frac`` is the share of the calendar's sessions between first and last that have a
    bar; NaN when the calendar is not known.
    """

    symbol: str
    timeframe: str
    n_bars: int
    n_sessions: int
    first_session: int
    last_session: int
    first_sealed_session: int | None
    coverage_frac: float
    adjusted: Adjusted
    closes_only: bool
    source: str
    provenance: str
    calendar: str
    content_hash: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Intake:
    """How bars come into one catalog; ``ingest`` is the short form.

    Attributes
    ----------
    catalog : Catalog
    clock : Clock
        Bars that have not closed by now are dropped.
    overrides : mapping
        Symbol to instrument fields, as in the project file.
    accepted : collection of str
        Rules of ``quality.limits.ACCEPTABLE`` that the operator overrules.
    replace : bool
        Forget stored bars instead of adding to them.
    """

    catalog: Catalog
    clock: Clock
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    accepted: Collection[str] = ()
    replace: bool = False

    def take(
        self,
        source: Source,
        symbols: Iterable[str],
        timeframe: str,
        progress: Progress | None = None,
    ) -> list[Ingested]:
        """Bring in each symbol; one that is refused is recorded, and the others go on.

        Refusals are appended to ``catalog/quarantine.jsonl`` with file, row, column, value and
        remedy.

        Raises
        ------
        SettingsError
            Before anything is fetched, for an unknown timeframe or instrument.
        """
        minutes_of(timeframe)
        wanted = list(dict.fromkeys(symbols))
        instruments = self._instruments(wanted)
        shown = progress or Silent()
        shown.start("ingest", len(wanted))
        taken = []
        for symbol in wanted:
            try:
                done = self._one(source, symbol, timeframe, instruments[symbol])
            except MillError as e:
                self._quarantine(source.name, symbol, timeframe, e)
                done = Ingested(symbol, timeframe, refused=str(e), exit_code=e.exit_code)
            taken.append(done)
            shown.advance(1, symbol)
        shown.finish()
        return taken

    def _instruments(self, symbols: list[str]) -> dict[str, Instrument]:
        found, unknown = {}, []
        for symbol in symbols:
            # A contract such as ES:201312 is traded as its future is.
            of, _, month = symbol.partition(":")
            given = self.overrides.get(symbol, self.overrides.get(of))
            try:
                known = instrument(of if month and symbol not in self.overrides else symbol, given)
                found[symbol] = replace(known, symbol=symbol)
            except SettingsError as e:
                unknown.append(str(e))
        if unknown:
            raise SettingsError("\n".join(unknown))
        return found

    def _one(self, source: Source, symbol: str, timeframe: str, known: Instrument) -> Ingested:
        raw = source.fetch(symbol, timeframe)
        if not len(raw.frame):
            raise DataError(f"{symbol} ({raw.where}): must have rows, received none. Fetch again.")
        mended, findings = admit(
            raw,
            known,
            expected_sessions=_expected(raw, known),
            now_ns=self.clock.now_ns(),
            reference_median=self._reference(raw),
            accepted=self.accepted,
        )
        bars, dropped = _inside(mended, known)
        if dropped:
            findings = [f for f in findings if f.rule != "D16"] + [dropped]
        entry = self.catalog.write(
            bars,
            source=source.name,
            provenance=mended.where,
            calendar=known.calendar,
            findings=findings,
            replace=self.replace,
        )
        repairs = dict(mended.repairs) | ({"D16": dropped.count} if dropped else {})
        return Ingested(
            symbol,
            timeframe,
            n_bars=entry.n_bars,
            first_session=entry.first_session,
            last_session=entry.last_session,
            content_hash=self.catalog.content_hash(symbol, timeframe),
            repairs=repairs,
            findings=tuple(findings),
        )

    def _reference(self, raw: RawSeries) -> float | None:
        """Return the last stored median close, against which a wrong scale shows (D22).

        Only for bars that come after the stored ones: others are held against these themselves.
        """
        entry = None if self.replace else self.catalog.find(raw.symbol, raw.timeframe)
        if entry is None or _date(raw.frame.index.min()) <= entry.last_session:
            return None
        sealed = entry.first_sealed_session
        open_chunks = [c for c in entry.chunks if sealed is None or c.last_session < sealed]
        if not open_chunks:
            return None
        last = open_chunks[-1]
        bars = self.catalog.read(raw.symbol, raw.timeframe, last.first_session, last.last_session)
        return float(np.median(bars.raw_close))

    def _quarantine(self, source: str, symbol: str, timeframe: str, error: MillError) -> None:
        record = record_of(error) | {
            "at_ns": self.clock.now_ns(),
            "source": source,
            "symbol": symbol,
            "timeframe": timeframe,
        }
        folder = self.catalog.folder
        with locked(folder / ".lock"):
            append_line(folder / "quarantine.jsonl", canonical_json(record))


def ingest(
    source: Source,
    symbols: Iterable[str],
    timeframe: str,
    catalog: Catalog,
    *,
    clock: Clock,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    progress: Progress | None = None,
) -> list[Ingested]:
    """Bring symbols of a source into a catalog; ``Intake.take`` says how and takes more options."""
    return Intake(catalog, clock, overrides or {}).take(source, symbols, timeframe, progress)


def export(
    catalog: Catalog,
    symbol: str,
    timeframe: str,
    path: Path,
    file_format: Literal["csv", "parquet"] = "csv",
) -> int:
    """Write a series up to its seal to one file and return the number of bars.

    The column ``close_time`` is the bar's close in UTC, to the second in CSV; prices have all their
    digits, so that an export ingested again is the same series.
    """
    bars = catalog.read(symbol, timeframe)
    table = table_of(bars).reset_index(names="close_time")
    if file_format == "parquet":
        write_parquet_atomic(path, table)
    elif file_format == "csv":
        out = StringIO()
        # Under its own name the trade date would be taken for the stamp by who reads the file.
        table = table.rename(columns={"session": "session_yyyymmdd"})
        table.to_csv(out, index=False, date_format="%Y-%m-%dT%H:%M:%SZ", lineterminator="\n")
        write_atomic(path, out.getvalue())
    else:
        raise SettingsError(f"format must be csv or parquet, received {file_format!r}.")
    return len(bars)


def inspect_series(catalog: Catalog, symbol: str, timeframe: str) -> Inspection:
    """Return what is known about a stored series, without reading its bars."""
    entry = catalog.entry(symbol, timeframe)
    coverage = np.nan
    if entry.calendar:
        expected = schedule(entry.calendar, entry.first_session, entry.last_session)
        coverage = entry.n_sessions / max(len(expected), 1)
    return Inspection(
        symbol=symbol,
        timeframe=timeframe,
        n_bars=entry.n_bars,
        n_sessions=entry.n_sessions,
        first_session=entry.first_session,
        last_session=entry.last_session,
        first_sealed_session=entry.first_sealed_session,
        coverage_frac=coverage,
        adjusted=entry.adjusted,
        closes_only=entry.closes_only,
        source=entry.source,
        provenance=entry.provenance,
        calendar=entry.calendar,
        content_hash=catalog.content_hash(symbol, timeframe),
        findings=entry.findings,
    )


def _expected(raw: RawSeries, known: Instrument) -> Ints:
    """Return the calendar's sessions around the dates of a series."""
    index = pd.DatetimeIndex(raw.frame.index)
    week = pd.Timedelta(days=7)
    return schedule(known.calendar, _date(index.min() - week), _date(index.max() + week)).session


def _date(moment: pd.Timestamp) -> int:
    return int(moment.strftime("%Y%m%d"))


def _inside(raw: RawSeries, known: Instrument) -> tuple[Bars, Finding | None]:
    """Return the bars in sessions, and what was dropped (D16)."""
    lost = outside(raw, known)
    bars = to_bars(raw, known, drop_outside=True)
    n_lost = int(lost.sum())
    if not n_lost:
        return bars, None
    first = raw.frame.index[lost][0]
    dropped = (
        f"{raw.symbol} ({raw.where}): {n_lost} of {lost.size} bars lie in no session of calendar "
        f"{known.calendar!r}, the first stamped {first}"
    )
    share = _session_share(bars, known)
    if n_lost > MAX_OUTSIDE_FRAC * lost.size and share < MIN_SESSION_FRAC:
        raise DataError(
            f"{dropped}, and the others fill {share:.0%} of a session. Correct the stamps' zone, "
            f"or set instruments.{raw.symbol}.calendar."
        )
    return bars, Finding(
        "D16", "repair", raw.symbol, f"{dropped}; they were dropped.", None, n_lost
    )


def _session_share(bars: Bars, known: Instrument) -> float:
    """Return the median share of a session's bars that are there; 1 for daily bars."""
    if bars.timeframe == "1d":
        return 1.0
    sessions, n_bars = np.unique(bars.session, return_counts=True)
    plan = schedule(known.calendar, int(sessions[0]), int(sessions[-1]))
    at = np.searchsorted(plan.session, sessions)
    length_ns = minutes_of(bars.timeframe) * 60_000_000_000
    return float(np.median(n_bars * length_ns / (plan.close_ns[at] - plan.open_ns[at])))
