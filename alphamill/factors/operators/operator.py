"""What the table says about each operator of the expression language: a row of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from alphamill.core.market import Floats

Number = int | float
Kind = Literal["cell", "window", "section"]


@dataclass(frozen=True)
class Parameter:
    """A number of an operator: whole where ``default`` of its kind is, within [low, high].

    ``default`` None means that it must be given; ``follows`` names the parameter whose value is
    taken where none is given.
    """

    name: str
    low: Number
    high: Number = 100_000
    default: Number | None = None
    follows: str = ""
    is_whole: bool = True


@dataclass(frozen=True)
class Operator:
    """One word of the language.

    Attributes
    ----------
    name : str
        As written: ``ts_mean``.
    kind : "cell", "window" or "section"
        Reads its own cell, its symbol's last rows, or the members of its date.
    n_inputs : int
        Series it takes, before its parameters.
    function : callable
        (arrays, *numbers) -> float64 of the same shape. A window takes ``first_row`` besides, the
        place of the first row in the whole history.
    meaning : str
        For a reader of the table.
    parameters : tuple of Parameter
    rows_before : callable
        (numbers) -> how many rows before its own decide a value.
    symbol : str
        How it is written between its inputs, "" for a call.
    """

    name: str
    kind: Kind
    n_inputs: int
    function: Callable[..., Floats]
    meaning: str
    parameters: tuple[Parameter, ...] = ()
    rows_before: Callable[..., int] = lambda *numbers: 0
    symbol: str = ""
