"""K13 and K18: what meta-labelling makes of noise, of an edge it can find, and of its scores."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from alphamill.core.clock import ReplayClock
from alphamill.learning import linear
from alphamill.learning.bundle import passes
from alphamill.learning.forest import Growth, Learner, binned, grown
from alphamill.learning.reliability import calibration_error
from alphamill.learning.search import Budget
from alphamill.research.metalabel.order import Order
from alphamill.research.metalabel.train import Desk, paths_of, train
from alphamill.research.metalabel.validate import scores_of, validate
from alphamill.research.selftest.experiments import Experiment, Judged, Record, Repeats, share
from alphamill.research.selftest.meta_market import (
    FIRST,
    LAST,
    LAST_TRAINED,
    NAMES,
    STRENGTH,
    before,
    meta_market,
    rows_between,
)
from alphamill.workshop.parallel import Threads
from alphamill.workshop.progress import Silent

# The specification's bound for a true rate of 5 %, of 1,000 runs at 99 %.
MOST_ACCEPTED: Final = 0.066
LEAST_FOUND: Final = 0.80
REDUCED: Final = Order(
    budget=Budget(n_random=8, n_bayes=8, families=("forest", "logistic")),
    names=NAMES,
    n_features=8,
    n_draws=199,
)
FULL: Final = replace(REDUCED, budget=Budget(families=("forest", "logistic")))
# Planted markets are others than the noise markets.
PLANTED_FROM: Final = 500_000


def one_winner(order: Order, strength: float, number: int) -> Record:
    """Return the Sharpe ratio gained, whether the model was accepted, and how well it chose.

    The last two numbers are the share of kept signals that are worth it, and that of all signals.
    """
    market = meta_market(number, strength)
    seen = before(market, LAST_TRAINED)
    data = rows_between(seen, FIRST, LAST_TRAINED)
    order = replace(order, budget=replace(order.budget, seed=number))
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(order, Path(folder), ReplayClock(0), Threads(1), Silent())
        lesson, bundle = train(seen, data, 0, desk)
    judging = rows_between(market.traded, LAST_TRAINED + 1, LAST)
    found = validate(market.traded, judging, bundle, paths_of(seen, lesson), order, 1)
    kept = passes(scores_of(bundle, judging), bundle.threshold)
    worth = market.worth[judging.trades.decided]
    right = float(worth[kept].mean()) if kept.any() else float(worth.mean())
    return [found.uplift.sharpe, float(found.verdict.enhanced), right, float(worth.mean())]


def one_planted(number: int) -> Record:
    """Return the same of a winner whose good signals can be told."""
    return one_winner(REDUCED, STRENGTH, PLANTED_FROM + number)


def judge_noise(records: Sequence[Record], whole: bool) -> Judged:
    gains, accepted = np.array(records)[:, 0], int(np.sum(np.array(records)[:, 1]))
    n = len(records)
    error = float(gains.std(ddof=1) / np.sqrt(n)) if n > 1 else np.inf
    told = share(accepted, n, most=MOST_ACCEPTED, what="accepted")
    fair = abs(float(gains.mean())) <= 2.0 * error
    words = f"Sharpe gained {gains.mean():+.3f} (standard error {error:.3f}); {told.told}"
    return Judged(float(gains.mean()), words, fair and bool(told.passed), told.interval)


def judge_planted(records: Sequence[Record], whole: bool) -> Judged:
    each = np.array(records)
    told = share(int(each[:, 1].sum()), len(records), least=LEAST_FOUND, what="found")
    right, usual = each[:, 2].mean(), each[:, 3].mean()
    words = f"{told.told}; {right:.0%} of the kept signals are worth it, {usual:.0%} of all"
    # Half the signals are worth it: a filter that finds them keeps hardly any other.
    return Judged(told.figure, words, bool(told.passed) and right >= 0.8, told.interval)


N_LOGIT: Final = 20_000
MOST_ERROR: Final = 0.03


def one_calibration(number: int) -> Record:
    """Return the calibration errors of logistic regression and forest on fresh logit data."""
    rng = np.random.default_rng((18, number))
    x = rng.standard_normal((2 * N_LOGIT, 6))
    p = 1.0 / (1.0 + np.exp(-(0.8 * x[:, 0] - 0.5 * x[:, 1] + 0.2)))
    y = (rng.random(2 * N_LOGIT) < p).astype(np.int64)
    weight, seen, fresh = np.ones(2 * N_LOGIT), slice(0, N_LOGIT), np.arange(N_LOGIT, 2 * N_LOGIT)
    plain = linear.fitted(x[seen], y[seen].astype(np.float64), weight[seen], linear.Logistic(1.0))
    learner = Learner(y, weight, Growth(0.5, 50, 0.8, balanced=False), number)
    forest = grown(binned(x), learner, np.arange(N_LOGIT), np.arange(6), 100, None)
    return [
        calibration_error(model.predict_proba(x[fresh])[:, 1], y[fresh])
        for model in (plain, forest)
    ]


def judge_calibration(records: Sequence[Record], whole: bool) -> Judged:
    plain, forest = np.mean(records, axis=0)
    words = f"expected calibration error {plain:.4f} (logistic), {forest:.4f} (forest)"
    return Judged(float(max(plain, forest)), words, bool(max(plain, forest) <= MOST_ERROR))


META: Final = (
    Experiment(
        "K13",
        "meta-labelling on noise primaries",
        f"mean gain within 2 standard errors of 0; accepted in at most {MOST_ACCEPTED:.1%}",
        Repeats(0, 20, 200),
        one=partial(one_winner, REDUCED, 0.0),
        judge=judge_noise,
    ),
    Experiment(
        "K13-full",
        "the same with all 420 trials of forests",
        f"mean gain within 2 standard errors of 0; accepted in at most {MOST_ACCEPTED:.1%}",
        Repeats(0, 0, 20),
        one=partial(one_winner, FULL, 0.0),
        judge=judge_noise,
    ),
    Experiment(
        "K13-planted",
        "meta-labelling on a planted conditional edge",
        f"found in at least {LEAST_FOUND:.0%}, keeping the planted signals",
        Repeats(0, 10, 40),
        one=one_planted,
        judge=judge_planted,
    ),
)
CALIBRATION: Final = Experiment(
    "K18",
    "calibration of predicted probabilities",
    f"expected calibration error at most {MOST_ERROR}",
    Repeats(1, 2, 5),
    one=one_calibration,
    judge=judge_calibration,
)
