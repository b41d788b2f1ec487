"""Who may enter: the coordinator's answers, compiled (tests hold the two equal)."""

import math
from typing import Any

from alphamill.portfolio.account.money import gain, inlined
from alphamill.portfolio.account.state import (
    ACTIVE_STATUS,
    CLASS_CAP,
    CLUSTER_CAP,
    DAILY_STOP,
    DISPLACED,
    FOR_EVER,
    HALTED,
    HALTED_STATUS,
    INSTRUMENT_TAKEN,
    MARGIN,
    MAX_POSITIONS,
    NO_UNITS,
    NOISE,
    ONE,
    OPPOSITE_SIDE,
    OWN,
    REDUCING,
    SAME_SIDE,
    SLACK,
    STRATEGY_CAP,
    YES,
    World,
)


@inlined
def asks(w: World, t: int) -> int:
    """Answer the wishes of this close, and later ones up to the book's next moment.

    Return the moment of the last: up to there nothing else has happened.
    """
    account, reached, until = w.account[0], t, patience(w, t)
    while account["following"] < w.asked.size:
        row = account["following"]
        wish = w.asked[row]
        if wish["decided"] > until:
            break
        account["following"] += 1
        reached = wish["decided"]
        stream = w.streams[wish["stream"]]
        since = stream["free"] if stream["side"] == wish["side"] else stream["turned"]
        if not stream["member"] or reached < since:
            continue
        if reached >= account["leave"]:
            leave(w.book, account, reached)
        w.answer[row] = answered(w, row, reached)
        if w.answer[row] == YES:
            # Its fill is the book's next moment; what it displaces goes out at the next open.
            until = reached if walks(account) else min(until, max(account["due"] - 1, reached))
    return reached


@inlined
def patience(w: World, t: int) -> int:
    """Return the last moment whose wishes can be answered with the book as it is."""
    account = w.account[0]
    ends = w.sessions[account["session"]]["end"]
    if account["every_bar"] or t == ends or walks(account):
        return t
    return int(max(t, min(account["due"], ends) - 1))


@inlined
def walks(account: Any) -> bool:
    """Return True where a limit may be reached before the session ends, or an exit is forced."""
    # Margin is measured by the last mark, so an entry that waits needs every one.
    waits = account["n_waiting"] > 0 and account["margin_frac"] < math.inf
    if account["n_forced"] > 0 or waits:
        return True
    lowest = account["bound"] - SLACK
    if not account["stopped"] and lowest <= -account["daily_stop"]:
        return True
    fall = account["peak"] - account["start"] - lowest
    if account["status"] == ACTIVE_STATUS and fall >= account["drawdown_reduce"]:
        return True
    return bool(account["status"] != HALTED_STATUS and fall >= account["drawdown_halt"])


@inlined
def answered(w: World, row: int, t: int) -> int:
    """Return the answer to one wish; grant it where that is yes."""
    account = w.account[0]
    if account["status"] != ACTIVE_STATUS:
        return HALTED if account["status"] == HALTED_STATUS else REDUCING
    if account["stopped"]:
        return DAILY_STOP
    loser = -1
    if account["n_book"] - account["n_leaving"] >= account["max_positions"]:
        loser = victim(w, row) if account["displace"] else -1
        if loser < 0:
            return MAX_POSITIONS
    for b in range(account["n_book"]):
        w.book[b]["beside"] = b != loser and not w.book[b]["leaving"]
    if account["reads_equity"] or account["margin_frac"] < math.inf:
        account["equity"] = by_bar(w, t)
    units = whole(w.slope[row], account) if account["sized"] else 1.0
    refused = refusal(w, row, units)
    if refused == YES:
        if loser >= 0:
            w.book[loser]["forced"] = DISPLACED
            force(w, loser)
        grant(w, row, units)
    return refused


@inlined
def whole(slope: float, account: Any) -> float:
    """Return whole units; `sizing.whole_units` in compiled form."""
    equity = account["equity"] if account["reads_equity"] else account["capital"]
    wanted = min(slope * max(equity, 0.0) * (1.0 + NOISE), account["max_units"])
    return float(math.floor(wanted))


@inlined
def grant(w: World, row: int, units: float) -> None:
    account, wish, trade = w.account[0], w.asked[row], w.trades[row]
    place, stream = w.book[account["n_book"]], w.streams[wish["stream"]]
    place["row"], place["stream"], place["units"] = row, wish["stream"], units
    place["instrument"], place["forced"] = stream["instrument"], OWN
    place["due"], place["exit"], place["at_open"] = (
        trade["entry"],
        trade["exit"],
        trade["at_open"] == 1,
    )
    # An exit inside a bar is decided by nobody.
    place["turned"] = trade["turned"] if trade["turned"] < trade["exit"] else FOR_EVER
    place["marks"] = trade["marks"]
    place["held"], place["leaving"], place["gone"] = False, False, False
    account["n_book"] += 1
    account["n_waiting"] += 1
    account["due"] = min(account["due"], trade["entry"])
    stream["side"], stream["free"], stream["turned"] = wish["side"], trade["free"], trade["turned"]


