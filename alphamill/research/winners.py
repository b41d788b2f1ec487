"""Winners: at most one parameter set for each strategy and instrument, and their manifest."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import canonical_json
from alphamill.research.outcome import Candidate, Failure, Refusal, Winner
from alphamill.validation.gates import Verdict
from alphamill.workshop.files import write_atomic

STORED = "candidates.json"


def finalists(candidates: Sequence[Candidate], top_n: int, carry: bool) -> list[Candidate]:
    """Return who may become a winner: the best ``top_n`` of each instrument.

    Ranked by the stitched out-of-sample Sharpe; with ``carry`` those that failed a gate come
    after all that passed, without it they are left out. Ties go to the lower strategy number.
    """
    kept: list[Candidate] = []
    for symbol in dict.fromkeys(c.symbol for c in candidates):
        ranked = sorted((c for c in candidates if c.symbol == symbol), key=_order)
        kept += [c for c in ranked if _may_stay(c, carry)][:top_n]
    return kept


def winners(
    chosen: Sequence[Candidate], carry: bool, identity: Mapping[str, tuple[str, str, str]]
) -> tuple[Winner, ...]:
    """Return the winners by rank, proven ones first.

    Parameters
    ----------
    chosen : sequence of Candidate
        Finalists with all their verdicts.
    carry : bool
        Carry on those that failed a gate, stamped ``unproven``. Those that passed are stamped
        ``proven``, or ``provisional`` while a gate that decides was not asked.
    identity : mapping
        Symbol -> (run id, data hash, code version).
    """
    ranked = sorted((c for c in chosen if _may_stay(c, carry)), key=_order)
    return tuple(Winner(k, c, c.stamp, *identity[c.symbol]) for k, c in enumerate(ranked, start=1))


def manifest(chosen: Iterable[Winner], at_ns: int) -> dict[str, Any]:
    """Return the seeds' manifest with the identity fields added.

    ``sharpe_ratio`` is the stitched out-of-sample one; ``in_sample_sharpe_ratio`` and the other
    figures are of the chosen cell over the discovery window.
    """
    return _manifest([_row(w) for w in chosen], at_ns)


def write_manifest(path: Path, chosen: Iterable[Winner], at_ns: int) -> None:
    """Write ``winners_manifest.json``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(manifest(chosen, at_ns), indent=2) + "\n")


def restamp(path: Path, run_id: str, who: Candidate, at_ns: int) -> bool:
    """Bring a manifest's row of a candidate up to its verdicts; return whether there was one to.

    Rows are ranked anew. A manifest that is not there, or whose row of the pair is another run's,
    stays as it is.

    Raises
    ------
    DataError
        When the manifest is damaged.
    """
    if not path.exists():
        return False
    fresh = {"stamp": who.stamp, "failed_gate": who.failed_gate}
    key = (run_id, who.symbol, who.strategy_name)
    try:
        rows = json.loads(path.read_text())["winners"]
        own = [r for r in rows if (r["run_id"], r["symbol"], r["strategy_name"]) == key]
        stale = [r for r in own if any(r[name] != value for name, value in fresh.items())]
        for row in stale:
            row.update(fresh)
        rows.sort(key=_place)
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise DataError(
            f"{path.name} cannot be read ({e}). Write it anew with `alphamill winners`."
        ) from e
    if stale:
        ranked = [row | {"rank": k} for k, row in enumerate(rows, start=1)]
        write_atomic(path, json.dumps(_manifest(ranked, at_ns), indent=2) + "\n")
    return bool(stale)


def store(
    run_folder: Path,
    chosen: Sequence[Winner],
    rest: Sequence[Candidate],
    at_ns: int,
    refused: Sequence[Refusal] = (),
    failed: Sequence[Failure] = (),
) -> None:
    """Keep every judged candidate beside its run, for later extraction, and what was not judged."""
    rows = [
        {"at_ns": at_ns, "stamp": w.stamp, "identity": [w.run_id, w.data_hash, w.code_version]}
        | _stored(w.candidate)
        for w in chosen
    ]
    kept = {(w.candidate.symbol, w.candidate.strategy_name) for w in chosen}
    rows += [
        {"at_ns": at_ns, "stamp": None, "identity": None} | _stored(c)
        for c in rest
        if (c.symbol, c.strategy_name) not in kept
    ]
    stored = {
        "candidates": rows,
        "refused": [asdict(refusal) for refusal in refused],
        "failed": [asdict(failure) for failure in failed],
    }
    write_atomic(run_folder / STORED, json.dumps(stored) + "\n")


