"""Models, labels and splits as subjects of the audit, a user's own among them."""

import linecache
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from inspect import isgenerator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Bars, Flags, Ints
from alphamill.research.audit_rows import Labelled, RowsGround, made_up_trades
from alphamill.research.audits import BarsGround, crossing_grounds
from alphamill.strategies.contract_markets import short_markets
from alphamill.validation.audit import audit
from alphamill.validation.audit_columns import differing, named_columns
from alphamill.validation.audit_line import Line, files_of
from alphamill.validation.audit_subject import QUICK, Effort, Finding, Kind, Report, Subject

Folds = Iterable[tuple[Ints, Ints]]


def model_subject(
    function: Callable[[Labelled], Any],
    table: Labelled | None = None,
    kind: Kind = "model",
    name: str = "",
) -> Subject:
    """Return what gives each row of a training table a score, a weight or a feature.

    Parameters
    ----------
    function : callable
        `Labelled` -> one row a decision: an array, or a tuple or mapping of them. The row of a
        decision may read what was known when it was made: features of rows up to its own, and
        labels of trades that had ended.
    table : Labelled, optional
        Rows to try it on; made-up trades otherwise.
    kind : Kind
        What it is called in the report.
    name : str
        The function's own otherwise.
    """
    rows = made_up_trades() if table is None else table
    return Subject(
        kind=kind,
        name=name or function.__name__,
        call=function,
        grounds=(RowsGround(rows), RowsGround(rows, is_sharp=False)),
        files=files_of(function),
    )


def label_subject(function: Callable[[Bars], Any], n_bars: int, name: str = "") -> Subject:
    """Return what labels each bar by at most ``n_bars`` bars after it.

    Parameters
    ----------
    function : callable
        `Bars` -> one row a bar, NaN where the label is not known.
    n_bars : int
        Bars after its own that a label may read: purge by no fewer.
    name : str
        The function's own otherwise.
    """
    return Subject(
        kind="label",
        name=name or function.__name__,
        call=lambda series: function(series[0]),
        grounds=tuple(BarsGround((bars,)) for bars in short_markets()),
        files=files_of(function),
        reads_ahead=n_bars,
    )


def beside_subject(function: Callable[[Bars, Bars], Any], name: str = "") -> Subject:
    """Return a feature of two instruments: (own bars, the other's bars) -> one row an own bar."""
    return Subject(
        kind="feature",
        name=name or function.__name__,
        call=lambda series: function(*series),
        grounds=crossing_grounds(),
        files=files_of(function),
    )


# --- splits ------------------------------------------------------------------------------------


class _Split(NamedTuple):
    train: Ints
    test: Ints
    line: Line | None


def split_report(
    function: Callable[[Labelled], Folds], table: Labelled | None = None, name: str = ""
) -> Report:
    """Return whether a splitter trains on labels that its tests share.

    Parameters
    ----------
    function : callable
        `Labelled` -> (rows to train on, rows to test on) of each split, as scikit-learn's splitters
        give them. Of a generator the line of the ``yield`` is shown, else that of the ``return``.
    table : Labelled, optional
        Made-up trades otherwise.
    name : str
        The function's own otherwise.

    Returns
    -------
    Report
        One finding, at the first split that shows it, where the interval from ``start`` to ``end``
        of a training row meets that of a test row, both ends included.

    Raises
    ------
    DataError
        When there is no split.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, section 7.4.
    """
    rows = made_up_trades() if table is None else table
    ground = RowsGround(rows)
    subject = Subject("model", name or function.__name__, function, (ground,), files_of(function))
    n_tried = n_hits = n_compared = 0
    first: tuple[int, int, Line | None] | None = None
    for split in _splits(subject, rows):
        n_tried += 1
        n_compared += split.train.size
        shared = split.train[meeting(rows, split.train, split.test)]
        n_hits += shared.size > 0
        if shared.size and first is None:
            i = int(shared[0])
            meets = (rows.start[split.test] <= rows.end[i]) & (
                rows.end[split.test] >= rows.start[i]
            )
            first = i, int(split.test[meets][0]), split.line
    if not n_tried:
        raise DataError(f"{subject.name} must give splits, received none. Yield (train, test).")
    if first is None:
        return Report(subject, (), (), n_compared, ())
    i, j, line = first
    said = (
        f"row {i} is trained on and row {j} is tested, and their labels share bars: what came of "
        "the one tells of the other"
    )
    found = Finding(
        "purge", "splits", ground.name, i, int(rows.start[i]), n_hits, n_tried, said, line
    )
    return Report(subject, (found,), (), n_compared, ())