@inlined
def victim(w: World, row: int) -> int:
    """Return the open position that ranks last, if the wish has a strictly higher priority."""
    found, lowest, rank = -1, w.trades[row]["priority"], -1
    for b in range(w.account[0]["n_book"]):
        place = w.book[b]
        priority, its = w.trades[place["row"]]["priority"], w.streams[place["stream"]]["rank"]
        lower = priority < lowest or (found >= 0 and priority == lowest and its > rank)
        if place["held"] and not place["leaving"] and lower:
            found, lowest, rank = b, priority, its
    return found


@inlined
def refusal(w: World, row: int, units: float) -> int:
    """Return YES or the first limit broken beside the places marked ``beside``."""
    account, mine, side = w.account[0], w.streams[w.asked[row]["stream"]], w.asked[row]["side"]
    n_same, n_against, n_strategy, n_class, n_cluster = 0, 0, 0, 0, 0
    for b in range(account["n_book"]):
        if w.book[b]["beside"]:
            its = w.streams[w.book[b]["stream"]]
            same = its["instrument"] == mine["instrument"]
            n_same += same
            n_against += same and w.asked[w.book[b]["row"]]["side"] != side
            n_strategy += its["strategy"] == mine["strategy"]
            n_class += its["asset_class"] == mine["asset_class"]
            n_cluster += its["cluster"] == mine["cluster"]
    if account["sharing"] == ONE and n_same > 0:
        return INSTRUMENT_TAKEN
    if account["sharing"] == SAME_SIDE and n_against > 0:
        return OPPOSITE_SIDE
    if n_strategy >= mine["strategy_cap"]:
        return STRATEGY_CAP
    if n_class >= mine["class_cap"]:
        return CLASS_CAP
    if n_cluster >= mine["cluster_cap"]:
        return CLUSTER_CAP
    if units == 0.0:
        return NO_UNITS
    frac = account["margin_frac"]
    if frac < math.inf and margin(w, row, units) > frac * account["equity"]:
        return MARGIN
    return YES


@inlined
def margin(w: World, row: int, units: float) -> float:
    """Return the margin of the wish beside the others: opposite units of an instrument cancel."""
    for i in range(w.terms.size):
        w.terms[i]["net"] = 0.0
    wish = w.asked[row]
    w.terms[w.streams[wish["stream"]]["instrument"]]["net"] = wish["side"] * units
    for b in range(w.account[0]["n_book"]):
        place = w.book[b]
        if place["beside"]:
            side = w.asked[place["row"]]["side"]
            w.terms[place["instrument"]]["net"] += side * place["units"]
    total = 0.0
    for i in range(w.terms.size):
        total += abs(w.terms[i]["net"]) * w.terms[i]["margin"]
    return total


@inlined
def by_bar(w: World, t: int) -> float:
    """Return the equity at the last closes."""
    equity = w.account[0]["cash"]
    for b in range(w.account[0]["n_book"]):
        place = w.book[b]
        if place["held"]:
            trade, i = w.trades[place["row"]], place["instrument"]
            price = w.bars[w.bar_at[t, i]]["close"]
            gross = gain(trade["side"], trade["price"], price, trade["units"], w.terms[i])
            equity += place["units"] * (gross - trade["fee"])
    return float(equity)


@inlined
def leave(book: Any, account: Any, t: int) -> None:
    """Let go of what its strategy has decided to leave by now."""
    account["leave"] = FOR_EVER
    for b in range(account["n_book"]):
        if book[b]["held"] and not book[b]["leaving"]:
            leave_in_time(book[b], account, t)


@inlined
def leave_in_time(place: Any, account: Any, t: int) -> None:
    if place["turned"] <= t:
        place["leaving"] = True
        account["n_leaving"] += 1
    else:
        account["leave"] = min(account["leave"], place["turned"])


@inlined
def force(w: World, b: int) -> None:
    """Send a position out at the next open; its strategy is not heard until it is."""
    place = w.book[b]
    place["leaving"] = True
    w.account[0]["n_leaving"] += 1
    w.account[0]["n_forced"] += 1
    stream = w.streams[place["stream"]]
    stream["free"], stream["turned"] = FOR_EVER, FOR_EVER
