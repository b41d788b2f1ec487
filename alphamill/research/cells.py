"""The stored form of a sweep's cells: one Parquet part a task, one row a cell."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from alphamill.backtest.exits import ExitStack
from alphamill.backtest.lanes import TALLY
from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import canonical_json, digest
from alphamill.core.market import Floats
from alphamill.core.params import Value
from alphamill.research.outcome import Failure
from alphamill.validation.maximum import Maximum, merged
from alphamill.validation.statistics import sharpe_from_sums
from alphamill.workshop.files import write_parquet_atomic

# The column of a cell's statistic in the luck test.
SKILL = "skill_t"


@dataclass(frozen=True)
class Part:
    """The cells of some parameter sets of one strategy on one instrument.

    Rows run over ``params``, and for each over ``stacks``. ``blocks`` has shape
    (n_cells, n_blocks, 2): sum and sum of squares of session P&L; ``entries`` has shape
    (n_cells, n_blocks). ``others`` names the other series that the rule read, by role; ``failed``
    holds the parameter sets that have no cells because the rule raised; ``luck`` is what the cells
    show beside luck, where that was asked.
    """

    symbol: str
    strategy: str
    params: tuple[Mapping[str, Value], ...]
    stacks: tuple[ExitStack, ...]
    cells: NDArray[Any]
    blocks: Floats
    entries: NDArray[np.int32]
    others: Mapping[str, str] = field(default_factory=dict)
    failed: tuple[Failure, ...] = ()
    luck: Maximum | None = None

    def cell(self, row: int) -> dict[str, Value | None]:
        """Return all that tells one cell from the others: parameters, other series, exits."""
        params, stack = self.params_of(row)
        return {**params, **self.others, **stack.as_params()}

    def params_of(self, row: int) -> tuple[Mapping[str, Value], ExitStack]:
        """Return the parameter set and the exit stack of one cell."""
        which, stack = divmod(row, len(self.stacks))
        return self.params[which], self.stacks[stack]


def joined(parts: Sequence[Part]) -> Part:
    """Return the parts of one candidate as one, in their order."""
    # A part all of whose sets failed knows no stacks.
    first = next((part for part in parts if part.params), parts[0])
    return Part(
        first.symbol,
        first.strategy,
        tuple(params for part in parts for params in part.params),
        first.stacks,
        np.concatenate([part.cells for part in parts]),
        np.concatenate([part.blocks for part in parts]),
        np.concatenate([part.entries for part in parts]),
        first.others,
        tuple(failure for part in parts for failure in part.failed),
        merged([part.luck for part in parts if part.luck]) if first.luck else None,
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
            [text for p in part.params for text in [canonical_json(dict(p))] * n_stacks]
        ),
        "exits_json": pa.array([_exits_json(stack) for stack in part.stacks] * len(part.params)),
    }
    for name in TALLY.names or ():
        columns[name] = _array(part.cells[name])
    columns["block_sum"] = _array(part.blocks[:, :, 0])
    columns["block_sum_of_squares"] = _array(part.blocks[:, :, 1])
    columns["block_entries"] = _array(part.entries)
    meta = {
        "symbol": part.symbol,
        "strategy": part.strategy,
        "others": canonical_json(dict(part.others)),
        "failed": canonical_json([asdict(failure) for failure in part.failed]),
    }
    if part.luck:
        columns[SKILL] = _array(part.luck.statistic)
        meta["luckiest"] = base64.b64encode(part.luck.largest.astype("<f4").tobytes()).decode()
    # Parquet's checksums cover the pages only: neither this nor how many rows there are.
    meta["n_cells"] = str(part.cells.size)
    meta["content"] = digest(part.cells, part.blocks, part.entries)
    meta["digest"] = digest(meta)
    write_parquet_atomic(path, pa.table(columns).replace_schema_metadata(meta))


def read_part(path: Path) -> Part:
    """Return a part as it was written.

    Raises
    ------
    DataError
        When the file is damaged.
    """
    with _damage_named(path):
        table = pq.read_table(path, page_checksum_verification=True)
        meta = _meta(table.schema)
        n_cells = table.num_rows
        cells = np.zeros(n_cells, dtype=TALLY)
        for name in TALLY.names or ():
            cells[name] = _matrix(table, name, n_cells)
        blocks = np.stack(
            [_matrix(table, f"block_{name}", n_cells) for name in ("sum", "sum_of_squares")], axis=2
        )
        entries = _matrix(table, "block_entries", n_cells).astype(np.int32)
        if meta["content"] != digest(cells, blocks, entries):
            raise ValueError("its cells do not have their digest")
        stacks, params = _unrolled(table)
        return Part(
            meta["symbol"],
            meta["strategy"],
            params,
            stacks,
            cells,
            blocks,
            entries,
            json.loads(meta["others"]),
            _failed(meta),
            _luck(table, meta),
        )


def read_luck(path: Path) -> Maximum | None:
    """Return what a stored part's cells show beside luck, without reading the rest of them."""
    with _damage_named(path):
        schema = pq.read_schema(path)
        if SKILL not in schema.names:
            return None
        column = pq.read_table(path, columns=[SKILL], page_checksum_verification=True)
        return _luck(column, _meta(schema))


