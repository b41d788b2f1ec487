"""The second loop: target weights over a panel, ordered at a close, filled at the next open."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Floats, Ints
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


class Charges(NamedTuple):
    """What one order costs: per unit with a minimum and a cap, plus parts of the traded value."""

    per_unit: float = 0.0
    minimum: float = 0.0
    cap_frac: float = math.inf
    fee_frac: float = 0.0
    slip_frac: float = 0.0


@dataclass(frozen=True)
class WeightsResult:
    """One panel backtest.

    Attributes
    ----------
    equity : ndarray of shape (n_dates,)
        Account value at each close.
    units : ndarray of shape (n_dates, n_assets)
        Held after each close's bar.
    fees, traded : ndarray of shape (n_dates,)
        Paid, and value bought plus sold, at each open.
    n_fills : ndarray of shape (n_dates,)
    """

    equity: Floats
    units: Floats
    fees: Floats
    traded: Floats
    n_fills: Ints


def run_weights(
    open_: Floats,
    close: Floats,
    weights: Floats,
    *,
    cash: float,
    charges: Charges | None = None,
    whole_units: bool = False,
) -> WeightsResult:
    """Return the account that follows ``weights``.

    Parameters
    ----------
    open_, close : ndarray of shape (n_dates, n_assets)
        Prices; NaN where an asset did not trade: its orders wait, its value stands.
    weights : ndarray of shape (n_dates, n_assets)
        Fraction of equity wanted, decided at each close; NaN leaves the holding alone, so a
        position drifts until the next decision. Orders are sized at the deciding close and
        filled at the next open; none is placed on the last date.
    cash : float
        Starting account value.
    charges : Charges, optional
        Costs of an order; slippage worsens the open.
    whole_units : bool
        Hold whole units only: rounded towards zero, then reduced until value and fee fit the
        weight at the deciding close.

    Raises
    ------
    DataError
        When the shapes differ or a price is not positive.
    SettingsError
        When ``cash`` is not positive.
    """
    arrays = [np.ascontiguousarray(a, dtype=np.float64) for a in (open_, close, weights)]
    if arrays[0].ndim != 2 or len({a.shape for a in arrays}) != 1:
        raise DataError(
            f"open, close and weights must share one shape (n_dates, n_assets), received "
            f"{[a.shape for a in arrays]}. Align them to one panel."
        )
    for name, prices in (("open", arrays[0]), ("close", arrays[1])):
        must = "prices of a weights backtest must be positive; use NaN for no trade"
        _refuse(f"{must}: {name}", prices, (prices <= 0) | np.isinf(prices))
    _refuse("weights must be finite; use NaN for no change", arrays[2], np.isinf(arrays[2]))
    if not cash > 0:
        raise SettingsError(f"cash must be above 0, received {cash!r}.")
    n_dates, n_assets = arrays[0].shape
    equity, units = np.empty(n_dates), np.empty((n_dates, n_assets))
    flows, n_fills = np.zeros((2, n_dates)), np.zeros(n_dates, dtype=np.int64)
    opens, closes, wanted = arrays
    # A whole number where a real one was meant would compile the loop a second time.
    charged = Charges(*map(float, charges or Charges()))
    _follow(
        opens,
        closes,
        wanted,
        float(cash),
        charged,
        whole_units,
        equity,
        units,
        flows,
        n_fills,
    )
    return WeightsResult(equity, units, flows[0], flows[1], n_fills)


def _refuse(must: str, values: Floats, bad: NDArray[np.bool_]) -> None:
    if bad.any():
        date, asset = (int(i) for i in np.argwhere(bad)[0])
        raise DataError(
            f"{must}; date {date}, asset {asset} holds {float(values[date, asset])!r}. Mend the "
            "panel."
        )


@jit
def _follow(  # noqa: PLR0913  a kernel writes into what it is given
    open_: Floats,
    close: Floats,
    weights: Floats,
    cash: float,
    charges: Charges,
    whole_units: bool,
    equity: Floats,
    units: Floats,
    flows: Floats,
    n_fills: Ints,
) -> None:
    n_dates, n_assets = open_.shape
    held, wanted = np.zeros(n_assets), np.full(n_assets, np.nan)
    marked = np.full(n_assets, np.nan)
    for t in range(n_dates):
        for k in range(n_assets):
            if math.isnan(open_[t, k]) or math.isnan(wanted[k]):
                continue
            change = wanted[k] - held[k]
            wanted[k] = math.nan
            if change == 0.0:
                continue
            price = open_[t, k] * (1.0 + math.copysign(charges.slip_frac, change))
            paid = order_fee(change, price, charges)
            cash -= change * price + paid
            held[k] += change
            flows[0, t] += paid
            flows[1, t] += abs(change) * price
            n_fills[t] += 1
        value = cash
        for k in range(n_assets):
            if not math.isnan(close[t, k]):
                marked[k] = close[t, k]
            if held[k] != 0.0:
                value += held[k] * marked[k]
            units[t, k] = held[k]
        equity[t] = value
        for k in range(n_assets):
            if t + 1 < n_dates and not (math.isnan(weights[t, k]) or math.isnan(close[t, k])):
                wanted[k] = sized(weights[t, k] * value, close[t, k], charges, whole_units)


@jit
def order_fee(change: float, price: float, charges: Charges) -> float:
    """Return the fee of one order in account currency."""
    value = abs(change) * price
    fee = max(charges.minimum, charges.per_unit * abs(change))
    return min(fee, charges.cap_frac * value) + charges.fee_frac * value


@jit
def sized(value: float, price: float, charges: Charges, whole_units: bool) -> float:
    """Return the units that ``value`` buys (negative value: sells short) at ``price``."""
    if not whole_units:
        return value / price
    side, room = (1.0, value) if value >= 0 else (-1.0, -value)
    count = math.floor(room / price)
    while count > 0 and count * price + order_fee(count, price, charges) > room:
        count -= 1
    return side * count
