"""Seeded markets of known nature, on the real calendar and tick grid.

Every kind but ``drift`` is a martingale in price before rounding to the tick: nothing can be
earned but by luck. Prices of two symbols are independent. One (seed, symbol, timeframe, start,
kind) is one path, byte for byte; asking for fewer bars gives its beginning, and planting an edge
leaves its noise as it was.

The planted edge (``edge_sharpe``) lies in the path. Over the last ``horizon_bars`` bars let x be
the sum of the standardised shocks over the square root of their number; the next bar's expected
return between open and close is then -k clip(x, -1, 1) of its own deviation. What fell tends to
rise and the reverse, so every rule near "buy after a fall" shares it, and holding earns nothing.
k is set so that the plain rule *long while the change over horizon_bars is negative, filled at
the next open*, has that annual Sharpe ratio S before costs: k = S sqrt(2) / (0.63125 sqrt(bars a
year)), with E min(abs(x), 1) = 0.63125 for a normal x. Long and short together it earns sqrt(2)
times as much; horizons of 0.6 and 1.6 times the planted one earn about two thirds and four
fifths. Measured over 60 markets of 20 years: 1.00 for S = 1 and 1.82 for S = 2 (daily), 0.96 and
1.78 (hourly), standard error 0.025; the loss is the edge's own trace in the change that is read.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from zlib import crc32

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Bars, Floats, Instrument, Ints
from alphamill.data.calendar import (
    MINUTE_NS,
    Schedule,
    frame,
    minutes_of,
    schedule,
    session_columns,
)
from alphamill.data.instruments import FACTORY_SYMBOLS, instrument
from alphamill.data.raw import RawSeries

Kind = Literal["iid", "garch", "t4", "drift", "season", "regime"]
SESSIONS_A_YEAR: Final = 252
DAY_MINUTES: Final = 1440
# E min(|x|, 1) for a standard normal x.
MEAN_CLIPPED: Final = 0.6312525

# Price at the start and annual volatility: the order of size of the real ones.
_LEVELS: Final = {
    "ES": (1500.0, 0.18),
    "NQ": (2500.0, 0.22),
    "YM": (12000.0, 0.17),
    "RTY": (800.0, 0.22),
    "GC": (1200.0, 0.16),
    "SI": (18.0, 0.28),
    "HG": (3.0, 0.22),
    "CL": (70.0, 0.32),
    "NG": (4.0, 0.35),
    "6A": (0.85, 0.11),
    "6B": (1.5, 0.09),
    "6E": (1.25, 0.09),
    "6J": (0.0095, 0.10),
    "6N": (0.7, 0.12),
    "6S": (1.0, 0.10),
}
_OTHER_LEVEL: Final = (100.0, 0.20)
_CONTRACTS_A_SESSION: Final = 200_000.0


@dataclass(frozen=True)
class Process:
    """What kind of market.

    Attributes
    ----------
    kind : str
        "iid": normal returns of equal deviation; "garch": a GARCH(1,1) deviation by session
        (0.08, 0.90); "t4": Student returns with 4 degrees of freedom; "drift": iid plus a
        buy-and-hold Sharpe ratio; "season": a deviation that is high at the session's two ends;
        "regime": calm (0.7) and turbulent (1.6) sessions that last about 50 and 20.
    edge_sharpe : float
        Annual Sharpe ratio of the planted edge (module text), in any kind; 0 plants none.
    horizon_bars : int or None
        Of the planted edge; None is 5 sessions.
    drift_sharpe : float
        Annual Sharpe ratio of holding; of the kind "drift" only.
    """

    kind: Kind = "iid"
    edge_sharpe: float = 0.0
    horizon_bars: int | None = None
    drift_sharpe: float = 0.5

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise SettingsError(
                f"synthetic kind must be one of {list(get_args(Kind))}, received {self.kind!r}."
            )
        if isinstance(self.edge_sharpe, bool) or not isinstance(self.edge_sharpe, (int, float)):
            raise SettingsError(
                f"synthetic edge_sharpe must be a number, received {self.edge_sharpe!r}."
            )
        if self.horizon_bars is not None and self.horizon_bars < 1:
            raise SettingsError(
                f"synthetic horizon_bars must be at least 1, received {self.horizon_bars!r}."
            )


class Synthetic:
    """The source of made-up markets; by default the factory's 15 futures."""

    name = "synthetic"

    def __init__(
        self,
        *,
        kind: Kind = "iid",
        edge_sharpe: float = 0.0,
        seed: int = 0,
        start: int = 20100104,
        end: int = 20241231,
        symbols: Iterable[str] = FACTORY_SYMBOLS,
    ) -> None:
        for option, value in (("seed", seed), ("start", start), ("end", end)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise SettingsError(
                    f"synthetic {option} must be a whole number (dates as yyyymmdd), received "
                    f"{value!r}. Correct data.options."
                )
        self.process = Process(kind, edge_sharpe=edge_sharpe)
        self.seed, self.start, self.end = seed, start, end
        self._symbols = tuple(symbols)

    def symbols(self) -> tuple[str, ...]:
        return self._symbols

    def fetch(self, symbol: str, timeframe: str) -> RawSeries:
        """Return a path as any source would hand it over.

        Raises
        ------
        SettingsError
            For a symbol that the instruments table does not know.
        """
        made = bars(symbol, timeframe, self.process, start=self.start, end=self.end, seed=self.seed)
        table = frame(made)
        if timeframe == "1d":
            dates = made.session
            midnights = np.array([f"{d // 10000}-{d // 100 % 100:02}-{d % 100:02}" for d in dates])
            table.index = midnights.astype("M8[ns]")
        return RawSeries(
            symbol,
            timeframe,
            table[["open", "high", "low", "close", "volume"]],
            "session" if timeframe == "1d" else "close",
            f"synthetic {self.process.kind}, seed {self.seed}",
        )


def bars(
    symbol: str,
    timeframe: str = "15m",
    process: Process | Kind = "iid",
    *,
    start: int = 20000103,
    end: int | None = None,
    n_bars: int | None = None,
    seed: int = 0,
) -> Bars:
    """Return one path from ``start`` to ``end`` (trade dates, yyyymmdd) or of ``n_bars`` bars.

    Raises
    ------
    SettingsError
        For an unknown symbol, timeframe or kind, or when not exactly one of ``end`` and ``n_bars``
        is given.

    Examples
    --------
    >>> bars("ES", "1d", n_bars=2).session.tolist()
    [20000103, 20000104]
    """
    if (end is None) == (n_bars is None):
        raise SettingsError(
            f"synthetic {symbol}: give exactly one of end and n_bars, received {end!r} and "
            f"{n_bars!r}."
        )
    process = process if isinstance(process, Process) else Process(process)
    row = instrument(symbol)
    grid = _grid(row, timeframe, start, end, n_bars)
    key = crc32(f"{symbol} {timeframe} {start} {process.kind}".encode())
    price, volume = _path(_Streams(seed, key), grid, process, row)
    return Bars(
        symbol,
        timeframe,
        close_ns=grid.close_ns,
        **price,
        volume=volume,
        raw_close=price["close"],
        **session_columns(grid.plan, grid.at, grid.open_ns, grid.close_ns, row),
    )


@dataclass(frozen=True)
class _Grid:
    """Every bar of a calendar.

    ``at`` is a bar's session as a row of ``plan``, ``place`` its number within the session, of
    which the longest has ``a_session``.
    """

    plan: Schedule
    at: Ints
    place: Ints
    a_session: int
    open_ns: Ints
    close_ns: Ints


def _grid(
    row: Instrument, timeframe: str, start: int, end: int | None, n_bars: int | None
) -> _Grid:
    minutes = minutes_of(timeframe)
    if end is None:
        first_year = schedule(row.calendar, start, start + 10_000)
        a_year = int(_counts(first_year, minutes).sum())
        end = start + (int((n_bars or 0) / a_year * 1.1) + 2) * 10_000
    plan = schedule(row.calendar, start, end)
    counts = _counts(plan, minutes)
    at = np.repeat(np.arange(len(plan)), counts)[:n_bars]
    if not at.size:
        raise SettingsError(
            f"synthetic {row.symbol}: there must be a session of {row.calendar!r} in the dates, "
            f"received {start!r} to {end!r} and n_bars {n_bars!r}."
        )
    place = np.arange(at.size) - (np.cumsum(counts) - counts)[at]
    length_ns = minutes * MINUTE_NS
    open_ns = plan.open_ns[at] + place * length_ns
    ends = plan.close_ns[at]
    close_ns = ends if timeframe == "1d" else np.minimum(open_ns + length_ns, ends)
    return _Grid(plan, at, place, int(counts.max()), open_ns, close_ns)


def _counts(plan: Schedule, minutes: int) -> Ints:
    if minutes == DAY_MINUTES:
        return np.ones(len(plan), dtype=np.int64)
    return -(-(plan.close_ns - plan.open_ns) // (minutes * MINUTE_NS))


class _Streams:
    """Independent generators by name: a longer draw from one never shifts another."""

    def __init__(self, seed: int, key: int) -> None:
        self.seed, self.key = seed, key

    def __call__(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.key, crc32(name.encode())])


def _path(
    streams: _Streams, grid: _Grid, process: Process, row: Instrument
) -> tuple[dict[str, Any], Floats]:
    """Return open, high, low, close on the tick grid, and volume."""
    n_bars = grid.at.size
    start, annual = _LEVELS.get(row.symbol, _OTHER_LEVEL)
    a_year = SESSIONS_A_YEAR * grid.a_session
    # The part of a bar's variance that passes before its open: a night, or a moment.
    night = 0.2 if grid.a_session == 1 else 0.5
    before = np.where(grid.place == 0, night, 0.02)
    z_gap, z_move = (streams(name).standard_normal(n_bars) for name in ("gap", "move"))
    shock = np.sqrt(before) * z_gap + np.sqrt(1.0 - before) * z_move
    relative = _relative_deviation(streams, grid, process.kind, shock)
    deviation = annual / np.sqrt(a_year) * relative
    expected = _edge(process, shock, grid.a_session, a_year)
    if process.kind == "drift":
        expected = expected + process.drift_sharpe / np.sqrt(a_year)
    inside = deviation * np.sqrt(1.0 - before)
    gap = np.maximum(deviation * np.sqrt(before) * z_gap, -0.5)
    move = np.maximum(inside * z_move + deviation * expected, -0.5)
    close = start * np.exp(np.cumsum(np.log1p(gap) + np.log1p(move)))
    open_ = close / (1.0 + move)
    high, low = (
        open_ * (1.0 + _extreme(streams(name), move, inside, sign))
        for name, sign in (("high", 1.0), ("low", -1.0))
    )
    tick = row.ticks(grid.plan.session[grid.at])
    named = {"open": open_, "high": high, "low": low, "close": close}
    price = {name: _on_grid(values, tick) for name, values in named.items()}
    return price, _volume(streams, grid, shock)


def _extreme(rng: np.random.Generator, move: Floats, deviation: Floats, sign: float) -> Floats:
    """Draw the highest or lowest point of a Brownian path from 0 to ``move``."""
    # By the reflection principle; the two are drawn apart, each exact alone.
    room = np.sqrt(move**2 - 2.0 * deviation**2 * np.log1p(-rng.random(move.size)))
    return 0.5 * (move + sign * room)


def _edge(process: Process, shock: Floats, a_session: int, a_year: int) -> Floats:
    """Return each bar's planted expectation in units of its deviation; 0 until x is known."""
    expected = np.zeros(shock.size)
    horizon = process.horizon_bars or 5 * a_session
    if process.edge_sharpe == 0.0 or shock.size <= horizon:
        return expected
    k = process.edge_sharpe * np.sqrt(2.0) / (MEAN_CLIPPED * np.sqrt(a_year))
    total = np.concatenate(([0.0], np.cumsum(shock)))
    x = (total[horizon:-1] - total[: -horizon - 1]) / np.sqrt(horizon)
    expected[horizon:] = -k * np.clip(x, -1.0, 1.0)
    return expected


def _relative_deviation(streams: _Streams, grid: _Grid, kind: Kind, shock: Floats) -> Floats:
    """Return each bar's deviation over the usual one; its mean square is 1."""
    if kind == "t4":
        # A normal over an independent root of chi-square is Student's t: given its scale the bar
        # is normal, so a large gap says nothing about what follows it.
        return np.sqrt(2.0 / streams("scale").chisquare(4, grid.at.size))
    if kind == "season":
        return _smile(grid)
    if kind == "garch":
        first = np.flatnonzero(grid.place == 0)
        n_bars = np.diff(np.append(first, shock.size))
        return _garch(np.add.reduceat(shock, first) / np.sqrt(n_bars))[grid.at]
    if kind == "regime":
        return _regimes(streams("session").random(len(grid.plan)))[grid.at]
    return np.ones(grid.at.size)


def _smile(grid: _Grid) -> Floats:
    """Return a factor by place in the session: high at both ends, its mean square 1."""
    at = np.linspace(-1.0, 1.0, grid.a_session) if grid.a_session > 1 else np.zeros(1)
    factor = 0.5 + 1.5 * at**2
    return np.asarray((factor / np.sqrt(np.mean(factor**2)))[grid.place])


def _garch(z: Floats) -> Floats:
    variance = np.ones(z.size)
    for t in range(1, z.size):
        variance[t] = 0.02 + (0.08 * z[t - 1] ** 2 + 0.90) * variance[t - 1]
    return np.sqrt(variance)


def _regimes(u: Floats) -> Floats:
    calm, turbulent, leave_calm, leave_turbulent = 0.7, 1.6, 1 / 50, 1 / 20
    out = np.empty(u.size)
    is_calm = True
    for t, draw in enumerate(u):
        is_calm = draw >= leave_calm if is_calm else draw < leave_turbulent
        out[t] = calm if is_calm else turbulent
    share_calm = leave_turbulent / (leave_calm + leave_turbulent)
    usual = np.sqrt(share_calm * calm**2 + (1.0 - share_calm) * turbulent**2)
    return np.asarray(out / usual)


def _on_grid(price: Floats, tick: Floats) -> Floats:
    # Rounding keeps order, so high and low still enclose; decimals are those a file would hold.
    return np.round(np.maximum(np.rint(price / tick), 1.0) * tick, 10)


def _volume(streams: _Streams, grid: _Grid, shock: Floats) -> Floats:
    usual = _CONTRACTS_A_SESSION / grid.a_session * _smile(grid)
    noise = np.exp(0.4 * streams("volume").standard_normal(shock.size))
    return np.maximum(np.rint(usual * noise * (0.5 + 0.6 * np.abs(shock))), 1.0)
