"""The compiled account: the coordinator's rules on every signal of every stream.

Each visited moment t, in this order (t is the close of some bars, whose opens lie before it):

    session   a new trade date lifts the daily stop and starts the session's P&L at 0
    opens     forced exits fill at the open of the first bar that trades; so do exits decided before
    enters    granted entries fill at the open, if what they took the place of is gone
    inside    exits inside the bar
    close     strategies that go out leave; the account is marked and judged
    asks      the wishes of this close are answered, highest priority first

Moments at which nothing happens are left out where that changes nothing: no open position can
reach a limit in this session even if all are at their worst close together (`Marks.worst_close`).
Where they could, every bar is visited until the session ends. So daily marks suffice in most
sessions, bars are read in the others, and no answer depends on which.
"""

from typing import Any

from alphamill.portfolio.account.answers import asks, by_bar, force, leave, refusal, walks
from alphamill.portfolio.account.money import fee, gain, inlined
from alphamill.portfolio.account.state import (
    ACTIVE_STATUS,
    CANCELLED,
    DRAWN_DOWN,
    FOR_EVER,
    HALTED_STATUS,
    NOT_FREED,
    OWN,
    REDUCING_STATUS,
    STOPPED_OUT,
    YES,
    World,
)
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


@jit
def run(w: World) -> int:
    """Run the account over the whole clock; return the number of positions taken."""
    account, session, sessions = w.account[0], w.session, w.sessions
    t = 0
    while t < session.size:
        if session[t] != account["session"]:
            roll(w, t)
        if account["due"] <= t or account["n_forced"] > 0:
            fills(w, t)
        if account["every_bar"] or walks(account) or t == sessions[account["session"]]["end"]:
            close(w, t)
        t = following(w, asks(w, t))
    return int(account["n_taken"])


@inlined
def fills(w: World, t: int) -> None:
    """Let the bars that close now fill what was wanted before: out, in, and out inside."""
    account = w.account[0]
    at_open(w, t)
    if account["n_gone"] > 0:
        compact(w.book, account)
    enters(w, t)
    if account["n_gone"] > 0:
        compact(w.book, account)
    inside(w, t)
    compact(w.book, account)


@inlined
def following(w: World, t: int) -> int:
    """Return the next moment that must be visited; the clock's length after the last."""
    account = w.account[0]
    # Each session is begun at its first moment: only then is known whether it must be walked.
    begins = t == w.sessions[account["session"]]["end"] and account["n_book"] > 0
    if t + 1 >= w.session.size or account["every_bar"] or begins or walks(account):
        return t + 1
    until = w.sessions[w.session[t + 1]]["end"]
    until = min(until, account["due"])
    if account["following"] < w.asked.size:
        until = min(until, w.asked[account["following"]]["decided"])
    return int(until)


@inlined
def roll(w: World, t: int) -> None:
    account = w.account[0]
    account["session"], account["stopped"] = w.session[t], False
    account["start"] = account["equity"]
    account["peak"] = max(account["peak"], account["equity"])
    if account["status"] == REDUCING_STATUS:
        account["reducing_for"] += 1
        if 0 < account["reducing_sessions"] <= account["reducing_for"]:
            account["peak"] = account["equity"]
        if account["peak"] - account["equity"] < account["drawdown_reduce"]:
            account["status"], account["reducing_for"] = ACTIVE_STATUS, 0
    account["bound"], account["worst"] = 0.0, 0.0
    for b in range(account["n_book"]):
        if w.book[b]["held"]:
            bounded(w, b)


@inlined
def bounded(w: World, b: int) -> None:
    """Add what a position can lose in this session to the account's worst."""
    account, place = w.account[0], w.book[b]
    mark = w.marks[place["marks"] + account["session"]]
    place["bound"] = min(0.0, place["units"] * (mark["worst_close"] - place["mark"]))
    place["worst"] = min(0.0, place["units"] * (mark["worst"] - place["mark"]))
    account["bound"] += place["bound"]
    account["worst"] += place["worst"]


@inlined
def at_open(w: World, t: int) -> None:
    """Fill at the open what was to go out: forced exits where the market trades, and own ones."""
    for b in range(w.account[0]["n_book"]):
        place = w.book[b]
        if place["forced"] != OWN:
            bar = w.bars[w.bar_at[t, place["instrument"]]]
            if bar["moment"] == t and not bar["quiet"]:
                trade, terms = w.trades[place["row"]], w.terms[place["instrument"]]
                closed(w, b, t, at_market(trade, bar, terms))
        elif place["held"] and place["at_open"] and place["due"] == t:
            closed(w, b, t, w.trades[place["row"]]["pnl"])


@inlined
def at_market(trade: Any, bar: Any, terms: Any) -> float:
    """Return one unit's net P&L when it is closed at the open of ``bar``."""
    price = bar["sold"] if trade["side"] > 0 else bar["bought"]
    gross = gain(trade["side"], trade["price"], price, trade["units"], terms)
    return float(gross - (trade["fee"] + fee(price, trade["units"], terms)))


@inlined
def inside(w: World, t: int) -> None:
    """Fill own exits inside the bar."""
    for b in range(w.account[0]["n_book"]):
        place = w.book[b]
        if place["held"] and place["due"] == t:
            if place["forced"] != OWN:
                # Its market did not trade before its data ended.
                place["forced"] = OWN
                w.account[0]["n_forced"] -= 1
            closed(w, b, t, w.trades[place["row"]]["pnl"])


