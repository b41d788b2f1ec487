"""What a meta-labelling run is asked to do with each winner."""

from dataclasses import asdict, dataclass, field

from alphamill.core.identity import digest
from alphamill.learning.criteria import Limits
from alphamill.learning.folds import EMBARGO_DAYS
from alphamill.learning.search import Budget


@dataclass(frozen=True)
class Order:
    """A frozen order; the settings room builds it from the project file and flags.

    Attributes
    ----------
    budget : Budget
        Of the search.
    names : tuple of str, optional
        Features that are offered; by default all that the bars of the run tell.
    n_features : int
        At most so many are chosen, afresh in every split.
    embargo_days : int
        Calendar days after a tested block from which nothing is learned.
    limits : Limits
        The criteria by which a model may decide trades.
    n_draws : int
        Shifts of the scores in the permutation null; all of them where there are fewer.
    expires_days : int
        Days after the training from which a bundle is stale.
    csv : bool
        Write the training sets as the seeds' CSV files too.
    """

    budget: Budget = field(default_factory=Budget)
    names: tuple[str, ...] | None = None
    n_features: int = 30
    embargo_days: int = EMBARGO_DAYS
    limits: Limits = field(default_factory=Limits)
    n_draws: int = 999
    expires_days: int = 365
    csv: bool = False

    @property
    def learning_hash(self) -> str:
        """Return the identity of all that decides a model, the judging of it left out."""
        names = None if self.names is None else list(self.names)
        return digest(asdict(self.budget), names, self.n_features, self.embargo_days)