def meeting(table: Labelled, train: Ints, test: Ints) -> Flags:
    """Return which training rows have a label interval that meets that of a test row."""
    if not test.size:
        return np.zeros(train.size, dtype=np.bool_)
    order = test[np.argsort(table.start[test], kind="stable")]
    latest = np.maximum.accumulate(table.end[order])
    # Of the tests that begin before a training row ends, the one that lasts longest.
    place = np.searchsorted(table.start[order], table.end[train], side="right") - 1
    out: Flags = (place >= 0) & (latest[place] >= table.start[train])
    return out


def _splits(subject: Subject, rows: Labelled) -> Iterator[_Split]:
    seen = _LastLine(subject.files)
    before = sys.gettrace()
    sys.settrace(seen.entered)
    try:
        given = subject.call(rows)
        if not isgenerator(given):
            given = list(given)
    finally:
        sys.settrace(before)
    for train, test in given:
        line = seen.line
        frame = given.gi_frame if isgenerator(given) else None
        if frame is not None and frame.f_code.co_filename in subject.files:
            line = _line_at(frame)
        yield _Split(_places(train), _places(test), line)


def _places(rows: Any) -> Ints:
    chosen = np.asarray(rows)
    return np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen.astype(np.int64)


class _LastLine:
    """Remembers the last line of some files that ran: of a function that ended, its return."""

    def __init__(self, files: frozenset[str]) -> None:
        self.files = files
        self.line: Line | None = None

    def entered(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self.followed if frame.f_code.co_filename in self.files else None

    def followed(self, frame: FrameType, event: str, arg: Any) -> Any:
        self.line = _line_at(frame)
        return self.followed


def _line_at(frame: FrameType) -> Line:
    file, number = frame.f_code.co_filename, frame.f_lineno
    return Line(Path(file).name, number, linecache.getline(file, number).strip(), "splits")


# --- out-of-fold scores ------------------------------------------------------------------------


def out_of_fold_report(
    function: Callable[[Labelled], Any],
    table: Labelled | None = None,
    effort: Effort | None = None,
    name: str = "",
) -> Report:
    """Return whether scores of cross-validation know labels that share bars with their own.

    A model may be trained on later trades there, but on none that was open together with the one it
    scores, nor on that one. The labels of all such trades are mirrored, and the score must stay, to
    the last bit.

    Parameters
    ----------
    function : callable
        `Labelled` -> the score of each row by a model that was not trained on it: an array, or a
        tuple or mapping of them.
    table : Labelled, optional
        Made-up trades otherwise.
    effort : Effort, optional
        As many rows are tried as it has cuts; they lie all over the table.
    name : str
        The function's own otherwise.

    Returns
    -------
    Report
        One finding a column at most, without a line: what trains is the splitter (`split_report`).
    """
    rows = made_up_trades() if table is None else table
    ground = RowsGround(rows)
    subject = Subject("model", name or function.__name__, function, (ground,), files_of(function))
    whole = named_columns(function(rows), len(rows))
    asked = np.unique(
        np.linspace(0, len(rows) - 1, (effort or Effort()).n_cuts).round().astype(np.int64)
    )
    hits: dict[str, list[int]] = {name: [] for name in whole}
    for row in asked.tolist():
        other = named_columns(function(_mirrored(rows, row)), len(rows))
        for column, before in whole.items():
            at = slice(row, row + 1)
            hits[column] += [row] if differing(before[at], other[column][at]).any() else []
    found = tuple(
        Finding(
            "overlap",
            column,
            ground.name,
            at[0],
            int(rows.start[at[0]]),
            len(at),
            asked.size,
            "the score changes with the labels of trades that were open together with this one",
        )
        for column, at in hits.items()
        if at
    )
    return Report(subject, found, (), asked.size * len(whole), ())


def _mirrored(table: Labelled, row: int) -> Labelled:
    """Return the table with other outcomes wherever the label interval meets that of ``row``."""
    meets = (table.start <= table.end[row]) & (table.end >= table.start[row])
    y = np.where(meets, np.nanmin(table.y) + np.nanmax(table.y) - table.y, table.y)
    return replace(table, y=y, returns=np.where(meets, -table.returns, table.returns))


# --- quick checks of the planted pairs ---------------------------------------------------------


def quick_model(function: Callable[[Labelled], Any]) -> Report:
    """Return the quick audit of a model on made-up trades."""
    return audit(model_subject(function), QUICK)


def quick_feature(function: Callable[[Labelled], Any]) -> Report:
    """Return the quick audit of features of a decision on made-up trades."""
    return audit(model_subject(function, kind="feature"), QUICK)


def quick_beside(function: Callable[[Bars, Bars], Any]) -> Report:
    """Return the quick audit of a feature of two instruments, on twice as many grounds."""
    return audit(beside_subject(function), replace(QUICK, n_cuts=QUICK.n_cuts // 2))
