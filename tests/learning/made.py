"""Training rows made of numbers: signals every few bars, the first feature knowing the outcome."""

import numpy as np

from alphamill.learning.labels import SignalTrades
from alphamill.learning.rows import Rows

HOUR_NS = 3_600 * 10**9


def rows(n: int = 600, n_features: int = 6, strength: float = 1.0, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, n_features))
    pnl = 100.0 * (strength * x[:, 0] + rng.standard_normal(n))
    decided = 4 * np.arange(n)
    exit_bar = decided + rng.integers(1, 7, n)
    zeros, ones = np.zeros(n), np.ones(n)
    trades = SignalTrades(
        decided=decided,
        side=np.ones(n, dtype=np.int64),
        entry_bar=decided + 1,
        exit_bar=exit_bar,
        free=exit_bar,
        turned=exit_bar,
        entry_price=100.0 * ones,
        exit_price=100.0 * ones,
        units=ones,
        pnl=pnl,
        fees=zeros,
        bars_held=exit_bar - decided,
        reason=np.ones(n, dtype=np.int64),
        taken=np.ones(n, dtype=np.bool_),
    )
    return Rows(
        names=tuple(f"f{k}" for k in range(n_features)),
        x=x,
        y=(pnl > 0).astype(np.int64),
        weight=ones,
        trades=trades,
        start_ns=decided * HOUR_NS,
        end_ns=exit_bar * HOUR_NS,
        day=exit_bar // 7,
        n_days=int(exit_bar.max()) // 7 + 1,
        per_year=252.0,
        at=np.arange(n),
        left_out={},
    )
