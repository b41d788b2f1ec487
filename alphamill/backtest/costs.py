"""What a fill is worth and what it costs."""

import numpy as np

from alphamill.backtest.state import Terms
from alphamill.core.market import Bars, Floats, Instrument
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


def terms_of(instrument: Instrument) -> Terms:
    """Return the instrument's money terms as the kernel takes them.

    The finest tick of a dated history is used for P&L, so a price on an older, coarser grid is
    still a whole number of ticks.
    """
    ticks = [instrument.tick, *(tick for _, tick in instrument.tick_history)]
    return Terms(
        tick=float(min(ticks)) if on_the_grid(instrument) else 0.0,
        point_value=float(instrument.point_value),
        notional=float(instrument.notional or 0.0),
        fee=float(instrument.commission_per_side),
        fee_frac=instrument.commission_bps / 1e4,
    )


def on_the_grid(instrument: Instrument) -> bool:
    """Return True for raw prices in ticks, False for adjusted or off-grid series."""
    return instrument.slippage_ticks is not None and instrument.tick > 0


def grid_of(bars: Bars, instrument: Instrument) -> tuple[Floats, Floats]:
    """Return (tick, slippage) in price units for each bar, shape (n_bars,); 0 off the grid."""
    if not on_the_grid(instrument):
        return np.zeros(len(bars)), np.zeros(len(bars))
    tick = instrument.ticks(bars.session)
    return tick, tick * (instrument.slippage_ticks or 0.0)


@jit
def units_for(entry: float, terms: Terms) -> float:
    return terms.notional / entry if terms.notional > 0.0 else 1.0


@jit
def fee(price: float, units: float, terms: Terms) -> float:
    return terms.fee * units + terms.fee_frac * abs(price) * terms.point_value * units


@jit
def gain(side: int, entry: float, price: float, units: float, terms: Terms) -> float:
    """Return the P&L before fees; on the grid it is a whole number of ticks."""
    if terms.tick > 0.0:
        n_ticks = float(np.rint((price - entry) / terms.tick))
        return side * n_ticks * (terms.tick * terms.point_value) * units
    return side * (price - entry) * terms.point_value * units


@jit
def net(side: int, entry: float, price: float, terms: Terms) -> float:
    """Return the P&L of a trade after the fees of both sides."""
    units = units_for(entry, terms)
    return gain(side, entry, price, units, terms) - (
        fee(entry, units, terms) + fee(price, units, terms)
    )


@jit
def slipped(price: float, side: int, slip: float, slip_frac: float, per_point: float) -> float:
    """Return the account currency that slippage took from a market or stop fill at ``price``."""
    if slip_frac > 0.0:
        slip = abs(price) * slip_frac / (1.0 + side * slip_frac * np.sign(price))
    return slip * per_point
