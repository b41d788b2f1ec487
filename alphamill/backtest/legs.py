"""The loop for rules over several series: exposures wanted at a close, filled leg by leg.

Each leg fills at its own next open after the deciding close and waits while it has no bar or no
volume; a bar counts from the moment it has closed. All is told on the clock of the first leg.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.costs import fee, gain, grid_of, on_the_grid, slipped, terms_of, units_for
from alphamill.backtest.engine import Result, trades_of
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.kernel import paid
from alphamill.backtest.state import OPEN_AT_END, RULE, TRADE, Terms
from alphamill.core.errors import DataError
from alphamill.core.market import Bars, Floats, Instrument, Ints, as_of, last_closed
from alphamill.data.calendar import MINUTE_NS, minutes_of
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# Such a rule says itself when to leave; no stack is laid over it.
NO_EXITS = ExitStack(stop_loss_atr=None, take_profit_atr=None, max_bars_held=None)
NOBODY = -1
# What is told of each leg at its closes: the columns of the same name of ``Position``.
NET, GROSS, TRADE_NOW = range(3)


@dataclass(frozen=True)
class Leg:
    """One series as the loop takes it; what all targets share is found once.

    Attributes
    ----------
    known : ndarray of shape (n_bars of the first leg,)
        The leg's last bar closed by each of the first leg's closes, or NOBODY.
    seen : ndarray of shape (n_bars,)
        The first leg's bar at whose close a bar of this leg is known.
    opens_at : ndarray of shape (n_bars of the first leg,)
        The bar at whose open an order of each of the first leg's closes fills; n_bars for none.
    unit_value : ndarray of shape (n_bars of the first leg,)
        Money one unit stands for at each of the first leg's closes; NaN where it is not above 0.
    """

    bars: Bars
    instrument: Instrument
    known: Ints
    seen: Ints
    opens_at: Ints
    unit_value: Floats
    tick: Floats
    slip: Floats


def legs_of(series: Sequence[tuple[Bars, Instrument]]) -> tuple[Leg, ...]:
    """Return the legs of several series; the first one's closes are the clock."""
    clock = series[0][0].close_ns
    return tuple(_leg(bars, instrument, clock) for bars, instrument in series)


def _leg(bars: Bars, instrument: Instrument, clock: Ints) -> Leg:
    known = last_closed(clock, bars.close_ns)
    value = bars.raw_close * instrument.point_value
    if instrument.notional:
        value = np.full(len(bars), float(instrument.notional))
    return Leg(
        bars,
        instrument,
        known,
        np.searchsorted(clock, bars.close_ns).astype(np.int64),
        _next_open(bars, clock),
        as_of(np.where(value > 0.0, value, np.nan), known),
        *grid_of(bars, instrument),
    )


def _next_open(bars: Bars, moment_ns: Ints) -> Ints:
    """Return the first bar with volume that opened at or after each moment; n_bars where none."""
    # Bars carry no stamp of their open: it is not before the last close, nor more than a length
    # before their own.
    length_ns = minutes_of(bars.timeframe) * MINUTE_NS
    before = np.append(bars.close_ns[:1] - length_ns, bars.close_ns[:-1])[: len(bars)]
    opened = np.maximum(bars.close_ns - length_ns, before)
    fills = np.append(np.where(bars.volume == 0.0, len(bars), np.arange(len(bars))), len(bars))
    ahead: Ints = np.minimum.accumulate(fills[::-1])[::-1][np.searchsorted(opened, moment_ns)]
    return ahead


class Tape(NamedTuple):
    """One leg's bars as columns of shape (n_bars,).

    ``seen`` is the first leg's bar at whose close a bar is known; ``wish`` is the row of what was
    said whose order fills at its open, or NOBODY.
    """

    open: Floats
    close: Floats
    tick: Floats
    slip: Floats
    seen: Ints
    wish: Ints


class Position(NamedTuple):
    """What one leg holds: signed units as they were wanted and as they are traded.

    ``trade`` is the one it belongs to (while flat: the last one), ``gross`` what the leg made in
    it before costs, ``net`` what the leg made since the beginning.
    """

    wanted: float
    traded: float
    mark: float
    trade: int
    gross: float
    net: float


