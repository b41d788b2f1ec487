"""What every engine is given, in plain arrays: an engine's process imports nothing else of ours."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

CASH = 1e9


class Script(NamedTuple):
    """Prices and what is decided at each close; long, one unit, no costs.

    ``enter`` and ``leave`` have shape (n_bars,), or (n_bars, n_cells) for an engine that takes many
    at once. Distances are measured from the deciding close; None is no such exit.
    """

    close_ns: NDArray[np.int64]
    session: NDArray[np.int64]  # trade date as yyyymmdd
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    enter: NDArray[np.bool_]
    leave: NDArray[np.bool_]
    stop_distance: NDArray[np.float64] | None
    target_distance: NDArray[np.float64] | None

    def head(self, n_bars: int) -> "Script":
        """Return the first bars."""
        return Script(*(None if column is None else column[:n_bars] for column in self))


class Done(NamedTuple):
    """Closed trades by the bars they filled in, in order of entry; ``told`` is what else came."""

    entered: NDArray[np.int64]
    left: NDArray[np.int64]
    entry: NDArray[np.float64]
    exit: NDArray[np.float64]
    told: Any


def frame_of(script: Script, names: tuple[str, ...]) -> Any:
    """Return the prices as a data frame of time with columns of these names."""
    import pandas as pd

    columns = (script.open, script.high, script.low, script.close)
    return pd.DataFrame(dict(zip(names, columns, strict=True)), pd.to_datetime(script.close_ns))
