"""The two lists that a run ends in: winners with a model, and rules that are kept without one."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from alphamill.learning.criteria import TRADE_THE_RULE
from alphamill.learning.result_fields import enhanced_name
from alphamill.research.metalabel.layout import Layout
from alphamill.research.metalabel.record import Record, read_record
from alphamill.workshop.files import write_atomic


def records_in(layout: Layout) -> list[Record]:
    """Return every winner that was validated below an output folder, the best first.

    Raises
    ------
    DataError
        When a file of them is damaged.
    """
    paths = sorted(layout.validation("").parent.glob("*_validation.json"))
    return ranked([read_record(path) for path in paths])


def ranked(records: Sequence[Record]) -> list[Record]:
    """Return winners with a model first, then rules kept, then the rest; each by Sharpe ratio."""
    return sorted(records, key=_order)


def write_lists(layout: Layout, records: Sequence[Record]) -> None:
    """Write ``enhanced_strategies.json``, from which a portfolio is chosen."""
    ours = ranked(records)
    text = {
        "enhanced_strategies": [_enhanced(layout, r) for r in ours if r.is_enhanced],
        "rules_without_ml": [_kept(r) for r in ours if _is_kept(r)],
    }
    write_atomic(layout.enhanced, json.dumps(text, indent=2, allow_nan=False) + "\n")


def write_results(layout: Layout, records: Sequence[Record], at_ns: int) -> str:
    """Write this run's results, a row a winner in its order; return the file's name."""
    stamp = f"{datetime.fromtimestamp(at_ns / 1e9, UTC):%Y%m%d_%H%M%S}"
    path = layout.results(stamp)
    rows = [dict(record.row) for record in records]
    write_atomic(path, json.dumps(rows, indent=2, allow_nan=False) + "\n")
    return path.name


def _is_kept(record: Record) -> bool:
    """Whether a winner goes on by its rule alone: it earned, or no model could be asked."""
    if record.verdict is None:
        return bool(record.row["status"] == "skipped")
    return record.verdict.answer == TRADE_THE_RULE


def _enhanced(layout: Layout, record: Record) -> Mapping[str, Any]:
    row = record.row
    return {
        **_who(record),
        "strategy_name": enhanced_name(record.primary.strategy),
        "sharpe_ratio": row["ml_sharpe"],
        "trades": row["ml_trades"],
        "improvement_factor": row["improvement_factor"],
        "threshold": row["threshold"],
        "bundle": layout.model(record.key).relative_to(layout.root).as_posix(),
    }


def _kept(record: Record) -> Mapping[str, Any]:
    row = record.row
    why = row["reason"] if record.verdict is None else record.verdict.answer
    return {
        **_who(record),
        "strategy_name": record.primary.strategy,
        "sharpe_ratio": row["baseline_sharpe"],
        "trades": row["baseline_trades"],
        "reason": why,
    }


def _who(record: Record) -> Mapping[str, Any]:
    who, facts = record.primary, record.facts or {}
    return {
        "symbol": who.symbol,
        "strategy_id": who.strategy_id,
        "base_strategy": who.strategy,
        "timeframe": who.timeframe,
        "params": dict(who.params),
        "run_id": facts.get("run_id"),
        "stamp": facts.get("stamp"),
    }


def _order(record: Record) -> tuple[int, float, str]:
    if record.verdict is None:
        return 2, 0.0, record.key
    of_whom = "ml_sharpe" if record.is_enhanced else "baseline_sharpe"
    sharpe = record.row[of_whom]
    group = 0 if record.is_enhanced else 1
    return group, -(sharpe if sharpe is not None else -math.inf), record.key
