"""The simulator: what one account would have earned from a set of streams."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Flags, Floats
from alphamill.portfolio.account.kernel import run as run_account
from alphamill.portfolio.account.prepare import STREAM, Prepared
from alphamill.portfolio.account.state import (
    ACCOUNT,
    FOR_EVER,
    NO_CAP,
    NOT_ASKED,
    PLACE,
    SESSION_ROW,
    STREAM_STATE,
    TAKEN,
    World,
)
from alphamill.portfolio.limits import Limits
from alphamill.portfolio.outcome import Run, Taken
from alphamill.portfolio.sizing import Sizing, units_per_currency

_SHARING = {"one": 0, "same_side": 1, "net": 2}


@dataclass(frozen=True, eq=False)
class Plan:
    """Prepared streams with limits, sizes and capital: all that does not depend on the members."""

    prepared: Prepared
    limits: Limits
    sizing: Sizing
    capital: float
    slope: Floats
    streams: NDArray[Any]
    account: NDArray[Any]


def plan_of(
    prepared: Prepared,
    limits: Limits,
    sizing: Sizing,
    capital: float,
    *,
    every_bar: bool = False,
) -> Plan:
    """Return what every run over these streams has in common.

    Parameters
    ----------
    prepared : Prepared
    limits : Limits
    sizing : Sizing
    capital : float
        Equity before the first session, account currency.
    every_bar : bool
        Visit every moment of the clock, also where nothing can happen. No result but the time it
        takes depends on it.
    """
    if not 0.0 < capital < math.inf:
        raise SettingsError(f"capital must be above 0, received {capital!r}.")
    account = np.zeros(1, dtype=ACCOUNT)
    account["session"], account["due"], account["leave"] = -1, FOR_EVER, FOR_EVER
    for name in ("cash", "start", "peak", "equity", "capital"):
        account[name] = capital
    for name in ("daily_stop", "drawdown_reduce", "drawdown_halt", "margin_frac"):
        limit = getattr(limits, name)
        account[name] = math.inf if limit is None else limit
    account["max_positions"] = limits.max_positions
    account["sharing"] = _SHARING[limits.sharing]
    account["reducing_sessions"] = limits.reducing_sessions or 0
    account["displace"] = limits.when_full == "displace"
    account["max_units"], account["reads_equity"] = sizing.max_units, sizing.reads_equity
    account["sized"], account["every_bar"] = sizing.method != "one_lot", every_bar
    slope = units_per_currency(sizing, prepared.odds)
    return Plan(
        prepared, limits, sizing, float(capital), slope, _streams(prepared, limits), account
    )


def _streams(prepared: Prepared, limits: Limits) -> NDArray[Any]:
    out = np.zeros(len(prepared.streams), dtype=STREAM_STATE)
    for name in STREAM.names or ():
        out[name] = prepared.groups[name]
    for kind, field, cap in (
        ("strategy", "strategy_cap", limits.per_strategy),
        ("asset_class", "class_cap", limits.per_class),
        ("cluster", "cluster_cap", limits.per_cluster),
    ):
        most = [cap.of(name) for name in prepared.names[kind]]
        by_name = np.array([NO_CAP if m is None else m for m in most], dtype=np.int64)
        out[field] = by_name[prepared.groups[kind]]
    return out


def simulate(plan: Plan, members: Flags | None = None) -> Run:
    """Return the account's history with the streams in ``members`` (all by default).

    Parameters
    ----------
    plan : Plan
    members : ndarray of bool, shape (n_streams,), or None

    Returns
    -------
    Run
        Equal in every answer, fill and session to the coordinator object on every bar
        (`on_bars.replay`), but for ``worst``, which is a bound from below.

    Notes
    -----
    Reads each member's signals once; for open positions each session's mark and worst close; bars
    only in sessions in which a limit could be reached if all positions were at their worst close
    together, at wishes whose size or margin depends on the equity, and while an exit is forced.
    """
    n_streams = len(plan.prepared.streams)
    if members is None:
        members = np.ones(n_streams, dtype=np.bool_)
    if members.shape != (n_streams,) or members.dtype != np.bool_:
        raise DataError(
            f"members must be {n_streams} truth values, one a stream, received "
            f"{members.dtype} of shape {members.shape}."
        )
    world = _world(plan, members)
    taken = world.taken[: run_account(world)]
    rows = world.sessions
    return Run(
        plan.prepared.sessions,
        plan.capital,
        rows["equity"],
        rows["worst"],
        rows["status"],
        rows["stopped"],
        rows["n_open"],
        world.answer,
        Taken(*(taken[name] for name in Taken._fields)),
    )


def _world(plan: Plan, members: Flags) -> World:
    prepared, tape = plan.prepared, plan.prepared.clock.tape
    streams = plan.streams.copy()
    streams["member"] = members
    sessions = np.empty(prepared.sessions.size, dtype=SESSION_ROW)
    sessions["end"] = tape.session_end
    # Each stays or leaves; of each stream one may leave while its next is on its way.
    size = 2 * min(plan.limits.max_positions, members.size) + 2
    return World(
        tape.bar_at,
        tape.session,
        tape.bars,
        tape.terms.copy(),
        prepared.asked,
        prepared.trades,
        prepared.marks,
        plan.slope,
        streams,
        np.zeros(size, dtype=PLACE),
        plan.account.copy(),
        np.full(prepared.asked.size, NOT_ASKED, dtype=np.int8),
        sessions,
        np.empty(prepared.asked.size, dtype=TAKEN),
    )
