"""Held-out predictions as files: one row a trade, with the score the model gave it beforehand.

The columns are those of specs/factory.md 8.1: ``Date`` (entry, exchange-local wall clock),
``y_true`` (1 if the trade made money net of fees), ``y_pred_proba``, ``y_pred_binary``,
``y_return`` (exit over entry price, less 1) and ``y_pnl_usd`` (net). Others are ignored.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Flags, Floats, Instrument, Ints
from alphamill.data.calendar import moments_ns
from alphamill.data.delimited import Commas, TextColumn, decode, read_columns, read_header
from alphamill.data.instruments import instrument
from alphamill.data.quality.table import yyyymmdd
from alphamill.data.stamps import parse_stamps, to_moments

ENTERED, LABEL, SCORE, DECISION, RETURN, PNL = COLUMNS = (
    *("Date", "y_true", "y_pred_proba", "y_pred_binary", "y_return", "y_pnl_usd"),
)
DECIDED_AT = 0.5  # the threshold of the files' y_pred_binary
REPAIR = "Correct or delete this row, or write the file again."
# The table's futures are worth 12 to 51 times their margin, so a decade off stands out.
USUAL_LEVERAGE = 25.0
NOTHING = 1e-9


@dataclass(frozen=True)
class HeldOutTrades:
    """Trades of one model on years it never saw, by rising entry; columns of shape (n_trades,).

    Attributes
    ----------
    name : str
        The file's key, such as "CL_ATRBuyDip"; ``instrument`` is that of its first word.
    entry_ns : int64
        UTC moment of the entry.
    day : int64
        Exchange-local date of the entry, yyyymmdd.
    won : bool
        The label: net P&L above 0.
    score : float64
        The model's probability of ``won``, known at the entry.
    returns : float64
        Exit over entry price, less 1, as a fraction.
    pnl : float64
        Net of ``fees``, account currency.
    fees : float
        Of a round trip.
    warnings : tuple of str
        What is wrong with the figures though each row is sound; to be shown with every result.
    """

    name: str
    instrument: Instrument
    entry_ns: Ints
    day: Ints
    won: Flags
    score: Floats
    returns: Floats
    pnl: Floats
    fees: float
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.entry_ns.size)


def read_trades(
    path: Path, timezone: str = "America/Chicago", fees: float = 2.0, price: float | None = None
) -> HeldOutTrades:
    """Return the trades of one file of held-out predictions.

    Parameters
    ----------
    path : Path
        Named SYMBOL_STRATEGY.csv or SYMBOL_STRATEGY_held_out_predictions.csv.
    timezone : str
        Zone of stamps without an offset.
    fees : float
        What a round trip paid in the file, account currency.
    price : float, optional
        A price at which the instrument really traded in these years; see `scale_error`.

    Raises
    ------
    DataError
        For a cell that contradicts its column or its row: file, row, column, value and remedy.
    SettingsError
        For a file that cannot be read, or a symbol that the instrument table lacks.
    """
    table = _columns(path)
    entered = table[ENTERED][0]
    moments = to_moments(entered, parse_stamps(entered), timezone)
    entry_ns = moments_ns(moments)
    _refuse(entered, np.diff(entry_ns, prepend=entry_ns[0] - 1) <= 0, "entries must rise")
    local = moments.tz_convert(timezone).tz_localize(None)
    numbers = {name: values for name, (_, values) in table.items()}
    _require_sound(table, fees)
    name = path.stem.removesuffix("_held_out_predictions")
    traded = instrument(name.partition("_")[0])
    trades = HeldOutTrades(
        name=name,
        instrument=traded,
        entry_ns=entry_ns,
        day=yyyymmdd(moments_ns(local)),
        won=numbers[LABEL] == 1.0,
        score=numbers[SCORE],
        returns=numbers[RETURN],
        pnl=numbers[PNL],
        fees=fees,
    )
    return _warned(path, trades, price)


def implied_prices(trades: HeldOutTrades) -> Floats:
    """Return the entry price of each trade that its P&L and return imply, shape (n_trades,).

    (pnl + fees) / (point value x return): specs/factory.md 8.1, check (b). NaN where the return
    is 0.
    """
    moved = np.where(np.abs(trades.returns) < NOTHING, np.nan, trades.returns)
    return np.asarray((trades.pnl + trades.fees) / (trades.instrument.point_value * moved))


def scale_error(trades: HeldOutTrades, price: float | None = None) -> float:
    """Return by which power of ten the P&L is too large; 1.0 where it is right.

    With a ``price`` that is known from elsewhere, the implied point value is held against the
    table's. Without one, the implied worth of a contract is held against its margin, which is
    some 25 times smaller for every future of the table. NaN where neither is known, or where no
    trade moved.
    """
    traded = trades.instrument
    prices = implied_prices(trades)
    if np.isnan(prices).all() or (price is None and not traded.margin):
        return math.nan
    found = float(np.nanmedian(prices))
    usual = price or USUAL_LEVERAGE * traded.margin / traded.point_value
    return float(10.0 ** round(math.log10(found / usual)))


def _columns(path: Path) -> dict[str, tuple[TextColumn, Floats]]:
    try:
        data = path.read_bytes()
    except OSError as e:
        raise SettingsError(
            f"{path}: must be a readable file of held-out predictions, received "
            f"{e.strerror or e!r}. Name a CSV file with the columns {', '.join(COLUMNS)}."
        ) from e
    text, _ = decode(path.name, data)
    header = read_header(path.name, text, lambda name: name in COLUMNS)
    lacking = [name for name in COLUMNS if header.names.count(name) != 1]
    if lacking:
        raise SettingsError(
            f"{path.name}: row {header.line}: the header must name each of {list(COLUMNS)} once, "
            f"and {lacking} stand there not once, received {list(header.names)}. Write the file "
            "again."
        )
    at = {name: header.names.index(name) for name in COLUMNS}
    numbers = [at[name] for name in COLUMNS if name != ENTERED]
    commas = Commas(header.delimiter)
    read = read_columns(path.name, text, header, list(at.values()), numbers, [], commas)
    commas.settle()
    lines = read.lines.tolist()
    return {
        name: (
            TextColumn(path.name, name, lines, read.texts[i]),
            read.numbers.get(i, np.empty(0)),
        )
        for name, i in at.items()
    }


def _require_sound(table: dict[str, tuple[TextColumn, Floats]], fees: float) -> None:
    """Refuse rows whose cells contradict each other."""
    label, score, decision, change, pnl = (table[name][1] for name in COLUMNS[1:])
    checks = (
        (LABEL, (label != 0) & (label != 1), "must be 0 or 1"),
        (LABEL, (label == 1) != (pnl > 0), f"must be 1 exactly where {PNL} is above 0"),
        (SCORE, (score < 0) | (score > 1), "must be a probability from 0 to 1"),
        (
            DECISION,
            decision != (score >= DECIDED_AT),
            f"must be 1 exactly where {SCORE} is {DECIDED_AT} or more",
        ),
        (RETURN, change <= -1, "must be above -1, for no more than all can be lost"),
        (
            PNL,
            _sign(change) != _sign(pnl + fees),
            f"before fees of {fees} must have the sign of {RETURN}",
        ),
    )
    for name, bad, must in checks:
        _refuse(table[name][0], bad, must)


def _sign(x: Floats) -> Floats:
    # A trade that came out even was written with the rounding of its prices, such as 1e-16.
    return np.asarray(np.sign(np.where(np.abs(x) < NOTHING, 0.0, x)))


def _refuse(column: TextColumn, bad: Flags, must: str) -> None:
    if bad.any():
        raise column.error(int(np.flatnonzero(bad)[0]), must, REPAIR)


def _warned(path: Path, trades: HeldOutTrades, price: float | None) -> HeldOutTrades:
    factor = scale_error(trades, price)
    if factor == 1.0:
        return trades
    traded = trades.instrument
    if math.isnan(factor):
        warning = (
            f"{path.name}: the scale of the P&L is not checked: no trade moved, or no margin is "
            f"recorded for {traded.symbol} and no price at which it traded was given."
        )
    else:
        found = float(np.nanmedian(implied_prices(trades)))
        warning = (
            f"{path.name}: P&L is {factor:g} times that of the instrument table: with "
            f"{traded.point_value:g} a point, returns and P&L imply an entry price of "
            f"{found:.4g}. Divide {PNL} by {factor:g} before use; returns are sound."
        )
    return replace(trades, warnings=(warning,))