def backtest_legs(legs: Sequence[Leg], targets: Floats) -> Result:
    """Return trades and equity of the exposures that a rule wants.

    Parameters
    ----------
    legs : sequence of Leg
        The first one's closes are those at which ``targets`` are decided.
    targets : ndarray of shape (n_bars, n_legs)
        As ``Strategy.targets`` returns them. Money is turned into a leg's own units at the
        deciding close, by prices as they were traded; a wish that cannot be is not heard.

    Returns
    -------
    Result
        Bars, instrument, prices and units are the first leg's; P&L, fees and slippage those of
        all legs. A trade lasts while a side is wanted: from its first fill to its last. ``mae``
        and ``mfe`` are judged at closes. What is open at the end closes at its last known close.

    Raises
    ------
    DataError
        When the targets have another shape or are infinite.
    """
    first, n_bars = legs[0].bars, len(legs[0].bars)
    if targets.shape != (n_bars, len(legs)) or np.isinf(targets).any():
        raise DataError(
            f"{first.symbol}: targets must be finite or NaN, of shape {(n_bars, len(legs))}; "
            f"received {targets.shape} with {int(np.isinf(targets).sum())} infinite. Mend the rule."
        )
    # Little is said, so the closes at which nothing is are left out at once.
    said = np.flatnonzero(~np.isnan(targets).all(axis=1))
    units = _units(legs, targets, said)
    side = _sides(units)
    begins = (side != 0) & (side != np.append(0, side)[: said.size])
    trade = np.where(side != 0, np.cumsum(begins) - 1, NOBODY)
    record = np.zeros(int(begins.sum()), dtype=TRADE)
    record["decided"], record["side"] = said[begins], side[begins]
    record["entry_bar"], record["reason"] = NOBODY, RULE
    told = np.zeros((len(legs), 3, n_bars))
    for k, leg in enumerate(legs):
        one = np.zeros((3, len(leg.bars) + 1))
        one[TRADE_NOW, -1] = NOBODY
        terms, frac = terms_of(leg.instrument), _slip_frac(leg.instrument)
        tape, wanted = _tape(leg, said, units[:, k]), units[:, k].copy()
        _follow(tape, wanted, trade, k == 0, terms, frac, record, one)
        # A leg without a closed bar yet is at the extra last column.
        told[k] = one[:, leg.known]
    _excursions(told, record)
    filled = record[record["entry_bar"] != NOBODY]
    filled["bars_held"] = filled["exit_bar"] - filled["entry_bar"]
    filled["bars_held"] += filled["reason"] == OPEN_AT_END
    equity = told[:, NET].sum(axis=0)
    return Result(first, legs[0].instrument, NO_EXITS, trades_of(filled), equity)


def _units(legs: Sequence[Leg], targets: Floats, said: Ints) -> Floats:
    """Return the rows of targets in each leg's own units, all NaN where one leg has no value."""
    value = np.column_stack([leg.unit_value[said] for leg in legs])
    wanted = targets[said]
    units = np.where(wanted == 0.0, 0.0, wanted * (value[:, :1] / value))
    units[:, 0] = wanted[:, 0]
    # A hedge that cannot be sized must not leave the first leg alone.
    units[(np.isnan(units) & ~np.isnan(wanted)).any(axis=1)] = np.nan
    return units


def _sides(units: Floats) -> Ints:
    """Return the side wanted after each row: that of the first leg that is not wanted flat."""
    at = np.where(np.isnan(units), NOBODY, np.arange(len(units))[:, None])
    at = np.maximum.accumulate(at, axis=0)
    wanted = np.where(at == NOBODY, 0.0, np.take_along_axis(units, np.maximum(at, 0), axis=0))
    leading = np.argmax(wanted != 0.0, axis=1)
    side: Ints = np.sign(wanted[np.arange(len(units)), leading]).astype(np.int64)
    return side


def _tape(leg: Leg, said: Ints, units: Floats) -> Tape:
    """Return the bars of a leg that close by the clock's end, with the wishes that they fill."""
    rows = np.flatnonzero(~np.isnan(units))
    wish = np.full(len(leg.bars) + 1, NOBODY)
    # Of several wishes for one open the latest stands, being written last.
    wish[leg.opens_at[said[rows]]] = rows
    told = slice(int(leg.known[-1]) + 1 if leg.known.size else 0)
    bars = leg.bars
    prices = bars.open[told], bars.close[told], leg.tick[told], leg.slip[told]
    return Tape(*prices, leg.seen[told], wish[told])


def _slip_frac(instrument: Instrument) -> float:
    return 0.0 if on_the_grid(instrument) else (instrument.slippage_bps or 0.0) / 1e4