def read_failed(path: Path) -> tuple[Failure, ...]:
    """Return the parameter sets of a stored part that failed, without reading its cells."""
    with _damage_named(path):
        return _failed(_meta(pq.read_schema(path)))


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, KeyError, ValueError, TypeError, pa.ArrowException, SettingsError) as e:
        raise DataError(
            f"{path.name}: this stored part of a sweep cannot be read ({e}). Delete the file and "
            "run the sweep again; only its cells are computed anew."
        ) from e


def _meta(schema: pa.Schema) -> dict[str, str]:
    meta = {k.decode(): v.decode() for k, v in (schema.metadata or {}).items()}
    if meta.pop("digest") != digest(meta):
        raise ValueError("its metadata do not have their digest")
    return meta


def _failed(meta: Mapping[str, str]) -> tuple[Failure, ...]:
    return tuple(Failure(**failure) for failure in json.loads(meta["failed"]))


def _luck(table: pa.Table, meta: Mapping[str, str]) -> Maximum | None:
    if SKILL not in table.column_names:
        return None
    if table.num_rows != int(meta["n_cells"]):
        raise ValueError(f"it has {table.num_rows} of {meta['n_cells']} cells")
    largest = np.frombuffer(base64.b64decode(meta["luckiest"]), dtype="<f4")
    return Maximum(_matrix(table, SKILL, table.num_rows), largest.astype(np.float64))


def _unrolled(
    table: pa.Table,
) -> tuple[tuple[ExitStack, ...], tuple[Mapping[str, Value], ...]]:
    exits, params = table["exits_json"].to_pylist(), table["params_json"].to_pylist()
    if not params:
        return (), ()
    n_stacks = next((k for k, p in enumerate(params) if p != params[0]), len(params))
    stacks = tuple(ExitStack.from_params(json.loads(text)) for text in exits[:n_stacks])
    return stacks, tuple(json.loads(text) for text in params[::n_stacks])


@lru_cache(maxsize=1_024)
def _exits_json(stack: ExitStack) -> str:
    # Every part of a sweep has the same stacks.
    return canonical_json(stack.as_params())


def _array(values: NDArray[Any]) -> pa.Array:
    if values.ndim == 1:
        return pa.array(np.ascontiguousarray(values))
    flat = pa.array(np.ascontiguousarray(values).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _matrix(table: pa.Table, name: str, n_cells: int) -> NDArray[Any]:
    column = table[name].combine_chunks()
    if pa.types.is_fixed_size_list(column.type):
        flat = column.flatten().to_numpy(zero_copy_only=False)
        return flat.reshape(n_cells, column.type.list_size)  # type: ignore[no-any-return]
    return column.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
