"""Fields of a panel that come from tables of events: one row each, computed when a formula asks."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Flags, Floats
from alphamill.factors.events import KINDS, MARKET, Events
from alphamill.factors.known import last_record, means_of_sessions, sums_of_days, values_of
from alphamill.factors.macro_state import REGIMES, regime
from alphamill.factors.panel import Panel

INSIDER_DAYS: Final = 60
# About 65 sessions: one quarter's report speaks until the next one is due.
EARNINGS_DAYS: Final = 95


def _surprise(panel: Panel, events: Events, what: str) -> Floats:
    actual, estimate = events.numbers[f"{what}_actual"], events.numbers[f"{what}_estimate"]
    divisor = np.where(estimate == 0.0, np.nan, np.abs(estimate))
    return _last(panel, events, 100.0 * (actual - estimate) / divisor)


def _gap(panel: Panel, events: Events) -> Floats:
    return _last(panel, events, events.numbers["eps_actual"] - events.numbers["eps_estimate"])


def _last(panel: Panel, events: Events, values: Floats) -> Floats:
    record = last_record(panel, events, np.ones(len(events), dtype=np.bool_))
    return values_of(panel, events, record, values, EARNINGS_DAYS)


def _dealt(panel: Panel, events: Events, direction: str, *, in_money: bool) -> Floats:
    notional = events.numbers["usd_notional"]
    notional = np.where(
        np.isnan(notional), events.numbers["shares"] * events.numbers["price"], notional
    )
    values = notional if in_money else np.ones(len(events))
    is_so = _said(events, "direction", direction)
    return sums_of_days(panel, events, np.where(is_so, values, np.nan), INSIDER_DAYS)


def _written(panel: Panel, events: Events, *, market: bool, count: bool) -> Floats:
    of = MARKET if market else None
    scores, _ = means_of_sessions(panel, events, events.numbers["sentiment_score"], of)
    if not count:
        return scores
    volume, days = means_of_sessions(panel, events, events.numbers["sentiment_volume"], of)
    # A session's number: mean of its days times their number; no day is no article.
    return np.where(days == 0.0, 0.0, volume * days)


def _said(events: Events, column: str, value: str) -> Flags:
    return np.array([told.lower() == value for told in events.text[column]], dtype=np.bool_)


FIELDS: Final[Mapping[str, tuple[str, Callable[[Panel, Events], Floats]]]] = MappingProxyType(
    {
        "earnings_eps_surprise": ("earnings", partial(_surprise, what="eps")),
        "earnings_revenue_surprise": ("earnings", partial(_surprise, what="revenue")),
        "earnings_eps_gap": ("earnings", _gap),
        "insider_bought_60d": ("insider", partial(_dealt, direction="buy", in_money=True)),
        "insider_sold_60d": ("insider", partial(_dealt, direction="sell", in_money=True)),
        "insider_buys_60d": ("insider", partial(_dealt, direction="buy", in_money=False)),
        "insider_sells_60d": ("insider", partial(_dealt, direction="sell", in_money=False)),
        "news_score": ("sentiment", partial(_written, market=False, count=False)),
        "news_articles": ("sentiment", partial(_written, market=False, count=True)),
        "news_market_score": ("sentiment", partial(_written, market=True, count=False)),
        "news_market_articles": ("sentiment", partial(_written, market=True, count=True)),
        **{f"macro_{name}": ("macro", partial(regime, name=name)) for name in REGIMES},
    }
)


def with_events(panel: Panel, events: Mapping[str, Events], names: Iterable[str]) -> Panel:
    """Return the panel with those of the named fields that come from events.

    Raises
    ------
    SettingsError
        When the table that a field comes from is not among ``events``.
    """
    added = {}
    for name in sorted(set(names) & set(FIELDS) - set(panel.fields)):
        kind, build = FIELDS[name]
        if kind not in events:
            raise SettingsError(
                f"the field {name!r} comes from {kind} events, received tables of "
                f"{sorted(events)}. Put {KINDS[kind].file} beside the others, or choose a factor "
                "set without it."
            )
        added[name] = build(panel, events[kind])
    return panel.with_fields(added) if added else panel
