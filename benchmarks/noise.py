"""How long it takes to try the bare engine on noise: whole searches, re-run on permuted markets.

A market is 1,000 daily bars, the search 45 moving-average crosses on both sides; it is made again
on 99 permuted markets, and all its cells stand a test of superior ability with 300 draws. It is the
self-test's experiment K4 and nothing beside it.
"""

import statistics

import numpy as np

from alphamill.research.selftest.experiments_search import (
    N_BARS,
    N_DRAWS,
    N_PERMUTED,
    crosses,
    one_search,
)
from alphamill.research.selftest.runner import Chunk, run_chunk
from alphamill.validation.bootstrap import stationary_weights
from alphamill.validation.maximum import chunk_maximum
from alphamill.validation.superior import superior_ability
from alphamill.workshop.parallel import executor
from benchmarks.measure import Findings, timed

GROUP = "noise"
MARKETS_A_TASK = 4
# One instrument of the whole sweep: its cells, fifteen years of sessions, draws; a task's cells.
CELLS, SESSIONS, DRAWS, CELLS_A_TASK = 31_980, 3_900, 1_000, 320
# What `arch` is compared on: it takes a minute for more.
FEW_MODELS, FEW_SESSIONS, FEW_DRAWS, MEAN_BLOCK = 500, 2_500, 1_000, 10.0


def measure_noise(findings: Findings, n_markets: int, n_repeats: int, n_workers: int) -> None:
    """Measure the wall seconds of so many markets on so many processes, which are started before.

    How often the two tests reject is said beside the figure: a fast answer must be the right one.
    """
    tasks = [
        Chunk(one_search, first, min(first + MARKETS_A_TASK, n_markets))
        for first in range(0, n_markets, MARKETS_A_TASK)
    ]
    hits: list[tuple[float, float]] = []
    with executor(n_workers) as work:
        handle = work.put(None)

        def search_all() -> None:
            found = [r for chunk in work.map(run_chunk, tasks, handle) for r in chunk]
            chance, superior = zip(*found, strict=True)
            hits.append((sum(chance), sum(superior)))

        # Processes start and load what is compiled before the clock does.
        list(work.map(run_chunk, [Chunk(one_search, 0, 1)] * n_workers, handle))
        seconds = timed(search_all, n_repeats)
    n_cells = sum(1 for _ in crosses().cells())
    chance, superior = hits[0]
    findings.add(
        GROUP,
        f"{n_markets:,} noise markets, {n_workers} processes",
        seconds,
        "s",
        f"{n_cells} cells, {N_BARS:,} bars, {N_PERMUTED} re-runs and {N_DRAWS} draws each",
    )
    findings.checks.append(
        f"{n_markets:,} noise markets: {chance / n_markets:.1%} significant at 5% against permuted "
        f"markets, {superior / n_markets:.1%} by superior ability"
    )


def measure_luck(findings: Findings, n_repeats: int) -> None:
    """Measure the luck test of one instrument's cells, and superior ability beside `arch`."""
    rng = np.random.default_rng(1)
    weights = stationary_weights(SESSIONS, DRAWS, MEAN_BLOCK, rng)
    gains = rng.standard_normal((SESSIONS, CELLS_A_TASK))
    each = [
        s * CELLS / CELLS_A_TASK for s in timed(lambda: chunk_maximum(gains, weights), n_repeats)
    ]
    note = f"{DRAWS:,} draws of {SESSIONS:,} sessions, from {CELLS_A_TASK} cells, on this process"
    findings.add(GROUP, f"luck test of {CELLS:,} cells", each, "s", note)
    try:
        from arch.bootstrap import SPA
    except ImportError:
        findings.skip("arch: not installed; install alphamill[sample]")
        return
    few = rng.standard_normal((FEW_SESSIONS, FEW_MODELS))

    drawn = stationary_weights(FEW_SESSIONS, FEW_DRAWS, MEAN_BLOCK, np.random.default_rng(1))

    def ours() -> float:
        return superior_ability(few, drawn, MEAN_BLOCK).consistent

    def theirs() -> float:
        test = SPA(np.zeros(FEW_SESSIONS), -few, reps=FEW_DRAWS, block_size=int(MEAN_BLOCK), seed=1)
        test.compute()
        return float(test.pvalues["consistent"])

    own, other = timed(ours, n_repeats), timed(theirs, n_repeats)
    note = f"{FEW_MODELS} models, {FEW_SESSIONS:,} sessions, {FEW_DRAWS:,} draws"
    findings.add(GROUP, "superior ability, weights drawn once", own, "s", note)
    base = statistics.median(own)
    findings.add(GROUP, "arch / ours", [s / base for s in other], "times")
    findings.checks.append(f"superior ability: p {ours():.3f} by ours, {theirs():.3f} by arch")
