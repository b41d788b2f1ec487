"""From a winner's training set to its frozen bundle, and the lesson of the search behind it."""

import math
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

import alphamill
from alphamill.backtest.metrics import periods_per_year
from alphamill.core.clock import Clock
from alphamill.core.identity import digest, source_digest
from alphamill.features.identity import definition_hash
from alphamill.learning.bundle import Bundle, Identity, replay_of
from alphamill.learning.bundle_files import load_model_bundle, save_bundle
from alphamill.learning.dataset import Dataset
from alphamill.learning.fits import Fits
from alphamill.learning.folds import DAY_NS, folds_of
from alphamill.learning.frozen import frozen
from alphamill.learning.judge import Judge
from alphamill.learning.reliability import reliability
from alphamill.learning.result_fields import enhanced_name, finite
from alphamill.learning.rows import TooFewError, rows_of
from alphamill.learning.search import Found, Trial, search
from alphamill.learning.space import Setting
from alphamill.learning.uplift import Figures, PathUplifts, cpcv_uplifts, group_spans
from alphamill.research.metalabel.lesson import LEARNED, Lesson, read_lesson, write_lesson
from alphamill.research.metalabel.order import Order
from alphamill.research.metalabel.primary import Chosen
from alphamill.research.metalabel.traded import Traded
from alphamill.validation.ledger import Ledger, Stacks, TrialSet
from alphamill.validation.statistics import NORMAL, moments
from alphamill.validation.trials import deflated_by_luck
from alphamill.workshop.parallel import Executor
from alphamill.workshop.progress import Progress

# What decides a model, beside the rooms that decide a cell.
ROOMS: Final = ("features", "learning", "validation")
LIBRARIES: Final = ("numpy", "numba", "optuna", "lightgbm", "scipy")


class NothingKeptError(TooFewError):
    """No setting kept enough trades; ``trials`` are those that were tried."""

    def __init__(self, message: str, trials: tuple[Trial, ...]) -> None:
        super().__init__(message)
        self.trials = trials


@dataclass(frozen=True)
class Desk:
    """What training is done with: order, files, clock, threads and who watches."""

    order: Order
    folder: Path
    clock: Clock
    work: Executor
    progress: Progress


def train(traded: Traded, data: Dataset, n_cells: int, desk: Desk) -> tuple[Lesson, Bundle]:
    """Return the bundle of a winner and what its search taught; both are on disk then.

    A lesson of this very training set, order and code is not learned again.

    Parameters
    ----------
    traded : Traded
        The winner on the bars of its discovery window.
    data : Dataset
        Of that window.
    n_cells : int
        Cells that were ever run: what was tried before any model was.
    desk : Desk

    Raises
    ------
    TooFewError
        When there is not enough to learn from, or no setting keeps enough trades.
    """
    order, folder = desk.order, desk.folder
    identity = identity_of(data, order)
    if (folder / LEARNED).exists() and (old := read_lesson(folder)).identity == identity:
        return old, load_model_bundle(data.primary.symbol, folder)
    rows = rows_of(data)
    folds = folds_of(rows, order.embargo_days)
    fits = Fits.of(rows, folds, order.n_features, order.budget.seed, desk.work)
    found = search(
        Judge(rows, folds, fits), order.budget, folder / f"{identity[:12]}.journal", desk.progress
    )
    if found.setting is None:
        raise NothingKeptError(
            f"{data.primary.symbol} {data.primary.strategy}: none of {len(found.trials)} models "
            "kept enough trades. Trade the rule as it is.",
            found.trials,
        )
    lesson, middle = _lesson(traded, data, fits, found, n_cells, identity)
    bundle = _bundle(data, fits, lesson, found.setting, middle, desk)
    save_bundle(bundle, folder)
    write_lesson(lesson, folder)
    return lesson, bundle


def identity_of(data: Dataset, order: Order) -> str:
    """Return the identity of a lesson: of its data, of what is asked, and of the code."""
    root = Path(alphamill.__file__).parent
    code = source_digest(*(root / room for room in ROOMS))
    own = data.bars_hash, data.features_hash, data.labels_hash
    return digest(*own, order.learning_hash, code)


def paths_of(traded: Traded, lesson: Lesson) -> PathUplifts:
    """Return what each path's vetoes add to the rule on its training window."""
    return cpcv_uplifts(traded.rerun(lesson.decided), lesson.keeps, lesson.spans)


