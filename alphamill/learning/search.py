"""The search for a winner's filter: random and Bayesian trials, judged out of fold, resumable.

Optuna's journal in the winner's folder is the memory: a search that was killed goes on with the
trial that was under way and finds what it would have found. Each trial draws from a sampler seeded
by its own number, so nothing depends on where the search was cut.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from alphamill.core.params import Value
from alphamill.learning.forest import TREES
from alphamill.learning.judge import Judge, Judged
from alphamill.learning.space import (
    FAMILIES,
    Family,
    Forest,
    Setting,
    as_params,
    baselines,
    family_of,
    suggested,
)
from alphamill.workshop.files import locked, whole_lines
from alphamill.workshop.progress import Progress

if TYPE_CHECKING:
    from optuna import Study

Phase = Literal["random", "bayes", "baseline"]
Ending = Literal["complete", "pruned", "too few trades"]
FACTS: Final = "facts"
# Trials that are judged to the end whatever they look like, so that there is something to compare.
N_STARTUP = 20


@dataclass(frozen=True)
class Budget:
    """How much is tried.

    Attributes
    ----------
    n_random, n_bayes : int
        Trials of forests, drawn at random and by the tree-structured Parzen estimator.
    families : tuple of Family
        Besides forests; each has a handful of settings of its own.
    prune : bool
        Give up trials whose first splits, or whose first trees, are worse than the median of those
        that went on.
    seed : int
    """

    n_random: int = 120
    n_bayes: int = 300
    families: tuple[Family, ...] = FAMILIES
    prune: bool = True
    seed: int = 7


@dataclass(frozen=True)
class Trial:
    """One setting that was tried; pruned ones were tried too.

    ``sharpe`` and ``n_trades`` are means over the paths, out of fold, and 0 where the trial was
    given up; ``first_look`` is 0 for baselines, which are judged to the end at once;
    ``threshold`` is the median of those that the outer splits chose. ``n_fits`` counts
    the models that this trial needed and no earlier one had fitted.
    """

    number: int
    phase: Phase
    family: Family
    params: Mapping[str, Value | None]
    ending: Ending
    first_look: float
    sharpe: float
    n_trades: float
    threshold: float
    n_fits: int


@dataclass(frozen=True)
class Found:
    """A finished search: every trial in order, and what the best of them says out of fold."""

    trials: tuple[Trial, ...]
    best: Trial | None
    setting: Setting | None
    judged: Judged | None

    @property
    def n_fits(self) -> int:
        """Return how many models were fitted."""
        return sum(trial.n_fits for trial in self.trials)


def search(judge: Judge, budget: Budget, journal: Path, progress: Progress) -> Found:
    """Return what all trials of a budget find, going on where an earlier call stopped.

    Parameters
    ----------
    judge : Judge
        Of one winner's training set.
    budget : Budget
    journal : Path
        Of this very search: of another training set or seed the file must be another.
    progress : Progress
        Advances by one a trial; its note is the best Sharpe ratio so far.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    asked = [*baselines(budget.families)]
    progress.start("trials", budget.n_random + budget.n_bayes + len(asked))
    found: list[tuple[Setting, Trial]] = []
    with locked(journal.with_suffix(".lock")), warnings.catch_warnings():
        # Multivariate and grouped sampling, and the journal, are "experimental" since 2021.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        storage = _storage(journal)
        for each in (_forests(judge, budget, storage), _plain(judge, asked, storage)):
            for pair in each:
                found.append(pair)
                progress.advance(note=_note(found))
    progress.finish()
    return _best(judge, found)


