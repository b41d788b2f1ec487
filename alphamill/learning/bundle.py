"""A bundle: model, features, threshold and identity of one winner, and what it says of a row.

No doubt ever becomes a trade: whatever does not match, is missing, unknown or out of date is a
"no" with its reason.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Flags, Floats
from alphamill.learning.bundle_models import Model, kind_of

SCORE_DECIMALS = 9  # live and research agree to 1e-12; rounding makes their decisions the same
REPLAY_ROWS = 100
# Between platforms; on one they are equal.
REPLAY_TOLERANCE = 1e-12
RESULTS: Final = ("Sharpe", "Profit_Factor", "Trades", "Params", "Holdout")
# Filled in from the bundle itself, so that the two cannot differ.
OWN: Final = ("Symbol", "Strategy", "Prod_Threshold", "Features")

Reason = Literal[
    "trade",
    "below threshold",
    "stale bundle",
    "other features",
    "replay differs",
    "missing feature",
    "unknown feature value",
    "no probability",
]


class Answer(NamedTuple):
    """What a bundle says of one decision: ``score`` is NaN where none was computed."""

    trade: bool
    reason: Reason
    detail: str = ""
    score: float = math.nan


def passes(score: Floats, threshold: float | Floats) -> Flags:
    """Return which scores reach the threshold once both are rounded to nine decimals.

    NaN never does.
    """
    return np.asarray(np.round(score, SCORE_DECIMALS) >= np.round(threshold, SCORE_DECIMALS))


@dataclass(frozen=True)
class Identity:
    """From what a bundle was made.

    Attributes
    ----------
    bars, features, labels, cv_plan : str
        Content hashes (64 hexadecimal digits): of the bars, of the feature definitions, of the
        labels, and of the plan by which rows were split.
    n_trials : int
        Every trial that was tried for this winner, the Phase-1 cells included.
    threshold_origin : str
        In words, such as "median of 10 inner splits".
    windows : mapping of str to (int, int)
        First and last trade date (yyyymmdd) by role, such as ``train`` and ``validation``.
    expires_ns : int
        UTC moment from which the bundle is stale.
    versions : mapping of str to str
        Libraries that had a part in the fit.
    calibrated : bool
        Whether scores are calibrated probabilities.

    Raises
    ------
    SettingsError
        For a value that is none of these.
    """

    bars: str
    features: str
    labels: str
    cv_plan: str
    n_trials: int
    threshold_origin: str
    windows: Mapping[str, tuple[int, int]]
    expires_ns: int
    versions: Mapping[str, str]
    calibrated: bool = False

    def __post_init__(self) -> None:
        for name in ("bars", "features", "labels", "cv_plan"):
            value = getattr(self, name)
            if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
                raise _wrong(f"identity.{name}", "64 hexadecimal digits", value)
        for name in ("n_trials", "expires_ns"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise _wrong(f"identity.{name}", "a whole number above 0", value)
        for name, value in self.windows.items():
            if len(value) != 2 or not all(type(day) is int for day in value) or value[0] > value[1]:
                raise _wrong(f"identity.windows.{name}", "a first and a last trade date", value)
        windows = {name: (first, last) for name, (first, last) in self.windows.items()}
        object.__setattr__(self, "windows", MappingProxyType(windows))
        object.__setattr__(self, "versions", MappingProxyType(dict(self.versions)))


class Replay(NamedTuple):
    """Rows of the dataset, shape (n_rows, n_features), and the scores they had, (n_rows,)."""

    rows: Floats
    scores: Floats


def replay_of(x: Floats, scores: Floats) -> Replay:
    """Return up to `REPLAY_ROWS` rows spread evenly over a dataset, with their scores.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_features)
    scores : ndarray of shape (n_rows,)
        Of the fitted model, before any conversion: replay then judges the conversion as well.
    """
    n = len(x)
    at = np.unique(np.linspace(0, n - 1, min(n, REPLAY_ROWS)).round().astype(np.int64))
    return Replay(np.array(x, dtype=np.float64)[at], np.array(scores, dtype=np.float64)[at])


@dataclass(frozen=True, eq=False)
class Bundle:
    """The decision maker of one winner on one symbol.

    Attributes
    ----------
    symbol, strategy : str
    model : Model
        Of plain arrays, with ``predict_proba``.
    features : tuple of str
        Names of the model's columns, in their order.
    threshold : float
        Between 0 and 1; scores from it on trade.
    identity : Identity
    replay : Replay
    metadata : mapping
        Results under the seeds' keys: ``Sharpe``, ``Profit_Factor``, ``Trades``, ``Params``,
        ``Holdout`` and more; ``Symbol``, ``Strategy``, ``Prod_Threshold`` and ``Features`` are
        filled in.

    Raises
    ------
    SettingsError
        For parts that do not belong together.
    """

    symbol: str
    strategy: str
    model: Model
    features: tuple[str, ...]
    threshold: float
    identity: Identity
    replay: Replay
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kind_of(self.model)
        require_symbol(self.symbol)
        object.__setattr__(self, "features", tuple(self.features))
        n = self.model.n_features
        if len(self.features) != n or len(set(self.features)) != n:
            raise _wrong("features", f"{n} different names, one a model column", self.features)
        if not isinstance(self.threshold, float) or not 0 < self.threshold < 1:
            raise _wrong("threshold", "a number between 0 and 1", self.threshold)
        rows, scores = self.replay
        if rows.shape != (scores.size, n) or not scores.size or not np.isfinite(rows).all():
            raise _wrong("replay", f"finite rows of {n} features, one a score", rows.shape)
        lacking = [name for name in RESULTS if name not in self.metadata]
        if lacking:
            raise _wrong("metadata", f"results under {list(RESULTS)}", sorted(self.metadata))
        own = {
            "Symbol": self.symbol,
            "Strategy": self.strategy,
            "Prod_Threshold": self.threshold,
            "Features": list(self.features),
        }
        whole = {"Deflated_Sharpe": None, **self.metadata, **own}
        object.__setattr__(self, "metadata", MappingProxyType(whole))

    @cached_property
    def replay_error(self) -> float:
        """Largest difference between the stored scores and those of this machine; NaN counts."""
        found = self.model.predict_proba(self.replay.rows)[:, 1]
        return float(np.abs(found - self.replay.scores).max())

    def score(self, row: Mapping[str, float], now_ns: int, features_hash: str) -> Answer:
        """Return whether the signal whose features these are deserves its trade.

        Parameters
        ----------
        row : mapping of str to float
            Feature values at the decision; others than the bundle's are ignored.
        now_ns : int
            UTC moment of the decision.
        features_hash : str
            Identity of the definitions by which ``row`` was computed.

        Returns
        -------
        Answer
            Never an exception for what a market or a clock can bring. Score and threshold are
            rounded to nine decimals before they are compared.
        """
        doubt = self._doubt(now_ns, features_hash) or _doubt_of_row(self.features, row)
        if doubt is not None:
            return doubt
        x = np.array([[float(row[name]) for name in self.features]])
        found = float(self.model.predict_proba(x)[0, 1])
        if not 0.0 <= found <= 1.0:
            return Answer(False, "no probability", f"the model answered {found!r}", found)
        if passes(np.array([found]), self.threshold)[0]:
            return Answer(True, "trade", score=found)
        return Answer(False, "below threshold", f"{found:.9g} < {self.threshold:g}", found)

    def _doubt(self, now_ns: int, features_hash: str) -> Answer | None:
        """Return the refusal that holds for every row, if one does."""
        if features_hash != self.identity.features:
            return Answer(
                False,
                "other features",
                f"defined as {features_hash[:12]}, the model learned {self.identity.features[:12]}",
            )
        if now_ns >= self.identity.expires_ns:
            ended = np.datetime64(self.identity.expires_ns, "ns").astype("M8[s]")
            return Answer(False, "stale bundle", f"it expired at {ended} UTC")
        # Written so that NaN is a difference.
        if not self.replay_error <= REPLAY_TOLERANCE:
            return Answer(
                False, "replay differs", f"stored scores are {self.replay_error:.3g} off here"
            )
        return None


def require_symbol(symbol: str) -> None:
    """Refuse what cannot be the beginning of a file's name."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", symbol, re.ASCII):
        raise _wrong("symbol", "letters, digits, '.', '-' and '_'", symbol)


def _doubt_of_row(features: tuple[str, ...], row: Mapping[str, float]) -> Answer | None:
    lacking = [name for name in features if name not in row]
    if lacking:
        return Answer(False, "missing feature", f"{lacking[0]}, {len(lacking)} in all")
    unknown = [name for name in features if not _is_finite(row[name])]
    if unknown:
        first = unknown[0]
        return Answer(
            False, "unknown feature value", f"{first} is {row[first]!r}, {len(unknown)} in all"
        )
    return None


def _is_finite(value: object) -> bool:
    return isinstance(value, (int, float, np.number)) and bool(np.isfinite(value))


def _wrong(name: str, must: str, value: object) -> SettingsError:
    return SettingsError(
        f"bundle: {name} must be {must}, received {value!r}. Correct it where the bundle is built."
    )