def tell(run_folder: Path, who: Candidate) -> str | None:
    """Replace what a stored candidate was told, and its stamp if it is a winner; return the stamp.

    Raises
    ------
    DataError
        When the run's file is damaged.
    """
    path = run_folder / STORED
    kept = _document(path)
    rows = [row for row in kept["candidates"] if _pair(row) == (who.symbol, who.strategy_name)]
    for row in rows:
        row["verdicts"] = _stored(who)["verdicts"]
        row["stamp"] = who.stamp if row["stamp"] else None
    write_atomic(path, json.dumps(kept) + "\n")
    return rows[0]["stamp"] if rows else None


Cell = tuple[str, str, str]


def cell_name(who: Candidate) -> Cell:
    """Return what tells a candidate's chosen cell from all others of its run."""
    return who.symbol, who.strategy_name, canonical_json(dict(who.params))


def looked_before(run_folder: Path) -> dict[Cell, Verdict]:
    """Return what the sealed end said of cells of a run that was judged before.

    Judging again must not forget it. Empty where nothing can be read: `holdout` then finds the look
    in the catalog's log and asks no more for it than before.
    """
    try:
        earlier = stored(run_folder)
    except DataError:
        return {}
    return {
        cell_name(one.candidate): verdict
        for one in earlier
        for verdict in one.candidate.verdicts
        if verdict.gate == "holdout" and verdict.asked
    }


class Stored(NamedTuple):
    """A candidate as a run judged it; ``stamp`` is None where it is no winner."""

    candidate: Candidate
    stamp: str | None
    at_ns: int


def stored(run_folder: Path) -> list[Stored]:
    """Return every candidate that a run judged.

    Raises
    ------
    DataError
        When the run has not been judged, or its file is damaged.
    """
    rows = _read(run_folder / STORED)
    return [Stored(_candidate(row), row["stamp"], row["at_ns"]) for row in rows]


def extract(
    runs: Path, top_n: int, instruments: Sequence[str] = (), include_unproven: bool = True
) -> tuple[Winner, ...]:
    """Return the best stored winners of each instrument over all runs below ``runs``.

    Of a strategy and instrument that several runs judged, the latest judgement counts, so a run
    of a few strategies does not erase the others. Winners stamped ``unproven`` are those the
    project file asked to carry.

    Raises
    ------
    DataError
        When no run is stored, or its file is damaged.
    SettingsError
        When an instrument was never run.
    """
    latest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for path in sorted(runs.glob(f"*/{STORED}")):
        for row in _read(path):
            key = (row["symbol"], row["timeframe"], row["strategy_name"])
            if key not in latest or row["at_ns"] > latest[key]["at_ns"]:
                latest[key] = row
    if not latest:
        raise DataError(
            f"no finished run lies in {runs.name}. Run `alphamill run` or `alphamill sweep` first."
        )
    symbols = sorted({symbol for symbol, *_ in latest})
    for name in instruments:
        if name not in symbols:
            raise SettingsError(f"no run judged {name!r}; there are runs of {symbols}.")
    kept: list[tuple[Candidate, dict[str, Any]]] = []
    for symbol in dict.fromkeys(instruments or symbols):
        rows = [r for (s, *_), r in latest.items() if s == symbol and r["stamp"]]
        rows = [r for r in rows if include_unproven or r["stamp"] != "unproven"]
        pairs = sorted(((_candidate(r), r) for r in rows), key=lambda pair: _order(pair[0]))
        kept += pairs[:top_n]
    kept.sort(key=lambda pair: _order(pair[0]))
    return tuple(Winner(k, c, r["stamp"], *r["identity"]) for k, (c, r) in enumerate(kept, 1))


def _order(c: Candidate) -> tuple[bool, bool, float, str, int]:
    score = c.oos_sharpe if math.isfinite(c.oos_sharpe) else -math.inf
    return c.failed_gate is not None, c.waits_for is not None, -score, c.symbol, c.strategy_id


