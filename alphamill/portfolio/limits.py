"""What one account allows, what a strategy wishes, and what it is answered."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from alphamill.core.errors import DataError, SettingsError

Status = Literal["active", "reducing", "halted"]
Sharing = Literal["one", "same_side", "net"]
WhenFull = Literal["skip", "displace"]

# In the order in which they are asked: the first that holds is the answer. The last two are
# given after a yes: what a wish relied on did not happen, or the account was closed meanwhile.
REASONS: Final = (
    "yes",
    "halted",
    "reducing",
    "daily_stop",
    "in_position",
    "max_positions",
    "instrument_taken",
    "opposite_side",
    "strategy_cap",
    "class_cap",
    "cluster_cap",
    "no_units",
    "margin",
    "not_freed",
    "cancelled",
)
STATUSES: Final[tuple[Status, ...]] = get_args(Status)


@dataclass(frozen=True)
class Cap:
    """How many positions of one kind may be open: ``named`` by name, ``default`` of any other.

    None is no cap.
    """

    default: int | None = None
    named: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in [("default", self.default), *self.named.items()]:
            if value is not None and not _is_count(value):
                raise SettingsError(
                    f"cap of {name!r} must be a whole number of at least 0, or null for none, "
                    f"received {value!r}."
                )

    def of(self, name: str) -> int | None:
        return self.named.get(name, self.default)


@dataclass(frozen=True)
class Limits:
    """What one account allows; None is no such limit. Money in account currency.

    Attributes
    ----------
    max_positions : int
        Positions of strategies, each counted however small; entries on their way included.
    sharing : "one", "same_side" or "net"
        An instrument holds one position; several of one side; or any, margin on the net units.
    per_strategy, per_class, per_cluster : Cap
        Positions of one strategy (on any instrument), of one asset class, of one cluster.
    daily_stop : float
        A session whose realised plus unrealised P&L falls to minus this is over: all positions
        are closed at the next open and nothing is entered before the next session.
    drawdown_reduce, drawdown_halt : float
        Fall of the marked equity from its highest session close. From the first on nothing is
        entered and positions run to their own exits, until a session closes above it; at the
        second everything is closed and nothing is entered until a person resumes.
    reducing_sessions : int
        Sessions after which an account that is still reducing starts again from its present
        equity. Without it a flat account under ``drawdown_reduce`` waits for a person: its equity
        cannot recover.
    margin_frac : float
        Share of the marked equity that the margin of all positions may use.
    when_full : "skip" or "displace"
        Whether a wish of a strictly higher priority closes the lowest open position.

    Raises
    ------
    SettingsError
        Naming the limit, what must hold and what came.
    """

    max_positions: int
    sharing: Sharing = "one"
    per_strategy: Cap = Cap()
    per_class: Cap = Cap()
    per_cluster: Cap = Cap()
    daily_stop: float | None = None
    drawdown_reduce: float | None = None
    drawdown_halt: float | None = None
    reducing_sessions: int | None = None
    margin_frac: float | None = None
    when_full: WhenFull = "skip"

    def __post_init__(self) -> None:
        for name in ("max_positions", "reducing_sessions"):
            value = getattr(self, name)
            if value is None and name == "reducing_sessions":
                continue
            if not _is_count(value) or value < 1:
                raise SettingsError(f"{name} must be a whole number from 1, received {value!r}.")
        for name in ("daily_stop", "drawdown_reduce", "drawdown_halt", "margin_frac"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and value > 0):
                raise SettingsError(f"{name} must be above 0 or null, received {value!r}.")
        for name, known in (("sharing", Sharing), ("when_full", WhenFull)):
            if getattr(self, name) not in get_args(known):
                raise SettingsError(
                    f"{name} must be one of {', '.join(get_args(known))}, received "
                    f"{getattr(self, name)!r}."
                )
        reduce, halt = self.drawdown_reduce, self.drawdown_halt
        if reduce is not None and halt is not None and reduce >= halt:
            raise SettingsError(
                f"drawdown_reduce must be smaller than drawdown_halt, received {reduce!r} and "
                f"{halt!r}. Reducing comes first."
            )


@dataclass(frozen=True)
class Wish:
    """One entry a strategy asks for at a close.

    ``id`` is never used twice; ``stream`` is what holds one position at a time (symbol, strategy
    and parameter set); ``units`` are whole; ``margin`` is account currency for one unit;
    ``priority`` is a probability or an expected value, the higher the sooner.
    """

    id: str
    stream: str
    symbol: str
    strategy: str
    asset_class: str
    cluster: str
    side: int
    units: int
    priority: float
    margin: float = 0.0

    def __post_init__(self) -> None:
        if self.side not in (1, -1):
            raise DataError(f"{self.id}: side must be 1 or -1, received {self.side!r}.")
        if not _is_count(self.units):
            raise DataError(
                f"{self.id}: units must be a whole number of at least 0, received "
                f"{self.units!r}. Round down before you ask."
            )
        for name in ("priority", "margin"):
            if not _is_number(getattr(self, name)):
                raise DataError(
                    f"{self.id}: {name} must be a finite number, received "
                    f"{getattr(self, name)!r}. Do not ask without one."
                )

    @property
    def rank(self) -> tuple[float, str, str]:
        """Return the place in which it is answered: highest priority first, then by name."""
        return -self.priority, self.stream, self.id


@dataclass(frozen=True)
class Answer:
    """Yes, or the first reason against it; ``displaces`` is the position that makes room."""

    id: str
    reason: str
    displaces: str | None = None

    @property
    def yes(self) -> bool:
        return self.reason == "yes"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
