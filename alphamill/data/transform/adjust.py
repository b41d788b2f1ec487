"""Splits and dividends: prices as if both had always been in force.

Factors are ratios, so a return between two past closes never changes once both are known; the
*level* of the past does change with every later event, for it is stated in today's shares. Rules
in percent of price read ``raw_close``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Bars, Floats, Ints


@dataclass(frozen=True)
class Factors:
    """Rows of factors, oldest first; own read-only columns of shape (n_rows,).

    A row holds for trade dates after the row before it, up to and including ``last_session``
    (yyyymmdd); after the last row both factors are 1. ``price`` carries dividends (below 1 before
    one), ``split`` splits (0.25 before one of four for one). A traded price times both is the
    adjusted price; a traded volume divided by ``split`` is the adjusted volume.
    """

    last_session: Ints
    price: Floats
    split: Floats

    def __post_init__(self) -> None:
        for name, dtype in (("last_session", np.int64), ("price", np.float64)):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=dtype))
        object.__setattr__(self, "split", np.array(self.split, dtype=np.float64))
        for name in ("last_session", "price", "split"):
            getattr(self, name).flags.writeable = False
        _require_sound(self)


def ratios(factors: Factors, session: Ints, *, dividends: bool = True) -> tuple[Floats, Floats]:
    """Return (price ratio, split factor) of each trade date, both of shape (n_bars,).

    ``dividends`` False leaves them out: the price ratio is then the split factor.
    """
    row = np.searchsorted(factors.last_session, session, side="left")
    split = np.append(factors.split, 1.0)[row]
    price = np.append(factors.price, 1.0)[row]
    return (price * split if dividends else split), split


def adjust(bars: Bars, factors: Factors, *, dividends: bool = True) -> Bars:
    """Return ratio-adjusted bars; ``raw_close`` keeps the traded close.

    Volume is restated in today's shares. Prices leave the tick grid, so costs belong in basis
    points.

    Raises
    ------
    DataError
        When the bars are adjusted already.
    """
    if bars.adjusted != "none":
        raise DataError(
            f"{bars.symbol}: only traded prices can be adjusted, received bars adjusted by "
            f"{bars.adjusted!r}. Ingest the unadjusted series."
        )
    ratio, split = ratios(factors, bars.session, dividends=dividends)
    return replace(
        bars,
        open=bars.open * ratio,
        high=bars.high * ratio,
        low=bars.low * ratio,
        close=bars.close * ratio,
        volume=bars.volume / split,
        adjusted="ratio",
    )


def factors_of(
    bars: Bars, splits: Mapping[int, float], dividends: Mapping[int, float] | None = None
) -> Factors:
    """Return the factor rows of dated events.

    A dividend D that a share loses on its ex-date takes 1 - D / C from every price before it,
    where C is the last traded close before the ex-date (the convention of CRSP: reinvested at
    that close). A split of r for one takes 1 / r.

    Parameters
    ----------
    bars : Bars
        Traded daily prices, or intraday ones, in which the ex-dates lie.
    splits : mapping of trade date (yyyymmdd) to r
        First date on which a share is a new one; r is 4 for four for one, 0.1 for one for ten.
    dividends : mapping of trade date to currency per share
        By ex-date, in the money of that day.

    Raises
    ------
    SettingsError
        For a ratio that is not positive, or a dividend that is not below the close.
    """
    paid = dividends or {}
    last_session, price, split = [], [], []
    price_factor = split_factor = 1.0
    for date in sorted({*splits, *paid}, reverse=True):
        before = int(np.searchsorted(bars.session, date, side="left")) - 1
        if before < 0:
            continue  # no price precedes it, so none is changed by it
        close = float(bars.raw_close[before])
        ratio, amount = splits.get(date, 1.0), paid.get(date, 0.0)
        if not (ratio > 0 and 0 <= amount < close):
            raise SettingsError(
                f"{bars.symbol}: events of {date} must have a ratio above 0 and a dividend below "
                f"the close of {close!r}, received {ratio!r} and {amount!r}. Correct the event."
            )
        price_factor *= 1.0 - amount / close
        split_factor /= ratio
        last_session.append(int(bars.session[before]))
        price.append(price_factor)
        split.append(split_factor)
    return Factors(np.array(last_session[::-1]), np.array(price[::-1]), np.array(split[::-1]))


def _require_sound(factors: Factors) -> None:
    sizes = {factors.last_session.shape, factors.price.shape, factors.split.shape}
    both = np.append(factors.price, factors.split)
    if len(sizes) != 1 or factors.last_session.ndim != 1:
        raise DataError(
            f"factor columns must be of one length, received {sorted(sizes)}. Fetch them again."
        )
    if (np.diff(factors.last_session) <= 0).any():
        raise DataError(
            "factor rows must rise by date, received "
            f"{factors.last_session.tolist()!r}. Fetch them again."
        )
    if not (np.isfinite(both) & (both > 0)).all():
        raise DataError(
            f"factors must be finite and above 0, received {float(both.min())!r}. Fetch them again."
        )
