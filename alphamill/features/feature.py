"""What the table says about each feature: a row of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alphamill.core.market import Bars, Floats
from alphamill.core.strategy import WHOLE_HISTORY

SPECIFICATION = "factory 4.3"
DERIVED = "factory 4.3, stationary form"
LEGACY = "factory 4.3, legacy"


@dataclass(frozen=True)
class Feature:
    """One number known at the close of each bar, and what a live feed must hold to know it.

    Attributes
    ----------
    name, family : str
    meaning : str
        What it says, with its unit, for a reader of the table.
    function : callable
        (bars, **params) -> float64 of shape (n_bars,). Pure; row t reads bars up to t. NaN where
        it is not known.
    params : mapping
        Numbers of ``function``.
    needs : tuple of str
        Columns of ``Bars`` it reads beside the closes and the calendar.
    n_bars : int
        Memory: as many last bars decide the last value, or ``WHOLE_HISTORY``.
    n_sessions : int
        Memory: as many last sessions, the present one counted, decide the last value, each with
        all its bars. The longer of both memories holds.
    fades : bool
        Whether older bars still weigh, below 1e-12 of the usual size, as in an exponential
        average; bars at rest do not count then.
    source : str
        Where the formula stands.
    on_request : bool
        True for a raw level of price or volume, which depends on the back-adjustment or on the
        year, and for what is twice the same.
    crosses : bool
        Whether other instruments' values are offered too, as ``<symbol>_<name>``.
    """

    name: str
    family: str
    meaning: str
    function: Callable[..., Floats]
    params: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    n_bars: int = 1
    n_sessions: int = 0
    fades: bool = False
    source: str = SPECIFICATION
    on_request: bool = False
    crosses: bool = False

    def column(self, bars: Bars) -> Floats:
        """Return the feature at each bar, shape (n_bars,)."""
        return self.function(bars, **self.params)

    @property
    def memory(self) -> str:
        """Return the memory as a reader wants it."""
        if self.n_bars == WHOLE_HISTORY:
            return "whole history"
        parts = [f"{self.n_bars:,} bar{'' if self.n_bars == 1 else 's'}"]
        if self.n_sessions:
            whole = f"{self.n_sessions} session{'' if self.n_sessions == 1 else 's'}"
            parts = [whole] if self.n_bars == 1 else [*parts, whole]
        return " and ".join(parts) + (", fading" if self.fades else "")
