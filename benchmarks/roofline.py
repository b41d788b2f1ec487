"""What the machine could do, what the sweep touches, and how far apart the two are.

Bytes are counted from the arrays themselves: what the table keeps of a bar is written once, and a
candidate entry reads one row of it. Operations are not counted but compared: nanoseconds times the
machine's own scalar rate say how many simple dependent steps would fit in them.
"""

import statistics
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.exits import exit_grid
from alphamill.backtest.lanes import tallies
from alphamill.backtest.table import Market, market_of
from alphamill.core.market import Bars, Floats, Ints, Signals
from alphamill.data.sources.synthetic import bars
from alphamill.indicators.memo import memo
from alphamill.strategies import find
from benchmarks.measure import Findings, timed
from benchmarks.speed import MEMO_BYTES, SYMBOL, ground_of

GROUP = "roofline"
# One that asks at one close in thirteen, and one that asks at one in eighty.
EAGER, RARE = 21, 17
# Far beyond any cache: 256 MiB an array.
N_NUMBERS = 1 << 25
N_STEPS = 1 << 26


class Ceiling(NamedTuple):
    """What the machine does at best: bytes a second in rows, seconds a far row, seconds a step."""

    bytes_a_s: float
    far_s: float
    step_s: float


def measure_roofline(
    findings: Findings, n_bars: int, n_repeats: int, n_numbers: int = N_NUMBERS
) -> None:
    """Measure the ceiling, then table, signals and lanes below it."""
    ceiling = measure_ceiling(findings, n_repeats, n_numbers)
    market = bars(SYMBOL, "15m", n_bars=n_bars)
    table = _measure_table(findings, market, ceiling, n_repeats)
    for number in (EAGER, RARE):
        _measure_rule(findings, market, table, ceiling, number, n_repeats)


# --- the machine -------------------------------------------------------------------------------


def measure_ceiling(findings: Findings, n_repeats: int, n_numbers: int) -> Ceiling:
    """Measure memory in rows and at random, and a chain of steps that wait for each other."""
    a, b, c = (np.full(n_numbers, value) for value in (0.0, 1.0, 2.0))
    where = np.random.default_rng(7).permutation(n_numbers)
    n_steps = min(N_STEPS, 8 * n_numbers)
    n_far = n_numbers // 16
    for compiled in (
        lambda: _triad(a[:8], b, c, 3.0),
        lambda: _far(b, where[:8]),
        lambda: _chain(8),
    ):
        compiled()
    copy = _best(lambda: np.copyto(a, b), n_repeats)
    triad = _best(lambda: _triad(a, b, c, 3.0), n_repeats)
    far = _best(lambda: _far(b, where[:n_far]), n_repeats)
    chain = _best(lambda: _chain(n_steps), n_repeats)
    size = f"{a.nbytes >> 20} MiB an array"
    findings.add(GROUP, "copy", [2 * a.nbytes / s / 1e9 for s in copy], "GB/s", f"numpy, {size}")
    rates = [3 * a.nbytes / s for s in triad]
    findings.add(
        GROUP, "triad", [r / 1e9 for r in rates], "GB/s", "a = b + 3 c, compiled, one core"
    )
    latency = [s / n_far for s in far]
    findings.add(GROUP, "a number at random", [1e9 * s for s in latency], "ns", "independent reads")
    steps = [s / n_steps for s in chain]
    note = "x = 5 x + 1, each waits for the one before"
    findings.add(GROUP, "a scalar step", [1e9 * s for s in steps], "ns", note)
    medians = (statistics.median(values) for values in (rates, latency, steps))
    return Ceiling(*medians)


@numba.njit  # type: ignore[untyped-decorator]
def _triad(a: Floats, b: Floats, c: Floats, times: float) -> None:
    for i in range(a.size):
        a[i] = b[i] + times * c[i]


@numba.njit  # type: ignore[untyped-decorator]
def _far(x: Floats, where: Ints) -> float:
    total = 0.0
    for i in range(where.size):
        total += x[where[i]]
    return total


@numba.njit  # type: ignore[untyped-decorator]
def _chain(n: int) -> int:
    x = n
    for i in range(n):
        x = 5 * x + 1
        x ^= i
    return x


