"""How many whole units of a trade an account takes: a line of its equity, rounded down."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Floats

Method = Literal["one_lot", "volatility_target", "fixed_fraction", "kelly"]

# Relative. Float noise must not cost a contract: 0.01 * 100,000 / 250 is 4, not 3.9999.
NOISE = 1e-9


@dataclass(frozen=True)
class Sizing:
    """How large a position is, in whole units (contracts, or a trade's notional).

    Attributes
    ----------
    method : str
        "one_lot": one unit. "volatility_target": the position's own annual standard deviation is
        ``frac`` of the equity. "fixed_fraction": what is lost at the stop is ``frac`` of the
        equity. "kelly": what is lost at the stop is ``multiple`` of Kelly's fraction of the
        equity, and at most ``frac``.
    frac : float
        See ``method``; of "one_lot" it is not read.
    multiple : float
        Part of Kelly's fraction, of "kelly" only; one half by default.
    max_units : int
        Most units of one position.
    compounding : bool
        Whether the equity is the marked one at the deciding close, or the starting capital.
    sessions_a_year : float
        What makes a session's deviation annual.
    """

    method: Method = "one_lot"
    frac: float = 0.01
    multiple: float = 0.5
    max_units: int = 1_000_000
    compounding: bool = True
    sessions_a_year: float = 252.0

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise SettingsError(
                f"sizing.method must be one of {', '.join(get_args(Method))}, received "
                f"{self.method!r}."
            )
        for name in ("frac", "multiple", "sessions_a_year"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and 0 < value < math.inf):
                raise SettingsError(f"sizing.{name} must be above 0, received {value!r}.")
        if not (isinstance(self.max_units, int) and self.max_units >= 1):
            raise SettingsError(
                f"sizing.max_units must be a whole number from 1, received {self.max_units!r}."
            )

    @property
    def reads_equity(self) -> bool:
        return self.method != "one_lot" and self.compounding


@dataclass(frozen=True, eq=False)
class Odds:
    """What is known of each trade when it is decided; arrays of one shape, NaN not known.

    ``volatility`` is the standard deviation of one session's P&L of one unit and ``at_risk`` what
    one unit loses at its stop, both in account currency; ``probability`` of a win; ``payoff`` is
    the average win over the average loss, from the past.
    """

    volatility: Floats
    at_risk: Floats
    probability: Floats
    payoff: Floats


def units_per_currency(sizing: Sizing, odds: Odds) -> Floats:
    """Return units of each trade for one currency of equity, not rounded.

    Parameters
    ----------
    sizing : Sizing
    odds : Odds
        Arrays of shape (n,).

    Returns
    -------
    ndarray of shape (n,)
        0, which is no trade, where what the method reads is not known or Kelly's fraction is not
        above 0; for "one_lot" NaN, which is one unit whatever the equity.

    References
    ----------
    Kelly (1956), A New Interpretation of Information Rate: f = p - (1 - p) / b.

    Examples
    --------
    >>> known = [np.array([v]) for v in (500.0, 250.0, 0.6, 1.0)]
    >>> units_per_currency(Sizing("fixed_fraction", 0.01), Odds(*known)) * 100_000
    array([4.])
    >>> units_per_currency(Sizing("kelly", 0.5), Odds(*known)) * 100_000
    array([40.])
    """
    if sizing.method == "one_lot":
        return np.full(odds.at_risk.shape, np.nan)
    frac: float | Floats = sizing.frac
    each = odds.at_risk
    if sizing.method == "volatility_target":
        each = odds.volatility * math.sqrt(sizing.sessions_a_year)
    if sizing.method == "kelly":
        frac = np.minimum(sizing.frac, sizing.multiple * kelly(odds.probability, odds.payoff))
    out = np.zeros(each.shape)
    np.divide(frac, each, out=out, where=each > 0.0)
    return np.where(out > 0.0, out, 0.0)


def kelly(probability: Floats, payoff: Floats) -> Floats:
    """Return the share of the equity to lose on a loss that grows it fastest; NaN not known."""
    lost = np.full(np.shape(probability), np.nan)
    np.divide(1.0 - probability, payoff, out=lost, where=payoff > 0.0)
    return np.asarray(probability - lost, dtype=np.float64)


def whole_units(slope: float, equity: float, max_units: int) -> int:
    """Return whole units for this equity: never more than the line gives, NaN is one unit."""
    if math.isnan(slope):
        return 1
    wanted = min(slope * max(equity, 0.0) * (1.0 + NOISE), float(max_units))
    return math.floor(wanted)
