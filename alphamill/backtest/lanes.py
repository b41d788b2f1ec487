"""The sweep's inner loop: a rule's asks under every exit stack at once, a lane a stack.

Equal, trade by trade, to one run of the loop for each stack (tests/backtest/test_lanes.py).
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.asks import Asks, asks_of
from alphamill.backtest.costs import fee, gain, net, units_for
from alphamill.backtest.state import NONE, OPEN_AT_END, REASONS, RULE, SESSION, STOP, TARGET, TIME
from alphamill.backtest.sums import sum_up
from alphamill.backtest.table import LANES, Market
from alphamill.backtest.touches import AMBIGUOUS, CODE_BITS, NO_EXIT
from alphamill.core.market import Floats, Ints, Signals
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# What is kept of every cell; the rest of a backtest comes back from its id in a millisecond.
TALLY = np.dtype(
    [
        ("total_trades", np.int64),
        ("winning_trades", np.int64),
        ("losing_trades", np.int64),
        ("gross_win", np.float64),
        ("gross_loss", np.float64),
        ("total_pnl", np.float64),
        ("largest_win", np.float64),
        ("largest_loss", np.float64),
        ("bars_held", np.int64),
        ("max_bars_held", np.int64),
        ("min_bars_held", np.int64),
        ("net_bars_held", np.int64),  # long less short, a trade open at the end included
        ("ambiguous", np.int64),
        ("max_drawdown", np.float64),
        ("max_drawdown_frac", np.float64),
        ("exits", np.int64, (len(REASONS),)),  # how many trades left for each reason
    ]
)


class Tally(NamedTuple):
    """What is kept of a rule's cells, a row a stack; ``daily`` only until it has been judged.

    Attributes
    ----------
    cells : ndarray of dtype TALLY, shape (n_stacks,)
    blocks : float64 of shape (n_stacks, n_blocks, 2)
        Sum and sum of squares of session P&L, marked to market, by block.
    entries : int32 of shape (n_stacks, n_blocks)
        Trades entered in each block.
    daily : float64 of shape (n_sessions, n_stacks)
        Session P&L, marked to market.
    """

    cells: NDArray[Any]
    blocks: Floats
    entries: NDArray[np.int32]
    daily: Floats


# The rows of a rule's ledger, LANES numbers each. What a lane is doing: the first close that hears
# any entry, the first that hears a reversal, the held side, whether its wish is void, how long it
# holds at most less one bar, and what its last trade came to.
FREE, DECIDED, SIDE, VOID, LIMIT, OUT, PNL = range(7)
# What its trades add up to; TODAY is the open session's P&L, BEFORE the trades of earlier blocks.
WON, LOST, GROSS_WIN, GROSS_LOSS, BEST, WORST, HELD, LONGEST, SHORTEST = range(7, 16)
TRADES, TODAY, BEFORE, NET, ROWS = range(16, 21)
# Where a rule's walk stands: next ask, session of the last entry, asks since the last count.
ASK, SESSION_NOW, UNCOUNTED = range(3)
# Reasons are counted side by side in one integer, six bits each, emptied before any is full;
# the place of "none", which no trade has, counts the ambiguous ones.
FIELD_BITS = 6
FULL = (1 << FIELD_BITS) - 1
# All rules of a batch pass one stretch of bars before the next, so that its tables stay in cache.
STRETCH = 1_024


def tally(market: Market, signals: Signals) -> Tally:
    """Return what is kept of a rule's cells."""
    return tallies(market, [signals])[0]


def tallies(market: Market, many: Iterable[Signals]) -> list[Tally]:
    """Return the tallies of several rules on one market; together they are faster."""
    asks = [asks_of(market, signals) for signals in many]
    if not asks:
        return []
    n_stacks, n_chunks = market.max_bars.size, market.exits.shape[1]
    chunks = [_lane_tallies(market, chunk, asks) for chunk in range(n_chunks)]
    # The stacks of all chunks side by side, without idle lanes; one chunk is most often all.
    cells, blocks, entries, daily = (
        columns[0] if n_chunks == 1 else np.concatenate(columns, axis=axis)
        for axis, columns in zip((1, 1, 1, 2), zip(*chunks, strict=True), strict=True)
    )
    rows = cells[:, :n_stacks], blocks[:, :n_stacks], entries[:, :n_stacks], daily[..., :n_stacks]
    return [Tally(*row) for row in zip(*rows, strict=True)]


