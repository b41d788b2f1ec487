"""What a function returned, as named columns that can be cut and compared row by row."""

from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Floats

Column = NDArray[Any]


def named_columns(said: Any, n_rows: int) -> dict[str, Column]:
    """Return every column of what a function returned, each with ``n_rows`` rows.

    Parameters
    ----------
    said : array, table, or a mapping, tuple or named tuple of them
        NumPy arrays of one or two dimensions and pandas series and frames; None is passed over.
        A column of a table is called ``name[i]`` or by its own name.
    n_rows : int

    Raises
    ------
    DataError
        When there is no column, or one has another number of rows.

    Examples
    --------
    >>> {name: x.tolist() for name, x in named_columns({"a": np.eye(2)}, 2).items()}
    {'a[0]': [1.0, 0.0], 'a[1]': [0.0, 1.0]}
    """
    found = dict(flattened(said))
    if not found:
        raise DataError(
            f"a function must return columns of {n_rows} rows, received {type(said).__name__}. "
            "Return an array, a table, or a tuple or mapping of arrays."
        )
    for name, column in found.items():
        if column.shape[0] != n_rows:
            raise DataError(
                f"{name} must have one row a bar ({n_rows}), received {column.shape[0]}. "
                "Return one row for every bar, unknown ones as NaN."
            )
    return found


def flattened(value: Any, name: str = "", depth: int = 3) -> Iterator[tuple[str, Column]]:
    """Yield name and column of every array in ``value``; what is no array is passed over.

    Mappings and tuples are opened ``depth`` deep: a mapping may hold itself.
    """
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        value = dict(zip(value._fields, value, strict=True))
    if isinstance(value, Mapping):
        for key, part in value.items() if depth else ():
            yield from flattened(part, f"{name}.{key}" if name else str(key), depth - 1)
    elif isinstance(value, list) and value and all(np.isscalar(item) for item in value):
        yield name or "value", np.asarray(value)
    elif isinstance(value, (tuple, list)):
        for i, part in enumerate(value) if depth else ():
            yield from flattened(part, f"{name or 'value'}[{i}]", depth - 1)
    else:
        yield from _of_table(value, name)


def differing(some: Column, other: Column, rtol: float = 0.0) -> Flags:
    """Return the rows at which two columns of one length say something else.

    NaN equals NaN; ``rtol`` 0 asks for equality to the last bit.

    Examples
    --------
    >>> differing(np.array([1.0, np.nan, 2.0]), np.array([1.0, np.nan, 2.5])).tolist()
    [False, False, True]
    """
    if some.dtype.kind in "mM" and other.dtype.kind in "mM":
        return np.asarray(some.astype(np.int64) != other.astype(np.int64), dtype=np.bool_)
    if some.dtype.kind not in "biuf" or other.dtype.kind not in "biuf":
        return np.array([not _same(a, b) for a, b in zip(some, other, strict=True)], dtype=np.bool_)
    if some.dtype.kind in "biu" and other.dtype.kind in "biu":
        return np.asarray(some != other, dtype=np.bool_)
    a, b = some.astype(np.float64), other.astype(np.float64)
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    if rtol:
        # Infinity is near to nothing but itself.
        a, b = np.where(np.isfinite(a), a, np.nan), np.where(np.isfinite(b), b, np.nan)
        equal |= np.abs(a - b) <= rtol * np.maximum(np.abs(a), np.abs(b))
    return np.asarray(~equal, dtype=np.bool_)


def as_numbers(column: Column) -> Floats:
    """Return a column as float64; of text and other things, a number that names each.

    The number depends on nothing but the thing, so that two histories give it the same one.
    """
    try:
        return column.astype(np.float64)
    except (TypeError, ValueError):
        return np.array([crc32(repr(item).encode()) for item in column], dtype=np.float64)


def _of_table(value: Any, name: str) -> Iterator[tuple[str, Column]]:
    if isinstance(value, np.ndarray) and value.ndim == 1:
        yield name or "value", value
    elif isinstance(value, np.ndarray) and value.ndim == 2:
        yield from ((f"{name or 'value'}[{i}]", value[:, i]) for i in range(value.shape[1]))
    elif hasattr(value, "iloc") and not hasattr(value, "columns"):
        yield name or "value", value.to_numpy()
    elif hasattr(value, "iloc"):
        # A pandas table is walked by place: two columns may have one name.
        for i, key in enumerate(value.columns):
            yield f"{name}.{key}" if name else str(key), value.iloc[:, i].to_numpy()


def _same(a: Any, b: Any) -> bool:
    try:
        # NaN and NaT are the only things that do not equal themselves.
        return bool(a is b or a == b or (a != a and b != b))
    except (TypeError, ValueError):
        # pandas' NA and arrays within arrays have no truth.
        return repr(a) == repr(b)
