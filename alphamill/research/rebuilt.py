"""A stored candidate as its run saw it: plan, bars and backtest again, or a word why not."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from alphamill.backtest.engine import Result
from alphamill.backtest.metrics import summary
from alphamill.core.errors import DataError, SettingsError
from alphamill.data.catalog import Catalog
from alphamill.data.instruments import instrument
from alphamill.research import results, winners
from alphamill.research.budget import LEAST_MEMO_BYTES
from alphamill.research.cells import Part, joined, read_part
from alphamill.research.factory import rerun
from alphamill.research.outcome import Candidate
from alphamill.research.plan import Plan
from alphamill.research.rules import rule_of, user_file
from alphamill.research.sweep import Ground
from alphamill.strategies import plain
from alphamill.validation.splits import DEFAULT_WINDOWS, quarter_blocks

ASKED = "asked"


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """What a run made of one candidate, made again.

    Attributes
    ----------
    folder : Path
        Of the run; its name is the run's id.
    stored : Stored
        The candidate as it was judged.
    meta : mapping
        What ``run.json`` holds.
    plan : Plan
        Of the candidate's own strategy.
    part : Part
        Every cell of its grid.
    grounds : mapping
        Symbol -> ground of the discovery window: its own and those its rule reads besides.
    result : Result
        Of the chosen cell; the same as was stored.
    """

    folder: Path
    stored: winners.Stored
    meta: Mapping[str, Any]
    plan: Plan
    part: Part
    grounds: Mapping[str, Ground]
    result: Result

    @property
    def ground(self) -> Ground:
        """Return the candidate's own."""
        return self.grounds[self.stored.candidate.symbol]


def asked(plan: Plan) -> dict[str, Any]:
    """Return what must be known of a plan later; kept in ``run.json`` under ``asked``."""
    return {
        "sides": plan.sides,
        "windows": dict(plan.windows),
        "gate_preset": plan.gate_preset,
        "gates": {gate: dict(limits) for gate, limits in plan.gates.items()},
        "decides": None if plan.decides is None else list(plan.decides),
        "train_quarters": plan.train_quarters,
        "test_quarters": plan.test_quarters,
        "instruments": {symbol: dict(given) for symbol, given in plan.instruments.items()},
        "files": {name: str(path.resolve()) for name, path in plan.files.items()},
    }


def last_judged(
    runs: Path, symbol: str, strategy: str, run: str | None = None
) -> tuple[Path, winners.Stored]:
    """Return the folder of the run that judged a pair last, and the candidate as it was judged.

    Parameters
    ----------
    runs : Path
    symbol, strategy : str
        The strategy by name or number.
    run : str, optional
        A run's id: only that one is asked.

    Raises
    ------
    SettingsError
        For a run, symbol or strategy that is not there, with the nearest that is.
    DataError
        When no run is stored, or its file is damaged.
    """
    folders = sorted(path.parent for path in runs.glob(f"*/{winners.STORED}"))
    if not folders:
        raise DataError(
            f"no finished run lies in {runs.name}. Run `alphamill run` or `alphamill sweep` first."
        )
    if run is not None:
        held = [folder.name for folder in folders]
        if run not in held:
            raise SettingsError(f"there is no finished run {run!r}.{_nearest(run, held)}")
        folders = [runs / run]
    judged = [(folder, one) for folder in folders for one in winners.stored(folder)]
    where = "no run" if run is None else f"run {run} has not"
    symbols = {one.candidate.symbol for _, one in judged}
    if symbol not in symbols:
        raise SettingsError(f"{where} judged {symbol!r}.{_nearest(symbol, symbols)}")
    here = [(folder, one) for folder, one in judged if one.candidate.symbol == symbol]
    own = [(folder, one) for folder, one in here if _is(one.candidate, strategy)]
    if not own:
        names = {one.candidate.strategy_name for _, one in here}
        raise SettingsError(
            f"{where} judged {strategy!r} on {symbol}.{_nearest(strategy, names)}"
            f"{_why_not(folders, symbol, strategy)}"
        )
    return max(own, key=lambda pair: pair[1].at_ns)


def rebuilt(workspace: Path, folder: Path, stored: winners.Stored) -> Rebuilt:
    """Return a judged candidate of the run in ``folder`` with all that it was judged on.

    Read only; the seal stays closed.

    Raises
    ------
    DataError
        When bars, stored cells or code have changed so that its figures cannot be had again.
    """
    meta, who = read_meta(folder), stored.candidate
    part = _part(folder, who)
    plan = _plan(meta, who, part)
    catalog = Catalog(workspace)
    series = (who.symbol, *part.others.values())
    grounds = {name: _ground(catalog, plan, meta, name) for name in series}
    result = rerun(plan.strategies[0], grounds, part, who.cell)
    _require_same(who, result, folder.name)
    return Rebuilt(folder, stored, meta, plan, part, grounds, result)


