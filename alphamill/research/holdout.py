"""The sealed end of history, opened once and on purpose for one stored candidate.

The look is in the catalog's log before a bar is read, and the log decides what it costs: every look
at the same symbol's sealed bars, by whomever and at whatever, makes the next one dearer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from alphamill.core.clock import Clock
from alphamill.core.errors import DataError, GateError
from alphamill.data.calendar import schedule
from alphamill.data.catalog import Catalog
from alphamill.data.instruments import instrument
from alphamill.data.looks import Look, SealToken
from alphamill.research import winners
from alphamill.research.outcome import Candidate
from alphamill.research.rebuilt import ASKED, Rebuilt, last_judged, read_meta, rebuilt
from alphamill.research.rules import user_file
from alphamill.research.sealed import look
from alphamill.research.sweep import Ground, code_version
from alphamill.validation.gates import Verdict
from alphamill.validation.holdout import needed_sharpe
from alphamill.validation.splits import quarter_blocks
from alphamill.workshop.files import locked

GATE = "holdout"
MANIFEST = "winners_manifest.json"
# A look makes sense while an edge of this annual Sharpe ratio is more likely seen than missed ...
SEEN_SHARPE = 1.0
# ... and before the tenth: of so many unrelated looks at noise one passes in 82 % of cases.
MOST_LOOKS = 10


@dataclass(frozen=True)
class Opened:
    """What the sealed end said of one candidate.

    Attributes
    ----------
    run_id : str
    candidate : Candidate
        With the verdict among its others.
    stamp : str or None
        As the winner that it is; None where it is none.
    is_new : bool
        Whether this call took a look; False where the answer was stored or its look was logged.
    n_looks : int
        Looks at the symbol's sealed bars by now, of all timeframes and strategies.
    n_left : int
        Further looks at them that make sense.
    sealed : tuple of int
        First and last trade date (yyyymmdd) of what is sealed.
    """

    run_id: str
    candidate: Candidate
    stamp: str | None
    is_new: bool
    n_looks: int
    n_left: int
    sealed: tuple[int, int]

    @property
    def verdict(self) -> Verdict:
        """Return the verdict of the sealed end."""
        return _said(self.candidate)


@dataclass(frozen=True)
class Asker:
    """Who wants to look and why; ``anyway`` at a candidate that cannot become proven, too."""

    who: str
    why: str = ""
    anyway: bool = False


def holdout(
    workspace: Path,
    symbol: str,
    strategy: str,
    asker: Asker,
    clock: Clock,
    run: str | None = None,
) -> Opened:
    """Judge a stored candidate's chosen cell on sealed bars, and keep the verdict with its run.

    A candidate that was judged there already is answered from its run's verdict. Where the log
    holds a look for this very run and cell at the bars as they are now, and the verdict is not
    stored (the process was killed, or the run was judged again), that look is used: the same
    numbers are seen and nothing was chosen in between.

    Parameters
    ----------
    workspace : Path
    symbol, strategy : str
        The strategy by name or number.
    asker : Asker
    clock : Clock
    run : str, optional
        A run's id; the one that judged the pair last otherwise.

    Raises
    ------
    SettingsError
        For names that are not there, and a look without a name.
    GateError
        For a candidate that a gate which decides has failed or still keeps waiting.
    DataError
        When bars or code are not those that the run judged. Nothing is looked at in any of these
        cases.
    """
    runs = workspace / "runs"
    last_judged(runs, symbol, strategy, run)
    # Two at once would look twice at what one look shows.
    with locked(runs / ".holdout.lock"):
        folder, stored = last_judged(runs, symbol, strategy, run)
        who, stamp, is_new = stored.candidate, stored.stamp, False
        catalog = Catalog(workspace)
        if not _said(who).asked:
            if not asker.anyway:
                _require_worth(who)
            again = rebuilt(workspace, folder, stored)
            _require_same_code(again)
            verdict, is_new = _looked(catalog, again, asker, clock)
            who = _told(who, verdict)
            stamp = winners.tell(folder, who)
        winners.restamp(workspace / MANIFEST, folder.name, who, clock.now_ns())
        return _opened(catalog, folder, winners.Stored(who, stamp, stored.at_ns), is_new)


def sensible_looks(n_sessions: int, periods_per_year: float) -> int:
    """Return how many looks at the same sealed bars make sense, the first included.

    Parameters
    ----------
    n_sessions : int
        Sealed sessions.
    periods_per_year : float

    Returns
    -------
    int
        At most ``MOST_LOOKS``; the last of them asks for an annual Sharpe ratio of at most
        ``SEEN_SHARPE``. The first always makes sense.

    Examples
    --------
    >>> [sensible_looks(n, 252.0) for n in (126, 252, 504, 1_008)]
    [2, 3, 6, 10]
    """
    later = range(2, MOST_LOOKS + 1)
    needed = [needed_sharpe(k, n_sessions, periods_per_year) for k in later]
    return 1 + sum(bar <= SEEN_SHARPE for bar in needed)


def _said(who: Candidate) -> Verdict:
    """Return what the sealed end said; a run that did not name the gate has not asked it."""
    silent = Verdict(GATE, False, np.nan, np.nan, "", decides=False, asked=False)
    return next((v for v in who.verdicts if v.gate == GATE), silent)


def _told(who: Candidate, verdict: Verdict) -> Candidate:
    others = tuple(v for v in who.verdicts if v.gate != GATE)
    return replace(who, verdicts=others).told(verdict)


def _require_worth(who: Candidate) -> None:
    """Refuse to spend a look on a candidate that it could not make proven."""
    name = f"{who.strategy_name} on {who.symbol}"
    if who.failed_gate:
        why = f"{who.failed_gate} said no to it"
    elif who.waits_for not in (None, GATE):
        why = f"{who.waits_for}, which decides, has not been asked"
    else:
        return
    raise GateError(
        f"the sealed end opens for candidates that every other gate which decides has passed; "
        f"received {name}: {why}. Nothing was looked at. --anyway looks all the same: that is "
        "logged, makes every later look dearer, and proves nothing."
    )


def _require_same_code(again: Rebuilt) -> None:
    """Refuse code that may do on sealed bars what was never judged."""
    known, folder = again.meta["code_version"], again.folder
    ran = {
        (pq.read_schema(path).metadata or {}).get(b"strategy", b"").decode()
        for path in sorted((folder / "parts").glob("*.parquet"))
    }
    now = code_version(tuple(user_file(p) for name, p in again.plan.files.items() if name in ran))
    if now != known:
        raise DataError(
            f"run {folder.name}: the sealed end must be judged by the code that judged the run, "
            f"{known}, and that of today is {now}. Nothing was looked at. Run it again, then open "
            "the seal for what today's code finds."
        )


def _looked(catalog: Catalog, again: Rebuilt, asker: Asker, clock: Clock) -> tuple[Verdict, bool]:
    """Return the verdict on the sealed bars, and whether that took a new look."""
    looks, is_new = {}, False
    for symbol in again.grounds:
        looks[symbol], took = _granted(catalog, again, symbol, asker, clock)
        is_new |= took
    whole = {s: _whole(catalog, ground, looks[s], again) for s, ground in again.grounds.items()}
    log = catalog.looks()
    # What two series earn together is sealed from where both are, and seen as often as either.
    first = max(taken.first_session for taken in looks.values())
    n_looks = max(_count(log[: taken.number], taken) for taken in looks.values())
    cell = again.stored.candidate.cell
    verdict = look(again.plan, again.grounds, whole, again.part, cell, n_looks, first)
    return verdict, is_new


def _granted(
    catalog: Catalog, again: Rebuilt, symbol: str, asker: Asker, clock: Clock
) -> tuple[Look, bool]:
    """Return the look at one series for this run and cell, and whether it was taken now."""
    who, timeframe = again.stored.candidate, again.plan.timeframe
    purpose = (
        f"holdout of run {again.folder.name}, cell {who.cell}: {who.strategy_name} on {who.symbol}"
    )
    content = catalog.content_hash(symbol, timeframe)
    for past in catalog.looks():
        at = past.symbol, past.timeframe, past.content_hash
        if at == (symbol, timeframe, content) and past.why.split("; ")[0] == purpose:
            return past, False
    why = f"{purpose}; {asker.why}" if asker.why else purpose
    return catalog.open_seal(symbol, timeframe, asker.who, why, clock).look, True


def _whole(catalog: Catalog, ground: Ground, taken: Look, again: Rebuilt) -> Ground:
    """Return an instrument from the beginning of its discovery window to the end of the look."""
    first = again.meta["series"][taken.symbol]["first"]
    bars = catalog.read(taken.symbol, taken.timeframe, first, token=SealToken(taken))
    sessions = np.unique(bars.session)
    return replace(
        ground,
        bars=bars,
        sessions=sessions,
        blocks=quarter_blocks(sessions),
        data_hash=taken.content_hash,
    )


def _count(log: list[Look], taken: Look) -> int:
    """Return the looks of a log at sealed bars of one symbol that share a day with ``taken``'s."""
    return _overlapping(log, taken.symbol, (taken.first_session, taken.last_session))


def _overlapping(log: list[Look], symbol: str, span: tuple[int, int]) -> int:
    first, last = span
    return sum(
        past.symbol == symbol and past.first_session <= last and past.last_session >= first
        for past in log
    )


def _opened(catalog: Catalog, folder: Path, stored: winners.Stored, is_new: bool) -> Opened:
    who, meta = stored.candidate, read_meta(folder)
    entry = catalog.entry(who.symbol, who.timeframe)
    sealed = entry.first_sealed_session or entry.last_session, entry.last_session
    n_looks = _overlapping(catalog.looks(), who.symbol, sealed)
    overrides: Mapping[str, object] | None = meta[ASKED]["instruments"].get(who.symbol)
    days = schedule(instrument(who.symbol, overrides).calendar, *sealed).session.size
    sensible = sensible_looks(days, meta["series"][who.symbol]["periods_per_year"])
    n_left = max(0, sensible - n_looks)
    return Opened(folder.name, who, stored.stamp, is_new, n_looks, n_left, sealed)
