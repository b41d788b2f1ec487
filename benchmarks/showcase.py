"""vectorbt's own showcase: every pair of moving averages of 2 to 100 days, on daily bars.

Both sides compute the averages, the crossings and the trades; vectorbt then returns the total
return of each pair, ours all that a sweep keeps of a cell. A crossing at a close is filled at the
next open on both sides; one unit, no costs, long.
"""

import importlib
import statistics
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import combinations, islice
from typing import Any

import numpy as np

from alphamill.backtest.lanes import Tally, tallies
from alphamill.backtest.table import market_of
from alphamill.core.market import Bars, Signals
from alphamill.data.sources.synthetic import bars
from alphamill.indicators.memo import memo
from alphamill.indicators.trend import sma
from alphamill.strategies import find
from alphamill.validation.splits import quarter_blocks
from benchmarks.course import MEMO_BYTES, ONE_UNIT, RULE_ONLY, Course, Fills, require_equal
from benchmarks.measure import Findings, timed
from benchmarks.peers import installed
from benchmarks.script import CASH

CROSS = 17
GROUP = "moving averages"
LONGEST = 100
Pairs = list[tuple[int, int]]
# Pairs whose signals are held at once, and of how many the trades are compared one for one.
BATCH, COMPARED = 256, 50


def measure_showcase(findings: Findings, n_bars: int, n_repeats: int) -> None:
    """Measure all pairs on both sides, equal trades first."""
    market = bars("ES", "1d", n_bars=n_bars)
    pairs = list(combinations(range(2, _longest(n_bars) + 1), 2))
    bases = {}
    for name, said_of, note in (
        ("by the strategy", said_by_strategy, "strategy 17, pair by pair, averages shared"),
        ("by matrices", said_by_matrices, "crossings of many pairs at once, as vectorbt's"),
    ):
        kept_of(market, said_of(market, pairs))  # compiled code is read
        seconds = timed(lambda s=said_of: kept_of(market, s(market, pairs)), n_repeats)  # type: ignore[misc]
        note = f"{len(pairs):,} pairs x {n_bars:,} daily bars, all a sweep keeps; {note}"
        findings.add(GROUP, f"Alphamill, signals {name}", seconds, "s", note)
        alone = timed(lambda s=said_of: deque(s(market, pairs), 0), n_repeats)  # type: ignore[misc]
        each = [1e6 * value / len(pairs) for value in alone]
        findings.add(GROUP, f"Alphamill, signals {name}, alone", each, "us a pair")
        bases[f"ours {name}"] = statistics.median(seconds)
    if not installed(findings, "vectorbt"):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a peer's own code warns of is not ours to mend
        first_s = timed(lambda: total_returns(market), 1)[0]
        compare(findings, market, pairs)
        shown = timed(lambda: total_returns(market), n_repeats)
        by: Any = importlib.import_module("benchmarks.by_vectorbt")
        kept = timed(lambda: by.counted(portfolio(market)), n_repeats)
    first = f"averages, crossings, orders, total return; first call {first_s:.1f} s"
    for theirs, what, note in (
        (shown, "vectorbt", first),
        (kept, "vectorbt, statistics", "and trades, P&L, win rate, drawdown: what ours keeps"),
    ):
        findings.add(GROUP, what, theirs, "s", note)
        for name, base in bases.items():
            findings.add(GROUP, f"{what} / {name}", [s / base for s in theirs], "times", "goal 20")


def said_by_strategy(market: Bars, pairs: Pairs) -> Iterator[Signals]:
    """Yield the signals of each pair as a sweep asks for them; the averages are shared."""
    strategy = find(CROSS)
    with memo(MEMO_BYTES):
        for fast, slow in pairs:
            yield strategy.signals(market, {"ma_fast": fast, "ma_slow": slow})