def _lane_tallies(
    market: Market, chunk: int, asks: list[Asks]
) -> tuple[NDArray[Any], Floats, NDArray[np.int32], Floats]:
    """Return the tallies of the stacks that share a chunk of the tables, a row a rule."""
    n_rules, n_lanes, n_sessions = len(asks), market.exits.shape[3], market.last_bar.size
    ledger = np.zeros((n_rules, ROWS, LANES))
    held = market.max_bars[chunk * n_lanes : (chunk + 1) * n_lanes]
    ledger[:, LIMIT, : held.size] = held - 1
    ledger[:, SHORTEST] = np.inf
    ledger[:, FREE, held.size :] = np.inf
    fields = np.zeros((n_rules, n_lanes), dtype=np.int64)
    reasons = np.zeros((n_rules, n_lanes, len(REASONS)), dtype=np.int64)
    daily = np.zeros((n_rules, n_sessions, n_lanes))
    entries = np.zeros((n_rules, market.n_blocks, n_lanes), dtype=np.int32)
    starts = np.cumsum([0, *(one.at.size for one in asks)])
    whole = Asks(*(np.concatenate(columns) for columns in zip(*asks, strict=True)))
    flat = ledger.reshape(n_rules, ROWS * LANES)
    _run(market, chunk, whole, starts, flat, fields, reasons, daily, entries)
    blocks = np.zeros((n_rules, n_lanes, market.n_blocks, 2))
    path = np.zeros((3, n_rules, n_lanes))
    sum_up(daily, market.block, blocks, *path)
    cells = _cells(ledger[:, :, :n_lanes].transpose(1, 0, 2), reasons, *path)
    return cells, blocks, entries.transpose(0, 2, 1), daily


@jit
def _run(  # noqa: PLR0913  a kernel writes into what it is given
    market: Market,
    chunk: int,
    asks: Asks,
    starts: Ints,
    ledger: Floats,
    fields: Ints,
    reasons: Ints,
    daily: Floats,
    entries: NDArray[np.int32],
) -> None:
    """Lead all rules through the bars, a stretch at a time."""
    n_rules, n_bars = starts.size - 1, market.tape.close.size
    places = np.zeros((n_rules, 3), dtype=np.int64)
    places[:, ASK] = starts[:-1]
    for end in range(STRETCH, n_bars + STRETCH, STRETCH):
        for i in range(n_rules):
            k = places[i, ASK]
            if k < starts[i + 1] and asks.at[k] < end:
                _walk(
                    market,
                    chunk,
                    asks,
                    starts[i + 1],
                    end,
                    places[i],
                    ledger[i],
                    fields[i],
                    reasons[i],
                    daily[i],
                    entries[i],
                )
    for i in range(n_rules):
        _count(fields[i], reasons[i])
        _close_session(places[i, SESSION_NOW], market.block, True, ledger[i], daily[i], entries[i])


