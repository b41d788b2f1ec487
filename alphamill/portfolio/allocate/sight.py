"""What a rule may see when it sets weights, and how it says that it cannot."""

from dataclasses import dataclass

from alphamill.core.errors import DataError
from alphamill.core.market import Floats
from alphamill.portfolio.allocate.caps import Limits


class CannotAllocateError(DataError):
    """A rule has no weights for what it sees; the next of the chain is asked and this is noted."""


@dataclass(frozen=True, eq=False)
class Sight:
    """The past up to a decision, of the names that may be held.

    Attributes
    ----------
    returns : ndarray of shape (n_days, n_names)
        Simple daily returns as fractions, finite, oldest first.
    classes : tuple of str, one a name
        Empty where the user named none.
    signals : ndarray of shape (n_names,)
        At the decision, from -1 to 1; NaN: not known. All NaN where none were given.
    limits : Limits
        The budget is one that the caps can hold.
    """

    returns: Floats
    classes: tuple[str, ...]
    signals: Floats
    limits: Limits
