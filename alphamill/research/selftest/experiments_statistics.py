"""K6, K7, K8, K16, K17 and the probabilistic Sharpe ratio of K4: statistics without a market."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from alphamill.core.market import Floats
from alphamill.research.selftest.experiments import (
    Experiment,
    Judged,
    Record,
    Repeats,
    generator,
    share,
    sized,
    slack,
)
from alphamill.validation.bootstrap import (
    block_length,
    sharpe_interval,
    stationary_weights,
    studentised_mean,
)
from alphamill.validation.discovery import discoveries
from alphamill.validation.overfitting import probability_of_overfitting
from alphamill.validation.statistics import (
    deflated_sharpe,
    moments,
    probabilistic_sharpe,
    sharpe_from_sums,
)
from alphamill.validation.trials import deflated_by_luck
from alphamill.validation.walk import BlockSums

A_YEAR = 252.0
LEVEL = 0.05


def one_psr(number: int) -> Record:
    """Return whether one noise series, chosen beforehand, has a probabilistic ratio above 95 %."""
    x = generator("K4-psr", number).standard_t(4, 1_260)
    ratio = float(_per_period(x[:, None])[0])
    return [float(probabilistic_sharpe(ratio, x.size, 0.0, moments(x)) > 1.0 - LEVEL)]


def judge_psr(records: Sequence[Record], whole: bool) -> Judged:
    hits = int(np.sum(records))
    return sized(hits, len(records), whole, " noise series pass", exact=True)


def one_dsr(number: int) -> Record:
    """Return whether the best of 100 noise trials is recognised, by the trials' variance or luck's.

    1,260 sessions, that is 5 years, of independent normal returns.
    """
    x = generator("K6", number).standard_normal((1_260, 100))
    ratio = _per_period(x)
    best = int(np.argmax(ratio))
    shape, n_trials = moments(x[:, best]), ratio.size
    told = (
        deflated_sharpe(ratio[best], len(x), n_trials, float(ratio.var(ddof=1)), shape),
        deflated_by_luck(ratio[best], len(x), n_trials, shape),
    )
    return [float(p > 0.95) for p in told]


def judge_dsr(records: Sequence[Record], whole: bool) -> Judged:
    # 5 of 2,000 leaves no room for the one pass that chance may bring in a short run.
    most = 5.0 if whole else max(1.0, 5.0 / 2_000.0 * len(records))
    hits = int(np.max(np.sum(records, axis=0)))
    return share(hits, len(records), most=most / len(records), what=" best of 100 pass")


def one_pbo(number: int) -> Record:
    """Return the PBO of 50 noise cells over 1,000 sessions in 10 groups."""
    x = generator("K7", number).standard_normal((1_000, 50))
    parts = x.reshape(10, 100, 50)
    sums = BlockSums(
        parts.sum(axis=1).T,
        np.square(parts).sum(axis=1).T,
        np.ones((50, 10), dtype=np.int64),
        np.full(10, 100, dtype=np.int64),
        A_YEAR,
    )
    return [probability_of_overfitting(sums, 10).pbo]


def judge_pbo(records: Sequence[Record], whole: bool) -> Judged:
    found = np.ravel(records)
    mean, deviation = float(found.mean()), float(found.std(ddof=1))
    # The deviation of PBO on noise, and of a sample deviation of it, are those of specs C4.
    near = 0.04 + slack(0.161, found.size, 200)
    wide = slack(0.161 / math.sqrt(2.0), found.size, 200)
    told = f"mean {mean:.3f}, deviation {deviation:.3f} over {found.size} matrices"
    held = abs(mean - 0.5) <= near and 0.12 - wide <= deviation <= 0.20 + wide
    return Judged(mean, told, held)


def one_fdr(number: int) -> Record:
    """Return the share of false ones among the discoveries, of 900 nulls and 100 true (z = 3)."""
    z = generator("K8", number).standard_normal(1_000)
    z[900:] += 3.0
    found = discoveries(ndtr(-z), LEVEL)
    return [float(found[:900].sum()) / max(int(found.sum()), 1), float(found[900:].mean())]


def judge_fdr(records: Sequence[Record], whole: bool) -> Judged:
    false, true = np.mean(records, axis=0)
    bound = 0.055 + slack(0.03, len(records), 500)
    told = f"{false:.2%} of the discoveries false, {true:.0%} of the true found"
    # A test that finds nothing is never wrong: with z = 3 a good half is found.
    return Judged(float(false), told, bool(false <= bound and true > 0.4))


def one_studentised(number: int) -> Record:
    """Return which tests of a mean of 0 reject: studentised, then random signs, on each shape."""
    rng = generator("K16", number)
    found = []
    for n in (30, 200):
        for trades in (_small_wins(rng, n), -_small_wins(rng, n)):
            found.append(float(studentised_mean(trades, rng, 999).p_value <= LEVEL))
            found.append(float(_random_signs(trades, rng) <= LEVEL))
    return found


def judge_studentised(records: Sequence[Record], whole: bool) -> Judged:
    hits = np.sum(records, axis=0).astype(int)
    n = len(records)
    kept, refused = hits[::2], hits[1::2]
    # Rare wins make the test conservative: there only the upper bound is asked.
    each = [sized(int(h), n, whole, exact=k % 2 == 0) for k, h in enumerate(kept)]
    worst = max(each, key=lambda judged: abs(judged.figure - LEVEL))
    told = (
        f"sizes {', '.join(f'{h / n:.1%}' for h in kept)} (30 and 200 trades, rare losses and rare "
        f"wins); random signs {', '.join(f'{h / n:.1%}' for h in refused)}"
    )
    signs_fail = not all(sized(int(h), n, whole, exact=True).passed for h in refused)
    return Judged(
        worst.figure, told, all(judged.passed for judged in each) and signs_fail, worst.interval
    )


def one_coverage(number: int) -> Record:
    """Return whether the 90 % interval holds the true ratio of 1: iid, AR(1) of 0.2, Student t4."""
    rng = generator("K17", number)
    noise = rng.standard_normal((2, 1_260))
    kinds = (noise[0], _autoregressive(noise[1], 0.2), rng.standard_t(4, 1_260) / math.sqrt(2.0))
    found = []
    for x in kinds:
        pnl = x + 1.0 / math.sqrt(A_YEAR)
        weights = stationary_weights(pnl.size, 500, block_length(pnl), rng)
        low, high = sharpe_interval(pnl, weights, A_YEAR, 0.90)
        found.append(float(low <= 1.0 <= high))
    return found


def judge_coverage(records: Sequence[Record], whole: bool) -> Judged:
    n = len(records)
    covered = np.mean(records, axis=0)
    give = slack(0.3, n, 1_000)
    told = ", ".join(
        f"{name} {c:.1%}" for name, c in zip(("iid", "AR 0.2", "t4"), covered, strict=True)
    )
    worst = float(covered[np.argmax(np.abs(covered - 0.9))])
    held = bool(np.all((covered >= 0.86 - give) & (covered <= 0.94 + give)))
    return Judged(worst, f"{told} of {n:,} intervals", held)


def _per_period(x: Floats) -> Floats:
    return sharpe_from_sums(x.sum(axis=0), np.square(x).sum(axis=0), len(x), 1.0)


def _small_wins(rng: np.random.Generator, n: int) -> Floats:
    """Return trades of mean 0: nine of ten win 1, one of ten loses 9, with some noise."""
    return np.where(rng.random(n) < 0.1, -9.0, 1.0) + 0.3 * rng.standard_normal(n)


def _random_signs(trades: Floats, rng: np.random.Generator, n_draws: int = 999) -> float:
    """Return the p-value of random signs: the test that is not offered, and fails here."""
    signs = rng.choice([-1.0, 1.0], (n_draws, trades.size))
    reached = np.count_nonzero(signs @ trades >= trades.sum() - 1e-12)
    return float(1 + reached) / (1 + n_draws)


def _autoregressive(shock: Floats, phi: float) -> Floats:
    """Return an AR(1) of variance 1, begun in its stationary law."""
    out = shock * math.sqrt(1.0 - phi**2)
    out[0] = shock[0]
    for t in range(1, out.size):
        out[t] += phi * out[t - 1]
    return out


PSR = Experiment(
    "K4-psr",
    "probabilistic Sharpe ratio of one noise series, t4",
    "3.3 to 6.6 % pass 0.95",
    Repeats(400, 2_000, 5_000),
    one_psr,
    judge_psr,
    200,
)
STATISTICS = (
    Experiment(
        "K6",
        "deflated Sharpe ratio of the best of 100 noise trials",
        "at most 5 of 2,000 pass 0.95",
        Repeats(200, 2_000, 2_000),
        one_dsr,
        judge_dsr,
        100,
    ),
    Experiment(
        "K7",
        "PBO of 50 noise cells",
        "mean 0.46 to 0.54, deviation 0.12 to 0.20",
        Repeats(20, 200, 200),
        one_pbo,
        judge_pbo,
        20,
    ),
    Experiment(
        "K8",
        "Benjamini-Hochberg on 900 nulls and 100 true",
        "at most 5.5 % of the discoveries false",
        Repeats(100, 500, 500),
        one_fdr,
        judge_fdr,
        100,
    ),
)
BOOTSTRAPS = (
    Experiment(
        "K16",
        "studentised bootstrap of skewed trades",
        "size 3.3 to 6.6 % (rare wins: at most 6.6 %), random signs outside",
        Repeats(100, 400, 1_000),
        one_studentised,
        judge_studentised,
        50,
    ),
    Experiment(
        "K17",
        "coverage of the 90 % interval of a Sharpe ratio",
        "86 to 94 %",
        Repeats(20, 100, 1_000),
        one_coverage,
        judge_coverage,
        20,
    ),
)
