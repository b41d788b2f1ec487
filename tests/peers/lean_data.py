"""LEAN's daily SPY as its own engine sees it: scaled, split- and dividend-adjusted."""

import csv
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alphamill.core.market import Floats, Ints


class Daily(NamedTuple):
    """Adjusted daily prices; ``date`` is yyyymmdd."""

    date: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats


def adjusted_daily(shared: Path, symbol: str, first: int, last: int) -> Daily:
    """Return the bars of trade dates ``first`` .. ``last`` (yyyymmdd, both included).

    Prices are stored x 10,000. A factor row holds up to and including its date, so a bar takes
    the first row dated on or after it: price factor x split factor.
    """
    folder = shared / "data" / "lean" / "equity" / "usa"
    with zipfile.ZipFile(folder / "daily" / f"{symbol}.zip") as archive:
        text = archive.read(archive.namelist()[0]).decode()
    rows = [row for row in csv.reader(text.splitlines()) if first <= int(row[0][:8]) <= last]
    date = np.array([int(row[0][:8]) for row in rows])
    factors = (folder / "factor_files" / f"{symbol}.csv").read_text(encoding="utf-8")
    changes = [row for row in csv.reader(factors.splitlines()) if len(row) >= 3]
    dated = np.array([int(row[0]) for row in changes])
    factor = np.array([float(row[1]) * float(row[2]) for row in changes])
    factor = factor[np.searchsorted(dated, date)]
    prices = np.array([[float(value) for value in row[1:5]] for row in rows]) / 1e4
    return Daily(date, *(prices.T * factor))
