"""What a run may see of each instrument: its discovery window, its end sealed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Instrument
from alphamill.data.calendar import schedule
from alphamill.data.catalog import Catalog
from alphamill.data.instruments import instrument
from alphamill.data.manifest import Entry
from alphamill.research.budget import memo_bytes
from alphamill.research.luck import luck_of
from alphamill.research.outcome import Refusal
from alphamill.research.plan import Plan
from alphamill.research.sweep import Ground, Singly, opened_singly
from alphamill.validation.splits import Windows, quarter_blocks, windows
from alphamill.workshop.parallel import Executor

ACCOUNT_CURRENCY = "USD"


@dataclass(frozen=True)
class Prepared:
    """What the sweep may see of each instrument, and what was left out."""

    grounds: Singly
    windows: Mapping[str, Windows]
    refused: tuple[Refusal, ...]


def prepare(plan: Plan, catalog: Catalog, executor: Executor) -> Prepared:
    """Return each instrument's discovery window, and seal the last part of its history.

    An instrument's bars are handed over as soon as they are read, so that no process, this one
    included, holds those of all.
    """
    cut: dict[str, Windows] = {}
    refused: list[Refusal] = []
    known = {(e.symbol, e.timeframe): e for e in catalog.entries()}

    def admitted() -> Iterator[tuple[str, Ground]]:
        for symbol in plan.symbols:
            entry, what = known.get((symbol, plan.timeframe)), None
            why = f"the catalog holds no {plan.timeframe} bars"
            if entry is not None:
                what = instrument(symbol, plan.instruments.get(symbol))
                why = _not_in_dollars(what)
            if entry is not None and what is not None and not why:
                cut[symbol] = _sealed(plan, catalog, entry, what)
                ground = _ground(plan, catalog, what, cut[symbol], executor.n_workers)
                why = _too_short(plan, ground)
                if not why:
                    yield symbol, ground
            if why:
                refused.append(Refusal(symbol, "all", why))

    grounds = opened_singly(admitted(), executor)
    return Prepared(grounds, cut, tuple(refused))


def date_of(session: int) -> str:
    """Return a trade date as people write it."""
    return f"{session // 10000:04d}-{session // 100 % 100:02d}-{session % 100:02d}"


def _not_in_dollars(what: Instrument) -> str:
    if what.currency == ACCOUNT_CURRENCY:
        return ""
    return (
        f"its P&L falls due in {what.currency}, the account is in {ACCOUNT_CURRENCY} and no rate "
        f"is given; instruments: {{{what.symbol}: {{currency: {ACCOUNT_CURRENCY}}}}} in the "
        "project file takes it at par"
    )


def _sealed(plan: Plan, catalog: Catalog, entry: Entry, what: Instrument) -> Windows:
    """Cut an instrument's history into windows and seal the last of them."""
    days = schedule(what.calendar, entry.first_session, entry.last_session).session
    cut = windows(days, plan.windows or None)
    sealed = catalog.seal(entry.symbol, plan.timeframe, cut.sealed.first)
    if sealed <= cut.discovery.last:
        raise SettingsError(
            f"{entry.symbol}: its bars are sealed from {date_of(sealed)} on by an earlier project, "
            f"and windows.discovery ends {date_of(cut.discovery.last)}. Let it end before the "
            "seal, or open the seal on purpose; a look is logged and charged."
        )
    return cut


def _ground(plan: Plan, catalog: Catalog, what: Instrument, cut: Windows, n_workers: int) -> Ground:
    first, last = cut.discovery.first, cut.discovery.last
    bars = catalog.read(what.symbol, plan.timeframe, first, last)
    sessions = np.unique(bars.session)
    return Ground(
        bars,
        what,
        sessions,
        quarter_blocks(sessions),
        plan.exits,
        plan.sides,
        catalog.content_hash(what.symbol, plan.timeframe, first, last),
        memo_bytes(plan, len(bars), n_workers),
        luck_of(bars, what, plan.draws, plan.seed),
    )


def _too_short(plan: Plan, ground: Ground) -> str:
    n_quarters = len(ground.blocks)
    if n_quarters > plan.train_quarters:
        return ""
    return (
        f"insufficient history: its discovery window has {n_quarters} quarters and the "
        f"walk-forward needs more than {plan.train_quarters}"
    )
