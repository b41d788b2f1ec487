"""A refusal as a record: the parts of its message that a person or a program looks for."""

import re
from typing import Any

from alphamill.core.errors import MillError

# A file in brackets after the symbol, its notes left out, or at the very beginning.
_FILE = re.compile(r"\S+ \((?P<inner>.+?)(?: \[.*?\])?\): |(?P<outer>[^:]*[./][^:]*): ", re.DOTALL)
_ROW = re.compile(r"\brow (\d+)\b")
_COLUMN = re.compile(r"\bcolumn '([^']+)'")
_VALUE = re.compile(r"\breceived (.+?)(?: \(and \d+ more rows\))?\.?$", re.DOTALL)
_RULE = re.compile(r" \[([A-Za-z]\w*)\]$")
_END = re.compile(r"(?<=\.)\s+(?=[A-Z`])")
# A quoted value may hold anything; an apostrophe within a word opens no quote.
_QUOTED = re.compile(r"(?<!\w)'(?:[^'\\]|\\.)*'", re.DOTALL)


def record_of(error: MillError) -> dict[str, Any]:
    """Return class, message, rule, file, row, column, value and remedy of a refusal.

    Messages of this house have four parts in one order: where, what must hold, what came, what
    next. The record cuts them out; what a message does not say is None, and ``message`` is whole.

    Examples
    --------
    >>> from alphamill.core.errors import DataError
    >>> said = "a.csv: row 7, column 'close': must be a number, received 'x'. Correct the row."
    >>> record = record_of(DataError(said))
    >>> [record[part] for part in ("file", "row", "column", "value", "remedy")]
    ['a.csv', 7, 'close', "'x'", 'Correct the row.']
    """
    message = str(error)
    first, remedy = _cut(_RULE.sub("", message))
    file, row, column = _FILE.match(first), _ROW.search(first), _COLUMN.search(first)
    value, rule = _VALUE.search(first), _RULE.search(message)
    return {
        "error": type(error).__name__,
        "message": message,
        "rule": rule[1] if rule else None,
        "file": file["inner"] or file["outer"] if file else None,
        "row": int(row[1]) if row else None,
        "column": column[1] if column else None,
        "value": value[1] if value else None,
        "remedy": remedy,
    }


def _cut(message: str) -> tuple[str, str | None]:
    """Return the first sentence and what follows it."""
    end = _END.search(_QUOTED.sub(lambda quoted: "_" * len(quoted[0]), message))
    return (message[: end.start()], message[end.end() :]) if end else (message, None)
