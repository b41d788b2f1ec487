"""The stored form of a sweep's cells: one Parquet part a task, one row a cell."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from alphamill.backtest.exits import ExitStack
from alphamill.backtest.lanes import TALLY
from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import canonical_json
from alphamill.core.market import Floats
from alphamill.core.params import Value
from alphamill.validation.statistics import sharpe_from_sums
from alphamill.workshop.files import write_parquet_atomic


@dataclass(frozen=True)
class Part:
    """The cells of some parameter sets of one strategy on one instrument.

    Rows run over ``params``, and for each over ``stacks``. ``blocks`` has shape
    (n_cells, n_blocks, 2): sum and sum of squares of session P&L; ``entries`` has shape
    (n_cells, n_blocks).
    """

    symbol: str
    strategy: str
    params: tuple[Mapping[str, Value], ...]
    stacks: tuple[ExitStack, ...]
    cells: NDArray[Any]
    blocks: Floats
    entries: NDArray[np.int32]

    def params_of(self, row: int) -> tuple[Mapping[str, Value], ExitStack]:
        """Return the parameter set and the exit stack of one cell."""
        which, stack = divmod(row, len(self.stacks))
        return self.params[which], self.stacks[stack]


def joined(parts: Sequence[Part]) -> Part:
    """Return the parts of one candidate as one, in their order."""
    first = parts[0]
    return Part(
        first.symbol,
        first.strategy,
        tuple(params for part in parts for params in part.params),
        first.stacks,
        np.concatenate([part.cells for part in parts]),
        np.concatenate([part.blocks for part in parts]),
        np.concatenate([part.entries for part in parts]),
    )


def in_sample(part: Part, n_sessions: int, per_year: float) -> Floats:
    """Return each cell's annualised Sharpe over all its sessions, shape (n_cells,)."""
    total, squares = part.blocks.sum(axis=1).T
    return sharpe_from_sums(total, squares, n_sessions, per_year)


def write_part(path: Path, part: Part) -> None:
    """Write a part; equal parts are equal bytes."""
    n_stacks = len(part.stacks)
    columns: dict[str, pa.Array] = {
        "params_json": pa.array(
            [canonical_json(dict(p)) for p in part.params for _ in range(n_stacks)]
        ),
        "exits_json": pa.array(
            [canonical_json(s.as_params()) for s in part.stacks] * len(part.params)
        ),
    }
    for name in TALLY.names or ():
        columns[name] = _array(part.cells[name])
    columns["block_sum"] = _array(part.blocks[:, :, 0])
    columns["block_sum_of_squares"] = _array(part.blocks[:, :, 1])
    columns["block_entries"] = _array(part.entries)
    table = pa.table(columns)
    write_parquet_atomic(
        path, table.replace_schema_metadata({"symbol": part.symbol, "strategy": part.strategy})
    )


def read_part(path: Path) -> Part:
    """Return a part as it was written.

    Raises
    ------
    DataError
        When the file is damaged.
    """
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        meta = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
        n_cells = table.num_rows
        cells = np.zeros(n_cells, dtype=TALLY)
        for name in TALLY.names or ():
            cells[name] = _matrix(table, name, n_cells)
        blocks = np.stack(
            [_matrix(table, f"block_{name}", n_cells) for name in ("sum", "sum_of_squares")], axis=2
        )
        stacks, params = _unrolled(table)
        return Part(
            meta["symbol"],
            meta["strategy"],
            params,
            stacks,
            cells,
            blocks,
            _matrix(table, "block_entries", n_cells).astype(np.int32),
        )
    except (OSError, KeyError, ValueError, pa.ArrowException, SettingsError) as e:
        raise DataError(
            f"{path.name}: this stored part of a sweep cannot be read ({e}). Delete the file and "
            "run the sweep again; only its cells are computed anew."
        ) from e


def _unrolled(
    table: pa.Table,
) -> tuple[tuple[ExitStack, ...], tuple[Mapping[str, Value], ...]]:
    exits, params = table["exits_json"].to_pylist(), table["params_json"].to_pylist()
    n_stacks = next((k for k, p in enumerate(params) if p != params[0]), len(params))
    stacks = tuple(ExitStack.from_params(json.loads(text)) for text in exits[:n_stacks])
    return stacks, tuple(json.loads(text) for text in params[::n_stacks])


def _array(values: NDArray[Any]) -> pa.Array:
    if values.ndim == 1:
        return pa.array(np.ascontiguousarray(values))
    flat = pa.array(np.ascontiguousarray(values).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _matrix(table: pa.Table, name: str, n_cells: int) -> NDArray[Any]:
    column = table[name].combine_chunks()
    if pa.types.is_fixed_size_list(column.type):
        return column.flatten().to_numpy(zero_copy_only=False).reshape(n_cells, -1)  # type: ignore[no-any-return]
    return column.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
