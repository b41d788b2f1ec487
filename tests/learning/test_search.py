"""The search: every try is kept, the best wins, and a kill at any trial changes nothing."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from alphamill.learning.judge import Judged
from alphamill.learning.search import Budget, search
from alphamill.workshop.progress import Silent

BUDGET = Budget(n_random=25, n_bayes=10, families=("forest", "logistic"), seed=3)


@dataclass
class Counting:
    """Fits that fit nothing, and count."""

    seed: int = 3
    n: int = 0

    def newly_fitted(self) -> int:
        n, self.n = self.n, 0
        return n


@dataclass
class Known:
    """A judge whose answer is a plain function of the setting; it may be killed on the way."""

    dies_at: int = 10**9
    floor: float = 30.0
    n_asked: int = 0
    fits: Counting = field(default_factory=Counting)

    def first_look(self, setting):
        self.begin()
        return self.worth(setting)

    def judged(self, setting):
        if not hasattr(setting, "growth"):
            # A baseline has no first look.
            self.begin()
        self.fits.n += 20
        paths = np.full(4, self.worth(setting))
        n_trades = np.full(4, 20 if getattr(setting, "depth", 3) == 7 else 100)
        cuts = np.full(10, 0.5)
        return Judged(cuts, np.zeros((4, 1)), np.zeros((4, 1), dtype=np.bool_), paths, n_trades)

    def begin(self):
        self.n_asked += 1
        if self.n_asked > self.dies_at:
            raise KeyboardInterrupt

    def worth(self, setting):
        if not hasattr(setting, "growth"):
            return 0.1
        growth = setting.growth
        return (
            growth.min_samples_leaf / 100 + (growth.max_samples or 0.0) - (setting.depth or 9) / 9
        )


def test_every_try_is_kept_in_order_and_the_best_of_those_judged_wins(tmp_path):
    found = search(Known(), BUDGET, tmp_path / "a.journal", Silent())

    forests = [t for t in found.trials if t.family == "forest"]
    complete = [t.sharpe for t in found.trials if t.ending == "complete"]
    assert [t.phase for t in forests] == ["random"] * 25 + ["bayes"] * 10
    assert len(found.trials) == 35 + 4
    assert found.best is not None
    assert found.best.sharpe == max(complete)
    assert {t.ending for t in forests} == {"complete", "pruned", "too few trades"}


def test_a_model_that_keeps_too_few_trades_never_wins(tmp_path):
    found = search(Known(), BUDGET, tmp_path / "a.journal", Silent())

    few = [t for t in found.trials if t.ending == "too few trades"]
    assert few
    assert {t.params["max_depth"] for t in few} == {7}
    assert found.best is not None
    assert found.best.ending == "complete"


def test_without_pruning_everything_is_judged_to_the_end(tmp_path):
    budget = Budget(n_random=25, n_bayes=5, families=("forest",), prune=False)

    found = search(Known(), budget, tmp_path / "a.journal", Silent())

    assert "pruned" not in {t.ending for t in found.trials}


@pytest.mark.parametrize("dies_at", [0, 1, 7, 26, 33, 37])
def test_a_search_that_was_killed_finds_what_it_would_have_found(tmp_path, dies_at):
    whole = search(Known(), BUDGET, tmp_path / "whole.journal", Silent())
    journal = tmp_path / "cut.journal"
    with pytest.raises(KeyboardInterrupt):
        search(Known(dies_at), BUDGET, journal, Silent())
    with journal.open("ab") as log:
        log.write(b'{"op_code": 4, "torn')

    again = Known()
    resumed = search(again, BUDGET, journal, Silent())

    assert resumed.trials == whole.trials
    assert again.n_asked == len(whole.trials) - dies_at


def test_another_seed_tries_others(tmp_path):
    budget = Budget(n_random=25, n_bayes=10, families=("forest", "logistic"), seed=4)

    one, other = (
        search(Known(), asked, tmp_path / f"{asked.seed}.journal", Silent())
        for asked in (BUDGET, budget)
    )

    assert [t.params for t in one.trials] != [t.params for t in other.trials]
