"""Every way to run one cell, each giving a list of trades (the fields of ``Trades``) and equity."""

from collections.abc import Callable
from typing import Any, Protocol

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.state import REASONS
from alphamill.core.market import Bars, Instrument, Signals, Trades

from .readable import simulate

Answer = tuple[list[dict[str, Any]], list[float]]


class Cell(Protocol):
    """A fixture or a random market."""

    @property
    def bars(self) -> Bars: ...
    @property
    def signals(self) -> Signals: ...
    @property
    def stack(self) -> ExitStack: ...
    @property
    def instrument(self) -> Instrument: ...
    @property
    def levels(self) -> str: ...


def by_twin(cell: Cell, twin: Callable[..., Answer] = simulate) -> Answer:
    return twin(cell.bars, cell.signals, cell.stack, cell.instrument, levels=cell.levels)


def by_engine(cell: Cell) -> Answer:
    result = backtest(cell.bars, cell.signals, cell.stack, cell.instrument, levels=cell.levels)
    return rows_of(result.trades), result.equity.tolist()


def rows_of(trades: Trades) -> list[dict[str, Any]]:
    columns = {name: getattr(trades, name).tolist() for name in Trades.columns()}
    columns["reason"] = [REASONS[code] for code in columns["reason"]]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


# What the twin is held against: fixtures and random markets run through each row.
WAYS: dict[str, Callable[[Cell], Answer]] = {"engine": by_engine}