def _excursions(told: Floats, record: NDArray[Any]) -> None:
    """Write each trade's worst and best gross at the closes of the first leg."""
    gross_of_all = record["pnl"] + record["fees"]
    record["mae"], record["mfe"] = np.minimum(0.0, gross_of_all), np.maximum(0.0, gross_of_all)
    latest = told[:, TRADE_NOW].max(axis=0)
    gross = np.where(told[:, TRADE_NOW] == latest, told[:, GROSS], 0.0).sum(axis=0)
    here = np.flatnonzero(latest != NOBODY)
    np.minimum.at(record["mae"], latest[here].astype(np.int64), gross[here])
    np.maximum.at(record["mfe"], latest[here].astype(np.int64), gross[here])


@jit
def _follow(  # noqa: PLR0913  a kernel writes into what it is given
    tape: Tape,
    units: Floats,
    trade: Ints,
    leads: bool,
    terms: Terms,
    slip_frac: float,
    record: NDArray[Any],
    told: Floats,
) -> None:
    """Walk through one leg's bars; add to ``record``, a row a trade, and fill in ``told``."""
    n_bars = tape.close.size
    held = Position(0.0, 0.0, 0.0, NOBODY, 0.0, 0.0)
    for i in range(n_bars):
        wish = tape.wish[i]
        if wish != NOBODY:
            asked = units[wish], trade[wish]
            held = _turned(held, asked, tape, i, tape.open[i], leads, terms, slip_frac, record)
        held = _marked(held, tape.close[i], terms, record)
        if i == n_bars - 1 and held.traded != 0.0:
            record[held.trade]["reason"] = OPEN_AT_END
            asked = 0.0, np.int64(NOBODY)
            held = _turned(held, asked, tape, i, tape.close[i], leads, terms, slip_frac, record)
        told[NET, i], told[GROSS, i], told[TRADE_NOW, i] = held.net, held.gross, held.trade


@jit
def _turned(  # noqa: PLR0913  a kernel writes into what it is given
    held: Position,
    asked: tuple[float, Any],
    tape: Tape,
    i: int,
    price: float,
    leads: bool,
    terms: Terms,
    slip_frac: float,
    record: NDArray[Any],
) -> Position:
    """Return the leg after it was brought to the units of the trade that is asked for."""
    wanted, trade = asked
    if wanted == held.wanted and (wanted == 0.0 or trade == held.trade):
        return held
    side = 1 if wanted > held.wanted else -1
    price = paid(price, side, tape.tick[i], tape.slip[i], slip_frac)
    held = _marked(held, price, terms, record)
    traded = _sized(held, wanted, units_for(price, terms))
    goes_on = traded * held.traded > 0.0
    before, after = abs(held.traded), abs(traded)
    closed, opened = before, after
    if goes_on:
        closed, opened = max(before - after, 0.0), max(after - before, 0.0)
    net = held.net
    if held.wanted != 0.0:
        row = record[held.trade]
        net -= _charged(row, price, side, closed, tape.slip[i], slip_frac, terms)
        row["exit_bar"] = max(row["exit_bar"], tape.seen[i])
        if leads:
            row["exit_price"] = price
    if wanted == 0.0:
        return Position(0.0, 0.0, price, held.trade, held.gross, net)
    row = record[trade]
    net -= _charged(row, price, side, opened, tape.slip[i], slip_frac, terms)
    if row["entry_bar"] == NOBODY or tape.seen[i] < row["entry_bar"]:
        row["entry_bar"] = tape.seen[i]
    if leads and row["units"] == 0.0:
        row["entry_price"], row["units"] = price, after
    return Position(wanted, traded, price, trade, held.gross if trade == held.trade else 0.0, net)


@jit
def _sized(held: Position, wanted: float, per_unit: float) -> float:
    """Return what is traded for ``wanted``: a smaller wish keeps its share of what is held."""
    if wanted * held.wanted <= 0.0:
        return wanted * per_unit
    if abs(wanted) <= abs(held.wanted):
        return held.traded * (wanted / held.wanted)
    return held.traded + (wanted - held.wanted) * per_unit


@jit
def _marked(held: Position, price: float, terms: Terms, record: NDArray[Any]) -> Position:
    """Return the leg after its price moved."""
    if held.traded == 0.0:
        return held
    side = 1 if held.traded > 0.0 else -1
    step = gain(side, held.mark, price, abs(held.traded), terms)
    record[held.trade]["pnl"] += step
    gross, net = held.gross + step, held.net + step
    return Position(held.wanted, held.traded, price, held.trade, gross, net)


@jit
def _charged(
    row: Any, price: float, side: int, units: float, slip: float, slip_frac: float, terms: Terms
) -> float:
    """Write what trading ``units`` costs into the trade and return the fee."""
    cost = fee(price, units, terms)
    row["fees"] += cost
    row["pnl"] -= cost
    row["slippage"] += slipped(price, side, slip, slip_frac, terms.point_value * units)
    return cost