def _forests(judge: Judge, budget: Budget, storage: Any) -> Iterator[tuple[Forest, Trial]]:
    import optuna

    pruner = optuna.pruners.MedianPruner(N_STARTUP) if budget.prune else optuna.pruners.NopPruner()
    study = _study(storage, "forests", pruner)
    done = 0
    for old in study.get_trials(deepcopy=False):
        if FACTS in old.user_attrs and old.state.is_finished():
            yield suggested(optuna.trial.FixedTrial(old.params)), Trial(**old.user_attrs[FACTS])
            done += 1
        elif not old.state.is_finished():
            # It was under way when the process was killed; its number among trials is free again.
            study.tell(old.number, state=optuna.trial.TrialState.FAIL)
    for number in range(done, budget.n_random + budget.n_bayes):
        phase: Phase = "random" if number < budget.n_random else "bayes"
        study.sampler = _sampler(phase, budget.seed, number)
        asked = study.ask()
        setting = suggested(asked)
        first, judged = judge.first_look(setting), None
        asked.report(first, 1)
        if not asked.should_prune():
            # The fewest trees tell most of what more of them would.
            judged = judge.judged(setting._replace(n_trees=TREES[0]))
            asked.report(judged.sharpe, 2)
            if asked.should_prune():
                judged = None
            elif setting.n_trees > TREES[0]:
                judged = judge.judged(setting)
        trial = _trial(judge, number, phase, setting, first, judged)
        asked.set_user_attr(FACTS, asdict(trial))
        if trial.ending == "complete":
            study.tell(asked, trial.sharpe)
        else:
            study.tell(asked, state=optuna.trial.TrialState.PRUNED)
        yield setting, trial


def _plain(
    judge: Judge, settings: Sequence[Setting], storage: Any
) -> Iterator[tuple[Setting, Trial]]:
    """Judge the baselines; they are few, so all are judged to the end."""
    import optuna

    study = _study(storage, "baselines", optuna.pruners.NopPruner())
    done = study.get_trials(deepcopy=False)
    for number, setting in enumerate(settings):
        if number < len(done):
            yield setting, Trial(**done[number].user_attrs[FACTS])
            continue
        trial = _trial(judge, number, "baseline", setting, 0.0, judge.judged(setting))
        study.add_trial(
            optuna.trial.create_trial(value=trial.sharpe, user_attrs={FACTS: asdict(trial)})
        )
        yield setting, trial


def _trial(
    judge: Judge,
    number: int,
    phase: Phase,
    setting: Setting,
    first: float,
    judged: Judged | None,
) -> Trial:
    ending: Ending = "pruned"
    if judged is not None:
        enough = judged.n_trades.mean() >= judge.floor
        ending = "complete" if enough else "too few trades"
    return Trial(
        number=number,
        phase=phase,
        family=family_of(setting),
        params=dict(as_params(setting, judge.fits.seed)),
        ending=ending,
        first_look=first,
        sharpe=0.0 if judged is None else judged.sharpe,
        n_trades=0.0 if judged is None else float(judged.n_trades.mean()),
        threshold=0.0 if judged is None else judged.threshold,
        n_fits=judge.fits.newly_fitted(),
    )


def _best(judge: Judge, found: Sequence[tuple[Setting, Trial]]) -> Found:
    """Return the search with its best trial, judged again where it came from the journal."""
    trials = tuple(trial for _, trial in found)
    complete = [pair for pair in found if pair[1].ending == "complete"]
    if not complete:
        return Found(trials, None, None, None)
    # The first of equals: a forest before a baseline, and an early trial before a late one.
    setting, best = max(complete, key=lambda pair: pair[1].sharpe)
    return Found(trials, best, setting, judge.judged(setting))


def _note(found: Sequence[tuple[Setting, Trial]]) -> str:
    best = max((t.sharpe for _, t in found if t.ending == "complete"), default=None)
    return "" if best is None else f"best Sharpe out of fold {best:.2f}"


def _study(storage: Any, name: str, pruner: Any) -> "Study":
    import optuna

    return optuna.create_study(
        storage=storage, study_name=name, direction="maximize", pruner=pruner, load_if_exists=True
    )


def _sampler(phase: Phase, seed: int, number: int) -> Any:
    import optuna

    own = int(np.random.SeedSequence((seed, number)).generate_state(1)[0])
    if phase == "random":
        return optuna.samplers.RandomSampler(own)
    return optuna.samplers.TPESampler(seed=own, n_startup_trials=0, multivariate=True, group=True)


def _storage(journal: Path) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    whole_lines(journal)
    alone: Any = _Alone()
    return JournalStorage(JournalFileBackend(str(journal), lock_obj=alone))


class _Alone:
    """The journal's lock; its folder is locked already, and not by a file that a kill leaves."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        return None
