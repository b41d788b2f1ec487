"""A made-up market of many symbols, with reports, insiders, news and macro figures; seeded.

It is there so that every command runs without a vendor. Nothing can be earned in it but by luck:
events are drawn apart from prices. One (seed, symbol, dates) is one history, whoever else is asked
for; a longer one begins with the shorter one's days.
"""

from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
import pandas as pd

from alphamill.core.market import Floats
from alphamill.data.calendar import Schedule, schedule
from alphamill.factors.events import MARKET

BEGINS: Final = 20_090_101
CALENDAR: Final = "XNYS"
# Share of a day's variance that all symbols have in common.
_COMMON: Final = 0.3
_AFTER_CLOSE_NS: Final = 45 * 60_000_000_000
_MACRO: Final = {
    "GDP": (2.0, 1.0, 90),
    "UNEMPLOYMENT": (5.0, 0.3, 30),
    "CPI": (2.4, 0.3, 30),
    "FED_RATE": (2.5, 0.3, 45),
    "VIX": (18.0, 3.0, 7),
}


@dataclass(frozen=True)
class SyntheticMarket:
    """The market of one seed."""

    seed: int

    def prices(self, symbols: tuple[str, ...], first: int, last: int) -> pd.DataFrame:
        """Return daily prices of the sessions in [first, last] (yyyymmdd) as a long table."""
        plan = schedule(CALENDAR, BEGINS, last)
        common = self._rng("market").standard_normal(len(plan))
        shown = plan.session >= first
        stamps = pd.DatetimeIndex(plan.close_ns[shown].view("M8[ns]"), tz="UTC")
        parts = []
        for symbol in symbols:
            told = self._path(symbol, common)
            parts.append(
                pd.DataFrame(
                    {"timestamp": stamps, "symbol": symbol}
                    | {name: values[shown] for name, values in told.items()}
                )
            )
        return pd.concat(parts, ignore_index=True)

    def events(self, symbols: tuple[str, ...], last: int) -> dict[str, pd.DataFrame]:
        """Return the tables of events up to a date, kind -> table as its file holds it."""
        plan = schedule(CALENDAR, BEGINS, last)
        return {
            "earnings": pd.concat([self._earnings(s, plan) for s in symbols], ignore_index=True),
            "insider": pd.concat([self._insider(s, plan) for s in symbols], ignore_index=True),
            "sentiment": pd.concat(
                [self._sentiment(s, plan) for s in (*symbols, MARKET)], ignore_index=True
            ),
            "macro": pd.concat([self._macro(code, plan) for code in _MACRO], ignore_index=True),
        }

    def _rng(self, *parts: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *(crc32(part.encode()) for part in parts)])

    def _path(self, symbol: str, common: Floats) -> dict[str, Floats]:
        rng = self._rng("prices", symbol)
        level, volatility = np.exp(rng.uniform(2.5, 6.0)), rng.uniform(0.15, 0.5)
        # A row of draws a day: the next day's draws leave the former ones as they were.
        own = rng.standard_normal((common.size, 4))
        shock = np.sqrt(_COMMON) * common + np.sqrt(1.0 - _COMMON) * own[:, 0]
        daily = volatility / np.sqrt(252.0)
        close = level * np.exp(np.cumsum(daily * shock - daily**2 / 2.0))
        before = np.append(level, close[:-1])
        open_ = before * np.exp(0.3 * daily * own[:, 1])
        high = np.maximum(open_, close) * np.exp(0.4 * daily * np.abs(own[:, 2]))
        low = np.minimum(open_, close) * np.exp(-0.4 * daily * np.abs(own[:, 3]))
        volume = np.round(np.exp(14.0 + 0.3 * own[:, 3] + 0.2 * np.abs(shock)))
        return {"open": open_, "high": high, "low": low, "close": close, "volume": volume}

    def _earnings(self, symbol: str, plan: Schedule) -> pd.DataFrame:
        rng = self._rng("earnings", symbol)
        at = np.arange(int(rng.integers(5, 63)), len(plan), 63)
        draws = rng.standard_normal((at.size, 2))
        estimate = np.round(1.0 + 0.01 * np.arange(at.size), 2)
        revenue = np.round(1e9 * (1.0 + 0.01 * np.arange(at.size)), 0)
        when = _stamps(plan.close_ns[at] + _AFTER_CLOSE_NS)
        return pd.DataFrame(
            {
                "timestamp": when,
                "symbol": symbol,
                "event_type": "earnings",
                "event_id": [f"{symbol}-E{k}" for k in range(at.size)],
                "disclosure_date": when,
                "eps_actual": np.round(estimate * (1.0 + 0.05 * draws[:, 0]), 2),
                "eps_estimate": estimate,
                "revenue_actual": np.round(revenue * (1.0 + 0.02 * draws[:, 1]), 0),
                "revenue_estimate": revenue,
            }
        )

    def _insider(self, symbol: str, plan: Schedule) -> pd.DataFrame:
        rng = self._rng("insider", symbol)
        draws = rng.random((len(plan), 3))
        at = np.flatnonzero(draws[:, 0] < 0.03)
        at = at[at < len(plan) - 2]
        happened = plan.close_ns[at]
        return pd.DataFrame(
            {
                "timestamp": _stamps(happened),
                "symbol": symbol,
                "event_type": "insider_trade",
                "event_id": [f"{symbol}-I{k}" for k in at],
                "disclosure_date": _stamps(plan.close_ns[at + 2] + _AFTER_CLOSE_NS),
                "direction": np.where(draws[at, 1] < 0.4, "buy", "sell"),
                "shares": np.round(100.0 + 20_000.0 * draws[at, 2]),
                "price": 50.0,
            }
        )

    def _sentiment(self, symbol: str, plan: Schedule) -> pd.DataFrame:
        rng = self._rng("sentiment", symbol)
        draws = rng.random((len(plan), 3))
        at = np.flatnonzero(draws[:, 0] < (1.0 if symbol == MARKET else 0.8))
        days = pd.to_datetime(plan.session[at].astype(str), format="%Y%m%d", utc=True)
        return pd.DataFrame(
            {
                "timestamp": days,
                "symbol": symbol,
                "sentiment_score": 2.0 * draws[at, 1] - 1.0,
                "sentiment_volume": np.floor(1.0 + 9.0 * draws[at, 2]),
            }
        )

    def _macro(self, code: str, plan: Schedule) -> pd.DataFrame:
        level, size, days = _MACRO[code]
        rng = self._rng("macro", code)
        period = pd.date_range(str(plan.session[0]), str(plan.session[-1]), freq=f"{days}D")
        value = level + size * np.cumsum(0.4 * rng.standard_normal(period.size))
        release = period + pd.Timedelta(days=min(days, 20), hours=13, minutes=30)
        return pd.DataFrame(
            {
                "timestamp": period.tz_localize("UTC"),
                "macro_code": code,
                "value": np.round(value, 2),
                "country": "US",
                "release_time": release.tz_localize("UTC"),
            }
        )


def _stamps(moment_ns: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.asarray(moment_ns).view("M8[ns]"), tz="UTC")
