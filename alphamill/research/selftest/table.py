"""The experiments in order: those that run, and those that are shown elsewhere."""

from alphamill.research.selftest.experiments import Experiment, Repeats
from alphamill.research.selftest.experiments_chain import CHAIN
from alphamill.research.selftest.experiments_engine import ENGINE, LEAKS, LEDGER, PROBE
from alphamill.research.selftest.experiments_labels import LABELS
from alphamill.research.selftest.experiments_meta import CALIBRATION, META
from alphamill.research.selftest.experiments_search import SEARCH
from alphamill.research.selftest.experiments_statistics import BOOTSTRAPS, PSR, STATISTICS


def _declared(identity: str, name: str, bound: str, where: str) -> Experiment:
    return Experiment(identity, name, bound, Repeats(0, 0, 0), declared=where)


TABLE: tuple[Experiment, ...] = (
    *CHAIN,
    *SEARCH,
    PSR,
    _declared(
        "K5",
        "each gate replaced by one that always passes",
        "the tests fail",
        "shown by the test suite, gate by gate",
    ),
    *STATISTICS,
    *LABELS,
    PROBE,
    LEAKS,
    *META,
    _declared(
        "K14",
        "portfolio selection among noise",
        "out-of-sample Sharpe ratio within 0.2 of 0",
        "joins with portfolio selection",
    ),
    *ENGINE,
    *BOOTSTRAPS,
    CALIBRATION,
    LEDGER,
    _declared(
        "K20",
        "the whole path on your own market with permuted bars",
        "one command",
        "yours to run: alphamill run with sweep.permutations in the project file",
    ),
)
BY_ID = {experiment.id: experiment for experiment in TABLE}
