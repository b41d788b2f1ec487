"""Expressions over a panel: each shared part once, in bounded memory, the same digits however cut.

What reads its own symbol only is computed for a few symbols at a time, so that everything between
the fields and the results stays in the processor's cache. What compares symbols is computed for all
of them and some dates at a time, with as many dates before as its windows need.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Floats
from alphamill.factors.expression import Expression
from alphamill.factors.operators.operator import Operator
from alphamill.factors.panel import Panel

# Cells of one series of one strip: half a megabyte, of which some fit the second cache.
STRIP_CELLS: Final = 65_536
CAP_BYTES: Final = 1_000_000_000
FEWEST_ROWS: Final = 64
# Series that an operator may need while it works: masked inputs, an order, its result.
SCRATCH: Final = 4


@dataclass(frozen=True)
class Plan:
    """Expressions in an order in which each one's inputs come first, each text once."""

    steps: tuple[Expression, ...]
    wanted: tuple[Expression, ...]

    @property
    def rows_before(self) -> int:
        return max((e.rows_before for e in self.wanted), default=0)

    @property
    def fields(self) -> frozenset[str]:
        return frozenset().union(*(e.fields for e in self.wanted))

    @property
    def uses(self) -> Counter[str]:
        """Return how often each part is still needed before anything is computed."""
        counted = Counter(part.text for step in self.steps for part in step.inputs)
        counted.update(e.text for e in self.wanted)
        return counted

    @property
    def most_held(self) -> int:
        """Return how many series exist at once at the fullest moment."""
        left, held, most = self.uses, 0, 0
        for step in self.steps:
            held += 1
            most = max(most, held)
            for part in step.inputs:
                left[part.text] -= 1
                held -= left[part.text] == 0
        return most


def plan(expressions: Iterable[Expression]) -> Plan:
    """Return the order of computation of several expressions."""
    wanted = tuple(dict.fromkeys(expressions))
    steps: dict[str, Expression] = {}

    def visit(e: Expression) -> None:
        if e.text not in steps:
            for part in e.inputs:
                visit(part)
            steps[e.text] = e

    for e in wanted:
        visit(e)
    return Plan(tuple(steps.values()), wanted)


def compute(
    panel: Panel,
    expressions: Mapping[str, Expression],
    *,
    out: Mapping[str, Floats] | None = None,
    cap_bytes: int = CAP_BYTES,
) -> dict[str, Floats]:
    """Return each expression at each date and symbol.

    Parameters
    ----------
    panel : Panel
    expressions : mapping
        Name -> expression.
    out : mapping, optional
        Name -> array of shape (n_dates, n_symbols) to fill, a mapped file for example; new arrays
        otherwise.
    cap_bytes : int
        Memory for what lies between fields and results. At least `FEWEST_ROWS` dates are computed
        at a time, whatever it says.

    Returns
    -------
    dict
        Name -> float64 of shape (n_dates, n_symbols). NaN where not known and where the symbol was
        not a member. Row t reads rows up to t; the digits depend on neither ``cap_bytes`` nor on
        what else is computed.

    Raises
    ------
    SettingsError
        For a field that the panel does not have.
    """
    _require_fields(panel, expressions)
    results = {name: _place(panel, out, name) for name in expressions}
    for reads_section in (False, True):
        group = {n: e for n, e in expressions.items() if e.reads_section == reads_section}
        if group:
            whole = plan(group.values())
            targets: dict[str, list[Floats]] = {}
            for name, e in group.items():
                targets.setdefault(e.text, []).append(results[name])
            (_by_dates if reads_section else _by_symbols)(panel, whole, targets, cap_bytes)
    return results


Targets = Mapping[str, Sequence[Floats]]


def _by_symbols(panel: Panel, whole: Plan, targets: Targets, cap_bytes: int) -> None:
    n_dates, n_symbols = panel.shape
    fits = cap_bytes // (8 * max(n_dates, 1) * (whole.most_held + SCRATCH))
    width = int(np.clip(STRIP_CELLS // max(n_dates, 1), 8, max(fits, 8)))
    for first in range(0, n_symbols, width):
        columns = slice(first, min(first + width, n_symbols))
        fields = {name: panel.fields[name][:, columns] for name in whole.fields}
        outside = ~panel.member[:, columns]
        is_whole = not outside.any()
        for text, value in _run(whole, fields, None, 0).items():
            for target in targets[text]:
                target[:, columns] = value if is_whole else np.where(outside, np.nan, value)


def _by_dates(panel: Panel, whole: Plan, targets: Targets, cap_bytes: int) -> None:
    n_dates, n_symbols = panel.shape
    fits = cap_bytes // (8 * max(n_symbols, 1) * (whole.most_held + SCRATCH))
    step = max(fits - whole.rows_before, FEWEST_ROWS)
    for first in range(0, n_dates, step):
        start, stop = max(first - whole.rows_before, 0), min(first + step, n_dates)
        fields = {name: panel.fields[name][start:stop] for name in whole.fields}
        outside = ~panel.member[start:stop]
        for text, value in _run(whole, fields, outside, start).items():
            known = np.where(outside, np.nan, value)[first - start :]
            for target in targets[text]:
                target[first:stop] = known


def _run(
    whole: Plan, fields: Mapping[str, Floats], outside: Any, first_row: int
) -> dict[str, Floats]:
    """Return the wanted values of one block; whatever is not needed any more is let go."""
    left = whole.uses
    values: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        for step in whole.steps:
            values[step.text] = _value(step, values, fields, outside, first_row)
            for part in step.inputs:
                left[part.text] -= 1
                if not left[part.text]:
                    del values[part.text]
    return {e.text: values[e.text] for e in whole.wanted}


def _value(
    step: Expression,
    values: Mapping[str, Any],
    fields: Mapping[str, Floats],
    outside: Any,
    first_row: int,
) -> Any:
    if isinstance(step.head, str):
        return np.ascontiguousarray(fields[step.head], dtype=np.float64)
    if not isinstance(step.head, Operator):
        return np.float64(step.head)
    inputs = [values[part.text] for part in step.inputs]
    if step.head.kind == "window":
        return step.head.function(*inputs, *step.numbers, first_row=first_row)
    if step.head.kind == "section":
        inputs = [np.where(outside, np.nan, x) for x in inputs]
    return step.head.function(*inputs, *step.numbers)


def _place(panel: Panel, out: Mapping[str, Floats] | None, name: str) -> Floats:
    if out is None:
        return np.empty(panel.shape)
    if name not in out or out[name].shape != panel.shape:
        held = {key: array.shape for key, array in out.items()}
        raise SettingsError(
            f"out must have an array of shape {panel.shape} for {name!r}, received {held}."
        )
    return out[name]


def _require_fields(panel: Panel, expressions: Mapping[str, Expression]) -> None:
    for name, e in expressions.items():
        absent = sorted(e.fields - set(panel.fields))
        if absent:
            raise SettingsError(
                f"factor {name!r} reads {absent}, which the panel {panel.universe} does not have; "
                f"it has {sorted(panel.fields)}. Add the field, or leave the factor out."
            )
        if not e.fields:
            raise SettingsError(f"factor {name!r} must read a field, received {e.text!r}.")
