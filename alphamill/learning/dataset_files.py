"""Training sets as files: Parquet keeps the whole set, CSV shows it to other programs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.state import REASONS
from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import canonical_json, digest
from alphamill.core.market import Ints
from alphamill.learning.dataset import BY_ROW, Dataset, Primary
from alphamill.learning.labels import SignalTrades
from alphamill.workshop.files import write_atomic, write_parquet_atomic

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Form = Literal["parquet", "csv"]
FORMS: Final[tuple[Form, ...]] = ("parquet", "csv")
# The seeds' columns in their order, then ours; a reader must take none of them for a feature.
BEFORE_FEATURES: Final = (
    *("Date/Time", "Exit Date/Time", "Date", "Exit_Date", "Entry_Price", "Exit_Price"),
    *("Symbol", "Strategy", "y_return", "y_binary", "y_pnl_usd", "y_pnl_gross"),
    *("bars_held", "exit_type", "y_taken", "y_side", "y_weight"),
)
HASHES: Final = ("bars_hash", "features_hash", "labels_hash")
ROW_COLUMNS: Final = (*SignalTrades.columns(), *BY_ROW)


def path_of(folder: Path, primary: Primary, form: Form = "parquet") -> Path:
    """Return where a winner's training set lies, such as ``ES_RSI2_training.parquet``."""
    name = "_".join(quote(part, safe="") for part in (primary.symbol, primary.strategy))
    return folder / f"{name}_training.{form}"


def write(folder: Path, data: Dataset, form: Form = "parquet") -> Path:
    """Write a training set and return its path; a kill leaves the old file or the new one.

    Parameters
    ----------
    folder : Path
        Made when absent.
    data : Dataset
    form : "parquet" or "csv"
        Parquet holds the whole set, and `read` returns it. CSV has the seeds' columns
        `BEFORE_FEATURES` and after ``y_weight``, the last of them, the features, nothing else:
        ``Date/Time`` and ``Exit Date/Time`` are the closes of the entry and exit bar in UTC,
        ``Date`` and ``Exit_Date`` their days; prices are fills; ``y_return`` is the price's move in
        the trade's favour as a fraction, ``y_pnl_usd`` is net and ``y_pnl_gross`` before fees, both
        in account currency; ``y_taken`` is 1 where one position at a time takes the trade when
        every signal is followed.

    Raises
    ------
    SettingsError
        For another form, or a folder that cannot be written.
    """
    if form not in FORMS:
        raise SettingsError(
            f"training sets are written as one of {list(FORMS)}, received {form!r}."
        )
    path = path_of(folder, data.primary, form)
    if form == "csv":
        write_atomic(path, _seeds_table(data).to_csv(index=False))
    else:
        write_parquet_atomic(path, _whole_table(data))
    return path


def read(path: Path) -> Dataset:
    """Return a training set as it was written, to the last bit.

    Raises
    ------
    DataError
        When the file is absent or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _damage_named(path, (OSError, KeyError, ValueError, TypeError, pa.ArrowException)):
        table = pq.read_table(path, page_checksum_verification=True)
        meta = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
        if meta.pop("digest") != digest(meta):
            raise ValueError("its metadata do not have their digest")
        column: dict[str, Any] = {name: table[_stored(name)].to_numpy() for name in ROW_COLUMNS}
        names = tuple(json.loads(meta["names"]))
        x = np.empty((table.num_rows, len(names)), order="F")
        for k, name in enumerate(names):
            x[:, k] = table[name].to_numpy()
        sessions, unknown = (
            np.array(json.loads(meta[name]), dtype=np.int64) for name in ("sessions", "unknown")
        )
        data = Dataset(
            primary=Primary(**json.loads(meta["primary"])),
            names=names,
            x=x,
            trades=SignalTrades(**{n: column[n] for n in SignalTrades.columns()}, unknown=unknown),
            **{name: column[name] for name in BY_ROW},
            sessions=sessions,
            first=int(meta["first"]),
            last=int(meta["last"]),
            **{name: meta[name] for name in HASHES},
        )
        if _content(data) != meta["content"]:
            raise ValueError("its rows do not have their digest")
    return data


def _whole_table(data: Dataset) -> "pa.Table":
    import pyarrow as pa

    columns = {_stored(name): _column(data, name) for name in ROW_COLUMNS}
    columns |= {name: data.x[:, k] for k, name in enumerate(data.names)}
    meta = {
        "primary": canonical_json(asdict(data.primary)),
        "names": json.dumps(data.names),
        "sessions": json.dumps(data.sessions.tolist()),
        "unknown": json.dumps(data.trades.unknown.tolist()),
        "first": str(data.first),
        "last": str(data.last),
        **{name: getattr(data, name) for name in HASHES},
        "content": _content(data),
    }
    meta["digest"] = digest(meta)
    arrays = {name: pa.array(np.ascontiguousarray(column)) for name, column in columns.items()}
    return pa.table(arrays).replace_schema_metadata(meta)


def _seeds_table(data: Dataset) -> "pd.DataFrame":
    import pandas as pd

    trades = data.trades
    before: dict[str, Any] = {
        "Date/Time": _moments(data.entry_ns),
        "Exit Date/Time": _moments(data.exit_ns),
        "Date": _days(data.entry_ns),
        "Exit_Date": _days(data.exit_ns),
        "Entry_Price": trades.entry_price,
        "Exit_Price": trades.exit_price,
        "Symbol": data.primary.symbol,
        "Strategy": data.primary.strategy,
        "y_return": data.returns,
        "y_binary": data.y,
        "y_pnl_usd": trades.pnl,
        "y_pnl_gross": trades.pnl + trades.fees,
        "bars_held": trades.bars_held,
        "exit_type": np.array(REASONS)[trades.reason],
        "y_taken": trades.taken.astype(np.int8),
        "y_side": trades.side,
        "y_weight": data.weight,
    }
    labels = pd.DataFrame(before, columns=list(BEFORE_FEATURES), index=range(len(data)))
    return pd.concat([labels, pd.DataFrame(data.x, columns=list(data.names))], axis=1)


def _stored(name: str) -> str:
    """Return the column of a fact of the row; no feature is called so."""
    return f"row.{name}"


def _column(data: Dataset, name: str) -> NDArray[Any]:
    owner = data if name in BY_ROW else data.trades
    column: NDArray[Any] = getattr(owner, name)
    return column


def _content(data: Dataset) -> str:
    rows = [_column(data, name) for name in ROW_COLUMNS]
    return digest(*rows, np.ascontiguousarray(data.x), data.sessions, data.trades.unknown)


def _moments(at_ns: Ints) -> NDArray[Any]:
    return np.char.add(np.datetime_as_string(at_ns.astype("datetime64[ns]"), unit="s"), "Z")


def _days(at_ns: Ints) -> NDArray[Any]:
    return np.datetime_as_string(at_ns.astype("datetime64[ns]"), unit="D")


@contextmanager
def _damage_named(path: Path, kinds: tuple[type[Exception], ...]) -> Iterator[None]:
    try:
        yield
    except kinds as e:
        raise DataError(
            f"{path.name}: this training set cannot be read ({e}). Delete the file and extract it "
            "again; the run and its bars hold all that it needs."
        ) from e
