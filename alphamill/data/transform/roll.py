"""Continuous futures from single contracts.

Whether to roll is decided at a session's close, from that session and the ones before it, and
done from the next session on; a contract that was left is never held again. The two contracts
are compared at their last common close of the deciding session: back-adjustment adds the
difference to every earlier price, ratio-adjustment multiplies by the quotient, so the newest
contract keeps its traded prices. Differences (quotients) between past closes therefore never
change once known, while past *levels* move with every later roll; rules in percent of price read
``raw_close``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Adjusted, Bars, Floats, Ints, bar_columns

_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Contract:
    """One delivery month: traded bars, last trade date (yyyymmdd), open interest of each bar."""

    bars: Bars
    expiry: int
    open_interest: Floats | None = None


@dataclass(frozen=True)
class DaysBeforeExpiry:
    """Leave a contract at the first close at most ``days`` calendar days before its expiry."""

    days: int = 5


@dataclass(frozen=True)
class Crossover:
    """Leave a contract at the first close at which the next one had more of ``measure``.

    Volume is the session's sum, open interest its last figure; an unknown figure decides nothing.
    A contract that is never overtaken is left at the close of its expiry.
    """

    measure: Literal["volume", "open_interest"] = "volume"


RollRule = DaysBeforeExpiry | Crossover


@dataclass(frozen=True)
class Roll:
    """One change of contract.

    ``decided`` is the trade date at whose close it was decided, ``session`` the first trade date
    in the new contract; ``old_close`` and ``new_close`` are at their last common close of
    ``decided``.
    """

    decided: int
    session: int
    old: str
    new: str
    old_close: float
    new_close: float

    @property
    def gap(self) -> float:
        """Return what back-adjustment adds to every earlier price."""
        return self.new_close - self.old_close

    @property
    def ratio(self) -> float:
        """Return what ratio-adjustment multiplies every earlier price by."""
        return self.new_close / self.old_close


@dataclass(frozen=True)
class Continuous:
    """A continuous series and the table of its rolls, oldest first."""

    bars: Bars
    rolls: tuple[Roll, ...]


def continuous(
    symbol: str,
    contracts: Sequence[Contract],
    rule: RollRule,
    adjusted: Adjusted = "add",
) -> Continuous:
    """Return one series out of contracts given in any order.

    Parameters
    ----------
    symbol : str
        Name of the series.
    contracts : sequence of Contract
        The delivery months that are traded in turn (leave thin serial months out), of one
        timeframe, unadjusted.
    rule : DaysBeforeExpiry or Crossover
        When a contract is left for the next one.
    adjusted : "add", "ratio" or "none"
        How earlier prices are joined to later ones.

    Raises
    ------
    DataError
        When a contract expired without a session in common with the next one, or a quotient of
        prices that are not positive is asked for.
    """
    chain = [_Days(contract) for contract in sorted(contracts, key=lambda c: c.expiry)]
    _require_chain(symbol, chain, rule)
    sessions = np.unique(np.concatenate([days.session for days in chain]))
    held, rolls = _walk(symbol, chain, rule, sessions)
    parts = [days.contract.bars for days in chain]
    rows = [np.isin(b.session, sessions[held == k]) for k, b in enumerate(parts)]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(b, name)[r] for b, r in zip(parts, rows, strict=True)])
        for name in bar_columns()
    }
    _join(symbol, columns, rolls, adjusted)
    bars = Bars(symbol, parts[0].timeframe, adjusted=adjusted, **columns)
    return Continuous(bars, tuple(rolls))


class _Days:
    """A contract summed up by session."""

    def __init__(self, contract: Contract) -> None:
        bars = contract.bars
        self.contract = contract
        self.session, first = np.unique(bars.session, return_index=True)
        last = np.append(first[1:], len(bars)) - 1
        self.volume = np.add.reduceat(bars.volume, first) if len(bars) else bars.volume
        interest = contract.open_interest
        self.open_interest = None if interest is None else np.asarray(interest)[last]

    @property
    def symbol(self) -> str:
        return self.contract.bars.symbol

    def row(self, session: int) -> int | None:
        """Return the row of a trade date, or None when the contract did not trade on it."""
        at = int(np.searchsorted(self.session, session))
        return at if at < self.session.size and self.session[at] == session else None


def _walk(
    symbol: str, chain: list[_Days], rule: RollRule, sessions: Ints
) -> tuple[Ints, list[Roll]]:
    """Return the contract held in each session and the rolls, walking forward in time."""
    held = np.zeros(sessions.size, dtype=np.int64)
    rolls: list[Roll] = []
    now = next(k for k, days in enumerate(chain) if days.row(int(sessions[0])) is not None)
    for t, date in enumerate(sessions.tolist()):
        held[t] = now
        if now + 1 == len(chain):
            continue
        old, new = chain[now], chain[now + 1]
        if date > old.contract.expiry:
            raise DataError(
                f"{symbol}: {old.symbol} and {new.symbol} must both trade on some session on "
                f"which a roll is due, by the expiry of {old.contract.expiry}; there is none. "
                "Fetch more of both contracts."
            )
        rows = old.row(date), new.row(date)
        if rows[0] is None or rows[1] is None or t + 1 == sessions.size:
            continue
        closes = _closes_together(old.contract.bars, new.contract.bars, date)
        if closes is not None and _is_due(rule, old, new, (rows[0], rows[1])):
            rolls.append(Roll(date, int(sessions[t + 1]), old.symbol, new.symbol, *closes))
            now += 1
    return held, rolls


def _is_due(rule: RollRule, old: _Days, new: _Days, rows: tuple[int, int]) -> bool:
    date = int(old.session[rows[0]])
    if isinstance(rule, DaysBeforeExpiry):
        return _days_between(date, old.contract.expiry) <= rule.days
    mine, other = getattr(old, rule.measure), getattr(new, rule.measure)
    return bool(other[rows[1]] > mine[rows[0]]) or date >= old.contract.expiry


def _closes_together(old: Bars, new: Bars, date: int) -> tuple[float, float] | None:
    # A thin contract's last trade may be hours old: only closes of one moment are comparable.
    first, last = (
        [int(np.searchsorted(b.session, date, side=side)) for b in (old, new)]
        for side in ("left", "right")
    )
    _, i, j = np.intersect1d(
        old.close_ns[first[0] : last[0]], new.close_ns[first[1] : last[1]], return_indices=True
    )
    if not i.size:
        return None
    return float(old.close[first[0] + i[-1]]), float(new.close[first[1] + j[-1]])


def _join(symbol: str, columns: dict[str, Any], rolls: list[Roll], adjusted: Adjusted) -> None:
    """Adjust the price columns in place, from the newest roll back; ``raw_close`` stays."""
    if adjusted == "none":
        return
    session = columns["session"]
    bad = next((r for r in rolls if min(r.old_close, r.new_close) <= 0), None)
    if adjusted == "ratio" and bad is not None:
        raise DataError(
            f"{symbol}: a ratio needs closes above 0; at the roll of {bad.decided} they are "
            f"{bad.old_close!r} and {bad.new_close!r}. Use back-adjustment ('add')."
        )
    for roll in rolls:
        before = session < roll.session
        for name in _PRICES:
            if adjusted == "add":
                columns[name][before] += roll.gap
            else:
                columns[name][before] *= roll.ratio


def _require_chain(symbol: str, chain: list[_Days], rule: RollRule) -> None:
    if not chain or not all(days.session.size for days in chain):
        raise DataError(
            f"{symbol}: a continuous series needs contracts that have bars, received "
            f"{[days.symbol for days in chain]!r}. Fetch them."
        )
    kinds = {(days.contract.bars.timeframe, days.contract.bars.adjusted) for days in chain}
    if len(kinds) != 1 or next(iter(kinds))[1] != "none":
        raise DataError(
            f"{symbol}: contracts must be of one timeframe and unadjusted, received "
            f"{sorted(kinds)!r}. Ingest them alike."
        )
    lacking = [days.symbol for days in chain[:-1] if days.open_interest is None]
    if isinstance(rule, Crossover) and rule.measure == "open_interest" and lacking:
        raise SettingsError(
            f"{symbol}: rolling by open interest needs it for every contract, {lacking} have "
            "none. Roll by volume or by days before expiry."
        )


def _days_between(first: int, last: int) -> int:
    return int((pd.Timestamp(str(last)) - pd.Timestamp(str(first))).days)
