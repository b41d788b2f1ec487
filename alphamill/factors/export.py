"""The factor panel on disk: factors and label of a universe, and a text that says what they are.

    output/factor_panels/factor_panel_universe_ai_tech_core+alt_full_20d_1d.parquet
    output/factor_panels/factor_panel_universe_ai_tech_core+alt_full_20d_1d_metadata.json

Prices are read from before the first date on, as far as the longest formula looks back: a factor is
as complete on the first row as on the last. Nothing after the last date is read, so the labels of
the last rows are not known.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import pandas as pd

import alphamill
from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import digest, source_digest
from alphamill.data.calendar import schedule
from alphamill.data.universe import Universe
from alphamill.factors.altdata import FIELDS, with_events
from alphamill.factors.compute import compute
from alphamill.factors.events import Events
from alphamill.factors.expression import Expression
from alphamill.factors.forward import (
    PREFIX,
    Entry,
    ReturnType,
    executable_entry,
    forward_returns,
    label_name,
)
from alphamill.factors.frames import frame_of
from alphamill.factors.library.factor import Factor
from alphamill.factors.library.table import (
    BY_NAME,
    FactorSet,
    expressions,
    factor_set,
    formula_id,
)
from alphamill.factors.panel import Panel
from alphamill.workshop.files import write_atomic, write_parquet_atomic

FOLDER: Final = "factor_panels"
ML_PREFIX: Final = "ml_alpha_"
# What prices may not tell; a factor of the library that needs it is then left out, and named.
MAY_LACK: Final = ("open", "high", "low", "raw_close", "volume", "freefloat")
# Names of labels, outcomes and what models made: never a factor's.
RESERVED: Final = (PREFIX, "post_", ML_PREFIX)


class Market(Protocol):
    """Where prices and events come from."""

    def panel(self, universe: Universe, calendar: str, first: int, last: int) -> Panel:
        """Return the panel of a universe with the sessions in [first, last], yyyymmdd."""
        ...

    def events(self, universe: Universe, kinds: frozenset[str], last: int) -> dict[str, Events]:
        """Return the tables of events of these kinds; those published after ``last`` may lack."""
        ...


@dataclass(frozen=True)
class PanelRequest:
    """What a factor panel is asked to be; dates are yyyymmdd and both counted in.

    ``entry`` None takes `executable_entry`. ``ml_panel`` is a file with ``ml_alpha_...`` columns,
    for the sets that take them; ``formulas`` are the user's own factors, name -> one line.
    """

    universe: Universe
    factor_set: str
    start_date: int
    end_date: int
    horizon_days: int = 20
    freq: str = "1d"
    calendar: str = "XNYS"
    return_type: ReturnType = "log"
    entry: Entry | None = None
    ml_panel: Path | None = None
    formulas: Mapping[str, str] = field(default_factory=dict)


class PanelFile(NamedTuple):
    """Where a factor panel was written, and what its metadata say."""

    path: Path
    metadata_path: Path
    metadata: dict[str, Any]


class FactorPanel(NamedTuple):
    """A factor panel: its long table, and what it is."""

    frame: pd.DataFrame
    metadata: dict[str, Any]


def write_factor_panel(request: PanelRequest, market: Market, output: Path) -> PanelFile:
    """Build a factor panel and write it below ``output / "factor_panels"``.

    Raises
    ------
    SettingsError
        For an unknown factor set or frequency, dates that do not fit, or a table of events that
        the set needs and the market does not have.
    DataError
        When prices or events are not as they must be.
    """
    built = factor_panel(request, market)
    stem = panel_stem(request)
    path = output / FOLDER / f"{stem}.parquet"
    about = output / FOLDER / f"{stem}_metadata.json"
    write_parquet_atomic(path, built.frame)
    write_atomic(about, json.dumps(built.metadata, indent=1, sort_keys=True) + "\n")
    return PanelFile(path, about, built.metadata)


def panel_stem(request: PanelRequest) -> str:
    """Return the name of a panel's files, without their endings."""
    return (
        f"factor_panel_{request.universe.name}_{request.factor_set}_{request.horizon_days}d_"
        f"{request.freq}"
    )


def factor_panel(request: PanelRequest, market: Market) -> FactorPanel:
    """Return the factor panel that is asked for."""
    if request.start_date > request.end_date:
        raise SettingsError(
            f"start_date must not lie after end_date, received {request.start_date} and "
            f"{request.end_date}."
        )
    asked = _with_own(factor_set(request.factor_set), request.formulas)
    told = expressions(asked.factors)
    rows_before = max((e.rows_before for e in told.values()), default=0)
    first = _sessions_before(request.calendar, request.start_date, rows_before)
    panel = market.panel(request.universe, request.calendar, first, request.end_date)
    panel = panel.between(first, request.end_date)
    start = int(np.searchsorted(panel.session, request.start_date))
    if start == panel.shape[0]:
        raise DataError(
            f"universe {request.universe.name}: must have prices between {request.start_date} and "
            f"{request.end_date}, received none. Ingest more, or choose other dates."
        )
    if panel.freq != request.freq:
        raise SettingsError(
            f"freq must be that of the prices, {panel.freq}, received {request.freq!r}."
        )
    needed = {name for e in told.values() for name in e.fields}
    kinds = frozenset(FIELDS[name][0] for name in needed if name in FIELDS)
    tables = market.events(request.universe, kinds, request.end_date)
    panel = with_events(panel, tables, needed)
    if not panel.has_ranges:
        told = expressions(asked.factors, has_ranges=False)
    kept, left_out = _computable(panel, told)
    columns = compute(panel, kept)
    entry = request.entry or executable_entry(panel)
    label = label_name(request.horizon_days)
    columns[label] = forward_returns(
        panel, request.horizon_days, return_type=request.return_type, entry=entry
    )
    shown = panel.rows(start, panel.shape[0])
    ordered = {label: columns.pop(label)[start:]} | {n: v[start:] for n, v in columns.items()}
    frame = _with_ml(frame_of(shown, ordered), asked, request)
    facts = _metadata(request, panel, asked, frame, kept)
    facts |= {"left_out": left_out, "events": {k: _told(e) for k, e in sorted(tables.items())}}
    facts["label"] |= {"entry": entry, "price_field": "open" if entry == "next_open" else "close"}
    return FactorPanel(frame, facts)