def said_by_matrices(market: Bars, pairs: Pairs) -> Iterator[Signals]:
    """Yield the same signals, worked out for all slow averages of a fast one at once."""
    windows = sorted({window for pair in pairs for window in pair})
    averages = np.stack([sma(market.close, window) for window in windows])
    silent = np.zeros(len(market), dtype=np.bool_)
    for k, fast in enumerate(averages[:-1]):
        slow = averages[k + 1 :]
        above, leave = fast > slow, fast < slow
        enter = np.zeros(slow.shape, dtype=np.int8)
        enter[:, 1:] = above[:, 1:] & (fast[:-1] <= slow[:, :-1])
        for row in range(len(slow)):
            yield Signals(enter[row], leave[row], silent)


def kept_of(market: Bars, said: Iterable[Signals]) -> list[Tally]:
    """Return what a sweep keeps of each rule's cell."""
    blocks = quarter_blocks(np.unique(market.session))
    ground = market_of(market, (RULE_ONLY,), ONE_UNIT, blocks.of_session, short=False)
    found: list[Tally] = []
    waiting = iter(said)
    while batch := list(islice(waiting, BATCH)):
        found += tallies(ground, batch)
    return found


def _longest(n_bars: int) -> int:
    return min(LONGEST, n_bars // 4)


# --- vectorbt ----------------------------------------------------------------------------------


def portfolio(market: Bars) -> Any:
    """Return vectorbt's simulation of every pair, a column each, in the order of `combinations`."""
    vectorbt: Any = importlib.import_module("vectorbt")
    later = importlib.import_module("benchmarks.by_vectorbt").one_later
    windows = np.arange(2, _longest(len(market)) + 1)
    fast, slow = vectorbt.MA.run_combs(market.close, windows, r=2, short_names=["fast", "slow"])
    return vectorbt.Portfolio.from_signals(
        market.close[:, None],
        entries=later(fast.ma_crossed_above(slow).to_numpy()),
        exits=later(fast.ma_crossed_below(slow).to_numpy()),
        price=market.open[:, None],
        size=1.0,
        init_cash=CASH,
        fees=0.0,
        direction="longonly",
        freq="1D",
    )


def total_returns(market: Bars) -> Any:
    """Return what the showcase shows."""
    return portfolio(market).total_return()


def compare(findings: Findings, market: Bars, pairs: Pairs) -> None:
    """Compare counts and P&L of every pair, and each trade of some; raise where they differ."""
    by: Any = importlib.import_module("benchmarks.by_vectorbt")
    record = portfolio(market).trades.records
    column = record["col"].to_numpy()
    closed = record["status"].to_numpy() == 1
    counts = np.bincount(column[closed], minlength=len(pairs))
    pnl = np.bincount(column, weights=record["pnl"].to_numpy(), minlength=len(pairs))
    for said_of in (said_by_strategy, said_by_matrices):
        cells = np.concatenate([kept[0] for kept in kept_of(market, said_of(market, pairs))])
        if not (
            np.array_equal(cells["total_trades"], counts)
            and np.allclose(cells["total_pnl"], pnl, rtol=1e-9, atol=1e-6)
        ):
            raise AssertionError("vectorbt's pairs are not ours; no time is reported.")
    some = np.unique(np.linspace(0, len(pairs) - 1, COMPARED).astype(int))
    course = Course(GROUP, market, RULE_ONLY, np.full(len(market), np.nan), ())
    n_equal = 0
    for at, said in zip(some, said_by_strategy(market, [pairs[i] for i in some]), strict=True):
        entered, left, entry, exit_ = by.closed_trades(record[column == at], len(market))
        by_rule = np.ones(left.size, dtype=np.bool_)
        theirs = Fills(entered - 1, left - 1, entry, exit_, by_rule)
        n_equal += require_equal("vectorbt", int(at), theirs, course, said)
    findings.checks.append(
        f"vectorbt, {GROUP}: number and P&L of {int(counts.sum()):,} trades of {len(pairs):,} "
        f"pairs equal ours; {n_equal:,} of {some.size} pairs one for one"
    )
