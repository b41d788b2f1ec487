"""A training set: features at the decisions of one rule, and what its trades came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from alphamill.core.errors import DataError, GateError, SettingsError
from alphamill.core.identity import digest
from alphamill.core.market import Bars, Flags, Floats, Ints
from alphamill.core.params import Value
from alphamill.features.compute import FeatureFrame
from alphamill.features.identity import definition_hash
from alphamill.learning.labels import SignalTrades
from alphamill.validation.audit_probe import Disguise, identity_probe
from alphamill.validation.uniqueness import average_uniqueness

T = TypeVar("T", bound=np.generic)

# Columns of a row that are known only after its decision, or are no number for a model.
NEVER_FEATURES: Final = frozenset(
    {
        *SignalTrades.columns(),
        *("entry_ns", "exit_ns", "decided_ns", "session", "weight", "exit_type", "trade_id"),
        *("date/time", "exit date/time", "date", "exit_date", "symbol", "strategy"),
    }
)
LABEL_PREFIX: Final = "y_"

# The disguise is looked for in so many pairs of rows at each shift: by chance an AUC then strays
# by 0.02.
PROBED: Final = 1_000
MAX_SHIFT: Final = 5
# Of fewer a feature ranks by luck.
LEAST_OF_A_CLASS: Final = 20
# A trade that has lived no longer than this share of its bars has its outcome before it. An honest
# feature sees what went before: of a random walk a correlation of 1/2.
STILL_AHEAD: Final = 0.25
# Beyond these a feature is probed. Ranks are of all rows, ties by their order, and the probe asks
# for an AUC of 0.85 between thirds, which is a distance of 0.23 at least, or a correlation of 0.9.
SUSPECT_DISTANCE: Final = 0.18
SUSPECT_CORRELATION: Final = 0.8


@dataclass(frozen=True)
class Primary:
    """Whose signals they are; ``params`` is the cell, other series and exits included."""

    symbol: str
    timeframe: str
    strategy: str
    strategy_id: int
    params: Mapping[str, Value | None]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Features and outcomes of one rule's signals in one window, by rising decision.

    Attributes
    ----------
    primary : Primary
    names : tuple of str
        Features, as `alphamill.features.compute.features` names them.
    x : float64 of shape (n_rows, n_features)
        Known at the decision; NaN where not known.
    trades : SignalTrades
        Bars are counted from the first that was read. ``taken`` begins flat in this window.
    decided_ns, entry_ns, exit_ns : int64 of shape (n_rows,)
        Closes of the bars that decided, entered and left, UTC nanoseconds.
    session : int64 of shape (n_rows,)
        Trade date (yyyymmdd) of the exit bar, on which the P&L is booked.
    sessions : int64 of shape (n_sessions,)
        Every trade date of the window that has bars, rising; idle ones too.
    weight : float64 of shape (n_rows,)
        Average uniqueness of the label, in (0, 1].
    first, last : int
        Trade dates of the window.
    bars_hash, features_hash, labels_hash : str
        64 hexadecimal digits each: of the bars read, of what the features mean, of the labels.
    """

    primary: Primary
    names: tuple[str, ...]
    x: Floats
    trades: SignalTrades
    decided_ns: Ints
    entry_ns: Ints
    exit_ns: Ints
    session: Ints
    sessions: Ints
    weight: Floats
    first: int
    last: int
    bars_hash: str
    features_hash: str
    labels_hash: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "trades", _owned(self.trades, SignalTrades.columns()))
        for name in ("x", *BY_ROW, "sessions"):
            object.__setattr__(self, name, _own(getattr(self, name)))
        n_rows = len(self.trades)
        for name in BY_ROW:
            if getattr(self, name).shape != (n_rows,):
                raise DataError(
                    f"{self.primary.symbol}: {name} must have one entry a signal ({n_rows}), "
                    f"received {getattr(self, name).shape}. Make the dataset anew."
                )
        if self.x.shape != (n_rows, len(self.names)):
            raise DataError(
                f"{self.primary.symbol}: x must have one row a signal and one column a feature "
                f"({n_rows}, {len(self.names)}), received {self.x.shape}. Make the dataset anew."
            )

    def __len__(self) -> int:
        return len(self.trades)

    @cached_property
    def y(self) -> Ints:
        """Return 1 where the trade earned after costs, shape (n_rows,)."""
        return (self.trades.pnl > 0.0).astype(np.int64)

    @cached_property
    def returns(self) -> Floats:
        """Return the price's move in the trade's favour, a fraction of the entry, (n_rows,)."""
        entry, exit_ = self.trades.entry_price, self.trades.exit_price
        out: Floats = self.trades.side * (exit_ - entry) / entry
        return out


