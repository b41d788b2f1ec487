"""Tables of events worked by hand, and the made-up market as panels."""

from functools import lru_cache

import pandas as pd

from alphamill.data.universe import universe_of
from alphamill.factors.altdata import with_events
from alphamill.factors.events import Events, events_of
from alphamill.factors.export import PanelRequest
from alphamill.factors.library.table import FACTORS, expressions
from alphamill.factors.markets import MadeUpMarket
from alphamill.factors.panel import Panel

UNIVERSE = universe_of("trio", ["AAA", "BBB", "CCC"])
MARKET = MadeUpMarket(seed=3)
FIRST, LAST = 20180102, 20200630


def request(**changes: object) -> PanelRequest:
    told = {"universe": UNIVERSE, "factor_set": "core", "start_date": 20190603}
    return PanelRequest(**told | {"end_date": 20190731} | changes)


def earnings(*rows: tuple[str, str, str, float, float]) -> Events:
    """Return reports of (symbol, happened, public, actual, estimate) a share."""
    columns = ["symbol", "timestamp", "disclosure_date", "eps_actual", "eps_estimate"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.assign(event_type="earnings", event_id=[str(k) for k in range(len(rows))])
    return events_of(table, "earnings")


def insider(*rows: tuple[str, str, str, str, float], covers_from: str = "2018-01-01") -> Events:
    """Return deals of (symbol, happened, public, direction, notional)."""
    columns = ["symbol", "timestamp", "disclosure_date", "direction", "usd_notional"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.assign(event_type="insider_trade", event_id=[str(k) for k in range(len(rows))])
    return events_of(table, "insider", covers_from=covers_from)


def releases(*rows: tuple[str, str, str, float]) -> Events:
    """Return figures of (code, period, released, value) of the United States."""
    columns = ["macro_code", "timestamp", "release_time", "value"]
    return events_of(pd.DataFrame(rows, columns=columns).assign(country="US"), "macro")


@lru_cache
def made_up() -> tuple[Panel, dict[str, Events]]:
    """Return prices and events of the made-up market."""
    panel = MARKET.panel(UNIVERSE, "XNYS", FIRST, LAST)
    free = panel.with_fields({"freefloat": panel.fields["volume"] * 0.0 + 1e7})
    kinds = frozenset({"earnings", "insider", "sentiment", "macro"})
    return free, MARKET.events(UNIVERSE, kinds, LAST)


def with_all(panel: Panel, events: dict[str, Events]) -> Panel:
    """Return the panel with every field that a factor of the table reads."""
    return with_events(panel, events, {n for e in expressions(FACTORS).values() for n in e.fields})