@jit
def _walk(  # noqa: C901, PLR0912, PLR0913, PLR0915  one flat loop, see below
    market: Market,
    chunk: int,
    asks: Asks,
    stop: int,
    end: int,
    place: Ints,
    ledger: Floats,
    fields: Ints,
    reasons: Ints,
    daily: Floats,
    entries: NDArray[np.int32],
) -> None:
    """Go through the asks before bar ``end``; each lane takes what finds it free.

    What does not depend on the stack is found once for all lanes. The lanes then go in step,
    without a branch, so that the compiler makes vectors of them (measured: five times faster):
    numbers that are counted or compared are floats, and a trade that is not taken adds 0.
    """
    tape, _, terms, entry_bars, fills, exits, pnls, _ = market[:8]
    _, last_bar, block, _, next_open, _ = market[8:]
    close = tape.close
    at, sides, lefts = asks
    n_lanes, n_bars = fields.size, close.size
    session = place[SESSION_NOW]
    k = place[ASK]
    while k < stop and at[k] < end:
        t, side, left = at[k], sides[k], lefts[k]
        entry_bar = entry_bars[t]
        book = 0 if side > 0 else 1
        k += 1
        now, turned = float(t), float(-side)
        n_free = 0
        for s in range(n_lanes):
            hears = (ledger[FREE * LANES + s] <= now) | (
                (ledger[DECIDED * LANES + s] <= now) & (ledger[SIDE * LANES + s] == turned)
            )
            n_free += 1 if hears else 0
        if n_free == 0:
            continue
        waits = entry_bar > t + 1
        if waits:
            _void_replaced(asks, k, stop, chunk, entry_bars, exits, ledger)
        if last_bar[session] < entry_bar:
            before = session
            while last_bar[session] < entry_bar:
                session += 1
            ends = block[session] != block[before]
            _close_session(before, block, ends, ledger, daily, entries)
        # All that the stacks of one entry share.
        price_in = fills[book, entry_bar]
        units = units_for(price_in, terms)
        fee_in = fee(price_in, units, terms)
        worth = gain(side, price_in, close[last_bar[session]], units, terms) - fee_in
        left_at, left_pnl = n_bars, 0.0
        if left < n_bars:
            left_at = next_open[left + 1]
        if left_at < n_bars:
            left_pnl = net(side, price_in, fills[1 - book, left_at], terms)
        else:
            left = n_bars
        opened, leaves, leaves_at = float(entry_bar), float(left), float(left_at)
        tonight = float(last_bar[session])
        n_overnight = 0
        for s in range(n_lanes):
            # Wide also where nothing is compiled: a count is shifted by up to 54 bits.
            found = np.int64(exits[book, chunk, t, s])
            bar = float(found >> CODE_BITS)
            limit = min(opened + ledger[LIMIT * LANES + s], bar - 1.0)
            by_rule = 1.0 if leaves <= limit else 0.0
            out = bar + by_rule * (leaves_at - bar)
            pnl = left_pnl if leaves <= limit else pnls[book, chunk, t, s]
            reason = RULE if leaves <= limit else found & (AMBIGUOUS - 1)
            both = 0 if leaves <= limit else (found >> (CODE_BITS - 1)) & 1
            free = ledger[FREE * LANES + s]
            heard = ledger[DECIDED * LANES + s]
            held_side = ledger[SIDE * LANES + s]
            hears = (free <= now) | ((heard <= now) & (held_side == turned))
            takes = hears & (found != NO_EXIT) & (ledger[VOID * LANES + s] == 0.0)
            taken = 1.0 if takes else 0.0
            closed = taken if reason != OPEN_AT_END else 0.0
            is_last = (reason == RULE) | (reason == TIME)
            decided = min(limit, leaves) if is_last else out
            # What leaves at an open does not hold that bar.
            inside = (reason == STOP) | (reason == TARGET) | (reason == SESSION)
            inside = inside | (reason == OPEN_AT_END)
            passed = out - opened + (1.0 if inside else 0.0)
            held = closed * passed
            gained = closed * pnl
            overnight = 1.0 if out > tonight else 0.0
            ledger[FREE * LANES + s] = free + taken * (out - free)
            ledger[DECIDED * LANES + s] = heard + taken * (decided - heard)
            ledger[SIDE * LANES + s] = held_side + taken * (-turned - held_side)
            ledger[OUT * LANES + s] = taken * out
            ledger[PNL * LANES + s] = pnl
            ledger[WON * LANES + s] += 1.0 if gained > 0.0 else 0.0
            ledger[LOST * LANES + s] += 1.0 if gained < 0.0 else 0.0
            ledger[GROSS_WIN * LANES + s] += max(gained, 0.0)
            ledger[GROSS_LOSS * LANES + s] -= min(gained, 0.0)
            # Adding 0 keeps the store unconditional; a masked one is many times slower.
            ledger[BEST * LANES + s] = max(ledger[BEST * LANES + s], gained) + 0.0
            ledger[WORST * LANES + s] = min(ledger[WORST * LANES + s], gained) + 0.0
            ledger[HELD * LANES + s] += held
            ledger[LONGEST * LANES + s] = max(ledger[LONGEST * LANES + s], held) + 0.0
            least = held if closed > 0.0 else np.inf
            ledger[SHORTEST * LANES + s] = min(ledger[SHORTEST * LANES + s], least) + 0.0
            ledger[NET * LANES + s] -= taken * turned * passed
            ledger[TRADES * LANES + s] += closed
            ledger[TODAY * LANES + s] += taken * (pnl + overnight * (worth - pnl))
            fields[s] += ((1 << FIELD_BITS * reason) + both) if takes else 0
            n_overnight += 1 if taken * overnight > 0.0 else 0
        if n_overnight > 0:
            for s in range(n_lanes):
                out = ledger[OUT * LANES + s]
                night, marked = session, worth
                if out > tonight:
                    while last_bar[night + 1] < out:
                        night += 1
                        mark = gain(side, price_in, close[last_bar[night]], units, terms) - fee_in
                        daily[night, s] += mark - marked
                        marked = mark
                    daily[night + 1, s] += ledger[PNL * LANES + s] - marked
        if waits:
            for s in range(n_lanes):
                ledger[VOID * LANES + s] = 0.0
        place[UNCOUNTED] += 1
        if place[UNCOUNTED] == FULL:
            _count(fields, reasons)
            place[UNCOUNTED] = 0
    place[ASK], place[SESSION_NOW] = k, session


