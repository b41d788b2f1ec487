"""One estimator for every rule: fit on the past, get weights; never None, never in silence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from inspect import signature
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Flags, Floats
from alphamill.portfolio.allocate.caps import ROUNDING, Limits, keeps_to, reachable
from alphamill.portfolio.allocate.sight import CannotAllocateError, Sight
from alphamill.portfolio.allocate.table import RULES, Rule

CASH = "cash"
FALLBACKS = ("inverse_volatility", "equal")


@dataclass(frozen=True)
class Fallback:
    """What was asked, what was done instead, and why; ``used`` may be the same with less spent."""

    wanted: str
    used: str
    reason: str

    def __str__(self) -> str:
        return f"{self.wanted} -> {self.used}: {self.reason}"


class Weigher(Protocol):
    """Whoever can be fitted and then has weights: an `Allocator`, or `Fixed` ones."""

    weights_: Floats
    fallback_: Fallback | None

    @property
    def reads_signals(self) -> bool: ...

    def fit(
        self,
        X: pd.DataFrame,  # noqa: N803  (scikit-learn's name)
        y: Any = None,
        *,
        classes: Mapping[str, str] | None = None,
        signals: Any = None,
    ) -> Self: ...


class Parameters:
    """Parameters as scikit-learn reads them, without importing it: clone and searches work."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        return {name: getattr(self, name) for name in signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Replace arguments by name; an unknown one is an error."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise SettingsError(
                    f"{type(self).__name__} has no parameter {name!r}; it has {sorted(known)}."
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({given})"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))


class Allocator(Parameters):
    """Long-only weights of one rule, as a scikit-learn estimator on daily returns.

    Parameters
    ----------
    rule : str
        A name of `RULES`.
    per_name : float
        Most of one name, a fraction of equity.
    per_class : mapping of class to float, optional
        Most of the names of one class together.
    budget : float
        What the weights add up to, at most 1. Rules that read signals may hold less.
    cash_like : sequence of str
        Names that rules by risk leave out: a bill fund's tiny volatility would take nearly all.
    fallbacks : sequence of str
        Rules asked in turn where ``rule`` has no answer; after the last one all is cash.

    Attributes
    ----------
    weights_ : float64 of shape (n_names,)
        0 or more, in the order of the columns; what they leave of 1 is cash.
    fallback_ : Fallback or None
        What stands in for what was asked, and why; None where the rule answered in full.
    left_out_ : tuple of str
        Names without a return on some day of ``X`` (not yet listed).
    feature_names_in_ : ndarray of str; n_features_in_ : int

    Notes
    -----
    ``fit`` reads ``X`` and ``signals`` only: give it rows that were known at the decision.
    """

    def __init__(
        self,
        rule: str = "equal",
        *,
        per_name: float = 1.0,
        per_class: Mapping[str, float] | None = None,
        budget: float = 1.0,
        cash_like: Sequence[str] = (),
        fallbacks: Sequence[str] = FALLBACKS,
    ) -> None:
        self.rule, self.per_name, self.per_class = rule, per_name, per_class
        self.budget, self.cash_like, self.fallbacks = budget, cash_like, fallbacks

    @property
    def reads_signals(self) -> bool:
        """Whether the weights change with the signals of the day."""
        return rule_of(self.rule).reads_signals

    def fit(
        self,
        X: pd.DataFrame,  # noqa: N803  (scikit-learn's name)
        y: Any = None,
        *,
        classes: Mapping[str, str] | None = None,
        signals: Mapping[str, float] | pd.Series | None = None,
    ) -> Self:
        """Set the weights.

        Parameters
        ----------
        X : DataFrame of shape (n_days, n_names)
            Simple daily returns as fractions, oldest first; NaN before a name is listed. An array
            is taken too, its names are x0, x1, ...
        y : ignored
        classes : mapping of name to class, optional
        signals : by name, optional
            Of the day of the decision, -1 to 1; NaN or absent: not known.

        Raises
        ------
        SettingsError
            For an unknown rule, limits out of range, or a rule that reads signals without any.
        DataError
            For returns that are not finite, or a return of -1 or less.
        """
        frame = frame_of(X)
        chain = [self.rule, *self.fallbacks]
        limits = Limits(self.budget, self.per_name, dict(self.per_class or {}))
        if signals is None and rule_of(self.rule).reads_signals:
            raise SettingsError(
                f"{self.rule} reads signals, received none. Give fit(..., signals=...)."
            )
        for name in chain:
            rule_of(name)
        listed: Flags = ~np.isnan(frame.to_numpy()).any(axis=0)
        self.left_out_ = tuple(frame.columns[~listed])
        self.feature_names_in_ = np.array(frame.columns, dtype=object)
        self.n_features_in_ = frame.shape[1]
        self.weights_, self.fallback_ = self._first_answer(
            chain, _Seen(frame, listed, classes or {}, signals), limits
        )
        return self

    def predict(self, X: pd.DataFrame) -> Floats:  # noqa: N803
        """Return what the weights earn on each day of ``X``, cash at 0, shape (n_days,)."""
        held = self.weights_ > 0.0
        earned: Floats = frame_of(X).to_numpy()[:, held] @ self.weights_[held]
        return earned

    def score(self, X: pd.DataFrame, y: Any = None) -> float:  # noqa: N803
        """Return the Sharpe ratio of one day over ``X``; 0 where nothing moves."""
        earned = self.predict(X)
        spread = float(earned.std(ddof=1)) if earned.size > 1 else 0.0
        return float(earned.mean()) / spread if spread > 0.0 else 0.0

    def _first_answer(
        self, chain: Sequence[str], seen: "_Seen", limits: Limits
    ) -> tuple[Floats, Fallback | None]:
        reasons: list[str] = []
        for name in dict.fromkeys(chain):
            try:
                weights, lack = seen.weights(rule_of(name), limits, tuple(self.cash_like))
            except CannotAllocateError as e:
                reasons.append(f"{name}: {e}")
                continue
            why = "; ".join([*reasons, *([lack] if lack else [])])
            return weights, Fallback(self.rule, name, why) if why else None
        return np.zeros(len(seen.names)), Fallback(self.rule, CASH, "; ".join(reasons))


def rule_of(name: str) -> Rule:
    """Return a row of the table; an unknown name is the user's mistake."""
    if name not in RULES:
        near = get_close_matches(name, RULES, n=1)
        raise SettingsError(
            f"there is no allocator {name!r}; the table holds {list(RULES)}."
            + (f" Did you mean {near[0]!r}?" if near else "")
        )
    return RULES[name]


def frame_of(X: Any) -> pd.DataFrame:  # noqa: N803
    """Return returns as a frame of floats; NaN may stand for "not listed".

    Raises
    ------
    DataError
        For infinite values, returns of -1 or less, repeated names, or no column.
    """
    given = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X).rename(columns="x{}".format)
    # One layout, or sums would differ in their last bits by where the frame came from.
    values = np.ascontiguousarray(given.to_numpy(dtype=np.float64))
    frame = pd.DataFrame(values, given.index, given.columns, copy=False)
    if not frame.shape[1] or not frame.columns.is_unique:
        raise DataError(
            f"returns need columns with names of their own, received {list(frame.columns)}."
        )
    bad = np.argwhere(np.isinf(values) | (values <= -1.0))
    if bad.size:
        row, column = bad[0].tolist()
        raise DataError(
            f"returns must be finite fractions above -1, {frame.columns[column]!r} has "
            f"{values[row, column]!r} at {frame.index[row]}. Are these returns, and not prices?"
        )
    return frame


