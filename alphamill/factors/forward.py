"""Labels: what a position taken at a date would have returned. They read the future on purpose.

Horizons are sessions of the panel's calendar, so a gap in one symbol's prices does not stretch its
label. Names begin with ``fwd_return_``; nothing with such a name may ever be a factor.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Floats
from alphamill.factors.panel import Panel

ReturnType = Literal["log", "simple"]
Entry = Literal["next_open", "next_close", "close"]
PREFIX: Final = "fwd_return_"


def label_name(horizon_days: int) -> str:
    """Return the one name of a label.

    Examples
    --------
    >>> label_name(20)
    'fwd_return_20d'
    """
    return f"{PREFIX}{horizon_days}d"


def forward_returns(
    panel: Panel,
    horizon_days: int,
    *,
    return_type: ReturnType = "log",
    entry: Entry = "next_open",
    delisting: Mapping[str, float] | None = None,
) -> Floats:
    """Return what each symbol returned over the sessions that follow each date.

    Parameters
    ----------
    panel : Panel
    horizon_days : int
        Sessions held, at least 1.
    return_type : "log" or "simple"
        Portfolios need simple returns: a mean of log returns is not a portfolio's return.
    entry : "next_open", "next_close" or "close"
        Bought at the open (close) of the session after the date and sold at the open (close)
        ``horizon_days`` sessions later: what can be traded. "close" trades at the close that the
        factor itself was computed from, for comparison only.
    delisting : mapping, optional
        Symbol -> simple return from its last price to what holders got. Without it, what is held
        when a symbol ends is not known.

    Returns
    -------
    ndarray of shape (n_dates, n_symbols)
        NaN where either price is not known, as in the last rows, and where the symbol was not a
        member at the date. It may have left the universe before the exit.

    Raises
    ------
    SettingsError
        For a horizon below 1, an unknown choice, or opens that the panel does not have.
    """
    if not isinstance(horizon_days, int) or horizon_days < 1:
        raise SettingsError(
            f"horizon_days must be a whole number of at least 1, received {horizon_days!r}. A "
            "label of the past is a factor."
        )
    for name, value, offered in (
        ("return_type", return_type, get_args(ReturnType)),
        ("entry", entry, get_args(Entry)),
    ):
        if value not in offered:
            raise SettingsError(f"{name} must be one of {list(offered)}, received {value!r}.")
    lost = sorted(symbol for symbol, simple in (delisting or {}).items() if not simple > -1.0)
    if lost and return_type == "log":
        raise SettingsError(
            f"no log return says that all was lost, as of {lost}. Ask for simple returns."
        )
    lag = 0 if entry == "close" else 1
    price = _price(panel, entry)
    exits = _with_ends(panel, price, delisting or {})
    out = np.full(panel.shape, np.nan)
    n_labels = panel.shape[0] - lag - horizon_days
    if n_labels > 0:
        ratio = exits[lag + horizon_days :] / price[lag : lag + n_labels]
        out[:n_labels] = np.log(ratio) if return_type == "log" else ratio - 1.0
    out[~panel.member] = np.nan
    return out


def executable_entry(panel: Panel) -> Entry:
    """Return how a label of this panel can be traded: at opens where they are known."""
    return "next_open" if "open" in panel.fields else "next_close"


def _price(panel: Panel, entry: Entry) -> Floats:
    if entry != "next_open":
        return panel.fields["close"]
    if "open" not in panel.fields:
        raise SettingsError(
            f"entry 'next_open' needs opens, the panel {panel.universe} has "
            f"{sorted(panel.fields)}. Ask for entry 'next_close'."
        )
    return panel.fields["open"]


def _with_ends(panel: Panel, price: Floats, delisting: Mapping[str, float]) -> Floats:
    exits = price.copy()
    for symbol, simple in delisting.items():
        i = panel.column_of(symbol)
        known = np.flatnonzero(~np.isnan(panel.fields["close"][:, i]))
        if known.size:
            last = int(known[-1])
            exits[last + 1 :, i] = panel.fields["close"][last, i] * (1.0 + simple)
    return exits
