"""Panels for tests: random ones with gaps and changing members, and ones worked by hand."""

from dataclasses import replace

import numpy as np

from alphamill.core.market import Floats
from alphamill.data.calendar import schedule
from alphamill.factors.panel import PRICES, Panel


def random_panel(
    n_dates: int = 150, n_symbols: int = 7, seed: int = 5, gaps: float = 0.01, leavers: bool = True
) -> Panel:
    """Return prices with gaps, whose members come and go."""
    rng = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(0.02 * rng.standard_normal((n_dates, n_symbols)), axis=0))
    spread = 1.0 + 0.01 * rng.random((3, n_dates, n_symbols))
    open_ = close * (1.0 + 0.004 * rng.standard_normal((n_dates, n_symbols)))
    fields = {
        "open": open_,
        "high": np.maximum(open_, close) * spread[0],
        "low": np.minimum(open_, close) / spread[1],
        "close": close,
        "raw_close": 2.0 * close,
        "volume": np.exp(rng.normal(12.0, 0.4, (n_dates, n_symbols))),
        "freefloat": np.full((n_dates, n_symbols), 1e7),
        "sector": np.broadcast_to(np.arange(n_symbols) % 3.0, (n_dates, n_symbols)).copy(),
    }
    missing = rng.random((n_dates, n_symbols)) < gaps
    for name in ("open", "high", "low", "close", "raw_close", "volume"):
        fields[name][missing] = np.nan
    member = np.ones((n_dates, n_symbols), dtype=np.bool_)
    if leavers:
        member[: n_dates // 3, 0] = False
        member[n_dates // 2 :, 1] = False
    return grid(fields, member)


def grid(fields: dict[str, Floats], member: np.ndarray | None = None) -> Panel:
    """Return a panel of these fields on the sessions of New York from 2019 on."""
    n_dates, n_symbols = fields["close"].shape
    plan = schedule("XNYS", 20190101, 20241231)
    return Panel(
        freq="1d",
        calendar="XNYS",
        session=plan.session[:n_dates],
        close_ns=plan.close_ns[:n_dates],
        symbols=tuple(f"S{i:02d}" for i in range(n_symbols)),
        fields=fields,
        member=np.ones((n_dates, n_symbols), dtype=np.bool_) if member is None else member,
    )


def closes(*columns: list[float]) -> Panel:
    """Return a panel of closes alone, one list a symbol."""
    return grid({"close": np.array(columns, dtype=np.float64).T})


def with_other_future(panel: Panel, first: int, seed: int) -> Panel:
    """Return the panel with every field drawn anew from row ``first`` on, and other members."""
    rng = np.random.default_rng(seed)
    # One move for all prices of a cell: highs stay above lows.
    price = np.exp(0.3 * rng.standard_normal((panel.shape[0] - first, panel.shape[1])))
    fields = {name: values.copy() for name, values in panel.fields.items()}
    for name in set(fields) - {"sector", "g"}:
        fields[name][first:] *= price if name in PRICES else price[::-1]
    member = panel.member.copy()
    member[first:] = rng.random(member[first:].shape) < 0.7
    return replace(panel, fields=fields, member=member)
