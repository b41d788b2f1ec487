"""The kernel: what happens to one position on one bar.

``fill`` (what the market does to standing wishes, lines 1-5 of the timeline in docs/fills.md),
``mark`` (what the bar did to the position) and ``decide`` (what is wanted from the next open,
lines 6-8) serve backtest, replay, paper and live alike. They keep no memory beyond the
``Position`` and the ``Wish`` they return, so both can be stored and restored between bars.
"""

import math

import numpy as np

from alphamill.backtest.state import (
    LATE_SESSION,
    NONE,
    RULE,
    SESSION,
    STOP,
    STOP_GAP,
    TARGET,
    TARGET_GAP,
    TIME,
    Bar,
    Filled,
    Position,
    Rules,
    Said,
    Wish,
)
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


@jit
def no_wish() -> Wish:
    return exit_only(NONE)


@jit
def exit_only(reason: int) -> Wish:
    nan = math.nan
    return Wish(reason, 0, -1, 0, nan, nan, nan, nan, nan, nan)


@jit
def flat() -> Position:
    nan = math.nan
    return Position(0, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, 0, 0)


@jit
def traded(price: float, side: int, bar: Bar, slip_frac: float) -> float:
    """Return what a market or stop order pays at ``price``: ``side`` 1 buys, -1 sells."""
    return paid(price, side, bar.tick, bar.slip, slip_frac)


@jit
def paid(price: float, side: int, tick: float, slip: float, slip_frac: float) -> float:
    """Return ``price`` worsened by slippage, on the grid where there is one."""
    worse = price + side * (slip + slip_frac * abs(price))
    if tick > 0.0:
        return on_grid(np.rint(worse / tick), tick)
    return worse


@jit
def on_grid(n_ticks: float, tick: float) -> float:
    # 3 * 0.1 is not 0.3, but 3 / 10 is: a level must equal the price a file prints.
    if tick < 1.0:
        return float(n_ticks / np.rint(1.0 / tick))
    return n_ticks * tick


@jit
def rounded(level: float, upward: bool, tick: float) -> float:
    """Return ``level`` on the grid; float noise never costs a tick."""
    if tick <= 0.0 or not math.isfinite(level):
        return level
    if upward:
        return on_grid(math.ceil(level / tick - 1e-6), tick)
    return on_grid(math.floor(level / tick + 1e-6), tick)


@jit
def tighter(side: int, stop: float, other: float) -> float:
    """Return the stop nearer to the price; NaN is no level."""
    if math.isnan(other):
        return stop
    return max(stop, other) if side > 0 else min(stop, other)


@jit
def nearer(side: int, target: float, other: float) -> float:
    if math.isnan(other):
        return target
    return min(target, other) if side > 0 else max(target, other)


@jit
def entered(bar: Bar, wish: Wish, rules: Rules) -> Position:
    """Return the position right after its entry fill at the open (line 3)."""
    side = wish.enter
    entry = traded(bar.open, side, bar, rules.slip_frac)
    stop = entry - side * wish.stop_distance
    target = entry + side * wish.target_distance
    floor, ceiling = wish.floor, wish.ceiling
    if rules.touch:
        stop = tighter(side, stop, floor if side > 0 else ceiling)
        target = nearer(side, target, ceiling if side > 0 else floor)
        floor, ceiling = math.nan, math.nan
    # Both levels round away from the entry: a wider loss, a gain harder to reach.
    stop = rounded(stop, side < 0, bar.tick)
    target = rounded(target, side > 0, bar.tick)
    far = side * math.inf
    return Position(
        side,
        entry,
        stop,
        target,
        floor,
        ceiling,
        -far,
        far,
        math.nan,
        wish.trail_distance,
        wish.break_even_distance,
        0,
        bar.session,
    )


@jit
def fill(bar: Bar, position: Position, wish: Wish, rules: Rules) -> Filled:
    """Return what this bar's market does to a position and the standing wish (lines 1-5)."""
    if wish.enter != 0 and rules.session_exit and bar.session != wish.session:
        wish = exit_only(wish.exit)
    reason, price, entry = NONE, math.nan, math.nan
    if bar.quiet:
        return Filled(position, wish, position, reason, price, entry, NONE, math.nan, False)
    if position.side != 0:
        reason, price = at_open(bar, position, wish.exit, rules)
        if reason != NONE:
            position = flat()
    if wish.enter != 0:
        position = entered(bar, wish, rules)
        entry = position.entry
    held = position
    late_reason, late_price, ambiguous = NONE, math.nan, False
    if held.side != 0:
        late_reason, late_price, ambiguous = inside(bar, held, rules)
        if late_reason != NONE:
            position = flat()
    return Filled(
        position, no_wish(), held, reason, price, entry, late_reason, late_price, ambiguous
    )


