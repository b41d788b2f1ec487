"""Features spelled out: pandas' rolling windows, or a loop over bars and days."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from alphamill.core.market import Bars, bar_columns

Table = pd.DataFrame
Series = pd.Series


def table(bars: Bars) -> Table:
    return pd.DataFrame({name: getattr(bars, name) for name in bar_columns()})


def z(x: Series, n: int, ddof: int = 1) -> Series:
    rolling = x.rolling(n)
    spread = rolling.std(ddof=ddof)
    # pandas leaves some dust where a window stands still.
    at_rest = rolling.max() == rolling.min()
    return ((x - rolling.mean()) / spread).where(~at_rest)


def true_range(t: Table) -> Series:
    before = t.close.shift()
    ranges = [t.high - t.low, (t.high - before).abs(), (t.low - before).abs()]
    return pd.concat(ranges, axis=1).max(axis=1)


def atr(t: Table, n: int) -> Series:
    return true_range(t).rolling(n).mean()


def rank(x: Series, n: int) -> Series:
    return x.rolling(n).apply(lambda w: float(np.mean(w[:-1] < w[-1])), raw=True)


def change(t: Table, n: int = 1) -> Series:
    return t.close.diff(n) / t.raw_close.shift(n)


def ibs(t: Table) -> Series:
    return ((t.close - t.low) / (t.high - t.low)).fillna(0.5)


def efficiency(x: Series, n: int) -> Series:
    way = x.diff().abs().rolling(n).sum()
    return (x.diff(n).abs() / way).where(way > 1e-9)


def wilder(x: Series, n: int) -> Series:
    out, kept = np.full(len(x), np.nan), []
    for t, value in enumerate(x):
        kept.append(value)
        if t == n:
            out[t] = np.mean(kept[1:])
        elif t > n:
            out[t] = out[t - 1] + (value - out[t - 1]) / n
    return pd.Series(out)


def rsi(x: Series, n: int) -> Series:
    up, down = wilder(x.diff().clip(lower=0), n), wilder(-x.diff().clip(upper=0), n)
    return 100 * up / (up + down)


def ema(x: Series, n: int) -> Series:
    return x.ewm(span=n, adjust=False, min_periods=n).mean()


def macd(t: Table) -> Series:
    return ema(t.close, 12) - ema(t.close, 26)


def stoch(t: Table, n: int = 14) -> Series:
    low, high = t.low.rolling(n).min(), t.high.rolling(n).max()
    return 100 * (t.close - low) / (high - low)


def signed(t: Table) -> Series:
    return np.sign(t.close.diff()) * t.volume


def run(is_so: Series) -> Series:
    out, n = [], 0
    for so in is_so:
        n = n + 1 if so else 0
        out.append(min(n, 20))
    return pd.Series(out, dtype=float)


# --- days --------------------------------------------------------------------------------------


def days(t: Table) -> Table:
    """Return completed sessions, and in ``known`` the bar whose close first knew of each."""
    found = []
    for place, (session, part) in enumerate(t.groupby("session", sort=False)):
        ended = part.session_end.iloc[-1]
        is_last = session == t.session.iloc[-1]
        if place and (ended or not is_last):
            found.append({
                "high": part.high.max(),
                "low": part.low.min(),
                "close": part.close.iloc[-1],
                "raw_close": part.raw_close.iloc[-1],
                "volume": part.volume.sum(),
                "n": len(part),
                "known": part.index[-1] + (0 if ended else 1),
            })  # fmt: skip
    return pd.DataFrame(found)


def at_bars(t: Table, daily: Callable[[Table], Series]) -> Series:
    d = days(t)
    known = pd.Series(daily(d).to_numpy(), index=d.known)
    out = pd.Series(np.nan, index=t.index)
    for bar in t.index:
        before = known[known.index <= bar]
        out[bar] = before.iloc[-1] if len(before) else np.nan
    return out


def a_year(t: Table) -> Series:
    return np.sqrt(252 * at_bars(t, lambda d: d.n.rolling(20).mean()))


def cutler(d: Table, n: int) -> Series:
    up = d.close.diff().clip(lower=0).rolling(n).sum()
    down = -d.close.diff().clip(upper=0).rolling(n).sum()
    return 100 * up / (up + down)


def percent_b(x: Series) -> Series:
    return 0.5 + z(x, 20, 0) / 4


def by_session(t: Table, of: Callable[[Table, Table | None], Series]) -> Series:
    """Return what each session, given the one before, says of its bars; NaN in the first."""
    parts = [part for _, part in t.groupby("session", sort=False)]
    said = [of(part, before) for before, part in zip(parts, parts[1:], strict=False)]
    return pd.concat(said).reindex(t.index)


def gap_filled(now: Table, before: Table) -> Series:
    close = before.close.iloc[-1]
    return ((now.low.cummin() <= close) & (now.high.cummax() >= close)).astype(float)


def place_in_session(now: Table, before: Table) -> Series:
    high, low = now.high.cummax(), now.low.cummin()
    return ((now.close - low) / (high - low)).fillna(0.5)


def from_vwap(now: Table, before: Table) -> Series:
    typical = (now.high + now.low + now.close) / 3
    vwap = (typical * now.volume).cumsum() / now.volume.cumsum()
    return (now.close - vwap) / now.raw_close


def session_return(now: Table, before: Table) -> Series:
    return (now.close - before.close.iloc[-1]) / before.raw_close.iloc[-1]


def gap_pct(now: Table, before: Table) -> Series:
    return (now.open.iloc[0] - before.close.iloc[-1]) / now.raw_close


# --- by the calendar and the clock -------------------------------------------------------------


def date(t: Table) -> Series:
    return pd.to_datetime(t.session.astype(str))


def hourly(t: Table) -> Series:
    out = []
    for at, now in zip(t.close_ns, t.close, strict=True):
        old = t[t.close_ns <= at - 3_600_000_000_000]
        began = old.iloc[-1] if len(old) else None
        out.append(np.nan if began is None else (now - began.close) / began.raw_close)
    return pd.Series(out)


def month_start(now: Table, before: Table) -> Series:
    is_new = now.session.iloc[0] // 100 != before.session.iloc[0] // 100
    return pd.Series(float(is_new), index=now.index)


TWINS: dict[str, Callable[[Table], Series]] = {
    "day_of_week": lambda t: date(t).dt.day_of_week,
    "week_of_year": lambda t: date(t).dt.isocalendar().week,
    "is_month_start": lambda t: by_session(t, month_start),
    "is_quarter_end": lambda t: (t.sessions_left_in_month == 0) & (date(t).dt.month % 3 == 0),
    "hour": lambda t: t.minute // 60,
    "prev_ibs": lambda t: ibs(t).shift(),
    "ibs_zscore": lambda t: z(ibs(t), 20),
    "ibs_percentile_20": lambda t: rank(ibs(t), 20),
    "returns_5": lambda t: change(t, 5),
    "prev_bar_pct": lambda t: change(t).shift(),
    "hourly_return": hourly,
    "skew_60": lambda t: change(t).rolling(60).skew(),
    "autocorrelation_50": lambda t: change(t).rolling(50).corr(change(t).shift()),
    "rsi_2": lambda t: rsi(t.close, 2),
    "rsi_14_zscore": lambda t: z(rsi(t.close, 14), 50),
    "atr_20_pct": lambda t: atr(t, 20) / t.raw_close,
    "volatility_20": lambda t: change(t).rolling(20).std() * a_year(t),
    "vol_ratio_10_60": lambda t: change(t).rolling(10).std() / change(t).rolling(60).std(),
    "range_expansion": lambda t: (
        ((t.high - t.low) / t.raw_close) / ((t.high - t.low) / t.raw_close).rolling(20).mean()
    ),
    "twrc": lambda t: ((0.7 - atr(t, 10) / atr(t, 100)) / 0.7).clip(0, 1),
    "volz": lambda t: z(t.volume, 20),
    "volume_trend": lambda t: t.volume.rolling(5).mean() / t.volume.rolling(20).mean(),
    "obv_change_ratio": lambda t: signed(t) / t.volume.rolling(20).mean(),
    "obv_zscore": lambda t: z(signed(t).cumsum().fillna(0.0), 20),
    "mom5_z": lambda t: z(change(t, 5), 20),
    "macd_histogram_pct": lambda t: (macd(t) - ema(macd(t), 9)) / t.raw_close,
    "macd_zscore": lambda t: z(macd(t), 20),
    "stoch_diff": lambda t: stoch(t) - stoch(t).rolling(3).mean(),
    "dist_z": lambda t: z((t.close - t.close.rolling(20).mean()) / t.raw_close, 20),
    "z_score_50": lambda t: z(t.close, 50),
    "dist_ema_50": lambda t: (t.close - ema(t.close, 50)) / t.raw_close,
    "ema_20_slope": lambda t: ema(t.close, 20).diff(5) / t.raw_close,
    "pct_from_high_20": lambda t: (t.close - t.high.rolling(20).max()) / t.raw_close,
    "efficiency_ratio_20": lambda t: efficiency(t.close, 20),
    "spiral_efficiency": lambda t: (
        (4 * efficiency(t.close, 5) + 2 * efficiency(t.close, 20) + efficiency(t.close, 60)) / 7
    ),
    "drift_50": lambda t: change(t, 50) / change(t).rolling(50).std(),
    "donchian_proximity": lambda t: (
        pd.concat(
            [
                (t.close - t.low.shift().rolling(20).min()).abs(),
                (t.high.shift().rolling(20).max() - t.close).abs(),
            ],
            axis=1,
        ).min(axis=1, skipna=False)
        / atr(t, 14)
    ),
    "bb_pct_b": lambda t: percent_b(t.close),
    "bb_bandwidth": lambda t: 4 * t.close.rolling(20).std(ddof=0) / t.raw_close,
    "bull_streak": lambda t: run(t.close > t.open),
    "n7_bar": lambda t: (t.low < t.low.shift().rolling(6).min()).where(t.index >= 6),
    "outside_bar": lambda t: ((t.high > t.high.shift()) & (t.low < t.low.shift())).where(
        t.index > 0
    ),
    "session_return": lambda t: by_session(t, session_return),
    "session_place": lambda t: by_session(t, place_in_session),
    "gap_pct": lambda t: by_session(t, gap_pct),
    "gap_filled": lambda t: by_session(t, gap_filled),
    "pct_from_vwap": lambda t: by_session(t, from_vwap),
    "daily_return": lambda t: at_bars(t, change),
    "prev_day_pct": lambda t: at_bars(t, lambda d: change(d).shift()),
    "prev_daily_ibs": lambda t: at_bars(t, lambda d: ibs(d).shift()),
    "daily_rsi_14": lambda t: at_bars(t, lambda d: cutler(d, 14)),
    "daily_z_score": lambda t: at_bars(t, lambda d: z(d.close, 20)),
    "datrz": lambda t: at_bars(t, lambda d: z(atr(d, 14), 50)),
    "daily_volatility_20": lambda t: at_bars(
        t, lambda d: change(d).rolling(20).std() * np.sqrt(252)
    ),
    "dvolz": lambda t: at_bars(t, lambda d: z(d.volume, 50)),
    "bb_pct_b_daily": lambda t: at_bars(t, lambda d: percent_b(d.close)),
    "daily_pct_from_high_20": lambda t: (
        (t.close - at_bars(t, lambda d: d.high.rolling(20).max())) / t.raw_close
    ),
    "obv": lambda t: signed(t).fillna(t.volume).cumsum(),
    "bb_upper": lambda t: t.close.rolling(20).mean() + 2 * t.close.rolling(20).std(ddof=0),
}
