"""What commands say: answers on standard output, everything else on standard error."""

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

PIPE_COLUMNS = 160


def answer(payload: Any, as_json: bool, show: Callable[[], Any]) -> None:
    """Print ``payload`` as JSON, or what ``show`` makes of it for a reader."""
    if as_json:
        sys.stdout.write(json.dumps(plain(payload), indent=2, allow_nan=False) + "\n")
        return
    shown_as = show()
    if isinstance(shown_as, str):
        sys.stdout.write(shown_as + "\n")
        return
    from rich.console import Console

    # A pipe has no width; the default of 80 columns would cut the tables.
    width = None if sys.stdout.isatty() else PIPE_COLUMNS
    Console(width=width, highlight=False, soft_wrap=False).print(shown_as)


def note(text: str) -> None:
    """Say ``text`` on standard error, out of the way of the answer."""
    sys.stderr.write(text + "\n")


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Any:
    """Return a table for a reader; numbers to the right."""
    from rich import box
    from rich.console import Group
    from rich.table import Table

    body = [list(row) for row in rows]
    names = list(columns)
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, show_header=any(names))
    for i, column in enumerate(names):
        numbers = bool(body) and all(isinstance(row[i], (int, float)) for row in body)
        drawn.add_column(column, justify="right" if numbers else "left", overflow="fold")
    for row in body:
        drawn.add_row(*(shown(value) for value in row))
    return Group(title, *([drawn] if body else []))


def shown(value: Any) -> str:
    """Return ``value`` as a reader wants it.

    Examples
    --------
    >>> shown(1234.567), shown(0.01234), shown(float("nan")), shown(None)
    ('1,234.57', '0.0123', '-', '-')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it; a number that is not finite becomes null.

    Examples
    --------
    >>> from pathlib import Path
    >>> plain({"a": (1, float("nan")), "b": frozenset({"x"})})
    {'a': [1, None], 'b': ['x']}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return plain(sorted(value))
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