def _best(work: Callable[[], object], n_repeats: int) -> list[float]:
    work()  # pages are touched
    return timed(work, n_repeats)


# --- the sweep ---------------------------------------------------------------------------------


def arrays_of(value: Any) -> Iterator[NDArray[Any]]:
    """Yield the arrays of a tuple of tuples."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from arrays_of(part)


def row_bytes(market: Market, n_bars: int, n_stacks: int) -> float:
    """Return what the tables hold of one bar: all that has a number a bar and stack."""
    tables = (a.nbytes for a in arrays_of(market) if a.size >= n_bars * n_stacks)
    return sum(tables) / n_bars


def _measure_table(findings: Findings, market: Bars, ceiling: Ceiling, n_repeats: int) -> Market:
    stacks, n_bars = exit_grid(), len(market)
    ground = ground_of(market, stacks, "long")

    def made() -> Market:
        return market_of(market, stacks, ground.instrument, ground.blocks.of_session, short=False)

    table = made()
    seconds = timed(made, n_repeats)
    row = row_bytes(table, n_bars, len(stacks))
    kept = sum(a.nbytes for a in arrays_of(table)) / n_bars
    note = f"{kept:.0f} bytes kept of a bar, {row:.0f} of them the row of {len(stacks)} stacks"
    each = [s / n_bars for s in seconds]
    findings.add(GROUP, "table: a bar", [1e9 * s for s in each], "ns", note)
    findings.add(GROUP, "table: a bar and stack", [1e9 * s / len(stacks) for s in each], "ns")
    _add_shares(findings, "table", statistics.median(each), kept, ceiling)
    return table


def _measure_rule(  # noqa: PLR0913  one part of the table
    findings: Findings,
    market: Bars,
    table: Market,
    ceiling: Ceiling,
    number: int,
    n_repeats: int,
) -> None:
    strategy, n_bars, n_stacks = find(number), len(market), table.max_bars.size
    cells = list(strategy.cells())

    def said() -> list[Signals]:
        with memo(MEMO_BYTES):
            return [strategy.signals(market, params, "long") for params in cells]

    signals = said()
    kept = tallies(table, signals)
    n_asks = sum(int((one.enter != 0).sum()) for one in signals)
    n_trades = sum(int(one.cells["total_trades"].sum()) for one in kept)
    name = strategy.name
    each = [1e9 * s / (len(cells) * n_bars) for s in timed(said, n_repeats)]
    findings.add(GROUP, f"{name}: signals, a bar and set", each, "ns")
    seconds = timed(lambda: tallies(table, signals), n_repeats)
    of_bar = [1e9 * s / (len(cells) * n_bars) for s in seconds]
    findings.add(GROUP, f"{name}: lanes, a bar and set", of_bar, "ns", f"{n_stacks} stacks")
    row = row_bytes(table, n_bars, n_stacks)
    note = (
        f"asks at {n_asks / (len(cells) * n_bars):.1%} of closes; {row:.0f} bytes of table; "
        f"{n_trades / max(1, n_asks):.2f} trades each"
    )
    of_ask = [s / max(1, n_asks) for s in seconds]
    findings.add(GROUP, f"{name}: lanes, a candidate", [1e9 * s for s in of_ask], "ns", note)
    of_lane = [1e9 * s / n_stacks for s in of_ask]
    findings.add(GROUP, f"{name}: lanes, a candidate and stack", of_lane, "ns")
    of_trade = [1e9 * s / max(1, n_trades) for s in seconds]
    findings.add(GROUP, f"{name}: lanes, a trade", of_trade, "ns")
    _add_shares(findings, f"{name}: lanes", statistics.median(of_ask), row, ceiling)


def _add_shares(
    findings: Findings, what: str, seconds: float, n_bytes: float, ceiling: Ceiling
) -> None:
    """Add what a piece of work would take if only memory, or only steps, counted."""
    share = 100 * n_bytes / ceiling.bytes_a_s / seconds
    findings.add(GROUP, f"{what}: of the memory's speed", [share], "%", "bytes over triad")
    note = "as many would fit in its nanoseconds"
    findings.add(GROUP, f"{what}: scalar steps", [seconds / ceiling.step_s], "steps", note)