@jit
def _void_replaced(
    asks: Asks,
    k: int,
    stop: int,
    chunk: int,
    entry_bars: NDArray[np.int32],
    exits: NDArray[np.int32],
    ledger: Floats,
) -> None:
    """Void in each lane the wish of ask ``k - 1`` that a later one replaces before it fills.

    While an order waits for volume a later wish replaces it; beside a pending exit only one for
    the same side does, for the other side is the one being left.
    """
    t, side = asks.at[k - 1], asks.side[k - 1]
    while k < stop and asks.at[k] < entry_bars[t]:
        other = asks.at[k]
        book = 0 if asks.side[k] > 0 else 1
        for s in range(exits.shape[3]):
            heard = ledger[FREE * LANES + s] <= t or asks.side[k] == side
            if heard and exits[book, chunk, other, s] != NO_EXIT:
                ledger[VOID * LANES + s] = 1.0
        k += 1


@jit
def _count(fields: Ints, reasons: Ints) -> None:
    """Empty the packed counters."""
    for s in range(fields.size):
        for reason in range(reasons.shape[1]):
            reasons[s, reason] += (fields[s] >> FIELD_BITS * reason) & FULL
        fields[s] = 0


@jit
def _close_session(
    session: int,
    block: Ints,
    is_last: bool,
    ledger: Floats,
    daily: Floats,
    entries: NDArray[np.int32],
) -> None:
    """Book the P&L of a session's entries, and after a block's last session their number."""
    for s in range(daily.shape[1]):
        daily[session, s] += ledger[TODAY * LANES + s]
        ledger[TODAY * LANES + s] = 0.0
        if is_last:
            n_trades = ledger[TRADES * LANES + s]
            entries[block[session], s] = n_trades - ledger[BEFORE * LANES + s]
            ledger[BEFORE * LANES + s] = n_trades


def _cells(
    rows: Floats, reasons: Ints, total: Floats, fall: Floats, fall_frac: Floats
) -> NDArray[Any]:
    cells = np.zeros(total.shape, dtype=TALLY)
    cells["total_trades"] = rows[TRADES]
    cells["winning_trades"] = rows[WON]
    cells["losing_trades"] = rows[LOST]
    cells["gross_win"] = rows[GROSS_WIN]
    cells["gross_loss"] = rows[GROSS_LOSS]
    cells["total_pnl"] = total
    cells["largest_win"] = rows[BEST]
    cells["largest_loss"] = rows[WORST]
    cells["bars_held"] = rows[HELD]
    cells["max_bars_held"] = rows[LONGEST]
    cells["min_bars_held"] = np.where(rows[TRADES] > 0.0, rows[SHORTEST], 0.0)
    cells["net_bars_held"] = rows[NET]
    cells["ambiguous"] = reasons[..., NONE]
    cells["max_drawdown"] = fall
    cells["max_drawdown_frac"] = fall_frac
    cells["exits"] = reasons
    cells["exits"][..., NONE] = 0
    return cells
