"""What validation said of one winner, as a file: the seeds' fields, and what the pages show."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alphamill.core.errors import DataError
from alphamill.learning.criteria import Criterion, MetaVerdict
from alphamill.learning.dataset import Primary
from alphamill.learning.uplift import Figures, Uplift
from alphamill.workshop.files import write_atomic


@dataclass(frozen=True, eq=False)
class Record:
    """One winner that was judged, or was not and why.

    Attributes
    ----------
    key : str
        Of its files.
    row : mapping
        The seeds' fields; ``status`` is completed, failed or skipped.
    primary : Primary
    verdict, uplift : MetaVerdict, Uplift or None
        None where it was not judged.
    facts : mapping
        Plain values: p_value, cpcv_uplift, deflated_sharpe, windows, identity, n_looks, ...
    """

    key: str
    row: Mapping[str, Any]
    primary: Primary
    verdict: MetaVerdict | None = None
    uplift: Uplift | None = None
    facts: Mapping[str, Any] | None = None

    @property
    def is_enhanced(self) -> bool:
        return self.verdict is not None and self.verdict.enhanced


def write_record(record: Record, path: Path) -> None:
    """Write a record, whole or not at all."""
    told = _plain(asdict(record))
    write_atomic(path, json.dumps(told, indent=1, allow_nan=False) + "\n")


def read_record(path: Path) -> Record:
    """Return a record.

    Raises
    ------
    DataError
        When the file is damaged.
    """
    try:
        told = json.loads(path.read_bytes())
        verdict, uplift = told["verdict"], told["uplift"]
        return Record(
            key=told["key"],
            row=told["row"],
            primary=Primary(**told["primary"]),
            verdict=None if verdict is None else _verdict(verdict),
            uplift=None if uplift is None else _uplift(uplift),
            facts=told["facts"],
        )
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise DataError(
            f"{path.name}: what validation said cannot be read ({e}). Run `alphamill meta "
            "validate` again; the same model looks no second time."
        ) from e


def _verdict(told: Mapping[str, Any]) -> MetaVerdict:
    criteria = tuple(Criterion(**_known(c, ("value", "threshold"))) for c in told["criteria"])
    return MetaVerdict(told["answer"], criteria, told["told"])


def _uplift(told: Mapping[str, Any]) -> Uplift:
    return Uplift(*(_figures(told[side]) for side in ("baseline", "filtered")))


def _figures(told: Mapping[str, Any]) -> Figures:
    values = _known(told, ("win_rate", "sharpe", "profit_factor"))
    return Figures(
        **values
        | {
            "pnl_by_year": {int(year): pnl for year, pnl in told["pnl_by_year"].items()},
            "daily": np.array(told["daily"], dtype=np.float64),
            "sessions": np.array(told["sessions"], dtype=np.int64),
        }
    )


def _known(told: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return a mapping whose None under ``names`` are NaN again."""
    return {k: math.nan if k in names and v is None else v for k, v in told.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