BY_ROW: Final = ("decided_ns", "entry_ns", "exit_ns", "session", "weight")


def dataset(
    primary: Primary,
    bars: Bars,
    trades: SignalTrades,
    frame: FeatureFrame,
    window: tuple[int, int],
    bars_hash: str,
) -> Dataset:
    """Return the training set of the signals that were decided in a window.

    Parameters
    ----------
    primary : Primary
    bars : Bars
        Those that ``trades`` counts. Bars before the window warm the features up.
    trades : SignalTrades
    frame : FeatureFrame
        At the bars ``trades.decided``, a row each; nothing else can become a feature.
    window : (first, last) trade dates, yyyymmdd
        A trade that ends after it has no known label and moves to ``trades.unknown``.
    bars_hash : str
        Of own and other instruments' bars, 64 hexadecimal digits.

    Raises
    ------
    SettingsError
        For a feature of the name of a label or of another column of the row.
    DataError
        When rows do not fit each other.
    """
    _refuse_names(frame.names)
    if frame.values.shape[0] != len(trades):
        raise DataError(
            f"{primary.symbol}: features must have one row a signal, {len(trades)}, received "
            f"{frame.values.shape[0]}. Compute them at rows=trades.decided."
        )
    first, last = window
    begun = _within(bars.session[trades.decided], window)
    over = bars.session[trades.exit_bar] <= last
    late = np.concatenate([trades.unknown, trades.decided[begun & ~over]])
    unknown = np.sort(late[_within(bars.session[late], window)])
    kept = begun & over
    own = trades.rows(kept, unknown)
    decided, entered, left = (
        bars.close_ns[bar] for bar in (own.decided, own.entry_bar, own.exit_bar)
    )
    session = bars.session[own.exit_bar]
    x = frame.values[kept]
    x.flags.writeable = False
    labels = [getattr(own, name) for name in SignalTrades.columns()]
    return Dataset(
        primary=primary,
        names=frame.names,
        x=x,
        trades=own,
        decided_ns=decided,
        entry_ns=entered,
        exit_ns=left,
        session=session,
        sessions=np.unique(bars.session[_within(bars.session, window)]),
        weight=average_uniqueness(own.decided + 1, own.exit_bar),
        first=first,
        last=last,
        bars_hash=bars_hash,
        features_hash=definition_hash(frame.names),
        labels_hash=digest(*labels, decided, entered, left, session),
    )


def refuse_disguises(data: Dataset) -> None:
    """Refuse a training set that holds its label among its features.

    Raises
    ------
    GateError
        Naming the features that are the label or the P&L, shifted by up to `MAX_SHIFT` rows, or
        either of them with as much noise.

    Notes
    -----
    Labels overlap, and an honest feature knows how a trade that was begun earlier has fared so far.
    So a feature is held against an earlier row's label only where at most `STILL_AHEAD` of that
    trade's bars had passed, and against its own and later ones everywhere.
    """
    found = disguises(data)
    if found:
        named = "; ".join(str(one) for one in found)
        raise GateError(
            f"{data.primary.symbol} {data.primary.strategy}: a feature must be known at the "
            f"decision, and these know the outcome: {named}. Leave them out, or mend them."
        )