class _Seen:
    """What one fit was given, cut to the names that a rule may hold."""

    def __init__(
        self, frame: pd.DataFrame, listed: Flags, classes: Mapping[str, str], signals: Any
    ) -> None:
        self.names = [str(name) for name in frame.columns]
        self.returns: Floats = np.ascontiguousarray(frame.to_numpy())
        self.listed, self.classes = listed, classes
        known = {} if signals is None else dict(signals)
        self.signals = np.array([float(known.get(name, np.nan)) for name in frame.columns])
        self.moves: Flags = np.ptp(self.returns, axis=0) > 0.0

    def weights(self, rule: Rule, limits: Limits, cash_like: tuple[str, ...]) -> tuple[Floats, str]:
        """Return the rule's weights and what is lacking in them, empty where nothing is."""
        may = self.listed.copy()
        if rule.by_risk:
            may &= self.moves & ~np.isin(self.names, cash_like)
        if not may.any():
            raise CannotAllocateError("no name is listed all the time and moves")
        classes = tuple(self.classes.get(self.names[i], "") for i in np.flatnonzero(may))
        holds = reachable(classes, limits)
        lack = ""
        if holds < limits.budget - ROUNDING:
            lack = f"the caps hold {holds:.0%} of equity, not {limits.budget:.0%}; the rest is cash"
            limits = replace(limits, budget=holds)
        found = rule.weigh(Sight(self.returns[:, may], classes, self.signals[may], limits))
        if not keeps_to(found, classes, limits):
            raise CannotAllocateError(
                f"its weights break the limits: {np.round(found, 4).tolist()}"
            )
        weights = np.zeros(len(self.names))
        weights[may] = found
        return weights, lack