@jit
def at_open(bar: Bar, position: Position, pending: int, rules: Rules) -> tuple[int, float]:
    """Return (reason, price) of an exit at the open, or NONE (lines 1, 2 and the late line 5)."""
    side = position.side
    reason = pending
    if reason == NONE and rules.session_exit and bar.session != position.session:
        reason = LATE_SESSION
    if reason == NONE and not bar.closes_only:
        if side * (position.stop - bar.open) >= 0.0:
            reason = STOP_GAP
        elif side * (bar.open - position.target) >= 0.0:
            return TARGET_GAP, bar.open
    if reason == NONE:
        return NONE, math.nan
    return reason, traded(bar.open, -side, bar, rules.slip_frac)


@jit
def inside(bar: Bar, position: Position, rules: Rules) -> tuple[int, float, bool]:
    """Return (reason, price, ambiguous) of an exit inside the bar or at a session's last close."""
    side = position.side
    against, along = (bar.low, bar.high) if side > 0 else (bar.high, bar.low)
    stopped = side * (position.stop - against) >= 0.0
    reached = side * (along - position.target) >= 0.0
    if stopped:
        # A stop nearer than the slippage is already crossed at the entry's own open.
        price = min(position.stop, bar.open) if side > 0 else max(position.stop, bar.open)
        if bar.closes_only:
            price = bar.close
        return STOP, traded(price, -side, bar, rules.slip_frac), reached
    if reached:
        # Only a rule's own level can already lie behind the entry: it fills at once, at the open.
        behind = not bar.closes_only and side * (bar.open - position.target) > 0.0
        return TARGET, bar.open if behind else position.target, False
    if rules.session_exit and bar.session_end:
        return SESSION, traded(bar.close, -side, bar, rules.slip_frac), False
    return NONE, math.nan, False


@jit
def mark(bar: Bar, position: Position) -> Position:
    """Return the position after it lived through the bar: best, worst and bars held."""
    if position.side > 0:
        best, worst = max(position.best, bar.high), min(position.worst, bar.low)
    else:
        best, worst = min(position.best, bar.low), max(position.worst, bar.high)
    return Position(
        position.side,
        position.entry,
        position.stop,
        position.target,
        position.floor,
        position.ceiling,
        best,
        worst,
        position.ratchet,
        position.trail_distance,
        position.break_even_distance,
        position.bars_held + 1,
        position.session,
    )


@jit
def decide(
    bar: Bar, position: Position, wish: Wish, said: Said, rules: Rules
) -> tuple[Position, Wish]:
    """Return the position with its levels for the next bar, and what is wanted (lines 6-8)."""
    if rules.session_exit and bar.session_end:
        return position, wish
    wanted = said.enter if may_enter(said) else 0
    if position.side == 0:
        return position, (asked(NONE, wanted, bar, said) if wanted != 0 else wish)
    position = ratcheted(position, said.trail)
    reason = wish.exit
    if reason == NONE:
        reason = leaves(bar, position, said, rules)
    if reason == NONE:
        return tightened(bar, position), wish
    if wanted == -position.side:
        return position, asked(reason, wanted, bar, said)
    if wish.exit != NONE:
        return position, wish
    return position, asked(reason, 0, bar, said)


@jit
def may_enter(said: Said) -> bool:
    """Return False where a distance of the stack is undefined: no stop, no trade."""
    total = said.stop_distance + said.target_distance
    return not math.isnan(total + said.trail_distance + said.break_even_distance)


@jit
def asked(reason: int, enter: int, bar: Bar, said: Said) -> Wish:
    return Wish(
        reason,
        enter,
        bar.at,
        bar.session,
        said.floor,
        said.ceiling,
        said.stop_distance,
        said.target_distance,
        said.trail_distance,
        said.break_even_distance,
    )


@jit
def leaves(bar: Bar, position: Position, said: Said, rules: Rules) -> int:
    """Return RULE, TIME or NONE at a close (line 6)."""
    long = position.side > 0
    if said.leave_long if long else said.leave_short:
        return RULE
    if bar.close < position.floor or bar.close > position.ceiling:
        return RULE
    if position.side * (position.ratchet - bar.close) > 0.0:
        return RULE
    if rules.max_bars > 0 and position.bars_held >= rules.max_bars:
        return TIME
    return NONE


@jit
def with_levels(position: Position, stop: float, ratchet: float) -> Position:
    return Position(
        position.side,
        position.entry,
        stop,
        position.target,
        position.floor,
        position.ceiling,
        position.best,
        position.worst,
        ratchet,
        position.trail_distance,
        position.break_even_distance,
        position.bars_held,
        position.session,
    )


@jit
def ratcheted(position: Position, trail: float) -> Position:
    """Return the position with the rule's trailing level moved towards the price only."""
    if math.isnan(trail):
        return position
    level = position.best - position.side * trail
    if not math.isnan(position.ratchet):
        level = tighter(position.side, level, position.ratchet)
    return with_levels(position, position.stop, level)


@jit
def tightened(bar: Bar, position: Position) -> Position:
    """Return the position with the stack's trail and break-even applied (line 7)."""
    side, stop = position.side, position.stop
    trailed = rounded(position.best - side * position.trail_distance, side < 0, bar.tick)
    stop = tighter(side, stop, trailed)
    if side * (position.best - position.entry) >= position.break_even_distance:
        stop = tighter(side, stop, position.entry)
    return with_levels(position, stop, position.ratchet)