def disguises(data: Dataset) -> tuple[Disguise, ...]:
    """Return the features that know the outcome too well, each at its strongest shift."""
    strongest: dict[str, Disguise] = {}
    for shift in range(-MAX_SHIFT, MAX_SHIFT + 1):
        at = _pairs(data.trades, shift)
        told = at + shift
        won = int(data.y[told].sum())
        if min(won, at.size - won) < LEAST_OF_A_CLASS:
            continue
        # By ranks: one violent trade beside one violent move would correlate like a copy.
        x = rankdata(data.x[at], axis=0, nan_policy="omit")
        labels = (data.y[told].astype(np.float64), rankdata(data.trades.pnl[told]))
        for label, suspects in zip(labels, _suspects(x, labels), strict=True):
            columns = {data.names[k]: x[:, k] for k in suspects}
            for one in identity_probe(columns, label, horizon=1, max_shift=0):
                known = strongest.get(one.feature)
                if known is None or known.auc < one.auc:
                    strongest[one.feature] = replace(one, shift=shift)
    return tuple(strongest[name] for name in data.names if name in strongest)


def _suspects(x: Floats, labels: Sequence[Floats]) -> list[list[int]]:
    """Return for each label the columns that may have a strong link; a probe of all is slow."""
    known = np.isfinite(x).astype(np.float64)
    n_known = np.maximum(known.sum(axis=0), 1.0)
    rank = known * x.argsort(axis=0).argsort(axis=0) / n_known
    filled = np.where(known > 0.0, x, 0.0)
    away = known * (filled - filled.sum(axis=0) / n_known)
    found = []
    for label in labels:
        lower, upper = np.quantile(label, [1 / 3, 2 / 3]) if np.unique(label).size > 2 else (0, 1)
        means = [
            (part @ rank) / np.maximum(part @ known, 1.0)
            for part in ((label <= lower).astype(np.float64), (label >= upper).astype(np.float64))
        ]
        of_label = label - label.mean()
        spread = np.sqrt((away**2).sum(axis=0) * (of_label**2 @ known))
        correlation = (of_label @ away) / np.where(spread > 0.0, spread, 1.0)
        is_far = np.abs(means[1] - means[0]) > SUSPECT_DISTANCE
        found.append(np.flatnonzero(is_far | (np.abs(correlation) > SUSPECT_CORRELATION)).tolist())
    return found


def _pairs(trades: SignalTrades, shift: int) -> Ints:
    """Return rows at which the label of the row ``shift`` later is still to come."""
    at = np.arange(max(-shift, 0), len(trades) - max(shift, 0))
    passed = trades.decided[at] - trades.decided[at + shift]
    whole = trades.exit_bar[at + shift] - trades.decided[at + shift]
    at = at[passed <= STILL_AHEAD * whole]
    if at.size <= PROBED:
        return at
    return at[np.linspace(0, at.size - 1, PROBED).astype(np.int64)]


def _refuse_names(names: tuple[str, ...]) -> None:
    wrong = [n for n in names if n.lower() in NEVER_FEATURES or n.lower().startswith(LABEL_PREFIX)]
    if wrong:
        raise SettingsError(
            f"a feature must be known at the decision, and {wrong} are columns of the trade or its "
            "label. Leave them out."
        )


def _within(session: Ints, window: tuple[int, int]) -> Flags:
    return (session >= window[0]) & (session <= window[1])


def _owned(trades: SignalTrades, names: tuple[str, ...]) -> SignalTrades:
    return replace(trades, **{name: _own(getattr(trades, name)) for name in (*names, "unknown")})


def _own(column: NDArray[T]) -> NDArray[T]:
    """Return a column that nobody can change; one that is so already is no copy."""
    if column.flags.writeable:
        column = column.copy(order="K")
        column.flags.writeable = False
    return column
