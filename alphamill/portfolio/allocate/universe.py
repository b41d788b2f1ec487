"""What is allocated to: returns of assets or strategy streams, their classes and signals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Floats, Ints
from alphamill.portfolio.allocate.allocator import frame_of
from alphamill.portfolio.allocate.signals import trend

# A hole longer than this in a listed name's prices is no holiday.
LONGEST_GAP_DAYS = 5


@dataclass(frozen=True, eq=False)
class Universe:
    """Names that an allocator chooses from.

    Attributes
    ----------
    returns : DataFrame of shape (n_days, n_names)
        Simple daily returns as fractions; dates rising; NaN before a name is listed.
    classes : mapping of name to class
    signals : DataFrame like ``returns``
        Row t is known at the close of t; NaN: not known.
    signals_are : str
        Where they came from, in words.
    cash : str
        The name whose return cash earns; rules by risk leave it out. Empty: cash earns nothing.
    """

    returns: pd.DataFrame
    classes: Mapping[str, str]
    signals: pd.DataFrame
    signals_are: str
    cash: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names in the order of the columns."""
        return tuple(map(str, self.returns.columns))

    @property
    def sessions(self) -> Ints:
        """Return trade dates yyyymmdd, shape (n_days,)."""
        d = pd.DatetimeIndex(self.returns.index)
        return np.asarray(d.year * 10_000 + d.month * 100 + d.day, dtype=np.int64)

    @property
    def matrix(self) -> Floats:
        """Return the returns as one contiguous array, shape (n_days, n_names)."""
        return np.ascontiguousarray(self.returns.to_numpy(dtype=np.float64))

    @property
    def cash_returns(self) -> Floats:
        """Return what cash earns on each day, shape (n_days,)."""
        if not self.cash:
            return np.zeros(len(self.returns))
        return np.asarray(self.returns[self.cash].fillna(0.0).to_numpy(dtype=np.float64))


def universe(
    returns: pd.DataFrame,
    classes: Mapping[str, str] | None = None,
    signals: pd.DataFrame | None = None,
    cash: str = "",
    notes: tuple[str, ...] = (),
) -> Universe:
    """Return a checked universe; without signals, the trend of each name stands in.

    Raises
    ------
    DataError
        For dates that do not rise, returns that are not finite fractions, gaps, or signals
        outside -1 to 1.
    SettingsError
        For classes or cash of names that are not there, or a name without a class when others
        have one.
    """
    frame = frame_of(returns)
    frame = frame.set_axis(pd.DatetimeIndex(frame.index), axis=0)
    if not frame.index.is_monotonic_increasing or not frame.index.is_unique:
        raise DataError("dates must rise and come once; sort the rows and drop repeated ones.")
    _require_no_holes(frame)
    _require_names(frame, dict(classes or {}), cash)
    said = "the user's"
    if signals is None:
        signals, said = trend(frame), "the trend of half a year (none were given)"
    signals = signals.reindex(index=frame.index, columns=frame.columns)
    if signals.abs().gt(1.0).any(axis=None):
        raise DataError("signals must lie between -1 and 1; scale them, or clip them.")
    return Universe(frame, dict(classes or {}), signals, said, cash, notes)


def returns_of(prices: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return daily returns of prices, and what was dropped on the way, in words.

    Days on which a listed name has no price are dropped for all, so that all returns cover the
    same span; a name is listed from its first price on.

    Raises
    ------
    DataError
        For a price of 0 or less, a name without a price, or one whose prices stop.
    """
    prices = prices.astype(np.float64)
    if (prices <= 0.0).any(axis=None):
        name = prices.columns[(prices <= 0.0).any()][0]
        raise DataError(f"{name}: prices must be above 0 to have returns. Repair the file.")
    if prices.isna().all().any():
        raise DataError(f"no price at all: {list(prices.columns[prices.isna().all()])}.")
    hole = prices.isna() & prices.ffill().notna()
    longest = {str(n): _longest_run(hole[n].to_numpy()) for n in prices.columns}
    bad = {name: run for name, run in longest.items() if run > LONGEST_GAP_DAYS}
    if bad:
        raise DataError(
            f"prices must go on once they begin; days without one in a row: {bad}. Fill the gap "
            "from the vendor, or leave the name out."
        )
    whole = prices[~hole.any(axis=1)]
    n_dropped = len(prices) - len(whole)
    notes = (
        (f"days left out for all because a listed name had no price: {n_dropped}",)
        if n_dropped
        else ()
    )
    return whole.pct_change(fill_method=None).iloc[1:], notes


def read_table(path: Path) -> pd.DataFrame:
    """Return a wide table of a CSV or Parquet file: a row a date, a column a name.

    Raises
    ------
    DataError
        For a file that is no such table, or dates that cannot be read, repeat or do not rise.
    """
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, index_col=0)
        frame.index = pd.DatetimeIndex(pd.to_datetime(frame.index))
        frame = frame.astype(np.float64)
    except (ValueError, KeyError, TypeError, pd.errors.ParserError) as e:
        first = (str(e).splitlines() or [""])[0]
        raise DataError(
            f"{path}: must be a table with dates in its first column and one column of numbers a "
            f"name: {first}. Correct the file."
        ) from e
    if not (frame.index.is_monotonic_increasing and frame.index.is_unique):
        raise DataError(f"{path}: dates must rise and come once. Sort it and drop repeated ones.")
    return frame


def _longest_run(flags: np.ndarray) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int64), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _require_no_holes(frame: pd.DataFrame) -> None:
    hole = frame.isna() & frame.ffill().notna()
    if hole.any(axis=None):
        name = frame.columns[hole.any()][0]
        raise DataError(
            f"{name}: a listed name needs a return on every day, it has none on "
            f"{int(hole[name].sum())} days. Give 0 where a stream was idle."
        )


def _require_names(frame: pd.DataFrame, classes: Mapping[str, str], cash: str) -> None:
    names = list(map(str, frame.columns))
    strangers = [n for n in (*classes, *([cash] if cash else [])) if n not in names]
    missing = [n for n in names if classes and n not in classes]
    if strangers or missing:
        raise SettingsError(
            f"classes and cash must name the columns {names}: unknown {strangers}, without a class "
            f"{missing}. Correct the classes."
        )
