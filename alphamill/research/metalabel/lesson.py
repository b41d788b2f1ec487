"""What a search taught about one winner, on disk beside its bundle."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Floats, Ints
from alphamill.learning.search import Trial
from alphamill.learning.uplift import Span
from alphamill.workshop.files import write_atomic

LEARNED: Final = "learned.json"
OUT_OF_FOLD: Final = "out_of_fold.npz"
ARRAYS: Final = ("decided", "at", "scores", "selected", "threshold")


@dataclass(frozen=True, eq=False)
class Lesson:
    """A finished search.

    Attributes
    ----------
    identity : str
        Of the training set, of what was asked and of the code: another one is another lesson.
    trials : tuple of Trial
    best : int
        Place of the chosen one.
    cpcv_sharpe, deflated_sharpe : float
        Annual Sharpe ratio of the rule under the out-of-fold vetoes, marked to market, mean over
        the paths; and the probability that the middle path's is more than luck.
    n_trials : int
        By which it was deflated: cells of the sweeps and settings of this search.
    n_signals, n_independent : float
        Signals with a label, and the sum of their uniqueness: about so many independent labels.
    left_out : mapping of str to str
        Features that were not offered, and why.
    spans : tuple of (first, last)
        Trade dates of the groups of the splits.
    decided : int64 of shape (n_signals,)
        Bar at whose close each signal of the training set was decided.
    at : int64 of shape (n_rows,)
        Those of them that were learned from.
    scores, selected : float64, bool of shape (n_paths, n_rows)
        Out of fold, and which of them reached their split's threshold.
    threshold : float64 of shape (n_outer,)
        Of each split.
    """

    identity: str
    trials: tuple[Trial, ...]
    best: int
    cpcv_sharpe: float
    deflated_sharpe: float
    n_trials: int
    n_signals: int
    n_independent: float
    left_out: Mapping[str, str]
    spans: tuple[Span, ...]
    decided: Ints
    at: Ints
    scores: Floats
    selected: Flags
    threshold: Floats

    @property
    def keeps(self) -> Flags:
        """Return each path's vetoes on all signals; one with an unknown feature is vetoed."""
        out = np.zeros((len(self.selected), self.decided.size), dtype=np.bool_)
        out[:, self.at] = self.selected
        return out


def write_lesson(lesson: Lesson, folder: Path) -> None:
    """Write a lesson; the JSON comes last, so that it never speaks of arrays that are not there."""
    out = BytesIO()
    arrays = {name: getattr(lesson, name) for name in ARRAYS}
    np.savez_compressed(out, allow_pickle=False, **arrays)
    write_atomic(folder / OUT_OF_FOLD, out.getvalue())
    told = {name: value for name, value in vars(lesson).items() if name not in ARRAYS}
    told |= {
        "trials": [asdict(trial) for trial in lesson.trials],
        "left_out": dict(lesson.left_out),
    }
    write_atomic(folder / LEARNED, json.dumps(told, indent=1) + "\n")


def read_lesson(folder: Path) -> Lesson:
    """Return the lesson in a winner's folder.

    Raises
    ------
    DataError
        When there is none, or it is damaged.
    """
    try:
        told = json.loads((folder / LEARNED).read_bytes())
        with np.load(folder / OUT_OF_FOLD, allow_pickle=False) as held:
            arrays = {name: held[name] for name in ARRAYS}
        trials = tuple(Trial(**trial) for trial in told.pop("trials"))
        spans = tuple((int(first), int(last)) for first, last in told.pop("spans"))
        return Lesson(trials=trials, spans=spans, **told, **arrays)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as e:
        raise DataError(
            f"{folder.name}: there is no lesson that can be read ({e}). Run `alphamill meta train` "
            "again; what its search has tried is kept."
        ) from e
