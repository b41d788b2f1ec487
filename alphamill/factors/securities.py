"""What each symbol is: sector, region, currency, kind. Groups for neutralising and for limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError, SettingsError
from alphamill.factors.panel import Panel

REQUIRED: Final = ("sector", "region", "currency", "asset_type")
OPTIONAL: Final = ("exchange", "timezone", "country", "industry")


@dataclass(frozen=True)
class Securities:
    """A security master: symbol -> column -> value, as of today."""

    rows: Mapping[str, Mapping[str, str]]

    def value(self, symbol: str, column: str) -> str:
        """Return what one symbol is.

        Raises
        ------
        DataError
            For a symbol that is not in the table, or not told.
        SettingsError
            For a column that there is not.
        """
        if column not in (*REQUIRED, *OPTIONAL):
            raise SettingsError(
                f"a security has {[*REQUIRED, *OPTIONAL]}, received {column!r}. Choose one."
            )
        row = self.rows.get(symbol)
        if row is None or not row.get(column):
            what = "is not in the security master" if row is None else f"has no {column}"
            raise DataError(f"{symbol} {what}. Add its row, or leave the symbol out.")
        return row[column]


def read_securities(path: Path) -> Securities:
    """Return the security master of a CSV or Parquet file: ``symbol`` and the columns above."""
    if not path.exists() or path.suffix not in (".csv", ".parquet"):
        raise SettingsError(f"a security master is a .csv or .parquet file, received {path.name}.")
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    absent = [name for name in ("symbol", *REQUIRED) if name not in frame.columns]
    if absent:
        raise DataError(
            f"{path.name}: a security master must have the columns {['symbol', *REQUIRED]}; "
            f"{absent} are missing, received {list(frame.columns)}. Add them."
        )
    told = frame.fillna("").astype(str)
    told["symbol"] = told["symbol"].str.strip().str.upper()
    twice = told["symbol"][told["symbol"].duplicated()]
    if len(twice):
        raise DataError(
            f"{path.name}: row {twice.index[0]}, column symbol: must be there once, received "
            f"{twice.iloc[0]!r} again. Drop one."
        )
    columns = [name for name in (*REQUIRED, *OPTIONAL) if name in told.columns]
    symbols = list(told["symbol"])
    values = told[columns].to_dict("records")
    return Securities(
        {
            s: {str(k): str(v).strip() for k, v in row.items()}
            for s, row in zip(symbols, values, strict=True)
        }
    )


def with_groups(panel: Panel, securities: Securities, *columns: str) -> Panel:
    """Return the panel with a field of whole numbers for each column, such as ``sector``.

    Numbers follow the sorted names, so ``neutralise(x, sector)`` can read them.
    """
    fields = {}
    for column in columns:
        told = [securities.value(symbol, column) for symbol in panel.symbols]
        number = {name: float(i) for i, name in enumerate(sorted(set(told)))}
        codes = np.array([number[name] for name in told])
        fields[column] = np.broadcast_to(codes, panel.shape).copy()
    return panel.with_fields(fields)
