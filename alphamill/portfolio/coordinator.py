"""The coordinator: which of many wishes one account may act on.

The same object in simulation, on paper and live. It knows no prices, clocks or brokers: it is told
the session, the marked equity and the fills, and answers. At one close it is told in this order:
the fills of the bar, `leaving` for every strategy that goes out, `mark`, then `ask` with all wishes
of the close at once; before an entry is sent, `confirm`. Exits are never asked for: nothing here
can refuse one.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any, Final

from alphamill.core.errors import DataError, SettingsError
from alphamill.portfolio.limits import STATUSES, Answer, Cap, Limits, Status, Wish

SCHEMA: Final = "alphamill.portfolio.coordinator/1"
_NUMBERS: Final = ("equity", "start", "peak")
_KEYS: Final = {
    *("schema", "status", "stopped", "session", "reducing_for", "positions"),
    *_NUMBERS,
}


@dataclass(frozen=True)
class Position:
    """A wish that was granted: on its way (``held`` False), open, or ``leaving``."""

    wish: Wish
    held: bool = False
    leaving: bool = False


@dataclass(frozen=True)
class Orders:
    """What a mark demands: close these positions at market, cancel these entries."""

    flatten: tuple[str, ...] = ()
    cancel: tuple[str, ...] = ()


class Coordinator:
    """One account's limits and what it holds; see the module for the order of the calls."""

    def __init__(self, limits: Limits, equity: float) -> None:
        self.limits: Final = limits
        self.equity = _finite(equity)
        self.start = self.equity  # at the end of the session before
        self.peak = self.equity  # highest session close
        self.status: Status = "active"
        self.stopped = False
        self.session: int | None = None
        self.reducing_for = 0  # sessions
        self._book: dict[str, Position] = {}

    @property
    def positions(self) -> tuple[Position, ...]:
        """Return what is open or on its way, in the order in which it was granted."""
        return tuple(self._book.values())

    def roll(self, session: int) -> None:
        """Begin a trade date (yyyymmdd): the daily stop is lifted, the session's P&L is 0.

        By the calendar's date, never by a trade: told the date it is in, nothing changes.
        """
        if self.session is not None and session < self.session:
            raise DataError(
                f"sessions must rise; received {session} after {self.session}. Correct the clock "
                "of whoever told so."
            )
        if session == self.session:
            return
        self.session, self.stopped = session, False
        self.start = self.equity
        self.peak = max(self.peak, self.equity)
        if self.status == "reducing":
            self._recover()

    def _recover(self) -> None:
        self.reducing_for += 1
        enough = self.limits.reducing_sessions
        if enough is not None and self.reducing_for >= enough:
            self.peak = self.equity
        if self.peak - self.equity < _or_inf(self.limits.drawdown_reduce):
            self.status, self.reducing_for = "active", 0

    def mark(self, equity: float) -> Orders:
        """Take the marked equity of a close; return what must be closed and cancelled now.

        Positions named under ``flatten`` count as leaving from here on and are named once; an
        entry is named under ``cancel`` until it is reported cancelled or opened.
        """
        self.equity = _finite(equity)
        if self.equity - self.start <= -_or_inf(self.limits.daily_stop):
            self.stopped = True
        fall = self.peak - self.equity
        if fall >= _or_inf(self.limits.drawdown_halt):
            self.status = "halted"
        elif self.status == "active" and fall >= _or_inf(self.limits.drawdown_reduce):
            self.status, self.reducing_for = "reducing", 0
        return self._closing() if self.stopped or self.status == "halted" else Orders()

    def _closing(self) -> Orders:
        out = tuple(key for key, p in self._book.items() if p.held and not p.leaving)
        for key in out:
            self.leaving(key)
        return Orders(out, tuple(key for key, p in self._book.items() if not p.held))

    def halt(self) -> Orders:
        """Close everything and enter nothing until a person resumes (the kill switch)."""
        self.status = "halted"
        return self._closing()

    def resume(self) -> None:
        """Start again from the present equity; the daily stop of this session stays in force."""
        self.status, self.peak, self.reducing_for = "active", self.equity, 0

    def ask(self, wishes: Sequence[Wish]) -> tuple[Answer, ...]:
        """Answer all wishes of one close, in the order given; their order changes no answer."""
        ids = {wish.id for wish in wishes}
        if len(ids) != len(wishes):
            raise DataError(f"two wishes of one close have one id: {sorted(w.id for w in wishes)}.")
        answers = {w.id: self._answered(w) for w in sorted(wishes, key=lambda wish: wish.rank)}
        return tuple(answers[wish.id] for wish in wishes)

    def _answered(self, wish: Wish) -> Answer:
        if blocked := self._blocked():
            return Answer(wish.id, blocked)
        staying = [p for p in self._book.values() if not p.leaving]
        if wish.id in self._book or any(p.wish.stream == wish.stream for p in staying):
            return Answer(wish.id, "in_position")
        victim = None
        if len(staying) >= self.limits.max_positions:
            victim = self._victim(staying, wish)
            if victim is None:
                return Answer(wish.id, "max_positions")
            staying.remove(victim)
        if refusal := self._refusal(wish, [p.wish for p in staying]):
            return Answer(wish.id, refusal)
        if victim is not None:
            self.leaving(victim.wish.id)
        self._book[wish.id] = Position(wish)
        return Answer(wish.id, "yes", None if victim is None else victim.wish.id)

    def _blocked(self) -> str | None:
        if self.status != "active":
            return self.status
        return "daily_stop" if self.stopped else None

    def _victim(self, staying: Iterable[Position], wish: Wish) -> Position | None:
        """Return the open position that must make room, if ``wish`` is worth more."""
        if self.limits.when_full == "skip":
            return None
        open_ = [p for p in staying if p.held and p.wish.priority < wish.priority]
        return max(open_, key=lambda p: p.wish.rank, default=None)

    def _refusal(self, wish: Wish, others: Sequence[Wish]) -> str | None:
        """Return the first limit that ``wish`` would break beside ``others``."""
        same = [other for other in others if other.symbol == wish.symbol]
        if self.limits.sharing == "one" and same:
            return "instrument_taken"
        if self.limits.sharing == "same_side" and any(o.side != wish.side for o in same):
            return "opposite_side"
        for kind, cap in self._caps():
            name = getattr(wish, kind)
            most = cap.of(name)
            if most is not None and sum(getattr(o, kind) == name for o in others) >= most:
                return f"{kind.removeprefix('asset_')}_cap"
        if wish.units == 0:
            return "no_units"
        frac = self.limits.margin_frac
        if frac is not None and margin([*others, wish]) > frac * self.equity:
            return "margin"
        return None

    def _caps(self) -> tuple[tuple[str, Cap], ...]:
        limits = self.limits
        return (
            ("strategy", limits.per_strategy),
            ("asset_class", limits.per_class),
            ("cluster", limits.per_cluster),
        )

    def confirm(self, key: str) -> Answer:
        """Say whether a granted entry may go out now: what it took the place of must be gone.

        A position that leaves is counted as gone when wishes are answered, for exits go first.
        Where one is still open (its market did not trade), the limits are asked again with it.
        """
        wish = self._known(key).wish
        held = [p for p in self._book.values() if p.held]
        if not any(p.leaving for p in held):
            return Answer(key, "yes")
        full = len(held) >= self.limits.max_positions
        if full or self._refusal(wish, [p.wish for p in held]):
            return Answer(key, "not_freed")
        return Answer(key, "yes")

    def opened(self, key: str) -> None:
        """Take the fill of an entry."""
        self._book[key] = replace(self._known(key), held=True)

    def leaving(self, key: str) -> None:
        """Take that a position is on its way out; told twice, nothing changes."""
        self._book[key] = replace(self._known(key), leaving=True)

    def closed(self, key: str) -> None:
        """Take the fill of an exit."""
        if not self._known(key).held:
            raise DataError(f"{key} was never opened, so it cannot be closed. Report it cancelled.")
        del self._book[key]

    def cancelled(self, key: str) -> None:
        """Take that a granted entry will not fill."""
        if self._known(key).held:
            raise DataError(f"{key} is open, so its entry cannot be cancelled. Report its exit.")
        del self._book[key]

    def _known(self, key: str) -> Position:
        if key not in self._book:
            raise DataError(
                f"no position {key!r}; the account holds {sorted(self._book)}. Reconcile first."
            )
        return self._book[key]

    def saved(self) -> dict[str, Any]:
        """Return the state as plain JSON values; the limits are settings and not part of it."""
        return {
            "schema": SCHEMA,
            "status": self.status,
            "stopped": self.stopped,
            "session": self.session,
            "reducing_for": self.reducing_for,
            **{name: getattr(self, name) for name in _NUMBERS},
            "positions": [asdict(position) for position in self._book.values()],
        }

    @classmethod
    def restored(cls, limits: Limits, saved: Mapping[str, Any]) -> "Coordinator":
        """Return the account as it was saved; refuse any other form, and anything left out."""
        _require_form(saved)
        account = cls(limits, saved["equity"])
        account.start, account.peak = _finite(saved["start"]), _finite(saved["peak"])
        account.status, account.stopped = saved["status"], saved["stopped"]
        account.session, account.reducing_for = saved["session"], saved["reducing_for"]
        try:
            positions = [_position(row) for row in saved["positions"]]
        except (TypeError, KeyError) as e:
            raise SettingsError(f"a saved position is not whole: {e}. {_REMEDY}") from e
        account._book = {position.wish.id: position for position in positions}
        if len(account._book) != len(positions):
            raise SettingsError(f"saved positions share an id. {_REMEDY}")
        return account