def _may_stay(c: Candidate, carry: bool) -> bool:
    # A cell that never traded is nothing to carry on, whatever the project file says.
    return c.metrics["total_trades"] > 0 and (carry or c.failed_gate is None)


def _pair(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["symbol"], row["strategy_name"]


def _place(row: Mapping[str, Any]) -> tuple[bool, float, str, int]:
    """Return the key of `_order` from a row of the manifest."""
    score = row["sharpe_ratio"]
    behind = math.inf if score is None else -score
    return row["failed_gate"] is not None, behind, row["symbol"], row["strategy_id"]


def _manifest(rows: Sequence[Mapping[str, Any]], at_ns: int) -> dict[str, Any]:
    by_instrument: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        told = {name: row[name] for name in ("strategy_id", "strategy_name", "sharpe_ratio")}
        by_instrument.setdefault(row["symbol"], []).append(told)
    return {
        "version": "1.0",
        "created_at": datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat(timespec="seconds"),
        "total_winners": len(rows),
        "winners_by_instrument": by_instrument,
        "winners": list(rows),
    }


def _row(w: Winner) -> dict[str, Any]:
    c = w.candidate
    return {
        "rank": w.rank,
        "symbol": c.symbol,
        "run_id": w.run_id,
        "strategy_id": c.strategy_id,
        "strategy_name": c.strategy_name,
        "params": dict(c.params),
        "sharpe_ratio": _number(c.oos_sharpe),
        "total_trades": int(c.metrics["total_trades"]),
        "win_rate": _number(c.metrics["win_rate"]),
        "profit_factor": _number(c.metrics["profit_factor"]),
        "max_drawdown_pct": _number(c.metrics["max_drawdown_pct"]),
        "total_pnl_pct": _number(c.metrics["total_pnl_pct"]),
        "avg_bars_held": _number(c.metrics["avg_bars_held"]),
        "in_sample_sharpe_ratio": _number(c.in_sample_sharpe),
        "stamp": w.stamp,
        "failed_gate": c.failed_gate,
        "timeframe": c.timeframe,
        "n_cells": c.n_cells,
        "data_hash": w.data_hash,
        "code_version": w.code_version,
    }


def _number(value: float) -> float | None:
    # JSON knows neither infinity (a profit factor without losses) nor NaN.
    return value if math.isfinite(value) else None


def _stored(c: Candidate) -> dict[str, Any]:
    return {
        "symbol": c.symbol,
        "timeframe": c.timeframe,
        "strategy_id": c.strategy_id,
        "strategy_name": c.strategy_name,
        "archetype": c.archetype,
        "n_cells": c.n_cells,
        "params": dict(c.params),
        "metrics": dict(c.metrics),
        "in_sample_sharpe": c.in_sample_sharpe,
        "oos_sharpe": c.oos_sharpe,
        "sessions": c.sessions.tolist(),
        "oos_pnl": c.oos_pnl.tolist(),
        "verdicts": [
            {k: _number(v) if isinstance(v, float) else v for k, v in asdict(verdict).items()}
            for verdict in c.verdicts
        ],
        "cell": c.cell,
    }


def _verdict(row: Mapping[str, Any]) -> Verdict:
    known: dict[str, Any] = {k: math.nan if v is None else v for k, v in row.items()}
    return Verdict(**known)


def _candidate(row: Mapping[str, Any]) -> Candidate:
    return Candidate(
        **{k: v for k, v in row.items() if k not in _NOT_CANDIDATE},
        sessions=np.array(row["sessions"], dtype=np.int64),
        oos_pnl=np.array(row["oos_pnl"], dtype=np.float64),
        verdicts=tuple(_verdict(verdict) for verdict in row["verdicts"]),
    )


_NOT_CANDIDATE = {"at_ns", "stamp", "identity", "sessions", "oos_pnl", "verdicts"}


def _read(path: Path) -> list[dict[str, Any]]:
    return _document(path)["candidates"]  # type: ignore[no-any-return]


def _document(path: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(path.read_text())
        for row in kept["candidates"]:
            _candidate(row)
            _ = row["at_ns"], row["stamp"], row["identity"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise DataError(
            f"{path.parent.name}/{path.name}: this run's candidates cannot be read ({e}). Run it "
            "again; what is stored of its sweep is used."
        ) from e
    return kept
