"""Regimes: does the edge live in one kind of market only? Trend x volatility, known at the time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Floats, Ints
from alphamill.validation.gates import Condition, Verdict, missed
from alphamill.validation.statistics import sharpe_from_sums
from alphamill.validation.thresholds import RegimeThresholds

REGIMES = ("up calm", "up wild", "down calm", "down wild")
UNKNOWN = -1

# Sessions: the mean that a rising market is above, and moves behind a volatility, which is called
# wild above its own median over a year.
_TREND, _VOLATILITY, _YEAR = 100, 20, 250
# What lies above by less is equal but for its last bits.
_ROUNDING = 1e-9
# Closes behind the first label.
WARMUP = _VOLATILITY + _YEAR


@dataclass(frozen=True)
class RegimeRow:
    """What was earned in one regime; ``sharpe`` is annual, NaN with fewer than two sessions."""

    name: str
    n_sessions: int
    sharpe: float
    total: float


def regime_of_sessions(close: Floats) -> Ints:
    """Return the regime of each session, known before it opens.

    Parameters
    ----------
    close : ndarray of shape (n_sessions,)
        Last close of each session, finite; additively adjusted ones may be negative.

    Returns
    -------
    int64 of shape (n_sessions,)
        Index into `REGIMES`; `UNKNOWN` for the first `WARMUP` sessions.

    Raises
    ------
    DataError

    Notes
    -----
    Of session t only ``close[:t]`` is read. Up: the last close lies above the mean of the last
    100. Wild: the standard deviation of the last 20 moves lies above its median over the last 250
    sessions. Moves are differences of closes, so that nothing depends on the sign of a price;
    against its own last year the level of the price hardly matters. The seed documents' dated
    regimes were drawn with hindsight, overlap and leave years out; see `dated_regimes`.
    """
    if close.ndim != 1 or not np.isfinite(close).all():
        raise DataError(f"regimes need one finite close a session, received shape {close.shape}.")
    label = np.full(close.size, UNKNOWN, dtype=np.int64)
    if close.size <= WARMUP:
        return label
    # Entry k of a series of windows ends at the close before session k + (width of the window).
    mean = sliding_window_view(close[:-1], _TREND).mean(axis=1)
    up = close[_TREND - 1 : -1] > mean + _ROUNDING * np.abs(mean)
    volatility = sliding_window_view(np.diff(close[:-1]), _VOLATILITY).std(axis=1)
    usual = np.median(sliding_window_view(volatility, _YEAR), axis=1)
    wild = volatility[_YEAR - 1 :] > usual * (1.0 + _ROUNDING)
    label[WARMUP:] = 2 * ~up[WARMUP - _TREND :] + wild
    return label


def dated_regimes(sessions: Ints, spans: Mapping[str, Sequence[tuple[int, int]]]) -> Ints:
    """Return the regime of each session by dates that the user gives.

    Parameters
    ----------
    sessions : int64 of shape (n_sessions,)
        Trade dates yyyymmdd.
    spans : mapping of str to pairs of dates
        By regime its first and last trade dates, both inside; pass ``tuple(spans)`` to
        `regime_rows` as names.

    Returns
    -------
    int64 of shape (n_sessions,)
        Index of the regime in ``spans``; `UNKNOWN` outside all of them.

    Raises
    ------
    SettingsError
        For a span that ends before it starts, or a session that lies in two regimes.

    Notes
    -----
    Dates are drawn by someone who knows what happened: such a table describes, and a threshold on
    it is no test.
    """
    label = np.full(sessions.size, UNKNOWN, dtype=np.int64)
    for k, (name, pairs) in enumerate(spans.items()):
        for first, last in pairs:
            if last < first:
                raise SettingsError(f"regime {name!r} must end after it starts: {first} to {last}.")
            inside = (sessions >= first) & (sessions <= last)
            taken = inside & (label != UNKNOWN) & (label != k)
            if taken.any():
                other = tuple(spans)[int(label[taken][0])]
                raise SettingsError(
                    f"regimes must not overlap: {int(sessions[taken][0])} lies in {other!r} and "
                    f"{name!r}."
                )
            label[inside] = k
    return label


def regime_rows(
    pnl: Floats, label: Ints, periods_per_year: float, names: Sequence[str] = REGIMES
) -> tuple[RegimeRow, ...]:
    """Return what was earned in each regime, in the order of ``names``.

    Parameters
    ----------
    pnl : ndarray of shape (n_sessions,)
        Session P&L, those without a position as 0.
    label : int64 of shape (n_sessions,)
        Index into ``names``; sessions that are `UNKNOWN` are in no row.
    periods_per_year : float
    names : sequence of str

    Raises
    ------
    DataError
    """
    if (
        pnl.shape != label.shape
        or label.min(initial=0) < UNKNOWN
        or label.max(initial=0) >= len(names)
    ):
        raise DataError(
            f"regimes need one label a session from {UNKNOWN} to {len(names) - 1}, received P&L "
            f"{pnl.shape} and labels {label.shape}."
        )
    rows = []
    for k, name in enumerate(names):
        there = pnl[label == k]
        ratio = (
            float(sharpe_from_sums(there.sum(), there @ there, there.size, periods_per_year))
            if there.size > 1
            else math.nan
        )
        rows.append(RegimeRow(name, there.size, ratio, float(there.sum())))
    return tuple(rows)


def regime_gate(rows: Sequence[RegimeRow], limits: RegimeThresholds) -> Verdict:
    """Judge whether the edge holds in more than one kind of market.

    Enough regimes reach the Sharpe ratio asked for, and none is far below 0. Regimes with too few
    sessions are left out; with fewer than ``min_regimes`` left the gate is not asked.

    Parameters
    ----------
    rows : sequence of RegimeRow
        Of `regime_rows` over the stitched out-of-sample P&L, or of in-sample P&L, which is kinder.
    limits : RegimeThresholds

    Notes
    -----
    The score is the number of regimes that reach ``min_sharpe``. A quarter of the history decides
    each, so the figures are coarse: a Sharpe ratio over two and a half years has a standard error
    of 0.63.
    """
    judged = [row for row in rows if row.n_sessions >= max(limits.min_sessions, 2.0)]
    if len(judged) < max(limits.min_regimes, 1.0):
        return Verdict(
            "regime",
            False,
            math.nan,
            limits.min_regimes,
            f"{len(judged)} of {len(rows)} regimes have {limits.min_sessions:g} sessions",
            asked=False,
        )
    reached = float(sum(row.sharpe >= limits.min_sharpe for row in judged))
    worst = min(judged, key=lambda row: row.sharpe)
    failed = missed(
        (
            Condition(
                f"regimes with a Sharpe of {limits.min_sharpe:g}",
                reached,
                "at least",
                limits.min_regimes,
            ),
            Condition(f"Sharpe in {worst.name}", worst.sharpe, "at least", limits.worst_sharpe),
        )
    )
    table = ", ".join(f"{row.name} {row.sharpe:.2f}" for row in judged)
    return Verdict("regime", not failed, reached, limits.min_regimes, "; ".join([*failed, table]))
