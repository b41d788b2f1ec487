"""The state of the economy by what was released: growth, inflation, risk aversion.

Each indicator keeps its last released value until the next one, and votes 1 above its upper mark,
-1 below its lower one. A vote once cast is held until the value is a tenth of the marks' distance
inside them: a figure that hovers at a mark does not flip it. A regime is the sign of its
indicators' mean vote where that is at least a third, 0 otherwise, unknown before any release.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from alphamill.core.market import Floats, Ints
from alphamill.factors.events import Events
from alphamill.factors.panel import Panel

COUNTRY: Final = "US"
HELD_SHARE: Final = 0.1
MAJORITY: Final = 1.0 / 3.0


class Mark(NamedTuple):
    """Codes of one indicator (any of them), its marks, and whether high values vote 1 or -1."""

    codes: tuple[str, ...]
    low: float
    high: float
    sign: int = 1


# Percent a year, percent, index points: the units of specs/factors 2.8.
REGIMES: Final[Mapping[str, tuple[Mark, ...]]] = MappingProxyType(
    {
        "growth": (
            Mark(("GDP",), 0.0, 2.0),
            Mark(("UNEMPLOYMENT",), 4.0, 7.0, sign=-1),
            Mark(("PMI",), 48.0, 52.0),
            Mark(("INDUSTRIAL_PRODUCTION",), 0.0, 2.0),
        ),
        "inflation": tuple(
            Mark((code,), 1.0, 3.0) for code in ("CPI", "PPI", "INFLATION", "CORE_CPI")
        ),
        "risk_aversion": (
            Mark(("FED_RATE",), 2.0, 5.0),
            Mark(("VIX",), 15.0, 20.0),
            Mark(("TREASURY_10Y",), 2.0, 5.0),
            Mark(("CREDIT_SPREAD",), 3.0, 5.0),
        ),
    }
)


def regime(panel: Panel, events: Events, name: str) -> Floats:
    """Return one regime at each row, the same for all symbols; shape (n_dates, n_symbols)."""
    votes = np.array([_votes(panel, events, mark) for mark in REGIMES[name]])
    told = ~np.isnan(votes)
    n_told = told.sum(axis=0)
    mean = np.where(told, votes, 0.0).sum(axis=0) / np.maximum(n_told, 1)
    state = np.where(np.abs(mean) >= MAJORITY, np.sign(mean), 0.0)
    state[n_told == 0] = np.nan
    return np.broadcast_to(state[:, None], panel.shape).copy()


def _votes(panel: Panel, events: Events, mark: Mark) -> Floats:
    """Return the vote at each row; it goes from release to release, wherever the rows begin."""
    hold = HELD_SHARE * (mark.high - mark.low)
    out, vote = np.full(panel.close_ns.size, np.nan), 0
    for row, value in _releases(panel, events, mark.codes, COUNTRY):
        if value > mark.high or (vote > 0 and value > mark.high - hold):
            vote = 1
        elif value < mark.low or (vote < 0 and value < mark.low + hold):
            vote = -1
        else:
            vote = 0
        out[row:] = mark.sign * vote
    return out


def released(
    panel: Panel, events: Events, codes: tuple[str, ...], country: str = COUNTRY
) -> Floats:
    """Return the last released value of a series at each row's close, shape (n_dates,).

    Of one period the value released last counts; a revision of an older period does not replace
    the newest period's.
    """
    out = np.full(panel.close_ns.size, np.nan)
    for row, value in _releases(panel, events, codes, country):
        out[row:] = value
    return out


def _releases(
    panel: Panel, events: Events, codes: tuple[str, ...], country: str
) -> Iterator[tuple[int, float]]:
    """Yield the first row that knows it, and the value, of what is news when it is released."""
    rows = np.searchsorted(panel.close_ns, events.known_ns, side="left")
    newest = np.iinfo(np.int64).min
    for k in _records(events, codes, country):
        if events.event_ns[k] >= newest and not np.isnan(events.numbers["value"][k]):
            newest = int(events.event_ns[k])
            yield int(rows[k]), float(events.numbers["value"][k])


def _records(events: Events, codes: tuple[str, ...], country: str) -> Ints:
    pairs = zip(events.text["macro_code"], events.text["country"], strict=True)
    is_so = [code.upper() in codes and where.upper() == country for code, where in pairs]
    return np.flatnonzero(np.array(is_so, dtype=np.bool_))
