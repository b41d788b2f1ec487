"""What each symbol is among the members of its date: facades over the loops of `across`."""

from typing import Final

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats
from alphamill.factors.operators import across
from alphamill.indicators.rolling import column

# A code of six digits is an identity of something, not a group.
MOST_GROUPS: Final = 100_000


def rank(x: Floats) -> Floats:
    out = np.empty(x.shape)
    # The order of equal values does not matter: they get their average rank.
    across.average_ranks(column(x), np.argsort(x, axis=1), out)
    return out


def zscore(x: Floats) -> Floats:
    out = np.empty(x.shape)
    across.centred(column(x), True, out)
    return out


def demean(x: Floats) -> Floats:
    out = np.empty(x.shape)
    across.centred(column(x), False, out)
    return out


def date_mean(x: Floats) -> Floats:
    out = np.empty(x.shape)
    across.date_mean(column(x), out)
    return out


def scale(x: Floats, total: float) -> Floats:
    out = np.empty(x.shape)
    across.spread_out(column(x), total, out)
    return out


def winsorize(x: Floats, low: float, high: float) -> Floats:
    out = np.empty(x.shape)
    across.clipped(column(x), np.sort(x, axis=1), low, high, out)
    return out


def neutralise(x: Floats, group: Floats) -> Floats:
    known = group[~np.isnan(group)]
    odd = (known < 0) | (known >= MOST_GROUPS) | (known != np.floor(known))
    if odd.any():
        bad = known[odd][0]
        raise DataError(
            f"neutralise: groups must be whole numbers from 0 to {MOST_GROUPS - 1}, received "
            f"{float(bad)!r}. Give a field of group codes such as sector, or use residual() for a "
            "field of numbers."
        )
    out = np.empty(x.shape)
    across.group_centred(column(x), column(group), int(known.max()) + 1 if known.size else 1, out)
    return out


def residual(x: Floats, y: Floats) -> Floats:
    out = np.empty(x.shape)
    across.residuals(column(x), column(y), out)
    return out