def _is(who: Candidate, key: str) -> bool:
    name = key.strip().removesuffix("_bt")
    return name == str(who.strategy_id) or plain(name) == plain(who.strategy_name)


def _why_not(folders: Sequence[Path], symbol: str, strategy: str) -> str:
    """Return why a run refused the pair, when one did."""
    for folder in reversed(folders):
        for row in json.loads((folder / winners.STORED).read_text())["refused"]:
            if row["symbol"] == symbol and plain(row["strategy"]) == plain(strategy):
                return f" Run {folder.name} refused it: {row['reason']}."
    return ""


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(name, names, n=3, cutoff=0.4) or names[:10]
    return f" The nearest are {near}." if near else ""


def read_meta(folder: Path) -> dict[str, Any]:
    """Return what a run was asked and on what.

    Raises
    ------
    DataError
        When its file does not say so.
    """
    try:
        meta: dict[str, Any] = json.loads((folder / results.META).read_text())
        _ = meta[ASKED], meta["series"], meta["timeframe"], meta["code_version"], meta["seed"]
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise DataError(
            f"run {folder.name}: {results.META} does not say what was asked ({e}). Run it again; "
            "stored cells are kept."
        ) from e
    return meta


def _part(folder: Path, who: Candidate) -> Part:
    paths = sorted((folder / "parts").glob("*.parquet"))
    own = [read_part(path) for path in paths if _holds(path, who)]
    if not own:
        raise DataError(
            f"run {folder.name} holds no cells of {who.strategy_name} on {who.symbol} any more. "
            "Run it again."
        )
    return joined(own)


def _holds(path: Path, who: Candidate) -> bool:
    try:
        meta = pq.read_schema(path).metadata or {}
    except (OSError, ValueError):
        # Whose it was is not known; reading it says what is wrong and what to do.
        return True
    return (meta.get(b"symbol"), meta.get(b"strategy")) == (
        who.symbol.encode(),
        who.strategy_name.encode(),
    )


def _plan(meta: Mapping[str, Any], who: Candidate, part: Part) -> Plan:
    given = dict(meta[ASKED])
    files = {name: Path(path) for name, path in given.pop("files").items()}
    # Runs from before models were fitted did not say; most took the usual cut.
    given.setdefault("windows", DEFAULT_WINDOWS)
    path = files.get(who.strategy_name)
    rule = rule_of(who.strategy_name, user_file(path) if path else None)
    return Plan(
        symbols=tuple(meta["series"]),
        timeframe=meta["timeframe"],
        strategies=(rule,),
        exits=part.stacks,
        seed=meta["seed"],
        project=meta["project"],
        files=files,
        **given,
    )


def _ground(catalog: Catalog, plan: Plan, meta: Mapping[str, Any], symbol: str) -> Ground:
    """Return an instrument as its run saw it: the discovery window, and not a bar more."""
    known = meta["series"][symbol]
    first, last = known["first"], known["last"]
    bars = catalog.read(symbol, plan.timeframe, first, last)
    data_hash = catalog.content_hash(symbol, plan.timeframe, first, last)
    if data_hash != known["data_hash"]:
        raise DataError(
            f"{symbol} {plan.timeframe}: the bars from {first} to {last} are not those that run "
            f"{meta['run_id']} judged. Run it again."
        )
    sessions = np.unique(bars.session)
    if sessions[-1] != last:
        raise DataError(
            f"{symbol} {plan.timeframe}: run {meta['run_id']} judged bars up to {last}, and "
            f"another project has sealed those after {sessions[-1]} since. Run it again."
        )
    return Ground(
        bars,
        instrument(symbol, plan.instruments.get(symbol)),
        sessions,
        quarter_blocks(sessions),
        plan.exits,
        plan.sides,
        data_hash,
        LEAST_MEMO_BYTES,
    )


def _require_same(who: Candidate, result: Result, run_id: str) -> None:
    fresh = summary(result)
    stored = who.metrics["total_trades"], who.metrics["total_pnl"]
    if fresh.total_trades != stored[0] or not math.isclose(
        fresh.total_pnl, stored[1], rel_tol=1e-9, abs_tol=1e-6
    ):
        raise DataError(
            f"{who.symbol} {who.strategy_name}: run {run_id} stored {stored[0]:.0f} trades and P&L "
            f"{stored[1]!r}, the code of today gives {fresh.total_trades} and "
            f"{fresh.total_pnl!r}. Run it again."
        )