@inlined
def closed(w: World, b: int, t: int, pnl: float) -> None:
    """Book one unit's net P&L and mark the place as gone."""
    place, account = w.book[b], w.account[0]
    taken, earned = w.taken[place["slot"]], place["units"] * pnl
    account["cash"] += earned
    taken["exit"], taken["why"], taken["pnl"] = t, place["forced"], earned
    place["gone"] = True
    account["n_gone"] += 1
    account["n_leaving"] -= place["leaving"]
    if place["forced"] != OWN:
        account["n_forced"] -= 1
        stream = w.streams[place["stream"]]
        stream["free"], stream["turned"] = t, t
        # Slippage and fees of a forced exit may lie below every close it lived through.
        change = earned - place["units"] * place["mark"]
        account["bound"] += min(0.0, change - place["bound"])
        account["worst"] += min(0.0, change - place["worst"])


@inlined
def compact(book: Any, account: Any) -> None:
    """Take what is gone off the book; the others keep their order."""
    kept = 0
    account["due"], account["n_gone"] = FOR_EVER, 0
    for b in range(account["n_book"]):
        if not book[b]["gone"]:
            if kept < b:
                book[kept] = book[b]
            account["due"] = min(account["due"], book[kept]["due"])
            kept += 1
    account["n_book"] = kept


@inlined
def revoke(w: World, b: int, t: int) -> None:
    """Take back a granted entry that has not been filled."""
    place = w.book[b]
    stream = w.streams[place["stream"]]
    stream["free"], stream["turned"] = t, t
    w.account[0]["n_waiting"] -= 1
    w.account[0]["n_gone"] += 1
    place["gone"] = True


@inlined
def enters(w: World, t: int) -> None:
    """Fill granted entries at the open, those whose place was not freed excepted."""
    account = w.account[0]
    for b in range(account["n_book"]):
        place = w.book[b]
        if place["held"] or place["due"] != t:
            continue
        if confirmed(w, b):
            place["held"], place["slot"], place["mark"] = True, account["n_taken"], 0.0
            place["due"] = place["exit"]
            taken = w.taken[place["slot"]]
            taken["wish"], taken["units"], taken["exit"] = place["row"], place["units"], -1
            taken["why"], taken["pnl"] = OWN, 0.0
            account["n_taken"] += 1
            account["n_waiting"] -= 1
            account["leave"] = min(account["leave"], place["turned"])
            bounded(w, b)
        else:
            w.answer[place["row"]] = NOT_FREED
            revoke(w, b, t)


@inlined
def confirmed(w: World, granted: int) -> bool:
    n_held, n_leaving = 0, 0
    for b in range(w.account[0]["n_book"]):
        place = w.book[b]
        place["beside"] = place["held"]
        n_held += place["held"]
        n_leaving += place["held"] and place["leaving"]
    if n_leaving == 0:
        return True
    place = w.book[granted]
    full = n_held >= w.account[0]["max_positions"]
    return not full and refusal(w, place["row"], place["units"]) == YES


@inlined
def close(w: World, t: int) -> None:
    """Mark the account, judge it, and write the session's row at its end."""
    account = w.account[0]
    row = w.sessions[account["session"]]
    if account["leave"] <= t:
        leave(w.book, account, t)
    account["equity"] = by_session(w) if t == row["end"] else by_bar(w, t)
    judged(account)
    if account["stopped"] or account["status"] == HALTED_STATUS:
        flatten(w, t)
    if t == row["end"]:
        n_open = 0
        for b in range(account["n_book"]):
            n_open += w.book[b]["held"]
        row["equity"], row["worst"] = account["equity"], account["start"] + account["worst"]
        row["status"], row["stopped"] = account["status"], account["stopped"]
        row["n_open"] = n_open


@inlined
def by_session(w: World) -> float:
    """Return the equity at this session's end, and keep each position's mark."""
    account = w.account[0]
    equity = account["cash"]
    for b in range(account["n_book"]):
        place = w.book[b]
        if place["held"]:
            place["mark"] = w.marks[place["marks"] + account["session"]]["close"]
            equity += place["units"] * place["mark"]
    return float(equity)


@inlined
def judged(account: Any) -> None:
    if account["equity"] - account["start"] <= -account["daily_stop"]:
        account["stopped"] = True
    fall = account["peak"] - account["equity"]
    if fall >= account["drawdown_halt"]:
        account["status"] = HALTED_STATUS
    elif account["status"] == ACTIVE_STATUS and fall >= account["drawdown_reduce"]:
        account["status"], account["reducing_for"] = REDUCING_STATUS, 0


@inlined
def flatten(w: World, t: int) -> None:
    """Force out what is open and take back what is on its way."""
    account = w.account[0]
    for b in range(account["n_book"]):
        place = w.book[b]
        if not place["held"]:
            w.answer[place["row"]] = CANCELLED
            revoke(w, b, t)
        elif not place["leaving"]:
            place["forced"] = DRAWN_DOWN if account["status"] == HALTED_STATUS else STOPPED_OUT
            force(w, b)
    compact(w.book, account)
