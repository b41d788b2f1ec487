"""Sound raw series, and ways to spoil them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alphamill.core.market import Instrument
from alphamill.data.raw import RawSeries

SHARE = Instrument("X", "a share", "equity", "XNYS", 0.01, 1.0, slippage_bps=1.0)
INDEX = replace(SHARE, asset_class="index")
FUTURE = replace(SHARE, asset_class="future", tick=0.25, timezone="America/Chicago")
COIN = replace(SHARE, asset_class="crypto", timezone="UTC")
PRICES = ["open", "high", "low", "close"]


def daily(n_bars=120, **columns):
    """Return sound daily bars of weekdays from 2024-01-02 with some columns replaced."""
    rng = np.random.default_rng(3)
    close = 100 + np.cumsum(rng.integers(-80, 81, n_bars)) / 100
    open_ = np.append(close[0], close[:-1]) + rng.integers(5, 30, n_bars) / 100
    high = np.maximum(open_, close) + 0.5
    low = np.minimum(open_, close) - 0.5
    volume = rng.integers(10_000, 90_000, n_bars).astype(float)
    index = pd.bdate_range("2024-01-02", periods=n_bars, name="session")
    frame = pd.DataFrame(
        {"open": open_, "high": high, "low": low, "close": close, "volume": volume}, index=index
    )
    return RawSeries("X", "1d", frame.assign(**columns), "session", "X.csv [a note]")


def minutes(n_bars=300, start="2024-01-08 15:00", step="1min", timeframe="1m", stamps="open"):
    """Return flat-opening minute bars: each open is the close before it."""
    rng = np.random.default_rng(5)
    close = 4000 + np.cumsum(rng.integers(-4, 5, n_bars)) * 0.25
    open_ = np.append(close[0], close[:-1])
    index = pd.date_range(start, periods=n_bars, freq=step, tz="UTC", name=stamps)
    frame = pd.DataFrame(
        {
            "open": open_,
            "high": np.maximum(open_, close),
            "low": np.minimum(open_, close),
            "close": close,
            "volume": np.full(n_bars, 10.0),
        },
        index=index,
    )
    return RawSeries("ES", timeframe, frame, stamps, "ES.csv")


def changed(raw, at, **cells):
    """Return the series with some cells of one bar replaced."""
    frame = raw.frame.copy()
    for name, value in cells.items():
        frame.iloc[at, frame.columns.get_loc(name)] = value
    return replace(raw, frame=frame)


def rules(findings, severity):
    return [f.rule for f in findings if f.severity == severity]


def scaled(raw, start, factor, volume=None):
    frame = raw.frame.copy()
    frame.iloc[start:, :4] *= factor
    if volume is not None:
        frame.iloc[start:, 4] *= volume
    return replace(raw, frame=frame)
