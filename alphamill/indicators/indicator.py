"""What the library says about each of its functions: a row of the table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import getdoc, signature
from typing import Any

from numpy.typing import NDArray

from alphamill.core.strategy import WHOLE_HISTORY

Column = NDArray[Any]


@dataclass(frozen=True)
class Indicator:
    """One public function: what it reads, how much of the past, and who else says the same.

    Attributes
    ----------
    family : str
        The heading it stands under.
    function : callable
        Pure; arrays and parameters in, an array or a named tuple of arrays of one length out.
    inputs : tuple of str
        The columns it reads, in the order of its arguments: those of ``Bars``; ``other``, a
        second series of the same bars; ``flag``, a column of bool; ``lag``, one of whole numbers.
    params : mapping
        Customary values of its other arguments.
    memory : callable
        Parameters -> bars after which the last row no longer depends on older ones, or
        ``WHOLE_HISTORY``.
    fades : bool
        Whether older bars still weigh beyond the memory, below 1e-12, as in an exponential
        average. Bars at rest do not count then: an index of two averages that shrink together
        keeps its value.
    oracle : str
        The independent source that a test compares it with.
    """

    family: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]
    params: Mapping[str, Any]
    memory: Callable[[Mapping[str, Any]], int]
    oracle: str
    fades: bool = False

    @property
    def name(self) -> str:
        """Return the function's name."""
        return str(self.function.__name__)

    @property
    def summary(self) -> str:
        """Return the first sentence of the function's documentation, without its marks."""
        first = (getdoc(self.function) or "").split("\n\n")[0]
        return first.replace("\n", " ").replace("``", "")

    def values(self, columns: Mapping[str, Column], **params: Any) -> tuple[Column, ...]:
        """Return all columns the function returns, of ``params`` over the customary ones."""
        given = {**self.params, **params}
        arrays = [name for name in signature(self.function).parameters if name not in given]
        read = (columns[name] for name in self.inputs)
        said = self.function(**given, **dict(zip(arrays, read, strict=False)))
        return said if isinstance(said, tuple) else (said,)


def always(n_bars: int) -> Callable[[Mapping[str, Any]], int]:
    """Return a memory that no parameter changes."""
    return lambda _: n_bars


def n_bars(more: int = 0) -> Callable[[Mapping[str, Any]], int]:
    """Return the memory of a window of ``n_bars`` and as many bars more."""
    return lambda p: int(p["n_bars"]) + more


def spans(times: int, more: int = 0) -> Callable[[Mapping[str, Any]], int]:
    """Return the memory of averages that forget within ``times`` their ``n_bars``."""
    return lambda p: times * int(p["n_bars"]) + more


whole_history = always(WHOLE_HISTORY)
