"""Markets that try an indicator where it breaks: trends, rests, gaps, tiny prices, no volume."""

import numpy as np

from alphamill.indicators.indicator import Column

Columns = dict[str, Column]


def market(seed: int, n_bars: int, session_bars: int, tick: float, **shape: float) -> Columns:
    """Return all columns an indicator may read, prices on a grid of ``tick``.

    ``shape``: ``start`` price and ``step`` a bar, both in ticks, ``drift`` in steps, ``gap`` in
    steps at each session's open, ``opening`` the length of its first wicks in steps, ``idle`` the
    share of bars in which nothing trades, ``before_cash`` how many of a session's.
    """
    rng = np.random.default_rng(seed)
    place = np.arange(n_bars)
    opens = place % session_bars == 0
    moves = shape["step"] * (rng.standard_normal(n_bars) + shape.get("drift", 0.0))
    jumps = shape["step"] * shape.get("gap", 0.1) * rng.standard_normal(n_bars) * opens
    close = shape["start"] + np.cumsum(moves + jumps)
    open_ = close - moves
    for rest in range(500, n_bars, 700):
        at_rest = slice(rest, rest + 40)
        open_[at_rest] = close[at_rest] = close[rest]
    lengths = np.where(opens, shape.get("opening", 1.0), 1.0) * (open_ != close)
    wicks = shape["step"] * rng.random((2, n_bars)) * lengths
    high, low = np.maximum(open_, close) + wicks[0], np.minimum(open_, close) - wicks[1]
    volume = rng.integers(1, 900, n_bars) * (rng.random(n_bars) > shape.get("idle", 0.0))
    prices = {"open": open_, "high": high, "low": low, "close": close}
    grid = {name: np.rint(x) * tick for name, x in prices.items()}
    return grid | {
        "volume": volume.astype(np.float64),
        "session": 20240101 + place // session_bars,
        "cash_minute": place % session_bars - int(shape.get("before_cash", 0)),
        "other": tick * np.rint(close + 3.0 * shape["step"] * rng.standard_normal(n_bars)),
        "flag": grid["close"] > shape["start"] * tick,
        "lag": (3 * place // 4).astype(np.float64),
    }


MARKETS = {
    "trending": market(1, 1700, 26, 0.01, start=10_000, step=20, drift=0.2, before_cash=5),
    "gapping": market(2, 1700, 7, 0.25, start=9_000, step=9, gap=15.0),
    "tiny": market(3, 1700, 96, 1e-8, start=90_000, step=150, idle=0.1),
    "idle": market(4, 1700, 31, 0.01, start=3_000, step=1.5, idle=0.6),
}
# Sessions as long as any can be: a day of one-minute bars.
MINUTES = market(5, 9 * 1440, 1440, 0.01, start=50_000, step=3, opening=900.0)
