"""A user's Python file as subjects: its strategies, and its functions of bar columns."""

from collections.abc import Iterator
from functools import partial
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Final

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Bars, bar_columns
from alphamill.core.strategy import Strategy
from alphamill.research.audits import column_grounds, strategy_subjects
from alphamill.strategies import user
from alphamill.validation.audit_line import files_of
from alphamill.validation.audit_subject import Subject

# What a function may ask for beside single columns: all of them, as bars or as a pandas frame.
BARS: Final = "bars"
FRAMES: Final = ("frame", "df")
MEMORY: Final = "MEMORY"


def file_subjects(path: Path, quick: bool = False) -> tuple[Subject, ...]:
    """Return everything in a file that can be audited.

    Its strategies are found as ``alphamill strategy check`` finds them. A function is audited
    when it is defined in the file at its top level, its name has no leading underscore, and each
    argument without a default is the name of a bar column (``close``, ``high``, ...), ``bars``
    (`Bars`), or ``frame`` or ``df`` (a pandas frame of the columns by the time of their close). It
    returns one row a bar. A mapping ``MEMORY`` may say after how many bars each forgets.

    Raises
    ------
    SettingsError
        When the file cannot be read or run, or holds neither.
    """
    variables = vars(user.module_of(path))
    strategies: tuple[Strategy, ...] = ()
    if user.LISTED in variables or any(isinstance(x, Strategy) for x in variables.values()):
        strategies = user.load(path)
    taken = {id(f) for s in strategies for f in (s.rule, s.warmup, s.canonical)}
    functions = [
        (name, value)
        for name, value in variables.items()
        if not name.startswith("_") and id(value) not in taken and _is_auditable(value, path)
    ]
    if not strategies and not functions:
        raise SettingsError(
            f"{path.name} holds no strategy, and no function whose arguments are names of bar "
            f"columns, {BARS!r} or {FRAMES[0]!r}. Name them so: def indicator(close, high): ..."
        )
    memory = variables.get(MEMORY, {})
    found = [subject for s in strategies for subject in strategy_subjects(s, quick)]
    found += [_function_subject(name, value, memory.get(name)) for name, value in functions]
    return tuple(found)


def _is_auditable(value: Any, path: Path) -> bool:
    if not callable(value) or isinstance(value, type) or files_of(value) != {str(path)}:
        return False
    parameters = signature(value).parameters.values()
    given = [p for p in parameters if p.default is Parameter.empty]
    known = {*bar_columns(), BARS, *FRAMES}
    return bool(given) and all(
        p.name in known and p.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        for p in given
    )


def _function_subject(name: str, function: Any, memory: int | None) -> Subject:
    parameters = signature(function).parameters.values()
    asked = tuple(p.name for p in parameters if p.default is Parameter.empty)
    return Subject(
        kind="feature",
        name=name,
        call=partial(_called, function, asked),
        grounds=column_grounds(False),
        files=files_of(function),
        memory=memory,
        long_grounds=column_grounds(True),
    )


def _called(function: Any, asked: tuple[str, ...], columns: dict[str, Any]) -> Any:
    return function(**dict(_arguments(asked, columns)))


def _arguments(asked: tuple[str, ...], columns: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    whole = {name: columns[name] for name in bar_columns()}
    for name in asked:
        if name == BARS:
            yield name, Bars("AUDIT", "15m" if np.ptp(columns["minute"]) else "1d", **whole)
        elif name in FRAMES:
            yield name, _frame(whole)
        else:
            yield name, columns[name]


def _frame(columns: dict[str, Any]) -> Any:
    import pandas as pd

    stamps = pd.DatetimeIndex(columns["close_ns"], tz="UTC", name="close")
    return pd.DataFrame({k: v for k, v in columns.items() if k != "close_ns"}, index=stamps)
