"""A frozen bundle judged once on the window that no choice has seen."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from alphamill.core.clock import Clock
from alphamill.core.identity import digest
from alphamill.core.market import Floats
from alphamill.learning.bundle import Bundle, passes
from alphamill.learning.criteria import MetaVerdict, judged
from alphamill.learning.dataset import Dataset
from alphamill.learning.explain import Effect, shap_summary
from alphamill.learning.reliability import Reliability, reliability
from alphamill.learning.result_fields import Learned, finite, report_fields
from alphamill.learning.uplift import PathUplifts, Uplift, figures_of
from alphamill.learning.uplift_null import UpliftNull, uplift_null
from alphamill.research.metalabel.lesson import Lesson
from alphamill.research.metalabel.order import Order
from alphamill.research.metalabel.traded import Traded
from alphamill.workshop.files import append_line, locked

# Below this a curve of ten bins is chance.
FEWEST_SCORED = 100


@dataclass(frozen=True, eq=False)
class Validated:
    """What the validation window said.

    Attributes
    ----------
    verdict : MetaVerdict
    uplift : Uplift
    null : UpliftNull or None
        None where no signal could be scored.
    reliability : Reliability or None
        Of the scores in the validation window; None where they are too few.
    effects : tuple of Effect
    paths : PathUplifts
        Of the training window.
    n_signals, n_unknown : int
        Signals of the window, and those of them that had an unknown feature and were vetoed.
    n_looks : int
        Models of this winner that have looked at the window by now, this one included.
    """

    verdict: MetaVerdict
    uplift: Uplift
    null: UpliftNull | None
    reliability: Reliability | None
    effects: tuple[Effect, ...]
    paths: PathUplifts
    n_signals: int
    n_unknown: int
    n_looks: int


def validate(
    traded: Traded,
    data: Dataset,
    bundle: Bundle,
    paths: PathUplifts,
    order: Order,
    n_looks: int,
) -> Validated:
    """Return what a frozen model and threshold were worth in the validation window.

    Parameters
    ----------
    traded : Traded
        The winner on its bars up to the end of that window.
    data : Dataset
        Of the window, with the bundle's features.
    bundle : Bundle
    paths : PathUplifts
        Of the training window.
    order : Order
    n_looks : int
        See `looked`; the permutation's limit is divided by it.

    Notes
    -----
    A signal with an unknown feature is vetoed, as live. The rule alone follows every signal that
    has a label in the window.
    """
    scores = scores_of(bundle, data)
    run = traded.rerun(data.trades.decided)
    alone = run(np.ones(len(data), dtype=np.bool_))
    kept = run(passes(scores, bundle.threshold))
    uplift = Uplift(*(figures_of(result, data.first, data.last) for result in (alone, kept)))
    known = np.isfinite(scores)
    null = None
    if known.any():
        null = uplift_null(
            data.trades,
            scores,
            bundle.threshold,
            data.session,
            data.sessions,
            order.n_draws,
            np.random.default_rng(order.budget.seed),
        )
    limits = replace(order.limits, max_p=order.limits.max_p / n_looks)
    p_value = np.nan if null is None else null.p_sharpe
    effects: tuple[Effect, ...] = ()
    x = features_of(bundle, data)[known]
    if known.any():
        effects = tuple(shap_summary(bundle.model, x, bundle.features, seed=order.budget.seed))
    enough = int(known.sum()) >= FEWEST_SCORED
    return Validated(
        verdict=judged(uplift, p_value, paths.median_sharpe, limits),
        uplift=uplift,
        null=null,
        reliability=reliability(scores[known], data.y[known]) if enough else None,
        effects=effects,
        paths=paths,
        n_signals=len(data),
        n_unknown=int((~known).sum()),
        n_looks=n_looks,
    )


def features_of(bundle: Bundle, data: Dataset) -> Floats:
    """Return a bundle's columns of a dataset, in the model's order."""
    at = [data.names.index(name) for name in bundle.features]
    x: Floats = np.ascontiguousarray(data.x[:, at])
    return x


def scores_of(bundle: Bundle, data: Dataset) -> Floats:
    """Return what a bundle says of each signal; NaN where a feature is not known."""
    x = features_of(bundle, data)
    known = np.isfinite(x).all(axis=1)
    scores = np.full(len(data), np.nan)
    if known.any():
        scores[known] = bundle.model.predict_proba(x[known])[:, 1]
    return scores


def looked(path: Path, bundle: Bundle, data: Dataset, clock: Clock) -> int:
    """Log a model's look at its validation window and return how many models have looked by now.

    The same model at the same bars looks once, however often it is asked.
    """
    model = digest(
        bundle.identity.labels, bundle.threshold, bundle.replay.rows, bundle.replay.scores
    )
    who = data.primary
    key = f"{who.symbol} {who.timeframe} {who.strategy}"
    at = {"winner": key, "model": model, "first": data.first, "last": data.last}
    with locked(path.with_suffix(".lock")):
        log = _log(path)
        # Windows that share a day are the same window, looked at again.
        others = [
            look
            for look in log
            if look["winner"] == key and look["first"] <= data.last and look["last"] >= data.first
        ]
        models = list(dict.fromkeys(look["model"] for look in others))
        if model in models:
            return models.index(model) + 1
        append_line(path, json.dumps(at | {"at_ns": clock.now_ns()}))
        return len(models) + 1


def row_of(data: Dataset, bundle: Bundle, lesson: Lesson, found: Validated) -> dict[str, Any]:
    """Return a winner's row among the results, under the seeds' field names."""
    learned = Learned(lesson.cpcv_sharpe, lesson.deflated_sharpe, bundle.threshold, bundle.features)
    return report_fields(data.primary, found.verdict, found.uplift, learned)


def holdout_of(found: Validated) -> Mapping[str, Any]:
    """Return what the seeds' file says of the held-out window."""
    kept = found.uplift.filtered
    return {
        "Sharpe": kept.sharpe,
        "PF": finite(kept.profit_factor),
        "Trades": kept.n_trades,
        "Total_PnL_USD": kept.net_profit,
        "Max_Drawdown_USD": kept.max_drawdown,
        "Answer": found.verdict.answer,
    }


def _log(path: Path) -> Sequence[Mapping[str, Any]]:
    if not path.exists():
        return []
    # A torn last line was never answered.
    whole = path.read_bytes().rpartition(b"\n")[0].splitlines()
    return [json.loads(line) for line in whole]