def _with_own(asked: FactorSet, formulas: Mapping[str, str]) -> FactorSet:
    """Return the set with the user's own factors after its own."""
    rows = []
    for name, formula in formulas.items():
        if name in BY_NAME or not name.isidentifier() or name.startswith(RESERVED):
            raise SettingsError(
                f"a factor of your own needs a name of letters, digits and _ that is not taken and "
                f"does not begin with one of {list(RESERVED)}, received {name!r}. Rename it."
            )
        rows.append(Factor(name, "own", "a factor of the user's own", formula, source="the user"))
    return asked._replace(factors=(*asked.factors, *rows))


def _computable(
    panel: Panel, told: Mapping[str, Expression]
) -> tuple[dict[str, Expression], dict[str, str]]:
    kept, left_out = {}, {}
    for name, e in told.items():
        absent = sorted(e.fields - set(panel.fields))
        # A field that no prices have is a slip of the pen: compute() says so.
        if absent and set(absent) <= set(MAY_LACK):
            left_out[name] = f"the prices have no {', '.join(absent)}"
        else:
            kept[name] = e
    return kept, left_out


def _sessions_before(calendar: str, session: int, n_rows: int) -> int:
    """Return the trade date ``n_rows`` sessions before the first one from ``session`` on."""
    day = pd.Timestamp(str(session))
    # Seven days have at least three sessions, whatever the holidays.
    begin = day - pd.Timedelta(days=(n_rows + 3) * 7 // 3)
    earlier = schedule(calendar, int(begin.strftime("%Y%m%d")), session).session
    earlier = earlier[earlier < session]
    return int(earlier[-n_rows]) if n_rows else session


def _with_ml(frame: pd.DataFrame, asked: FactorSet, request: PanelRequest) -> pd.DataFrame:
    if not asked.takes_ml:
        if request.ml_panel is not None:
            raise SettingsError(
                f"factor set {asked.name!r} takes no columns of models, received "
                f"{request.ml_panel.name}. Ask for a set with +ml, or leave the file out."
            )
        return frame
    if request.ml_panel is None:
        raise SettingsError(
            f"factor set {asked.name!r} takes {ML_PREFIX}... columns of a panel, received none. "
            "Name the file that `alphamill factors alpha` wrote."
        )
    table = pd.read_parquet(request.ml_panel)
    names = [name for name in table.columns if name.startswith(ML_PREFIX)]
    if not names or table.duplicated(["timestamp", "symbol"]).any():
        raise DataError(
            f"{request.ml_panel.name}: must have columns {ML_PREFIX}... and each (timestamp, "
            f"symbol) once, received {list(table.columns)}. Export it again."
        )
    table = table.assign(timestamp=pd.to_datetime(table["timestamp"], utc=True).dt.as_unit("ns"))
    keyed = table[["timestamp", "symbol", *names]]
    return frame.merge(keyed, on=["timestamp", "symbol"], how="left", validate="one_to_one")


def _metadata(
    request: PanelRequest,
    panel: Panel,
    asked: FactorSet,
    frame: pd.DataFrame,
    kept: Mapping[str, Expression],
) -> dict[str, Any]:
    missing = frame.drop(columns=["timestamp", "symbol"]).isna().mean()
    members = "static" if request.universe.is_survivorship_biased else "dated"
    return {
        "factor_set": asked.name,
        "factors": [_row(row, kept[row.name]) for row in asked.factors if row.name in kept],
        "ml_alphas": [name for name in frame.columns if name.startswith(ML_PREFIX)],
        "horizon_days": request.horizon_days,
        "label": {
            "name": label_name(request.horizon_days),
            "return_type": request.return_type,
            "counts": f"sessions of {panel.calendar}",
        },
        "freq": panel.freq,
        "calendar": panel.calendar,
        "universe": {
            "name": request.universe.name,
            "membership": members,
            "survivorship_biased": panel.is_survivorship_biased,
            "stays": digest([[s.symbol, s.start, s.end] for s in request.universe.stays]),
        },
        "start_date": request.start_date,
        "end_date": request.end_date,
        "first_price_date": int(panel.session[0]),
        "snapshot": panel.snapshot,
        "panel": panel.identity,
        "proxies": [] if panel.has_ranges else ["average true range from closes"],
        "notes": list(panel.notes),
        "n_rows": len(frame),
        "n_symbols": int(frame["symbol"].nunique()),
        "n_dates": int(frame["timestamp"].nunique()),
        "nan_share": {str(name): float(share) for name, share in missing.items()},
        "point_in_time": {str(n): not str(n).startswith(PREFIX) for n in missing.index},
        "version": alphamill.__version__,
        "code": source_digest(Path(__file__).parent)[:16],
    }


def _row(row: Factor, e: Expression) -> dict[str, Any]:
    return {
        "name": row.name,
        "family": row.family,
        "version": row.version,
        "formula": e.text,
        "formula_id": formula_id(row),
        "sessions_before": e.rows_before,
        "point_in_time": True,
        "is_per_date": row.is_per_date,
        "table": row.table or "prices",
    }


def _told(events: Events) -> dict[str, Any]:
    return {
        "identity": events.identity,
        "publication": events.publication,
        "n_records": len(events),
    }
