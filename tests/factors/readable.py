"""Each operator again, as one reads it in pandas: slow, and obviously what the table says."""

from collections.abc import Callable

import numpy as np
import pandas as pd

Frame = pd.DataFrame


def _rolling(x: Frame, n: int, what: str, min_obs: int | None = None) -> Frame:
    # pandas keeps running totals; a window at a time has no memory.
    return x.rolling(n, min_periods=min_obs or n).apply(
        lambda window: getattr(pd.Series(window).dropna(), what)(), raw=True
    )


def _pairs(x: Frame, y: Frame, n: int, min_obs: int, tell: Callable[..., float]) -> Frame:
    out = Frame(np.nan, index=x.index, columns=x.columns)
    for t in range(len(x)):
        for c in x.columns:
            window = Frame({"x": x[c], "y": y[c]}).iloc[max(t - n + 1, 0) : t + 1].dropna()
            if len(window) >= min_obs:
                out.loc[t, c] = tell(window["x"], window["y"])
    return out


def _correlation(x: pd.Series, y: pd.Series) -> float:
    return x.corr(y) if x.nunique() > 1 and y.nunique() > 1 else np.nan


def _slope(x: Frame, n: int, min_obs: int) -> Frame:
    rows = Frame(np.broadcast_to(np.arange(len(x))[:, None], x.shape) * 1.0)
    return _pairs(x, rows, n, min_obs, lambda v, t: np.polyfit(t, v, 1)[0])


def _last(x: Frame, n: int) -> Frame:
    return x.ffill(limit=n - 1) if n > 1 else x


def _by_date(x: Frame, tell: Callable[[pd.Series], pd.Series]) -> Frame:
    return x.apply(lambda row: tell(row.dropna()).reindex(row.index), axis=1)


def _winsorize(x: Frame, low: float, high: float) -> Frame:
    return _by_date(x, lambda row: row.clip(row.quantile(low), row.quantile(high)))


def _neutralise(x: Frame, group: Frame) -> Frame:
    both = x.where(group.notna())
    return Frame(
        [
            row - row.groupby(group.loc[t]).transform("mean") if row.notna().any() else row
            for t, row in both.iterrows()
        ]
    )


def _residual(x: Frame, y: Frame) -> Frame:
    out = Frame(np.nan, index=x.index, columns=x.columns)
    for t in range(len(x)):
        known = x.loc[t].notna() & y.loc[t].notna()
        if known.sum() > 1:
            xs, ys = x.loc[t, known], y.loc[t, known]
            design = np.column_stack([np.ones(len(ys)), ys])
            out.loc[t, known] = xs - design @ np.linalg.lstsq(design, xs, rcond=None)[0]
        else:
            out.loc[t, known] = 0.0
    return out


# Operator -> (arguments, twin). Inputs: x, y, z prices; g groups.
TWINS: dict[str, tuple[str, Callable[..., Frame]]] = {
    "add": ("x, y", lambda x, y: x + y),
    "subtract": ("x, y", lambda x, y: x - y),
    "multiply": ("x, y", lambda x, y: x * y),
    "divide": ("x, y", lambda x, y: x / y.replace(0.0, np.nan)),
    "power": ("x, y", lambda x, y: x**y),
    "is_less": ("x, y", lambda x, y: (x < y).astype(float).where(x.notna() & y.notna())),
    "is_at_most": ("x, y", lambda x, y: (x <= y).astype(float).where(x.notna() & y.notna())),
    "negative": ("x", lambda x: -x),
    "abs": ("x", lambda x: x.abs()),
    "log": ("x", lambda x: np.log(x.where(x > 0))),
    "sqrt": ("x", lambda x: x.where(x >= 0) ** 0.5),
    "exp": ("x", np.exp),
    "sign": ("x", np.sign),
    "signed_power": ("x, 0.5", lambda x, a: np.sign(x) * x.abs() ** a),
    "min": ("x, y", lambda x, y: x.where(x < y, y).where(x.notna() & y.notna())),
    "max": ("x, y", lambda x, y: x.where(x > y, y).where(x.notna() & y.notna())),
    "where": ("z, x, y", lambda z, x, y: x.where(z != 0, y).where(z.notna())),
    "first_known": ("x, y", lambda x, y: x.fillna(y)),
    "delay": ("x, 3", lambda x, n: x.shift(n)),
    "delta": ("x, 3", lambda x, n: x - x.shift(n)),
    "ts_sum": ("x, 7, 4", lambda x, n, m: _rolling(x, n, "sum", m)),
    "ts_mean": ("x, 7, 4", lambda x, n, m: _rolling(x, n, "mean", m)),
    "ts_std": ("x, 7, 4", lambda x, n, m: _rolling(x, n, "std", m)),
    "ts_count": ("x, 7", lambda x, n: x.notna().astype(float).rolling(n, min_periods=1).sum()),
    "ts_product": ("x, 4", lambda x, n: _rolling(x, n, "prod")),
    "ts_min": ("x, 7", lambda x, n: _rolling(x, n, "min")),
    "ts_max": ("x, 7", lambda x, n: _rolling(x, n, "max")),
    "ts_argmin": ("x, 7", lambda x, n: x.rolling(n).apply(np.argmin, raw=True) + 1),
    "ts_argmax": ("x, 7", lambda x, n: x.rolling(n).apply(np.argmax, raw=True) + 1),
    "ts_rank": ("x, 7", lambda x, n: x.rolling(n).rank(pct=True)),
    "ts_last": ("x, 3", _last),
    "ts_slope": ("x, 7, 4", _slope),
    "decay_linear": (
        "x, 5",
        lambda x, n: x.rolling(n).apply(
            lambda w: np.average(w, weights=np.arange(1, len(w) + 1)), raw=True
        ),
    ),
    "correlation": ("x, y, 7, 4", lambda x, y, n, m: _pairs(x, y, n, m, _correlation)),
    "covariance": ("x, y, 7, 4", lambda x, y, n, m: _pairs(x, y, n, m, pd.Series.cov)),
    "rank": ("x", lambda x: x.rank(axis=1, pct=True)),
    "zscore": (
        "x",
        lambda x: _by_date(
            x, lambda row: (row - row.mean()) / (row.std(ddof=0) if row.nunique() > 1 else np.nan)
        ),
    ),
    "demean": ("x", lambda x: _by_date(x, lambda row: row - row.mean())),
    "date_mean": ("x", lambda x: _by_date(x, lambda row: row * 0.0 + row.mean())),
    "scale": (
        "x, 2.0",
        lambda x, a: _by_date(x, lambda row: a * row / (row.abs().sum() or np.nan)),
    ),
    "winsorize": ("x, 0.1, 0.8", _winsorize),
    "neutralise": ("x, g", _neutralise),
    "residual": ("x, y", _residual),
}