def trial_sets(who: Chosen, trials: tuple[Trial, ...]) -> tuple[TrialSet, ...]:
    """Return the settings that were tried as the ledger takes them."""
    params, stack = who.cell
    ground, again = who.again.ground, who.again
    root = Path(alphamill.__file__).parent
    code = source_digest(*(root / room for room in ROOMS))[:16]
    return tuple(
        TrialSet(
            who.candidate.symbol,
            who.candidate.timeframe,
            int(ground.sessions[0]),
            int(ground.sessions[-1]),
            enhanced_name(who.candidate.strategy_name),
            {**params, "model": {"family": trial.family, **trial.params}},
            Stacks([stack.as_params()]),
            again.plan.sides,
            code,
            again.folder.name,
        )
        for trial in trials
    )


def cells_ever(ledger: Ledger) -> int:
    """Return how many cells were ever run, the trials of models left out."""
    model = enhanced_name("")
    counts = ledger.totals("strategy")
    return sum(count.trials for count in counts if not count.name.endswith(model))


def _lesson(
    traded: Traded, data: Dataset, fits: Fits, found: Found, n_cells: int, identity: str
) -> tuple[Lesson, Figures]:
    """Return the lesson, and what the rule made under the vetoes of its middle path."""
    rows, folds, judged = fits.rows, fits.folds, found.judged
    assert judged is not None
    assert found.best is not None
    session = traded.bars.session
    lesson = Lesson(
        identity=identity,
        trials=found.trials,
        best=found.trials.index(found.best),
        cpcv_sharpe=0.0,
        deflated_sharpe=0.0,
        n_trials=n_cells + len({(t.family, str(t.params)) for t in found.trials}),
        n_signals=len(data),
        n_independent=float(data.weight.sum()),
        left_out=rows.left_out,
        spans=group_spans(session[rows.trades.decided], folds.edges, data.sessions),
        decided=data.trades.decided,
        at=rows.at,
        scores=judged.scores,
        selected=judged.selected,
        threshold=judged.thresholds,
    )
    paths = paths_of(traded, lesson).paths
    middle = sorted(paths, key=lambda path: path.sharpe)[(len(paths) - 1) // 2]
    told = replace(
        lesson,
        cpcv_sharpe=float(np.mean([path.sharpe for path in paths])),
        deflated_sharpe=_deflated(middle, lesson.n_trials),
    )
    return told, middle


def _deflated(path: Figures, n_trials: int) -> float:
    per_period = path.sharpe / math.sqrt(periods_per_year(path.sessions))
    shape = moments(path.daily) if path.daily.std() else NORMAL
    return deflated_by_luck(per_period, path.daily.size, n_trials, shape)


def _bundle(
    data: Dataset,
    fits: Fits,
    lesson: Lesson,
    setting: Setting,
    middle: Figures,
    desk: Desk,
) -> Bundle:
    final, best, order = frozen(fits, setting), lesson.trials[lesson.best], desk.order
    features = tuple(fits.rows.names[k] for k in final.columns)
    cv_plan = digest(fits.rows.start_ns, fits.rows.end_ns, fits.folds.edges, order.embargo_days)
    now = desk.clock.now_ns()
    reliable = reliability(lesson.scores.mean(axis=0), fits.rows.y)
    return Bundle(
        symbol=data.primary.symbol,
        strategy=data.primary.strategy,
        model=final.model,
        features=features,
        threshold=best.threshold,
        identity=Identity(
            bars=data.bars_hash,
            features=definition_hash(features),
            labels=data.labels_hash,
            cv_plan=cv_plan,
            n_trials=lesson.n_trials,
            threshold_origin=f"median of those of {len(lesson.threshold)} splits, each chosen on "
            "rows that its split trained on",
            windows={"train": (data.first, data.last)},
            expires_ns=now + order.expires_days * DAY_NS,
            versions={name: version(name) for name in LIBRARIES},
            calibrated=reliable.is_calibrated,
        ),
        replay=replay_of(final.x, final.scores),
        metadata={
            "Sharpe": lesson.cpcv_sharpe,
            "Deflated_Sharpe": lesson.deflated_sharpe,
            "Profit_Factor": finite(middle.profit_factor),
            "Trades": middle.n_trades,
            "Params": dict(best.params),
            "Score_Metric": "Sharpe",
            "Family": best.family,
            "Cell": dict(data.primary.params),
            "Strategy_Id": data.primary.strategy_id,
            "Timeframe": data.primary.timeframe,
            "Holdout": None,
        },
    )