_REMEDY: Final = "Restore an untouched file, or reconcile with the broker and start afresh."


def margin(wishes: Iterable[Wish]) -> float:
    """Return the margin of what is held: opposite units of one instrument cancel."""
    net: dict[str, float] = {}
    a_unit: dict[str, float] = {}
    for wish in wishes:
        net[wish.symbol] = net.get(wish.symbol, 0) + wish.side * wish.units
        a_unit[wish.symbol] = wish.margin
    return math.fsum(abs(units) * a_unit[symbol] for symbol, units in net.items())


def _position(row: Mapping[str, Any]) -> Position:
    if not (isinstance(row["held"], bool) and isinstance(row["leaving"], bool)):
        raise TypeError(f"held and leaving must be true or false in {dict(row)!r}")
    return Position(Wish(**row["wish"]), row["held"], row["leaving"])


def _require_form(saved: Mapping[str, Any]) -> None:
    if saved.get("schema") != SCHEMA:
        raise SettingsError(
            f"saved account must have the schema {SCHEMA!r}, received {saved.get('schema')!r}. "
            "Restore it with the version that wrote it."
        )
    if set(saved) != _KEYS:
        wrong = sorted(set(saved) ^ _KEYS)
        raise SettingsError(f"saved account has missing or unknown fields {wrong}. {_REMEDY}")
    session = saved["session"]
    sound = (
        saved["status"] in STATUSES
        and isinstance(saved["stopped"], bool)
        and isinstance(saved["positions"], list)
        and type(saved["reducing_for"]) is int
        and (session is None or type(session) is int)
    )
    if not sound:
        facts = {name: saved[name] for name in ("status", "stopped", "session", "reducing_for")}
        raise SettingsError(f"saved account holds impossible values: {facts}. {_REMEDY}")


def _finite(equity: float) -> float:
    if isinstance(equity, bool) or not isinstance(equity, (int, float)) or not isfinite(equity):
        raise DataError(
            f"equity must be a finite number, received {equity!r}. Nothing may be entered on an "
            "account whose worth is not known."
        )
    return float(equity)


def _or_inf(limit: float | None) -> float:
    return math.inf if limit is None else limit
