"""A winner from its training set to its verdict: an edge is found, noise is not, nothing twice."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.clock import ReplayClock
from alphamill.features.compute import features, last_row
from alphamill.learning.bundle import passes
from alphamill.learning.bundle_files import load_model_bundle
from alphamill.research.metalabel.lesson import read_lesson
from alphamill.research.metalabel.train import Desk, paths_of, train
from alphamill.research.metalabel.validate import looked, scores_of, validate
from alphamill.research.selftest.experiments_meta import REDUCED
from alphamill.research.selftest.meta_market import (
    FIRST,
    LAST,
    LAST_TRAINED,
    STRENGTH,
    before,
    meta_market,
    rows_between,
)
from alphamill.workshop.parallel import Threads
from alphamill.workshop.progress import Silent

NOW = ReplayClock(1_600_000_000 * 10**9)
ORDER = replace(REDUCED, budget=replace(REDUCED.budget, n_random=4, n_bayes=2))


class Learned:
    """A simulated winner that was learned and judged."""

    def __init__(self, folder, strength):
        self.folder, self.market = folder, meta_market(3, strength)
        self.seen = before(self.market, LAST_TRAINED)
        self.data = rows_between(self.seen, FIRST, LAST_TRAINED)
        self.lesson, self.bundle = self.train()
        self.judging = rows_between(self.market.traded, LAST_TRAINED + 1, LAST)
        paths = paths_of(self.seen, self.lesson)
        self.found = validate(self.market.traded, self.judging, self.bundle, paths, ORDER, 1)

    def train(self, order=ORDER, progress=None):
        with Threads(1) as work:
            desk = Desk(order, self.folder, NOW, work, progress or Silent())
            return train(self.seen, self.data, 1_000, desk)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return Learned(tmp_path_factory.mktemp("planted"), STRENGTH)


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    return Learned(tmp_path_factory.mktemp("noise"), 0.0)


def test_a_planted_edge_is_found_and_the_kept_signals_are_the_planted_ones(planted):
    kept = passes(scores_of(planted.bundle, planted.judging), planted.bundle.threshold)
    worth = planted.market.worth[planted.judging.trades.decided]

    assert planted.found.verdict.answer == "use ML"
    assert worth[kept].mean() > 0.8
    assert kept.sum() > 100
    assert planted.found.effects[0].feature in {"ibs", "body_pct", "returns_1", "rsi_2", "stoch_k"}


def test_noise_is_not_accepted(noise):
    assert not noise.found.verdict.enhanced
    assert noise.found.null is not None
    assert noise.found.null.p_sharpe > 0.05


def test_out_of_fold_the_edge_adds_in_every_path(planted):
    assert planted.found.paths.sharpe.min() > 0.5
    assert planted.lesson.cpcv_sharpe > planted.found.paths.baseline.sharpe + 0.5


def test_what_was_learned_is_on_disk_and_is_not_learned_again(planted):
    class Refusing(Silent):
        def start(self, label, total):
            raise AssertionError("it searched again")

    lesson, bundle = planted.train(progress=Refusing())

    assert lesson.trials == planted.lesson.trials
    assert np.array_equal(lesson.selected, planted.lesson.selected)
    assert bundle.metadata["Sharpe"] == planted.bundle.metadata["Sharpe"]
    assert read_lesson(planted.folder).identity == planted.lesson.identity


def test_another_order_is_another_lesson(planted, tmp_path):
    other = Learned.__new__(Learned)
    other.folder, other.seen, other.data = tmp_path, planted.seen, planted.data

    lesson, _ = other.train(replace(ORDER, n_features=4))

    assert lesson.identity != planted.lesson.identity
    assert len(load_model_bundle("SP500", tmp_path).features) <= 4


def test_later_bars_change_nothing_that_was_learned(planted, tmp_path):
    other = meta_market(3, STRENGTH)
    moved = other.traded.bars
    late = moved.session > LAST_TRAINED
    wild = {
        n: np.where(late, 1.5 * getattr(moved, n), getattr(moved, n)) for n in ("high", "close")
    }
    traded = replace(other.traded, bars=replace(moved, **wild))
    again = Learned.__new__(Learned)
    again.folder, again.seen = tmp_path, before(other._replace(traded=traded), LAST_TRAINED)
    again.data = rows_between(again.seen, FIRST, LAST_TRAINED)

    lesson, bundle = again.train()

    assert lesson.trials == planted.lesson.trials
    assert bundle.threshold == planted.bundle.threshold
    assert np.array_equal(bundle.replay.scores, planted.bundle.replay.scores)


def test_a_model_looks_once_however_often_it_is_asked_and_another_one_counts(planted, tmp_path):
    log = tmp_path / "looks.jsonl"
    other = replace(planted.bundle, threshold=0.61)

    counts = [
        looked(log, bundle, planted.judging, NOW)
        for bundle in (planted.bundle, planted.bundle, other, planted.bundle)
    ]

    assert counts == [1, 1, 2, 1]
    renamed = replace(planted.judging, primary=replace(planted.judging.primary, symbol="NQ"))
    assert looked(log, planted.bundle, renamed, NOW) == 1
    assert len(log.read_text().splitlines()) == 3


def test_each_look_makes_the_permutation_dearer(planted):
    paths = planted.found.paths

    second = validate(planted.market.traded, planted.judging, planted.bundle, paths, ORDER, 2)

    asked = {c.name: c.threshold for c in second.verdict.criteria}
    assert asked["permutation"] == ORDER.limits.max_p / 2


# --- live: bar by bar over a year -----------------------------------------------------------------


def of_last_year(learned):
    """Return the places of the last year's signals among those that judge."""
    decided = learned.market.traded.bars.session[learned.judging.trades.decided]
    return np.flatnonzero(decided > LAST - 10_000)


def live(learned, row, bars, of_window):
    """Return what live computes and answers at the close of the last of ``bars``."""
    names, bundle = learned.bundle.features, learned.bundle
    x = last_row(bars, None, names) if of_window else features(bars, None, names).values[-1]
    at_ns = int(bars.close_ns[-1])
    answer = bundle.score(dict(zip(names, x, strict=True)), at_ns, bundle.identity.features)
    return x, answer


@pytest.mark.parametrize("of_window", [False, True], ids=["from the same start", "from a window"])
def test_a_year_replayed_bar_by_bar_gives_features_scores_and_decisions(planted, of_window):
    data, bundle = planted.judging, planted.bundle
    scores = scores_of(bundle, data)
    columns = [data.names.index(name) for name in bundle.features]
    rows = of_last_year(planted)
    assert rows.size > 150

    for row in rows[:: 1 if of_window else 5]:
        bars = planted.market.traded.bars.head(int(data.trades.decided[row]) + 1)
        x, answer = live(planted, row, bars, of_window)
        tolerance = 1e-12 if of_window else 0.0
        np.testing.assert_allclose(x, data.x[row, columns], rtol=tolerance, atol=tolerance)
        assert abs(answer.score - scores[row]) <= tolerance
        assert answer.trade == bool(passes(scores[row : row + 1], bundle.threshold)[0])
